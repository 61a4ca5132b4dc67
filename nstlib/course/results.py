"""One row of a class's results, and the table of all of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..foundation import whole_file

COLUMNS = ("student", "exercise", "status", "score", "points", "by_hand", "note", "feedback")


@dataclass
class Result:
    """One row of the results.

    Attributes:
        student: who.
        exercise: its name; empty when it could not be told.
        status: "graded", "failed" (see `note`), or "run" (judged, not yet in the gradebook).
        score: points so far, marks by hand included.
        points: points there are, questions marked by hand included.
        by_hand: whether something is still to be marked by hand.
        note: what went wrong or was mended.
        outcomes: of the questions: name -> score, points, message.
        seconds: the notebook and its checks took.
        memory: most bytes it held.
        seed: of the random numbers.
        file: where the submission lies.
        fingerprint: of the submission and of all that judges it.
        limits: under which it ran; empty in results of older versions, which did not keep them.
        finished: whether it ran to its end, see `judge.Verdict`; not known of results of older versions.
        name: the student's, as the platform wrote it.
        id: the platform's number of the student or of the submission; empty where it gives none.
        section: of the class; empty where there is only one.
        submitted: when, as ISO 8601 with the offset from UTC; empty where nobody says.
        reason: which limit cut the run short, for the teacher; empty when none did.
    """

    student: str
    exercise: str
    status: str = "failed"
    score: float = 0.0
    points: float = 0.0
    by_hand: bool = False
    note: str = ""
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0
    memory: int = 0
    seed: int = 0
    file: str = ""
    fingerprint: str = ""
    limits: dict[str, float] = field(default_factory=dict)
    finished: bool = False
    name: str = ""
    id: str = ""
    section: str = ""
    submitted: str = ""
    reason: str = ""

    def sentence(self) -> str:
        """The row in words."""
        name = f"{self.student}, {self.exercise}" if self.exercise else self.student
        if self.status != "graded":
            return f"{name}: not graded. {self.note}"
        hand = ", one question to be marked by hand" if self.by_hand else ""
        note = f" ({self.note})" if self.note else ""
        return f"{name}: {self.score:g} of {self.points:g} points{hand}{note}"


def key_of(student: str, exercise: str, file: str) -> str:
    """Under what a result is remembered."""
    return f"{student}/{exercise or Path(file).name}"


def write_table(results: Iterable[Result], path: Path, page_of: Callable[[Result], Path]) -> None:
    """Write results as CSV, sorted by student and exercise.

    Args:
        results: in any order.
        path: of the table; pages are named relative to its folder.
        page_of: where a result's page for the student lies.
    """
    with (
        whole_file(path) as partial,
        open(partial, "w", newline="", encoding="utf-8", errors="replace") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in sorted(results, key=lambda row: (row.student, row.exercise)):
            shown = str(page_of(row).relative_to(path.parent)) if row.status == "graded" else ""
            hand = "to be marked" if row.by_hand else ""
            cells = [row.student, row.exercise, row.status, row.score, row.points, hand, row.note, shown]
            writer.writerow([harmless(cell) for cell in cells])


def harmless(cell: Any) -> Any:
    """A cell of a table that no spreadsheet program takes for a formula."""
    formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    return f"'{cell}" if formula else cell
