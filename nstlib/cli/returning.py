"""What teachers run when a class is marked: `nst return`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

MOST_NAMED = 12  # of those to whom something applies; a list of 200 is not read

NEXT = {
    "moodle": "In Moodle, at the assignment's submissions: `Upload multiple feedback files in a ZIP` and "
    "`Upload grading worksheet` (both are feedback types in the assignment's settings).",
    "canvas": "In Canvas: `Re-Upload Submissions` at the assignment, and `Import` in the gradebook.",
    "folder": "",
}


def return_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst return`."""
    parser.epilog = (
        "Pages are renewed first where marks or comments have changed. Nothing is sent anywhere: what is "
        "written is uploaded by hand. exercises/TEACHERS.md is the teacher's guide."
    )
    parser.add_argument(
        "grades",
        metavar="FOLDER",
        type=Path,
        nargs="?",
        default=Path("grading"),
        help="of grades (default: grading)",
    )
    kind = parser.add_mutually_exclusive_group(required=True)
    for name, about in (
        ("moodle", "a ZIP of feedback files and a grading worksheet for each exercise"),
        ("canvas", "a ZIP to re-upload and a CSV for the gradebook for each exercise"),
        ("folder", "a folder of pages for each student, and a table"),
    ):
        kind.add_argument(f"--{name}", dest="kind", action="store_const", const=name, help=about)
    parser.add_argument(
        *("-o", "--output"),
        metavar="FOLDER",
        type=Path,
        default=Path("returned"),
        help="(default: returned)",
    )
    parser.add_argument("--exercise", metavar="NAME", default="", help="only this one, such as ex04")
    parser.add_argument("--only-marked", action="store_true", help="hold back what is not wholly marked yet")
    parser.add_argument(
        "--into",
        metavar="FILE.csv",
        type=Path,
        help="the platform's own export (Moodle's grading worksheet, Canvas' gradebook), to be filled in",
    )
    parser.add_argument("--column", metavar="NAME", default="", help="of the grades in that file")
    parser.add_argument("--scale", action="store_true", help="convert the points to that file's maximum")
    parser.add_argument(
        "--bom", action="store_true", help="begin tables with the mark by which Excel knows UTF-8"
    )


def return_(arguments: argparse.Namespace) -> int:
    """Write what a class gets back; says what was written, and who gets nothing yet."""
    from tqdm import tqdm

    from ..course.converters import require_nbgrader
    from ..course.returning import classes, uploads

    wanted = uploads.Wanted(
        kind=arguments.kind,
        into=arguments.into,
        column=arguments.column,
        scale=arguments.scale,
        bom=arguments.bom,
    )
    uploads.check(wanted, arguments.grades, arguments.output)
    require_nbgrader()
    with tqdm(unit="page", disable=not sys.stderr.isatty()) as bar:
        found = classes.gather(
            arguments.grades,
            exercise=arguments.exercise,
            only_marked=arguments.only_marked,
            tell=lambda: bar.update() and None,
        )
    for line in uploads.write(found, wanted, arguments.output) if found.returned else ():
        print(line)
    report(found)
    if found.returned and NEXT[arguments.kind]:
        print(NEXT[arguments.kind])
    return 0 if found.returned else 1


def report(found: Any) -> None:
    """Say who gets nothing, what is not wholly marked, and which pages are plain."""
    from ..foundation import counted

    unfinished = found.unfinished()
    if unfinished:
        rows = [(r.result, f"{counted(r.feedback.waiting, 'point')} not marked yet") for r in unfinished]
        say(f"{len(rows)} returned with questions not marked yet (--only-marked holds them back)", rows)
    if found.notes:
        say(f"{len(found.notes)} to look at", found.notes)
    if found.held:
        say(f"{len(found.held)} not returned", found.held)


def say(heading: str, rows: list[tuple[Any, str]]) -> None:
    """Print a heading and those whom it concerns."""
    print(f"{heading}:")
    for result, why in rows[:MOST_NAMED]:
        print(f"  {result.called}, {result.exercise or Path(result.file).name}: {why}")
    if len(rows) > MOST_NAMED:
        print(f"  and {len(rows) - MOST_NAMED} more")
