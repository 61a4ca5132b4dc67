"""The recipes: content reconstruction, style reconstruction, style transfer, exciting images.

Each names pictures, layers and weights, computes the targets once per size, and lets an optimiser change
an image. They run from coarse to fine: large shapes are found on a small picture, where an evaluation is
cheap and the network sees far, and only details are left for the full size.
"""

from __future__ import annotations

import inspect
import itertools
import math
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tqdm.auto import tqdm

from . import backend, checkpoint, colours, images, losses, making, memory
from .autodiff import numpy
from .backend import ops
from .foundation import check_target, unknown_name
from .making import Making, Picture
from .networks import FeatureNetwork, Layer, load_network
from .objectives import (
    LayerWeights,
    Objective,
    check_weight,
    content_terms,
    excite_terms,
    layer_weights,
    style_terms,
    variation_terms,
)
from .optimizers import (
    Callback,
    History,
    Progress,
    State,
    check_count,
    make_optimizer,
    minimize,
    option_names,
)
from .optimizers.line_search import StrongWolfe
from .process import Tolerant

DEFAULT_SIZE = 512  # pictures larger than this are reduced unless a size is asked for
SMALLEST_SIZE = 128  # where coarse-to-fine begins
SMALLEST_TRANSFER = 256  # and where a transfer begins: strokes that are found on less come out as pebbles
SMALLEST_CONTENT = 64  # and where it begins when only content is reconstructed: deep layers need the help
SMALLEST_EXCITING = 32  # and where it begins for a picture that excites a channel: nothing else holds shapes
SILENT = 1e-5  # a mean response below this is none
NOISE = 0.05  # standard deviation of the noise to start from
MIDDLE_GREY = (0.5, 0.5, 0.5)
# Lightness, orange against blue, and magenta against green (Ohta, Kanade and Sakai 1980), in which colours of
# photographs are nearly uncorrelated, and how far an exciting picture goes along each: chosen by eye.
COLOUR_AXES = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])
COLOUR_GAINS = np.array([1, 0.6, 0.2])


