"""Right values without the formulas: what a reference answered, written down for the numbers learners see.

The formulas that a check compares with are the answers of its exercise, so they live with the solutions
(`solutions/exNN_*/reference.py`), which learners do not have. A check is handed something to ask, `right`:
in the grader that is the reference itself, with numbers that nobody knows; in a learner's notebook it is a
recording of what the reference answered when it was asked with the numbers of `VISIBLE_SEED`. A recording
can repeat those answers and nothing else.

`nst exercises` makes the recordings (`course.recording`), one file for each exercise: under the name of the
function and a fingerprint of the arguments stands the value.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent / "recordings"
ARRAY_DIGITS, NUMBER_DIGITS = 8, 13  # kept of an entry, and of a number alone: slopes are small differences
STEPS = 1e8  # of the largest entry of an array: finer differences are the processor's


class NotRecorded(LookupError):
    """A reference was asked for something that it was not asked for when it was recorded."""


class Recorded:
    """What a reference answered, in its place: `right.gram(features)` gives the value that was recorded.

    Args:
        exercise: its number, such as "ex04".

    Raises:
        NotRecorded: on a call that was not recorded.
    """

    def __init__(self, exercise: str) -> None:
        self._exercise = exercise

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def answer(*arguments: Any) -> Any:
            values = read(self._exercise)
            try:
                return decode(values[key(name, arguments)])
            except KeyError:
                raise NotRecorded(
                    f"the right value is not among those recorded for {self._exercise}; is this NumPy much "
                    "older or newer than the course's?"
                ) from None

        return answer


class Recorder:
    """A reference that writes down what it answers.

    Attributes:
        values: what was answered so far, encoded, by the key of the call.

    Args:
        reference: the module with the functions.
    """

    def __init__(self, reference: Any) -> None:
        self._reference = reference
        self.values: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._reference, name)

        def answer(*arguments: Any) -> Any:
            place = key(name, arguments)
            self.values[place] = encode(function(*arguments))
            return decode(
                self.values[place]
            )  # what a recording will give: the next question may depend on it

        return answer


@functools.cache
def read(exercise: str) -> Mapping[str, Any]:
    """The recording of an exercise; empty where there is none."""
    path = FOLDER / f"{exercise}.json"
    if not path.is_file():
        return {}
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def key(name: str, arguments: tuple[Any, ...]) -> str:
    """Under what the value of a call stands: the function's name and a fingerprint of its arguments.

    Entries that differ by less than a hundred-millionth of the largest count as equal, so that a recording
    made on one processor is found on another, whose logarithms may end in another digit.

    Raises:
        TypeError: an argument is no value that can be told from another one.
    """
    return f"{name}/{hashlib.sha256(told(arguments).encode()).hexdigest()[:16]}"


def told(value: Any) -> str:
    """A value as text that is the same for equal values and for no others."""
    if value is None or isinstance(value, (bool, str)):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{told(k)}:{told(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(told, value)) + "]"
    if isinstance(value, (set, frozenset)):
        return "<" + ",".join(sorted(map(told, value))) + ">"
    if isinstance(value, (int, float, np.ndarray, np.generic)):
        return told_numbers(np.asarray(value))
    name = getattr(value, "name", None) or getattr(value, "__name__", None)
    if isinstance(name, str):  # a network or a function
        return f"{type(value).__name__} {name}"
    raise TypeError(f"a {type(value).__name__} cannot be recorded")


def told_numbers(array: np.ndarray) -> str:
    """An array or a number as text: its shape, its scale and its entries in small steps of it."""
    if array.dtype.kind not in "biuf":
        raise TypeError(f"an array of {array.dtype} cannot be recorded")
    found = array.astype("float64")
    finite = np.where(np.isfinite(found), found, 0.0)
    scale = float(np.abs(finite).max(initial=0.0)) or 1.0
    steps = np.rint(finite / scale * STEPS) + np.where(np.isfinite(found), 0, 7 * STEPS)
    digest = hashlib.sha256(steps.astype("<i8").tobytes()).hexdigest()[:16]
    return f"({array.shape} {scale:.6e} {digest})"


def encode(value: Any) -> Any:
    """A value as JSON can hold it, arrays and kinds of containers included."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.ndarray) and value.ndim:
        entries = value.tolist()
        entries = shortened(entries, ARRAY_DIGITS) if value.dtype.kind == "f" else entries
        return {"array": entries, "of": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, (np.ndarray, np.generic)):
        return encode(value.item())
    if isinstance(value, (int, float)):
        return shortened(value, NUMBER_DIGITS)
    if isinstance(value, Mapping):
        return {"dict": [[encode(k), encode(v)] for k, v in value.items()]}
    for kind in (list, tuple, set):
        if isinstance(value, kind):
            entries = sorted(value) if kind is set else value
            return {kind.__name__: [encode(each) for each in entries]}
    raise TypeError(f"a {type(value).__name__} cannot be recorded")


def shortened(value: Any, digits: int) -> Any:
    """Numbers of a nested list, rounded to so many significant digits."""
    if isinstance(value, list):
        return [shortened(each, digits) for each in value]
    return value if isinstance(value, int) else float(f"{value:.{digits}g}")


def decode(value: Any) -> Any:
    """What `encode` was given, up to the digits it keeps."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return np.asarray(value["array"], value["of"]).reshape(value["shape"])
    if "dict" in value:
        return {decode(k): decode(v) for k, v in value["dict"]}
    kind = next(each for each in (list, tuple, set) if each.__name__ in value)
    return kind(decode(each) for each in value[kind.__name__])
