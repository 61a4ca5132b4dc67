"""What teachers run when a class has handed in: `nst grade` and `nst mark`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from ..course.limits import Limits
from .lab import become, jupyterlab
from .options import Options, add_options, chosen
from .values import port, positive

GIBIBYTE = 2**30  # what the option counts in; `Limits` counts bytes
LIMITS: Options = {
    "seconds": (float, "S", "of a processor that a submission may use, and three times that by the clock"),
    "memory": (float, "GB", "that a submission may use"),
    "processes": (int, "N", "that a submission may have, threads included"),
}


def grade_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst grade`."""
    parser.epilog = (
        "Run it again after an interruption, for late submissions, or after marking by hand: what ran to its "
        "end and has not changed is not run again. exercises/TEACHERS.md is the teacher's guide."
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
        "--policy",
        metavar="FILE",
        type=Path,
        help="deadlines and late work (default: the file of the last run; none to do without)",
    )
    parser.add_argument(
        "--only",
        metavar="WHAT",
        nargs="+",
        action="extend",
        default=[],
        help="students, exercises (ex04) or questions (ex04:gram_matrix) to run again, and nothing else",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=positive,
        help="of the hidden numbers, from now on and for everybody (default: the folder's own, made once)",
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

    from ..course import grading, seeds

    given = chosen(arguments, LIMITS)
    if "memory" in given:
        given["memory"] *= GIBIBYTE
    changed: list[Any] = []
    bar = tqdm(unit="submission", disable=not sys.stderr.isatty())

    def tell(sentence: str) -> None:
        bar.write(sentence, file=sys.stdout)
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
        policy=arguments.policy,
        only=arguments.only,
        seed=arguments.seed,
        changed=changed.append,
    )
    bar.close()
    failed = sum(row.status != "graded" for row in done)
    made = {
        "grades.csv": "has a row for each",
        "summary.png": "shows the class",
        "feedback": "is for students",
    }
    for change in changed:
        print(f"Changed: {change.sentence()}")
    print(f"{len(done) - failed} graded, {failed} not.")
    print("\n".join(f"{arguments.output / name} {text}" for name, text in made.items()))
    if said := seeds.sentence(arguments.output):
        print(said)
    return 1 if failed else 0


def grades_argument(parser: argparse.ArgumentParser) -> None:
    """The folder of grades, as an argument."""
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=Path,
        nargs="?",
        default=Path("grading"),
        help="of grades (default: grading)",
    )


def mark_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst mark`."""
    parser.epilog = (
        "Each mark is saved at once. Ctrl-C ends it; then `nst grade` takes marks and comments into its "
        "table and pages. With --nbgrader, what is not understood here is passed on to JupyterLab."
    )
    grades_argument(parser)
    parser.add_argument(
        "--exercise", metavar="NAME", help="to begin with (default: the first with something to mark)"
    )
    parser.add_argument("--port", type=port, help="to listen at (default: any that is free)")
    parser.add_argument("--no-browser", action="store_true", help="print the address and open nothing")
    parser.add_argument(
        "--nbgrader", action="store_true", help="open nbgrader's pages instead, in JupyterLab"
    )
    parser.set_defaults(refuse=parser.error)


def mark(arguments: argparse.Namespace) -> int:
    """Serve the marking page until Ctrl-C, or become JupyterLab at nbgrader's pages."""
    if arguments.rest and not arguments.nbgrader:
        arguments.refuse(f"unrecognized arguments: {' '.join(arguments.rest)}")
    folder = arguments.folder.resolve()
    if not (folder / "nbgrader_config.py").is_file():
        raise FileNotFoundError(
            f"There are no grades in {folder}: `nst grade SUBMISSIONS_FOLDER` makes them."
        )
    from ..course.converters import require_nbgrader
    from ..course.exercises import find

    require_nbgrader()
    if arguments.nbgrader:
        return nbgraders_pages(folder, arguments)
    exercise = find(arguments.exercise) if arguments.exercise else ""
    return marking_page(folder, exercise, arguments.port or 0, not arguments.no_browser)


def nbgraders_pages(folder: Path, arguments: argparse.Namespace) -> int:
    """Become JupyterLab at nbgrader's pages of a folder of grades."""
    from ..course.exercises import find

    page = "/formgrader" + (f"/gradebook/{find(arguments.exercise)}" if arguments.exercise else "")
    options = [f"--ServerApp.port={arguments.port}"] if arguments.port else []
    options += ["--no-browser"] if arguments.no_browser else []
    os.chdir(folder)  # where nbgrader looks for its settings
    return become([sys.executable, *jupyterlab(folder, page), *options, *arguments.rest])


def marking_page(folder: Path, exercise: str, number: int, show: bool) -> int:
    """Serve the marking page until Ctrl-C.

    Args:
        folder: of grades.
        exercise: to begin with; empty for the first with something to mark.
        number: of the port; 0 for any that is free.
        show: whether a browser is opened.
    """
    from ..course.marking.server import Marking, opened_in_browser

    with Marking(folder, number) as server:
        address = server.address + (f"?exercise={exercise}" if exercise else "")
        with opened_in_browser(address) if show else contextlib.nullcontext():
            try:
                print(f"Mark at {address}\nCtrl-C ends it; every mark is saved at once.", flush=True)
                server.serve_forever()
            except KeyboardInterrupt:
                print("\nDone. `nst grade` takes the marks into the table and the pages.")
    return 0


def likeness_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst likeness`."""
    parser.epilog = "It compares what is in the folder of grades, writes two files there, and judges nobody."
    grades_argument(parser)
    parser.add_argument(
        "--exercise", metavar="NAME", nargs="+", default=[], help="to compare (default: all there are)"
    )


def likeness(arguments: argparse.Namespace) -> int:
    """List answers that are alike."""
    from ..course.exercises import find
    from ..course.likeness_report import report

    count, files = report(arguments.folder.resolve(), [find(name) for name in arguments.exercise])
    print(f"{count} {'match' if count == 1 else 'matches'}; none of them proves anything by itself.")
    print("\n".join(map(str, files)))
    return 0
