"""An objective of a picture larger than memory: loss and gradient by tiles, equal to those of the whole.

The distance of an additive measure follows from sums over positions, S = sum over tiles of S_tile. So

    dL/dx = sum over tiles of  d/dx <dL/dS, S_tile(x)>,

and two passes suffice: the first adds up S tile by tile, the second takes the gradient of each tile's share
with dL/dS held fixed. Memory is that of one tile, and time about 4/3 of the whole picture's, and more for the
margins, which cover the receptive fields and make the result exact.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .autodiff import MAKERS, Evaluation, compiled, gradient, numpy, tensor
from .backend import NAME, ops
from .foundation import Kept
from .objectives import IMAGE, Objective
from .objectives.tiling import Tile, Tiling, tiling

SIDE = 1024  # pixels of a tile with its margins, unless told otherwise
MOST_FUNCTIONS = 36  # kept for one kind of objective: nine kinds of tiles, two functions each, two sizes


class TileSteps:
    """What is compiled for one kind of objective: a function for every kind of tile, shared by all runs.

    Attributes:
        lengths: shapes of the sums of each term; there once a function was traced.
        traces: how often one was; more than twice for a kind of tile would be a bug.
    """

    def __init__(self, objective: Objective, strides: Mapping[str, int]) -> None:
        self.kinds, self.layers, self.strides = objective.signature, objective.layers, strides
        self.network = objective.network
        self.model = self.network.cut(self.layers) if self.layers else None
        self.lengths: list[list[tuple[int, ...]]] = []
        self.traces = 0
        self._functions: Kept[Any, Any] = Kept(MOST_FUNCTIONS)

    def make_room(self, kinds: int) -> None:
        """Keep the functions of so many kinds of tiles, or each evaluation would compile them again."""
        self._functions.most = max(self._functions.most, 2 * kinds)

    def _traced(self) -> None:
        self.traces += 1

    def forward(self, tile: Tile) -> Any:
        """The function (cut, targets) -> sums of all terms over the tile's own positions, one row."""

        def sums(cut: Any, targets: Any) -> Any:
            self._traced()
            return self._flat_sums(tile, cut, targets)

        return self._functions.made_once(("sums", tile.kind), lambda: compiled(sums, self.model))

    def backward(self, tile: Tile) -> Any:
        """The function (cut, targets, pull) -> value and gradient of <pull, sums> in the pixels cut out."""

        def share(cut: Any, targets: Any, pull: Any) -> tuple[Any, Any]:
            total = ops.sum(self._flat_sums(tile, cut, targets) * pull)
            return total, ops.reshape(total, (1,))

        make = MAKERS[NAME]
        return self._functions.made_once(("slope", tile.kind), lambda: make(share, self.model, self._traced))

    def _flat_sums(self, tile: Tile, cut: Any, targets: Any) -> Any:
        """The sums of all terms over the tile's own positions, one row."""
        outputs = self.network.outputs(self.model, cut) if self.model is not None else []
        features = {IMAGE: cut, **dict(zip(self.layers, outputs, strict=True))}
        rows, lengths = [], []
        for (measure, layer, kind, masked), tensors in zip(self.kinds, targets, strict=True):
            stride = self.strides[layer]
            own = tile.own(features[layer], stride)
            wide = tile.own(features[layer], stride, measure.reach)
            summary, where = split(tensors, kind, masked)
            sums = measure.sums(wide, summary, where, (int(own.shape[1]), int(own.shape[2])))
            rows += [ops.reshape(ops.cast(s, "float32"), (-1,)) for s in sums]
            lengths.append([tuple(map(int, s.shape)) for s in sums])
        self.lengths = lengths
        return ops.concatenate(rows)


