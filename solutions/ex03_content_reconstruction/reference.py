"""Right values of exercise 03, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Gradient = Callable[[Any], np.ndarray]

# --- the content loss -------------------------------------------------------------------------------


def loss_map(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Each position's share of the loss."""
    return np.asarray(0.5 * np.sum((features - target)[0] ** 2, -1))


def mistakes_of_loss_map(features: np.ndarray, target: np.ndarray) -> dict[str, np.ndarray]:
    """Factors that are missing or do not belong there, and other powers."""
    difference, right = (features - target)[0], loss_map(features, target)
    height, width, n = difference.shape
    absolute = 0.5 * np.abs(difference).sum(-1)
    averaged = "You average over the channels, where the equation adds up, and its factor is missing."
    doubled = "Absolute differences instead of squares, and the factor of the equation is missing."
    early = "You add up the differences first and square the sum; each difference has its own square."
    positions = "Your shares are divided by the number of positions; the equation is a sum."
    return {
        "The factor 1/2 of the equation is missing.": 2 * right,
        averaged: 2 * right / n,
        "You average over the channels; the equation adds them up.": right / n,
        doubled: 2 * absolute,
        "Absolute differences instead of squares.": absolute,
        "You took the square root; the equation is a sum of squares.": np.sqrt(2 * right),
        "You took the root of each share; the equation is a sum of squares.": np.sqrt(right),
        early: 0.5 * difference.sum(-1) ** 2,
        positions: right / height / width,
        "Your shares are fractions of the loss; they should add up to the loss.": right / right.sum(),
    }


