"""Run one submission in the sandbox and say what its answers are worth.

The learner's notebook runs in the sandbox. The checks, the hidden tests, their fresh random numbers and the
right values stay here: for every call of a check the arguments go in and plain bytes come out.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..checks.framework import Check, Mistake, Outcome, failed
from .exercises import Exercise, Question, is_checked, tags
from .limits import share
from .sandbox import STOPPED, Cause, Limits, Remote, Sandbox, SandboxEnded
from .withholding import withheld

MOST_STARTS = 4  # a submission that ends its process is started again, without the cell that did it
HIDDEN_COST = 1.0  # points that a mistake in the hidden test costs
OWN_SHARE = 1 / 2  # of the time, for cells that answer nothing
TOO_LITTLE = 1 / 300  # of the time: where less is left for such cells, the rest of them are left out
MOST_REASONS = 3  # that are named
# What whoever runs beside has no part in.
OWN_DOING = {Cause.MEMORY, Cause.PROCESSES, Cause.OUTPUT, Cause.PAUSED}

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
        doubtful: whether what ran beside it may have had a part in its being stopped.
        reasons: the limits that cut it short, for the teacher.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    outputs: list[Outputs] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0
    seed: int = 0
    finished: bool = True
    doubtful: bool = False
    reasons: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """The reasons as a sentence; empty when there is none."""
        named, more = self.reasons[:MOST_REASONS], len(self.reasons) - MOST_REASONS
        text = "; ".join([*named, *([f"{more} more"] if more > 0 else [])])
        return f"{text[:1].upper()}{text[1:]}." if text else ""

    def stopped(self, reason: str, *, doubtful: bool) -> None:
        """Note that something was stopped."""
        self.finished, self.doubtful = False, self.doubtful or doubtful
        if reason:
            self.reasons.append(reason)


def judge(
    exercise: Exercise, notebook: Any, *, limits: Limits | None = None, seed: int | None = None
) -> Verdict:
    """Run a notebook in the sandbox, as often as it takes to ask all questions, and judge its answers.

    Args:
        exercise: which it answers.
        notebook: of `collecting.rebuild`: the cells of the exercise with the learner's answers.
        limits: of the sandbox; the time is for everything together.
        seed: of the random numbers; None takes one that nobody can know.
    """
    began = time.monotonic()
    verdict = Verdict(seed=secrets.randbits(63) if seed is None else seed)
    verdict.outputs = [[] for _ in notebook.cells]
    Judging(exercise, notebook, limits or Limits(), verdict).all_questions()
    verdict.seconds = time.monotonic() - began
    return verdict


class Judging:
    """One submission on its way through as many sandboxes as it takes.

    The time is divided such that no cell can take it from the questions. Cells of the learner's own, which
    answer nothing, have `OWN_SHARE` of it all together. Each cell gets a half of what there is at most (see
    `limits.share`): an endless one is interrupted, and the next still has some. In the next sandbox, cells
    of the learner's own that took too long are left out.
    """

    def __init__(self, exercise: Exercise, notebook: Any, limits: Limits, verdict: Verdict) -> None:
        self.exercise, self.notebook, self.limits, self.verdict = exercise, notebook, limits, verdict
        self.left = limits.seconds  # for everything
        self.own_left = limits.seconds * OWN_SHARE  # of these, for the learner's own cells
        self.left_out: set[int] = set()  # cells that are not run any more
        self.given = {cell.source for cell in exercise.notebook.cells if cell.cell_type == "code"}

    def all_questions(self) -> None:
        """Start sandboxes until every question has its outcome."""
        outcomes, questions = self.verdict.outcomes, self.exercise.questions
        last = ""
        for _ in range(MOST_STARTS):
            if len(outcomes) == len(questions) or self.left <= 0 or last == STOPPED:
                break
            last = self.one_sandbox() or last
        else:
            last = "The process had ended too often." if self.left > 0 else last
        for question in questions[len(outcomes) :]:
            outcomes.append(Outcome(question.name, 0.0, question.points, f"Not reached. {last}"))

    def one_sandbox(self) -> str:
        """Run the cells and ask what has not been asked; returns why that ended early, if it did."""
        with Sandbox(dataclasses.replace(self.limits, seconds=self.left)) as box:
            try:
                box.start()
                self.run_cells(box)
                self.ask(box)
                return box.ended
            except SandboxEnded as ended:
                return str(ended)
            finally:
                self.left -= box.stopwatch.spent
                self.verdict.memory = max(self.verdict.memory, box.peak)
                if box.ended:
                    self.verdict.stopped(self.why(box), doubtful=box.cause not in OWN_DOING)

    def why(self, box: Sandbox) -> str:
        """Which limit of the whole notebook a sandbox was past; empty when it ended for something else."""
        limits = self.limits
        return {
            Cause.TIME: f"the notebook used up its {limits.seconds:g} s",
            Cause.MEMORY: f"the notebook used more than {limits.memory / 2**30:.3g} GB of memory",
            Cause.PROCESSES: f"the notebook started more than {limits.children} processes",
            Cause.OUTPUT: "the notebook put out more than the grader reads",
        }.get(box.cause, "")

    # --- cells

    def run_cells(self, box: Sandbox) -> None:
        """Execute the cells, but for checks and those that are left out.

        Raises:
            SandboxEnded: a cell ended the process; it is left out from now on.
        """
        for index, cell in enumerate(self.notebook.cells):
            if cell.cell_type != "code" or is_checked(cell) or index in self.left_out:
                continue
            if self.is_own(index) and self.own_left < self.limits.seconds * TOO_LITTLE:
                self.leave_out(index, "Left out: the time for cells that answer nothing was used up.")
                continue
            self.run_cell(box, index)

    def run_cell(self, box: Sandbox, index: int) -> None:
        """Execute one cell within its share of the time."""
        own, before = self.is_own(index), box.spent()
        left = min(self.own_left, self.left - before) if own else self.left - before
        allowed, box.late = share(left, self.limits.cell_seconds), False
        try:
            (self.verdict.outputs[index],) = box.run([self.notebook.cells[index].source], lambda _: allowed)
        except SandboxEnded as ended:
            self.leave_out(index, str(ended))
            box.late = ended.cause == Cause.STEP
            raise
        finally:
            if own:
                self.own_left -= box.spent() - before
            if box.late:
                self.too_late(index, allowed)

    def too_late(self, index: int, allowed: float) -> None:
        """Note that a cell took longer than it may."""
        tag = tags(self.notebook.cells[index]).get("grade_id")
        what = f"the cell {tag}" if tag else "a cell of the exercise"
        if self.is_own(index):
            what = "a cell of the student's own"
            self.left_out.add(index)
        self.verdict.stopped(f"{what} did not end within {allowed:.3g} s", doubtful=True)

    def is_own(self, index: int) -> bool:
        """Whether a cell is the learner's own: it neither answers a question nor stands in the exercise."""
        cell = self.notebook.cells[index]
        return not tags(cell) and cell.source not in self.given

    def leave_out(self, index: int, why: str) -> None:
        """Run a cell no more, and say why in place of its outputs."""
        self.left_out.add(index)
        self.verdict.outputs[index] = [error_output(why)]

    # --- questions

    def ask(self, box: Sandbox) -> None:
        """Judge the answers until all are judged or the process has ended."""
        for question in self.exercise.questions[len(self.verdict.outcomes) :]:
            source, box.late = source_of(self.notebook, self.exercise, question), False
            outcome = judge_question(box, self.exercise, question, source, self.verdict.seed)
            self.verdict.outcomes.append(outcome)
            if box.late or box.cause == Cause.STEP:
                text = f"the answer to {question.name} did not end within {self.limits.call_seconds:.3g} s"
                self.verdict.stopped(text, doubtful=True)
            if box.process.poll() is not None:
                return


def error_output(text: str) -> dict[str, Any]:
    """An error as a cell's output."""
    import nbformat

    return nbformat.v4.new_output("error", ename="Stopped", evalue=text, traceback=[text])


def judge_question(box: Sandbox, exercise: Exercise, question: Question, source: str, seed: int) -> Outcome:
    """One question: its check with other random numbers, then its hidden test."""
    check, box.long_text = exercise.check(question), False
    try:
        answers = [fetch(box, name, source) for name in question.answers]
    except Mistake as mistake:
        return Outcome(question.name, 0.0, question.points, withheld(str(mistake)))
    outcome = check.run(np.random.default_rng([seed, 1]), exercise.reference, *answers)
    if outcome.passed:
        outcome = hidden_outcome(exercise, question, answers, outcome, seed)
    return dataclasses.replace(outcome, message=withheld(outcome.message, box.long_text))


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
    """Whether a cell defines a function of one of these names.

    Its lines tell. Nothing of a learner's is parsed here: Python's parser takes five hundred bytes for a
    character and lets no other thread of the grader run meanwhile.
    """
    named = "|".join(map(re.escape, names))
    return bool(re.search(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+(?:{named})\b", source, re.MULTILINE))
