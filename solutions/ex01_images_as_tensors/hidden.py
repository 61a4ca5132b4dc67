"""Hidden tests of exercise 01: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.framework import array, call, require, same

MEAN_RGB = np.array([123.68, 116.779, 103.939])
DEVIATION = np.array([0.229, 0.224, 0.225])


def in_and_out(rng: np.random.Generator, as_image: Any, as_pixels: Any) -> None:
    """All 256 levels survive the way in and out, and so does a single pixel; extremes end at the ends."""
    for shape in ((16, 16, 3), (1, 1, 3)):
        pixels = np.resize(rng.permutation(256), shape).astype("uint8")
        image = array(call(as_image, pixels), (1, *shape)).astype("float32")
        back = array(call(as_pixels, image), shape)
        require(np.array_equal(back, pixels), f"Pixels of shape {shape} do not survive the way in and out.")
    far = np.array([[[[-1000.0, 0.5004, 1000.0]]]])
    found = array(call(as_pixels, far), (1, 1, 3))
    require(np.array_equal(found, [[[0, 128, 255]]]), "It fails far outside [0, 1], or for float64.")


def preprocessing(rng: np.random.Generator, preprocess: Any, deprocess: Any) -> None:
    """A red pixel worked out by hand, the mean colour, and a round trip beyond [0, 1] in float64."""
    red = array(call(preprocess, np.array([[[[1.0, 0.0, 0.0]]]])), (1, 1, 1, 3))
    require(same(red, [[[[-103.939, -116.779, 131.32]]]]), "It fails for a single red pixel.")
    mean = array(call(deprocess, np.zeros((1, 2, 5, 3))), (1, 2, 5, 3))
    require(same(mean, np.broadcast_to(MEAN_RGB / 255, mean.shape)), "Zeros should become the mean colour.")
    image = rng.normal(0.5, 2.0, size=(1, 7, 4, 3))
    back = array(call(deprocess, array(call(preprocess, image))), image.shape)
    require(same(back, image), "The way in and out does not return values outside [0, 1].")


def from_torchvision(rng: np.random.Generator, answer: Any) -> None:
    """A black picture of one row, and values far outside those of pictures."""
    mean = np.array([0.485, 0.456, 0.406])
    black = np.broadcast_to((-mean / DEVIATION)[None, :, None, None], (1, 3, 1, 6)).copy()
    found = array(call(answer, black), (1, 1, 6, 3))
    require(
        same(found, np.broadcast_to(-MEAN_RGB[::-1], found.shape)), "It fails for a black picture of one row."
    )
    wild = rng.normal(0.0, 30.0, size=(1, 3, 5, 8))
    rgb = np.moveaxis(wild, 1, -1) * DEVIATION + mean
    right = 255 * rgb[..., ::-1] - MEAN_RGB[::-1]
    require(
        same(array(call(answer, wild), right.shape), right), "It fails for values far outside a picture's."
    )


def which_mistake(rng: np.random.Generator, answer: Any) -> None:
    """A grey photograph, where the order of channels is hard to tell; a program that is nearly right."""
    grey = np.repeat(rng.uniform(0.1, 0.9, size=(1, 6, 9, 1)), 3, axis=-1).astype("float32")
    x = 255.0 * grey.astype("float64")
    kinds = {"none": x[..., ::-1] - MEAN_RGB[::-1], "RGB": x - MEAN_RGB}
    for name, values in kinds.items():
        verdict = call(answer, grey, np.round(values, 2).astype("float32"))
        require(
            isinstance(verdict, str) and verdict == name, f"For a grey picture {name!r} is not recognised."
        )
    nearly = kinds["none"].copy()
    nearly[0, 3, 4, 1] += 0.5
    verdict = call(answer, grey, np.round(nearly, 2).astype("float32"))
    require(isinstance(verdict, str) and verdict == "other", "One value that is off by 0.5 goes unnoticed.")


def colour_filter(rng: np.random.Generator, answer: Any) -> None:
    """A channel that is the same everywhere, as the text describes it; pixels in another order."""
    photo, style = rng.uniform(size=(1, 6, 5, 3)), rng.uniform(size=(1, 4, 9, 3))
    shuffled = rng.permutation(photo.reshape(-1, 3)).reshape(photo.shape)
    pair = [array(call(answer, each, style), photo.shape).reshape(-1, 3) for each in (photo, shuffled)]
    order = [np.lexsort(each.reshape(-1, 3).T) for each in (photo, shuffled)]
    require(
        same(pair[0][order[0]], pair[1][order[1]]), "The colour of a pixel depends on where the pixel is."
    )
    photo[..., 1] = 0.25
    value = call(answer, photo, style)
    finite = isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.isfinite(value).all()
    require(finite, "A channel that is the same everywhere gives values that are not finite.")
    found = array(value, photo.shape)
    require(
        same(found[..., 1], np.full((1, 6, 5), style[..., 1].mean())),
        "A channel that is the same everywhere should become the style's mean.",
    )
    require(same(found[..., 0].std(), style[..., 0].std()), "One flat channel spoils the others.")


def best_filter(rng: np.random.Generator, answer: Any) -> None:
    """Photos of one colour, of colours that occur once, and of many colours."""
    picture = rng.uniform(size=(5, 8, 3))
    flat = array(call(answer, np.full(picture.shape, 200, "uint8"), picture), picture.shape)
    require(
        same(flat, np.broadcast_to(picture.mean((0, 1)), flat.shape)), "It fails for a photo of one colour."
    )
    once = rng.permutation(np.arange(picture.size)).astype("uint8").reshape(picture.shape)
    require(
        same(array(call(answer, once, picture), picture.shape), picture),
        "It fails when no colour occurs twice.",
    )
    photo = (rng.integers(0, 4, size=(40, 50, 3)) * 64).astype("uint8")
    picture = rng.uniform(size=photo.shape)
    found = array(call(answer, photo, picture), photo.shape).reshape(-1, 3)
    codes = photo.reshape(-1, 3).astype("int64") @ [1, 256, 65536]
    right = np.empty_like(found)
    for code in np.unique(codes):
        right[codes == code] = picture.reshape(-1, 3)[codes == code].mean(0)
    require(same(found, right), "It fails for a photo of 40 x 50 pixels with 64 colours.")
