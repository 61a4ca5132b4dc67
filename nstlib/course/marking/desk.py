"""A teacher's desk: the answers of a class, marks read from and written to nbgrader's database."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import marks
from .answers import Task, answer, tasks


class Changed(ValueError):
    """The answer is another than the one that was looked at."""


class Desk:
    """A folder of grades, as the page needs it.

    Args:
        folder: of grades.

    Raises:
        FileNotFoundError: there are no grades in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        if not (self.folder / "gradebook.db").is_file():
            raise FileNotFoundError(
                f"There are no grades in {self.folder}: `nst grade SUBMISSIONS_FOLDER` makes them."
            )
        self.asked: dict[str, list[Task]] = {}  # by exercise, as they were read
        self.database = f"sqlite:///{self.folder / 'gradebook.db'}"

    def names(self) -> dict[str, str]:
        """The students' names by their keys, as far as a platform gave them."""
        try:
            rows = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
            return {row["student"]: row["name"] for row in rows.values() if row.get("name")}
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return {}

    def exercises(self) -> list[str]:
        """Those that somebody has handed in, sorted."""
        from nbgrader.api import Gradebook

        with Gradebook(self.database) as book:
            return sorted(each.name for each in book.assignments if each.submissions)

    def questions(self, exercise: str) -> list[dict[str, Any]]:
        """What is marked by hand of an exercise, and everybody's mark so far.

        Raises:
            KeyError: nobody has handed in such an exercise.
        """
        if exercise not in self.exercises():
            raise KeyError(f"Nobody has handed in {exercise}.")
        rows = self.rows(exercise)
        return [asdict(task) | {"rows": rows.get(task.grade_id, [])} for task in self.tasks(exercise)]

    def tasks(self, exercise: str) -> list[Task]:
        """The questions of an exercise that are marked by hand."""
        if exercise not in self.asked:
            self.asked[exercise] = tasks(exercise)
        return self.asked[exercise]

    def rows(self, exercise: str) -> dict[str, list[dict[str, Any]]]:
        """By nbgrader's name of the cell: each student's mark, sorted by student."""
        from nbgrader.api import Gradebook

        names = self.names()
        found: dict[str, list[dict[str, Any]]] = {}
        with Gradebook(self.database) as book:
            for submission in book.assignment_submissions(exercise):
                student = submission.student.id
                for grade in (grade for each in submission.notebooks for grade in each.grades):
                    row = {"student": student, "name": names.get(student, student)}
                    row |= {"marked": not grade.needs_manual_grade, "given": grade.manual_score}
                    row["machine"] = grade.auto_score  # nbgrader's 0 for an answer that was left as it was
                    found.setdefault(grade.name, []).append(row)
        return {name: sorted(rows, key=lambda row: row["student"]) for name, rows in found.items()}

    def answer(self, exercise: str, student: str, grade_id: str) -> dict[str, Any]:
        """An answer, with its mark and comment.

        Raises:
            KeyError: there is none.
        """
        found = marks.marks_of(self.database, student, exercise)  # knows the student, or no file is touched
        by_hand = {task.grade_id for task in self.tasks(exercise)}
        mark = next((each for each in found if each.grade_id == grade_id and grade_id in by_hand), None)
        if mark is None:
            raise KeyError(f"{student} has no question {grade_id} that is marked by hand.")
        return asdict(answer(self.notebook(exercise, student), grade_id)) | asdict(mark)

    def notebook(self, exercise: str, student: str) -> Path:
        """Nbgrader's copy of a submission."""
        return self.folder / "autograded" / student / exercise / f"{exercise}.ipynb"

    def page(self, exercise: str, student: str) -> Path:
        """The page for the student, which shows the whole notebook.

        Raises:
            KeyError: there is none.
        """
        marks.marks_of(self.database, student, exercise)
        path = self.folder / "feedback" / student / exercise / f"{exercise}.html"
        if not path.is_file():
            raise KeyError("There is no page of this submission yet; `nst grade` makes it.")
        return path

    def mark(
        self, exercise: str, student: str, grade_id: str, seen: str, score: float | None, comment: str
    ) -> dict[str, Any]:
        """Write a mark and a comment; returns what `answer` does now.

        Raises:
            Changed: the answer is another than the one that was seen.
            KeyError: there is no such question.
            ValueError: the points cannot be.
        """
        if self.answer(exercise, student, grade_id)["seen"] != seen:
            raise Changed("This answer has changed since you saw it; nothing was saved.")
        marks.set_mark(self.database, student, exercise, grade_id, score, comment)
        return self.answer(exercise, student, grade_id)
