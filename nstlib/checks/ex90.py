"""Checks of exercise 90, the capstone."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .framework import Mistake, Steps, call, diagnose, number, question, require, same

FIRSTS = [f"block{block}_conv1" for block in range(1, 6)]
MOST_RUNS = 200  # of a figure; a right one has 25 at most
VGG19 = [(block, k) for block, count in enumerate((2, 2, 4, 4, 4), start=1) for k in range(1, count + 1)]
Run = dict[str, Any]
Runs = dict[str, Run]


# --- settings ---------------------------------------------------------------------------------------


def simple(value: Any) -> Any:
    """Arrays and tuples as lists, so that two values compare with ==."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [simple(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): simple(each) for key, each in value.items()}
    return value


def layer_list(value: Any) -> list[str]:
    """Layers as `nst` takes them (one, several, with weights, by any of their names) in Keras' names."""
    value = simple(value)
    each = list(value) if isinstance(value, (list, dict)) else [value]
    found = []
    for layer in each:
        if isinstance(layer, int) and 1 <= layer <= len(VGG19):
            layer = "block{}_conv{}".format(*VGG19[layer - 1])
        found.append(re.sub(r"^conv(\d)_(\d)$", r"block\1_conv\2", str(layer)))
    return found


def shared_keywords(rng: np.random.Generator, transfer: bool) -> Run:
    """What all runs of a figure share; the numbers are random."""
    size = int(rng.integers(64, 200))
    base: Run = {"network": "pocket_vgg", "size": size, "sizes": [size // 2, size]}
    base |= {"iterations": [int(k) for k in rng.integers(10, 90, 2)], "seed": int(rng.integers(20, 90))}
    base |= {"start": "noise", "variation_weight": round(float(rng.uniform(0.0, 0.3)), 4)}
    if transfer:
        base |= {"content_layers": "block3_conv2", "style_layers": list(FIRSTS[: rng.integers(3, 5)])}
        base |= {"content_weight": round(float(rng.uniform(0.01, 2.0)), 4)}
        base |= {"style_weight": round(float(rng.uniform(0.5, 2.0)), 4)}
    return base


def runs_of(answer: Any, figure: str, base: Run, varying: set[str]) -> Runs:
    """The runs of a figure, of which each has all shared keywords and changes only what may vary."""
    found = simple(call(answer, figure, {k: simple(v) for k, v in base.items()}))
    require(
        isinstance(found, dict) and found and all(isinstance(run, dict) for run in found.values()),
        "return a dictionary: name of a run -> dictionary of its keywords.",
    )
    require(len(found) <= MOST_RUNS, f"{len(found)} runs are more than anybody will look at.")
    for name, run in found.items():
        for key in base.keys() - varying:
            require(
                key in run, f"the run {name!r} does not say {key!r}; every run needs all shared keywords."
            )
            require(
                run[key] == simple(base[key]),
                f"the run {name!r} changes {key!r}, too; in this figure only {' and '.join(sorted(varying))} "
                f"may vary.",
            )
        extra = sorted(run.keys() - base.keys() - varying)
        require(
            not extra, f"the run {name!r} has the keyword {extra and extra[0]!r}, which nobody asked for."
        )
    for (a, one), (b, two) in itertools.combinations(found.items(), 2):
        require(one != two, f"the runs {a!r} and {b!r} are the same.")
    return found


def values_of(runs: Runs, key: str) -> list[float]:
    """The numbers that a keyword takes, sorted, each once."""
    for name, run in runs.items():
        require(key in run, f"the run {name!r} does not say {key!r}.")
    return sorted({number(run[key], f"{key} of {name!r}") for name, run in runs.items()})


def layers_in(runs: Runs, key: str) -> list[list[str]]:
    """The layers that a keyword takes in each run that has it."""
    return [layer_list(run[key]) for run in runs.values() if key in run]


def judge_content_layer(answer: Any, rng: np.random.Generator, right: Any) -> None:
    """2016, Figure 5: two content layers."""
    runs = runs_of(answer, "content_layer", shared_keywords(rng, True), {"content_layers"})
    found = sorted(layers_in(runs, "content_layers"))
    require(
        found == right.layers_of_figure_5(),
        f"the content layers should be conv2_2 in one run and conv4_2 in another, and they are {found}.",
    )


def judge_starts(answer: Any, rng: np.random.Generator, right: Any) -> None:
    """2016, Figure 6: content, style, and four seeds of noise."""
    base = shared_keywords(rng, True)
    runs = runs_of(answer, "starts", base, {"start", "seed"})
    starts = [(run.get("start"), run.get("seed")) for run in runs.values()]
    for fixed in ("content", "style"):
        require(any(start == fixed for start, _ in starts), f"no run starts from the {fixed}.")
    seeds = [seed for start, seed in starts if start == "noise"]
    require(len(seeds) >= 4, "the paper shows four noise images or more, each with a seed of its own.")
    for start, seed in starts:
        require(start in ("content", "style", "noise"), f"one run starts from {start!r}.")
        require(
            start == "noise" or seed == base["seed"],
            f"the start from the {start} does not depend on the seed, so leave the shared one.",
        )
    require(all(isinstance(seed, int) for seed in seeds), "a seed is a whole number.")


def judge_ratio(answer: Any, rng: np.random.Generator, right: Any) -> None:
    """2016, Figure 4: alpha/beta from one end to the other."""
    base = shared_keywords(rng, True)
    runs = runs_of(answer, "ratio", base, {"content_weight"})
    weights = np.array(values_of(runs, "content_weight"))
    in_order = [number(run["content_weight"]) for run in runs.values()]
    require(len(weights) >= 5, f"you have {len(weights)} content weights; five are the least.")
    require(weights[0] > 0, "a weight of 0 has no place on a scale of equal factors.")
    shared = base["content_weight"]
    require(
        weights[0] <= shared / 1000 * 1.001,
        "the smallest content weight is not small enough to lose the photograph for sure.",
    )
    require(
        weights[-1] >= shared * 30 * 0.999,
        "the largest content weight is not large enough to lose the style for sure.",
    )
    steps = weights[1:] / weights[:-1]
    require(
        steps.max() < 1.02 * steps.min(),
        "from one content weight to the next the factor should be the same; yours are "
        f"{', '.join(f'{step:.3g}' for step in steps[:6])}.",
    )
    require(
        in_order == sorted(in_order), "the runs should stand in the order of the weights, small to large."
    )


def growing(found: list[list[str]], what: str, wanted: list[list[str]]) -> None:
    """That lists of layers are conv1 of the blocks up to each."""
    got = sorted(([*layers] for layers in found), key=len)
    alone = sorted(found) == [[name] for name in FIRSTS]
    require(not alone, f"{what} should grow: each of Gatys' sets holds the layers of the ones before.")
    require(
        got == wanted,
        f"{what} should be conv1 of the first block, of the first two, ..., of all five; you have {got}.",
    )


def judge_layers(answer: Any, rng: np.random.Generator, right: Any) -> None:
    """2015, Figure 1: one content layer at a time, growing sets of style layers."""
    runs = runs_of(answer, "layers", shared_keywords(rng, False), {"layer", "layers"})
    for name, run in runs.items():
        require(
            ("layer" in run) != ("layers" in run),
            f"the run {name!r} needs 'layer' (for the content) or 'layers' (for the style), and not both.",
        )
    content = sorted(layers_in(runs, "layer"))
    require(
        content == [[name] for name in FIRSTS],
        f"each of the five content runs has one layer, conv1 of one block; you have {content}.",
    )
    growing(layers_in(runs, "layers"), "the style layers", right.growing_sets())
    first = ["layer" in run for run in runs.values()][:5]
    require(all(first), "the five content runs should stand first, then the five style runs.")


def judge_grid(answer: Any, rng: np.random.Generator, right: Any) -> None:
    """2015, Figure 3: all combinations of style layers and alpha/beta."""
    runs = runs_of(answer, "grid", shared_keywords(rng, True), {"style_layers", "content_weight"})
    weights = values_of(runs, "content_weight")
    require(len(weights) >= 3, f"you have {len(weights)} content weights; three are the least.")
    require(
        weights[0] > 0 and weights[-1] >= 999 * weights[0],
        "the largest content weight should be 1000 times the smallest, or more.",
    )
    sets = sorted({tuple(layers) for layers in layers_in(runs, "style_layers")})
    growing([list(layers) for layers in sets], "the style layers", right.growing_sets())
    require(
        len(runs) == len(sets) * len(weights),
        f"a grid of {len(sets)} sets of layers and {len(weights)} weights has {len(sets) * len(weights)} "
        f"runs; you have {len(runs)}.",
    )
    across, in_order = len(weights), list(runs.values())
    rows = [in_order[k : k + across] for k in range(0, len(in_order), across)]
    require(
        all(
            layer_list(run["style_layers"]) == layer_list(row[0]["style_layers"])
            for row in rows
            for run in row
        ),
        "the runs should stand row by row, with one set of layers in each row.",
    )
    require(
        all([number(run["content_weight"]) for run in row] == weights for row in rows),
        "in each row the content weights should stand from small to large.",
    )


@question(points=5)
def settings(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """One point for each figure, whether the others are right or not."""
    judges: dict[str, Callable[[Any, np.random.Generator, Any], None]] = {
        "content_layer": judge_content_layer,
        "starts": judge_starts,
        "ratio": judge_ratio,
        "layers": judge_layers,
        "grid": judge_grid,
    }
    first = None
    for figure, judge in judges.items():
        try:
            judge(answer, rng, right)
            yield 1
        except Mistake as mistake:
            general = str(mistake).startswith(("Not written yet", "This should be"))
            first = first or Mistake(str(mistake) if general else f"Figure {figure!r}: {mistake}")
    if first is not None:
        raise first


# --- measuring --------------------------------------------------------------------------------------


def some_runs(rng: np.random.Generator, convolutions: list[str]) -> Runs:
    """Runs that name layers in all four ways; the last block is used up, and one other has some left."""
    last = [name for name in convolutions if name.startswith(convolutions[-1].split("_")[0])]
    others = [name for name in convolutions if name not in last]
    end = others.pop()
    some = [str(name) for name in rng.permutation(others)[: max(3, len(others) // 3)]]
    runs: Runs = {f"content from {end}": {"layer": end, "seed": 1}}
    runs["style"] = {"layers": some[1:2], "seed": 1}
    runs["both"] = {"content_layers": last[:1], "style_layers": [*some[2:], *last[1:-1]], "size": 96}
    runs["content alone"] = {"content_layers": last[-1], "style_layers": some[:1]}
    return runs


@question(points=2)
def held_out(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Plans of several blocks; runs that name one layer as a text and several as a list."""
    for points in (1, 1):
        counts = [2, *(int(k) for k in rng.permutation([2, 3, 4, 2]))]
        convolutions = [f"block{b}_conv{k}" for b, n in enumerate(counts, start=1) for k in range(1, n + 1)]
        runs = some_runs(rng, convolutions)
        found = call(answer, list(convolutions), {name: dict(run) for name, run in runs.items()})
        require(
            isinstance(found, (list, tuple)) and all(isinstance(name, str) for name in found),
            "Return a list of names of layers.",
        )
        judge_held_out(list(found), convolutions, runs, right)
        yield points


def judge_held_out(found: list[str], convolutions: list[str], runs: Runs, right: Any) -> None:
    """That the layers are the last of each block that no run used."""
    used, wanted = right.used(runs), right.held_out(convolutions, runs)
    known = right.mistakes_of_held_out(convolutions, runs)
    for name in found:
        for key, names in used.items():
            message = f"You hold out {name}, which a run has in its loss, under {key!r}."
            require(name not in names, message)
    if found == wanted:
        return
    for message, others in known.items():
        require(found != others, message)
    require(sorted(found) != sorted(wanted), "The right layers, in another order than the network's.")
    strange = [name for name in found if name not in convolutions]
    require(not strange, f"{strange and strange[0]!r} is no convolution of this network.")
    missing = [name for name in wanted if name not in found]
    require(not missing, f"{missing and missing[0]} was in no loss and is the last such of its block.")
    raise Mistake("One layer for each block is enough: the last one that no run used.")


Features = dict[str, np.ndarray]


def some_features(rng: np.random.Generator) -> tuple[Features, Features, Features]:
    """Features of an image, of a photograph of its size, and of a style picture of another size."""
    image, photo, style = {}, {}, {}
    for k, name in enumerate(("block1_conv2", "block3_conv4", "block4_conv4")):
        height, width, n = (int(j) for j in rng.permutation(np.arange(3, 9))[:3])
        scale = 10.0**k
        image[name] = scale * np.maximum(rng.normal(0.5, 1.0, (1, height, width, n)), 0)
        photo[name] = scale * np.maximum(rng.normal(0.5, 1.0, (1, height, width, n)), 0)
        style[name] = scale * np.maximum(rng.normal(0.5, 1.0, (1, height + 2, width + 4, n)), 0)
    return image, photo, style


def two_numbers(value: Any) -> tuple[float, float]:
    """A result as (content distance, style distance)."""
    require(
        isinstance(value, (tuple, list)) and len(value) == 2,
        "Return two numbers: the content distance, then the style distance.",
    )
    return number(value[0], "The content distance"), number(value[1], "The style distance")


@question(points=3)
def measure(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Zero at the targets; then the mean over layers of each distance."""
    image, photo, style = some_features(rng)
    content, _ = two_numbers(call(answer, photo, photo, style))
    require(abs(content) < 1e-9, "The photograph's content distance from itself should be 0.")
    content, strokes = two_numbers(call(answer, image, photo, style))
    known = right.mistakes_of_content(image, photo)
    otherwise = "The content distance is not the one of the question."
    diagnose(content, right.content(image, photo), known, otherwise)
    yield 1
    known = right.mistakes_of_style(image, photo, style)
    otherwise = "The style distance is not the one of the question."
    diagnose(strokes, right.style(image, style), known, otherwise)
    yield 2


# --- judging ----------------------------------------------------------------------------------------


@question(points=4)
def chance(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Extremes that are known, symmetry, then the exact share for groups of two sizes; then rounding."""
    n, m = (int(k) for k in rng.permutation([3, 4, 5])[:2])
    a, b = rng.uniform(0.0, 1.0, n), rng.uniform(0.3, 1.3, m)
    found = number(call(answer, a, b))
    judge_extremes(answer, n, m)
    require(0 < found <= 1 + 1e-9, "A share lies above 0, as the observed division counts, and not above 1.")
    require(
        abs(number(call(answer, b, a)) - found) < 0.1,
        "The share should not depend on which group comes first: differences count in both directions.",
    )
    yield 1
    otherwise = (
        f"For groups of {n} and {m} values there are {math.comb(n + m, n)} divisions; yours is not the exact "
        "share of those at least as far apart as the observed one."
    )
    diagnose(found, right.chance(a, b), right.mistakes_of_chance(a, b), otherwise, 1e-9)
    yield 2
    judge_far_apart(answer, rng)
    for kind in ("float64", "float32"):
        a, b, exact = right.tenths(int(rng.integers(2**31)), kind)
        found = number(call(answer, a, b))
        shown = [np.round(np.asarray(each, "float64"), 1).tolist() for each in (a, b)]
        message = (
            f"Rounding decides about your share: other divisions of {shown[0]} and {shown[1]} are exactly "
            f"as far apart as the observed one ({kind})."
        )
        require(same(found, exact, 1e-9), message)
    low, high = 1e-9 * rng.uniform(0.0, 1.0, 4), 1e-9 * rng.uniform(2.0, 3.0, 4)
    require(
        same(number(call(answer, low, high)), 2 / 70, 1e-9),
        "Your share changes where all values are a billion times smaller: what counts as rounding should "
        "be a part of the values.",
    )
    yield 1


def judge_extremes(answer: Any, n: int, m: int) -> None:
    """Groups of n and m values that are all equal, and groups far apart."""
    equal = number(call(answer, np.full(n, 0.5), np.full(m, 0.5)))
    require(
        same(equal, 1.0),
        f"When all values are equal, every division is as far apart as the observed one, and your share is "
        f"{equal:.3g}.",
    )
    apart = number(call(answer, 10.0 + np.arange(n), np.arange(m) + 0.0))
    require(not same(apart, 1.0), "Two groups that lie far apart get the share 1 from you, too.")


def judge_far_apart(answer: Any, rng: np.random.Generator) -> None:
    """Groups that lie far apart, whose shares can be had by counting."""
    few, many = rng.uniform(0.0, 1.0, 2), rng.uniform(2.0, 3.0, 6)
    require(
        same(number(call(answer, few, many)), 1 / 28, 1e-9),
        "It fails for groups of 2 and 6 values that lie far apart.",
    )
    low, high = rng.uniform(0.0, 1.0, 4), rng.uniform(2.0, 3.0, 4)
    require(
        same(number(call(answer, low, high)), 2 / 70, 1e-9),
        "It fails for two groups of four that lie far apart. The division with the groups exchanged is "
        "exactly as far apart as the observed one; rounding may hide it.",
    )


# --- credit -----------------------------------------------------------------------------------------

FIELDS = ("title", "author", "licence", "source")


def some_picture(rng: np.random.Generator) -> dict[str, str]:
    """A picture of somebody, with the four fields in a random order."""
    words = [
        str(word) for word in rng.permutation(["Harbour", "Mosaic", "Meadow", "Night", "Stairs", "Wheat"])
    ]
    values = {
        "title": f"{words[0]} and {words[1]}",
        "author": f"A. {words[2]}",
        "licence": str(rng.choice(["CC BY 4.0", "CC0", "public domain", "own work"])),
        "source": f"{words[3].lower()}_{rng.integers(10, 99)}.jpg",
    }
    return {str(key): values[str(key)] for key in rng.permutation(FIELDS)}


def raised(answer: Any, picture: Mapping[str, Any]) -> str:
    """The error that a learner's function raises, with its kind; empty without one."""
    try:
        call(answer, dict(picture))
    except Mistake as mistake:
        found = str(mistake)
        start = "Your function stops with "
        return found.removeprefix(start) if found.startswith(start) else ""
    return ""


@question(points=2)
def credit(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The line itself; then what is missing is refused by name."""
    for _ in range(2):
        picture = some_picture(rng)
        found = call(answer, dict(picture))
        require(isinstance(found, str), "Return one text.")
        line = right.credit(picture)
        for field in FIELDS:
            require(picture[field] in found, f"Your line leaves out the {field}: {found[:120]!r}.")
        require(found == line, f"All four are there, but the line should be {line!r} and is {found[:120]!r}.")
    yield 1
    for field in FIELDS:
        for how, broken in (
            ("without", {key: value for key, value in picture.items() if key != field}),
            ("with an empty", picture | {field: ""}),
            ("with nothing but spaces as", picture | {field: "  "}),
        ):
            kind, _, text = raised(answer, broken).partition(": ")
            other = f"; yours raises {kind}" if kind else ""
            require(kind == "ValueError", f"A picture {how} {field} should raise a ValueError{other}.")
            require(
                field in text.lower(), f"For a picture {how} {field} the ValueError should name the {field}."
            )
    yield 1
