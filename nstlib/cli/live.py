"""`nst live`: the page that paints in the visitor's browser."""

from __future__ import annotations

import argparse
from pathlib import Path


def live_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst live`."""
    parser.epilog = (
        "Open index.html with a double click, or put the folder on any web server; browsers give a camera "
        "only to a page from a disk, from this machine or over https. LICENCES.txt goes where the page goes."
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, default=Path("live"), help="(default: live)"
    )


def write_live(arguments: argparse.Namespace) -> int:
    """Write the live page and say where it is."""
    from ..live import write_page

    for path in write_page(arguments.output):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0
