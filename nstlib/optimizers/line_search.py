"""How far to go along a direction: a search for a step that fulfils the strong Wolfe conditions.

Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 (bracketing) and 3.6 (zoom), with cubic
interpolation (eq. 3.59).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..autodiff import Evaluation, inner
from .state import check_count


@dataclass(frozen=True)
class Trial:
    """A step that was tried.

    Attributes:
        step: alpha, the factor of the direction.
        x: the point there.
        at: the objective there.
        slope: derivative along the direction, in the unit of the gradient.
    """

    step: float
    x: Any
    at: Evaluation
    slope: float

    @property
    def value(self) -> float:
        """The objective in the unit of the gradient, infinite where it or its slope is not a number."""
        value = self.at.value / self.at.unit
        return value if math.isfinite(value) and math.isfinite(self.slope) else math.inf


Try = Callable[[float], Trial]


def trial_at(x: Any, direction: Any, evaluate: Callable[[Any], Evaluation]) -> Try:
    """The function that tries a step along a direction."""

    def attempt(step: float) -> Trial:
        there = x + step * direction
        at = evaluate(there)
        return Trial(step, there, at, float(inner(at.gradient, direction)))

    return attempt


def cubic_minimum(a: Trial, b: Trial) -> float:
    """Minimum of the cubic through two values and slopes, kept away from both ends (eq. 3.59)."""
    low, high = min(a.step, b.step), max(a.step, b.step)
    middle = 0.5 * (low + high)
    if not (math.isfinite(a.value) and math.isfinite(b.value) and math.isfinite(a.slope + b.slope)):
        return middle
    d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    under_root = d1 * d1 - a.slope * b.slope
    if under_root < 0:
        return middle
    d2 = math.copysign(math.sqrt(under_root), b.step - a.step)
    below = b.slope - a.slope + 2 * d2
    if below == 0:
        return middle
    step = b.step - (b.step - a.step) * (b.slope + d2 - d1) / below
    margin = 0.1 * (high - low)
    return min(max(step, low + margin), high - margin)


@dataclass(frozen=True)
class StrongWolfe:
    """The two conditions and the search for a step that fulfils both (eq. 3.7).

    Attributes:
        decrease: c1, the share of the predicted decrease that must be reached.
        curvature: c2, the share of the slope that may be left.
        most: evaluations after which the best step so far is taken.
    """

    decrease: float = 1e-4
    curvature: float = 0.9
    most: int = 20

    def __post_init__(self) -> None:
        if not 0 < self.decrease < self.curvature < 1:
            raise ValueError(
                f"The Wolfe conditions need 0 < decrease < curvature < 1, "
                f"not {self.decrease} and {self.curvature}."
            )
        check_count(self.most, "most")

    def search(self, start: Trial, first: float, attempt: Try) -> Trial | None:
        """A good step, or None when no step lowers the objective."""
        tried: list[Trial] = []

        def keep(step: float) -> Trial:
            tried.append(attempt(step))
            return tried[-1]

        found = self._bracket(start, first, keep, tried)
        if found is not None:
            return found
        best = min(tried, key=lambda t: t.value)
        return best if best.value < start.value else None

    def _too_high(self, trial: Trial, start: Trial) -> bool:
        return trial.value > start.value + self.decrease * trial.step * start.slope

    def _flat_enough(self, trial: Trial, start: Trial) -> bool:
        return abs(trial.slope) <= -self.curvature * start.slope

    def _bracket(self, start: Trial, first: float, keep: Try, tried: list[Trial]) -> Trial | None:
        """Algorithm 3.5: lengthen the step until the minimum lies behind it."""
        before, step = start, first
        while len(tried) < self.most:
            now = keep(step)
            if self._too_high(now, start) or (before is not start and now.value >= before.value):
                return self._zoom(start, before, now, keep, tried)
            if self._flat_enough(now, start):
                return now
            if now.slope >= 0:
                return self._zoom(start, now, before, keep, tried)
            before, step = now, now.step + 4.0 * (now.step - before.step)
        return None

    def _zoom(self, start: Trial, low: Trial, high: Trial, keep: Try, tried: list[Trial]) -> Trial | None:
        """Algorithm 3.6: shrink the interval between a good step and one beyond the minimum."""
        # Relative, because a loss in the billions has a first step of a billionth.
        while len(tried) < self.most and abs(high.step - low.step) > 1e-9 * max(low.step, high.step):
            now = keep(cubic_minimum(low, high))
            if self._too_high(now, start) or now.value >= low.value:
                high = now
                continue
            if self._flat_enough(now, start):
                return now
            if now.slope * (high.step - low.step) >= 0:
                high = low
            low = now
        return None
