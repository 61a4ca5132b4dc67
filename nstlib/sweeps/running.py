"""A sweep: every row that is not painted yet is painted, here or elsewhere, and all of it is written down."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import images
from ..foundation import check_target, first_line, unused_name, whole_file
from ..jobs import run_jobs
from ..process import FORESEEN
from .naming import file_names
from .painting import Outcome, Setting, is_of, paint_setting, read
from .sheet import NOTE as SHEET_NOTE
from .sheet import write_sheet
from .table import COLUMNS, Row, checked, expanded, printable, read_value

SHEET, TABLE = "contact_sheet.png", "results.csv"
BEFORE, AFTER = ("row", "file"), ("seconds", "stopped", "error")  # columns of the results around the others


@dataclass(frozen=True)
class Sweep:
    """What `sweep` returns.

    Attributes:
        folder: of the pictures.
        outcomes: of the rows that are settled, in their order; those of an interrupted sweep are not all.
        count: of the rows.
    """

    folder: Path
    outcomes: tuple[Outcome, ...]
    count: int

    @property
    def complete(self) -> bool:
        """Whether every row was tried; the same call goes on with the others."""
        return len(self.outcomes) == self.count

    @property
    def failures(self) -> list[Outcome]:
        """The rows that have no picture."""
        return [outcome for outcome in self.outcomes if outcome.error is not None]

    def images(self) -> list[np.ndarray]:
        """The pictures in the order of the rows, from their files, each (1, H, W, 3).

        Raises:
            Exception: the error of the first row that has none.
            ValueError: the sweep was interrupted.
        """
        if not self.complete:
            raise ValueError("The sweep was interrupted; the same call does the rest.")
        for outcome in self.outcomes:
            if outcome.error is not None:
                raise outcome.error
        return [images.load_image(outcome.file) for outcome in self.outcomes]


def sweep(
    rows: Any,
    folder: str | Path,
    *,
    grid: Mapping[str, Iterable[Any]] | None = None,
    scheduler: str | None = None,
    progress: bool = True,
) -> Sweep:
    """Paint a picture for every row of a table of settings.

    The folder gets a PNG for each, called by what varies, which says how it was made; `contact_sheet.png`;
    and `results.csv` with settings, losses, seconds and errors. A picture that is there and was made with the
    same settings of the same pictures is not made again, so that the same call goes on after an interruption
    or a failure, and a longer table takes over what a shorter one has made. A row that fails stops no other.

    Args:
        rows: dictionaries with keywords of `transfer_style`, `content` and `style` among them; or the name
            of a CSV or JSON file with such rows. Pictures are files, addresses or names of samples, networks
            are names, so that any machine can do any row.
        folder: for the pictures; it is made if it is not there.
        grid: setting -> its values: every row is painted with every combination, the last setting varying
            fastest. They replace a value that all rows share.
        scheduler: address of a Dask scheduler whose workers paint; None paints here. They need the same disk.
            See `jobs`.
        progress: show a bar with the time left.

    Returns:
        What became of each row. Ctrl-C ends the sweep and returns what there is.

    Raises:
        ValueError, OSError, TypeError: a bad table, by one sentence before anything runs; a folder or a
            scheduler that is of no use.
    """
    listed = expanded(rows, grid)
    place = checked_folder(Path(folder).expanduser())
    good, bad = readable_rows(listed)
    kept, waiting = sorted_out(good, place)
    settled = bad | kept
    try:
        for outcome in painted(good, waiting, scheduler, progress):
            settled[outcome.number - 1] = outcome
            write_results(in_order(settled), place / TABLE)
    except KeyboardInterrupt:
        pass  # what is not there is missing in the outcomes
    finally:
        outcomes = in_order(settled)
        if outcomes:
            write_results(outcomes, place / TABLE)
            write_sheet(outcomes, place / SHEET)
    return Sweep(place, outcomes, len(listed))


def painted(
    rows: Mapping[int, Row], waiting: Mapping[Path, list[int]], scheduler: str | None, progress: bool
) -> Iterator[Outcome]:
    """Paint files, and say of each row that wants one what became of it.

    Args:
        rows: by their index.
        waiting: the files, with the indices of their rows.
        scheduler, progress: as for `sweep`.
    """
    todo = [Setting(rows[indices[0]], target) for target, indices in waiting.items()]
    with closing(
        run_jobs(paint_setting, todo, scheduler=scheduler, title="sweep", progress=progress)
    ) as jobs:
        for finished in jobs:
            file = finished.job.target
            for index in waiting[file]:
                there = None if finished.error else file
                yield Outcome(index + 1, rows[index], there, finished.result, error=finished.error)


def checked_folder(folder: Path) -> Path:
    """The folder from the root; it is made if it is not there.

    Raises:
        OSError: nothing can be written there.
        ValueError: it holds other files by the names of ours.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(f"{folder} is a file; name a folder for the pictures.") from None
    except OSError as error:
        raise type(error)(f"Cannot make {folder}: {error.strerror or error}.") from None
    place = folder.resolve()
    table, sheet = check_target(place / TABLE), check_target(place / SHEET)
    ours = not table.exists() or table.read_text(encoding="utf-8", errors="replace").startswith("row,file,")
    if not ours or (sheet.exists() and SHEET_NOTE not in images.read_notes(sheet)):
        raise ValueError(f"{folder} has a {TABLE} or {SHEET} that no sweep wrote: name another folder.")
    return place


