"""Which pictures a run looks at, and whether they are large enough for the layers that look."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from .. import images
from ..networks import FeatureNetwork, Layer


@dataclass(frozen=True)
class View:
    """A picture of a run, and the layers that look at it.

    Attributes:
        what: it is called in messages.
        option: what sets its longer side: "size", "style_size" (None stands for the size), or "shape" for a
            result whose (height, width) is chosen.
        original: its (height, width) as it was given, before it was brought to a size.
        layers: by name or number.
    """

    what: str
    option: Literal["size", "style_size", "shape"]
    original: tuple[int, int]
    layers: Sequence[Layer]

    def shape(self, size: int, style_size: int | None = None, scale: float = 1.0) -> tuple[int, int]:
        """The (height, width) at which the network sees it, `scale` being 1 at the full size of a run."""
        if self.option == "shape":
            return images.shape_at(self.original, max(1, round(max(self.original) * scale)))
        longer = style_size if self.option == "style_size" and style_size else size
        loaded, most = self.original, max(size, longer)
        if self.option == "size" or max(loaded) > most:
            loaded = images.shape_at(loaded, most)
        return images.shape_at(loaded, max(1, round(longer * scale)))


class TooSmall(ValueError):
    """A picture is too small for the layers that look at it, at the full size of the run.

    Attributes:
        view: the picture.
        side: pixels that it needs on each side.
        fits: whether a size and a style_size would do for all pictures of the run.
    """

    def __init__(self, message: str, view: View, side: int, fits: Callable[[int, int | None], bool]) -> None:
        super().__init__(message)
        self.view, self.side, self.fits = view, side, fits


def check_views(
    net: FeatureNetwork,
    views: Sequence[View],
    sizes: str | Sequence[int],
    *,
    size: int,
    style_size: int | None = None,
    full: int | None = None,
) -> None:
    """Refuse pictures too small for the network, before anything is computed, and say what is large enough.

    Args:
        net: asked what the layers need.
        views: the pictures of a run; one whose option is "size" comes before one that follows it.
        sizes: of the run, see `RunOptions`; automatic ones begin where all pictures are large enough.
        size, style_size: longer sides of the pictures at the end of the run.
        full: longer side of the result; None when it is `size`.

    Raises:
        TooSmall: at the end of the run.
        ValueError: at its first size.
    """
    if small := too_small(net, views, size, style_size):
        message = f"{sight(small[0], size, style_size)}, {shortage(net, small[0])}"
        advice = large_enough(net, views, size, style_size)
        side = net.minimum_size(small[0].layers)
        raise TooSmall(
            f"{message}: {advice}.", small[0], side, lambda *chosen: not too_small(net, views, *chosen)
        )
    full = size if full is None else full
    first = full if isinstance(sizes, str) or not sizes else min(sizes[0], full)
    if small := too_small(net, views, size, style_size, first / full):
        height, width = small[0].shape(size, style_size, first / full)
        seen = f"sizes begins at {first}, where the {small[0].what} has {width} x {height} pixels"
        every = (s for s in range(first, full) if not too_small(net, views, size, style_size, s / full))
        raise ValueError(f"{seen}, {shortage(net, small[0])}: begin at {next(every, full)} or more.")


def too_small(
    net: FeatureNetwork, views: Sequence[View], size: int, style_size: int | None, scale: float = 1.0
) -> list[View]:
    """Those of the pictures that are too small for the network, at a part of the full size."""
    shapes = [view.shape(size, style_size, scale) for view in views]
    pairs = zip(views, shapes, strict=True)
    return [view for view, shape in pairs if min(shape) < net.minimum_size(view.layers)]


def sight(view: View, size: int, style_size: int | None) -> str:
    """How many pixels a picture has, as it was given and at the size of the run, as part of a sentence."""
    (height, width), (seen_height, seen_width) = view.original, view.shape(size, style_size)
    given = f"The {view.what} has {width} x {height} pixels"
    if (height, width) == (seen_height, seen_width):
        return given
    option = "style_size" if view.option == "style_size" and style_size else "size"
    return f"{given}, and {seen_width} x {seen_height} at {option}={max(seen_height, seen_width)}"


def shortage(net: FeatureNetwork, view: View) -> str:
    """What the network needs, and for which layers: the deepest of those that look."""
    side = net.minimum_size(view.layers)
    deepest = [str(layer) for layer in view.layers if net.minimum_size([layer]) == side]
    return f"but {net.name} needs at least {side} on each side for {', '.join(deepest)}"


def large_enough(net: FeatureNetwork, views: Sequence[View], size: int, style_size: int | None) -> str:
    """The smallest sizes at which all pictures are large enough, as advice."""
    found = {}
    for view in views:
        if not too_small(net, [view], size, style_size):
            continue
        side = net.minimum_size(view.layers)
        if view.option == "shape":
            return f"give a shape of {side} or more on each side"
        if view.option == "size":
            size = found["size"] = images.size_for(view.original, side)
        else:  # counted, because a picture larger than the result is rounded twice
            sizes = itertools.count(1)
            found["style_size"] = next(s for s in sizes if min(view.shape(size, s)) >= side)
    return "pass " + " and ".join(f"{name}={value}" for name, value in found.items()) + " or more"
