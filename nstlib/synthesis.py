"""The recipes: content reconstruction, style reconstruction, style transfer.

Each names pictures, layers and weights, computes the targets once per size, and lets an optimiser change
an image. They run from coarse to fine: large shapes are found on a small picture, where an evaluation is
cheap and the network sees far, and only details are left for the full size.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tqdm.auto import tqdm

from . import images, losses
from .foundation import unknown_name, whole_file
from .networks import FeatureNetwork, load_network
from .objectives import LayerWeights, Objective, content_terms, style_terms, variation_terms
from .optimizers import (
    Callback,
    History,
    Progress,
    State,
    check_iterations,
    make_optimizer,
    minimize,
    option_names,
)

DEFAULT_SIZE = 512  # pictures larger than this are reduced unless a size is asked for
SMALLEST_SIZE = 128  # where coarse-to-fine begins
SMALLEST_CONTENT = 64  # and where it begins when only content is reconstructed: deep layers need the help
NOISE = 0.05  # standard deviation of the noise to start from


@dataclass(frozen=True)
class Result:
    """What a recipe returns.

    Attributes:
        image: float32 RGB in [0, 1], shape (1, H, W, 3): the image with the lowest loss that was seen.
        history: every evaluation with its loss parts and seconds.
        snapshots: images at the chosen iterations, counted over all sizes, by iteration.
        settings: what was asked for, to repeat the run.
        seconds: of the whole run, set-up of the targets and compilation included.
    """

    image: np.ndarray
    history: History
    snapshots: dict[int, np.ndarray]
    settings: dict[str, Any]
    seconds: float

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the image as PNG, JPEG, TIFF or WebP, whole or not at all."""
        images.save_image(self.image, path, overwrite=overwrite)


@dataclass(frozen=True)
class RunOptions:
    """How a recipe runs; every recipe takes these as keywords.

    Attributes:
        optimizer: "lbfgs", "adam", "gradient_descent" or "scipy"; its own options (`learning_rate`, ...)
            are keywords of the recipe too.
        iterations: for each size, one number or one per size.
        sizes: longer sides from coarse to fine, "auto" (halving down to 128, for content alone to 64),
            or "single".
        callback: called with a `Progress` after every iteration.
        progress: show a bar with the time left.
        snapshots: iterations, counted over all sizes, whose image is kept.
        checkpoint: file to write the run into; when it exists, the run goes on from there.
        checkpoint_every: iterations between two writings.
    """

    optimizer: str = "lbfgs"
    iterations: int | Sequence[int] = 100
    sizes: Literal["auto", "single"] | Sequence[int] = "auto"
    callback: Callback | None = None
    progress: bool = True
    snapshots: Sequence[int] = ()
    checkpoint: str | Path | None = None
    checkpoint_every: int = 25
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def read(keywords: Mapping[str, Any]) -> RunOptions:
        """Sort keywords into options of the run and options of the optimiser, and check them all.

        Raises:
            ValueError: an unknown keyword (the nearest is suggested) or a bad value.
        """
        own = {f.name for f in fields(RunOptions)} - {"optimizer_options"}
        mine = {k: v for k, v in keywords.items() if k in own}
        rest = {k: v for k, v in keywords.items() if k not in own}
        options = RunOptions(**mine, optimizer_options=rest)
        options._check(own)
        return options

    def _check(self, own: set[str]) -> None:
        known = option_names(self.optimizer)
        for keyword in self.optimizer_options:
            if keyword not in known:
                raise unknown_name(f"option of a run with {self.optimizer}", keyword, [*known, *sorted(own)])
        if self.checkpoint is not None and self.optimizer == "scipy":
            raise ValueError(
                "SciPy's optimiser keeps its state to itself, so it takes no checkpoint; use 'lbfgs'."
            )
        check_iterations(self.checkpoint_every)
        for iterations in self.per_size(1) if isinstance(self.iterations, int) else self.iterations:
            check_iterations(iterations)

    def per_size(self, count: int) -> list[int]:
        """The iterations of each of `count` sizes."""
        if isinstance(self.iterations, Sequence):
            if len(self.iterations) != count:
                raise ValueError(f"There are {count} sizes but {len(self.iterations)} numbers of iterations.")
            return [check_iterations(n) for n in self.iterations]
        return [check_iterations(self.iterations)] * count


# --- the recipes ------------------------------------------------------------------------------------


