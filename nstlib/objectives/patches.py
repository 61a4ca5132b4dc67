"""Measures that join each place of the image with the place of the target that is most like it.

Statistics may be met by textures that the style nowhere has; what is joined with its nearest neighbour is
made of pieces that it has. The price is time, for every place is compared with thousands: both measures
take at most `most` places of the target, and compare `CHUNK` places of the image at once, so that their
memory is CHUNK x most numbers (64 MiB) beside the features, whatever the size of the pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import losses
from ..backend import ops
from .measures import Measure
from .points import check_whole, mean_of, rows, shares, spread, window_weights, windows

CHUNK = 4096  # places of the image that are compared at once
# A constant beside each vector, as a part of the target's typical length, before directions are compared:
# silent places, which have no direction, find silent ones, and of two along one line the nearer is found.
COMPANION = 0.1
REFUSED = 4.0  # what a place outside the region is put back by: cosines differ by 2 at most


@dataclass(frozen=True)
class Patches(Measure):
    """Every patch of the layer beside the patch of the style that is most like it (a Markov random field).

    E = mean |p - q(p)|^2 over the patches p of the image, in units of the target's spread, where q(p) is the
    target's patch of the greatest normalised cross-correlation with p. It is found anew in every step,
    without a slope, and where it changes, E jumps. Source: Li and Wand, "Combining Markov random fields and
    convolutional neural networks for image synthesis", CVPR 2016, eqs. 2 and 3.

    Attributes:
        size: of a patch, in positions of the layer each way.
        stride: positions between patches, of image and target.
        most: patches of the target that are looked at; of more, so many are drawn.
        seed: of that draw.
    """

    name = "patches"
    size: int = 3
    stride: int = 2
    most: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        check_options(self, "size", "stride", "most")
        if self.stride > self.size:
            raise ValueError(f"A stride of {self.stride} leaves gaps: give {self.size} at most, as the size.")

    def summary(self, features: Any, where: Any = None) -> Any:
        """Patches (K, size^2 N), whether each is in the region (K,), and their spread, a scalar."""
        patches, weights = self.cut(features, where)
        return *drawn(patches, weights, self.most, self.seed), spread(patches, shares(weights, patches))

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """A scalar without unit: 0 where every patch is one of the target's."""
        known, inside, unit = summary
        patches, weights = self.cut(features, where)
        length = typical_length(known)
        found = nearest(directions(patches, length), directions(known, length), inside)
        squared = ops.mean(ops.square(patches - ops.take(known, found, axis=0)), axis=1, keepdims=True)
        return ops.sum(shares(weights, patches) * squared) / unit

    def cut(self, features: Any, where: Any) -> tuple[Any, Any]:
        """All patches, one in a row, and their weights, (patches, 1) or None."""
        _, height, width, channels = features.shape
        grid = ops.reshape(rows(features), (1, height, width, channels))
        patches = ops.reshape(windows(grid, self.size, self.stride), (-1, self.size**2 * channels))
        return patches, window_weights(where, self.size, self.stride)


@dataclass(frozen=True)
class NearestNeighbours(Measure):
    """The cosine distance of each feature vector to its nearest one in the style.

    mean min (1 - cos(f, s)) over the positions of the image, in units of what the same is for the target's
    own mean direction: 1 would be to know one average vector only. The vectors are those about the target's
    mean, which makes brightness a direction too. Source: Kolkin, Kucera, Paris, Sykora, Shechtman and
    Shakhnarovich, "Neural neighbor style transfer", 2022, section 3, where each side is centred about its
    own mean, several layers are joined to one vector, and neighbours are looked for only five times.

    Attributes:
        most: positions of the target that are looked at; of more, so many are drawn.
        seed: of that draw.
    """

    name = "neighbours"
    most: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        check_options(self, "most")

    def summary(self, features: Any, where: Any = None) -> Any:
        """Directions (K, N + 1), whether each is in the region (K,), mean (N,), typical length and unit."""
        points = rows(features)
        weights = None if where is None else ops.reshape(where, (-1, 1))
        share = shares(weights, points)
        centre = mean_of(points, share)
        length = ops.sqrt(ops.mean(mean_of(ops.square(points - centre), share)) * points.shape[1])
        known = directions(points - centre, length)
        unit = spread(known, share) * known.shape[1]
        return *drawn(known, weights, self.most, self.seed), centre, length, unit

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """A scalar without unit: 0 where every vector has the direction of one of the target's."""
        known, inside, centre, length, unit = summary
        points = rows(features)
        here = directions(points - centre, length)
        found = ops.take(known, nearest(here, known, inside), axis=0)
        # 1 - cos of two vectors of length 1, twice that: this form is not negative by rounding
        apart = ops.sum(ops.square(here - found), axis=1, keepdims=True)
        return ops.sum(shares(where, points) * apart) / unit


def check_options(measure: Any, *counts: str) -> None:
    """Refuse options that are no whole numbers from 1, or a seed that is none from 0.

    Raises:
        ValueError: names the option.
    """
    for name in counts:
        check_whole(getattr(measure, name), name)
    check_whole(measure.seed, "seed", 0)


def drawn(points: Any, weights: Any, most: int, seed: int) -> tuple[Any, Any]:
    """At most so many of the points, drawn by lot among those of the region first.

    Args:
        points: shape (M, N).
        weights: None, or (M, 1); a point is in the region where its weight is at least half of the largest.
        most: how many.
        seed: of the lot.

    Returns:
        K points, (K, N), and 1 for each in the region, 0 for others, (K,): there are others only when the
        region has fewer than K points, since K must not depend on a mask's values.
    """
    count = points.shape[0]
    lots = np.random.default_rng(seed).random(count, dtype="float32")
    if weights is None:
        index = np.argsort(-lots)[:most].astype("int32")
        return ops.take(points, index, axis=0), ops.ones((len(index),), dtype=points.dtype)
    flat = ops.cast(ops.reshape(weights, (-1,)), points.dtype)
    inside = ops.cast(flat >= ops.max(flat) / 2, points.dtype)
    _, index = ops.top_k(inside + ops.cast(lots, points.dtype) / 2, min(most, count))
    return ops.take(points, index, axis=0), ops.take(inside, index)


def typical_length(points: Any) -> Any:
    """The root of the mean squared length of points (M, N), a scalar."""
    return ops.sqrt(ops.mean(ops.square(points)) * points.shape[1])


def directions(points: Any, length: Any) -> Any:
    """Points (M, N) with a constant beside each, `COMPANION` of a typical length, at length 1: (M, N + 1)."""
    constant = COMPANION * length + losses.FLOOR
    extended = ops.concatenate([points, constant * ops.ones_like(points[:, :1])], axis=1)
    return extended / ops.sqrt(ops.sum(ops.square(extended), axis=1, keepdims=True))


def nearest(here: Any, known: Any, inside: Any) -> Any:
    """For each direction the known one with the greatest cosine: indices (M,), without a slope.

    Args:
        here: shape (M, N), of length 1.
        known: shape (K, N), of length 1.
        inside: shape (K,), 0 for those that must not be chosen.
    """
    here, across = ops.stop_gradient(here), ops.transpose(ops.stop_gradient(known))
    handicap = REFUSED * (1.0 - inside)
    found = [
        ops.argmax(ops.matmul(here[start : start + CHUNK], across) - handicap, axis=1)
        for start in range(0, here.shape[0], CHUNK)
    ]
    return ops.concatenate(found)
