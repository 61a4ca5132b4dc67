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
from .objectives import IMAGE, Objective
from .objectives.tiling import Tile, Tiling, tiling

SIDE = 1024  # pixels of a tile with its margins, unless told otherwise


class TiledObjective:
    """An objective over the tiles of one shape of image.

    Attributes:
        objective: whose measures are all additive.
        tiling: how the image is cut.
    """

    def __init__(self, objective: Objective, shape: tuple[int, int], side: int) -> None:
        check_additive(objective)
        layers = list(dict.fromkeys(term.layer for term in objective.terms))
        self.objective, self.shape = objective, shape
        self.tiling: Tiling = tiling(objective.network, layers, shape, side)
        self._hosts = [[numpy(t) for t in term.tensors] for term in objective.terms]
        self._forward: dict[Any, Any] = {}
        self._backward: dict[Any, Any] = {}
        self._lengths: list[list[tuple[int, ...]]] = []  # shapes of the sums of each term

    def __call__(self, image: np.ndarray, weights: Any) -> tuple[np.ndarray, np.ndarray]:
        """(parts, gradient) at an image (1, H, W, 3): weighted parts (terms,), gradient of their sum."""
        total: np.ndarray | float = 0.0
        for tile in self.tiling.tiles:
            total = total + numpy(self._sums_of(tile, image)).astype("float64")
        sums = tensor(np.asarray(total), "float32")
        parts = numpy(self._parts(sums)) * numpy(weights)
        pull = tensor(gradient(lambda s: ops.sum(self._parts(s) * weights), sums))
        slope = np.zeros(image.shape, "float32")
        for tile in self.tiling.tiles:
            rows, columns = tile.cut
            slope[:, rows, columns] += numpy(self._pulled(tile, image, pull))
        return parts, slope

    def _sums_of(self, tile: Tile, image: np.ndarray) -> Any:
        """The sums of all terms over one tile, flat."""
        if tile.kind not in self._forward:
            self._forward[tile.kind] = compiled(self._flat_sums(tile))
        return self._forward[tile.kind](*self._arguments(tile, image))

    def _pulled(self, tile: Tile, image: np.ndarray, pull: Any) -> Any:
        """The gradient of <pull, sums of the tile> in the tile's pixels."""
        if tile.kind not in self._backward:
            flat = self._flat_sums(tile)

            def share(cut: Any, targets: Any, pull: Any) -> tuple[Any, Any]:
                total = ops.sum(flat(cut, targets) * pull)
                return total, ops.reshape(total, (1,))

            self._backward[tile.kind] = MAKERS[NAME](share, self._model(), lambda: None)
        return self._backward[tile.kind](*self._arguments(tile, image), pull)[1]

    def _model(self) -> Any:
        layers = self.objective.layers
        return self.objective.network.cut(layers) if layers else None

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

    def _flat_sums(self, tile: Tile) -> Callable[[Any, Any], Any]:
        """The function (cut, targets) -> sums of all terms over the tile's own positions, one row."""
        kinds, strides = self.objective.signature, self.tiling.strides
        network, layers, model = self.objective.network, self.objective.layers, self._model()

        def flat_sums(cut: Any, targets: Any) -> Any:
            outputs = network.outputs(model, cut) if model is not None else []
            features = {IMAGE: cut, **dict(zip(layers, outputs, strict=True))}
            rows, lengths = [], []
            for (measure, layer, kind, masked), tensors in zip(kinds, targets, strict=True):
                stride = strides[layer]
                own = tile.own(features[layer], stride)
                wide = tile.own(features[layer], stride, measure.reach)
                summary, where = split(tensors, kind, masked)
                sums = measure.sums(wide, summary, where, (int(own.shape[1]), int(own.shape[2])))
                rows += [ops.reshape(ops.cast(s, "float32"), (-1,)) for s in sums]
                lengths.append([tuple(map(int, s.shape)) for s in sums])
            self._lengths = lengths
            return ops.concatenate(rows)

        return flat_sums

    def _parts(self, sums: Any) -> Any:
        """The unweighted parts, (terms,), from the sums over all tiles."""
        parts, at = [], 0
        for (measure, _, kind, masked), shapes, hosts in zip(
            self.objective.signature, self._lengths, self._hosts, strict=True
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
