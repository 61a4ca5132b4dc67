"""Checks of exercise 01, images as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .framework import Mistake, Steps, array, call, diagnose, question, require, same

MEAN_RGB = np.array([123.68, 116.779, 103.939])  # of ImageNet on the scale 0 to 255
MEAN_BGR = MEAN_RGB[::-1]
TORCH_MEAN = np.array([0.485, 0.456, 0.406])
TORCH_DEVIATION = np.array([0.229, 0.224, 0.225])


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


def caffe(image: np.ndarray) -> np.ndarray:
    """What the first layer of Keras' VGG-19 is given, in float64."""
    return 255.0 * image.astype("float64")[..., ::-1] - MEAN_BGR


@question(points=3)
def in_and_out(rng: np.random.Generator, as_image: Any, as_pixels: Any) -> Steps:
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
    known = {
        "as_image: the numbers still run from 0 to 255.": pixels[None],
        "as_image: you divide by 256, so white does not become 1.": pixels[None] / 256,
        "as_image: your values run from -1 to 1; an image runs from 0 to 1.": pixels[None] / 127.5 - 1,
        "as_image: red and blue are exchanged.": pixels[None, ..., ::-1] / 255,
    }
    diagnose(found, pixels[None] / 255, known, "as_image: 0 should become 0, 255 become 1, in even steps.")
    yield 1
    # A little off every whole number, so that rounding matters and never depends on the last bit.
    near = (
        rng.integers(1, 255, size=(1, height, width, 3)) + rng.uniform(-0.4, 0.4, (1, height, width, 3))
    ) / 255
    pixels_of_file(as_pixels, near.astype("float32"), "of a picture")
    yield 1
    wild = np.round(rng.uniform(-200, 455, size=near.shape)) / 255
    pixels_of_file(as_pixels, wild.astype("float32"), "with values outside [0, 1]")
    yield 1


def pixels_of_file(as_pixels: Any, image: np.ndarray, what: str) -> None:
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
    scaled = 255 * image[0].astype("float64")
    right = np.clip(np.rint(scaled), 0, 255)
    low, high = scaled.min(), scaled.max()
    known = {
        "as_pixels: values beyond black and white start again from the other end of 0 to 255.": np.rint(
            scaled
        )
        % 256,
        "as_pixels: 99.6 becomes 99, and the picture a little darker; take the nearest number.": np.floor(
            np.clip(scaled, 0, 255)
        ),
        "as_pixels: the values are not brought back to the scale 0 to 255.": np.rint(np.clip(image[0], 0, 1)),
        "as_pixels: you stretch the darkest value to 0 and the brightest to 255; values inside the range "
        "should stay as they are.": np.rint(255 * (scaled - low) / (high - low)),
    }
    diagnose(
        found,
        right,
        known,
        f"as_pixels: for an image {what} the result is not the nearest picture of 8 bits.",
    )


@question(points=3)
def preprocessing(rng: np.random.Generator, preprocess: Any, deprocess: Any) -> Steps:
    """The way in; the way out on values of a picture; then on values that belong to none."""
    image = random_image(rng)
    found = array(call(preprocess, image), image.shape, "The result of preprocess")
    x = 255.0 * image.astype("float64")
    torch = (image.astype("float64") - TORCH_MEAN) / TORCH_DEVIATION
    known = {
        "preprocess: each colour has its own mean, but the order is still red, green, blue.": x - MEAN_RGB,
        "preprocess: the channels are turned round and the means are not: blue loses the mean of red.": x[
            ..., ::-1
        ]
        - MEAN_RGB,
        "preprocess: red loses the mean of blue, because the channels are not turned round.": x - MEAN_BGR,
        "preprocess: the means belong to the scale 0 to 255, and your picture is still in [0, 1].": caffe(
            image / 255
        ),
        "preprocess: no mean is subtracted.": x[..., ::-1],
        "preprocess: the mean is added, so the numbers are far too large.": x[..., ::-1] + MEAN_BGR,
        "preprocess: this is torchvision's; the weights of Keras' VGG-19 want Caffe's.": torch,
        "preprocess: there is a standard deviation too much; Caffe's has none.": caffe(image)
        / (255 * TORCH_DEVIATION[::-1]),
    }
    diagnose(found, caffe(image), known, "preprocess: not what the three steps of the text give.")
    yield 1
    values = caffe(random_image(rng)).astype("float32")
    found = array(call(deprocess, values), values.shape, "The result of deprocess")
    v = values.astype("float64")
    right = (v + MEAN_BGR)[..., ::-1] / 255
    known = {
        "deprocess: red and blue come back exchanged.": (v + MEAN_BGR) / 255,
        "deprocess: the channels are turned round and the means are not: red gets the mean of blue.": (
            v[..., ::-1] + MEAN_BGR
        )
        / 255,
        "deprocess: the mean of red goes to blue.": (v + MEAN_RGB)[..., ::-1] / 255,
        "deprocess: the result is on the scale 0 to 255; an image is in [0, 1].": 255 * right,
        "deprocess: the mean is subtracted once more.": (v - MEAN_BGR)[..., ::-1] / 255,
        "deprocess: the mean is not given back.": v[..., ::-1] / 255,
        "deprocess: you scale before you give the mean back; the inverse takes the steps in reverse order.": (
            v / 255 + MEAN_BGR
        )[..., ::-1],
    }
    diagnose(found, right, known, "deprocess: preprocess and then deprocess do not give the picture back.")
    yield 1
    values = rng.uniform(-400, 500, size=values.shape).astype("float32")
    found = array(call(deprocess, values), values.shape, "The result of deprocess")
    right = (values + MEAN_BGR)[..., ::-1] / 255
    message = (
        "deprocess: values that belong to no picture are clipped. An optimiser goes there, and an "
        "inverse has to bring every value back."
    )
    known = {message: np.clip(right, 0, 1)}
    diagnose(found, right, known, "deprocess: right for the values of a picture, wrong for others.")
    yield 1


