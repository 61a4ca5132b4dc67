"""A whole made-up class, graded by one command, twice: are all grades true, and what does it take?

    .venv/bin/python benchmarks/whole_class.py --write           # 200 students, into README.md: an hour
    .venv/bin/python benchmarks/whole_class.py --students 20     # to the screen

The class (tests/classes.py) has six kinds of students, one in ten of them hostile. It is graded from Moodle's
ZIP and, in a second folder of grades, from Canvas's; then some of the honest submissions (all with `--all`)
are graded again, each alone in a folder of its own. Every honest one has to get the score that it was made
for, each time. `--folder` keeps what is written there, and a run that was stopped goes on in it.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import measure

from nstlib.foundation import whole_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import classes  # noqa: E402

SEED = 20  # of the class, and of the grader's random numbers
POLL = 0.5  # seconds
MEBIBYTE = 2**20

Rows = dict[str, dict[str, Any]]  # what the grader remembers, by the person's number


@dataclass(frozen=True)
class Run:
    """One `nst grade` of the whole class.

    Attributes:
        rows: its results.
        minutes: it took, with the start of the command.
        memory: most bytes of the grader's own process.
        pages: bytes of the feedback pages.
    """

    rows: Rows
    minutes: float
    memory: int
    pages: int


def grade(submissions: Path, target: Path, options: Sequence[str]) -> tuple[float, int]:
    """`nst grade`, as a teacher types it; returns minutes, and the peak of its own memory in bytes.

    What it took is kept beside the folder of grades, so that a run that goes on counts what went before.
    """
    minutes, peak, done = read_cost(target)
    if done:
        return minutes, peak
    began, before = time.perf_counter(), minutes
    command = [sys.executable, "-m", "nstlib.cli", "grade", str(submissions), "-o", str(target), *options]
    with open(log_of(target), "a") as log, subprocess.Popen(command, stdout=log, stderr=log) as run:
        while run.poll() is None:
            peak = max(peak, peak_of(run.pid))
            time.sleep(POLL)
            minutes = before + (time.perf_counter() - began) / 60
            keep_cost(target, minutes, peak, done=False)
    if not (target / "results.json").is_file():
        sys.exit(f"Nothing was graded; {log_of(target)} says why.")
    keep_cost(target, minutes, peak, done=True)
    return minutes, peak


def log_of(target: Path) -> Path:
    """Where the command's own words go."""
    return target.with_suffix(".log")


