"""Checks of exercise 01, images as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, question, require, same

COLOURS = (0, 1, 2)  # the axes of an image over which a channel's mean and deviation are taken


def sides(rng: np.random.Generator) -> tuple[int, int]:
    """Height and width of a picture: they differ, and neither is the number of channels."""
    height, width = (int(k) for k in rng.permutation(np.arange(4, 10))[:2])
    return height, width


def random_image(rng: np.random.Generator, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """An image (1, H, W, 3) in float32 whose three channels have means of their own."""
    values = rng.uniform(low, high, size=(1, *sides(rng), 3)) * [1.0, 0.9, 0.7]
    return values.astype("float32")


def shape_of(value: Any) -> tuple[int, ...] | None:
    """Shape of an array that `call` brought; None for anything else."""
    return value.shape if isinstance(value, np.ndarray) else None


def dtype_of(value: Any) -> str:
    """Name of the number format of a result that `call` brought."""
    return str(value.dtype) if isinstance(value, np.ndarray) else type(value).__name__


@question(points=3)
def in_and_out(rng: np.random.Generator, right: Any, as_image: Any, as_pixels: Any) -> Steps:
    """Shape, number format and values on the way in; rounding, then clipping, on the way out."""
    height, width = sides(rng)
    pixels = rng.integers(0, 256, size=(height, width, 3)).astype("uint8")
    value = call(as_image, pixels)
    require(
        shape_of(value) != (height, width, 3),
        f"as_image: the result has shape {(height, width, 3)}; the axis in front, which counts pictures, is "
        "missing.",
    )
    found = array(value, (1, height, width, 3), "The result of as_image")
    require(
        dtype_of(value) == "float32",
        f"as_image: the numbers are {dtype_of(value)}; an image of this course is float32.",
    )
    otherwise = "as_image: 0 should become 0, 255 become 1, in even steps."
    diagnose(found, right.as_image(pixels), right.mistakes_of_as_image(pixels), otherwise)
    yield 1
    # A little off every whole number, so that rounding matters and never depends on the last bit.
    near = (
        rng.integers(1, 255, size=(1, height, width, 3)) + rng.uniform(-0.4, 0.4, (1, height, width, 3))
    ) / 255
    pixels_of_file(right, as_pixels, near.astype("float32"), "of a picture")
    yield 1
    wild = np.round(rng.uniform(-200, 455, size=near.shape)) / 255
    pixels_of_file(right, as_pixels, wild.astype("float32"), "with values outside [0, 1]")
    yield 1


def pixels_of_file(right: Any, as_pixels: Any, image: np.ndarray, what: str) -> None:
    """Compare 8-bit pixels with the nearest that there are."""
    value = call(as_pixels, image)
    require(
        shape_of(value) != image.shape,
        f"as_pixels: the result has shape {image.shape}; a file holds one picture, without an axis "
        "that counts them.",
    )
    found = array(value, image.shape[1:], "The result of as_pixels")
    require(
        dtype_of(value) == "uint8",
        f"as_pixels: the numbers are {dtype_of(value)}; a file holds 8-bit whole numbers, uint8.",
    )
    otherwise = f"as_pixels: for an image {what} the result is not the nearest picture of 8 bits."
    diagnose(found, right.as_pixels(image), right.mistakes_of_as_pixels(image), otherwise)


@question(points=3)
def preprocessing(rng: np.random.Generator, right: Any, preprocess: Any, deprocess: Any) -> Steps:
    """The way in; the way out on values of a picture; then on values that belong to none."""
    image = random_image(rng)
    found = array(call(preprocess, image), image.shape, "The result of preprocess")
    known = right.mistakes_of_preprocess(image)
    otherwise = "preprocess: not what the three steps of the text give."
    diagnose(found, right.preprocess(image), known, otherwise)
    yield 1
    values = right.preprocess(random_image(rng)).astype("float32")
    found = array(call(deprocess, values), values.shape, "The result of deprocess")
    known = right.mistakes_of_deprocess(values)
    otherwise = "deprocess: preprocess and then deprocess do not give the picture back."
    diagnose(found, right.deprocess(values), known, otherwise)
    yield 1
    values = rng.uniform(-400, 500, size=values.shape).astype("float32")
    found = array(call(deprocess, values), values.shape, "The result of deprocess")
    message = (
        "deprocess: values that belong to no picture are clipped. An optimiser goes there, and an "
        "inverse has to bring every value back."
    )
    known = {message: right.clipped_deprocess(values)}
    otherwise = "deprocess: right for the values of a picture, wrong for others."
    diagnose(found, right.deprocess(values), known, otherwise)
    yield 1


@question(points=3)
def from_torchvision(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """Every position keeps its place; then the values."""
    image = random_image(rng, -0.2, 1.3)
    values = right.torchvision_first(image).astype("float32")
    _, height, width, _ = image.shape
    value = call(answer, values)
    require(
        shape_of(value) != (1, width, height, 3),
        f"For a picture of {height} rows and {width} columns the result has {width} rows: "
        "rows and columns are exchanged.",
    )
    require(shape_of(value) != (1, 3, height, width), "The channels still come first; Keras wants them last.")
    found = array(value, image.shape)
    row, column = int(rng.integers(height)), int(rng.integers(width))
    nudged = values.copy()
    nudged[:, :, row, column] += 1.0
    moved = np.abs(array(call(answer, nudged), image.shape) - found).sum((0, 3)) > 1e-6
    require(moved.any(), "The result does not depend on the values.")
    expected = np.zeros((height, width), bool)
    expected[row, column] = True
    message = (
        f"The pixel at row {row}, column {column} was changed, and the result changed at other places: are "
        "the numbers still where they belong?"
    )
    require(np.array_equal(moved, expected), message)
    yield 1
    known = right.mistakes_of_from_torchvision(values)
    otherwise = "Every pixel is in its place, but its three values are not Caffe's."
    diagnose(found, right.from_torchvision(values), known, otherwise)
    yield 2


def judged(answer: Any, image: np.ndarray, values: np.ndarray, names: list[str]) -> str:
    """A learner's verdict on values, which are rounded as the text says."""
    verdict = call(answer, image, np.round(values, 2).astype("float32"))
    require(isinstance(verdict, str), f"Return one of the names, a text; this is a {type(verdict).__name__}.")
    require(verdict in names, f"{str(verdict)[:40]!r} is none of the names; they are {', '.join(names)}.")
    return str(verdict)


