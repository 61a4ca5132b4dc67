"""Paint the style pictures of the course, from nothing but code.

Run from anywhere in the checkout (all twelve take about two minutes):

    python tools/paint_styles.py [NAME ...] [--out data/styles] [--seed 0]

Every picture is our own composition, made without a source photograph and without a network connection, so
the course owns it (CC BY 4.0). Each one is a different kind of texture, because what a style teaches depends
on it: long strokes along a flow, separate dots, outlines, straight edges, tone made of lines, and so on.

Positions and sizes are in picture heights: x runs from 0 to 4/3, y from 0 (top) to 1. Pictures are painted
at SUPERSAMPLE times their final size and reduced at the end, which is what smooths the edges. A "field" is an
array with one value per pixel of that large sheet. Colours are RGB in [0, 1].
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import interpolate, ndimage, spatial
from skimage import measure

Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
Rng = np.random.Generator
Painter = Callable[[Rng], Array]

WIDTH, HEIGHT = 768, 576
SUPERSAMPLE = 2
ASPECT = WIDTH / HEIGHT
UNIT = HEIGHT * SUPERSAMPLE  # pixels per picture height while painting
SHAPE = (UNIT, WIDTH * SUPERSAMPLE)
JPEG_QUALITY = 90
CREDIT = "Neural style transfer course, painted by tools/paint_styles.py, CC BY 4.0"


# ------------------------------------------------------------------------------------------------------------
# Colours, tables and fields
# ------------------------------------------------------------------------------------------------------------


def palette(colours: str) -> Array:
    """Colours written as hexadecimal RGB, "f4e3b2 1d3557 ...", as an array (n, 3)."""
    return np.array([[int(c[i : i + 2], 16) / 255 for i in (0, 2, 4)] for c in colours.split()], np.float32)


def paint_tube(colour: str) -> Array:
    """One hexadecimal colour as an array (3,)."""
    return palette(colour)[0]


def table(text: str) -> list[tuple[float, ...]]:
    """Rows of numbers written as text: "0.1 0.2; 0.3 0.4" gives [(0.1, 0.2), (0.3, 0.4)]."""
    return [tuple(float(number) for number in row.split()) for row in text.split(";")]


def ramp(colours: str | Array, t: Array) -> Array:
    """Mix along a palette: t = 0 is its first colour, t = 1 its last. Shape t.shape + (3,)."""
    stops = palette(colours) if isinstance(colours, str) else colours
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(t, places, stops[:, k]) for k in range(3)], axis=-1).astype(np.float32)


def frame() -> tuple[Array, Array]:
    """The coordinates (x, y) of every pixel of the sheet, in picture heights."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32) / UNIT
    return x, y


def noise(rng: Rng, scale: float, octaves: int = 3, stretch: float = 1.0) -> Array:
    """A smooth random field, mean 0, deviation 1; `scale` is the size of its blobs, `stretch` widens them."""
    total = np.zeros(SHAPE, np.float32)
    for octave in range(octaves):
        step = max(scale * UNIT / 2**octave, 1.5)
        rows, columns = int(SHAPE[0] / step) + 4, int(SHAPE[1] / (step * stretch)) + 4
        coarse = rng.normal(size=(rows, columns)).astype(np.float32)
        y = np.linspace(1, 1 + SHAPE[0] / step, SHAPE[0])
        x = np.linspace(1, 1 + SHAPE[1] / (step * stretch), SHAPE[1])
        places = np.meshgrid(y, x, indexing="ij")
        total += ndimage.map_coordinates(coarse, places, order=3 if step > 3 else 1) / 2**octave
    return (total - total.mean()) / total.std()


def streaks(rng: Rng, angle: Array, length: float, grain: float) -> Array:
    """Noise drawn out along directions: line integral convolution (Cabral and Leedom 1993)."""
    source, total, step = noise(rng, grain, 1), np.zeros(SHAPE, np.float32), 2.0
    for sign in (-1, 1):
        row, column = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
        for _ in range(int(length * UNIT / 2 / step)):
            here = np.clip(row, 0, SHAPE[0] - 1).astype(int), np.clip(column, 0, SHAPE[1] - 1).astype(int)
            total += source[here]
            row += sign * step * np.sin(angle[here])
            column += sign * step * np.cos(angle[here])
    return (total - total.mean()) / total.std()


def flow(potential: Array) -> Array:
    """The direction, in radians, of the lines along which `potential` is constant."""
    along_y, along_x = np.gradient(potential)
    return np.arctan2(-along_x, along_y)


def smoothstep(low: float, high: float, t: Array) -> Array:
    """0 below `low`, 1 above `high`, a smooth rise between; with low > high it falls."""
    u = np.clip((t - low) / (high - low), 0, 1)
    return u * u * (3 - 2 * u)


def blend(under: Array, over: Array | str, mask: Array | Mask) -> Array:
    """`over`, a colour or a field of colours, laid on `under` where `mask` (0 to 1) says so."""
    top = paint_tube(over) if isinstance(over, str) else over
    return under + (top - under) * np.asarray(mask, np.float32)[..., None]


def at(field: NDArray[Any], points: Array) -> NDArray[Any]:
    """The values of a field at points (..., 2), each (x, y); beyond the sheet its border continues."""
    column = np.clip((points[..., 0] * UNIT).astype(int), 0, SHAPE[1] - 1)
    row = np.clip((points[..., 1] * UNIT).astype(int), 0, SHAPE[0] - 1)
    return field[row, column]


def scatter(rng: Rng, spacing: float, mask: Array | Mask | None = None) -> Array:
    """Points (n, 2) about `spacing` apart, in random order, a little beyond the edges; only where `mask`."""
    columns, rows = np.arange(-spacing, ASPECT + spacing, spacing), np.arange(-spacing, 1 + spacing, spacing)
    x, y = np.meshgrid(columns, rows)
    points = np.stack([x.ravel(), y.ravel()], -1) + rng.uniform(-0.55, 0.55, (x.size, 2)) * spacing
    points = rng.permutation(points)
    return points if mask is None else points[at(mask, points) > 0.5]


# ------------------------------------------------------------------------------------------------------------
# Paint: strokes with a thickness, and the light on them
# ------------------------------------------------------------------------------------------------------------


@dataclass
class Sheet:
    """What we paint on: `colour` (H, W, 3), and `relief` (H, W), the thickness of the paint."""

    colour: Array
    relief: Array

    @classmethod
    def start(cls, ground: Array | str) -> Sheet:
        """A sheet of one colour, or with a first layer of colours (H, W, 3) already on it."""
        first = paint_tube(ground) if isinstance(ground, str) else ground
        return cls(np.broadcast_to(first, (*SHAPE, 3)).astype(np.float32), np.zeros(SHAPE, np.float32))


@dataclass(frozen=True)
class Brush:
    """How strokes look: sizes in picture heights, the rest about 0 to 1 unless it says otherwise."""

    length: float = 0.08
    width: float = 0.014
    load: float = 1.0  # thickness of the paint, 1 to 3
    streak: float = 0.06  # how much the colour differs from bristle to bristle
    jitter: float = 0.04  # how much the colour differs from stroke to stroke
    dry: float = 0.3  # how much the stroke breaks up towards its end; 0 leaves it round
    bristle: float = 1.0  # how deep the bristles cut into the paint; a knife leaves it smooth
    square: bool = False  # a square beginning and a ridge at the end, as a knife leaves
    wobble: float = 0.15  # how far strokes turn away from the direction field, in radians


def trace(angle: Array, starts: Array, lengths: Array, turns: Array) -> Array:
    """Follow a direction field both ways from starts (n, 2). Returns paths (n, 9, 2)."""
    paths = np.repeat(starts[:, None, :], 9, axis=1)
    for sign in (1, -1):
        for k in range(4):
            here = paths[:, 4 + sign * k]
            heading = at(angle, here) + turns
            step = np.stack([np.cos(heading), np.sin(heading)], -1) * lengths[:, None] / 8
            paths[:, 4 + sign * (k + 1)] = here + sign * step
    return paths


