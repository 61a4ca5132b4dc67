"""Paint data/experiments/: pictures of the lessons that take longer than a reader waits.

    python tools/paint_experiments.py            the lessons that look up pictures, what is missing
    python tools/paint_experiments.py 06 10      these lessons
    python tools/paint_experiments.py --anew     all again, as when the network or a default changed

It runs the lessons' own cells. What a function made by `nst.precomputed` was asked for is stored, under the
number of the lesson, and what is asked for no longer goes. Afterwards run tools/rebuild_notebooks.py.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from contextlib import redirect_stdout
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell

from nstlib import stored

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
ASKS = "nst.precomputed("


def code_of(lesson: Path) -> list[str]:
    """The cells of a lesson that hold code."""
    return [cell.source for cell in nbformat.read(lesson, as_version=4).cells if cell.cell_type == "code"]


def paint(lesson: Path, anew: bool) -> None:
    """Run a lesson in its own folder and store what it was asked for.

    Raises:
        Exception: that of a cell; nothing is stored then.
    """
    began, number = time.perf_counter(), lesson.name[:2]
    shell = InteractiveShell()
    os.chdir(lesson.parent)
    with stored.recording(anew) as made, redirect_stdout(io.StringIO()):
        for code in code_of(lesson):
            shell.run_cell(code).raise_error()
    calls = stored.store(made, number)
    size = sum(file.stat().st_size for file in stored.folder().glob(f"{number}_*.jpg"))
    seconds = time.perf_counter() - began
    print(f"{number}: {len(calls)} calls stored, {size / 1e6:.1f} MB, {seconds:.0f} s", flush=True)


def main() -> None:
    """Paint for the lessons that were asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("numbers", nargs="*", help="of lessons; all without one")
    parser.add_argument("--anew", action="store_true", help="what is stored, too")
    asked = parser.parse_args()
    known = sorted(lesson.name[:2] for lesson in NOTEBOOKS.glob("[0-9]*.ipynb"))
    if strange := set(asked.numbers) - set(known):
        parser.error(f"there is no lesson {strange.pop()}; there are {', '.join(known)}")
    for lesson in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        chosen = not asked.numbers or lesson.name[:2] in asked.numbers
        if chosen and any(ASKS in code for code in code_of(lesson)):
            paint(lesson, asked.anew)


if __name__ == "__main__":
    main()
