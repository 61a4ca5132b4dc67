"""Rows of settings: from a file, from a grid, from Python; checked before anything runs.

A row is the keywords of one `nst.transfer_style`, with the pictures and the network by name, so that any
machine can read it.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import images
from ..foundation import unknown_name
from ..making import plain

Row = dict[str, Any]

NEEDED = ("content", "style")
PICTURES = (*NEEDED, "content_mask", "style_mask")
# The keywords of `transfer_style` and of its run whose values a table can hold. Written out, because asking
# for its signature would start Keras; a test compares them.
RECIPE = (
    *("network", "size", "style_size", "blend", "content_mask", "style_mask", "colors"),
    *("content_layers", "style_layers", "content_weight", "style_weight", "style_measure"),
    *("variation_weight", "variation", "formula", "photorealism", "start", "seed"),
)
RUN = (
    *("optimizer", "iterations", "sizes", "tile", "learning_rate", "momentum", "beta1", "beta2", "epsilon"),
    *("bounds", "history_size", "search"),
)
COLUMNS = (*NEEDED, *RECIPE, *RUN)


def read_table(path: str | Path) -> list[Row]:
    """The rows of a CSV file with a line of names above them, or of a JSON list of objects.

    In a CSV, a cell that is empty leaves its setting to the library, and what `read_value` says holds for the
    others; columns may be divided by commas, semicolons or tabs.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such table.
    """
    file = Path(path).expanduser()
    try:
        text = file.read_text(encoding="utf-8-sig")  # spreadsheets put a mark before it
    except OSError as error:
        raise type(error)(f"Cannot read {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8: save the table as CSV (UTF-8).") from None
    if file.suffix.lower() == ".json" or text.lstrip().startswith(("[", "{")):
        return rows_of_json(text, path)
    return rows_of_csv(text, path)


def rows_of_json(text: str, path: object) -> list[Row]:
    """The objects of a JSON list; null leaves a setting to the library.

    Raises:
        ValueError: it is something else.
    """
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{path} is no list of objects: write [{{...}}, {{...}}], one for each picture.")
    return rows


def rows_of_csv(text: str, path: object) -> list[Row]:
    """The lines below the first one, which has the names.

    Raises:
        ValueError: a name is missing or there twice, or a line has more cells than names.
    """
    first = text.split("\n", 1)[0]
    divider = max(",;\t", key=first.count)
    lines = [line for line in csv.reader(text.splitlines(), delimiter=divider) if any(map(str.strip, line))]
    names = [name.strip() for name in lines[0]] if lines else []
    if not names or "" in names or len(set(names)) < len(names):
        raise ValueError(f"{path} has to begin with a line of names, each there once, such as content,style.")
    rows = []
    for number, line in enumerate(lines[1:], start=1):
        if len(line) > len(names):
            more = f"row {number} of {path} has {len(line)} cells for {len(names)} names"
            raise ValueError(f"{more}: put quotation marks around a cell that has a {divider!r} in it.")
        rows.append({name: read_value(cell) for name, cell in zip(names, line, strict=False)})
    return rows


def read_value(text: str) -> Any:
    """What a cell says: nothing (None), a number, a list ([70, 45] or 70,45), weights (a=1,b=2), a text."""
    text = text.strip()
    if not text:
        return None
    if (value := as_json(text)) is not text or text == "null":
        return value
    if "," in text and Path(text).expanduser().is_file():
        return text  # a picture with a comma in its name
    parts = [part.partition("=") for part in text.split(",")]
    if all(equals for _, equals, _ in parts) and all(isinstance(as_json(w), (int, float)) for *_, w in parts):
        return {name.strip(): as_json(weight) for name, _, weight in parts}
    if "," in text and "://" not in text:
        return [as_json(part.strip()) for part in text.split(",")]
    return text


def as_json(text: str) -> Any:
    """A value of JSON; what is none stays a text."""
    try:
        return json.loads(text, parse_constant=lambda name: name)  # NaN and Infinity are no settings
    except ValueError:
        return text


def read_grid(texts: Iterable[str]) -> dict[str, list[Any]]:
    """The grid of options like "style_weight=0.1,1,10"; lists as values in brackets: "sizes=[64,128],[128]".

    Raises:
        ValueError: one of them is none, or a name is there twice.
    """
    grid: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not (name and equals and values):
            raise ValueError(f"{text!r} is no grid: write NAME=VALUE,VALUE, as in style_weight=0.1,1,10.")
        if name in grid:
            raise ValueError(f"The grid has {name} twice: write all its values once, with commas between.")
        listed = as_json(f"[{values}]")
        grid[name] = listed if isinstance(listed, list) else [in_brackets(v) for v in split_outside(values)]
    return grid


def split_outside(values: str) -> list[str]:
    """A text at the commas that stand in no brackets."""
    return [each.strip() for each in re.findall(r"(?:\[[^\]]*\]|[^,\[])+", values)]


def in_brackets(text: str) -> Any:
    """A value of a grid: in brackets a list, whose texts need no quotation marks."""
    if text.startswith("[") and text.endswith("]"):
        return [as_json(part.strip()) for part in text[1:-1].split(",")]
    return read_value(text)


def expanded(rows: Any, grid: Mapping[str, Iterable[Any]] | None) -> list[Row]:
    """Every row with every combination of the grid, the last name of which varies fastest.

    Args:
        rows: a file that `read_table` reads, a list of rows, one row, or None for an empty one.
        grid: name -> values.

    Raises:
        ValueError: no row, a name that is no setting, or a setting that varies both in the rows and in the
            grid; what is the same in all rows, the grid replaces.
        TypeError: rows are none.
    """
    rows = listed_rows(rows)
    given = {} if grid is None else {name: listed_values(name, values) for name, values in grid.items()}
    check_names([*rows, given])
    plainly = [printable(row) for row in rows]
    for name in given:
        if any(row.get(name) != plainly[0].get(name) for row in plainly):
            raise ValueError(f"{name} varies in the rows and in the grid: take it out of one of them.")
    combined = [dict(zip(given, values, strict=True)) for values in itertools.product(*given.values())]
    found = [
        {k: v for k, v in (*row.items(), *more.items()) if v is not None} for row in rows for more in combined
    ]
    if not found:
        raise ValueError("The table has no row: write at least one below the names.")
    return found


def listed_rows(rows: Any) -> list[Mapping[str, Any]]:
    """What `expanded` takes, as a list.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(rows, (str, Path)):
        return list(read_table(rows))
    if rows is None or isinstance(rows, Mapping):
        return [rows or {}]
    listed = list(rows) if isinstance(rows, Iterable) else [rows]
    if not all(isinstance(row, Mapping) for row in listed):
        raise TypeError("A sweep takes rows of settings: a list of dictionaries, or the name of a table.")
    return listed


