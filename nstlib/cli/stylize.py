"""`nst stylize`: its options, which are keywords of the library, and what it does."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from ..feedforward.defaults import STYLE_SIZE
from ..foundation import check_distinct, check_target, save_somewhere
from ..networks.plans import DEFAULT_DTYPE, DEFAULT_WEIGHTS
from ..optimizers.defaults import ADAM_RATE, RATE_PER_VALUE
from ..recipes.look import DEFAULT_SIZE, START, Look
from ..recipes.look import NETWORK as DEFAULT_NETWORK
from ..recipes.options import RunOptions
from .errors import INTERRUPTED, complain
from .fast import fast_arguments, is_fast, is_folder, paint_fast, tell_fast
from .folder import paint_folder
from .options import MASKS, Options, add_options, as_flag, chosen
from .values import by_name, counts, layers, sizes, styles, weights

NETWORK: Options = {
    "network": (str, "NAME", "one of `nst networks`"),
    "weights": (str, "WEIGHTS", "pretrained, random, or a file"),
    "pooling": (str, "NAME", "average or max, for the VGG networks (default: average)"),
    "dtype": (str, "NAME", "number format of the convolutions: float32 or bfloat16"),
}

RECIPE: Options = {
    "size": (int, "N", f"longer side of the result (default: the photograph's own, at most {DEFAULT_SIZE})"),
    "style_size": (
        int,
        "N",
        f"longer side at which the style is seen: small for fine strokes (default: --size; in one pass "
        f"{STYLE_SIZE})",
    ),
    "blend": (weights, "WEIGHTS", "of several styles, with commas between, as 0.7,0.3 (default: equal ones)"),
    "content_mask": (
        str,
        "FILE",
        "picture of the photograph's regions, each in a plain colour; red=STYLE paints the red one",
    ),
    "style_mask": (str, "FILE", "of the style's regions: each is for the region of the same colour"),
    "colors": (
        str,
        "NAME",
        "whose colours the result has: style, recolored (even more so), content, or luminance (the "
        "photograph's, only lightness is painted)",
    ),
    "content_layers": (
        layers,
        "LAYERS",
        "where the photograph is compared: names (block4_conv2, conv4_2), numbers "
        "of convolutions, or LAYER=WEIGHT, with commas between (default: see `nst networks`)",
    ),
    "style_layers": (layers, "LAYERS", "where the style is compared, likewise (default: see `nst networks`)"),
    "content_weight": (float, "X", "how much the photograph counts"),
    "style_weight": (float, "X", "how much the style counts"),
    "style_measure": (
        str,
        "NAME",
        "what is compared of the style: gram, moments, histogram, sliced_wasserstein, patches or neighbours",
    ),
    "photorealism": (float, "X", "how much colours have to change as the photograph's do; about 3 shows"),
    "variation_weight": (float, "X", "how much smoothness counts"),
    "variation": (str, "NAME", "how smoothness is measured: squared or absolute"),
    "formula": (str, "NAME", "of the losses: relative, mse, gatys or sum"),
    "start": (
        str,
        "WHERE",
        "recolored (content in the style's colours), content, style, palette (blots), noise, or a picture",
    ),
    "seed": (int, "N", "of the noise or the blots, and of random weights"),
}

RUN: Options = {
    "optimizer": (str, "NAME", "lbfgs, adam, gradient_descent or scipy"),
    "learning_rate": (
        float,
        "X",
        f"step of adam (default: {ADAM_RATE}) or of gradient_descent (default: {RATE_PER_VALUE} for each "
        "value of the image)",
    ),
    "iterations": (
        counts,
        "N",
        "at each size; or one number per size, with commas between; auto makes fewer at the full size",
    ),
    "sizes": (sizes, "SIZES", "auto (from coarse to fine), single, or longer sides with commas between"),
    "checkpoint": (str, "FILE", "write the run here as it goes; when the file exists, go on from there"),
    "tile": (
        int,
        "N",
        "work at larger pictures in tiles of N pixels, which takes less memory (default: 1024 where the "
        "whole would not fit)",
    ),
}


def stylize_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst stylize`."""
    parser.epilog = (
        "Example: nst stylize cat swirls -o cat.png --size 384. A .png says how it was made: nst stylize cat "
        "swirls -o large.png --settings cat.png --size 768 does the same at twice the size. Two styles: nst "
        "stylize cat swirls waves --blend 0.7,0.3 -o mixed.png. By region: nst stylize cat red=swirls "
        "blue=mosaic --content-mask mask.png -o parts.png. A whole folder: nst stylize --fast photos swirls "
        "-o painted. Ctrl-C, SIGTERM "
        "and SIGHUP end the run and save the best image so far; the exit code is then 128 and the number of "
        "the signal."
    )
    parser.add_argument(
        "photo",
        metavar="PHOTO",
        help="a file, a web address, or a name of `nst samples`; with --fast also a folder of pictures",
    )
    parser.add_argument(
        "style",
        metavar="STYLE",
        nargs="+",
        help="likewise; several are mixed, and REGION=STYLE paints one region of --content-mask",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        help="the file to write: .png, .jpg, .tif or .webp; for a folder of pictures, a folder",
    )
    parser.add_argument("--history", metavar="FILE", help="write every evaluation as a row of a CSV table")
    parser.add_argument(
        "--settings",
        metavar="FROM.png",
        help="repeat the run that made this picture, with the options given here instead of its own",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace OUT and the history if they exist; in a folder, what was made otherwise",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no closing lines")
    fast_arguments(parser)
    defaults = library_defaults()
    for title, options in (("network", NETWORK), ("picture", RECIPE), ("run", RUN)):
        add_options(parser.add_argument_group(title), options, defaults)


