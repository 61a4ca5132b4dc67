"""`nst lab` and `nst studio`: what opens in a browser."""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

from ..studio.defaults import HOST, LINGER, PORT
from .options import chosen
from .values import port, positive

COURSE = Path(__file__).resolve().parent.parent.parent  # where the lessons are, in a clone


def lab(arguments: argparse.Namespace) -> int:
    """Become JupyterLab at the first lesson."""
    return become([sys.executable, *lab_command(), *arguments.rest])


def lab_command() -> list[str]:
    """JupyterLab in the course's folder, opened at the first lesson, as arguments of Python.

    Raises:
        OSError: this is the package without the lessons.
        ImportError: JupyterLab is not installed.
    """
    lessons = sorted((COURSE / "notebooks").glob("00_*.ipynb"))
    if not lessons:
        raise FileNotFoundError(
            f"There are no lessons in {COURSE / 'notebooks'}: they come with a clone of the course, "
            f"not with the package alone."
        )
    return jupyterlab(COURSE, f"/lab/tree/notebooks/{lessons[0].name}")


def jupyterlab(root: Path, page: str) -> list[str]:
    """JupyterLab in a folder, opened at a page, as arguments of Python.

    Raises:
        ImportError: JupyterLab is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise ModuleNotFoundError(
            "JupyterLab is not installed for this Python: in the course's folder, `python3 run.py lab` "
            "installs it and opens the first lesson."
        )
    here = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url={page}"]
    offline = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    return ["-m", "jupyterlab", *here, *offline]


def become(command: list[str]) -> int:
    """Run a command in place of this process, so that Ctrl-C is its own affair; on Windows, wait for it."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    process = subprocess.Popen(command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return process.wait()


def studio_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst studio`."""
    absent = argparse.SUPPRESS
    parser.epilog = "Each browser has a gallery of its own. Results are kept in the folder that is printed."
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default=absent,
        help=f"to listen at (default: {HOST}, this machine only); any other asks for a token",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=port,
        default=absent,
        help=f"or one near it that is free (default: {PORT})",
    )
    parser.add_argument(
        "--linger",
        metavar="SECONDS",
        type=positive,
        default=absent,
        help=f"how long a page's run and memory are kept after its connection was lost (default: {LINGER:g})",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address and open nothing")
    parser.add_argument(
        "--no-spare",
        action="store_true",
        help="load nothing before a page is opened: about half a gigabyte less memory, but seconds later",
    )


def studio(arguments: argparse.Namespace) -> int:
    """Serve the Studio page until Ctrl-C."""
    from ..studio.server import serve

    given = chosen(arguments, ("host", "port", "linger"))
    serve(**given, browser=not arguments.no_browser, spare=not arguments.no_spare)
    return 0