def readable_rows(rows: Sequence[Row]) -> tuple[dict[int, Row], dict[int, Outcome]]:
    """Rows that any machine can read, by their index (see `checked`), and the outcomes of the others."""
    good: dict[int, Row] = {}
    bad: dict[int, Outcome] = {}
    for index, row in enumerate(rows):
        try:
            good[index] = checked(row)
        except (ValueError, OSError, TypeError) as error:
            bad[index] = Outcome(index + 1, printable(row), error=error)
    return good, bad


def sorted_out(rows: Mapping[int, Row], folder: Path) -> tuple[dict[int, Outcome], dict[Path, list[int]]]:
    """The outcomes of rows whose pictures are there, and the files to paint with the rows that want them."""
    there = {path: about for path in sorted(folder.glob("*.png")) if (about := read(path)) is not None}
    settled: dict[int, Outcome] = {}
    waiting: list[list[int]] = []
    for index, row in rows.items():
        kept = [path for path, about in there.items() if is_of(about, path, row)]
        same = [indices for indices in waiting if rows[indices[0]] == row]
        if kept:
            settled[index] = Outcome(index + 1, row, kept[0], there[kept[0]], kept=True)
        elif same:
            same[0].append(index)
        else:
            waiting.append([index])
    names = dict(zip(rows, file_names(list(rows.values())), strict=True))
    return settled, {unused(folder, names[indices[0]]): indices for indices in waiting}


def unused(folder: Path, name: str) -> Path:
    """A file in a folder by a name, or by that name with a number, which is not there yet."""
    file = folder / name
    return unused_name(file) if os.path.lexists(file) else file


def in_order(settled: Mapping[int, Outcome]) -> tuple[Outcome, ...]:
    """The outcomes in the order of their rows."""
    return tuple(settled[index] for index in sorted(settled))


def write_results(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the table of results: for each row its file, settings, losses, seconds, and what went wrong."""
    named = {name for each in outcomes for name in each.row}
    settings = [name for name in COLUMNS if name in named]
    losses = list(dict.fromkeys(name for each in outcomes for name in each.losses))
    with whole_file(path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*BEFORE, *settings, *(f"loss {name}" for name in losses), *AFTER])
        for each in outcomes:
            found = each.painted
            before = [each.number, "" if each.file is None else each.file.name]
            parts = [f"{each.losses[name]:.6g}" if name in each.losses else "" for name in losses]
            after = [f"{found.seconds:.1f}", found.stopped] if found else ["", ""]
            error = "" if each.error is None else in_a_sentence(each.error)
            writer.writerow([*before, *(as_cell(each.row.get(n)) for n in settings), *parts, *after, error])


def as_cell(value: Any) -> str:
    """A setting such that `table.read_value` gives it back."""
    if value is None:
        return ""
    plain = isinstance(value, str) and read_value(value) == value
    return value if plain else json.dumps(value, default=str)


def in_a_sentence(error: Exception) -> str:
    """What an error says in one line; one that nobody foresaw says what it is."""
    text = first_line(error)
    return text if isinstance(error, FORESEEN) or not str(error) else f"{type(error).__name__}: {text}"
