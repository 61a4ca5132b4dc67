"""What a visitor has chosen, as one thing: what the preview shows, what a run paints, what a record says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from .. import images
from . import display, gallery
from .job import Job, Painter, Recipe
from .pictures import Picture
from .settings import Settings
from .styling import Choice


@dataclass(frozen=True)
class Order:
    """What a run was started with; what is chosen on the page may have changed since.

    Attributes:
        photo, style, settings, choice: what was chosen.
        once: whether one pass is enough.
    """

    photo: Picture
    style: Picture
    settings: Settings
    choice: Choice
    once: bool = False

    @property
    def title(self) -> str:
        """What there is to see, in words."""
        return f"{self.photo.title} in the style of {self.choice.styling().title(self.style.title)}"

    def start(self, painter: Painter) -> Job:
        """Begin to paint.

        Raises:
            ValueError: with these choices nothing can be painted, in one sentence.
        """
        return Job(self.recipe(painter))

    def line(self, job: Job) -> str:
        """What its run is doing, in words."""
        if self.once:
            return display.ONE_PASS
        return display.progress_line(job.look(), self.settings, stopping=job.stopping, seconds=job.seconds)

    def beginning(self, painting: np.ndarray | None) -> str:
        """The stage of its run before the first picture of that.

        Args:
            painting: what one pass made of it, None when there is no such thing.
        """
        size, starts_from_it = self.settings.size, self.photo.moves or self.settings.refines
        if painting is not None and starts_from_it:
            return display.preview(display.jpeg(painting), f"{self.title}, a first look", size)
        return display.preview(self.photo.thumbnail(display.SHOWN), f"The photo: {self.photo.title}", size)

    def recipe(self, painter: Painter) -> Recipe:
        """What makes it."""
        style, more = self.choice.arguments()
        photo, settings = self.photo.source, self.settings
        if self.once:
            return painter.one_pass(photo, style, settings.one_pass() | more)
        begin = settings.one_pass() | more if settings.refines else None
        return painter.recipe(photo, style, settings.keywords() | more, begin)

    def record(self, result: Any, *, left: bool = False) -> gallery.Record:
        """What the PNG of a result says.

        Args:
            result: what the run came to.
            left: whether it was stopped because its page was left.
        """
        from ..optimizers import Stopping

        history, outcome = result.history, gallery.ONCE if self.once else gallery.FINISHED
        done = f"after {history.iterations} of {sum(result.settings.get('iterations', ()))} iterations"
        if history.stopping is Stopping.INTERRUPTED:
            outcome = f"stopped {done}{', when its page was closed' if left else ''}"
        elif history.stopping is Stopping.OUT_OF_MEMORY:
            outcome = f"ended {done} because memory ran out"
        elif history.stopping is Stopping.DIVERGED:
            outcome = f"ended {done} because the loss was not finite"
        return self._record(outcome, result.seconds)

    def remark(self, result: Any) -> str:
        """What else is to be said when a result has come."""
        return " It is downloaded, and among your results." if self.once else ""

    def files(self, result: Any, record: gallery.Record) -> gallery.Files:
        """A result as a PNG, and its photo of the same size as a JPEG."""
        photo = display.jpeg(images.load_image(self.photo.source, self.settings.size))
        return gallery.Files(gallery.encode(result.image, record, result.making), photo)

    def _record(self, outcome: str, seconds: float) -> gallery.Record:
        return gallery.Record(
            photo=self.photo.name,
            style=self.style.name,
            photo_origin=self.photo.origin,
            style_origin=self.style.origin,
            settings=self.settings,
            outcome=outcome,
            seconds=round(seconds, 1),
            made=f"{datetime.now():%Y-%m-%d %H:%M}",
            styling=self.choice.styling(),
        )
