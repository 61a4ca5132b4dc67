"""Right values of exercise 05, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

import numpy as np

from nstlib.checks.ex05 import PLACES, VARIANCES, statistics

FLOOR = 1e-6


def gram(features: np.ndarray) -> np.ndarray:
    """G/M in float64."""
    flat = np.asarray(features, "float64").reshape(-1, features.shape[-1])
    return flat.T @ flat / len(flat)


# --- one number a layer -----------------------------------------------------------------------------


def relative_loss(features: np.ndarray, style: np.ndarray) -> float:
    """D of one layer."""
    g, a = gram(features), gram(style)
    return float(np.mean((g - a) ** 2) / (np.mean(a**2) + FLOOR))


def mistakes_of_relative_loss(features: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """Wrong divisions, and other means."""
    g, a, right = gram(features), gram(style), relative_loss(features, style)
    m, m2 = features[..., 0].size, style[..., 0].size

    def ratio(one: np.ndarray, target: np.ndarray) -> float:
        return float(np.mean((one - target) ** 2) / np.mean(target**2))

    image = "You compare with the energy of the image; the formula compares with that of the target."
    entries = "You divide the difference by the target entry by entry; the formula divides two means."
    one_size = "Both Gram matrices are divided by the positions of the same picture; each has its own."
    by_style = "Both Gram matrices are divided by the style's positions; each has its own."
    return {
        "Your Gram matrices are not divided by their numbers of positions.": ratio(g * m, a * m2),
        one_size: ratio(g, a * m2 / m),
        by_style: ratio(g * m / m2, a),
        image: ratio(a, g),
        "Absolute values instead of squares.": np.mean(np.abs(g - a)) / np.mean(np.abs(a)),
        "You took the square root; the formula has none.": np.sqrt(right),
        entries: np.mean(((g - a) / a) ** 2),
        "A factor 1/4 is left over from another formula.": right / 4,
        "The mean is taken above the line and the sum below it.": right / a.size,
        "The sum is taken above the line and the mean below it.": right * a.size,
    }


def mistakes_of_floor(features: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """Where the target is faint; those that give no number are left out."""
    g, a = gram(features), gram(style)
    squared, energy = np.mean((g - a) ** 2), np.mean(a**2)
    found = {
        "the larger of energy and floor is not their sum.": squared / max(energy, FLOOR),
        "you add the floor to a sum; the formula adds it to a mean.": squared / (energy + FLOOR / a.size),
        "the floor stands above the line, too.": (squared + FLOOR) / (energy + FLOOR),
    }
    return found | ({"the floor is missing.": squared / energy} if energy else {})


# --- mean and standard deviation --------------------------------------------------------------------


def squares(features: np.ndarray, style: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The squared differences of means and of deviations, channel by channel."""
    (mean, deviation), (mean2, deviation2) = statistics(features), statistics(style)
    return (mean - mean2) ** 2, (deviation - deviation2) ** 2


def statistics_loss(features: np.ndarray, style: np.ndarray) -> float:
    """E."""
    means, deviations = squares(features, style)
    return float(np.mean(means + deviations))


def losses_of_variances(features: np.ndarray, style: np.ndarray) -> list[float]:
    """What E becomes with variances in place of deviations: with and without the means, a mean or a sum."""
    means, _ = squares(features, style)
    variances = (features.var(axis=PLACES) - style.var(axis=PLACES)) ** 2
    return [float(add(parts)) for parts in (means + variances, variances) for add in (np.mean, np.sum)]


