"""Checks of exercise 04, Gram matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, number, own, question, require, same


def random_features(rng: np.random.Generator, channels: int | None = None) -> np.ndarray:
    """Features of a random shape (1, H, W, N) whose three sizes differ, with means that are not zero."""
    height, width = (int(k) for k in rng.permutation(np.arange(5, 9))[:2])
    n = int(
        rng.choice([k for k in (3, 5, 6, 7, 8) if k not in (height, width)])
    )  # with 4, two mistakes are one
    return rng.normal(0.5, 1.0, size=(1, height, width, channels or n))


def shuffled(rng: np.random.Generator, features: np.ndarray) -> np.ndarray:
    """The same columns of features at other positions."""
    return rng.permutation(features.reshape(-1, features.shape[-1])).reshape(features.shape)


@question(points=3)
def gram_matrix(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Shape, symmetry and permutation invariance; then the values; then two pictures side by side."""
    answer = own(answer, "gram_matrix")
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
    require(
        same(array(call(answer, shuffled(rng, features))), found),
        "The result changes when the positions are shuffled (all channels in the same way); a sum does not.",
    )
    require(
        same(array(call(answer, 2 * features)), 4 * found),
        "Features twice as large should give entries four times.",
    )
    yield 1
    otherwise = "The entries are not the mean over positions of F_ik F_jk."
    diagnose(found, right.gram(features), right.mistakes_of_gram(features), otherwise)
    yield 1
    twice = array(call(answer, np.concatenate([features, features], axis=2)), (n, n))
    require(same(twice, found), "The picture beside its own copy should have the Gram matrix of the picture.")
    tall = rng.normal(-0.5, 2.0, size=(1, 12, 1, n))
    diagnose(
        array(call(answer, tall), (n, n)), right.gram(tall), {}, "It fails for a picture one pixel wide."
    )
    yield 1


@question(points=2)
def split_gram(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The two parts add up to G/M and are each right."""
    features = random_features(rng)
    n = features.shape[-1]
    value = call(answer, features)
    several = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    require(several and len(value) == 2, "Return two arrays: the covariance, then mean mean^T.")
    covariance, outer = array(value[0], (n, n), "The covariance"), array(value[1], (n, n), "mean mean^T")
    require(not same(covariance, right.outer(features)), "The two parts are there, in the other order.")
    message = "The second array should hold m_i m_j, with m the means of the channels."
    diagnose(outer, right.outer(features), {}, message)
    yield 1
    otherwise = "The first array is not the covariance of the channels."
    diagnose(covariance, right.covariance(features), right.mistakes_of_covariance(features), otherwise)
    yield 1


@question(points=3)
def style_loss(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Zero at the target, blind to the order of positions, the paper's value; then pictures of two sizes."""
    features = random_features(rng)
    style = rng.normal(0.5, 1.0, size=features.shape)
    require(
        abs(number(call(answer, features, features))) < 1e-9,
        "The loss of a picture against itself should be 0.",
    )
    found = number(call(answer, features, style))
    require(found > 0, "The loss of two different pictures should be positive.")
    require(
        same(number(call(answer, shuffled(rng, features), style)), found),
        "The loss changes when the positions of the image are shuffled: compare Gram matrices, not features.",
    )
    yield 1
    otherwise = "For two pictures of one size this is not the value of the equation."
    diagnose(
        found, right.style_loss(features, style), right.mistakes_of_style_loss(features, style), otherwise
    )
    yield 1
    height, width, n = features.shape[1:]
    other = rng.normal(0.5, 1.0, size=(1, height + 2, width + 3, n))
    otherwise = (
        "Right for pictures of one size, wrong for two: each Gram matrix has its own number of positions."
    )
    diagnose(number(call(answer, features, other)), right.style_loss(features, other), {}, otherwise)
    yield 1


@question(points=3)
def style_gradient(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
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
    place = tuple(int(rng.integers(side)) for side in features.shape)
    step = np.zeros_like(features)
    step[place] = 1e-4
    slope = (right.style_loss(features + step, style) - right.style_loss(features - step, style)) / 2e-4
    diagnose(
        found,
        right.style_gradient(features, style),
        right.mistakes_of_style_gradient(features, style),
        f"At feature {place} the loss has the slope {slope:.4g}; your gradient says {found[place]:.4g}.",
    )
    yield 2


@question(points=3)
def correction(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """No correction where the two programs agree, and the factor elsewhere."""
    n, h, w = int(rng.integers(30, 64)), int(rng.integers(4, 9)), int(rng.integers(10, 20))
    layer = (n, h, w, 8 * h, 8 * w)
    found = number(call(answer, *layer))
    require(found > 0, "The factor is a ratio of two positive numbers.")
    otherwise = (
        f"For {n} channels at {h} x {w} positions this is not the factor. Both losses have the same sum of "
        "squares: what stands in front of it in each?"
    )
    diagnose(found, right.correction(*layer), right.mistakes_of_correction(*layer), otherwise)
    same_layer = number(call(answer, 3, h, w, h, w))
    require(
        same(same_layer, 1.0), "For a layer of 3 channels at full size both agree, so the factor should be 1."
    )
    yield 3
