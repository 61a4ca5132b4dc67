"""Cut paper: shapes in two inks with a printed pattern and the grain of a real surface.

Lengths are in units of the picture's shorter side; a shape is drawn about (0, 0), within 1/2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .. import images
from .motion import smoothed

CREAM, NIGHT, SEA, CORAL, GOLD, ROSE = (
    np.array([int(ink[i : i + 2], 16) for i in (0, 2, 4)], "float32") / 255
    for ink in ("f4e7cf", "1d2b4f", "2f8f8b", "e4572e", "f2ae2e", "d9768f")
)

Pattern = Callable[[np.ndarray, np.ndarray], np.ndarray]
CLOSER = 4  # points along a side of a pixel that are averaged, so that no edge has steps
GRAIN = 0.15  # of the lightness, standard deviation


@dataclass(frozen=True, eq=False)
class Paper:
    """One shape.

    Attributes:
        outline: its corners, (n, 2).
        pattern: 0 where the first ink is, 1 where the second.
        inks: two colours.
        grain: name of the photograph of a surface.
        across: its size.
    """

    outline: np.ndarray
    pattern: Pattern
    inks: tuple[np.ndarray, np.ndarray]
    grain: str
    across: float


def regular(corners: int, inner: float = 1.0) -> np.ndarray:
    """A regular polygon, or a star whose corners lie in turn at 1/2 and at `inner` / 2."""
    angles = np.arange(corners) * 2 * np.pi / corners
    radius = np.where(np.arange(corners) % 2, inner, 1.0) / 2
    return np.stack([radius * np.sin(angles), -radius * np.cos(angles)], -1)


def petals(count: int, depth: float = 0.12) -> np.ndarray:
    """A flower."""
    angles = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    radius = 0.5 - depth / 2 + depth / 2 * np.cos(count * angles)
    return np.stack([radius * np.sin(angles), -radius * np.cos(angles)], -1)


def stripes(count: int) -> Pattern:
    """Bands, every second one in the other ink."""
    return lambda x, y: (np.sin(2 * np.pi * count * (x + 0.6 * y)) > 0.2).astype("float32")


def rings(count: int) -> Pattern:
    """Circles about the middle."""
    return lambda x, y: (np.cos(2 * np.pi * count * np.hypot(x, y)) > 0.3).astype("float32")


def dots(count: int) -> Pattern:
    """Discs, every second row between those of the row above."""

    def pattern(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        row = np.floor(y * count)
        dx, dy = (x * count + row % 2 / 2) % 1 - 0.5, y * count - row - 0.5
        return (np.hypot(dx, dy) < 0.27).astype("float32")

    return pattern


def waves(count: int) -> Pattern:
    """Bands that swing."""
    return lambda x, y: (np.sin(2 * np.pi * count * (y + 0.06 * np.sin(9 * x))) > 0.1).astype("float32")


def rays(count: int) -> Pattern:
    """Sectors about the middle."""
    return lambda x, y: (np.sin(count * np.arctan2(y, x)) * np.minimum(1, 12 * np.hypot(x, y)) > 0.1).astype(
        "float32"
    )


def cut_out(paper: Paper, pixels: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A shape as a picture (n, n, 3), and what of each pixel it covers, (n, n).

    Args:
        paper: the shape.
        pixels: the shorter side of the picture, in pixels of the shape.
        rng: where in the surface it is cut.
    """
    side = max(8, round(paper.across * pixels)) + 4
    cover = polygon(paper.outline * paper.across * pixels + side / 2, side)
    x, y = fine_grid(side, side, paper.across * pixels)
    share = averaged(paper.pattern(x, y))[..., None]
    flat = paper.inks[0] + share * (paper.inks[1] - paper.inks[0])
    rim = 0.78 + 0.22 * smoothed(cover, max(1.0, pixels / 60))[..., None]
    return (flat * rim * grain(paper.grain, (side, side), 1.3 * pixels, rng)).clip(0, 1), cover


def polygon(corners: np.ndarray, side: int) -> np.ndarray:
    """What a polygon covers of each of `side` x `side` pixels; (0, 0) is a corner of the first."""
    canvas = Image.new("L", (side * CLOSER, side * CLOSER))
    ImageDraw.Draw(canvas).polygon([(float(x), float(y)) for x, y in corners * CLOSER], fill=255)
    return averaged(np.asarray(canvas, "float32") / 255)


def fine_grid(width: int, height: int, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """The x and y from the middle of a picture, `CLOSER` along a side of each pixel."""
    across, down = (((np.arange(n * CLOSER) + 0.5) / CLOSER - n / 2) / unit for n in (width, height))
    x, y = np.meshgrid(across.astype("float32"), down.astype("float32"))
    return x, y


def averaged(fine: np.ndarray) -> np.ndarray:
    """The mean of each `CLOSER` x `CLOSER` points."""
    height, width = fine.shape[0] // CLOSER, fine.shape[1] // CLOSER
    return np.asarray(fine.reshape(height, CLOSER, width, CLOSER).mean((1, 3)), "float32")


def grain(name: str, shape: tuple[int, int], across: float, rng: np.random.Generator) -> np.ndarray:
    """The lightness of a surface about 1, (h, w, 1); its photograph is `across` pixels wide, and mirrored."""
    surface = images.resize(images.load_image(name), max(8, round(across)))[0].mean(-1)
    period = 2 * np.array(surface.shape) - 2
    start = rng.integers(0, period)
    rows, columns = (
        np.abs((np.arange(n) + s) % p - p // 2) for n, s, p in zip(shape, start, period, strict=True)
    )
    cut = surface[np.ix_(rows, columns)]
    spread = ((cut - surface.mean()) / surface.std()).clip(-2, 2)
    return np.asarray(1 + GRAIN * spread, "float32")[..., None]


def ground(size: tuple[int, int], pixels: int, rng: np.random.Generator) -> np.ndarray:
    """What lies behind: a gradient from cream to sea with broad leaves, on gravel, (h, w, 3)."""
    width, height = size
    x, y = fine_grid(width, height, pixels)
    leaves = averaged(
        (np.sin(5.2 * x + 2.2 * np.sin(3.1 * y + 1)) + np.sin(4.1 * y - 1.7 * np.sin(2.3 * x)) > 0.35) * 1.0
    )
    deep = np.linspace(0.15, 0.85, height, dtype="float32")[:, None, None]
    light, dark = CREAM + deep * (SEA - CREAM) * 0.5, CREAM * 0.82 + deep * (SEA - CREAM) * 0.75
    flat = light + leaves[..., None] * (dark - light)
    return (flat * grain("gravel", (height, width), 1.1 * width, rng) ** 0.5).clip(0, 1)
