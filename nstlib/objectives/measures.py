"""Measures: what a part of the loss compares. A new loss is two functions, here or in a notebook.

`summary` is taken of the target's features once; `distance` compares the features of the image with it, in
every evaluation. Both are pure and written with `keras.ops`. A measure of one's own:

    def means(features):
        return keras.ops.mean(features, axis=(0, 1, 2))

    def distance(features, summary):
        return keras.ops.mean((means(features) - summary) ** 2)

    result = nst.transfer_style("cat", "swirls", style_measure=nst.OwnMeasure(means, distance))

The layer may also be `IMAGE`: then the features are the pixels, shape (1, H, W, 3).
"""

from __future__ import annotations

import inspect
import itertools
import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import CodeType
from typing import Any, ClassVar, Literal

from .. import losses
from ..backend import ops
from ..foundation import unknown_name
from ..primitives import channel_products, neighbour_differences

IMAGE = "image"  # the layer that is the picture itself


class Measure:
    """What a part of the loss compares.

    A measure is a frozen dataclass whose fields are its options: equal measures share a compiled step.

    Attributes:
        name: first word of the part's name in a `History`.
        pointwise: whether positions are compared one by one, so that image and target need the same size.
        additive: whether the distance follows from sums over positions, so that a picture can be tiled.
        reach: to how many positions, down and to the right, a position is compared.
    """

    name: str
    pointwise: ClassVar[bool] = False
    additive: ClassVar[bool] = False
    reach: ClassVar[int] = 0

    def summary(self, features: Any, where: Any = None) -> Any:
        """What is kept of the target.

        Args:
            features: of the target in one layer, shape (1, H', W', N).
            where: None, or how much each position counts, shape (1, H', W', 1), not negative; of any scale.

        Returns:
            A tensor, a tuple of tensors, or None.
        """
        raise NotImplementedError

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """How far the features of the image, (1, H, W, N), are from the target: a scalar, 0 when there."""
        raise NotImplementedError

    def sums(self, features: Any, summary: Any, where: Any, own: tuple[int, int]) -> tuple[Any, ...]:
        """Of an additive measure: what adds up over the tiles of a picture.

        Args:
            features: of a tile, (1, h, w, N); `reach` positions more than its own, where there are more.
            summary: of the target; of a pointwise measure what belongs to the tile.
            where: None, or the weights of the tile's own positions.
            own: (height, width) of what is the tile's own.

        Returns:
            Tensors.
        """
        raise NotImplementedError

    def of_sums(self, sums: tuple[Any, ...], summary: Any) -> Any:
        """Of an additive measure: the distance, from the sums over the whole picture.

        Args:
            sums: as `sums` gives them, added up.
            summary: of the target; None for a pointwise measure, whose sums hold all of it.
        """
        raise NotImplementedError

    def summary_of_sums(self, sums: tuple[Any, ...]) -> Any:
        """Of an additive measure that is not pointwise: `summary`, from the sums over the whole target."""
        raise NotImplementedError

    def part(self, layer: str) -> str:
        """The name of the part in a `History`, for example "style block1_conv1"."""
        return f"{self.name} {layer}"

    def in_formula(self, formula: losses.Formula) -> Measure:
        """The same measure in a formula of `losses`; one that has no such choice stays as it is."""
        return self


def weights_like(features: Any, where: Any) -> Any:
    """The weights of positions, (1, H, W, 1); ones when there are none."""
    return ops.ones_like(features[..., :1]) if where is None else where


def count_of(features: Any) -> Any:
    """The number of positions as a tensor."""
    return ops.cast(math.prod(features.shape[:3]), "float32")


@dataclass(frozen=True)
class Gram(Measure):
    """The Gram matrix of the channels (Gatys et al. 2016, eq. 3 to 5; with `where`, 2017, section 4).

    Attributes:
        formula: see `losses`.
    """

    name = "style"
    additive: ClassVar[bool] = True
    formula: losses.Formula = "relative"

    def __post_init__(self) -> None:
        losses.check_formula(self.formula)

    def summary(self, features: Any, where: Any = None) -> Any:
        """Shape (N, N)."""
        return losses.gram_matrix(features, where)

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """See `losses.style_loss`."""
        return losses.style_loss(features, summary, self.formula, where)

    def sums(self, features: Any, summary: Any, where: Any, own: tuple[int, int]) -> tuple[Any, ...]:
        """G, the sum of the weights, and the number of positions."""
        weights = weights_like(features, where)
        flat = ops.reshape(features * ops.sqrt(weights), (-1, features.shape[-1]))
        return channel_products(flat), ops.sum(weights), count_of(features)

    def summary_of_sums(self, sums: tuple[Any, ...]) -> Any:
        """Shape (N, N)."""
        return sums[0] / sums[1]

    def of_sums(self, sums: tuple[Any, ...], summary: Any) -> Any:
        """See `losses.gram_distance`."""
        gram, weight, positions = sums
        return losses.gram_distance(gram / weight, summary, self.formula, positions)

    def in_formula(self, formula: losses.Formula) -> Measure:
        """The same in another formula."""
        return replace(self, formula=formula)


