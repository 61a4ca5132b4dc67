"""Checks of exercise 12, moving paintings."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, number, question, require, same


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


def warped(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """out(x, y) = image(x + u, y + v)."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return bilinear(image, columns + flow[..., 0], rows + flow[..., 1])


@question(points=3)
def warp(rng: np.random.Generator, answer: Any) -> Steps:
    """Whole pixels inside; then parts of pixels; then beyond the border."""
    height, width = (int(k) for k in rng.permutation(np.arange(9, 13))[:2])
    image, flow = rng.uniform(size=(height, width)), np.zeros((height, width, 2))
    u, v = (int(k) for k in rng.permutation([1, 2]))
    flow[..., 0], flow[..., 1] = u, v
    inside = np.s_[3:-3, 3:-3]
    found = array(call(answer, image, flow), image.shape)
    known = {
        "Your u moves along the rows: it is the way in x, the second index.": warped(image, flow[..., ::-1]),
        "It is moved the other way: each pixel fetches its colour from where the flow leads.": warped(
            image, -flow
        ),
        "Nothing has moved.": image,
    }
    known = {message: wrong[inside] for message, wrong in known.items()}
    otherwise = "With a flow of whole pixels, each pixel should hold what is at (x + u, y + v)."
    diagnose(found[inside], warped(image, flow)[inside], known, otherwise)
    yield 1
    flow = rng.uniform(-1.0, 1.0, size=flow.shape)
    found = array(call(answer, image, flow), image.shape)
    near = bilinear(image, *(np.rint(k) for k in places(flow)))
    known = {"You take the nearest pixel; between pixels, the four around the place count.": near[inside]}
    otherwise = "Right for whole pixels; between pixels take the weighted mean of the four around the place."
    diagnose(found[inside], warped(image, flow)[inside], known, otherwise)
    yield 1
    flow = rng.uniform(-4.0, 4.0, size=flow.shape)
    message = "Places beyond the border should have the colour of the nearest pixel of the border."
    require(same(array(call(answer, image, flow), image.shape), warped(image, flow)), message)
    yield 1


def places(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns and the rows where a flow leads."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]]
    return columns + flow[..., 0], rows + flow[..., 1]


def squares(flow: np.ndarray) -> np.ndarray:
    """|w|^2 at each pixel."""
    return np.asarray(np.square(flow).sum(-1))


@question(points=3)
def disoccluded(rng: np.random.Generator, answer: Any) -> Steps:
    """Large flows that agree or not; then small ones, for which the slack counts."""
    large = rng.uniform(4.0, 12.0, size=(20, 20, 2)) * rng.choice([-1, 1], size=(20, 20, 2))
    back = -large * rng.choice([0.85, 0.95, 1.05, 1.3], size=(20, 20, 1)) + rng.normal(size=large.shape) / 4
    found = array(call(answer, large, back), (20, 20)) != 0
    both = squares(large) + squares(back)
    right = squares(large + back) > 0.01 * both + 0.5
    known = {
        "You take the difference of the two flows: there and back, their sum is zero.": squares(large - back)
        > 0.01 * both + 0.5,
        "You compare the length with the right side; its square is asked for.": np.sqrt(squares(large + back))
        > 0.01 * both + 0.5,
        "Your mask is the other way round: true means disoccluded.": ~right,
        "You leave out the part that grows with the flows.": squares(large + back) > 0.5,
    }
    diagnose(found, right, known, "For some pixels your mask differs from the formula.")
    yield 2
    small = rng.uniform(-0.6, 0.6, size=(15, 15, 2))
    found = array(call(answer, small, -0.2 * small), (15, 15)) != 0
    message = "Flows of less than half a pixel are never far apart: do not forget the 0.5."
    require(same(found, squares(0.8 * small) > 0.01 * 1.04 * squares(small) + 0.5), message)
    yield 1


@question(points=4)
def temporal_loss(rng: np.random.Generator, answer: Any) -> Steps:
    """The loss; then its gradient."""
    shape = (1, 5, 7, 3)
    x, moved = rng.uniform(size=shape), rng.uniform(size=shape)
    mask = rng.uniform(size=(5, 7)) * (rng.uniform(size=(5, 7)) > 0.3)
    weights, count = mask[None, ..., None], x.size
    squared = weights * (x - moved) ** 2
    pair = call(answer, x, moved, mask)
    require(
        isinstance(pair, (tuple, list)) and len(pair) == 2, "Return two things: the loss, and its gradient."
    )
    found = number(pair[0])
    known = {
        "You divide by the weights that count; the paper divides by the number of all values.": squared.sum()
        / (3 * mask.sum()),
        "You divide by the number of pixels; each has three values.": squared.sum() / mask.size,
        "The sum is not divided by the number of values.": squared.sum(),
        "The mask is not used.": ((x - moved) ** 2).mean(),
        "The mask is squared as well; it multiplies the square.": (weights**2 * (x - moved) ** 2).mean(),
        "The differences are not squared.": (weights * np.abs(x - moved)).mean(),
    }
    diagnose(found, squared.mean(), known, "The loss is not what the formula says.")
    yield 2
    found = array(pair[1], shape)
    right = 2 * weights * (x - moved) / count
    known = {
        "The gradient has the wrong sign: a value above the target is to be made smaller.": -right,
        "The square gives a factor of 2.": right / 2,
        "The gradient is not divided by the number of values.": right * count,
        "The gradient lacks the mask: where nothing counts, nothing should pull.": 2 * (x - moved) / count,
    }
    diagnose(
        found, right, known, "The loss is right, its gradient is not: differentiate one term of the sum."
    )
    yield 2


@question(points=3)
def variance_left(rng: np.random.Generator, answer: Any) -> Steps:
    """After one frame; after several; and for ever."""
    share = float(rng.uniform(0.6, 0.95))
    one = (1 - share) ** 2 + share**2
    found = number(call(answer, share, 1))
    known = {
        "Variances do not mix like values: each is multiplied by the square of its share.": 1.0,
        "The shares are the other way round, or only one of them is there.": share**2,
        "Only the new frame is there.": (1 - share) ** 2,
    }
    diagnose(
        found, one, known, "After one frame two independent strokes were mixed: which variance has the sum?"
    )
    yield 1
    count = int(rng.integers(3, 9))
    right = one
    for _ in range(count - 1):
        right = (1 - share) ** 2 + share**2 * right
    found = number(call(answer, share, count))
    known = {
        "You mix with a frame of variance 1 each time; what was carried along has less by then.": one,
        "You multiply the same factor again and again: the new frame brings its own variance.": one**count,
    }
    diagnose(found, right, known, "Right after one frame, and not after several.")
    yield 1
    limit = (1 - share) / (1 + share)
    message = "After a thousand frames, nothing should change any more: see the formula in the lesson."
    require(abs(number(call(answer, share, 1000)) - limit) < 1e-6, message)
    yield 1
