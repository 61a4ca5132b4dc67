"""What a run of the grader changed: every score, total and state that is another than before."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from ..foundation import whole_file
from .results import Result, harmless, short_name

COLUMNS = ("student", "exercise", "question", "before", "after")


@dataclass(frozen=True)
class Change:
    """One thing that is another than it was.

    Attributes:
        student: who.
        exercise: which, such as "ex04".
        question: which; or "points" for the total, "status" for whether it could be graded.
        before: score or status, as in the table; empty where there was none.
        after: the same, now.
    """

    student: str
    exercise: str
    question: str
    before: str
    after: str

    def sentence(self) -> str:
        """For example "anna, ex04: gram_matrix 2 -> 3"."""
        at = f"{self.student}, {self.exercise}" if self.exercise else self.student
        return f"{at}: {self.question} {self.before or 'nothing'} -> {self.after or 'nothing'}"


def changes(before: Mapping[str, Result], after: Mapping[str, Result]) -> list[Change]:
    """Compare what was remembered with what is now, by the keys of results, sorted by them.

    A submission that is new or gone is one change of its status; its questions are not listed.
    """
    found: list[Change] = []
    for key in sorted({*before, *after}):
        found += changes_of(before.get(key), after.get(key))
    return found


def changes_of(old: Result | None, new: Result | None) -> Iterator[Change]:
    """What changed of one submission."""
    row = new or old
    assert row
    told = {"before": state(old), "after": state(new)}
    if told["before"] != told["after"]:
        yield Change(row.called, short_name(row.exercise), "status", **told)
    if not (old and new and old.status == new.status == "graded"):
        return
    names = dict.fromkeys([*old.questions, *new.questions])
    pairs = [(name, score(old.questions.get(name)), score(new.questions.get(name))) for name in names]
    # Results of older versions knew only the machine's questions: what they lack did not change.
    known = pairs if old.marks else [pair for pair in pairs if pair[0] in old.outcomes]
    pairs = [*known, ("points", f"{old.score:g}", f"{new.score:g}")]
    for name, was, now in pairs:
        if was != now:
            yield Change(row.called, short_name(row.exercise), name, was, now)


def state(row: Result | None) -> str:
    """In the words of the table; what waits to be recorded counts as graded, since it was judged."""
    if row is None:
        return ""
    return "graded" if row.status == "run" else row.status


def score(outcome: Mapping[str, Any] | None) -> str:
    """A question's points; empty where there are none yet."""
    known = outcome and outcome["score"] is not None
    return f"{outcome['score']:g}" if outcome and known else ""


def write_changes(found: Iterable[Change], path: Path) -> None:
    """Write changes as CSV; no changes leave the heading."""
    with (
        whole_file(path) as partial,
        open(partial, "w", newline="", encoding="utf-8", errors="replace") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([harmless(cell) for cell in astuple(each)] for each in found)
