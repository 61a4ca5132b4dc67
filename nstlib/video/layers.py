"""Pictures made of flat layers that move: every frame with its exact flow, and what of it was seen before.

A layer is a plane in space. Where it lies in the picture at a time is told by a matrix of 3 x 3, a homography
(Hartley and Zisserman 2004, chapter 13), from its own pixels to those of the picture: a shift, a turn, a
zoom, or a plane seen in perspective. So the flow is a formula, and nothing has to be estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .motion import is_inside, opencv

FINE = 2  # points along a side of a pixel that are averaged, and pixels of a layer along one of the picture


@dataclass(frozen=True, eq=False)
class SceneFrame:
    """A frame of a film of which everything is known.

    Attributes:
        image: uint8 RGB, (H, W, 3).
        flow: (H, W, 2) float32: what is at (x, y) here was at (x + u, y + v) in the frame before; None in the
            first.
        visible: (H, W) bool: whether it was to be seen there; nowhere in the first.
    """

    image: np.ndarray
    flow: np.ndarray | None
    visible: np.ndarray


@dataclass(frozen=True, eq=False)
class Layer:
    """A flat thing in the picture.

    Attributes:
        picture: float32 RGB in [0, 1], (h, w, 3).
        place: the homography (3, 3) from its pixels to the picture's, in the frame of a number.
        cover: how much of each pixel it covers, (h, w) float32 in [0, 1]; None: all, and beyond its borders
            it goes on, mirrored.
    """

    picture: np.ndarray
    place: Callable[[int], np.ndarray]
    cover: np.ndarray | None = None


def film(layers: Sequence[Layer], size: tuple[int, int], frames: int) -> Iterator[SceneFrame]:
    """The frames of a film.

    Args:
        layers: from the back to the front; the first covers everything.
        size: (width, height) in pixels.
        frames: their number.
    """
    for number in range(frames):
        image = drawn(layers, size, number)
        if not number:
            yield SceneFrame(image, None, np.zeros(image.shape[:2], bool))
            continue
        flow, visible = motion_back(layers, size, number)
        yield SceneFrame(image, flow, visible)


def drawn(layers: Sequence[Layer], size: tuple[int, int], number: int) -> np.ndarray:
    """A frame, uint8 RGB (H, W, 3), with `FINE`^2 points averaged in a pixel."""
    points = grid(size, FINE)
    fine = np.zeros((*points.shape[:2], 3), "float32")
    for layer in layers:
        there = window(layer, points, number)
        own = moved(np.linalg.inv(layer.place(number)), points[there])
        share = looked_up(layer.cover, own)[..., None] if layer.cover is not None else 1
        fine[there] += share * (looked_up(layer.picture, own) - fine[there])
    parts = [fine[row::FINE, column::FINE] for row, column in np.ndindex(FINE, FINE)]
    return np.rint(sum(parts) * (255 / FINE**2)).astype("uint8")


def motion_back(layers: Sequence[Layer], size: tuple[int, int], number: int) -> tuple[np.ndarray, np.ndarray]:
    """The flow from a frame to the one before, (H, W, 2), and whether what is here was seen there, (H, W)."""
    here = grid(size)
    top, flow = topmost(layers, here, number), np.zeros_like(here)
    for index, layer in enumerate(layers):
        back, mine = layer.place(number - 1) @ np.linalg.inv(layer.place(number)), top == index
        flow[mine] = moved(back, here[mine]) - here[mine]
    visible = (topmost(layers, here + flow, number - 1) == top) & is_inside(flow)
    return flow.astype("float32"), visible


def topmost(layers: Sequence[Layer], points: np.ndarray, number: int) -> np.ndarray:
    """Which layer is seen at points (H, W, 2) of a frame: the last that covers at least half, (H, W)."""
    top = np.zeros(points.shape[:2], int)
    for index, layer in enumerate(layers):
        if layer.cover is not None:
            there = window(layer, points, number)
            own = moved(np.linalg.inv(layer.place(number)), points[there])
            top[there][looked_up(layer.cover, own) >= 0.5] = index
    return top


def window(layer: Layer, points: np.ndarray, number: int) -> tuple[slice, slice]:
    """The rows and the columns of points (H, W, 2) of a frame that a layer may touch."""
    if layer.cover is None:
        return slice(None), slice(None)
    height, width = layer.cover.shape
    corners = moved(layer.place(number), np.array([[x, y] for x in (-1, width) for y in (-1, height)]))
    (left, above), (right, below), x, y = corners.min(0), corners.max(0), points[..., 0], points[..., 1]
    inside = (x >= left) & (x <= right) & (y >= above) & (y <= below)
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def grid(size: tuple[int, int], fine: int = 1) -> np.ndarray:
    """The points (x, y) of a picture, `fine` along a side of each pixel; its middle is at whole numbers."""
    across, down = ((np.arange(n * fine) + 0.5) / fine - 0.5 for n in size)
    return np.stack(np.meshgrid(across, down), -1)


def moved(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points (..., 2) after a homography."""
    x, y = points[..., 0], points[..., 1]
    right, down, depth = (row[0] * x + row[1] * y + row[2] for row in matrix)
    return np.stack([right / depth, down / depth], -1)


def looked_up(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A picture, or a cover (h, w), between its pixels; a cover is nothing outside, a picture is mirrored."""
    if not points.size:
        return np.zeros((*points.shape[:2], *picture.shape[2:]), "float32")
    cv2 = opencv()
    border = cv2.BORDER_CONSTANT if picture.ndim == 2 else cv2.BORDER_REFLECT_101
    columns, rows = (np.ascontiguousarray(points[..., axis], "float32") for axis in (0, 1))
    return np.asarray(cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=border))


def similarity(x: float, y: float, angle: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """The homography that turns (in radians) and scales about the origin, and then shifts."""
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, x], [s, c, y], [0, 0, 1.0]])
