"""Grade one submission and write its result as a platform reads it: what containers start for each student.

    python -m nstlib.course.single SUBMISSION -o results.json --format gradescope

SUBMISSION is a notebook, or a folder with one notebook of this course in it. It runs in the sandbox with the
checks, hidden tests and limits of `nst grade`; nothing is remembered, and what is marked by hand stays with
the platform. The random numbers come from the solutions, which students have not: the same work gets the same
score, today and after a term.

The exit code is 0 when the submission was graded, 1 when it cannot be (the result says why, with 0 points),
and 2 when the grader itself cannot work here: then nothing is written, for a machine's fault is no grade.

Formats: "gradescope" is results.json of https://gradescope-autograders.readthedocs.io/en/latest/specs/;
"classroom" is what GitHub Classroom's reporter (github.com/classroom-resources/autograding-grading-reporter)
takes from a grader, before base64; "plain" is ours.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checks.framework import Outcome
from ..foundation import whole_file
from ..process import FORESEEN
from . import collecting, exercises, judge, sandbox
from .limits import Limits

GRADED, UNGRADABLE, NOT_WORKING = 0, 1, 2  # exit codes
VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")  # Gradescope's
GIBIBYTE = 2**30


@dataclass(frozen=True)
class Graded:
    """What became of one submission.

    Attributes:
        exercise: its name; empty when it could not be told.
        outcomes: of the questions, in order; empty when nothing was run.
        notes: what was mended, and what cannot be graded, in sentences.
        by_hand: points that a person gives.
        seed: of the random numbers.
        seconds: it took.
    """

    exercise: str
    outcomes: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    by_hand: float = 0.0
    seed: int = 0
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """Points that the machine gives."""
        return sum(outcome.score for outcome in self.outcomes)

    @property
    def points(self) -> float:
        """Points that the machine can give."""
        return sum(outcome.points for outcome in self.outcomes)

    def summary(self) -> str:
        """Points and notes in words, for the student."""
        lines = list(self.notes)
        if self.outcomes:
            lines.insert(0, f"{self.exercise}: {self.score:g} of {self.points:g} points.")
        if self.by_hand:
            lines.append(f"{self.by_hand:g} more points are marked by hand.")
        return "\n".join(lines)


# --- grading ----------------------------------------------------------------------------------------


def grade(path: Path, limits: Limits | None = None, seed: int | None = None) -> Graded:
    """Grade a notebook, or the one notebook in a folder.

    Args:
        path: of either.
        limits: of the sandbox.
        seed: of the random numbers; None takes the one of the exercise, see `seed_of`.

    Raises:
        FileNotFoundError: the file or the solutions are not there.
        SandboxMissing: nothing is run without a sandbox.
    """
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}; give the notebook or the folder that was handed in.")
    sandbox.require_platform()
    known = exercises.names()
    sandbox.require_hidden(exercises.SOLUTIONS, path)
    sandbox.require_sandbox()
    try:
        notebook, name = the_notebook(path, known)
        cells = collecting.read_cells(notebook)
    except collecting.Unreadable as problem:
        return Graded("", notes=(str(problem),))
    exercise = exercises.load(name)
    built, notes = collecting.rebuild(release(name), cells)
    verdict = judge.judge(exercise, built, limits=limits, seed=seed_of(name) if seed is None else seed)
    notes += [f"A limit cut the run short: {verdict.reason}"] if verdict.reason else []
    return Graded(
        name, tuple(verdict.outcomes), tuple(notes), by_hand(exercise), verdict.seed, verdict.seconds
    )


def the_notebook(path: Path, known: Sequence[str]) -> tuple[Path, str]:
    """The notebook that was handed in, and its exercise.

    Raises:
        Unreadable: there is none, or more than one; for the student.
    """
    files = sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]
    cells = {name: grade_ids(name) for name in known}
    shown = [file for file in files if not any(p.startswith(".") for p in file.relative_to(path).parts)]
    found = [(file, *collecting.exercise_in(file, cells)) for file in shown]
    if not found:
        raise collecting.Unreadable("There is no notebook (.ipynb) in what was handed in.")
    ours = [each for each in found if each[1]]
    if len(ours) > 1:
        names = ", ".join(file.name for file, _, _ in ours)
        raise collecting.Unreadable(f"There are {len(ours)} notebooks ({names}); hand in only one.")
    file, exercise, problem = (ours or found)[0]
    if problem:
        raise collecting.Unreadable(f"{file.name}: {problem}")
    return file, exercise


def grade_ids(name: str) -> list[str]:
    """Nbgrader's names of the cells of an exercise."""
    return [marks["grade_id"] for cell in release(name).cells if (marks := exercises.tags(cell))]


