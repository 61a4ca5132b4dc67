"""Right values of exercise 01, and those that known mistakes give: what its checks compare with.

A function that begins with `mistake` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

MEAN_RGB = np.array([123.68, 116.779, 103.939])  # of ImageNet on the scale 0 to 255
MEAN_BGR = MEAN_RGB[::-1]
TORCH_MEAN = np.array([0.485, 0.456, 0.406])
TORCH_DEVIATION = np.array([0.229, 0.224, 0.225])


# --- in and out -------------------------------------------------------------------------------------


def as_image(pixels: np.ndarray) -> np.ndarray:
    """Pixels (H, W, 3) of a file as an image (1, H, W, 3)."""
    return pixels[None] / 255


def mistakes_of_as_image(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Wrong scales, and wrong colours."""
    return {
        "as_image: the numbers still run from 0 to 255.": pixels[None],
        "as_image: you divide by 256, so white does not become 1.": pixels[None] / 256,
        "as_image: your values run from -1 to 1; an image runs from 0 to 1.": pixels[None] / 127.5 - 1,
        "as_image: red and blue are exchanged.": pixels[None, ..., ::-1] / 255,
    }


def as_pixels(image: np.ndarray) -> np.ndarray:
    """An image as the nearest pixels (H, W, 3) that a file can hold."""
    return np.clip(np.rint(255 * image[0].astype("float64")), 0, 255)


def mistakes_of_as_pixels(image: np.ndarray) -> dict[str, np.ndarray]:
    """Wrong rounding, and wrong ways to stay in range."""
    x = 255 * image[0].astype("float64")
    low, high = x.min(), x.max()
    beyond = "as_pixels: values beyond black and white start again from the other end of 0 to 255."
    darker = "as_pixels: 99.6 becomes 99, and the picture a little darker; take the nearest number."
    stretched = (
        "as_pixels: you stretch the darkest value to 0 and the brightest to 255; values inside the range "
        "should stay as they are."
    )
    small = "as_pixels: the values are not brought back to the scale 0 to 255."
    return {
        beyond: np.rint(x) % 256,
        darker: np.floor(np.clip(x, 0, 255)),
        small: np.rint(np.clip(image[0], 0, 1)),
        stretched: np.rint(255 * (x - low) / (high - low)),
    }


# --- preprocessing ----------------------------------------------------------------------------------


def preprocess(image: np.ndarray) -> np.ndarray:
    """What the first layer of Keras' VGG-19 is given, in float64."""
    return 255.0 * image.astype("float64")[..., ::-1] - MEAN_BGR


def mistakes_of_preprocess(image: np.ndarray) -> dict[str, np.ndarray]:
    """Wrong means, and wrong orders."""
    x, right = 255.0 * image.astype("float64"), preprocess(image)
    ordered = "preprocess: each colour has its own mean, but the order is still red, green, blue."
    crossed = "preprocess: the channels are turned round and the means are not: blue loses the mean of red."
    unturned = "preprocess: red loses the mean of blue, because the channels are not turned round."
    scale = "preprocess: the means belong to the scale 0 to 255, and your picture is still in [0, 1]."
    torch = "preprocess: this is torchvision's; the weights of Keras' VGG-19 want Caffe's."
    deviation = "preprocess: there is a standard deviation too much; Caffe's has none."
    return {
        ordered: x - MEAN_RGB,
        crossed: x[..., ::-1] - MEAN_RGB,
        unturned: x - MEAN_BGR,
        scale: preprocess(image / 255),
        "preprocess: no mean is subtracted.": x[..., ::-1],
        "preprocess: the mean is added, so the numbers are far too large.": x[..., ::-1] + MEAN_BGR,
        torch: torchvision(image),
        deviation: right / (255 * TORCH_DEVIATION[::-1]),
    }


def deprocess(values: np.ndarray) -> np.ndarray:
    """The image from which `preprocess` makes these values."""
    return (values.astype("float64") + MEAN_BGR)[..., ::-1] / 255


