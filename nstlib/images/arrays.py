"""Images as arrays: what counts as one, another number of pixels, and how far two are apart."""

from __future__ import annotations

import bisect
import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]

MOST_PIXELS_AT_FULL_SIZE = 40_000_000  # of an image: 0.5 GB in float32
RANGE_TOLERANCE = 1e-3  # how far rounding may take a value out of [0, 1]


def check_image(array: object, name: str = "image") -> Array:
    """Check that an array is an image, and return it as one.

    Args:
        array: Shape (height, width, 3) or (1, height, width, 3); uint8 in 0..255 or floating point in
            [0, 1]. Whatever NumPy can turn into an array is accepted, tensors of Keras' backends included.
        name: What to call it in errors.

    Returns:
        A new array, float32 in [0, 1], shape (1, height, width, 3).

    Raises:
        ValueError: Another shape or range, or NaN; the sentence says what to do about it.
        TypeError: Another kind of numbers, or none.
    """
    try:
        values: NDArray[Any] = np.asarray(array)
    except (ValueError, TypeError, RuntimeError) as error:
        raise TypeError(f"{name} cannot be turned into an array: {error}.") from None
    shape = values.shape
    if values.dtype != np.uint8 and not np.issubdtype(values.dtype, np.floating):
        right = "an image is uint8 in 0..255 or floating point in [0, 1]"
        raise TypeError(f"{name} has dtype {values.dtype}; {right}.")
    if len(shape) not in (3, 4) or shape[-1] != 3 or (len(shape) == 4 and shape[0] != 1) or 0 in shape:
        raise ValueError(f"{name} has shape {shape}; {_shape_advice(shape)}")
    values = values.reshape((1, *shape[-3:]))
    if values.dtype == np.uint8:
        return values.astype(np.float32) / np.float32(255)
    _check_range(values, name)
    return np.clip(values.astype(np.float32), 0, 1)


def _shape_advice(shape: tuple[int, ...]) -> str:
    if 0 in shape:
        return "it holds no pixels."
    if len(shape) == 2:
        return "make three channels of a grey picture with numpy.stack([grey] * 3, axis=-1)."
    if len(shape) in (3, 4) and shape[-1] == 4:
        return "leave the alpha channel away with image[..., :3]."
    if len(shape) in (3, 4) and shape[-3] == 3:
        return "put the channels last with numpy.moveaxis(image, -3, -1)."
    return "an image has the shape (height, width, 3) or (1, height, width, 3)."


def _check_range(values: NDArray[Any], name: str) -> None:
    """Refuse values that are NaN, infinite, or further out of [0, 1] than rounding takes them."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        bad = np.argwhere(~np.isfinite(values))
        where = f"the first at row {bad[0][1]}, column {bad[0][2]}"
        raise ValueError(f"{name} has {len(bad)} values that are NaN or infinite, {where}.")
    if low < -RANGE_TOLERANCE or high > 1 + RANGE_TOLERANCE:
        bytes_as_floats = low >= 0 and 2 < high <= 255
        advice = "divide it by 255" if bytes_as_floats else "clip it with numpy.clip(image, 0, 1)"
        raise ValueError(f"{name} must lie in [0, 1] but runs from {low:.4g} to {high:.4g}; {advice}.")


def resize(image: object, size: int | tuple[int, int]) -> Array:
    """Change the number of pixels, antialiased, in float32 throughout.

    Each channel is resampled on its own with Pillow's 32-bit floats: Lanczos (a windowed sinc over three
    pixels of the smaller picture) to shrink, bicubic to enlarge. Both overshoot at sharp edges, hence the
    clip.

    Args:
        image: An image, or an array that `check_image` takes.
        size: The longer side in pixels (the aspect ratio is kept), or (height, width).

    Returns:
        The image, shape (1, height, width, 3), in [0, 1].

    Raises:
        ValueError: A size that is not a positive whole number, or more than 40 megapixels in the result.
    """
    old = check_image(image)[0]
    height, width = _target_shape(old.shape[:2], size)
    smaller = height * width < old.shape[0] * old.shape[1]
    kernel = Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC
    channels = [Image.fromarray(np.ascontiguousarray(old[..., each])) for each in range(3)]
    new = np.stack([np.asarray(channel.resize((width, height), kernel)) for channel in channels], axis=-1)
    return np.clip(new, 0, 1)[np.newaxis]


def shape_at(shape: tuple[int, int], size: int) -> tuple[int, int]:
    """The (height, width) of a picture whose longer side is brought to `size` pixels, in its aspect ratio."""
    height, width = (max(1, round(side * size / max(shape))) for side in shape)
    return height, width


def size_for(shape: tuple[int, int], side: int) -> int:
    """The smallest longer side at which the shorter one of a picture (height, width) has `side` pixels."""
    enough = -(-side * max(shape) // min(shape))  # and perhaps one less, because sides are rounded
    return 1 + bisect.bisect_left(range(1, enough), side, key=lambda size: min(shape_at(shape, size)))


def _target_shape(old: tuple[int, ...], size: int | tuple[int, int]) -> tuple[int, int]:
    """Return the (height, width) that `size` makes of a picture of `old` (height, width)."""
    if isinstance(size, (tuple, list)):
        if len(size) != 2:
            raise ValueError(f"size must be the longer side or (height, width), not {size!r}.")
        height, width = positive(size[0], "height"), positive(size[1], "width")
    else:
        height, width = shape_at((old[0], old[1]), positive(size, "size"))
    if height * width > MOST_PIXELS_AT_FULL_SIZE:
        most = f"the {MOST_PIXELS_AT_FULL_SIZE / 1e6:.0f} megapixels an image may have"
        raise ValueError(f"size {size} makes an image of {height} x {width} pixels, more than {most}.")
    return height, width


def positive(value: object, name: str) -> int:
    """A number of pixels as it was given.

    Raises:
        ValueError: It is not a whole number from 1 on.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"{name} must be a positive whole number of pixels, not {shorten(value)}.")
    return number


def shorten(value: object) -> str:
    """How a value reads in an error: at most 60 letters of it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def psnr(a: object, b: object) -> float:
    """Return the peak signal-to-noise ratio of two images in decibels: 10 log10(1 / mean((a - b)^2)).

    The peak is 1. Equal images give infinity; 20 dB is a mean error of a tenth, and from about 40 dB on two
    pictures look the same.

    Raises:
        ValueError: The images differ in shape.
    """
    first, second = check_image(a, "the first image"), check_image(b, "the second image")
    if first.shape != second.shape:
        raise ValueError(f"The images have shapes {first.shape} and {second.shape}; resize one of them.")
    error = float(np.mean(np.square(first.astype(np.float64) - second)))
    return float("inf") if error == 0 else float(-10 * np.log10(error))
