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


def gram(features: np.ndarray) -> np.ndarray:
    """G/M in float64."""
    flat = np.asarray(features, "float64").reshape(-1, features.shape[-1])
    return flat.T @ flat / len(flat)


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
def gatys_loss(rng: np.random.Generator, answer: Any) -> Steps:
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
    squared = np.sum((image[content] - photo[content]) ** 2)
    known = {
        "The content part is twice the right value.": alpha * squared,
        "The content part is a mean; the equation has a sum.": alpha
        * np.mean((image[content] - photo[content]) ** 2),
        "The content part is half a mean; the equation has half a sum.": alpha
        * np.mean((image[content] - photo[content]) ** 2)
        / 2,
        "The content part has no weight.": squared / 2,
        "The content part carries the weight of the style: in the papers alpha belongs to the content.": beta
        * squared
        / 2,
        "The content part takes absolute values instead of squares.": alpha
        * np.abs(image[content] - photo[content]).sum()
        / 2,
    }
    diagnose(
        found[names[0]], alpha * squared / 2, known, "The content part is not the value of the equation."
    )
    yield 1
    for layer, share in shares.items():
        check_style_part(found[f"style {layer}"], image[layer], style[layer], share, alpha, beta)
    yield 1


def check_style_part(
    found: float, features: np.ndarray, style: np.ndarray, share: float, alpha: float, beta: float
) -> None:
    """Compare one style part with the equation and with its known mistakes."""
    n, m, m2 = features.shape[-1], features[..., 0].size, style[..., 0].size
    unweighted = np.sum((gram(features) - gram(style)) ** 2) / (4 * n**2)
    right = beta * share * unweighted
    by_one = np.sum((gram(features) - gram(style) * m2 / m) ** 2) / (4 * n**2)
    known = {
        "The style parts lack the shares w_l.": beta * unweighted,
        "The style parts lack the weight beta.": share * unweighted,
        "The style parts have no weights.": unweighted,
        "The style parts carry the weight of the content: in the papers beta belongs to the style.": alpha
        * share
        * unweighted,
        "The style parts are divided by the number of layers as well: the shares do that already.": right / 2,
        "The style parts lack the division by 4 N^2.": right * 4 * n**2,
        "The style parts are four times too large.": right * 4,
        "The style parts divide by N where the equation divides by its square.": right * n,
        "The positions are divided out twice in the style parts.": beta
        * share
        * np.sum((gram(features) / m - gram(style) / m2) ** 2)
        / (4 * n**2),
        "Both Gram matrices are divided by the positions of the same picture; each has its own.": beta
        * share
        * by_one,
        "The Gram matrices of the style parts are not divided by their positions.": beta
        * share
        * np.sum((gram(features) * m - gram(style) * m2) ** 2)
        / (4 * n**2),
        "The style parts take absolute values instead of squares.": beta
        * share
        * np.abs(gram(features) - gram(style)).sum()
        / (4 * n**2),
    }
    diagnose(found, right, known, "A style part is not the value of the equation.")


@question(points=2)
def equal_shares(rng: np.random.Generator, answer: Any) -> Steps:
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
    flat = np.array([gradients[layer].ravel() for layer in layers])
    norms = np.linalg.norm(flat, axis=1)
    pulls = found * norms

    def shared(values: Any) -> np.ndarray:
        return np.asarray(values) / np.sum(values)

    known = {
        "Your layers pull even more unequally than before: a layer that pulls hard should get less.": shared(
            norms
        ),
        "Your shares are right for the squared lengths; the lengths themselves should be equal.": shared(
            norms**-2
        ),
        "You compare mean absolute values; the length of a gradient is the root of a sum of squares.": shared(
            1 / np.abs(flat).mean(1)
        ),
        "You compare the largest entries; the length of a gradient is the root of a sum of squares.": shared(
            1 / np.abs(flat).max(1)
        ),
    }
    diagnose(
        found,
        shared(1 / norms),
        known,
        f"With your shares one layer pulls {pulls.max() / pulls.min():.3g} times as hard as another.",
    )
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
def weight_for_share(rng: np.random.Generator, answer: Any) -> Steps:
    """The share that a weight gives; then pictures at which no weight gives it."""
    content, style = float(rng.uniform(5.0, 9.0)), float(rng.uniform(0.1, 0.3))
    alpha, share = float(rng.uniform(2.0, 4.0)), float(rng.uniform(0.15, 0.3))
    found = number(call(answer, content, style, alpha, share))
    require(found > 0, f"Your beta is {found:.4g}; it should be positive.")
    ratio = alpha * content / style
    known = {
        "With your beta the content part has the share q of the total.": ratio * (1 - share) / share,
        "With your beta the style part is q times the content part; it should be q times the total.": ratio
        * share,
        "With your beta content and style parts are equal, whatever share is asked for.": ratio,
        "Your beta leaves out alpha.": ratio / alpha * share / (1 - share),
        "Your beta divides by alpha: a content part with more weight needs a style part with more.": ratio
        / alpha**2
        * share
        / (1 - share),
        "Your beta has the two losses upside down: the smaller the style loss is, the more weight it "
        "needs.": alpha * style / content * share / (1 - share),
    }
    part = found * style / (found * style + alpha * content)
    otherwise = f"With your beta the share of the style part is {part:.4g}; it should be {share:.4g}."
    diagnose(found, ratio * share / (1 - share), known, otherwise)
    yield 1
    refuses(answer, 0.0, style, alpha, share)
    yield 1


