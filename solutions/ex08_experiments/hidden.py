"""Hidden tests of exercise 08: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.ex08 import numbers, pairs_of, plan_of, truths, two_arrays, verdict_of
from nstlib.checks.framework import call, require, same


def star_plan(rng: np.random.Generator, answer: Any) -> None:
    """Nothing to change; values that count as false; a single factor."""
    base = {"start": "noise", "seed": 1, "weight": 0.5}
    require(plan_of(call(answer, dict(base), {}), list(base)) == [base], "It fails without any alternative.")
    plan = plan_of(call(answer, dict(base), {"seed": [0, 1], "weight": [0.0]}), list(base))
    require(plan == [base, base | {"seed": 0}, base | {"weight": 0.0}], "It fails where an alternative is 0.")


def fair_pairs(rng: np.random.Generator, answer: Any) -> None:
    """The change of 2017; a factor that no run mentions; two runs that state nothing."""
    defaults = {"network": "vgg16", "content_layer": "block4_conv2", "start": "noise", "seed": 0}
    change = [{}, {"network": "vgg19", "content_layer": "block5_conv2", "start": "content"}]
    for factor in defaults:
        found = pairs_of(call(answer, change, factor, defaults), 2)
        require(not found, "Three changes in one step are no fair comparison for any factor.")
    runs = [{"seed": 0}, {"seed": 1}, {"start": "content"}, {}, {"start": "content", "seed": 1}]
    require(
        not pairs_of(call(answer, runs, "network", defaults), 5),
        "It fails for a factor that no run mentions.",
    )
    found = pairs_of(call(answer, runs, "seed", defaults), 5)
    require(found == {(0, 1), (1, 3), (2, 4)}, "It fails where a run states the default's own value.")


def effects(rng: np.random.Generator, answer: Any) -> None:
    """Two factors, by hand; one factor; four factors."""
    alone, main = two_arrays(call(answer, np.array([[1.0, 3.0], [4.0, 0.0]])), 2)
    require(same(alone, [3.0, 2.0]) and same(main, [0.0, -1.0]), "It fails for two factors.")
    alone, main = two_arrays(call(answer, np.array([1.0, 5.0])), 1)
    require(same(alone, [4.0]) and same(main, [4.0]), "It fails for a single factor.")
    scores = rng.normal(size=(2, 2, 2, 2))
    right = [np.mean(np.take(scores, 1, axis=k)) - np.mean(np.take(scores, 0, axis=k)) for k in range(4)]
    require(same(two_arrays(call(answer, scores), 4)[1], right), "It fails for four factors.")


def judge_sweep(rng: np.random.Generator, answer: Any) -> None:
    """Two rates; a row that meets the budget exactly; a run that diverged and came back."""
    first = np.array([[1.0, 9.0], [5.0, 4.0], [6.0, 1.0]])
    second = np.array([[2.0, 9.0], [5.0, 3.0]])
    rate, word = verdict_of(call(answer, np.array([0.5, 0.25]), [first, second], 5))
    require(same(rate, 0.25) and word == "lower", "It fails where a row uses up the budget exactly.")
    back = np.array([[1.0, 9.0], [2.0, np.inf], [3.0, 2.0]])
    rate, word = verdict_of(call(answer, np.array([0.5, 0.25]), [back, second], 10))
    require(same(rate, 0.5) and word == "higher", "It fails where a run has a row that is not finite.")


def fit_time(rng: np.random.Generator, answer: Any) -> None:
    """By hand: two runs; three runs of which the middle one is off."""
    start, rate = numbers(call(answer, np.array([100, 300]), np.array([10, 10]), np.array([2.0, 4.0])))
    require(same(start, 1.0) and same(rate, 1e-3), "It fails for two runs.")
    pixels, iterations = np.array([10.0, 20.0, 30.0]), np.array([1.0, 1.0, 1.0])
    start, rate = numbers(call(answer, pixels, iterations, np.array([1.0, 5.0, 3.0])))
    require(same(start, 1.0) and same(rate, 0.1), "It fails for three runs that are not on a line.")


def on_the_front(rng: np.random.Generator, answer: Any) -> None:
    """A single run; runs that are all equal; a chain in which each beats the next."""
    require(truths(call(answer, np.array([0.5]), np.array([0.2])), 1).all(), "It fails for a single run.")
    same_runs = np.full(4, 0.3)
    require(truths(call(answer, same_runs, same_runs), 4).all(), "It fails where all runs are equal.")
    chain = np.array([0.4, 0.2, 0.3])
    found = truths(call(answer, chain, chain + 1), 3)
    require(found.tolist() == [False, True, False], "It fails where one run beats all others.")
