"""All pictures of a sweep on one sheet, each under what sets it apart.

Two settings that vary make a table, one down and one across; anything else fills lines from left to right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from .. import fonts
from ..foundation import first_line, whole_file
from ..images.saving import png_notes
from .naming import in_words, varying
from .painting import Outcome

SIDE, MOST_LARGE = 256, 120  # longer side of a picture on the sheet, and of how many
SMALL = 128  # the longer side where there are more
NARROWEST = 150  # width for the words under a picture
LETTERS, GAP = 15, 10
MOST_LINES, LOWEST = 8, 5  # of words under a picture; lines for which a place has room, for an error
WIDEST = 1800  # of a sheet that is no table
INK, PAPER, GREY = (32, 32, 36), (255, 255, 255), (232, 232, 234)
NOTE = "nstlib contact sheet"


@dataclass(frozen=True)
class Tile:
    """A place on the sheet.

    Attributes:
        file: the picture; None where there is none.
        words: under it.
        error: in the place of a picture.
    """

    file: Path | None
    words: str = ""
    error: str = ""


def write_sheet(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the contact sheet as a PNG, whole or not at all.

    Args:
        outcomes: in the order of their rows, at least one.
        path: the file.

    Raises:
        OSError: it cannot be written.
    """
    down_across = table_of(outcomes)
    sheet = draw_lines(outcomes) if down_across is None else draw_table(outcomes, *down_across)
    with whole_file(path) as partial:
        sheet.save(partial, pnginfo=png_notes({NOTE: "1"}))


def table_of(outcomes: Sequence[Outcome]) -> tuple[str, str] | None:
    """The two settings that make a table, down and across: those that vary, if they are two, each pair once.

    None where they are not, or where a table would be mostly empty.
    """
    rows = [outcome.row for outcome in outcomes]
    names = varying(rows)
    if len(names) != 2:
        return None
    pairs = {tuple(in_words(name, row.get(name)) for name in names) for row in rows}
    places = len({a for a, _ in pairs}) * len({b for _, b in pairs})
    return (names[0], names[1]) if len(pairs) == len(rows) and 2 * len(pairs) > places else None


