"""Checks of exercise 05, style reconstruction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, loops, number, question, require, same

PLACES = (0, 1, 2)  # the axes of features over which a channel's statistics are taken
FLOOR = 1e-6


def sizes(rng: np.random.Generator, count: int) -> list[int]:
    """Different sizes, so that no two can be confused."""
    return [int(k) for k in rng.permutation(np.arange(4, 12))[:count]]


def random_features(rng: np.random.Generator, height: int, width: int, channels: int) -> np.ndarray:
    """Features whose channels rise and fall together in part, each with a mean and a range of its own."""
    common = rng.normal(size=(1, height, width, 1))
    own = rng.normal(size=(1, height, width, channels))
    return (common + own) * rng.uniform(0.5, 1.5, size=channels) + rng.uniform(0.3, 1.5, size=channels)


def gram(features: np.ndarray) -> np.ndarray:
    """G/M in float64."""
    flat = np.asarray(features, "float64").reshape(-1, features.shape[-1])
    return flat.T @ flat / len(flat)


def named_numbers(value: Any, names: Iterable[str]) -> dict[str, float]:
    """Read a result as a dict from layer to number, with these layers and no others."""
    require(isinstance(value, Mapping), f"The result should be a dict, and it is a {type(value).__name__}.")
    wanted = list(names)
    for name in wanted:
        require(name in value, f"The layer {name!r} of the style picture is missing from your dict.")
    for name in value:
        require(name in wanted, f"Your dict has the layer {name!r}, which the style picture does not have.")
    return {name: number(value[name], f"Your number for {name}") for name in wanted}


@question(points=3)
def relative_losses(rng: np.random.Generator, answer: Any) -> Steps:
    """Names, zero at the target, no unit; the values for pictures of two sizes; targets that are flat."""
    h, w, n, h2, w2, n2 = sizes(rng, 6)
    style = {
        "block1_conv1": random_features(rng, h, w2, n),
        "block2_conv1": random_features(rng, w, h2, n2),
    }
    image = {
        "block2_conv1": random_features(rng, h2, h, n2),
        "block4_conv2": random_features(rng, w2, h2, h),
        "block1_conv1": random_features(rng, w, w2, n),
    }
    found = named_numbers(call(answer, image, style), style)
    for name, value in found.items():
        require(value > 0, f"For pictures that differ every D is above 0; {name} gives {value:.3g}.")
    for name, value in named_numbers(call(answer, style, style), style).items():
        require(abs(value) < 1e-9, f"For the style picture itself every D is 0; {name} gives {value:.3g}.")
    louder = [{name: 3 * maps for name, maps in maps_of.items()} for maps_of in (image, style)]
    for name, value in named_numbers(call(answer, *louder), style).items():
        require(
            same(value, found[name], 1e-3),
            "D has no unit: when all features of both pictures are three times as large, it stays the same.",
        )
    yield 1
    for name in style:
        check_relative(found[name], image[name], style[name])
    yield 1
    for strength, what in ((0.0, "A style picture whose features are all 0"), (0.03, "A very faint style")):
        faint = {"block1_conv1": strength * style["block1_conv1"]}
        given = {"block1_conv1": 0.01 * image["block1_conv1"]}
        try:
            value = named_numbers(call(answer, given, faint), faint)["block1_conv1"]
        except Mistake as mistake:
            raise Mistake(f"{what} gives no number: {mistake}") from None
        check_floor(value, gram(given["block1_conv1"]), gram(faint["block1_conv1"]), what)
    yield 1


def check_relative(found: float, features: np.ndarray, style: np.ndarray) -> None:
    """Compare one D with the formula and with its known mistakes."""
    g, a = gram(features), gram(style)
    m, m2 = features[..., 0].size, style[..., 0].size
    right = np.mean((g - a) ** 2) / (np.mean(a**2) + FLOOR)
    known = {
        "Your Gram matrices are not divided by their numbers of positions.": np.mean((g * m - a * m2) ** 2)
        / np.mean((a * m2) ** 2),
        "Both Gram matrices are divided by the positions of the same picture; each has its own.": np.mean(
            (g - a * m2 / m) ** 2
        )
        / np.mean((a * m2 / m) ** 2),
        "Both Gram matrices are divided by the style's positions; each has its own.": np.mean(
            (g * m / m2 - a) ** 2
        )
        / np.mean(a**2),
        "You compare with the energy of the image; the formula compares with that of the target.": np.mean(
            (g - a) ** 2
        )
        / np.mean(g**2),
        "Absolute values instead of squares.": np.mean(np.abs(g - a)) / np.mean(np.abs(a)),
        "You took the square root; the formula has none.": np.sqrt(right),
        "You divide the difference by the target entry by entry; the formula divides two means.": np.mean(
            ((g - a) / a) ** 2
        ),
        "A factor 1/4 is left over from another formula.": right / 4,
        "The mean is taken above the line and the sum below it.": right / a.size,
        "The sum is taken above the line and the mean below it.": right * a.size,
    }
    diagnose(found, right, known, f"For one layer D should be {right:.4g}; you have {found:.4g}.")


def check_floor(found: float, g: np.ndarray, a: np.ndarray, what: str) -> None:
    """The same where the floor matters."""
    squared, energy = np.mean((g - a) ** 2), np.mean(a**2)
    known = {
        f"{what}: the larger of energy and floor is not their sum.": squared / max(energy, FLOOR),
        f"{what}: you add the floor to a sum; the formula adds it to a mean.": np.sum((g - a) ** 2)
        / (np.sum(a**2) + FLOOR),
        f"{what}: the floor stands above the line, too.": (squared + FLOOR) / (energy + FLOOR),
        f"{what}: the floor is missing.": squared / energy if energy else np.inf,
    }
    known = {message: value for message, value in known.items() if np.isfinite(value)}
    right = squared / (energy + FLOOR)
    diagnose(
        found, right, known, f"{what}: D should be {right:.4g}; you have {found:.4g}. Look at the floor."
    )


def statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel."""
    return features.mean(axis=PLACES), features.std(axis=PLACES)