def along_and_across(points: Array, low: NDArray[Any], high: NDArray[Any]) -> tuple[Array, Array, float]:
    """For the pixels of a box: length along a path (n, 2), signed distance to it; and the path's length."""
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
    start, segment = points[:-1], np.diff(points, axis=0)
    size = np.hypot(*segment.T) + 1e-6
    dx, dy = x[..., None] - start[:, 0], y[..., None] - start[:, 1]
    t = np.clip((dx * segment[:, 0] + dy * segment[:, 1]) / size**2, 0, 1)
    distance = np.hypot(dx - t * segment[:, 0], dy - t * segment[:, 1])
    signed = np.where(segment[:, 0] * dy > segment[:, 1] * dx, distance, -distance)
    along = np.concatenate([[0], np.cumsum(size)[:-1]]) + t * size
    nearest = distance.argmin(-1)[..., None]
    pick = [np.take_along_axis(values, nearest, -1)[..., 0] for values in (along, signed)]
    return pick[0], pick[1], float(size.sum())


def stroke(sheet: Sheet, path: Array, colour: Array, brush: Brush, rng: Rng) -> None:
    """Lay one stroke along a path (n, 2): bristles, a ragged end, and ridges of paint at its edges."""
    points, radius = path * UNIT, brush.width * UNIT / 2
    low = np.maximum(np.floor(points.min(0) - radius - 1), 0).astype(int)
    high = np.minimum(np.ceil(points.max(0) + radius + 2), SHAPE[::-1]).astype(int)
    if (high <= low).any():
        return
    along, across, total = along_and_across(points, low, high)
    across /= radius
    count = max(5, int(radius * 1.3))
    bristles = np.interp(across, np.linspace(-1, 1, count), rng.normal(size=count))
    mask = np.clip((1 - np.abs(across)) * radius + 0.5, 0, 1)
    if brush.dry:
        end = total * (1 - 0.12 * brush.dry * np.abs(bristles))
        mask *= np.clip((end - along) / 2, 0, 1)
    if brush.square:
        mask *= np.clip((along - 0.06 * total * np.abs(bristles)) / 2, 0, 1)
    mask *= np.clip(1.5 + bristles + 2 * (1 - brush.dry * 1.6 * along / total), 0, 1)
    ridges = smoothstep(0.55, 0.9, np.abs(across)) + brush.square * smoothstep(0.8, 0.97, along / total)
    body = 0.55 * (1 - across**2) + 0.22 * brush.bristle * bristles + 0.45 * ridges
    box = np.s_[low[1] : high[1], low[0] : high[0]]
    tint = colour + rng.normal(0, brush.jitter) + brush.streak * bristles[..., None]
    sheet.colour[box] = blend(sheet.colour[box], np.clip(tint, 0, 1), mask)
    sheet.relief[box] += (body * brush.load - sheet.relief[box]) * mask


def cover(
    sheet: Sheet,
    colours: Array,
    angle: Array,
    brush: Brush,
    spacing: float,
    rng: Rng,
    mask: Array | Mask | None = None,
) -> None:
    """Cover the sheet, or the masked part, with strokes that follow fields of colours and directions."""
    starts = scatter(rng, spacing, mask)
    lengths = brush.length * rng.uniform(0.6, 1.3, len(starts))
    turns = rng.normal(0, brush.wobble, len(starts))
    for path, colour in zip(trace(angle, starts, lengths, turns), at(colours, starts), strict=True):
        stroke(sheet, path, colour, brush, rng)


def lit(sheet: Sheet, depth: float = 0.35, gloss: float = 0.25) -> Array:
    """The sheet under a lamp at the upper left: slopes of the paint that face it are lighter."""
    along_y, along_x = np.gradient(ndimage.gaussian_filter(sheet.relief, 0.6))
    slope = np.tanh(1.2 * (along_x + along_y))
    shine = gloss * np.clip(slope, 0, 1) ** 2
    return sheet.colour * (1 + depth * slope)[..., None] + shine[..., None]


def canvas_weave(rng: Rng) -> Array:
    """The relief of a canvas, about -1 to 1: two sets of threads of uneven thickness."""
    x, y = frame()
    warp, weft = np.sin(2 * np.pi * (x * 190 + 0.15 * noise(rng, 0.05))), np.sin(2 * np.pi * y * 190)
    return warp * weft * (1 + 0.3 * noise(rng, 0.02))


# ------------------------------------------------------------------------------------------------------------
# Ink: areas, discs and lines with clean edges
# ------------------------------------------------------------------------------------------------------------


class Plate:
    """A sheet to draw on with flat hexadecimal colours, in picture heights."""

    def __init__(self, ground: Array) -> None:
        """Start from a field of colours (H, W, 3)."""
        self.image = Image.fromarray((np.clip(ground, 0, 1) * 255).astype(np.uint8))
        self.draw = ImageDraw.Draw(self.image)

    def area(self, outline: Iterable[Sequence[float] | Array], colour: str) -> None:
        """A filled polygon."""
        self.draw.polygon([(float(x) * UNIT, float(y) * UNIT) for x, y in outline], fill=f"#{colour}")

    def disc(self, centre: Sequence[float] | Array, radius: float, colour: str) -> None:
        """A filled circle."""
        (x, y), r = centre, radius
        corners = [(x - r) * UNIT, (y - r) * UNIT, (x + r) * UNIT, (y + r) * UNIT]
        self.draw.ellipse([float(c) for c in corners], fill=f"#{colour}")

    def ribbon(self, curve: Array, widths: Array | float, colour: str) -> None:
        """A line along `curve` (n, 2) that swells and thins with `widths` (n,)."""
        tangent = np.gradient(curve, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], -1) / (np.hypot(*tangent.T)[:, None] + 1e-9)
        offset = normal * np.broadcast_to(widths, len(curve))[:, None] / 2
        self.area([*(curve + offset), *(curve - offset)[::-1]], colour)

    def colours(self) -> Array:
        """What has been drawn, as a field of colours (H, W, 3)."""
        return np.asarray(self.image, np.float32) / 255


def spline(knots: Sequence[Sequence[float] | Array], count: int = 160) -> Array:
    """A smooth curve (count, 2) through the knots, at least four of them."""
    coefficients, _ = interpolate.splprep(np.array(knots).T, s=0, k=3)
    return np.stack(interpolate.splev(np.linspace(0, 1, count), coefficients), -1)


# ------------------------------------------------------------------------------------------------------------
# swirls
# ------------------------------------------------------------------------------------------------------------


def swirls(rng: Rng) -> Array:
    """Sunrise over a valley under a turning sky: long, thick strokes that follow a flow field.

    Teaches direction: neighbouring strokes agree, and a style loss must carry that over to other shapes.
    """
    x, y = frame()
    sky, angle = turning_sky()
    sheet = Sheet.start("16264f")
    for width, spacing in ((0.026, 0.024), (0.017, 0.017)):
        cover(sheet, sky, angle, Brush(0.1, width, load=2, wobble=0.07), spacing, rng)
    lands = [
        (0.6 + 0.04 * np.sin(3.1 * x + 1) + 0.02 * np.sin(9 * x), "27407c 3f6fa0 6c9fae 2c4a86", 0.4),
        (0.68 + 0.05 * np.sin(2.9 * x + 3.6), "1f5145 4f8a47 a3bd55 2d6a4a", -0.5),
        (0.79 + 0.03 * np.sin(4 * x + 1), "a8701a e0a326 fbe07a c98a1e fff0a0", -1.35),
    ]
    for ridge, colours, tilt in lands:
        land = ramp(colours, 0.5 + 0.3 * noise(rng, 0.04, stretch=2.5))
        cover(sheet, land, tilt + 0.3 * noise(rng, 0.2), Brush(0.07, 0.017, load=2), 0.014, rng, y > ridge)
    for middle, top, spread in table("0.2 0.3 0.085; 0.315 0.5 0.06"):  # two cypresses
        down = np.clip((y - top) / (1.05 - top), 0, 1)
        across = x - middle - 0.012 * np.sin(9 * y + 20 * middle)
        tree = np.abs(across) < spread * down**0.7 * (1.05 - down) ** 0.35
        leaves = ramp("0b1a1c 143326 2b5634 7a7d38 12281f", 0.5 + 0.33 * noise(rng, 0.025))
        sway = np.pi / 2 + 3.5 * across + 0.35 * np.sin(16 * y + 30 * x)
        cover(sheet, leaves, sway, Brush(0.09, 0.016, load=2), 0.011, rng, tree)
    return lit(sheet)