@question(points=3)
def which_mistake(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """The programs of the table, in two groups; then one that is not in the table."""
    image = random_image(rng)
    values = right.programs(image)
    names = [*values, "other"]
    first = {name: judged(answer, image, values[name], names) for name in ("none", "no mean", "[0, 1]")}
    require(
        set(first.values()) != {"other"},
        "Your function recognises no program. The values it gets are rounded: do you ask for exact equality?",
    )
    require(
        len(set(first.values())) > 1,
        "Your function gives the same name to programs that compute other values.",
    )
    for name, verdict in first.items():
        require(verdict == name, f"Values of the kind {name!r} were called {verdict!r}.")
    yield 1
    for name in ("RGB", "torchvision", "twice"):
        verdict = judged(answer, image, values[name], names)
        clue = " The three steps once more: scale, order of the channels, mean." if name == "twice" else ""
        require(verdict == name, f"Values of the kind {name!r} were called {verdict!r}.{clue}")
    yield 1
    verdict = judged(answer, image, right.unlisted_program(image), names)
    message = (
        f"Values that no program of the table computes were called {verdict!r}. The nearest program is not "
        "always near."
    )
    require(verdict == "other", message)
    verdict = judged(answer, image, values["none"] + 1, names)
    require(
        verdict == "other",
        f"Right values, but each of them 1 too large, were called {verdict!r}: that is more than rounding.",
    )
    yield 1


@question(points=3)
def colour_filter(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """A picture keeps its colours; mean and deviation become those of the style; a flat channel."""
    photo = random_image(rng)
    style = (rng.uniform(0.1, 0.9, size=(1, *sides(rng), 3)) ** [0.5, 1.0, 2.0]).astype("float32")
    found = array(call(answer, photo, photo), photo.shape)
    require(same(found, photo), "A photograph that is given its own mean and deviation should stay as it is.")
    found = array(call(answer, photo, style), photo.shape)
    (mean, wide), (new_mean, new_wide) = ((x.mean(COLOURS), x.std(COLOURS)) for x in (found, style))
    otherwise = (
        f"The style has the means {np.round(new_mean, 3)} and deviations {np.round(new_wide, 3)}, your "
        f"result {np.round(mean, 3)} and {np.round(wide, 3)}."
    )
    if same(mean, new_mean, 1e-3) and same(wide, new_wide, 1e-3):
        otherwise = "Mean and deviation agree, but pixels are not where they were, or bright has become dark."
    known = right.mistakes_of_colour_filter(photo, style)
    diagnose(found, right.colour_filter(photo, style), known, otherwise)
    yield 2
    channel = int(rng.integers(3))
    flat = photo.copy()
    flat[..., channel] = 0.25
    message = "A channel that is the same everywhere becomes the style's mean."
    try:
        found = array(call(answer, flat, style), flat.shape)
    except Mistake as mistake:
        raise Mistake(f"{message} {mistake}") from None
    require(same(found[..., channel], np.full(flat.shape[:3], new_mean[channel])), message)
    yield 1


def few_colours(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Pixels (H, W, 3) of six colours, each of them often; some share a channel, some their sum."""
    low, middle, high = (int(k) for k in np.sort(rng.choice(np.arange(5, 250, 7), 3, replace=False)))
    palette = [
        (low, middle, high),
        (high, middle, low),
        (middle, low, high),
        (low, low, high),
        (low, middle, middle),
        (high, high, high),
    ]
    order = np.resize(np.arange(len(palette)), height * width)
    return np.array(palette, "uint8")[rng.permutation(order)].reshape(height, width, 3)


@question(points=4)
def best_filter(rng: np.random.Generator, right: Any, answer: Any) -> Steps:
    """It is a filter, it finds any filter again, and no filter comes closer."""
    height, width = (int(k) for k in rng.permutation(np.arange(7, 11))[:2])
    photo = few_colours(rng, height, width)
    picture = rng.uniform(0, 1, size=photo.shape)
    found = array(call(answer, photo, picture), photo.shape)
    require(
        np.ptp(found.reshape(-1, 3), axis=0).max() > 1e-9,
        "All pixels get one value: group them by their colour first.",
    )
    require(
        not (same(found, photo) or same(found, photo / 255)),
        "You return the photo as it was; the best filter depends on the picture, too.",
    )
    colours = photo.reshape(-1, 3)
    for place in range(0, len(colours), 5):
        alike = (colours == colours[place]).all(-1)
        require(
            np.ptp(found.reshape(-1, 3)[alike], axis=0).max() < 1e-6,
            f"Pixels of the colour {colours[place].tolist()} get different values: no filter does that.",
        )
    yield 1
    palette = {tuple(colour): rng.uniform(0, 1, size=3) for colour in np.unique(colours, axis=0).tolist()}
    made = np.array([palette[tuple(colour)] for colour in colours.tolist()]).reshape(photo.shape)
    message = (
        "This picture was made by a filter of the photograph, so the best filter gives exactly this picture."
    )
    known = right.mistaken_keys(photo, made)
    diagnose(array(call(answer, photo, made), photo.shape), made, known, message)
    yield 1
    best = right.best_filter(photo, picture)
    error, least = (float(np.mean((each - picture) ** 2)) for each in (found, best))
    otherwise = f"Your filter has a mean squared error of {error:.4f}; the best one has {least:.4f}."
    diagnose(found, best, right.mistaken_averages(photo, picture), otherwise)
    yield 2
