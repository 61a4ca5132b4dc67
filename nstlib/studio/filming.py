"""A film being painted: how far it is, its first second as soon as there is one, and what comes of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import images
from ..video import Frame, save_film
from . import display, gallery
from .films import Clip
from .job import PREVIEW_EVERY, Job, Painter, Sight
from .order import Order

if TYPE_CHECKING:  # imported by the thread only: it starts Keras
    from ..video import FilmProgress

SURE_AFTER = 3  # frames before the speed is trusted: the first compiles, the second sees motion
ONE_STYLE = "A film is painted in one style, or in two that are mixed: choose one of these under Styles."
FILM = "film.mp4"
WHOLE = 0.9  # of the stated length, which is an estimate in some files, from which on nothing is amiss

Watch = Callable[["FilmProgress"], None]


@dataclass(frozen=True)
class FilmSight(Sight):
    """What there is to see of a film that is being painted.

    Attributes:
        done, count: of its frames.
        beginning: the first second as an MP4; empty until it is painted.
    """

    done: int = 0
    count: int = 0
    beginning: bytes = b""


@dataclass(frozen=True, eq=False)
class Footage:
    """A painted film.

    Attributes:
        film: an MP4.
        photo, painting: its first frame, before and after; float32 RGB, (1, H, W, 3).
        frames: that are painted.
        count: of the frames that the film has.
        seconds: it took.
    """

    film: bytes
    photo: np.ndarray
    painting: np.ndarray
    frames: int
    count: int
    seconds: float


class FilmJob(Job):
    """A film that is being painted, see `Job`.

    Args:
        recipe: returns a `Footage`, and calls what it is given with a `FilmProgress` after every frame.
        rate: frames a second.
    """

    def __init__(self, recipe: Callable[[Watch], Footage], rate: Fraction) -> None:
        self._rate, self._sure = rate, 0.0
        self._first: list[np.ndarray] = []  # the frames of the first second
        super().__init__(recipe)

    def _watch(self, now: Any) -> None:
        """After every frame, in the thread."""
        if self._stop.is_set():
            raise KeyboardInterrupt
        at, done, before = time.monotonic(), now.number + 1, self._sight
        preview, count = before.preview, before.previews
        if at - self._shown >= PREVIEW_EVERY:
            preview, count, self._shown = now.painting, count + 1, at
        beginning = self._beginning(now) or getattr(before, "beginning", b"")
        share, size = done / now.count, max(now.painting.shape[1:3])
        left = self._left(done, now.count, at)
        self._sight = FilmSight(share, size, left, preview, count, done, now.count, beginning)

    def _left(self, done: int, count: int, at: float) -> float | None:
        """Seconds left, by the speed since the first frames; None as long as it is not known."""
        if done <= SURE_AFTER:
            self._sure = at
            return None
        return (count - done) * (at - self._sure) / (done - SURE_AFTER)

    def _beginning(self, now: FilmProgress) -> bytes:
        """The first second as a film, when its last frame has come; else nothing."""
        wanted = min(max(round(self._rate), 2), now.count)
        if now.number >= wanted:
            return b""
        self._first.append(images.to_uint8(now.painting))
        if len(self._first) < wanted:
            return b""
        frames, self._first = self._first, []
        return as_film(frames, self._rate)


def as_film(pictures: list[np.ndarray], rate: Fraction) -> bytes:
    """Pictures, uint8 RGB (H, W, 3), as the bytes of an MP4."""
    frames = (Frame(picture, number / rate, 1 / rate) for number, picture in enumerate(pictures))
    with tempfile.TemporaryDirectory(prefix="nst-studio-") as folder:
        path = Path(folder) / FILM
        save_film(frames, path, rate=rate)
        return path.read_bytes()


def recipe(clip: Clip, style: Any, keywords: Mapping[str, Any]) -> Callable[[Watch], Footage]:
    """What paints a film; keywords as `paint_video` takes them."""

    def paint(watch: Watch) -> Footage:
        from ..video import paint_video

        first: list[FilmProgress] = []

        def callback(now: FilmProgress) -> None:
            if not first:
                first.append(now)
            watch(now)

        with tempfile.TemporaryDirectory(prefix="painting-", dir=clip.path.parent) as folder:
            out = Path(folder) / FILM
            made = paint_video(clip.path, style, out, progress=False, callback=callback, **keywords)
            return Footage(
                out.read_bytes(), first[0].photo, first[0].painting, made.frames, made.count, made.seconds
            )

    return paint


@dataclass(frozen=True)
class FilmOrder(Order):
    """What a film is painted with; its photo is a `Clip`."""

    def start(self, painter: Painter) -> Job:
        """Begin to paint.

        Raises:
            ValueError: with these styles no film can be painted.
        """
        if self.choice.form == "by region":
            raise ValueError(ONE_STYLE)
        assert isinstance(self.photo, Clip)
        style, more = self.choice.arguments()
        return FilmJob(recipe(self.photo, style, self.settings.one_pass() | more), self.photo.rate)

    def line(self, job: Job) -> str:
        """What its run is doing, in words."""
        sight = job.look()
        if job.stopping:
            return display.STOPPING_FILM
        if not isinstance(sight, FilmSight):
            return display.looking_through(job.seconds)
        return display.film_line(sight.done, sight.count, sight.seconds_left)

    def record(self, result: Any, *, left: bool = False) -> gallery.Record:
        """What its PNG says, see `Order`."""
        outcome = gallery.FINISHED
        if result.frames < result.count:
            gone = ", when its page was closed" if left else ""
            outcome = f"stopped after {result.frames} of {result.count} pictures{gone}"
        return replace(self._record(outcome, result.seconds), frames=result.frames)

    def remark(self, result: Any) -> str:
        """Whether the film was shorter than its file says."""
        assert isinstance(self.photo, Clip)
        readable = float(result.count / self.photo.rate)
        if readable > WHOLE * self.photo.seconds:
            return ""
        told, found = map(display.duration, (self.photo.seconds, readable))
        return f" The file breaks off early: of {told} it holds {found}."

    def files(self, result: Any, record: gallery.Record) -> gallery.Files:
        """Its first frame as a PNG, before and after, and the film."""
        png = gallery.encode(result.painting, record)
        return gallery.Files(png, display.jpeg(result.photo), result.film)
