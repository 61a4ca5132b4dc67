"""Noise that moves with what is seen.

The one-pass network finds the strokes of a flat sky in a tile of noise (see `feedforward.transformer`). Laid
on the screen, the noise keeps its place while the sky passes behind it: the strokes of one frame, carried
along, lie beside those of the next, and their mixture is smeared along the motion. So each point of a shot
keeps the place in the tile that it had at first.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..feedforward.transformer import FACTOR
from .motion import opencv, smoothed, targets

SMOOTH = 6.0  # pixels; the noise bends where motions differ, and does not tear


class Grain:
    """Where in the tiles each pixel of a frame is.

    Attributes:
        shift: from the pixel's own place, (H, W, 2); 0 at the beginning of a shot, when the tile lies as for
            a photograph.
    """

    def __init__(self, shape: tuple[int, int], tiles: Mapping[str, np.ndarray]) -> None:
        self.shift, self._tiles = np.zeros((*shape, 2), "float32"), tiles

    def move(self, back: np.ndarray) -> None:
        """Go to the next frame; `back` is the flow from it to the one before, (H, W, 2)."""
        cv2 = opencv()
        moved = cv2.remap(self.shift, *targets(back), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        self.shift = smoothed(moved + back, SMOOTH)

    def laid(self) -> dict[str, np.ndarray]:
        """The noise of this frame by the names of the tiles, each (H', W', C) at its own scale."""
        height, width = self.shift.shape[:2]
        wide = ((0, -height % FACTOR), (0, -width % FACTOR), (0, 0))
        rows, columns = np.mgrid[: height + wide[0][1], : width + wide[1][1]].astype("float32")
        places = np.stack([columns, rows], -1) + np.pad(self.shift, wide, mode="edge")
        blocks = places.reshape(places.shape[0] // FACTOR, FACTOR, -1, FACTOR, 2).mean((1, 3))
        at = {"tile/whole": places, "tile/quarter": (blocks - (FACTOR - 1) / 2) / FACTOR}
        return {name: looked_up(tile, at[name]) for name, tile in self._tiles.items()}


def looked_up(tile: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A tile that repeats, at places (H, W, 2) in it, bicubic, (H, W, C); exact at whole places."""
    cv2, margin = opencv(), 2
    height, width, channels = tile.shape
    around = np.pad(tile, ((margin, margin), (margin, margin), (0, 0)), mode="wrap").astype("float32")
    columns, rows = np.mod(places[..., 0], width) + margin, np.mod(places[..., 1], height) + margin
    parts = []
    for first in range(0, channels, 4):  # OpenCV takes four at once
        part = np.ascontiguousarray(around[..., first : first + 4])
        found = cv2.remap(part, columns.astype("float32"), rows.astype("float32"), cv2.INTER_CUBIC)
        parts.append(np.asarray(found).reshape(*places.shape[:2], -1))
    return np.concatenate(parts, -1)