def mistakes_of_deprocess(values: np.ndarray) -> dict[str, np.ndarray]:
    """Steps that are missing, or in the wrong order."""
    v, right = values.astype("float64"), deprocess(values)
    turned = v[..., ::-1]
    crossed = "deprocess: the channels are turned round and the means are not: red gets the mean of blue."
    order = (
        "deprocess: you scale before you give the mean back; the inverse takes the steps in reverse order."
    )
    return {
        "deprocess: red and blue come back exchanged.": (v + MEAN_BGR) / 255,
        crossed: (turned + MEAN_BGR) / 255,
        "deprocess: the mean of red goes to blue.": (v + MEAN_RGB)[..., ::-1] / 255,
        "deprocess: the result is on the scale 0 to 255; an image is in [0, 1].": 255 * right,
        "deprocess: the mean is subtracted once more.": (v - MEAN_BGR)[..., ::-1] / 255,
        "deprocess: the mean is not given back.": turned / 255,
        order: (v / 255 + MEAN_BGR)[..., ::-1],
    }


def clipped_deprocess(values: np.ndarray) -> np.ndarray:
    """A mistake that shows where values belong to no picture."""
    return np.clip(deprocess(values), 0, 1)


# --- from torchvision -------------------------------------------------------------------------------


def torchvision(image: np.ndarray) -> np.ndarray:
    """The preprocessing of torchvision, channels last."""
    return (image.astype("float64") - TORCH_MEAN) / TORCH_DEVIATION


def torchvision_first(image: np.ndarray) -> np.ndarray:
    """What torchvision makes of an image: shape (1, 3, H, W)."""
    return np.moveaxis(torchvision(image), -1, 1).astype("float32")


def from_torchvision(values: np.ndarray) -> np.ndarray:
    """Values of torchvision (1, 3, H, W) as Caffe's (1, H, W, 3)."""
    return preprocess(np.moveaxis(values.astype("float64"), 1, -1) * TORCH_DEVIATION + TORCH_MEAN)


def mistakes_of_from_torchvision(values: np.ndarray) -> dict[str, np.ndarray]:
    """One of the two preprocessings is wrong."""
    v = np.moveaxis(values.astype("float64"), 1, -1)
    rgb = v * TORCH_DEVIATION + TORCH_MEAN
    nearly = (
        "Off by up to half a grey level, and the same everywhere: the two means of ImageNet are not "
        "quite the same numbers."
    )
    early = "The channels are turned round before torchvision's numbers, which are in RGB order, are undone."
    order = "The mean is added before the deviation is undone; an inverse reverses the order."
    again = "torchvision's normalisation is done a second time, not undone."
    clipped = "Values outside [0, 1] are clipped on the way; nothing in the task asks for it."
    crossed = "Blue loses the mean of red: turn the means round with the channels."
    return {
        "The channels are still in the order red, green, blue.": preprocess(rgb)[..., ::-1],
        crossed: 255 * rgb[..., ::-1] - MEAN_RGB,
        "Red loses the mean of blue, because the channels are not turned round.": 255 * rgb - MEAN_BGR,
        nearly: (255 * v * TORCH_DEVIATION)[..., ::-1],
        "The picture is on the scale 0 to 1 when the means are subtracted.": preprocess(rgb / 255),
        "Caffe's mean is not subtracted.": 255 * rgb[..., ::-1],
        "torchvision's standard deviation is still in there.": preprocess(v + TORCH_MEAN),
        "torchvision's mean is still missing from the picture.": preprocess(v * TORCH_DEVIATION),
        order: preprocess((v + TORCH_MEAN) * TORCH_DEVIATION),
        again: preprocess((v - TORCH_MEAN) / TORCH_DEVIATION),
        clipped: preprocess(np.clip(rgb, 0, 1)),
        early: 255 * (v[..., ::-1] * TORCH_DEVIATION + TORCH_MEAN) - MEAN_BGR,
    }


# --- which mistake ----------------------------------------------------------------------------------


def programs(image: np.ndarray) -> dict[str, np.ndarray]:
    """Name of a mistake -> the values that a program with this mistake computes."""
    x = image.astype("float64")
    return {
        "none": preprocess(x),
        "no mean": 255 * x[..., ::-1],
        "[0, 1]": preprocess(x / 255),
        "RGB": 255 * x - MEAN_RGB,
        "torchvision": torchvision(x),
        "twice": preprocess(preprocess(x)),
    }


