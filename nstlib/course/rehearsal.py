"""Try an exercise before learners get it: right answers, unedited stubs and plausible wrong ones.

Everything runs in the sandbox and is judged as a submission is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..checks.framework import Outcome
from .exercises import Exercise, is_checked, load, tags
from .judge import judge_question, source_of
from .releases import generated
from .sandbox import Limits, Sandbox


def trial(name: str, tell: Callable[[str], None] = lambda text: None) -> list[str]:
    """Run the reference solution, the unedited stubs and every wrong answer through the grader.

    Everything runs in the sandbox, as a submission does.

    Args:
        name: of the exercise.
        tell: gets a line for every answer tried.

    Returns:
        What did not come out as it should, one sentence each.
    """
    exercise, found = load(name), []

    def compare(what: str, outcome: Outcome, score: float, message: str) -> None:
        right = outcome.score == score and (message in outcome.message if message else outcome.passed)
        tell(f"{'' if right else 'WRONG '}{what}: {outcome.sentence()}")
        if not right:
            found.append(f"{name}: {what} should get {score:g} points with {message!r}: {outcome.sentence()}")

    answers = [(f"the stub of {question}", question, code) for question, code in stubs(exercise)]
    expected = [(0.0, "Not written yet")] * len(answers)
    answers += [(f"a wrong answer to {w.question}", w.question, w.code) for w in exercise.wrong()]
    expected += [(w.score, w.message) for w in exercise.wrong()]
    reference, tried, errors = judge_answers(exercise, answers)
    found += [f"{name}: a cell of the solved notebook fails with {error}" for error in errors]
    for question, outcome in zip(exercise.questions, reference, strict=True):
        compare("the reference solution", outcome, question.points, "")
    for (what, _, _), outcome, (score, message) in zip(answers, tried, expected, strict=True):
        compare(what, outcome, score, message)
    for question in exercise.questions:
        count = sum(w.question == question.name for w in exercise.wrong())
        if count < 3:
            found.append(f"{name}: only {count} wrong answers to {question.name}; there should be three.")
    return found


def stubs(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """What a learner finds in place of each answer: (question, code)."""
    import nbformat

    ((_, content),) = generated([exercise.name])
    cells = {tags(c).get("grade_id"): c.source for c in nbformat.reads(content.decode(), as_version=4).cells}
    for question in exercise.questions:
        # Without this the right answer would still be there where a stub defines nothing.
        gone = "".join(f"del {name}\n" for name in question.answers)
        yield question.name, gone + cells[f"{exercise.short}_{question.name}_answer"]


def judge_answers(
    exercise: Exercise, answers: Sequence[tuple[str, str, str]], limits: Limits | None = None
) -> tuple[list[Outcome], list[Outcome], list[str]]:
    """Judge the reference solution and then single answers put in place of its own.

    One sandbox serves them all, which is what makes trying many wrong answers cheap. It is for our own code:
    what one answer leaves behind, the next one finds.

    Args:
        exercise: the exercise.
        answers: (what it is, question, code).
        limits: of the sandbox.

    Returns:
        The outcomes of the reference, one for each answer, and the errors of the reference's cells.
    """
    cells = [c.source for c in exercise.notebook.cells if c.cell_type == "code" and not is_checked(c)]
    by_name = {question.name: question for question in exercise.questions}
    with Sandbox(limits) as box:
        box.start()
        outputs = [output for cell in box.run(cells) for output in cell]
        reference = [
            judge_question(box, exercise, q, source_of(exercise.notebook, exercise, q), seed=1)
            for q in exercise.questions
        ]
        tried = []
        for _, name, code in answers:
            list(box.run([code]))
            tried.append(judge_question(box, exercise, by_name[name], code, seed=1))
            list(box.run([source_of(exercise.notebook, exercise, by_name[name])]))
    errors = [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]
    return reference, tried, errors