def turning_sky() -> tuple[Array, Array]:
    """The sky of `swirls`, five eddies and a sun: colours (H, W, 3) and directions of the strokes (H, W)."""
    x, y = frame()
    bands = "17265f 1f4aa0 2f86bf 8cc9cf e6e6bd 5aa9c6 2260ad 141f55 17265f"
    arms = "142257 1d3f96 2f7fc0 9fd2d6 f4eec4 66b3cf 2159aa 142257"
    sky, drift = ramp(bands, (2.6 * y + 0.5 * x) % 1), np.stack([1 + 0 * x, 0.5 * np.cos(5 * x + 1)])
    eddies = "0.42 0.27 0.19 1; 0.7 0.13 0.1 -1; 0.07 0.1 0.12 -1; 0.73 0.42 0.1 1; 0.06 0.45 0.1 1"
    for cx, cy, size, turn in table(eddies):
        radius, polar = np.hypot(x - cx, y - cy) + 1e-4, np.arctan2(y - cy, x - cx)
        near, around = np.exp(-((radius / size) ** 4)), np.stack([-np.sin(polar), np.cos(polar)])
        spiral = turn * polar / np.pi + 1.6 * np.log(radius / size)  # two arms: the palette repeats twice
        sky = blend(sky, ramp(arms, spiral % 1), near)
        drift += 4 * near * (turn * around - 0.3 * np.stack([np.cos(polar), np.sin(polar)]))
    radius, polar = np.hypot(x - 1.06, y - 0.27), np.arctan2(y - 0.27, x - 1.06)
    halo = smoothstep(0.3, 0.2, radius + 0.012 * np.sin(12 * polar))
    rings = "fffbe0 fff3a0 ffd447 f79f26 fbd860 f4ecb0 f3a83a f6dc86 d8e0ae 6fb3b8"
    sky = blend(sky, ramp(rings, radius / 0.3 + 0.02 * np.sin(12 * polar)), halo)
    drift += 6 * halo * np.stack([-np.sin(polar), np.cos(polar)])
    return sky, np.arctan2(drift[1], drift[0])


# ------------------------------------------------------------------------------------------------------------
# points
# ------------------------------------------------------------------------------------------------------------


def points(rng: Rng) -> Array:
    """Evening on a river with sails, in dots of divided colour.

    Teaches isolated marks: no lines at all, and colours that mix only in the eye (or in a deep layer).
    """
    scene = wooded_banks(rng, river())
    hues = palette("f0803c 3458c8 f5cf4a 7a4aa8 4fa886 e0607f")
    hues = hues - hues.mean(0)  # so that the divided dots still average to the colour of the scene
    sheet = Sheet.start(0.5 * scene + 0.5 * paint_tube("f3e2c4"))
    for size, spacing, strength in table("0.022 0.02 0.2; 0.019 0.0225 0.33; 0.0125 0.021 0.5"):
        divided = np.clip(scene + strength * hues[rng.integers(0, len(hues), SHAPE)], 0.02, 0.98)
        dot = Brush(length=0.002, width=size, load=0.8, streak=0.01, jitter=0.02, dry=0)
        cover(sheet, divided, np.zeros(SHAPE), dot, spacing, rng)
    return lit(sheet, depth=0.3, gloss=0.08)


def river() -> Array:
    """The water of `points`: a low sun, hills and three boats, with their reflections."""
    x, y = frame()
    height = np.where(y < 0.52, y, 1.04 - y + 0.01 * np.sin(150 * y**2))  # the water mirrors the sky
    scene = ramp("5a90cc 8aa8dc c4a8d4 f3b0a0 fac878 fff0a8", height / 0.52)
    glow = np.exp(-(((x - 0.9) / 0.3) ** 2) - ((height - 0.42) / 0.16) ** 2)
    scene = blend(scene, "fff3b0", 0.9 * glow)
    scene = blend(scene, "fffef4", smoothstep(0.056, 0.05, np.hypot(x - 0.9, height - 0.4)))
    hills = height - 0.44 + 0.06 * np.sin(3.5 * x + 0.6) + 0.015 * np.sin(11 * x)
    scene = blend(scene, "6d6cbc", smoothstep(-0.004, 0.004, hills) * (0.9 - 0.5 * glow))
    scene = blend(scene, "2a56a0", 0.4 * smoothstep(0.52, 0.54, y) * (1 - 0.8 * glow))
    for cx, size in table("0.56 0.34; 1.08 0.2; 0.74 0.13"):
        right, down = x - cx, height - 0.535 + size  # from the head of the mast
        sail = (right > 0) & (right < 0.5 * down) & (down < size - 0.02)
        jib = (right < -0.014) & (right > -0.34 * (down - 0.04)) & (down < size - 0.02)
        hull = (np.abs(y - 0.532) < 0.06 * size) & (np.abs(right - 0.1 * size) < 0.4 * size - (y - 0.53))
        for shape, colour in ((sail, "fff4dc"), (jib, "f0803c"), (hull, "34245c")):
            scene = blend(scene, colour, 0.95 * shape)
    return scene


def wooded_banks(rng: Rng, scene: Array) -> Array:
    """A scene with a meadow in front of it and trees on both sides, lit from the sun of `river`."""
    x, y = frame()
    bank = smoothstep(0, 0.005, y - 0.87 + 0.1 * np.cos(2.2 * x + 0.2) - 0.01 * np.sin(30 * x))
    meadow = ramp("1f5f4f 4f9444 a9c93c f3e050", 0.5 + 0.3 * noise(rng, 0.05, stretch=3))
    scene = blend(scene, meadow, bank)
    for cx, cy, size in table("0.12 0.3 0.2; 0.02 0.56 0.17; 1.27 0.56 0.12; 1.33 0.38 0.13"):
        crown = np.hypot(x - cx, (y - cy) * 0.9) + 0.015 * noise(rng, 0.05) < size
        light = 0.5 + (x - cx - (y - cy)) * np.sign(0.9 - cx) / size * 0.35 + 0.2 * noise(rng, 0.05)
        scene = blend(scene, "4a2a5c", (np.abs(x - cx) < 0.012) & (y > cy) & (y < 0.9))
        scene = blend(scene, ramp("24246b 1f5a6b 3a8f4f a5c43f fbe860", light), crown)
    return scene


# ------------------------------------------------------------------------------------------------------------
# waves
# ------------------------------------------------------------------------------------------------------------

INK, DEEP, BLUE, PALE, FOAM, RED = "14213f", "1f3f77", "4a7fae", "a9c9d2", "f6efdc", "cf4a35"


def waves(rng: Rng) -> Array:
    """Great waves under a red sun, in the manner of a colour woodblock print.

    Teaches outlines: dark contours, flat areas of few colours, and stripes that run along the form.
    """
    plate = Plate(ramp("7d97a8 c3c6b4 ecd9b0 f0c9a0 efe0bd", frame()[1] / 0.75))
    plate.disc((1.1, 0.26), 0.13, RED)
    slopes = table("0.72 0.62; 0.86 0.5; 0.935 0.408; 0.985 0.405; 1.06 0.5; 1.22 0.62")
    snow = table("0.935 0.408; 0.985 0.405; 1.02 0.46; 1 0.44; 0.975 0.47; 0.95 0.44; 0.925 0.46; 0.9 0.448")
    plate.area(slopes, INK)
    plate.area([(x, y + 0.006) for x, y in slopes], DEEP)
    plate.area(snow, FOAM)
    sea = [
        (0.56, "0.95 0.62 0.09; 0.2 0.6 0.1; 1.25 0.6 0.1"),
        (0.68, "0.46 0.5 0.3"),
        (0.78, "1.08 0.72 0.17; 0.1 0.78 0.12"),
        (0.9, "0.62 0.88 0.13; 1.3 0.9 0.12; 0.2 0.95 0.13"),
    ]
    for level, crests in sea:
        swell(plate, rng, level)
        for cx, cy, size in table(crests):
            breaker(plate, rng, np.array([cx, cy]), size)
    for spray in rng.normal((0.72, 0.42), (0.16, 0.12), (260, 2)):
        plate.disc(spray, rng.uniform(0.001, 0.005), FOAM)
    colour = plate.colours()
    wood = 0.06 + 0.07 * noise(rng, 0.016, 2, stretch=18) + 0.03 * noise(rng, 0.003)
    paper = paint_tube("f4e9d0") + 0.02 * noise(rng, 0.004)[..., None]
    colour = blend(colour, paper, np.clip(wood, 0, 0.4) * (1.4 - colour.mean(-1)))
    return colour * (1 + 0.025 * noise(rng, 0.15))[..., None]


