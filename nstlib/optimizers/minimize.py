"""One way to run every optimiser: iterations, history, callback, interruption, the best image."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ..autodiff import Evaluation, numpy, tensor, value_and_grad
from ..foundation import unknown_name
from ..objectives import Objective
from .first_order import Adam, GradientDescent
from .history import History
from .lbfgs import LBFGS
from .scipy_lbfgsb import ScipyLBFGSB
from .state import Callback, Evaluate, Optimizer, Progress, State, check_iterations, check_start

METHODS: dict[str, Any] = {
    "lbfgs": LBFGS,
    "adam": Adam,
    "gradient_descent": GradientDescent,
    "scipy": ScipyLBFGSB,
}


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


class Recorder:
    """The objective, wrapped so that every evaluation is written down and the best point is kept."""

    def __init__(self, evaluate: Evaluate, history: History, size: int | None) -> None:
        self.evaluate, self.history, self.size = evaluate, history, size
        self.iteration, self.best, self.best_value = 0, None, math.inf

    def __call__(self, x: Any) -> Evaluation:
        """Evaluate, and write it down."""
        at = self.evaluate(x)
        self.history.add(self.iteration, self.size, at.value, at.parts, at.seconds)
        self.consider(x, at.value)
        return at

    def consider(self, x: Any, value: float) -> None:
        """Keep the point when it is the best so far."""
        if value < self.best_value:
            self.best, self.best_value = x, value


def make_optimizer(optimizer: str | Optimizer, **options: Any) -> Optimizer:
    """An optimiser by name with its options, for example `make_optimizer("adam", learning_rate=0.05)`.

    Raises:
        ValueError: unknown name, or an option the method does not have.
    """
    if not isinstance(optimizer, str):
        if options:
            raise ValueError(f"{optimizer.name} is already made; set {', '.join(options)} when making it.")
        return optimizer
    if optimizer not in METHODS:
        raise unknown_name("optimizer", optimizer, METHODS)
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
    if optimizer not in METHODS:
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
    **options: Any,
) -> Minimum:
    """Follow the gradient of an objective downhill.

    Args:
        objective: an `Objective`, or any function from a tensor to an `Evaluation`.
        x: where to start, for an `Objective` an image (1, H, W, 3).
        optimizer: "lbfgs", "adam", "gradient_descent", "scipy" (L-BFGS-B), or one ready made.
        iterations: at most so many; L-BFGS may need more than one evaluation for one.
        callback: called with a `Progress` after every iteration.
        history: to append to, for runs in several stages.
        state: to go on from; `x` is then ignored and `iterations` counts the earlier ones too.
        options: of the optimiser, for example `learning_rate`.

    Returns:
        The best point that was evaluated (not the last), the history, and the state.
        Ctrl-C (or the notebook's stop button) ends the run and returns the best so far.

    Raises:
        ValueError: bad arguments.
        FloatingPointError: the loss is not finite at the start.
    """
    method, planned = make_optimizer(optimizer, **options), check_iterations(iterations)
    history = History() if history is None else history
    size = None
    if isinstance(objective, Objective):
        objective.check_image(x)
        size, objective = max(x.shape[1:3]), value_and_grad(objective)
    recorder = Recorder(objective, history, size)
    if method.name == "scipy":
        method.run(recorder, np.asarray(x), planned, callback)  # type: ignore[attr-defined]
        return Minimum(numpy(recorder.best), history, None)
    state = run(method, recorder, tensor(x), planned, callback, state)
    return Minimum(numpy(recorder.best if recorder.best is not None else x), history, state)


def run(
    method: Optimizer,
    recorder: Recorder,
    x: Any,
    planned: int,
    callback: Callback | None,
    state: State | None,
) -> State | None:
    """The loop all our own methods share."""
    history = recorder.history
    history.stopped = ""
    try:
        if state is None:
            state = method.start(x, recorder)
            check_start(state.at.value)
        else:
            recorder.consider(state.x, state.at.value)
            recorder.consider(state.best, state.best_value)
        while state.iteration < planned:
            recorder.iteration = state.iteration + 1
            following = method.step(state, recorder)
            if following.stuck or not math.isfinite(following.at.value):
                history.stopped = why_stopped(method, following)
                break
            state = replace(following, best=recorder.best, best_value=recorder.best_value)
            if callback:
                callback(progress_of(state, planned, recorder.size))
        history.stopped = history.stopped or f"all {planned} iterations done"
    except KeyboardInterrupt:
        history.stopped = f"interrupted after {recorder.iteration} iterations"
    return state


def progress_of(state: State, planned: int, size: int | None) -> Progress:
    """What the callback gets after an iteration."""
    at = state.at
    return Progress(state.iteration, planned, size, at.value, dict(at.parts), state.x, state)


def why_stopped(method: Optimizer, state: State) -> str:
    """A sentence for the history; a diverged run also warns, because its picture disappoints."""
    if state.stuck:
        return state.stuck
    message = (
        f"the loss was not finite after {state.iteration} iterations of {method.name}: "
        f"lower the learning rate; the best image so far is returned"
    )
    warnings.warn(message, RuntimeWarning, stacklevel=4)
    return message
