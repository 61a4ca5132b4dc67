"""Maps between the colours of pictures: lightness apart from colour, one picture's statistics for another's.

Lightness is Y of YIQ (Rec. 601), as Gatys et al. 2016, "Preserving color in neural artistic style transfer",
have it; `images.match_colors` is their other way, the linear map of mean and covariance.
"""

from __future__ import annotations

import numpy as np

from .images import match_colors

LUMA = np.array([0.299, 0.587, 0.114], "float32")  # Rec. 601


def luminance(image: np.ndarray) -> np.ndarray:
    """The lightness of an image: 0.299 R + 0.587 G + 0.114 B.

    Args:
        image: RGB in [0, 1], shape (1, H, W, 3).

    Returns:
        Shape (1, H, W, 1), in [0, 1].
    """
    return (np.asarray(image, "float32") @ LUMA)[..., None]


def with_luminance(image: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """The colours of an image with another lightness; its I and Q stay, except where [0, 1] would be left.

    Args:
        image: RGB in [0, 1], shape (1, H, W, 3).
        lightness: shape (1, H, W, 1).

    Returns:
        RGB in [0, 1], shape (1, H, W, 3). Where a colour does not fit at that lightness it loses saturation,
        not lightness.
    """
    chroma = image - luminance(image)  # R - Y, G - Y, B - Y: linear in I and Q
    light = np.clip(lightness, 0.0, 1.0).astype("float32")
    room = np.where(chroma > 0, 1.0 - light, light) / np.maximum(np.abs(chroma), 1e-6)
    share = np.minimum(1.0, room.min(-1, keepdims=True))
    return np.clip(light + share * chroma, 0.0, 1.0).astype("float32")


def match_luminance(lightness: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """A lightness with the mean and standard deviation of another (Gatys et al. 2016, section 3.2).

    Args:
        lightness, reference: shape (1, H, W, 1) and (1, H', W', 1), in [0, 1].

    Returns:
        The shape of `lightness`, clipped to [0, 1]; a flat one stays flat.
    """
    spread = lightness.std()
    gain = reference.std() / spread if spread > 0 else 0.0
    return np.clip((lightness - lightness.mean()) * gain + reference.mean(), 0, 1).astype("float32")


__all__ = ["LUMA", "luminance", "match_colors", "match_luminance", "with_luminance"]