@dataclass(frozen=True)
class Content(Measure):
    """The features themselves, position by position (Gatys et al. 2016, eq. 1).

    Attributes:
        formula: see `losses`.
    """

    name = "content"
    additive: ClassVar[bool] = True
    pointwise: ClassVar[bool] = True
    formula: losses.Formula = "relative"

    def __post_init__(self) -> None:
        losses.check_formula(self.formula)

    def summary(self, features: Any, where: Any = None) -> Any:
        """The features, shape (1, H, W, N)."""
        return features

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """See `losses.content_loss`."""
        return losses.content_loss(features, summary, self.formula, where)

    def sums(self, features: Any, summary: Any, where: Any, own: tuple[int, int]) -> tuple[Any, ...]:
        """Sums of (F - P)^2 and of P^2, the sum of the weights, the numbers of positions and values."""
        weights, count = weights_like(features, where), count_of(features)
        squared = ops.sum(weights * ops.square(features - summary))
        energy = ops.sum(weights * ops.square(summary))
        return squared, energy, ops.sum(weights), count, count * features.shape[-1]

    def of_sums(self, sums: tuple[Any, ...], summary: Any) -> Any:
        """See `losses.content_loss`; weights count as if their mean were 1."""
        squared, energy, weight, positions, values = sums
        scale = positions / weight
        if self.formula == "relative":
            return scale * squared / values / (scale * energy / values + losses.FLOOR)
        return scale * squared / values if self.formula == "mse" else 0.5 * scale * squared

    def in_formula(self, formula: losses.Formula) -> Measure:
        """The same in another formula."""
        return replace(self, formula=formula)


@dataclass(frozen=True)
class Variation(Measure):
    """How much neighbouring pixels differ (`losses.total_variation`); it has no target.

    Attributes:
        kind: "squared" or "absolute".
        reduction: "mean", or "sum" as the papers' formulas have it.
    """

    name = "variation"
    additive: ClassVar[bool] = True
    reach: ClassVar[int] = 1
    kind: Literal["squared", "absolute"] = "squared"
    reduction: Literal["mean", "sum"] = "mean"

    def summary(self, features: Any, where: Any = None) -> None:
        """Nothing: what counts is in the image alone."""
        return None

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """See `losses.total_variation`."""
        return losses.total_variation(features, self.kind, self.reduction)

    def sums(self, features: Any, summary: Any, where: Any, own: tuple[int, int]) -> tuple[Any, ...]:
        """Sums over the differences downwards and to the right, each with their number."""
        down, right = neighbour_differences(features, *own)
        measured = ops.square if self.kind == "squared" else losses.absolute
        found = [(ops.sum(measured(d)), ops.cast(math.prod(d.shape), "float32")) for d in (down, right)]
        return tuple(itertools.chain(*found))

    def of_sums(self, sums: tuple[Any, ...], summary: Any) -> Any:
        """See `losses.total_variation`."""
        down, downs, right, rights = sums
        if self.reduction == "sum":
            return down + right
        return down / ops.maximum(downs, 1.0) + right / ops.maximum(rights, 1.0)

    def part(self, layer: str) -> str:
        """For example "variation squared"."""
        return f"{self.name} {self.kind}"

    def in_formula(self, formula: losses.Formula) -> Measure:
        """Sums stand beside sums, means beside means."""
        return replace(self, reduction="sum" if formula in ("gatys", "sum") else "mean")


@dataclass(frozen=True)
class Excitation(Measure):
    """How little a layer responds in one direction of its channels (`losses.excitation_loss`).

    Its target is the direction, shape (N,): no picture has it.
    """

    name = "excite"

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """See `losses.excitation_loss`; this one may be negative."""
        return losses.excitation_loss(features, summary)


