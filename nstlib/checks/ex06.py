"""Checks of exercise 06, the Gatys loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same

PROGRAMS = ("gatys", "sum", "mse", "johnson")


def sizes(rng: np.random.Generator, count: int) -> list[int]:
    """Different sizes of 3 to 9, so that no two can be confused."""
    return [int(k) for k in rng.permutation(np.arange(3, 10))[:count]]


def random_features(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Features of this shape (H, W, N), with means that are not zero."""
    return rng.normal(0.5, 1.0, size=(1, *shape))


def named_numbers(value: Any, names: Iterable[str], what: str = "part") -> dict[str, float]:
    """Read a result as a dict with these names and no others, of one number each."""
    require(isinstance(value, Mapping), f"The result should be a dict, and it is a {type(value).__name__}.")
    wanted = set(names)
    missing, extra = sorted(wanted - set(value)), sorted(set(value) - wanted)
    require(not missing, f"The {what} {(missing or [''])[0]!r} is missing from your dict.")
    require(not extra, f"Your dict has an entry {(extra or [''])[0]!r} that was not asked for.")
    return {name: number(value[name], f"The {what} {name!r}") for name in sorted(wanted)}


def loss_problem(rng: np.random.Generator) -> tuple[Any, ...]:
    """Features for one content and two style layers, with weights: the arguments of `gatys_loss`."""
    h, w, n, h2, w2, n2 = sizes(rng, 6)
    content, first, second = "block4_conv2", "block1_conv1", "block3_conv1"
    image = {
        content: random_features(rng, h, w, n),
        first: random_features(rng, h2, w2, n2),
        second: random_features(rng, h2, h, n),
    }
    photo = {content: random_features(rng, h, w, n)}
    style = {first: random_features(rng, w + 2, h2 + 1, n2), second: random_features(rng, w2, w + 1, n)}
    share = rng.uniform(0.2, 0.4)
    return image, photo, style, rng.uniform(2, 4), rng.uniform(5, 9), {first: share, second: 1 - share}


