"""`nst sweep`: a table of settings, a picture for each row."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..foundation import counted
from .errors import INTERRUPTED, complain, sentence

if TYPE_CHECKING:
    from ..sweeps import Sweep


def sweep_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst sweep`."""
    parser.epilog = (
        "Example: nst sweep --grid content=cat --grid style=swirls,waves --grid style_weight=0.1,1,10 -o "
        "sweep. A table does the same with a line for each picture: content,style,style_weight on the first, "
        "cat,swirls,0.1 on the next. The names are those of nst.transfer_style. What is there and was made "
        "with the same settings is not made again, so that the same command goes on after an interruption. "
        "Many machines: see notebooks/TEACHING.md."
    )
    parser.add_argument(
        "table",
        metavar="TABLE",
        nargs="?",
        help="a CSV file, or a JSON list of objects: one row for each picture",
    )
    parser.add_argument(
        "--grid",
        metavar="NAME=VALUES",
        action="append",
        default=[],
        help="a setting and its values with commas between: every row is painted with each; several --grid "
        "make every combination",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        required=True,
        help="for the pictures, contact_sheet.png and results.csv",
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of Dask, whose workers paint; they need the same disk"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no closing lines")


def run_sweep(arguments: argparse.Namespace) -> int:
    """Paint a table of settings; returns the exit code."""
    from .. import sweeps
    from ..process import Ending

    if arguments.table is None and not arguments.grid:
        raise ValueError("There is nothing to paint: name a TABLE, or give --grid NAME=VALUES.")
    with Ending() as ending:
        swept = sweeps.sweep(
            arguments.table,
            arguments.output,
            grid=sweeps.read_grid(arguments.grid),
            scheduler=arguments.scheduler,
            progress=not arguments.quiet and sys.stderr.isatty(),
        )
        if not arguments.quiet:
            tell(swept, arguments.output)
        for each in swept.failures:
            assert each.error is not None
            complain(f"Row {each.number}: {sentence(each.error)}")
        if not swept.complete:
            done = f"{len(swept.outcomes)} of {counted(swept.count, 'picture')}"
            complain(f"interrupted after {done}; the same command does the rest.")
            return ending.exit_code or INTERRUPTED
        return ending.exit_code or (1 if swept.failures else 0)


def tell(swept: Sweep, folder: str) -> None:
    """Say how many were painted, and how many were there."""
    painted = {each.file for each in swept.outcomes if each.file is not None and not each.kept}
    kept = len({each.file for each in swept.outcomes if each.kept})
    print(f"{folder}: {counted(len(painted), 'picture')} painted, contact_sheet.png, results.csv")
    if kept:
        print(f"{counted(kept, 'picture')} skipped: there already, and made in the same way")