def statistics_between(features: np.ndarray, style: np.ndarray) -> float:
    """The loss of question 2."""
    (mean, deviation), (mean2, deviation2) = statistics(features), statistics(style)
    return float(np.mean((mean - mean2) ** 2 + (deviation - deviation2) ** 2))


VARIANCES = "You compare variances; a standard deviation is the square root of one."


@question(points=2)
def statistics_loss(rng: np.random.Generator, answer: Any) -> Steps:
    """Zero at the target, blind to places and to order, the right unit; then the value."""
    h, w, n, h2, w2 = sizes(rng, 5)
    features, style = random_features(rng, h, w, n), random_features(rng, h2, w2, n)
    require(abs(number(call(answer, style, style))) < 1e-9, "Between a picture and itself, E should be 0.")
    found = number(call(answer, features, style))
    require(found > 0, "E of two different pictures should be positive.")
    (mean, deviation), (mean2, deviation2) = statistics(features), statistics(style)
    means, deviations = (mean - mean2) ** 2, (deviation - deviation2) ** 2
    variances = (deviation**2 - deviation2**2) ** 2
    for wrong in (means + variances, variances):
        require(not any(same(found, add(wrong)) for add in (np.mean, np.sum)), VARIANCES)
    moved = features.copy()
    moved[..., 0] = moved[:, ::-1, ::-1, 0]
    require(
        same(number(call(answer, moved, style)), found),
        "Your E changes when the values of one channel trade places; mean and deviation do not.",
    )
    require(
        same(number(call(answer, -2 * features, -2 * style)), 4 * found),
        "With all features times -2, E should be four times as large: each part of it is a square.",
    )
    yield 1
    right = np.mean(means + deviations)
    m, m2 = h * w, h2 * w2
    unbiased = (deviation * np.sqrt(m / (m - 1)) - deviation2 * np.sqrt(m2 / (m2 - 1))) ** 2
    known = {
        "You add up the channels; the formula takes their mean.": right * n,
        "The means are there, the deviations are missing.": np.mean(means),
        "The deviations are there, the means are missing.": np.mean(deviations),
        "You average the two parts; the formula adds them.": right / 2,
        "You divide by M - 1 in the deviation; the formula divides by M.": np.mean(means + unbiased),
        "You use one mean and one deviation of all channels; each channel has its own.": (
            features.mean() - style.mean()
        )
        ** 2
        + (features.std() - style.std()) ** 2,
    }
    diagnose(found, right, known, f"E should be {right:.5g}; you have {found:.5g}.")
    require(not loops(answer), "The value is right; now without a loop: means and deviations take an axis.")
    yield 1


@question(points=2)
def fool_statistics(rng: np.random.Generator, answer: Any) -> Steps:
    """The statistics stay, the Gram matrix does not."""
    h, w, n = sizes(rng, 3)
    features = random_features(rng, h, w, n)
    found = array(call(answer, features), features.shape)
    require(not same(found, features), "You return the features as they were.")
    check_fooled(features, found)
    yield 1
    require(
        not same(gram(found), gram(features), 1e-2),
        "The means and deviations stay, and so does the Gram matrix: it should change by more than a "
        "hundredth. Did all channels move together?",
    )
    yield 1


