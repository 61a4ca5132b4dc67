"""How learning platforms name what they hand out, and what of it is to be believed.

Moodle, "Download all submissions" (mod_assign): a folder `Full Name_1234567_assignsubmission_file_` for each
student (older versions end it with an underscore, newer ones do not), or, without "Download submissions in
folders", files `Full Name_1234567_assignsubmission_file_homework.ipynb`. Text typed into the page comes as
`..._assignsubmission_onlinetext_`. The number is the participant's in this one assignment: the same student
has another in the next. Blind marking writes "Participant" for the name, groups their name and number.
Entries carry the time of the download, so that Moodle says when something was handed in only in its grading
worksheet.

Canvas, "Download Submissions": `berganna_LATE_12345_67890_homework.ipynb`: the sortable name squeezed and in
lower case, whether it was late, the numbers of the user and of the file, the name the student gave the file
(`-1`, `-2` ... behind it count uploads). Text and addresses are `berganna_12345_text.html` and `_link.html`;
anonymous assignments write `anon_` and a code. Here too the times are the download's.

nbgrader: `student/assignment/notebook.ipynb` with a `timestamp.txt`, or in its exchange a folder
`student+assignment+2026-01-30 10:30:47.524219 UTC` for each submission; both times are nbgrader's own.

Where a file lies by hand, its own time says nothing but which of two copies is the newer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from . import names

MOODLE = re.compile(
    r"(?P<name>[^_]+(?:_(?!\d+_assignsubmission_)[^_]+)*?)(?:_(?P<id>\d+))?"
    r"_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<rest>.*))?",
    re.DOTALL,
)
CANVAS = re.compile(
    r"(?:(?P<name>.*?)_(?P<late>LATE_)?(?P<id>\d+)|(?P<hidden_late>LATE_)?(?P<code>anon_[A-Za-z0-9]+))"
    r"_(?:(?P<file>\d+)_(?P<rest>.+)|(?P<page>text|link)\.html)",
    re.DOTALL,
)
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:UTC|[+-]\d\d:?\d\d)"
INBOUND = re.compile(rf"(?P<name>.+)\+[^+]+\+(?P<time>{TIME})(?:\+.*)?", re.DOTALL)


@dataclass(frozen=True)
class Owner:
    """Whose a file is, as far as its place says.

    Attributes:
        name: as the platform wrote it.
        id: the platform's number; empty where it gives none.
        section: of the class; empty where there is only one.
        platform: "moodle", "canvas" or "folder".
        submitted: when, where the platform says so.
        late: whether the platform says that it was late.
        order: the larger, the newer; 0 where the platform does not count.
        origin: the part of the path from which all this was told.
    """

    name: str
    id: str = ""
    section: str = ""
    platform: str = "folder"
    submitted: datetime | None = None
    late: bool = False
    order: int = 0
    origin: str = ""

    @property
    def key(self) -> str:
        """The student's key."""
        return names.key_for(self.name, self.id, self.section)


def moodle(part: str, is_folder: bool) -> Owner | None:
    """The student of a folder or file of Moodle's; None when it is none."""
    match = MOODLE.fullmatch(part)
    if not match or not (is_folder or match["rest"]):
        return None
    return Owner(names.readable(match["name"]), match["id"] or "", platform="moodle", origin=part)


def canvas(part: str) -> Owner | None:
    """The student of a file of Canvas'; None when it is none."""
    match = CANVAS.fullmatch(part)
    if not match:
        return None
    late = bool(match["late"] or match["hidden_late"])
    number, order = match["id"] or match["code"], int((match["file"] or "0")[:18])
    name = names.readable(match["name"] or "")
    return Owner(name, number, platform="canvas", late=late, order=order, origin=part)


def inbound(part: str) -> Owner | None:
    """The student of a folder in nbgrader's exchange; None when it is none."""
    match = INBOUND.fullmatch(part)
    if not match:
        return None
    when = read_time(match["time"])
    order = int(when.timestamp()) if when else 0
    return Owner(names.readable(match["name"]), submitted=when, order=order, origin=part)


def read_time(text: str) -> datetime | None:
    """A time as nbgrader writes it; None when it is none."""
    if not re.fullmatch(TIME, text.strip()):
        return None
    day, clock, zone = text.split()
    try:
        if zone == "UTC":
            return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=UTC)
        return datetime.fromisoformat(f"{day} {clock}{zone}")
    except ValueError:  # there is no 30 February
        return None
