"""One row of a class's results, and the table of all of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..foundation import counted, whole_file
from .policy import Assessment, Policy

if TYPE_CHECKING:
    from .collecting import Found

# Of the table; a column for each question follows, see `question_columns`.
COLUMNS = (
    *(
        "student",
        "exercise",
        "id",
        "name",
        "section",
        "status",
        "submitted",
        "late",
        "raw",
        "penalty",
        "final",
    ),
    *("points", "by_hand", "reason", "note", "feedback"),
)


@dataclass
class Result:
    """One row of the results.

    Attributes:
        student: who.
        exercise: its name; empty when it could not be told.
        status: "graded", "failed" (see `note`), or "run" (judged, not yet in the gradebook).
        score: points so far, marks by hand included.
        points: points there are, questions marked by hand included.
        by_hand: questions still to be marked by hand; old results that say only whether count as one.
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
        marks: of all questions, the teacher's included: name -> score (None until marked), points.
    """

    student: str
    exercise: str
    status: str = "failed"
    score: float = 0.0
    points: float = 0.0
    by_hand: int = 0
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
    marks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_hand = int(self.by_hand)

    @property
    def questions(self) -> dict[str, dict[str, Any]]:
        """Name -> score and points of each question, in order; without the teacher's until it is recorded."""
        if not self.marks:
            return self.outcomes
        order = [*(name for name in self.outcomes if name in self.marks), *self.marks]
        return {name: self.marks[name] for name in order}

    @property
    def goes_by(self) -> tuple[str, str, str]:
        """All that a teacher may call the student."""
        return self.student, self.name, self.id

    def assessed(self, policy: Policy, raw: float | None = None) -> Assessment:
        """What a policy makes of the points; of other raw points where marks were given since."""
        when = datetime.fromisoformat(self.submitted) if self.submitted else None
        return policy.assess(self.exercise, self.score if raw is None else raw, when, self.goes_by)

    @property
    def called(self) -> str:
        """The student where people read: the key, under which files lie; of whom there are none, the name."""
        return (self.name or self.id or self.student) if self.status == "missing" else self.student

    def sentence(self, policy: Policy | None = None) -> str:
        """The row in words, with the points that count.

        Args:
            policy: for late work; None where there is none.
        """
        name = f"{self.called}, {self.exercise}" if self.exercise else self.called
        if self.status != "graded":
            return f"{name}: not graded. {self.note}"
        judged = self.assessed(policy or Policy())
        hand = f", {counted(self.by_hand, 'question')} to be marked by hand" if self.by_hand else ""
        said = " ".join(filter(None, (judged.sentence(), self.reason, self.note)))
        note = f" ({said})" if said else ""
        return f"{name}: {judged.final:g} of {self.points:g} points{hand}{note}"


def identified(result: Result, found: Found) -> Result:
    """A result with what the platform says of the student and the time, which may be known only now."""
    when = found.submitted.isoformat() if found.submitted else ""
    return replace(result, name=found.name, id=found.id, section=found.section, submitted=when)


def key_of(student: str, exercise: str, file: str) -> str:
    """Under what a result is remembered."""
    return f"{student}/{exercise or Path(file).name}"


def write_table(
    results: Iterable[Result], path: Path, page_of: Callable[[Result], Path], policy: Policy | None = None
) -> None:
    """Write results as CSV, sorted by student and exercise.

    Args:
        results: in any order.
        path: of the table; pages are named relative to its folder.
        page_of: where a result's page for the student lies.
        policy: for late work; None where there is none.
    """
    rows = sorted(results, key=lambda row: (row.student, row.exercise))
    columns = question_columns(rows)
    with (
        whole_file(path) as partial,
        open(partial, "w", newline="", encoding="utf-8", errors="replace") as file,
    ):
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, *(f"{short}: {name}" for short, name in columns)])
        for row in rows:
            shown = str(page_of(row).relative_to(path.parent)) if row.status == "graded" else ""
            cells = [*fixed_cells(row, shown, policy or Policy()), *question_cells(row, columns)]
            writer.writerow([harmless(cell) for cell in cells])


def question_columns(rows: Iterable[Result]) -> list[tuple[str, str]]:
    """(number of the exercise, question) for every question there is, by exercise, in its order."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.status == "graded":
            found.setdefault(short_name(row.exercise), {}).update(dict.fromkeys(row.questions))
    return [(short, name) for short in sorted(found) for name in found[short]]


def fixed_cells(row: Result, shown: str, policy: Policy) -> list[Any]:
    """The cells of a row under `COLUMNS`; no points where nothing was graded, rather than 0."""
    who = [row.called, row.exercise, row.id, row.name, row.section, row.status]
    judged = row.assessed(policy)
    hand = f"{counted(row.by_hand, 'question')} to be marked" if row.by_hand else ""
    points = [judged.raw, judged.penalty, judged.final, row.points] if row.status == "graded" else [""] * 4
    late = "" if row.status == "missing" else judged.late
    return [*who, row.submitted, late, *points, hand, row.reason, row.note, shown]


def question_cells(row: Result, columns: Iterable[tuple[str, str]]) -> list[Any]:
    """The points of each question; empty where it is not the row's, or not marked yet."""
    own = row.questions if row.status == "graded" else {}
    short = short_name(row.exercise)
    scores = [own.get(name, {}).get("score") if at == short else None for at, name in columns]
    return ["" if score is None else score for score in scores]


def short_name(exercise: str) -> str:
    """The number of an exercise, such as "ex04"."""
    return exercise.partition("_")[0]


def harmless(cell: Any) -> Any:
    """A cell of a table that no spreadsheet program takes for a formula."""
    formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    return f"'{cell}" if formula else cell
