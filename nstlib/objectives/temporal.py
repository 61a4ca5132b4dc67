"""A measure for films: how far a frame is from one before it, moved along with what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..backend import ops
from .measures import IMAGE, Measure, weights_like
from .terms import Term, check_weight


@dataclass(frozen=True)
class Temporal(Measure):
    """The squared difference to an earlier frame that was moved along the motion (Ruder et al. 2016, eq. 8).

    mean_k c_k (x_k - omega(x')_k)^2 over all values, with c the weights of positions: 0 where nothing of
    the earlier frame is to be seen, because it was hidden or outside. A part of the picture that does not
    count makes the loss smaller, as in the paper; it does not make the rest count more.

    Attributes:
        lag: how many frames before; several lags are the long-term loss (eq. 9).
    """

    name = "temporal"
    pointwise: ClassVar[bool] = True
    lag: int = 1

    def summary(self, features: Any, where: Any = None) -> Any:
        """The earlier frame, moved, shape (1, H, W, 3)."""
        return features

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """See above."""
        return ops.mean(weights_like(features, where) * ops.square(features - summary))

    def part(self, layer: str) -> str:
        """For example "temporal 2 back": there is one part for each lag."""
        return f"{self.name} {self.lag} back"


def temporal_term(moved: np.ndarray, where: np.ndarray, weight: float = 1.0, lag: int = 1) -> Term:
    """The term that holds an image to an earlier frame.

    Args:
        moved: the earlier frame as it was painted, moved along the motion, float32 RGB (1, H, W, 3).
        where: how much each pixel counts, (H, W); all zeros where there is no earlier frame, so that the
            first frame of a film and the others share one compiled step.
        weight: gamma in Ruder et al. 2016, eq. 7.
        lag: how many frames before.

    Raises:
        ValueError: a bad weight, or weights of another shape than the frame.
    """
    if tuple(where.shape) != tuple(moved.shape[1:3]):
        raise ValueError(
            f"where has shape {where.shape}; give one weight for each of {moved.shape[1:3]} pixels."
        )
    value = check_weight(weight, "temporal weight")
    target, weights = (
        ops.convert_to_tensor(np.asarray(a, "float32")) for a in (moved, where[None, ..., None])
    )
    return Term(Temporal(lag), IMAGE, value, target, weights)
