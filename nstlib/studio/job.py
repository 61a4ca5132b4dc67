"""One run in a thread of its own, which the page looks at but never waits for.

The thread touches no widget. It leaves what there is to see in the job, and the page fetches it from the
kernel's own thread, so that two threads never write to one widget, and no message of an abandoned run can
arrive late.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..process import FORESEEN, lacks_memory
from .settings import STROKES, large_enough, style_size

if TYPE_CHECKING:  # imported by the thread only: it starts Keras
    from ..networks import FeatureNetwork
    from ..optimizers import Progress
    from ..recipes import Result, TooSmall

PREVIEW_EVERY = 0.25  # seconds between two previews
SURE_AFTER = 8  # iterations at a size before its speed is trusted

Recipe = Callable[[Callable[["Progress"], None]], "Result"]


@dataclass(frozen=True)
class Sight:
    """What there is to see of a run that goes on.

    Attributes:
        share: of its work that is done; 0 before the first iteration.
        size: longer side in pixels it works at, None before the first iteration.
        seconds_left: an estimate, None as long as there is none.
        preview: the picture so far, None before the first iteration.
        previews: how many there were, to tell a new one.
    """

    share: float = 0.0
    size: int | None = None
    seconds_left: float | None = None
    preview: np.ndarray | None = None
    previews: int = 0


class Clock:
    """Estimates the time left from the speed at the present size.

    Work is counted in pixels x iterations, and a small picture takes longer for each pixel; so the estimate
    is made anew at each size. What compiling the step for the larger sizes will take is not in it.
    """

    def __init__(self) -> None:
        self._size: int | None = None
        self._first = (0.0, 0.0)  # time and share at the first iteration of this size

    def left(self, now: Progress, at: float) -> float | None:
        """Seconds left after an iteration that ended at the time `at`."""
        if now.size != self._size:
            self._size, self._first = now.size, (at, now.share)
        done = now.share - self._first[1]
        if now.iteration <= SURE_AFTER or done <= 0:
            return None
        return (1 - now.share) * (at - self._first[0]) / done


class Job:
    """A run that was started.

    Attributes:
        result: what the recipe returned, finished or stopped; None as long as it goes on, after an error, and
            when it was stopped before its first iteration.
        error: one sentence when it failed, empty otherwise.
        seconds: since it was started.
    """

    def __init__(self, recipe: Callable[[Callable[[Any], None]], Any]) -> None:
        self.result: Any = None
        self.error = ""
        self._recipe, self._clock, self._sight = recipe, Clock(), Sight()
        self._stop, self._began, self._shown = threading.Event(), time.monotonic(), 0.0
        # A daemon, so that the kernel of a page that was closed can end at once.
        self._thread = threading.Thread(target=self._run, name="nst-studio", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread still works; `result` and `error` hold from the moment it does not."""
        return self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def stop(self) -> None:
        """Ask the run to end after the iteration it is at; returns at once."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait for the thread to end, for so long at most."""
        self._thread.join(seconds)

    def look(self) -> Sight:
        """What there is to see now."""
        return self._sight  # replaced as a whole, so that it fits together whenever it is fetched

    def _run(self) -> None:
        try:
            result = self._recipe(self._watch)
            # Stopped while the network was loaded or compiled: nothing has been painted.
            nothing = self.stopping and self._sight.size is None
            self.result = None if nothing else result
        except Exception as error:  # whatever it is, the page has to say something
            self.error = sentence(error)
        except KeyboardInterrupt:
            pass

    def _watch(self, now: Any) -> None:
        """After every iteration, in the thread."""
        if self._stop.is_set():
            # What the first iteration after the request made is kept only if others came before it.
            raise KeyboardInterrupt
        at, before = time.monotonic(), self._sight
        preview, count = before.preview, before.previews
        if at - self._shown >= PREVIEW_EVERY:
            preview, count, self._shown = now.image(), count + 1, at
        self._sight = Sight(now.share, now.size, self._clock.left(now, at), preview, count)


def sentence(error: Exception) -> str:
    """What an error says, as one sentence of bearable length."""
    if lacks_memory(error):
        return "There is not enough memory for this: choose a smaller size or another network."
    text = " ".join(str(error).split()) or "no reason given"
    text = text if len(text) <= 300 else f"{text[:299]}…"
    known = isinstance(error, (*FORESEEN, TypeError))  # recipes raise it for bad input, too
    return text if known else f"The run failed ({type(error).__name__}): {text}"


class Painter:
    """Makes the recipe of a run, and keeps the network of the last one, which takes seconds to load."""

    def __init__(self) -> None:
        self._network: FeatureNetwork | None = None

    @staticmethod
    def one_pass(photo: str | bytes, style: Any, keywords: dict[str, Any]) -> Recipe:
        """One pass, with how it was made; it shows nothing on the way."""

        def paint(_: Callable[[Progress], None]) -> Result:
            from ..feedforward import OnePass

            return OnePass(style, **keywords).result(photo)

        return paint

    def recipe(
        self,
        photo: str | bytes,
        style: Any,
        keywords: dict[str, Any],
        begin: dict[str, Any] | None = None,
    ) -> Recipe:
        """A style transfer.

        Args:
            photo: as `images.load_image` takes it.
            style, keywords: as `transfer_style` takes them.
            begin: the keywords of `paint_once` for the painting it starts from; None for another start.
        """

        def paint(callback: Callable[[Progress], None]) -> Result:
            from ..feedforward import paint_once
            from ..networks import load_network
            from ..recipes import TooSmall, transfer_style

            if self._network is None or self._network.name != keywords["network"]:
                self._network = None  # frees the memory of the last one first
                self._network = load_network(keywords["network"])
            chosen = keywords | {"network": self._network}
            if begin is not None:
                chosen["start"] = paint_once(photo, style, **begin)
            try:
                result = transfer_style(photo, style, **chosen, callback=callback, progress=False)
            except TooSmall as error:
                raise ValueError(in_the_pages_words(error, keywords)) from None
            return result if begin is None else begun(result, begin)

        return paint


def begun(result: Result, begin: Mapping[str, Any]) -> Result:
    """A result that says how the painting was made which it started from."""
    assert result.making is not None
    own = {name: begin[name] for name in ("strength", "style_size")}
    return replace(result, making=result.making.begun({"paint_once": own}))


def in_the_pages_words(error: TooSmall, keywords: Mapping[str, Any]) -> str:
    """What is too small, and what to choose instead; keywords as `Settings.keywords` gives them."""
    size = keywords["size"]
    seen = keywords.get("style_size", size)
    strokes = next(s for s in STROKES if style_size(size, s) == seen)
    what = "photo" if error.view.option == "size" else "style"
    (height, width), (now_height, now_width) = error.view.original, error.view.shape(size, seen)
    return (
        f"The {what} has {width} x {height} pixels, and {now_width} x {now_height} with these settings, but "
        f"the network that compares them needs at least {error.side} on each side: "
        f"{large_enough(error.fits, size, strokes)}."
    )
