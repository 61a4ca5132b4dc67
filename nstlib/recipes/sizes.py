"""From coarse to fine: at which sizes a recipe works, and how long at each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..foundation import unknown_name
from ..networks import FeatureNetwork, Layer
from .options import counts_in


def coarsest(
    smallest: int, full: int, net: FeatureNetwork, needs: Iterable[tuple[float, Sequence[Layer]]]
) -> int:
    """The longer side at which coarse-to-fine may begin.

    Args:
        smallest: where it begins when no picture is narrow.
        full: longer side of the result.
        net: asked what the layers need.
        needs: for every picture its shorter side at full size, and the layers that look at it.
    """
    return max(smallest, *(math.ceil(full * net.minimum_size(layers) / side) for side, layers in needs))


def halved(full: int, smallest: int) -> list[int]:
    """Longer sides from coarse to fine: `full`, its half, and so on, none of them under `smallest`."""
    steps = [full]
    while steps[0] // 2 >= smallest:
        steps.insert(0, steps[0] // 2)
    return steps


def transfer_sizes(full: int, smallest: int) -> list[int]:
    """The same for a transfer, which begins at `smallest` itself when that is a step worth taking.

    A single size leaves strokes as short as the reach of the filters, and half of 384 is too little to hold a
    face: 256 and 384 do both.
    """
    steps = halved(full, smallest)
    return [smallest, *steps] if steps[0] >= 1.4 * smallest else steps


def ladder(frame: np.ndarray, sizes: Any, usual: Sequence[int]) -> list[tuple[int, int]]:
    """The (height, width) of each size from coarse to fine, the last one that of the frame.

    Args:
        frame: whose shape the result has.
        sizes: see `RunOptions`.
        usual: the longer sides that "auto" stands for.

    Raises:
        ValueError: sizes that are not increasing, or not positive.
    """
    full = max(frame.shape[1:3])
    if isinstance(sizes, str):
        if sizes not in ("auto", "single"):
            raise unknown_name("sizes", sizes, ("auto", "single"))
        sizes = usual if sizes == "auto" else [full]
    longer = counts_in(sizes, "sizes")
    if longer != sorted(set(longer)) or longer[-1:] != [full]:
        raise ValueError(f"sizes must grow and end with the full size {full}, not {list(sizes)}.")
    height, width = frame.shape[1:3]
    return [(max(1, round(height * s / full)), max(1, round(width * s / full))) for s in longer]


def usual_iterations(recipe: str, sizes: int) -> list[int]:
    """The iterations of each size when none are named.

    A transfer finds its strokes on the small pictures, where an evaluation costs little; the full size only
    sharpens them. Half as many again lower the loss by a tenth and hardly show (benchmarks/README.md).
    """
    if recipe != "transfer_style" or sizes == 1:
        return [100] * sizes
    return [50] * (sizes - 1) + [30]