def swell(plate: Plate, rng: Rng, level: float) -> None:
    """One row of the sea: a dark body with an outline, and pale lines that follow it."""
    x, phase = np.linspace(-0.05, ASPECT + 0.05, 240), rng.uniform(0, 6, 3)
    top = level + 0.025 * np.sin(6 * x + phase[0]) + 0.012 * np.sin(15 * x + phase[1])
    plate.area([*np.stack([x, top], -1), (1.5, 1.1), (-0.1, 1.1)], DEEP)
    plate.ribbon(np.stack([x, top], -1), 0.005, INK)
    for k in range(1, 9):
        line = top + (level - top) * 0.08 * k + 0.02 * k**1.15
        width = 0.007 * np.clip(np.sin(7 * x + phase[2] + 0.9 * k) + 0.35, 0, 1)
        plate.ribbon(np.stack([x, line], -1), width, PALE if k % 3 == 1 else BLUE)


def breaker(plate: Plate, rng: Rng, centre: Array, size: float) -> None:
    """One curling wave: stripes between its back and its face, meeting at the tip, and foam on its back."""
    knots = "-2.6 1.5; -1.6 0.75; -0.95 -0.25; -0.25 -0.92; 0.5 -0.98; 1 -0.55; 1.02 0"
    back = centre + size * spline(table(knots))
    knots = "2.4 1.4; 1.2 1.15; 0.25 0.75; -0.2 0.2; -0.12 -0.3; 0.3 -0.55; 0.75 -0.4; 1.02 0"
    face = centre + size * spline(table(knots))
    plate.area([*back, *face[::-1]], DEEP)
    swelling = np.sin(np.linspace(0, np.pi, len(back))) ** 0.6
    for k in range(1, 12):
        t = k / 12
        stripe = (BLUE, PALE, FOAM)[k % 3 if t > 0.45 else k % 2]
        plate.ribbon((1 - t) * back + t * face, 0.055 * size * (0.5 + t) * swelling, stripe)
    for edge in (back, face):
        plate.ribbon(edge, 0.03 * size, INK)
    foam(plate, rng, back, size)


def foam(plate: Plate, rng: Rng, back: Array, size: float) -> None:
    """Foam with fingers along a crest: discs of ink, then smaller ones of foam, so that one outline stays."""
    blobs: list[tuple[Array, float]] = []
    for s in np.linspace(0.42, 1, 26):
        here = back[int(s * (len(back) - 1))]
        blobs.append((here + rng.normal(0, 0.03, 2) * size, size * rng.uniform(0.07, 0.12)))
        heading, bend = rng.uniform(-0.1, 1.2) + 0.6 * s, rng.uniform(0.15, 0.4)
        for joint in range(rng.integers(3, 7) if s > 0.55 else 0):
            here = here + 0.1 * size * np.array([np.cos(heading), np.sin(heading)])
            heading += bend
            blobs.append((here, size * 0.075 * 0.82**joint))
    for extra, colour in ((0.028 * size, INK), (0.0, FOAM)):
        for here, radius in blobs:
            plate.disc(here, radius + extra, colour)
    for here, radius in blobs[::3]:
        plate.disc(here + 0.25 * radius, 0.35 * radius, PALE)


# ------------------------------------------------------------------------------------------------------------
# grid
# ------------------------------------------------------------------------------------------------------------


