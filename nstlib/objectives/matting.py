"""A measure that keeps a picture photorealistic: in each small window, colours follow the photograph's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import losses
from ..backend import ops
from .measures import Measure
from .points import mean_of, rows, shares, window_weights, windows

WINDOW = 3  # pixels each way
PIXELS = WINDOW**2


@dataclass(frozen=True)
class MattingLaplacian(Measure):
    """How far the image is, window by window, from an affine function of the photograph's colours.

    With the matting Laplacian L of the photograph (Levin, Lischinski and Weiss, "A closed-form solution to
    natural image matting", PAMI 2008) it is sum_c V_c^T L V_c for the channels V_c of the image:
    the photorealism term of Luan, Paris, Shechtman and Bala, "Deep photo style transfer", CVPR 2017, eq. 2.
    L is never built. As Levin et al. derive it, the form is a sum over windows w of 3 x 3
    pixels,

        V^T L V = sum_w min_{a,b} ( sum_{i in w} (V_i - a . I_i - b)^2 + epsilon |a|^2 ),

    and that is computed: the residual of the best affine fit of each window. It is divided by the same sum
    with a = 0 for the photograph itself, so that 1 would be to have kept nothing of its local variation.

    Colours may change, and as smoothly as they like from place to place; edges may not move or bend, and
    there are no strokes. It needs the layer "image", and no `where` for the photograph, whose pixels are
    the image's own places.

    Attributes:
        epsilon: how much a steep fit costs, in squared units of pixels. Levin et al. use 1e-7, with which the
            faint noise of a plain sky, made steep, excuses any speckle in the image.
    """

    name = "matting"
    epsilon: float = 1e-4

    def __post_init__(self) -> None:
        if not (np.isfinite(self.epsilon) and self.epsilon > 0):
            raise ValueError(f"epsilon is {self.epsilon!r}; give a positive number, for instance 1e-4.")

    def summary(self, features: Any, where: Any = None) -> Any:
        """The photograph (1, H, W, 3), the inverse covariance of each window (windows, 3, 3), the unit."""
        if features.shape[-1] != 3:
            raise ValueError(
                f"The matting Laplacian compares colours, not {features.shape[-1]} channels: give it the "
                f'layer "image".'
            )
        photo = ops.reshape(rows(features), features.shape)
        local = centred(windows(photo))
        covariance = ops.matmul(ops.transpose(local, (0, 2, 1)), local) / PIXELS
        ridge = ops.cast(self.epsilon / PIXELS * np.eye(3), photo.dtype)
        variation = ops.sum(ops.square(local), axis=(1, 2))[:, None]
        weights = window_weights(where)
        unit = ops.sum(mean_of(variation, shares(weights, variation))) + losses.FLOOR
        return photo, ops.inv(covariance + ridge), unit

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """A scalar without unit: 0, but for epsilon, at the photograph and at any affine map of its colours.

        Raises:
            ValueError: the image has not the photograph's size.
        """
        photo, inverse, unit = summary
        if tuple(features.shape) != tuple(photo.shape):
            raise ValueError(
                f"The image has {features.shape[2]} x {features.shape[1]} pixels and the photograph of the "
                f"matting Laplacian {photo.shape[2]} x {photo.shape[1]}: give both one size."
            )
        local = centred(windows(photo))
        image = centred(windows(ops.reshape(rows(features), photo.shape)))
        slope = ops.matmul(inverse, ops.matmul(ops.transpose(local, (0, 2, 1)), image) / PIXELS)
        residual = image - ops.matmul(local, slope)
        cost = ops.sum(ops.square(residual), (1, 2)) + self.epsilon * ops.sum(ops.square(slope), (1, 2))
        return ops.sum(shares(window_weights(where), cost[:, None]) * cost[:, None]) / unit


def centred(local: Any) -> Any:
    """Windows (windows, pixels, channels) about the mean of each."""
    return local - ops.mean(local, axis=1, keepdims=True)
