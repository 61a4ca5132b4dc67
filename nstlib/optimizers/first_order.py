"""Methods that know only the present gradient: gradient descent, momentum, Adam."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..autodiff import zeros_like
from ..backend import ops
from .defaults import ADAM_RATE, RATE_PER_VALUE
from .state import Evaluate, State, check_bounds, check_positive, check_share
from .stepwise import Stepwise


def project(x: Any, bounds: tuple[float, float] | None) -> Any:
    """The nearest point inside the bounds."""
    return x if bounds is None else ops.clip(x, *bounds)


@dataclass(frozen=True)
class GradientDescent(Stepwise):
    """Gradient descent, with heavy-ball momentum if wanted (Polyak 1964).

    v <- momentum v + g,  x <- x - learning_rate v.

    Attributes:
        learning_rate: step per unit of gradient; None means 0.001 times the number of values of the image
            (49 at 128 x 128 pixels), which suits the "relative" formula. Sweep it for another.
        momentum: 0 for plain gradient descent, below 1.
        bounds: keep every value inside, for example (0, 1).
    """

    learning_rate: float | None = None
    momentum: float = 0.0
    bounds: tuple[float, float] | None = None
    name: str = "gradient_descent"

    def __post_init__(self) -> None:
        if self.learning_rate is not None:
            check_positive(self.learning_rate, "learning_rate")
        check_share(self.momentum, "momentum")
        check_bounds(self.bounds)

    def start(self, x: Any, evaluate: Evaluate) -> State:
        """No velocity yet."""
        return State(x, evaluate(x), memory={"velocity": [zeros_like(x)]})

    def step(self, state: State, evaluate: Evaluate) -> State:
        """One step and one evaluation."""
        velocity = self.momentum * state.memory["velocity"][0] + state.at.gradient
        rate = self.learning_rate or RATE_PER_VALUE * math.prod(state.x.shape)
        x = project(state.x - rate * state.at.unit * velocity, self.bounds)
        return State(x, evaluate(x), state.iteration + 1, {"velocity": [velocity]})


@dataclass(frozen=True)
class Adam(Stepwise):
    """Adam (Kingma and Ba 2015, algorithm 1).

    Every pixel gets a step of its own: the running mean of its gradient divided by the running root mean
    square, so the step does not depend on the scale of the loss.

    Attributes:
        learning_rate: about the change of a value per step, in image units (0..1).
        beta1, beta2: decay of the two running means.
        epsilon: added to the root mean square; in units of the gradient, so it must be far below it. (Of a
            gradient that single precision cannot square, `minimize` chooses the unit: its norm is then 1.)
        bounds: keep every value inside, for example (0, 1).
    """

    learning_rate: float = ADAM_RATE
    beta1: float = 0.9
    beta2: float = 0.99
    epsilon: float = 1e-12
    bounds: tuple[float, float] | None = None
    name: str = "adam"

    def __post_init__(self) -> None:
        check_positive(self.learning_rate, "learning_rate")
        check_share(self.beta1, "beta1")
        check_share(self.beta2, "beta2")
        check_positive(self.epsilon, "epsilon")
        check_bounds(self.bounds)

    def start(self, x: Any, evaluate: Evaluate) -> State:
        """Both running means are zero; the bias correction makes up for it."""
        return State(x, evaluate(x), memory={"mean": [zeros_like(x)], "square": [zeros_like(x)]})

    def step(self, state: State, evaluate: Evaluate) -> State:
        """One step and one evaluation."""
        t, g = state.iteration + 1, state.at.gradient
        mean = self.beta1 * state.memory["mean"][0] + (1 - self.beta1) * g
        square = self.beta2 * state.memory["square"][0] + (1 - self.beta2) * g * g
        size = ops.sqrt(square / (1 - self.beta2**t)) + self.epsilon
        x = project(state.x - self.learning_rate * (mean / (1 - self.beta1**t)) / size, self.bounds)
        return State(x, evaluate(x), t, {"mean": [mean], "square": [square]})