@dataclass(frozen=True)
class Result:
    """What a recipe returns.

    Attributes:
        image: float32 RGB in [0, 1], shape (1, H, W, 3): the image with the lowest loss that was seen.
        history: every evaluation with its loss parts and seconds.
        snapshots: images at the chosen iterations, counted over all sizes, by iteration.
        settings: the keyword arguments that make the same image of the same pictures: `recipe(...,
            **settings)`. Defaults are written out, and JSON can hold them.
        seconds: of the whole run, set-up of the targets and compilation included.
        making: the settings and all else that `nst.repeat` needs; a PNG carries it.
        sources: the pictures as they were given, by the name of their parameter.
    """

    image: np.ndarray
    history: History
    snapshots: dict[int, np.ndarray]
    settings: dict[str, Any]
    seconds: float
    making: Making | None = None
    sources: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the image as PNG, JPEG, TIFF or WebP, whole or not at all; a PNG says how it was made."""
        notes = None if self.making is None else self.making.to_text()
        images.save_image(self.image, path, overwrite=overwrite, notes=notes)


@dataclass(frozen=True)
class RunOptions:
    """How a recipe runs; every recipe takes these as keywords.

    Attributes:
        optimizer: "lbfgs", "adam", "gradient_descent" or "scipy"; its own options (`learning_rate`, ...)
            are keywords of the recipe too.
        iterations: for each size, one number or one per size; "auto" is what suits the recipe: 100, and for
            a transfer of several sizes 70, the last one 45 (see `usual_iterations`).
        sizes: longer sides from coarse to fine, "auto" (halving, for a transfer down to 256, for a style
            alone to 128, for content alone to 64), or "single".
        callback: called with a `Progress` after every iteration; a KeyboardInterrupt that it raises ends the
            run as Ctrl-C does, with the best image so far.
        progress: show a bar with the time left.
        snapshots: iterations, from 1 and counted over all sizes, whose image is kept.
        checkpoint: file to write the run into; when it exists, the run goes on from there. A disk that is
            full later on is a warning: the run goes on and the older file stays.
        checkpoint_every: iterations between two writings.
    """

    optimizer: str = "lbfgs"
    iterations: Literal["auto"] | int | Sequence[int] = "auto"
    sizes: Literal["auto", "single"] | Sequence[int] = "auto"
    callback: Callback | None = None
    progress: bool = True
    snapshots: Sequence[int] = ()
    checkpoint: str | Path | None = None
    checkpoint_every: int = 25
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def read(keywords: Mapping[str, Any], recipe: Callable[..., Any] | None = None) -> RunOptions:
        """Sort keywords into options of the run and options of the optimiser, and check them all.

        Args:
            keywords: those a recipe does not know itself.
            recipe: whose own keywords may be what was meant by an unknown one.

        Raises:
            ValueError: an unknown keyword (the nearest is suggested) or a bad value.
            OSError: no checkpoint can be written there.
        """
        own = [f.name for f in fields(RunOptions) if f.name != "optimizer_options"]
        mine = {k: v for k, v in keywords.items() if k in own}
        theirs = {k: v for k, v in keywords.items() if k not in own}
        search = theirs.get("search")
        if isinstance(search, Mapping) and {f.name for f in fields(StrongWolfe)} >= set(search):
            theirs["search"] = StrongWolfe(**search)  # as settings hold it
        options = RunOptions(**mine, optimizer_options=theirs)
        known = option_names(options.optimizer)
        others = [] if recipe is None else parameters(recipe)
        for keyword in options.optimizer_options:
            if keyword not in known:
                what = f"option of a run with {options.optimizer}"
                raise unknown_name(what, keyword, [*known, *own, *others])
        return options._checked()

    def _checked(self) -> RunOptions:
        """The same options, with numbers as Python's own; bad values are refused."""
        make_optimizer(self.optimizer, **self.optimizer_options)
        check_count(self.checkpoint_every, "checkpoint_every")
        if self.callback is not None and not callable(self.callback):
            raise ValueError(f"callback is {self.callback!r}; give a function that takes a Progress.")
        return replace(
            self,
            iterations=self._checked_iterations(),
            sizes=self.sizes if isinstance(self.sizes, str) else counts_in(self.sizes, "sizes"),
            snapshots=counts_in(self.snapshots, "snapshots"),
            checkpoint=None if self.checkpoint is None else self._checkpoint_file(),
        )

    def _checked_iterations(self) -> Literal["auto"] | int | list[int]:
        given = self.iterations
        if isinstance(given, str):
            if given != "auto":
                raise ValueError(f"iterations is {given!r}; give a whole number, one per size, or 'auto'.")
            return "auto"
        one = isinstance(given, (int, float, np.number))
        return check_count(given) if one else counts_in(given, "iterations")

    def _checkpoint_file(self) -> Path:
        if self.optimizer == "scipy":
            raise ValueError(
                "SciPy's optimiser keeps its state to itself, so it takes no checkpoint; use 'lbfgs'."
            )
        if not isinstance(self.checkpoint, (str, Path)):
            raise ValueError(f"checkpoint is {self.checkpoint!r}; give the name of a file.")
        return check_target(self.checkpoint)

    def per_size(self, usual: Sequence[int]) -> list[int]:
        """The iterations of each size.

        Args:
            usual: what "auto" stands for, one number per size.

        Raises:
            ValueError: a list of another length, or snapshots after the last iteration.
        """
        count, planned = len(usual), list(usual)
        if self.iterations != "auto":
            given = self.iterations
            planned = [given] * count if isinstance(given, int) else [int(n) for n in given]
        if len(planned) != count:
            raise ValueError(
                f"The run has {count} size(s), but iterations has {len(planned)} numbers; give one per size."
            )
        if max(self.snapshots, default=0) > sum(planned):
            raise ValueError(
                f"snapshots asks for iteration {max(self.snapshots)}, but the run has only {sum(planned)}."
            )
        return planned


def parameters(recipe: Callable[..., Any]) -> list[str]:
    """The parameters a recipe knows itself."""
    return [name for name in inspect.signature(recipe).parameters if name != "run"]


