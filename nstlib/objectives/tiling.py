"""A picture cut into tiles, such that every position of every layer is computed exactly in one of them.

A tile is cut out with a margin around what is its own. The margin covers the receptive fields, so that the
padding at a cut reaches no position that counts; at the picture's own border there is no margin, and the
padding is the one the whole picture has. Cuts lie on the grid of the largest stride, so that the poolings
of a tile are those of the picture.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import numpy
from ..networks import FeatureNetwork
from .measures import IMAGE, Measure


@dataclass(frozen=True)
class Span:
    """One side of a tile, in pixels.

    Attributes:
        start, stop: what is cut out.
        own_start, own_stop: what is its own.
        whole: side of the picture.
    """

    start: int
    stop: int
    own_start: int
    own_stop: int
    whole: int

    def own(self, stride: int, reach: int = 0) -> slice:
        """Its own positions in a layer of a stride, within what is cut out.

        Args:
            stride: of the layer.
            reach: so many positions of the next tile are taken too, where there is one.
        """
        first = (self.own_start - self.start) // stride
        if self.own_stop == self.whole:  # the last tile has what is left, however the poolings round
            return slice(first, (self.stop - self.start) // stride)
        return slice(first, (self.own_stop - self.start) // stride + reach)

    def in_whole(self, stride: int) -> slice:
        """Its own positions in a layer of the whole picture."""
        last = self.own_stop == self.whole
        return slice(self.own_start // stride, (self.whole if last else self.own_stop) // stride)

    @property
    def kind(self) -> tuple[int, int, int, bool]:
        """What a compiled function depends on: the same for all tiles in the middle."""
        own = self.own_start - self.start, self.own_stop - self.start
        return self.stop - self.start, *own, self.own_stop == self.whole


@dataclass(frozen=True)
class Tile:
    """A rectangle of a picture; see `Span`."""

    rows: Span
    columns: Span

    @property
    def cut(self) -> tuple[slice, slice]:
        """Rows and columns that are cut out."""
        return slice(self.rows.start, self.rows.stop), slice(self.columns.start, self.columns.stop)

    @property
    def kind(self) -> tuple[Any, ...]:
        """What a compiled function depends on."""
        return self.rows.kind, self.columns.kind

    def own(self, maps: Any, stride: int, reach: int = 0) -> Any:
        """What is the tile's own of feature maps (1, h, w, N) that were computed of it."""
        return maps[:, self.rows.own(stride, reach), self.columns.own(stride, reach)]

    def of_whole(self, maps: Any, stride: int) -> Any:
        """What is the tile's own of maps (1, H, W, N) of the whole picture."""
        return maps[:, self.rows.in_whole(stride), self.columns.in_whole(stride)]


@dataclass(frozen=True)
class Tiling:
    """How a picture is cut for some layers.

    Attributes:
        tiles: all of them, row by row.
        strides: layer -> pixels from one position to the next; 1 for the picture itself.
    """

    tiles: tuple[Tile, ...]
    strides: dict[str, int]


def tiling(
    network: FeatureNetwork, layers: Sequence[str], shape: tuple[int, int], side: int, reach: int = 0
) -> Tiling:
    """Cut a picture.

    Args:
        network: of the VGG plan; only there receptive fields are known.
        layers: Keras names, `measures.IMAGE` among them.
        shape: (height, width) of the picture.
        side: of a tile with its margin, in pixels; its memory is that of a picture of this size.
        reach: how many positions of the next tile are looked at in a layer of the network; see `Measure`.

    Raises:
        ValueError: the side is too small for the receptive field, or the network is of another plan.
    """
    fields = {layer: network.receptive_field(layer) for layer in layers if layer != IMAGE}
    strides = {layer: fields[layer].stride if layer in fields else 1 for layer in layers}
    grid = max(strides.values(), default=1)
    reaches = [max(-f.offset, f.offset + f.size + (reach - 1) * f.stride) for f in fields.values()]
    margin = math.ceil(max([1, *reaches]) / grid) * grid  # 1: total variation looks at the next pixel
    own = (side - 2 * margin) // grid * grid
    if own < grid:
        raise ValueError(
            f"A tile of {side} pixels is smaller than what the deepest layer sees: give "
            f"tile={2 * margin + grid} or more."
        )
    rows, columns = (spans(length, own, margin) for length in shape)
    return Tiling(tuple(Tile(*pair) for pair in itertools.product(rows, columns)), strides)


