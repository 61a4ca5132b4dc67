"""Checks of exercise 03, content reconstruction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .framework import Steps, array, call, diagnose, number, question, require, same

Program = Callable[[Any], float]


def random_shape(rng: np.random.Generator) -> tuple[int, int, int]:
    """Three sizes that differ from each other, and from the 3 of the colours."""
    a, b, c = (int(k) for k in rng.permutation(np.arange(4, 10))[:3])
    return a, b, c


def random_image(rng: np.random.Generator) -> np.ndarray:
    """A picture (1, H, W, 3) of random colours."""
    return rng.uniform(size=(1, *random_shape(rng)[:2], 3))


@question(points=2)
def loss_map(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """One share a position, zero at the target, the same when the pictures are exchanged; then the values."""
    height, width, n = random_shape(rng)
    features, target = rng.normal(size=(2, 1, height, width, n))
    value = array(call(answer, features, target))
    require(value.size != 1, "That is one number for all positions; each position should have its own.")
    require(value.shape != (n,), "The result has an entry for each channel; each position should have one.")
    require(
        value.shape != features.shape,
        "The result keeps the channels apart; a position's share holds those of all its channels.",
    )
    found = array(value, (height, width))
    require(np.abs(found).max() > 0, "Your shares are 0 everywhere, although the two pictures differ.")
    at_target = array(call(answer, target, target), (height, width))
    require(np.abs(at_target).max() < 1e-9, "Where the features agree, every share should be 0.")
    require(
        same(array(call(answer, target, features)), found),
        "The shares change when the two pictures are exchanged; a square does not.",
    )
    yield 1
    shares = right.loss_map(features, target)
    otherwise = f"Your shares add up to {found.sum():.5g}, and the loss is {shares.sum():.5g}."
    diagnose(found, shares, right.mistakes_of_loss_map(features, target), otherwise)
    yield 1


@question(points=4)
def pixel_gradient(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Shape, zero at the target, and the slopes of the loss."""
    height, width, n = random_shape(rng)
    image, photo = rng.uniform(size=(2, 1, height, width, 3))
    weights, biases = rng.normal(size=(3, n)), rng.normal(0.0, 0.7, size=n)
    target = right.layer(photo, weights, biases)
    found = array(call(answer, image, weights, biases, target), image.shape)
    require(np.abs(found).max() > 0, "Your gradient is 0 everywhere, although the two pictures differ.")
    linear = right.pixel_gradient_without_relu(image, weights, biases, target)
    require(not same(found, linear), "Your features can be negative: where is the ReLU?")
    at_target = array(call(answer, photo, weights, biases, target), image.shape)
    require(
        np.abs(at_target).max() < 1e-6 * np.abs(found).max(),  # a recorded target has a few digits only
        "When the image is the photograph itself, the loss is 0 and cannot fall: the gradient should be 0.",
    )
    yield 1
    check_slopes(
        rng,
        found,
        right.pixel_gradient(image, weights, biases, target),
        right.mistakes_of_pixel_gradient(image, weights, biases, target),
        "loss",
    )
    yield 3


def check_slopes(
    rng: np.random.Generator, found: np.ndarray, slopes: np.ndarray, known: Mapping[str, Any], what: str
) -> None:
    """Compare a gradient with the right one and with known mistakes; say what one slope should be."""
    place = tuple(int(rng.integers(side)) for side in found.shape)
    otherwise = (
        f"At image value {place} the {what} has the slope {slopes[place]:.4g}; "
        f"your gradient says {found[place]:.4g}."
    )
    diagnose(found, slopes, known, otherwise)


def two_numbers(value: Any) -> np.ndarray:
    """Read the two sums of `variation`.

    Raises:
        Mistake: something else.
    """
    pair = isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim == 1)
    require(
        pair and len(value) == 2, "Return two numbers: the sum of squares, then the sum of absolute values."
    )
    return np.array([number(value[0], "The first number"), number(value[1], "The second number")])


