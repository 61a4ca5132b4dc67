"""Maps between the colours of two pictures, and lightness apart from colour.

Two ways to give a picture the colours of another: `match_colors`, one linear map of the colours (Gatys et al.
2016 call this colour histogram matching: it matches mean and covariance), and `match_histograms`, which
makes the three histograms equal and knows nothing of how the channels go together. And the lightness alone,
`luminance`, to paint with it and to put back the colours that were there, `with_luminance`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .images import Array, check_image

FLAT = 1e-8  # variance of colours that counts as none: far less than the step from one of 256 grey levels
LUMA = np.array([0.299, 0.587, 0.114])  # what red, green and blue add to Y: ITU-R BT.601, the Y of YIQ


def match_colors(photo: object, style: object) -> Array:
    """Give a photograph the colours of another picture, as the filter of a photo app does.

    One linear map for all pixels brings the mean and the covariance of red, green and blue to those of the
    style: x -> S^(1/2) P^(-1/2) (x - mean P) + mean S, with P and S the covariances. It is the map "image
    analogies" of Preserving Color in Neural Artistic Style Transfer (Gatys, Bethge, Hertzmann and Shechtman
    2016, arXiv:1606.05897), who use it the other way, from style to photo. What it makes of a pixel
    depends on nothing but the colour of this pixel.

    Args:
        photo: An image, or an array that `check_image` takes.
        style: The same; it may have another size.

    Returns:
        The photograph, recoloured and clipped to [0, 1]; without the clip mean and covariance agree. A colour
        direction in which the photograph is flat (all three, when it has one colour) stays flat.
    """
    pixels = check_image(photo, "the photo")
    matrix, offset = color_map(pixels, check_image(style, "the style"))
    return np.clip(pixels @ matrix.T + offset, 0, 1).astype(np.float32)


def color_map(photo: Array, style: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 3 x 3 matrix A and the offset b of the map x -> A x + b that `match_colors` applies."""
    (old_mean, old), (new_mean, new) = (_color_statistics(each) for each in (photo, style))
    matrix = _power(new, 0.5) @ _power(old, -0.5)
    return matrix, new_mean - matrix @ old_mean


