"""Checks of exercise 08, experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same

Settings = dict[str, Any]
VALUES: dict[str, tuple[Any, ...]] = {
    "network": ("vgg16", "vgg19", "pocket_vgg"),
    "content_layer": ("block2_conv2", "block4_conv2", "block5_conv2"),
    "start": ("noise", "content", "style"),
    "content_weight": (0.01, 0.1, 1.0),
    "seed": (0, 1, 2),
}


def bare(value: Any) -> Any:
    """A setting as a plain value, so that it can be compared: arrays of one number become the number."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def plan_of(value: Any, factors: Sequence[str]) -> list[Settings]:
    """Read a result as a list of dicts that state all of these factors and no others."""
    require(
        isinstance(value, (list, tuple)), f"The plan should be a list, and it is a {type(value).__name__}."
    )
    plan = []
    for place, run in enumerate(value):
        require(isinstance(run, Mapping), f"Entry {place} of your plan is no dict.")
        missing = [name for name in factors if name not in run]
        extra = [name for name in run if name not in factors]
        require(not missing, f"Entry {place} of your plan does not state {(missing or [''])[0]!r}.")
        require(not extra, f"Entry {place} of your plan states {(extra or [''])[0]!r}, which is no factor.")
        plan.append({name: bare(run[name]) for name in factors})
    return plan


def random_plan(rng: np.random.Generator) -> tuple[Settings, dict[str, list[Any]]]:
    """A baseline, and alternatives of three factors; one of them names the baseline's value, too."""
    base = {factor: values[int(rng.integers(3))] for factor, values in VALUES.items()}
    chosen = [list(VALUES)[i] for i in rng.permutation(len(VALUES))[:3]]
    others = {factor: [v for v in VALUES[factor] if v != base[factor]] for factor in chosen}
    first, second, third = chosen
    return base, {first: others[first], second: [others[second][0], base[second]], third: others[third]}