def transfer_style(
    content: Any,
    style: Any,
    *,
    network: str | FeatureNetwork = "pocket_vgg",
    size: int | None = None,
    style_size: int | None = None,
    content_layers: LayerWeights | None = None,
    style_layers: LayerWeights | None = None,
    content_weight: float = 0.02,
    style_weight: float = 1.0,
    variation_weight: float = 0.2,
    variation: Literal["squared", "absolute"] = "squared",
    formula: losses.Formula = "relative",
    start: Any = "content",
    seed: int = 0,
    **run: Any,
) -> Result:
    """Paint a photograph in the style of a picture (Gatys, Ecker and Bethge 2016, eq. 7).

    Args:
        content, style: anything `images.load_image` takes: a sample name, a file, a URL, an array.
        network: a name, or a network from `load_network`.
        size: longer side of the result in pixels; None keeps the photograph's own up to 512.
        style_size: longer side at which the style is looked at; it sets the size of the strokes. None
            means the same as `size`. The style keeps its own aspect ratio.
        content_layers, style_layers: layer, list of layers, or layer -> weight; None means the network's
            usual ones.
        content_weight, style_weight, variation_weight: alpha, beta, and the weight of total variation.
        variation: "squared" or "absolute".
        formula: see `losses`.
        start: "content", "style", "noise" or an image.
        seed: of the noise.
        run: see `RunOptions`.

    Raises:
        ValueError, OSError: bad input, in one sentence.
    """
    net, options = as_network(network), RunOptions.read(run)
    photo, picture = images.load_image(content, size or longer_side(content)), images.load_image(style)
    layers = content_layers or list(net.plan.content_layers)
    styles = style_layers or list(net.plan.style_layers)
    full = max(photo.shape[1:3])

    def objective(here: np.ndarray, scale: float) -> Objective:
        strokes = resized_style(picture, round((style_size or full) * scale))
        net.check_size(strokes, style_layer_names(net, styles), "style picture")
        terms = content_terms(net, here, layers, content_weight)
        terms += style_terms(net, strokes, styles, style_weight)
        return Objective(net, terms + variation_terms(variation_weight, variation), formula)

    settings = {
        "network": net.name,
        "content_layers": readable(layers),
        "style_layers": readable(styles),
        "style_size": style_size or full,
        "content_weight": content_weight,
        "style_weight": style_weight,
        "variation_weight": variation_weight,
    } | common_settings(variation, formula, seed)
    begin = starting_image(start, photo, picture, seed)
    return synthesise(objective, photo, begin, options, settings, [photo, picture], "style transfer")


