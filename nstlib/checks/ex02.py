"""Checks of exercise 02, what layers respond to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, number, question, require, same, uses

Layers = Sequence[tuple[int, int, int]]  # of each layer: kernel, stride, padding


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Shape of an array that `call` brought; None for anything else."""
    return value.shape if isinstance(value, np.ndarray) else None


def pair(value: Any, what: str) -> tuple[Any, Any]:
    """Two results of a function that returns two."""
    several = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)
    require(several and len(value) == 2, f"Return two results: {what}.")
    return value[0], value[1]


@question(points=2)
def block_cost(rng: np.random.Generator, answer: Any) -> Steps:
    """Parameters, then multiplications."""
    height, width, before, channels = (int(k) for k in rng.permutation(np.arange(5, 30))[:4])
    count = int(rng.integers(3, 6))
    value = call(answer, height, width, before, channels, count)
    parameters, products = pair(value, "the parameters, then the multiplications")
    products = number(products, "The second result")
    weights = 9 * (before * channels + (count - 1) * channels**2)
    known = {
        "The biases are missing: every filter has one.": weights,
        "A layer has one bias for each of its filters.": weights + count,
        "Every convolution is counted with the channels that come into the block; after the first, "
        "others come in.": count * (9 * before * channels + channels),
        "Every convolution is counted as if the block's own channels came in; the first sees others.": count
        * (9 * channels**2 + channels),
        "The 3 x 3 positions of a filter are not counted.": weights / 9 + count * channels,
        "The number of parameters does not depend on the size of the picture: filters are shared by all "
        "positions.": (weights + count * channels) * height * width,
        "Only one convolution is counted.": 9 * before * channels + channels,
        "The two results are there, in the other order.": weights * height * width,
    }
    found = number(parameters, "The first result")
    diagnose(found, weights + count * channels, known, "The number of parameters is not right.", 1e-9)
    yield 1
    known = {
        "You count the weights; each is used again at every position.": weights,
        "You count a multiplication for each bias; a bias is only added.": (weights + count * channels)
        * height
        * width,
        "You count positions after the pooling; it comes after the convolutions.": weights
        * (height // 2)
        * (width // 2),
        "The padding keeps height and width, so no convolution loses a border.": 9
        * sum(
            (height - 2 * k) * (width - 2 * k) * channels * (before if k == 1 else channels)
            for k in range(1, count + 1)
        ),
        "The 3 x 3 positions of a filter are not counted.": weights / 9 * height * width,
    }
    diagnose(products, weights * height * width, known, "The number of multiplications is not right.", 1e-9)
    yield 1


def pooled(x: np.ndarray) -> np.ndarray:
    """Means over 2 x 2 positions; an odd last row or column is left out."""
    height, width = x.shape[1] // 2, x.shape[2] // 2
    x = x[:, : 2 * height, : 2 * width]
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


@question(points=2)
def pool(rng: np.random.Generator, answer: Any) -> Steps:
    """Even sizes, then odd ones."""
    height, width, channels = (int(k) for k in rng.permutation(np.arange(3, 8))[:3])
    x = rng.normal(1.0, 2.0, size=(1, 2 * height, 2 * width, channels))
    found = array(call(answer, x), (1, height, width, channels))
    quarters = np.stack([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)])
    known = {
        "This is max pooling: you take the largest of four; the task wants their mean.": quarters.max(0),
        "You add four numbers up; divide by how many there are.": quarters.sum(0),
        "You keep one number of four and drop the others.": quarters[0],
        "You average two rows, or two columns, and not both.": (quarters[0] + quarters[2]) / 2,
        "You average two columns, or two rows, and not both.": (quarters[0] + quarters[1]) / 2,
        "You average numbers that lie together in memory, not neighbours in the picture.": x.reshape(
            1, height, width, 4, channels
        ).mean(3),
    }
    diagnose(found, pooled(x), known, "The results are not the means over 2 x 2 neighbouring positions.")
    yield 1
    odd = rng.normal(1.0, 2.0, size=(1, 2 * height + 1, 2 * width + 1, channels))
    value = call(answer, odd)
    require(
        shape_of(value) != (1, height + 1, width + 1, channels),
        "An odd last row or column becomes a row or column of the result; it should be left out.",
    )
    found = array(value, (1, height, width, channels))
    known = {
        "Of an odd size the first row and column are left out; it should be the last.": pooled(odd[:, 1:, 1:])
    }
    diagnose(found, pooled(odd), known, "Right for even sizes, wrong for odd ones.")
    yield 1


def answers(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, mode: Any = "constant") -> np.ndarray:
    """A 3x3 convolution as networks have it, before the ReLU; `mode` says what lies beyond the border."""
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=mode)
    moved = [padded[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3)]
    return np.asarray(sum(moved) + bias)


