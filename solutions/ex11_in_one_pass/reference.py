"""Right values of exercise 11, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

import math

import numpy as np

EPSILON = 1e-5  # added to a variance, as the exercise says
PLACES = (1, 2)  # the axes of height and width


def normalised(features: np.ndarray, axes: tuple[int, ...] = PLACES) -> np.ndarray:
    """Mean 0 and variance 1 over some axes."""
    centred = features - features.mean(axes, keepdims=True)
    return np.asarray(centred / np.sqrt(features.var(axes, keepdims=True) + EPSILON))


def instance_norm(features: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Each channel of each picture normalised by itself, then scaled and shifted."""
    return scale * normalised(features) + shift


def mistakes_of_moments(features: np.ndarray) -> dict[str, np.ndarray]:
    """Of `instance_norm` with scale 1 and shift 0."""
    centred = features - features.mean(PLACES, keepdims=True)
    variance = features.var(PLACES, keepdims=True) + EPSILON
    batch = "Your moments are taken over both pictures: that is batch normalisation."
    return {
        batch: normalised(features, (0, 1, 2)),
        "Your moments are taken over the channels; each channel has its own.": normalised(
            features, (1, 2, 3)
        ),
        "Each position is normalised by itself, over its channels.": normalised(features, (3,)),
        "You divide by the variance; its square root is asked for.": centred / variance,
        "The mean is not subtracted.": features / np.sqrt(variance),
    }


def mistakes_of_instance_norm(
    features: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> dict[str, np.ndarray]:
    """Of scale and shift."""
    return {
        "The shift is added before the scale is multiplied.": scale * (normalised(features) + shift),
        "Scale and shift are not used.": normalised(features),
    }


def adain(content: np.ndarray, style: np.ndarray) -> np.ndarray:
    """The content's features with the style's mean and deviation in each channel."""
    return np.asarray(
        style.std(PLACES, keepdims=True) * normalised(content) + style.mean(PLACES, keepdims=True)
    )


def mistakes_of_adain(content: np.ndarray, style: np.ndarray) -> dict[str, np.ndarray]:
    """Of its values."""
    plain = normalised(content)
    mean, variance = style.mean(PLACES, keepdims=True), style.var(PLACES, keepdims=True)
    squared = "You multiply by the style's variance; its deviation is the square root."
    return {
        "The result has the style's deviations, and not its means.": np.sqrt(variance) * plain,
        "The result has the style's means, and not its deviations.": plain + mean,
        squared: variance * plain + mean,
        "Nothing has changed: these are the features of the photograph.": content,
    }


def gram_after(correlations: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """The Gram matrix behind scale and shift."""
    return np.outer(scale, scale) * correlations + np.outer(shift, shift)


def mistakes_of_diagonal(scale: np.ndarray, shift: np.ndarray) -> dict[str, np.ndarray]:
    """Of the diagonal, where the correlations are 1."""
    mixed = "A mean of normalised features is zero, so no product of scale and shift is left."
    return {
        "The diagonal lacks the squares of the shifts.": scale**2,
        "The diagonal has the scales; a Gram matrix multiplies features twice.": scale + shift**2,
        "The diagonal has the shifts; a Gram matrix multiplies features twice.": scale**2 + shift,
        mixed: (scale + shift) ** 2,
    }


def mistakes_of_gram_after(
    correlations: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> dict[str, np.ndarray]:
    """Off the diagonal."""
    pairs = "Off the diagonal the shifts count, too: each pair of channels has the product of its two."
    return {
        "The correlations are not used off the diagonal.": gram_after(np.eye(len(scale)), scale, shift),
        pairs: np.outer(scale, scale) * correlations + np.diag(shift**2),
    }


def break_even(training: float, one_pass: float, one_run: float) -> int:
    """The least number of pictures for which the network is cheaper, where there is one."""
    return math.floor(training / (one_run - one_pass)) + 1


def mistakes_of_break_even(training: float, one_pass: float, one_run: float) -> dict[str, float]:
    """Of that number."""
    right = break_even(training, one_pass, one_run)
    return {
        "Each picture of the network costs its pass, too.": break_even(training, 0.0, one_run),
        "Give a whole number of pictures.": training / (one_run - one_pass),
        "One picture too few: with so many the network is not cheaper yet.": right - 1,
        "One picture too many: one less is enough.": right + 1,
    }
