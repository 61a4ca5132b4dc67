"""All files of one return: chosen by the platform, checked before anything is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...foundation import counted
from . import canvas, folder, moodle
from .classes import Class, Return
from .sheets import Filled, Sheet, SheetError, read_sheet, write_sheet


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        kind: "moodle", "canvas" or "folder".
        into: the platform's own table; None to make one.
        column: of the grades in it; empty to have it found.
        scale: whether points are converted to the table's maximum.
        bom: whether tables begin with a byte order mark.
    """

    kind: str
    into: Path | None = None
    column: str = ""
    scale: bool = False
    bom: bool = False


def check(wanted: Wanted, grades: Path, target: Path) -> None:
    """Refuse, before long work, what cannot be.

    Raises:
        ValueError: options that mean nothing together, or a target among the grades.
        OSError: the platform's table is not there.
        SheetError: it cannot be read.
    """
    if wanted.kind == "folder" and (wanted.into or wanted.column or wanted.scale):
        raise ValueError("--into, --column and --scale are for --moodle and --canvas.")
    if wanted.scale and not wanted.into:
        raise ValueError("--scale needs the table that says the maximum: --into FILE.csv.")
    if wanted.kind == "moodle" and wanted.column and not wanted.into:
        raise ValueError("--column names a column of the worksheet that you pass with --into FILE.csv.")
    inside, outside = target.resolve(), grades.resolve()
    if inside == outside or outside in inside.parents:
        raise ValueError(f"{target} lies in the folder of grades; name another with -o.")
    if wanted.into:
        if not wanted.into.is_file():
            raise FileNotFoundError(f"There is no file {wanted.into}; export it from the platform.")
        read_sheet(wanted.into)


def write(found: Class, wanted: Wanted, target: Path) -> list[str]:
    """Write all files; returns what was written, in words.

    Raises:
        SheetError: the platform's table does not fit; nothing has been written then.
        OSError: a file cannot be written.
    """
    if wanted.kind == "folder":
        return folder.write(found, target, bom=wanted.bom)
    if wanted.into and len(found.exercises()) > 1:
        raise SheetError(
            f"One table takes the grades of one exercise: choose with --exercise {found.exercises()[0][:4]}."
        )
    sheets = {name: table(found.of(name), wanted) for name in found.exercises()}
    lines = []
    for name, (sheet, filled) in sheets.items():
        lines += write_exercise(found.of(name), name, wanted, target, sheet, filled)
    return [*lines, folder.write_table(found.returned, target / "grades.csv", bom=wanted.bom)]


def table(returns: list[Return], wanted: Wanted) -> tuple[Sheet, Filled | None]:
    """The table of an exercise's grades: the platform's, filled, or one of ours."""
    if wanted.into:
        sheet = read_sheet(wanted.into)
        fill: Callable[..., Filled] = (
            moodle.fill_worksheet if wanted.kind == "moodle" else canvas.fill_gradebook
        )
        filled = fill(sheet, returns, column=wanted.column, scale=wanted.scale)
        return dataclasses.replace(sheet, bom=sheet.bom or wanted.bom), filled
    sheet = moodle.worksheet(returns) if wanted.kind == "moodle" else canvas.gradebook(returns, wanted.column)
    return dataclasses.replace(sheet, bom=wanted.bom), None


def write_exercise(
    returns: list[Return], name: str, wanted: Wanted, target: Path, sheet: Sheet, filled: Filled | None
) -> list[str]:
    """Write the archive and the table of one exercise; returns what was written, in words."""
    archive, csv = target / f"{name}-feedback.zip", target / f"{name}-grades.csv"
    write_feedback = moodle.write_feedback if wanted.kind == "moodle" else canvas.write_feedback
    left_out = write_feedback(returns, archive)
    write_sheet(sheet, csv)
    count = filled.count if filled else len(returns) - len(left_out)
    lines = [
        f"{archive}: feedback for {counted(len(returns) - len(left_out), 'student')}",
        f"{csv}: {counted(count, 'grade')}",
    ]
    if filled and filled.untouched:
        kept = "other row keeps what it" if filled.untouched == 1 else "other rows keep what they"
        lines.append(f"  {filled.untouched} {kept} had")
    lines += [f"  in no row: {each.name}" for each in (filled.missing if filled else [])]
    title = wanted.kind.title()
    lines += [f"  no number of {title} is known, so there is no file: {each.name}" for each in left_out]
    return lines
