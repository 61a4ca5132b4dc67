"""Tables that platforms give and take: read as they are, filled, and written as they were."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...foundation import nearest_name, whole_file
from ..results import harmless
from .classes import Return

BOM = "\ufeff"
SEPARATORS = ",;\t"


class SheetError(ValueError):
    """A table of a platform's that cannot be filled; the message says what to do."""


@dataclass
class Sheet:
    """A table.

    Attributes:
        header: its first row.
        rows: the others.
        separator: between cells.
        bom: whether it begins with a byte order mark, by which Excel knows UTF-8.
        newline: at the end of a row.
    """

    header: list[str]
    rows: list[list[str]] = field(default_factory=list)
    separator: str = ","
    bom: bool = False
    newline: str = "\r\n"

    def column(self, names: Iterable[str]) -> int | None:
        """The number of the first column that goes by one of these names; None when there is none."""
        plain = [key_of(name) for name in self.header]
        return next((plain.index(key_of(name)) for name in names if key_of(name) in plain), None)

    def cell(self, row: Sequence[str], column: int | None) -> str:
        """What stands in a row; rows that end early are empty there."""
        return row[column].strip() if column is not None and column < len(row) else ""


@dataclass
class Filled:
    """What became of a table.

    Attributes:
        count: of grades that were filled in.
        missing: who is in no row.
        untouched: rows of students that keep what they had.
    """

    count: int = 0
    missing: list[Return] = field(default_factory=list)
    untouched: int = 0


def key_of(text: str) -> str:
    """A text as it is compared: case, accents' coding and spaces do not count."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file, whatever separates its cells.

    Raises:
        OSError: it cannot be read.
        SheetError: it is no text in UTF-8, or has no rows.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    except UnicodeDecodeError:
        raise SheetError(f"{path} is not UTF-8: export it again, or save it as CSV in UTF-8.") from None
    bom, text = text.startswith(BOM), text.removeprefix(BOM)
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if len(rows) < 2:
        raise SheetError(f"{path} has no rows below its header; pass the file that the platform exports.")
    return Sheet(rows[0], rows[1:], separator, bom, "\r\n" if first.endswith("\r") else "\n")


def write_sheet(sheet: Sheet, path: Path) -> None:
    """Write a table as CSV in UTF-8, whole or not at all."""
    with (
        whole_file(path) as partial,
        open(partial, "w", newline="", encoding="utf-8", errors="replace") as file,
    ):
        file.write(BOM if sheet.bom else "")
        writer = csv.writer(file, delimiter=sheet.separator, lineterminator=sheet.newline)
        writer.writerows([sheet.header, *sheet.rows])


def safe_rows(rows: Iterable[Iterable[object]]) -> list[list[str]]:
    """Rows of a table of our own, in which no spreadsheet program finds a formula."""
    return [[str(harmless(cell)) for cell in row] for row in rows]


def number(points: float, comma: bool = False) -> str:
    """Points as a cell holds them."""
    text = f"{round(points, 2):g}"
    return text.replace(".", ",") if comma else text


def value_of(text: str) -> float | None:
    """A number in a cell, with a point or a comma; None when there is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


# --- finding columns and students -----------------------------------------------------------------------


def grade_column(sheet: Sheet, asked: str, usual: Sequence[str], exercise: str, title: str) -> int:
    """The column of an exercise's grades.

    Args:
        sheet: the platform's.
        asked: for by its name or its beginning; empty to have it found.
        usual: names that platforms give it.
        exercise: its name, "ex04_gram_matrices".
        title: what it calls itself.

    Raises:
        SheetError: there is none, or several; lists the columns.
    """
    if asked:
        exact = [i for i, name in enumerate(sheet.header) if key_of(name) == key_of(asked)]
        found = exact or [i for i, name in enumerate(sheet.header) if key_of(name).startswith(key_of(asked))]
    else:
        column = sheet.column(usual)
        found = [column] if column is not None else named_after(sheet, exercise, title)
    if len(found) == 1:
        return found[0]
    nearest = nearest_name(asked, sheet.header) if asked else None
    hint = f"did you mean {nearest!r}? " if nearest else ""
    raise SheetError(
        f"{'Several columns' if found else 'No column'} may hold the grades of {exercise}: {hint}name "
        f"one with --column, of {', '.join(map(repr, filter(None, sheet.header)))}."
    )


