"""What an optimiser remembers between two iterations, and how that goes into a file."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..autodiff import Evaluation, is_finite, numpy, tensor
from ..foundation import check_count as check_count

Evaluate = Callable[[Any], Evaluation]


@dataclass(frozen=True)
class State:
    """A point of a run from which it can go on as if it had never stopped.

    Attributes:
        x: the image, a backend tensor.
        at: the objective there.
        iteration: iterations finished.
        memory: tensors the method remembers, by name; a list is kept in order.
        stuck: why no further step is possible, empty otherwise.
        best, best_value: the point with the lowest loss so far; methods without a line search may leave it.
    """

    x: Any
    at: Evaluation
    iteration: int = 0
    memory: Mapping[str, list[Any]] = field(default_factory=dict)
    stuck: str = ""
    best: Any = None
    best_value: float = math.inf

    def pack(self) -> dict[str, np.ndarray]:
        """The state as arrays, for a checkpoint."""
        arrays = {
            "x": numpy(self.x),
            "best": numpy(self.x if self.best is None else self.best),
            "best_value": np.array(self.best_value),
            "gradient": numpy(self.at.gradient),
            "unit": np.array(self.at.unit),
            "value": np.array(self.at.value),
            "part_names": np.array(list(self.at.parts), dtype=str),
            "parts": np.array(list(self.at.parts.values()), float),
            "iteration": np.array(self.iteration),
        }
        arrays["memory_names"] = np.array(list(self.memory), dtype=str)
        for name, tensors in self.memory.items():
            arrays |= {f"memory/{name}/{i}": numpy(t) for i, t in enumerate(tensors)}
        return arrays

    @staticmethod
    def unpack(arrays: Mapping[str, np.ndarray]) -> State:
        """The state that `pack` wrote; before there were units, all gradients were in units of 1."""
        memory: dict[str, list[Any]] = {name: [] for name in arrays["memory_names"].tolist()}
        for name in memory:
            count = sum(key.startswith(f"memory/{name}/") for key in arrays)
            memory[name] = [tensor(arrays[f"memory/{name}/{i}"]) for i in range(count)]
        parts = dict(zip(arrays["part_names"].tolist(), arrays["parts"].tolist(), strict=True))
        unit = float(arrays.get("unit", 1.0))
        at = Evaluation(float(arrays["value"]), tensor(arrays["gradient"]), parts, unit=unit)
        best, best_value = tensor(arrays["best"]), float(arrays["best_value"])
        return State(
            tensor(arrays["x"]), at, int(arrays["iteration"]), memory, best=best, best_value=best_value
        )


@dataclass(frozen=True)
class Progress:
    """What a callback gets after every iteration.

    Attributes:
        iteration: iterations finished at this size.
        iterations: how many are planned at this size.
        size: longer side in pixels.
        value: the total loss.
        parts: weighted parts of the loss by name.
        tensor: the image on the device.
        state: from which the run could go on (None with SciPy).
        share: of the whole run's work that is done, from 0 to 1; a recipe counts pixels over all its sizes.
    """

    iteration: int
    iterations: int
    size: int | None
    value: float
    parts: dict[str, float]
    tensor: Any
    state: State | None = None
    share: float = 0.0

    def image(self) -> np.ndarray:
        """The image as an array (1, H, W, 3), clipped to [0, 1]."""
        return np.clip(numpy(self.tensor), 0.0, 1.0)


Callback = Callable[[Progress], None]


class Optimizer(Protocol):
    """A method by the one thing all of them do."""

    @property
    def name(self) -> str:
        """Its name in `METHODS`."""

    def run(
        self, recorder: Any, x: np.ndarray, planned: int, callback: Callback | None, state: State | None
    ) -> State | None:
        """Minimise; see `stepwise.Stepwise.run`. Returns where the run stands, None when that is unknown."""


def check_start(x: Any, at: Evaluation) -> None:
    """Refuse to begin where the loss or its slope is not a number.

    Raises:
        FloatingPointError: it is not; the sentence names the parts and says what to lower.
    """
    if math.isfinite(at.value):
        return
    if not is_finite(x):
        raise FloatingPointError(
            "The loss of the first image is not finite: the image holds values that are not numbers."
        )
    where = ", ".join(name for name, part in at.parts.items() if not math.isfinite(part)) or "its slope"
    raise FloatingPointError(
        f"The loss of the first image is not finite (look at {where}): single precision ends at 3.4e38, so "
        f"lower the weight or the size of the picture, or use formula='relative'."
    )


NOT_FINITE = "the loss or its slope was not finite"


def warn_diverged(method: str, iterations: int) -> str:
    """Warn that the loss stopped being a number, and return the sentence for the history."""
    first_order = method in ("adam", "gradient_descent")
    advice = "lower the learning rate" if first_order else "lower the weights or start from another image"
    message = (
        f"{NOT_FINITE} after {iterations} iterations of {method}; the best image so far is "
        f"returned ({advice})"
    )
    warnings.warn(message, RuntimeWarning, stacklevel=5)
    return message


def warn_unimproved(method: str, what: str, why: str) -> None:
    """Warn that a run did not do what it was asked for; the picture alone would not say so.

    Args:
        method: name of the optimiser.
        what: happened instead, as the rest of a sentence.
        why: the run stopped.
    """
    first_order = method in ("adam", "gradient_descent")
    advice = "set another learning_rate" if first_order else "start from another image or change the weights"
    warnings.warn(f"{method} {what} ({why}): {advice}.", RuntimeWarning, stacklevel=4)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def check_positive(value: Any, name: str) -> None:
    """Refuse an option that is not a positive number, such as a learning rate.

    Raises:
        ValueError: it is not.
    """
    if not (_is_number(value) and 0 < value < math.inf):
        raise ValueError(f"{name} is {value!r}; give a number above 0.")


def check_share(value: Any, name: str) -> None:
    """Refuse an option that is not a share in [0, 1), such as a momentum.

    Raises:
        ValueError: it is not.
    """
    if not (_is_number(value) and 0 <= value < 1):
        raise ValueError(f"{name} is {value!r}; give a number from 0 to below 1.")


def check_bounds(bounds: Any) -> None:
    """Refuse bounds that are neither None nor two numbers, the smaller first.

    Raises:
        ValueError: they are not.
    """
    try:
        right = bounds is None or (len(bounds) == 2 and bool(bounds[0] < bounds[1]))
    except (TypeError, ValueError, KeyError):
        right = False
    if not right:
        raise ValueError(f"bounds is {bounds!r}; give the smallest and the largest value, or None.")
