"""Hidden tests of exercise 07: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.framework import Mistake, array, call, number, require, same


def momentum_path(rng: np.random.Generator, answer: Any) -> None:
    """Pictures, no step at all, and two steps worked out by hand."""
    picture = rng.uniform(size=(1, 4, 5, 3))
    found = array(call(answer, lambda x: 2.0 * x, picture, 0.1, 0.5, 2), (3, 1, 4, 5, 3))
    # v1 = 2, x1 = 0.8; v2 = 0.5 * 2 + 1.6 = 2.6, x2 = 0.54
    right = np.stack([picture, 0.8 * picture, 0.54 * picture])
    require(same(found, right), "It fails for a picture of shape (1, H, W, 3).")
    still = array(call(answer, lambda x: 2.0 * x, picture, 0.1, 0.5, 0))
    require(same(still, picture[None]), "With no step at all, the path should be the start alone.")


def adam_step(rng: np.random.Generator, answer: Any) -> None:
    """A pixel without a gradient stays; a loss a million times smaller makes the same step."""
    shape = (1, 6, 4, 3)
    x, g = rng.uniform(size=shape), rng.normal(size=shape)
    g[0, 0, 0] = 0.0
    nothing, settings = np.zeros(shape), (0.05, 0.9, 0.999, 1e-12)
    for scale in (1.0, 1e-6):
        value = call(answer, x, scale * g, nothing, nothing.copy(), 1, *settings)
        require(isinstance(value, (tuple, list)) and len(value) == 3, "Return three arrays.")
        right = x - 0.05 * scale * g / (np.abs(scale * g) + 1e-12)
        message = "It fails where gradients are zero, or as small as those of a loss with small weights."
        require(same(array(value[0], shape), right), message)
    value = call(answer, x, nothing, g, g * g, 3, *settings)
    message = "It fails where the gradient is zero and the running mean is not."
    require(same(array(value[1], shape), 0.9 * g), message)
    moved = x - 0.05 * (0.9 * g / (1 - 0.9**3)) / (np.sqrt(0.999 * g * g / (1 - 0.999**3)) + 1e-12)
    require(same(array(value[0], shape), moved), message)


def backtracking(rng: np.random.Generator, answer: Any) -> None:
    """A loss that overflows, a level direction, and a case by hand in which the bound is met exactly."""
    x = np.array([1.0])

    def overflowing(x: np.ndarray) -> float:
        value = float(np.sum(np.square(x)))
        return value if value < 4.0 else float("nan")

    # x - 2 alpha: 7 and 3 below zero overflow, then -1 is as high as the start, then 0
    found = number(call(answer, overflowing, 2 * x, x, -2 * x, 4.0, 0.25, 0.5))
    require(found == 0.5, "It fails where the loss of a long step is nan: that step is not good enough.")
    exact = number(call(answer, lambda x: float(np.sum(np.square(x))), 2 * x, x, -2 * x, 1.0, 0.5, 0.5))
    require(exact == 0.5, "For f = x^2 at 1 with p = -2, c = 1/2, the step 1/2 meets the bound exactly.")
    plane = rng.normal(size=(2, 3))
    level = number(
        call(answer, lambda x: float(np.sum(x)), np.ones((2, 3)), plane, np.zeros((2, 3)), 1.0, 0.1, 0.5)
    )
    require(level == 0, "Where the slope along the direction is 0, the step should be 0.")


def inverse_hessian(rng: np.random.Generator, answer: Any) -> None:
    """No pair to keep; one pair by hand; enough pairs along the axes give the inverse itself."""
    s = rng.normal(size=(3, 6))
    require(same(array(call(answer, s, -s), (6, 6)), np.eye(6)), "With no pair left, H should be I.")
    require(same(array(call(answer, s[:0], s[:0]), (6, 6)), np.eye(6)), "It fails without any pair.")
    found = array(call(answer, s[:1], 4.0 * s[:1]), (6, 6))
    require(same(found, np.eye(6) / 4), "Where y = 4 s, one pair gives I/4.")
    curvatures = rng.uniform(1.0, 9.0, size=6)
    found = array(call(answer, np.eye(6), np.diag(curvatures)), (6, 6))
    require(same(found, np.diag(1 / curvatures)), "Steps along every axis should give the inverse itself.")


def lbfgs_direction(rng: np.random.Generator, answer: Any) -> None:
    """The scale of the loss does not matter; tiny pairs, as near the end of a run; one pair; a real picture.

    The last stays out of the visible check: there a learner who builds the matrix would fill the memory
    of a machine without limits.
    """
    shape = (1, 5, 4, 3)
    curvatures, g = rng.uniform(1.0, 9.0, size=shape), rng.normal(size=shape)
    steps = [rng.normal(size=shape) for _ in range(3)]
    changes = [curvatures * s for s in steps]
    found = array(call(answer, g, steps, changes), shape)
    large = array(call(answer, 1e6 * g, steps, [1e6 * y for y in changes]), shape)
    require(same(large, found), "A loss a million times as large should give the same direction.")
    tiny = array(call(answer, g, [1e-7 * s for s in steps], [1e-7 * y for y in changes]), shape)
    require(same(tiny, found), "It fails for pairs as small as those near the end of a run.")
    one = array(call(answer, g, steps[:1], [5.0 * steps[0]]), shape)
    require(same(one, -g / 5), "Where y = 5 s, one pair gives -g/5.")
    large = rng.normal(size=(1, 200, 200, 3)).astype("float32")
    try:
        found = array(call(answer, large, [large], [4.0 * large]), large.shape)
    except Mistake as mistake:
        message = "For a picture of 200 x 200 pixels H does not fit into memory (115 GB); the two loops need"
        raise Mistake(f"{message} the pairs alone. {mistake}") from None
    require(same(found, -large / 4), "It fails for a picture of 200 x 200 pixels.")
