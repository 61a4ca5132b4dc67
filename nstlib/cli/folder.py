"""`nst stylize --fast FOLDER STYLE -o FOLDER`: every picture of a folder, in one pass each."""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..foundation import counted, is_same_file
from .errors import INTERRUPTED, complain, sentence
from .fast import FAST, SHARED
from .options import MASKS, as_flag, chosen
from .values import by_name

if TYPE_CHECKING:
    from ..feedforward.folder import Outcome
    from ..making import Making

MOST_NAMED = 3  # of the photographs whose place is taken


def paint_folder(arguments: argparse.Namespace, how: Making | None) -> int:
    """Paint every picture of a folder into another; what can be checked at once is checked first.

    Args:
        arguments: as they were read, with the styles in the form of the library.
        how: the record whose settings count where no option is given, or None.

    Returns:
        The exit code.
    """
    from ..process import Ending

    places = check_places(arguments)
    with Ending() as ending:
        outcomes: list[Outcome] = []
        try:
            paint_places(arguments, how, places, outcomes)
        except KeyboardInterrupt:
            tell_all(outcomes, arguments)
            done = f"{len(outcomes)} of {counted(len(places), 'picture')}"
            complain(f"interrupted after {done}; the same command does the rest.")
            return ending.exit_code or INTERRUPTED
    return tell_all(outcomes, arguments)


def check_places(arguments: argparse.Namespace) -> dict[Path, Path]:
    """Photograph -> file of its painting, in the order in which to paint; makes the folder OUT.

    Raises:
        ValueError, OSError: a picture or a folder is not as it must be.
    """
    from .. import images
    from ..feedforward import folder

    source, target = (Path(os.path.expanduser(text)) for text in (arguments.photo, arguments.output))
    places = folder.targets(folder.photos_in(source), target)
    check_inputs(arguments, places)
    if target.suffix.lower() in images.FORMATS and not target.is_dir():
        raise ValueError(f"{source} is a folder, so -o names a folder as well, not a picture like {target}.")
    folder.check_folder(target, source)
    for photo, place in places.items():
        if place.stem != photo.stem and not arguments.quiet:
            print(f"{photo.name}: painted as {place.name}, because {photo.stem} is the name of several.")
    return {photo: places[photo] for photo in folder.in_order_of_shape(places)}


def check_inputs(arguments: argparse.Namespace, places: Mapping[Path, Path]) -> None:
    """See that styles and masks can be read, and that none of them will be painted over.

    Raises:
        ValueError, OSError: it is otherwise.
    """
    from .. import images

    inputs = by_name(arguments.style) | {as_flag(n): mask for n, mask in chosen(arguments, MASKS).items()}
    for name, text in inputs.items():
        images.check_input(text)
        file = Path(os.path.expanduser(text))
        for photo, place in places.items():
            if is_same_file(file, place):
                same = f"{name} and the painting of {photo.name} are one file, {place}"
                raise ValueError(f"{same}: move one of them.")


def paint_places(
    arguments: argparse.Namespace, how: Making | None, places: Mapping[Path, Path], outcomes: list[Outcome]
) -> None:
    """Paint the photographs with a bar that has the time left; `outcomes` grows by one for each."""
    from tqdm import tqdm

    silent = arguments.quiet or not sys.stderr.isatty()
    with tqdm(total=len(places), unit="picture", disable=silent) as bar, warnings.catch_warnings():
        warnings.showwarning = once_above(bar)
        for outcome in painted(arguments, how, places):
            outcomes.append(outcome)
            bar.update()


def painted(
    arguments: argparse.Namespace, how: Making | None, places: Mapping[Path, Path]
) -> Iterator[Outcome]:
    """Paint the photographs, here or where `--scheduler` says."""
    from ..feedforward import folder

    given, rest = one_pass_keywords(arguments, how), {"overwrite": arguments.overwrite}
    if arguments.scheduler is not None:
        return folder.paint_elsewhere(arguments.style, given, places, arguments.scheduler, **rest)
    from ..feedforward import OnePass  # starts Keras, which takes seconds

    return folder.paint_all(OnePass(arguments.style, **given), places, **rest)


def once_above(bar: Any) -> Callable[..., None]:
    """What prints a warning above the bar, and the same with other numbers in it not again."""
    told: set[str] = set()

    def show(message: object, *_: object, **__: object) -> None:
        if (words := re.sub(r"[\d.]+", "", str(message))) not in told:
            told.add(words)
            with bar.external_write_mode(file=sys.stderr):
                complain(message)

    return show


def one_pass_keywords(arguments: argparse.Namespace, how: Making | None) -> dict[str, Any]:
    """The settings for all photographs: the options, and for the rest those of a record.

    A record knows the size of its own picture; only if somebody chose it does it hold for others.
    """
    given = chosen(arguments, (*FAST, *SHARED))
    if how is not None:
        from .. import again, feedforward  # starts Keras, which takes seconds

        own = how.keywords(given, ())
        given = {n: value for n, value in own.items() if n in given or n not in how.usual}
        again.check_keywords(given, feedforward.paint_once)
        again.check_masks({name: given.get(name) for name in MASKS})
    return given


def tell_all(outcomes: list[Outcome], arguments: argparse.Namespace) -> int:
    """Say how many were painted and how fast, how many were there, and why others failed; the exit code."""
    from ..feedforward.folder import Became

    painted = [outcome.seconds for outcome in outcomes if outcome.became is Became.PAINTED]
    kept = sum(outcome.became is Became.KEPT for outcome in outcomes)
    failures = {each.photo: each.error for each in outcomes if each.error is not None}
    if not arguments.quiet:
        speed = f" in {sum(painted):.1f} s, {len(painted) / sum(painted):.2g} a second" if painted else ""
        print(f"{arguments.output}: {counted(len(painted), 'picture')} painted{speed}")
        if kept:
            print(f"{counted(kept, 'picture')} skipped: there already, and made in the same way")
    tell_failures(failures, arguments.output)
    return 1 if failures else 0


def tell_failures(failures: Mapping[Path, Exception], target: str) -> None:
    """Name each photograph that could not be painted; all whose place is taken in one sentence."""
    taken = sorted(photo.name for photo, error in failures.items() if isinstance(error, FileExistsError))
    for photo, error in sorted(failures.items()):
        if photo.name not in taken:
            text = sentence(error)
            complain(text if photo.name in text else f"{photo.name}: {text}")
    if taken:
        named = ", ".join(taken[:MOST_NAMED]) + (
            f" and {rest} more" if (rest := len(taken[MOST_NAMED:])) else ""
        )
        complain(f"In {target} there is something else for {named}: pass --overwrite to replace it.")
