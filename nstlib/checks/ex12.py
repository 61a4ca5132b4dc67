"""Checks of exercise 12, moving paintings."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, number, question, require, same


@question(points=3)
def warp(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Whole pixels inside; then parts of pixels; then beyond the border."""
    height, width = (int(k) for k in rng.permutation(np.arange(9, 13))[:2])
    image, flow = rng.uniform(size=(height, width)), np.zeros((height, width, 2))
    flow[:] = rng.permutation([1, 2])
    inside = np.s_[3:-3, 3:-3]
    found = array(call(answer, image, flow), image.shape)
    mistakes = right.mistakes_of_warp(image, flow)
    known = {message: wrong[inside] for message, wrong in mistakes.items()}
    otherwise = "With a flow of whole pixels, each pixel should hold what is at (x + u, y + v)."
    diagnose(found[inside], right.warp(image, flow)[inside], known, otherwise)
    yield 1
    flow = rng.uniform(-1.0, 1.0, size=flow.shape)
    found = array(call(answer, image, flow), image.shape)
    near = right.nearest_pixel(image, flow)[inside]
    known = {"You take the nearest pixel; between pixels, the four around the place count.": near}
    otherwise = "Right for whole pixels; between pixels take the weighted mean of the four around the place."
    diagnose(found[inside], right.warp(image, flow)[inside], known, otherwise)
    yield 1
    flow = rng.uniform(-4.0, 4.0, size=flow.shape)
    message = "Places beyond the border should have the colour of the nearest pixel of the border."
    require(same(array(call(answer, image, flow), image.shape), right.warp(image, flow)), message)
    yield 1


@question(points=3)
def disoccluded(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Large flows that agree or not; then small ones, for which the slack counts."""
    large = rng.uniform(4.0, 12.0, size=(20, 20, 2)) * rng.choice([-1, 1], size=(20, 20, 2))
    back = -large * rng.choice([0.85, 0.95, 1.05, 1.3], size=(20, 20, 1)) + rng.normal(size=large.shape) / 4
    found = array(call(answer, large, back), (20, 20)) != 0
    known = right.mistakes_of_disoccluded(large, back)
    otherwise = "For some pixels your mask differs from the formula."
    diagnose(found, right.disoccluded(large, back), known, otherwise)
    yield 2
    small = rng.uniform(-0.6, 0.6, size=(15, 15, 2))
    found = array(call(answer, small, -0.2 * small), (15, 15)) != 0
    message = "Flows of less than half a pixel are never far apart: do not forget the 0.5."
    require(same(found, right.disoccluded(small, -0.2 * small)), message)
    yield 1


@question(points=4)
def temporal_loss(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The loss; then its gradient."""
    shape = (1, 5, 7, 3)
    x, moved = rng.uniform(size=shape), rng.uniform(size=shape)
    mask = rng.uniform(size=(5, 7)) * (rng.uniform(size=(5, 7)) > 0.3)
    given = (x, moved, mask)
    pair = call(answer, *given)
    two = isinstance(pair, (tuple, list)) and len(pair) == 2
    require(two, "Return two things: the loss, and its gradient.")
    otherwise = "The loss is not what the formula says."
    diagnose(number(pair[0]), right.loss(*given), right.mistakes_of_loss(*given), otherwise)
    yield 2
    otherwise = "The loss is right, its gradient is not: differentiate one term of the sum."
    diagnose(array(pair[1], shape), right.gradient(*given), right.mistakes_of_gradient(*given), otherwise)
    yield 2


@question(points=3)
def variance_left(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """After one frame; after several; and for ever."""
    share = float(rng.uniform(0.6, 0.95))
    found = number(call(answer, share, 1))
    known = right.mistakes_of_first_frame(share)
    otherwise = "After one frame two independent strokes were mixed: which variance has the sum?"
    diagnose(found, right.variance_left(share, 1), known, otherwise)
    yield 1
    count = int(rng.integers(3, 9))
    found = number(call(answer, share, count))
    known = right.mistakes_of_variance_left(share, count)
    otherwise = "Right after one frame, and not after several."
    diagnose(found, right.variance_left(share, count), known, otherwise)
    yield 1
    message = "After a thousand frames, nothing should change any more: see the formula in the lesson."
    require(abs(number(call(answer, share, 1000)) - right.variance_limit(share)) < 1e-6, message)
    yield 1
