"""Everything that lies in a folder or in a ZIP file of submissions, one entry each, nothing left out.

What is not looked into (links, what an operating system leaves behind, archives that are refused) is an entry
as well, with its reason and what the student can do about it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from . import archives, names

MOST_DEPTH = 30  # folders within folders
MOST_NESTED = 2  # ZIPs within what was handed out: a student's, and one in it
NOTEBOOK_ENDS = (".ipynb", ".ipynb.txt", ".ipynb.json")  # some browsers and mail programs add to the name
SYSTEM = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini", "__pycache__", ".git", ".cache", ".venv"}
SAVED = ".ipynb_checkpoints"


@dataclass(frozen=True)
class Entry:
    """A file, or a folder that is not looked into.

    Attributes:
        parts: where it lies, below the folder or in the archive; a ZIP is a part like a folder.
        path: where it lies on the disk; in an archive that of the archive, unless it was unpacked.
        kind: "file", "empty" (a folder), "system", "copy" (saved by Jupyter), "hidden", "link", "refused" (by
            `archives`), "astray" (a name in an archive that leads out of it), "unreadable".
        problem: why it is not taken; empty for a file.
        packed: how many of the parts are there before what a student has packed begins; None outside.
    """

    parts: tuple[str, ...]
    path: Path
    kind: str = "file"
    problem: str = ""
    packed: int | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.parts[-1]

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder that is not looked into."""
        return self.kind in ("empty", "link", "unreadable") and self.path.is_dir()


def is_left_behind(part: str) -> bool:
    """Whether a name in a path is one that systems and programs leave behind, not students."""
    folded = part.casefold()
    return folded in (*SYSTEM, SAVED) or folded.startswith(("._", "~$", ".trash"))


def is_notebook(name: str) -> bool:
    """Whether a name is a notebook's."""
    return name.casefold().endswith(NOTEBOOK_ENDS)


def is_archive(name: str) -> bool:
    """Whether a name is a ZIP file's."""
    return name.casefold().endswith(".zip")


def entries_of(source: Path, unpack_into: Path) -> list[Entry]:
    """All that lies in a folder or a ZIP file.

    Args:
        source: the folder or the file.
        unpack_into: where ZIP files are unpacked.

    Raises:
        NotADirectoryError: there is neither.
        ValueError: the ZIP file cannot be unpacked, and why.
    """
    if source.is_dir():
        return list(expanded(walk(source), unpack_into))
    if not source.is_file():
        raise NotADirectoryError(f"There is no folder {source}; give the one with the submissions, or a ZIP.")
    try:
        return list(unpacked(Entry((), source), unpack_into, archives.DOWNLOAD))
    except archives.Refused as problem:
        raise ValueError(f"{source} cannot be unpacked. {problem}") from None


def walk(folder: Path, above: tuple[str, ...] = ()) -> Iterator[Entry]:
    """All that lies in a folder and the folders in it, in the order of its name."""
    try:
        with os.scandir(folder) as content:
            children = sorted(content, key=lambda child: child.name)
    except OSError as error:
        yield Entry(above, folder, "unreadable", f"The folder cannot be opened: {error.strerror}.")
        return
    if not children and above:
        yield Entry(above, folder, "empty", "The folder is empty.")
    for child in children:
        parts, path = (*above, child.name), Path(child.path)
        if child.is_symlink():
            what = "folder" if path.is_dir() else "file"
            yield Entry(parts, path, "link", f"It is a link to another {what}: put the {what} itself there.")
        elif not child.is_dir(follow_symlinks=False):
            yield seen(parts, path, child.is_file(follow_symlinks=False))
        elif len(parts) >= MOST_DEPTH:
            yield Entry(parts, path, "unreadable", f"It lies more than {MOST_DEPTH} folders deep.")
        else:
            yield from walk(path, parts)


def seen(parts: tuple[str, ...], path: Path, ordinary: bool = True) -> Entry:
    """A file, told from what systems leave behind and from what is hidden."""
    if SAVED in map(str.casefold, parts):
        return Entry(parts, path, "copy", "Jupyter saved this copy; the notebook itself counts.")
    if any(map(is_left_behind, parts)):
        return Entry(parts, path, "system", "The operating system or a program left it.")
    hidden = next((part for part in parts if part.startswith(".")), "")
    if hidden:
        remedy = f"take the dot off the name {names.readable(hidden)}"
        return Entry(parts, path, "hidden", f"It is hidden: {remedy}, should it be graded.")
    if not ordinary:
        return Entry(parts, path, "unreadable", "It is no ordinary file.")
    return Entry(parts, path)


def expanded(entries: Iterator[Entry], unpack_into: Path, nested: int = 1) -> Iterator[Entry]:
    """The same entries, with what ZIP files hold in the place of each."""
    for entry in entries:
        if entry.kind != "file" or not is_archive(entry.name):
            yield entry
        elif nested > MOST_NESTED:
            yield replace(entry, kind="refused", problem="It is a ZIP in a ZIP: hand in the notebook itself.")
        else:
            try:
                inner = list(unpacked(entry, unpack_into, archives.STUDENTS, nested))
            except archives.Refused as problem:
                inner = [replace(entry, kind="refused", problem=str(problem))]
            except OSError as error:
                inner = [replace(entry, kind="unreadable", problem=f"It cannot be read: {error.strerror}.")]
            yield from inner


def unpacked(archive: Entry, unpack_into: Path, bounds: archives.Bounds, nested: int = 0) -> Iterator[Entry]:
    """What a ZIP file holds, and what the ZIP files in it hold.

    Raises:
        Refused: it is not unpacked.
    """
    packed = archive.packed or (len(archive.parts) or None)
    into = unpack_into.joinpath(*map(archives.disk_name, archive.parts[:-1]))
    members = archives.unpack(archive.path, into, is_wanted, bounds)
    return expanded((member_entry(each, archive, packed) for each in members), unpack_into, nested + 1)


def is_wanted(parts: tuple[str, ...]) -> bool:
    """Whether a member of an archive is unpacked: a notebook, a ZIP, or nbgrader's time."""
    wanted = is_notebook(parts[-1]) or is_archive(parts[-1]) or parts[-1] == "timestamp.txt"
    return wanted and seen(parts, Path()).kind in ("file", "hidden")


def member_entry(member: archives.Member, archive: Entry, packed: int | None) -> Entry:
    """The entry of a member of an archive."""
    parts = (*archive.parts, *member.parts)
    if member.problem:
        kind = "astray" if member.astray else "refused"
        return Entry(parts, archive.path, kind, member.problem, packed)
    return replace(seen(parts, member.path or archive.path), packed=packed)
