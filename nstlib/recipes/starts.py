"""The image to begin with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import images
from ..foundation import unknown_name

NOISE = 0.05  # standard deviation of the noise to start from
BLOT = 4  # pixels of one blot of colour, where the start is the palette
Change = Callable[[np.ndarray], np.ndarray]  # a picture -> a picture
MIDDLE_GREY = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Start:
    """The image to begin with, for any shape.

    Attributes:
        picture: what is brought to the shape, (1, H, W, 3); None for noise or blots.
        seed: of the noise or the blots.
        own: whether it is a picture beside those of the recipe.
        around: what the noise varies, a value for each colour.
        recolor: gives blots the style's colours; None for noise or a picture.
    """

    picture: np.ndarray | None
    seed: int
    own: bool = False
    around: tuple[float, ...] = MIDDLE_GREY
    recolor: Change | None = None

    def __call__(self, shape: tuple[int, int]) -> np.ndarray:
        """Shape (height, width) -> float32 in [0, 1], (1, height, width, 3)."""
        if self.picture is not None:
            return images.resize(self.picture, shape)
        if self.recolor is not None:
            return self.recolor(blots(shape, self.seed))
        return noise(shape, self.seed, self.around)

    def then(self, change: Change) -> Start:
        """The same with its picture or blots changed; noise stays as it is."""
        if self.picture is not None:
            return replace(self, picture=change(self.picture))
        recolor = self.recolor
        return replace(self, recolor=lambda blots: change(recolor(blots))) if recolor else self


def starting_image(
    start: Any,
    frame: np.ndarray,
    recolor: Change | None,
    seed: int,
    style: np.ndarray | None = None,
    around: tuple[float, ...] = MIDDLE_GREY,
) -> Start:
    """The image to begin with.

    Args:
        start: "recolored", "content", "style", "palette", "noise", or anything `images.load_image` takes.
        frame: the picture whose shape the result has, and that "content" stands for.
        recolor: gives a picture the style's colours, for "recolored" and "palette"; None where there is no
            style.
        seed: of the noise, and of the blots of the palette.
        style: what "style" stands for; None where there is none.
        around: the colour of the noise.

    Raises:
        ValueError, OSError, TypeError: unknown word, or nothing that can be loaded.
    """
    words = ("recolored", "content", "style", "palette", "noise")
    if isinstance(start, str) and start == "noise":
        return Start(None, seed, around=around)
    if isinstance(start, str) and start in words:
        if start == "content":
            return Start(frame, seed)
        if style is None or recolor is None:
            raise ValueError("There is no style picture to start from; use 'noise', 'content' or an image.")
        if start == "palette":
            return Start(None, seed, recolor=recolor)
        return Start(style if start == "style" else recolor(frame), seed)
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


def blots(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Blots of any colours, which flow into each other, in [0, 1]; shape (1, height, width, 3).

    In a style's colours they are a start that knows its palette and nothing else of it. No deep layer sees
    single pixels, and what is put there stays; a blot that is larger than a stroke would stay a blot.
    """
    few = [max(2, round(side / BLOT)) for side in shape]
    values = np.random.default_rng(seed).uniform(size=(1, *few, 3)).astype("float32")
    return images.resize(values, shape)