def library_defaults() -> dict[str, Any]:
    """The defaults of `transfer_style`, of `load_network` and of a run, by keyword."""
    named = {f.name: f.default for f in (*fields(Look), *fields(RunOptions)) if f.default is not MISSING}
    network = {"network": DEFAULT_NETWORK, "weights": DEFAULT_WEIGHTS, "dtype": DEFAULT_DTYPE}
    return {**named, **network, "start": START, "seed": 0, "colors": "style"}


def stylize(arguments: argparse.Namespace) -> int:
    """Paint a photograph in the style of a picture; what can be checked at once is checked first."""
    from .. import images, making
    from ..process import Ending

    arguments.style = styles(arguments.style)
    if not (folder := is_folder(arguments.photo)):
        if arguments.fast:
            images.check_input(arguments.photo)  # before OUT, which may be meant for a folder
        check_files(arguments)
    how = making.read(arguments.settings) if arguments.settings else None
    fast = is_fast(arguments, how, (*NETWORK, *RECIPE, *RUN))  # refuses a folder that is not
    if folder:
        return paint_folder(arguments, how)
    masks = chosen(arguments, MASKS).values()
    for each in (arguments.photo, *by_name(arguments.style).values(), *masks):
        images.check_input(each)
    with Ending() as ending:
        result = paint_fast(arguments, how) if fast else paint(arguments, how)
        with ending.waiting():
            saved, told = save(result, arguments), (tell_fast if fast else tell)(result, arguments)
            return saved or ending.exit_code or told


def check_files(arguments: argparse.Namespace) -> None:
    """See that everything which will be written can be, before any long work; expands `~`."""
    from ..images import check_output

    arguments.output = check_output(arguments.output, overwrite=arguments.overwrite)
    outputs = {"OUT": arguments.output}
    if arguments.history:
        arguments.history = check_target(arguments.history, overwrite=arguments.overwrite)
        outputs["--history"] = arguments.history
    if hasattr(arguments, "checkpoint"):
        arguments.checkpoint = check_target(arguments.checkpoint)
        outputs["--checkpoint"] = arguments.checkpoint
    inputs = {"PHOTO": arguments.photo, **by_name(arguments.style), "--settings": arguments.settings}
    inputs |= {as_flag(name): text for name, text in chosen(arguments, ("start", "weights", *MASKS)).items()}
    read = {name: Path(os.path.expanduser(text)) for name, text in inputs.items() if text}
    check_distinct(outputs, {name: path for name, path in read.items() if path.exists()})  # or it is a sample


def paint(arguments: argparse.Namespace, how: Any) -> Any:
    """The result of the run that the command line asks for; `how` is the record it shall repeat, or None."""
    from .. import again, recipes  # starts Keras, which takes seconds

    photo, style, named = arguments.photo, arguments.style, chosen(arguments, [*NETWORK, "seed"])
    recipe, run = chosen(arguments, RECIPE), chosen(arguments, RUN)
    if "network" in named:
        named["name"] = named.pop("network")
    if how is None:
        recipes.RunOptions.read(run)
        recipe["network"] = named  # loaded after styles and masks were read, because it may take long
    elif how.recipe != "transfer_style":
        raise ValueError(f"{arguments.settings} was made by {how.recipe}: nst.repeat in Python repeats it.")
    elif network := again.network_changed(how, named):
        recipe["network"] = network
    run["progress"] = not arguments.quiet and sys.stderr.isatty()
    if how is None:
        return recipes.transfer_style(photo, style, **recipe, **run)
    return again.repeat(how, photo, style, **recipe, **run)


def save(result: Any, arguments: argparse.Namespace) -> int:
    """Write the picture and the history, elsewhere if they cannot be where they should; returns 0 or 1."""

    def write_picture(path: Path) -> None:
        result.save(path, overwrite=arguments.overwrite and path == arguments.output)

    def write_history(path: Path) -> None:
        result.history.save(path, overwrite=arguments.overwrite and path == arguments.history)

    arguments.output, error = save_somewhere(arguments.output, write_picture, suffixes=[".png"])
    code = 0 if error is None else complain(f"{error} The picture is in {arguments.output} instead.")
    if arguments.history:
        try:
            place, error = save_somewhere(arguments.history, write_history)
        except OSError as no_place:
            return complain(f"{no_place} The picture is in {arguments.output}.")
        code = code if error is None else complain(f"{error} The history is in {place} instead.")
    return code


def tell(result: Any, arguments: argparse.Namespace) -> int:
    """Say what came out, and why the run stopped; returns the exit code."""
    from ..optimizers import Stopping

    height, width = result.image.shape[1:3]
    history = result.history
    if not arguments.quiet:
        print(f"{arguments.output}: {width} x {height} pixels")
        loss = f", loss {history.best()[-1]:.4g}" if len(history) else ""
        print(f"{result.seconds:.1f} s, {len(history)} evaluations{loss}")
    if history.stopping is Stopping.INTERRUPTED:
        complain(f"{history.stopped}; {arguments.output} holds the best image so far.")
        return INTERRUPTED
    if history.stopping is Stopping.OUT_OF_MEMORY:
        return 1  # the library has warned
    if history.stopped and not arguments.quiet:
        print(f"Stopped: {history.stopped}.")
    return 0