@question(points=3)
def convolve(rng: np.random.Generator, answer: Any) -> Steps:
    """The shape, the positions inside, then those at the border."""
    ready = ("conv", "Conv2D", "conv2d", "correlate", "correlate2d", "convolve", "convolve2d", "features")
    require(not uses(answer, *ready), "Write it yourself: your function calls a convolution that exists.")
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
    sums = answers(x, kernel, bias)
    right = np.maximum(sums, 0)
    flat = np.zeros(m)
    plain = answers(x, kernel, flat)
    known = {
        "The ReLU is missing: there are negative numbers in the result.": sums,
        "The bias is missing.": np.maximum(plain, 0),
        "The bias is added after the ReLU; it belongs before.": np.maximum(plain, 0) + bias,
        "The ReLU makes negative numbers zero; yours turns their sign.": np.abs(sums),
        "Your filter is turned upside down, as in the textbook definition of a convolution; networks leave "
        "it as it is.": np.maximum(answers(x, kernel[::-1, ::-1], bias), 0),
        "Rows and columns of the filter are exchanged.": np.maximum(
            answers(x, kernel.swapaxes(0, 1), bias), 0
        ),
        "The ReLU is applied to each neighbour or each channel; it comes once, after everything is added "
        "up.": sum(np.maximum(answers(x, only(kernel, i, j), flat), 0) for i in range(3) for j in range(3))
        + bias,
        "The nine products are averaged; they should be added up.": np.maximum(plain / 9 + bias, 0),
        "You subtract the bias.": np.maximum(plain - bias, 0),
    }
    inside = (slice(None), slice(1, -1), slice(1, -1))
    diagnose(
        found[inside],
        right[inside],
        {message: np.asarray(wrong)[inside] for message, wrong in known.items()},
        "Even inside, away from the border, these are not the sums over 3 x 3 neighbours and all channels.",
    )
    yield 1
    known = {
        "Beyond the border you repeat the last row and column; it should be zeros.": "edge",
        "Beyond the border you mirror the picture; it should be zeros.": "reflect",
        "Beyond the border your picture goes on at its other side; it should be zeros.": "wrap",
    }
    wrong = {message: np.maximum(answers(x, kernel, bias, mode), 0) for message, mode in known.items()}
    wrong["At the border the result is zero; the filter should look at zeros there, and still answer."] = (
        framed(right)
    )
    diagnose(found, right, wrong, "Right inside, wrong in the first or last row or column.")
    yield 1


def only(kernel: np.ndarray, i: int, j: int) -> np.ndarray:
    """The filter with one of its nine positions kept."""
    kept = np.zeros_like(kernel)
    kept[i, j] = kernel[i, j]
    return kept


def framed(x: np.ndarray) -> np.ndarray:
    """The same inside, zero at the border."""
    kept = np.zeros_like(x)
    kept[:, 1:-1, 1:-1] = x[:, 1:-1, 1:-1]
    return kept


def field_of(layers: Layers, row: int, column: int) -> tuple[int, int, int]:
    """Top, left and side of the receptive field, going back from the last layer."""
    top, left, side = row, column, 1
    for kernel, stride, padding in reversed(layers):
        top, left = top * stride - padding, left * stride - padding
        side = (side - 1) * stride + kernel
    return top, left, side


def steps(layers: Layers) -> list[int]:
    """Pixels between neighbouring positions of each layer's input."""
    return [int(np.prod([stride for _, stride, _ in layers[:k]])) for k in range(len(layers))]