def grid(rng: Rng) -> Array:
    """Rectangles in primary colours between black bars, after De Stijl, with the brush marks left in.

    Teaches straight edges: only two directions, large flat areas, and colour that fills whole cells.
    """
    x, y = frame()
    x, y = x + 0.0007 * noise(rng, 0.03), y + 0.0007 * noise(rng, 0.03)  # edges drawn by hand
    primaries, whites = palette("c9271e 1d3f94 f2c21a"), palette("f3eee0 e6e1d2 eeeadb d9dcdb c3cfd4")
    ground, angle, bars = np.zeros((*SHAPE, 3), np.float32), np.zeros(SHAPE), np.zeros(SHAPE, bool)
    cells, cuts = split(rng, 44)
    for number, (left, top, right, bottom) in enumerate(cells):
        inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
        ground[inside] = primaries[number // 2 % 3] if number % 5 in (0, 2) else whites[rng.integers(0, 5)]
        angle[inside] = rng.choice([0, np.pi / 2]) + 0.04
    for left, top, right, bottom in cuts:
        bars |= (x >= left) & (x < right) & (y >= top) & (y < bottom)
    ground[bars] = paint_tube("14130f")
    marks = streaks(rng, angle + 0.1 * noise(rng, 0.1), 0.07, 0.0028)
    worn = 0.05 * smoothstep(1.6, 2.4, noise(rng, 0.01, 4) + 0.4 * noise(rng, 0.2))
    sheet = Sheet.start(ground * (1 + 0.03 * marks + 0.04 * noise(rng, 0.12))[..., None] + worn[..., None])
    raised = ndimage.gaussian_filter(bars.astype(np.float32), 2)
    sheet.relief = 0.22 * marks + 1.2 * raised + 0.12 * canvas_weave(rng)
    return lit(sheet, depth=0.35, gloss=0.05)


def split(rng: Rng, count: int) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """The sheet cut into `count` rectangles, always cutting one of the largest.

    Returns the cells (left, top, right, bottom) and the cuts, as thin rectangles of the same form.
    """
    cells: list[tuple[float, ...]] = [(-0.1, -0.1, ASPECT + 0.1, 1.1)]
    cuts: list[tuple[float, ...]] = []
    while len(cells) < count:
        areas = np.array([(right - left) * (bottom - top) for left, top, right, bottom in cells])
        left, top, right, bottom = cells.pop(int(np.argmax(areas * rng.uniform(0.25, 1, len(areas)))))
        part, half = rng.choice([0.28, 0.4, 0.62, 0.72]), rng.choice([0.008, 0.01, 0.014])
        if right - left > (bottom - top) * rng.uniform(0.7, 1.4):
            middle = left + (right - left) * part
            cells += [(left, top, middle, bottom), (middle, top, right, bottom)]
            cuts.append((middle - half, top, middle + half, bottom))
        else:
            middle = top + (bottom - top) * part
            cells += [(left, top, right, middle), (left, middle, right, bottom)]
            cuts.append((left, middle - half, right, middle + half))
    return cells, cuts


# ------------------------------------------------------------------------------------------------------------
# glass
# ------------------------------------------------------------------------------------------------------------


def glass(rng: Rng) -> Array:
    """A stained-glass window with a sun over hills and water: luminous panes in dark leads.

    Teaches closed cells: saturated colour that changes from pane to pane, and a black net around it.
    """
    sun = np.array([0.8, 0.38])
    sites = window_sites(rng, sun)
    pane, gap = voronoi(rng, sites)
    far = np.hypot(*(sites - sun).T)
    colours = ramp("fff4b0 ffd23f f98e1d e2461f a8234a 5b2a86 2446a8 1f7fbf 2aa6b8", far / 0.8)
    hills = sites[:, 1] > 0.66 + 0.06 * np.sin(4 * sites[:, 0])
    colours[hills] = ramp("0f6b4f 2fa35a a6d04a 117a6b", rng.random(hills.sum()))
    water = sites[:, 1] > 0.84 + 0.04 * np.sin(5 * sites[:, 0] + 1)
    colours[water] = ramp("123a8f 1b74c4 3fc0d6 5a3fa8", rng.random(water.sum()))
    colours = colours * rng.uniform(0.7, 1.15, (len(sites), 1)) + rng.normal(0, 0.05, colours.shape)
    flaws = streaks(rng, 1.5 * noise(rng, 0.25), 0.12, 0.01)
    light = 0.8 + 0.35 * smoothstep(0, 0.05, gap) + 0.07 * flaws + 0.1 * noise(rng, 0.08)
    colour = np.clip(colours, 0, 1)[pane] * light[..., None]
    colour *= 1 + 0.35 * (ndimage.gaussian_filter(colour, (30, 30, 0)) - 0.3)  # bright panes light the others
    lead = paint_tube("1b1a20") * (1 + 0.2 * noise(rng, 0.01))[..., None]
    round_bar = 6 * np.sqrt(np.clip(1 - (gap / 0.0085) ** 2, 0, 1))
    sheet = Sheet(blend(colour, lead, smoothstep(0.0085, 0.0065, gap)), round_bar + 0.3 * flaws)
    return lit(sheet, depth=0.3, gloss=0.25)


def window_sites(rng: Rng, sun: Array) -> Array:
    """The middles of the panes (n, 2): rings around the sun, then a loose scatter."""
    rings = [sun[None]]
    for ring, count in enumerate((7, 12, 18, 24), start=1):
        turn = np.arange(count) * 2 * np.pi / count + 0.5 * (ring % 2)
        rings.append(sun + 0.085 * ring * np.stack([np.cos(turn), np.sin(turn)], -1))
    free = scatter(rng, 0.105)
    return np.concatenate([*rings, free[np.hypot(*(free - sun).T) > 0.4]])


def voronoi(rng: Rng, sites: Array) -> tuple[NDArray[np.int_], Array]:
    """For every pixel: the index of the nearest site, and the distance to the edge of its cell."""
    where = np.stack([coordinate + 0.003 * noise(rng, 0.1) for coordinate in frame()], -1)
    distance, nearest = spatial.cKDTree(sites).query(where, k=2)
    apart = np.linalg.norm(sites[nearest[..., 1]] - sites[nearest[..., 0]], axis=-1)
    return nearest[..., 0], (distance[..., 1] ** 2 - distance[..., 0] ** 2) / (2 * apart)


# ------------------------------------------------------------------------------------------------------------
# circles
# ------------------------------------------------------------------------------------------------------------


def circles(rng: Rng) -> Array:
    """Rings and sectors of contrasting colours, in the spirit of Robert and Sonia Delaunay.

    Teaches curved edges between flat, bright colours: no outlines, contrast does all the work.
    """
    x, y = frame()
    x, y = x + 0.001 * noise(rng, 0.06), y + 0.001 * noise(rng, 0.06)
    warm = palette("d7263d f46036 f9a620 ffd449 f7e7b4 c81d6a f28bb0")
    cool = palette("1b1f5e 1f4fa3 2f8fc4 7fc8c2 1f7a5c 8fbf4a 5b2a86")
    angle = np.arctan2(y - 0.45, x - 0.6)
    ray = np.floor((angle / np.pi + 1) * 7).astype(int) % 14
    ground = np.concatenate([warm, cool])[rng.permutation(14)][ray] * 0.75 + 0.2
    places = "0.95 0.72 0.4; 0.3 0.75 0.3; 0.42 0.33 0.36; 1.08 0.24 0.26; 0.72 0.6 0.17; 0.12 0.14 0.16"
    for cx, cy, size in table(places + "; 1.25 0.55 0.14"):
        radius, polar = np.hypot(x - cx, y - cy) / size, np.arctan2(y - cy, x - cx)
        count = max(3, round(size / 0.048))
        ring = np.minimum((radius * count).astype(int), count)
        quarter = np.floor((polar + rng.uniform(0, 6)) / (np.pi / 2)).astype(int) % 4
        warm_here = np.add.outer(np.arange(count + 1), np.arange(4)) % 2 == 1  # warm beside cool, everywhere
        choice = rng.integers(0, 7, warm_here.shape)
        colours = np.where(warm_here[..., None], warm[choice], cool[choice])
        shade = 0.9 + 0.2 * ((radius * count) % 1)
        ground = blend(ground, colours[ring, quarter] * shade[..., None], radius < 1)
        angle = np.where(radius < 1, polar + np.pi / 2, angle)
    marks = streaks(rng, angle + 0.1 * noise(rng, 0.1), 0.1, 0.0028)
    sheet = Sheet.start(ground * (1 + 0.045 * marks + 0.05 * noise(rng, 0.08))[..., None])
    sheet.relief = 0.2 * marks + 0.15 * canvas_weave(rng)
    return lit(sheet, depth=0.3, gloss=0.06)


# ------------------------------------------------------------------------------------------------------------
# hatching
# ------------------------------------------------------------------------------------------------------------


def hatching(rng: Rng) -> Array:
    """Round trees and a tower on hills, in sepia ink: tone made of lines only.

    Teaches tone by density: two colours, and light and dark come from the width and the crossing of lines.
    """
    x, y = frame()
    drawing = countryside()
    paper = paint_tube("f1e4c8") * (1 + 0.02 * noise(rng, 0.003) + 0.03 * noise(rng, 0.3))[..., None]
    tone = drawing.tone * (1 + 0.12 * noise(rng, 0.03))
    ink, spacing = np.zeros(SHAPE), 0.0125
    # Darker places get thicker lines, then a second and a third set of lines across them.
    layers = [(drawing.lines, 0.05, 1.15), (0.8 * x + 0.6 * y, 0.5, 1.35), (0.75 * x - 0.66 * y, 0.72, 1.35)]
    for field, start, full in layers:
        off_line = np.abs((field / spacing + 0.12 * noise(rng, 0.04)) % 1 - 0.5) * 2
        thickness = np.clip((tone - start) / (full - start), 0, 0.85) * (1 + 0.15 * noise(rng, 0.015))
        ink = np.maximum(ink, smoothstep(0.12, -0.12, off_line - thickness) * (thickness > 0.03))
    edges = (ndimage.morphological_gradient(drawing.region, 3) > 0).astype(np.float32)
    outline = ndimage.gaussian_filter(edges, 1.6) * (1 + 0.25 * noise(rng, 0.02))
    ink = np.maximum(ink, smoothstep(0.14, 0.3, outline))
    return blend(paper, "2a1a12", ink * np.clip(0.93 + 0.06 * noise(rng, 0.004), 0, 1))


@dataclass
class Drawing:
    """A scene for `hatching`: its tone (0 white to 1 black), the field its lines follow, its regions."""

    tone: Array
    lines: Array
    region: NDArray[np.int_]

    def put(self, mask: Mask, tone: Array | float, lines: Array | None = None) -> None:
        """Put an object in front of what is there; without `lines` it keeps the lines that were there."""
        self.tone = np.where(mask, tone, self.tone)
        self.lines = self.lines if lines is None else np.where(mask, lines, self.lines)
        self.region = np.where(mask, self.region.max() + 1, self.region)


def countryside() -> Drawing:
    """A sun, a cloud, and four ridges of hills, the first with a tower, all with trees."""
    x, y = frame()
    far = np.hypot(x - 0.98, y - 0.24)
    drawing = Drawing(0.12 + 0.25 * smoothstep(0.1, 0.9, far), far, np.zeros(SHAPE, int))
    drawing.put(far < 0.1, 0.0)
    puffs = table("0.3 0.22 0.07; 0.4 0.19 0.1; 0.52 0.23 0.07; 0.62 0.25 0.04")
    cloud = np.logical_or.reduce([np.hypot((x - cx) / 1.5, y - cy) < r for cx, cy, r in puffs])
    drawing.put(cloud, 0.4 * smoothstep(0.16, 0.3, y))
    ridges = table("0.5 0.05 5 1; 0.6 0.07 3.2 3; 0.74 0.06 2.6 0.5; 0.9 0.03 4 0")
    trees = ["0.16 0.48 0.1", "0.33 0.55 0.07; 1.2 0.6 0.12", "0.98 0.66 0.08; 0.5 0.68 0.12"]
    for k, (level, size, pitch, start) in enumerate(ridges):
        group = table([*trees, "0.78 0.8 0.1; 0.12 0.8 0.14"][k])
        below, slope = y - level - size * np.sin(pitch * x + start), size * pitch * np.cos(pitch * x + start)
        ground = 0.25 + 0.1 * k + 0.3 * slope + 0.25 * smoothstep(0.0, 0.2, below)
        for cx, cy, r in group:  # shadows on the grass, away from the sun
            ground = ground + 0.45 * (np.hypot((x - cx + 0.7 * r) / 1.6, (y - cy - 1.7 * r) / 0.4) < r)
        drawing.put(below > 0, ground, below * (1 + 0.3 * np.sin(6 * x)) + 0.25 * x * (-1) ** k)
        if k == 0:
            tower(drawing, 0.76, 0.036)
        for cx, cy, r in group:
            round_tree(drawing, cx, cy, r)
    return drawing


def tower(drawing: Drawing, middle: float, half: float) -> None:
    """A round tower with a pointed roof; its lines bend as courses of stone do."""
    x, y = frame()
    u = (x - middle) / half
    wall, roof = (np.abs(u) < 1) & (y > 0.33) & (y < 0.7), (np.abs(u) < 13 * (y - 0.23)) & (y < 0.335)
    drawing.put(wall, 0.55 - 0.5 * u, y + 0.02 * np.sqrt(np.clip(1 - u**2, 0, 1)))
    drawing.put(roof, 0.85 - 0.35 * u, y + 0.3 * x)


def round_tree(drawing: Drawing, cx: float, cy: float, radius: float) -> None:
    """A tree clipped to a ball: a trunk, and a sphere shaded by the angle to the light (Lambert)."""
    x, y = frame()
    u, v = (x - cx) / radius, (y - cy) / radius
    bulge = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1))
    light = np.clip(0.62 * u - 0.45 * v + 0.64 * bulge, 0, 1)
    drawing.put((np.abs(u) < 0.08) & (v > 0.5) & (v < 1.75), 0.9)
    drawing.put(u**2 + v**2 < 1, 0.95 - 0.95 * light, 0.9 * radius * (0.8 * v + 0.55 * bulge))


