"""Where films play: the browser's own player, which the kernel hands the bytes of a film.

They come as they are, in a message of their own: no address of this server leads to a visitor's film, and
notebooks play it likewise. What ipywidgets leaves out, such as a name for screen readers, is in
`behaviour.js`.
"""

from __future__ import annotations

import ipywidgets

from . import display


class Screen:
    """A player that is hidden as long as there is no film.

    Attributes:
        video: the player.
    """

    def __init__(self) -> None:
        self.video = ipywidgets.Video(format="mp4", controls=True, loop=True, autoplay=True)
        self.video.add_class("nst-screen")
        self.clear()

    @property
    def playing(self) -> bool:
        """Whether a film is shown."""
        return bool(self.video.value)

    def play(self, film: bytes, shape: tuple[int, int]) -> None:
        """Show a film, as large as a picture of this (width, height) would be."""
        self.video.layout.width, self.video.layout.max_width = display.room(*shape)
        self.video.value = film
        self.video.layout.display = ""

    def clear(self) -> None:
        """Show none; what is hidden would go on sounding, so the film is taken out."""
        self.video.layout.display = "none"
        if self.video.value:
            self.video.value = b""