def check_fooled(features: np.ndarray, found: np.ndarray) -> None:
    """Whether means and deviations are those of before."""
    for what, old, new in zip(
        ("mean", "standard deviation"), statistics(features), statistics(found), strict=True
    ):
        ordered = same(np.sort(old), np.sort(new), 1e-6) and not same(new, old, 1e-6)
        require(not ordered, f"The {what} of one channel is now that of another: did channels change places?")
        require(same(new, old, 1e-6), f"The {what} of a channel has changed; it should stay as it was.")


@question(points=4)
def statistics_gradient(rng: np.random.Generator, answer: Any) -> Steps:
    """Shape, zero at the target; then the slopes."""
    h, w, n, h2, w2 = sizes(rng, 5)
    features, style = random_features(rng, h, w, n), random_features(rng, h2, w2, n)
    found = array(call(answer, features, style), features.shape)
    require(np.abs(found).max() > 0, "Your gradient is 0 everywhere, although the two pictures differ.")
    at_target = array(call(answer, features, features[:, ::-1].copy()), features.shape)
    require(
        np.abs(at_target).max() < 1e-9,
        "Where means and deviations agree, E is 0 and cannot fall, so its gradient should be 0.",
    )
    yield 1
    (mean, deviation), (mean2, deviation2) = statistics(features), statistics(style)
    centred, m = features - mean, h * w
    of_means = np.broadcast_to(2 * (mean - mean2) / (n * m), features.shape)
    of_deviations = 2 * (deviation - deviation2) * centred / deviation / (n * m)
    right = of_means + of_deviations
    of_variances = 4 * (deviation**2 - deviation2**2) * centred / (n * m)
    known = {
        VARIANCES: of_means + of_variances,
        f"{VARIANCES} And a factor 2 is missing.": of_means + of_variances / 2,
        "Your gradient has the wrong sign: it points downhill.": -right,
        "Your gradient is half of the right one: what does the square give?": right / 2,
        "Your gradient is twice the right one.": 2 * right,
        "Your gradient is M times too large: how much does one feature move a mean of M?": right * m,
        "Your gradient is N times too large: E is a mean over the channels.": right * n,
        "Your gradient lacks the division by M and the one by N.": right * n * m,
        "The part of the means is right, the part of the deviations is missing.": of_means,
        "The part of the deviations is right, the part of the means is missing.": of_deviations,
        "The deviation part is that of the variance: take the root into account.": of_means
        + of_deviations * deviation,
        "The deviation part is twice that of the variance: take the root into account.": of_means
        + 2 * of_deviations * deviation,
        "The deviation part is twice the right one.": of_means + 2 * of_deviations,
        "The deviation part is half of the right one.": of_means + of_deviations / 2,
        "The deviation part should not be divided by the variance.": of_means + of_deviations / deviation,
        "The deviation part is divided by the style's deviation.": of_means
        + of_deviations * deviation / deviation2,
        "The deviation part should hold each feature's distance from its mean.": of_means
        + of_deviations / centred * features,
        "The two parts have opposite signs.": of_means - of_deviations,
    }
    place = tuple(int(rng.integers(side)) for side in features.shape)
    diagnose(
        found,
        right,
        known,
        f"At feature {place} the loss has the slope {right[place]:.4g}; "
        f"your gradient says {found[place]:.4g}.",
    )
    yield 3


def printed_loss(features: np.ndarray, style: np.ndarray) -> float:
    """The formula of question 5, without the square."""
    return float(0.5 * np.sum(gram(features) - gram(style)))


def random_rectified(rng: np.random.Generator, height: int, width: int, channels: int) -> np.ndarray:
    """Features that come out of a ReLU."""
    return np.maximum(random_features(rng, height, width, channels), 0)


