"""A film in the style of a picture: planned, painted frame by frame or shot by shot, and put together."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .. import images, making
from ..feedforward import load_painter
from ..foundation import check_count
from ..images import shape_at
from ..jobs import run_jobs
from ..progress import progress_bar
from .cuts import find_cuts
from .defaults import METHOD
from .film import Film, open_film
from .frame import Frame
from .painting import FramePainter, Past, frame_painter
from .parts import Parts, Plan, as_image, check_files, plainly, room_for, stamp
from .saving import save_film

SHORTEST_JOB = 24  # frames: a machine that is given less loads networks for longer than it paints
BAR = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}, left: {remaining}, {rate_fmt}]"


@dataclass(frozen=True, eq=False)
class FilmProgress:
    """What a callback gets after every frame.

    Attributes:
        number: of the frame, from 0.
        count: of the frames that the film has.
        photo: the frame in the size of the painting, float32 RGB in [0, 1], shape (1, H, W, 3).
        painting: what was made of it, likewise, as it was written.
    """

    number: int
    count: int
    photo: np.ndarray
    painting: np.ndarray


@dataclass(frozen=True)
class PaintedFilm:
    """What `paint_video` returns.

    Attributes:
        path: of the film.
        frames: that are painted of it from the first on; a GIF leaves out what would be shown too briefly.
        count: of the frames that the film has.
        painted: those that this run painted; others were there from an earlier one.
        shots: number of them.
        seconds: that this run took.
        painting_seconds: of these, what the frames took.
    """

    path: Path
    frames: int
    count: int
    painted: int
    shots: int
    seconds: float
    painting_seconds: float

    @property
    def complete(self) -> bool:
        """Whether every frame is painted; the same call goes on with the others."""
        return self.frames == self.count


def paint_video(
    film: Any,
    style: Any,
    out: str | Path,
    *,
    method: str = METHOD,
    size: int | None = None,
    frames: int | None = None,
    rate: float | None = None,
    scheduler: str | None = None,
    overwrite: bool = False,
    progress: bool = True,
    callback: Callable[[FilmProgress], None] | None = None,
    **how: Any,
) -> PaintedFilm:
    """Paint a film in the style of a picture, steady from frame to frame, in memory that does not grow.

    Meanwhile frames are kept in the folder OUT.frames. An interruption writes what is done as a film; the
    same call goes on with the first frame that is missing, and the film is the same as if it had never been
    interrupted.

    Args:
        film: a file, a folder of frames, or the name of a film that comes with the course.
        style: anything `images.load_image` takes, or a list of pictures, mixed as `blend` says.
        out: .mp4, .webm, .mkv, .gif, .webp, or a folder for the frames.
        method: "fast", one pass and what was carried along (see `OnePassFrames`), or "care", an optimisation
            of every frame (Ruder et al. 2016; see `OptimizedFrames`).
        size: longer side in pixels; None keeps the film's own up to 1280, with care up to 512.
        frames: only the first so many, for a try.
        rate: frames a second of a folder.
        scheduler: address of a Dask scheduler whose workers paint the shots; None paints here. They need
            the same disk. See `jobs`.
        overwrite: whether to replace a film that is there.
        progress: show bars with the time left.
        callback: called with a `FilmProgress` after every frame that is painted, not for those that were
            there; a KeyboardInterrupt that it raises ends the run as Ctrl-C does. Not with a scheduler.
        how: options of the method. Of both: style_size, blend, colors. Of "fast": strength, steady, dtype. Of
            "care": network, content_weight, style_weight, temporal_weight, variation_weight, iterations.

    Raises:
        ValueError, OSError, TypeError, MemoryError: bad input, in one sentence.

    Warns:
        RuntimeWarning: the film breaks off before its end; memory or disk will hardly do.
    """
    began = time.perf_counter()
    check_callback(callback, scheduler)
    files = check_files(film, out, rate=rate, overwrite=overwrite)
    source, target, parts = files.source, files.target, files.parts
    painter = frame_painter(method, style, **how)
    plan = planned(source, painter, method, style, how, size, parts, rate)
    plan = looked_through(source, plan, parts, frames, progress)
    parts.drop_damaged(plan)
    missing, before = len(parts.missing(range(plan.count))), time.perf_counter()
    try:
        check_disk(parts, plan)
        if scheduler is None:
            paint_here(parts, plan, progress, callback)
        else:
            paint_there(parts, plan, scheduler, progress)
    except KeyboardInterrupt:
        if not parts.whole(plan.count):
            raise  # not one frame
    except Exception:
        if len(parts.missing(range(plan.count))) == plan.count:
            parts.remove()  # nothing is lost, and other settings may be tried
        raise
    painting, done = time.perf_counter() - before, parts.whole(plan.count)
    save_film(
        parts.frames(plan, done),
        target,
        rate=source.rate,
        sound=source if source.sound else None,
        overwrite=files.replace,
    )
    painted = missing - len(parts.missing(range(plan.count)))
    if done == plan.count and not parts.has_beyond(done):
        parts.remove()
    else:  # the rest of a film that was begun, or frames that go on after those asked for
        parts.note_unfinished(target)
    seconds = time.perf_counter() - began
    return PaintedFilm(target, done, plan.count, painted, len(plan.cuts), seconds, painting)


def check_callback(callback: Any, scheduler: str | None) -> None:
    """Refuse what cannot be called, and what would never be.

    Raises:
        ValueError: in one sentence.
    """
    if callback is not None and not callable(callback):
        raise ValueError(f"callback is {callback!r}; give a function that takes a FilmProgress.")
    if callback is not None and scheduler is not None:
        raise ValueError(
            "With a scheduler other machines paint, which call no callback: leave one of both out."
        )


def planned(
    film: Film,
    painter: FramePainter,
    method: str,
    style: Any,
    how: Mapping[str, Any],
    size: int | None,
    parts: Parts,
    rate: float | None,
) -> Plan:
    """The plan of a film of which nothing is known yet but its size.

    Raises:
        ValueError: bad settings, or another film is being painted in the folder.
        MemoryError: frames of this size do not fit into this machine.
    """
    _ = painter.palette  # what is wrong with the styles is said at once
    width, height = film.size
    longer = max(film.size)
    full = min(longer, painter.at_most) if size is None else check_count(size, "size")
    styles = list(style) if isinstance(style, (list, tuple)) else [style]
    digests = [making.digest(images.load_image(each, at_most=painter.at_most)) for each in styles]
    shape = shape_at((height, width), full)
    painter.check(shape)
    plan = Plan(
        film=str(Path(film.path).resolve()),
        rate=None if rate is None else str(Fraction(rate).limit_denominator(1001)),
        film_stamp=stamp(Path(film.path)),
        method=method,
        settings=plainly(dict(how)),
        made_with={"weights": load_painter().checksum, "styles": digests},
        shape=shape,
    )
    there = parts.plan()
    known = parts.keep_styles(styles) if there is None else there.settings["style"]
    plan = replace(plan, settings=plan.settings | {"style": known})
    if there is not None and not there.is_of(plan):
        raise ValueError(
            f"{parts.folder} holds the frames of another film or of other settings: repeat that call, remove "
            f"the folder, or write to another file."
        )
    return plan if there is None else there


def looked_through(film: Film, plan: Plan, parts: Parts, frames: int | None, progress: bool) -> Plan:
    """The plan with the cuts and the times of all frames, for which the whole film is read once.

    Raises:
        ValueError: there is no frame.
    """
    most = None if frames is None else check_count(frames, "frames")
    if plan.times and most == plan.most:
        return plan
    times: list[Fraction] = []
    durations: list[Fraction] = []

    def small() -> Iterator[np.ndarray]:
        total = film.count if most is None else most
        for frame in bar(film.frames(), "looking for cuts", total, progress):
            if most is not None and len(times) == most:
                return
            times.append(frame.time)
            durations.append(frame.duration)
            yield frame.image

    cuts = find_cuts(small())
    if not times:
        raise ValueError(f"{film.path} has no frame that can be read; give another film.")
    plan = replace(plan, most=most, cuts=[int(c) for c in cuts])
    plan = replace(plan, times=as_text(times), durations=as_text(durations))
    parts.write_plan(plan)
    return plan


def as_text(numbers: Sequence[Fraction]) -> list[str]:
    """Fractions as JSON holds them, exactly."""
    return [str(number) for number in numbers]


def check_disk(parts: Parts, plan: Plan) -> None:
    """Say before the first frame that the disk will not hold them all.

    Raises:
        OSError: it will not.
    """
    needed = room_for(len(parts.missing(range(plan.count))), plan.shape)
    free = shutil.disk_usage(parts.folder).free
    if needed > free:
        raise OSError(
            f"The {plan.count} frames take about {needed / 1e9:.1f} GB in {parts.folder} until the film is "
            f"put together, and {free / 1e9:.1f} GB are free: choose a smaller size, or another disk."
        )


def paint_here(
    parts: Parts, plan: Plan, progress: bool, callback: Callable[[FilmProgress], None] | None
) -> None:
    """Paint what is missing on this machine, one frame after the other."""
    frames = painted(parts, plan, 0, plan.count)
    for now in bar(frames, "painting", plan.count, progress, parts.whole(plan.count)):
        if callback is not None:
            callback(now)


def paint_there(parts: Parts, plan: Plan, scheduler: str, progress: bool) -> None:
    """Paint what is missing on the workers of a scheduler, shot by shot.

    Raises:
        Exception: the first error of a shot, when all others are done.
    """
    ranges = [(a, b) for a, b in jobs_of(plan) if parts.missing(range(a, b))]
    jobs = [(str(parts.folder.resolve()), a, b) for a, b in ranges]
    errors = [
        f.error for f in run_jobs(paint_shots, jobs, scheduler=scheduler, title="painting", progress=progress)
    ]
    for error in errors:
        if error is not None:
            raise error


def jobs_of(plan: Plan) -> list[tuple[int, int]]:
    """Ranges of frames that do not depend on each other: whole shots, short ones together."""
    ranges: list[tuple[int, int]] = []
    for first, last in zip(plan.cuts, [*plan.cuts[1:], plan.count], strict=True):
        if ranges and ranges[-1][1] - ranges[-1][0] < SHORTEST_JOB:
            ranges[-1] = ranges[-1][0], last
        else:
            ranges.append((first, last))
    return ranges


def paint_shots(job: tuple[str, int, int]) -> int:
    """Paint the frames from `first` to before `last`, on any machine that sees the folder.

    Args:
        job: folder of the parts, first, last.

    Returns:
        How many frames there are now.
    """
    folder, first, last = job
    parts = Parts(Path(folder))
    plan = parts.plan()
    if plan is None:
        raise FileNotFoundError(f"There is no plan in {folder}: does this machine see the same disk?")
    return sum(1 for _ in painted(parts, plan, first, last))


def painted(parts: Parts, plan: Plan, first: int, last: int) -> Iterator[FilmProgress]:
    """Paint those frames of a range that are missing, in order.

    Yields:
        Each, when it is written.
    """
    missing = parts.missing(range(first, last))
    if not missing:
        return
    film = film_of(plan)
    if stamp(Path(film.path)) != plan.film_stamp:
        raise ValueError(
            f"{plan.film} was changed since it was planned: remove {parts.folder} to begin anew."
        )
    painter = frame_painter(plan.method, **plan.settings)
    painter.begin(at_shape(next(iter(film.frames())), plan.shape))
    reach = max(painter.lags)
    shot = plan.shot_of(missing[0])
    begin = shot if painter.remembers else max(shot, missing[0] - reach)
    earlier: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=reach)
    for number, frame in zip(range(begin, last), film.frames(begin), strict=False):
        photo = at_shape(frame, plan.shape)
        if number in plan.cuts:
            earlier.clear()
        pasts = pasts_of(earlier, painter.lags)
        if parts.has(number):
            painter.follow(photo, pasts)
            painting = as_image(parts.read(number))
        else:
            painting = parts.write(number, painter.paint(photo, pasts))
            yield FilmProgress(number, plan.count, photo, painting)
        earlier.append((photo, painting))
    if parts.missing(range(first, last)):
        raise ValueError(
            f"{plan.film} breaks off earlier than it did: it was changed meanwhile. Remove {parts.folder} to "
            f"begin anew."
        )


def film_of(plan: Plan) -> Film:
    """The film of a plan, opened."""
    return open_film(plan.film) if plan.rate is None else open_film(plan.film, rate=Fraction(plan.rate))


def pasts_of(earlier: Sequence[tuple[np.ndarray, np.ndarray]], lags: Sequence[int]) -> list[Past]:
    """The frames that a painter asks for, of those there are, the latest first."""
    return [Past(*earlier[-lag], lag) for lag in lags if lag <= len(earlier)]


def at_shape(frame: Frame, shape: tuple[int, int]) -> np.ndarray:
    """A frame at a (height, width), float32 RGB in [0, 1], (1, H, W, 3)."""
    pixels = frame.image
    if pixels.shape[:2] != shape:
        smaller = shape[0] < pixels.shape[0]
        kernel = Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC
        pixels = np.asarray(Image.fromarray(pixels).resize((shape[1], shape[0]), kernel))
    return as_image(pixels)


def bar(items: Iterator[Any], title: str, total: int | None, shown: bool, done: int = 0) -> Any:
    """A bar on stderr in frames a second, with the time left; `done` were there before."""
    settings = {"total": total, "initial": done, "leave": False}
    return progress_bar(items, shown=shown, desc=title, unit=" frames", bar_format=BAR, **settings)
