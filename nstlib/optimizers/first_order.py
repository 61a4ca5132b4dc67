"""Methods that know only the present gradient: gradient descent, momentum, Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..autodiff import zeros_like
from ..backend import ops
from .state import Evaluate, State


def project(x: Any, bounds: tuple[float, float] | None) -> Any:
    """The nearest point inside the bounds."""
    return x if bounds is None else ops.clip(x, *bounds)


@dataclass(frozen=True)
class GradientDescent:
    """Gradient descent, with heavy-ball momentum if wanted (Polyak 1964).

    v <- momentum v + g,  x <- x - learning_rate v.

    Attributes:
        learning_rate: step per unit of gradient. The gradient of a loss that is an average over pixels
            shrinks with their number, so good values are large; sweep it.
        momentum: 0 for plain gradient descent, below 1.
        bounds: keep every value inside, for example (0, 1).
    """

    learning_rate: float = 3000.0
    momentum: float = 0.0
    bounds: tuple[float, float] | None = None
    name: str = "gradient_descent"

    def start(self, x: Any, evaluate: Evaluate) -> State:
        """No velocity yet."""
        return State(x, evaluate(x), memory={"velocity": [zeros_like(x)]})

    def step(self, state: State, evaluate: Evaluate) -> State:
        """One step and one evaluation."""
        velocity = self.momentum * state.memory["velocity"][0] + state.at.gradient
        x = project(state.x - self.learning_rate * velocity, self.bounds)
        return State(x, evaluate(x), state.iteration + 1, {"velocity": [velocity]})


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1).

    Every pixel gets a step of its own: the running mean of its gradient divided by the running root mean
    square, so the step does not depend on the scale of the loss.

    Attributes:
        learning_rate: about the change of a value per step, in image units (0..1).
        beta1, beta2: decay of the two running means.
        epsilon: added to the root mean square; in units of the gradient, so it must be far below it.
        bounds: keep every value inside, for example (0, 1).
    """

    learning_rate: float = 0.02
    beta1: float = 0.9
    beta2: float = 0.99
    epsilon: float = 1e-12
    bounds: tuple[float, float] | None = None
    name: str = "adam"

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
