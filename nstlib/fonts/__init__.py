"""The letters of the decks and of the Studio: a text face and a code face, in the files beside this one.

A page that takes its letters from the machine it is opened on breaks its lines elsewhere on each, and a slide
that was full runs over. So decks and Studio carry their own, as data addresses in their style sheets. A file
holds the characters of `RANGES` and no others; `tools/subset_fonts.py` makes them all.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

# Not the fonts' own names: a machine may have those in other versions.
TEXT, CODE = "Course Text", "Course Code"

# What each family holds, in the notation of CSS's `unicode-range`: the letters of European names and of
# formulas, and the signs that a course on optimisation writes outside its formulas.
_BOTH = (
    "U+0020-007E, U+00A0-00AC, U+00AE-0131, U+0134-0148, U+014A-017F, U+0218-021B, "  # Latin
    "U+0391-03A1, U+03A3-03A9, U+03B1-03C9, "  # Greek
    "U+2010, U+2013-2014, U+2018-201A, U+201C-201E, U+2020-2022, U+2026, U+2030, U+2032-2033, U+2039-203A, "
    "U+2070, U+2074-2079, U+2080-2089, U+20AC, U+2113, U+2122, "  # raised and lowered digits, units
    "U+2190-2199, U+21D2, U+21D4, "  # arrows
    "U+2202, U+2205, U+220F, U+2211-2212, U+221A, U+221E, U+222B, U+2248, U+2260, U+2264-2265, U+2295, "
    "U+2297, U+25A0-25A1, U+25AA, U+25B2, U+25B6, U+25BC, U+25C0, U+25CF, U+25E6, U+2713, U+2717"  # marks
)
RANGES = {
    TEXT: f"{_BOTH}, U+207A-207B, U+207F, U+208A-208B",
    CODE: f"{_BOTH}, U+2200, U+2203, U+2208-2209, U+2218, U+2227-222A, U+2261, U+2282, U+2286, U+22EE-22EF, "
    "U+2500-257F, U+2580-2595, U+27E8-27E9",  # boxes and bars of what programs print
}


@dataclass(frozen=True)
class Face:
    """One face of a family.

    Attributes:
        family: TEXT or CODE.
        weight: 400 or 700.
        style: "normal" or "italic".
        file: the name of its WOFF2 file in this folder.
    """

    family: str
    weight: int
    style: str
    file: str


FACES = (
    Face(TEXT, 400, "normal", "text-regular.woff2"),
    Face(TEXT, 700, "normal", "text-bold.woff2"),
    Face(TEXT, 400, "italic", "text-italic.woff2"),
    Face(CODE, 400, "normal", "code-regular.woff2"),
    Face(CODE, 700, "normal", "code-bold.woff2"),
    Face(CODE, 400, "italic", "code-italic.woff2"),
)
UPRIGHT = tuple(face for face in FACES if face.style == "normal")


def characters(family: str) -> frozenset[str]:
    """All characters that the faces of a family hold."""
    bounds = re.findall(r"U\+(\w+)(?:-(\w+))?", RANGES[family])
    codes = (range(int(first, 16), int(last or first, 16) + 1) for first, last in bounds)
    return frozenset(chr(code) for each in codes for code in each)


def style_rules(faces: Iterable[Face] = FACES) -> str:
    """The `@font-face` rules of some faces, with their files in them: CSS that needs nothing else."""
    return "\n".join(_rule(face) for face in faces)


def _rule(face: Face) -> str:
    content = base64.b64encode(resources.files(__package__).joinpath(face.file).read_bytes()).decode()
    return (
        f'@font-face {{ font-family: "{face.family}"; font-weight: {face.weight}; font-style: {face.style}; '
        f'src: url(data:font/woff2;base64,{content}) format("woff2"); '
        f"unicode-range: {RANGES[face.family]}; }}"
    )


def for_pillow(size: int, family: str = TEXT, weight: int = 400) -> Any:
    """A face as Pillow draws with it; its own where this Pillow cannot read WOFF2.

    Args:
        size: in pixels.
        family: TEXT or CODE.
        weight: 400 or 700.
    """
    from PIL import ImageFont

    (face,) = (each for each in UPRIGHT if (each.family, each.weight) == (family, weight))
    content = resources.files(__package__).joinpath(face.file).read_bytes()
    try:
        return ImageFont.truetype(io.BytesIO(content), size)
    except OSError:
        return ImageFont.load_default(size)
