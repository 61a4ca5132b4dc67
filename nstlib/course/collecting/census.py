"""What became of every file that was seen: in one sentence, and as a table."""

from __future__ import annotations

import collections
import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...foundation import whole_file
from ..results import harmless

MOST_NAMED = 3  # files in a sentence; the table has all
# Fates, in the order in which they are told. Of the unremarkable ones the names are left out.
WORDS = {
    "graded": "to grade",
    "broken": "cannot be graded",
    "twice": "twice",
    "other": "not a notebook",
    "refused": "not unpacked",
    "astray": "with a name that is not taken",
    "link": "a link",
    "hidden": "hidden",
    "unreadable": "cannot be read",
    "unknown": "not on the roster",
    "time": "nbgrader's time",
    "copy": "a copy of Jupyter's",
    "system": "left by the system",
}
UNREMARKABLE = ("graded", "time", "copy", "system")
COLUMNS = ("file", "student", "what", "why")


@dataclass(frozen=True)
class Seen:
    """A file, or a folder that was not looked into, and what becomes of it.

    Attributes:
        path: where it lies in what was handed in.
        student: whose it is; empty when nobody's.
        fate: one of `WORDS`.
        why: the reason, and where there is one the remedy.
    """

    path: str
    student: str
    fate: str
    why: str = ""

    def sentence(self) -> str:
        """It in words."""
        return f"{self.path} ({WORDS[self.fate]}): {self.why}"


@dataclass(frozen=True)
class Census:
    """All files that were seen."""

    seen: tuple[Seen, ...]

    def sentence(self, graded: int | None = None) -> str:
        """All of them in a sentence, as "2 files: 1 to grade, 1 not a notebook (homework.pdf)." is one.

        Args:
            graded: how many have been graded; None before.
        """
        groups: dict[str, list[Seen]] = collections.defaultdict(list)
        for each in self.seen:
            groups[each.fate].append(each)
        parts = [counted(fate, groups[fate]) for fate in WORDS if groups[fate]]
        if graded is not None and groups["graded"]:
            failed = len(groups["graded"]) - graded
            parts[0] = f"{graded} graded" + (f", {failed} not" if failed else "")
        count = len(self.seen)
        return (
            f"{count} file{'' if count == 1 else 's'}{':' if parts else ''} {', '.join(parts)}".strip() + "."
        )

    def remarks(self) -> list[str]:
        """A sentence for each file that is left out, where somebody can do something about it."""
        remedied = ("refused", "astray", "link", "hidden", "unreadable")
        return [each.sentence() for each in self.seen if each.fate in remedied]

    def without(self, students: Iterable[str]) -> Census:
        """The same with everything of these students, who are not on the roster, told as such."""
        gone = set(students)
        return Census(
            tuple(replace(each, fate="unknown") if each.student in gone else each for each in self.seen)
        )

    def write(self, path: Path) -> None:
        """Write the table."""
        with whole_file(path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for each in self.seen:
                writer.writerow(map(harmless, (each.path, each.student, WORDS[each.fate], each.why)))


def counted(fate: str, group: Sequence[Seen]) -> str:
    """How many have a fate, and which: "2 not a notebook (a.pdf, b.pdf)"."""
    if fate in UNREMARKABLE:
        return f"{len(group)} {WORDS[fate]}"
    shown = [each.path.rpartition("/")[2] for each in group[:MOST_NAMED]]
    if fate == "twice":
        shown = [
            f"{name}, older than {each.why.rpartition('/')[2].removeprefix('older than ')}"
            for name, each in zip(shown, group, strict=False)
        ]
    more = f" and {len(group) - MOST_NAMED} more" if len(group) > MOST_NAMED else ""
    return f"{len(group)} {WORDS[fate]} ({'; '.join(shown) if fate == 'twice' else ', '.join(shown)}{more})"
