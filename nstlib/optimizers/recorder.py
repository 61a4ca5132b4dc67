"""The objective as the optimisers see it: every evaluation is written down, and the best point is kept."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..autodiff import Evaluation, comfortable_unit, is_finite
from .history import History
from .state import Evaluate

LEAST_IMPROVEMENT = 1e-6  # of the first value: single precision has seven digits


class Recorder:
    """The objective, wrapped so that every evaluation is written down and the best point is kept.

    The history has true values. The gradients come in one unit, chosen at the first of them such that no
    product of two leaves single precision: with an infinite slope the first step would have length 0.
    """

    def __init__(
        self, evaluate: Evaluate, history: History, size: int | None, unit: float | None = None
    ) -> None:
        self.evaluate, self.history, self.size, self.unit = evaluate, history, size, unit
        self.iteration, self.best, self.best_value = 0, None, math.inf
        self.first_value = math.nan  # stays unknown in a run that goes on from a state
        self.finite = True  # whether the latest value and its gradient were

    def __call__(self, x: Any) -> Evaluation:
        """Evaluate, and write it down. A value whose gradient is not finite is NaN: it leads nowhere."""
        at = self.evaluate(x)
        self.history.add(self.iteration, self.size, at.value, at.parts, at.seconds)
        self.consider(x, at.value)
        self.finite = math.isfinite(at.value) and is_finite(at.gradient)
        if not self.finite:
            return replace(at, value=math.nan)
        if self.unit is None:
            self.first_value, self.unit = at.value, comfortable_unit(at)
        return at.in_unit(self.unit)

    @property
    def unimproved(self) -> bool:
        """Whether nothing lower than the first point was found, as far as single precision can tell."""
        return self.best_value > self.first_value - LEAST_IMPROVEMENT * abs(self.first_value)

    def consider(self, x: Any, value: float) -> None:
        """Keep the point when it is the best so far."""
        if value < self.best_value:
            self.best, self.best_value = x, value