@question(points=3)
def no_square(rng: np.random.Generator, preferred: Any, lowest_value: Any) -> Steps:
    """Features below the style's own value, and the bound that none can pass."""
    h, w, n = sizes(rng, 3)
    style = random_rectified(rng, h, w, n)
    check_preferred(style, array(call(preferred, style), style.shape, "The result of `preferred`"))
    yield 2
    flat = style.reshape(-1, n)
    total = float(np.sum(gram(style)))
    right = -0.5 * total
    known = {
        "Your lowest value is 0, but your own preferred features go below it.": 0.0,
        "Your lowest value has the wrong sign: a value below 0 was asked for.": -right,
        "Your lowest value is twice the right one: the formula has a factor.": 2 * right,
        "Your Gram matrix is not divided by the number of positions.": right * len(flat),
        "Your lowest value lacks the factor, and its Gram matrix the division by positions.": 2
        * right
        * len(flat),
        "You count the diagonal of the Gram matrix only; the sum runs over all pairs of channels.": -0.5
        * float(np.trace(gram(style))),
        "You take the mean of the entries; the formula adds them up.": right / n**2,
        "The printed formula has no square, so its lowest value has none either.": -0.5
        * float(np.sum(gram(style) ** 2)),
        "The Gram matrix divided by channels, too: the formula divides by positions only.": right / n,
    }
    found = number(call(lowest_value, style), "The result of `lowest_value`")
    message = "Higher than what some features reach." if found > right else "No features get as low as this."
    diagnose(found, right, known, f"{message} You say {found:.4g}.")
    yield 1


def check_preferred(style: np.ndarray, found: np.ndarray) -> None:
    """Whether the printed formula likes features better than the style's own."""
    require(
        found.min() >= -1e-9,
        "`preferred` returns negative features; what comes out of a ReLU is not negative.",
    )
    require(
        not same(gram(found), gram(style)),
        "`preferred` returns features with the Gram matrix of the style: the formula gives 0 for them.",
    )
    value = printed_loss(found, style)
    require(
        value < 0,
        f"For what `preferred` returns, the printed formula gives {value:.4g}, which is not below 0.",
    )


def random_runs(
    rng: np.random.Generator, changing: int, staying: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two runs that differ in some of their settings."""
    choices: dict[str, list[Any]] = {
        "style_size": [96, 144, 216, 324],
        "iterations": [20, 50, 100, 400],
        "deepest_block": [1, 2, 3, 4, 5],
        "seed": [0, 1, 2, 3],
        "variation_weight": [0.0, 0.03, 0.1, 1.0],
        "optimizer": ["lbfgs", "adam", "scipy"],
        "pooling": ["average", "max"],
    }
    names = [str(name) for name in rng.permutation(sorted(choices))[: changing + staying]]
    first, last = {}, {}
    for k, name in enumerate(names):
        one, other = (choices[name][int(i)] for i in rng.permutation(len(choices[name]))[:2])
        first[name], last[name] = one, other if k < changing else one
    order = [str(name) for name in rng.permutation(names)]
    return {name: first[name] for name in order}, {name: last[name] for name in order}


def check_plan(first: dict[str, Any], last: dict[str, Any], value: Any) -> None:
    """Whether a plan goes from the first run to the last, one setting at a time."""
    require(
        isinstance(value, (list, tuple)) and all(isinstance(run, Mapping) for run in value) and len(value),
        "Return a list of runs, each of them a dict.",
    )
    for k, run in enumerate(value):
        require(set(run) == set(first), f"Run {k} of your list does not have the settings of the given runs.")
        for name, setting in run.items():
            require(
                isinstance(setting, (int, float, str)), f"In run {k}, {name} is neither a number nor a text."
            )
    differing = [name for name in first if first[name] != last[name]]
    require(
        len(value) < 2 or not differing or any(dict(run) != dict(value[0]) for run in value),
        "All runs of your list are the same. Is it one dict that you change and put into the list each time?",
    )
    require(dict(value[0]) == first, "Your list does not begin with the first run.")
    require(dict(value[-1]) == last, "Your list does not end with the last run.")


@question(points=3)
def stepwise(rng: np.random.Generator, answer: Any) -> Steps:
    """From the first run to the last; one change a step; no detours."""
    first, last = random_runs(rng, 4, 2)
    kept = dict(first), dict(last)
    value = call(answer, first, last)
    require((first, last) == kept, "Your function changes a dict that it is given.")
    check_plan(first, last, value)
    if len(value) == 2:  # nothing but the two runs that were given
        check_steps(value)
    yield 1
    check_steps(value)
    yield 1
    require(
        len(value) == 5,
        f"Four settings differ, so four steps are enough; your plan has {len(value) - 1}.",
    )
    for k, run in enumerate(value):
        for name in run:
            require(
                run[name] in (first[name], last[name]),
                f"In run {k}, {name} has a value that neither of the given runs has.",
            )
    yield 1


def check_steps(value: Any) -> None:
    """Whether exactly one setting changes at each step of a plan."""
    for k, (before, after) in enumerate(zip(value, value[1:], strict=False)):
        changed = [name for name in before if before[name] != after[name]]
        require(changed, f"Nothing changes from run {k} to run {k + 1} of your list.")
        require(
            len(changed) == 1,
            f"From run {k} to run {k + 1} of your list, {' and '.join(changed)} change together.",
        )
