"""Checks of exercise 04, Gram matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, loops, number, question, require, same, uses


def random_features(rng: np.random.Generator, channels: int | None = None) -> np.ndarray:
    """Features of a random shape (1, H, W, N) whose three sizes differ, with means that are not zero."""
    height, width = (int(k) for k in rng.permutation(np.arange(5, 9))[:2])
    n = int(
        rng.choice([k for k in (3, 5, 6, 7, 8) if k not in (height, width)])
    )  # with 4, two mistakes are one
    return rng.normal(0.5, 1.0, size=(1, height, width, channels or n))


def rows(features: np.ndarray) -> np.ndarray:
    """A row for each position, a column for each channel."""
    return features.reshape(-1, features.shape[-1])


def gram(features: np.ndarray) -> np.ndarray:
    """G/M in float64."""
    flat = rows(features)
    return flat.T @ flat / len(flat)


@question(points=3)
def gram_matrix(rng: np.random.Generator, answer: Any) -> Steps:
    """Shape, symmetry and permutation invariance; then the values."""
    require(
        not uses(answer, "gram_matrix"), "Write it yourself: your function calls a gram_matrix that exists."
    )
    features = random_features(rng)
    n, positions = features.shape[-1], features[..., 0].size
    value = array(call(answer, features))
    if value.shape == (positions, positions):
        require(
            False, f"The result has an entry for each pair of positions; it should pair the {n} channels."
        )
    found = array(value, (n, n))
    require(
        same(found, found.T), "The result is not symmetric: entries (i, j) and (j, i) pair the same channels."
    )
    shuffled = rng.permutation(rows(features)).reshape(features.shape)
    require(
        same(array(call(answer, shuffled)), found),
        "The result changes when the positions are shuffled (all channels in the same way); a sum does not.",
    )
    require(
        same(array(call(answer, 2 * features)), 4 * found),
        "Features twice as large should give entries four times.",
    )
    yield 1
    right = gram(features)
    mean = rows(features).mean(0)
    known = {
        "Your entries grow with the size of the picture: one division is missing.": right * positions,
        "You divide by the number of channels; look at the formula again.": right * positions / n,
        "You divide by positions and channels; the formula divides by one of them.": right / n,
        "You subtract the mean of each channel: that is the covariance, the formula does not.": right
        - np.outer(mean, mean),
    }
    diagnose(found, right, known, "The entries are not the mean over positions of F_ik F_jk.")
    yield 1
    require(not loops(answer), "The values are right; now without a loop: one matrix product does it.")
    yield 1


@question(points=2)
def split_gram(rng: np.random.Generator, answer: Any) -> Steps:
    """The two parts add up to G/M and are each right."""
    features = random_features(rng)
    n = features.shape[-1]
    value = call(answer, features)
    several = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    require(several and len(value) == 2, "Return two arrays: the covariance, then mean mean^T.")
    covariance, outer = array(value[0], (n, n), "The covariance"), array(value[1], (n, n), "mean mean^T")
    mean = rows(features).mean(0)
    right = gram(features) - np.outer(mean, mean)
    require(not same(covariance, np.outer(mean, mean)), "The two parts are there, in the other order.")
    message = "The second array should hold m_i m_j, with m the means of the channels."
    diagnose(outer, np.outer(mean, mean), {}, message)
    yield 1
    m = len(rows(features))
    known = {
        "Your covariance divides by M - 1, as for samples; here the mean is over M.": right * m / (m - 1),
        "Your covariance is not centred: subtract the mean of each channel first.": gram(features),
        "Your covariance subtracts one mean of all; each channel has its own.": gram(
            features - features.mean()
        ),
        "Your covariance is not divided by M.": right * m,
    }
    diagnose(covariance, right, known, "The first array is not the covariance of the channels.")
    yield 1


@question(points=3)
def style_loss(rng: np.random.Generator, answer: Any) -> Steps:
    """Zero at the target, blind to the order of positions, the paper's value; then pictures of two sizes."""
    features = random_features(rng)
    style = rng.normal(0.5, 1.0, size=features.shape)
    require(
        abs(number(call(answer, features, features))) < 1e-9,
        "The loss of a picture against itself should be 0.",
    )
    found = number(call(answer, features, style))
    require(found > 0, "The loss of two different pictures should be positive.")
    shuffled = rng.permutation(rows(features)).reshape(features.shape)
    require(
        same(number(call(answer, shuffled, style)), found),
        "The loss changes when the positions of the image are shuffled: compare Gram matrices, not features.",
    )
    yield 1
    n, positions = features.shape[-1], len(rows(features))
    difference = gram(features) - gram(style)
    right = np.sum(difference**2) / (4 * n**2)
    known = {
        "Absolute differences instead of squares.": np.abs(difference).sum() / (4 * n**2),
        "The 4 is missing.": np.sum(difference**2) / n**2,
        "The division by N^2 is missing.": np.sum(difference**2) / 4,
        "The division by 4 N^2 is missing.": np.sum(difference**2),
        "You divide by N, the formula by N^2.": np.sum(difference**2) / (4 * n),
        "Your value is M^2 times too large: are your Gram matrices divided by M?": right * positions**2,
        "Your value is M^2 times too small: M is divided out twice.": right / positions**2,
        "You took the square root; the formula is a sum of squares.": np.sqrt(np.sum(difference**2))
        / (4 * n**2),
    }
    diagnose(found, right, known, "For two pictures of one size this is not the value of the equation.")
    yield 1
    other = rng.normal(0.5, 1.0, size=(1, features.shape[1] + 2, features.shape[2] + 3, n))
    right = np.sum((gram(features) - gram(other)) ** 2) / (4 * n**2)
    message = (
        "Right for pictures of one size, wrong for two: each Gram matrix has its own number of positions."
    )
    require(same(number(call(answer, features, other)), right), message)
    yield 1