@question(points=3)
def field(rng: np.random.Generator, answer: Any) -> Steps:
    """The side without strides, the side with them, then the place."""
    plain = [(int(k), 1, int(k) // 2) for k in rng.choice([3, 5, 7], size=4)]
    row, column = (int(k) for k in rng.permutation(np.arange(4, 9))[:2])
    found = array(call(answer, plain, row, column), (3,))
    side = field_of(plain, row, column)[2]
    known = {
        "Each layer adds its whole kernel; how many pixels does it see that others have not?": 1
        + sum(k for k, _, _ in plain),
        "Kernels are multiplied; fields grow by a sum.": int(np.prod([k for k, _, _ in plain])),
        "Each layer adds half of what it should: there are neighbours on both sides.": 1
        + sum(k // 2 for k, _, _ in plain),
        "The pixel itself is not counted.": side - 1,
        "The kernels are added up, although each layer shares a pixel with the one before.": sum(
            k for k, _, _ in plain
        ),
    }
    diagnose(found[2], side, known, "For layers of stride 1 the side is not right.", 1e-9)
    yield 1
    wide, wider = (int(k) for k in rng.permutation([3, 5]))
    layers = [(3, 1, 1), (5, 1, 2), (2, 2, 0), (wide, 1, 1), (3, 2, 1), (wider, 1, 2), (2, 2, 0), (3, 1, 1)]
    found = array(call(answer, layers, row, column), (3,))
    top, left, side = field_of(layers, row, column)
    before = steps(layers)
    after = [step * stride for step, (_, stride, _) in zip(before, layers, strict=True)]
    known = {
        "Strides are left out: behind a layer of stride 2, neighbours are two pixels apart.": 1
        + sum(k - 1 for k, _, _ in layers),
        "A layer's own stride moves its outputs apart, not the inputs it looks at.": 1
        + sum(step * (k - 1) for step, (k, _, _) in zip(after, layers, strict=True)),
        "Each layer counts its own stride only, and forgets those before it.": 1
        + sum(stride * (k - 1) for k, stride, _ in layers),
        "Strides add up in your function; two layers of stride 2 put neighbours four pixels apart.": 1
        + sum(
            max(1, sum(s for _, s, _ in layers[:place] if s > 1)) * (k - 1)
            for place, (k, _, _) in enumerate(layers)
        ),
    }
    diagnose(found[2], side, known, "For layers with strides the side is not right.", 1e-9)
    yield 1
    padding = sum(step * p for step, (_, _, p) in zip(before, layers, strict=True))
    stride = int(np.prod([s for _, s, _ in layers]))
    corner = np.array([top, left])
    place = np.array([row, column])
    places: dict[str, Any] = {
        "Top and left are exchanged: a row says how far down, a column how far to the right.": corner[::-1],
        "The padding is left out: it moves every field up and to the left.": corner + padding,
        "Your padding moves the field down and to the right.": corner + 2 * padding,
        "Padding is counted in pixels of the picture; in a deep layer it is in its positions.": place * stride
        - sum(p for _, _, p in layers),
        "The position is one of the last layer's grid, which is coarser than the pixels'.": place - padding,
        "This is the middle of the field; return its first row and column.": corner + side // 2,
        "This is the last row and column of the field; return the first.": corner + side - 1,
    }
    diagnose(found[:2], corner, places, "The side is right, the first row and column are not.", 1e-9)
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
def field_by_experiment(rng: np.random.Generator, answer: Any) -> Steps:
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
def rescale(rng: np.random.Generator, answer: Any) -> Steps:
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
    column = before[:, None]
    right = kernel * column / after
    known = {
        "The kernel does not know that its inputs have shrunk: they come divided by mean_before.": kernel
        / after,
        "The kernel makes up for its smaller inputs, and its answers are not yet rescaled.": kernel * column,
        "The inputs come divided by mean_before, and you divide by it once more.": kernel / column / after,
        "Your kernel makes the answers larger by mean_after, and they should become smaller.": kernel
        * column
        * after,
        "Both means are used upside down.": kernel / column * after,
        "The kernel is not changed.": kernel,
    }
    x = rng.uniform(0, 2, size=(1, 5, 6, n))
    old = np.maximum(answers(x, kernel, bias), 0)[0, 2, 3]
    new = np.maximum(answers(x / before, new_kernel, bias / after), 0)[0, 2, 3]
    one = int(np.argmax(old))
    message = (
        f"With your kernel and the right bias, a channel of mean {after[one]:.3g} that answered "
        f"{old[one]:.3g} now answers {new[one]:.3g}."
    )
    diagnose(new_kernel, right, known, message)
    yield 1
    known = {
        "The bias is not changed; it is a part of the sum that has to become smaller.": bias,
        "The bias is multiplied by mean_after; that is the wrong way.": bias * after,
        "The bias is moved by the mean, but it should be scaled.": bias - after,
        "A bias meets no input, so what happened to the inputs does not matter to it.": bias
        * before.mean()
        / after,
    }
    diagnose(new_bias, bias / after, known, "The kernel is right, the bias is not.")
    yield 1
