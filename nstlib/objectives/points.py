"""What the measures share: features as points, shares of positions, windows, and how wide a cloud is.

The features of a layer, (1, H, W, N), are a cloud of M = H W points of N coordinates. `where`, (1, H, W,
1), says how much each position counts; all that is said here holds for any such weights with a positive
sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import losses
from ..backend import keras, ops

# A cloud whose spread is less than this part of its energy counts as flat: a region of one colour would
# otherwise ask, in units of its own spread, for more than all other terms together.
FLAT = 0.01
# Weight of a window that only touches a region, so that it counts where none lies in it.
TOUCHING = 1e-6


def rows(features: Any) -> Any:
    """Features (1, H, W, N) as points, (H W, N), in float32 at least.

    Raises:
        ValueError: another rank, or a batch of several pictures.
    """
    features = ops.convert_to_tensor(features)
    if losses.summed(features) is not None:
        raise ValueError(
            f"A measure compares one picture with one target, not {features.shape[0]}: give them one by one."
        )
    if keras.backend.standardize_dtype(features.dtype).endswith("16"):
        features = ops.cast(features, "float32")
    return ops.reshape(features, (-1, features.shape[-1]))


def shares(where: Any, points: Any) -> Any:
    """The share of each of M points in a mean, (M, 1): not negative, sum 1, and equal without `where`."""
    count = points.shape[0]
    if where is None:
        return ops.full((count, 1), 1.0 / count, dtype=points.dtype)
    weights = ops.cast(ops.reshape(where, (count, 1)), points.dtype)
    return weights / ops.sum(weights)


def mean_of(points: Any, share: Any) -> Any:
    """The mean of points (M, N) with shares (M, 1): shape (N,)."""
    return ops.sum(share * points, axis=0)


def spread(points: Any, share: Any) -> Any:
    """How wide a cloud is, the unit of squared distances to it: the mean variance of its coordinates.

    A hundredth of the mean square is added, and a millionth (`losses.FLOOR`), so that flat targets stay
    finite.

    Args:
        points: shape (M, N).
        share: see `shares`.

    Returns:
        A scalar, positive, in squared units of the points.
    """
    centre = mean_of(points, share)
    variance = ops.mean(mean_of(ops.square(points - centre), share))
    return variance + FLAT * (variance + ops.mean(ops.square(centre))) + losses.FLOOR


def windows(features: Any, size: int = 3, stride: int = 1) -> Any:
    """All windows of a layer that lie wholly in it, as rows of positions.

    Where the stride does not meet the last row or column, a window is added that does: every position is in
    one.

    Args:
        features: shape (1, H, W, N).
        size: of a window, in positions each way.
        stride: positions from one window to the next.

    Returns:
        Shape (windows, size * size, N).

    Raises:
        ValueError: the layer is smaller than a window.
    """
    _, height, width, channels = features.shape
    if min(height, width) < size:
        raise ValueError(
            f"This layer has {width} x {height} positions and its windows {size} x {size}: choose an earlier "
            f"layer or a larger picture."
        )
    shifted = [
        every(every(features, 1, down, height - size, stride), 2, across, width - size, stride)
        for down in range(size)
        for across in range(size)
    ]
    return ops.reshape(ops.stack(shifted, axis=3), (-1, size * size, channels))


def every(features: Any, axis: int, first: int, last: int, stride: int) -> Any:
    """Positions of an axis from `first` in steps of `stride` to `first + last`, and that one in any case."""
    place: list[Any] = [slice(None)] * len(features.shape)
    place[axis] = slice(first, first + last + 1, stride)
    chosen = features[tuple(place)]
    if last % stride == 0:
        return chosen
    place[axis] = slice(first + last, first + last + 1)
    return ops.concatenate([chosen, features[tuple(place)]], axis=axis)


def window_weights(where: Any, size: int = 3, stride: int = 1) -> Any:
    """How much each window counts in a region: as much as the least of its positions, shape (windows, 1).

    So only windows that lie wholly in a region count, as if it had been cut out; where a region is too thin
    to hold one, those that touch it do. None stays None.
    """
    if where is None:
        return None
    weights = windows(ops.convert_to_tensor(where), size, stride)[:, :, 0]
    return ops.min(weights, axis=1, keepdims=True) + TOUCHING * ops.mean(weights, axis=1, keepdims=True)


def check_whole(value: Any, name: str, least: int = 1) -> None:
    """Refuse an option that is not a whole number of at least so much.

    Raises:
        ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} is {value!r}; give a whole number from {least}.")
