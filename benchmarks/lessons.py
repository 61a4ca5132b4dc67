"""Seconds of every lesson from its first cell to its last, as a learner runs it, and of its longest cells.

    .venv/bin/python benchmarks/lessons.py --write
    .venv/bin/python benchmarks/lessons.py 06 11

Each has a kernel of its own, one after the other; starting it counts. A quarter of an hour on two cores that
have nothing else to do. Nothing is stored in the lessons. Between the lessons one evaluation of a transfer's
loss is timed, so that tables of other days, on machines that are faster or slower then, can be compared.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import measure
import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
EACH, ALL = 120, 900  # seconds asked for
NAMED = 3  # cells of a lesson
YARDSTICK = """
import statistics, nstlib as nst
run = nst.transfer_style("cat", "gold", size=448, sizes="single", iterations=10, progress=False)
print(statistics.median(row["seconds"] for row in run.history.rows))
"""


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


def evaluation() -> float:
    """Median seconds of one evaluation of loss and gradient at 448 pixels, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", YARDSTICK], capture_output=True, text=True, check=True)
    return float(done.stdout)


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
    rows, total, evaluations = [], 0.0, [evaluation()]
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
        evaluations.append(evaluation())
    table = measure.table(("lesson", "seconds", "its longest cells"), rows)
    asked_for = f"Asked for: at most {EACH} seconds each and {ALL} together. All of these: {total:.0f}."
    yardstick = (
        f"One evaluation of the loss at 448 pixels took {statistics.median(evaluations):.2f} s meanwhile, "
        f"{min(evaluations):.2f} to {max(evaluations):.2f}."
    )
    text = "\n\n".join([f"{asked_for} {yardstick}", table, f"*{measure.caption()}*"])
    if asked.write:
        measure.write(measure.REPORT, "lessons", text)
    print(text)


if __name__ == "__main__":
    main()
