"""Collect an exercise from the students' home folders into a ZIP that `nst grade` takes.

    sudo python3 collect.py ex04       # The Littlest JupyterHub: /home/jupyter-NAME
    sudo python3 collect.py ex04 --homes /export/homes --prefix ""     # home folders of the students' names

Every `*.ipynb` whose name has `ex04` in it is taken, wherever it lies, the twenty newest of a student;
`nst grade` chooses the newest. A release that nobody has written into is no work, and is left out. Nothing
in the home folders is changed or run.

It runs as root in folders that strangers fill, so it follows no link and takes no file that belongs to
somebody else. It needs Python 3.9 or newer and nothing beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import stat
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2]
MOST_BYTES = 50 << 20  # of a notebook, as `nst grade` has it
MOST_ENTRIES = 100_000  # files and folders of one student that are looked at
MOST_NOTEBOOKS = 20  # of one student
DEEPEST = 30  # folders in folders that are looked into
A_ZIP_S_TIMES = (315_619_200, 4_354_000_000)  # it knows none before 1980 or after 2107


@dataclass
class Home:
    """What was found in a student's home folder.

    Attributes:
        name: of the student, as the hub knows him or her.
        work: the newest notebooks, each with the time it was written at, the newest first.
        left_out: how many older ones there are.
        notes: what was not taken, and why.
        untouched: whether there was a release that nobody has written into.
    """

    name: str
    work: list[tuple[bytes, float]] = field(default_factory=list)
    left_out: int = 0
    notes: list[str] = field(default_factory=list)
    untouched: bool = False


def homes_in(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """The home folders and whose they are."""
    for path in sorted(folder.iterdir()):
        name = path.name.removeprefix(prefix)
        if path.name.startswith(prefix) and name and not name.startswith(".") and is_folder(path):
            yield name, path


def is_folder(path: Path) -> bool:
    """Whether this is a folder, and no link to one."""
    return stat.S_ISDIR(path.lstat().st_mode)


def look_into(name: str, path: Path, exercise: str, release: list[str]) -> Home:
    """Read a student's notebooks of an exercise."""
    home, seen = Home(name), 0
    pattern = re.compile(rf"{exercise}(?!\d).*\.ipynb", re.IGNORECASE)
    owner = path.lstat().st_uid
    for folder, folders, files, descriptor in os.fwalk(path, follow_symlinks=False):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        if Path(folder).relative_to(path).parts[DEEPEST:]:  # or Python ends at a thousand
            folders.clear()
            home.notes.append(f"folders deeper than {DEEPEST}; not all were looked at")
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            home.notes.append(f"more than {MOST_ENTRIES} files; not all were looked at")
            break
        for file in sorted(files):
            if pattern.search(file) and not file.startswith("."):
                shown = printable(os.path.relpath(os.path.join(folder, file), path))
                take(home, shown, file, descriptor, owner, release)
    if home.left_out:
        home.notes.append(f"more than {MOST_NOTEBOOKS} notebooks; the {home.left_out} oldest were left out")
    return home


def printable(name: str) -> str:
    """A name that strangers chose, without what would move a terminal's cursor or be no text."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in name)


def take(home: Home, shown: str, file: str, folder: int, owner: int, release: list[str]) -> None:
    """Read one notebook, if it is the student's own and there is work in it."""
    try:
        content, written = read(file, folder, owner)
    except OSError as error:
        home.notes.append(f"{shown}: {error.strerror or error}")
        return
    if release and texts(content) == release:
        home.untouched = True
    else:
        home.work = sorted([*home.work, (content, written)], key=itemgetter(1), reverse=True)
        home.left_out += len(home.work[MOST_NOTEBOOKS:])
        del home.work[MOST_NOTEBOOKS:]


def read(file: str, folder: int, owner: int) -> tuple[bytes, float]:
    """A file's content and time.

    Args:
        file: its name.
        folder: the descriptor of the folder it lies in.
        owner: whose it must be.

    Raises:
        OSError: it is a link or no ordinary file, too large, or somebody else's.
    """
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is no ordinary file")
        if found.st_uid != owner:
            raise OSError("it belongs to somebody else")
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(f"it has more than {MOST_BYTES >> 20} MB")
    return content, found.st_mtime


def texts(content: bytes) -> list[str]:
    """The texts of a notebook's cells, outputs left aside; empty for what is no notebook."""
    try:
        return ["".join(cell["source"]) for cell in json.loads(content)["cells"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def released(exercise: str) -> tuple[str, list[str]]:
    """The full name of an exercise, such as ex04_gram_matrices, and the texts of its release.

    Raises:
        ValueError: the course has no such exercise.
    """
    found = sorted((COURSE / "exercises").glob(f"{exercise.partition('_')[0]}_*"))
    if not re.fullmatch(r"ex\d\d(_\w+)?", exercise) or len(found) != 1:
        raise ValueError(
            f"There is no exercise {exercise} in {COURSE / 'exercises'}; write ex04, for example."
        )
    return found[0].name, texts((found[0] / f"{found[0].name}.ipynb").read_bytes())


def pack(homes: list[Home], exercise: str, target: Path) -> None:
    """Write the ZIP, whole or not at all: a folder for each student. Only its owner can read it."""
    descriptor, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for home in homes:
                for number, (content, written) in enumerate(home.work, 1):
                    ending = "" if number == 1 else f"-{number}"
                    earliest, latest = A_ZIP_S_TIMES
                    when = time.localtime(min(max(written, earliest), latest))[:6]
                    member = zipfile.ZipInfo(f"{home.name}/{exercise}{ending}.ipynb", when)
                    archive.writestr(member, content, zipfile.ZIP_DEFLATED)
        if "SUDO_UID" in os.environ and os.getuid() == 0:  # the teacher's, who typed `sudo`
            os.chown(partial, int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", "-1")))
        os.replace(partial, target)
    except BaseException:
        os.unlink(partial)
        raise


def report(homes: list[Home], target: Path) -> None:
    """Say what was found, and whose work is missing."""
    there = [home for home in homes if home.work]
    for home in homes:
        for note in home.notes:
            print(f"{home.name}: {note}")
    for about, names in (
        ("not begun", [home.name for home in homes if home.untouched and not home.work]),
        ("no notebook of it", [home.name for home in homes if not home.untouched and not home.work]),
    ):
        if names:
            print(f"{len(names)} {about}: {', '.join(names)}")
    print(f"{len(there)} of {len(homes)} students have handed in" + (f": {target}" if there else "."))


def main() -> int:
    """Read the command line; returns its exit code: 1 when nobody has handed in."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("exercise", help="such as ex04")
    parser.add_argument("-o", "--output", type=Path, help="the ZIP (default: class-EXERCISE.zip)")
    parser.add_argument("--homes", type=Path, default=Path("/home"), help="(default: /home)")
    parser.add_argument("--prefix", default="jupyter-", help="of the folders' names (default: jupyter-)")
    given = parser.parse_args()
    try:
        exercise, release = released(given.exercise)
        number = exercise.partition("_")[0]
        target = given.output or Path(f"class-{number}.zip")
        found = [look_into(*one, number, release) for one in homes_in(given.homes, given.prefix)]
        if not found:
            raise FileNotFoundError(f"There is no folder {given.prefix}NAME in {given.homes}.")
        if any(home.work for home in found):
            pack(found, exercise, target.resolve())
    except (OSError, ValueError) as error:
        print(f"collect.py: {error}", file=sys.stderr)
        return 2
    report(found, target)
    return 0 if any(home.work for home in found) else 1


if __name__ == "__main__":
    sys.exit(main())
