"""The styles of a transfer: one, a mixture of several, or one for each region of the photograph."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .. import images
from ..colours import match_colors
from ..foundation import unknown_name
from ..objectives import Regions, check_weight, read_regions

COLORS = ("style", "recolored", "content", "luminance")
INSIDE = 0.5  # weight from which a pixel counts as inside a region, where only inside or outside will do


@dataclass(frozen=True, eq=False)
class Style:
    """A style picture and where it goes.

    Attributes:
        source: as it was given.
        picture: as it was loaded, (1, H, W, 3).
        original: its (height, width) as it was given.
        share: of the style weight, in (0, 1].
        key: of the picture in the record of a run: "style", "style/1", "style/red".
        region: of the photograph that it is for; None for all of it.
        mask: regions of the picture itself; None when all of it counts.
    """

    source: Any
    picture: np.ndarray
    original: tuple[int, int]
    share: float = 1.0
    key: str = "style"
    region: str | None = None
    mask: Regions | None = None

    def where(self, shape: tuple[int, int]) -> np.ndarray | None:
        """How much each pixel of the picture counts, at a (height, width)."""
        return None if self.mask is None or self.region is None else self.mask.at(self.region, shape)


@dataclass(frozen=True, eq=False)
class Palette:
    """All styles of a transfer.

    Attributes:
        styles: at least one.
        regions: of the photograph; None when every style goes everywhere.
        settings: the keywords that say so, as JSON can hold them.
        lacking: keyword -> what was given, where JSON cannot.
        unused: styles with a weight of 0, of which only the record of a run speaks.
        masks: keyword -> what was given, and its pixels or weights, for the record too.
    """

    styles: tuple[Style, ...]
    regions: Regions | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    unused: tuple[Style, ...] = ()
    masks: dict[str, tuple[Any, np.ndarray]] = field(default_factory=dict)

    @property
    def sources(self) -> dict[str, tuple[Any, np.ndarray]]:
        """All pictures by their keys, as they were given and as they were loaded."""
        return {s.key: (s.source, s.picture) for s in (*self.styles, *self.unused)} | self.masks

    def __iter__(self) -> Iterator[Style]:
        return iter(self.styles)

    def where(self, style: Style, shape: tuple[int, int]) -> np.ndarray | None:
        """How much each pixel of the image counts for a style, at a (height, width)."""
        if self.regions is None or style.region is None:
            return None
        return self.regions.at(style.region, shape)

    def recolored(self, photo: np.ndarray, rest: np.ndarray | None = None) -> np.ndarray:
        """A picture in the colours of the styles: mixed, or region by region.

        Args:
            photo: shape (1, H, W, 3).
            rest: is what regions without a style keep; None leaves the picture there.
        """
        out = np.zeros_like(photo)
        covered = np.zeros((*photo.shape[:3], 1), "float32")
        for style in self.styles:
            where = self.where(style, photo.shape[1:3])
            part = np.full((*photo.shape[:3], 1), style.share, "float32")
            part = part if where is None else where[None, :, :, None]
            inside = style.where(style.picture.shape[1:3])
            out += part * in_the_colours_of(photo, where, style.picture, inside)
            covered += part
        rest = photo if rest is None else rest
        return (out + (1 - np.minimum(covered, 1)) * rest).clip(0, 1).astype("float32")

    def map(self, change: Any) -> Palette:
        """The same styles with their pictures changed."""
        return replace(self, styles=tuple(replace(s, picture=change(s.picture)) for s in self.styles))


def in_the_colours_of(
    photo: np.ndarray, where: np.ndarray | None, picture: np.ndarray, picture_where: np.ndarray | None
) -> np.ndarray:
    """The photograph with the mean and covariance of colours of a picture; of regions, if there are any."""
    pixels = photo if where is None else photo[:, where > 0][:, None]
    colours = picture if picture_where is None else picture[:, picture_where > INSIDE][:, None]
    matched = match_colors(pixels, colours if colours.size else picture)
    if where is None:
        return matched
    out = photo.copy()
    out[:, where > 0] = matched[:, 0]
    return out


def read_styles(
    style: Any, blend: Any, content_mask: Any, style_mask: Any, at_most: int, photo: np.ndarray | None = None
) -> Palette:
    """The styles of a transfer.

    Args:
        style: a picture; a list of pictures; or region of the content mask -> picture or None.
        blend: the weights of a list, None for equal ones.
        content_mask, style_mask: see `objectives.read_regions`; None for none.
        at_most: longer side in pixels to which larger pictures are reduced.
        photo: shape (1, H, W, 3), whose proportions the content mask must have; None for one that is not
            known yet.

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence.
    """
    several = isinstance(style, (list, tuple))
    if blend is not None and not several:
        raise ValueError("blend holds the weights of several styles: give a list of style pictures with it.")
    if several and (content_mask is not None or style_mask is not None):
        raise ValueError("Styles that are mixed go everywhere: with masks give region -> style picture.")
    if several:
        return mixture(style, blend, at_most)
    regions = None
    if content_mask is not None:
        regions = read_regions(content_mask, "content mask")
        regions = regions if photo is None else regions.fitting(photo.shape[1:3], "photograph")
    if isinstance(style, Mapping):
        palette = by_region(style, regions, style_mask, at_most)
    else:
        palette = one_style(style, regions, style_mask, at_most)
    return recorded(palette, {"content_mask": content_mask, "style_mask": style_mask})


def recorded(palette: Palette, given: Mapping[str, Any]) -> Palette:
    """The same with what a record says of the masks: a file by its path, and what both hold."""
    settings: dict[str, Any] = {}
    lacking: dict[str, str] = {}
    masks: dict[str, tuple[Any, np.ndarray]] = {}
    for name, mask in given.items():
        if isinstance(mask, (str, os.PathLike)):
            settings[name], masks[name] = os.fspath(mask), (mask, images.load_image(mask))
        elif mask is not None:
            settings[name], lacking[name] = "a mask", f"the {name.replace('_', ' ')}"
            masks[name] = mask, np.moveaxis(read_regions(mask).weights, 0, -1)[None]
    return replace(palette, settings=palette.settings | settings, lacking=lacking, masks=masks)


def mixture(pictures: Sequence[Any], blend: Any, at_most: int) -> Palette:
    """Several styles at once, with their shares."""
    if not pictures:
        raise ValueError("The list of styles is empty; give at least one picture.")
    weights = [1.0] * len(pictures) if blend is None else blend
    if isinstance(weights, (str, Mapping)) or not hasattr(weights, "__len__") or np.ndim(weights) != 1:
        raise ValueError(f"blend is {blend!r}; give a list of numbers, one for each style.")
    if len(weights) != len(pictures):
        raise ValueError(
            f"There are {len(pictures)} styles and {len(weights)} weights in blend; give one for each style."
        )
    values = [check_weight(w, f"weight of style {i}") for i, w in enumerate(weights, start=1)]
    if not any(values):
        raise ValueError("All weights in blend are 0; give at least one style a positive weight.")
    relative = [value / max(values) for value in values]  # a sum of large ones would overflow
    styles = [
        Style(each, *images.load_with_shape(each, at_most=at_most), value / sum(relative), f"style/{i}")
        for i, (each, value) in enumerate(zip(pictures, relative, strict=True))
    ]
    used, unused = (tuple(s for s in styles if bool(s.share) == wanted) for wanted in (True, False))
    return Palette(used, settings={"blend": values}, unused=unused)


def by_region(style: Mapping[Any, Any], regions: Regions | None, style_mask: Any, at_most: int) -> Palette:
    """A style for each region of the photograph; regions without one keep what they are."""
    if regions is None:
        raise ValueError("Styles by region need a content_mask that says where the regions are.")
    if style_mask is not None:
        raise ValueError("style_mask divides one style picture; with styles by region leave it out.")
    given = {name: picture for name, picture in style.items() if picture is not None}
    for name in style:
        if name not in regions.names:
            raise unknown_name("region of the content mask", name, regions.names)
    if not given:
        raise ValueError("No region has a style; give at least one a picture.")
    styles = [
        Style(each, *images.load_with_shape(each, at_most=at_most), 1.0, f"style/{name}", str(name))
        for name, each in given.items()
    ]
    return Palette(shared_by_area(styles, regions), regions)


def one_style(style: Any, regions: Regions | None, style_mask: Any, at_most: int) -> Palette:
    """One style picture, as a whole or region to region of the same name."""
    picture, original = images.load_with_shape(style, at_most=at_most)
    if regions is None and style_mask is None:
        return Palette((Style(style, picture, original),))
    if regions is None or style_mask is None:
        missing = "content_mask" if regions is None else "style_mask"
        raise ValueError(
            f"One style picture goes everywhere unless both masks divide it: give {missing} too, or "
            f"region -> style picture."
        )
    mask = read_regions(style_mask, "style mask").fitting(picture.shape[1:3], "style picture")
    for name in regions.names:
        mask.at(name, picture.shape[1:3])
    styles = [Style(style, picture, original, 1.0, "style", name, mask) for name in regions.names]
    return Palette(shared_by_area(styles, regions), regions)


def shared_by_area(styles: Sequence[Style], regions: Regions) -> tuple[Style, ...]:
    """The style weight divided by area, so that a pixel is pulled alike in a small and in a large region."""
    areas = [regions.share(str(style.region)) for style in styles]
    for style in styles:
        regions.at(str(style.region), regions.weights.shape[1:])  # refuses what is empty
    return tuple(replace(s, share=area / sum(areas)) for s, area in zip(styles, areas, strict=True))