@question(points=3)
def style_gradient(rng: np.random.Generator, answer: Any) -> Steps:
    """Shape, zero at the target, agreement with finite differences of the loss."""
    features = random_features(rng)
    style = rng.normal(0.5, 1.0, size=(1, features.shape[1] + 1, features.shape[2] + 2, features.shape[3]))
    found = array(call(answer, features, style), features.shape)
    require(np.abs(found).max() > 0, "Your gradient is 0 everywhere, although the two pictures differ.")
    at_target = array(call(answer, features, features), features.shape)
    require(
        np.abs(at_target).max() < 1e-9,
        "At the target the loss is smallest, so the gradient should be 0 there.",
    )
    yield 1
    n, positions = features.shape[-1], len(rows(features))

    def loss(x: np.ndarray) -> float:
        return float(np.sum((gram(x) - gram(style)) ** 2) / (4 * n**2))

    right = (rows(features) @ (gram(features) - gram(style)) / (n**2 * positions)).reshape(features.shape)
    place = tuple(int(rng.integers(side)) for side in features.shape)
    step = np.zeros_like(features)
    step[place] = 1e-4
    slope = (loss(features + step) - loss(features - step)) / 2e-4
    known = {
        "Uphill and downhill are exchanged: your gradient has the wrong sign.": -right,
        "Your gradient is half of the right one: a feature stands in a row and in a column of G.": right / 2,
        "Your gradient is twice the right one.": right * 2,
        "Your gradient is four times the right one: derivatives bring a factor, and 1/4 cancels it.": right
        * 4,
        "Your gradient is M times too large: G/M, differentiated, still holds its 1/M.": right * positions,
        "Your gradient is M times too small: 1/M is there twice.": right / positions,
        "The factor 1/N^2 of the loss is missing.": right * n**2,
        "You set the gradient to 0 where a feature is negative; that belongs to the ReLU.": right
        * (features > 0),
    }
    diagnose(
        found,
        right,
        known,
        f"At feature {place} the loss has the slope {slope:.4g}; your gradient says {found[place]:.4g}.",
    )
    yield 2


@question(points=3)
def correction(rng: np.random.Generator, answer: Any) -> Steps:
    """No correction where the two programs agree, and the factor elsewhere."""
    n, h, w = int(rng.integers(30, 64)), int(rng.integers(4, 9)), int(rng.integers(10, 20))
    height, width = 8 * h, 8 * w
    found = number(call(answer, n, h, w, height, width))
    require(found > 0, "The factor is a ratio of two positive numbers.")
    right = (3 * height * width / (n * h * w)) ** 2
    known = {
        "Upside down: you return the published value over the paper's.": 1 / right,
        "Both numbers stand squared in the formula.": 3 * height * width / (n * h * w),
        "You correct the channels; the number of positions is wrong in the program, too.": (3 / n) ** 2,
        "You correct the positions; the number of channels is wrong in the program, too.": (
            height * width / (h * w)
        )
        ** 2,
        "The channels are squared in the formula, and so are the positions.": 3
        * (height * width) ** 2
        / (n * (h * w) ** 2),
    }
    otherwise = (
        f"For {n} channels at {h} x {w} positions this is not the factor. Both losses have the same sum of "
        "squares: what stands in front of it in each?"
    )
    diagnose(found, right, known, otherwise)
    same_layer = number(call(answer, 3, h, w, h, w))
    require(
        same(same_layer, 1.0), "For a layer of 3 channels at full size both agree, so the factor should be 1."
    )
    yield 3
