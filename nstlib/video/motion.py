"""What moved where between two frames, and how far that is to be believed.

A flow is an array (H, W, 2) of one frame: what is seen at (x, y) there is at (x + u, y + v) in the other. The
flow that leads *back*, from a frame to the one before, is what moves the earlier frame to the later one.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any, Literal

import numpy as np

# Ruder, Dosovitskiy and Brox 2016, section 4.2.
AGREEING, SLACK = 0.01, 0.5  # of the squared lengths of both flows, and squared pixels
EDGE, LEAST_EDGE = 0.01, 0.002

SMALLEST = (
    32  # pixels of a side; at less, OpenCV may read beyond the coarsest level of its pyramid, and crash
)


def opencv() -> ModuleType:
    """OpenCV.

    Raises:
        ModuleNotFoundError: it is not installed; one sentence says how to.
    """
    try:
        import cv2
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'Films need OpenCV for the motion in them: install it with `pip install "nstlib[video]"`.'
        ) from None
    return cv2


def optical_flow(first: Any, second: Any, *, preset: Literal["fast", "medium"] = "medium") -> np.ndarray:
    """Where what is seen in a frame is in another: dense inverse search (Kroeger et al. 2016), by OpenCV.

    Args:
        first, second: frames of one size, float32 RGB in [0, 1], (1, H, W, 3), or uint8 RGB (H, W, 3).
        preset: "medium", or "fast" for a third of the seconds and half again the error.

    Returns:
        (H, W, 2), float32: what is at (x, y) in `first` is at (x + u, y + v) in `second`.

    Raises:
        ValueError: frames of two sizes, or an unknown preset.
        ModuleNotFoundError: OpenCV is not installed.
    """
    cv2, (one, other) = opencv(), (as_grey(first), as_grey(second))
    if one.shape != other.shape:
        raise ValueError(f"The frames differ in size: {one.shape[::-1]} and {other.shape[::-1]} pixels.")
    presets = {"fast": cv2.DISOPTICAL_FLOW_PRESET_FAST, "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM}
    if preset not in presets:
        raise ValueError(f"preset is {preset!r}; choose 'fast' or 'medium'.")
    height, width = one.shape
    below, right = max(0, SMALLEST - height), max(0, SMALLEST - width)
    padded = [np.pad(grey, ((0, below), (0, right)), mode="edge") for grey in (one, other)]
    flow: np.ndarray = cv2.DISOpticalFlow_create(presets[preset]).calc(*padded, None)
    return flow[:height, :width]


def as_grey(frame: Any) -> np.ndarray:
    """A frame as uint8 grey, (H, W)."""
    pixels = np.asarray(frame)
    if pixels.dtype != np.uint8:
        pixels = np.rint(np.clip(pixels[0] if pixels.ndim == 4 else pixels, 0, 1) * 255).astype("uint8")
    return np.asarray(opencv().cvtColor(np.ascontiguousarray(pixels), opencv().COLOR_RGB2GRAY))


def targets(flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns and the rows where a flow leads, each (H, W)."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype("float32")
    return columns + flow[..., 0], rows + flow[..., 1]


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """An image as it is seen from the frame to which the flow belongs: out(x, y) = image(x + u, y + v).

    By a windowed sinc over eight pixels (Lanczos): the frames of a film are moved again and again, and little
    that is fine is left after fifty bilinear moves. Beyond the border its pixels go on. Places are rounded to
    1/32 of a pixel, which is less than the error of any flow. `coffee`, 384 x 216, moved fifty times by
    (0.3, 0.21) pixels there and back:

        interpolation   error (RMS)   differences of neighbours that are left
        bilinear        0.072         0.29
        bicubic         0.071         1.65, for it sharpens
        Lanczos         0.024         1.12

    Args:
        image: float32 RGB in [0, 1], (1, H, W, 3).
        flow: (H, W, 2) in pixels.
    """
    cv2 = opencv()
    if not flow.any():
        return image
    moved = cv2.remap(image[0], *targets(flow), cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved).clip(0, 1)[None]


def reliability(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Where a flow is to be believed: 1, or 0 at what is hidden in the other frame, or on an edge of motion.

    Args:
        forward: of the frame that is asked about, (H, W, 2).
        backward: of the other frame, likewise.

    Returns:
        (H, W), float32, of zeros and ones.
    """
    known = agrees(forward, backward) & ~is_edge(forward) & is_inside(forward)
    return known.astype("float32")


def agrees(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Whether the flow back leads to where the flow came from (Ruder et al. 2016, section 4.2; there eq. 5).

    |w + w~|^2 < 0.01 (|w|^2 + |w~|^2) + 0.5, with w the flow and w~ the other one where w leads. Where the
    thing that is seen is hidden in the other frame, the flow there belongs to what hides it.
    """
    cv2 = opencv()
    back = cv2.remap(backward, *targets(forward), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(squared(forward + back) < AGREEING * (squared(forward) + squared(back)) + SLACK)


def is_edge(flow: np.ndarray) -> np.ndarray:
    """Whether the motion changes from one pixel to the next (section 4.2; there eq. 6).

    |grad u|^2 + |grad v|^2 > 0.01 |w|^2 + 0.002: there, flows are smoothed over what moves in two ways.
    """
    slopes = np.stack([*np.gradient(flow[..., 0]), *np.gradient(flow[..., 1])], -1)
    return np.asarray(squared(slopes) > EDGE * squared(flow) + LEAST_EDGE)


def is_inside(flow: np.ndarray) -> np.ndarray:
    """Whether a flow leads to a place in the picture."""
    columns, rows = targets(flow)
    return (columns >= 0) & (columns <= flow.shape[1] - 1) & (rows >= 0) & (rows <= flow.shape[0] - 1)


def squared(vectors: np.ndarray) -> np.ndarray:
    """The squared length of vectors (H, W, n)."""
    return np.asarray(np.square(vectors).sum(-1))


def long_term(weights: Iterable[np.ndarray]) -> list[np.ndarray]:
    """How far each of several earlier frames counts: only where no later one of them does.

    c_long^(i-j) = max(c^(i-j) - sum of c^(i-k) over k < j, 0) (Ruder et al. 2016, eq. 10).

    Args:
        weights: of the earlier frames, the latest first, each (H, W) in [0, 1].
    """
    left: list[np.ndarray] = []
    known: Any = np.float32(0)
    for each in weights:
        left.append(np.maximum(each - known, 0).astype("float32"))
        known = known + each
    return left


def smoothed(picture: np.ndarray, deviation: float) -> np.ndarray:
    """A picture (H, W) or (H, W, C) in a Gaussian window of so many pixels; the border is mirrored."""
    return np.asarray(opencv().GaussianBlur(picture, (0, 0), deviation))
