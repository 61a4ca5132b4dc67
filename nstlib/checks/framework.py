"""What the checks share: calling a learner's function, reading its result, saying what is wrong.

A check is a generator marked with `@question(points)`. It takes a random generator and the learner's answers
(functions or values), and yields the points that have been earned whenever some are; the first `Mistake` ends
it. Whoever passes everything has earned all points.

    @question(points=3)
    def gram_matrix(rng, answer):
        features = rng.normal(size=(1, 4, 5, 3))
        gram = array(call(answer, features), (3, 3))
        require(same(gram, gram.T), "The result is not symmetric: (i, j) and (j, i) pair the same channels.")
        yield 1
        ...
        yield 2

The learner's function may be far away: `nst grade` passes stand-ins that send the arguments to a sandbox and
bring plain bytes back. So a check touches an answer only through `call`, `source` and the readers below, and
believes nothing about a result before `array` or `number` has copied it.
"""

from __future__ import annotations

import ast
import html
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Steps = Iterator[float]
VISIBLE_SEED = 2016  # learners see the same numbers at every try
LONGEST_MESSAGE = 600


class Mistake(Exception):
    """Something about an answer is wrong; the message is one or two sentences for the learner."""


class AnswerFailed(Exception):
    """A learner's function raised an error.

    Attributes:
        kind: the name of the error's class, such as "ValueError".
        text: its message.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind, self.text = kind, text


@dataclass(frozen=True)
class Outcome:
    """What a check found; a notebook shows it as a box, and nbgrader reads its number as partial credit.

    Attributes:
        name: of the question.
        score: points earned.
        points: points there are.
        message: what is wrong, for the learner; empty when nothing is.
    """

    name: str
    score: float
    points: float
    message: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.message

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
        steps: the generator function `(rng, *answers)`.
    """

    def __init__(self, steps: Callable[..., Steps], points: float) -> None:
        self.steps, self.points, self.name = steps, points, steps.__name__
        self.__doc__ = steps.__doc__

    def __call__(self, *answers: Any) -> Outcome:
        """Check answers where they are, as an exercise does; shows nothing itself and raises nothing."""
        return self.run(np.random.default_rng(VISIBLE_SEED), *answers)

    def run(self, rng: np.random.Generator, *answers: Any) -> Outcome:
        """Check answers with random numbers of the caller's choice."""
        score = 0.0
        try:
            for earned in self.steps(rng, *answers):
                score += earned
        except Mistake as mistake:
            return Outcome(self.name, score, self.points, str(mistake)[:LONGEST_MESSAGE])
        except Exception as error:  # a result so strange that the check stumbles over it
            message = f"The check cannot make sense of this answer ({type(error).__name__}: {error})."
            return Outcome(self.name, score, self.points, message[:LONGEST_MESSAGE])
        return Outcome(self.name, score, self.points)


def question(points: float) -> Callable[[Callable[..., Steps]], Check]:
    """Turn a generator of earned points into a check.

    Args:
        points: how many there are; a test sees that the steps of a right answer add up to them.
    """
    return lambda steps: Check(steps, points)


# --- reaching an answer -----------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A result as plain NumPy arrays, numbers, texts and containers of them: a copy that cannot lie.

    Tensors of any backend become arrays; a subclass of an array becomes an array of what it holds.

    Raises:
        TypeError: something else.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    for kind in (int, float, str):  # a subclass of a number becomes the number
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, tuple):
        return tuple(plain(each) for each in value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if not isinstance(value, (np.ndarray, np.generic)):
        from ..backend import ops  # starts Keras, which a check of plain arrays does not need

        if not ops.is_tensor(value):
            raise TypeError(f"a {type(value).__name__}, which is neither a number nor an array")
        value = ops.convert_to_numpy(value)
    found = np.array(value, copy=True, subok=False)
    if found.dtype.kind not in "biuf":
        raise TypeError(f"an array of {found.dtype}, not of numbers")
    return found


def call(answer: Any, *arguments: Any) -> Any:
    """Call a learner's function and bring its result back as plain values.

    Raises:
        Mistake: it is no function, is not written yet, raises an error, changes its arguments, returns
            nothing, or returns something that is neither numbers nor arrays.
    """
    if not callable(answer):
        raise Mistake(f"This should be a function, and it is a {type(answer).__name__}.")
    before = [np.copy(each) if isinstance(each, np.ndarray) else each for each in arguments]
    try:
        value = plain(answer(*arguments))
    except Mistake:
        raise
    except AnswerFailed as error:
        raise failed(error.kind, error.text) from None
    except TypeError as error:
        raise failed("TypeError", str(error)) from None
    except Exception as error:
        raise failed(type(error).__name__, str(error)) from None
    for old, new in zip(before, arguments, strict=True):
        if isinstance(old, np.ndarray) and not np.array_equal(old, new, equal_nan=True):
            raise Mistake(CHANGED)
    if value is None:
        raise Mistake("Your function returns nothing: does it end with a `return`?")
    return value


CHANGED = (
    "Your function changes the array it is given: whoever calls it would be surprised. Work on a new array."
)


def failed(kind: str, text: str) -> Mistake:
    """The mistake of a function that raises an error."""
    if kind == "NotImplementedError":
        return Mistake("Not written yet: put your code in place of the line `raise NotImplementedError`.")
    return Mistake(f"Your function stops with {kind}: {text.strip()[:300]}")


def source(answer: Any) -> str:
    """The text of a learner's function; empty where it cannot be had."""
    given = getattr(answer, "source", None)  # a stand-in of `nst grade` carries the text of the cell
    if isinstance(given, str):
        return given
    try:
        return inspect.getsource(answer)
    except (OSError, TypeError):
        return ""


def definition(answer: Any) -> ast.AST:
    """The syntax tree of a learner's function, without what else stands in its cell; empty when unknown."""
    try:
        tree: ast.AST = ast.parse(textwrap.dedent(source(answer)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])
    name = getattr(answer, "name", None) or getattr(answer, "__name__", "")
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    return found[-1] if found else tree


def uses(answer: Any, *names: str) -> list[str]:
    """Which of these names a learner's function uses, for questions that ask to write one of them.

    A name that the function gives to a variable of its own does not count.
    """
    nodes = list(ast.walk(definition(answer)))
    found = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    plain_names = [n for n in nodes if isinstance(n, ast.Name)]
    own = {n.id for n in plain_names if isinstance(n.ctx, ast.Store)}
    found |= {n.id for n in plain_names} - own
    return [name for name in names if name in found]


def loops(answer: Any) -> bool:
    """Whether a learner's function has a loop or a comprehension."""
    kinds = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    return any(isinstance(node, kinds) for node in ast.walk(definition(answer)))


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


def same(a: Any, b: Any, tolerance: float = 1e-4) -> bool:
    """Whether two results agree: shapes equal, no entry further off than a share of the largest in `b`."""
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    if a.shape != b.shape:
        return False
    return bool(np.abs(a - b).max(initial=0.0) <= tolerance * max(np.abs(b).max(initial=0.0), 1e-12))


def diagnose(
    found: Any, right: Any, known: Mapping[str, Any], otherwise: str, tolerance: float = 1e-4
) -> None:
    """Compare with the right value; when it is wrong, look for the mistake that explains it.

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
    raise Mistake(otherwise)