def torchvision(image: np.ndarray) -> np.ndarray:
    """What torchvision makes of an image: shape (1, 3, H, W)."""
    return np.moveaxis((image.astype("float64") - TORCH_MEAN) / TORCH_DEVIATION, -1, 1)


@question(points=3)
def from_torchvision(rng: np.random.Generator, answer: Any) -> Steps:
    """Every position keeps its place; then the values."""
    image = random_image(rng, -0.2, 1.3)
    values = torchvision(image).astype("float32")
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
    v = np.moveaxis(values.astype("float64"), 1, -1)
    rgb = v * TORCH_DEVIATION + TORCH_MEAN
    right = caffe(rgb)
    known = {
        "The channels are still in the order red, green, blue.": right[..., ::-1],
        "Blue loses the mean of red: turn the means round with the channels.": 255 * rgb[..., ::-1]
        - MEAN_RGB,
        "Red loses the mean of blue, because the channels are not turned round.": 255 * rgb - MEAN_BGR,
        "Off by up to half a grey level, and the same everywhere: the two means of ImageNet are not "
        "quite the same numbers.": (255 * v * TORCH_DEVIATION)[..., ::-1],
        "The picture is on the scale 0 to 1 when the means are subtracted.": caffe(rgb / 255),
        "Caffe's mean is not subtracted.": 255 * rgb[..., ::-1],
        "torchvision's standard deviation is still in there.": caffe(v + TORCH_MEAN),
        "torchvision's mean is still missing from the picture.": caffe(v * TORCH_DEVIATION),
        "The mean is added before the deviation is undone; an inverse reverses the order.": caffe(
            (v + TORCH_MEAN) * TORCH_DEVIATION
        ),
        "torchvision's normalisation is done a second time, not undone.": caffe(
            (v - TORCH_MEAN) / TORCH_DEVIATION
        ),
        "Values outside [0, 1] are clipped on the way; nothing in the task asks for it.": caffe(
            np.clip(rgb, 0, 1)
        ),
        "The channels are turned round before torchvision's numbers, which are in RGB order, are undone.": 255
        * (v[..., ::-1] * TORCH_DEVIATION + TORCH_MEAN)
        - MEAN_BGR,
    }
    diagnose(found, right, known, "Every pixel is in its place, but its three values are not Caffe's.")
    yield 2


def programs(image: np.ndarray) -> dict[str, np.ndarray]:
    """Name of a mistake -> the values that a program with this mistake computes."""
    x = image.astype("float64")
    return {
        "none": caffe(x),
        "no mean": 255 * x[..., ::-1],
        "[0, 1]": caffe(x / 255),
        "RGB": 255 * x - MEAN_RGB,
        "torchvision": (x - TORCH_MEAN) / TORCH_DEVIATION,
        "twice": caffe(caffe(x)),
    }


def judged(answer: Any, image: np.ndarray, values: np.ndarray) -> str:
    """A learner's verdict on values, which are rounded as the text says."""
    verdict = call(answer, image, np.round(values, 2).astype("float32"))
    require(isinstance(verdict, str), f"Return one of the names, a text; this is a {type(verdict).__name__}.")
    names = [*programs(image), "other"]
    require(verdict in names, f"{str(verdict)[:40]!r} is none of the names; they are {', '.join(names)}.")
    return str(verdict)


@question(points=3)
def which_mistake(rng: np.random.Generator, answer: Any) -> Steps:
    """The programs of the table, in two groups; then one that is not in the table."""
    image = random_image(rng)
    values = programs(image)
    first = {name: judged(answer, image, values[name]) for name in ("none", "no mean", "[0, 1]")}
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
        verdict = judged(answer, image, values[name])
        clue = " The three steps once more: scale, order of the channels, mean." if name == "twice" else ""
        require(verdict == name, f"Values of the kind {name!r} were called {verdict!r}.{clue}")
    yield 1
    verdict = judged(answer, image, 255.0 * image[..., ::-1] - MEAN_RGB)
    message = (
        f"Values that no program of the table computes were called {verdict!r}. The nearest program is not "
        "always near."
    )
    require(verdict == "other", message)
    verdict = judged(answer, image, values["none"] + 1)
    require(
        verdict == "other",
        f"Right values, but each of them 1 too large, were called {verdict!r}: that is more than rounding.",
    )
    yield 1


