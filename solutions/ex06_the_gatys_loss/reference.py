"""Right values of exercise 06, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def gram(features: np.ndarray) -> np.ndarray:
    """G/M in float64."""
    flat = np.asarray(features, "float64").reshape(-1, features.shape[-1])
    return flat.T @ flat / len(flat)


# --- the loss ---------------------------------------------------------------------------------------


def content_part(features: np.ndarray, photo: np.ndarray, alpha: float) -> float:
    """The content loss with its weight."""
    return float(alpha * np.sum((features - photo) ** 2) / 2)


def mistakes_of_content_part(
    features: np.ndarray, photo: np.ndarray, alpha: float, beta: float
) -> dict[str, float]:
    """Factors and weights that are missing or do not belong there, and other sums."""
    difference, right = features - photo, content_part(features, photo, alpha)
    style = "The content part carries the weight of the style: in the papers alpha belongs to the content."
    absolute = "The content part takes absolute values instead of squares."
    return {
        "The content part is twice the right value.": 2 * right,
        "The content part is a mean; the equation has a sum.": 2 * right / difference.size,
        "The content part is half a mean; the equation has half a sum.": right / difference.size,
        "The content part has no weight.": right / alpha,
        style: right / alpha * beta,
        absolute: alpha * np.abs(difference).sum() / 2,
    }


def style_part(features: np.ndarray, style: np.ndarray, share: float, beta: float) -> float:
    """One layer's style loss with its weights."""
    n = features.shape[-1]
    return float(beta * share * np.sum((gram(features) - gram(style)) ** 2) / (4 * n**2))


def mistakes_of_style_part(
    features: np.ndarray, style: np.ndarray, share: float, alpha: float, beta: float
) -> dict[str, float]:
    """Weights and divisions that are missing or do not belong there."""
    n, m, m2 = features.shape[-1], features[..., 0].size, style[..., 0].size
    g, a, right = gram(features), gram(style), style_part(features, style, share, beta)

    def weighted(difference: np.ndarray) -> float:
        return float(beta * share * np.sum(difference**2) / (4 * n**2))

    content = "The style parts carry the weight of the content: in the papers beta belongs to the style."
    layers = "The style parts are divided by the number of layers as well: the shares do that already."
    one_size = "Both Gram matrices are divided by the positions of the same picture; each has its own."
    undivided = "The Gram matrices of the style parts are not divided by their positions."
    absolute = "The style parts take absolute values instead of squares."
    return {
        "The style parts lack the shares w_l.": right / share,
        "The style parts lack the weight beta.": right / beta,
        "The style parts have no weights.": right / share / beta,
        content: right / beta * alpha,
        layers: right / 2,
        "The style parts lack the division by 4 N^2.": right * 4 * n**2,
        "The style parts are four times too large.": right * 4,
        "The style parts divide by N where the equation divides by its square.": right * n,
        "The positions are divided out twice in the style parts.": weighted(g / m - a / m2),
        one_size: weighted(g - a * m2 / m),
        undivided: weighted(g * m - a * m2),
        absolute: beta * share * np.abs(g - a).sum() / (4 * n**2),
    }


# --- weights ----------------------------------------------------------------------------------------


def shared(values: Any) -> np.ndarray:
    """Numbers with the same ratios and the sum 1."""
    return np.asarray(values) / np.sum(values)


def rows(gradients: Mapping[str, np.ndarray]) -> np.ndarray:
    """A row for each layer."""
    return np.array([gradient.ravel() for gradient in gradients.values()])


def equal_shares(gradients: Mapping[str, np.ndarray]) -> np.ndarray:
    """The shares with which all gradients are equally long, in the order of the layers."""
    return shared(1 / np.linalg.norm(rows(gradients), axis=1))


