"""Measures that compare how the features of a layer are distributed, wherever they stand.

A Gram matrix is one such statistic (Gatys et al. 2016). Those here know more of the distribution, or keep
apart what the Gram matrix mixes: the mean and what varies about it.

=================== ================================================ ===============================
measure             what is equal when it is 0                       cost for M positions, N channels
=================== ================================================ ===============================
`Moments`           mean and covariance (or deviation) of channels   M N^2, as the Gram matrix
`Histogram`         the whole distribution of each channel alone     N sorts of M numbers
`SlicedWasserstein` the distribution in many directions of channels  as many sorts as directions
=================== ================================================ ===============================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .. import losses
from ..backend import ops
from ..foundation import unknown_name
from .measures import Measure
from .points import FLAT, check_whole, mean_of, rows, shares, spread

SECOND = ("covariance", "deviation")


@dataclass(frozen=True)
class Moments(Measure):
    """The mean of every channel, and what varies about it: the centred moments of first and second order.

    A Gram matrix is their sum, G/M = C + m m^T, and where features are nowhere near zero on average, m m^T is
    nearly all of it. Apart, each weighs the same:

        mean (m - m')^2 / s'  +  sum (C - C')^2 / sum C'^2

    with the target's m' and C' and the mean s' of its variances (a little more; see `points.spread`). With
    "deviation" the second term is mean (d - d')^2 / s', with the standard deviations d of the channels alone:
    cheaper, and blind to which channels go together.

    Source: mean and deviation as a style loss, Huang and Belongie, "Arbitrary style transfer in real-time
    with adaptive instance normalization", ICCV 2017, eq. 13, there with square roots; matching of moments
    instead of Gram matrices, Li, Wang, Liu and Hou, "Demystifying neural style transfer", IJCAI 2017. On
    pixels it is the colours' mean and covariance.

    Attributes:
        second: "covariance" or "deviation".
    """

    name = "moments"
    second: Literal["covariance", "deviation"] = "covariance"

    def __post_init__(self) -> None:
        if self.second not in SECOND:
            raise unknown_name("second moment", self.second, SECOND)

    def summary(self, features: Any, where: Any = None) -> Any:
        """The mean (N,), the covariance (N, N) or deviation (N,), and the units of both, scalars."""
        points = rows(features)
        share = shares(where, points)
        centre, second = self.moments(points, share)
        unit = spread(points, share)
        if self.second == "deviation":
            return centre, second, unit, unit * points.shape[1]
        flat = FLAT * ops.mean(mean_of(ops.square(points), share))  # as a variance, the same for all channels
        least = points.shape[1] * (ops.square(flat) + losses.FLOOR)
        return centre, second, unit, ops.sum(ops.square(second)) + least

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """A scalar without unit: 0 where the moments are the target's."""
        centre, second, unit, second_unit = summary
        points = rows(features)
        here, varied = self.moments(points, shares(where, points))
        of_means = ops.mean(ops.square(here - centre)) / unit
        return of_means + ops.sum(ops.square(varied - second)) / second_unit

    def moments(self, points: Any, share: Any) -> tuple[Any, Any]:
        """Mean (N,), and covariance (N, N) or deviation (N,), of points (M, N)."""
        centre = mean_of(points, share)
        centred = points - centre
        if self.second == "deviation":  # the root of 0 has no slope
            return centre, ops.sqrt(mean_of(ops.square(centred), share) + losses.FLOOR)
        return centre, ops.matmul(ops.transpose(centred), share * centred)


@dataclass(frozen=True)
class Histogram(Measure):
    """The histogram of every channel: what the remapping to the target's histogram would change.

    With R the activations of a channel remapped so that they are distributed as the target's are (histogram
    matching), the distance is mean (F - R)^2, in units of the target's spread. R does not follow F's slope.
    Source: Risser, Wilmot and Barnes, "Stable and controllable neural texture synthesis and style transfer
    using histogram losses", 2017, who put it beside the Gram matrices to keep contrast from fading. There R
    comes from 256 bins; here ranks are matched one by one, which in one dimension is optimal transport.
    """

    name = "histogram"

    def summary(self, features: Any, where: Any = None) -> Any:
        """The quantiles of each channel, (N, M'), and their spread, a scalar."""
        return quantiles(ops.transpose(rows(features)), where)

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """A scalar without unit: 0 where every channel is distributed as the target's."""
        return transport(ops.transpose(rows(features)), summary, where)


@dataclass(frozen=True)
class SlicedWasserstein(Measure):
    """The whole distribution of the features, seen along random directions in the space of channels.

    The distance is the mean over the directions v of mean (sort(F v) - sort(P v))^2, in units of the
    target's spread: along each, optimal transport joins equal quantiles. Source: Heitz, Vanhoey, Chambon
    and Belcour, "A sliced Wasserstein loss for neural texture synthesis", CVPR 2021, section 3. There as many
    directions as channels are drawn anew in every step; here they stay, so that a line search compares like
    with like. Targets of another size are read off by interpolation between their quantiles.

    Attributes:
        projections: how many directions; more see more, and cost as much more.
        seed: of the directions.
    """

    name = "wasserstein"
    projections: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole(self.projections, "projections")
        check_whole(self.seed, "seed", 0)

    def summary(self, features: Any, where: Any = None) -> Any:
        """The quantiles along each direction, (projections, M'), and their spread, a scalar."""
        return quantiles(self.shadows(features), where)

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """A scalar without unit: 0 where all directions see the distribution of the target."""
        return transport(self.shadows(features), summary, where)

    def shadows(self, features: Any) -> Any:
        """Features (1, H, W, N) along each direction, (projections, H W)."""
        points = rows(features)
        across = np.random.default_rng(self.seed).normal(size=(self.projections, points.shape[1]))
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        return ops.matmul(ops.cast(across, points.dtype), ops.transpose(points))


def quantiles(values: Any, where: Any = None) -> tuple[Any, Any]:
    """The quantile functions of D sets of M' numbers, at the middles of M' equal parts, and their spread.

    Args:
        values: shape (D, M').
        where: None, or weights of the numbers, M' of them in any shape.

    Returns:
        Shape (D, M'), rising along each row, and a scalar.
    """
    ranked = ops.sort(values, axis=1)
    if where is not None:
        ordered, weights = in_order(values, where)
        reached = ops.cumsum(weights, axis=1) / ops.sum(weights, axis=1, keepdims=True)
        middles = ops.cast(middles_of(values.shape[1]), values.dtype)
        last = values.shape[1] - 1
        ranked = ops.stack(
            [
                ops.take(ordered[d], ops.minimum(ops.searchsorted(reached[d], middles), last))
                for d in range(values.shape[0])
            ]
        )
    points = ops.transpose(ranked)
    return ranked, spread(points, shares(None, points))


def transport(values: Any, target: tuple[Any, Any], where: Any = None) -> Any:
    """Mean of the squared 2-Wasserstein distances of D sets of M numbers to target distributions.

    Args:
        values: shape (D, M).
        target: what `quantiles` gives, of D sets of any size.
        where: None, or weights of the numbers, M of them in any shape.

    Returns:
        A scalar, in units of the target's spread. Its slope is that of the numbers towards the quantiles that
        their ranks have now.
    """
    wanted, unit = target
    if where is None:
        level = middles_of(values.shape[1])
        gap = ops.sort(values, axis=1) - read_off(wanted, level)
        return ops.mean(ops.square(gap)) / unit
    ordered, weights = in_order(values, where)
    total = ops.sum(weights, axis=1, keepdims=True)
    gap = ordered - read_off(wanted, (ops.cumsum(weights, axis=1) - weights / 2) / total)
    return ops.mean(ops.sum(weights * ops.square(gap), axis=1, keepdims=True) / total) / unit


def in_order(values: Any, where: Any) -> tuple[Any, Any]:
    """Numbers (D, M) sorted along each row, and their weights in that order."""
    order = ops.argsort(ops.stop_gradient(values), axis=1)
    weights = ops.cast(ops.reshape(where, (-1,)), values.dtype)
    return ops.take_along_axis(values, order, axis=1), ops.take(weights, order, axis=0)


def middles_of(count: int) -> np.ndarray:
    """The middles of so many equal parts of [0, 1]: the levels that the ranks of a sample stand for."""
    return (np.arange(count) + 0.5) / count


def read_off(ranked: Any, level: Any) -> Any:
    """Quantile functions at other levels, linear between the middles they are given at, constant beyond.

    Args:
        ranked: shape (D, M').
        level: levels in [0, 1], a NumPy array (M,) for all, or a tensor (D, M).

    Returns:
        Shape (D, M).
    """
    count = ranked.shape[1]
    if isinstance(level, np.ndarray):
        if len(level) == count:
            return ranked
        place = np.clip(level * count - 0.5, 0, count - 1)
        below = place.astype("int32")
        low = ops.take(ranked, below, axis=1)
        high = ops.take(ranked, np.minimum(below + 1, count - 1), axis=1)
        return low + ops.cast(place - below, ranked.dtype) * (high - low)
    place = ops.clip(level * count - 0.5, 0, count - 1)
    below = ops.cast(ops.floor(place), "int32")
    low = ops.take_along_axis(ranked, below, axis=1)
    high = ops.take_along_axis(ranked, ops.minimum(below + 1, count - 1), axis=1)
    return low + (place - ops.cast(below, place.dtype)) * (high - low)
