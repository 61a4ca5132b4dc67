"""Right values of exercise 02, and those that known mistakes give: what its checks compare with.

A function that begins with `mistake` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Layers = Sequence[tuple[int, int, int]]  # of each layer: kernel, stride, padding

# --- what a block costs -----------------------------------------------------------------------------


def weights_of_block(before: int, channels: int, count: int) -> int:
    """Of all its convolutions, without the biases."""
    return 9 * (before * channels + (count - 1) * channels**2)


def parameters(before: int, channels: int, count: int) -> int:
    """Weights and biases."""
    return weights_of_block(before, channels, count) + count * channels


def mistakes_of_parameters(
    height: int, width: int, before: int, channels: int, count: int
) -> dict[str, float]:
    """Biases and channels that are forgotten, or counted twice."""
    weights, right = weights_of_block(before, channels, count), parameters(before, channels, count)
    first = (
        "Every convolution is counted with the channels that come into the block; after the first, "
        "others come in."
    )
    own = "Every convolution is counted as if the block's own channels came in; the first sees others."
    shared = (
        "The number of parameters does not depend on the size of the picture: filters are shared by all "
        "positions."
    )
    return {
        "The biases are missing: every filter has one.": weights,
        "A layer has one bias for each of its filters.": weights + count,
        first: count * (9 * before * channels + channels),
        own: count * (9 * channels**2 + channels),
        "The 3 x 3 positions of a filter are not counted.": weights / 9 + count * channels,
        shared: right * height * width,
        "Only one convolution is counted.": 9 * before * channels + channels,
        "The two results are there, in the other order.": weights * height * width,
    }


def products(height: int, width: int, before: int, channels: int, count: int) -> int:
    """Multiplications of all its convolutions."""
    return weights_of_block(before, channels, count) * height * width


def mistakes_of_products(height: int, width: int, before: int, channels: int, count: int) -> dict[str, float]:
    """Positions and biases that are forgotten, or counted twice."""
    weights = weights_of_block(before, channels, count)
    biases = "You count a multiplication for each bias; a bias is only added."
    after = "You count positions after the pooling; it comes after the convolutions."
    shrinking = 9 * sum(
        (height - 2 * k) * (width - 2 * k) * channels * (before if k == 1 else channels)
        for k in range(1, count + 1)
    )
    return {
        "You count the weights; each is used again at every position.": weights,
        biases: parameters(before, channels, count) * height * width,
        after: weights * (height // 2) * (width // 2),
        "The padding keeps height and width, so no convolution loses a border.": shrinking,
        "The 3 x 3 positions of a filter are not counted.": weights / 9 * height * width,
    }


# --- pooling ----------------------------------------------------------------------------------------


def pool(x: np.ndarray) -> np.ndarray:
    """Means over 2 x 2 positions; an odd last row or column is left out."""
    height, width = x.shape[1] // 2, x.shape[2] // 2
    return quarters(x[:, : 2 * height, : 2 * width]).mean(0)


def quarters(x: np.ndarray) -> np.ndarray:
    """The four positions of each square, one behind the other."""
    return np.stack([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)])


def mistakes_of_pool(x: np.ndarray) -> dict[str, np.ndarray]:
    """Other numbers of each square, and other squares; for even sizes."""
    four, (_, height, width, channels) = quarters(x), x.shape
    memory = "You average numbers that lie together in memory, not neighbours in the picture."
    return {
        "This is max pooling: you take the largest of four; the task wants their mean.": four.max(0),
        "You add four numbers up; divide by how many there are.": four.sum(0),
        "You keep one number of four and drop the others.": four[0],
        "You average two rows, or two columns, and not both.": (four[0] + four[2]) / 2,
        "You average two columns, or two rows, and not both.": (four[0] + four[1]) / 2,
        memory: x.reshape(1, height // 2, width // 2, 4, channels).mean(3),
    }


def pool_from_second(x: np.ndarray) -> np.ndarray:
    """A mistake with odd sizes: the first row and column are left out."""
    return pool(x[:, 1:, 1:])


# --- a convolution ----------------------------------------------------------------------------------


def sums(x: np.ndarray, kernel: np.ndarray, bias: Any, mode: Any = "constant") -> np.ndarray:
    """A 3x3 convolution as networks have it, before the ReLU; `mode` says what lies beyond the border."""
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=mode)
    moved = [padded[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3)]
    return np.asarray(sum(moved) + bias)


def convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The layer, with its ReLU."""
    return np.maximum(sums(x, kernel, bias), 0)


def mistakes_of_convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    """Wrong away from the border already."""
    plain = sums(x, kernel, 0.0)
    flipped = (
        "Your filter is turned upside down, as in the textbook definition of a convolution; networks leave "
        "it as it is."
    )
    each = (
        "The ReLU is applied to each neighbour or each channel; it comes once, after everything is added up."
    )
    one_by_one = sum(np.maximum(sums(x, only(kernel, i, j), 0.0), 0) for i in range(3) for j in range(3))
    swapped = convolve(x, kernel.swapaxes(0, 1), bias)
    return {
        "The ReLU is missing: there are negative numbers in the result.": plain + bias,
        "The bias is missing.": np.maximum(plain, 0),
        "The bias is added after the ReLU; it belongs before.": np.maximum(plain, 0) + bias,
        "The ReLU makes negative numbers zero; yours turns their sign.": np.abs(plain + bias),
        flipped: convolve(x, kernel[::-1, ::-1], bias),
        "Rows and columns of the filter are exchanged.": swapped,
        each: np.asarray(one_by_one + bias),
        "The nine products are averaged; they should be added up.": np.maximum(plain / 9 + bias, 0),
        "You subtract the bias.": np.maximum(plain - bias, 0),
    }


