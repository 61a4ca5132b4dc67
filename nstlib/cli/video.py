"""`nst video`: a film in the style of a picture."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..feedforward.defaults import STRENGTH, STYLE_SIZE
from ..foundation import check_distinct, counted
from ..networks.plans import DEFAULT_DTYPE
from ..recipes.look import NETWORK, Look
from ..video.defaults import CARE_AT_MOST, FAST_AT_MOST, ITERATIONS, METHOD, STEADY, TEMPORAL_WEIGHT
from .errors import INTERRUPTED, complain
from .options import Options, add_options, chosen
from .values import by_name, counts, styles, weights

if TYPE_CHECKING:
    from ..video import PaintedFilm
    from ..video.parts import Parts

GOES_ON = "the same command goes on with the others."
FILM: Options = {
    "method": (
        str,
        "NAME",
        "fast (one pass for each frame, mixed with the one before, moved along) or care (every frame is "
        "optimised, with a temporal loss)",
    ),
    "size": (
        int,
        "N",
        f"longer side of the frames (default: the film's own, at most {FAST_AT_MOST}, with care "
        f"{CARE_AT_MOST})",
    ),
    "frames": (int, "N", "only the first N frames, for a try"),
    "rate": (float, "X", "frames a second, where FILM is a folder of pictures (default: 25)"),
    "scheduler": (str, "ADDRESS", "of Dask, whose workers paint the shots; they need the same disk"),
}
BOTH: Options = {
    "style_size": (
        int,
        "N",
        f"longer side at which the style is seen (default: {STYLE_SIZE}; with care, that of the frames)",
    ),
    "blend": (weights, "WEIGHTS", "of several styles, with commas between, as 0.7,0.3 (default: equal ones)"),
    "colors": (str, "NAME", "whose colours the film has: style, recolored, content or luminance"),
}
FAST: Options = {
    "strength": (float, "X", "how far to go, from 0, the film itself, to 1, the style"),
    "steady": (
        float,
        "X",
        "from 0, every frame for itself, to 1, nothing is painted twice",
    ),
    "dtype": (str, "NAME", "number format of the convolutions: float32 or bfloat16"),
}
CARE: Options = {
    "network": (str, "NAME", "one of `nst networks`"),
    "content_weight": (float, "X", "how much the film counts"),
    "style_weight": (float, "X", "how much the style counts"),
    "temporal_weight": (float, "X", "how much the frames before count"),
    "variation_weight": (float, "X", "how much smoothness counts"),
    "iterations": (counts, "N,N", "of the first frame of a shot, and of every other"),
}
DEFAULTS: dict[str, Any] = {
    "method": METHOD,
    "colors": "style",
    "strength": STRENGTH,
    "steady": STEADY,
    "dtype": DEFAULT_DTYPE,
    "network": NETWORK,
    "content_weight": Look.content_weight,
    "style_weight": Look.style_weight,
    "variation_weight": Look.variation_weight,
    "temporal_weight": TEMPORAL_WEIGHT,
    "iterations": ",".join(map(str, ITERATIONS)),
}


def video_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst video`."""
    parser.epilog = (
        "Example: nst video holiday.mp4 waves -o painted.mp4 --size 640. Meanwhile the frames are in "
        "painted.mp4.frames. Ctrl-C, SIGTERM and SIGHUP write what is done as a film, and the same command "
        "goes on from there, as it does after a crash. Many machines: see notebooks/TEACHING.md."
    )
    parser.add_argument(
        "film", metavar="FILM", help="a film, a GIF or WebP, a folder of frames, or a film of `nst samples`"
    )
    parser.add_argument(
        "style",
        metavar="STYLE",
        nargs="+",
        help="a file, a web address, or a name of `nst samples`; several are mixed",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        help="the film to write: .mp4, .webm, .mkv, .gif, .webp, or a folder for its frames",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no closing lines")
    groups = (("film", FILM), ("picture", BOTH), ("one pass", FAST), ("with care", CARE))
    for title, options in groups:
        add_options(parser.add_argument_group(title), options, DEFAULTS)


def paint(arguments: argparse.Namespace) -> int:
    """Paint a film; returns the exit code. What can be checked at once is checked first."""
    from ..process import Ending

    style = styles(arguments.style)
    if isinstance(style, dict):
        raise ValueError("A film has no regions: give styles without REGION=.")
    parts = check_inputs(arguments, style)
    with Ending() as ending:
        try:
            made = paint_film(arguments, style)
        except KeyboardInterrupt as stop:  # before the first frame, or while the film was put together
            complain(f"interrupted; {GOES_ON}" if parts.plan() else "interrupted.")
            return getattr(stop, "exit_code", INTERRUPTED)
        if not arguments.quiet:
            tell(made)
        if made.complete:
            return ending.exit_code
        complain(f"interrupted; {made.path} has {made.frames} of {made.count} frames, and {GOES_ON}")
        return ending.exit_code or INTERRUPTED


def check_inputs(arguments: argparse.Namespace, style: str | list[str]) -> Parts:
    """See that everything can be read and written, before Keras starts; returns where the frames are kept."""
    from ..images import check_input
    from ..video.parts import check_files

    rate, named = getattr(arguments, "rate", None), by_name(style)
    files = check_files(arguments.film, arguments.output, rate=rate, overwrite=arguments.overwrite)
    for each in named.values():
        check_input(each)
    read = {name: Path(os.path.expanduser(text)) for name, text in named.items()}
    check_distinct({"OUT": files.target}, {name: path for name, path in read.items() if path.exists()})
    return files.parts


def paint_film(arguments: argparse.Namespace, style: str | list[str]) -> PaintedFilm:
    """The film that the command line asks for."""
    from ..video import paint_video  # starts Keras, which takes seconds

    return paint_video(
        arguments.film,
        style,
        arguments.output,
        overwrite=arguments.overwrite,
        progress=not arguments.quiet and sys.stderr.isatty(),
        **chosen(arguments, (*FILM, *BOTH, *FAST, *CARE)),
    )


def tell(made: PaintedFilm) -> None:
    """Say what came out."""
    print(f"{made.path}: {counted(made.frames, 'frame')}, {counted(made.shots, 'shot')}")
    if made.painted:
        print(f"{made.painting_seconds:.1f} s, {made.painted / made.painting_seconds:.2g} frames a second")
