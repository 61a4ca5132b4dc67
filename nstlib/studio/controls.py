"""The parts of the page that are operated: choosing a picture, choosing settings, choosing a result.

Written for ipywidgets 7.7 (Colab) and 8 (JupyterLab). Thumbnails are the buttons of a `ToggleButtons` with
pictures from a style sheet: real buttons with names, in both versions and without any script.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import ipywidgets

from . import display
from .gallery import Entry, Gallery
from .pictures import MOST_BYTES, Picture, check_upload, distinct, offered, uploaded
from .settings import (
    COLOR_WORDS,
    ITERATIONS,
    LARGEST_SEED,
    NETWORKS,
    OPTIMIZERS,
    SIZES,
    START_WORDS,
    STROKES,
    Settings,
)

MOST_UPLOADS = 8  # of each kind, held in memory until Reset

TIPS = {
    "network": "Whose layers compare the pictures; pocket_vgg comes with the package",
    "size": "Of the result; twice the size takes about four times as long",
    "strength": "Every 20 points more let the photo count a tenth; 50 is the library's default",
    "strokes": "The size at which the style is seen, beside that of the result: small for fine strokes",
    "colors": "Whose colours the result has",
    "optimizer": "How the picture is changed from step to step",
    "iterations": "Steps at each of the sizes the run goes through, from small to large",
    "start": "The picture before the first step",
    "seed": "Another number, another noise",
}

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


def with_unit(numbers: Sequence[int], unit: str) -> list[tuple[str, int]]:
    """Options of a menu: a label with the unit, and the number."""
    return [(f"{number} {unit}", number) for number in numbers]


class Thumbnails:
    """Buttons with pictures, one of which may be chosen.

    Args:
        label: what is chosen here.
        changed: called when another one is chosen.
    """

    def __init__(self, label: str, changed: Callable[[], None]) -> None:
        self._changed, self._filling = changed, False
        self._scope = f"nst-{secrets.token_hex(4)}"
        self.buttons = ipywidgets.ToggleButtons(options=[], description=label)
        self.buttons.add_class("nst-thumbs")
        self.buttons.add_class(self._scope)
        self.buttons.observe(self._on_value, names="value")
        self._pictures = ipywidgets.HTML()
        self.box = group("gallery", self._pictures, self.buttons)

    def fill(self, options: list[tuple[str, Any]], sources: list[str], value: Any = None) -> None:
        """Show these buttons, (label, value) each, with these data addresses, and choose one of them."""
        self._pictures.value = display.thumbnails(self._scope, dict(enumerate(sources)))
        self._filling = True  # for a moment the widget chooses the first of the new options
        self.buttons.options = options
        self.buttons.value = value
        self._filling = False
        self._changed()

    def _on_value(self, _: Any) -> None:
        if not self._filling:
            self._changed()


class Upload:
    """A button that takes a picture from a file.

    Args:
        kind: what is uploaded.
        receive: called with the picture, once it was checked; raises a ValueError when it cannot be used.
        most_bytes: of a file.
        complain: called with a sentence, empty when all is well.
    """

    def __init__(
        self, kind: str, receive: Callable[[Picture], None], most_bytes: int, complain: Complain
    ) -> None:
        self._receive, self._most_bytes, self._complain = receive, most_bytes, complain
        self.widget = ipywidgets.FileUpload(accept="image/*", multiple=False, description=f"Upload a {kind}")
        self.widget.icon = ""
        self.widget.add_class(f"nst-upload-{kind}")
        self.widget.observe(self._arrived, names="value")

    def _arrived(self, _: Any) -> None:
        files = uploaded(self.widget.value)
        if not files:
            return
        self._forget()
        try:
            self._receive(check_upload(*files[0], most_bytes=self._most_bytes))
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
    """The choice of a photo or a style: thumbnails, an upload, and the chosen picture in larger."""

    def __init__(self, kind: str, usual: str, *, most_bytes: int = MOST_BYTES, complain: Complain) -> None:
        self._kind, self._usual, self.most_bytes = kind, usual, most_bytes
        self.changed: Callable[[], None] = lambda: None  # called when another picture is chosen or offered
        self._samples, self._uploads = offered(kind), list[Picture]()
        self._sources: dict[Picture, str] = {}
        self._shown = ipywidgets.HTML()
        self._thumbnails = Thumbnails(f"Choose a {kind}", self._show)
        self.upload = Upload(kind, self._take, most_bytes, complain).widget
        explain(self.upload, f"Choose a file for the {kind}")
        note = f"JPEG, PNG, WebP, TIFF, GIF or BMP, at most {most_bytes / 1e6:.0f} MB"
        heading = ipywidgets.HTML(display.heading(kind.capitalize()))
        hint = ipywidgets.HTML(f'<span class="nst-note">{note}</span>')
        self.box = group("picker", heading, self._shown, self._thumbnails.box, self.upload, hint)
        self.reset()

    @property
    def value(self) -> Picture | None:
        """The chosen picture; None when there is none at all to choose from."""
        return self._thumbnails.buttons.value

    @property
    def pictures(self) -> list[Picture]:
        """All that can be chosen."""
        return [*self._uploads, *self._samples]

    def reset(self) -> None:
        """Back to the usual picture; uploads are forgotten."""
        self._uploads.clear()
        self._fill(next((p for p in self._samples if p.name == self._usual), None))

    def choose(self, name: str, origin: str) -> bool:
        """Choose the picture of a record; False when it is not here."""
        picture = self.find(name, origin)
        if picture is not None:
            self._thumbnails.buttons.value = picture
        return picture is not None

    def find(self, name: str, origin: str) -> Picture | None:
        """The picture of a record; None when it is not here."""
        for picture in self.pictures:
            if picture.origin == origin and (origin != "sample" or picture.name == name):
                return picture
        return None

    def add(self, name: str, content: bytes) -> None:
        """Offer an uploaded picture beside the others, and choose it.

        Raises:
            ValueError: it cannot be used, or there are too many.
        """
        self._take(check_upload(name, content, most_bytes=self.most_bytes))

    def _take(self, picture: Picture) -> None:
        same = [p for p in self._uploads if p.source == picture.source]
        if same:
            self._thumbnails.buttons.value = same[0]
            return
        if len(self._uploads) >= MOST_UPLOADS:
            raise ValueError(f"{MOST_UPLOADS} uploads are here already; Reset drops them.")
        taken = [p.name for p in [*self._uploads, *self._samples]]
        picture = Picture(distinct(picture.name, taken), picture.source)
        self._uploads.insert(0, picture)
        self._fill(picture)

    def _fill(self, chosen: Picture | None) -> None:
        pictures = [*self._uploads, *self._samples]
        for picture in pictures:
            if picture not in self._sources:
                self._sources[picture] = display.address(picture.thumbnail(display.THUMBNAIL))
        self._sources = {picture: self._sources[picture] for picture in pictures}
        chosen = chosen or (pictures[0] if pictures else None)
        self._thumbnails.fill([(p.name, p) for p in pictures], list(self._sources.values()), chosen)

    def _show(self) -> None:
        self._shown.value = display.chosen(self.value, self._kind) if self.value else ""
        self.changed()


class Controls:
    """All settings beside the pictures.

    Args:
        folded: what else stands under "More settings".
    """

    def __init__(self, *folded: ipywidgets.Widget) -> None:
        usual = Settings()
        make = ipywidgets
        labels = [(display.network_label(name, None), name) for name in NETWORKS]
        iterations = [(display.iterations_label(value), value) for value in ITERATIONS]
        self._widgets: dict[str, Any] = {
            "network": make.Dropdown(options=labels, description="Network"),
            "size": make.Dropdown(options=with_unit(SIZES, "pixels"), description="Longer side"),
            "strength": make.IntSlider(min=0, max=100, step=5, description="Style strength"),
            "strokes": make.Dropdown(options=with_unit(STROKES, "%"), description="Stroke size"),
            "colors": make.Dropdown(
                options=[(words, colors) for colors, words in COLOR_WORDS.items()], description="Colours"
            ),
            "optimizer": make.Dropdown(options=OPTIMIZERS, description="Optimiser"),
            "iterations": make.Dropdown(options=iterations, description="Iterations"),
            "start": make.Dropdown(
                options=[(words, start) for start, words in START_WORDS.items()], description="Start from"
            ),
            "seed": make.BoundedIntText(min=0, max=LARGEST_SEED, description="Seed of the noise"),
        }
        for name, widget in self._widgets.items():
            widget.style.description_width = "initial"
            explain(widget, TIPS[name])
        self._widgets["start"].observe(self._seed_matters, names="value")
        ends = ipywidgets.HTML('<div class="nst-ends"><span>photo</span><span>style</span></div>')
        rows = list(self._widgets.values())
        self._more = ipywidgets.ToggleButton(description="More settings")
        self._rest = group("rest", *folded, group("form", *rows[5:]))
        self._more.add_class("nst-more")
        self._more.observe(self._unfold, names="value")
        self._unfold()
        heading = ipywidgets.HTML(display.heading("Settings"))
        self.box = group(
            "settings", heading, group("form", *rows[:3], ends, *rows[3:5]), self._more, self._rest
        )
        self.value = usual

    @property
    def value(self) -> Settings:
        """The settings that are chosen."""
        return Settings(**{name: widget.value for name, widget in self._widgets.items()})

    @value.setter
    def value(self, settings: Settings) -> None:
        for name, widget in self._widgets.items():
            widget.value = getattr(settings, name)
        self._seed_matters()

    def unfold(self) -> None:
        """Show what is folded."""
        self._more.value = True

    def tell_networks(self, here: dict[str, bool]) -> None:
        """Say which networks need a download, once that is known."""
        menu = self._widgets["network"]
        kept = menu.value
        menu.options = [(display.network_label(name, here[name]), name) for name in NETWORKS]
        menu.value = kept

    def _unfold(self, _: Any = None) -> None:
        self._more.description = "Fewer settings" if self._more.value else "More settings"
        self._rest.layout.display = "" if self._more.value else "none"

    def _seed_matters(self, _: Any = None) -> None:
        self._widgets["seed"].disabled = self._widgets["start"].value != "noise"


class Results:
    """Earlier results as thumbnails, and what can be done with the one that is chosen.

    Args:
        gallery: where they are kept.
        show: called with the entry that was chosen, None when none is.
        again: called with an entry whose settings are wanted again.
        complain: called with a sentence.
    """

    def __init__(
        self,
        gallery: Gallery,
        *,
        show: Callable[[Entry | None], None],
        again: Callable[[Entry], None],
        complain: Complain,
    ) -> None:
        self._gallery, self._show, self._complain = gallery, show, complain
        self._sources: dict[str, str] = {}
        self._entries: list[Entry] = []
        self._thumbnails = Thumbnails("Choose a result", self._chosen)
        self._again = ipywidgets.Button(description="Use these settings again")
        self._again.on_click(lambda _: again(self.value) if self.value else None)
        self._delete = ipywidgets.Button()
        self._delete.on_click(self._on_delete)
        actions = ipywidgets.HBox([self._again, self._delete])
        actions.add_class("nst-actions")
        note = f"The latest {gallery.kept} are kept; the oldest makes room."
        self.actions = group("chosen", actions)
        self._heading = ipywidgets.HTML(display.heading("Earlier results", note=note))
        self.box = group("results", self._heading, self._thumbnails.box)
        self.refresh()

    @property
    def value(self) -> Entry | None:
        """The result that is chosen."""
        return self._thumbnails.buttons.value

    @property
    def disabled(self) -> bool:
        """Whether no result can be chosen now."""
        return self._thumbnails.buttons.disabled

    @disabled.setter
    def disabled(self, disabled: bool) -> None:
        self._thumbnails.buttons.disabled = disabled

    def refresh(self, key: str | None = None) -> None:
        """Read the folder, and choose the result of a key, or none."""
        self._entries = self._gallery.entries()
        self._entries = [entry for entry in self._entries if self._source(entry)]
        options = [(display.label(entry.record), entry) for entry in self._entries]
        chosen = next((entry for entry in self._entries if entry.key == key), None)
        self._sources = {entry.key: self._sources[entry.key] for entry in self._entries}
        self._thumbnails.fill(options, list(self._sources.values()), chosen)
        self.box.layout.display = "" if self._entries else "none"

    def unchoose(self) -> None:
        """Choose none."""
        self._thumbnails.buttons.value = None

    def _source(self, entry: Entry) -> str:
        """The data address of a result's thumbnail; empty when there is none."""
        if entry.key not in self._sources:
            with suppress(OSError, ValueError):  # another page may have deleted it
                thumbnail = Picture(entry.key, self._gallery.png(entry.key)).thumbnail(display.THUMBNAIL)
                self._sources[entry.key] = display.address(thumbnail)
        return self._sources.get(entry.key, "")

    def _chosen(self) -> None:
        self._delete.description = "Delete"
        self.actions.layout.display = "" if self.value else "none"
        self._show(self.value)

    def _on_delete(self, _: Any) -> None:
        """Delete at the second click."""
        entry = self.value
        if entry is None:
            return
        if self._delete.description == "Delete":
            self._delete.description = "Delete for good?"
            return
        try:
            self._gallery.delete(entry.key)
        except OSError as error:
            self._complain(f"Cannot delete this result: {error.strerror or error}.")
        self.refresh()