@question(points=3)
def gatys_loss(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Names, zero at the targets, parts that add up; then the content part and the style parts."""
    image, photo, style, alpha, beta, shares = loss_problem(rng)
    (content,) = photo
    names = [f"content {content}", *(f"style {layer}" for layer in shares), "total"]
    found = named_numbers(call(answer, image, photo, style, alpha, beta, shares), names)
    parts = {name: value for name, value in found.items() if name != "total"}
    for name, value in parts.items():
        require(value != 0, f"The part {name!r} is 0 for a picture that is not at its target.")
    require(
        same(sum(parts.values()), found["total"]),
        "Your parts do not add up to your total: each part should stand there with its weights.",
    )
    at_target = named_numbers(call(answer, photo | style, photo, style, alpha, beta, shares), names)
    for name, value in at_target.items():
        require(abs(value) < 1e-9, f"At its target the part {name!r} should be 0, and it is {value:.3g}.")
    yield 1
    maps = image[content], photo[content]
    best, known = right.content_part(*maps, alpha), right.mistakes_of_content_part(*maps, alpha, beta)
    diagnose(found[names[0]], best, known, "The content part is not the value of the equation.")
    yield 1
    for layer in style:
        maps, share = (image[layer], style[layer]), shares[layer]
        best = right.style_part(*maps, share, beta)
        known = right.mistakes_of_style_part(*maps, share, alpha, beta)
        diagnose(found[f"style {layer}"], best, known, "A style part is not the value of the equation.")
    yield 1


@question(points=2)
def equal_shares(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Positive shares with the sum 1; then equal lengths of the weighted gradients."""
    shape = (1, *sizes(rng, 2), 3)
    layers = [f"block{b}_conv1" for b in range(1, 5)]
    scales = 10.0 ** rng.permutation(np.arange(-2.0, 2.0))
    gradients = {
        layer: scale * rng.normal(0.2, 1.0, size=shape) ** power
        for layer, scale, power in zip(layers, scales, (1, 3, 1, 2), strict=True)
    }
    shares = named_numbers(call(answer, gradients), layers, "share")
    found = np.array([shares[layer] for layer in layers])
    require((found > 0).all(), "Every share should be positive.")
    require(same(found.sum(), 1.0), f"The shares should have the sum 1; yours have {found.sum():.4g}.")
    message = "All layers have the same share, whatever their gradients are."
    require(not same(found, np.full(len(layers), 1 / len(layers))), message)
    yield 1
    best = right.equal_shares(gradients)
    pulls = found / best  # of lengths that all are one with the best shares
    otherwise = f"With your shares one layer pulls {pulls.max() / pulls.min():.3g} times as hard as another."
    diagnose(found, best, right.mistakes_of_equal_shares(gradients), otherwise)
    yield 1


NO_WEIGHT = "Where no positive beta exists, a ValueError should be raised; yours"


def refuses(answer: Any, *arguments: Any) -> None:
    """See that a learner's function raises a ValueError for these arguments.

    Raises:
        Mistake: it returns something, or raises another kind of error.
    """
    try:
        value = call(answer, *arguments)
        found = f"returns {value!r:.40}"
    except Mistake as mistake:
        if str(mistake).startswith("Your function returns nothing"):
            raise Mistake(f"{NO_WEIGHT} returns nothing.") from None
        kind = str(mistake).removeprefix("Your function stops with ").partition(":")[0]
        if kind == "ValueError":
            return
        if kind == "NotImplementedError" or not kind.isidentifier():
            raise
        found = f"raises {kind}"
    raise Mistake(f"{NO_WEIGHT} {found}.")


@question(points=2)
def weight_for_share(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The share that a weight gives; then pictures at which no weight gives it."""
    content, style = float(rng.uniform(5.0, 9.0)), float(rng.uniform(0.1, 0.3))
    alpha, share = float(rng.uniform(2.0, 4.0)), float(rng.uniform(0.15, 0.3))
    found = number(call(answer, content, style, alpha, share))
    require(found > 0, f"Your beta is {found:.4g}; it should be positive.")
    problem = content, style, alpha, share
    part = found * style / (found * style + alpha * content)
    otherwise = f"With your beta the share of the style part is {part:.4g}; it should be {share:.4g}."
    diagnose(found, right.weight_for_share(*problem), right.mistakes_of_weight(*problem), otherwise)
    yield 1
    refuses(answer, 0.0, style, alpha, share)
    yield 1


def named(what: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Known mistakes under messages that say what they are mistakes of."""
    return {f"{what}: {message}": value for message, value in known.items()}


@question(points=4)
def normal_form(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The content factor of all programs, then the style factors, means before sums."""
    h, w, n, h2, w2, n2 = sizes(rng, 6)
    style_shape, content_shape = (1, h, w, n), (1, h2, w2, n2)
    found = {}
    for program in PROGRAMS:
        value = call(answer, program, style_shape, content_shape)
        pair = array(value, (2,), f'The result for "{program}"')
        require((pair > 0).all(), f'For "{program}" a and b should both be positive.')
        found[program] = pair
    forms = {program: right.normal_form(program, style_shape, content_shape) for program in PROGRAMS}
    for program, (a, b) in forms.items():
        swapped = f'"{program}": your a and b are exchanged: a belongs to the content.'
        known = {swapped: b} if a != b and same(found[program], (b, a)) else {}
        known |= named(f'a of "{program}"', right.mistakes_of_a(program, style_shape, content_shape))
        otherwise = f'a of "{program}" is not the factor of its content loss.'
        diagnose(found[program][0], a, known, otherwise)
    yield 1
    for group, points in ((("mse", "johnson"), 1), (("gatys", "sum"), 2)):
        for program in group:
            known = right.mistakes_of_b(program, style_shape, content_shape)
            best = forms[program][1]
            ratio = found[program][1] / best
            otherwise = f'b of "{program}" is {ratio:.4g} times the right factor for the shape {style_shape}.'
            diagnose(found[program][1], best, named(f'b of "{program}"', known), otherwise)
        yield points


@question(points=3)
def translate(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Programs with one content formula, then with two; then there and back between all."""
    sides = sizes(rng, 7)
    layers = ["block1_conv1", "block2_conv1", "block3_conv1"]
    shapes = {
        layer: (1, sides[i], sides[i + 1], n)
        for i, (layer, n) in enumerate(zip(layers, sides[4:], strict=True))
    }
    content_shape = (1, sides[1], sides[3], sides[5] + 3)
    weights = {layer: float(rng.uniform(0.5, 2.0)) for layer in layers}

    def values(source: str, target: str) -> np.ndarray:
        value = call(answer, weights, source, target, shapes, content_shape)
        found = named_numbers(value, layers, "weight")
        return np.array([found[layer] for layer in layers])

    for source, target, earned in (("mse", "johnson", 1), ("gatys", "mse", 1), ("johnson", "sum", 0)):
        problem, where = (weights, source, target, shapes, content_shape), f'From "{source}" to "{target}"'
        known = named(where, right.mistakes_of_translate(*problem))
        otherwise = f"{where}: these weights do not make the same picture. (Is your normal_form right?)"
        diagnose(values(source, target), right.translate(*problem), known, otherwise)
        yield earned
    unchanged = [weights[layer] for layer in layers]
    require(same(values("sum", "sum"), unchanged), "From a program to itself no weight should change.")
    best = right.translate(weights, "sum", "gatys", shapes, content_shape)
    otherwise = 'From "sum" to "gatys": these weights do not make the same picture.'
    diagnose(values("sum", "gatys"), best, {}, otherwise)
    yield 1


@question(points=3)
def recovered_alpha(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Forces that cancel exactly, forces with a rest, and forces that pull the same way."""
    shape = (1, *sizes(rng, 2), 3)
    content, rest = rng.normal(size=shape), rng.normal(size=shape)
    alpha = float(rng.uniform(2.0, 5.0))
    found = number(call(answer, content, -alpha * content))
    known = {
        "Upside down: where the content pulls weakly, its weight must be large.": 1 / alpha,
        "The sign is wrong: forces that pull against each other need a positive alpha.": -alpha,
        "Forces that pull against each other gave 0; they need a positive alpha.": 0.0,
        "You return the squared value.": alpha**2,
    }
    diagnose(found, alpha, known, "Where style = -c times content, exactly, alpha should be c.")
    yield 1
    rest = right.across(rest, content)
    style = -alpha * content + rng.uniform(1.5, 2.5) * rest
    found = number(call(answer, content, style))
    known = right.mistakes_of_recovered_alpha(content, style)

    def force(a: float) -> float:
        return float(np.linalg.norm(a * content + style))

    diagnose(
        found,
        alpha,
        known,
        f"With your alpha the rest has the length {force(found):.5g}; it can be {force(alpha):.5g}.",
    )
    yield 1
    found = number(call(answer, content, alpha * content + rest))
    require(found >= 0, "Both forces pull the same way here, and your alpha is negative.")
    require(
        abs(found) < 1e-9, "Both forces pull the same way here: no positive alpha makes the rest shorter."
    )
    yield 1
