"""The recipe of one pass: several styles, regions, strength and colours, as a transfer has them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from .. import backend, images, making, memory
from ..foundation import check_count, unknown_name
from ..making import Making, Picture
from ..networks.plans import DEFAULT_DTYPE, Dtype
from ..optimizers import History
from ..recipes import Result
from ..recipes.look import DEFAULT_SIZE, unchosen
from ..recipes.styles import COLORS, Palette, Style, read_styles
from ..recipes.transfer import in_colours
from .codes import StyleCode
from .defaults import STRENGTH, STYLE_SIZE
from .painter import SMALLEST_SIDE, SMALLEST_STYLE, Painter, load_painter

EXACT = 0.25  # strength under which the painting fades into the photograph itself
# Bytes for each pixel, fitted to the peaks of fresh processes on a processor, in MB beyond the loaded
# network. Estimated and measured with TensorFlow: in float32 at 512 x 512 pixels 147 and 118, at 1024 x 1024
# 587 and 561, at 2048 x 2048 2349 and 2401; in bfloat16 77 and 46, 309 and 279, 1237 and 1266; with a mask
# at 1024 x 1024 587 and 586. A style seen at 1024 x 1024 pixels 556 and 555, at 2048 x 2048 2223 and 2188.
PAINTED = {"float32": 560, "bfloat16": 295}
SEEN = 530  # of a style picture


def paint_once(
    content: Any,
    style: Any,
    *,
    strength: float = 1.0,
    size: int | None = None,
    style_size: int | None = None,
    blend: Sequence[float] | None = None,
    content_mask: Any = None,
    style_mask: Any = None,
    colors: Literal["style", "recolored", "content", "luminance"] = "style",
    dtype: Dtype = DEFAULT_DTYPE,
) -> np.ndarray:
    """Paint a photograph in any style in one pass of a network that was taught to (Ghiasi et al. 2017).

    Nothing is optimised: it takes a fraction of the seconds that `transfer_style` takes, and makes a
    good start for that (`transfer_style(..., start=painting)`).

    Args:
        content, style, size, blend, content_mask, style_mask, colors: as for `transfer_style`.
        strength: from 0, the photograph itself, to 1, the style. Between them the network is given a style
            code between that of the photograph and that of the style (Ghiasi et al. 2017, section 4).
        style_size: longer side at which the style is seen; it sets the size of the strokes. None means 384.
        dtype: number format of the convolutions, "float32" or "bfloat16".

    Returns:
        The painting, float32 RGB in [0, 1], shape (1, H, W, 3).

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence.
    """
    one = OnePass(
        style,
        strength=strength,
        size=size,
        style_size=style_size,
        blend=blend,
        content_mask=content_mask,
        style_mask=style_mask,
        colors=colors,
        dtype=dtype,
    )
    return one.paint(one.load(content))


@dataclass(frozen=True, eq=False, kw_only=True)
class OnePass:
    """One pass with everything settled but the photograph: styles are read once for however many there are.

        one = OnePass("swirls", strength=0.8)
        for photo in photos:
            one.result(photo).save(...)

    Attributes are the keywords of `paint_once`.

    Raises:
        ValueError: a bad value.
    """

    style: Any = field(kw_only=False)
    strength: float = STRENGTH
    size: int | None = None
    style_size: int | None = None
    blend: Sequence[float] | None = None
    content_mask: Any = None
    style_mask: Any = None
    colors: Literal["style", "recolored", "content", "luminance"] = "style"
    dtype: Dtype = DEFAULT_DTYPE

    def __post_init__(self) -> None:
        if self.colors not in COLORS:
            raise unknown_name("choice of colors", self.colors, COLORS)
        check_strength(self.strength)
        for name in ("size", "style_size"):
            if (given := getattr(self, name)) is not None:
                check_count(given, name)

    @property
    def seen_at(self) -> int:
        """Longer side in pixels at which styles are seen."""
        return STYLE_SIZE if self.style_size is None else int(self.style_size)

    @cached_property
    def palette(self) -> Palette:
        """The styles, read when they are first needed."""
        found = read_styles(self.style, self.blend, self.content_mask, self.style_mask, self.seen_at)
        for style in found:
            check_seen(style.original, self.seen_at)
        return found

    def prepare(self) -> None:
        """Read the styles and load the network, so that what is wrong with them is said at once.

        Raises, warns: see `paint`.
        """
        painter = load_painter(self.dtype)
        self._check_reading()
        if self.palette.regions is None:
            for style in self.palette:
                read_style(painter, style, self.seen_at)

    def load(self, content: Any) -> np.ndarray:
        """A photograph at its size, shape (1, H, W, 3).

        Raises:
            ValueError, OSError, TypeError: bad input, in one sentence.
        """
        photo, original = images.load_with_shape(content, self.size, at_most=DEFAULT_SIZE)
        check_paintable(photo.shape[1:3], original)
        return photo

    def paint(self, photo: np.ndarray) -> np.ndarray:
        """A photograph that was loaded, painted.

        Raises:
            ValueError, OSError, TypeError: bad input, in one sentence.
            MemoryError: this machine has not enough memory.

        Warns:
            RuntimeWarning: the memory that is free will hardly do.
        """
        photo, palette = images.check_image(photo, "photo"), self.palette
        check_paintable(photo.shape[1:3], photo.shape[1:3])
        if palette.regions is not None:
            palette.regions.fitting(photo.shape[1:3], "photograph")
        painter = load_painter(self.dtype)
        self._check_memory(photo)
        if not float(self.strength):
            return photo  # whatever the colours shall be
        seen, painted, shown = in_colours(self.colors, photo, palette)
        painting = paint_palette(painter, seen, painted, float(self.strength), self.seen_at)
        return painting if shown is None else shown(painting)

    def _check_memory(self, photo: np.ndarray) -> None:
        """See that what has to be there at once fits into this machine; see `paint`."""
        shape = photo.shape[1:3]
        memory.check_need("one pass", estimate(shape, self.dtype), max(shape), "size")
        self._check_reading()

    def _check_reading(self) -> None:
        """The same for what reading the largest of the styles needs."""
        style = max((s.picture.shape[1:3] for s in self.palette), key=lambda s: min(s) / max(s))
        at = images.shape_at(style, self.seen_at)
        memory.check_need("reading a style", SEEN * math.prod(at), max(at), "style_size")

    def making(self, content: Any, photo: np.ndarray) -> Making:
        """How the painting of a photograph is made; `content` is what it was loaded from."""
        palette = self.palette
        settings = {"strength": float(self.strength), "size": max(photo.shape[1:3])}
        settings |= {"style_size": self.seen_at, "colors": self.colors, "dtype": self.dtype}
        settings |= {"blend": None, "content_mask": None, "style_mask": None} | palette.settings
        pictures = {"content": (content, photo)} | palette.sources
        return Making(
            "paint_once",
            making.plain(settings),
            unchosen(size=self.size, style_size=self.style_size),
            {name: Picture.of(source, image) for name, (source, image) in pictures.items()},
            palette.lacking,
            load_painter(self.dtype).checksum,
            backend.name_and_version(),
        )

    def result(self, content: Any) -> Result:
        """The painting of a photograph, with how it was made; its history is empty.

        Raises, warns: see `paint`.
        """
        began = time.perf_counter()
        photo = self.load(content)
        image = self.paint(photo)
        made = self.making(content, photo)
        sources = {"content": content} | {key: source for key, (source, _) in self.palette.sources.items()}
        return Result(image, History(), {}, made.settings, time.perf_counter() - began, made, sources)


def check_strength(
    value: Any, name: str = "strength", ends: tuple[str, str] = ("the photograph", "the style")
) -> float:
    """A number from 0 to 1.

    Args:
        value: as it was given.
        name: what it is called where people choose it.
        ends: what 0 and 1 mean.

    Raises:
        ValueError: it is none.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not 0 <= number <= 1:  # NaN neither
        raise ValueError(f"{name} is {value}; give a number from 0 ({ends[0]}) to 1 ({ends[1]}).")
    return number


