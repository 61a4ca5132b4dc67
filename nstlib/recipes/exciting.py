"""Exciting pictures: what one channel of a layer answers to."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np

from ..backend import ops
from ..foundation import check_count
from ..objectives import Objective, excite_terms
from .look import Look, as_network, start_settings
from .loop import Job, carry_out
from .options import RunKeywords, RunOptions
from .result import Result
from .sizes import coarsest, halved
from .starts import starting_image
from .views import View, check_views

if TYPE_CHECKING:
    from ..networks import FeatureNetwork, Layer

SMALLEST_EXCITING = 32  # where coarse-to-fine begins: nothing else holds shapes
SILENT = 1e-5  # a mean response below this is none
# Lightness, orange against blue, and magenta against green (Ohta, Kanade and Sakai 1980), in which colours of
# photographs are nearly uncorrelated, and how far an exciting picture goes along each: chosen by eye.
COLOUR_AXES = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])
COLOUR_GAINS = np.array([1, 0.6, 0.2])


def excite(
    layer: Layer,
    channel: int,
    *,
    network: str | Mapping[str, Any] | FeatureNetwork = "pocket_vgg",
    size: int = 128,
    variation_weight: float = 80.0,
    variation: Literal["squared", "absolute"] = "squared",
    start: Any = "noise",
    seed: int = 0,
    **run: Unpack[RunKeywords],
) -> Result:
    """Find a picture that excites one channel of a layer (activation maximisation; Erhan et al. 2009).

    The score is the logarithm of the channel's mean response. Three priors keep the picture legible (without
    any, it is fine noise: Olah et al. 2017): it stays smooth, as in Mahendran and Vedaldi 2015, it is found
    from coarse to fine, and steps in colour are shorter than in lightness, as in photographs.

    Args:
        layer: a name or a number.
        channel: which feature map, from 0.
        network: as in `transfer_style`.
        size: sides of the picture in pixels.
        variation_weight, variation: how smooth the picture has to be.
        start: "noise", or anything `images.load_image` takes.
        seed: of the noise.
        run: see `RunOptions`; unless told otherwise, Adam (0.03, values kept in [0, 1]) takes 30 iterations
            at each size, from 32 pixels on.

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence.

    Warns:
        RuntimeWarning: nothing that was tried made the channel respond.
    """
    run = {"optimizer": "adam", "iterations": 30} | run
    if run["optimizer"] == "adam":
        run = {"learning_rate": 0.03, "bounds": (0.0, 1.0)} | run
    options, side = RunOptions.read(run, excite), check_count(size, "size")
    if isinstance(start, str) and start in ("content", "style", "recolored", "palette"):
        raise ValueError("There is no content and no style picture here; start from 'noise' or an image.")
    net = as_network(network)
    name, frame = net.resolve(layer), np.full((1, side, side, 3), 0.5, "float32")
    check_views(net, [View("picture", "size", (side, side), [name])], options.sizes, size=side)
    wanted = excite_terms(net, name, channel)
    seeing = net.behinds.made_once("muted", lambda: net.behind(muted))  # kept: all channels compile once

    look = Look(variation_weight=variation_weight, variation=variation).checked(net)

    def objective(here: np.ndarray, scale: float) -> Objective:
        return Objective(seeing, wanted + look.variation_terms())

    settings = {"layer": name, "channel": int(channel), "size": side}
    settings |= {"variation_weight": look.variation_weight, "variation": variation}
    settings |= start_settings(start, seed)
    begin = starting_image(start, frame, None, seed)
    begin = begin.then(lambda here: np.clip(vivid(here), 0, 1))
    result = carry_out(
        Job(
            title="exciting image",
            recipe="excite",
            objective_at=objective,
            frame=frame,
            begin=begin,
            options=options,
            usual_sizes=halved(side, coarsest(SMALLEST_EXCITING, side, net, [(side, [name])])),
            network=net,
            layers=[name],
            settings=settings,
            shown=muted,
        )
    )
    history, part = result.history, wanted[0].name  # an interrupted run may have no row
    if len(history) and np.nanmin(history.column(part)) > -np.log(SILENT):
        warnings.warn(
            f"Channel {channel} of {name} stayed silent: try another seed, or start from a photograph.",
            RuntimeWarning,
            stacklevel=2,
        )
    return result


def muted(image: Any) -> Any:
    """The image (1, H, W, 3) that stands for another in which steps along all colour axes are equally long.

    Every value is a weighted mean of the three colours, so [0, 1] stays [0, 1] and grey stays grey.
    """
    return ops.matmul(image, (COLOUR_AXES.T * COLOUR_GAINS @ COLOUR_AXES).astype("float32"))


def vivid(image: np.ndarray) -> np.ndarray:
    """The inverse of `muted`."""
    return image @ (COLOUR_AXES.T / COLOUR_GAINS @ COLOUR_AXES).astype("float32")
