"""`nst stylize --fast`: one pass of a network that was taught to paint, instead of an optimisation."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..feedforward.defaults import STRENGTH
from .options import Options, add_options, as_flag, chosen

if TYPE_CHECKING:
    from ..making import Making

RECIPE = "paint_once"  # as a PNG names it
FAST: Options = {
    "strength": (float, "X", "how far to go, from 0, the photograph itself, to 1, the style"),
}
# What one pass has of the options of an optimisation.
SHARED = ("size", "style_size", "blend", "content_mask", "style_mask", "colors", "dtype")


def fast_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that one pass has alone."""
    group = parser.add_argument_group("one pass")
    group.add_argument(
        "--fast",
        action="store_true",
        help="paint in one pass of a network that was taught to, and optimise nothing; "
        f"takes {', '.join(as_flag(name) for name in SHARED)}. PHOTO may be a folder: every picture right in "
        "it is painted, into the folder OUT, as a PNG of its name. What is there already and was made in the "
        "same way is not made again, so that the same command goes on after an interruption",
    )
    add_options(group, FAST, {"strength": STRENGTH})
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of Dask, whose workers paint the pictures of a folder; they need the same disk",
    )


def is_fast(arguments: argparse.Namespace, how: Making | None, others: Iterable[str]) -> bool:
    """Whether one pass is asked for: by the option, or by a record that it left.

    Args:
        arguments: as they were read.
        how: what `--settings` holds, or None.
        others: the options of an optimisation.

    Raises:
        ValueError: options, or settings, that do not go with it; FOLDER without it.
    """
    if arguments.scheduler is not None and not is_folder(arguments.photo):
        raise ValueError("--scheduler is for a folder of pictures, with --fast: one picture is painted here.")
    recorded = how is not None and how.recipe == RECIPE
    if arguments.fast and how is not None and not recorded:
        raise ValueError(f"{arguments.settings} was made by {how.recipe}, not in one pass: leave out --fast.")
    if not (arguments.fast or recorded):
        if chosen(arguments, FAST):
            raise ValueError("--strength is for one pass: add --fast, or weigh with --style-weight instead.")
        if is_folder(arguments.photo):
            raise IsADirectoryError(
                f"{arguments.photo} is a folder: add --fast to paint all its pictures, or give one of them."
            )
        return False
    given = [as_flag(name) for name in chosen(arguments, others) if name not in SHARED]
    if arguments.history:
        given.append("--history")
    if given:
        raise ValueError(f"One pass has no {' and no '.join(given)}: leave out what it has not, or --fast.")
    return True


def is_folder(photo: str) -> bool:
    """Whether PHOTO is a folder; the name of a sample stays one."""
    from .. import samples

    return os.path.isdir(os.path.expanduser(photo)) and not samples.is_name(photo)


def paint_fast(arguments: argparse.Namespace, how: Making | None) -> Any:
    """The result of one pass over one photograph; `how` is the record it shall repeat, or None."""
    from .. import again
    from ..feedforward import OnePass  # starts Keras, which takes seconds

    given = chosen(arguments, (*FAST, *SHARED))
    if how is None:
        return OnePass(arguments.style, **given).result(arguments.photo)
    return again.repeat(how, arguments.photo, arguments.style, **given)


def tell_fast(result: Any, arguments: argparse.Namespace) -> int:
    """Say what came out; returns the exit code."""
    if not arguments.quiet:
        height, width = result.image.shape[1:3]
        print(f"{arguments.output}: {width} x {height} pixels")
        print(f"{result.seconds:.1f} s")
    return 0
