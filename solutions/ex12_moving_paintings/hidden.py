"""Hidden tests of exercise 12: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.framework import array, call, number, require, same


def warp(rng: np.random.Generator, answer: Any) -> None:
    """No flow changes nothing, and a picture of one colour stays so."""
    image = rng.uniform(size=(7, 9))
    still = array(call(answer, image, np.zeros((7, 9, 2))), (7, 9))
    require(same(still, image), "Without any motion the picture should stay as it is.")
    flow = rng.uniform(-20.0, 20.0, size=(7, 9, 2))
    flat = array(call(answer, np.full((7, 9), 0.4), flow), (7, 9))
    require(same(flat, np.full((7, 9), 0.4)), "A picture of one colour should stay so, however it is moved.")


def disoccluded(rng: np.random.Generator, answer: Any) -> None:
    """Both flows count alike, and flows that agree hide nothing."""
    first, second = rng.normal(size=(2, 11, 8, 2)) * 5
    one, other = (array(call(answer, a, b), (11, 8)) != 0 for a, b in ((first, second), (second, first)))
    require(same(one, other), "Exchange the two flows, and the mask should be the same.")
    require(not (array(call(answer, first, -first), (11, 8)) != 0).any(), "Flows that agree hide nothing.")


def temporal_loss(rng: np.random.Generator, answer: Any) -> None:
    """The gradient is that of finite differences; where the mask is zero, nothing counts."""
    x, moved = rng.uniform(size=(2, 1, 4, 3, 3))
    mask = (rng.uniform(size=(4, 3)) > 0.5).astype(float)
    loss, slope = call(answer, x, moved, mask)
    slope, at, step = array(slope, x.shape), (0, 2, 1, 0), 1e-4
    up, down = x.copy(), x.copy()
    up[at] += step
    down[at] -= step
    measured = (number(call(answer, up, moved, mask)[0]) - number(call(answer, down, moved, mask)[0])) / (
        2 * step
    )
    require(abs(slope[at] - measured) < 1e-6, "The gradient is not that of your own loss.")
    other = np.where(mask[None, ..., None] > 0, x, 9.0)
    message = "What lies where the mask is zero changes the loss."
    require(same(number(call(answer, other, moved, mask)[0]), number(loss)), message)


def variance_left(rng: np.random.Generator, answer: Any) -> None:
    """The ends: nothing carried along, nothing new."""
    require(same(number(call(answer, 0.0, 5)), 1.0), "With no share of the old frame the variance stays 1.")
    require(same(number(call(answer, 1.0, 5)), 1.0), "With nothing new the variance stays 1.")
