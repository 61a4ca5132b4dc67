"""A folder of grades as it is returned: who gets a page and points, and who nothing yet, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ...foundation import counted
from ..gradebook import Gradebook
from ..grading import alone
from ..policy_file import chosen_policy
from ..results import Result
from .feedback import Feedback, remembered


@dataclass(frozen=True)
class Return:
    """One submission that goes back.

    Attributes:
        result: as it is remembered, with what the platform said of the student.
        feedback: what the page says, up to date with the marks given by hand.
        page: where it lies.
        judged: where the notebook lies that was run.
    """

    result: Result
    feedback: Feedback
    page: Path
    judged: Path

    @property
    def name(self) -> str:
        """The student's, as the platform wrote it."""
        return self.feedback.name

    @property
    def grade(self) -> float:
        """The points that are returned."""
        return self.feedback.final


@dataclass
class Class:
    """What there is to return, and what is not returned.

    Attributes:
        returned: in the order of students and exercises.
        held: who gets nothing yet, each with the reason.
        notes: what a teacher should know of pages that are returned.
    """

    returned: list[Return] = field(default_factory=list)
    held: list[tuple[Result, str]] = field(default_factory=list)
    notes: list[tuple[Result, str]] = field(default_factory=list)

    def exercises(self) -> list[str]:
        """The exercises that are returned."""
        return sorted({each.result.exercise for each in self.returned})

    def of(self, exercise: str) -> list[Return]:
        """Those of one exercise."""
        return [each for each in self.returned if each.result.exercise == exercise]

    def unfinished(self) -> list[Return]:
        """Those that are returned with questions that nobody has marked yet."""
        return [each for each in self.returned if each.feedback.waiting]


def gather(
    folder: Path,
    *,
    exercise: str = "",
    only_marked: bool = False,
    tell: Callable[[], None] = lambda: None,
) -> Class:
    """See what a folder of grades has to return, and renew the pages of which marks or comments have changed.

    Args:
        folder: of grades, as `nst grade` made it.
        exercise: the only one, by its name or its number ("ex04"); all unless given.
        only_marked: whether to hold back what has questions that nobody has marked yet.
        tell: is called after each submission.

    Raises:
        FileNotFoundError: there are no grades in the folder, or none of this exercise.
        BlockingIOError: somebody grades in it.
    """
    folder = folder.resolve()  # nbgrader changes the working folder
    results = chosen(remembered(folder).values(), exercise)
    if not (folder / "nbgrader_config.py").is_file() or not results:
        what = f" of {exercise}" if exercise else ""
        raise FileNotFoundError(f"There are no grades{what} in {folder}: `nst grade SUBMISSIONS` makes them.")
    chosen_policy(folder, None)  # what is wrong with the deadlines concerns everybody
    found = Class()
    with alone(folder):
        book = Gradebook(folder)
        for result in results:
            take(book, result, found, only_marked)
            tell()
    return found


def chosen(results: Iterable[Result], exercise: str) -> list[Result]:
    """The results of an exercise, in order; of all unless one is named."""
    wanted = f"ex{int(exercise):02d}" if exercise.isdecimal() else exercise
    return sorted(
        (row for row in results if not wanted or wanted in (row.exercise, row.exercise.partition("_")[0])),
        key=lambda row: (row.student, row.exercise),
    )


def take(book: Gradebook, result: Result, found: Class, only_marked: bool) -> None:
    """Put one result where it belongs, and bring its page up to date."""
    student, exercise = result.student, result.exercise
    if result.status != "graded":
        found.held.append((result, result.note or "It is not graded."))
        return
    try:
        feedback = book.feedback(student, exercise)
        said = book.write_page(feedback)
    except Exception as error:  # of one student: a notebook that was removed, a row that the database lacks
        why = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        found.held.append((result, f"Its page cannot be made ({why}); run `nst grade` again."))
        return
    if feedback.waiting and only_marked:
        found.held.append((result, f"{counted(feedback.waiting, 'point')} not marked yet."))
        return
    if said:
        found.notes.append((result, said))
    found.returned.append(
        Return(result, feedback, book.feedback_path(student, exercise), book.judged_path(student, exercise))
    )
