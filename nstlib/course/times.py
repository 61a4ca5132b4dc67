"""When submissions were handed in: from a platform's list, from its file names, never from a guess.

The list is CSV: Moodle's grading worksheet ("Last modified (submission)"), or any with a column `submitted`
and a column `student`, `id` or `name`. A file's own time says when it was copied or unpacked; it counts only
where the teacher's policy says `trust_file_times = true`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from .collecting import Found
from .policy import Policy, same_name
from .policy_file import PolicyError, parsed_time

WHEN = ("last modified (submission)", "submitted")
WHO = ("identifier", "id number", "email address", "full name", "student", "id", "name")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NEVER = ("", "-")
MOST_BYTES = 20 << 20


@dataclass(frozen=True)
class Entry:
    """One row of a list: all that the student goes by, and when."""

    student: frozenset[str]
    submitted: datetime


def with_times(found: Sequence[Found], policy: Policy) -> list[Found]:
    """Submissions with the time at which each was handed in, as far as somebody says it.

    Args:
        found: of one run.
        policy: whose lists come first, then what the platform wrote in names, then files' own times where
            these are to be trusted.

    Raises:
        PolicyError: a list cannot be read.
    """
    lists: dict[Path, list[Entry]] = {}
    settled = []
    for each in found:
        path = policy.rule(each.exercise).times if each.exercise else None
        if path and path not in lists:
            lists[path] = read_times(path, policy.zone)
        listed = listed_time(each, lists[path]) if path else None
        own = file_time(each.path) if policy.trust_file_times else None
        settled.append(replace(each, submitted=listed or each.submitted or own))
    return settled


NAME_A_LIST = "name the platform's list as `times` in the policy"


def doubts(found: Sequence[Found], policy: Policy) -> list[str]:
    """What a teacher should know of deadlines, a sentence each: who has no time, and whom nobody knows."""
    who = [(each.student, each.name, each.id) for each in found]
    dated = [each for each in found if each.exercise and policy.due(each.exercise) and not each.submitted]
    said = []
    if dated:
        names = sorted({each.student for each in dated})
        first = ", ".join([*names[:3], *(["..."] if len(names) > 3 else [])])
        listed = any(policy.rule(each.exercise).times for each in dated)
        advice = "the policy's list of `times` does not name them" if listed else NAME_A_LIST
        said.append(
            f"Nobody says when {len(dated)} of {len(found)} submissions were handed in ({first}): they lose "
            f"no points for being late; {advice}."
        )
    marked = sorted({each.student for each in dated if each.late})
    if marked:
        said.append(f"Canvas marks as late, without saying how late: {', '.join(marked)}.")
    for name in policy.granted():
        if not any(same_name(name) in map(same_name, each) for each in who):
            said.append(f"The policy grants {name!r} more time, and nobody who handed in goes by that name.")
    return said


def listed_time(found: Found, entries: Iterable[Entry]) -> datetime | None:
    """When a list says that a student handed in: by the platform's id first, since names may be shared.

    None when the list does not name the student, or names several of that name with different times.
    """
    entries = list(entries)
    for known in (found.id, found.name, found.student):
        times = {entry.submitted for entry in entries if known and same_name(known) in entry.student}
        if len(times) == 1:
            return times.pop()
    return None


def file_time(path: Path) -> datetime | None:
    """When a file was last written; None when it is gone."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return None


def read_times(path: Path, zone: tzinfo | None) -> list[Entry]:
    """The rows of a list that say when.

    Args:
        path: of the CSV file, in UTF-8 with or without a mark, with commas, semicolons or tabs.
        zone: of times without an offset.

    Raises:
        PolicyError: no such columns, or a time that cannot be read; names the line.
    """
    if path.stat().st_size > MOST_BYTES:
        raise PolicyError(f"{path} is larger than {MOST_BYTES >> 20} MB and no list of times.")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        return entries_of(rows, path, zone)
    except csv.Error as error:
        raise PolicyError(f"{path}, line {rows.line_num}, is no CSV: {error}.") from None


def entries_of(rows: Any, path: Path, zone: tzinfo | None) -> list[Entry]:
    """What `read_times` returns, of a reader of CSV."""
    header = [same_name(cell) for cell in next(rows, [])]
    when = next((header.index(name) for name in WHEN if name in header), None)
    who = [header.index(name) for name in WHO if name in header]
    if when is None or not who:
        raise PolicyError(
            f'{path} needs a column "Last modified (submission)" or "submitted", and one of {", ".join(WHO)}.'
        )
    found = []
    for row in rows:
        if when < len(row) and row[when].strip() not in NEVER:
            place = f"{path}, line {rows.line_num}"
            found.append(Entry(names_in(row, who), platform_time(row[when], zone, place)))
    return found


def names_in(row: Sequence[str], columns: Iterable[int]) -> frozenset[str]:
    """What a student goes by; Moodle's "Participant 123" is its id 123 too."""
    cells = {same_name(row[k]) for k in columns if k < len(row) and row[k].strip()}
    numbers = {match[1] for cell in cells if (match := re.fullmatch(r"participant (\d+)", cell))}
    return frozenset(cells | numbers)


def platform_time(text: str, zone: tzinfo | None, place: str) -> datetime:
    """A time as platforms write it: ISO 8601, or "Sunday, 3 May 2026, 11:59 PM" in either order.

    Args:
        text: the time.
        zone: of times without an offset.
        place: where it stands, for the message.

    Raises:
        PolicyError: it cannot be read, or has neither offset nor zone.
    """
    found = parsed_time(text.strip()) or english_time(text)
    if found is None:
        raise PolicyError(
            f'{place}: {text!r} is no time that is understood; write it as "2026-05-03 23:59", or have the '
            f"platform write the list in English."
        )
    if found.tzinfo is None and zone is None:
        raise PolicyError(f'{place}: the time has no zone; add zone = "Europe/Berlin" to the policy.')
    return found if found.tzinfo else found.replace(tzinfo=zone)


def english_time(text: str) -> datetime | None:
    """A date in English words and a time, of 12 or 24 hours; None when it is not that."""
    date = re.search(r"\b(\d{1,2})\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})\b", text)
    other = re.search(r"\b([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})\b", text)
    clock = re.search(r"\b(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp])?\.?[Mm]?", text)
    if not clock or not (date or other):
        return None
    day, month, year = (date[1], date[2], date[3]) if date else (other[2], other[1], other[3])  # type: ignore[index]
    hour, half = int(clock[1]), (clock[4] or "").lower()
    if month[:3].lower() not in MONTHS or half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (half == "p") if half else hour
    number = MONTHS.index(month[:3].lower()) + 1
    try:
        return datetime(int(year), number, int(day), hour, int(clock[2]), int(clock[3] or 0))
    except ValueError:
        return None
