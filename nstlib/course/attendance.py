"""Who is there: rows of results for those who are missing, and none for those who have left.

Nothing that was handed in is deleted. The row of somebody who is not on the roster any more moves from
`results.json` to `left.json`, and comes back, marks by hand included, when the roster has the student again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ..foundation import whole_file
from .collecting import Found, archives
from .collecting.names import forms
from .collecting.roster import Member, Roster, described
from .results import Result, key_of

MISSING = "Nothing was handed in."
GONE = "The file is not in the folder any more."
LEFT = "left.json"  # rows of students who are not on the roster


@dataclass(frozen=True)
class Attendance:
    """Who is there in one run.

    Attributes:
        found: the submissions to grade.
        strangers: keys of students who are not on the roster.
        remarks: what the teacher should know, a sentence each.
    """

    found: list[Found]
    strangers: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()


def attend(found: Sequence[Found], roster: Roster | None) -> Attendance:
    """Who of those that have handed in is on the roster, and what the roster adds to what is known of them.

    Each exercise is matched by itself: Moodle gives a student another number in the next.

    Args:
        found: what was handed in.
        roster: the class; everybody belongs to it when there is none.
    """
    if roster is None:
        return Attendance(list(found))
    members: dict[str, Member] = {}
    unknown: list[Found] = []
    for exercise in sorted({each.exercise for each in found}):
        match = roster.match(each for each in found if each.exercise == exercise)
        members |= match.members
        unknown += [each for each in match.unknown if each.student not in members]
    remarks = tuple(
        f"Not on the roster, and so not graded: {each.name or each.student} ({each.path.name}). Add a row "
        f"for the student, or grade without --roster."
        for each in unknown
    )
    there = [described(each, members) for each in found if each.student in members]
    return Attendance(there, frozenset(each.student for each in found) - members.keys(), remarks)


class Rows:
    """The rows of results of a folder of grades, kept in step with who is there.

    Args:
        folder: of grades.
        rows: what is remembered; changed in place.
    """

    def __init__(self, folder: Path, rows: dict[str, Result]) -> None:
        self.folder = folder
        self.rows = rows
        self.left = self.read_left()

    def read_left(self) -> dict[str, Result]:
        """Rows of those who have left; none when they cannot be read."""
        try:
            kept = json.loads((self.folder / LEFT).read_text(encoding="utf-8"))
            return {key: Result(**row) for key, row in kept.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def update(self, found: Sequence[Found], roster: Roster | None, source: Path) -> list[str]:
        """Bring the rows up to date before a run.

        Args:
            found: what is going to be graded.
            roster: the class; None leaves everybody in.
            source: where the submissions are.

        Returns:
            What was changed, a sentence each.
        """
        said = self.come_and_go(roster) if roster else []
        said += self.drop_stale(found, source)
        said += self.add_missing(found, roster)
        with whole_file(self.folder / LEFT) as partial:
            kept = {key: asdict(row) for key, row in sorted(self.left.items())}
            partial.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        return said

    def come_and_go(self, roster: Roster) -> list[str]:
        """Rows of students who are not on the roster leave, those of students who are again come back."""
        said = []
        for key, row in list(self.rows.items()):
            if row.status != "missing" and not belongs(row, roster):
                self.left[key] = self.rows.pop(key)
                said.append(
                    f"{row.name or row.student}, {row.exercise}: not on the roster, and out of the table."
                )
        for key, row in list(self.left.items()):
            if belongs(row, roster):
                back = self.left.pop(key)
                self.rows.setdefault(key, back)
        return said

    def drop_stale(self, found: Iterable[Found], source: Path) -> list[str]:
        """Rows whose file has gone: without a grade they go, with one they stay and say so."""
        there = {key_of(each.student, each.exercise, str(each.path)) for each in found}
        said = []
        for key, row in list(self.rows.items()):
            if GONE in row.note:
                row = self.rows[key] = replace(row, note=row.note.replace(GONE, "").strip())
            if row.status == "missing" or key in there or not lay_in(Path(row.file), source):
                continue
            who = ", ".join(filter(None, (row.name or row.student, row.exercise)))
            if row.status == "graded":
                self.rows[key] = replace(row, note=f"{row.note} {GONE}".strip())
                said.append(
                    f"{who}: {GONE[0].lower()}{GONE[1:-1]}; the grade stays, and received/ has a copy."
                )
            else:
                del self.rows[key]
                said.append(f"{who}: {Path(row.file).name} is gone, and so is its row.")
        return said

    def add_missing(self, found: Sequence[Found], roster: Roster | None) -> list[str]:
        """A row for each member of whom there is nothing; none for who has handed in meanwhile."""
        said = []
        exercises = {each.exercise for each in found if each.exercise}
        came = {(form, each.exercise) for each in found for form in forms(each.name)}
        for key, row in list(self.rows.items()):
            there = any((form, row.exercise) in came for form in forms(row.name))
            if row.status == "missing" and (roster and row.exercise in exercises or there):
                del self.rows[key]
        for exercise in sorted(exercises) if roster else ():
            # A file that cannot be told is somebody's attempt at whatever was asked.
            handed_in = {each.student: each for each in found if each.exercise in ("", exercise)}
            for row in self.rows.values():
                if row.exercise == exercise:
                    handed_in.setdefault(row.student, as_found(row))
            missing = roster.match(handed_in.values()).missing  # type: ignore[union-attr]
            if missing:
                said.append(f"Missing in {exercise}: {', '.join(each.name or each.id for each in missing)}.")
            for member in missing:
                row = missing_row(member, exercise)
                self.rows.setdefault(key_of(row.student, row.exercise, ""), row)
        return said


def lay_in(path: Path, source: Path) -> bool:
    """Whether a file lies, or lay, in what is graded now, or in an earlier edition of the ZIP."""
    stem = archives.folder_name(source, "").rstrip("-")
    edition = re.compile(rf"{re.escape(stem)}-[0-9a-f]{{12}}")
    return path.is_relative_to(source) or source.is_file() and any(map(edition.fullmatch, path.parts))


def missing_row(member: Member, exercise: str) -> Result:
    """The row of somebody who has handed in nothing."""
    return Result(
        member.key,
        exercise,
        status="missing",
        note=MISSING,
        name=member.name,
        id=member.id,
        section=member.section,
    )


def as_found(row: Result) -> Found:
    """A row as the submission that it is of."""
    name = row.name or row.student
    return Found(row.student, Path(row.file), "", row.exercise, name=name, id=row.id, section=row.section)


def belongs(row: Result, roster: Roster) -> bool:
    """Whether a row is that of somebody on the roster."""
    return bool(roster.candidates(as_found(row)))