# ------------------------------------------------------------------------------------------------------------
# marbling
# ------------------------------------------------------------------------------------------------------------


def marbling(rng: Rng) -> Array:
    """Marbled paper: drops of ink on a bath, combed and stirred (Lu, Jaffer et al. 2012).

    Teaches deformation: the same order of bands everywhere, bent everywhere, without a line or an object.
    Each tool moves the bath by a formula with an exact inverse, so every pixel is followed back to its drop.
    """
    inks = palette("f5ead2 14284b b3282d e0a63a 1f6f78 f5ead2 0d1b33 d9643a 7fb3a6")
    centres = np.repeat(scatter(rng, 0.17), 4, axis=0)  # four drops on each spot: rings
    radii = rng.uniform(0.035, 0.075, len(centres))
    p = np.stack(frame())
    for cx, cy, turn in table("0.36 0.4 2.4; 1 0.62 -2.4; 0.8 0.12 -1.2; 0.6 0.9 1.2"):
        p = unstir(p, (cx, cy), turn)
    p = uncomb(p, axis=1, spacing=0.062, shift=0.13, sharpness=0.012)
    p = uncomb(p, axis=0, spacing=0.19, shift=-0.3, sharpness=0.03, start=0.095)
    p = uncomb(p, axis=0, spacing=0.19, shift=0.3, sharpness=0.03)
    colour, free = np.tile(inks[0], (*SHAPE, 1)), np.ones(SHAPE, bool)
    for k in reversed(range(len(centres))):  # a drop pushes the ink around it outwards and keeps its area
        dx, dy = p[0] - centres[k, 0], p[1] - centres[k, 1]
        square = dx**2 + dy**2
        inside = free & (square < radii[k] ** 2)
        colour[inside], free = inks[k % len(inks)], free & ~inside
        pull = np.sqrt(np.clip(1 - radii[k] ** 2 / np.maximum(square, 1e-9), 0, 1))
        p = np.where(free, centres[k][:, None, None] + pull * np.stack([dx, dy]), p)
    paper = 1 + 0.03 * noise(rng, 0.004) + 0.05 * noise(rng, 0.08)
    return ndimage.gaussian_filter(colour, (0.7, 0.7, 0)) * paper[..., None]


def uncomb(p: Array, *, axis: int, spacing: float, shift: float, sharpness: float, start: float = 0) -> Array:
    """Where points (2, H, W) were before a comb drawn along `axis` carried them, most at its tines."""
    across = p[1 - axis] - start
    distance = np.abs((across / spacing + 0.5) % 1 - 0.5) * spacing
    before = p.copy()
    before[axis] -= shift * sharpness / (distance + sharpness)
    return before


def unstir(p: Array, centre: tuple[float, float], turn: float) -> Array:
    """Where points (2, H, W) were before a stick turned the bath by `turn` radians around `centre`."""
    dx, dy = p[0] - centre[0], p[1] - centre[1]
    angle = -turn * np.exp(-(dx**2 + dy**2) / 0.035)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([centre[0] + dx * cos - dy * sin, centre[1] + dx * sin + dy * cos])


# ------------------------------------------------------------------------------------------------------------
# mosaic
# ------------------------------------------------------------------------------------------------------------


def mosaic(rng: Rng) -> Array:
    """Two fish in a sea of glass and gold tesserae, laid in rows along the contours.

    Teaches a repeated element: one small tile, everywhere, whose direction follows the drawing.
    """
    x, y = frame()
    mortar = paint_tube("453b34") * (1 + 0.12 * noise(rng, 0.006))[..., None]
    floor = Floor(Sheet.start(mortar), np.zeros(SHAPE, bool), rng)
    swells = y + 0.025 * np.sin(9 * x + 2) + 0.012 * np.sin(21 * x)
    colours = ramp("10306e 1a55a0 2b93b8 a8dcd0 2b93b8 164689 10306e", (swells * 5) % 1)
    margin = np.minimum.reduce([x, y, ASPECT - x, 1 - y])
    border = margin < 0.1
    red = (margin > 0.025) & (margin < 0.075) & ((x + y) % 0.15 < 0.075)
    gilded = ramp("8f5d14 d9a02b f8df83 c98a22", 0.5 + 0.3 * noise(rng, 0.02))
    colours = blend(colours, blend(gilded, "8c1f2b", red), border)
    floor.rows(margin, colours, border, 0.024)
    bodies = [fish(x, y, (0.68, 0.36), 0.35, 0.15), fish(x, y, (0.74, 0.72), -0.3, 0.12)]
    skins = ["7a1424 d0342b f07b2d fcd05a fff1c0", "3a1a6a 8f2f9a d9559f f8b5b5 fff1d8"]
    for body, skin, eye in zip(bodies, skins, table("0.911 0.342; 0.542 0.713"), strict=True):
        floor.tile(np.array(eye), 0.3, np.full(2, 0.024), paint_tube("14100f"))
        down = (y - y[body].min()) / np.ptp(y[body])
        scales = ramp(skin, 0.15 + 0.75 * down + 0.14 * np.sin(70 * x + 4 * np.sin(40 * y)))
        colours = blend(colours, scales, body)
        floor.rows(ndimage.distance_transform_edt(body) / UNIT, colours, body, 0.021)
    both = np.logical_or.reduce(bodies)
    around = ndimage.distance_transform_edt(~both) / UNIT
    sea = ~both & ~border
    colours = blend(colours, "e9f4df", smoothstep(0.026, 0.022, around) * sea)  # a white row around each fish
    floor.rows(np.where(around < 0.075, around, 1 + swells), colours, sea, 0.024)
    floor.fill_gaps(colours)
    return lit(floor.sheet, depth=0.3, gloss=0.25)


def fish(x: Array, y: Array, centre: tuple[float, float], length: float, height: float) -> Mask:
    """The silhouette of a fish, without its eye; the head points along +x, or -x with a negative length."""
    t = (x - centre[0]) / length
    v = (y - centre[1]) / height - 0.15 * np.sin(3 * t)
    body = np.abs(v) < np.clip(1 - t**2, 0, 1) ** 0.75
    tail = (t < -0.72) & (t > -1.4 + 0.25 * (1 - np.abs(v))) & (np.abs(v) < -1.5 * (t + 0.64))
    fin = (v < 0) & (v > -1.25) & (t > -0.5 - 0.5 * (v + 0.8)) & (t < 0.3 + 0.6 * (v + 0.8))
    eye = np.hypot((t - 0.66) * length, (v + 0.2) * height) < 0.03
    return (body | tail | fin) & ~eye


