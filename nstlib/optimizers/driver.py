"""One way to run every optimiser: iterations, history, callback, interruption, the best image."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .. import images, tiles
from ..autodiff import (
    numpy,
    power_of_two,
    tensor,
    value_and_grad,
)
from ..foundation import unknown_name
from ..networks import first_line
from ..objectives import Objective
from .first_order import Adam, GradientDescent
from .history import History, Stopping
from .lbfgs import LBFGS
from .recorder import Recorder
from .scipy_lbfgsb import ScipyLBFGSB
from .state import (
    Callback,
    Evaluate,
    Optimizer,
    State,
    check_count,
    warn_unimproved,
)

METHODS: dict[str, Any] = {
    "lbfgs": LBFGS,
    "adam": Adam,
    "gradient_descent": GradientDescent,
    "scipy": ScipyLBFGSB,
}


AT_TARGET = 0.01  # of the loss of a picture that differs by one level

# Weights between these are left as they are.
ORDINARY_WEIGHTS = (2.0**-30, 2.0**30)


@dataclass(frozen=True)
class Minimum:
    """What `minimize` returns.

    Attributes:
        x: the best point found, a NumPy array, not clipped.
        history: every evaluation.
        state: where the run stands, to go on from; None for SciPy.
    """

    x: np.ndarray
    history: History
    state: State | None


def make_optimizer(optimizer: str | Optimizer, **options: Any) -> Optimizer:
    """An optimiser by name with its options, for example `make_optimizer("adam", learning_rate=0.05)`.

    Raises:
        ValueError: unknown name, an option the method does not have, or a bad value of one.
    """
    if not isinstance(optimizer, str):
        if not hasattr(optimizer, "name"):
            raise unknown_name("optimizer", optimizer, METHODS)
        if options:
            raise ValueError(f"{optimizer.name} is already made; set {', '.join(options)} when making it.")
        return optimizer
    known = option_names(optimizer)
    for option in options:
        if option not in known:
            raise unknown_name(f"option of {optimizer}", option, known)
    made: Optimizer = METHODS[optimizer](**options)
    return made


def option_names(optimizer: str) -> list[str]:
    """The options of a method, for example ["learning_rate", "momentum", "bounds"].

    Raises:
        ValueError: unknown name.
    """
    if not isinstance(optimizer, str) or optimizer not in METHODS:
        raise unknown_name("optimizer", optimizer, METHODS)
    return [f.name for f in fields(METHODS[optimizer]) if f.name != "name"]


def minimize(
    objective: Objective | Evaluate,
    x: Any,
    *,
    optimizer: str | Optimizer = "lbfgs",
    iterations: int = 200,
    callback: Callback | None = None,
    history: History | None = None,
    state: State | None = None,
    tile: int | None = None,
    **options: Any,
) -> Minimum:
    """Follow the gradient of an objective downhill.

    Args:
        objective: an `Objective`, or any function from a tensor to an `Evaluation`.
        x: where to start, for an `Objective` an image (1, H, W, 3).
        optimizer: "lbfgs", "adam", "gradient_descent", "scipy" (L-BFGS-B), or one ready made.
        iterations: at most so many; L-BFGS may need more than one evaluation for one.
        callback: called with a `Progress` after every iteration; a KeyboardInterrupt that it raises ends the
            run as Ctrl-C does.
        history: to append to, for runs in several stages.
        state: to go on from; `x` is then ignored and `iterations` counts the earlier ones too.
        tile: side in pixels of the tiles in which an image larger than that is looked at; None for none.
        options: of the optimiser, for example `learning_rate`.

    Returns:
        The best point that was evaluated (not the last), the history, and the state.
        Ctrl-C (or the notebook's stop button) ends the run and returns the best so far.

    Raises:
        ValueError: bad arguments.
        FloatingPointError: the loss or its slope is not finite at the start.

    Warns:
        RuntimeWarning: nothing lower than the start was found, or the loss stopped being a number.
    """
    method, planned = make_optimizer(optimizer, **options), check_count(iterations)
    history = History() if history is None else history
    x, size = numpy(x), None
    if isinstance(objective, Objective):
        x = as_start(x)
        objective.check_image(x)
        size, unit = max(x.shape[1:3]), unit_of(objective.weights)
        if tile is not None and size > tile:
            objective = tiles.value_and_grad(objective, tile, unit=unit)
        else:
            objective = value_and_grad(objective, unit=unit)
    recorder = Recorder(objective, history, size, None if state is None else state.at.unit)
    with errors_told(recorder):
        state = method.run(recorder, x, planned, callback, state)
    best = x if recorder.best is None else numpy(recorder.best)
    check_result(method, recorder, x, best)
    return Minimum(best, history, state)


def check_result(method: Optimizer, recorder: Recorder, start: np.ndarray, best: np.ndarray) -> None:
    """Warn when a run that went to its end gives back what it began with.

    A learning rate that is far too small lowers the loss, too, but not by what 256 levels can show.
    """
    why, stopping = recorder.history.stopped, recorder.history.stopping
    if math.isnan(recorder.first_value) or stopping in (Stopping.INTERRUPTED, Stopping.DIVERGED):
        return
    is_picture, one_level = recorder.size is not None, 1 / 255
    if recorder.unimproved:
        if not (is_picture and is_target(recorder, start, one_level)):
            warn_unimproved(
                method.name, "found nothing with a lower loss than the start, which is returned", why
            )
    elif hasattr(method, "learning_rate") and is_picture and np.abs(best - start).max() < one_level / 2:
        warn_unimproved(method.name, "did not change the picture by one of its 256 levels", why)


def is_target(recorder: Recorder, start: np.ndarray, step: float) -> bool:
    """Whether a run began where it wanted to go: noise as faint as one level makes the loss far higher."""
    noise = np.random.default_rng(0).uniform(-step, step, start.shape)
    beside = recorder.evaluate(tensor((start + noise).astype(start.dtype)))
    return recorder.first_value < AT_TARGET * beside.value


@contextmanager
def errors_told(recorder: Recorder) -> Iterator[None]:
    """Write into the history that an error ended the run; the error goes on to the caller."""
    try:
        yield
    except Exception as error:
        what = first_line(error)
        recorder.history.stop(Stopping.ERROR, f"ended in iteration {recorder.iteration} by an error: {what}")
        raise


def unit_of(weights: np.ndarray) -> float:
    """The unit of the gradient in which no weight is far from 1; 1 as long as none is anyway."""
    largest = float(weights.max())
    return 1.0 if ORDINARY_WEIGHTS[0] <= largest <= ORDINARY_WEIGHTS[1] else power_of_two(largest)


def as_start(x: np.ndarray) -> np.ndarray:
    """The image to start from, float32 of shape (1, H, W, 3).

    Values outside [0, 1] may stay: the result of an earlier run, which is not clipped, can be gone on from.

    Raises:
        ValueError, TypeError: it has not the shape or the kind of numbers of an image.
    """
    if not np.issubdtype(x.dtype, np.floating):
        return images.check_image(x, "the image to start from")
    images.check_image(np.zeros_like(x), "the image to start from")
    return x.reshape((1, *x.shape[-3:])).astype("float32")