def right_form(
    program: str, style_shape: tuple[int, ...], content_shape: tuple[int, ...]
) -> tuple[float, float]:
    """The factors a and b of a program."""
    _, h, w, n = style_shape
    a = np.prod(content_shape) / 2 if program in ("gatys", "sum") else 1.0
    b = {"gatys": 1 / (4 * n**2), "sum": (h * w) ** 2 / 2, "mse": n**-2.0, "johnson": n**-4.0}
    return float(a), float(b[program])


def known_contents(
    program: str, style_shape: tuple[int, ...], content_shape: tuple[int, ...]
) -> dict[str, float]:
    """Message -> wrong a."""
    _, h, w, n = content_shape
    here = f'a of "{program}"'
    if program in ("mse", "johnson"):
        count = float(np.prod(content_shape))
        return {
            f"{here}: this program takes the mean itself, as the common form does.": count,
            f"{here}: this program takes a mean, not half a sum.": count / 2,
            f"{here}: the mean is the same on both sides.": 1 / count,
            f"{here}: there is no 1/2 in this program.": 0.5,
        }
    return {
        f"{here}: the 1/2 of the program is missing.": float(h * w * n),
        f"{here}: upside down. How many times the mean is the program's content loss?": 2.0 / (h * w * n),
        f"{here}: a sum over positions and channels has more entries than positions.": h * w / 2,
        f"{here}: a sum over positions and channels has more entries than channels.": n / 2,
        f"{here}: you count the entries of the style layer.": float(np.prod(style_shape)) / 2,
        f"{here}: a sum is not a mean.": 0.5,
    }


def known_styles(
    program: str, style_shape: tuple[int, ...], content_shape: tuple[int, ...]
) -> dict[str, float]:
    """Message -> wrong b."""
    _, h, w, n = style_shape
    m, here = h * w, f'b of "{program}"'
    other = right_form(program, content_shape, style_shape)[1]
    found = {f"{here}: you use the sizes of the content layer.": other}
    if program == "gatys":
        found[f"{here}: G - A is not D, so the M of the formula does not stay."] = 1 / (4 * n**2 * m**2)
        found[f"{here}: G - A is M times D, and squared."] = 1 / (4 * n**2 * m)
        found[f"{here}: N is squared in the formula."] = 1 / (4 * n)
        found[f"{here}: M cancels, and the 4 does not."] = float(n) ** -2
    elif program == "sum":
        found[f"{here}: these Gram matrices are not divided by M, and D is."] = 0.5
        found[f"{here}: G - A is M times D, and squared."] = m / 2
        found[f"{here}: the 1/2 of the program is missing."] = float(m**2)
        found[f"{here}: upside down in M. Which is larger, G - A or D?"] = 1 / (2 * m**2)
    else:
        found[f"{here}: a mean is not the sum of the common form."] = (
            1.0 if program == "mse" else float(n) ** -2
        )
        found[f"{here}: a Gram matrix does not have N entries."] = (
            1 / n if program == "mse" else float(n) ** -3
        )
        found[f"{here}: upside down. A mean is smaller than a sum."] = float(n) ** (
            2 if program == "mse" else 4
        )
    if program == "johnson":
        found[f"{here}: this program divides by N once more than the one above it, inside the square."] = (
            n**-1.0
        )
    return found


