"""Regions: which part of a picture is which, read from a mask (Gatys et al. 2017, section 4).

A mask is a picture in which every region has a colour of its own; the colours are the regions' names
("red", "#804000"). A region is a weight between 0 and 1 for each pixel; those of a pixel add up to 1.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from .. import images
from ..foundation import unknown_name
from ..networks import FeatureNetwork
from .measures import IMAGE

COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "orange": (255, 128, 0),
}
ALIKE = 60.0  # distance of two 8-bit colours below which they are one: soft edges and JPEG blur a mask's
THICK = 24  # pixels of a mask for each pixel that a region is thick; thinner is the edge between two others
PLAIN, MOST_BETWEEN = 24.0, 0.3  # how near to its colour a pixel is, and the share that may lie at soft edges
MOST = 24  # regions; more means that this is a photograph and no mask
SOFT = 0.005  # width of the edges, as a share of the longer side
SAME_PROPORTIONS = 0.03  # relative difference that rounding to whole pixels makes
EMPTY = 1e-3  # share of a picture under which a region counts as empty


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of a picture.

    Attributes:
        names: of the regions, the largest first.
        weights: how much each pixel belongs to each region, shape (regions, H, W), in [0, 1].
        what: it is called in messages, for instance "content mask".
    """

    names: tuple[str, ...]
    weights: np.ndarray
    what: str = "mask"

    def share(self, name: str) -> float:
        """How much of the picture a region covers, in [0, 1]."""
        return float(self.weights[self._index(name)].mean())

    def at(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        """The weights of one region at a (height, width), shape (height, width).

        Raises:
            ValueError: there is no such region, or it is empty.
        """
        weights = self.weights[self._index(name)]
        if weights.mean() < EMPTY / 10:
            raise ValueError(f"The region {name!r} of the {self.what} is empty: paint it or leave it out.")
        return resized(weights, shape)

    def fitting(self, shape: tuple[int, int], picture: str) -> Regions:
        """The same regions, if their proportions are those of a picture of (height, width).

        Raises:
            ValueError: they are not.
        """
        height, width = self.weights.shape[1:]
        if abs((width / height) / (shape[1] / shape[0]) - 1) > SAME_PROPORTIONS + 1 / min(shape):
            raise ValueError(
                f"The {self.what} has {width} x {height} pixels and the {picture} {shape[1]} x {shape[0]}: "
                f"give a mask of the same proportions."
            )
        return self

    def _index(self, name: str) -> int:
        if name.startswith("#") and len(name) == 7:  # a colour that has a name may be called by its number
            with contextlib.suppress(ValueError):
                name = name_of(np.array([int(name[i : i + 2], 16) for i in (1, 3, 5)]))
        if name not in self.names:
            raise unknown_name(f"region of the {self.what}", name, self.names)
        return self.names.index(name)


def resized(weights: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A map (H, W) at another (height, width): means over areas where it shrinks, so that soft stays soft."""
    if weights.shape == tuple(shape):
        return weights
    grid = Image.fromarray(np.ascontiguousarray(weights, "float32"))
    smaller = shape[0] <= weights.shape[0] and shape[1] <= weights.shape[1]
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return np.asarray(grid.resize((shape[1], shape[0]), method), "float32")


def at_layer(network: FeatureNetwork, layer: str, weights: np.ndarray) -> np.ndarray:
    """Weights of pixels (H, W) as weights of the positions of a layer, shape (1, H', W', 1)."""
    shape = tuple(weights.shape)
    if layer != IMAGE:
        found = network.cut([layer]).compute_output_shape((1, *shape, 3))
        shape = tuple((found[0] if isinstance(found, list) else found)[1:3])
    return resized(weights, (int(shape[0]), int(shape[1])))[None, :, :, None].astype("float32")


def read_regions(mask: Any, what: str = "mask") -> Regions:
    """The regions of a mask.

    Args:
        mask: a picture with a plain colour for each region (anything `images.load_image` takes); or name ->
            weights of shape (H, W), from 0 to 1, for edges as soft as one likes; or `Regions`. Where weights
            add up to more than 1 they are divided by their sum.
        what: it is called in messages.

    Raises:
        ValueError, OSError, TypeError: it is none of these, or has too many colours to be a mask.
    """
    if isinstance(mask, Regions):
        return Regions(mask.names, mask.weights, what)
    return from_weights(mask, what) if isinstance(mask, Mapping) else from_picture(mask, what)


def from_weights(mask: Mapping[str, Any], what: str) -> Regions:
    """Regions whose weights are given by name."""
    if not mask:
        raise ValueError(f"The {what} names no region.")
    try:
        maps = [np.asarray(each, "float32") for each in mask.values()]
    except (ValueError, TypeError):
        raise ValueError(
            f"The {what} by name holds something else than weights: give an array (height, width) for each "
            f"region, or one picture in plain colours."
        ) from None
    if any(each.ndim != 2 or not each.size or each.shape != maps[0].shape for each in maps):
        raise ValueError(f"The {what} needs an array of shape (height, width), the same for every region.")
    weights = np.stack(maps)
    if not (np.isfinite(weights).all() and weights.min() >= 0 and weights.max() <= 1):
        raise ValueError(f"The weights of the {what} go from 0 to 1.")
    overlap = np.maximum(weights.sum(0), 1.0)  # where regions overlap, a pixel belongs to each in part
    return Regions(tuple(map(str, mask)), weights / overlap, what)


def from_picture(mask: Any, what: str) -> Regions:
    """Regions by colour, the largest first, with slightly soft edges."""
    pixels = np.round(images.load_image(mask)[0] * 255.0)
    palette = colours_of(pixels, what)
    distances = np.stack([np.square(pixels - colour).sum(-1) for colour in palette])
    sharp = np.eye(len(palette), dtype="float32")[distances.argmin(0)].transpose(2, 0, 1)
    sigma = SOFT * max(pixels.shape[:2])
    soft = np.stack([ndimage.gaussian_filter(each, sigma, mode="nearest") for each in sharp])
    return Regions(tuple(map(name_of, palette)), soft / soft.sum(0), what)


def colours_of(pixels: np.ndarray, what: str) -> list[np.ndarray]:
    """The colours of a mask, the most frequent first; those in between, at edges, are left out.

    Raises:
        ValueError: there are too many.
    """
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    found: list[np.ndarray] = []
    for colour in colours[np.argsort(-counts, kind="stable")][: 64 * MOST]:
        if all(np.linalg.norm(colour - each) > ALIKE for each in found):
            found.append(colour)
    near = np.stack([np.square(pixels - each).sum(-1) for each in found]).argmin(0)
    depth = min(2, max(near.shape) // THICK)
    kept = [each for i, each in enumerate(found) if i == 0 or is_thick(near == i, depth)]
    between = np.stack([np.linalg.norm(pixels - each, axis=-1) for each in kept]).min(0) > PLAIN
    if len(kept) > MOST or between.mean() > MOST_BETWEEN:
        raise ValueError(
            f"The {what} looks like a photograph, with colours of all kinds: paint each region in one plain "
            f"colour, {MOST} at most."
        )
    return kept


def is_thick(inside: np.ndarray, depth: int) -> bool:
    """Whether a region has a place that is so many pixels away from its edge on all sides.

    Soft edges and JPEG leave bands of colours between two regions, one to three pixels wide.
    """
    square = np.ones((3, 3), bool)
    return bool((ndimage.binary_erosion(inside, square, iterations=depth) if depth else inside).any())


def name_of(colour: np.ndarray) -> str:
    """The name of a colour, or its hexadecimal form when no name is near."""
    nearest = min(COLOURS, key=lambda name: float(np.linalg.norm(colour - COLOURS[name])))
    if np.linalg.norm(colour - COLOURS[nearest]) <= ALIKE / 2:
        return nearest
    return "#" + "".join(f"{int(value):02x}" for value in colour)