def layer(image: np.ndarray, weights: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Features of the layer of question 2."""
    return np.maximum(image @ weights + biases, 0)


def pixel_gradient(
    image: np.ndarray, weights: np.ndarray, biases: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Of the content loss, in the pixels."""
    before = image @ weights + biases
    return np.asarray(((before - target) * (before > 0)) @ weights.T)


def pixel_gradient_without_relu(
    image: np.ndarray, weights: np.ndarray, biases: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """A mistake: the gradient of a layer whose features may be negative."""
    return np.asarray((image @ weights + biases - target) @ weights.T)


def mistakes_of_pixel_gradient(
    image: np.ndarray, weights: np.ndarray, biases: np.ndarray, target: np.ndarray
) -> dict[str, np.ndarray]:
    """Wrong signs and factors, and a ReLU in the wrong place."""
    flat, right = image @ weights, pixel_gradient(image, weights, biases, target)
    on = (flat + biases) > 0
    error = layer(image, weights, biases) - target
    silent = "Features that the ReLU holds at 0 still pull at your pixels: can a small step change them?"
    other = "You ask the photograph's features where the ReLU lets something through; ask the image's."
    smaller = "You drop the features that are smaller than the target; they pull as well."
    unbiased = ((np.maximum(flat, 0) - target) * (flat > 0)) @ weights.T
    signs = "The weights enter by their sign only; how much a feature changes depends on their size."
    features = "Your gradient is divided by the number of features; the loss is a sum."
    return {
        "Your gradient has the wrong sign: it points downhill.": -right,
        "Your gradient is twice the right one: the equation has a factor 1/2.": 2 * right,
        "Your gradient is half of the right one.": right / 2,
        silent: error @ weights.T,
        other: (error * (target > 0)) @ weights.T,
        smaller: np.maximum(error, 0) @ weights.T,
        "This is the gradient of a layer without its biases.": unbiased,
        "Your gradient is divided by the number of filters; the loss is a sum.": right / weights.shape[1],
        features: right / error.size,
        signs: (error * on) @ np.sign(weights).T,
    }


# --- total variation --------------------------------------------------------------------------------


def differences(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between pixels one above the other, and side by side."""
    return np.diff(image, axis=1), np.diff(image, axis=2)


def both_kinds(*parts: np.ndarray) -> np.ndarray:
    """Sum of squares and sum of absolute values."""
    return np.array([sum(np.sum(f(d)) for d in parts) for f in (np.square, np.abs)])


def variation(image: np.ndarray) -> np.ndarray:
    """Both sums over all neighbours."""
    return both_kinds(*differences(image))


def mistakes_of_variation(image: np.ndarray) -> dict[str, np.ndarray]:
    """Pairs that are missing or none, and factors."""
    (down, across), right = differences(image), variation(image)
    wrapped = both_kinds(*(np.roll(image, -1, axis) - image for axis in (1, 2)))
    cut_down, cut_across = down[:, :, :-1], across[:, :-1]
    lengths = np.sqrt(cut_down**2 + cut_across**2).sum()
    border = "Some pairs at the border are missing: each direction has its own number of pairs."
    means = both_kinds(down) / down.size + both_kinds(across) / across.size
    return {
        "You compare the last row with the first, or the last column; they are no neighbours.": wrapped,
        "Pairs side by side are missing.": both_kinds(down),
        "Pairs one above the other are missing.": both_kinds(across),
        "You average; the question asks for sums.": means,
        "You divide by the number of values; the question asks for sums.": right / image.size,
        border: both_kinds(cut_down, cut_across),
        "You count every pair twice.": 2 * right,
        "You take half of the sum; the question has no such factor.": right / 2,
        "You sum roots of squares; the question asks for absolute values.": np.array([-1.0, lengths]),
    }


def slope_of(image: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """The gradient of 1/2 the sum of squares of the differences that are given."""
    slope = np.zeros_like(image)
    slope[:, 1:] += down
    slope[:, :-1] -= down
    slope[:, :, 1:] += across
    slope[:, :, :-1] -= across
    return slope


def variation_gradient(image: np.ndarray) -> np.ndarray:
    """Of the sum of squares, in the pixels."""
    return 2 * slope_of(image, *differences(image))


def gradients_without_border(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A mistake, with and without the factor: pixels at the border are left out."""
    inside = np.zeros_like(image)
    inside[:, 1:-1, 1:-1] = variation_gradient(image)[:, 1:-1, 1:-1]
    return inside / 2, inside


def mistakes_of_variation_gradient(image: np.ndarray) -> dict[str, np.ndarray]:
    """Wrong signs and factors, other sums, and neighbours that are none."""
    (down, across), right = differences(image), variation_gradient(image)
    around = sum(2 * image - np.roll(image, 1, axis) - np.roll(image, -1, axis) for axis in (1, 2))
    signs = slope_of(image, np.sign(down), np.sign(across))
    mean = 2 * slope_of(image, down / down.size, across / across.size)
    beyond = "You compare the last row with the first, or the last column; they are no neighbours."
    absolute = "This is the gradient of the absolute kind; the question asks for that of the squares."
    return {
        "Your gradient has the wrong sign: along it, variation falls.": -right,
        "Your gradient has the wrong sign, and a factor is missing.": -right / 2,
        "Your gradient is half of the right one: what does the square give?": right / 2,
        "Your gradient is twice the right one.": 2 * right,
        beyond: 2 * np.asarray(around),
        beyond + " A factor is wrong, too.": np.asarray(around),
        absolute: signs,
        "Differences side by side are missing.": 2 * slope_of(image, down, 0 * across),
        "Differences between rows are missing.": 2 * slope_of(image, 0 * down, across),
        "You divide by the number of values; the question is about a sum.": right / image.size,
        "This is the gradient of an average; the question is about a sum.": mean,
        "One of the two directions has the wrong sign.": 2 * slope_of(image, down, -across),
        "One of the two directions has the wrong sign. ": 2 * slope_of(image, -down, across),
    }


def neighbours(height: int, width: int) -> np.ndarray:
    """Pairs (P, 2) of places of a picture, counted by rows, that lie side by side or one above the other."""
    places = np.arange(height * width).reshape(height, width)
    down = np.stack([places[:-1].ravel(), places[1:].ravel()], -1)
    across = np.stack([places[:, :-1].ravel(), places[:, 1:].ravel()], -1)
    return np.concatenate([down, across])


# --- descent ----------------------------------------------------------------------------------------


def walk(
    gradient: Gradient, image: np.ndarray, rate: float, steps: int, cut: Callable[[Any], Any]
) -> np.ndarray:
    """Gradient descent, with something done to the picture after every step."""
    for _ in range(steps):
        image = cut(image - rate * gradient(image))
    return image


def in_range(image: np.ndarray) -> np.ndarray:
    """The picture with each value brought to the nearer end of the range."""
    return np.clip(image, 0, 1)


def descend(gradient: Gradient, image: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """Gradient descent within the range."""
    return walk(gradient, image, rate, steps, in_range)


def mistaken_ways(gradient: Gradient, image: np.ndarray, rate: float, steps: int) -> dict[str, np.ndarray]:
    """Message -> the picture at the end of a way uphill, or out of the range."""
    return {
        "You climb: the gradient points uphill.": descend(gradient, image, -rate, steps),
        "Your pixels leave the range from 0 to 1.": walk(gradient, image, rate, steps, np.asarray),
    }


def mistakes_of_descend(
    gradient: Gradient, image: np.ndarray, rate: float, steps: int
) -> dict[str, np.ndarray]:
    """Within the range, and still wrong."""
    slope = gradient(image)
    late = "You bring the pixels back into the range at the end only; do it after every step."
    bounded = descend(lambda x: in_range(gradient(x)), image, rate, steps)
    return {
        late: in_range(walk(gradient, image, rate, steps, np.asarray)),
        "You take the gradient at the start only; every step needs a new one.": descend(
            lambda x: slope, image, rate, steps
        ),
        "That is one step too few.": descend(gradient, image, rate, steps - 1),
        "That is one step too many.": descend(gradient, image, rate, steps + 1),
        "That is a single step.": descend(gradient, image, rate, 1),
        "You cut the gradient to the range; it is the pixels that should stay there.": bounded,
        "The rate is missing: a step is the rate times the gradient.": descend(gradient, image, 1.0, steps),
    }