@dataclass(frozen=True)
class OwnMeasure(Measure):
    """A measure of one's own, made of two functions.

    Where these take `where` too, the measure works with regions. They are compiled once: what else they
    read, such as a variable of the notebook, counts with the value it had then.

    Attributes:
        of_target: features (1, H', W', N) -> a tensor, a tuple of tensors, or None; see `Measure.summary`.
        of_image: (features (1, H, W, N), summary) -> scalar tensor; see `Measure.distance`.
        name: first word of the part's name; by default the name of the first function.

    Raises:
        ValueError: what was given are no functions.
    """

    of_target: Callable[..., Any]
    of_image: Callable[..., Any]
    name: str = field(default="")

    def __post_init__(self) -> None:
        for function in (self.of_target, self.of_image):
            if not callable(function):
                raise ValueError(f"A measure is made of two functions, and {function!r} is none.")
        object.__setattr__(self, "name", self.name or own_name(self.of_target))

    def summary(self, features: Any, where: Any = None) -> Any:
        """What the first function keeps of the target."""
        return self._call(self.of_target, (features,), where)

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """What the second function says."""
        return self._call(self.of_image, (features, summary), where)

    def digest(self) -> int:
        """CRC-32 of the code of both functions and of what they close over."""
        parts = []
        for function in (self.of_target, self.of_image):
            cells = [repr(cell.cell_contents) for cell in getattr(function, "__closure__", None) or ()]
            told = instructions(getattr(function, "__code__", function))
            parts.append((told, cells, getattr(function, "__defaults__", None)))
        return zlib.crc32(repr(parts).encode())

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...], where: Any) -> Any:
        if where is None:
            return function(*arguments)
        if "where" not in inspect.signature(function).parameters:
            raise ValueError(
                f"The measure {self.name!r} knows no regions: let its functions take where=None, or leave "
                f"the masks out."
            )
        return function(*arguments, where=where)


def own_name(function: Callable[..., Any]) -> str:
    """What a measure is called when nobody says."""
    name = getattr(function, "__name__", "<lambda>")
    return "own measure" if name == "<lambda>" else name


def instructions(code: Any) -> Any:
    """What a code object does, those inside it included, without the addresses that `repr` would show."""
    if not isinstance(code, CodeType):
        return repr(code)
    return code.co_code, code.co_names, [instructions(constant) for constant in code.co_consts]


def known() -> dict[str, type[Measure]]:
    """The measures of style that go by a name."""
    from .patches import NearestNeighbours, Patches
    from .statistics import Histogram, Moments, SlicedWasserstein

    return {
        "gram": Gram,
        "moments": Moments,
        "histogram": Histogram,
        "sliced_wasserstein": SlicedWasserstein,
        "patches": Patches,
        "neighbours": NearestNeighbours,
    }


def as_measure(given: Any) -> Measure:
    """A measure by name, by name and options, or the one that was given.

    Args:
        given: "gram", {"name": "moments", "second": "deviation"}, or a `Measure`.

    Raises:
        ValueError: unknown name or option.
    """
    if isinstance(given, Measure):
        return given
    options = dict(given) if isinstance(given, Mapping) else {"name": given}
    name, measures = options.pop("name", None), known()
    if callable(name) or isinstance(name, (list, tuple)):
        raise ValueError("A measure of your own is nst.OwnMeasure(summary, distance); see its help.")
    if name not in measures:
        raise unknown_name("measure", name, measures)
    options_known = [f.name for f in fields(measures[name])]  # type: ignore[arg-type]
    for option in options:
        if option not in options_known:
            raise unknown_name(f"option of the measure {name}", option, options_known)
    return measures[name](**options)


def in_words(measure: Measure) -> str:
    """A measure that has no name here, for a record: no setting can hold it, but two of them differ."""
    told = measure.digest() if isinstance(measure, OwnMeasure) else zlib.crc32(repr(measure).encode())
    return f"the measure {measure.name} ({told:08x})"


def as_setting(measure: Measure) -> Any:
    """What `as_measure` makes the measure of again; None for one that has no name here."""
    for name, kind in known().items():
        if type(measure) is kind:
            own = {f.name: getattr(measure, f.name) for f in fields(measure)}  # type: ignore[arg-type]
            changed = {k: v for k, v in own.items() if v != getattr(kind(), k) and k != "formula"}
            return {"name": name, **changed} if changed else name
    return None
