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

    Equal rows have one; others that come out alike, or too long, are told apart by their number.
    """
    apart = varying(rows)
    stems = [as_file_name("_".join(f"{n}-{in_words(n, row.get(n))}" for n in apart)) for row in rows]
    first = [rows.index(row) for row in rows]
    found = []
    for index, stem in zip(first, stems, strict=True):
        # Many disks take letters of either case for the same.
        alike = {i for i, other in zip(first, stems, strict=True) if other.casefold() == stem.casefold()}
        alone = len(alike) == 1 and len(stem) <= LONGEST
        found.append(f"{stem}.png" if alone else f"{stem[:LONGEST]}_row-{index + 1}.png")
    return found


def as_file_name(text: str) -> str:
    """A text with a hyphen for everything that some system does not allow in the name of a file."""
    return re.sub(r"[^\w.+=-]+", "-", text).strip("-.") or "picture"