class TiledObjective:
    """An objective over the tiles of one shape of image.

    Attributes:
        objective: whose measures are all additive.
        tiling: how the image is cut.
        steps: what is compiled.
    """

    def __init__(self, objective: Objective, shape: tuple[int, int], side: int) -> None:
        check_additive(objective)
        layers = list(dict.fromkeys(term.layer for term in objective.terms))
        reach = max([t.measure.reach for t in objective.terms if t.layer != IMAGE], default=0)
        self.objective, self.shape = objective, shape
        self.tiling: Tiling = tiling(objective.network, layers, shape, side, reach)
        self.steps: TileSteps = objective.network.steps.made_once(
            ("tiles", objective.signature), lambda: TileSteps(objective, self.tiling.strides)
        )
        self.steps.make_room(len({tile.kind for tile in self.tiling.tiles}))
        self._hosts = [[numpy(t) for t in term.tensors] for term in objective.terms]

    def __call__(self, image: np.ndarray, weights: Any) -> tuple[np.ndarray, np.ndarray]:
        """(parts, gradient) at an image (1, H, W, 3): weighted parts (terms,), gradient of their sum."""
        total: np.ndarray | float = 0.0
        for tile in self.tiling.tiles:
            row = self.steps.forward(tile)(*self._arguments(tile, image))
            total = total + numpy(row).astype("float64")
        sums = tensor(np.asarray(total), "float32")
        parts = numpy(self._parts(sums)) * numpy(weights)
        pull = tensor(gradient(lambda s: ops.sum(self._parts(s) * weights), sums))
        slope = np.zeros(image.shape, "float32")
        for tile in self.tiling.tiles:
            rows, columns = tile.cut
            found = self.steps.backward(tile)(*self._arguments(tile, image), pull)[1]
            slope[:, rows, columns] += numpy(found)
        return parts, slope

    def _arguments(self, tile: Tile, image: np.ndarray) -> tuple[Any, list[list[Any]]]:
        """What is cut out of the image, and what each term needs there, on the device."""
        rows, columns = tile.cut
        targets = []
        for term, hosts in zip(self.objective.terms, self._hosts, strict=True):
            stride = self.tiling.strides[term.layer]
            kept = [tile.of_whole(h, stride) if term.measure.pointwise else h for h in hosts]
            if term.where is not None:
                kept[-1] = tile.of_whole(hosts[-1], stride)
            targets.append([tensor(np.ascontiguousarray(each)) for each in kept])
        return tensor(np.ascontiguousarray(image[:, rows, columns])), targets

    def _parts(self, sums: Any) -> Any:
        """The unweighted parts, (terms,), from the sums over all tiles."""
        parts, at = [], 0
        for (measure, _, kind, masked), shapes, hosts in zip(
            self.objective.signature, self.steps.lengths, self._hosts, strict=True
        ):
            found = []
            for shape in shapes:
                size = int(np.prod(shape))
                found.append(ops.reshape(sums[at : at + size], shape))
                at += size
            summary = None if measure.pointwise else split([tensor(h) for h in hosts], kind, masked)[0]
            parts.append(measure.of_sums(tuple(found), summary))
        return ops.stack(parts)


def split(tensors: Any, kind: str, masked: bool) -> tuple[Any, Any]:
    """(summary, where) of the tensors of a term; see `Term.tensors`."""
    flat, where = (tensors[:-1], tensors[-1]) if masked else (tensors, None)
    made: Mapping[str, Any] = {"none": None, "tensor": flat[0] if flat else None, "tuple": tuple(flat)}
    return made[kind], where


def check_additive(objective: Objective) -> None:
    """Refuse measures that need the whole picture.

    Raises:
        ValueError: one does.
    """
    for term in objective.terms:
        if not term.measure.additive:
            raise ValueError(
                f"The measure {term.measure.name!r} compares whole pictures and cannot be tiled: choose a "
                f"smaller size, or style_measure='gram'."
            )


def value_and_grad(
    objective: Objective, side: int = SIDE, *, unit: float = 1.0
) -> Callable[[Any], Evaluation]:
    """The objective with its gradient as a function of an image that need not fit into memory as a whole.

    Args:
        objective: whose measures are additive: Gram matrix, content, total variation.
        side: of a tile with its margins, in pixels.
        unit: of the gradient, see `autodiff.value_and_grad`.

    Returns:
        What `autodiff.value_and_grad` returns; the two agree up to rounding.

    Raises:
        ValueError: a measure that cannot be tiled; a tile smaller than the receptive field (when called).
    """
    check_additive(objective)
    weights = tensor(objective.weights / unit, "float32")
    made: dict[tuple[int, int], TiledObjective] = {}

    def evaluate(image: Any) -> Evaluation:
        began = time.perf_counter()
        host = numpy(image)
        shape = (int(host.shape[1]), int(host.shape[2]))
        if shape not in made:
            made[shape] = TiledObjective(objective, shape, side)
        parts, slope = made[shape](host, weights)
        named = dict.fromkeys(objective.names, 0.0)
        for name, part in zip(objective.names, (unit * parts.astype("float64")).tolist(), strict=True):
            named[name] += part
        total = float(sum(named.values()))
        return Evaluation(total, tensor(slope), named, time.perf_counter() - began, unit)

    return evaluate
