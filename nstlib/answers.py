"""A learner's answer from outside: it is called, and what it returns becomes plain values.

Checks use it (`checks`) where the answer is a function of the same process, and so does the process in which
a submission runs (`course.runner`), which finds no checks there.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np


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
        from .backend import ops  # starts Keras, which a check of plain arrays does not need

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


@contextlib.contextmanager
def watching(names: Sequence[str]) -> Iterator[set[str]]:
    """Note which functions of these names are called, a learner's own of such a name left out.

    What counts is the call, whatever name the function goes by where it is called from, in threads that are
    started meanwhile too. Who switches the watching off is noted as having called one.
    """
    called: set[str] = set()

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name in names:
            if frame.f_globals.get("__name__") != "__main__":
                called.add(frame.f_code.co_name)
        elif event == "c_call" and getattr(argument, "__name__", "") in names:
            called.add(argument.__name__)

    before, before_in_threads = sys.getprofile(), threading.getprofile()
    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield called
        if sys.getprofile() is not note:
            called.add(names[0])
    finally:
        sys.setprofile(before)
        threading.setprofile(before_in_threads)


def own(answer: Any, *names: str) -> Callable[..., Any]:
    """A learner's function that must not leave its work to one of these, which exist already.

    Args:
        answer: the function, or a stand-in of one in a sandbox, which watches there.
        names: of the functions.

    Returns:
        The same function; called, it raises Mistake if it has called one of them.
    """
    if hasattr(answer, "without"):
        return answer.without(names)
    if not callable(answer):
        return answer  # `call` says that it is none

    def watched(*arguments: Any) -> Any:
        with watching(names) as found:
            value = answer(*arguments)
        if found:
            raise Mistake(READY_MADE)
        return value

    return watched


READY_MADE = "Write it yourself: your function calls one that exists."
CHANGED = (
    "Your function changes the array it is given: whoever calls it would be surprised. Work on a new array."
)


def failed(kind: str, text: str) -> Mistake:
    """The mistake of a function that raises an error."""
    if kind == "NotImplementedError":
        return Mistake("Not written yet: put your code in place of the line `raise NotImplementedError`.")
    return Mistake(f"Your function stops with {kind}: {text.strip()[:300]}")