def read_cost(target: Path) -> tuple[float, int, bool]:
    """What earlier runs took: minutes, bytes, and whether they came to their end."""
    path = target.with_suffix(".cost.json")
    return tuple(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else (0.0, 0, False)


def keep_cost(target: Path, minutes: float, peak: int, *, done: bool) -> None:
    """Keep what a run has taken so far."""
    with whole_file(target.with_suffix(".cost.json")) as partial:
        partial.write_text(json.dumps([minutes, peak, done]), encoding="utf-8")


def peak_of(pid: int) -> int:
    """Resident bytes of a process at its peak, as Linux counts them; 0 once it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def results(target: Path, members: Sequence[classes.Member]) -> Rows:
    """What a folder of grades remembers of each member of the class; whom it lost is missing."""
    rows = json.loads((target / "results.json").read_text(encoding="utf-8")).values()
    found: Rows = {}
    for member in members:
        mine = [row for row in rows if f"_{member.id}_" in row["file"] or row.get("id") == member.id]
        if len(mine) == 1:
            found[member.id] = mine[0]
    return found


def score(row: dict[str, Any] | None) -> float | None:
    """What the machine gave; None where it gave nothing."""
    if row is None or row["status"] != "graded":
        return None
    return sum(outcome["score"] for outcome in row["outcomes"].values())


def said(row: dict[str, Any] | None) -> list[tuple[str, float, str]]:
    """Points and message of each question; nothing when there is no row."""
    outcomes = row["outcomes"] if row else {}
    return sorted((name, each["score"], each["message"]) for name, each in outcomes.items())


# --- the runs ---------------------------------------------------------------------------------------


def whole(name: str, members: Sequence[classes.Member], folder: Path, options: Sequence[str]) -> Run:
    """Pack the class as a platform does, and grade the ZIP."""
    write = {"moodle": classes.write_moodle, "canvas": classes.write_canvas}[name]
    archive, target = folder / f"{name}.zip", folder / f"grading-{name}"
    if not archive.exists():
        write(members, folder / name)
        classes.pack(folder / name, archive)
    minutes, memory = grade(archive, target, options)
    pages = sum(page.stat().st_size for page in (target / "feedback").rglob("*.html"))
    run = Run(results(target, members), minutes, memory, pages)
    measure.say(f"{name}: {minutes:.1f} minutes, {len(run.rows)} of {len(members)} found")
    return run


def alone(member: classes.Member, folder: Path, options: Sequence[str]) -> dict[str, Any] | None:
    """Grade one submission in a folder of its own."""
    place, target = folder / "alone" / member.id, folder / "alone" / f"grading-{member.id}"
    if not place.exists():
        classes.write_moodle([member], place)
    grade(place, target, options)
    return results(target, [member]).get(member.id)


def seed_option() -> list[str]:
    """The grader's random numbers are the same in every folder of grades."""
    return ["--seed", str(SEED)]


# --- the report -------------------------------------------------------------------------------------


def section(count: int, sample: int, folder: Path, options: Sequence[str]) -> str:
    """Measure; returns the text of the section.

    Args:
        count: of students.
        sample: of the honest ones, how many are graded alone as well.
        folder: for everything that is written.
        options: of `nst grade`.
    """
    members = classes.make(count, seed=SEED)
    honest = [member for member in members if member.kind in classes.HONEST]
    options = [*seed_option(), *options]
    runs = {name: whole(name, members, folder, options) for name in ("moodle", "canvas")}
    chosen = random.Random(SEED).sample(honest, min(sample, len(honest)))
    singles = {member.id: alone(member, folder, options) for member in chosen}
    head = ("", "Moodle's ZIP", "Canvas's ZIP")
    table = measure.table(head, rows_of(runs, count))
    facts = verdicts(members, honest, runs, singles)
    kinds = ", ".join(f"{sum(m.kind == kind for m in members)} {kind}" for kind in classes.KINDS)
    intro = f"{count} submissions of `{classes.EXERCISE}`: {kinds}."
    return "\n\n".join([intro, table, "\n".join(f"- {fact}" for fact in facts), f"*{measure.caption()}*"])


def rows_of(runs: dict[str, Run], count: int) -> list[tuple[str, ...]]:
    """The table: what each run took."""
    sandboxes = {name: max(row["memory"] for row in run.rows.values()) for name, run in runs.items()}
    return [
        ("minutes", *(f"{run.minutes:.1f}" for run in runs.values())),
        ("submissions a minute", *(f"{count / run.minutes:.1f}" for run in runs.values())),
        ("grader's own memory at its peak, MiB", *(f"{run.memory / MEBIBYTE:.0f}" for run in runs.values())),
        ("largest sandbox, MiB", *(f"{peak / MEBIBYTE:.0f}" for peak in sandboxes.values())),
        ("feedback pages, MiB", *(f"{run.pages / MEBIBYTE:.1f}" for run in runs.values())),
    ]


def verdicts(
    members: Sequence[classes.Member],
    honest: Sequence[classes.Member],
    runs: dict[str, Run],
    singles: dict[str, dict[str, Any] | None],
) -> list[str]:
    """Whether the grades are true, in sentences that name who got another one."""
    moodle, canvas = (run.rows for run in runs.values())
    lost = [m for m in members if m.id not in moodle or m.id not in canvas]
    untrue = [m for m in honest if not score(moodle.get(m.id)) == score(canvas.get(m.id)) == m.score]
    twice = [m for m in honest if said(moodle.get(m.id)) != said(canvas.get(m.id))]
    other = [m for m in honest if m.id in singles and said(singles[m.id]) != said(moodle.get(m.id))]
    return [
        tally("everybody has a row in both", len(members), lost),
        tally("honest work with the score that it was made for, both times", len(honest), untrue),
        tally("honest work with the same points and messages both times", len(honest), twice),
        tally("honest work with the same points and messages alone", len(singles), other),
    ]


def tally(what: str, count: int, failed: Sequence[classes.Member]) -> str:
    """For how many something holds, and for whom it does not."""
    names = ", ".join(f"{member.id} ({member.kind})" for member in failed)
    return f"{what}: **{count - len(failed)} of {count}**" + (f"; not {names}" if failed else "")


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=200, metavar="N", help="(default: 200)")
    parser.add_argument("--alone", type=int, default=20, metavar="N", help="graded alone too (default: 20)")
    parser.add_argument("--all", action="store_true", help="grade every honest one alone too")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep everything there, and go on there")
    parser.add_argument("--write", action="store_true", help="into README.md")
    parser.add_argument("options", nargs="*", help="of nst grade, after --")
    asked = parser.parse_args()
    if not Path("/proc/self/status").exists():
        sys.exit("Only Linux says how much memory a process has used.")
    sample = asked.students if asked.all else asked.alone
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        text = section(asked.students, sample, folder.resolve(), asked.options)
    if asked.write:
        measure.write(measure.REPORT, "whole class", text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
