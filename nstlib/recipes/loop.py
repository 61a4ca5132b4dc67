"""The loop that every recipe shares: sizes from coarse to fine, progress, checkpoints, interruption.

`synthesise` is its public face: it takes any objective for each size, so that a recipe of one's own is a
function of a frame and a scale.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from .. import backend, checkpoint, images, making, memory, tiles
from ..autodiff import numpy
from ..making import Making, Picture
from ..networks import FeatureNetwork, Layer
from ..objectives import Objective
from ..optimizers import Callback, History, Progress, State, Stopping, make_optimizer, minimize
from ..progress import progress_bar
from .look import start_settings
from .options import RunKeywords, RunOptions
from .result import Result
from .sizes import halved, ladder, usual_iterations
from .starts import Start, starting_image

SMALLEST_SIZE = 128  # where coarse-to-fine begins

# An objective for a frame of one size and its scale, which is 1 at full size.
ObjectiveAt = Callable[[np.ndarray, float], Objective]


@dataclass(frozen=True)
class Job:
    """What the recipes give to the loop they share.

    Attributes:
        title: of the progress bar.
        recipe: name of the function.
        objective_at: what to minimise, for a frame of one size and its scale.
        frame: picture whose shape the result has.
        begin: the image to begin with.
        options: of the run.
        usual_sizes: longer sides from coarse to fine when none are named.
        network: where features are taken; None when only the objective knows.
        layers: that are looked at.
        pictures: by the name of their parameter, as they were given and as they were loaded.
        settings: keywords of the recipe, without those of the run and without the network.
        usual: those of the settings that were left to their defaults.
        lacking: those that no setting can hold, and what was given.
        shown: what people see of an image, when that is another than the optimiser works on.
    """

    title: str
    recipe: str
    objective_at: ObjectiveAt
    frame: np.ndarray
    begin: Start
    options: RunOptions
    usual_sizes: Sequence[int]
    network: FeatureNetwork | None = None
    layers: Sequence[Layer] = ()
    pictures: Mapping[str, tuple[Any, np.ndarray]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    usual: tuple[str, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)
    shown: Callable[[Any], Any] | None = None

    def making(self, shapes: Sequence[tuple[int, int]], counts: Sequence[int]) -> Making:
        """How the result is made, with the (height, width) and the iterations of each size."""
        net, options, start = self.network, self.options, self.settings["start"]
        assert net is not None
        pictures: dict[str, tuple[Any, Any]] = dict(self.pictures)
        lacking = dict(self.lacking)
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


def synthesise(
    objective_at: ObjectiveAt,
    frame: Any,
    *,
    start: Any = "noise",
    seed: int = 0,
    title: str = "synthesis",
    **run: Unpack[RunKeywords],
) -> Result:
    """Minimise any objective over the pixels of an image, from coarse to fine: a recipe of one's own.

        def objective(frame, scale):
            return nst.Objective(net, nst.content_terms(net, frame, "block3_conv2"))

        result = nst.synthesise(objective, nst.load_image("cat", 256), sizes=[128, 256], iterations=50)

    Args:
        objective_at: (frame of one size, its scale) -> `Objective`; called once for each size, so what it
            computes there are the targets. The scale is 1 at the full size.
        frame: picture whose shape the result has, anything `images.load_image` takes.
        start: "noise", "content" (the frame), or anything `images.load_image` takes.
        seed: of the noise.
        title: of the progress bar.
        run: see `RunOptions`; by default sizes are halved down to 128.

    Returns:
        The result; it has no settings that make it again, because a function has none.

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence.
    """
    if not callable(objective_at):
        raise ValueError("Give a function that makes an Objective of a frame and its scale.")
    options, picture = RunOptions.read(run, synthesise), images.load_image(frame)
    start_settings(start, seed)
    begin = starting_image(start, picture, None, seed)
    sizes = halved(max(picture.shape[1:3]), SMALLEST_SIZE)
    return carry_out(Job(title, "synthesise", objective_at, picture, begin, options, sizes))


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
        why = f"out of memory at {size} px; the best image of {reached} px is returned"
        self.history.stop(Stopping.OUT_OF_MEMORY, why)
        warnings.warn(
            f"{short}: the best image so far, of {reached} pixels, is returned; choose a smaller size.",
            RuntimeWarning,
            stacklevel=5,
        )
        return image


# Work is counted in pixels x iterations, so that the time left is right although small sizes run faster.
BAR = "{desc} {percentage:3.0f}%|{bar}| {elapsed} (left: {remaining}){postfix}"


def carry_out(job: Job) -> Result:
    """Run the sizes from coarse to fine, each from the result of the one before."""
    began, options = time.perf_counter(), job.options
    shapes = ladder(job.frame, options.sizes, job.usual_sizes)
    counts = options.per_size(usual_iterations(job.recipe, len(shapes)))
    if job.network is not None:
        (height, width), most = shapes[-1], options.tile or max(shapes[-1])
        at_once = min(height, most), min(width, most)
        memory.check(job.network, job.layers, at_once, options.optimizer)
    first = job.begin(shapes[0])
    made = None if job.network is None else job.making(shapes, counts)
    if job.shown is not None and options.callback is not None:
        options = replace(options, callback=showing(job.shown, options.callback))
    work = sum(n * h * w for n, (h, w) in zip(counts, shapes, strict=True))
    with progress_bar(shown=options.progress, desc=job.title, total=work, leave=False, bar_format=BAR) as bar:
        watcher = Watcher(options, shapes, counts, fingerprint(job, made, first), bar)
        image = climb(job.objective_at, job.frame, first, watcher)
    try:
        final, made = finished(image, made, watcher)
    except KeyboardInterrupt:  # too late to save time, and too early to lose the image
        final, made = finished(image, made, watcher)
    snapshots = watcher.snapshots
    if job.shown is not None:
        final, snapshots = numpy(job.shown(final)), {k: numpy(job.shown(x)) for k, x in snapshots.items()}
    settings = {} if made is None else made.settings
    sources = {name: source for name, (source, _) in job.pictures.items()}
    return Result(final, watcher.history, snapshots, settings, time.perf_counter() - began, made, sources)


def in_tiles(
    options: RunOptions,
    network: FeatureNetwork,
    layers: Sequence[Layer],
    shape: tuple[int, int],
    additive: bool,
) -> RunOptions:
    """The options with a size of tiles, where the whole would not fit into the memory that is free.

    Args:
        options: of the run; tiles that were asked for stay.
        network, layers, shape: as for `memory.check`.
        additive: whether the measures of the run can be tiled.

    Warns:
        RuntimeWarning: tiles are taken although nobody asked for them.
    """
    known = bool(network.plan.blocks) and additive
    if options.tile is not None or not known or max(shape) <= tiles.SIDE:
        return options
    short = memory.shortage(network, layers, shape, options.optimizer)
    if not short:
        return options
    warnings.warn(
        f"{short}: it is worked at in tiles of {tiles.SIDE} pixels, with the same result.",
        RuntimeWarning,
        stacklevel=3,
    )
    return replace(options, tile=tiles.SIDE)


def fingerprint(job: Job, made: Making | None, first: np.ndarray) -> str:
    """What a checkpoint belongs to; empty when none is written.

    Raises:
        ValueError: nobody can say, because the objective is a function of the user's.
    """
    if job.options.checkpoint is None:
        return ""
    if made is None or job.network is None:
        raise ValueError("synthesise takes no checkpoint: it cannot tell one objective from another.")
    same = made.settings | {"network": job.network.name, "iterations": None}
    pictures = [image for _, image in job.pictures.values()]
    return checkpoint.fingerprint(same, [*pictures, first], job.network)


def showing(change: Callable[[Any], Any], callback: Callback) -> Callback:
    """A callback that is given the changed image."""
    return lambda now: callback(replace(now, tensor=change(now.tensor)))


def finished(image: np.ndarray, made: Making | None, watcher: Watcher) -> tuple[np.ndarray, Making | None]:
    """The image in [0, 1], and how it was made, with what cut that short.

    What was interrupted at a small size is brought to the full one; for what is too large, memory is short.
    """
    history, final = watcher.history, np.clip(image, 0.0, 1.0)
    if made is not None:
        made = replace(made, cut_short=history.stopped if history.cut_short else "")
    if history.stopping is not Stopping.OUT_OF_MEMORY:
        final = images.resize(final, watcher.shapes[-1])
    return final, made


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
            if watcher.history.stopping is Stopping.INTERRUPTED:
                break
            stage, state = stage + 1, None
    except KeyboardInterrupt:  # while targets were computed
        where = f"interrupted before the first iteration at {max(watcher.shapes[stage])} px"
        watcher.history.stop(Stopping.INTERRUPTED, where)
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
        tile=options.tile,
    )
    if watcher.history.stopping is Stopping.INTERRUPTED and found.state is not None:
        watcher.write(found.state)
    return found.x