def draw_table(outcomes: Sequence[Outcome], down: str, across: str) -> Image.Image:
    """A line for each value of one setting, a column for each of the other."""
    width, height = box_for(outcomes)
    downs, acrosses = ([*dict.fromkeys(of(o, name) for o in outcomes)] for name in (down, across))
    heads = [lines(titled(across, value), width) for value in acrosses]
    sides = [lines(titled(down, value), width) for value in downs]
    left = GAP + max(round(font().getlength(text)) for side in sides for text in side)
    top = GAP + block(heads)
    sheet = paper(left + len(heads) * (GAP + width), top + len(sides) * (GAP + height))
    for column, head in enumerate(heads):
        write(sheet, (left + GAP + column * (GAP + width), GAP), head, width)
    for row, side in enumerate(sides):
        write(sheet, (GAP, top + GAP + row * (GAP + height) + (height - block([side])) // 2), side)
    for each in outcomes:
        column, row = acrosses.index(of(each, across)), downs.index(of(each, down))
        corner = left + GAP + column * (GAP + width), top + GAP + row * (GAP + height)
        place(sheet, tile(each), corner, (width, height))
    return sheet


def draw_lines(outcomes: Sequence[Outcome]) -> Image.Image:
    """The pictures in the order of their rows, each with its words under it."""
    width, height = box_for(outcomes)
    names = varying([outcome.row for outcome in outcomes])
    tiles = [tile(o, "\n".join(titled(name, of(o, name)) for name in names)) for o in outcomes]
    columns = min(len(tiles), (WIDEST - GAP) // (GAP + width), max(3, round(len(tiles) ** 0.5)))
    step = height + GAP + block(lines(each.words, width) for each in tiles)
    sheet = paper(columns * (GAP + width), -(-len(tiles) // columns) * (GAP + step))
    for number, each in enumerate(tiles):
        x, y = GAP + number % columns * (GAP + width), GAP + number // columns * (GAP + step)
        place(sheet, each, (x, y), (width, height))
        write(sheet, (x, y + height + GAP // 2), lines(each.words, width), width)
    return sheet


def paper(width: int, height: int) -> Image.Image:
    """An empty sheet with a gap to the right and below."""
    return Image.new("RGB", (width + GAP, height + GAP), PAPER)


def of(outcome: Outcome, name: str) -> str:
    """A setting of a row in words."""
    return in_words(name, outcome.row.get(name))


def titled(name: str, value: str) -> str:
    """A value with its name; of a picture, the name says nothing new."""
    return value if name in ("content", "style") else f"{name} {value}"


def tile(outcome: Outcome, words: str = "") -> Tile:
    """The place of a row."""
    return Tile(outcome.file, words, "" if outcome.error is None else first_line(outcome.error))


def box_for(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    """Width and height of the place that every picture gets: of the widest and of the tallest."""
    shapes = [size_of(each.file, len(outcomes)) for each in outcomes if each.file is not None]
    widths, heights = zip(*shapes, strict=True) if shapes else ((), ())
    return max((*widths, NARROWEST)), max((*heights, LOWEST * line_height()))


def size_of(file: Path, count: int) -> tuple[int, int]:
    """Width and height of a picture on a sheet of so many; small ones are not enlarged."""
    with Image.open(file) as picture:
        width, height = picture.size
    share = min(1, (SIDE if count <= MOST_LARGE else SMALL) / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def place(sheet: Image.Image, each: Tile, at: tuple[int, int], box: tuple[int, int]) -> None:
    """Put a picture at the bottom of its place, or instead a grey field with words."""
    (x, y), (width, height) = at, box
    if each.file is None:
        ImageDraw.Draw(sheet).rectangle((x, y, x + width - 1, y + height - 1), fill=GREY)
        write(sheet, (x + GAP, y + GAP), lines(each.error, width - 2 * GAP, height // line_height() - 1))
        return
    with Image.open(each.file) as picture:
        share = min(1, width / picture.width, height / picture.height)
        size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    sheet.paste(small, (x + (width - small.width) // 2, y + height - small.height))


@cache
def font() -> Any:
    """The letters of the sheet."""
    return fonts.for_pillow(LETTERS)


def lines(text: str, width: int, most: int = MOST_LINES) -> list[str]:
    """A text broken into lines of at most a width in pixels; what is too long ends with three dots."""
    found = [line for part in text.split("\n") for line in wrapped(part, width)]
    if len(found) > most:
        last = found[most - 1]
        while last and font().getlength(f"{last} …") > width:
            last = last[:-1]
        found = [*found[: most - 1], f"{last} …"]
    return found


def wrapped(text: str, width: int) -> list[str]:
    """One paragraph: broken at spaces, and inside a word that is wider than the line."""
    found, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font().getlength(longer) <= width:
            line = longer
            continue
        if line:
            found.append(line)
        while font().getlength(word) > width:
            cut = next(n for n in range(len(word), 0, -1) if n == 1 or font().getlength(word[:n]) <= width)
            found.append(word[:cut])
            word = word[cut:]
        line = word
    return [*found, line] if line else found


def block(texts: Any) -> int:
    """The height of the tallest of some texts in pixels."""
    return max(map(len, texts), default=0) * line_height()


def line_height() -> int:
    """From one line to the next."""
    return round(LETTERS * 1.3)


def write(sheet: Image.Image, at: tuple[int, int], texts: Sequence[str], width: int | None = None) -> None:
    """Write lines under each other, in the middle of a width if there is one."""
    drawing = ImageDraw.Draw(sheet)
    for number, text in enumerate(texts):
        indent = 0 if width is None else max(0, round(width - font().getlength(text)) // 2)
        drawing.text((at[0] + indent, at[1] + number * line_height()), text, fill=INK, font=font())