def _color_statistics(image: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean, shape (3,), and covariance, shape (3, 3), of the colours of all pixels."""
    colors = image.reshape(-1, 3).astype(np.float64)
    return colors.mean(0), np.cov(colors, rowvar=False, bias=True)


def _power(covariance: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """A power of a covariance; directions of no variance stay out, so that flat pictures have an inverse."""
    values, vectors = np.linalg.eigh(covariance)
    powers = np.where(values > FLAT, np.maximum(values, FLAT) ** exponent, 0.0)
    return (vectors * powers) @ vectors.T


def match_histograms(image: object, reference: object) -> Array:
    """Give a picture the histograms of another, exactly, each of red, green and blue on its own.

    x -> Q(P(x)), where P says which share of the picture's values lies below x (and half of those equal to
    it), and Q is the reference's value at that share, with straight lines between its values: histogram
    specification (Gonzalez and Woods, Digital Image Processing, section 3.3). Equal values stay equal, so
    flat areas stay flat. Gatys et al. 2016 (arXiv:1606.05897) take the linear map of `match_colors` for the
    same purpose; this one follows skewed histograms, too, but not how the channels vary together.

    Args:
        image: An image, or an array that `check_image` takes.
        reference: The same; it may have another size.

    Returns:
        The picture, float32 in [0, 1], shape (1, height, width, 3). Where it has as many pixels as the
        reference, and no value twice, the sorted values of each channel are those of the reference.
    """
    old, new = check_image(image), check_image(reference, "the reference")
    channels = [_with_histogram(old[..., each], new[..., each]) for each in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _with_histogram(values: Array, reference: Array) -> NDArray[np.float64]:
    """The values, any shape, brought to the distribution of the reference, any shape, by a rising map."""
    levels, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    shares = (np.cumsum(counts) - 0.5 * counts) / values.size
    quantiles = (np.arange(reference.size) + 0.5) / reference.size
    return np.interp(shares, quantiles, np.sort(reference, axis=None))[where].reshape(values.shape)


def luminance(image: object) -> Array:
    """Return the lightness of a picture, Y = 0.299 R + 0.587 G + 0.114 B, shape (1, height, width, 1).

    The Y of YIQ (ITU-R BT.601), taken of the sRGB numbers as they are, as Gatys et al. 2016
    (arXiv:1606.05897, section 4) and Hertzmann et al. 2001 do.

    Args:
        image: An image, or an array that `check_image` takes.
    """
    return (check_image(image) @ LUMA)[..., np.newaxis].clip(0, 1).astype(np.float32)


def with_luminance(image: object, lightness: object) -> Array:
    """Give a picture another lightness and leave its chroma, the I and Q of YIQ, as it is where that fits.

    In YIQ each of red, green and blue is Y and a mixture of I and Q that does not depend on Y. So a change of
    Y alone is the same step for all three: x -> x + (Y' - Y).

    Args:
        image: An image, or an array that `check_image` takes.
        lightness: The Y' to take, in [0, 1], shape (1, height, width, 1), of the same size.

    Returns:
        The picture, float32 in [0, 1], shape (1, height, width, 3). Where a colour does not fit into [0, 1]
        at that lightness it loses saturation, not lightness: `luminance` of the result is what was given.

    Raises:
        ValueError: The lightness has another shape, NaN, or values out of [0, 1].
    """
    pixels, light = check_image(image), _check_lightness(lightness, "the lightness")
    if light.shape[1:3] != pixels.shape[1:3]:
        wanted, own = ("{} x {}".format(*each.shape[1:3]) for each in (light, pixels))
        raise ValueError(f"The lightness has {wanted} pixels and the image {own}; resize the image first.")
    chroma = pixels - luminance(pixels)  # R - Y, G - Y, B - Y: linear in I and Q
    room = np.where(chroma > 0, 1 - light, light) / np.maximum(np.abs(chroma), 1e-6)
    share = np.minimum(1, room.min(-1, keepdims=True))
    return np.clip(light + share * chroma, 0, 1).astype(np.float32)


def match_luminance(lightness: object, reference: object) -> Array:
    """Bring the mean and the standard deviation of a lightness to those of another.

    Y -> (s_R / s_Y) (Y - m_Y) + m_R, with m and s mean and standard deviation: the luminance remapping of
    Hertzmann et al. 2001 (Image Analogies, section 3.4), which Gatys et al. 2016 (arXiv:1606.05897, section
    4) apply to the style before they paint with the lightness alone.

    Args:
        lightness: Y in [0, 1], shape (1, height, width, 1).
        reference: The same; it may have another size.

    Returns:
        The lightness, float32, clipped to [0, 1]; without the clip mean and deviation agree. A flat one
        stays flat.

    Raises:
        ValueError: Another shape, NaN, or values out of [0, 1].
    """
    old = _check_lightness(lightness, "the lightness").astype(np.float64)
    new = _check_lightness(reference, "the reference").astype(np.float64)
    gain = new.std() / old.std() if old.var() > FLAT else 0.0
    return np.clip(gain * (old - old.mean()) + new.mean(), 0, 1).astype(np.float32)


def _check_lightness(array: object, name: str) -> Array:
    """Return lightness as float32 in [0, 1], shape (1, height, width, 1), or refuse it in one sentence."""
    values: NDArray[Any] = np.asarray(array)
    if values.ndim != 4 or values.shape[0] != 1 or values.shape[3] != 1:
        advice = "it is (1, height, width, 1), as colours.luminance(image) gives it"
        raise ValueError(f"{name} has shape {values.shape}; {advice}.")
    return check_image(np.repeat(values, 3, axis=-1), name)[..., :1]