def mistakes_of_statistics_loss(features: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """Parts that are missing, and other averages."""
    means, deviations = squares(features, style)
    right, n = statistics_loss(features, style), features.shape[-1]
    unbiased = (features.std(axis=PLACES, ddof=1) - style.std(axis=PLACES, ddof=1)) ** 2
    together = (features.mean() - style.mean()) ** 2 + (features.std() - style.std()) ** 2
    return {
        "You add up the channels; the formula takes their mean.": right * n,
        "The means are there, the deviations are missing.": np.mean(means),
        "The deviations are there, the means are missing.": np.mean(deviations),
        "You average the two parts; the formula adds them.": right / 2,
        "You divide by M - 1 in the deviation; the formula divides by M.": np.mean(means + unbiased),
        "You use one mean and one deviation of all channels; each channel has its own.": together,
    }


# --- the gradient -----------------------------------------------------------------------------------


def gradient_of_means(features: np.ndarray, style: np.ndarray) -> np.ndarray:
    """The part of the gradient that comes from the means."""
    difference = features.mean(axis=PLACES) - style.mean(axis=PLACES)
    return np.broadcast_to(2 * difference / features.size, features.shape)


def gradient_of_deviations(features: np.ndarray, style: np.ndarray) -> np.ndarray:
    """The part of the gradient that comes from the deviations."""
    (mean, deviation), (_, deviation2) = statistics(features), statistics(style)
    return 2 * (deviation - deviation2) * (features - mean) / deviation / features.size


def statistics_gradient(features: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Of E, in the features."""
    return gradient_of_means(features, style) + gradient_of_deviations(features, style)


def mistakes_of_scale(features: np.ndarray, style: np.ndarray) -> dict[str, np.ndarray]:
    """Of the whole gradient: wrong signs, factors and divisions; or one part alone."""
    right, n, m = statistics_gradient(features, style), features.shape[-1], features[..., 0].size
    means, deviations = gradient_of_means(features, style), gradient_of_deviations(features, style)
    return {
        "Your gradient has the wrong sign: it points downhill.": -right,
        "Your gradient is half of the right one: what does the square give?": right / 2,
        "Your gradient is twice the right one.": 2 * right,
        "Your gradient is M times too large: how much does one feature move a mean of M?": right * m,
        "Your gradient is N times too large: E is a mean over the channels.": right * n,
        "Your gradient lacks the division by M and the one by N.": right * n * m,
        "The part of the means is right, the part of the deviations is missing.": means,
        "The part of the deviations is right, the part of the means is missing.": deviations,
        "The two parts have opposite signs.": means - deviations,
    }


def mistakes_of_deviations(features: np.ndarray, style: np.ndarray) -> dict[str, np.ndarray]:
    """Of the part of the deviations."""
    means, part = gradient_of_means(features, style), gradient_of_deviations(features, style)
    (mean, deviation), (_, deviation2) = statistics(features), statistics(style)
    variances = 4 * (deviation**2 - deviation2**2) * (features - mean) / features.size
    twice = "The deviation part is twice that of the variance: take the root into account."
    distance = "The deviation part should hold each feature's distance from its mean."
    return {
        VARIANCES: means + variances,
        f"{VARIANCES} And a factor 2 is missing.": means + variances / 2,
        "The deviation part is that of the variance: take the root into account.": means + part * deviation,
        twice: means + 2 * part * deviation,
        "The deviation part is twice the right one.": means + 2 * part,
        "The deviation part is half of the right one.": means + part / 2,
        "The deviation part should not be divided by the variance.": means + part / deviation,
        "The deviation part is divided by the style's deviation.": means + part * deviation / deviation2,
        distance: means + part / (features - mean) * features,
    }


# --- the missing square -----------------------------------------------------------------------------


def lowest_value(style: np.ndarray) -> float:
    """Of the printed formula: that of features which are all 0."""
    return float(-0.5 * np.sum(gram(style)))


def mistakes_of_lowest_value(style: np.ndarray) -> dict[str, float]:
    """Factors and divisions that are missing, and other sums."""
    right, positions, n = lowest_value(style), style[..., 0].size, style.shape[-1]
    lacking = "Your lowest value lacks the factor, and its Gram matrix the division by positions."
    diagonal = "You count the diagonal of the Gram matrix only; the sum runs over all pairs of channels."
    squared = "The printed formula has no square, so its lowest value has none either."
    return {
        "Your lowest value is 0, but your own preferred features go below it.": 0.0,
        "Your lowest value has the wrong sign: a value below 0 was asked for.": -right,
        "Your lowest value is twice the right one: the formula has a factor.": 2 * right,
        "Your Gram matrix is not divided by the number of positions.": right * positions,
        lacking: 2 * right * positions,
        diagonal: -0.5 * float(np.trace(gram(style))),
        "You take the mean of the entries; the formula adds them up.": right / n**2,
        squared: -0.5 * float(np.sum(gram(style) ** 2)),
        "The Gram matrix divided by channels, too: the formula divides by positions only.": right / n,
    }