def named_after(sheet: Sheet, exercise: str, title: str) -> list[int]:
    """The columns whose headings name an exercise: by its number after "ex" or "exercise", or by its
    title.
    """
    digits = int(re.sub(r"\D", "", exercise.partition("_")[0]) or 0)
    by_number = re.compile(rf"(?i)\bex(?:ercise)?[\s_.-]*0*{digits}(?!\d)")
    subject = key_of(title.partition("·")[2] or title)
    return [
        i
        for i, name in enumerate(sheet.header)
        if by_number.search(name) or (subject and subject in key_of(name))
    ]


def last_number(text: str) -> str:
    """The number at the end of a cell such as "Participant 1234567"."""
    found = re.search(r"(\d+)\s*$", text)
    return found[1] if found else ""


@dataclass(frozen=True)
class Rows:
    """Whose the rows of a table are, as the platform says: empty where a row is nobody's.

    Attributes:
        ids: the platform's numbers.
        names: the students'.
    """

    ids: Sequence[str]
    names: Sequence[str]

    def owners(self, returns: Sequence[Return], ids: Mapping[str, str]) -> list[Return | None]:
        """Whose each row is: by its number, or else by a name that one student and one row have.

        Args:
            returns: whose rows are looked for.
            ids: student's key -> the platform's number, empty where it is not known.
        """
        by_id = {ids[each.result.student]: each for each in returns if ids[each.result.student]}
        rows, students = Counter(map(key_of, self.names)), Counter(key_of(each.name) for each in returns)
        by_name = {key_of(each.name): each for each in returns if students[key_of(each.name)] == 1}
        found = []
        for id_, name in zip(self.ids, self.names, strict=True):
            namesake = by_name.get(key_of(name)) if rows[key_of(name)] == 1 else None
            if namesake and id_ and ids[namesake.result.student]:
                namesake = None  # somebody else of this name: the numbers say so
            found.append(by_id.get(id_) or namesake)
        return found


def fill(sheet: Sheet, column: int, owners: Sequence[Return | None], grades: Mapping[str, str]) -> list[str]:
    """Fill grades into the rows of their students, and nothing else; returns the keys of those who have one.

    Args:
        sheet: is changed.
        column: of the grades.
        owners: whose each row is.
        grades: student's key -> what the cell shall hold.
    """
    done = []
    for row, owner in zip(sheet.rows, owners, strict=True):
        if owner:
            row.extend([""] * (column + 1 - len(row)))
            row[column] = grades[owner.result.student]
            done.append(owner.result.student)
    return done


def fill_rows(
    sheet: Sheet,
    column: int,
    rows: Rows,
    returns: Sequence[Return],
    ids: Mapping[str, str],
    grades: Mapping[str, str],
) -> Filled:
    """Find whose the rows are and fill in their grades; see `Rows.owners` and `fill`."""
    done = fill(sheet, column, rows.owners(returns, ids), grades)
    missing = [each for each in returns if each.result.student not in done]
    students = sum(bool(id_ or name) for id_, name in zip(rows.ids, rows.names, strict=True))
    return Filled(len(done), missing, students - len(done))


def scaled(returns: Sequence[Return], most: float | None, scale: bool, where: str) -> dict[str, float]:
    """Grades for a platform that counts to `most`.

    Args:
        returns: of one exercise.
        most: points that the platform gives at most; None when it does not say.
        scale: whether to convert.
        where: the platform says so.

    Raises:
        SheetError: the platform counts otherwise, and `scale` is not asked for.
    """
    grades = {each.result.student: each.grade for each in returns}
    points = max((each.feedback.points for each in returns), default=0.0)
    if most is None or not points or most == points:
        return grades
    if not scale:
        raise SheetError(
            f"The exercise has {points:g} points, and {where} says {most:g}: set the maximum there to "
            f"{points:g}, or pass --scale to have the grades converted."
        )
    return {each.result.student: each.grade * most / each.feedback.points for each in returns}
