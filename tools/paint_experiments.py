"""Paint data/experiments/: pictures of lessons and exercises that take longer than a reader waits.

    python tools/paint_experiments.py            the notebooks that look up pictures, what is missing
    python tools/paint_experiments.py 06 ex08    this lesson and this exercise
    python tools/paint_experiments.py --anew     all again, as when the network or a default changed

It runs the notebooks' own cells, of exercises the solved ones. What a function made by `nst.precomputed` was
asked for is stored, under the number of the notebook, and what is asked for no longer goes. Afterwards run
tools/rebuild_notebooks.py.
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

COURSE = Path(__file__).resolve().parent.parent
ASKS = "nst.precomputed("


def notebooks() -> dict[str, Path]:
    """Lessons and solved exercises by their numbers, 00 to 12 and ex01 to ex90."""
    lessons = sorted((COURSE / "notebooks").glob("[0-9]*.ipynb"))
    solved = sorted((COURSE / "solutions").glob("ex*/ex*.ipynb"))
    return {path.name.split("_")[0]: path for path in [*lessons, *solved]}


def code_of(notebook: Path) -> list[str]:
    """The cells of a notebook that hold code."""
    return [cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]


def paint(number: str, notebook: Path, anew: bool) -> None:
    """Run a notebook in its own folder and store what it asks for.

    Raises:
        Exception: that of a cell; nothing is stored then.
    """
    began = time.perf_counter()
    shell = InteractiveShell()
    os.chdir(notebook.parent)
    with stored.recording(anew) as made, redirect_stdout(io.StringIO()):
        for code in code_of(notebook):
            shell.run_cell(code).raise_error()
    calls = stored.store(made, number)
    size = sum(file.stat().st_size for file in stored.folder().glob(f"{number}_*.jpg"))
    seconds = time.perf_counter() - began
    print(f"{number}: {len(calls)} calls stored, {size / 1e6:.1f} MB, {seconds:.0f} s", flush=True)


def main() -> None:
    """Paint for the notebooks that were asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("numbers", nargs="*", help="of lessons and exercises; all without one")
    parser.add_argument("--anew", action="store_true", help="what is stored, too")
    asked, known = parser.parse_args(), notebooks()
    if strange := set(asked.numbers) - set(known):
        parser.error(f"there is no notebook {strange.pop()}; there are {', '.join(known)}")
    for number, notebook in known.items():
        chosen = not asked.numbers or number in asked.numbers
        asks = any(ASKS in code for code in code_of(notebook))
        if chosen and asks:
            paint(number, notebook, asked.anew)
        elif chosen:
            stored.store(stored.Recording(asked.anew, []), number)  # it may have asked once


if __name__ == "__main__":
    main()