def unlisted_program(image: np.ndarray) -> np.ndarray:
    """Values of a program that is none of the table."""
    return 255.0 * image[..., ::-1] - MEAN_RGB


# --- filters ----------------------------------------------------------------------------------------


def mean_and_deviation(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each channel over all pixels, two arrays of shape (3,)."""
    colours = image.reshape(-1, 3).astype("float64")
    return colours.mean(0), colours.std(0)


def colour_filter(photo: np.ndarray, style: np.ndarray) -> np.ndarray:
    """The photo with the means and deviations of the style."""
    (mean, wide), (new_mean, new_wide) = mean_and_deviation(photo), mean_and_deviation(style)
    return (photo.astype("float64") - mean) / wide * new_wide + new_mean


def mistakes_of_colour_filter(photo: np.ndarray, style: np.ndarray) -> dict[str, np.ndarray]:
    """Means and deviations that are missing, or exchanged."""
    (mean, wide), (new_mean, new_wide) = mean_and_deviation(photo), mean_and_deviation(style)
    x = photo.astype("float64")
    centred, stretched = x - mean, (x - mean) / wide * new_wide
    upside = "The deviations are upside down: where the style varies more, your result varies less."
    unmoved = "The deviations are those of the style, but the mean is still the photograph's."
    crossed = "Photograph and style are exchanged somewhere: the mean that is subtracted is the style's."
    variances = "You divide variances; a deviation is the square root of one."
    unstretched = "The means are those of the style, the deviations are still the photograph's."
    together = "All channels are given one mean and one deviation; each has its own."
    return {
        unstretched: centred + new_mean,
        upside: centred / new_wide * wide + new_mean,
        variances: centred * (new_wide / wide) ** 2 + new_mean,
        together: (x - x.mean()) / x.std() * style.std() + style.mean(),
        unmoved: stretched + mean,
        crossed: (x - new_mean) / wide * new_wide + new_mean,
        "The result is clipped; the task wants it as it comes.": np.clip(stretched + new_mean, 0, 1),
    }


def best_filter(photo: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """At each pixel the mean of the picture over all pixels of the same colour."""
    return averaged(photo, picture, lambda values: values.mean(0))


def averaged(keys: np.ndarray, picture: np.ndarray, average: Callable[[np.ndarray], Any]) -> np.ndarray:
    """At each pixel an average of the picture over all pixels whose keys (on the last axis) are the same."""
    flat = keys.reshape(-1, keys.shape[-1]).astype("int64")
    targets = picture.reshape(len(flat), -1).astype("float64")
    result = np.empty_like(targets)
    for each in np.unique(flat, axis=0):
        chosen = (flat == each).all(-1)
        result[chosen] = average(targets[chosen])
    return result.reshape(picture.shape)


def mistaken_keys(photo: np.ndarray, picture: np.ndarray) -> dict[str, np.ndarray]:
    """Message -> the best filter that takes something else than the whole colour for a colour."""
    alone = (
        "You treat each channel alone. A filter sees the whole colour: two colours with the same red may get "
        "different reds."
    )
    channels = [best_filter(photo[..., c : c + 1], picture[..., c : c + 1]) for c in range(3)]
    brightness = photo.astype("int64").sum(-1, keepdims=True)
    return {
        alone: np.concatenate(channels, -1),
        "You take pixels of the same brightness for pixels of the same colour.": best_filter(
            brightness, picture
        ),
    }


def mistaken_averages(photo: np.ndarray, picture: np.ndarray) -> dict[str, np.ndarray]:
    """Message -> a filter with another average than the best one."""
    median = "The median makes the sum of absolute errors least; here the errors are squared."
    first = "Each colour gets the value of one of its pixels; think of all of them."
    last = "Each colour gets the value of one of its pixels, the last; think of all of them."
    middle = "Halfway between darkest and brightest is not where the squared errors are least."
    return {
        median: averaged(photo, picture, lambda values: np.median(values, axis=0)),
        first: averaged(photo, picture, lambda values: values[0]),
        last: averaged(photo, picture, lambda values: values[-1]),
        middle: averaged(photo, picture, lambda values: (values.min(0) + values.max(0)) / 2),
    }
