"""Which styles go where: one everywhere, two mixed, or one for each region of the photo.

`Styling` is what a PNG says of it, `Choice` is the same with the pictures themselves. Nothing in here starts
Keras.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..foundation import unknown_name
from .pictures import Picture, in_words

FORMS = {"one": "one", "mixed": "two, mixed", "by region": "one for each region"}
SHARES = range(101)  # of the second style, in percent
MASK = "mask.png"  # what the call names the mask, and its download


@dataclass(frozen=True)
class Styling:
    """What a record says of the styles.

    Attributes:
        form: one of `FORMS`.
        share: of the second style when two are mixed, in percent.
        parts: (region or "", name, origin) of each style; for one style none: the record names it. A region
            that keeps the photo has the name "".
        mask: a PNG of the regions, empty unless there are any.
    """

    form: str = "one"
    share: int = 50
    parts: tuple[tuple[str, str, str], ...] = ()
    mask: bytes = b""

    def __post_init__(self) -> None:
        """Refuse what the page does not offer.

        Raises:
            ValueError: in one sentence.
        """
        if self.form not in FORMS:
            raise unknown_name("form of styles", self.form, FORMS)
        if self.share not in SHARES:
            raise unknown_name("share of the second style", self.share, ["0 to 100"])

    def title(self, style: str) -> str:
        """The styles in words; `style` is the one that the record names."""
        if self.form == "one":
            return style
        names = list(dict.fromkeys(in_words(name, origin) for _, name, origin in self.parts if name))
        return " and ".join(names) or style

    def described(self) -> list[tuple[str, str]]:
        """Pairs of name and value, as the page words them; none for one style."""
        if self.form == "mixed":
            shares = (100 - self.share, self.share)
            named = [
                f"{share} % {in_words(name, origin)}"
                for (_, name, origin), share in zip(self.parts, shares, strict=True)
            ]
            return [("Styles", ", ".join(named))]
        return [
            (f"Style of {r}", in_words(name, origin) or "none, the photo") for r, name, origin in self.parts
        ]

    def arguments(self, style: str) -> tuple[Any, dict[str, Any]]:
        """The style and the keywords of `transfer_style`, with names in the place of pictures."""
        if self.form == "mixed":
            return [name for _, name, _ in self.parts], blend(self.share)
        if self.form == "by region":
            return {region: name for region, name, _ in self.parts if name}, {"content_mask": MASK}
        return style, {}

    def to_text(self) -> dict[str, str]:
        """The text chunks of a PNG; none for one style, as before there were others."""
        if self.form == "one":
            return {}
        noted = {"form": self.form, "share": self.share, "parts": self.parts}
        mask = {"mask": base64.b64encode(self.mask).decode()} if self.mask else {}
        return {"styles": json.dumps(noted)} | mask

    @staticmethod
    def from_text(text: Mapping[str, str]) -> Styling:
        """What `to_text` wrote.

        Raises:
            ValueError, TypeError, KeyError: it makes no sense.
        """
        if "styles" not in text:
            return Styling()
        noted = json.loads(text["styles"])
        parts = tuple((str(region), str(name), str(origin)) for region, name, origin in noted["parts"])
        return Styling(noted["form"], noted["share"], parts, base64.b64decode(text.get("mask", "")))


def blend(share: int) -> dict[str, Any]:
    """The keyword of `transfer_style` for the share of the second style in percent."""
    return {"blend": [(100 - share) / 100, share / 100]}


def source_of(picture: Picture) -> str | bytes:
    """What the library knows a picture by."""
    return picture.source


@dataclass(frozen=True)
class Choice:
    """The styles that are chosen on the page.

    Attributes:
        form, share, mask: see `Styling`.
        parts: (region or "", picture) of each style; None keeps the photo.
    """

    form: str
    parts: tuple[tuple[str, Picture | None], ...]
    share: int = 50
    mask: bytes = b""

    def arguments(self, read: Callable[[Picture], Any] = source_of) -> tuple[Any, dict[str, Any]]:
        """The style and the keywords of the recipes; `read` says what stands for a picture."""
        sources = [(region, read(picture)) for region, picture in self.parts if picture is not None]
        if self.form == "mixed":
            return [source for _, source in sources], blend(self.share)
        if self.form == "by region":
            return dict(sources), {"content_mask": self.mask}
        return sources[0][1], {}

    def styling(self) -> Styling:
        """What a record says of it."""
        if self.form == "one":
            return Styling()
        parts = [(r, p.name, p.origin) if p is not None else (r, "", "") for r, p in self.parts]
        return Styling(self.form, self.share, tuple(parts), self.mask)
