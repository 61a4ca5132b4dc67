"""The part of the page where more styles than one are chosen: two mixed, or one for each region."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from typing import Any

import ipywidgets
from PIL import Image

from .. import images
from . import brush, display
from .picking import Complain, Picker, Upload, explain, group
from .pictures import Picture
from .styling import FORMS, Choice, Styling

KEEP = "none, keep the photo"
NO_STYLE = ""  # what stands for it in a menu, for which None would mean that nothing is chosen
LARGEST_MASK = 768  # pixels of the longer side, at which an uploaded mask is kept
NOTHING_PAINTED = "Paint a region on the photo, or upload a mask, before it is painted."


class Regions:
    """A mask, painted over the photo or uploaded, and a style for each of its regions."""

    def __init__(
        self, photos: Picker, styles: Picker, complain: Complain, changed: Callable[[], None]
    ) -> None:
        self._photos, self._styles, self._changed = photos, styles, changed
        self._base: Image.Image | None = None  # an uploaded mask
        self._turn, self._shown = 0, False
        self._menus: dict[str, ipywidgets.Dropdown] = {}
        self._canvas, scope = ipywidgets.HTML(), f"nst-{secrets.token_hex(4)}"
        self._strokes = ipywidgets.Textarea(description="Strokes")
        self._strokes.add_class("nst-strokes")
        self._strokes.layout.display = "none"
        self._strokes.observe(self._painted, names="value")
        self._undo = ipywidgets.Button(description="Undo")
        self._undo.on_click(lambda _: self._paint_again(self._strokes.value.rpartition("\n")[0]))
        self._clear = ipywidgets.Button(description="Clear")
        self._clear.on_click(lambda _: self.reset())
        self.upload = Upload("mask", self._receive, photos.most_bytes, complain)
        explain(self.upload.widget, "A picture with a plain colour for each region")
        actions = ipywidgets.HBox([self._undo, self._clear, self.upload.widget])
        actions.add_class("nst-actions")
        self._form = group("form")
        tools = ipywidgets.HTML(brush.tools(scope))
        hint = ipywidgets.HTML('<span class="nst-note">Paint what shall have a style of its own.</span>')
        self.box = group("regions", hint, tools, self._canvas, actions, self._strokes, self._form)

    def show(self, shown: bool) -> None:
        """Open or close this part; the canvas is drawn when it opens."""
        self.box.layout.display = "" if shown else "none"
        self._shown = shown
        if shown:
            self._paint_again(self._strokes.value)

    def reset(self) -> None:
        """Nothing painted, nothing uploaded."""
        self._base = None
        self._paint_again("")

    @property
    def mask(self) -> bytes:
        """The mask as a PNG; empty when there is no photo."""
        photo = self._photos.value
        if photo is None:
            return b""
        strokes = brush.read_strokes(self._strokes.value)
        return brush.png(brush.paint(self._base or brush.blank(*self._shape(photo)), strokes))

    @property
    def parts(self) -> tuple[tuple[str, Picture | None], ...]:
        """The regions and their styles.

        Raises:
            ValueError: there is one region only, or none has a style.
        """
        if not self._menus:
            raise ValueError(NOTHING_PAINTED)
        if all(menu.value == NO_STYLE for menu in self._menus.values()):
            raise ValueError("No region has a style: choose one for at least one region.")
        return tuple((name, menu.value or None) for name, menu in self._menus.items())

    def restore(self, mask: bytes, styles: dict[str, Picture | None]) -> None:
        """Take over a mask and the styles of its regions."""
        with Image.open(io.BytesIO(mask)) as picture:
            self._base = picture.convert("RGB")
        self._paint_again("")
        for name, menu in self._menus.items():
            menu.value = styles.get(name) or NO_STYLE

    def list_styles(self) -> None:
        """Offer the styles there are now."""
        for menu in self._menus.values():
            kept = menu.value
            menu.options = self._options()
            menu.value = kept if kept in self._styles.pictures else NO_STYLE

    def _shape(self, photo: Picture) -> tuple[int, int]:
        return images.dimensions(photo.thumbnail(display.SHOWN))

    def _options(self) -> list[tuple[str, Picture | str]]:
        return [(KEEP, NO_STYLE), *((p.title, p) for p in self._styles.pictures)]

    def _paint_again(self, strokes: str) -> None:
        """Set the strokes, and draw the canvas anew."""
        self._strokes.value = strokes
        photo = self._photos.value
        if not self._shown or photo is None:
            return
        self._turn += 1
        small = photo.thumbnail(display.SHOWN)
        self._canvas.value = brush.canvas(small, self.mask, images.dimensions(small), self._turn)
        self._painted()

    def _painted(self, _: Any = None) -> None:
        """Offer a style for each region of the mask as it is now; those that were chosen stay."""
        from ..objectives import read_regions  # starts Keras, which has begun when this part is opened

        self._undo.disabled = not self._strokes.value
        names = sorted(read_regions(self.mask, "mask").names) if self._photos.value else []
        names = names if len(names) > 1 else []  # of one region there is nothing to choose
        if names != list(self._menus):
            self._offer(names)
        self._changed()

    def _offer(self, names: list[str]) -> None:
        """A menu of styles for each of these regions."""
        first = "red" if "red" in names else next(iter(names), "")
        before = {name: menu.value for name, menu in self._menus.items()}
        self._menus = {}
        for name in names:
            usual = self._styles.value if name == first else NO_STYLE
            menu = ipywidgets.Dropdown(options=self._options(), description=f"Style of {name}")
            menu.style.description_width = "initial"
            explain(menu, f"What the {name} region is painted in")
            menu.value = before.get(name, usual)
            menu.observe(lambda _: self._changed(), names="value")
            self._menus[name] = menu
        self._form.children = list(self._menus.values())

    def _receive(self, uploaded: Picture) -> None:
        """An uploaded mask.

        Raises:
            ValueError: it is none, or of another shape than the photo.
        """
        from ..objectives import read_regions

        photo = self._photos.value
        if photo is None:
            return
        mask = images.to_pil(images.load_image(uploaded.source))
        mask.thumbnail((LARGEST_MASK, LARGEST_MASK), Image.Resampling.NEAREST)  # which mixes no colours
        width, height = self._shape(photo)
        try:
            read_regions(brush.png(mask), "mask").fitting((height, width), "photo")
        except ValueError as error:
            raise ValueError(f"{uploaded.name} cannot be used. {error}") from None
        self._base = mask
        self._paint_again("")


class Placing:
    """The choice of one style, two that are mixed, or one for each region.

    Attributes:
        listeners: called when another style, share or region is chosen here.
    """

    def __init__(self, photos: Picker, styles: Picker, complain: Complain) -> None:
        self._photos, self._styles = photos, styles
        self._known: list[Picture] = []
        self.listeners: list[Callable[[], None]] = []
        self.form = ipywidgets.Dropdown(options=[(text, form) for form, text in FORMS.items()])
        self.form.description = "Styles"
        explain(self.form, "One style everywhere, a mixture of two, or one for each region of the photo")
        self.second = ipywidgets.Dropdown(options=[("none", None)], description="Second style")
        explain(self.second, "It is mixed with the style that is chosen above")
        self.share = ipywidgets.IntSlider(value=50, min=0, max=100, step=5, description="Its share, %")
        explain(self.share, "0 paints in the first style only, 100 in the second")
        for widget in (self.form, self.second, self.share):
            widget.style.description_width = "initial"
        self._mixed = group("form", self.second, self.share)
        self.regions = Regions(photos, styles, complain, self._tell)
        self.form.observe(self._unfold, names="value")
        for widget in (self.form, self.second, self.share):
            widget.observe(self._tell, names="value")
        self.box = group("placing", group("form", self.form), self._mixed, self.regions.box)
        styles.listeners.append(self._styles_changed)
        photos.listeners.append(self._photo_changed)
        self._photo = photos.value
        self._styles_changed()
        self._unfold()

    @property
    def value(self) -> Choice:
        """The styles that are chosen.

        Raises:
            ValueError: something is missing, in one sentence.
        """
        style = self._styles.value
        if self.form.value == "by region":
            return Choice("by region", self.regions.parts, mask=self.regions.mask)
        if self.form.value == "mixed":
            return Choice("mixed", (("", style), ("", self.second.value)), self.share.value)
        return Choice("one", (("", style),))

    def reset(self) -> None:
        """One style, and nothing painted."""
        self.form.value, self.share.value = "one", 50
        self.second.value = self._usual_second()
        self.regions.reset()

    def restore(self, styling: Styling) -> list[str]:
        """Take over what a record says; returns the names of the pictures that are not here."""
        self.share.value, missing = styling.share, list[str]()
        found: dict[str, Picture | None] = {}
        for number, (region, name, origin) in enumerate(styling.parts):
            picture = self._styles.find(name, origin) if name else None
            missing += [name] if name and picture is None else []
            found[region or str(number)] = picture
        self.form.value = styling.form
        if styling.form == "mixed" and found["1"] is not None:
            self.second.value = found["1"]
        if styling.form == "by region":
            self.regions.restore(styling.mask, found)
        return missing

    def _tell(self, _: Any = None) -> None:
        for listener in self.listeners:
            listener()

    def _unfold(self, _: Any = None) -> None:
        self._mixed.layout.display = "" if self.form.value == "mixed" else "none"
        self.regions.show(self.form.value == "by region")

    def _photo_changed(self) -> None:
        """A mask belongs to its photo."""
        if self._photos.value != self._photo:
            self._photo = self._photos.value
            self.regions.reset()

    def _usual_second(self) -> Picture | None:
        """Another style than the first, if there is one."""
        others = [p for p in self._styles.pictures if p != self._styles.value]
        return next(iter(others), self._styles.value)

    def _styles_changed(self) -> None:
        """Offer the styles there are now; the second is by default another than the first."""
        pictures = self._styles.pictures
        if pictures == self._known or not pictures:
            return
        kept, self._known = self.second.value, pictures
        self.second.options = [(p.title, p) for p in pictures]
        self.second.value = kept if kept in pictures else self._usual_second()
        self.regions.list_styles()