def check_paintable(shape: tuple[int, int], original: tuple[int, int]) -> None:
    """Refuse a photograph that has too few pixels.

    Args:
        shape: its (height, width) as it shall be painted.
        original: as it was given.

    Raises:
        ValueError: one side is too short.
    """
    height, width = shape
    if min(shape) < SMALLEST_SIDE:
        raise ValueError(
            f"The photo is {width} x {height} pixels; one pass needs {SMALLEST_SIDE} or more on each side: "
            f"choose size={images.size_for(original, SMALLEST_SIDE)} or more."
        )


def check_seen(shape: tuple[int, int], style_size: int) -> None:
    """Refuse a style of which the network would see a line.

    Args:
        shape: (height, width) of the picture as it was given.
        style_size: longer side at which it is seen.

    Raises:
        ValueError: one side is too short.
    """
    height, width = images.shape_at(shape, style_size)
    if min(height, width) < SMALLEST_STYLE:
        raise ValueError(
            f"The style picture is seen at {width} x {height} pixels and needs {SMALLEST_STYLE} or more on "
            f"each side: choose style_size={images.size_for(shape, SMALLEST_STYLE)} or more."
        )


def estimate(shape: tuple[int, int], dtype: Dtype) -> float:
    """Bytes that one pass over a photograph (height, width) needs beyond the loaded network."""
    return PAINTED[dtype] * math.prod(shape)


