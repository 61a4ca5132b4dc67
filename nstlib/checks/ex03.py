"""Checks of exercise 03, content reconstruction."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from .framework import Steps, array, call, definition, diagnose, number, question, require, same

Program = Callable[[Any], float]


def random_shape(rng: np.random.Generator) -> tuple[int, int, int]:
    """Three sizes that differ from each other, and from the 3 of the colours."""
    a, b, c = (int(k) for k in rng.permutation(np.arange(4, 10))[:3])
    return a, b, c


def random_image(rng: np.random.Generator) -> np.ndarray:
    """A picture (1, H, W, 3) of random colours."""
    return rng.uniform(size=(1, *random_shape(rng)[:2], 3))


@question(points=2)
def loss_map(rng: np.random.Generator, answer: Any) -> Steps:
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
    difference = (features - target)[0]
    right, absolute = 0.5 * np.sum(difference**2, -1), 0.5 * np.abs(difference).sum(-1)
    known = {
        "The factor 1/2 of the equation is missing.": 2 * right,
        "You average over the channels, where the equation adds up, and its factor is missing.": 2
        * right
        / n,
        "You average over the channels; the equation adds them up.": right / n,
        "Absolute differences instead of squares, and the factor of the equation is missing.": 2 * absolute,
        "Absolute differences instead of squares.": absolute,
        "You took the square root; the equation is a sum of squares.": np.sqrt(2 * right),
        "You took the root of each share; the equation is a sum of squares.": np.sqrt(right),
        "You add up the differences first and square the sum; each difference has its own square.": 0.5
        * difference.sum(-1) ** 2,
        "Your shares are divided by the number of positions; the equation is a sum.": right / height / width,
        "Your shares are fractions of the loss; they should add up to the loss.": right / right.sum(),
    }
    diagnose(
        found, right, known, f"Your shares add up to {found.sum():.5g}, and the loss is {right.sum():.5g}."
    )
    yield 1


@question(points=4)
def pixel_gradient(rng: np.random.Generator, answer: Any) -> Steps:
    """Shape, zero at the target, and the slopes of the loss."""
    height, width, n = random_shape(rng)
    image, photo = rng.uniform(size=(2, 1, height, width, 3))
    weights, biases = rng.normal(size=(3, n)), rng.normal(0.0, 0.7, size=n)
    target = np.maximum(photo @ weights + biases, 0)
    found = array(call(answer, image, weights, biases, target), image.shape)
    require(np.abs(found).max() > 0, "Your gradient is 0 everywhere, although the two pictures differ.")
    before = image @ weights + biases
    require(
        not same(found, (before - target) @ weights.T), "Your features can be negative: where is the ReLU?"
    )
    at_target = array(call(answer, photo, weights, biases, target), image.shape)
    require(
        np.abs(at_target).max() < 1e-9,
        "When the image is the photograph itself, the loss is 0 and cannot fall: the gradient should be 0.",
    )
    yield 1
    features = np.maximum(before, 0)
    error = features - target
    right = (error * (before > 0)) @ weights.T
    flat = image @ weights
    known = {
        "Your gradient has the wrong sign: it points downhill.": -right,
        "Your gradient is twice the right one: the equation has a factor 1/2.": 2 * right,
        "Your gradient is half of the right one.": right / 2,
        "Features that the ReLU holds at 0 still pull at your pixels: can a small step change them?": error
        @ weights.T,
        "You ask the photograph's features where the ReLU lets something through; ask the image's.": (
            error * (target > 0)
        )
        @ weights.T,
        "You drop the features that are smaller than the target; they pull as well.": np.maximum(error, 0)
        @ weights.T,
        "This is the gradient of a layer without its biases.": ((np.maximum(flat, 0) - target) * (flat > 0))
        @ weights.T,
        "Your gradient is divided by the number of filters; the loss is a sum.": right / n,
        "Your gradient is divided by the number of features; the loss is a sum.": right / features.size,
        "The weights enter by their sign only; how much a feature changes depends on their size.": (
            error * (before > 0)
        )
        @ np.sign(weights).T,
    }
    place = tuple(int(rng.integers(side)) for side in image.shape)
    diagnose(
        found,
        right,
        known,
        f"At image value {place} the loss has the slope {right[place]:.4g}; "
        f"your gradient says {found[place]:.4g}.",
    )
    yield 3


def differences(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between pixels one above the other, and side by side."""
    return np.diff(image, axis=1), np.diff(image, axis=2)


def both_kinds(*parts: np.ndarray) -> np.ndarray:
    """Sum of squares and sum of absolute values."""
    return np.array([sum(np.sum(f(d)) for d in parts) for f in (np.square, np.abs)])


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


COUNTERS = {"range", "arange", "ndindex", "ndenumerate", "nditer"}


