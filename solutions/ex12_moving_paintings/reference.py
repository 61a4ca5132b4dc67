"""Right values of exercise 12, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

import numpy as np


def bilinear(image: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The values of (H, W) at places between its pixels; beyond the border its pixels go on."""
    height, width = image.shape
    columns, rows = columns.clip(0, width - 1), rows.clip(0, height - 1)
    left, top = np.floor(columns).astype(int), np.floor(rows).astype(int)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    a, b = columns - left, rows - top
    upper = (1 - a) * image[top, left] + a * image[top, right]
    lower = (1 - a) * image[bottom, left] + a * image[bottom, right]
    return np.asarray((1 - b) * upper + b * lower)


def places(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns and the rows where a flow leads."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]] + np.moveaxis(flow[..., ::-1], -1, 0)
    return columns, rows


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """out(x, y) = image(x + u, y + v)."""
    return bilinear(image, *places(flow))


def mistakes_of_warp(image: np.ndarray, flow: np.ndarray) -> dict[str, np.ndarray]:
    """With a flow of whole pixels."""
    away = "It is moved the other way: each pixel fetches its colour from where the flow leads."
    return {
        "Your u moves along the rows: it is the way in x, the second index.": warp(image, flow[..., ::-1]),
        away: warp(image, -flow),
        "Nothing has moved.": image,
    }


def nearest_pixel(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """`warp` without a mean of four pixels."""
    return bilinear(image, *(np.rint(k) for k in places(flow)))


def squares(flow: np.ndarray) -> np.ndarray:
    """|w|^2 at each pixel."""
    return np.asarray(np.square(flow).sum(-1))


def bound(flow: np.ndarray, back: np.ndarray) -> np.ndarray:
    """The right side of the inequality."""
    return 0.01 * (squares(flow) + squares(back)) + 0.5


def disoccluded(flow: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Where there and back does not end at the start."""
    return np.asarray(squares(flow + back) > bound(flow, back))


def mistakes_of_disoccluded(flow: np.ndarray, back: np.ndarray) -> dict[str, np.ndarray]:
    """For large flows."""
    apart, most = squares(flow + back), bound(flow, back)
    return {
        "You take the difference of the two flows: there and back, their sum is zero.": (
            squares(flow - back) > most
        ),
        "You compare the length with the right side; its square is asked for.": np.sqrt(apart) > most,
        "Your mask is the other way round: true means disoccluded.": apart <= most,
        "You leave out the part that grows with the flows.": apart > 0.5,
    }


def loss(x: np.ndarray, moved: np.ndarray, mask: np.ndarray) -> float:
    """The first of `temporal_loss`."""
    return float((mask[None, ..., None] * (x - moved) ** 2).mean())


def mistakes_of_loss(x: np.ndarray, moved: np.ndarray, mask: np.ndarray) -> dict[str, float]:
    """Of the loss."""
    right, whole = loss(x, moved, mask), np.ones_like(mask)
    by_weights = "You divide by the weights that count; the paper divides by the number of all values."
    return {
        by_weights: right * x.size / (3 * mask.sum()),
        "You divide by the number of pixels; each has three values.": 3 * right,
        "The sum is not divided by the number of values.": right * x.size,
        "The mask is not used.": loss(x, moved, whole),
        "The mask is squared as well; it multiplies the square.": loss(x, moved, mask**2),
        "The differences are not squared.": float((mask[None, ..., None] * np.abs(x - moved)).mean()),
    }


def gradient(x: np.ndarray, moved: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The second of `temporal_loss`."""
    return np.asarray(2 * mask[None, ..., None] * (x - moved) / x.size)


def mistakes_of_gradient(x: np.ndarray, moved: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
    """Of the gradient."""
    right, whole = gradient(x, moved, mask), np.ones_like(mask)
    return {
        "The gradient has the wrong sign: a value above the target is to be made smaller.": -right,
        "The square gives a factor of 2.": right / 2,
        "The gradient is not divided by the number of values.": right * x.size,
        "The gradient lacks the mask: where nothing counts, nothing should pull.": gradient(x, moved, whole),
    }


def variance_left(share: float, count: int) -> float:
    """The variance after some frames, each mixed with what was carried along."""
    variance = 1.0
    for _ in range(count):
        variance = (1 - share) ** 2 + share**2 * variance
    return variance


def mistakes_of_first_frame(share: float) -> dict[str, float]:
    """After one frame."""
    return {
        "Variances do not mix like values: each is multiplied by the square of its share.": 1.0,
        "The shares are the other way round, or only one of them is there.": share**2,
        "Only the new frame is there.": (1 - share) ** 2,
    }


def mistakes_of_variance_left(share: float, count: int) -> dict[str, float]:
    """After several frames."""
    one = variance_left(share, 1)
    fresh = "You mix with a frame of variance 1 each time; what was carried along has less by then."
    return {
        fresh: one,
        "You multiply the same factor again and again: the new frame brings its own variance.": one**count,
    }


def variance_limit(share: float) -> float:
    """After very many frames."""
    return (1 - share) / (1 + share)
