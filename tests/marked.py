"""A folder of grades without a sandbox: submissions of one exercise, with the scores that a test names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nstlib.checks.framework import Outcome
from nstlib.course import classroom, collecting, exercises, judge
from nstlib.course.policy import Policy
from nstlib.course.results import Result
from nstlib.course.selection import Selection

EXERCISE = "ex04_gram_matrices"
Tell = Callable[[dict[str, float]], None]


def handed_in(folder: Path, answer: str = "Because of **Gram**.", student: str = "anna") -> collecting.Found:
    """A submission: the release with an answer to the open question."""
    notebook = nbformat.read(exercises.RELEASES / EXERCISE / f"{EXERCISE}.ipynb", as_version=4)
    for cell in notebook.cells:
        if exercises.tags(cell).get("grade_id") == "ex04_open":
            cell.source = answer
    path = folder / f"{student}.ipynb"
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return collecting.Found(student, path, student, EXERCISE)


def judged_by_hand(monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Have every notebook judged to have certain scores; what is tried is what follows.

    Returns:
        What sets the scores from then on: question -> points, 0 for the others.
    """
    scores: dict[str, float] = {}

    def fake(exercise: Any, notebook: Any, **_: Any) -> judge.Verdict:
        given = [Outcome(q.name, scores.get(q.name, 0.0), q.points, "as told") for q in exercise.questions]
        return judge.Verdict(given, [[] for _ in notebook.cells], seconds=1.0)

    monkeypatch.setattr(judge, "judge", fake)

    def tell(new: dict[str, float]) -> None:
        scores.clear()
        scores.update(new)

    return tell


def grade(
    folder: Path, *found: collecting.Found, only: Selection | None = None, policy: Policy | None = None
) -> dict[str, Result]:
    """Grade into a folder, as `nst grade` does; returns the results by student."""
    grader = classroom.Classroom(folder, selection=only, policy=policy)
    done = grader.grade(found, lambda result: None)
    grader.write_table()
    assert all(row.status == "graded" for row in done), [row.note for row in done]
    return {row.student: row for row in done}