def paint_palette(
    painter: Painter, photo: np.ndarray, palette: Palette, strength: float, style_size: int
) -> np.ndarray:
    """The photograph in one style, in a mixture, or in one style for each region."""
    if palette.regions is None:
        return paint_to(painter, photo, read_palette(painter, palette, style_size), strength, style_size)
    out, covered = np.zeros_like(photo), np.zeros((*photo.shape[:3], 1), "float32")
    for style in palette:
        where: Any = palette.where(style, photo.shape[1:3])
        code = read_style(painter, style, style_size)
        out += where[None, ..., None] * paint_to(painter, photo, code, strength, style_size, where)
        covered += where[None, ..., None]
    return (out + (1 - np.minimum(covered, 1)) * photo).clip(0, 1).astype("float32")


def read_palette(painter: Painter, palette: Palette, style_size: int) -> StyleCode:
    """The code of a mixture of styles without regions."""
    codes = [read_style(painter, each, style_size) for each in palette]
    return StyleCode.mix(codes, [each.share for each in palette])


def read_style(painter: Painter, style: Style, style_size: int) -> StyleCode:
    """The code of a style picture, or of the region of it that a mask leaves."""
    picture = images.resize(style.picture, style_size)
    return painter.code(picture, style.where(picture.shape[1:3]))


def paint_to(
    painter: Painter,
    photo: np.ndarray,
    code: StyleCode,
    strength: float,
    style_size: int,
    where: np.ndarray | None = None,
) -> np.ndarray:
    """The photograph painted up to a strength; at 0 it is the photograph to the bit."""
    if strength == 0:
        return photo
    code = code_up_to(painter, photo, code, strength, style_size)
    return faded(photo, painter.paint(photo, code, where), strength)


def code_up_to(
    painter: Painter, photo: np.ndarray, code: StyleCode, strength: float, style_size: int
) -> StyleCode:
    """The code between that of a photograph and that of a style; the latter's own at strength 1."""
    if strength == 1:
        return code
    own = painter.code(images.resize(photo, min(style_size, max(photo.shape[1:3]))))
    return StyleCode.mix([own, code], [1 - strength, strength])


def faded(photo: np.ndarray, painting: np.ndarray, strength: float) -> np.ndarray:
    """The painting, which under the strength `EXACT` gives way to the photograph."""
    share = min(1.0, strength / EXACT)
    return (share * painting + (1 - share) * photo).astype("float32")
