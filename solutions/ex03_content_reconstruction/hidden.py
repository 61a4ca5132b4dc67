"""Hidden tests of exercise 03: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.ex03 import PROBE, distance_program, identify, program, two_numbers
from nstlib.checks.framework import array, call, require, same


def loss_map(rng: np.random.Generator, answer: Any) -> None:
    """One channel, one position, single precision, and a value worked out by hand."""
    features, target = rng.normal(size=(2, 1, 6, 4, 1))
    right = 0.5 * (features - target)[0, ..., 0] ** 2
    require(same(array(call(answer, features, target), (6, 4)), right), "It fails for a single channel.")
    found = array(call(answer, np.array([[[[3.0, 1.0]]]]), np.array([[[[1.0, 4.0]]]])), (1, 1))
    require(same(found, [[6.5]]), "A position whose two features are off by 2 and by 3 has the share 6.5.")
    single = rng.normal(size=(2, 1, 30, 20, 8)).astype("float32")
    right = 0.5 * np.sum((single[0, 0].astype("float64") - single[1, 0]) ** 2, -1)
    require(same(array(call(answer, *single), (30, 20)), right), "It fails for float32 features.")


def pixel_gradient(rng: np.random.Generator, answer: Any) -> None:
    """A layer that the ReLU silences pulls at no pixel; a step downhill lowers the loss as it should."""
    image, weights = rng.uniform(size=(1, 5, 4, 3)), rng.normal(size=(3, 6))
    target = rng.uniform(0.1, 1.0, size=(1, 5, 4, 6))
    found = array(call(answer, image, weights, np.full(6, -100.0), target), image.shape)
    require(
        np.abs(found).max() < 1e-9,
        "When the ReLU silences all filters, a small change of the image changes nothing.",
    )
    biases = rng.normal(size=6)

    def loss(x: np.ndarray) -> float:
        return float(0.5 * np.sum((np.maximum(x @ weights + biases, 0) - target) ** 2))

    found, step = array(call(answer, image, weights, biases, target), image.shape), 1e-6
    fall = (loss(image) - loss(image - step * found)) / step
    require(
        same(fall, np.sum(found**2), 1e-2),
        "A small step against the gradient does not lower the loss as it should.",
    )


def variation(rng: np.random.Generator, answer: Any) -> None:
    """A picture worked out by hand, one of a single channel, one of a single row."""
    edge = np.zeros((1, 3, 4, 1))
    edge[:, :, 2:] = 0.5
    found = two_numbers(call(answer, edge))
    require(
        same(found, [0.75, 1.5]),
        "An edge of height 0.5 that is 3 pixels long gives 0.75 and 1.5 in one channel.",
    )
    row = rng.uniform(size=(1, 1, 7, 3))
    right = [np.sum(np.diff(row, axis=2) ** 2), np.sum(np.abs(np.diff(row, axis=2)))]
    found = two_numbers(call(answer, row))
    require(same(found, right), "It fails for a picture of a single row.")


def variation_gradient(rng: np.random.Generator, answer: Any) -> None:
    """One bright pixel, worked out by hand; a corner; a ramp."""
    image = np.zeros((1, 5, 4, 3))
    image[0, 2, 1, 0] = 1.0
    right = np.zeros_like(image)
    right[0, 2, 1, 0] = 8.0
    for y, x in ((1, 1), (3, 1), (2, 0), (2, 2)):
        right[0, y, x, 0] = -2.0
    require(
        same(array(call(answer, image), image.shape), right),
        "One bright pixel in the dark has the slope 8, its four neighbours -2, all others 0.",
    )
    corner = np.zeros((1, 4, 6, 1))
    corner[0, -1, -1, 0] = 1.0
    found = array(call(answer, corner), corner.shape)
    require(same(found[0, -1, -1, 0], 4.0), "A bright pixel in a dark corner has the slope 4.")


def descend(rng: np.random.Generator, answer: Any) -> None:
    """A gradient of 0 leaves the picture; a huge rate leaves it within the range; single precision."""
    image = rng.uniform(size=(1, 4, 6, 3)).astype("float32")
    found = array(call(answer, lambda x: 0 * np.asarray(x), image, 0.5, 3), image.shape)
    require(same(found, image, 1e-6), "Where the gradient is 0, the picture should stay as it is.")
    found = array(call(answer, lambda x: np.asarray(x) - 0.5, image, 1e6, 1), image.shape)
    require(
        same(found, image < 0.5),
        "One step of a huge rate should push every pixel to the end of the range that lies downhill.",
    )


def kind_of_variation(rng: np.random.Generator, answer: Any) -> None:
    """Tiny factors, and programs that remember half black and half white, in any order."""
    trials = []
    for kind, size in (("squared", np.square), ("absolute", np.abs)):
        tiny = program(
            lambda x, f=size: float(f(np.diff(x, axis=1)).sum() + f(np.diff(x, axis=2)).sum()), 1e-7
        )
        trials.append((tiny, kind, "A program multiplies its sum by a ten-millionth."))
    for axis in (1, 2):
        half = np.zeros(PROBE)
        half[(slice(None),) * axis + (slice(4, None),)] = 1.0
        for kind in ("squared", "absolute"):
            measure = distance_program(kind, False, half, float(rng.uniform(0.5, 2)))
            trials.append(
                (measure, "distance", "A program remembers a picture that is half black, half white.")
            )
    for place in rng.permutation(len(trials)):
        identify(answer, *trials[place])
