"""Checks of exercise 11, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, number, question, require, same


def random_features(rng: np.random.Generator, count: int = 1) -> np.ndarray:
    """Features (count, H, W, N) whose sizes differ; each picture and channel has moments of its own."""
    height, width, channels = (int(k) for k in rng.permutation(np.arange(4, 8))[:3])
    scale = rng.uniform(0.5, 3.0, size=(count, 1, 1, channels))
    return rng.normal(size=(count, height, width, channels)) * scale + 2.0 * rng.normal(size=scale.shape)


@question(points=3)
def instance_norm(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The moments of each picture alone; then scale and shift; then a channel that is flat."""
    features = random_features(rng, count=2)
    n = features.shape[-1]
    plain = (features, np.ones(n), np.zeros(n))
    found = array(call(answer, *plain), features.shape)
    otherwise = "With scale 1 and shift 0, each channel of each picture should have mean 0 and deviation 1."
    diagnose(found, right.instance_norm(*plain), right.mistakes_of_moments(features), otherwise)
    yield 1
    scale, shift = rng.uniform(0.5, 2.0, n), np.asarray(rng.normal(size=n))
    given = (features, scale, shift)
    found = array(call(answer, *given), features.shape)
    otherwise = "Right for scale 1 and shift 0; multiply by the scale first, then add the shift."
    diagnose(found, right.instance_norm(*given), right.mistakes_of_instance_norm(*given), otherwise)
    yield 1
    features[:, :, :, 0] = 3.0
    flat = array(call(answer, features, scale, shift), features.shape)[..., 0]
    message = "A channel that is the same everywhere becomes its shift."
    require(same(flat, np.full_like(flat, shift[0])), message)
    yield 1


@question(points=3)
def adain(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The style's moments, in the content's places; then nothing of the style but its moments."""
    content, style = random_features(rng), random_features(rng)
    channels = min(content.shape[-1], style.shape[-1])
    content, style = content[..., :channels], np.repeat(style, 2, axis=1)[..., :channels]
    found = array(call(answer, content, style), content.shape)
    known = right.mistakes_of_adain(content, style)
    otherwise = "The result has not the style's mean and deviation in each channel."
    diagnose(found, right.adain(content, style), known, otherwise, 1e-3)
    yield 2
    shuffled = rng.permutation(style.reshape(-1, style.shape[-1])).reshape(style.shape)
    message = "The style's positions are shuffled, and your result changes: only its moments should count."
    require(same(array(call(answer, content, shuffled), content.shape), found), message)
    yield 1


@question(points=3)
def gram_after(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Symmetric and right on the diagonal; then everywhere."""
    n = int(rng.integers(3, 6))
    correlations = np.corrcoef(rng.normal(size=(n, n)) @ rng.normal(size=(n, 42)))  # of n channels, 1 to 1
    scale, shift = rng.uniform(0.5, 2.0, size=n), rng.normal(size=n)
    found = array(call(answer, correlations, scale, shift), (n, n))
    require(same(found, found.T), "The result is not symmetric, and a Gram matrix is.")
    whole = right.gram_after(correlations, scale, shift)
    known = right.mistakes_of_diagonal(scale, shift)
    otherwise = "On the diagonal should stand the mean of the squares of each channel."
    diagnose(np.diag(found), np.diag(whole), known, otherwise)
    yield 1
    known = right.mistakes_of_gram_after(correlations, scale, shift)
    diagnose(found, whole, known, "The diagonal is right, the other entries are not.")
    yield 2


@question(points=3)
def break_even(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The least whole number; then where both cost the same; then where no number is enough."""
    costs = 100.0 * float(rng.uniform(0.9, 1.1)), 2.0, 10.0 + float(rng.uniform())
    found = number(call(answer, *costs))
    otherwise = "This is not the least number of pictures for which the network is cheaper."
    diagnose(found, right.break_even(*costs), right.mistakes_of_break_even(*costs), otherwise)
    yield 1
    tie = number(call(answer, 40.0, 2.0, 10.0))
    message = "Where both cost the same, the network is not cheaper yet: one more picture is needed."
    require(tie == 6, message)
    yield 1
    for one_pass in (3.0, 5.0):
        never = number(call(answer, 40.0, one_pass, 3.0))
        require(never == 0, "Where a pass costs as much as a run or more, no number is enough: return 0.")
    yield 1
