"""Films of our own, with which the rest is tested: every motion is known, and so is what hides what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import images
from ..foundation import check_count
from . import collage
from .collage import CORAL, CREAM, GOLD, NIGHT, ROSE, SEA, Paper
from .layers import FINE, Layer, SceneFrame, film, similarity
from .relief import VIEWS, View, layers_of

SMALLEST = 32  # pixels of a side

PAPERS = (  # from the back to the front
    Paper(collage.petals(9), collage.rings(7), (GOLD, CORAL), "grass", 0.72),
    Paper(collage.regular(6), collage.stripes(7), (SEA, CREAM), "brick", 0.52),
    Paper(collage.regular(10, 0.5), collage.rays(10), (ROSE, NIGHT), "gravel", 0.5),
    Paper(collage.regular(180), collage.dots(8), (NIGHT, GOLD), "grass", 0.38),
    Paper(collage.regular(3), collage.waves(8), (CORAL, CREAM), "gravel", 0.4),
)


def moving_shapes(
    size: tuple[int, int] = (384, 216), frames: int = 48, *, still: bool = False, seed: int = 0
) -> Iterator[SceneFrame]:
    """Five shapes of printed paper that drift, turn and pass before each other, over a ground that moves too.

    Args:
        size: (width, height) in pixels.
        frames: their number; 24 are a second.
        still: whether the ground stands still, as before a camera on a tripod.
        seed: of the paths.

    Raises:
        ValueError: a side under 32 pixels, or a number of frames that is none.
    """
    width, height = check_size(size)
    rng, unit = np.random.default_rng(seed), min(width, height)
    layers = [ground_layer((width, height), unit, still, rng)]
    for paper in PAPERS:
        picture, cover = collage.cut_out(paper, unit * FINE, rng)
        layers.append(Layer(picture, wandering((width, height), picture.shape[0], rng), cover))
    return film(layers, (width, height), check_count(frames, "frames"))


def ground_layer(size: tuple[int, int], unit: int, still: bool, rng: np.random.Generator) -> Layer:
    """The ground, which swings by a tenth of the picture in eight seconds, and comes nearer and goes."""
    picture = collage.ground((round(size[0] * FINE * 1.3), round(size[1] * FINE * 1.3)), unit * FINE, rng)
    middle = similarity(-(picture.shape[1] - 1) / 2, -(picture.shape[0] - 1) / 2)

    def place(number: int) -> np.ndarray:
        t = 0.0 if still else 2 * np.pi * number / 192
        x, y = (size[0] - 1) / 2 + 0.12 * unit * np.sin(t), (size[1] - 1) / 2 + 0.06 * unit * np.sin(2 * t)
        return similarity(x, y, 0.05 * np.sin(t), (1.04 + 0.04 * np.sin(t)) / FINE) @ middle

    return Layer(picture, place)


def wandering(size: tuple[int, int], side: int, rng: np.random.Generator) -> Callable[[int], np.ndarray]:
    """The places of a shape: about the picture in seven to twelve seconds, turning."""
    middle = similarity(-(side - 1) / 2, -(side - 1) / 2)
    period, spin = rng.uniform(160, 280, 2), rng.uniform(0.004, 0.014) * rng.choice([-1, 1])
    phase, reach = rng.uniform(0, 2 * np.pi, 3), np.array([0.4, 0.3]) * size

    def place(number: int) -> np.ndarray:
        x, y = (np.array(size) - 1) / 2 + reach * np.sin(2 * np.pi * number / period + phase[:2])
        scale = 1 + 0.08 * np.sin(2 * np.pi * number / 120 + phase[2])
        return similarity(x, y, spin * number + phase[2], scale / FINE) @ middle

    return place


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """The width and the height of a film.

    Raises:
        ValueError: a side under `SMALLEST` pixels.
    """
    width, height = (check_count(side, "size") for side in size)
    if min(width, height) < SMALLEST:
        raise ValueError(f"size is {width} x {height} pixels; a scene needs {SMALLEST} on both sides.")
    return width, height


def camera_move(
    photo: Any, size: tuple[int, int] = (384, 216), frames: int = 72, *, view: View | None = None
) -> Iterator[SceneFrame]:
    """A camera that passes by what is in a photograph: near things go faster, and uncover what is behind.

    What was never photographed goes on smoothly from what is around it.

    Args:
        photo: anything `images.load_image` takes.
        size: (width, height) in pixels; the photograph is cut to its proportions.
        frames: their number, over which the move is spread; 72 are 3 seconds.
        view: where the horizon is and what stands where; None: as `relief.VIEWS` knows it for a sample of
            that name ("china", "coffee"), else a ground up to the middle of the photograph.

    Raises:
        ValueError: a side under 32 pixels, or a number of frames that is none.
    """
    width, height = check_size(size)
    picture = images.load_image(photo)
    known = VIEWS.get(photo) if isinstance(photo, str) else None
    seen = view or known or View(horizon=picture.shape[1] // 2)
    layers = layers_of(picture[0], seen, (width, height), check_count(frames, "frames"))
    return film(layers, (width, height), frames)