@question(points=4)
def normal_form(rng: np.random.Generator, answer: Any) -> Steps:
    """The content factor of all programs, then the style factors, means before sums."""
    h, w, n, h2, w2, n2 = sizes(rng, 6)
    style_shape, content_shape = (1, h, w, n), (1, h2, w2, n2)
    found = {}
    for program in PROGRAMS:
        value = call(answer, program, style_shape, content_shape)
        pair = array(value, (2,), f'The result for "{program}"')
        require((pair > 0).all(), f'For "{program}" a and b should both be positive.')
        found[program] = pair
    for program in PROGRAMS:
        both = right_form(program, style_shape, content_shape)
        swapped = f'"{program}": your a and b are exchanged: a belongs to the content.'
        known = {swapped: both[1]} if both[1] != both[0] and same(found[program], both[::-1]) else {}
        known |= known_contents(program, style_shape, content_shape)
        diagnose(
            found[program][0], both[0], known, f'a of "{program}" is not the factor of its content loss.'
        )
    yield 1
    for group, points in ((("mse", "johnson"), 1), (("gatys", "sum"), 2)):
        for program in group:
            right = right_form(program, style_shape, content_shape)[1]
            known = known_styles(program, style_shape, content_shape)
            ratio = found[program][1] / right
            otherwise = f'b of "{program}" is {ratio:.4g} times the right factor for the shape {style_shape}.'
            diagnose(found[program][1], right, known, otherwise)
        yield points


def translated(
    weights: Mapping[str, float],
    source: str,
    target: str,
    style_shapes: Mapping[str, tuple[int, ...]],
    content_shape: tuple[int, ...],
) -> dict[str, float]:
    """The weights of `target` that make the picture of `source`."""
    found = {}
    for layer, weight in weights.items():
        (a, b), (c, d) = (right_form(p, style_shapes[layer], content_shape) for p in (source, target))
        found[layer] = weight * b * c / (a * d)
    return found


@question(points=3)
def translate(rng: np.random.Generator, answer: Any) -> Steps:
    """Programs with one content formula, then with two; then there and back between all."""
    sides = sizes(rng, 7)
    layers = ["block1_conv1", "block2_conv1", "block3_conv1"]
    shapes = {
        layer: (1, sides[i], sides[i + 1], n)
        for i, (layer, n) in enumerate(zip(layers, sides[4:], strict=True))
    }
    content_shape = (1, sides[1], sides[3], sides[5] + 3)
    weights = {layer: float(rng.uniform(0.5, 2.0)) for layer in layers}

    def values(source: str, target: str) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        value = call(answer, weights, source, target, shapes, content_shape)
        found = named_numbers(value, layers, "weight")
        right = translated(weights, source, target, shapes, content_shape)
        given, there = (np.array([each[layer] for layer in layers]) for each in (weights, right))
        return np.array([found[layer] for layer in layers]), there, {"given": given, "factor": there / given}

    for source, target, earned in (("mse", "johnson", 1), ("gatys", "mse", 1), ("johnson", "sum", 0)):
        found, right, more = values(source, target)
        given, factor = more["given"], more["factor"]
        a, c = (right_form(p, shapes[layers[0]], content_shape)[0] for p in (source, target))
        where = f'From "{source}" to "{target}"'
        known = {
            f"{where}: your weights do not change.": given,
            f"{where}: upside down. You translate the other way.": given / factor,
            f"{where}: one factor for all layers will not do.": given * factor[0],
        }
        if a != c:
            known |= {
                f"{where}: you leave out that the content terms differ, too.": right * a / c,
                f"{where}: the content factors are upside down.": right * (a / c) ** 2,
            }
        otherwise = f"{where}: these weights do not make the same picture. (Is your normal_form right?)"
        diagnose(found, right, known, otherwise)
        yield earned
    found, right, more = values("sum", "sum")
    require(same(found, more["given"]), "From a program to itself no weight should change.")
    found, right, more = values("sum", "gatys")
    require(same(found, right), 'From "sum" to "gatys": these weights do not make the same picture.')
    yield 1


@question(points=3)
def recovered_alpha(rng: np.random.Generator, answer: Any) -> Steps:
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
    rest -= content * np.sum(rest * content) / np.sum(content**2)
    style = -alpha * content + rng.uniform(1.5, 2.5) * rest
    found = number(call(answer, content, style))
    inner, length, long = np.sum(content * style), np.sum(content**2), np.sum(style**2)
    known = {
        "You compare the lengths of the forces; the rest that no alpha removes has a length, too.": np.sqrt(
            long / length
        ),
        "You compare the squared lengths of the two forces.": long / length,
        "You made content + style / alpha shortest; the force is alpha * content + style.": -long / inner,
        "You average the quotients of single entries; small denominators decide then.": float(
            np.mean(-style / content)
        ),
        "You take the median of the quotients; least squares is asked for.": float(
            np.median(-style / content)
        ),
        "You return the cosine of the two forces.": -inner / np.sqrt(length * long),
    }

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
