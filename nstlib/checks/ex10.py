"""Checks of exercise 10, control."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, number, question, require, same, uses

LUMA = np.array([0.299, 0.587, 0.114])


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


def rows(features: np.ndarray) -> np.ndarray:
    """A row for each position, a column for each channel."""
    return features.reshape(-1, features.shape[-1])


def gram(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The guided Gram matrix, divided by the sum of the weights."""
    flat, w = rows(features), weights.reshape(-1, 1)
    return flat.T @ (w * flat) / w.sum()


@question(points=3)
def guided_gram(rng: np.random.Generator, answer: Any) -> Steps:
    """Blind to the scale of the mask and to what stands outside it; then the values."""
    require(not uses(answer, "gram_matrix"), "Write it yourself: your function calls nst.gram_matrix.")
    features = random_features(rng)
    weights, n = random_weights(rng, features), features.shape[-1]
    found = array(call(answer, features, weights), (n, n))
    outside = features + 5.0 * (weights == 0)[None, :, :, None]
    message = "The result changes with features where the weight is 0: they should not count."
    require(same(array(call(answer, outside, weights)), found), message)
    yield 1
    right, w = gram(features, weights), weights
    known = {
        "A position of weight w counts as w squared: a Gram matrix multiplies features twice.": gram(
            features, w**2
        )
        * (w**2).sum()
        / w.sum(),
        "You divide by all positions, the formula by the sum of the weights.": right * w.mean(),
        "The division by the sum of the weights is missing.": right * w.sum(),
        "Your matrix counts each position inside alike, but the mask is soft.": gram(features, w > 0),
    }
    diagnose(found, right, known, "The entries are not the weighted mean of F_ik F_jk.")
    yield 1
    scaled = array(call(answer, features, 3.0 * weights), (n, n))
    require(same(scaled, found), "A mask three times as large should give the same matrix.")
    yield 1


@question(points=3)
def keep_colors(rng: np.random.Generator, answer: Any) -> Steps:
    """Moderate colours, for which nothing has to be clipped; then some that do not fit."""
    shape = (1, *(int(k) for k in rng.integers(4, 9, 2)), 3)
    photo, painted = rng.uniform(0.4, 0.6, size=shape), rng.uniform(0.35, 0.65, size=shape)
    found = array(call(answer, photo, painted), shape)
    light = (painted @ LUMA)[..., None]
    right = photo - (photo @ LUMA)[..., None] + light
    mean = photo - photo.mean(-1, keepdims=True) + painted.mean(-1, keepdims=True)
    known = {
        "The two pictures are exchanged: the lightness comes from the painted one.": painted
        - light
        + (photo @ LUMA)[..., None],
        "Lightness is no plain mean: green counts most, blue least.": mean,
        "This is the lightness alone, a grey picture.": np.repeat(light, 3, -1),
        "Nothing has changed: that is the photograph.": photo,
        "Nothing has changed: that is the painted picture.": painted,
    }
    diagnose(found, right, known, "The result has not the lightness of one and the colour of the other.")
    yield 2
    photo, painted = rng.uniform(0, 1, size=shape), rng.uniform(0, 1, size=shape)
    found = array(call(answer, photo, painted), shape)
    require(found.min() >= 0 and found.max() <= 1, "Where a colour does not fit, your result leaves [0, 1].")
    right = np.clip(photo - (photo @ LUMA)[..., None] + (painted @ LUMA)[..., None], 0, 1)
    require(same(found, right), "Right where all colours fit; where they do not, clip each channel.")
    yield 1


@question(points=3)
def one_target(rng: np.random.Generator, answer: Any) -> Steps:
    """One term in place of two: the target first, then what is left over."""
    n = int(rng.integers(3, 7))
    first, second = (gram(f, np.ones(f.shape[1:3])) for f in rng.normal(0.5, 1.0, size=(2, 1, 6, 5, n)))
    share = float(rng.uniform(0.15, 0.4))
    value = call(answer, first, second, share)
    several = isinstance(value, (tuple, list)) and len(value) == 2
    require(several, "Return two things: the matrix T, then the number c.")
    target = array(value[0], (n, n), "T")
    known = {
        "The share belongs to the first matrix; you gave it to the second.": share * second
        + (1 - share) * first,
        "The plain mean forgets the share.": (first + second) / 2,
    }
    diagnose(target, share * first + (1 - share) * second, known, "T is not where the sum is smallest.")
    yield 2
    apart = np.square(first - second).sum()
    known = {
        "c is not zero: no matrix is equal to two different ones.": 0.0,
        "c depends on both weights, that of the second style too.": share * apart,
        "That is the distance of the two matrices; how much of it is left at T?": apart,
    }
    diagnose(number(value[1]), share * (1 - share) * apart, known, "c is not what the sum is at G = T.")
    yield 1


@question(points=3)
def region_statistics(rng: np.random.Generator, answer: Any) -> Steps:
    """Means of the channels inside a region; then their standard deviations."""
    features = random_features(rng)
    weights, n = random_weights(rng, features), features.shape[-1]
    value = call(answer, features, weights)
    several = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    message = "Return two arrays: the means, then the standard deviations."
    require(several and len(value) == 2, message)
    mean, deviation = array(value[0], (n,), "The means"), array(value[1], (n,), "The deviations")
    flat, w = rows(features), weights.reshape(-1, 1) / weights.sum()
    right = (w * flat).sum(0)
    known = {
        "Your means are those of the whole picture; the mask is not used.": flat.mean(0),
        "You divide by all positions, not by the sum of the weights.": right * weights.mean(),
    }
    diagnose(mean, right, known, "The means are not the weighted means of the channels.")
    yield 1
    variance = (w * (flat - right) ** 2).sum(0)
    known = {
        "That is the variance; its square root is asked for.": variance,
        "Your deviations are those of the whole picture.": flat.std(0),
        "You subtract the mean of the whole picture, not that of the region.": np.sqrt(
            (w * (flat - flat.mean(0)) ** 2).sum(0)
        ),
        "You did not subtract the mean.": np.sqrt((w * flat**2).sum(0)),
    }
    diagnose(deviation, np.sqrt(variance), known, "These are not the deviations from the region's means.")
    yield 2
