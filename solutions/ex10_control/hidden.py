"""Hidden tests of exercise 10: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.framework import array, call, number, require, same


def guided_gram(rng: np.random.Generator, answer: Any) -> None:
    """A region of one position, and a mask of ones."""
    features = rng.normal(size=(1, 4, 6, 5))
    weights = np.zeros((4, 6))
    weights[2, 3] = 0.25
    right = np.outer(features[0, 2, 3], features[0, 2, 3])
    found = array(call(answer, features, weights), (5, 5))
    require(same(found, right), "It fails for a region of a single position.")
    flat = features.reshape(-1, 5)
    found = array(call(answer, features, np.ones((4, 6))), (5, 5))
    require(
        same(found, flat.T @ flat / 24), "A mask of ones should give the Gram matrix of the whole picture."
    )


def keep_colors(rng: np.random.Generator, answer: Any) -> None:
    """A picture with its own lightness is itself, and grey stays grey."""
    photo = rng.uniform(0, 1, size=(1, 5, 4, 3))
    found = array(call(answer, photo, photo), photo.shape)
    require(same(found, photo), "A photograph with its own lightness should be itself.")
    grey = np.repeat(rng.uniform(0, 1, size=(1, 5, 4, 1)), 3, -1)
    found = array(call(answer, grey, photo), photo.shape)
    require(same(found[..., 0], found[..., 2]), "A grey photograph has no colour to give.")


def one_target(rng: np.random.Generator, answer: Any) -> None:
    """The sum of two terms is the one term and the constant, for any matrix; the ends have no constant."""
    first, second, third = rng.normal(size=(3, 4, 4))
    target, rest = call(answer, first, second, 0.7)
    both = 0.7 * np.square(third - first).sum() + 0.3 * np.square(third - second).sum()
    one = np.square(third - array(target, (4, 4))).sum() + number(rest)
    require(same(one, both), "For a matrix G of our choice, the one term and c are not the sum of the two.")
    target, rest = call(answer, first, second, 1.0)
    require(same(array(target, (4, 4)), first), "With a share of 1 the target should be A itself.")
    require(abs(number(rest)) < 1e-9, "With a share of 1 nothing should be left over.")


def region_statistics(rng: np.random.Generator, answer: Any) -> None:
    """Constant channels do not deviate, and a mask of any scale is the same region."""
    features = np.broadcast_to(rng.normal(size=5), (1, 4, 6, 5)).copy()
    weights = rng.uniform(0.1, 1, size=(4, 6))
    mean, deviation = (array(part, (5,)) for part in call(answer, features, weights))
    require(same(mean, features[0, 0, 0]), "It fails for channels that are the same everywhere.")
    require(np.abs(deviation).max() < 1e-6, "Channels that are the same everywhere deviate by nothing.")
    features = rng.normal(size=(1, 4, 6, 5))
    once, twice = (call(answer, features, scale * weights) for scale in (1.0, 20.0))
    for a, b in zip(once, twice, strict=True):
        require(same(array(a), array(b)), "A mask that is 20 times as large changes the statistics.")
