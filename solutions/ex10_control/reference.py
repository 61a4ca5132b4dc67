"""Right values of exercise 10, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

import numpy as np

LUMA = np.array([0.299, 0.587, 0.114])


def rows(features: np.ndarray) -> np.ndarray:
    """A row for each position, a column for each channel."""
    return features.reshape(-1, features.shape[-1])


def guided_gram(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The guided Gram matrix, divided by the sum of the weights."""
    flat, w = rows(features), weights.reshape(-1, 1)
    return np.asarray(flat.T @ (w * flat) / w.sum())


def mistakes_of_guided_gram(features: np.ndarray, w: np.ndarray) -> dict[str, np.ndarray]:
    """Of the entries."""
    right, squared = guided_gram(features, w), guided_gram(features, w**2)
    message = "A position of weight w counts as w squared: a Gram matrix multiplies features twice."
    return {
        message: squared * (w**2).sum() / w.sum(),
        "You divide by all positions, the formula by the sum of the weights.": right * w.mean(),
        "The division by the sum of the weights is missing.": right * w.sum(),
        "Your matrix counts each position inside alike, but the mask is soft.": guided_gram(features, w > 0),
    }


def lightness(picture: np.ndarray) -> np.ndarray:
    """Shape (1, H, W, 1)."""
    return np.asarray((picture @ LUMA)[..., None])


def keep_colors(photo: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """The lightness of the painted picture in the colours of the photograph."""
    return np.clip(photo - lightness(photo) + lightness(painted), 0, 1)


def mistakes_of_keep_colors(photo: np.ndarray, painted: np.ndarray) -> dict[str, np.ndarray]:
    """For moderate colours."""
    grey = np.repeat(lightness(painted), 3, -1)
    plain = photo - photo.mean(-1, keepdims=True) + painted.mean(-1, keepdims=True)
    exchanged = "The two pictures are exchanged: the lightness comes from the painted one."
    return {
        exchanged: painted - lightness(painted) + lightness(photo),
        "Lightness is no plain mean: green counts most, blue least.": plain,
        "This is the lightness alone, a grey picture.": grey,
        "Nothing has changed: that is the photograph.": photo,
        "Nothing has changed: that is the painted picture.": painted,
    }


def target(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """The T of `one_target`."""
    return share * first + (1 - share) * second


def mistakes_of_target(first: np.ndarray, second: np.ndarray, share: float) -> dict[str, np.ndarray]:
    """Of T."""
    return {
        "The share belongs to the first matrix; you gave it to the second.": target(second, first, share),
        "The plain mean forgets the share.": (first + second) / 2,
    }


def rest(first: np.ndarray, second: np.ndarray, share: float) -> float:
    """The c of `one_target`."""
    return float(share * (1 - share) * np.square(first - second).sum())


def mistakes_of_rest(first: np.ndarray, second: np.ndarray, share: float) -> dict[str, float]:
    """Of c."""
    apart = float(np.square(first - second).sum())
    return {
        "c is not zero: no matrix is equal to two different ones.": 0.0,
        "c depends on both weights, that of the second style too.": share * apart,
        "That is the distance of the two matrices; how much of it is left at T?": apart,
    }


def mean(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The means of the channels in a region."""
    return np.asarray((weights.reshape(-1, 1) / weights.sum() * rows(features)).sum(0))


def mistakes_of_mean(features: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Of the means."""
    right = mean(features, weights)
    return {
        "Your means are those of the whole picture; the mask is not used.": rows(features).mean(0),
        "You divide by all positions, not by the sum of the weights.": right * weights.mean(),
    }


def variance(features: np.ndarray, weights: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The weighted mean of the squared distances from a centre."""
    return mean((features - centre) ** 2, weights)


def deviation(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The standard deviations of the channels in a region."""
    return np.sqrt(variance(features, weights, mean(features, weights)))


def mistakes_of_deviation(features: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Of the deviations."""
    flat = rows(features)
    elsewhere = variance(features, weights, flat.mean(0))
    return {
        "That is the variance; its square root is asked for.": deviation(features, weights) ** 2,
        "Your deviations are those of the whole picture.": flat.std(0),
        "You subtract the mean of the whole picture, not that of the region.": np.sqrt(elsewhere),
        "You did not subtract the mean.": np.sqrt(variance(features, weights, np.zeros(flat.shape[1]))),
    }
