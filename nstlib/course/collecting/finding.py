"""Find what was handed in, tell whose it is and which exercise it answers, and account for all of it.

An exercise is recognised by what is in a notebook (the names nbgrader gave its cells), a student by the place
of the file (`owners`).
"""

from __future__ import annotations

import collections
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from . import names, platforms
from .census import Census, Seen
from .entries import Entry, entries_of, is_archive, is_notebook
from .owners import Owners, tree_of
from .platforms import Owner
from .reading import Unreadable, read_cells

MOST_TIME = 200  # characters of a file that holds nothing but a time


@dataclass(frozen=True)
class Found:
    """A notebook that somebody handed in.

    Attributes:
        student: who, as it is safe in file names.
        path: where the file lies.
        origin: the folder or the beginning of the file's name from which the student was told.
        exercise: its full name; empty when it could not be told.
        problem: why it cannot be graded; empty when it can.
        name: of the student, as the platform wrote it.
        id: the platform's number of the student or of the submission; empty where it gives none.
        section: of the class; empty where there is only one.
        submitted: when, with a time zone; None where nobody says.
        platform: "moodle", "canvas" or "folder".
        late: whether the platform says that it was late.
    """

    student: str
    path: Path
    origin: str
    exercise: str = ""
    problem: str = ""
    name: str = ""
    id: str = ""
    section: str = ""
    submitted: datetime | None = None
    platform: str = "folder"
    late: bool = False


def collect(
    source: Path,
    exercises: Mapping[str, Iterable[str]],
    unpack_into: Path,
    known: Callable[[str], bool] = lambda name: False,
) -> tuple[list[Found], Census]:
    """All submissions in a folder or a ZIP file, sorted by student, and what became of each file.

    Args:
        source: as a platform or a teacher made it, see `platforms` and `owners`.
        exercises: their names, each with nbgrader's names of its cells.
        unpack_into: where ZIP files are unpacked; made when there is one.
        known: whether the roster knows somebody by this name.

    Raises:
        NotADirectoryError: there is no such folder or file.
        ValueError: the ZIP file cannot be unpacked, and why.
        FileNotFoundError: nobody has handed in anything.
    """
    entries = entries_of(source, unpack_into)
    told = {entry: exercise_in(entry.path, exercises, entry.name) for entry in entries if may_be_read(entry)}
    owners = Owners(known, {entry: exercise for entry, (exercise, _) in told.items()})
    owners.visit(tree_of(entries), source.name)
    times = written_times(entries)
    taken = [
        (entry, owners.found[entry], found_in(entry, owners.found[entry], told[entry], times))
        for entry in told
        if entry in owners.found
    ]
    chosen, older = newest_only(taken)
    seen = [account(entry, owners, told.get(entry), older) for entry in entries if entry.kind != "empty"]
    chosen += without_notebook(owners, {each.student for each in chosen}, source)
    census = Census(tuple(seen))
    if not chosen:
        raise FileNotFoundError(
            f"There is no notebook in {source} or in the folders inside it. {census.sentence()}"
        )
    return sorted(chosen, key=lambda each: (each.student, each.exercise, str(each.path))), census


def may_be_read(entry: Entry) -> bool:
    """Whether an entry is a notebook by its name, and lies where it is looked for."""
    return entry.kind == "file" and is_notebook(entry.name)


def exercise_in(path: Path, exercises: Mapping[str, Iterable[str]], name: str = "") -> tuple[str, str]:
    """Which exercise a file answers, by its cells or else by its name, and why it cannot be graded.

    Args:
        path: of the file.
        exercises: their names, each with nbgrader's names of its cells.
        name: of the file, as it was handed in; that of the path unless given.

    Returns:
        The exercise's full name, empty when it cannot be told; the problem, empty when there is none.
    """
    numbers = ((full, full.partition("_")[0]) for full in exercises)
    named = next((full for full, number in numbers if re.search(rf"{number}(?!\d)", name or path.name)), "")
    try:
        marked = {cell["grade_id"] for cell in read_cells(path)}
    except Unreadable as problem:
        return named, str(problem)
    shared = {full: len(marked & set(ids)) for full, ids in exercises.items()}
    best = max(shared, key=lambda full: shared[full], default="")
    if best and shared[best]:
        return best, ""
    return named, "" if named else "This notebook is not an exercise of this course."


