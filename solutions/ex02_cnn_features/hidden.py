"""Hidden tests of exercise 02: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.framework import Mistake, array, call, require, same


def block_cost(rng: np.random.Generator, answer: Any) -> None:
    """The sums of VGG-19's five blocks as its paper has them; a block of one convolution."""
    found = array(call(answer, 10, 7, 3, 5, 1), (2,))
    require(same(found, [140, 9450], 1e-9), "It fails for a block of a single convolution.")
    blocks = ((224, 3, 64, 2), (112, 64, 128, 2), (56, 128, 256, 4), (28, 256, 512, 4), (14, 512, 512, 4))
    sums = sum(array(call(answer, side, side, *rest), (2,)) for side, *rest in blocks)
    require(same(np.asarray(sums)[0], 20_024_384, 1e-9), "The convolutions of VGG-19 do not add up.")


def pool(rng: np.random.Generator, answer: Any) -> None:
    """Sizes of which only one is odd, the smallest ones, float32, and one channel."""
    for height, width, channels in ((2, 3, 1), (7, 4, 5), (3, 8, 2)):
        x = rng.normal(size=(1, height, width, channels)).astype("float32")
        right = np.zeros((1, height // 2, width // 2, channels))
        for row in range(height // 2):
            for column in range(width // 2):
                square = x[0, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].astype("float64")
                right[0, row, column] = square.mean((0, 1))
        found = array(call(answer, x), right.shape)
        require(same(found, right), f"It fails for features of shape {x.shape}.")


def convolve(rng: np.random.Generator, answer: Any) -> None:
    """One position, where eight of nine neighbours are zeros; one channel in and out, worked out by hand."""
    x, kernel, bias = rng.normal(size=(1, 1, 1, 4)), rng.normal(size=(3, 3, 4, 6)), rng.normal(size=6)
    right = np.maximum(x @ kernel[1, 1] + bias, 0)
    require(
        same(array(call(answer, x, kernel, bias), (1, 1, 1, 6)), right), "It fails for a single position."
    )
    edge = np.zeros((3, 3, 1, 1))
    edge[1, :, 0, 0] = (-1, 0, 1)
    ramp = np.broadcast_to(np.arange(1.0, 6.0)[None, None, :, None], (1, 4, 5, 1)).copy()
    found = array(call(answer, ramp, edge, np.zeros(1)), (1, 4, 5, 1))
    right = np.broadcast_to(np.array([2.0, 2, 2, 2, 0])[None, None, :, None], found.shape)
    require(same(found, right), "It fails for an edge filter on a ramp from 1 to 5.")


def field(rng: np.random.Generator, answer: Any) -> None:
    """The corner position of one convolution, the last layer of VGG-19, and a first layer of stride 2."""
    found = array(call(answer, [(3, 1, 1)], 0, 0), (3,))
    require(same(found, [-1, -1, 3], 1e-9), "It fails for the first position of a single convolution.")
    blocks = (2, 2, 4, 4, 4)
    vgg19 = [layer for count in blocks for layer in [(3, 1, 1)] * count + [(2, 2, 0)]][:-1]
    found = array(call(answer, vgg19, 3, 5), (3,))
    offset = -(2 * 1 + 2 * 2 + 4 * 4 + 4 * 8 + 4 * 16)
    require(same(found, [48 + offset, 80 + offset, 252], 1e-9), "It fails for block5_conv4 of VGG-19.")
    found = array(call(answer, [(7, 2, 3), (3, 2, 1)], 2, 0), (3,))
    require(same(found, [3, -5, 11], 1e-9), "It fails for a network that begins with (7, 2, 3), (3, 2, 1).")


def field_by_experiment(rng: np.random.Generator, answer: Any) -> None:
    """A black image, of which one channel matters; a single pixel; a box as large as the image."""
    cases = (
        ("a black image of which only the blue channel matters", (2, 5, 4, 3), (0.0, 0.0, 9.0), 0.0),
        ("a number that depends on a single pixel", (7, 1, 1, 1), (8.0, 7.0, 6.0), 0.5),
        ("a number that depends on all pixels", (0, 0, 9, 12), (8.0, -7.0, 9.0), 1.0),
    )
    for what, box, weights, level in cases:
        image = np.full((1, 9, 12, 3), level, "float32")
        top, left, height, width = box
        signs = rng.choice([-1.0, 1.0], size=(height, width, 1)) * np.array(weights)

        def respond(x: Any, top: int = top, left: int = left, signs: np.ndarray = signs) -> float:
            tall, wide = signs.shape[:2]
            seen = np.asarray(x, "float64").reshape(9, 12, 3)[top : top + tall, left : left + wide]
            return float(np.sum(signs * seen))

        try:
            found = array(call(answer, respond, image), (4,))
        except Mistake as mistake:
            raise Mistake(f"It fails for {what}. {mistake}") from None
        require(same(found, box, 1e-9), f"It fails for {what}.")


def rescale(rng: np.random.Generator, answer: Any) -> None:
    """Two layers in a chain, with means that differ by powers of ten, in float32."""
    sizes = (3, 7, 5)
    means = [np.ones(3), 10.0 ** rng.uniform(-2, 2, size=7), 10.0 ** rng.uniform(-2, 2, size=5)]
    x = new = rng.uniform(-1, 1, size=3)
    for n, m, before, after in zip(sizes[:-1], sizes[1:], means[:-1], means[1:], strict=True):
        kernel = rng.normal(size=(3, 3, n, m)).astype("float32")
        bias = rng.uniform(1, 2, size=m).astype("float32")
        value = call(answer, kernel, bias, before, after)
        require(isinstance(value, (tuple, list)) and len(value) == 2, "Return the kernel, then the bias.")
        new_kernel, new_bias = array(value[0], kernel.shape), array(value[1], bias.shape)
        x = np.maximum(x @ kernel[1, 2].astype("float64") + bias, 0)
        new = np.maximum(new @ new_kernel[1, 2] + new_bias, 0)
        require(same(new * after, x), "Two rescaled layers in a chain do not give the rescaled answers.")