def name_of(node: ast.AST) -> str:
    """Of what a call calls, or of a variable; empty for anything else."""
    node = node.func if isinstance(node, ast.Call) else node
    return str(getattr(node, "id", getattr(node, "attr", "")))


def few(node: ast.AST, known: set[str]) -> bool:
    """Whether a loop runs over a few things: a tuple or list that is written down, one in `known`, a zip."""
    if isinstance(node, ast.Call) and name_of(node) in ("zip", "enumerate", "reversed", "product"):
        return all(few(each, known) for each in node.args)
    if isinstance(node, ast.Call) and name_of(node) in COUNTERS:
        return all(isinstance(each, ast.Constant) for each in node.args)
    return isinstance(node, (ast.Tuple, ast.List, ast.Constant)) or (name_of(node) in known)


def counts_pixels(answer: Any) -> bool:
    """Whether a function loops over the places of a picture; a loop over the two directions is none."""
    nodes = list(ast.walk(definition(answer)))
    given = [node for node in nodes if isinstance(node, ast.Assign)]
    names = {name_of(target) for node in given for target in node.targets} - {""}
    known = {
        name
        for name in names
        if all(
            isinstance(node.value, (ast.Tuple, ast.List))
            for node in given
            if any(name_of(target) == name for target in node.targets)
        )
    }
    loops = [node for node in nodes if isinstance(node, (ast.For, ast.comprehension))]
    long = [node for node in loops if not few(node.iter, known)]
    counting = [
        each
        for node in loops
        for each in ast.walk(node.iter)
        if isinstance(each, ast.Call) and name_of(each) in COUNTERS and not few(each, known)
    ]
    kinds = (ast.For, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    nested = any(
        sum(inner in long for inner in ast.walk(outer)) > 1 for outer in nodes if isinstance(outer, kinds)
    )
    return bool(counting) or nested or any(isinstance(node, ast.While) for node in nodes)


@question(points=3)
def variation(rng: np.random.Generator, answer: Any) -> Steps:
    """Flat pictures have none, contrast scales it; then both values, and no loop over pixels."""
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
    down, across = differences(image)
    right = both_kinds(down, across)
    wrapped = both_kinds(*(np.roll(image, -1, axis) - image for axis in (1, 2)))
    mistakes = {
        "You compare the last row with the first, or the last column; they are no neighbours.": wrapped,
        "Pairs side by side are missing.": both_kinds(down),
        "Pairs one above the other are missing.": both_kinds(across),
        "You average; the question asks for sums.": both_kinds(down) / down.size
        + both_kinds(across) / across.size,
        "You divide by the number of values; the question asks for sums.": right / image.size,
        "Some pairs at the border are missing: each direction has its own number of pairs.": both_kinds(
            down[:, :, :-1], across[:, :-1]
        ),
        "You count every pair twice.": 2 * right,
        "You take half of the sum; the question has no such factor.": right / 2,
        "You sum roots of squares; the question asks for absolute values.": np.array(
            [-1.0, np.sqrt(down[:, :, :-1] ** 2 + across[:, :-1] ** 2).sum()]
        ),
    }
    for k, what in enumerate(("first number is not the sum of squares", "second is not the sum of |d|")):
        known = {message: float(values[k]) for message, values in mistakes.items()}
        diagnose(found[k], right[k], known, f"The {what} of the differences of all neighbours.")
        require(
            k == 0 or not counts_pixels(answer),
            "The values are right; now without a loop over pixels: subtract a whole shifted picture.",
        )
        yield 1


def slope_of(image: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """The gradient of 1/2 the sum of squares of the differences that are given."""
    slope = np.zeros_like(image)
    slope[:, 1:] += down
    slope[:, :-1] -= down
    slope[:, :, 1:] += across
    slope[:, :, :-1] -= across
    return slope


@question(points=3)
def variation_gradient(rng: np.random.Generator, answer: Any) -> Steps:
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
    down, across = differences(image)
    half = slope_of(image, down, across)
    inside = np.zeros_like(half)
    inside[:, 1:-1, 1:-1] = half[:, 1:-1, 1:-1]
    for factor in (1, 2):
        require(
            not same(found, factor * inside),
            "You leave the pixels at the border out; they have neighbours, too, only fewer.",
        )
    require(
        np.abs(found.sum((1, 2))).max() < 1e-6 * max(1.0, np.abs(found).max()),
        "The entries of a colour should add up to 0: when all pixels get brighter alike, no difference "
        "changes. Does every difference pull at both of its pixels?",
    )
    yield 1
    right = 2 * half
    around = sum(2 * image - np.roll(image, 1, axis) - np.roll(image, -1, axis) for axis in (1, 2))
    everything = slope_of(image, np.sign(down), np.sign(across))
    around_the_edge = "You compare the last row with the first, or the last column; they are no neighbours."
    known = {
        "Your gradient has the wrong sign: along it, variation falls.": -right,
        "Your gradient has the wrong sign, and a factor is missing.": -half,
        "Your gradient is half of the right one: what does the square give?": half,
        "Your gradient is twice the right one.": 2 * right,
        around_the_edge: 2 * around,
        around_the_edge + " A factor is wrong, too.": around,
        "This is the gradient of the absolute kind; the question asks for that of the squares.": everything,
        "Differences side by side are missing.": 2 * slope_of(image, down, 0 * across),
        "Differences between rows are missing.": 2 * slope_of(image, 0 * down, across),
        "You divide by the number of values; the question is about a sum.": right / image.size,
        "This is the gradient of an average; the question is about a sum.": 2
        * slope_of(image, down / down.size, across / across.size),
        "One of the two directions has the wrong sign.": 2 * slope_of(image, down, -across),
        "One of the two directions has the wrong sign. ": 2 * slope_of(image, -down, across),
    }
    place = tuple(int(rng.integers(side)) for side in image.shape)
    diagnose(
        found,
        right,
        known,
        f"At image value {place} the variation has the slope {right[place]:.4g}; "
        f"your gradient says {found[place]:.4g}.",
    )
    yield 2


@question(points=3)
def descend(rng: np.random.Generator, answer: Any) -> Steps:
    """Stays within the range and goes downhill; the right picture; one gradient a step."""
    start = random_image(rng)
    wanted = rng.uniform(-1.0, 2.0, size=start.shape)  # pulls many pixels out of the range
    rate, steps, asked = float(rng.uniform(0.25, 0.35)), int(rng.integers(4, 7)), 0

    def gradient(image: Any) -> np.ndarray:
        nonlocal asked
        asked += 1
        x = array(image, start.shape, "The image that you give to `gradient`")
        return x - wanted + 0.9 * np.roll(x, 1, 2)  # no pixel minds its own business only

    def walk(times: int, sign: float = -1.0, cut: bool = True) -> np.ndarray:
        x = start
        for _ in range(times):
            x = x + sign * rate * gradient(x)
            x = np.clip(x, 0, 1) if cut else x
        return x

    right, once = walk(steps), np.clip(start - rate * gradient(start), 0, 1)
    asked = 0
    found = array(call(answer, gradient, start, rate, steps), start.shape)
    calls = asked
    require(not same(found, start), f"Nothing has moved after {steps} steps.")
    known = {
        "You climb: the gradient points uphill.": walk(steps, 1.0),
        "Your pixels leave the range from 0 to 1.": walk(steps, cut=False),
    }
    for message, wrong in known.items():
        require(not same(found, wrong), message)
    require(found.min() >= 0 and found.max() <= 1, "Your pixels leave the range from 0 to 1.")
    still = array(call(answer, gradient, start, rate, 0), start.shape)
    require(same(still, start), "With 0 steps the result should be the image as it was given.")
    yield 1
    stale = start
    for _ in range(steps):
        stale = np.clip(stale - rate * gradient(start), 0, 1)
    bounded = start
    for _ in range(steps):
        bounded = np.clip(bounded - rate * np.clip(gradient(bounded), 0, 1), 0, 1)
    without = start
    for _ in range(steps):
        without = np.clip(without - gradient(without), 0, 1)
    known = {
        "You bring the pixels back into the range at the end only; do it after every step.": np.clip(
            walk(steps, cut=False), 0, 1
        ),
        "You take the gradient at the start only; every step needs a new one.": stale,
        "That is one step too few.": walk(steps - 1),
        "That is one step too many.": walk(steps + 1),
        "That is a single step.": once,
        "You cut the gradient to the range; it is the pixels that should stay there.": bounded,
        "The rate is missing: a step is the rate times the gradient.": without,
    }
    diagnose(found, right, known, f"After {steps} steps this is not the picture of gradient descent.")
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


def variation_program(kind: str, average: bool, factor: float = 1.0) -> Program:
    """A program that adds up (or averages) differences of neighbours."""
    size = np.square if kind == "squared" else np.abs
    if average:
        return program(lambda x: sum(float(np.mean(size(d))) for d in differences(x)), factor)
    return program(lambda x: sum(float(np.sum(size(d))) for d in differences(x)), factor)


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
def kind_of_variation(rng: np.random.Generator, answer: Any) -> Steps:
    """Plain programs; averages and unknown factors; programs that remember a picture."""
    for kind in rng.permutation(["squared", "absolute"]):
        identify(
            answer,
            variation_program(kind, average=False),
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
            variation_program(kind, average, factor),
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
                variation_program(str(kind), bool(rng.integers(2)), float(rng.uniform(0.5, 5))),
                str(kind),
                f"A program takes the {kind} differences of neighbours.",
            )
        )
    for place in rng.permutation(len(trials)):
        identify(answer, *trials[place])
    yield 1
