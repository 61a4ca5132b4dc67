"""Checks of exercise 02, what layers respond to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Shape of an array that `call` brought; None for anything else."""
    return value.shape if isinstance(value, np.ndarray) else None


def pair(value: Any, what: str) -> tuple[Any, Any]:
    """Two results of a function that returns two."""
    several = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    require(several and len(value) == 2, f"Return two results: {what}.")
    return value[0], value[1]


@question(points=2)
def block_cost(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Parameters, then multiplications."""
    height, width, before, channels = (int(k) for k in rng.permutation(np.arange(5, 30))[:4])
    count = int(rng.integers(3, 6))
    value = call(answer, height, width, before, channels, count)
    parameters, products = pair(value, "the parameters, then the multiplications")
    products = number(products, "The second result")
    found = number(parameters, "The first result")
    known = right.mistakes_of_parameters(height, width, before, channels, count)
    otherwise = "The number of parameters is not right."
    diagnose(found, right.parameters(before, channels, count), known, otherwise, 1e-9)
    yield 1
    known = right.mistakes_of_products(height, width, before, channels, count)
    otherwise = "The number of multiplications is not right."
    diagnose(products, right.products(height, width, before, channels, count), known, otherwise, 1e-9)
    yield 1


@question(points=2)
def pool(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Even sizes, then odd ones."""
    height, width, channels = (int(k) for k in rng.permutation(np.arange(3, 8))[:3])
    x = rng.normal(1.0, 2.0, size=(1, 2 * height, 2 * width, channels))
    found = array(call(answer, x), (1, height, width, channels))
    otherwise = "The results are not the means over 2 x 2 neighbouring positions."
    diagnose(found, right.pool(x), right.mistakes_of_pool(x), otherwise)
    yield 1
    odd = rng.normal(1.0, 2.0, size=(1, 2 * height + 1, 2 * width + 1, channels))
    value = call(answer, odd)
    require(
        shape_of(value) != (1, height + 1, width + 1, channels),
        "An odd last row or column becomes a row or column of the result; it should be left out.",
    )
    found = array(value, (1, height, width, channels))
    message = "Of an odd size the first row and column are left out; it should be the last."
    known = {message: right.pool_from_second(odd)}
    diagnose(found, right.pool(odd), known, "Right for even sizes, wrong for odd ones.")
    yield 1


@question(points=3)
def convolve(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The shape, the positions inside, then those at the border."""
    height, width, n, m = (int(k) for k in rng.permutation(np.arange(4, 10))[:4])
    x = rng.normal(1.0, 1.0, size=(1, height, width, n))
    kernel, bias = rng.normal(size=(3, 3, n, m)), rng.choice([-3.0, 3.0], size=m) * rng.uniform(0.5, 1, m)
    value = call(answer, x, kernel, bias)
    require(
        shape_of(value) != (1, height - 2, width - 2, m),
        "The result has lost a border of one position; with zeros around the input it keeps its size.",
    )
    found = array(value, (1, height, width, m))
    yield 1
    layer = right.convolve(x, kernel, bias)
    known = right.mistakes_of_convolve(x, kernel, bias)
    inside = (slice(None), slice(1, -1), slice(1, -1))
    diagnose(
        found[inside],
        layer[inside],
        {message: wrong[inside] for message, wrong in known.items()},
        "Even inside, away from the border, these are not the sums over 3 x 3 neighbours and all channels.",
    )
    yield 1
    known = right.mistakes_at_border(x, kernel, bias)
    diagnose(found, layer, known, "Right inside, wrong in the first or last row or column.")
    yield 1


@question(points=3)
def field(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The side without strides, the side with them, then the place."""
    plain = [(int(k), 1, int(k) // 2) for k in rng.choice([3, 5, 7], size=4)]
    row, column = (int(k) for k in rng.permutation(np.arange(4, 9))[:2])
    found = array(call(answer, plain, row, column), (3,))
    side = right.field(plain, row, column)[2]
    known = right.mistakes_of_side(plain)
    diagnose(found[2], side, known, "For layers of stride 1 the side is not right.", 1e-9)
    yield 1
    wide, wider = (int(k) for k in rng.permutation([3, 5]))
    layers = [(3, 1, 1), (5, 1, 2), (2, 2, 0), (wide, 1, 1), (3, 2, 1), (wider, 1, 2), (2, 2, 0), (3, 1, 1)]
    found = array(call(answer, layers, row, column), (3,))
    top, left, side = right.field(layers, row, column)
    known = right.mistakes_of_strides(layers)
    diagnose(found[2], side, known, "For layers with strides the side is not right.", 1e-9)
    yield 1
    known = right.mistakes_of_corner(layers, row, column)
    otherwise = "The side is right, the first row and column are not."
    diagnose(found[:2], np.array([top, left]), known, otherwise, 1e-9)
    found = array(call(answer, [(3, 1, 1)], 0, 0), (3,))
    require(same(found, [-1, -1, 3], 1e-9), "The square begins before the picture; do not cut it off.")
    yield 1


def found_box(
    answer: Any, weights: np.ndarray, box: Sequence[int], image: np.ndarray
) -> tuple[np.ndarray, int]:
    """The box a learner finds for a number that depends on one, and how often the number was asked for."""
    top, left, height, width = box
    calls: list[int] = []

    def respond(x: Any) -> float:
        """A weighted sum over the box, and a little that changes from call to call, as rounding does."""
        if np.shape(x) != image.shape:
            raise ValueError(f"an image of shape {image.shape} is needed, not {np.shape(x)}")
        calls.append(1)
        seen = np.asarray(x, "float64")[0, top : top + height, left : left + width]
        return float(np.sum(weights * seen)) + 1e-6 * (len(calls) % 50)

    return array(call(answer, respond, image), (4,)), len(calls)


@question(points=4)
def field_by_experiment(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """A box of pixels, few questions, then a filter that does not see an even change."""
    height, width = (int(k) for k in rng.permutation(np.arange(13, 18))[:2])
    box = (int(rng.integers(1, 4)), int(rng.integers(4, 7)), int(rng.integers(4, 6)), int(rng.integers(6, 8)))
    image = rng.uniform(0.1, 0.9, size=(1, height, width, 3)).astype("float32")
    weights = rng.uniform(5, 10, size=(box[2], box[3], 3)) * rng.choice([-1, 1], size=(box[2], box[3], 1))
    found, calls = found_box(answer, weights, box, image)
    require(calls, "Your function never asks for the answer to an image.")
    top, left, tall, wide = box
    known = {
        "Your box is the whole picture: changes below 0.0001 are rounding.": (0, 0, height, width),
        "Height and width are one too small: from row 2 to row 4 it is three rows.": (
            top,
            left,
            tall - 1,
            wide - 1,
        ),
        "The last two numbers should be height and width; yours are the last row and column.": (
            top,
            left,
            top + tall - 1,
            left + wide - 1,
        ),
        "The last two numbers should be height and width; yours are where the box ends.": (
            top,
            left,
            top + tall,
            left + wide,
        ),
        "Rows and columns are exchanged.": (left, top, wide, tall),
    }
    message = (
        f"The answer depends on the box {list(box)}; yours is {[int(k) for k in np.clip(found, -999, 999)]}."
    )
    diagnose(found, box, {text: np.array(wrong) for text, wrong in known.items()}, message, 1e-9)
    yield 1
    require(
        calls <= 2 * (height + width),
        f"The box is right, and it took {calls} calls of `answer` for {height} x {width} pixels; "
        f"{2 * (height + width)} are allowed.",
    )
    yield 1
    message = (
        "Wrong for an edge filter, whose weights add up to zero along each row and each column: what does it "
        "say to a row of which all pixels are changed in the same way?"
    )
    try:
        found, calls = found_box(answer, edge_filter(rng, tall, wide), box, image)
    except Mistake:
        raise Mistake(message) from None
    require(same(found, box, 1e-9), message)
    yield 2


def edge_filter(rng: np.random.Generator, tall: int, wide: int) -> np.ndarray:
    """Weights (H, W, 3) that add up to zero along every row and every column."""
    down, across = np.linspace(-8, 8, tall), np.linspace(-8, 8, wide)
    return down[:, None, None] * across[None, :, None] * rng.uniform(0.5, 1.0, size=3)


@question(points=3)
def rescale(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Nothing changes for means of 1, and something for others; then the kernel, then the bias."""
    n, m = (int(k) for k in rng.permutation(np.arange(4, 9))[:2])
    kernel, bias = rng.normal(size=(3, 3, n, m)), rng.normal(size=m)
    before, after = rng.uniform(0.3, 4.0, size=n), rng.uniform(0.3, 4.0, size=m)
    what = "the new kernel, then the new bias"

    def results(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        new_kernel, new_bias = pair(call(answer, kernel, bias, a, b), what)
        return array(new_kernel, kernel.shape, "The kernel"), array(new_bias, bias.shape, "The bias")

    found = results(np.ones(n), np.ones(m))
    require(
        same(found[0], kernel) and same(found[1], bias),
        "Where all means are 1 already, kernel and bias should stay as they are.",
    )
    new_kernel, new_bias = results(before, after)
    require(
        not (same(new_kernel, kernel) and same(new_bias, bias)),
        "You return kernel and bias as they were, although the means are not 1.",
    )
    yield 1
    new_right, bias_right = right.rescale(kernel, bias, before, after)
    known = right.mistakes_of_rescaled_kernel(kernel, before, after)
    k, c = int(rng.integers(n)), int(rng.integers(m))
    factor = new_kernel[1, 1, k, c] / kernel[1, 1, k, c]
    message = (
        f"From a channel of mean {before[k]:.3g} to one of mean {after[c]:.3g} your kernel has a weight "
        f"{factor:.3g} times the old one. What does that make of the answer?"
    )
    diagnose(new_kernel, new_right, known, message)
    yield 1
    known = right.mistakes_of_rescaled_bias(bias, before, after)
    diagnose(new_bias, bias_right, known, "The kernel is right, the bias is not.")
    yield 1