def release(name: str) -> Any:
    """The exercise as it was handed out."""
    import nbformat

    return nbformat.read(exercises.RELEASES / name / f"{name}.ipynb", as_version=4)


def by_hand(exercise: exercises.Exercise) -> float:
    """Points of an exercise that a person gives."""
    marks = [exercises.tags(cell) for cell in exercise.notebook.cells]
    return float(sum(each["points"] for each in marks if each.get("grade") and each.get("solution")))


def seed_of(name: str) -> int:
    """A seed that changes with the solutions of an exercise, and that nobody without them can know."""
    digest = hashlib.sha256()
    for path in sorted((exercises.SOLUTIONS / name).iterdir()):
        if path.suffix in (".ipynb", ".py"):
            digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:7])


# --- as platforms read it ---------------------------------------------------------------------------


def for_gradescope(graded: Graded, visibility: str) -> dict[str, Any]:
    """Gradescope's results.json.

    Args:
        graded: the result.
        visibility: of the questions; the summary can always be seen.
    """
    tests = [
        {
            "name": outcome.name,
            "score": outcome.score,
            "max_score": outcome.points,
            "output": outcome.sentence(),
            "visibility": visibility,
        }
        for outcome in graded.outcomes
    ]
    return {
        "score": graded.score,
        "execution_time": round(graded.seconds),
        "output": graded.summary(),
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def for_classroom(graded: Graded, visibility: str) -> dict[str, Any]:
    """What the reporter of GitHub Classroom takes; everything in it is visible to the student."""
    tests = [
        classroom_test(outcome.name, "pass" if outcome.passed else "fail", outcome.score, outcome.sentence())
        for outcome in graded.outcomes
    ]
    status = "pass" if graded.outcomes and graded.score == graded.points else "fail"
    if not tests:  # the reporter divides by their number
        status = "error"
        tests = [classroom_test("submission", status, 0.0, graded.summary())]
    return {"version": 1, "status": status, "max_score": graded.points, "tests": tests}


def classroom_test(name: str, status: str, score: float, message: str) -> dict[str, Any]:
    """One test as the reporter takes it; there is no code of it to show."""
    shown = {"name": name, "status": status, "score": score, "message": message}
    return {**shown, "test_code": "", "filename": "", "line_no": 0, "duration": 0}


def plain(graded: Graded, visibility: str) -> dict[str, Any]:
    """Everything there is."""
    questions = [
        {"name": o.name, "score": o.score, "points": o.points, "passed": o.passed, "message": o.message}
        for o in graded.outcomes
    ]
    return {
        "exercise": graded.exercise,
        "score": graded.score,
        "points": graded.points,
        "by_hand": graded.by_hand,
        "notes": list(graded.notes),
        "questions": questions,
        "seed": graded.seed,
        "seconds": round(graded.seconds, 1),
    }


FORMATS: dict[str, Callable[[Graded, str], dict[str, Any]]] = {
    "gradescope": for_gradescope,
    "classroom": for_classroom,
    "plain": plain,
}


def write(graded: Graded, path: Path, form: str, visibility: str = VISIBILITIES[0]) -> None:
    """Write a result, whole or not at all."""
    text = json.dumps(FORMATS[form](graded, visibility), indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        partial.write_bytes(text.encode("utf-8", "replace"))


# --- the command ------------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    """The command line."""
    usual = Limits()
    made = argparse.ArgumentParser(prog="python -m nstlib.course.single", description="Grade one submission.")
    made.add_argument("submission", type=Path, help="a notebook, or a folder with one")
    made.add_argument("-o", "--output", type=Path, required=True, help="the file with the result")
    made.add_argument("--format", choices=list(FORMATS), default="plain", help="(default: plain)")
    made.add_argument(
        "--visibility",
        choices=VISIBILITIES,
        default="visible",
        help="when Gradescope shows points and messages of questions (default: visible)",
    )
    made.add_argument("--seed", type=int, help="of the random numbers (default: from the solutions)")
    made.add_argument("--seconds", type=float, default=usual.seconds, help=f"(default: {usual.seconds:g})")
    made.add_argument(
        "--memory", type=float, default=usual.memory / GIBIBYTE, help="GB (default: %(default)g)"
    )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade, write, and say the points in a line; returns the exit code."""
    given = parser().parse_args(arguments)
    try:
        limits = Limits(seconds=given.seconds, memory=int(given.memory * GIBIBYTE))
        graded = grade(given.submission.resolve(), limits, given.seed)
        write(graded, given.output, given.format, given.visibility)
    except FORESEEN as error:
        print(f"The grader cannot work here, and nothing was written: {error}", file=sys.stderr)
        return NOT_WORKING
    print(f"Points {graded.score:g}/{graded.points:g}")
    return GRADED if graded.outcomes else UNGRADABLE


if __name__ == "__main__":
    sys.exit(main())
