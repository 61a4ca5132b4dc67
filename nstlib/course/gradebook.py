"""The gradebook is nbgrader's: its database and its manual marking. The pages are ours (`returning`).

nbgrader gets notebooks that have been run and judged already (`judge`): every check has its score as its
output, from where nbgrader reads it. It never runs anything itself; the settings below leave that step out,
so that not even its own buttons do.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..checks.framework import Outcome
from ..foundation import whole_file
from .converters import generate, run_quietly, settings
from .exercises import ExerciseError, is_checked, tags
from .judge import Verdict
from .policy_file import chosen_policy
from .results import Result
from .returning import making
from .returning.feedback import Feedback, assessed, read_feedback, remembered

SETTINGS = '''"""Settings of nbgrader for this folder of grades, written by `nst grade`."""

from nstlib.course.gradebook import folder_settings

c.merge(folder_settings({folder!r}))  # noqa: F821
'''


def folder_settings(folder: str | Path) -> Any:
    """Settings of nbgrader for a folder of grades: where things are, and that nothing is ever run."""
    from nbgrader import preprocessors

    folder = Path(folder).resolve()
    config = settings(folder, folder / "release")
    config.CourseDirectory.submitted_directory = "judged"
    config.CourseDirectory.autograded_directory = "autograded"
    config.CourseDirectory.feedback_directory = "feedback"
    config.Autograde.sanitize_preprocessors = [preprocessors.CheckCellMetadata]
    config.Autograde.autograde_preprocessors = [
        preprocessors.SaveAutoGrades,
        preprocessors.AssignLatePenalties,
        preprocessors.CheckCellMetadata,
    ]
    return config


class Gradebook:
    """One folder of grades.

    Args:
        folder: made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.config = folder_settings(folder)
        with whole_file(folder / "nbgrader_config.py") as partial:  # for nbgrader's own pages
            partial.write_text(SETTINGS.format(folder=str(folder.resolve())), encoding="utf-8")

    @property
    def database(self) -> str:
        """The database's address."""
        return str(self.config.CourseDirectory.db_url)

    def add_exercise(self, name: str) -> Any:
        """Make the release of an exercise known to the gradebook; returns it as a notebook.

        Raises:
            ExerciseError: nbgrader cannot.
        """
        import nbformat

        generate(name, self.config)
        return nbformat.read(self.release_path(name), as_version=4)

    def release_path(self, exercise: str) -> Path:
        """Where the notebook lies that was handed out."""
        return self.folder / "release" / exercise / f"{exercise}.ipynb"

    def judged_path(self, student: str, exercise: str) -> Path:
        """Where the notebook lies that has been run and judged."""
        return self.folder / "judged" / student / exercise / f"{exercise}.ipynb"

    def autograded_path(self, student: str, exercise: str) -> Path:
        """Where nbgrader's copy of the judged notebook lies, to which its marks belong."""
        return self.folder / "autograded" / student / exercise / f"{exercise}.ipynb"

    def feedback_path(self, student: str, exercise: str) -> Path:
        """Where the page for the student lies."""
        return self.folder / "feedback" / student / exercise / f"{exercise}.html"

    def store(self, student: str, exercise: str, notebook: Any) -> None:
        """Keep a judged notebook, replacing an earlier one."""
        import nbformat

        path = self.judged_path(student, exercise)
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            partial.write_bytes(nbformat.writes(notebook).encode("utf-8", "replace"))

    def record(self, student: str, exercise: str) -> None:
        """Write the scores of a judged notebook to the database; the page is another step, `write_feedback`.

        Raises:
            ExerciseError: nbgrader cannot; with its last words.
        """
        from nbgrader.converters import Autograde

        self.convert(Autograde, student, exercise)

    def write_feedback(self, student: str, exercise: str) -> str:
        """Write the page for the student, with marks and comments given by hand, unless it is up to date.

        Returns:
            What the teacher should know of the page (that it is in plain text), or nothing.

        Raises:
            OSError: a file cannot be read or written.
        """
        return self.write_page(self.feedback(student, exercise))

    def write_page(self, feedback: Feedback) -> str:
        """Write the page of feedback that has been read already, see `write_feedback`."""
        who = feedback.student, feedback.exercise
        judged, page = self.judged_path(*who), self.feedback_path(*who)
        return making.page_note(feedback, self.release_path(feedback.exercise), judged, page)

    def feedback(self, student: str, exercise: str) -> Feedback:
        """What there is to tell a student about a submission, marks and comments given by hand included."""
        import nbformat
        from nbgrader.api import Gradebook as Database

        unknown = Result(student, exercise)
        result = remembered(self.folder).get((student, exercise), unknown)
        release = nbformat.read(self.release_path(exercise), as_version=4)
        judged = nbformat.read(self.judged_path(student, exercise), as_version=4)
        with Database(self.database) as database:
            found = read_feedback(database, result, release, judged)
        return assessed(found, result.assessed(chosen_policy(self.folder, None), found.score))

    def convert(self, kind: Any, student: str, exercise: str) -> None:
        """Run one of nbgrader's converters for one submission."""
        from nbgrader.coursedir import CourseDirectory

        course = CourseDirectory(config=self.config)
        course.assignment_id, course.student_id = exercise, student
        converter = kind(coursedir=course, config=self.config)
        converter.force = True
        said = run_quietly(converter)
        if said:
            raise ExerciseError(f"nbgrader cannot record {student}, {exercise}: {said}")

    def forget(self, student: str, exercise: str) -> None:
        """Remove an earlier submission, when its successor cannot be read."""
        from nbgrader.api import Gradebook as Database
        from nbgrader.api import MissingEntry

        for part in ("judged", "autograded", "feedback"):
            shutil.rmtree(self.folder / part / student / exercise, ignore_errors=True)
        with Database(self.database) as database:
            try:
                database.remove_submission(exercise, student)
            except MissingEntry:
                return

    def holds(self, student: str, exercise: str) -> bool:
        """Whether the database knows a submission."""
        from nbgrader.api import Gradebook as Database
        from nbgrader.api import MissingEntry

        with Database(self.database) as database:
            try:
                database.find_submission(exercise, student)
            except MissingEntry:
                return False
        return True

    def score(self, student: str, exercise: str) -> dict[str, Any]:
        """What the database holds of a submission: score, points, and how many marks by hand are missing."""
        from nbgrader.api import Gradebook as Database

        with Database(self.database) as database:
            submission = database.find_submission(exercise, student)
            return {
                "score": float(submission.score),
                "points": float(submission.max_score),
                "by_hand": sum(g.needs_manual_grade for n in submission.notebooks for g in n.grades),
            }


