"""The whole course without `solutions/`, which a teacher may publish."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from .exercises import COURSE, SOLUTIONS


def write(target: Path) -> int:
    """Copy the course without `solutions/` into a new folder; returns the number of files.

    Raises:
        FileExistsError: the folder is there already and not empty.
        OSError: this is no git repository, which knows what belongs to the course.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(f"{target} is there already; name a new folder.")
    found = subprocess.run(["git", "ls-files", "-z"], cwd=COURSE, capture_output=True)
    if found.returncode:
        raise OSError(f"{COURSE} is no git repository, so it is not known what belongs to the course.")
    files = [Path(name) for name in found.stdout.decode().split("\0") if name]
    public = [file for file in files if file.parts[0] != SOLUTIONS.name and (COURSE / file).is_file()]
    target.mkdir(parents=True, exist_ok=True)
    copy_files(public, target)
    return len(public)


def copy_files(files: Iterable[Path], target: Path) -> None:
    """Copy files of the course, with their folders and permissions."""
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(COURSE / file, target / file)
