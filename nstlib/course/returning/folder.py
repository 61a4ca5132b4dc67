"""Returned as a plain folder: a page for each student and exercise, and one table."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ...foundation import counted, whole_file
from .classes import Class, Return
from .making import state_of
from .sheets import Sheet, number, safe_rows, write_sheet

ABOUT = ("student", "name", "id", "section", "exercise", "submitted", "late")
TOTALS = ("earned", "penalty", "score", "points", "not_marked_yet")


def write(found: Class, target: Path, *, bom: bool = False) -> list[str]:
    """Write `feedback/NAME/exercise.html` and `grades.csv`; returns what was written, in words.

    Pages of an earlier return that are not returned now are removed; other files are left alone.
    """
    pages = {
        target / "feedback" / r.result.student / f"{r.result.exercise}.html": r.page for r in found.returned
    }
    for old in (target / "feedback").glob("*/*.html"):
        if old not in pages and state_of(old)[0]:
            old.unlink()
    for page, source in pages.items():
        page.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(page) as partial:
            shutil.copyfile(source, partial)
    return [
        f"{target / 'feedback'}: {counted(len(pages), 'page')}, a folder for each student",
        write_table(found.returned, target / "grades.csv", bom=bom),
    ]


def write_table(returns: Sequence[Return], path: Path, *, bom: bool = False) -> str:
    """A table of all that is returned: who, totals, one column a question; says so in words."""
    questions: dict[
        str, str
    ] = {}  # nbgrader's name -> the column's heading, in the order of exercises and questions
    for each in sorted(returns, key=lambda each: each.result.exercise):
        questions |= {mark.grade_id: f"{mark.grade_id} ({mark.points:g})" for mark in each.feedback.marks}
    rows = [table_row(each, list(questions)) for each in returns]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sheet(Sheet([*ABOUT, *TOTALS, *questions.values()], safe_rows(rows), bom=bom), path)
    return f"{path}: {counted(len(rows), 'row')}, with a column for each question"


def table_row(each: Return, questions: Sequence[str]) -> list[str]:
    """One submission's row; a mark that is missing is an empty cell."""
    result, feedback = each.result, each.feedback
    marks = {mark.grade_id: mark.score for mark in feedback.marks}
    about = [result.student, each.name, result.id, result.section, result.exercise]
    when = [result.submitted, feedback.late]
    earned = (feedback.score, feedback.penalty, each.grade, feedback.points, feedback.waiting)
    totals = [number(points) for points in earned]
    scores = (marks.get(name) for name in questions)
    return [*about, *when, *totals, *("" if score is None else number(score) for score in scores)]
