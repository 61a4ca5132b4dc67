"""Exercises: one source in `solutions/`, from which the release in `exercises/` is generated (`releases`).

The source of an exercise is a folder `solutions/exNN_name/` with four files:

- `exNN_name.ipynb`, the solved notebook. nbgrader's metadata mark what a learner answers (between
  `### BEGIN SOLUTION` and `### END SOLUTION`), what is checked, and how many points it brings.
- `reference.py`, the right values (and those of known mistakes) with which the checks of `nstlib.checks.exNN`
  compare. Learners get a recording of them, see `recording`.
- `hidden.py`, the hidden tests: for each question a function of its name, `(rng, *answers)`, that raises
  Mistake. They run only in the grader's process, after the visible check of `nstlib.checks.exNN`.
- `wrong.py`, plausible wrong answers with the score and the message that each must get.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..checks.framework import Check
from ..foundation import unknown_name

COURSE = Path(__file__).resolve().parent.parent.parent
SOLUTIONS = COURSE / "solutions"
RELEASES = COURSE / "exercises"


@dataclass(frozen=True)
class Wrong:
    """A plausible wrong answer, and what the grader must say of it.

    Attributes:
        question: which it answers.
        score: the points it must get.
        message: a part of the message it must get.
        code: defines the answer, in place of the right one.
    """

    question: str
    score: float
    message: str
    code: str


@dataclass(frozen=True)
class Question:
    """A question that the grader marks by itself.

    Attributes:
        name: of its check.
        grade_id: nbgrader's name of the cell with the check.
        points: that can be earned.
        answers: the names a learner defines, in the order of the check's arguments.
    """

    name: str
    grade_id: str
    points: float
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Exercise:
    """One exercise, read from its source.

    Attributes:
        name: of the folder and the notebook.
        notebook: the solved notebook.
        questions: in order.
        checks: the module with the visible checks.
        hidden: the module with the hidden tests.
        reference: the module with the right values.
    """

    name: str
    notebook: Any
    questions: tuple[Question, ...]
    checks: ModuleType
    hidden: ModuleType
    reference: ModuleType

    @property
    def short(self) -> str:
        """Its number, such as "ex04"."""
        return self.name.partition("_")[0]

    def check(self, question: Question) -> Check:
        """The visible check of a question."""
        found: Check = getattr(self.checks, question.name)
        return found

    def hidden_test(self, question: Question) -> Callable[..., None]:
        """The hidden test of a question."""
        found: Callable[..., None] = getattr(self.hidden, question.name)
        return found

    def wrong(self) -> list[Wrong]:
        """The wrong answers that were thought of."""
        module = load_module(SOLUTIONS / self.name / "wrong.py")
        return list(module.WRONG)


class ExerciseError(ValueError):
    """The source of an exercise is not what it should be; the message names the cell."""


def names() -> list[str]:
    """The exercises there are.

    Raises:
        FileNotFoundError: there is no `solutions/` here.
    """
    found = sorted(path.stem for path in SOLUTIONS.glob("ex*/ex*.ipynb") if path.stem == path.parent.name)
    if not found:
        raise FileNotFoundError(
            f"There are no solutions in {SOLUTIONS}: they come with the teacher's tree of the course, not "
            f"with the public one or the package alone."
        )
    return found


def find(name: str) -> str:
    """The full name of an exercise for its name or its number ("ex04", "4").

    Raises:
        ValueError: there is none; names the nearest.
    """
    known = names()
    wanted = f"ex{int(name):02d}" if name.isdecimal() else name
    for each in known:
        if wanted in (each, each.partition("_")[0]):
            return each
    raise unknown_name("exercise", name, known)


@functools.cache
def load(name: str) -> Exercise:
    """Read an exercise.

    Raises:
        ExerciseError: a cell that checks is not one call of a check with plain names, its points are not
            those of the check, or a hidden test is missing.
    """
    import nbformat

    short = name.partition("_")[0]
    notebook = nbformat.read(SOLUTIONS / name / f"{name}.ipynb", as_version=4)
    checks = importlib.import_module(f"..checks.{short}", __package__)
    hidden = load_module(SOLUTIONS / name / "hidden.py")
    found = tuple(question_of(cell, name) for cell in notebook.cells if is_checked(cell))
    reference = load_module(SOLUTIONS / name / "reference.py")
    exercise = Exercise(name, notebook, found, checks, hidden, reference)
    for question in found:
        check = getattr(checks, question.name, None)
        if not isinstance(check, Check) or check.points != question.points:
            raise ExerciseError(
                f"{name}: {question.grade_id} is worth {question.points} points, its check says otherwise."
            )
        if not callable(getattr(hidden, question.name, None)):
            raise ExerciseError(f"{name}: there is no hidden test for {question.name}.")
    return exercise


def load_module(path: Path) -> ModuleType:
    """Import a Python file that is in no package."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tags(cell: Any) -> dict[str, Any]:
    """What nbgrader knows of a cell; empty for a plain one."""
    found = cell.metadata.get("nbgrader")
    return found if isinstance(found, dict) else {}


def is_checked(cell: Any) -> bool:
    """Whether a cell holds a check, which brings points without a teacher."""
    return bool(cell.cell_type == "code" and tags(cell).get("grade") and not tags(cell).get("solution"))


def question_of(cell: Any, exercise: str) -> Question:
    """Read the cell of a check: `check.NAME(name, ...)` and nothing else."""
    try:
        (statement,) = ast.parse(cell.source).body
        call = statement.value
        if call.keywords or call.func.value.id != "check":
            raise ValueError
        answers = tuple(argument.id for argument in call.args)
        return Question(call.func.attr, tags(cell)["grade_id"], float(tags(cell)["points"]), answers)
    except (ValueError, AttributeError, SyntaxError):
        raise ExerciseError(
            f"{exercise}: the cell {tags(cell).get('grade_id')} should be one call, check.NAME(name, ...)."
        ) from None
