"""Returned to Canvas: a ZIP to re-upload, and the gradebook's CSV.

*Feedback files.* An assignment's "Re-Upload Submissions" takes a ZIP of files with the names of the download,
`lastfirst_LATE_1234_56789_homework.ipynb`: Canvas finds the student by the first number and what was handed
in by the second, and attaches the file to a comment, under the name of what was handed in (Instructor Guide,
"How do I upload all student submissions for an assignment?"; `infer_comment_context_from_filename` in Canvas'
AbstractAssignment). As a notebook comes back under a notebook's name, it is one: the student's, with marks,
sentences and comments in it. What was handed in otherwise comes back as the page.

*Grades.* "Import" in the gradebook takes the CSV file that "Export" gives: `Student, ID, SIS User ID, SIS
Login ID, Section`, a column for each assignment with its number behind its name, and a row "Points Possible"
(Instructor Guide, "How do I import grades in the Gradebook?"; lib/gradebook_importer.rb). A column that
Canvas does not know becomes a new assignment there, and a row whose ID it does not know a question; so the
surest is to fill the file that Canvas exports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .archives import write_zip
from .classes import Return
from .notebooks import feedback_notebook
from .sheets import (
    Filled,
    Rows,
    Sheet,
    SheetError,
    fill_rows,
    grade_column,
    number,
    safe_rows,
    scaled,
    value_of,
)

FILE = re.compile(r"(?P<name>.*?)_(?:LATE_)?(?P<user>\d+)_(?P<file>\d+)_(?P<own>.+)", re.DOTALL)
ANONYMOUS = re.compile(r"(?:LATE_)?anon_(?P<user>[A-Za-z0-9]+)_(?P<file>\d+)_(?P<own>.+)", re.DOTALL)
ABOUT = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POSSIBLE = "Points Possible"


def file_of(each: Return) -> re.Match[str] | None:
    """The file as Canvas handed it out."""
    parts = reversed(Path(each.result.file).parts)
    return next((found for p in parts if (found := ANONYMOUS.fullmatch(p) or FILE.fullmatch(p))), None)


def user(each: Return) -> str:
    """The number of a student in Canvas; empty where it is not known, as for anonymous submissions."""
    found = file_of(each)
    if found:
        return found["user"] if found.re is FILE else ""
    return each.result.id if each.result.id.isdecimal() else ""


def write_feedback(returns: Sequence[Return], path: Path) -> list[Return]:
    """Write the ZIP of an exercise; returns those whose files have no name of Canvas, who are not in it."""
    files: dict[str, bytes] = {}
    for each in returns:
        if found := file_of(each):
            notebook = found["own"].lower().endswith(".ipynb")
            name = found[0] if notebook else f"{found[0]}.html"
            files[name] = feedback_notebook(each) if notebook else each.page.read_bytes()
    write_zip(files, path)
    return [each for each in returns if not file_of(each)]


def gradebook(returns: Sequence[Return], column: str = "") -> Sheet:
    """A gradebook's CSV of our own, for a teacher who has exported none.

    Args:
        returns: of one exercise. column: the assignment as Canvas' export heads it, "Exercise 04 (12345)";
        the exercise's title unless given.
    """
    heading = column or returns[0].feedback.title
    possible = [f"    {POSSIBLE}", "", "", "", "", number(max(r.feedback.points for r in returns))]
    rows = [
        [each.name, user(each), "", "", each.result.section, number(each.grade)]
        for each in returns
        if user(each)
    ]
    return Sheet([*ABOUT, heading], [possible, *safe_rows(rows)], newline="\n")


def fill_gradebook(
    sheet: Sheet, returns: Sequence[Return], *, column: str = "", scale: bool = False
) -> Filled:
    """Fill the CSV that Canvas exported with the grades of one exercise.

    Raises:
        SheetError: it is no such file, the column is not found or cannot be written, or the maximum is
        another.
    """
    first = returns[0]
    identifier, name = sheet.column(["ID"]), sheet.column(["Student"])
    if identifier is None:
        raise SheetError("The table has no column ID: pass the CSV file that Canvas' gradebook exports.")
    grades = grade_column(sheet, column, (), first.result.exercise, first.feedback.title)
    said = next((sheet.cell(row, grades) for row in sheet.rows if row and POSSIBLE in row[0]), "")
    if "read only" in said:
        raise SheetError(
            f"Canvas calculates the column {sheet.header[grades]!r} itself; name another: --column."
        )
    points = scaled(returns, value_of(said), scale, f"the row {POSSIBLE}")
    students = [sheet.cell(row, identifier) for row in sheet.rows]
    names = [sheet.cell(row, name) if id_ else "" for row, id_ in zip(sheet.rows, students, strict=True)]
    texts = {student: number(value) for student, value in points.items()}
    ids = {each.result.student: user(each) for each in returns}
    return fill_rows(sheet, grades, Rows(students, names), returns, ids, texts)
