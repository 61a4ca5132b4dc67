"""Run one submission in the sandbox and say what its answers are worth.

The learner's notebook runs in the sandbox. The checks, the hidden tests, their fresh random numbers and the
right values stay here: for every call of a check the arguments go in and plain bytes come out.
"""

from __future__ import annotations

import ast
import dataclasses
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..checks.framework import Check, Mistake, Outcome, failed
from .exercises import Exercise, Question, is_checked, tags
from .sandbox import STOPPED, Limits, Remote, Sandbox, SandboxEnded

MOST_STARTS = 4  # a submission that ends its process is started again, without the cell that did it
HIDDEN_COST = 1.0  # points that a mistake in the hidden test costs

Outputs = list[dict[str, Any]]


@dataclass
class Verdict:
    """What became of one submission.

    Attributes:
        outcomes: by question, in order.
        outputs: of every cell, in order; empty for prose and for checks.
        seconds: it took.
        memory: most bytes it held.
        seed: of the random numbers, so that a verdict can be had again.
        finished: whether all of it ran to its end; what a limit stopped may end otherwise on another day.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    outputs: list[Outputs] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0
    seed: int = 0
    finished: bool = True


def judge(
    exercise: Exercise, notebook: Any, *, limits: Limits | None = None, seed: int | None = None
) -> Verdict:
    """Run a notebook in the sandbox, as often as it takes to ask all questions, and judge its answers.

    Args:
        exercise: which it answers.
        notebook: of `submissions.rebuild`: the cells of the exercise with the learner's answers.
        limits: of the sandbox; the time is for everything together.
        seed: of the random numbers; None takes one that nobody can know.
    """
    limits = limits or Limits()
    began = time.monotonic()
    verdict = Verdict(seed=secrets.randbits(63) if seed is None else seed)
    verdict.outputs = [[] for _ in notebook.cells]
    bad_cells: set[int] = set()
    reason = "The time was used up, or the process had ended too often."
    for _ in range(MOST_STARTS):
        left = limits.seconds - (time.monotonic() - began)
        waiting = exercise.questions[len(verdict.outcomes) :]
        if not waiting or left < 1 or reason == STOPPED:
            break
        with Sandbox(dataclasses.replace(limits, seconds=left)) as box:
            try:
                box.start()
                run_cells(box, notebook, verdict, bad_cells)
                ask(box, exercise, notebook, waiting, verdict)
            except SandboxEnded as ended:
                reason = str(ended)
            verdict.memory = max(verdict.memory, box.peak)
            verdict.finished &= not (box.late or box.ended)
    for question in exercise.questions[len(verdict.outcomes) :]:
        verdict.outcomes.append(Outcome(question.name, 0.0, question.points, f"Not reached. {reason}"))
        verdict.finished = False
    verdict.seconds = time.monotonic() - began
    return verdict


def run_cells(box: Sandbox, notebook: Any, verdict: Verdict, bad_cells: set[int]) -> None:
    """Execute the cells, but for checks and for those that ended the process before.

    Raises:
        SandboxEnded: a cell ended the process; it is among `bad_cells` now.
    """
    running = [
        index
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and not is_checked(cell) and index not in bad_cells
    ]
    results = box.run([notebook.cells[index].source for index in running])
    for index in running:
        try:
            verdict.outputs[index] = next(results)
        except SandboxEnded as ended:
            bad_cells.add(index)
            verdict.outputs[index] = [error_output(str(ended))]
            raise


def error_output(text: str) -> dict[str, Any]:
    """An error as a cell's output."""
    import nbformat

    return nbformat.v4.new_output("error", ename="Stopped", evalue=text, traceback=[text])


def ask(
    box: Sandbox, exercise: Exercise, notebook: Any, questions: Sequence[Question], verdict: Verdict
) -> None:
    """Judge the answers to questions until all are judged or the process has ended."""
    for question in questions:
        outcome = judge_question(
            box, exercise, question, source_of(notebook, exercise, question), verdict.seed
        )
        verdict.outcomes.append(outcome)
        if box.process.poll() is not None:
            return


def judge_question(box: Sandbox, exercise: Exercise, question: Question, source: str, seed: int) -> Outcome:
    """One question: its check with other random numbers, then its hidden test."""
    check = exercise.check(question)
    try:
        answers = [fetch(box, name, source) for name in question.answers]
    except Mistake as mistake:
        return Outcome(question.name, 0.0, question.points, str(mistake))
    outcome = check.run(np.random.default_rng([seed, 1]), exercise.reference, *answers)
    return hidden_outcome(exercise, question, answers, outcome, seed) if outcome.passed else outcome


def hidden_outcome(
    exercise: Exercise, question: Question, answers: Sequence[Any], outcome: Outcome, seed: int
) -> Outcome:
    """What is left of an outcome after the hidden test."""

    def steps(rng: np.random.Generator, right: Any, *given: Any) -> Any:
        exercise.hidden_test(question)(rng, *given)
        yield outcome.score

    hidden = Check(steps, question.points).run(np.random.default_rng([seed, 2]), None, *answers)
    score = outcome.score if hidden.passed else max(0.0, outcome.score - HIDDEN_COST)
    return Outcome(question.name, score, question.points, hidden.message, hidden.passed)


def fetch(box: Sandbox, name: str, source: str) -> Any:
    """A learner's answer: a stand-in for a function, or a value.

    Raises:
        Mistake: the name is not there, or its value cannot be read.
    """
    kind = box.kind(name)
    if kind == "missing":
        if "NotImplementedError" in source:
            raise failed("NotImplementedError", "")
        raise Mistake(f"There is no `{name}`: its cell was deleted, renamed, or stopped with an error.")
    return Remote(box, name, source) if kind == "function" else box.value(name)


def source_of(notebook: Any, exercise: Exercise, question: Question) -> str:
    """The text of the cell that answers a question: the last one that defines its name, or its own cell."""
    own = f"{exercise.short}_{question.name}_answer"
    found = ""
    for cell in notebook.cells:
        if cell.cell_type == "code" and (
            tags(cell).get("grade_id") == own or defines(cell.source, question.answers)
        ):
            found = cell.source
    return found


def defines(source: str, names: Sequence[str]) -> bool:
    """Whether a cell defines a function of one of these names."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(isinstance(node, ast.FunctionDef) and node.name in names for node in ast.walk(tree))
