"""What one pass makes of the present choices, painted in a thread of its own: the newest wish wins.

As with a run, the thread touches no widget: it leaves the picture here, and the page fetches it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import images
from ..foundation import Kept
from .job import sentence
from .order import Order
from .pictures import Picture

LARGEST = 512  # pixels of the longer side at which it is painted: a third of a second on two processor cores
MOST_LOADED = 8  # pictures that are kept decoded


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
        style, more = order.choice.arguments(lambda picture: self._load(picture, at_most=chosen["style_size"]))
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
