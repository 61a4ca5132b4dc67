"""What varies in a sweep, in words for people and in names of files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .table import PICTURES, Row

LONGEST = 80  # letters of a file's name; disks allow 255 bytes


def varying(rows: Sequence[Row]) -> list[str]:
    """The settings that are not the same in all rows, in the order in which they first appear."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if any(row.get(name) != rows[0].get(name) for row in rows)]


def in_words(name: str, value: Any) -> str:
    """A value as people write it: numbers without noise, pictures without folders, weights as a=1, b=2."""
    if value is None:
        return "usual"
    if isinstance(value, (bool, str)):
        return Path(str(value)).stem if name in PICTURES else str(value)
    if isinstance(value, (int, float)):
        return f"{value:g}" if abs(value) < 1e6 else str(value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={in_words(name, each)}" for key, each in value.items())
    return ", ".join(in_words(name, each) for each in value)


def label(row: Row, names: Sequence[str]) -> str:
    """What sets a row apart, as "style_weight 0.1, seed 1"."""
    return ", ".join(f"{name} {in_words(name, row.get(name))}" for name in names)


def file_names(rows: Sequence[Row]) -> list[str]:
    """The name of a PNG for each row, of what varies: "style_weight-0.1_seed-1.png".

    Rows that come out alike, or too long, are told apart by their number.
    """
    names = varying(rows)
    stems = ["_".join(f"{n}-{in_words(n, row.get(n))}" for n in names) for row in rows]
    stems = [re.sub(r"[^\w.+=-]+", "-", stem).strip("-.") or "picture" for stem in stems]
    short = [stem[:LONGEST].rstrip("-.") for stem in stems]
    folded = [stem.casefold() for stem in short]  # many disks take letters of either case for the same
    return [
        f"{stem}.png" if folded.count(stem.casefold()) == 1 and stem == whole else f"{stem}_row-{number}.png"
        for number, (stem, whole) in enumerate(zip(short, stems, strict=True), start=1)
    ]
