"""`nst site`: the course as pages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .errors import complain


def site_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst site`."""
    parser.epilog = (
        "Open index.html with a double click, or put the folder on any web server. This needs a clone of the "
        "course and the extra `site`. The public address, which search engines are told, is the one that "
        "`nst links` sets."
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, default=Path("site"), help="(default: site)"
    )
    parser.add_argument(
        "--hub",
        metavar="ADDRESS",
        default="",
        help="of a JupyterHub with nbgitpuller: a button on every notebook opens it there",
    )


def make_site(arguments: argparse.Namespace) -> int:
    """Write the site and say where it is."""
    from tqdm import tqdm

    from ..course import links, site
    from ..process import Ending

    hub = links.hub_address(arguments.hub) if arguments.hub else ""
    form = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}"
    with tqdm(total=1.0, desc="site", bar_format=form, disable=not sys.stderr.isatty(), leave=False) as bar:

        def report(share: float, step: str) -> None:
            bar.set_description(step, refresh=False)
            bar.n = share
            bar.refresh()

        with Ending():  # a SIGTERM clears away what is half made, as Ctrl-C does
            warnings = site.write_site(arguments.output, hub=hub, report=report)
    for line in warnings:
        complain(line)
    files = [path for path in arguments.output.expanduser().rglob("*") if path.is_file()]
    pages = sum(path.suffix == ".html" for path in files)
    size = sum(path.stat().st_size for path in files) / 1e6
    print(f"{arguments.output / 'index.html'}: {pages} pages, {size:.0f} MB")
    return 0