def mistakes_at_border(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> dict[str, np.ndarray]:
    """Right inside."""
    known = {
        "Beyond the border you repeat the last row and column; it should be zeros.": "edge",
        "Beyond the border you mirror the picture; it should be zeros.": "reflect",
        "Beyond the border your picture goes on at its other side; it should be zeros.": "wrap",
    }
    found = {message: np.maximum(sums(x, kernel, bias, mode), 0) for message, mode in known.items()}
    silent = "At the border the result is zero; the filter should look at zeros there, and still answer."
    return found | {silent: framed(convolve(x, kernel, bias))}


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


# --- the field --------------------------------------------------------------------------------------


def field(layers: Layers, row: int, column: int) -> tuple[int, int, int]:
    """Top, left and side of the receptive field, going back from the last layer."""
    top, left, side = row, column, 1
    for kernel, stride, padding in reversed(layers):
        top, left = top * stride - padding, left * stride - padding
        side = (side - 1) * stride + kernel
    return top, left, side


def mistakes_of_side(layers: Layers) -> dict[str, int]:
    """Of the side of a field, for layers of stride 1."""
    kernels = [kernel for kernel, _, _ in layers]
    whole = "Each layer adds its whole kernel; how many pixels does it see that others have not?"
    half = "Each layer adds half of what it should: there are neighbours on both sides."
    shared = "The kernels are added up, although each layer shares a pixel with the one before."
    return {
        whole: 1 + sum(kernels),
        "Kernels are multiplied; fields grow by a sum.": int(np.prod(kernels)),
        half: 1 + sum(k // 2 for k in kernels),
        "The pixel itself is not counted.": field(layers, 0, 0)[2] - 1,
        shared: sum(kernels),
    }


def steps(layers: Layers) -> list[int]:
    """Pixels between neighbouring positions of each layer's input."""
    return [int(np.prod([stride for _, stride, _ in layers[:k]])) for k in range(len(layers))]


def mistakes_of_strides(layers: Layers) -> dict[str, int]:
    """Of the side of a field, for layers with strides."""
    kernels, strides = [kernel for kernel, _, _ in layers], [stride for _, stride, _ in layers]
    after = [step * stride for step, stride in zip(steps(layers), strides, strict=True)]
    added = [max(1, sum(s for s in strides[:place] if s > 1)) for place in range(len(layers))]
    own = "A layer's own stride moves its outputs apart, not the inputs it looks at."
    adding = "Strides add up in your function; two layers of stride 2 put neighbours four pixels apart."

    def side(apart: Sequence[int]) -> int:
        return 1 + sum(step * (k - 1) for step, k in zip(apart, kernels, strict=True))

    return {
        "Strides are left out: behind a layer of stride 2, neighbours are two pixels apart.": side(
            [1] * len(layers)
        ),
        own: side(after),
        "Each layer counts its own stride only, and forgets those before it.": side(strides),
        adding: side(added),
    }


def mistakes_of_corner(layers: Layers, row: int, column: int) -> dict[str, np.ndarray]:
    """Of the first row and column of a field."""
    top, left, side = field(layers, row, column)
    paddings = [padding for _, _, padding in layers]
    padding = sum(step * p for step, p in zip(steps(layers), paddings, strict=True))
    stride = int(np.prod([stride for _, stride, _ in layers]))
    corner, place = np.array([top, left]), np.array([row, column])
    turned = "Top and left are exchanged: a row says how far down, a column how far to the right."
    pixels = "Padding is counted in pixels of the picture; in a deep layer it is in its positions."
    coarse = "The position is one of the last layer's grid, which is coarser than the pixels'."
    return {
        turned: corner[::-1],
        "The padding is left out: it moves every field up and to the left.": corner + padding,
        "Your padding moves the field down and to the right.": corner + 2 * padding,
        pixels: place * stride - sum(paddings),
        coarse: place - padding,
        "This is the middle of the field; return its first row and column.": corner + side // 2,
        "This is the last row and column of the field; return the first.": corner + side - 1,
    }


# --- rescaling --------------------------------------------------------------------------------------


def rescale(
    kernel: np.ndarray, bias: np.ndarray, before: np.ndarray, after: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias with which a layer's means become one."""
    return kernel * before[:, None] / after, bias / after


def mistakes_of_rescaled_kernel(
    kernel: np.ndarray, before: np.ndarray, after: np.ndarray
) -> dict[str, np.ndarray]:
    """Means that are missing, or upside down."""
    column = before[:, None]
    shrunk = "The kernel does not know that its inputs have shrunk: they come divided by mean_before."
    half = "The kernel makes up for its smaller inputs, and its answers are not yet rescaled."
    larger = "Your kernel makes the answers larger by mean_after, and they should become smaller."
    again = "The inputs come divided by mean_before, and you divide by it once more."
    return {
        shrunk: kernel / after,
        half: kernel * column,
        again: kernel / column / after,
        larger: kernel * column * after,
        "Both means are used upside down.": kernel / column * after,
        "The kernel is not changed.": kernel,
    }


def mistakes_of_rescaled_bias(
    bias: np.ndarray, before: np.ndarray, after: np.ndarray
) -> dict[str, np.ndarray]:
    """Means that are missing, or do not belong there."""
    inputs = "A bias meets no input, so what happened to the inputs does not matter to it."
    return {
        "The bias is not changed; it is a part of the sum that has to become smaller.": bias,
        "The bias is multiplied by mean_after; that is the wrong way.": bias * after,
        "The bias is moved by the mean, but it should be scaled.": bias - after,
        inputs: bias * before.mean() / after,
    }
