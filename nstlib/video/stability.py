"""How steady a film is: what changes from frame to frame though the same thing is seen.

The measure is that of the field (Ruder et al. 2016; Lai et al. 2018, "Learning blind video temporal
consistency", eq. 8), as a root mean square, so that it reads as a difference of colours. A film that was
recorded has one too, by its grain, its light and the mistakes of the flow: a painting is compared with that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from .. import images
from .cuts import Finder, look_at
from .motion import optical_flow, reliability, warp

SAME = 1.5 / 255  # difference of a colour up to which a source counts as unchanged: rounding, and no more


@dataclass(frozen=True)
class Stability:
    """How steady a painted film is, beside the film that was painted.

    Attributes:
        painted: its warping error, the mean over the pairs of successive frames; colours are from 0 to 1.
        source: that of the film itself, over the same pixels: no painting of it needs less.
        valid: the share of pixels that count, the mean likewise.
        pairs: how many pairs of frames there were, those on both sides of a cut left out.
    """

    painted: float
    source: float
    valid: float
    pairs: int


def measure(source_frames: Iterable[Any], painted_frames: Iterable[Any]) -> Stability:
    """Compare how steady two films are: one, and what was painted of it.

    The flow is that of the source, forwards and backwards; pixels count where it is reliable (see
    `motion.reliability`). Two frames of each film are in memory at a time; a painted film that is shorter is
    measured as far as it goes, and one of another size with the source brought to it.

    Args:
        source_frames, painted_frames: uint8 RGB (H, W, 3), float32 RGB in [0, 1] (1, H, W, 3), or what has
            such an `image`, as the frames of a film have.

    Raises:
        ValueError: fewer than two frames, or nothing but cuts.
    """
    finder = Finder()
    found: list[tuple[float, float, float]] = []
    for before, now in pairwise(same_size(zip(source_frames, painted_frames, strict=False))):
        if not found:
            finder.add(look_at(images.to_uint8(before[0])))
        finder.add(look_at(images.to_uint8(now[0])))
        found.append(errors(before, now))
    cuts = set(finder.finish())
    kept = [each for number, each in enumerate(found, 1) if number not in cuts]
    if not kept:
        raise ValueError("There are no two frames of one shot in both films; give longer ones.")
    painted, source, valid = np.mean(kept, axis=0)
    return Stability(float(painted), float(source), float(valid), len(kept))


def errors(
    before: tuple[np.ndarray, np.ndarray], now: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float, float]:
    """Of two pairs of a frame and its painting: both warping errors, and the share of pixels that count."""
    back, forth = optical_flow(now[0], before[0]), optical_flow(before[0], now[0])
    where = reliability(back, forth)
    painted = warping_error(before[1], now[1], back, where)
    return painted, warping_error(before[0], now[0], back, where), float(where.mean())


def warping_error(previous: Any, current: Any, flow: np.ndarray, where: np.ndarray) -> float:
    """The root mean square of current - warp(previous, flow), over the pixels that count and their colours.

    Args:
        previous, current: two frames, in any form that `measure` takes.
        flow: from the current frame back to the previous one, (H, W, 2).
        where: how far each pixel counts, (H, W), from 0 to 1; where none does, the error is 0.

    Raises:
        ValueError: arrays that do not fit together.
    """
    one, other = as_image(previous), as_image(current)
    shape = other.shape[1:3]
    if one.shape != other.shape or flow.shape != (*shape, 2) or where.shape != shape:
        raise ValueError(
            f"The frames have the shapes {one.shape} and {other.shape}, flow {flow.shape} and where "
            f"{where.shape}: they have to be of one height and width."
        )
    squared = np.square(other - warp(one, flow))[0].mean(-1)
    return float(np.sqrt((squared * where).sum() / max(float(where.sum()), 1e-12)))


def flicker(frames: Iterable[Any], source: Iterable[Any] | None = None) -> float:
    """What changes before a camera that stands still: the root mean square of successive differences.

    Args:
        frames: of a film, in any form that `measure` takes.
        source: the film that was painted: pixels count only where it does not change from one frame to the
            next. None: all count.

    Raises:
        ValueError: fewer than two frames, or a source that changes everywhere.
    """
    pairs = ((each, each) for each in frames) if source is None else zip(source, frames, strict=False)
    allowed = np.inf if source is None else SAME
    total = count = 0.0
    for before, now in pairwise(same_size(pairs)):
        still = np.abs(now[0] - before[0]).max(-1) <= allowed
        total += float(np.square(now[1] - before[1]).mean(-1)[still].sum())
        count += float(still.sum())
    if not count:
        raise ValueError("Nothing stands still in two successive frames; give a film from a tripod.")
    return float(np.sqrt(total / count))


def same_size(pairs: Iterable[tuple[Any, Any]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of a frame and its painting as images, (1, H, W, 3), the frame at the size of the painting."""
    for frame, painting in pairs:
        source, painted = as_image(frame), as_image(painting)
        yield source if source.shape == painted.shape else images.resize(source, painted.shape[1:3]), painted


def as_image(frame: Any) -> np.ndarray:
    """A frame as float32 RGB in [0, 1], (1, H, W, 3)."""
    return images.check_image(getattr(frame, "image", frame), "frame")
