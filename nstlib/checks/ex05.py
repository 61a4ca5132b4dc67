"""Checks of exercise 05, style reconstruction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same

PLACES = (0, 1, 2)  # the axes of features over which a channel's statistics are taken


def sizes(rng: np.random.Generator, count: int) -> list[int]:
    """Different sizes, so that no two can be confused."""
    return [int(k) for k in rng.permutation(np.arange(4, 12))[:count]]


def random_features(rng: np.random.Generator, height: int, width: int, channels: int) -> np.ndarray:
    """Features whose channels rise and fall together in part, each with a mean and a range of its own."""
    common = rng.normal(size=(1, height, width, 1))
    own = rng.normal(size=(1, height, width, channels))
    return (common + own) * rng.uniform(0.5, 1.5, size=channels) + rng.uniform(0.3, 1.5, size=channels)


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
def relative_losses(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
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
        maps = image[name], style[name]
        best, known = right.relative_loss(*maps), right.mistakes_of_relative_loss(*maps)
        otherwise = f"For one layer D should be {best:.4g}; you have {found[name]:.4g}."
        diagnose(found[name], best, known, otherwise)
    yield 1
    for strength, what in ((0.0, "A style picture whose features are all 0"), (0.03, "A very faint style")):
        faint = {"block1_conv1": strength * style["block1_conv1"]}
        given = {"block1_conv1": 0.01 * image["block1_conv1"]}
        try:
            value = named_numbers(call(answer, given, faint), faint)["block1_conv1"]
        except Mistake as mistake:
            raise Mistake(f"{what} gives no number: {mistake}") from None
        best = right.relative_loss(given["block1_conv1"], faint["block1_conv1"])
        known = right.mistakes_of_floor(given["block1_conv1"], faint["block1_conv1"])
        known = {f"{what}: {message}": wrong for message, wrong in known.items()}
        otherwise = f"{what}: D should be {best:.4g}; you have {value:.4g}. Look at the floor."
        diagnose(value, best, known, otherwise)
    yield 1


def statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel."""
    return features.mean(axis=PLACES), features.std(axis=PLACES)


VARIANCES = "You compare variances; a standard deviation is the square root of one."


@question(points=2)
def statistics_loss(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Zero at the target, blind to places and to order, the right unit; then the value."""
    h, w, n, h2, w2 = sizes(rng, 5)
    features, style = random_features(rng, h, w, n), random_features(rng, h2, w2, n)
    require(abs(number(call(answer, style, style))) < 1e-9, "Between a picture and itself, E should be 0.")
    found = number(call(answer, features, style))
    require(found > 0, "E of two different pictures should be positive.")
    wrong = right.losses_of_variances(features, style)
    require(not any(same(found, each) for each in wrong), VARIANCES)
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
    best, known = right.statistics_loss(features, style), right.mistakes_of_statistics_loss(features, style)
    diagnose(found, best, known, f"E should be {best:.5g}; you have {found:.5g}.")
    yield 1


@question(points=2)
def fool_statistics(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The statistics stay, the Gram matrix does not."""
    h, w, n = sizes(rng, 3)
    features = random_features(rng, h, w, n)
    found = array(call(answer, features), features.shape)
    require(not same(found, features), "You return the features as they were.")
    check_fooled(features, found)
    yield 1
    require(
        gram_changes(features, found),
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


def gram_changes(features: np.ndarray, found: np.ndarray) -> bool:
    """Whether an entry of G/M changes by more than a hundredth of the largest, where the means stay.

    It then changes as the covariance does, and its largest entry is the mean square of a channel.
    """
    old, new = (np.cov(x.reshape(-1, x.shape[-1]).T, bias=True) for x in (features, found))
    return bool(np.abs(new - old).max() > 0.01 * np.mean(features**2, axis=PLACES).max())


@question(points=4)
def statistics_gradient(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
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
    slopes = right.statistics_gradient(features, style)
    known = right.mistakes_of_deviations(features, style) | right.mistakes_of_scale(features, style)
    place = tuple(int(rng.integers(side)) for side in features.shape)
    otherwise = (
        f"At feature {place} the loss has the slope {slopes[place]:.4g}; "
        f"your gradient says {found[place]:.4g}."
    )
    diagnose(found, slopes, known, otherwise)
    yield 3


def random_rectified(rng: np.random.Generator, height: int, width: int, channels: int) -> np.ndarray:
    """Features that come out of a ReLU."""
    return np.maximum(random_features(rng, height, width, channels), 0)


@question(points=3)
def no_square(rng: np.random.Generator, right: Any, preferred: Any, lowest_value: Any) -> Steps:
    """Features below the style's own value, and the bound that none can pass."""
    h, w, n = sizes(rng, 3)
    style = random_rectified(rng, h, w, n)
    lowest = right.lowest_value(style)
    found = array(call(preferred, style), style.shape, "The result of `preferred`")
    check_preferred(style, lowest, found)
    yield 2
    said = number(call(lowest_value, style), "The result of `lowest_value`")
    message = "Higher than what some features reach." if said > lowest else "No features get as low as this."
    diagnose(said, lowest, right.mistakes_of_lowest_value(style), f"{message} You say {said:.4g}.")
    yield 1


def check_preferred(style: np.ndarray, lowest: float, found: np.ndarray) -> None:
    """Whether the printed formula likes features better than the style's own.

    Args:
        style: features of the style.
        lowest: the formula's lowest value for it.
        found: the features to judge.
    """
    require(
        found.min() >= -1e-9,
        "`preferred` returns negative features; what comes out of a ReLU is not negative.",
    )
    # The entries of a Gram matrix add up to the mean square of what a position answers in all its channels.
    loudness = [np.mean(x.sum(-1) ** 2) for x in (found, style)]
    require(
        not same(*loudness),
        "The printed formula gives 0 for what `preferred` returns, as it does for the style's own features.",
    )
    value = lowest * (1 - loudness[0] / loudness[1])
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
def stepwise(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
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
