"""What a visitor has chosen, as one thing: what the preview shows, what a run paints, what a record says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import gallery
from .job import Painter, Recipe
from .pictures import Picture
from .settings import Settings
from .styling import Choice

if TYPE_CHECKING:
    from ..recipes import Result


@dataclass(frozen=True)
class Order:
    """What a run was started with; what is chosen on the page may have changed since."""

    photo: Picture
    style: Picture
    settings: Settings
    choice: Choice

    @property
    def title(self) -> str:
        """What there is to see, in words."""
        return f"{self.photo.title} in the style of {self.choice.styling().title(self.style.title)}"

    def recipe(self, painter: Painter) -> Recipe:
        """What makes it."""
        style, keywords = self.choice.arguments()
        return painter.recipe(self.photo.source, style, self.settings.keywords() | keywords)

    def record(self, result: Result, *, left: bool = False) -> gallery.Record:
        """What the result's PNG says; `left` when it was stopped because its page was left."""
        from ..optimizers import Stopping

        history, outcome = result.history, "finished"
        done = f"after {history.iterations} of {sum(result.settings['iterations'])} iterations"
        if history.stopping is Stopping.INTERRUPTED:
            outcome = f"stopped {done}{', when its page was closed' if left else ''}"
        elif history.stopping is Stopping.OUT_OF_MEMORY:
            outcome = f"ended {done} because memory ran out"
        elif history.stopping is Stopping.DIVERGED:
            outcome = f"ended {done} because the loss was not finite"
        return gallery.Record(
            photo=self.photo.name,
            style=self.style.name,
            photo_origin=self.photo.origin,
            style_origin=self.style.origin,
            settings=self.settings,
            outcome=outcome,
            seconds=round(result.seconds, 1),
            made=f"{datetime.now():%Y-%m-%d %H:%M}",
            styling=self.choice.styling(),
        )
