"""Checks of exercise 10, control."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, number, question, require, same


def random_features(rng: np.random.Generator) -> np.ndarray:
    """Features (1, H, W, N) whose three sizes differ, with means that are not zero."""
    height, width, channels = (int(k) for k in rng.permutation(np.arange(5, 9))[:3])
    return rng.normal(0.7, 1.0, size=(1, height, width, channels))


def random_weights(rng: np.random.Generator, features: np.ndarray) -> np.ndarray:
    """A soft mask (H, W) in which some positions count nothing."""
    weights = rng.uniform(0.1, 1.0, size=features.shape[1:3])
    weights[rng.uniform(size=weights.shape) < 0.3] = 0.0
    weights[0, 0] = 0.5
    return weights


@question(points=3)
def guided_gram(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Blind to the scale of the mask and to what stands outside it; then the values."""
    features = random_features(rng)
    weights, n = random_weights(rng, features), features.shape[-1]
    found = array(call(answer, features, weights), (n, n))
    outside = features + 5.0 * (weights == 0)[None, :, :, None]
    message = "The result changes with features where the weight is 0: they should not count."
    require(same(array(call(answer, outside, weights)), found), message)
    yield 1
    known = right.mistakes_of_guided_gram(features, weights)
    otherwise = "The entries are not the weighted mean of F_ik F_jk."
    diagnose(found, right.guided_gram(features, weights), known, otherwise)
    yield 1
    scaled = array(call(answer, features, 3.0 * weights), (n, n))
    require(same(scaled, found), "A mask three times as large should give the same matrix.")
    yield 1


@question(points=3)
def keep_colors(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Moderate colours, for which nothing has to be clipped; then some that do not fit."""
    shape = (1, *(int(k) for k in rng.integers(4, 9, 2)), 3)
    photo, painted = rng.uniform(0.4, 0.6, size=shape), rng.uniform(0.35, 0.65, size=shape)
    found = array(call(answer, photo, painted), shape)
    known = right.mistakes_of_keep_colors(photo, painted)
    otherwise = "The result has not the lightness of one and the colour of the other."
    diagnose(found, right.keep_colors(photo, painted), known, otherwise)
    yield 2
    photo, painted = rng.uniform(0, 1, size=shape), rng.uniform(0, 1, size=shape)
    found = array(call(answer, photo, painted), shape)
    require(found.min() >= 0 and found.max() <= 1, "Where a colour does not fit, your result leaves [0, 1].")
    message = "Right where all colours fit; where they do not, clip each channel."
    require(same(found, right.keep_colors(photo, painted)), message)
    yield 1


@question(points=3)
def one_target(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """One term in place of two: the target first, then what is left over."""
    n, share = int(rng.integers(3, 7)), float(rng.uniform(0.15, 0.4))
    half = rng.normal(0.5, 1.0, size=(2, n, n))
    given = (*(half + half.swapaxes(1, 2)), share)  # symmetric, as Gram matrices are
    value = call(answer, *given)
    several = isinstance(value, (tuple, list)) and len(value) == 2
    require(several, "Return two things: the matrix T, then the number c.")
    known = right.mistakes_of_target(*given)
    otherwise = "T is not where the sum is smallest."
    diagnose(array(value[0], (n, n), "T"), right.target(*given), known, otherwise)
    yield 2
    known = right.mistakes_of_rest(*given)
    diagnose(number(value[1]), right.rest(*given), known, "c is not what the sum is at G = T.")
    yield 1


@question(points=3)
def region_statistics(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Means of the channels inside a region; then their standard deviations."""
    features = random_features(rng)
    weights, n = random_weights(rng, features), features.shape[-1]
    value = call(answer, features, weights)
    several = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    message = "Return two arrays: the means, then the standard deviations."
    require(several and len(value) == 2, message)
    mean, deviation = array(value[0], (n,), "The means"), array(value[1], (n,), "The deviations")
    known = right.mistakes_of_mean(features, weights)
    otherwise = "The means are not the weighted means of the channels."
    diagnose(mean, right.mean(features, weights), known, otherwise)
    yield 1
    known = right.mistakes_of_deviation(features, weights)
    otherwise = "These are not the deviations from the region's means."
    diagnose(deviation, right.deviation(features, weights), known, otherwise)
    yield 2