def listed_values(name: str, values: Any) -> list[Any]:
    """The values of one name of a grid.

    Raises:
        ValueError: there is none, or it is one text.
    """
    if (
        isinstance(values, (str, bytes, Mapping))
        or not isinstance(values, Iterable)
        or not (v := list(values))
    ):
        raise ValueError(f"The grid has {values!r} for {name}: give a list of one value or more.")
    return v


def check_names(rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a table with a column that is no setting.

    Raises:
        ValueError: there is one; the nearest is suggested.
    """
    for row in rows:
        for name in row:
            if name not in COLUMNS:
                raise unknown_name("column", name, COLUMNS)


def checked(row: Row) -> Row:
    """A row as plain data, with the paths of files from the root, so that any folder will do to read it in.

    What only the recipe can judge is left to it.

    Raises:
        ValueError, OSError, TypeError: a picture is missing or not there, or something is no plain data.
    """
    for name in NEEDED:
        if name not in row:
            raise ValueError(f"there is no {name}: give a picture.")
    return {
        name: as_named(name, each) if is_picture(name, each) else as_plain(name, each)
        for name, each in row.items()
    }


def printable(row: Mapping[str, Any]) -> Row:
    """A row that could not be checked, as results show it: what is no plain data by its kind."""

    def shown(value: Any) -> Any:
        try:
            return json.loads(json.dumps(value))
        except (TypeError, ValueError):
            return str(value) if isinstance(value, os.PathLike) else f"({type(value).__name__})"

    return {name: shown(value) for name, value in row.items()}


def is_picture(name: str, value: Any) -> bool:
    """Whether a setting is a picture; the start of a run may be a word instead."""
    if name != "start":
        return name in PICTURES
    return isinstance(value, os.PathLike) or (isinstance(value, str) and Path(value).expanduser().is_file())


def as_named(name: str, value: Any) -> Any:
    """A picture, or several, by a name that means the same in every folder.

    Raises:
        ValueError, OSError, TypeError: it is not there, or it is given by its pixels.
    """
    several = (
        value.values()
        if isinstance(value, Mapping)
        else value
        if isinstance(value, (list, tuple))
        else [value]
    )
    for each in several:
        if each is not None and not isinstance(each, (str, os.PathLike)):
            raise TypeError(f"{name} has to be a file, a web address or the name of a sample, not pixels.")
        if each is not None:
            images.check_input(each)
    return images.placed(value)


def as_plain(name: str, value: Any) -> Any:
    """A value as JSON holds it.

    Raises:
        TypeError: it cannot.
    """
    try:
        return plain(value)
    except (TypeError, ValueError):
        text = f"{name} is a {type(value).__name__}, which no table can hold"
        raise TypeError(f"{text}: give a name, a number, a list or a dictionary.") from None