def reconstruct_content(
    content: Any,
    layer: LayerWeights | None = None,
    *,
    network: str | FeatureNetwork = "pocket_vgg",
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
        network, size, variation_weight, variation, formula, start, seed, run: as in `transfer_style`; by
            default there is no variation term, so that nothing but the layer speaks, and sizes start at 64.
    """
    net, options = as_network(network), RunOptions.read(run)
    photo = images.load_image(content, size or longer_side(content))
    layers = layer if layer is not None else list(net.plan.content_layers)

    def objective(here: np.ndarray, scale: float) -> Objective:
        terms = content_terms(net, here, layers) + variation_terms(variation_weight, variation)
        return Objective(net, terms, formula)

    settings = {
        "network": net.name,
        "content_layers": readable(layers),
        "variation_weight": variation_weight,
    } | common_settings(variation, formula, seed)
    begin = starting_image(start, photo, None, seed)
    return synthesise(
        objective, photo, begin, options, settings, [photo], "content reconstruction", SMALLEST_CONTENT
    )


def reconstruct_style(
    style: Any,
    layers: LayerWeights | None = None,
    *,
    network: str | FeatureNetwork = "pocket_vgg",
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
    net, options = as_network(network), RunOptions.read(run)
    picture = images.load_image(style, size or longer_side(style))
    chosen = layers if layers is not None else list(net.plan.style_layers)
    frame = picture if shape is None else images.resize(picture, shape)

    def objective(here: np.ndarray, scale: float) -> Objective:
        smaller = resized_style(picture, round(max(picture.shape[1:3]) * scale))
        terms = style_terms(net, smaller, chosen) + variation_terms(variation_weight, variation)
        return Objective(net, terms, formula)

    settings = {
        "network": net.name,
        "style_layers": readable(chosen),
        "shape": frame.shape[1:3],
        "variation_weight": variation_weight,
    } | common_settings(variation, formula, seed)
    begin = starting_image(start, frame, picture, seed)
    return synthesise(objective, frame, begin, options, settings, [picture], "style reconstruction")


# --- pieces the recipes share -----------------------------------------------------------------------


def as_network(network: str | FeatureNetwork) -> FeatureNetwork:
    """A network by name, or the one that was given."""
    return network if isinstance(network, FeatureNetwork) else load_network(network)


def longer_side(source: Any) -> int | None:
    """The size to load a picture at when none was asked for: its own, at most 512."""
    if isinstance(source, np.ndarray) or hasattr(source, "size"):
        whole = images.load_image(source)
        return min(max(whole.shape[1:3]), DEFAULT_SIZE)
    return DEFAULT_SIZE


def resized_style(picture: np.ndarray, size: int) -> np.ndarray:
    """The style picture at another longer side."""
    return picture if max(picture.shape[1:3]) == size else images.resize(picture, max(size, 1))


def style_layer_names(net: FeatureNetwork, layers: LayerWeights) -> list[str]:
    """The names in any form of layer weights."""
    return [net.resolve(x) for x in ([layers] if isinstance(layers, (str, int)) else layers)]


def readable(layers: LayerWeights) -> Any:
    """Layer weights in a form that JSON can hold."""
    if isinstance(layers, Mapping):
        return {str(k): float(v) for k, v in layers.items()}
    return [layers] if isinstance(layers, (str, int)) else list(layers)


def common_settings(variation: str, formula: str, seed: int) -> dict[str, Any]:
    """The settings that every recipe has."""
    return {"variation": variation, "formula": formula, "seed": seed}


def starting_image(
    start: Any, frame: np.ndarray, style: np.ndarray | None, seed: int
) -> Callable[..., np.ndarray]:
    """The image to begin with as a function of (height, width).

    Raises:
        ValueError: unknown word, or an image of another shape.
    """
    if isinstance(start, str) and start in ("content", "style", "noise"):
        if start == "noise":
            return lambda shape: noise(shape, seed)
        source = frame if start == "content" else style
        if source is None:
            raise ValueError("There is no style picture to start from; use 'noise', 'content' or an image.")
        return lambda shape: images.resize(source, shape)
    if isinstance(start, str) and not Path(start).exists():
        raise unknown_name("start", start, ("content", "style", "noise"))
    image = images.load_image(start)
    return lambda shape: images.resize(image, shape)


def noise(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Faint noise on middle grey, shape (1, height, width, 3).

    Faint, because no deep layer sees single pixels: what strong noise puts there stays in the picture to
    the end. The papers' white noise is faint too, of standard deviation about 1 on the scale 0..255.
    """
    values = 0.5 + NOISE * np.random.default_rng(seed).standard_normal((1, *shape, 3))
    return np.clip(values, 0, 1).astype("float32")


def ladder(frame: np.ndarray, sizes: Any, smallest: int = SMALLEST_SIZE) -> list[tuple[int, int]]:
    """The (height, width) of each size from coarse to fine, the last one that of the frame.

    Raises:
        ValueError: sizes that are not increasing, or not positive.
    """
    full = max(frame.shape[1:3])
    if isinstance(sizes, str):
        if sizes not in ("auto", "single"):
            raise unknown_name("sizes", sizes, ("auto", "single"))
        steps = [full]
        while sizes == "auto" and steps[0] // 2 >= smallest:
            steps.insert(0, steps[0] // 2)
        sizes = steps
    longer = [check_iterations(size) for size in sizes]
    if longer != sorted(set(longer)) or longer[-1:] != [full]:
        raise ValueError(f"sizes must grow and end with the full size {full}, not {list(sizes)}.")
    height, width = frame.shape[1:3]
    return [(max(1, round(height * s / full)), max(1, round(width * s / full))) for s in longer]


@dataclass
class Watcher:
    """Everything that happens beside the optimisation: bar, callback, snapshots, checkpoints."""

    options: RunOptions
    history: History
    bar: Any
    fingerprint: str
    stage: int = 0
    before: int = 0  # iterations of the earlier sizes
    pixels: int = 0
    snapshots: dict[int, np.ndarray] = field(default_factory=dict)

    def __call__(self, now: Progress) -> None:
        """After every iteration."""
        self.bar.set_postfix_str(f"{now.size} px, loss {now.value:.4g}", refresh=False)
        self.bar.update(self.pixels)
        count = self.before + now.iteration
        if count in self.options.snapshots:
            self.snapshots[count] = now.image()
        due = count % self.options.checkpoint_every == 0 or now.iteration == now.iterations
        if self.options.checkpoint is not None and now.state is not None and due:
            self.write(now.state)
        if self.options.callback:
            self.options.callback(now)

    def write(self, state: State) -> None:
        """The whole run into the checkpoint file, whole or not at all."""
        assert self.options.checkpoint is not None
        arrays: dict[str, Any] = state.pack()
        arrays |= {f"snapshot/{k}": image for k, image in self.snapshots.items()}
        notes = {"fingerprint": self.fingerprint, "stage": self.stage, "rows": self.history.rows}
        arrays["notes"] = np.array(json.dumps(notes))
        with whole_file(Path(self.options.checkpoint)) as partial, open(partial, "wb") as file:
            np.savez(file, **arrays)

    def read(self) -> tuple[int, State | None]:
        """Stage and state to go on from; (0, None) when there is no checkpoint yet.

        Raises:
            ValueError: the file is not a checkpoint, or one of another run.
        """
        path = self.options.checkpoint
        if path is None or not Path(path).exists():
            return 0, None
        try:
            with np.load(path, allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            notes = json.loads(str(arrays.pop("notes")))
        except (OSError, ValueError, KeyError, EOFError):
            raise ValueError(
                f"{path} is not a readable checkpoint: name another file or delete it."
            ) from None
        if notes["fingerprint"] != self.fingerprint:
            raise ValueError(f"{path} is the checkpoint of another run: name another file or delete it.")
        self.history.rows[:] = notes["rows"]
        self.snapshots |= {int(k.split("/")[1]): arrays[k] for k in arrays if k.startswith("snapshot/")}
        return int(notes["stage"]), State.unpack(arrays)


def fingerprint(settings: Mapping[str, Any], options: RunOptions, pictures: Sequence[np.ndarray]) -> str:
    """A short text that differs when a checkpoint would not fit: pictures, settings, optimiser, sizes."""
    sums = [zlib.crc32(np.ascontiguousarray(p).tobytes()) for p in pictures]
    what = [settings, options.optimizer, dict(options.optimizer_options), options.sizes, sums]
    return json.dumps(what, sort_keys=True, default=str)


def synthesise(
    objective_at: Callable[[np.ndarray, float], Objective],
    frame: np.ndarray,
    begin: Callable[..., np.ndarray],
    options: RunOptions,
    settings: dict[str, Any],
    pictures: Sequence[np.ndarray],
    title: str,
    smallest: int = SMALLEST_SIZE,
) -> Result:
    """Run the sizes from coarse to fine, each from the result of the one before.

    Args:
        objective_at: the objective for a frame of one size and its scale (1 at full size).
        frame: picture whose shape the result has.
        begin: the image to begin with, for a shape (height, width).
        options: of the run.
        settings, pictures: what makes this run different from another.
        title: of the progress bar.
        smallest: longer side at which automatic sizes begin.
    """
    began, shapes = time.perf_counter(), ladder(frame, options.sizes, smallest)
    counts = options.per_size(len(shapes))
    work = sum(n * h * w for n, (h, w) in zip(counts, shapes, strict=True))
    bar = tqdm(total=work, desc=title, disable=not options.progress, leave=False, bar_format=BAR)
    with bar:
        print_of = fingerprint({**settings, "begin": begin(shapes[0]).mean().item()}, options, pictures)
        watcher = Watcher(options, History(), bar, print_of)
        image = climb(objective_at, frame, begin(shapes[0]), shapes, counts, watcher)
    settings = settings | {
        "sizes": [max(s) for s in shapes],
        "iterations": counts,
        "optimizer": options.optimizer,
    }
    settings |= dict(options.optimizer_options)
    final = np.clip(image, 0.0, 1.0).astype("float32")
    return Result(final, watcher.history, watcher.snapshots, settings, time.perf_counter() - began)


# Work is counted in pixels x iterations, so that the time left is right although small sizes run faster.
BAR = "{desc} {percentage:3.0f}%|{bar}| {elapsed} (left: {remaining}) {postfix}"


def climb(
    objective_at: Callable[[np.ndarray, float], Objective],
    frame: np.ndarray,
    image: np.ndarray,
    shapes: Sequence[tuple[int, int]],
    counts: Sequence[int],
    watcher: Watcher,
) -> np.ndarray:
    """All sizes in turn; an interruption ends the climb with the best image at its own size."""
    first, state = watcher.read()
    options = watcher.options
    for stage in range(first, len(shapes)):
        here = images.resize(frame, shapes[stage])
        if stage > first or state is None:
            image = images.resize(np.clip(image, 0, 1), shapes[stage])
            state = None
        watcher.stage, watcher.before = stage, sum(counts[:stage])
        watcher.pixels = shapes[stage][0] * shapes[stage][1]
        found = minimize(
            objective_at(here, max(shapes[stage]) / max(frame.shape[1:3])),
            here if state is not None else image,
            optimizer=make_optimizer(options.optimizer, **options.optimizer_options),
            iterations=counts[stage],
            callback=watcher,
            history=watcher.history,
            state=state,
        )
        image = found.x
        if watcher.history.stopped.startswith("interrupted"):
            if options.checkpoint is not None and found.state is not None:
                watcher.write(found.state)
            return images.resize(np.clip(image, 0, 1), shapes[-1])
    return image


__all__ = [
    "Result",
    "RunOptions",
    "reconstruct_content",
    "reconstruct_style",
    "transfer_style",
]