def counts_in(values: Any, name: str) -> list[int]:
    """A list of whole numbers of 1 or more.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise ValueError(f"{name} is {values!r}; give a list of whole numbers.")
    return [check_count(value, name) for value in values]


# --- the recipes ------------------------------------------------------------------------------------


def transfer_style(
    content: Any,
    style: Any,
    *,
    network: str | Mapping[str, Any] | FeatureNetwork = "pocket_vgg",
    size: int | None = None,
    style_size: int | None = None,
    content_layers: LayerWeights | None = None,
    style_layers: LayerWeights | None = None,
    content_weight: float = 0.02,
    style_weight: float = 1.0,
    variation_weight: float = 0.2,
    variation: Literal["squared", "absolute"] = "squared",
    formula: losses.Formula = "relative",
    start: Any = "recolored",
    seed: int = 0,
    **run: Any,
) -> Result:
    """Paint a photograph in the style of a picture (Gatys, Ecker and Bethge 2016, eq. 7).

    Args:
        content, style: anything `images.load_image` takes: a sample name, a file, a URL, an array.
        network: a name, the keywords of `load_network` by name, or a network that it made.
        size: longer side of the result in pixels; None keeps the photograph's own up to 512.
        style_size: longer side at which the style is looked at; it sets the size of the strokes. None
            means the same as `size`. The style keeps its own aspect ratio.
        content_layers, style_layers: layer, list of layers, or layer -> weight; None means the network's
            usual ones.
        content_weight, style_weight, variation_weight: alpha, beta, and the weight of total variation.
        variation: "squared" or "absolute".
        formula: see `losses`.
        start: "recolored" (the photograph in the style's colours, see `colours.match_colors`), "content",
            "style", "noise", or anything `images.load_image` takes; it is brought to the shape of the result.
        seed: of the noise.
        run: see `RunOptions`.

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence.
    """
    options = RunOptions.read(run, transfer_style)
    photo, photo_shape = images.load_with_shape(content, size, at_most=DEFAULT_SIZE)
    full = max(photo.shape[1:3])
    strokes_at = full if style_size is None else check_count(style_size, "style_size")
    picture, style_shape = images.load_with_shape(style, at_most=max(full, strokes_at))
    net = as_network(network)  # last, because it may take long
    kept = chosen_layers(net, content_layers, net.plan.content_layers, "content")
    painted = chosen_layers(net, style_layers, net.plan.transfer_weights or net.plan.style_layers, "style")

    def objective(here: np.ndarray, scale: float) -> Objective:
        strokes = images.resize(picture, max(1, round(strokes_at * scale)))
        terms = content_terms(net, here, kept, content_weight)
        terms += style_terms(net, strokes, painted, style_weight)
        return Objective(net, terms + variation_terms(variation_weight, variation), formula)

    settings = {
        "size": full,
        "style_size": strokes_at,
        "content_layers": kept,
        "style_layers": painted,
        "content_weight": check_weight(content_weight, "content weight"),
        "style_weight": check_weight(style_weight, "style weight"),
        "formula": formula,
    } | common_settings(variation_weight, variation, formula, start, seed)
    usual = unchosen(style_size=style_size, content_layers=content_layers, style_layers=style_layers)
    seen = [*(kept if content_weight else ()), *(painted if style_weight else ())]
    views = [View("content picture", "size", photo_shape, seen)]
    views += [View("style picture", "style_size", style_shape, list(painted))] if style_weight else []
    check_views(net, views, options.sizes, size=full, style_size=style_size)
    narrowest = min(picture.shape[1:3]) / max(picture.shape[1:3]) * strokes_at
    needs = [(min(photo.shape[1:3]), [*kept, *painted]), (narrowest, list(painted))]
    steps = transfer_sizes(full, coarsest(SMALLEST_TRANSFER, full, net, needs))
    begin = starting_image(start, photo, picture, seed)
    taken = {"content": (content, photo), "style": (style, picture)}
    job = Job("style transfer", "transfer_style", net, photo, taken, begin, settings, usual, options, steps)
    return synthesise(job, objective)


def reconstruct_content(
    content: Any,
    layer: LayerWeights | None = None,
    *,
    network: str | Mapping[str, Any] | FeatureNetwork = "pocket_vgg",
    size: int | None = None,
    variation_weight: float = 0.0,
    variation: Literal["squared", "absolute"] = "squared",
    formula: losses.Formula = "relative",
    start: Any = "noise",
    seed: int = 0,
    **run: Any,
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
    net = as_network(network)
    kept = chosen_layers(net, layer, net.plan.content_layers, "content")
    view = View("content picture", "size", original, list(kept))
    check_views(net, [view], options.sizes, size=max(photo.shape[1:3]))

    def objective(here: np.ndarray, scale: float) -> Objective:
        terms = content_terms(net, here, kept) + variation_terms(variation_weight, variation)
        return Objective(net, terms, formula)

    settings = {"layer": kept, "size": max(photo.shape[1:3]), "formula": formula}
    settings |= common_settings(variation_weight, variation, formula, start, seed)
    colour, full = tuple(map(float, photo.mean((0, 1, 2)))), max(photo.shape[1:3])
    begin, taken = starting_image(start, photo, None, seed, colour), {"content": (content, photo)}
    steps = halved(full, coarsest(SMALLEST_CONTENT, full, net, [(min(photo.shape[1:3]), list(kept))]))
    title, usual = "content reconstruction", unchosen(layer=layer)
    job = Job(title, "reconstruct_content", net, photo, taken, begin, settings, usual, options, steps)
    return synthesise(job, objective)


def reconstruct_style(
    style: Any,
    layers: LayerWeights | None = None,
    *,
    network: str | Mapping[str, Any] | FeatureNetwork = "pocket_vgg",
    size: int | None = None,
    shape: tuple[int, int] | None = None,
    variation_weight: float = 0.0,
    variation: Literal["squared", "absolute"] = "squared",
    formula: losses.Formula = "relative",
    start: Any = "noise",
    seed: int = 0,
    **run: Any,
) -> Result:
    """Find an image with the same Gram matrices as a picture (texture synthesis; Gatys et al. 2015).

    Args:
        style: anything `images.load_image` takes.
        layers: a layer, a list, or layer -> weight; None means the network's usual style layers.
        shape: (height, width) of the result in pixels; None means that of the style picture.
        network, size, variation_weight, variation, formula, start, seed, run: as in `transfer_style`.
    """
    options = RunOptions.read(run, reconstruct_style)
    picture, original = images.load_with_shape(style, size, at_most=DEFAULT_SIZE)
    net = as_network(network)
    painted = chosen_layers(net, layers, net.plan.style_layers, "style")
    frame = picture if shape is None else images.resize(picture, height_and_width(shape))
    views = [View("style picture", "size", original, list(painted))]
    views += [] if shape is None else [View("result", "shape", frame.shape[1:3], list(painted))]
    longer = max(picture.shape[1:3])
    check_views(net, views, options.sizes, size=longer, full=max(frame.shape[1:3]))

    def objective(here: np.ndarray, scale: float) -> Objective:
        smaller = images.resize(picture, max(1, round(longer * scale)))
        terms = style_terms(net, smaller, painted) + variation_terms(variation_weight, variation)
        return Objective(net, terms, formula)

    settings = {"layers": painted, "size": max(picture.shape[1:3]), "shape": frame.shape[1:3]}
    settings |= common_settings(variation_weight, variation, formula, start, seed) | {"formula": formula}
    begin, taken = starting_image(start, frame, picture, seed), {"style": (style, picture)}
    sides = [min(picture.shape[1:3]), min(frame.shape[1:3])]
    needs = [(side, list(painted)) for side in sides]
    full = max(frame.shape[1:3])
    steps = halved(full, coarsest(SMALLEST_SIZE, full, net, needs))
    title, usual = "style reconstruction", unchosen(layers=layers, shape=shape)
    job = Job(title, "reconstruct_style", net, frame, taken, begin, settings, usual, options, steps)
    return synthesise(job, objective)


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
    **run: Any,
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
    if isinstance(start, str) and start in ("content", "style"):
        raise ValueError("There is no content and no style picture here; start from 'noise' or an image.")
    net = as_network(network)
    name, frame = net.resolve(layer), np.full((1, side, side, 3), 0.5, "float32")
    check_views(net, [View("picture", "size", (side, side), [name])], options.sizes, size=side)
    wanted = excite_terms(net, name, channel)
    if "muted" not in net.behinds:  # kept, so that all channels compile once
        net.behinds["muted"] = net.behind(muted)
    seeing = net.behinds["muted"]

    def objective(here: np.ndarray, scale: float) -> Objective:
        return Objective(seeing, wanted + variation_terms(variation_weight, variation))

    settings = {"layer": name, "channel": int(channel), "size": side}
    settings |= common_settings(variation_weight, variation, "relative", start, seed)
    begin = starting_image(start, frame, None, seed)
    if begin.picture is not None:
        begin = replace(begin, picture=np.clip(vivid(begin.picture), 0, 1))
    steps = halved(side, coarsest(SMALLEST_EXCITING, side, net, [(side, [name])]))
    options = replace(options, callback=options.callback and showing(muted, options.callback))
    job = Job("exciting image", "excite", net, frame, {}, begin, settings, (), options, steps)
    result = synthesise(job, objective)
    snapshots = {count: numpy(muted(image)) for count, image in result.snapshots.items()}
    result = replace(result, image=numpy(muted(result.image)), snapshots=snapshots)
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


def showing(change: Callable[[Any], Any], callback: Callback) -> Callback:
    """A callback that is given the changed image."""
    return lambda now: callback(replace(now, tensor=change(now.tensor)))


# --- pieces the recipes share -----------------------------------------------------------------------


def as_network(network: str | Mapping[str, Any] | FeatureNetwork) -> FeatureNetwork:
    """A network by name or by keywords of `load_network`, or the one that was given."""
    if isinstance(network, Mapping):
        for keyword in network:
            if keyword not in (known := list(inspect.signature(load_network).parameters)):
                raise unknown_name("option of a network", keyword, known)
        return load_network(**network)
    return network if isinstance(network, FeatureNetwork) else load_network(network)


def chosen_layers(
    net: FeatureNetwork, layers: LayerWeights | None, usual: LayerWeights, what: str
) -> dict[Layer, float]:
    """Weights by the layers' Keras names, the network's usual layers when none are named.

    Raises:
        ValueError: unknown layers, bad weights, or nothing that names layers.
    """
    given: Any = usual if layers is None else layers
    if isinstance(given, np.integer):
        given = int(given)
    elif not isinstance(given, (str, int, Mapping)):
        if not isinstance(given, Iterable):
            raise ValueError(f"The {what} layers are {given!r}; give a layer, a list, or layer -> weight.")
        given = list(given)
    return {name: weight for name, weight in layer_weights(net, given, what).items()}


def common_settings(
    variation_weight: float, variation: str, formula: str, start: Any, seed: int
) -> dict[str, Any]:
    """The settings that every recipe has.

    Raises:
        ValueError: one of them is wrong.
    """
    losses.check_formula(formula)
    if variation not in ("squared", "absolute"):
        raise unknown_name("variation", variation, ("squared", "absolute"))
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed is {seed!r}; give a whole number of 0 or more.")
    return {
        "variation_weight": check_weight(variation_weight, "variation weight"),
        "variation": variation,
        "start": os.fspath(start) if isinstance(start, (str, os.PathLike)) else start,
        "seed": int(seed),
    }


def unchosen(**keywords: Any) -> tuple[str, ...]:
    """The names of the keywords that were left to their defaults."""
    return tuple(name for name, value in keywords.items() if value is None)


def height_and_width(shape: Any) -> tuple[int, int]:
    """A (height, width).

    Raises:
        ValueError: not two whole numbers of 1 or more.
    """
    sides = counts_in(shape, "shape")
    if len(sides) != 2:
        raise ValueError(f"shape is {shape!r}; give (height, width).")
    return sides[0], sides[1]


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


def coarsest(
    smallest: int, full: int, net: FeatureNetwork, needs: Iterable[tuple[float, Sequence[Layer]]]
) -> int:
    """The longer side at which coarse-to-fine may begin.

    Args:
        smallest: where it begins when no picture is narrow.
        full: longer side of the result.
        net: asked what the layers need.
        needs: for every picture its shorter side at full size, and the layers that look at it.
    """
    return max(smallest, *(math.ceil(full * net.minimum_size(layers) / side) for side, layers in needs))


@dataclass(frozen=True)
class Start:
    """The image to begin with, for any shape.

    Attributes:
        picture: what is brought to the shape, (1, H, W, 3); None for noise.
        seed: of the noise.
        own: whether it is a picture beside those of the recipe.
        around: what the noise varies, a value for each colour.
    """

    picture: np.ndarray | None
    seed: int
    own: bool = False
    around: tuple[float, ...] = MIDDLE_GREY

    def __call__(self, shape: tuple[int, int]) -> np.ndarray:
        """Shape (height, width) -> float32 in [0, 1], (1, height, width, 3)."""
        if self.picture is None:
            return noise(shape, self.seed, self.around)
        return images.resize(self.picture, shape)


def starting_image(
    start: Any,
    frame: np.ndarray,
    style: np.ndarray | None,
    seed: int,
    around: tuple[float, ...] = MIDDLE_GREY,
) -> Start:
    """The image to begin with; `around` is the colour of the noise.

    Raises:
        ValueError, OSError, TypeError: unknown word, or nothing that can be loaded.
    """
    words = ("recolored", "content", "style", "noise")
    if isinstance(start, str) and start == "noise":
        return Start(None, seed, around=around)
    if isinstance(start, str) and start in words:
        if start == "content":
            return Start(frame, seed)
        if style is None:
            raise ValueError("There is no style picture to start from; use 'noise', 'content' or an image.")
        return Start(style if start == "style" else colours.match_colors(frame, style), seed)
    try:
        return Start(images.load_image(start, at_most=max(frame.shape[1:3])), seed, own=True)
    except FileNotFoundError:
        raise unknown_name("start", start, (*words, "or a picture")) from None


def noise(shape: tuple[int, int], seed: int, around: Sequence[float] = MIDDLE_GREY) -> np.ndarray:
    """Faint noise on one colour, shape (1, height, width, 3).

    Faint, because no deep layer sees single pixels: what strong noise puts there stays in the picture to
    the end. The papers' white noise is faint too, of standard deviation about 1 on the scale 0..255.
    """
    values = np.asarray(around) + NOISE * np.random.default_rng(seed).standard_normal((1, *shape, 3))
    return np.clip(values, 0, 1).astype("float32")


def halved(full: int, smallest: int) -> list[int]:
    """Longer sides from coarse to fine: `full`, its half, and so on, none of them under `smallest`."""
    steps = [full]
    while steps[0] // 2 >= smallest:
        steps.insert(0, steps[0] // 2)
    return steps


def transfer_sizes(full: int, smallest: int) -> list[int]:
    """The same for a transfer, which begins at `smallest` itself when that is a step worth taking.

    A single size leaves strokes as short as the reach of the filters, and half of 384 is too little to hold a
    face: 256 and 384 do both.
    """
    steps = halved(full, smallest)
    return [smallest, *steps] if steps[0] >= 1.4 * smallest else steps


def ladder(frame: np.ndarray, sizes: Any, usual: Sequence[int]) -> list[tuple[int, int]]:
    """The (height, width) of each size from coarse to fine, the last one that of the frame.

    Args:
        frame: whose shape the result has.
        sizes: see `RunOptions`.
        usual: the longer sides that "auto" stands for.

    Raises:
        ValueError: sizes that are not increasing, or not positive.
    """
    full = max(frame.shape[1:3])
    if isinstance(sizes, str):
        if sizes not in ("auto", "single"):
            raise unknown_name("sizes", sizes, ("auto", "single"))
        sizes = usual if sizes == "auto" else [full]
    longer = counts_in(sizes, "sizes")
    if longer != sorted(set(longer)) or longer[-1:] != [full]:
        raise ValueError(f"sizes must grow and end with the full size {full}, not {list(sizes)}.")
    height, width = frame.shape[1:3]
    return [(max(1, round(height * s / full)), max(1, round(width * s / full))) for s in longer]


def usual_iterations(recipe: str, sizes: int) -> list[int]:
    """The iterations of each size when none are named.

    A transfer finds its strokes on the small pictures, where an evaluation costs little; the full size only
    sharpens them.
    """
    if recipe != "transfer_style" or sizes == 1:
        return [100] * sizes
    return [70] * (sizes - 1) + [45]


@dataclass
class Watcher:
    """Everything that happens beside the optimisation: bar, callback, snapshots, checkpoints."""

    options: RunOptions
    shapes: Sequence[tuple[int, int]]
    counts: Sequence[int]
    fingerprint: str
    bar: Any
    history: History = field(default_factory=History)
    snapshots: dict[int, np.ndarray] = field(default_factory=dict)
    stage: int = 0
    best: Any = None  # the best image so far, perhaps still on the device; None before there is one

    def __call__(self, now: Progress) -> None:
        """After every iteration."""
        self.best = now.tensor if now.state is None else now.state.best
        height, width = self.shapes[self.stage]
        self.bar.set_postfix_str(f"{now.size} px, loss {now.value:.4g}", refresh=False)
        self.bar.update(height * width)
        count = sum(self.counts[: self.stage]) + now.iteration
        if count in self.options.snapshots:
            self.snapshots[count] = now.image()
        due = count % self.options.checkpoint_every == 0 or now.iteration == now.iterations
        if now.state is not None and due:
            self.write(now.state)
        if self.options.callback:
            self.options.callback(replace(now, share=self.share(now.iteration)))

    def share(self, iterations: int) -> float:
        """Of the whole work, in pixels x iterations, what is done after so many iterations at this size."""
        work = [n * h * w for n, (h, w) in zip(self.counts, self.shapes, strict=True)]
        here = work[self.stage] * iterations / self.counts[self.stage]
        return (sum(work[: self.stage]) + here) / sum(work)

    def begin(self, stage: int, iterations: int) -> None:
        """Go to a size of which some iterations may be done; the bar takes no credit for what it skips."""
        self.stage = stage
        work = [h * w for h, w in self.shapes]
        earlier = sum(n * w for n, w in zip(self.counts[:stage], work, strict=False))
        skipped = earlier + iterations * work[stage] - self.bar.n
        if not self.bar.disable:
            self.bar.n += skipped
            self.bar.initial += skipped

    def write(self, state: State) -> None:
        """The whole run into the checkpoint file, if there shall be one; a full disk does not end the run."""
        if self.options.checkpoint is None:
            return
        size = max(self.shapes[self.stage])  # rows of an unfinished iteration will be made again
        rows = [r for r in self.history.rows if r["size"] != size or r["iteration"] <= state.iteration]
        now = checkpoint.Checkpoint(self.stage, state, rows, self.snapshots)
        try:
            checkpoint.save(Path(self.options.checkpoint), self.fingerprint, now)
        except OSError as error:
            warnings.warn(f"{error} The run goes on without this checkpoint.", RuntimeWarning, stacklevel=2)

    def resume(self) -> checkpoint.Checkpoint | None:
        """Where to go on from; None when there is no checkpoint yet.

        Raises:
            ValueError: the file is not a checkpoint, or one of another run.
        """
        path = self.options.checkpoint
        found = None if path is None else checkpoint.load(Path(path), self.fingerprint)
        if found is not None:
            self.history.rows[:] = found.rows
            self.snapshots |= found.snapshots
            self.best = found.state.best
        return found

    def rescued(self, error: Exception) -> np.ndarray:
        """The best image there is, in the size it has, when the memory does not suffice to go on.

        Raises:
            MemoryError: there is none yet.
        """
        size = max(self.shapes[self.stage])
        short = f"There is not enough memory for {size} pixels"
        if self.best is None:
            raise MemoryError(f"{short}: choose a smaller size, or a smaller network.") from error
        image = numpy(self.best)
        reached = max(image.shape[1:3])
        self.history.stopped = f"out of memory at {size} px; the best image of {reached} px is returned"
        warnings.warn(
            f"{short}: the best image so far, of {reached} pixels, is returned; choose a smaller size.",
            RuntimeWarning,
            stacklevel=5,
        )
        return image


# Work is counted in pixels x iterations, so that the time left is right although small sizes run faster.
BAR = "{desc} {percentage:3.0f}%|{bar}| {elapsed} (left: {remaining}){postfix}"


def progress_bar(title: str, work: int, shown: bool) -> Any:
    """A bar on stderr; whether anybody is there to read it is of no account to the run."""
    shown = shown and sys.stderr is not None
    stream = Tolerant(sys.stderr) if shown else None
    return tqdm(total=work, desc=title, disable=not shown, file=stream, leave=False, bar_format=BAR)


# An objective for a frame of one size and its scale, which is 1 at full size.
ObjectiveAt = Callable[[np.ndarray, float], Objective]


@dataclass(frozen=True)
class Job:
    """What the recipes give to the loop they share.

    Attributes:
        title: of the progress bar.
        recipe: name of the function.
        network: where features are taken.
        frame: picture whose shape the result has.
        pictures: by the name of their parameter, as they were given and as they were loaded.
        begin: the image to begin with.
        settings: keywords of the recipe, without those of the run and without the network.
        usual: those of the settings that were left to their defaults.
        options: of the run.
        usual_sizes: longer sides from coarse to fine when none are named.
    """

    title: str
    recipe: str
    network: FeatureNetwork
    frame: np.ndarray
    pictures: dict[str, tuple[Any, np.ndarray]]
    begin: Start
    settings: dict[str, Any]
    usual: tuple[str, ...]
    options: RunOptions
    usual_sizes: Sequence[int]

    @property
    def layers(self) -> list[Layer]:
        """All layers that are looked at."""
        named = [self.settings.get(k, ()) for k in ("content_layers", "style_layers", "layer", "layers")]
        return [layer for each in named for layer in ([each] if isinstance(each, str) else each)]

    def making(self, shapes: Sequence[tuple[int, int]], counts: Sequence[int]) -> Making:
        """How the result is made, with the (height, width) and the iterations of each size."""
        net, options, start = self.network, self.options, self.settings["start"]
        pictures: dict[str, tuple[Any, Any]] = dict(self.pictures)
        lacking = {}
        if net.made_with is None:
            lacking["network"] = f"a network that was changed or made by hand ({net.name})"
        if self.begin.own:
            pictures["start"] = (start, self.begin.picture)
            if not isinstance(start, str):
                lacking["start"] = "the picture that the run started from"
        settings = {"network": net.made_with or net.name, **self.settings}
        settings |= {"start": "an image" if "start" in lacking else start, "sizes": [max(s) for s in shapes]}
        settings |= {"iterations": counts, "optimizer": options.optimizer, **options.optimizer_options}
        found = [name for name in ("sizes", "iterations") if getattr(options, name) == "auto"]
        return Making(
            self.recipe,
            making.plain(settings),
            (*self.usual, *found),
            {name: Picture.of(source, image) for name, (source, image) in pictures.items()},
            lacking,
            checkpoint.checksum(net),
            backend.name_and_version(),
        )


def synthesise(job: Job, objective_at: ObjectiveAt) -> Result:
    """Run the sizes from coarse to fine, each from the result of the one before."""
    began, options = time.perf_counter(), job.options
    shapes = ladder(job.frame, options.sizes, job.usual_sizes)
    counts = options.per_size(usual_iterations(job.recipe, len(shapes)))
    memory.check(job.network, job.layers, shapes[-1], options.optimizer)
    first, made = job.begin(shapes[0]), job.making(shapes, counts)
    print_of = ""
    if options.checkpoint is not None:
        same = made.settings | {"network": job.network.name, "iterations": None}
        pictures = [image for _, image in job.pictures.values()]
        print_of = checkpoint.fingerprint(same, [*pictures, first], job.network)
    work = sum(n * h * w for n, (h, w) in zip(counts, shapes, strict=True))
    with progress_bar(job.title, work, options.progress) as bar:
        watcher = Watcher(options, shapes, counts, print_of, bar)
        image = climb(objective_at, job.frame, first, watcher)
    sources = {name: source for name, (source, _) in job.pictures.items()}
    try:
        final, made = finished(image, made, watcher)
    except KeyboardInterrupt:  # too late to save time, and too early to lose the image
        final, made = finished(image, made, watcher)
    seconds = time.perf_counter() - began
    return Result(final, watcher.history, watcher.snapshots, made.settings, seconds, made, sources)


def finished(image: np.ndarray, made: Making, watcher: Watcher) -> tuple[np.ndarray, Making]:
    """The image in [0, 1], and how it was made, with what cut that short.

    What was interrupted at a small size is brought to the full one; for what is too large, memory is short.
    """
    stopped, final = watcher.history.stopped, np.clip(image, 0.0, 1.0)
    if stopped.startswith("out of memory"):
        return final, replace(made, cut_short=stopped)
    cut_short = stopped if stopped.startswith("interrupted") else ""
    return images.resize(final, watcher.shapes[-1]), replace(made, cut_short=cut_short)


def climb(objective_at: ObjectiveAt, frame: np.ndarray, image: np.ndarray, watcher: Watcher) -> np.ndarray:
    """All sizes in turn.

    An interruption ends the climb with the best image at the size it has got to, and so does a lack of memory
    once there is an image to show.
    """
    found = watcher.resume()
    stage, state = (0, None) if found is None else (found.stage, found.state)
    try:
        while stage < len(watcher.shapes):
            image = numpy(state.best) if state is not None else image
            image = images.resize(np.clip(image, 0, 1), watcher.shapes[stage])
            watcher.begin(stage, 0 if state is None else state.iteration)
            image = watcher.best = one_size(objective_at, frame, image, state, watcher)
            if watcher.history.stopped.startswith("interrupted"):
                break
            stage, state = stage + 1, None
    except KeyboardInterrupt:  # while targets were computed
        watcher.history.stopped = f"interrupted before the first iteration at {max(watcher.shapes[stage])} px"
    except Exception as error:
        if not backend.is_out_of_memory(error):
            raise
        return watcher.rescued(error)
    return image


def one_size(
    objective_at: ObjectiveAt, frame: np.ndarray, image: np.ndarray, state: State | None, watcher: Watcher
) -> np.ndarray:
    """The best image of one size, from an image or from a state."""
    shape, options = watcher.shapes[watcher.stage], watcher.options
    found = minimize(
        objective_at(images.resize(frame, shape), max(shape) / max(frame.shape[1:3])),
        image,
        optimizer=make_optimizer(options.optimizer, **options.optimizer_options),
        iterations=watcher.counts[watcher.stage],
        callback=watcher,
        history=watcher.history,
        state=state,
    )
    if watcher.history.stopped.startswith("interrupted") and found.state is not None:
        watcher.write(found.state)
    return found.x


__all__ = [
    "Result",
    "RunOptions",
    "excite",
    "reconstruct_content",
    "reconstruct_style",
    "transfer_style",
]