@dataclass
class Floor:
    """A mosaic in the making: the sheet, and which pixels of it a tile covers."""

    sheet: Sheet
    taken: Mask
    rng: Rng

    def rows(self, potential: Array, colours: Array, mask: Mask, size: float) -> None:
        """Lay square tiles in rows along the level lines of `potential`, inside `mask`, on bare mortar."""
        inside, direction = potential[mask], flow(potential)
        for level in np.arange(inside.min() + size * 0.55, inside.max(), size * 1.02):
            for line in measure.find_contours(potential, level, mask=mask):
                path = line[:, ::-1] / UNIT
                travelled = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
                stops = np.arange(size / 2, travelled[-1], size * 1.06)
                for place in np.stack([np.interp(stops, travelled, path[:, k]) for k in (0, 1)], -1):
                    angle = float(at(direction, place)) + self.rng.normal(0, 0.06)
                    self.tile(place, angle, size * self.rng.uniform(0.84, 1.0, 2), at(colours, place))

    def tile(self, place: Array, angle: float, shape: Array, colour: Array) -> None:
        """Lay one tessera: an uneven rectangle, bevelled and tilted, unless it would lie on another."""
        reach, (column, row) = int(shape.max() * UNIT * 0.75), (place * UNIT).astype(int)
        box = np.s_[max(row - reach, 0) : row + reach, max(column - reach, 0) : column + reach]
        taken = self.taken[box]
        rows, columns = np.indices(taken.shape)
        dx, dy = (columns + box[1].start) / UNIT - place[0], (rows + box[0].start) / UNIT - place[1]
        u, v = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        uneven = 1 + self.rng.normal(0, 0.15) * v / shape[1]
        inset = np.minimum(shape[0] / 2 * uneven - np.abs(u), shape[1] / 2 - np.abs(v))
        body = inset > 0.0008
        if not body.any() or taken[body].mean() > 0.12:
            return
        mask = smoothstep(0.0, 0.0016, inset) * ~taken
        tint = np.clip(colour * self.rng.uniform(0.82, 1.16) + self.rng.normal(0, 0.035, 3), 0, 1)
        tilt = self.rng.normal(0, 0.05, 2)
        relief = 2.2 * smoothstep(0, 0.0035, inset) + UNIT * (tilt[0] * dx + tilt[1] * dy)
        self.sheet.colour[box] = blend(self.sheet.colour[box], tint, mask)
        self.sheet.relief[box] += (relief - self.sheet.relief[box]) * mask
        taken |= body

    def fill_gaps(self, colours: Array) -> None:
        """Fill what the rows left open with small pieces, the largest gaps first."""
        for size in (0.02, 0.016, 0.012, 0.009):
            room = ndimage.distance_transform_edt(~self.taken) / UNIT
            middle = (room > 0.46 * size) & (room == ndimage.maximum_filter(room, 9))
            for row, column in np.argwhere(middle):
                place, angle = np.array([column, row]) / UNIT, self.rng.uniform(0, np.pi)
                self.tile(place, angle, np.full(2, size), colours[row, column])


# ------------------------------------------------------------------------------------------------------------
# knife
# ------------------------------------------------------------------------------------------------------------


def knife(rng: Rng) -> Array:
    """Birches in autumn, laid on with a palette knife: short, broad slabs of thick paint.

    Teaches coarse marks: hard-edged patches far larger than the detail they stand for.
    """
    x, y = frame()
    mood = 0.5 + 0.23 * noise(rng, 0.14, 2) + 0.12 * (y - 0.35)
    leaves = ramp("6b1420 c2351f ee7a1c fbb829 ffe37a 8fae3f 2a6f73 9cc7d6", mood)
    gaps = smoothstep(0.55, 0.8, noise(rng, 0.12, 2) + 0.5 - 1.2 * np.abs(y - 0.3))
    leaves = blend(leaves, ramp("7fb5d6 bfe0e6 f4ead0", y * 2), gaps)
    litter = 0.45 + 0.25 * noise(rng, 0.05, stretch=4) + 0.3 * (y - 0.75)
    ground = ramp("2b2352 4a3f86 a8452f e98a2b f7c95a", litter)
    sheet = Sheet.start("5a2b1c")
    slab = Brush(0.075, 0.048, load=3, streak=0.03, jitter=0.06, dry=0.5, bristle=0.4, square=True)
    cover(sheet, leaves, 0.6 + 0.9 * noise(rng, 0.2), slab, 0.036, rng)
    cover(sheet, ground, 0.1 * noise(rng, 0.2), slab, 0.03, rng, y + 0.03 * np.sin(5 * x) > 0.705)
    far, near = (
        "0.3 0.03 0.74; 0.86 0.03 0.73; 0.55 0.045 0.82",
        "0.14 0.07 0.93; 0.72 0.07 0.97; 1.24 0.08 1.05",
    )
    for middle, width, foot in table(f"{far}; 1.06 0.05 0.84; {near}"):
        birch(sheet, rng, middle, width, foot)
    small = Brush(0.05, 0.032, load=3, streak=0.03, jitter=0.06, dry=0.5, bristle=0.4, square=True)
    front = noise(rng, 0.1, 2) - 2.2 * y > 0.05
    cover(sheet, leaves, 0.6 + 0.9 * noise(rng, 0.2), small, 0.04, rng, front)
    return lit(sheet, depth=0.4, gloss=0.3)


def birch(sheet: Sheet, rng: Rng, middle: float, width: float, foot: float) -> None:
    """One trunk: white bark laid on across it, lilac on its shadow side, with dark scars."""
    bark, lean = palette("fffaf0 f3e6d4 c9c4de 8a86b8"), rng.normal(0, 0.04)
    blade = Brush(width=0.032, load=2.5, streak=0.03, jitter=0.02, dry=0.5, bristle=0.5, square=True)
    along = np.linspace(0, 1, 4)[:, None]
    for height in np.arange(foot, -0.05, -0.016):
        axis = middle + lean * (height - 0.5) + 0.006 * np.sin(9 * height + 20 * middle)
        for side in (0.3, -0.25):
            shade = ramp(bark, np.array(0.5 + side * 1.4 + rng.normal(0, 0.12)))
            start = np.array([axis + (side - 0.32) * width, height + rng.normal(0, 0.004)])
            stroke(sheet, start + along * (0.66 * width, 0.012), shade, blade, rng)
        if rng.random() < 0.22:
            start = np.array([axis + rng.uniform(-0.5, 0.1) * width, height])
            scar = start + along * (rng.uniform(0.3, 0.6) * width, 0.004)
            stroke(sheet, scar, paint_tube("1f1a26"), Brush(width=0.01, load=1.5, dry=0.6), rng)


# ------------------------------------------------------------------------------------------------------------
# wash
# ------------------------------------------------------------------------------------------------------------


def wash(rng: Rng) -> Array:
    """Mist between mountains over a lake, in watercolour: transparent washes that dry with a dark edge.

    Teaches soft texture: large gradients, the grain of paper, and edges only where a wash stopped.
    """
    x, y = frame()
    tooth, warp = noise(rng, 0.0045, 2), 0.03 * noise(rng, 0.12, 4)
    sheet = Sheet.start("fbf6ea").colour
    sky = ramp("3f6fb0 86a8d0 f2c9b8 f7b58a f9d9a8", y / 0.55 + warp)
    outside_moon = smoothstep(0.085, 0.1, np.hypot(x - 0.9, y - 0.3))
    sheet = glaze(sheet, sky, outside_moon * (0.9 - 0.5 * smoothstep(0.45, 0.7, y)), tooth)
    clouds = wet(0.3 * noise(rng, 0.16, 4) - 0.05, 0.004) * smoothstep(0.5, 0.2, y)
    sheet = glaze(sheet, paint_tube("6f86b8"), 0.35 * clouds, tooth)
    blues, ridges = (
        palette("8fa3cf 6a86b8 4a6f9a 2f5a6f"),
        "0.4 0.07 3; 0.47 0.08 4.3; 0.55 0.07 5.6; 0.63 0.05 7",
    )
    for colour, (level, size, pitch) in zip(blues, table(ridges), strict=True):
        profile = noise(rng, 1 / pitch, 5)[int(level * UNIT)]
        mist = 0.15 + 0.8 * smoothstep(level + 0.2, level - 0.05, y)
        sheet = glaze(sheet, colour, wet(y - level - size * profile, 0.005) * mist, tooth)
    lake = y - 0.72 - 0.004 * np.sin(20 * x)
    ripples = 0.45 + 0.45 * smoothstep(-0.2, 0.9, noise(rng, 0.016, 2, stretch=9) + 3 * lake)
    depths = ramp("f2c09a 7fa0c4 2f5f8f 1f3f6b", lake / 0.28 + warp)
    sheet = glaze(sheet, depths, wet(lake, 0.004) * ripples, tooth)
    for cx, tall in table("0.06 0.6; 0.19 0.45; 0.3 0.3; 1.29 0.56; 1.18 0.36; 0.42 0.16"):
        needles = ramp("3a7a62 174a48 1a2f4a", 0.5 + 0.4 * noise(rng, 0.05))
        ragged = pine(cx, tall) + 0.002 * noise(rng, 0.008)
        sheet = glaze(sheet, needles, 0.9 * wet(ragged, 0.003), tooth)
    return sheet * (1 + 0.015 * tooth)[..., None]


