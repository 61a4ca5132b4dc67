"""What the checks share: calling a learner's function, reading its result, saying what is wrong.

A check is a generator marked with `@question(points)`. It takes a random generator, something that knows the
right values (see `recorded`) and the learner's answers (functions or values), and yields the points that have
been earned whenever some are; the first `Mistake` ends it. Whoever passes everything has earned all points.

    @question(points=3)
    def gram_matrix(rng, right, answer):
        features = rng.normal(size=(1, 4, 5, 3))
        found = array(call(answer, features), (3, 3))
        require(same(found, found.T), "The result is not symmetric: it pairs the same channels twice.")
        yield 1
        diagnose(found, right.gram(features), right.wrong_grams(features), "These are not the means.")
        yield 2

No formula stands in a check that would be a right answer: learners have the checks, and can call them.

The learner's function may be far away: `nst grade` passes stand-ins that send the arguments to a sandbox and
bring plain bytes back. So a check touches an answer only through `call`, `own` and the readers below, and
believes nothing about a result before `array` or `number` has copied it.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..answers import AnswerFailed as AnswerFailed
from ..answers import Mistake as Mistake
from ..answers import call as call
from ..answers import failed as failed
from ..answers import own as own
from ..answers import plain as plain
from .recorded import Recorded

Steps = Iterator[float]
VISIBLE_SEED = 2016  # learners see the same numbers at every try
LONGEST_MESSAGE = 600
NO_WORDS = "Your answer stops the check without a word."
ALMOST = 100  # times the tolerance: who is no further off is told by how much
TOLERANCE = 1e-4  # of the largest entry of the right value: an answer may be off by so much


@dataclass(frozen=True)
class Outcome:
    """What a check found; a notebook shows it as a box, and nbgrader reads its number as partial credit.

    Attributes:
        name: of the question.
        score: points earned.
        points: points there are.
        message: what is wrong, for the learner; empty when nothing is.
        passed: whether the check was gone through to its end.
    """

    name: str
    score: float
    points: float
    message: str = ""
    passed: bool = False

    def sentence(self) -> str:
        """The outcome in words."""
        verdict = self.message or "every property tried here holds."
        return f"{self.name}: {self.score:g} of {self.points:g} points, {verdict}"

    def __repr__(self) -> str:
        return f"{self.score:g}"  # nbgrader takes the text of a cell's value for its score

    def _repr_html_(self) -> str:
        colour, sign = ("#2e7d32", "&#10003;") if self.passed else ("#b71c1c", "&#10007;")
        verdict = html.escape(self.message or "Every property tried here holds.").replace("\n", "<br>")
        return (
            f'<div style="border-left: 5px solid {colour}; padding: 0.4em 0.8em; margin: 0.3em 0">'
            f"<b>{sign} {html.escape(self.name)}: {self.score:g} of {self.points:g} points.</b> "
            f"{verdict}</div>"
        )


class Check:
    """One question's check; made by `question`.

    Attributes:
        name: of the question, which is that of the function.
        points: how many can be earned.
        steps: the generator function `(rng, right, *answers)`.
    """

    def __init__(self, steps: Callable[..., Steps], points: float) -> None:
        self.steps, self.points, self.name = steps, points, steps.__name__
        self.exercise = steps.__module__.rpartition(".")[2]
        self.__doc__ = steps.__doc__

    def __call__(self, *answers: Any) -> Outcome:
        """Check answers where they are, as an exercise does; shows nothing itself and raises nothing."""
        return self.run(np.random.default_rng(VISIBLE_SEED), Recorded(self.exercise), *answers)

    def run(self, rng: np.random.Generator, right: Any, *answers: Any) -> Outcome:
        """Check answers with random numbers and right values of the caller's choice.

        Args:
            rng: of the random numbers.
            right: knows the right values: the exercise's reference, or a recording of it.
            answers: the learner's.
        """
        score = 0.0
        try:
            for earned in self.steps(rng, right, *answers):
                score += earned
        except Mistake as mistake:
            return Outcome(self.name, score, self.points, str(mistake).strip()[:LONGEST_MESSAGE] or NO_WORDS)
        except Exception as error:  # a result so strange that the check stumbles over it
            message = f"The check cannot make sense of this answer ({type(error).__name__}: {error})."
            return Outcome(self.name, score, self.points, message[:LONGEST_MESSAGE])
        return Outcome(self.name, score, self.points, passed=True)


def question(points: float) -> Callable[[Callable[..., Steps]], Check]:
    """Turn a generator of earned points into a check.

    Args:
        points: how many there are; a test sees that the steps of a right answer add up to them.
    """
    return lambda steps: Check(steps, points)


# --- reaching an answer -----------------------------------------------------------------------------


# --- reading and judging results --------------------------------------------------------------------


def require(condition: Any, message: str) -> None:
    """Go on only when a condition holds.

    Raises:
        Mistake: with the message, when not.
    """
    if not condition:
        raise Mistake(message)


def array(value: Any, shape: Sequence[int] | None = None, what: str = "The result") -> np.ndarray:
    """Read a result as an array of float64.

    Args:
        value: of `call`, or a learner's value.
        shape: the shape it must have; None for any.
        what: how a message names it.

    Raises:
        Mistake: not an array, another shape, or not all numbers finite.
    """
    if isinstance(value, (str, bytes, Mapping)) or value is None or callable(value):
        raise Mistake(f"{what} should be an array, and it is a {type(value).__name__}.")
    try:
        found = np.asarray(plain(value), "float64")
    except (TypeError, ValueError, OverflowError):
        raise Mistake(f"{what} should be an array of numbers.") from None
    if shape is not None and found.shape != tuple(shape):
        raise Mistake(f"{what} has shape {found.shape}; it should have {tuple(shape)}.")
    require(np.isfinite(found).all(), f"{what} holds values that are not finite (nan or inf).")
    return found


def number(value: Any, what: str = "The result") -> float:
    """Read a result as one number; an array or tensor of one value counts, with any number of axes.

    Raises:
        Mistake: something else.
    """
    found = array(value, what=what)
    if found.size != 1:
        raise Mistake(f"{what} should be one number, and it is an array of shape {found.shape}.")
    return float(found.reshape(()))


def same(a: Any, b: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two results agree: shapes equal, no entry further off than a share of the largest in `b`."""
    return apart(a, b) <= tolerance


def apart(a: Any, b: Any) -> float:
    """How far two results are apart: the largest difference, as a share of the largest entry of `b`."""
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    if a.shape != b.shape:
        return float("inf")
    return float(np.abs(a - b).max(initial=0.0) / max(np.abs(b).max(initial=0.0), 1e-12))


def diagnose(
    found: Any, right: Any, known: Mapping[str, Any], otherwise: str, tolerance: float = TOLERANCE
) -> None:
    """Compare with the right value; when it is wrong, look for the mistake that explains it.

    An answer that is almost right is told how far off it is, and how far off it may be.

    Args:
        found: the learner's value.
        right: what it should be.
        known: message -> the value that this mistake would give.
        otherwise: the message when no known mistake explains it.
        tolerance: of `same`.

    Raises:
        Mistake: it is wrong.
    """
    if same(found, right, tolerance):
        return
    for message, wrong in known.items():
        if same(found, wrong, tolerance):
            raise Mistake(message)
    off = apart(found, right)
    close = f" (It is off by {off:.2g} of the largest entry; {tolerance:g} is allowed.)"
    raise Mistake(otherwise + (close if off <= ALMOST * tolerance else ""))
