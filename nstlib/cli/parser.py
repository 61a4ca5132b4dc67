"""The command line: its commands, and the function that each of them runs."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .grading import grade, grade_arguments, likeness, likeness_arguments, mark, mark_arguments
from .lab import lab, studio, studio_arguments
from .listing import info, list_networks, list_samples
from .live import live_arguments, write_live
from .returning import return_, return_arguments
from .site import make_site, site_arguments
from .stylize import stylize, stylize_arguments
from .sweep import run_sweep, sweep_arguments
from .teaching import (
    exercises_arguments,
    lessons_arguments,
    links_arguments,
    make_exercises,
    make_slides,
    set_links,
    show_lessons,
    slides_arguments,
)
from .values import port
from .video import paint, video_arguments


def no_arguments(parser: argparse.ArgumentParser) -> None:
    """For a command that takes none."""


@dataclass(frozen=True)
class Command:
    """One command of `nst`.

    Attributes:
        name: what is typed after `nst`.
        run: does it with the arguments that were read; returns the exit code.
        about: what it does, as the help says it.
        arguments: gives a parser the arguments of the command.
        passes_on: whether JupyterLab gets what this parser does not know.
    """

    name: str
    run: Callable[[argparse.Namespace], int]
    about: str
    arguments: Callable[[argparse.ArgumentParser], None] = no_arguments
    passes_on: bool = False


COMMANDS = (
    Command(
        "lab",
        lab,
        "open JupyterLab at the first lesson; what follows is passed on to JupyterLab",
        passes_on=True,
    ),
    Command("info", info, "say what this machine offers and where files are kept"),
    Command("networks", list_networks, "list the networks, their weights and their usual layers"),
    Command("samples", list_samples, "list the pictures that go by a name, with their licences"),
    Command("stylize", stylize, "paint a photograph in the style of a picture", stylize_arguments),
    Command(
        "video", paint, "paint a film in the style of a picture, steady from frame to frame", video_arguments
    ),
    Command("sweep", run_sweep, "paint every row of a table of settings, on one sheet", sweep_arguments),
    Command(
        "studio",
        studio,
        "serve a page on which to choose pictures, paint, compare and keep",
        studio_arguments,
    ),
    Command(
        "live", write_live, "write one page that paints in the visitor's browser, offline", live_arguments
    ),
    Command("links", set_links, "point all links of the course at its repository", links_arguments),
    Command(
        "lessons",
        show_lessons,
        "list the lessons, or write them without outputs for learners",
        lessons_arguments,
    ),
    Command(
        "slides",
        make_slides,
        "write lecture slides, each one HTML file that opens with no network",
        slides_arguments,
    ),
    Command(
        "site", make_site, "write the course as a site that opens offline and on any server", site_arguments
    ),
    Command(
        "exercises",
        make_exercises,
        "generate exercises/ from solutions/, or check that all is well with them",
        exercises_arguments,
    ),
    Command("grade", grade, "grade a folder of submissions, in a sandbox", grade_arguments),
    Command(
        "mark",
        mark,
        "open a page to mark by hand, one answer at a time, the marking scheme beside it",
        mark_arguments,
        passes_on=True,
    ),
    Command(
        "likeness",
        likeness,
        "list answers that are alike, side by side, as a report without a verdict",
        likeness_arguments,
    ),
    Command(
        "return",
        return_,
        "write feedback and grades as Moodle, Canvas or a folder takes them",
        return_arguments,
    ),
)


def make_parser() -> argparse.ArgumentParser:
    """The whole command line; what it reads has the `Command` as `command`."""
    from .. import __version__

    parser = argparse.ArgumentParser(
        prog="nst",
        description="Neural style transfer, layer by layer.",
        epilog="Exit codes: 0 done, 1 failed (one sentence says why, NST_TRACEBACK=1 adds where), 2 not "
        "understood, 130 Ctrl-C, 143 SIGTERM.",
    )
    parser.add_argument("--version", action="version", version=f"nst {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for each in COMMANDS:
        description = f"{each.about[0].upper()}{each.about[1:]}."
        own = commands.add_parser(each.name, help=each.about, description=description, allow_abbrev=False)
        own.set_defaults(command=each)
        each.arguments(own)
    return parser


def read_command_line(argv: Sequence[str] | None) -> argparse.Namespace | None:
    """The arguments of a command line, with what is passed on to JupyterLab as `rest`.

    Args:
        argv: what follows `nst`; None takes it from the process.

    Returns:
        None for a command line that names no command, after the help was printed.

    Raises:
        SystemExit: it was answered already (`--help`, `--version`; code 0) or cannot be read (code 2).
    """
    parser = make_parser()
    arguments, rest = parser.parse_known_args(argv)
    if not hasattr(arguments, "command"):
        parser.print_help()
        return None
    if rest and not arguments.command.passes_on:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    for text in re.findall(r"(?:^| )--(?:ServerApp\.)?port[= ](\S+)", " ".join(rest)):
        try:
            port(text)
        except argparse.ArgumentTypeError as error:
            parser.error(f"argument --port: {error}")
    arguments.rest = rest
    return arguments
