"""The recipe of one pass: several styles, regions, strength and colours, as a transfer has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from .. import images
from ..foundation import unknown_name
from ..networks.plans import DEFAULT_DTYPE, Dtype
from ..objectives import check_weight
from ..recipes.look import DEFAULT_SIZE
from ..recipes.options import check_count
from ..recipes.styles import COLORS, Palette, Style, read_styles
from ..recipes.transfer import in_colours
from .codes import StyleCode
from .painter import Painter, load_painter

STYLE_SIZE = 384  # pixels at which a style is seen: about the scale at which the network was taught
EXACT = 0.25  # strength under which the painting fades into the photograph itself


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

    Nothing is optimised: it takes a fraction of a second where `transfer_style` takes a minute, and makes a
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
    if colors not in COLORS:
        raise unknown_name("choice of colors", colors, COLORS)
    if (strength := check_weight(strength, "strength")) > 1:
        raise ValueError(f"strength is {strength}; give a number from 0 (the photograph) to 1 (the style).")
    seen_at = STYLE_SIZE if style_size is None else check_count(style_size, "style_size")
    photo = images.load_image(content, size, at_most=DEFAULT_SIZE)
    palette = read_styles(style, blend, content_mask, style_mask, seen_at, photo)
    painter = load_painter(dtype)
    seen, painted, shown = in_colours(colors, photo, palette)
    painting = paint_palette(painter, seen, painted, strength, seen_at)
    return painting if shown is None else shown(painting)


def paint_palette(
    painter: Painter, photo: np.ndarray, palette: Palette, strength: float, style_size: int
) -> np.ndarray:
    """The photograph in one style, in a mixture, or in one style for each region."""
    if palette.regions is None:
        codes = [read_style(painter, each, style_size) for each in palette]
        code = StyleCode.mix(codes, [each.share for each in palette])
        return paint_to(painter, photo, code, strength, style_size)
    out, covered = np.zeros_like(photo), np.zeros((*photo.shape[:3], 1), "float32")
    for style in palette:
        where: Any = palette.where(style, photo.shape[1:3])
        code = read_style(painter, style, style_size)
        out += where[None, ..., None] * paint_to(painter, photo, code, strength, style_size, where)
        covered += where[None, ..., None]
    return (out + (1 - np.minimum(covered, 1)) * photo).clip(0, 1).astype("float32")


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
    if strength < 1:
        own = painter.code(images.resize(photo, min(style_size, max(photo.shape[1:3]))))
        code = StyleCode.mix([own, code], [1 - strength, strength])
    painting = painter.paint(photo, code, where)
    share = min(1.0, strength / EXACT)
    return (share * painting + (1 - share) * photo).astype("float32")
