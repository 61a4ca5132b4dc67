"""Returned to Moodle: a ZIP of feedback files, and the grading worksheet.

*Feedback files.* Under an assignment's submissions, "Upload multiple feedback files in a ZIP" takes an
archive that is made like its download: a folder for each student, `Full name_1234567_assignsubmission_file`,
of which Moodle reads what stands between the underscores: the number of the participant and the part of the
assignment. Any file in it is given to that student. (Moodle's documentation: "File feedback", and
mod/assign/feedback/file/importziplib.php of Moodle 4.)

*Grades.* "Upload grading worksheet" takes a CSV file with the columns `Identifier` ("Participant 1234567"),
`Grade` and `Last modified (grade)`, in the teacher's language; grades above the maximum are passed over in
silence, and so are those that somebody changed after the time that stands there (mod/assign/feedback/offline/
of Moodle 4). So the surest is to fill the worksheet that Moodle exports; it comes back as it was, but for the
grades.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..results import harmless
from .archives import write_zip
from .classes import Return
from .sheets import Filled, Rows, Sheet, fill_rows, grade_column, last_number, number, scaled, value_of

FOLDER = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_", re.DOTALL)
WORKSHEET = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade", "Grade can be changed"),
    *("Last modified (submission)", "Last modified (grade)", "Feedback comments"),
)
# The headings of Moodle's worksheet and of its gradebook's export, in the languages of many sites.
GRADE = ("Grade", "Bewertung", "Note", "Calificación", "Valutazione", "Nota", "Cijfer")
MAXIMUM = ("Maximum grade", "Maximum Grade", "Bestwertung", "Höchstbewertung", "Note maximale")
IDENTIFIER = ("Identifier", "ID number", "ID", "Identifiant", "Identificador", "ID-Nummer", "Identificatore")
NAME = (
    "Full name",
    "Vollständiger Name",
    "Nom complet",
    "Nombre completo",
    "Nome completo",
    "Cognome e nome",
)
NAME_PARTS = (
    ("First name", "Vorname", "Prénom", "Nombre"),
    ("Last name", "Surname", "Nachname", "Nom", "Apellido(s)"),
)


def participant(each: Return) -> str:
    """The number of a participant: of the folder that came from Moodle, else the one that is remembered."""
    found = folder_of(each)
    return found["id"] if found else each.result.id if each.result.id.isdecimal() else ""


def folder_of(each: Return) -> re.Match[str] | None:
    """The folder, or the beginning of a file's name, in which Moodle handed a submission out."""
    parts = reversed(Path(each.result.file).parts)
    return next((found for part in parts if (found := FOLDER.match(part))), None)


def folder_name(each: Return) -> str:
    """The name of a student's folder for Moodle, which counts underscores."""
    found = folder_of(each)
    name = re.sub(r'[_/\\:*?"<>|\x00-\x1f]+', " ", found["name"] if found else each.name).strip(" .")
    return f"{name or 'Participant'}_{participant(each)}_assignsubmission_file_"


def write_feedback(returns: Sequence[Return], path: Path) -> list[Return]:
    """Write the ZIP of an exercise; returns those whose number in Moodle is not known, who are not in it."""
    known = [each for each in returns if participant(each)]
    write_zip({f"{folder_name(r)}/{r.result.exercise}.html": r.page.read_bytes() for r in known}, path)
    return [each for each in returns if not participant(each)]


def worksheet(returns: Sequence[Return]) -> Sheet:
    """A grading worksheet of our own, in English, for a teacher who has exported none."""
    rows = [
        [
            *(f"Participant {participant(each)}", harmless(each.name), "", "", number(each.grade)),
            *(number(each.feedback.points), "Yes", "-", "-", harmless(summary(each))),
        ]
        for each in returns
        if participant(each)
    ]
    return Sheet(list(WORKSHEET), rows)


def summary(each: Return) -> str:
    """The comment in the worksheet: the total and the questions in a line."""
    marks = "; ".join(
        f"{mark.title} {'not marked yet' if mark.score is None else f'{mark.score:g} of {mark.points:g}'}"
        for mark in each.feedback.marks
    )
    return f"{each.feedback.total()}. {marks}"


def fill_worksheet(
    sheet: Sheet, returns: Sequence[Return], *, column: str = "", scale: bool = False
) -> Filled:
    """Fill the worksheet, or an export of the gradebook, with the grades of one exercise.

    Raises:
        SheetError: the column is not found, or the maximum is another.
    """
    first = returns[0]
    grades = grade_column(sheet, column, GRADE, first.result.exercise, first.feedback.title)
    identifier, maximum = sheet.column(IDENTIFIER), sheet.column(MAXIMUM)
    maxima = [sheet.cell(row, maximum) for row in sheet.rows]
    most = next((value for text in maxima if (value := value_of(text)) is not None), None)
    comma = any("," in text for text in maxima)
    points = scaled(returns, most, scale, "the worksheet's maximum grade")
    rows = Rows(
        [last_number(sheet.cell(row, identifier)) for row in sheet.rows],
        [name_in(sheet, row) for row in sheet.rows],
    )
    texts = {student: number(value, comma) for student, value in points.items()}
    ids = {each.result.student: participant(each) for each in returns}
    return fill_rows(sheet, grades, rows, returns, ids, texts)


def name_in(sheet: Sheet, row: Sequence[str]) -> str:
    """The name of the student of a row: whole, or its two parts."""
    whole = sheet.cell(row, sheet.column(NAME))
    return whole or " ".join(filter(None, (sheet.cell(row, sheet.column(part)) for part in NAME_PARTS)))