def spans(length: int, own: int, margin: int) -> list[Span]:
    """One side of a picture cut into parts of at most `own` pixels, each with its margin."""
    count = max(1, math.ceil(length / own))
    edges = [*range(0, count * own, own)[:count], length]
    pairs = itertools.pairwise(edges)
    return [Span(max(0, a - margin), min(length, b + margin), a, b, length) for a, b in pairs]


def maps_by_tiles(
    network: FeatureNetwork, picture: Any, layers: Sequence[str], side: int
) -> Iterator[tuple[Tile, Mapping[str, Any], Mapping[str, int]]]:
    """The feature maps of a large picture tile by tile: what is each tile's own, by layer, and the strides.

    Args:
        network: of the VGG plan.
        picture: float32 RGB in [0, 1], shape (1, H, W, 3).
        layers: Keras names, `measures.IMAGE` among them.
        side: of a tile in pixels.
    """
    plan = tiling(network, layers, (int(picture.shape[1]), int(picture.shape[2])), side)
    deep = [layer for layer in layers if layer != IMAGE]
    for tile in plan.tiles:
        rows, columns = tile.cut
        cut = np.ascontiguousarray(np.asarray(picture, "float32")[:, rows, columns])
        maps = {**(network.features(cut, deep) if deep else {}), IMAGE: cut}
        yield tile, {n: tile.own(maps[n], plan.strides[n]) for n in layers}, plan.strides


def features_by_tiles(
    network: FeatureNetwork, picture: Any, layers: Sequence[str], side: int
) -> dict[str, np.ndarray]:
    """Feature maps of a large picture, kept outside the device: layer -> array (1, H', W', N).

    Arguments as for `maps_by_tiles`; the result is that of `FeatureNetwork.features`.
    """
    found: dict[str, np.ndarray] = {}
    for tile, maps, strides in maps_by_tiles(network, picture, layers, side):
        for layer, own in maps.items():
            if layer not in found:
                height, width = (int(side) // strides[layer] for side in picture.shape[1:3])
                found[layer] = np.empty((1, height, width, int(own.shape[-1])), "float32")
            tile.of_whole(found[layer], strides[layer])[...] = numpy(own)
    return found


def summaries_by_tiles(
    network: FeatureNetwork,
    picture: Any,
    layers: Sequence[str],
    side: int,
    measure: Measure,
    where: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Any]:
    """What an additive measure keeps of a large picture: layer -> summary.

    Args:
        network, picture, layers, side: as for `maps_by_tiles`.
        measure: additive and not pointwise, as the Gram matrix.
        where: layer -> weights of positions, shape (1, H', W', 1); None counts all alike.
    """
    totals: dict[str, list[np.ndarray]] = {}
    for tile, maps, strides in maps_by_tiles(network, picture, layers, side):
        for layer, own in maps.items():
            here = None if where is None else tile.of_whole(where[layer], strides[layer])
            sums = measure.sums(own, None, here, (int(own.shape[1]), int(own.shape[2])))
            added = [numpy(each).astype("float64") for each in sums]
            totals[layer] = [a + b for a, b in zip(totals.get(layer, [0.0] * len(added)), added, strict=True)]
    single = {n: tuple(np.asarray(t, "float32") for t in total) for n, total in totals.items()}
    return {n: measure.summary_of_sums(total) for n, total in single.items()}
