"""Marks in nbgrader's database: of each question, by the machine or by hand.

Penalties are never here (`policy`): what the database holds is what the work earned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Mark:
    """What one question brought one student.

    Attributes:
        question: its name, such as "gram_matrix" or "open".
        grade_id: nbgrader's name of its cell.
        points: that can be earned.
        score: that was earned; None while nobody has marked it.
        open: whether a teacher has to mark it, or to look again at a mark of an older answer.
        by_hand: whether the score is a teacher's.
        comment: of the teacher.
    """

    question: str
    grade_id: str
    points: float
    score: float | None
    open: bool
    by_hand: bool
    comment: str = ""


def marks_of(database: str, student: str, exercise: str) -> list[Mark]:
    """All marks of a submission, sorted by nbgrader's names of the cells.

    Args:
        database: its address.
        student: the key.
        exercise: the full name.

    Raises:
        KeyError: the database knows no such submission.
    """
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(database) as book:
        try:
            (notebook,) = book.find_submission(exercise, student).notebooks
        except MissingEntry:
            raise KeyError(f"There are no marks of {student}, {exercise}.") from None
        comments = {comment.name: comment.manual_comment or "" for comment in notebook.comments}
        found = [mark_of(grade, comments.get(grade.name, "")) for grade in notebook.grades]
    return sorted(found, key=lambda mark: mark.grade_id)


def mark_of(grade: Any, comment: str) -> Mark:
    """A row of the database as a `Mark`."""
    known = grade.manual_score is not None or grade.auto_score is not None
    return Mark(
        question=grade.name.partition("_")[2],
        grade_id=grade.name,
        points=float(grade.max_score),
        score=float(grade.score) if known else None,
        open=bool(grade.needs_manual_grade),
        by_hand=grade.manual_score is not None,
        comment=comment,
    )


def set_mark(
    database: str, student: str, exercise: str, grade_id: str, score: float | None, comment: str
) -> None:
    """Write a mark and a comment given by hand.

    Args:
        database: its address.
        student: the key.
        exercise: the full name.
        grade_id: nbgrader's name of the cell.
        score: the points; None takes a mark back.
        comment: for the student; empty for none.

    Raises:
        KeyError: the database knows no such submission or cell.
        ValueError: fewer than 0 points, or more than there are.
    """
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(database) as book:
        try:
            grade = book.find_grade(grade_id, exercise, exercise, student)
        except MissingEntry:
            raise KeyError(f"There is no question {grade_id} of {student}.") from None
        remark = next((each for each in grade.notebook.comments if each.name == grade_id), None)
        if comment and remark is None:
            raise ValueError(f"{grade_id} is a check, which nbgrader gives no place for a comment.")
        if score is not None and not 0 <= score <= grade.max_score:
            raise ValueError(f"{score:g} points; give 0 to {grade.max_score:g}.")
        grade.manual_score = score
        grade.needs_manual_grade = score is None and grade.auto_score is None
        if remark is not None:
            remark.manual_comment = comment or None
        book.db.commit()


@contextmanager
def marks_kept(database: str, student: str, exercise: str, notebook: Path) -> Iterator[None]:
    """While nbgrader records a submission anew, keep marks of answers that are still the same.

    nbgrader keeps the marks themselves, but has the teacher look at every one again, whatever has changed. A
    class of two hundred whose check was mended would be marked twice.

    Args:
        database: its address.
        student: the key.
        exercise: the full name.
        notebook: nbgrader's copy of the submission, which the recording replaces.
    """
    before = settled(database, student, exercise, notebook)
    yield
    if before:
        settle(database, student, exercise, notebook, before)


def settled(database: str, student: str, exercise: str, notebook: Path) -> dict[str, tuple[str, Any]]:
    """Of the marks by hand that nobody need look at: cell -> what was marked, text and machine's score."""
    from nbgrader.api import Gradebook, MissingEntry

    if not notebook.is_file():
        return {}
    with Gradebook(database) as book:
        try:
            grades = book.find_submission(exercise, student).notebooks[0].grades
        except (MissingEntry, IndexError):
            return {}
        by_hand = {
            grade.name: grade.auto_score
            for grade in grades
            if grade.manual_score is not None and not grade.needs_manual_grade
        }
    sources = cell_sources(notebook) if by_hand else {}
    return {name: (sources[name], auto) for name, auto in by_hand.items() if name in sources}


def settle(
    database: str, student: str, exercise: str, notebook: Path, before: dict[str, tuple[str, Any]]
) -> None:
    """Let marks of unchanged answers count without a second look."""
    from nbgrader.api import Gradebook

    sources = cell_sources(notebook)
    with Gradebook(database) as book:
        for grade in book.find_submission(exercise, student).notebooks[0].grades:
            same = before.get(grade.name) == (sources.get(grade.name), grade.auto_score)
            if same and grade.manual_score is not None:
                grade.needs_manual_grade = False
        book.db.commit()


def cell_sources(notebook: Path) -> dict[str, str]:
    """The texts of the cells of a notebook that nbgrader knows, by its names of them."""
    import nbformat

    from .exercises import tags

    cells = nbformat.read(notebook, as_version=4).cells
    return {tags(cell)["grade_id"]: cell.source for cell in cells if tags(cell).get("grade_id")}
