"""Hidden tests of exercise 05: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nstlib.checks.ex05 import (
    check_fooled,
    check_plan,
    check_preferred,
    check_steps,
    gram_changes,
    named_numbers,
    random_rectified,
    random_runs,
)
from nstlib.checks.framework import array, call, number, require, same
from nstlib.course.exercises import load_module

right = load_module(Path(__file__).with_name("reference.py"))


def relative_losses(rng: np.random.Generator, answer: Any) -> None:
    """A value worked out by hand: one channel, 3 against 1; float32 features; a single position."""
    given, style = {"a": np.full((1, 2, 5, 1), 3.0)}, {"a": np.full((1, 4, 3, 1), 1.0)}
    found = named_numbers(call(answer, given, style), style)["a"]
    require(same(found, 64.0), "One channel that is 3 everywhere against 1 everywhere gives 64.")
    large = {"a": rng.normal(1, 1, size=(1, 30, 20, 12)).astype("float32")}
    small = {"a": rng.normal(1, 1, size=(1, 1, 1, 12)).astype("float32")}
    found = named_numbers(call(answer, large, small), small)["a"]
    best = right.relative_loss(large["a"], small["a"])
    require(same(found, best, 1e-3), "It fails for float32 features, or for a style of a single position.")


def statistics_loss(rng: np.random.Generator, answer: Any) -> None:
    """Constant channels, and a value worked out by hand."""
    features = np.array([1.0, 3.0]).reshape(1, 1, 2, 1)
    found = number(call(answer, features, np.full((1, 3, 1, 1), 5.0)))
    require(same(found, 10.0), "The values 1 and 3 against 5 everywhere give 9 + 1 = 10.")
    single = rng.normal(size=(2, 1, 9, 8, 5)).astype("float32")
    best = right.statistics_loss(*single.astype("float64"))
    require(same(number(call(answer, *single)), best, 1e-3), "It fails for float32 features.")


def fool_statistics(rng: np.random.Generator, answer: Any) -> None:
    """Two channels that are the same; a large layer."""
    one = rng.normal(1.0, 1.0, size=(1, 7, 9, 1))
    for features in (np.concatenate([one, one], -1), one + rng.normal(0.0, 0.3, size=(1, 7, 9, 24))):
        found = array(call(answer, features), features.shape)
        check_fooled(features, found)
        require(gram_changes(features, found), "For some features, the Gram matrix stays the same.")


def statistics_gradient(rng: np.random.Generator, answer: Any) -> None:
    """A small step against the gradient makes the loss smaller by step times squared length."""
    features, style = rng.normal(1.0, 2.0, size=(1, 6, 5, 9)), rng.normal(size=(1, 4, 8, 9))
    found, step = array(call(answer, features, style), features.shape), 1e-4
    before, after = (right.statistics_loss(x, style) for x in (features, features - step * found))
    require(
        same((before - after) / step, np.sum(found**2), 1e-2),
        "A small step against the gradient does not lower the loss as it should.",
    )
    one = array(
        call(answer, np.array([1.0, 3.0]).reshape(1, 1, 2, 1), np.full((1, 2, 2, 1), 2.0)), (1, 1, 2, 1)
    )
    require(
        same(one.ravel(), [-1.0, 1.0]), "The features 1 and 3 against 2 everywhere have the slopes -1 and 1."
    )


def no_square(rng: np.random.Generator, preferred: Any, lowest_value: Any) -> None:
    """A faint style, and one of a single position."""
    for style in (0.01 * random_rectified(rng, 5, 4, 7), np.array([3.0, 1.0]).reshape(1, 1, 1, 2)):
        found = array(call(preferred, style), style.shape, "The result of `preferred`")
        check_preferred(style, right.lowest_value(style), found)
        lowest = number(call(lowest_value, style), "The result of `lowest_value`")
        message = "`lowest_value` fails for a faint style, or a single position."
        require(same(lowest, right.lowest_value(style)), message)


def stepwise(rng: np.random.Generator, answer: Any) -> None:
    """Equal runs, one difference, and seven."""
    for changing, staying in ((0, 3), (1, 2), (7, 0)):
        first, last = random_runs(rng, changing, staying)
        value = call(answer, first, last)
        check_plan(first, last, value)
        check_steps(value)
        require(
            len(value) == changing + 1,
            f"For runs that differ in {changing} settings your list has {len(value)} runs.",
        )
