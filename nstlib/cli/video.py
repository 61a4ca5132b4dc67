"""`nst video`: a film in the style of a picture."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ..feedforward.defaults import STRENGTH, STYLE_SIZE
from ..networks.plans import DEFAULT_DTYPE
from ..recipes.look import NETWORK, Look
from ..video.defaults import CARE_AT_MOST, FAST_AT_MOST, ITERATIONS, METHOD, STEADY, TEMPORAL_WEIGHT
from .errors import INTERRUPTED, complain
from .options import Options, add_options, chosen
from .values import counts, styles, weights

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
    """Paint a film; returns the exit code."""
    from ..process import Ending

    style = styles(arguments.style)
    if isinstance(style, dict):
        raise ValueError("A film has no regions: give styles without REGION=.")
    with Ending() as ending:
        from ..video import paint_video  # starts Keras, which takes seconds

        made = paint_video(
            arguments.film,
            style,
            arguments.output,
            overwrite=arguments.overwrite,
            progress=not arguments.quiet and sys.stderr.isatty(),
            **chosen(arguments, (*FILM, *BOTH, *FAST, *CARE)),
        )
        if not arguments.quiet:
            tell(made)
        if made.complete:
            return ending.exit_code
        done = f"{made.frames} of {made.count} frames"
        complain(f"interrupted; {made.path} has {done}, and the same command goes on with the others.")
        return ending.exit_code or INTERRUPTED


def tell(made: Any) -> None:
    """Say what came out."""
    shots = f"{made.shots} shot{'s' if made.shots > 1 else ''}"
    print(f"{made.path}: {made.frames} frames, {shots}")
    if made.painted:
        print(f"{made.painting_seconds:.1f} s, {made.painted / made.painting_seconds:.2g} frames a second")
