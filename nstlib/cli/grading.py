"""What teachers run when a class has handed in: `nst grade` and `nst mark`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from ..course.limits import Limits
from .lab import become, jupyterlab
from .options import Options, add_options, chosen
from .values import positive

GIBIBYTE = 2**30  # what the option counts in; `Limits` counts bytes
LIMITS: Options = {
    "seconds": (float, "S", "that a submission may take, all cells and checks together"),
    "memory": (float, "GB", "that a submission may use"),
    "processes": (int, "N", "that a submission may have, threads included"),
}


def grade_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst grade`."""
    parser.epilog = (
        "Run it again after an interruption, for late submissions, or after marking by hand: what ran to its "
        "end and has not changed is not run again. exercises/README.md is the teacher's guide."
    )
    parser.add_argument(
        "folder",
        metavar="SUBMISSIONS",
        type=Path,
        help="Moodle's or Canvas' download (the ZIP or the folder), or a folder for each student",
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, default=Path("grading"), help="(default: grading)"
    )
    parser.add_argument(
        "--roster",
        metavar="FILE",
        type=Path,
        help="the class's list: CSV with `id` or `name`, or a gradebook as Moodle or Canvas exports it; "
        "lists who is missing, and leaves out who does not belong to it",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=positive,
        help="at the same time, as far as the machine's memory holds them (default: one a processor)",
    )
    usual = Limits()
    add_options(parser, LIMITS, vars(usual) | {"memory": usual.memory // GIBIBYTE})


def grade(arguments: argparse.Namespace) -> int:
    """Grade a folder of submissions; says of each what became of it, and where the results are."""
    from tqdm import tqdm

    from ..course import grading

    given = chosen(arguments, LIMITS)
    if "memory" in given:
        given["memory"] = int(given["memory"] * GIBIBYTE)
    bar = tqdm(unit="submission", disable=not sys.stderr.isatty())

    def tell(result: Any) -> None:
        bar.write(result.sentence(), file=sys.stdout)
        bar.update()

    done = grading.grade_folder(
        arguments.folder,
        arguments.output,
        limits=Limits(**given),
        jobs=arguments.jobs,
        roster=arguments.roster,
        say=lambda sentence: bar.write(sentence, file=sys.stdout),
        starting=bar.reset,
        tell=tell,
    )
    bar.close()
    failed = sum(row.status != "graded" for row in done)
    made = {
        "grades.csv": "has a row for each",
        "summary.png": "shows the class",
        "feedback": "is for students",
    }
    print(f"{len(done) - failed} graded, {failed} not.")
    print("\n".join(f"{arguments.output / name} {text}" for name, text in made.items()))
    return 1 if failed else 0


def mark_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst mark`."""
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=Path,
        nargs="?",
        default=Path("grading"),
        help="of grades (default: grading)",
    )


def mark(arguments: argparse.Namespace) -> int:
    """Become JupyterLab at nbgrader's pages of a folder of grades."""
    folder = arguments.folder.resolve()
    if not (folder / "nbgrader_config.py").is_file():
        raise FileNotFoundError(
            f"There are no grades in {folder}: `nst grade SUBMISSIONS_FOLDER` makes them."
        )
    from ..course.exercises import require_nbgrader

    require_nbgrader()
    command = [sys.executable, *jupyterlab(folder, "/formgrader"), *arguments.rest]
    os.chdir(folder)  # where nbgrader looks for its settings
    return become(command)
