"""Right values of exercise 08, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from nstlib.checks.ex08 import Settings, difference

Pairs = set[tuple[int, int]]


def plan(base: Settings, alternatives: Mapping[str, Sequence[Any]]) -> list[Settings]:
    """The baseline and one run for each alternative."""
    changes = [(factor, value) for factor, values in alternatives.items() for value in values]
    return [base, *(base | {factor: value} for factor, value in changes if value != base[factor])]


def piled_up(base: Settings, alternatives: Mapping[str, Sequence[Any]]) -> list[Settings]:
    """The plan of a program that never goes back to the baseline."""
    current, made = dict(base), [dict(base)]
    for factor, values in alternatives.items():
        for value in values:
            if value != base[factor]:
                current[factor] = value
                made.append(dict(current))
    return made


def pairs_where(runs: Sequence[Settings], holds: Callable[[Settings, Settings], bool]) -> Pairs:
    """All pairs of positions, the smaller one first, for which something holds."""
    return {(i, j) for i, j in combinations(range(len(runs)), 2) if holds(runs[i], runs[j])}


def pairs(runs: Sequence[Settings], factor: str, defaults: Settings) -> Pairs:
    """The fair comparisons."""
    full = [defaults | run for run in runs]
    return pairs_where(full, lambda a, b: difference(a, b, list(defaults)) == [factor])


def mistakes_of_pairs(runs: Sequence[Settings], factor: str) -> dict[str, Pairs]:
    """Half of the condition, where all runs state everything."""
    return {
        "You ask only whether the factor differs; in a fair comparison nothing else does.": pairs_where(
            runs, lambda a, b: a[factor] != b[factor]
        ),
        "Your pairs differ in one factor, but it is not always the factor that was asked for.": pairs_where(
            runs, lambda a, b: len(difference(a, b, list(a))) == 1
        ),
    }


def effects(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The effect of each factor alone, and its main effect."""
    steps = [np.take(scores, 1, axis=k) - np.take(scores, 0, axis=k) for k in range(scores.ndim)]
    return np.array([step.ravel()[0] for step in steps]), np.array([step.mean() for step in steps])


def mistakes_of_sums(single: np.ndarray) -> dict[str, np.ndarray]:
    """Of effects where three factors simply add up."""
    return {
        "wrong sign. It is after minus before.": -single,
        "the factors are in the reverse order.": single[::-1].copy(),
        "you add up the runs instead of taking their mean.": 4 * single,
        "half of the right value. Compare after with before, not with all runs.": single / 2,
    }


def from_the_end(scores: np.ndarray) -> np.ndarray:
    """The effect of each of three factors where the others have been changed already."""
    corners = [tuple(1 - np.eye(3, dtype=int)[k]) for k in range(3)]
    return np.array([scores[1, 1, 1] - scores[corner] for corner in corners])


def mistakes_of_alone(scores: np.ndarray) -> dict[str, np.ndarray]:
    """Of effects from the run with all factors before."""
    piled = [
        scores[1, 0, 0] - scores[0, 0, 0],
        scores[1, 1, 0] - scores[1, 0, 0],
        scores[1, 1, 1] - scores[1, 1, 0],
    ]
    last = "alone: the others should stay before; you change them all first, and this factor last."
    return {
        last: from_the_end(scores),
        "alone: you average over the other factors; here they stay before.": effects(scores)[1],
        "alone: your changes pile up, one after the other.": np.array(piled),
    }


def mistakes_of_main(scores: np.ndarray) -> dict[str, np.ndarray]:
    """Of means over the settings of the others."""
    alone = effects(scores)[0]
    return {
        "main effect: this is the effect alone. Average over all settings of the others.": alone,
        "main effect: you average two of the four comparisons, those at the corners.": (
            (alone + from_the_end(scores)) / 2
        ),
    }


def fit(pixels: np.ndarray, iterations: np.ndarray, seconds: np.ndarray) -> tuple[float, float]:
    """Least squares: the fixed part, and seconds per pixel and iteration."""
    work = pixels * iterations
    start, rate = np.linalg.lstsq(np.stack([np.ones(len(work)), work], axis=1), seconds, rcond=None)[0]
    return float(start), float(rate)


def mistakes_of_fit(pixels: np.ndarray, iterations: np.ndarray, seconds: np.ndarray) -> dict[str, float]:
    """Of rates, where measurements follow the formula exactly."""
    work = np.asarray(iterations * pixels, "float64")
    return {
        "Your line goes through the origin: the fixed part is missing.": np.sum(seconds * work)
        / np.sum(work**2),
        "You average seconds per pixel and iteration: the fixed part is in it, too.": np.mean(seconds / work),
        "You fit against pixels alone; the iterations count as well.": np.polyfit(pixels, seconds, 1)[0],
        "You fit against iterations alone; the pixels count as well.": np.polyfit(iterations, seconds, 1)[0],
        "You fit logarithms; the formula is a sum.": np.polyfit(np.log(work), np.log(seconds), 1)[0],
    }


def mistakes_of_noisy_fit(
    pixels: np.ndarray, iterations: np.ndarray, seconds: np.ndarray
) -> dict[str, float]:
    """Of rates, where measurements have noise: lines through two of them."""
    work = np.asarray(iterations * pixels, "float64")
    ends = np.argsort(work)[[0, -1]]
    slopes = [np.diff(seconds[pair])[0] / np.diff(work[pair])[0] for pair in (ends, [0, -1])]
    return {
        "Your line goes through the smallest and the largest run; all should have a say.": slopes[0],
        "Your line goes through the first and the last run; all should have a say.": slopes[1],
    }


def front(content: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Which runs are not beaten."""
    no_worse = (content[None] <= content[:, None]) & (style[None] <= style[:, None])
    better = (content[None] < content[:, None]) | (style[None] < style[:, None])
    return np.asarray(~(no_worse & better).any(axis=1))


def mistakes_of_front(content: np.ndarray, style: np.ndarray) -> dict[str, np.ndarray]:
    """Where no two runs are equal in a distance."""
    total, count = content + style, len(content)
    one = "Only one run is on your front. There is no single best: keep all that are not beaten."
    ends = "Your front has the best run in each distance; those between them count, too, if not beaten."
    return {
        "Your front is that of the worst runs: lower distances are better.": front(-content, -style),
        "You return the runs that are beaten.": ~front(content, style),
        one: total == total.min(),
        ends: (content == content.min()) | (style == style.min()),
        "All runs are on your front, and some are beaten in both distances.": np.ones(count),
        "Your front is empty. A run does not beat itself.": np.zeros(count),
    }


def mistakes_of_ties(content: np.ndarray, style: np.ndarray) -> dict[str, np.ndarray]:
    """Where runs are equal in a distance, or in both."""
    strictly = ~((content[None] < content[:, None]) & (style[None] < style[:, None])).any(axis=1)
    points = list(zip(content, style, strict=True))
    return {
        "A run that is equal in one distance and worse in the other is beaten; you keep it.": strictly,
        "Two runs with equal distances do not beat each other; you drop both.": front(content, style)
        & np.array([points.count(each) == 1 for each in points]),
    }