def written_times(entries: Iterable[Entry]) -> dict[tuple[str, ...], datetime]:
    """The times that nbgrader wrote beside submissions, by folder; not what a student has packed."""
    found = {}
    for entry in entries:
        if entry.name == "timestamp.txt" and entry.kind == "file" and entry.packed is None:
            with open(entry.path, encoding="utf-8", errors="replace") as file:
                when = platforms.read_time(file.read(MOST_TIME))
            if when:
                found[entry.parts[:-1]] = when
    return found


def found_in(
    entry: Entry, owner: Owner, told: tuple[str, str], times: Mapping[tuple[str, ...], datetime]
) -> Found:
    """A notebook with all that is known of it."""
    exercise, problem = told
    when = owner.submitted or (times.get(entry.parts[:-1]) if owner.platform == "folder" else None)
    return replace(of_owner(owner, entry.path), exercise=exercise, problem=problem, submitted=when)


def of_owner(owner: Owner, path: Path) -> Found:
    """A submission with what its owner says of it."""
    return Found(
        owner.key,
        path,
        owner.origin,
        name=owner.name,
        id=owner.id,
        section=owner.section,
        submitted=owner.submitted,
        platform=owner.platform,
        late=owner.late,
    )


def newest_only(taken: Iterable[tuple[Entry, Owner, Found]]) -> tuple[list[Found], dict[Entry, Entry]]:
    """Of several files of one student for one exercise, the newest that can be read.

    Newer is what the platform counts or dates later, or else what was written last.

    Returns:
        The files to grade, and for each other one that which is taken in its place.
    """
    groups = collections.defaultdict(list)
    for entry, owner, found in taken:
        groups[(found.student, found.exercise)].append((age(found, owner), entry, found))
    chosen: list[Found] = []
    older: dict[Entry, Entry] = {}
    for (_, exercise), group in groups.items():
        group.sort(key=lambda one: one[0])
        *others, (_, newest, _) = group
        chosen += [found for _, _, found in (group[-1:] if exercise else group)]
        older.update({entry: newest for _, entry, _ in others if exercise})
    return chosen, older


def age(found: Found, owner: Owner) -> tuple[bool, float, float, str]:
    """What tells the newer of two files of a student."""
    told = found.submitted.timestamp() if found.submitted else owner.order
    return not found.problem, told, found.path.lstat().st_mtime, str(found.path)


def account(entry: Entry, owners: Owners, told: tuple[str, str] | None, older: Mapping[Entry, Entry]) -> Seen:
    """What becomes of one file."""
    owner = owners.found.get(entry)
    student, path = owner.key if owner else "", "/".join(map(names.readable, entry.parts))
    if entry in owners.barred:
        return Seen(path, student, "refused", owners.barred[entry])
    if entry in older:
        return Seen(path, student, "twice", f"older than {'/'.join(map(names.readable, older[entry].parts))}")
    if told:
        return Seen(path, student, "broken" if told[1] else "graded", told[1])
    if entry.kind == "file":
        return Seen(path, student, "time" if entry.name == "timestamp.txt" else "other")
    return Seen(path, student, entry.kind, entry.problem)


def without_notebook(owners: Owners, there: set[str], source: Path) -> list[Found]:
    """For each student of whom there is something, but no notebook, a submission that says why."""
    people = {owner.key: (owner, node.parts) for owner, node in reversed(owners.folders)}
    content: dict[str, list[Entry]] = {key: [] for key in people}
    for entry, owner in owners.found.items():
        people.setdefault(owner.key, (owner, entry.parts))
        content.setdefault(owner.key, []).append(entry)
    return [
        replace(of_owner(owner, source.joinpath(*parts)), problem=why_none(content[key]))
        for key, (owner, parts) in people.items()
        if key not in there
    ]


def why_none(entries: Sequence[Entry]) -> str:
    """Why there is no notebook among a student's files, and what to do."""
    for entry in entries:
        reason = entry.kind in ("hidden", "link", "refused", "unreadable")
        if reason and (is_notebook(entry.name) or is_archive(entry.name) or entry.is_folder):
            return f"{names.readable(entry.name)}: {entry.problem}"
    files = [names.readable(entry.name) for entry in entries if entry.kind != "empty"]
    if not files:
        return "There is no notebook in this folder."
    more = f" and {len(files) - 3} more" if len(files) > 3 else ""
    return f"There is no notebook (.ipynb) among what was handed in: {', '.join(files[:3])}{more}."
