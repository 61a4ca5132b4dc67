"""Which edition of the course grades: it must not change under a class that is being graded.

Every sandbox reads this package from the disk when it starts, while the grader goes on with what it read when
it began. If the course is updated in between, the two no longer speak one language, and honest work gets 0.
So the files are compared with those of the beginning before a submission runs, and once more before its
verdict counts.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..samples import data_folder
from .exercises import SOLUTIONS

PACKAGE = Path(__file__).resolve().parents[1]  # nstlib
WORTHLESS = ("__pycache__", ".ipynb_checkpoints")  # folders that change while somebody only looks
MOST_NAMED = 3


class CourseChanged(OSError):
    """Files of the course are no longer what they were; the message says which, and what to do."""


def folders() -> list[Path]:
    """Where the files lie that grade: this package, its pictures, the solutions."""
    return [PACKAGE, data_folder(), SOLUTIONS]


class Edition:
    """The files that grade, as they are when this is made."""

    def __init__(self) -> None:
        self.folders = folders()
        self.files = self.read()

    def read(self) -> dict[Path, str]:
        """Every file, and a digest of what is in it now."""
        return {path: digest for folder in self.folders for path, digest in files_of(folder)}

    def require_unchanged(self) -> None:
        """See that all files are what they were.

        Raises:
            CourseChanged: they are not.
        """
        now = self.read()
        if now == self.files:
            return
        changed = sorted(path for path in {*now, *self.files} if now.get(path) != self.files.get(path))
        named = ", ".join(path.name for path in changed[:MOST_NAMED])
        more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
        raise CourseChanged(
            f"The course changed while it graded ({named}{more}), and what was not graded yet was left: run "
            f"the same command again."
        )


def files_of(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files in a folder and below, each with a digest; a file that goes while one looks is left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in WORTHLESS]
        for name in names:
            path = os.path.join(place, name)
            try:
                found = os.stat(path)
                yield Path(path), digest_of(path, found.st_size, found.st_mtime_ns, found.st_ino)
            except OSError:
                continue


@functools.cache
def digest_of(path: str, size: int, changed: int, number: int) -> str:
    """A digest of a file, which is read again only when its size, time or number on the disk has changed."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
