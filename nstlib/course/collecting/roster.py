"""Who should have handed in: a class's list, of one's own or as a platform exports it.

A CSV with a header, in UTF-8 (with or without its mark), UTF-16 or Windows' Latin, parted by commas,
semicolons or tabs. Known are `id`, `name`, `section` and `email`, and what platforms write:

- Canvas' gradebook: Student ("Berg, Anna"), ID (the number in the names of files), SIS User ID, SIS Login ID,
  Section; its rows "Points Possible" and "Student, Test" are nobody.
- Moodle's grading worksheet: Identifier ("Participant 1234567", the number in the names of folders), Full
  name, ID number, Email address; Moodle's gradebook and list of participants: First name, Last name, ID
  number, Email address, Groups. Only the worksheet has the number of the folders; with the others names
  decide.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import names
from .finding import Found

MOST_BYTES = 20 << 20
# Headers, without case, blanks and signs. Moodle's are in the language of its page.
IDS = {
    *("id", "identifier", "idnumber", "userid", "studentid", "sisuserid", "sisloginid", "username", "login"),
    *("participant", "kennung", "idnummer", "matrikelnummer", "anmeldename", "identifiant", "identificador"),
}
NAMES = {
    *("name", "student", "fullname", "studentname", "vollständigername", "nomcomplet", "nombrecompleto"),
    *("nomecompleto", "displayname"),
}
FIRST = {"firstname", "firstnames", "givenname", "vorname", "prénom", "nombre", "nome"}
LAST = {"lastname", "surname", "familyname", "nachname", "nomdefamille", "apellidos", "apellido", "cognome"}
SECTIONS = {"section", "sections", "group", "groups", "gruppe", "gruppen", "groupe", "groupes", "grupos"}
EMAILS = {"email", "emailaddress", "mail", "emailadresse", "adressedecourriel", "direccióndecorreo"}
NOBODY = {"points possible", "student test", "test student"}


@dataclass(frozen=True)
class Member:
    """One who should hand in.

    Attributes:
        name: as the list has it.
        ids: all numbers and logins the list has, the first of them the main one.
        section: of the class; empty where the list has none.
    """

    name: str
    ids: tuple[str, ...] = ()
    section: str = ""

    @property
    def id(self) -> str:
        """The main number; empty when the list has none."""
        return self.ids[0] if self.ids else ""

    @property
    def key(self) -> str:
        """A key for the row of somebody who has handed in nothing."""
        return names.key_for(self.name or self.id, self.id if self.name else "", self.section)


@dataclass(frozen=True)
class Match:
    """Who of a class is who of those that have handed in.

    Attributes:
        members: by the key of the student.
        unknown: submissions of those who are not on the list.
        missing: on the list, of whom there is nothing.
    """

    members: dict[str, Member] = field(default_factory=dict)
    unknown: tuple[Found, ...] = ()
    missing: tuple[Member, ...] = ()


class Roster:
    """A class.

    Args:
        members: in the order of the list.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = list(members)
        self.by_id: dict[str, list[Member]] = {}
        self.by_name: dict[str, list[Member]] = {}
        for member in members:
            for number in member.ids:
                self.by_id.setdefault(plain(number), []).append(member)
            for form in names.forms(member.name):
                self.by_name.setdefault(form, []).append(member)

    def knows(self, name: str) -> bool:
        """Whether somebody goes by this name or number."""
        return plain(name) in self.by_id or bool(names.forms(name) & self.by_name.keys())

    def candidates(self, found: Found) -> list[Member]:
        """Who may have handed this in: by the platform's number, or else by the name, in the same section."""
        for number in filter(None, (found.id, *([] if found.id else [found.name]))):
            if members := self.by_id.get(plain(number)):
                return members
        by_name = [m for form in names.forms(found.name) for m in self.by_name.get(form, ())]
        same = [m for m in by_name if plain(m.section) == plain(found.section)]
        return list(dict.fromkeys(same or by_name))

    def match(self, found: Iterable[Found]) -> Match:
        """Tell who is who in one exercise. Of several with one name each is taken once."""
        members: dict[str, Member] = {}
        unknown: list[Found] = []
        for each in sorted(found, key=lambda each: (len(self.candidates(each)), each.student)):
            free = [m for m in self.candidates(each) if m not in members.values()]
            if each.student not in members and free:
                members[each.student] = free[0]
            elif each.student not in members:
                unknown.append(each)
        missing = tuple(m for m in self.members if m not in members.values())
        return Match(members, tuple(unknown), missing)


def described(found: Found, members: Mapping[str, Member]) -> Found:
    """A submission with what the list adds: the full name, the section, a number where there was none."""
    member = members.get(found.student)
    if not member:
        return found
    name = member.name if member.name and found.platform == "canvas" else found.name
    return replace(
        found, name=name or member.name, id=found.id or member.id, section=found.section or member.section
    )


def plain(text: str) -> str:
    """A number, login or section for comparisons."""
    return names.readable(text).casefold()


def read_roster(path: Path) -> Roster:
    """Read a class's list.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it cannot be understood; with what to do.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}; give the CSV file with the class's list.")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} is larger than {MOST_BYTES >> 20} MB and no class's list.")
    text = decoded(path.read_bytes())
    first = text.partition("\n")[0]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count)))
    except csv.Error as error:
        raise ValueError(f"{path} is no CSV file: {error}.") from None
    columns = columns_of(rows[0] if rows else [])
    if not columns["id"] and not columns["name"] and not (columns["first"] and columns["last"]):
        raise ValueError(
            f"{path} needs a header with a column `name` or `id` (or both), with `section` and `email` if "
            f"you like; a gradebook that Moodle or Canvas exports as CSV will do."
        )
    members = [member for row in rows[1:] if (member := member_in(row, columns))]
    if not members:
        raise ValueError(f"There is nobody in {path}: it has a header, and no rows below it.")
    return Roster(list(dict.fromkeys(members)))


def decoded(data: bytes) -> str:
    """The text of a file as spreadsheet programs write it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def columns_of(header: Sequence[str]) -> dict[str, list[int]]:
    """Which columns say what."""
    kinds = {"id": IDS, "name": NAMES, "first": FIRST, "last": LAST, "section": SECTIONS, "email": EMAILS}
    plain_header = ["".join(names.words(cell)) for cell in header]
    return {
        kind: [k for k, cell in enumerate(plain_header) if cell in known] for kind, known in kinds.items()
    }


def member_in(row: Sequence[str], columns: Mapping[str, list[int]]) -> Member | None:
    """The member of a row; None when it is nobody's."""

    def cells(kind: str) -> list[str]:
        found = (names.readable(row[k]) for k in columns[kind] if k < len(row))
        return [cell for cell in found if cell]

    name = next(iter(cells("name")), "") or " ".join(cells("first")[:1] + cells("last")[:1])
    numbers = [re.sub(r"^[^\W\d_]+ ?(?=\d+$)", "", cell) for cell in cells("id")]  # "Participant 123"
    emails = cells("email")
    ids = tuple(dict.fromkeys([*numbers, *emails, *(email.partition("@")[0] for email in emails)]))
    if not (name or ids) or " ".join(names.words(name)) in NOBODY:
        return None
    return Member(name, ids, next(iter(cells("section")), ""))
