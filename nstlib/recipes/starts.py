"""The image to begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import images
from ..foundation import unknown_name

NOISE = 0.05  # standard deviation of the noise to start from
MIDDLE_GREY = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Start:
    """The image to begin with, for any shape.

    Attributes:
        picture: what is brought to the shape, (1, H, W, 3); None for noise.
        seed: of the noise.
        own: whether it is a picture beside those of the recipe.
        around: what the noise varies, a value for each colour.
    """

    picture: np.ndarray | None
    seed: int
    own: bool = False
    around: tuple[float, ...] = MIDDLE_GREY

    def __call__(self, shape: tuple[int, int]) -> np.ndarray:
        """Shape (height, width) -> float32 in [0, 1], (1, height, width, 3)."""
        if self.picture is None:
            return noise(shape, self.seed, self.around)
        return images.resize(self.picture, shape)


def starting_image(
    start: Any,
    frame: np.ndarray,
    recolored: Callable[[], np.ndarray] | None,
    seed: int,
    style: np.ndarray | None = None,
    around: tuple[float, ...] = MIDDLE_GREY,
) -> Start:
    """The image to begin with.

    Args:
        start: "recolored", "content", "style", "noise", or anything `images.load_image` takes.
        frame: the picture whose shape the result has, and that "content" stands for.
        recolored: makes what "recolored" stands for; None where there is no style.
        seed: of the noise.
        style: what "style" stands for; None where there is none.
        around: the colour of the noise.

    Raises:
        ValueError, OSError, TypeError: unknown word, or nothing that can be loaded.
    """
    words = ("recolored", "content", "style", "noise")
    if isinstance(start, str) and start == "noise":
        return Start(None, seed, around=around)
    if isinstance(start, str) and start in words:
        if start == "content":
            return Start(frame, seed)
        if style is None or recolored is None:
            raise ValueError("There is no style picture to start from; use 'noise', 'content' or an image.")
        return Start(style if start == "style" else recolored(), seed)
    try:
        return Start(images.load_image(start, at_most=max(frame.shape[1:3])), seed, own=True)
    except FileNotFoundError:
        raise unknown_name("start", start, (*words, "or a picture")) from None


def noise(shape: tuple[int, int], seed: int, around: Sequence[float] = MIDDLE_GREY) -> np.ndarray:
    """Faint noise on one colour, shape (1, height, width, 3).

    Faint, because no deep layer sees single pixels: what strong noise puts there stays in the picture to
    the end. The papers' white noise is faint too, of standard deviation about 1 on the scale 0..255.
    """
    values = np.asarray(around) + NOISE * np.random.default_rng(seed).standard_normal((1, *shape, 3))
    return np.clip(values, 0, 1).astype("float32")