def pine(middle: float, tall: float) -> Array:
    """How far each pixel lies inside a pine that stands on the lower edge, negative outside."""
    x, y = frame()
    across = np.abs(x - middle)
    down = (y - 0.5 * across - 1.02 + tall) / tall  # branches hang: a tier is lower at its tips
    tier = (down * 8 + 0.3 * np.sin(60 * x)) % 1
    return np.where(down > 0, tall * 0.3 * np.clip(down, 0, 1) * (0.25 + 0.75 * tier) - across, -1)


def wet(inside: Array, edge: float) -> Array:
    """The pigment of one wash: even inside, darker within `edge` of its border, none outside (inside < 0)."""
    return smoothstep(-0.001, 0.001, inside) * (0.74 + 0.5 * np.exp(-np.abs(inside) / edge))


def glaze(sheet: Array, colour: Array, pigment: Array, tooth: Array) -> Array:
    """A transparent layer: it multiplies what lies under it; pigment settles in the hollows of the paper."""
    amount = np.clip(pigment * (1 + 0.09 * tooth), 0, 1.3)
    return sheet * np.clip(1 - amount[..., None] * (1 - colour), 0, 1)


# ------------------------------------------------------------------------------------------------------------
# gold
# ------------------------------------------------------------------------------------------------------------

JEWELS = ("8c1c2b", "1d4f6e", "2f7a5a", "f0e8cc", "d9612c", "4b2a6b")
BARK, THREAD = "33190f", "d9a93c"


def gold(rng: Rng) -> Array:
    """A tree of spirals over a meadow of discs on gold leaf, after the ornament of the Vienna Secession.

    Teaches ornament: curls at several scales and small repeated figures on a rich, nearly flat ground.
    """
    plate, top = Plate(gold_leaf(rng)), np.array([0.665, 0.435])
    for offset in np.linspace(-0.03, 0.03, 5):  # the trunk: strands that spread towards the ground
        trunk = [(0.66 + 2.6 * offset, 1.02), (0.65 + offset, 0.8), (0.67 + 0.7 * offset, 0.6)]
        plate.ribbon(spline([*trunk, top + np.array([0.5 * offset, 0])]), 0.024, BARK)
    plate.disc(top, 0.03, BARK)
    joints = top[None]
    for centre, size in pack(rng, top):
        away = np.hypot(*(joints - centre).T)
        if away.min() < size:  # a branch passes here already
            continue
        if size > 0.03:
            joints = np.concatenate([joints, curl(plate, rng, centre, size, joints[away.argmin()])])
        else:
            flower(plate, rng, centre, 0.56 * size)
    for place in sorted(scatter(rng, 0.034), key=lambda place: place[1]):  # the meadow, nearer discs in front
        below = place[1] - 0.83 - 0.04 * np.sin(5 * place[0] + 1)
        if below > 0:
            flower(plate, rng, place, 0.012 + 0.07 * below * rng.uniform(0.6, 1.2))
    colour = plate.colours()
    sheet = Sheet.start(colour * (1 + 0.04 * noise(rng, 0.006))[..., None])
    sheet.relief = 2.5 * ndimage.gaussian_filter(1 - colour.mean(-1), 1.5) + 0.15 * noise(rng, 0.01)
    return lit(sheet, depth=0.3, gloss=0.3)


def gold_leaf(rng: Rng) -> Array:
    """Square leaves of gold, each with its own sheen, and the seams between them."""
    u, v = (11.9 * coordinate for coordinate in frame())
    seam = np.minimum(np.abs((u + 0.5) % 1 - 0.5), np.abs((v + 0.5) % 1 - 0.5))
    leaf = rng.random((13, 17))[v.astype(int), u.astype(int)]
    sheen = 0.35 + 0.3 * leaf + 0.13 * noise(rng, 0.03, 4) - 0.2 * smoothstep(0.04, 0.0, seam)
    return ramp("a8701a d29f35 ecc968 f8e6a4", sheen)


def pack(rng: Rng, middle: Array) -> list[tuple[Array, float]]:
    """Discs (centre, radius), large ones first, apart from each other and from the trunk below `middle`."""
    discs: list[tuple[Array, float]] = []
    for size, tries in ((0.135, 60), (0.1, 150), (0.07, 300), (0.045, 500), (0.026, 900)):
        for centre in rng.uniform((-0.02, 0.0), (ASPECT + 0.02, 0.8), (tries, 2)):
            gap = min((np.hypot(*(centre - other)) - radius for other, radius in discs), default=1.0)
            if gap > 1.12 * size and abs(centre[0] - middle[0]) > size + 0.04 * (centre[1] > middle[1]):
                discs.append((centre, size))
    return discs


def curl(plate: Plate, rng: Rng, centre: Array, size: float, root: Array) -> Array:
    """A branch from `root` that ends in a spiral of `size`. Returns points (n, 2) where others may join."""
    side, start = rng.choice([-1, 1]), np.arctan2(*(root - centre)[::-1])
    s = np.linspace(0, 1, 220)
    polar = start + side * (0.9 + 2 * np.pi * 2.6 * s)
    coil = centre + (size * (1 - s) ** 0.8)[:, None] * np.stack([np.cos(polar), np.sin(polar)], -1)
    bend = (root + coil[0]) / 2 + 0.12 * (coil[0] - centre)
    branch = np.concatenate([spline([root, bend, coil[0], coil[5], coil[10]], 60), coil[11:]])
    taper = (0.6 + 3 * size) * (1 - 0.6 * np.linspace(0, 1, len(branch)))
    plate.ribbon(branch, 0.023 * taper, BARK)
    plate.ribbon(branch, 0.0035 * taper, THREAD)
    return branch[:90]


def flower(plate: Plate, rng: Rng, centre: Array, size: float) -> None:
    """Discs inside discs, in the colours of enamel, with a dark rim."""
    plate.disc(centre, 1.25 * size, BARK)
    for shrink in (1.0, 0.68, 0.36):
        plate.disc(centre, shrink * size, JEWELS[rng.integers(0, len(JEWELS))])


# ------------------------------------------------------------------------------------------------------------
# Names and files
# ------------------------------------------------------------------------------------------------------------

PAINTERS: dict[str, Painter] = {
    "swirls": swirls,
    "points": points,
    "waves": waves,
    "grid": grid,
    "glass": glass,
    "circles": circles,
    "hatching": hatching,
    "marbling": marbling,
    "mosaic": mosaic,
    "knife": knife,
    "wash": wash,
    "gold": gold,
}


def paint(name: str, seed: int = 0) -> Image.Image:
    """Paint one picture at its final size. The same name and seed give the same picture."""
    colour = PAINTERS[name](np.random.default_rng([seed, *name.encode()]))
    large = Image.fromarray((np.clip(colour, 0, 1) * 255).round().astype(np.uint8))
    return large.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def save(picture: Image.Image, path: Path) -> None:
    """Write a JPEG file whole or not at all: under another name first, renamed when it is complete."""
    unfinished = path.with_suffix(".part")
    try:
        picture.save(unfinished, "JPEG", quality=JPEG_QUALITY, optimize=True, comment=CREDIT)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Paint the pictures named on the command line, or all of them."""
    styles = Path(__file__).resolve().parents[1] / "data" / "styles"
    parser = argparse.ArgumentParser(description="Paint the style pictures of the course.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(PAINTERS)}")
    parser.add_argument("--out", type=Path, default=styles, help="folder for the JPEG files")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives a variation of each picture")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in PAINTERS]:
        parser.error(f"no picture is called {unknown[0]!r}; choose from: {', '.join(PAINTERS)}")
    if options.seed < 0:
        parser.error(f"--seed is {options.seed}; give a whole number from 0 up")
    for name in options.names or PAINTERS:
        path = options.out / f"{name}.jpg"
        try:
            options.out.mkdir(parents=True, exist_ok=True)
            save(paint(name, options.seed), path)
        except OSError as error:
            parser.error(f"cannot write {path} ({error.strerror}); choose another folder with --out")
        print(f"{path}  {path.stat().st_size / 1024:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