def with_verdict(notebook: Any, verdict: Verdict, notes: Iterable[str]) -> Any:
    """Give a rebuilt notebook its outputs, and each check its score in a form that nbgrader reads."""
    import nbformat

    outcomes = {outcome.name: outcome for outcome in verdict.outcomes}
    count = 0
    for cell, outputs in zip(notebook.cells, verdict.outputs, strict=True):
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        name = tags(cell)["grade_id"].partition("_")[2] if is_checked(cell) else ""
        cell.outputs = (
            score_outputs(outcomes[name], count) if name else [nbformat.from_dict(o) for o in outputs]
        )
    text = "\n".join(f"- {note}" for note in notes)
    if text:
        cell = nbformat.v4.new_markdown_cell(f"**From the grader**\n\n{text}")
        cell["id"] = "from-the-grader"
        notebook.cells.insert(0, cell)
    return notebook


def score_outputs(outcome: Outcome, count: int) -> list[Any]:
    """The outputs of a check: its sentence for the student, its score for nbgrader."""
    import nbformat

    sentence = nbformat.v4.new_output("stream", name="stdout", text=outcome.sentence() + "\n")
    data = {"text/plain": f"{outcome.score:g}"}
    return [sentence, nbformat.v4.new_output("execute_result", data=data, execution_count=count)]
