"""Make the recordings of right values that learners' checks compare with, see `checks.recorded`.

The solved notebook is run here, in this very process (it is ours). Its answers and those known to be wrong
go through the visible checks with the learners' numbers, and whatever the checks ask the reference on the way
is written down: so a recording holds what a path through a check needs.
"""

from __future__ import annotations

import ast
import contextlib
import dis
import io
import json
import linecache
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from ..checks import recorded
from ..checks.framework import VISIBLE_SEED, Outcome
from ..foundation import whole_file
from .exercises import Exercise, Question, is_checked

Names = dict[str, Any]
AGREES = 1e-5  # of an array's largest entry: another processor's right values may differ by so much


class Disagreement(AssertionError):
    """A learner's check and the grader's would say different things about one answer."""


def path_of(exercise: Exercise) -> Path:
    """Where the recording of an exercise lies."""
    return recorded.FOLDER / f"{exercise.short}.json"


def record(exercise: Exercise) -> dict[str, Any]:
    """What the reference answers on the ways that right and wrong answers take through the visible checks."""
    recorder = recorded.Recorder(exercise.reference)
    for question, answers in tried(exercise):
        visible(exercise, question, recorder, answers)
    return dict(sorted(recorder.values.items()))


def visible(exercise: Exercise, question: Question, right: Any, answers: list[Any]) -> Outcome:
    """What a learner's check says of answers, with right values from `right`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what wrong answers divide by
        return exercise.check(question).run(np.random.default_rng(VISIBLE_SEED), right, *answers)


def tried(exercise: Exercise) -> Iterator[tuple[Question, list[Any]]]:
    """Answers to all questions: the right ones, then the wrong ones with the solved notebook's names."""
    space = solved(exercise)
    for question in exercise.questions:
        yield question, [space[name] for name in question.answers]
    by_name = {question.name: question for question in exercise.questions}
    for wrong in exercise.wrong():
        own = dict(space)
        run(wrong.code, own)
        yield by_name[wrong.question], [own.get(name) for name in by_name[wrong.question].answers]


def solved(exercise: Exercise) -> Names:
    """The names that the solved notebook defines, as far as an answer to a question takes part in them.

    What it paints and plots beside is left out: the sandbox runs all of it (`rehearsal.trial`).
    """
    os.environ.setdefault("MPLBACKEND", "agg")
    space: Names = {"__name__": "__main__"}
    cells = [c.source for c in exercise.notebook.cells if c.cell_type == "code" and not is_checked(c)]
    wanted = {name for question in exercise.questions for name in question.answers}
    for wrong in exercise.wrong():
        wanted |= names_in(wrong.code)[1]
    for source in cells_for(wanted, cells):
        run(source, space)
    return space


def cells_for(wanted: set[str], sources: Sequence[str]) -> list[str]:
    """Those cells that define wanted names, or names which these need."""
    kept: list[str] = []
    for source in reversed(sources):
        defined, needed = names_in(source)
        if defined & wanted:
            kept.insert(0, source)
            wanted = wanted | needed
    return kept


def names_in(source: str) -> tuple[set[str], set[str]]:
    """The global names that a cell defines, and those that it needs, in its functions too."""
    defined, needed, codes = set(), set(), [compile(python_of(source), "<cell>", "exec")]
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in ("STORE_NAME", "STORE_GLOBAL"):
                defined.add(step.argval)
            elif step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
                needed.add(step.argval)
    return defined, needed


def python_of(source: str) -> str:
    """A cell without the lines of IPython's own, which are for Colab only."""
    lines = source.splitlines()
    lines = [f"{indent(line)}pass" if line.lstrip().startswith("%") else line for line in lines]
    return "\n".join(lines) + "\n"


def run(source: str, space: Names) -> None:
    """Execute one cell."""
    text = python_of(source)
    name = f"<cell {abs(hash(text))}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)  # for inspect.getsource
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(ast.parse(text), name, "exec"), space)


def indent(line: str) -> str:
    """The blanks a line begins with."""
    return line[: len(line) - len(line.lstrip())]


def write(exercise: Exercise) -> Path | None:
    """Make the recording of an exercise anew; returns where it lies if it has changed."""
    values, path = record(exercise), path_of(exercise)
    if same_values(values, dict(recorded.read(exercise.short))):
        return None
    path.parent.mkdir(exist_ok=True)
    with whole_file(path) as partial:
        rows = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items()]
        partial.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    recorded.read.cache_clear()
    return path


def outdated(exercise: Exercise) -> list[str]:
    """What is wrong with the committed recording: one sentence each; empty when nothing is."""
    found = []
    for question, answers in tried(exercise):
        here = visible(exercise, question, exercise.reference, answers)
        there = visible(exercise, question, recorded.Recorded(exercise.short), answers)
        if here != there:
            found.append(
                f"{exercise.name}: with its recording, a learner's check says {there.sentence()!r} where the "
                f"reference says {here.sentence()!r}; run `nst exercises {exercise.short}`."
            )
    return found


def same_values(one: Any, other: Any) -> bool:
    """Whether two recordings hold the same, up to what processors make of it."""
    if isinstance(one, dict) and isinstance(other, dict):
        if "array" in one and "array" in other:
            a, b = (np.asarray(each["array"], "float64") for each in (one, other))
            scale = np.abs(b[np.isfinite(b)]).max(initial=1e-12)
            return a.shape == b.shape and np.allclose(a, b, rtol=0, atol=AGREES * scale, equal_nan=True)
        return one.keys() == other.keys() and all(same_values(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_values, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or bool(np.isclose(one, other, rtol=AGREES, equal_nan=True))
    return bool(one == other)