@question(points=3)
def variation(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Flat pictures have none, contrast scales it; then the two values."""
    image = random_image(rng)
    found = two_numbers(call(answer, image))
    flat = np.broadcast_to(rng.uniform(size=3), image.shape).copy()
    require(
        np.abs(two_numbers(call(answer, flat))).max() < 1e-9,
        "A picture of one colour has no variation; do you compare the colours of a pixel with each other?",
    )
    require(found.min() > 0, "Both numbers of a picture that is not flat should be positive.")
    growth = two_numbers(call(answer, 2 * image)) / found
    require(
        not same(growth, [2, 4], 1e-3),
        "Both kinds are there, in the other order: with twice the contrast the squares grow fourfold.",
    )
    require(
        abs(growth[0] - 4) < 0.01, "With twice the contrast, the first number should be four times as large."
    )
    require(abs(growth[1] - 2) < 0.01, "With twice the contrast, the second number should be twice as large.")
    yield 1
    sums, mistakes = right.variation(image), right.mistakes_of_variation(image)
    for k, what in enumerate(("first number is not the sum of squares", "second is not the sum of |d|")):
        known = {message: float(values[k]) for message, values in mistakes.items()}
        diagnose(found[k], sums[k], known, f"The {what} of the differences of all neighbours.")
        yield 1


@question(points=3)
def variation_gradient(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Zero for flat pictures, adds up to zero; then the slopes."""
    image = random_image(rng)
    found = array(call(answer, image), image.shape)
    require(np.abs(found).max() > 0, "Your gradient is 0 everywhere, although the picture is not flat.")
    flat = np.broadcast_to(rng.uniform(0.2, 0.8, size=3), image.shape).copy()
    at_flat = np.abs(array(call(answer, flat), image.shape))
    if at_flat.max() > 1e-9:
        require(
            at_flat[:, 1:-1, 1:-1].max() > 1e-9,
            "A flat picture has a gradient at its border: do you compare with something beyond it?",
        )
        require(False, "A flat picture has the least variation there is, so its gradient should be 0.")
    for wrong in right.gradients_without_border(image):
        require(
            not same(found, wrong),
            "You leave the pixels at the border out; they have neighbours, too, only fewer.",
        )
    require(
        np.abs(found.sum((1, 2))).max() < 1e-6 * max(1.0, np.abs(found).max()),
        "The entries of a colour should add up to 0: when all pixels get brighter alike, no difference "
        "changes. Does every difference pull at both of its pixels?",
    )
    yield 1
    known = right.mistakes_of_variation_gradient(image)
    check_slopes(rng, found, right.variation_gradient(image), known, "variation")
    yield 2


@question(points=3)
def descend(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Stays within the range and goes downhill; the right picture; one gradient a step."""
    start = random_image(rng)
    wanted = rng.uniform(-1.0, 2.0, size=start.shape)  # pulls many pixels out of the range
    rate, steps, asked = float(rng.uniform(0.25, 0.35)), int(rng.integers(4, 7)), 0

    def gradient(image: Any) -> np.ndarray:
        nonlocal asked
        asked += 1
        x = array(image, start.shape, "The image that you give to `gradient`")
        return x - wanted + 0.9 * np.roll(x, 1, 2)  # no pixel minds its own business only

    best = right.descend(gradient, start, rate, steps)
    ways = right.mistaken_ways(gradient, start, rate, steps)
    known = right.mistakes_of_descend(gradient, start, rate, steps)
    asked = 0
    found = array(call(answer, gradient, start, rate, steps), start.shape)
    calls = asked
    require(not same(found, start), f"Nothing has moved after {steps} steps.")
    for message, wrong in ways.items():
        require(not same(found, wrong), message)
    require(found.min() >= 0 and found.max() <= 1, "Your pixels leave the range from 0 to 1.")
    still = array(call(answer, gradient, start, rate, 0), start.shape)
    require(same(still, start), "With 0 steps the result should be the image as it was given.")
    yield 1
    diagnose(found, best, known, f"After {steps} steps this is not the picture of gradient descent.")
    yield 1
    require(
        calls == steps,
        f"The picture is right, but for {steps} steps you ask for {calls} gradients: once a step is enough.",
    )
    yield 1


PROBE = (1, 8, 8, 3)  # the shape of the pictures for the programs of `kind_of_variation`


def program(measured: Callable[[np.ndarray], float], factor: float) -> Program:
    """A program under test; it says which pictures it takes."""

    def measure(picture: Any) -> float:
        x = array(picture, PROBE, "The picture that you give to `measure`")
        require(x.min() >= 0 and x.max() <= 1, "You give `measure` a picture with values outside [0, 1].")
        return factor * float(measured(x))

    return measure


def variation_program(pairs: np.ndarray, kind: str, average: bool, factor: float = 1.0) -> Program:
    """A program that adds up (or averages) the differences of pairs of places, which are counted by rows."""
    size, add = (np.square if kind == "squared" else np.abs), (np.mean if average else np.sum)

    def measured(x: np.ndarray) -> float:
        one, other = x.reshape(-1, x.shape[-1])[pairs.T]
        return float(add(size(one - other)))

    return program(measured, factor)


def distance_program(kind: str, average: bool, remembered: np.ndarray, factor: float = 1.0) -> Program:
    """A program that compares with a picture it remembers."""
    size, add = (np.square if kind == "squared" else np.abs), (np.mean if average else np.sum)
    return program(lambda x: float(add(size(x - remembered))), factor)


def identify(answer: Any, measure: Program, kind: str, fooled: str) -> None:
    """Ask for the kind of a program.

    Raises:
        Mistake: another kind, or no kind at all.
    """
    said = call(answer, measure)
    require(
        isinstance(said, str) and said in ("squared", "absolute", "distance"),
        'Return one of the texts "squared", "absolute" and "distance".',
    )
    require(said == kind, f'{fooled} You say "{said}".')


@question(points=3)
def kind_of_variation(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Plain programs; averages and unknown factors; programs that remember a picture."""
    pairs = right.neighbours(*PROBE[1:3])
    for kind in rng.permutation(["squared", "absolute"]):
        identify(
            answer,
            variation_program(pairs, kind, average=False),
            kind,
            f"A program adds up the {kind} differences of neighbours, and nothing else.",
        )
    yield 1
    settings = [
        ("squared", True, 1.0),
        ("absolute", True, 1.0),
        ("squared", False, float(rng.uniform(0.01, 0.1))),
        ("absolute", False, float(rng.uniform(10, 100))),
    ]
    for place in rng.permutation(len(settings)):
        kind, average, factor = settings[place]
        identify(
            answer,
            variation_program(pairs, kind, average, factor),
            kind,
            f"A program takes the {kind} differences of neighbours and "
            + ("averages them." if average else f"multiplies their sum by {factor:.2g}."),
        )
    yield 1
    pictures = {
        "a photograph": rng.uniform(size=PROBE),
        "a black picture": np.zeros(PROBE),
        "a white picture": np.ones(PROBE),
        "a plain grey picture": np.full(PROBE, 0.5),
        "a picture of one shade": np.full(PROBE, float(rng.uniform(0.05, 0.45))),
    }
    trials = [
        (
            distance_program(kind, bool(rng.integers(2)), remembered, float(rng.uniform(0.5, 5))),
            "distance",
            f"A program remembers {name} and takes the distance to it.",
        )
        for name, remembered in pictures.items()
        for kind in ("squared", "absolute")
    ]
    for kind in rng.choice(
        ["squared", "absolute"], size=4
    ):  # among the others, so that counting does not help
        trials.append(
            (
                variation_program(pairs, str(kind), bool(rng.integers(2)), float(rng.uniform(0.5, 5))),
                str(kind),
                f"A program takes the {kind} differences of neighbours.",
            )
        )
    for place in rng.permutation(len(trials)):
        identify(answer, *trials[place])
    yield 1
