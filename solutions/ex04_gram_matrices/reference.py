"""Right values of exercise 04, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

import numpy as np


def rows(features: np.ndarray) -> np.ndarray:
    """A row for each position, a column for each channel."""
    return features.reshape(-1, features.shape[-1])


def gram(features: np.ndarray) -> np.ndarray:
    """G/M in float64."""
    flat = rows(features)
    return flat.T @ flat / len(flat)


def mistakes_of_gram(features: np.ndarray) -> dict[str, np.ndarray]:
    """Wrong divisions, and the covariance."""
    right, positions, n = gram(features), len(rows(features)), features.shape[-1]
    return {
        "Your entries grow with the size of the picture: one division is missing.": right * positions,
        "You divide by the number of channels; look at the formula again.": right * positions / n,
        "You divide by positions and channels; the formula divides by one of them.": right / n,
        "You subtract the mean of each channel: that is the covariance, the formula does not.": covariance(
            features
        ),
    }


def outer(features: np.ndarray) -> np.ndarray:
    """The means of the channels, times each other."""
    mean = rows(features).mean(0)
    return np.outer(mean, mean)


def covariance(features: np.ndarray) -> np.ndarray:
    """Of the channels, as a mean over all positions."""
    return gram(features) - outer(features)


def mistakes_of_covariance(features: np.ndarray) -> dict[str, np.ndarray]:
    """A sample's division, and what is not centred."""
    right, m = covariance(features), len(rows(features))
    return {
        "Your covariance divides by M - 1, as for samples; here the mean is over M.": right * m / (m - 1),
        "Your covariance is not centred: subtract the mean of each channel first.": gram(features),
        "Your covariance subtracts one mean of all; each channel has its own.": gram(
            features - features.mean()
        ),
        "Your covariance is not divided by M.": right * m,
    }


def style_loss(features: np.ndarray, style: np.ndarray) -> float:
    """The equation, each Gram matrix with its own number of positions."""
    n = features.shape[-1]
    return float(np.sum((gram(features) - gram(style)) ** 2) / (4 * n**2))


def mistakes_of_style_loss(features: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """Missing factors, for two pictures of one size."""
    n, positions = features.shape[-1], len(rows(features))
    difference = gram(features) - gram(style)
    right = np.sum(difference**2) / (4 * n**2)
    return {
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


def style_gradient(features: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Of `style_loss`, in the features."""
    n, positions = features.shape[-1], len(rows(features))
    flat = rows(features) @ (gram(features) - gram(style)) / (n**2 * positions)
    return flat.reshape(features.shape)


def mistakes_of_style_gradient(features: np.ndarray, style: np.ndarray) -> dict[str, np.ndarray]:
    """Wrong signs and factors."""
    right, n, positions = style_gradient(features, style), features.shape[-1], len(rows(features))
    return {
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


def correction(n: int, h: int, w: int, height: int, width: int) -> float:
    """The paper's loss over the published one."""
    return (3 * height * width / (n * h * w)) ** 2


def mistakes_of_correction(n: int, h: int, w: int, height: int, width: int) -> dict[str, float]:
    """Half corrections, and squares that were forgotten."""
    return {
        "Upside down: you return the published value over the paper's.": 1
        / correction(n, h, w, height, width),
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
