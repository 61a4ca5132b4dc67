"""Hidden tests of exercise 04: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.framework import array, call, number, require, same


def gram_matrix(rng: np.random.Generator, answer: Any) -> None:
    """One position, one channel, and a large layer in single precision."""
    one = rng.normal(size=(1, 1, 1, 7))
    right = np.outer(one.ravel(), one.ravel())
    require(same(array(call(answer, one), (7, 7)), right), "It fails for a layer with a single position.")
    single = rng.normal(size=(1, 5, 4, 1))
    require(
        same(array(call(answer, single), (1, 1)), [[np.mean(single**2)]]), "It fails for a single channel."
    )
    large = rng.normal(1.0, 1.0, size=(1, 40, 30, 24)).astype("float32")
    flat = large.astype("float64").reshape(-1, 24)
    require(
        same(array(call(answer, large), (24, 24)), flat.T @ flat / 1200), "It fails for float32 features."
    )


def split_gram(rng: np.random.Generator, answer: Any) -> None:
    """Constant channels have no covariance."""
    features = np.broadcast_to(rng.normal(size=5), (1, 4, 6, 5)).copy()
    covariance, outer = (array(part) for part in call(answer, features))
    require(np.abs(covariance).max() < 1e-9, "Channels that are the same everywhere have no covariance.")
    require(same(outer, np.outer(features[0, 0, 0], features[0, 0, 0])), "It fails for constant channels.")


def style_loss(rng: np.random.Generator, answer: Any) -> None:
    """A value worked out by hand: one channel, 1 against 3."""
    found = number(call(answer, np.full((1, 2, 2, 1), 1.0), np.full((1, 3, 5, 1), 3.0)))
    require(
        same(found, (1.0 - 9.0) ** 2 / 4), "One channel that is 1 everywhere against 3 everywhere gives 16."
    )


def style_gradient(rng: np.random.Generator, answer: Any) -> None:
    """A small step against the gradient makes the loss smaller by step times squared length."""
    features, style = rng.normal(size=(1, 6, 5, 9)), rng.normal(size=(1, 4, 8, 9))
    found = array(call(answer, features, style), features.shape)

    def loss(x: np.ndarray) -> float:
        grams = [f.reshape(-1, 9).T @ f.reshape(-1, 9) / f[..., 0].size for f in (x, style)]
        return float(np.sum((grams[0] - grams[1]) ** 2) / (4 * 81))

    step = 1e-5
    fall = (loss(features) - loss(features - step * found)) / step
    require(
        same(fall, np.sum(found**2), 1e-2),
        "A small step against the gradient does not lower the loss as it should.",
    )


def correction(rng: np.random.Generator, answer: Any) -> None:
    """The first and the last layer of VGG-19 at 224 pixels."""
    found = [number(call(answer, n, s, s, 224, 224)) for n, s in ((64, 224), (512, 14))]
    require(same(found, [9 / 4096, 2.25]), "It fails for the layers of VGG-19 at 224 pixels.")
