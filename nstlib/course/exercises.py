"""Exercises: one source in `solutions/`, from which the release in `exercises/` is generated.

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
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..checks.framework import Check
from ..foundation import unknown_name, whole_file

COURSE = Path(__file__).resolve().parent.parent.parent
SOLUTIONS = COURSE / "solutions"
RELEASES = COURSE / "exercises"
STUB = "raise NotImplementedError  # your code here"
TEXT_STUB = "YOUR ANSWER HERE"
PRIVATE = (
    "reference.py",
    "hidden.py",
    "wrong.py",
    "__pycache__",
    "*.pyc",
    ".ipynb_checkpoints",
)  # never in a release
SHORTEST_LEAK = 25  # characters of a line of a solution that cannot be a coincidence


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


# --- the release ------------------------------------------------------------------------------------


def settings(root: Path, release: Path) -> Any:
    """Settings of nbgrader for generating releases; `release` is relative to `root` or absolute."""
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "nst"
    config.CourseDirectory.source_directory = str(SOLUTIONS)
    config.CourseDirectory.release_directory = str(release)
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    config.CourseDirectory.ignore = list(PRIVATE)
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    return config


def require_nbgrader() -> None:
    """See that nbgrader is there, and that it finds the program alembic, which lies beside Python.

    Raises:
        ModuleNotFoundError: says how to install it.
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise ModuleNotFoundError(
            "nbgrader is not installed for this Python: in the course's folder, "
            '`.venv/bin/python -m pip install -c constraints.txt -e ".[grade]"` installs it.'
        )
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([beside, os.environ.get("PATH", "")])


def generate(name: str, config: Any) -> None:
    """Have nbgrader make the release of one exercise, in the folder and gradebook of the settings.

    Raises:
        ExerciseError: nbgrader cannot; with its last words.
    """
    require_nbgrader()
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    course = CourseDirectory(config=config)
    course.assignment_id = name
    converter = GenerateAssignment(coursedir=course, config=config)
    converter.force = True
    said = run_quietly(converter)
    if said:
        raise ExerciseError(f"{name}: nbgrader cannot generate the release: {said}")


def run_quietly(converter: Any) -> str:
    """Start one of nbgrader's converters; returns what it complained of when it failed, or nothing."""
    import logging

    lines: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    converter.log.handlers[:], converter.log.propagate = [handler], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its database library's, about its own use of it
            converter.start()
    except Exception as error:
        text = "\n".join([*lines, f"{type(error).__name__}: {error}"])
        return " ".join(text.split())[-1500:]
    return ""


def releases(wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The release of each exercise, by name, as the bytes of its notebook."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = settings(root, root / "release")
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        for name in wanted:
            generate(name, config)
            yield name, (root / "release" / name / f"{name}.ipynb").read_bytes()


def write_releases(wanted: Sequence[str], target: Path = RELEASES) -> list[Path]:
    """Generate releases and put them in place, each whole or not at all; returns what has changed."""
    changed = []
    for name, content in releases(wanted):
        path = target / name / f"{name}.ipynb"
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            partial.write_bytes(content)
        changed.append(path)
    return changed


# --- what must be true of them ----------------------------------------------------------------------


def leaks(name: str, release: str) -> list[str]:
    """Lines of the solution, the hidden tests or the wrong answers that stand in a release."""
    import nbformat

    exercise = load(name)
    published = nbformat.reads(release, as_version=4)
    shown = {line.strip() for cell in published.cells for line in cell.source.splitlines()}
    found = [f"an output in cell {i}" for i, cell in enumerate(published.cells) if cell.get("outputs")]
    found += [line for line in shown if "BEGIN SOLUTION" in line or "END SOLUTION" in line]
    secrets = set(solution_lines(exercise.notebook))
    for file in ("hidden.py", "wrong.py"):
        secrets |= set(long_lines((SOLUTIONS / name / file).read_text(encoding="utf-8")))
    return found + sorted((secrets & shown) - open_lines(exercise.notebook))


def long_lines(text: str) -> Iterator[str]:
    """Lines of a text that are long enough to be recognised, signatures and imports left out."""
    for line in map(str.strip, text.splitlines()):
        if len(line) >= SHORTEST_LEAK and not line.startswith(("def ", "import ", "from ", "#")):
            yield line


def solution_lines(notebook: Any) -> Iterator[str]:
    """Lines between the marks of a solution."""
    for cell in notebook.cells:
        inside = False
        for line in cell.source.splitlines():
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                inside = "BEGIN" in line
            elif inside:
                yield from long_lines(line)


def open_lines(notebook: Any) -> set[str]:
    """Lines outside of solutions, which learners are meant to see."""
    found = set()
    for cell in notebook.cells:
        inside = False
        for line in cell.source.splitlines():
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                inside = "BEGIN" in line
            elif not inside:
                found.add(line.strip())
    return found


def outdated(wanted: Sequence[str]) -> list[str]:
    """What is wrong with the committed releases: one sentence each; empty when nothing is."""
    found = []
    for name, content in releases(wanted):
        path = RELEASES / name / f"{name}.ipynb"
        if not path.is_file() or path.read_bytes() != content:
            found.append(f"{name}: the release is not what its source gives; run `nst exercises`.")
        found += [f"{name}: the release gives away: {line}" for line in leaks(name, content.decode())]
        extra = [each.name for each in path.parent.glob("*") if each != path]
        found += [f"{name}: the release has a file too many, {each}" for each in extra]
    return found


# --- the public tree --------------------------------------------------------------------------------


def write_public_tree(target: Path) -> int:
    """Copy the course without `solutions/` into a new folder; returns the number of files.

    Raises:
        FileExistsError: the folder is there already and not empty.
        OSError: this is no git repository, which knows what belongs to the course.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(f"{target} is there already; name a new folder.")
    found = subprocess.run(["git", "ls-files", "-z"], cwd=COURSE, capture_output=True)
    if found.returncode:
        raise OSError(f"{COURSE} is no git repository, so it is not known what belongs to the course.")
    files = [Path(name) for name in found.stdout.decode().split("\0") if name]
    public = [file for file in files if file.parts[0] != SOLUTIONS.name and (COURSE / file).is_file()]
    target.mkdir(parents=True, exist_ok=True)
    copy_files(public, target)
    return len(public)


def copy_files(files: Iterable[Path], target: Path) -> None:
    """Copy files of the course, with their folders and permissions."""
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(COURSE / file, target / file)
