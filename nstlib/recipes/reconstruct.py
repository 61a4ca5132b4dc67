"""Reconstructions: what a layer keeps of a photograph, and what Gram matrices keep of a style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np

from .. import images
from ..colours import match_colors
from ..objectives import Objective
from ..objectives.measures import as_setting, in_words
from .look import DEFAULT_SIZE, Look, as_network, seen_layers, start_settings, unchosen
from .loop import SMALLEST_SIZE, Job, carry_out, in_tiles
from .options import RunKeywords, RunOptions, counts_in
from .result import Result
from .sizes import coarsest, halved
from .starts import starting_image
from .views import View, check_views

if TYPE_CHECKING:
    from ..losses import Formula
    from ..networks import FeatureNetwork
    from ..objectives import LayerWeights, Measure

SMALLEST_CONTENT = 64  # where coarse-to-fine begins for content alone: deep layers need the help


def reconstruct_content(
    content: Any,
    layer: LayerWeights | None = None,
    *,
    network: str | Mapping[str, Any] | FeatureNetwork = "pocket_vgg",
    size: int | None = None,
    variation_weight: float = 0.0,
    variation: Literal["squared", "absolute"] = "squared",
    formula: Formula = "relative",
    start: Any = "noise",
    seed: int = 0,
    **run: Unpack[RunKeywords],
) -> Result:
    """Find an image with the same features as a photograph in one layer (Mahendran and Vedaldi 2015).

    What comes back is what the layer kept; what differs is what it threw away (Gatys et al. 2016, Fig. 1).

    Args:
        content: anything `images.load_image` takes.
        layer: a layer, a list, or layer -> weight; None means the network's usual content layer.
        network, size, variation_weight, variation, formula, seed, run: as in `transfer_style`; by default
            there is no variation term, so that nothing but the layer speaks, and sizes start at 64.
        start: "noise" (faint, on the mean colour of the photograph), "content", or a picture. On middle grey
            a filter that answers to a missing colour is silent and has no gradient: the colours stay wrong.
    """
    options = RunOptions.read(run, reconstruct_content)
    photo, original = images.load_with_shape(content, size, at_most=DEFAULT_SIZE)
    full, net = max(photo.shape[1:3]), as_network(network)
    look = Look(
        layer,
        content_weight=1.0,
        variation_weight=variation_weight,
        variation=variation,
        formula=formula,
    ).checked(net)
    kept: Any = look.content_layers
    seen = seen_layers(kept)
    check_views(net, [View("content picture", "size", original, seen)], options.sizes, size=full)
    options = in_tiles(options, net, seen, photo.shape[1:3], True)

    def objective(here: np.ndarray, scale: float) -> Objective:
        return Objective(net, look.content_terms(net, here, options.tile) + look.variation_terms())

    settings = {"layer": kept, "size": full} | look.common_settings() | start_settings(start, seed)
    colour = tuple(map(float, photo.mean((0, 1, 2))))
    return carry_out(
        Job(
            title="content reconstruction",
            recipe="reconstruct_content",
            objective_at=objective,
            frame=photo,
            begin=starting_image(start, photo, None, seed, around=colour),
            options=options,
            usual_sizes=halved(full, coarsest(SMALLEST_CONTENT, full, net, [(min(photo.shape[1:3]), seen)])),
            network=net,
            layers=seen,
            pictures={"content": (content, photo)},
            settings=settings,
            usual=unchosen(layer=layer),
        )
    )


def reconstruct_style(
    style: Any,
    layers: LayerWeights | None = None,
    *,
    network: str | Mapping[str, Any] | FeatureNetwork = "pocket_vgg",
    size: int | None = None,
    shape: tuple[int, int] | None = None,
    style_measure: str | Mapping[str, Any] | Measure = Look.style_measure,
    variation_weight: float = 0.0,
    variation: Literal["squared", "absolute"] = "squared",
    formula: Formula = "relative",
    start: Any = "noise",
    seed: int = 0,
    **run: Unpack[RunKeywords],
) -> Result:
    """Find an image with the same Gram matrices as a picture (texture synthesis; Gatys et al. 2015).

    Args:
        style: anything `images.load_image` takes.
        layers: a layer, a list, or layer -> weight; None means the network's usual style layers.
        shape: (height, width) of the result in pixels; None means that of the style picture.
        network, size, style_measure, variation_weight, variation, formula, start, seed, run: as in
            `transfer_style`; by default there is no variation term. Grey noise shows what the layers alone
            know; from the "palette", colours come out nearer to the style's.
    """
    options = RunOptions.read(run, reconstruct_style)
    picture, original = images.load_with_shape(style, size, at_most=DEFAULT_SIZE)
    net = as_network(network)
    look = Look(
        style_layers=layers,
        style_measure=style_measure,
        variation_weight=variation_weight,
        variation=variation,
        formula=formula,
    ).checked(net, transfer=False)
    seen, longer = seen_layers(look.style_layers), max(picture.shape[1:3])
    frame = picture if shape is None else images.resize(picture, height_and_width(shape))
    full = max(frame.shape[1:3])
    views = [View("style picture", "size", original, seen)]
    views += [] if shape is None else [View("result", "shape", frame.shape[1:3], seen)]
    check_views(net, views, options.sizes, size=longer, full=full)
    options = in_tiles(options, net, seen, frame.shape[1:3], look.additive)

    def objective(here: np.ndarray, scale: float) -> Objective:
        smaller = images.resize(picture, max(1, round(longer * scale)))
        return Objective(net, look.style_terms(net, smaller, tile=options.tile) + look.variation_terms())

    measure: Any = look.style_measure
    settings = {"layers": look.style_layers, "size": longer, "shape": frame.shape[1:3]}
    settings |= {"style_measure": as_setting(measure) or in_words(measure)}
    settings |= look.common_settings() | start_settings(start, seed)
    lacking = {} if as_setting(measure) else {"style_measure": "the measure of style"}
    needs = [(min(each.shape[1:3]), seen) for each in (picture, frame)]
    return carry_out(
        Job(
            title="style reconstruction",
            recipe="reconstruct_style",
            objective_at=objective,
            frame=frame,
            begin=starting_image(start, frame, lambda here: match_colors(here, picture), seed, picture),
            options=options,
            usual_sizes=halved(full, coarsest(SMALLEST_SIZE, full, net, needs)),
            network=net,
            layers=seen,
            pictures={"style": (style, picture)},
            settings=settings,
            usual=unchosen(layers=layers, shape=shape),
            lacking=lacking,
        )
    )


def height_and_width(shape: Any) -> tuple[int, int]:
    """A (height, width).

    Raises:
        ValueError: not two whole numbers of 1 or more.
    """
    sides = counts_in(shape, "shape")
    if len(sides) != 2:
        raise ValueError(f"shape is {shape!r}; give (height, width).")
    return sides[0], sides[1]
