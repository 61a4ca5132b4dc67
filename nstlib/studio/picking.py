"""Choosing a picture: groups of thumbnails, uploads, and the picker that holds both.

Written for ipywidgets 7.7 (Colab) and 8 (JupyterLab). A group of thumbnails is HTML with the browser's own
radio buttons: one stop of the Tab key, moved in with the arrow keys, known to screen readers. A few words of
script in an attribute (a notebook runs no script element that arrives in a widget) write the number of the
chosen one into a text box that the kernel reads.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets

from . import display
from .films import Films, on_offer
from .pictures import MOST_BYTES, Picture, check_upload, distinct, named, offered, uploaded

MOST_UPLOADS = 8  # of each kind, held in memory until Reset

Complain = Callable[[str], None]


def group(name: str, *widgets: ipywidgets.Widget) -> ipywidgets.Box:
    """Widgets below each other, in a box of a class of its own."""
    box = ipywidgets.VBox(list(widgets))
    box.add_class(f"nst-{name}")
    return box


def explain(widget: ipywidgets.Widget, text: str) -> None:
    """A tip where ipywidgets has one: in 8 for every widget, which otherwise shows "null"."""
    if widget.has_trait("tooltip"):
        widget.tooltip = text


class Thumbnails:
    """Pictures, one of which may be chosen.

    Args:
        label: what is chosen here.
        changed: called when another one is chosen.
    """

    def __init__(self, label: str, changed: Callable[[], None]) -> None:
        self._label, self._changed = label, changed
        self._scope, self._turn = f"nst-{secrets.token_hex(4)}", 0
        self._options: list[tuple[str, Any]] = []
        self._sources: list[str] = []
        self._disabled, self._quiet = False, False
        self._pictures = ipywidgets.HTML()
        self.picked = ipywidgets.Text(description=label)  # the number of the chosen one, as the page sends it
        self.picked.add_class("nst-picked")
        self.picked.layout.display = "none"
        self.picked.observe(self._on_picked, names="value")
        self.box = group("gallery", self._pictures, self.picked)

    @property
    def options(self) -> list[tuple[str, Any]]:
        """What can be chosen: (label, value) each."""
        return list(self._options)

    @property
    def value(self) -> Any:
        """What is chosen, None when nothing is."""
        number = self.picked.value
        return self._options[int(number)][1] if number.isdecimal() else None

    @value.setter
    def value(self, value: Any) -> None:
        if value != self.value:
            self._choose(value)
            self._changed()

    @property
    def disabled(self) -> bool:
        """Whether nothing can be chosen now."""
        return self._disabled

    @disabled.setter
    def disabled(self, disabled: bool) -> None:
        if disabled != self._disabled:
            self._disabled = disabled
            self._draw()

    def fill(self, options: list[tuple[str, Any]], sources: list[str], value: Any = None) -> None:
        """Show these, (label, value) each, with these data addresses, and choose one of them."""
        self._options, self._sources = options, sources
        self._choose(value)
        self._changed()

    def _choose(self, value: Any) -> None:
        numbers = [str(number) for number, (_, each) in enumerate(self._options) if each == value]
        self._pick(next(iter(numbers), ""))

    def _pick(self, number: str) -> None:
        """Choose by number, and show it."""
        self._quiet = True
        self.picked.value = number
        self._quiet = False
        self._draw()

    def _draw(self) -> None:
        """Show all of them anew. Never upon a choice on the page itself, which would lose its focus."""
        self._turn += 1
        chosen = int(self.picked.value) if self.picked.value else None
        labels = [label for label, _ in self._options]
        self._pictures.value = display.thumbnails(
            self._label,
            self._scope,
            list(zip(labels, self._sources, strict=True)),
            chosen=chosen,
            films={number for number, (_, each) in enumerate(self._options) if each.moves},
            disabled=self._disabled,
            turn=self._turn,
        )

    def _on_picked(self, change: Any) -> None:
        """The page sent a number; whatever else it sends is put back."""
        if self._quiet:
            return
        number = change["new"]
        if number.isdecimal() and int(number) < len(self._options) and not self._disabled:
            self._changed()
        else:
            self._pick(change["old"])


class Upload:
    """A button that takes a picture from a file.

    Args:
        kind: what is uploaded.
        receive: called with the picture, once it was checked; raises a ValueError when it cannot be used.
        most_bytes: of a file.
        complain: called with a sentence, empty when all is well.
        films: where films are kept; None where none are taken.
    """

    def __init__(
        self,
        kind: str,
        receive: Callable[[Picture], None],
        most_bytes: int,
        complain: Complain,
        films: Films | None = None,
    ) -> None:
        self._receive, self._most_bytes, self._complain = receive, most_bytes, complain
        self._check = check_upload if films is None else films.check
        with_films = films is not None and on_offer()
        kinds = f"{kind} or film" if with_films else kind
        accept = "image/*,video/*" if with_films else "image/*"
        self.widget = ipywidgets.FileUpload(accept=accept, multiple=False, description=f"Upload a {kinds}")
        self.widget.icon = ""
        self.widget.add_class(f"nst-upload-{kind}")
        if with_films:
            self.widget.add_class("nst-with-films")
        self.widget.observe(self._arrived, names="value")
        tip = f"JPEG, PNG, WebP, TIFF, GIF or BMP, at most {most_bytes / 1e6:.0f} MB"
        explain(self.widget, tip if films is None else f"{tip}. {films.tip}")

    def _arrived(self, _: Any) -> None:
        files = uploaded(self.widget.value)
        if not files:
            return
        self._forget()
        try:
            self._receive(self._check(*files[0], most_bytes=self._most_bytes))
        except ValueError as error:
            self._complain(str(error))
        else:
            self._complain("")

    def _forget(self) -> None:
        """Empty the widget, which would otherwise keep the bytes and not notice the same file again."""
        if isinstance(self.widget.value, tuple):
            self.widget.value = ()
        else:  # ipywidgets 7, which makes `value` of these three
            self.widget.metadata, self.widget.data = [], []
            self.widget._counter = 0


class Picker:
    """The choice of a photo or a style: thumbnails and an upload.

    Attributes:
        listeners: called when another picture is chosen or offered.
    """

    def __init__(
        self,
        kind: str,
        usual: str,
        *,
        most_bytes: int = MOST_BYTES,
        complain: Complain,
        films: Films | None = None,
    ) -> None:
        self._usual, self.most_bytes, self._films = usual, most_bytes, films
        self.listeners: list[Callable[[], None]] = []
        self._samples, self._uploads = offered(kind), list[Picture]()
        self._sources: dict[Picture, str] = {}
        self._thumbnails = Thumbnails(f"Choose a {kind}", self._tell)
        self.upload = Upload(kind, self._take, most_bytes, complain, films).widget
        heading = ipywidgets.HBox([ipywidgets.HTML(display.heading(kind.capitalize())), self.upload])
        heading.add_class("nst-above")
        self.box = group("picker", heading, self._thumbnails.box)
        self.reset()

    @property
    def value(self) -> Picture | None:
        """The chosen picture; None when there is none at all to choose from."""
        return self._thumbnails.value

    @property
    def pictures(self) -> list[Picture]:
        """All that can be chosen."""
        return [*self._uploads, *self._samples]

    def reset(self) -> None:
        """Back to the usual picture; uploads are forgotten."""
        self._uploads.clear()
        if self._films is not None:
            self._films.clear()
        self._fill(next((p for p in self._samples if p.name == self._usual), None))

    def choose(self, name: str, origin: str) -> bool:
        """Choose the picture of a record; False when it is not here."""
        picture = self.find(name, origin)
        if picture is not None:
            self._thumbnails.value = picture
        return picture is not None

    def find(self, name: str, origin: str) -> Picture | None:
        """The picture of a record; None when it is not here. A sample that was not offered is from now on."""
        for picture in self.pictures:
            if picture.origin == origin and (origin != "sample" or picture.name == name):
                return picture
        sample = named(name) if origin == "sample" else None
        if sample is not None:
            self._samples.append(sample)
            self._fill(self.value)
        return sample

    def add(self, name: str, content: bytes) -> None:
        """Offer an uploaded picture beside the others, and choose it.

        Raises:
            ValueError: it cannot be used, or there are too many.
        """
        check = check_upload if self._films is None else self._films.check
        self._take(check(name, content, most_bytes=self.most_bytes))

    def _take(self, picture: Picture) -> None:
        same = [p for p in self._uploads if p.origin == picture.origin]
        if same:
            self._thumbnails.value = same[0]
            return
        if len(self._uploads) >= MOST_UPLOADS:
            raise ValueError(f"{MOST_UPLOADS} uploads are here already; Reset drops them.")
        taken = [p.name for p in [*self._uploads, *self._samples]]
        picture = replace(picture, name=distinct(picture.name, taken))
        self._uploads.insert(0, picture)
        self._fill(picture)

    def _fill(self, chosen: Picture | None) -> None:
        pictures = self.pictures
        for picture in pictures:
            if picture not in self._sources:
                self._sources[picture] = display.address(picture.thumbnail(display.THUMBNAIL))
        self._sources = {picture: self._sources[picture] for picture in pictures}
        chosen = chosen or (pictures[0] if pictures else None)
        self._thumbnails.fill([(p.title, p) for p in pictures], list(self._sources.values()), chosen)

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()
