"""Seconds of every lesson from its first cell to its last, as a learner runs it, and of its longest cells.

    .venv/bin/python benchmarks/lessons.py --write
    .venv/bin/python benchmarks/lessons.py 06 11

Each has a kernel of its own, one after the other; starting it counts. A quarter of an hour on two cores that
have nothing else to do. Nothing is stored in the lessons.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import measure
import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
EACH, ALL = 120, 900  # seconds asked for
NAMED = 3  # cells of a lesson


class Timed(NotebookClient):
    """A run that keeps the seconds of its cells, by their ids."""

    def __init__(self, lesson: Path) -> None:
        """Of a lesson, in its own folder."""
        self.cells: dict[str, float] = {}
        super().__init__(
            nbformat.read(lesson, as_version=4),
            timeout=None,
            kernel_name="python3",
            resources={"metadata": {"path": str(lesson.parent)}},
        )
        self.on_cell_execute = lambda cell, cell_index: self.cells.update({cell.id: time.perf_counter()})
        self.on_cell_executed = self.finish

    def finish(self, cell: nbformat.NotebookNode, cell_index: int, execute_reply: object) -> None:
        """A cell has ended."""
        self.cells[cell.id] = time.perf_counter() - self.cells[cell.id]


def main() -> None:
    """Run them and print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("numbers", nargs="*", help="of lessons; all without one")
    parser.add_argument("--write", action="store_true", help="into README.md")
    asked = parser.parse_args()
    known = sorted(lesson.name[:2] for lesson in NOTEBOOKS.glob("[0-9]*.ipynb"))
    if strange := set(asked.numbers) - set(known):
        parser.error(f"there is no lesson {strange.pop()}; there are {', '.join(known)}")
    if asked.write and asked.numbers:
        parser.error("the table in README.md is of all lessons: leave the numbers out")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    rows, total = [], 0.0
    for lesson in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        if asked.numbers and lesson.name[:2] not in asked.numbers:
            continue
        began, run = time.perf_counter(), Timed(lesson)
        run.execute()
        seconds = time.perf_counter() - began
        total += seconds
        longest = sorted(run.cells.items(), key=lambda cell: -cell[1])[:NAMED]
        named = ", ".join(f"{name} {each:.0f}" for name, each in longest)
        rows.append((lesson.stem, f"{seconds:.0f}", named))
        print(*rows[-1], flush=True)
    table = measure.table(("lesson", "seconds", "its longest cells"), rows)
    asked_for = f"Asked for: at most {EACH} seconds each and {ALL} together. All of these: {total:.0f}."
    text = "\n\n".join([asked_for, table, f"*{measure.caption()}*"])
    if asked.write:
        measure.write(measure.REPORT, "lessons", text)
    print(text)


if __name__ == "__main__":
    main()