def mistakes_of_equal_shares(gradients: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Shares that are upside down, or make something else equal."""
    flat, right = rows(gradients), equal_shares(gradients)
    means, largest = np.abs(flat).mean(1), np.abs(flat).max(1)
    uneven = "Your layers pull even more unequally than before: a layer that pulls hard should get less."
    squared = "Your shares are right for the squared lengths; the lengths themselves should be equal."
    length = "the length of a gradient is the root of a sum of squares."
    return {
        uneven: shared(1 / right),
        squared: shared(right**2),
        f"You compare mean absolute values; {length}": shared(1 / means),
        f"You compare the largest entries; {length}": shared(1 / largest),
    }


def weight_for_share(content: float, style: float, alpha: float, share: float) -> float:
    """The beta with which the style part has a share of the total."""
    return alpha * content / style * share / (1 - share)


def mistakes_of_weight(content: float, style: float, alpha: float, share: float) -> dict[str, float]:
    """Another share, or the share of something else."""
    ratio, right = alpha * content / style, weight_for_share(content, style, alpha, share)
    equal = "With your beta content and style parts are equal, whatever share is asked for."
    part = "With your beta the style part is q times the content part; it should be q times the total."
    divided = "Your beta divides by alpha: a content part with more weight needs a style part with more."
    upside = (
        "Your beta has the two losses upside down: the smaller the style loss is, the more weight it needs."
    )
    return {
        "With your beta the content part has the share q of the total.": ratio * (1 - share) / share,
        part: ratio * share,
        equal: ratio,
        "Your beta leaves out alpha.": right / alpha,
        divided: right / alpha**2,
        upside: weight_for_share(style, content, alpha, share),
    }


# --- one form for four programs ---------------------------------------------------------------------


def normal_form(program: str, style_shape: Shape, content_shape: Shape) -> tuple[float, float]:
    """The factors a and b of a program."""
    _, h, w, n = style_shape
    a = np.prod(content_shape) / 2 if program in ("gatys", "sum") else 1.0
    b = {"gatys": 1 / (4 * n**2), "sum": (h * w) ** 2 / 2, "mse": n**-2.0, "johnson": n**-4.0}
    return float(a), float(b[program])


def mistakes_of_a(program: str, style_shape: Shape, content_shape: Shape) -> dict[str, float]:
    """Wrong factors of the content loss; the message lacks the name of the program."""
    _, h, w, n = content_shape
    count = float(h * w * n)
    if program in ("mse", "johnson"):
        return {
            "this program takes the mean itself, as the common form does.": count,
            "this program takes a mean, not half a sum.": count / 2,
            "the mean is the same on both sides.": 1 / count,
            "there is no 1/2 in this program.": 0.5,
        }
    return {
        "the 1/2 of the program is missing.": count,
        "upside down. How many times the mean is the program's content loss?": 2 / count,
        "a sum over positions and channels has more entries than positions.": h * w / 2,
        "a sum over positions and channels has more entries than channels.": n / 2,
        "you count the entries of the style layer.": float(np.prod(style_shape)) / 2,
        "a sum is not a mean.": 0.5,
    }


def mistakes_of_b(program: str, style_shape: Shape, content_shape: Shape) -> dict[str, float]:
    """Wrong factors of the style loss; the message lacks the name of the program."""
    _, h, w, n = style_shape
    other = normal_form(program, content_shape, style_shape)[1]
    found = {"you use the sizes of the content layer.": other}
    if program == "gatys":
        return found | mistakes_of_gatys(n, h * w)
    return found | (mistakes_of_sum(h * w) if program == "sum" else mistakes_of_mean(program, n))


def mistakes_of_gatys(n: int, m: int) -> dict[str, float]:
    """Of b in the papers."""
    return {
        "G - A is not D, so the M of the formula does not stay.": 1 / (4 * n**2 * m**2),
        "G - A is M times D, and squared.": 1 / (4 * n**2 * m),
        "N is squared in the formula.": 1 / (4 * n),
        "M cancels, and the 4 does not.": float(n) ** -2,
    }


def mistakes_of_sum(m: int) -> dict[str, float]:
    """Of b in the reports."""
    return {
        "these Gram matrices are not divided by M, and D is.": 0.5,
        "G - A is M times D, and squared.": m / 2,
        "the 1/2 of the program is missing.": float(m**2),
        "upside down in M. Which is larger, G - A or D?": 1 / (2 * m**2),
    }


def mistakes_of_mean(program: str, n: int) -> dict[str, float]:
    """Of b in the two programs that take means."""
    again = 0 if program == "mse" else 2  # the square of what Johnson's program divides by besides
    found = {
        "a mean is not the sum of the common form.": float(n) ** -again,
        "a Gram matrix does not have N entries.": float(n) ** -(1 + again),
        "upside down. A mean is smaller than a sum.": float(n) ** (2 + again),
    }
    twice = "this program divides by N once more than the one above it, inside the square."
    return found | ({twice: 1 / n} if program == "johnson" else {})


def translate(
    weights: Mapping[str, float],
    source: str,
    target: str,
    style_shapes: Mapping[str, Shape],
    content_shape: Shape,
) -> np.ndarray:
    """The weights of `target` that make the picture of `source`, in the order of the layers."""
    found = []
    for layer, weight in weights.items():
        (a, b), (c, d) = (normal_form(p, style_shapes[layer], content_shape) for p in (source, target))
        found.append(weight * b * c / (a * d))
    return np.array(found)


def mistakes_of_translate(
    weights: Mapping[str, float],
    source: str,
    target: str,
    style_shapes: Mapping[str, Shape],
    content_shape: Shape,
) -> dict[str, np.ndarray]:
    """Factors that are missing or upside down; the message lacks the names of the programs."""
    right = translate(weights, source, target, style_shapes, content_shape)
    given = np.array(list(weights.values()))
    factor, first = right / given, next(iter(style_shapes.values()))
    a, c = (normal_form(program, first, content_shape)[0] for program in (source, target))
    found = {
        "your weights do not change.": given,
        "upside down. You translate the other way.": given / factor,
        "one factor for all layers will not do.": given * factor[0],
    }
    if a != c:
        found["you leave out that the content terms differ, too."] = right * a / c
        found["the content factors are upside down."] = right * (a / c) ** 2
    return found


# --- which weight it was ----------------------------------------------------------------------------


def recovered_alpha(content: np.ndarray, style: np.ndarray) -> float:
    """The alpha that leaves the shortest force."""
    return max(0.0, float(-np.sum(content * style) / np.sum(content**2)))


def across(force: np.ndarray, content: np.ndarray) -> np.ndarray:
    """The part of a force that no alpha changes."""
    return np.asarray(force - content * np.sum(force * content) / np.sum(content**2))


def mistakes_of_recovered_alpha(content: np.ndarray, style: np.ndarray) -> dict[str, float]:
    """Other ways to compare two forces that pull against each other and leave a rest."""
    inner, length, long = np.sum(content * style), np.sum(content**2), np.sum(style**2)
    lengths = "You compare the lengths of the forces; the rest that no alpha removes has a length, too."
    other = "You made content + style / alpha shortest; the force is alpha * content + style."
    quotients = "You average the quotients of single entries; small denominators decide then."
    median = "You take the median of the quotients; least squares is asked for."
    return {
        lengths: np.sqrt(long / length),
        "You compare the squared lengths of the two forces.": long / length,
        other: -long / inner,
        quotients: np.mean(-style / content),
        median: np.median(-style / content),
        "You return the cosine of the two forces.": -inner / np.sqrt(length * long),
    }
