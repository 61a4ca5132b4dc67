"""The parts of the page that are operated beside the pictures: choosing settings, choosing a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import ipywidgets

from . import display
from .gallery import Entry, Gallery
from .picking import Complain, Thumbnails, explain, group
from .pictures import Picture
from .settings import (
    COLOR_WORDS,
    ITERATIONS,
    LARGEST_SEED,
    NETWORKS,
    OPTIMIZER_WORDS,
    SIZES,
    START_WORDS,
    STROKES,
    Settings,
)

# In plain words, with the field's own terms for who knows them.
TIPS = {
    "strength": "How much the style counts beside the photo. Every 20 points more divide the content weight "
    "by ten; 50 is the library's default",
    "colors": "Whose colours the result has",
    "size": "Of the result; twice the size takes about four times as long",
    "strokes": "The size at which the style is seen, beside that of the result: small for fine strokes",
    "network": "The neural network whose layers compare the pictures. The built-in one is pocket_vgg; the "
    "others are larger and slower",
    "optimizer": "The optimiser, which changes the picture from step to step: L-BFGS as usual, Adam, "
    "gradient descent, or L-BFGS-B of SciPy",
    "iterations": "Iterations at each of the sizes the run goes through, from small to large; as usual means "
    "fewer at full size",
    "start": "The picture before the first step",
    "seed": "The seed of the grain: another number, another picture",
}
SHOWN = ("strength", "colors", "size")  # the other settings are folded
OF_A_RUN = ("network", "optimizer", "iterations", "start", "seed")  # mean nothing to what one pass paints


def with_unit(numbers: Sequence[int], unit: str) -> list[tuple[str, int]]:
    """Options of a menu: a label with the unit, and the number."""
    return [(f"{number} {unit}", number) for number in numbers]


def in_words(words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Options of a menu: the words, and what they stand for."""
    return [(text, value) for value, text in words.items()]


class Controls:
    """All settings beside the pictures.

    Args:
        first: what else is set, above the rest.

    Attributes:
        listeners: called when a setting has changed.
    """

    def __init__(self, *first: ipywidgets.Widget) -> None:
        usual = Settings()
        self.listeners: list[Callable[[], None]] = []
        self._film = False
        make = ipywidgets
        labels = [(display.network_label(name, None), name) for name in NETWORKS]
        iterations = [(display.iterations_label(value), value) for value in ITERATIONS]
        self._widgets: dict[str, Any] = {
            "strength": make.IntSlider(min=0, max=100, step=5, description="Style strength"),
            "colors": make.Dropdown(options=in_words(COLOR_WORDS), description="Colours"),
            "size": make.Dropdown(options=with_unit(SIZES, "pixels"), description="Longer side"),
            "strokes": make.Dropdown(options=with_unit(STROKES, "%"), description="Stroke size"),
            "network": make.Dropdown(options=labels, description="Compared by"),
            "optimizer": make.Dropdown(options=in_words(OPTIMIZER_WORDS), description="Method"),
            "iterations": make.Dropdown(options=iterations, description="How long"),
            "start": make.Dropdown(options=in_words(START_WORDS), description="Start from"),
            "seed": make.BoundedIntText(min=0, max=LARGEST_SEED, description="Variation"),
        }
        for name, widget in self._widgets.items():
            widget.style.description_width = "initial"
            explain(widget, TIPS[name])
            widget.observe(self._tell, names="value")
        self._widgets["start"].observe(self._seed_matters, names="value")
        ends = ipywidgets.HTML('<div class="nst-ends"><span>photo</span><span>style</span></div>')
        strength, *shown = [widget for name, widget in self._widgets.items() if name in SHOWN]
        rest = [widget for name, widget in self._widgets.items() if name not in SHOWN]
        self._more = ipywidgets.ToggleButton(description="More settings")
        self._rest = group("rest", group("form", *rest))
        self._more.add_class("nst-more")
        self._more.observe(self._unfold, names="value")
        self._unfold()
        self.box = group("settings", *first, group("form", strength, ends, *shown), self._more, self._rest)
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

    def suit(self, *, film: bool) -> None:
        """Let be set what matters to what is chosen: a film is painted in one pass a frame."""
        self._film = film
        for name in OF_A_RUN:
            self._widgets[name].disabled = film
        self._seed_matters()

    def tell_networks(self, here: dict[str, bool]) -> None:
        """Say which networks need a download, once that is known."""
        menu = self._widgets["network"]
        kept = menu.value
        menu.options = [(display.network_label(name, here[name]), name) for name in NETWORKS]
        menu.value = kept

    def _tell(self, _: Any) -> None:
        for listener in self.listeners:
            listener()

    def _unfold(self, _: Any = None) -> None:
        self._more.description = "Fewer settings" if self._more.value else "More settings"
        self._rest.layout.display = "" if self._more.value else "none"

    def _seed_matters(self, _: Any = None) -> None:
        self._widgets["seed"].disabled = self._film or self._widgets["start"].value != "noise"


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
        self._refreshing = False
        self._thumbnails = Thumbnails("Choose a result", self._chosen)
        self._again = ipywidgets.Button(description="Use these settings again")
        self._again.on_click(lambda _: again(self.value) if self.value else None)
        self._delete = ipywidgets.Button()
        self._delete.on_click(self._on_delete)
        actions = ipywidgets.HBox([self._again, self._delete])
        actions.add_class("nst-actions")
        note = f"The latest {gallery.kept} are kept; the oldest makes room."
        self.actions = group("keep", actions)
        self._heading = ipywidgets.HTML(display.heading("Earlier results", note=note))
        self.box = group("results", self._heading, self._thumbnails.box)
        self.refresh()

    @property
    def value(self) -> Entry | None:
        """The result that is chosen."""
        return self._thumbnails.value

    @property
    def disabled(self) -> bool:
        """Whether no result can be chosen now."""
        return self._thumbnails.disabled

    @disabled.setter
    def disabled(self, disabled: bool) -> None:
        self._thumbnails.disabled = disabled

    def refresh(self, key: str | None = None) -> None:
        """Read the folder, and choose the result of a key, or none."""
        self._entries = self._gallery.entries()
        self._entries = [entry for entry in self._entries if self._source(entry)]
        options = [(display.label(entry.record), entry) for entry in self._entries]
        chosen = next((entry for entry in self._entries if entry.key == key), None)
        self._sources = {entry.key: self._sources[entry.key] for entry in self._entries}
        self._refreshing = True
        self._thumbnails.fill(options, list(self._sources.values()), chosen)
        self._refreshing = False
        self.box.layout.display = "" if self._entries else "none"

    def refresh_if_others_came(self) -> None:
        """Read the folder anew if it has other results than are shown: an earlier page may have added one."""
        if self._gallery.keys() != [entry.key for entry in self._entries]:
            self.refresh(self.value.key if self.value else None)

    def unchoose(self) -> None:
        """Choose none."""
        self._thumbnails.value = None

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
        if self.value and not self._refreshing:  # the visitor's own choice: what went wrong before is over
            self._complain("")
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
            self._complain("")
        except OSError as error:
            self._complain(f"Cannot delete this result: {error.strerror or error}.")
        self.refresh()