def mean_and_deviation(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each channel over all pixels, two arrays of shape (3,)."""
    colours = image.reshape(-1, 3).astype("float64")
    return colours.mean(0), colours.std(0)


@question(points=3)
def colour_filter(rng: np.random.Generator, answer: Any) -> Steps:
    """A picture keeps its colours; mean and deviation become those of the style; a flat channel."""
    photo = random_image(rng)
    style = (rng.uniform(0.1, 0.9, size=(1, *sides(rng), 3)) ** [0.5, 1.0, 2.0]).astype("float32")
    found = array(call(answer, photo, photo), photo.shape)
    require(same(found, photo), "A photograph that is given its own mean and deviation should stay as it is.")
    found = array(call(answer, photo, style), photo.shape)
    (mean, wide), (new_mean, new_wide) = mean_and_deviation(photo), mean_and_deviation(style)
    centred = photo.astype("float64") - mean
    right = centred / wide * new_wide + new_mean
    x = photo.astype("float64")
    known = {
        "The means are those of the style, the deviations are still the photograph's.": centred + new_mean,
        "The deviations are upside down: where the style varies more, your result varies less.": centred
        / new_wide
        * wide
        + new_mean,
        "You divide variances; a deviation is the square root of one.": centred * (new_wide / wide) ** 2
        + new_mean,
        "All channels are given one mean and one deviation; each has its own.": (x - x.mean())
        / x.std()
        * style.std()
        + style.mean(),
        "The deviations are those of the style, but the mean is still the photograph's.": centred
        / wide
        * new_wide
        + mean,
        "Photograph and style are exchanged somewhere: the mean that is subtracted is the style's.": (
            x - new_mean
        )
        / wide
        * new_wide
        + new_mean,
        "The result is clipped; the task wants it as it comes.": np.clip(right, 0, 1),
    }
    got_mean, got_wide = mean_and_deviation(found)
    otherwise = (
        f"The style has the means {np.round(new_mean, 3)} and deviations {np.round(new_wide, 3)}, your "
        f"result {np.round(got_mean, 3)} and {np.round(got_wide, 3)}."
    )
    if same(got_mean, new_mean, 1e-3) and same(got_wide, new_wide, 1e-3):
        otherwise = "Mean and deviation agree, but pixels are not where they were, or bright has become dark."
    diagnose(found, right, known, otherwise)
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


def filtered(photo: np.ndarray, picture: np.ndarray, key: Any = None, average: Any = np.mean) -> np.ndarray:
    """At each pixel the average of the picture over all pixels whose key (their colour) is the same."""
    colours = photo.reshape(-1, 3).astype("int64")
    keys = colours if key is None else key(colours)
    targets, result = picture.reshape(-1, 3).astype("float64"), np.empty((len(colours), 3))
    for each in np.unique(keys, axis=0):
        chosen = (keys == each).all(-1)
        result[chosen] = average(targets[chosen], axis=0)
    return result.reshape(picture.shape)


def by_channel(photo: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The best of those filters that look at each channel alone: a mistake."""
    alone = [
        filtered(np.repeat(photo[..., c : c + 1], 3, -1), np.repeat(picture[..., c : c + 1], 3, -1))[..., :1]
        for c in range(3)
    ]
    return np.concatenate(alone, -1)


@question(points=4)
def best_filter(rng: np.random.Generator, answer: Any) -> Steps:
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
    known = {
        "You treat each channel alone. A filter sees the whole colour: two colours with the same red may get "
        "different reds.": by_channel(photo, made),
        "You take pixels of the same brightness for pixels of the same colour.": filtered(
            photo, made, lambda c: c.sum(-1, keepdims=True)
        ),
    }
    message = (
        "This picture was made by a filter of the photograph, so the best filter gives exactly this picture."
    )
    diagnose(array(call(answer, photo, made), photo.shape), made, known, message)
    yield 1
    right = filtered(photo, picture)
    error, least = (float(np.mean((each - picture) ** 2)) for each in (found, right))
    known = {
        "The median makes the sum of absolute errors least; here the errors are squared.": filtered(
            photo, picture, average=np.median
        ),
        "Each colour gets the value of one of its pixels; think of all of them.": filtered(
            photo, picture, average=lambda values, axis: values[0]
        ),
        "Each colour gets the value of one of its pixels, the last; think of all of them.": filtered(
            photo, picture, average=lambda values, axis: values[-1]
        ),
        "Halfway between darkest and brightest is not where the squared errors are least.": filtered(
            photo, picture, average=lambda values, axis: (values.min(0) + values.max(0)) / 2
        ),
    }
    diagnose(
        found,
        right,
        known,
        f"Your filter has a mean squared error of {error:.4f}; the best one has {least:.4f}.",
    )
    yield 2
