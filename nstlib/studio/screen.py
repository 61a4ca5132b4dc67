"""The stage: a picture with what there is to say of it, or a film that plays above its words.

Films play in the browser's own player, which the kernel hands their bytes in a message: no address of this
server leads to a visitor's film, and notebooks play it likewise. What ipywidgets leaves out, such as a name
for screen readers, is in `behaviour.js`.
"""

from __future__ import annotations

import ipywidgets

from .. import images
from . import display, gallery
from .filming import FilmSight
from .job import Sight
from .order import Order


class Screen:
    """What is shown large.

    Attributes:
        video: the player, hidden as long as no film is shown.
        stage: all else.
    """

    def __init__(self) -> None:
        self.stage = ipywidgets.HTML()
        self.video = ipywidgets.Video(format="mp4", controls=True, loop=True, autoplay=True)
        self.video.add_class("nst-screen")
        self._previews = 0
        self.draw("")

    def draw(self, html: str, film: bytes = b"", shape: tuple[int, int] = (1, 1)) -> None:
        """Show something; above it perhaps a film, as large as a picture of this (width, height) would be.

        What is hidden would go on sounding: a film that is not shown is taken out of the player.
        """
        self.stage.value = html
        if film:
            self.video.layout.width, self.video.layout.max_width = display.room(*shape)
        if film or self.video.value:
            self.video.value = film
        self.video.layout.display = "" if film else "none"

    def begin(self, html: str) -> None:
        """A run begins; this is shown until it has painted something."""
        self._previews = 0
        self.draw(html)

    def follow(self, order: Order, sight: Sight) -> None:
        """Show what a run has painted so far; of a film, once it is there, the first second."""
        if self.video.value or sight.preview is None:
            return
        if isinstance(sight, FilmSight) and sight.beginning:
            height, width = sight.preview.shape[1:3]
            self.draw(display.beginning(order.title), sight.beginning, (width, height))
        elif sight.previews != self._previews:
            self._previews = sight.previews
            alt = f"{order.title}, being painted"
            self.draw(display.preview(display.jpeg(sight.preview), alt, order.settings.size))

    def present(self, entry: gallery.Entry, files: gallery.Files, *, save: bool = False) -> None:
        """Show a result: a film plays, a picture is compared with its photo; `save` downloads it unasked."""
        if files.film:
            self.draw(display.film(entry), files.film, images.dimensions(files.png))
        else:
            self.draw(display.comparison(entry, files.png, files.photo, save=save))
