"""How much longer `nst grade` takes than running the notebooks plainly, and whether anything gets lost.

    .venv/bin/python benchmarks/grading.py            # 50 submissions of one exercise, into README.md
    .venv/bin/python benchmarks/grading.py --quick    # 4 submissions, to the screen: does it run?

The class hands in the solved notebook of an exercise. Plainly means: each notebook in a fresh kernel, by
nbclient, with nothing checked, nothing hidden and nothing written; half of them before and half after the
grading, so that a slow spell of the machine meets both. Both sides have as many processes at work as there
are processors. These are our own notebooks: a submission is never run outside the sandbox.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measure
import nbformat

from nstlib.course import exercises

EXERCISE = "ex04_gram_matrices"
TARGET = 1.3


def run_plainly(path: str) -> float:
    """Run one notebook in a fresh kernel; returns the seconds it took."""
    from nbclient import NotebookClient

    began = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    return time.perf_counter() - began


def plain_seconds(path: Path, count: int, jobs: int) -> float:
    """Run a notebook so many times, several at a time; returns the seconds that passed."""
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        pool.map(len, [b""] * jobs)  # the workers themselves have started
        began = time.perf_counter()
        pool.map(run_plainly, [str(path)] * count, chunksize=1)
        return time.perf_counter() - began


def hand_in(path: Path, folder: Path, count: int) -> None:
    """Make a class."""
    for number in range(count):
        place = folder / f"student{number:03d}"
        place.mkdir(parents=True)
        shutil.copy(path, place)


def command(folder: Path, target: Path) -> list[str]:
    """`nst grade`, as a teacher types it."""
    return [sys.executable, "-m", "nstlib.cli", "grade", str(folder), "-o", str(target)]


def graded_seconds(folder: Path, target: Path) -> float:
    """Grade a class; returns the seconds that passed, start of the command included."""
    began = time.perf_counter()
    subprocess.run(command(folder, target), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def killed_half_way(folder: Path, target: Path, after: float) -> tuple[int, int, int]:
    """Kill the grader, start it again; returns (done when killed, run again of these, done in the end)."""
    with subprocess.Popen(command(folder, target), stdout=subprocess.DEVNULL) as grader:
        time.sleep(after)
        grader.send_signal(signal.SIGKILL)
    before = results(target)
    subprocess.run(command(folder, target), check=True, stdout=subprocess.DEVNULL)
    after_all = results(target)
    again = sum(after_all[key]["seed"] != row["seed"] for key, row in before.items())
    return len(before), again, sum(row["status"] == "graded" for row in after_all.values())


def results(target: Path) -> dict[str, dict]:
    """What a folder of grades remembers."""
    path = target / "results.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def section(count: int) -> str:
    """Measure; returns the text of the section."""
    source = exercises.SOLUTIONS / EXERCISE / f"{EXERCISE}.ipynb"
    jobs = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hand_in(source, folder / "class", count)
        first = plain_seconds(source, count // 2, jobs)
        graded = graded_seconds(folder / "class", folder / "grades")
        plain = first + plain_seconds(source, count - count // 2, jobs)
        full = sum(row["score"] == row["points"] - 4 for row in results(folder / "grades").values())
        done, again, in_the_end = killed_half_way(folder / "class", folder / "killed", graded / 2)
    ratio = graded / plain
    met = "met" if ratio <= TARGET else "missed"
    whole = "`nst grade`: sandbox, checks, hidden tests, gradebook, feedback"
    return f"""{count} submissions of `{EXERCISE}`, {jobs} at a time.

| | seconds | a submission |
| --- | ---: | ---: |
| run plainly, nothing checked | {plain:.0f} | {plain / count:.1f} |
| {whole} | {graded:.0f} | {graded / count:.1f} |

- graded / plain: **{ratio:.2f}** (target: at most {TARGET}): {met}
- {full} of {count} got all machine-marked points
- killed after {done} of {count}, started again: {again} of these were run again, {in_the_end} graded at last

*{measure.caption()}*"""


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="4 submissions, to the screen")
    if parser.parse_args().quick:
        print(section(4))
    else:
        measure.write(measure.REPORT, "grading", section(50))
    return 0


if __name__ == "__main__":
    sys.exit(main())