@question(points=3)
def star_plan(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Full settings, the baseline first; one difference each; each alternative once."""
    base, alternatives = random_plan(rng)
    plan = plan_of(call(answer, dict(base), alternatives), list(base))
    require(len(plan) > 0, "Your plan is empty.")
    combinations_there_are = int(np.prod([len(values) for values in alternatives.values()]))
    require(
        len(plan) < combinations_there_are,
        f"Your plan has {len(plan)} runs, as if all combinations were run; change one factor at a time.",
    )
    require(
        len(plan) == 1 or any(run != plan[0] for run in plan),
        "All entries of your plan are equal. Is it the same dict, several times?",
    )
    wanted = right.plan(base, alternatives)
    require(plan != wanted[1:], "The baseline itself is missing from the plan.")
    require(plan[0] == base, "The first run of the plan should be the baseline.")
    require(len(plan) > 1, "Your plan holds the baseline and none of the alternatives.")
    yield 1
    require(plan != right.piled_up(base, alternatives), PILED_UP)
    for place, run in enumerate(plan[1:], start=1):
        changed = [factor for factor in base if run[factor] != base[factor]]
        require(
            len(changed) != 0, f"Entry {place} of your plan equals the baseline, which has been run already."
        )
        require(
            len(changed) == 1,
            f"Entry {place} of your plan changes {len(changed)} factors at once: {', '.join(changed)}.",
        )
    yield 1
    require(len(plan) == len(wanted), f"Your plan has {len(plan)} runs; it should have {len(wanted)}.")
    require(all(run in plan for run in wanted), "An alternative is missing from your plan.")
    require(plan == wanted, "The runs are right; their order is not that of the alternatives.")
    yield 1


PILED_UP = "Changes pile up in your plan: each run keeps those of the run before it. Start from the baseline."


def difference(one: Settings, other: Settings, names: Sequence[str]) -> list[str]:
    """The names whose values differ; a name that is left out has the value None."""
    return [name for name in names if one.get(name) != other.get(name)]


def pairs_of(value: Any, count: int) -> set[tuple[int, int]]:
    """Read a result as pairs (i, j) of positions with i < j."""
    value = bare(value)
    require(isinstance(value, list), "The result should be a list of pairs (i, j).")
    if not value:
        return set()
    found = array(value, what="The list of pairs")
    require(found.ndim == 2 and found.shape[1] == 2, "Each entry of the result should be a pair (i, j).")
    require((found == np.round(found)).all(), "A pair should hold places of runs, which are whole numbers.")
    pairs = [(int(i), int(j)) for i, j in found]
    require(
        all(0 <= i < count and 0 <= j < count for i, j in pairs), "A pair names a run that does not exist."
    )
    require(all(i != j for i, j in pairs), "A run is no comparison with itself.")
    require(all(i < j for i, j in pairs), "A pair is not in the order i < j.")
    require(len(set(pairs)) == len(pairs), "A pair appears twice in your list.")
    return set(pairs)


def report_runs(rng: np.random.Generator) -> tuple[list[Settings], str, Settings]:
    """Runs in full, a factor, and the defaults: with fair pairs, unfair ones and repetitions."""
    defaults = {factor: values[int(rng.integers(3))] for factor, values in VALUES.items()}
    factor, second, third = (list(VALUES)[i] for i in rng.permutation(len(VALUES))[:3])

    def other(name: str, which: int) -> Any:
        return [value for value in VALUES[name] if value != defaults[name]][which]

    one, two = {second: other(second, 0)}, {second: other(second, 0), third: other(third, 1)}
    changes: list[Settings] = [{}, {}, {factor: other(factor, 0)}, {factor: other(factor, 1)}, one, two]
    changes += [one | {factor: other(factor, 1)}, two | {factor: other(factor, 0)}, {third: other(third, 0)}]
    runs = [defaults | changes[i] for i in rng.permutation(len(changes))]
    return runs, factor, defaults


@question(points=3)
def fair_pairs(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Runs that state everything; then runs that leave out what is the default."""
    runs, factor, defaults = report_runs(rng)
    names = list(defaults)
    found = pairs_of(call(answer, runs, factor, defaults), len(runs))
    for message, wrong in right.mistakes_of_pairs(runs, factor).items():
        require(found != wrong, message)
    judge_pairs(found, right.pairs(runs, factor, defaults), runs, factor, names)
    yield 2
    stated = [{k: v for k, v in run.items() if v != defaults[k] or rng.random() < 0.4} for run in runs]
    first, second = (i for i, run in enumerate(runs) if run == defaults)
    stated[first], stated[second] = {}, dict(defaults)
    found = pairs_of(call(answer, stated, factor, defaults), len(runs))
    require(
        found != right.pairs(stated, factor, dict.fromkeys(names)),
        "Right where every run states everything. What a run leaves out has the default value.",
    )
    full = [defaults | run for run in stated]
    judge_pairs(found, right.pairs(runs, factor, defaults), full, factor, names)
    yield 1


def judge_pairs(
    found: set[tuple[int, int]],
    fair: set[tuple[int, int]],
    runs: list[Settings],
    factor: str,
    names: list[str],
) -> None:
    """Name one pair that is wrong or missing."""
    for i, j in sorted(found - fair):
        changed = difference(runs[i], runs[j], names)
        require(changed, f"Runs {i} and {j} do not differ at all, and you call them a comparison.")
        raise Mistake(
            f"Runs {i} and {j} are no fair comparison for {factor}: they differ in {', '.join(changed)}."
        )
    for pair in sorted(fair - found):
        raise Mistake(f"A fair comparison for {factor} is missing: runs {pair[0]} and {pair[1]}.")


@question(points=3)
def effects(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Factors that simply add up; then the effects alone; then the main effects."""
    single = rng.uniform(0.5, 2.0, size=3) * rng.permutation([1.0, -1.0, 2.5])
    scores = 10.0 + np.add.outer(np.add.outer([0.0, single[0]], [0.0, single[1]]), [0.0, single[2]])
    for name, one in zip(("alone", "main effect"), two_arrays(call(answer, scores), 3), strict=True):
        known = {f"{name}: {told}": wrong for told, wrong in right.mistakes_of_sums(single).items()}
        diagnose(one, single, known, f"{name}: wrong already where every factor adds a fixed amount.")
    yield 1
    scores = rng.normal(10.0, 2.0, size=(2, 2, 2))
    alone, main = right.effects(scores)
    found = two_arrays(call(answer, scores), 3)
    require(
        not (same(found[0], main) and same(found[1], alone)), "The two arrays are there, in the other order."
    )
    otherwise = "alone: these are not the changes from the run with all factors before."
    diagnose(found[0], alone, right.mistakes_of_alone(scores), otherwise)
    yield 1
    otherwise = "main effect: this is not mean after minus mean before."
    diagnose(found[1], main, right.mistakes_of_main(scores), otherwise)
    yield 1


def two_arrays(value: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Read a result as (alone, main effect)."""
    value = bare(value)
    require(isinstance(value, list) and len(value) == 2, "Return two arrays: alone, then the main effect.")
    return array(value[0], (count,), "alone"), array(value[1], (count,), "main effect")


def falling(rng: np.random.Generator, evaluations: Sequence[int], special: Mapping[int, float]) -> np.ndarray:
    """A history whose losses fall from about 9 to 5, but for the rows that are given."""
    losses = np.sort(rng.uniform(5.0, 9.0, size=len(evaluations)))[::-1].copy()
    for row, loss in special.items():
        losses[row] = loss
    return np.column_stack([np.asarray(evaluations, "float64"), losses])


def verdict_of(value: Any) -> tuple[float, str]:
    """Read a result as a rate and a word."""
    require(
        isinstance(value, (tuple, list)) and len(value) == 2,
        'Return two things: the rate, then "lower", "higher" or "inside".',
    )
    rate, word = number(value[0], "The rate"), value[1]
    require(
        isinstance(word, str) and word in ("lower", "higher", "inside"),
        'The second result should be one of the words "lower", "higher" and "inside".',
    )
    return rate, word


@question(points=4)
def judge_sweep(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """A plain sweep; then the budget and rows of several evaluations; then edges, disorder and divergence."""
    rates = np.sort(10 ** rng.uniform(-4, 0, size=5))
    every = list(range(1, 21))
    plain = [falling(rng, every, {19: low}) for low in (4.0, 3.0, 2.0, 3.5, 4.5)]
    rate, word = verdict_of(call(answer, rates, plain, 21))
    require(
        any(same(rate, one) for one in rates),
        "The rate that you return is not one of the sweep: is it a place?",
    )
    diagnose(
        rate, rates[2], {"You return the rate with the highest loss.": rates[4]}, "This is not the best rate."
    )
    require(
        word == "inside",
        "Neither the smallest nor the largest rate won, and you say that the sweep must go on.",
    )
    yield 1
    exact = verdict_of(call(answer, rates, plain, 20))[0]
    require(same(exact, rates[2]), "A row that uses up the budget exactly counts.")
    tricky = [
        falling(rng, every, {}),
        falling(rng, [4 * k for k in every], {7: 0.7}),
        falling(rng, every, {3: 1.0, 11: 6.0}),
        falling(rng, every, {11: 1.5}),
        falling(rng, every, {17: 0.5}),
        falling(rng, every, {11: 4.0}),
    ]
    rates = np.sort(10 ** rng.uniform(-4, 0, size=6))
    rate, word = verdict_of(call(answer, rates, tricky, 12))
    known = {
        "Your winner spent more than the budget: later rows do not count.": rates[4],
        "You count rows as if each were one evaluation; the first column says how many were used.": rates[1],
        "You take the last loss within the budget; the lowest one counts.": rates[3],
    }
    diagnose(rate, rates[2], known, "This is not the rate with the lowest loss within the budget.")
    yield 2
    order = rng.permutation(5)
    while order[0] in (0, 4) or order[-1] in (0, 4):
        order = rng.permutation(5)
    rates = np.sort(10 ** rng.uniform(-4, 0, size=5))
    for winner, right in ((0, "lower"), (4, "higher")):
        sweep = [falling(rng, every, {19: 2.0 if k == winner else 3.0}) for k in range(5)]
        sweep[2][5:, 1] = np.nan
        sweep[3][6:, 1] = np.inf
        rate, word = verdict_of(call(answer, rates[order], [sweep[k] for k in order], 20))
        known = {
            "A run that diverged wins your sweep: nan is no loss.": rates[2],
            "A run that diverged wins your sweep: inf is no loss.": rates[3],
        }
        diagnose(rate, rates[winner], known, "This is not the best rate where the rates are not in order.")
        edge = "smallest" if winner == 0 else "largest"
        require(
            word == right,
            f'The {edge} rate won, and you say "{word}". (The rates are not in order, and need not be.)',
        )
    yield 1


@question(points=2)
def fit_time(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Measurements on a line; then measurements with noise, where only least squares gives the value."""
    sides = rng.permutation(np.arange(64, 512, 40))[:7]
    pixels, iterations = sides**2, rng.integers(20, 400, size=7)
    start, rate = rng.uniform(2.0, 5.0), rng.uniform(2e-7, 9e-7)
    work = (pixels * iterations).astype("float64")
    seconds = start + rate * work
    found = numbers(call(answer, pixels, iterations, seconds))
    require(
        not (same(found[0], rate) and same(found[1], start)), "The two numbers are there, in the other order."
    )
    otherwise = "r is wrong for measurements that follow the formula exactly."
    diagnose(found[1], rate, right.mistakes_of_fit(pixels, iterations, seconds), otherwise)
    require(same(found[0], start), "r is right, t0 is not, for measurements that follow the formula exactly.")
    yield 1
    seconds = seconds + rng.normal(0.0, 2.0, size=7)
    start, rate = right.fit(pixels, iterations, seconds)
    found = numbers(call(answer, pixels, iterations, seconds))
    otherwise = "Right for measurements without noise; with noise, r is not that of least squares."
    diagnose(found[1], rate, right.mistakes_of_noisy_fit(pixels, iterations, seconds), otherwise)
    require(same(found[0], start), "With noise, t0 is not that of the least-squares fit.")
    yield 1


def numbers(value: Any) -> tuple[float, float]:
    """Read a result as (t0, r)."""
    found = array(value, (2,), "The result")
    return float(found[0]), float(found[1])


@question(points=3)
def on_the_front(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Runs without ties; then equal runs, and runs that are equal in one distance."""
    content, style = np.sort(rng.uniform(0.2, 1.5, size=4)), np.sort(rng.uniform(0.1, 0.9, size=4))[::-1]
    behind = rng.integers(4, size=5)
    points = np.array([content, style])
    points = np.concatenate([points, points[:, behind] + rng.uniform(0.01, 0.3, size=(2, 5))], axis=1)
    content, style = points[:, rng.permutation(9)]
    front = right.front(content, style)
    found = truths(call(answer, content, style), 9)
    place = int(np.argmax(found != front))
    how = "is not beaten, and not on your front" if front[place] else "is beaten, and on your front"
    otherwise = f"The run with content {content[place]:.3f} and style {style[place]:.3f} {how}."
    diagnose(found, front, right.mistakes_of_front(content, style), otherwise)
    yield 2
    first, last = int(np.argmin(content)), int(np.argmin(style))
    content = np.append(content, [content[first], content[first], content[last] + 0.2])
    style = np.append(style, [style[first], style[first] + 0.1, style[last]])
    order = rng.permutation(12)
    content, style = content[order], style[order]
    found = truths(call(answer, content, style), 12)
    equal = [sum((content == c) & (style == s)) > 1 for c, s in zip(content, style, strict=True)]
    require(
        found[np.array(equal)].all() or not found[np.array(equal)].any(),
        "Of two runs with equal distances you keep one; neither beats the other.",
    )
    known = right.mistakes_of_ties(content, style)
    otherwise = "Right without ties, wrong where two runs are equal in a distance."
    diagnose(found, right.front(content, style), known, otherwise)
    yield 1


def truths(value: Any, count: int) -> np.ndarray:
    """Read a result as truth values."""
    found = array(value, what="The result")
    require(
        found.shape == (count,),
        f"The result has shape {found.shape}; it should have a truth value for each of the {count} runs.",
    )
    is_bool = np.asarray(value).dtype.kind == "b"
    require(is_bool, "Return truth values (bool); 0 and 1 would be read as places.")
    return found.astype(bool)
