"""Checks of exercise 11, in one pass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, number, question, require, same

EPSILON = 1e-5  # added to a variance, as the exercise says


def random_features(rng: np.random.Generator, count: int = 1) -> np.ndarray:
    """Features (count, H, W, N) whose sizes differ; each picture and channel has moments of its own."""
    height, width, channels = (int(k) for k in rng.permutation(np.arange(4, 8))[:3])
    scale = rng.uniform(0.5, 3.0, size=(count, 1, 1, channels))
    return rng.normal(size=(count, height, width, channels)) * scale + 2.0 * rng.normal(size=scale.shape)


def normalised(features: np.ndarray, axes: tuple[int, ...] = (1, 2), epsilon: float = EPSILON) -> np.ndarray:
    """Mean 0 and variance 1 over some axes."""
    centred = features - features.mean(axes, keepdims=True)
    return centred / np.sqrt(features.var(axes, keepdims=True) + epsilon)


@question(points=3)
def instance_norm(rng: np.random.Generator, answer: Any) -> Steps:
    """The moments of each picture alone; then scale and shift; then a channel that is flat."""
    features = random_features(rng, count=2)
    n = features.shape[-1]
    ones, zeros = np.ones(n), np.zeros(n)
    found = array(call(answer, features, ones, zeros), features.shape)
    deviation = features.std((1, 2), keepdims=True)
    known = {
        "Your moments are taken over both pictures: that is batch normalisation.": normalised(
            features, (0, 1, 2)
        ),
        "Your moments are taken over the channels; each channel has its own.": normalised(
            features, (1, 2, 3)
        ),
        "Each position is normalised by itself, over its channels.": normalised(features, (3,)),
        "You divide by the variance; its square root is asked for.": (
            features - features.mean((1, 2), keepdims=True)
        )
        / (deviation**2 + EPSILON),
        "The mean is not subtracted.": features / np.sqrt(deviation**2 + EPSILON),
    }
    otherwise = "With scale 1 and shift 0, each channel of each picture should have mean 0 and deviation 1."
    diagnose(found, normalised(features), known, otherwise)
    yield 1
    scale, shift = rng.uniform(0.5, 2.0, n), np.asarray(rng.normal(size=n))
    found = array(call(answer, features, scale, shift), features.shape)
    known = {
        "The shift is added before the scale is multiplied.": scale * (normalised(features) + shift),
        "Scale and shift are not used.": normalised(features),
    }
    otherwise = "Right for scale 1 and shift 0; multiply by the scale first, then add the shift."
    diagnose(found, scale * normalised(features) + shift, known, otherwise)
    yield 1
    features[:, :, :, 0] = 3.0
    flat = array(call(answer, features, scale, shift), features.shape)[..., 0]
    message = "A channel that is the same everywhere becomes its shift."
    require(same(flat, np.full_like(flat, shift[0])), message)
    yield 1


@question(points=3)
def adain(rng: np.random.Generator, answer: Any) -> Steps:
    """The style's moments, in the content's places; then nothing of the style but its moments."""
    content, style = random_features(rng), random_features(rng)
    channels = min(content.shape[-1], style.shape[-1])
    content, style = content[..., :channels], np.repeat(style, 2, axis=1)[..., :channels]
    found = array(call(answer, content, style), content.shape)
    means = style.mean((1, 2), keepdims=True)
    deviations = np.sqrt(style.var((1, 2), keepdims=True))
    right = deviations * normalised(content) + means
    known = {
        "The result has the style's deviations, and not its means.": deviations * normalised(content),
        "The result has the style's means, and not its deviations.": normalised(content) + means,
        "You multiply by the style's variance; its deviation is the square root.": deviations**2
        * normalised(content)
        + means,
        "Nothing has changed: these are the features of the photograph.": content,
    }
    diagnose(found, right, known, "The result has not the style's mean and deviation in each channel.", 1e-3)
    yield 2
    shuffled = rng.permutation(style.reshape(-1, style.shape[-1])).reshape(style.shape)
    message = "The style's positions are shuffled, and your result changes: only its moments should count."
    require(same(array(call(answer, content, shuffled), content.shape), found), message)
    yield 1


def random_correlations(rng: np.random.Generator, n: int) -> np.ndarray:
    """The matrix C = mean of F_i F_j of normalised features: ones on its diagonal."""
    features = normalised(rng.normal(size=(1, 6, 7, n)) @ rng.normal(size=(n, n)), epsilon=0.0)
    flat = features.reshape(-1, n)
    return flat.T @ flat / len(flat)


@question(points=3)
def gram_after(rng: np.random.Generator, answer: Any) -> Steps:
    """Symmetric and right on the diagonal; then everywhere."""
    n = int(rng.integers(3, 6))
    correlations = random_correlations(rng, n)
    scale, shift = rng.uniform(0.5, 2.0, size=n), rng.normal(size=n)
    found = array(call(answer, correlations, scale, shift), (n, n))
    require(same(found, found.T), "The result is not symmetric, and a Gram matrix is.")
    right = np.outer(scale, scale) * correlations + np.outer(shift, shift)
    known = {
        "The diagonal lacks the squares of the shifts.": np.diag(right) - shift**2,
        "The diagonal has the scales; a Gram matrix multiplies features twice.": scale + shift**2,
        "The diagonal has the shifts; a Gram matrix multiplies features twice.": scale**2 + shift,
        "A mean of normalised features is zero, so no product of scale and shift is left.": (scale + shift)
        ** 2,
    }
    otherwise = "On the diagonal should stand the mean of the squares of each channel."
    diagnose(np.diag(found), np.diag(right), known, otherwise)
    yield 1
    known = {
        "The correlations are not used off the diagonal.": np.outer(scale, scale) * np.eye(n)
        + np.outer(shift, shift),
        "Off the diagonal the shifts count, too: each pair of channels has the product of its two.": np.outer(
            scale, scale
        )
        * correlations
        + np.diag(shift**2),
    }
    diagnose(found, right, known, "The diagonal is right, the other entries are not.")
    yield 2


@question(points=3)
def break_even(rng: np.random.Generator, answer: Any) -> Steps:
    """The least whole number; then where both cost the same; then where no number is enough."""
    training, one_pass, one_run = 100.0 * rng.uniform(0.9, 1.1), 2.0, 10.0 + rng.uniform()
    exact = training / (one_run - one_pass)
    right = math.floor(exact) + 1
    found = number(call(answer, training, one_pass, one_run))
    known = {
        "Each picture of the network costs its pass, too.": math.floor(training / one_run) + 1,
        "Give a whole number of pictures.": exact,
        "One picture too few: with so many the network is not cheaper yet.": right - 1,
        "One picture too many: one less is enough.": right + 1,
    }
    diagnose(
        found, right, known, "This is not the least number of pictures for which the network is cheaper."
    )
    yield 1
    tie = number(call(answer, 40.0, 2.0, 10.0))
    message = "Where both cost the same, the network is not cheaper yet: one more picture is needed."
    require(tie == 6, message)
    yield 1
    for one_pass in (3.0, 5.0):
        never = number(call(answer, 40.0, one_pass, 3.0))
        require(never == 0, "Where a pass costs as much as a run or more, no number is enough: return 0.")
    yield 1
