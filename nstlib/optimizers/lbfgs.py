"""L-BFGS: quasi-Newton steps from the last few gradients (Nocedal 1980; Liu and Nocedal 1989)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..autodiff import compiled, inner, zeros_like
from ..backend import ops
from .line_search import StrongWolfe, Trial, trial_at
from .state import Evaluate, State, check_count
from .stepwise import Stepwise


def two_loop(gradient: Any, steps: Sequence[Any], changes: Sequence[Any]) -> Any:
    """H g: the gradient multiplied by the L-BFGS estimate of the inverse Hessian.

    Nocedal and Wright 2006, algorithm 7.4. The direction to go is -H g: the minus sign is easy to lose.
    Nothing is read back from the device.

    Args:
        gradient: g, any shape.
        steps: s_i = x_{i+1} - x_i, the oldest first, each of the shape of g.
        changes: y_i = g_{i+1} - g_i, likewise. A pair of zeros counts for nothing, except as the last.

    Returns:
        The shape of g. Without pairs it is g itself (steepest descent).
    """
    q, shares = gradient, []
    products = [inner(s, y) for s, y in zip(steps, changes, strict=True)]
    rhos = [ops.where(sy == 0, sy, 1.0 / sy) for sy in products]
    pairs = list(zip(steps, changes, rhos, strict=True))
    for s, y, rho in reversed(pairs):
        share = rho * inner(s, q)
        q = q - share * y
        shares.append(share)
    if pairs:  # the latest pair says how long a step should be: H_0 = (s y / y y) I, eq. 7.20
        s, y, _ = pairs[-1]
        q = q * (inner(s, y) / inner(y, y))
    for (s, y, rho), share in zip(pairs, reversed(shares), strict=True):
        q = q + (share - rho * inner(y, q)) * s
    return q


PADDED_TO = 10  # pairs: one compiled recursion serves a history that is still growing


@cache
def compiled_two_loop() -> Any:
    """`two_loop` as one graph: on small pictures it takes a third of the time."""
    return compiled(two_loop)


def padded(vectors: Sequence[Any], most: int) -> list[Any]:
    """The vectors after so many zeros that there are `most`, or a multiple of PADDED_TO if that is less."""
    length = min(most, -(-len(vectors) // PADDED_TO) * PADDED_TO)
    return [zeros_like(vectors[0])] * (length - len(vectors)) + list(vectors)


@dataclass(frozen=True)
class LBFGS(Stepwise):
    """Limited-memory BFGS with a strong Wolfe line search.

    All vectors stay on the device; the host sees two numbers per evaluation (value and slope).

    Attributes:
        history_size: m, how many pairs (s, y) are kept; memory is 2 m images.
        search: the line search.
    """

    history_size: int = 10
    search: StrongWolfe = field(default_factory=StrongWolfe)
    name: str = "lbfgs"

    def __post_init__(self) -> None:
        check_count(self.history_size, "history_size")
        if not isinstance(self.search, StrongWolfe):
            raise ValueError(f"search is {self.search!r}; give a line_search.StrongWolfe.")

    def start(self, x: Any, evaluate: Evaluate) -> State:
        """No pairs yet."""
        return State(x, evaluate(x), memory={"s": [], "y": []})

    def step(self, state: State, evaluate: Evaluate) -> State:
        """One iteration: one evaluation when the first step is good, more when the search must look."""
        steps, changes = list(state.memory["s"]), list(state.memory["y"])
        found = self._search_along(state, steps, changes, evaluate)
        if found is None and steps:  # the old pairs mislead: forget them and try steepest descent
            steps, changes = [], []
            found = self._search_along(state, steps, changes, evaluate)
        if found is None:
            why = "no step along the gradient lowers the loss any further"
            return State(state.x, state.at, state.iteration, {"s": steps, "y": changes}, stuck=why)
        s, y = found.x - state.x, found.at.gradient - state.at.gradient
        if float(inner(s, y)) > 1e-10 * float(inner(y, y)):  # else H would not stay positive definite
            steps, changes = [*steps, s][-self.history_size :], [*changes, y][-self.history_size :]
        return State(found.x, found.at, state.iteration + 1, {"s": steps, "y": changes})

    def _search_along(
        self, state: State, steps: Sequence[Any], changes: Sequence[Any], evaluate: Evaluate
    ) -> Trial | None:
        """The step found along -H g, or None when that direction does not go down."""
        direction = -self._newton_step(state.at.gradient, steps, changes)
        slope = float(inner(state.at.gradient, direction))
        if not -math.inf < slope < 0:  # a slope that is not a number leads nowhere either
            return None
        # Without pairs the length of the gradient means nothing: begin with a step of length 1.
        first = 1.0 if steps else min(1.0, 1.0 / (-slope) ** 0.5)
        start = Trial(0.0, state.x, state.at, slope)
        return self.search.search(start, first, trial_at(state.x, direction, evaluate))

    def _newton_step(self, gradient: Any, steps: Sequence[Any], changes: Sequence[Any]) -> Any:
        """H g, computed in one compiled call."""
        if not steps:
            return gradient
        pairs = [padded(vectors, self.history_size) for vectors in (steps, changes)]
        return compiled_two_loop()(gradient, *pairs)
