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
LETTERS, GAP, MOST_LINES = 15, 10, 4
WIDEST = 1800  # of a sheet that is no table
INK, PAPER, GREY = (32, 32, 36), (255, 255, 255), (232, 232, 234)
NOTE = "nstlib contact sheet"


@dataclass(frozen=True)
class Tile:
    """A place on the sheet.

    Attributes:
        file: the picture; None where there is none.
        words: under it, or in its place.
    """

    file: Path | None
    words: str


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
    heads = {name: list(dict.fromkeys(of(outcome, name) for outcome in outcomes)) for name in (down, across)}
    side, width = sizes_for(len(outcomes))
    tiles = {(of(o, down), of(o, across)): tile(o, "") for o in outcomes}
    left = max(
        round(font().getlength(text)) for value in heads[down] for text in lines(titled(down, value), width)
    )
    top = block(lines(titled(across, value), width) for value in heads[across])
    size = left + GAP + len(heads[across]) * (width + GAP), top + GAP + len(heads[down]) * (side + GAP)
    sheet = Image.new("RGB", (size[0] + GAP, size[1] + GAP), PAPER)
    for column, value in enumerate(heads[across]):
        x = left + 2 * GAP + column * (width + GAP)
        write(sheet, (x, GAP), lines(titled(across, value), width), width)
    for row, value in enumerate(heads[down]):
        y = top + 2 * GAP + row * (side + GAP)
        write(sheet, (GAP, y + side // 2 - LETTERS), lines(titled(down, value), width), left, centred=False)
        for column, other in enumerate(heads[across]):
            place(sheet, tiles.get((value, other)), (left + 2 * GAP + column * (width + GAP), y), side, width)
    return sheet


def draw_lines(outcomes: Sequence[Outcome]) -> Image.Image:
    """The pictures in the order of their rows, each with its words under it."""
    side, width = sizes_for(len(outcomes))
    names = varying([outcome.row for outcome in outcomes])
    tiles = [tile(o, "\n".join(titled(name, of(o, name)) for name in names)) for o in outcomes]
    columns = min(len(tiles), max(1, (WIDEST - GAP) // (width + GAP)), max(3, round(len(tiles) ** 0.5)))
    words = block(lines(each.words, width) for each in tiles)
    height = side + words + 2 * GAP
    count = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (GAP + columns * (width + GAP), GAP + count * height), PAPER)
    for number, each in enumerate(tiles):
        x, y = GAP + number % columns * (width + GAP), GAP + number // columns * height
        place(sheet, each, (x, y), side, width)
        if each.file is not None:
            write(sheet, (x, y + side + GAP // 2), lines(each.words, width), width)
    return sheet


def of(outcome: Outcome, name: str) -> str:
    """A setting of a row in words."""
    return in_words(name, outcome.row.get(name))


def titled(name: str, value: str) -> str:
    """A value with its name; of a picture, the name says nothing new."""
    return value if name in ("content", "style") else f"{name} {value}"


def tile(outcome: Outcome, words: str) -> Tile:
    """The place of a row; without a picture it says why."""
    if outcome.error is None:
        return Tile(outcome.file, words)
    return Tile(None, f"{words}\n{first_line(outcome.error)}".strip())


def sizes_for(count: int) -> tuple[int, int]:
    """Longer side of a picture, and width of its place."""
    side = SIDE if count <= MOST_LARGE else SMALL
    return side, max(side, NARROWEST)


def place(sheet: Image.Image, each: Tile | None, at: tuple[int, int], side: int, width: int) -> None:
    """Put a picture on the sheet, or in its place a grey field with words."""
    x, y = at
    if each is None:
        return
    if each.file is None:
        ImageDraw.Draw(sheet).rectangle((x, y, x + width - 1, y + side - 1), fill=GREY)
        write(sheet, (x + GAP, y + GAP), lines(each.words, width - 2 * GAP), width - 2 * GAP, centred=False)
        return
    with Image.open(each.file) as picture:
        share = min(1, side / max(picture.size))
        size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    sheet.paste(small, (x + (width - small.width) // 2, y + (side - small.height) // 2))


@cache
def font() -> Any:
    """The letters of the sheet."""
    return fonts.for_pillow(LETTERS)


def lines(text: str, width: int) -> list[str]:
    """A text broken into lines of at most a width in pixels; what is too long ends with three dots."""
    found = [line for part in text.split("\n") for line in wrapped(part, width)]
    if len(found) > MOST_LINES:
        last = found[MOST_LINES - 1]
        while last and font().getlength(f"{last} …") > width:
            last = last[:-1]
        found = [*found[: MOST_LINES - 1], f"{last} …"]
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


def write(
    sheet: Image.Image, at: tuple[int, int], texts: Sequence[str], width: int, *, centred: bool = True
) -> None:
    """Write lines under each other."""
    drawing = ImageDraw.Draw(sheet)
    for number, text in enumerate(texts):
        x = at[0] + (max(0, round(width - font().getlength(text)) // 2) if centred else 0)
        drawing.text((x, at[1] + number * line_height()), text, fill=INK, font=font())
