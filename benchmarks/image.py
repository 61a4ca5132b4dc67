"""How large the image of a student's server is, without Docker: what its steps bring, in MiB.

    .venv/bin/python benchmarks/image.py --write    # into README.md; needs the extras hub, lab and video

Packages are counted as they are installed here, with all they need, by the lists of files that came with
them; the course's own folders as they are. The base, `python:3.12-slim`, and Debian's packages are not here
to count.
"""

from __future__ import annotations

import argparse
import importlib.metadata as metadata
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import measure
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from nstlib.cli import lab

EXTRAS = ("hub", "lab", "video")  # those of deploy/jupyterhub/Dockerfile
NAMED = 6  # packages in a row of their own
MIB = 2**20


def needed(texts: Iterable[str]) -> dict[str, metadata.Distribution]:
    """The installed packages that requirements name, and all that those need, by name.

    Raises:
        PackageNotFoundError: one is not installed.
    """
    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(text) for text in texts]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in found or wanted.marker and not wanted.marker.evaluate({"extra": ""}):
            continue
        found[name] = metadata.distribution(name)
        for text in found[name].requires or ():
            each = Requirement(text)
            extras = ("", *wanted.extras)
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(Requirement(re.sub(r";.*", "", text)))
    return found


def size_of(package: metadata.Distribution) -> float:
    """The files of a package, in MiB."""
    paths = (Path(str(package.locate_file(file))) for file in package.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file()) / MIB


def size_below(folder: Path) -> float:
    """A folder of the course, without what Python compiled, in MiB."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sum(path.stat().st_size for path in files) / MIB


def section() -> str:
    """Count; returns the text of the section."""
    project = tomllib.loads((lab.COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *(t for e in EXTRAS for t in project["optional-dependencies"][e])]
    sizes = sorted(((size_of(each), name) for name, each in needed(texts).items()), reverse=True)
    rows = [(name, f"{size:.0f}") for size, name in sizes[:NAMED]]
    rows.append((f"{len(sizes) - NAMED} other packages", f"{sum(size for size, _ in sizes[NAMED:]):.0f}"))
    course = size_below(lab.COURSE / "nstlib") + size_below(lab.COURSE / "data")
    rows.append(("the course: `nstlib/` and `data/`", f"{course:.0f}"))
    rows.append(("**together**", f"**{sum(size for size, _ in sizes) + course:.0f}**"))
    return f"{measure.table(('what', 'MiB'), rows)}\n\n*{measure.caption()}*"


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--write", action="store_true", help="into README.md")
    given = parser.parse_args()
    try:
        text = section()
    except metadata.PackageNotFoundError as missing:
        sys.exit(f"{missing.name} is not installed here: pip install the extras {', '.join(EXTRAS)}.")
    print(text)
    if given.write:
        measure.write(measure.REPORT, "image", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
