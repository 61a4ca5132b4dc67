"""What one pass makes of the present choices, painted in a thread of its own: the newest wish wins.

As with a run, the thread touches no widget: it leaves the picture here, and a task of the kernel's event loop
fetches it.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import images
from ..foundation import Kept
from .job import sentence
from .order import Order
from .pictures import Picture

GLANCE_EVERY = 0.03  # seconds between two looks at what one pass makes
LARGEST = 512  # pixels of the longer side at which it is painted: a third of a second on two processor cores
MOST_LOADED = 8  # pictures that are kept decoded


_loading = threading.Lock()  # two threads that import modules which import each other may fail


def load_engine() -> None:
    """Import what starts Keras."""
    with _loading:
        for name in ("networks", "recipes.transfer", "feedforward.once"):
            importlib.import_module(f"nstlib.{name}")


def warm_up() -> None:
    """Load the network and paint once, which at the first time takes seconds."""
    load_engine()
    from ..feedforward import paint_once

    paint_once("cat", "swirls", size=LARGEST)


@dataclass(frozen=True, eq=False)
class Glance:
    """What one pass made of an order.

    Attributes:
        order: that it was painted for.
        image: float32 RGB in [0, 1], shape (1, H, W, 3); None when it failed.
        error: one sentence when it failed, empty otherwise.
    """

    order: Order
    image: np.ndarray | None = None
    error: str = ""


class Brush:
    """Paints orders in one pass; pictures stay decoded, and the network keeps the codes of their styles.

    So another strength or another share costs only the pass itself.
    """

    def __init__(self) -> None:
        self._loaded: Kept[tuple[Picture, int], np.ndarray] = Kept(MOST_LOADED)

    def __call__(self, order: Order) -> np.ndarray:
        """The painting of an order, at most `LARGEST` pixels wide or high.

        Raises:
            ValueError, OSError, MemoryError: it cannot be painted.
        """
        from ..feedforward import paint_once  # starts Keras

        settings = order.settings
        chosen: dict[str, Any] = settings.one_pass() | {"size": min(settings.size, LARGEST)}
        style, more = order.choice.arguments(
            lambda picture: self._load(picture, at_most=chosen["style_size"])
        )
        photo = self._load(order.photo, at_most=chosen["size"])
        return paint_once(photo, style, **chosen, **more)

    def _load(self, picture: Picture, *, at_most: int) -> np.ndarray:
        def load() -> np.ndarray:
            return images.load_image(picture.source, at_most=at_most)

        return self._loaded.made_once((picture, at_most), load)


class Preview:
    """Paints what was wished for last; wishes that came and went meanwhile are never painted.

    Args:
        paint: makes the picture of an order; called in a thread that lives as long as there are wishes.
    """

    def __init__(self, paint: Callable[[Order], np.ndarray] | None = None) -> None:
        self._paint = paint or Brush()
        self._lock = threading.Lock()
        self._wish: Order | None = None
        self._working = self._dropped = False
        self._glance: Glance | None = None

    @property
    def working(self) -> bool:
        """Whether something is being painted; what was made can be fetched from the moment it is not."""
        return self._working

    def wish(self, order: Order) -> None:
        """Paint this next, whatever was wished for before; returns at once."""
        with self._lock:
            self._wish = order
            if not self._working:
                self._working = True
                # A daemon, so that the kernel of a page that was closed can end at once.
                threading.Thread(target=self._work, name="nst-preview", daemon=True).start()

    def forget(self) -> None:
        """Drop what was wished for, and what was made or is being made of it."""
        with self._lock:
            self._wish, self._glance, self._dropped = None, None, True

    def take(self) -> Glance | None:
        """The latest picture, if it was not taken yet."""
        with self._lock:
            glance, self._glance = self._glance, None
            return glance

    def _work(self) -> None:
        while (order := self._next()) is not None:
            glance = self._attempt(order)
            with self._lock:
                self._glance = None if self._dropped else glance

    def _next(self) -> Order | None:
        with self._lock:
            order, self._wish, self._dropped = self._wish, None, False
            self._working = order is not None
            return order

    def _attempt(self, order: Order) -> Glance:
        try:
            return Glance(order, self._paint(order))
        except Exception as error:  # whatever it is, the page has to say something
            return Glance(order, error=sentence(error))


class Ahead:
    """Shows what one pass makes of the choices, for as long as it is not what they are.

    Args:
        chosen: says what is chosen; raises a ValueError when that is not complete.
        show: called with what one pass made, None when the choices are not complete.
        in_the_loop: runs a coroutine beside the kernel's other work.

    Attributes:
        ready: whether Keras is here; until then nothing is painted.
        latest: what one pass made last, None before it made anything.
    """

    def __init__(
        self,
        chosen: Callable[[], Order],
        show: Callable[[Glance | None], None],
        in_the_loop: Callable[[Any], None],
    ) -> None:
        self._chosen, self._show, self._in_the_loop = chosen, show, in_the_loop
        self.preview = Preview()
        self.ready = False
        self.latest: Glance | None = None
        self._stale = self._looking = False

    @property
    def live(self) -> bool:
        """Whether what was shown last is a painting."""
        return self.latest is not None and self.latest.image is not None

    def painting(self, order: Order) -> np.ndarray | None:
        """What was made of an order, if it is the latest."""
        same = self.latest is not None and self.latest.order == order
        return self.latest.image if self.latest is not None and same else None

    def look(self) -> None:
        """The choices have changed: show what one pass makes of them, once all changes of now are made."""
        self._stale = True
        if self.ready and not self._looking:
            self._in_the_loop(self._follow)

    def rest(self) -> None:
        """Something else is shown: nothing that is being painted comes any more."""
        self._stale = False
        self.preview.forget()

    async def _follow(self) -> None:
        self._looking = going = True
        while going:
            if self._stale:
                self._stale = False
                self._wish()
            await asyncio.sleep(GLANCE_EVERY)
            going = self._stale or self.preview.working  # before the look: what it ended with is there
            if (glance := self.preview.take()) is not None:
                self._tell(glance)
        self._looking = False

    def _wish(self) -> None:
        try:
            self.preview.wish(self._chosen())
        except ValueError:  # whoever presses a button is told why
            self.preview.forget()
            self._tell(None)

    def _tell(self, glance: Glance | None) -> None:
        self.latest = glance
        self._show(glance)
