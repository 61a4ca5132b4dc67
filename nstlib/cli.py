"""The command `nst`: thin, because what it does lies in the other modules.

    nst lab        opens JupyterLab at the first lesson
    nst info       what this machine offers
    nst networks   the networks and where their weights are
    nst samples    the pictures that go by a name
    nst stylize    paints a photograph in the style of a picture
    nst studio     serves a page on which to choose pictures, paint, compare and keep
    nst links      points all links of the course at its repository
    nst slides     writes lecture slides, each one file that opens with no network
    nst exercises  generates the exercises from their solutions, or checks them
    nst grade      grades a folder of submissions
    nst mark       opens nbgrader's pages, for what is marked by hand

Exit codes: 0 done; 1 bad input or a failure, with one sentence on stderr (NST_TRACEBACK=1 adds where); 2 a
command line that cannot be read; 128 and the number of a signal, 130 for Ctrl-C, after `nst stylize` has
saved the best image so far.

Imports that take time stand inside functions, so that `nst --help` answers at once.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.metadata
import importlib.util
import os
import re
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COURSE = HERE.parent  # where the lessons are, in a clone
INTERRUPTED = 130  # what a shell reports of a command that Ctrl-C ended
TRACEBACK = "NST_TRACEBACK"  # environment variable that adds the traceback to the sentence
MOST_LETTERS = 200  # of an unforeseen error


# --- the options of `nst stylize` -------------------------------------------------------------------


def layers(text: str) -> Any:
    """Layers as the recipes take them: "10" or "conv4_2,10" a list, "conv4_2=1,10=0.5" weights by layer.

    Raises:
        ArgumentTypeError: weights for some of the layers only, a weight that is no number, a layer twice.
    """
    pairs = [item.strip().partition("=") for item in text.split(",")]
    named = [int(name) if name.isdecimal() else name for name, _, _ in pairs]
    weights = [weight for _, equals, weight in pairs if equals]
    if not weights:
        return named
    if len(weights) < len(named) or len(set(named)) < len(named):
        raise argparse.ArgumentTypeError(f"{text!r} must give each layer one weight, or none of them any")
    try:
        return dict(zip(named, map(float, weights), strict=True))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} has a weight that is not a number") from None


def counts(text: str) -> str | int | list[int]:
    """One whole number, or one for each size, "100" or "200,50", or "auto" for the recipe to judge.

    Raises:
        ArgumentTypeError: neither that word nor a whole number.
    """
    if text == "auto":
        return text
    try:
        numbers = [int(item) for item in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number, nor several with commas between, nor auto"
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers


def sizes(text: str) -> str | list[int]:
    """Longer sides, "128,256,512", or a word for the recipe to judge."""
    try:
        return [int(item) for item in text.split(",")]
    except ValueError:
        return text


def weights(text: str) -> list[float]:
    """Numbers with commas between, "0.7,0.3".

    Raises:
        ArgumentTypeError: one of them is no number.
    """
    try:
        return [float(item) for item in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be numbers with commas between") from None


REGION = re.compile(r"([A-Za-z]+|#[0-9A-Fa-f]{6})=(.+)")  # a region's name and its style


def styles(texts: Sequence[str]) -> Any:
    """The styles as `transfer_style` takes them: one, a list to mix, or region -> picture.

    A file whose whole name looks like REGION=PICTURE is a file.

    Raises:
        ValueError: some have a region and others none, or two have the same.
    """
    found = [None if Path(text).exists() else REGION.fullmatch(text) for text in texts]
    pairs = [(match[1].lower(), match[2]) for match in found if match]
    if not pairs:
        return texts[0] if len(texts) == 1 else list(texts)
    if len(pairs) < len(texts):
        alone = texts[found.index(None)]
        raise ValueError(f"Some styles name their region and {alone} does not: write REGION={alone}.")
    by_region = dict(pairs)
    if len(by_region) < len(pairs):
        twice = next(name for name, _ in pairs if [each for each, _ in pairs].count(name) > 1)
        raise ValueError(f"The region {twice} has two styles; give it one.")
    return by_region


def by_name(style: Any) -> dict[str, str]:
    """What `styles` made, by what messages call each: STYLE, STYLE 2, STYLE red."""
    if isinstance(style, str):
        return {"STYLE": style}
    pairs = style.items() if isinstance(style, dict) else enumerate(style, start=1)
    return {f"STYLE {name}": picture for name, picture in pairs}


# Keyword of the library -> type, what stands for its value, and help. What the command line does not give is
# not passed on, so that the library's own defaults hold; the help reads them with `declared`.
Options = dict[str, tuple[Callable[[str], Any], str, str]]

NETWORK: Options = {
    "network": (str, "NAME", "one of `nst networks`"),
    "weights": (str, "WEIGHTS", "pretrained, random, or a file"),
    "pooling": (str, "NAME", "average or max, for the VGG networks (default: average)"),
    "dtype": (str, "NAME", "number format of the convolutions: float32 or bfloat16"),
}
RECIPE: Options = {
    "size": (int, "N", "longer side of the result (default: the photograph's own, at most {DEFAULT_SIZE})"),
    "style_size": (
        int,
        "N",
        "longer side at which the style is seen: small for fine strokes (default: --size)",
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
        "recolored (content in the style's colours), content, style, noise, or a picture",
    ),
    "seed": (int, "N", "of the noise, and of random weights"),
}
RUN: Options = {
    "optimizer": (str, "NAME", "lbfgs, adam, gradient_descent or scipy"),
    "learning_rate": (
        float,
        "X",
        "step of adam (default: {adam}) or of gradient_descent (default: {descent} for each value "
        "of the image)",
    ),
    "iterations": (
        counts,
        "N",
        "at each size; or one number per size, with commas between; auto makes fewer at the full size",
    ),
    "sizes": (sizes, "SIZES", "auto (from coarse to fine), single, or longer sides with commas between"),
    "checkpoint": (str, "FILE", "write the run here as it goes; when the file exists, go on from there"),
}


def declared(module: str, name: str = "") -> dict[str, Any]:
    """Defaults as the source of a module states them: of a function, of a class, or the module's constants.

    Importing the module instead would start Keras, and help should not take seconds.
    """
    node: Any = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
    if name:
        node = next(each for each in node.body if getattr(each, "name", "") == name)
    if isinstance(node, ast.FunctionDef):
        names, values = [a.arg for a in node.args.kwonlyargs], node.args.kw_defaults
    else:
        given = [n for n in node.body if isinstance(n, (ast.Assign, ast.AnnAssign)) and n.value]
        names = [ast.unparse(n.targets[0] if isinstance(n, ast.Assign) else n.target) for n in given]
        values = [n.value for n in given]
    found = {}
    for key, value in zip(names, values, strict=True):
        with contextlib.suppress(ValueError):  # an expression, not a plain value
            found[key] = ast.literal_eval(value) if value else None
    return found


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give the parser of `nst stylize` the keywords of the library, with its defaults in the help."""
    rates = {"adam": declared("optimizers/first_order", "Adam")["learning_rate"]}
    rates["descent"] = declared("optimizers/first_order")["RATE_PER_VALUE"]
    from .recipes.look import DEFAULT_SIZE, START, Look
    from .recipes.look import NETWORK as USUAL_NETWORK
    from .recipes.options import RunOptions

    defaults = {f.name: f.default for f in (*fields(Look), *fields(RunOptions)) if f.default is not MISSING}
    defaults |= {"network": USUAL_NETWORK, "start": START, "seed": 0, "colors": "style"} | declared(
        "networks/loading", "load_network"
    )
    named = rates | {"DEFAULT_SIZE": DEFAULT_SIZE}
    for title, options in (("network", NETWORK), ("picture", RECIPE), ("run", RUN)):
        group = parser.add_argument_group(title)
        for name, (kind, metavar, text) in options.items():
            default = f" (default: {defaults[name]})" if defaults.get(name) is not None else ""
            flag, text = f"--{name.replace('_', '-')}", text.format(**named) + default
            group.add_argument(flag, type=kind, metavar=metavar, default=argparse.SUPPRESS, help=text)


MASKS = ("content_mask", "style_mask")
LIMITS: Options = {
    "seconds": (float, "S", "that a submission may take, all cells and checks together"),
    "memory": (float, "GB", "that a submission may use"),
    "processes": (int, "N", "that a submission may have, threads included"),
}


def chosen(arguments: argparse.Namespace, options: Iterable[str]) -> dict[str, Any]:
    """Those of the options that the command line gave, by name."""
    return {name: getattr(arguments, name) for name in options if hasattr(arguments, name)}


# --- the commands -----------------------------------------------------------------------------------


def stylize(arguments: argparse.Namespace) -> int:
    """Paint a photograph in the style of a picture; what can be checked at once is checked first."""
    from . import images, making
    from .process import Ending

    arguments.style = styles(arguments.style)
    check_files(arguments)
    masks = chosen(arguments, MASKS).values()
    for each in (arguments.photo, *by_name(arguments.style).values(), *masks):
        images.check_input(each)
    how = making.read(arguments.settings) if arguments.settings else None
    with Ending() as ending:
        result = paint(arguments, how)
        with ending.waiting():
            saved, told = save(result, arguments), tell(result, arguments)
            return saved or ending.exit_code or told


def check_files(arguments: argparse.Namespace) -> None:
    """See that everything which will be written can be, before any long work; expands `~`."""
    from .foundation import check_distinct, check_target
    from .images import check_output

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
    from . import again, recipes  # starts Keras, which takes seconds

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
    from .foundation import save_somewhere

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
    from .optimizers import Stopping

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


def info(arguments: argparse.Namespace) -> int:
    """Print what this machine offers, where files are kept and where the course is published."""
    from . import backend, networks, samples
    from .course import links
    from .studio import gallery

    embedded = networks.weights_path(networks.PLANS["pocket_vgg"])
    rows = {"nstlib": version()} | backend.machine()
    rows["embedded network"] = str(embedded) if embedded.is_file() else f"missing: there is no {embedded}"
    rows["paintings are kept in"] = str(samples.cache_folder())
    rows["other networks are kept in"] = str(networks.weights_path(networks.PLANS["vgg19"]).parent)
    rows["the Studio's results are kept in"] = str(gallery.root())
    rows["repository"] = links.described()
    print_table([[f"{name}:", value] for name, value in rows.items()])
    return 0


def list_networks(arguments: argparse.Namespace) -> int:
    """Print the networks, then the layers each uses unless others are named."""
    from . import networks

    rows = networks.table()
    columns = ["name", "layers", "smallest side", "weights", "hash check", "here"]
    print_table([columns, *([row[column] for column in columns] for row in rows)])
    print()
    columns = ["name", "content layers", "style layers"]
    print_table([columns, *([row[column] for column in columns] for row in rows)])
    return 0


def list_samples(arguments: argparse.Namespace) -> int:
    """Print the pictures that go by a name."""
    from . import samples

    columns = ["name", "kind", "where", "licence"]
    print_table([columns, *([row[column] for column in columns] for row in samples.table())])
    return 0


def set_links(arguments: argparse.Namespace) -> int:
    """Point every link and set-up cell of the course at a repository, or say which do not point there."""
    from .course import links

    now = links.in_clone()
    target = links.repository(arguments.repository or now.slug, arguments.branch or now.branch)
    changes = links.changes(target)
    names = [path.relative_to(COURSE).as_posix() for path in changes]
    if arguments.check:
        for name in names:
            command = f"nst links {target.slug} --branch {target.branch}"
            complain(f"{name} does not point at {target}; `{command}` mends it.")
        return 1 if names else 0
    links.write(changes)
    for name in names:
        print(name)
    print(f"{len(names)} file{'' if len(names) == 1 else 's'} changed; all links point at {target}.")
    return 0


def make_slides(arguments: argparse.Namespace) -> int:
    """Write decks, and handouts where there is a browser to print them."""
    from .course import handout, slides

    wanted = [slides.find(name) for name in arguments.lesson] or slides.names()
    browser = None if arguments.no_pdf else handout.find_browser()
    decks = []
    for path in slides.write_decks(wanted, arguments.output):
        print(path)
        decks.append(path)  # all decks before the first handout, which may fail
    for path in decks if browser else []:
        handout.print_pdf(path, path.with_suffix(".pdf"), str(browser))
        print(path.with_suffix(".pdf"))
    if not browser and not arguments.no_pdf:
        print(handout.MISSING, file=sys.stderr)
    return 0


def make_exercises(arguments: argparse.Namespace) -> int:
    """Generate the releases of exercises, check them, or write the course's public tree."""
    from .course import exercises, rehearsal, sandbox

    if arguments.public:
        count = exercises.write_public_tree(arguments.public)
        print(f"{arguments.public}: {count} files, without {exercises.SOLUTIONS.name}/")
        return 0
    wanted = [exercises.find(name) for name in arguments.exercise] or exercises.names()
    if not arguments.check:
        for path in exercises.write_releases(wanted):
            print(path)
        return 0
    sandbox.require_sandbox()
    problems = exercises.outdated(wanted)
    for name in wanted:
        problems += rehearsal.trial(name, print if arguments.verbose else lambda text: None)
        print(
            f"{name}: {'checked' if not any(p.startswith(name) for p in problems) else 'not as it should be'}"
        )
    for problem in problems:
        print(f"nst: {problem}", file=sys.stderr)
    return 1 if problems else 0


def grade(arguments: argparse.Namespace) -> int:
    """Grade a folder of submissions; says of each what became of it, and where the results are."""
    from tqdm import tqdm

    from .course import grading, sandbox

    given = chosen(arguments, LIMITS)
    if "memory" in given:
        given["memory"] = int(given["memory"] * 2**30)
    bar = tqdm(unit="submission", disable=not sys.stderr.isatty())

    def tell(result: Any) -> None:
        bar.write(result.sentence(), file=sys.stdout)
        bar.update()

    done = grading.grade_folder(
        arguments.folder,
        arguments.output,
        limits=sandbox.Limits(**given),
        jobs=arguments.jobs,
        starting=bar.reset,
        tell=tell,
    )
    bar.close()
    failed = sum(row.status != "graded" for row in done)
    made = {
        "grades.csv": "has a row for each",
        "summary.png": "shows the class",
        "feedback": "is for students",
    }
    print(f"{len(done) - failed} graded, {failed} not.")
    print("\n".join(f"{arguments.output / name} {text}" for name, text in made.items()))
    return 1 if failed else 0


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of texts in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


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


def studio(arguments: argparse.Namespace) -> int:
    """Serve the Studio page until Ctrl-C."""
    from .studio.server import serve

    given = {name: getattr(arguments, name) for name in ("host", "port", "linger") if name in arguments}
    serve(**given, browser=not arguments.no_browser)
    return 0


def mark(arguments: argparse.Namespace) -> int:
    """Become JupyterLab at nbgrader's pages of a folder of grades."""
    folder = arguments.folder.resolve()
    if not (folder / "nbgrader_config.py").is_file():
        raise FileNotFoundError(
            f"There are no grades in {folder}: `nst grade SUBMISSIONS_FOLDER` makes them."
        )
    from .course.exercises import require_nbgrader

    require_nbgrader()
    command = [sys.executable, *jupyterlab(folder, "/formgrader"), *arguments.rest]
    os.chdir(folder)  # where nbgrader looks for its settings
    return become(command)


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


# --- the command line -------------------------------------------------------------------------------


def version() -> str:
    """The version of the installed package."""
    try:
        return importlib.metadata.version("nstlib")
    except importlib.metadata.PackageNotFoundError:
        return "(not installed, run from its folder)"


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="nst",
        description="Neural style transfer, layer by layer.",
        epilog="Exit codes: 0 done, 1 failed (one sentence says why, NST_TRACEBACK=1 adds where), 2 not "
        "understood, 130 Ctrl-C, 143 SIGTERM.",
    )
    parser.add_argument("--version", action="version", version=f"nst {version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, function, text in (
        ("lab", lab, "open JupyterLab at the first lesson; what follows is passed on to JupyterLab"),
        ("info", info, "say what this machine offers and where files are kept"),
        ("networks", list_networks, "list the networks, their weights and their usual layers"),
        ("samples", list_samples, "list the pictures that go by a name, with their licences"),
        ("stylize", stylize, "paint a photograph in the style of a picture"),
        ("studio", studio, "serve a page on which to choose pictures, paint, compare and keep"),
        ("links", set_links, "point all links of the course at its repository"),
        ("slides", make_slides, "write lecture slides, each one HTML file that opens with no network"),
        (
            "exercises",
            make_exercises,
            "generate exercises/ from solutions/, or check that all is well with them",
        ),
        ("grade", grade, "grade a folder of submissions, in a sandbox"),
        ("mark", mark, "open nbgrader's pages to mark by hand; what follows is passed on to JupyterLab"),
    ):
        command = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        command.set_defaults(function=function)
        if name in COMPLETE:
            COMPLETE[name](command)
    return parser


def complete_links(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst links`."""
    parser.epilog = (
        "Example, in a fork: nst links OWNER/NAME. It changes the line of pyproject.toml that names the "
        "repository, the links to Colab and Binder, the set-up cells, README.md and CITATION.cff."
    )
    parser.add_argument(
        "repository",
        metavar="OWNER/NAME",
        nargs="?",
        help="the repository on GitHub (default: the one that pyproject.toml names)",
    )
    parser.add_argument("--branch", metavar="BRANCH", help="(default: the one that pyproject.toml names)")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; say which files do not point there, exit code 1"
    )


def complete_slides(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst slides`."""
    parser.epilog = (
        "Open a file in any browser: arrow keys turn the pages, S opens the speaker's view with notes and a "
        "clock, F fills the screen, ? lists the other keys. Where Chromium, Chrome or Edge is installed, a "
        "PDF handout is written too."
    )
    parser.add_argument("lesson", metavar="LESSON", nargs="*", help="04, or its whole name (default: all)")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        type=Path,
        default=Path("slides"),
        help="(default: slides)",
    )
    parser.add_argument("--no-pdf", action="store_true", help="write no handouts")


def complete_exercises(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst exercises`."""
    parser.add_argument(
        "exercise", metavar="EXERCISE", nargs="*", help="ex04 or its whole name (default: all)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="change nothing; see that the releases are what their sources give, that nothing leaks, and "
        "that right and wrong answers get what they should in the sandbox",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="with --check, show every answer that was tried"
    )
    parser.add_argument(
        "--public",
        metavar="FOLDER",
        type=Path,
        help="write the whole course without solutions/ into a new folder",
    )


def complete_grade(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst grade`."""
    parser.epilog = (
        "Run it again after an interruption, for late submissions, or after marking by hand: what ran to its "
        "end and has not changed is not run again. exercises/README.md is the teacher's guide."
    )
    parser.add_argument(
        "folder",
        metavar="SUBMISSIONS_FOLDER",
        type=Path,
        help="a folder for each student, or their files side by side",
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, default=Path("grading"), help="(default: grading)"
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=positive,
        help="at the same time, as far as the machine's memory holds them (default: one a processor)",
    )
    from .course.limits import Limits

    limits = Limits()
    defaults = vars(limits) | {"memory": limits.memory >> 30}  # in gigabytes, as the option
    for name, (kind, metavar, text) in LIMITS.items():
        default = f" (default: {defaults[name]})" if defaults.get(name) is not None else ""
        parser.add_argument(
            f"--{name}", type=kind, metavar=metavar, default=argparse.SUPPRESS, help=text + default
        )


def complete_studio(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst studio`."""
    constants, absent = declared("studio/server"), argparse.SUPPRESS
    parser.epilog = "Each browser has a gallery of its own. Results are kept in the folder that is printed."
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default=absent,
        help="to listen at (default: 127.0.0.1, this machine only); any other asks for a token",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=port,
        default=absent,
        help=f"or one near it that is free (default: {constants['PORT']})",
    )
    parser.add_argument(
        "--linger",
        metavar="SECONDS",
        type=positive,
        default=absent,
        help="how long a page's run and memory are kept after its connection was lost "
        f"(default: {constants['LINGER']:g})",
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address and open nothing")


def complete_mark(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst mark`."""
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        type=Path,
        nargs="?",
        default=Path("grading"),
        help="of grades (default: grading)",
    )


def positive(text: str) -> int:
    """A whole number from 1 on.

    Raises:
        ArgumentTypeError: it is not.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def port(text: str) -> int:
    """A port to listen at.

    Raises:
        ArgumentTypeError: it is not.
    """
    from .foundation import check_port

    try:
        return check_port(int(text))
    except ValueError as error:
        known = str(error) if text.lstrip("-").isdecimal() else f"{text!r} is no whole number"
        raise argparse.ArgumentTypeError(known) from None


def complete_stylize(parser: argparse.ArgumentParser) -> None:
    """The arguments of `nst stylize`."""
    parser.epilog = (
        "Example: nst stylize cat swirls -o cat.png --size 384. A .png says how it was made: nst stylize cat "
        "swirls -o large.png --settings cat.png --size 768 does the same at twice the size. Two styles: nst "
        "stylize cat swirls waves --blend 0.7,0.3 -o mixed.png. By region: nst stylize cat red=swirls "
        "blue=mosaic --content-mask mask.png -o parts.png. Ctrl-C, SIGTERM "
        "and SIGHUP end the run and save the best image so far; the exit code is then 128 and the number of "
        "the signal."
    )
    parser.add_argument("photo", metavar="PHOTO", help="a file, a web address, or a name of `nst samples`")
    parser.add_argument(
        "style",
        metavar="STYLE",
        nargs="+",
        help="likewise; several are mixed, and REGION=STYLE paints one region of --content-mask",
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=True, help="the file to write: .png, .jpg, .tif or .webp"
    )
    parser.add_argument("--history", metavar="FILE", help="write every evaluation as a row of a CSV table")
    parser.add_argument(
        "--settings",
        metavar="FROM.png",
        help="repeat the run that made this picture, with the options given here instead of its own",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT and the history if they exist")
    parser.add_argument("--quiet", action="store_true", help="no progress bar and no closing lines")
    add_options(parser)


COMPLETE = {
    "stylize": complete_stylize,
    "studio": complete_studio,
    "links": complete_links,
    "slides": complete_slides,
    "exercises": complete_exercises,
    "grade": complete_grade,
    "mark": complete_mark,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code.

    Args:
        argv: what follows `nst`; None takes it from the process.
    """
    from .process import tolerant_output

    try:
        with tolerant_output():
            return answer(argv)
    except OSError as error:  # what was printed did not arrive
        return complain(error)


def answer(argv: Sequence[str] | None) -> int:
    """What `main` does, with streams that never fail."""
    parser = make_parser()
    arguments, rest = parser.parse_known_args(argv)
    if not hasattr(arguments, "function"):
        parser.print_help()
        return 2
    if rest and arguments.function not in (lab, mark):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    for text in re.findall(r"(?:^| )--(?:ServerApp\.)?port[= ](\S+)", " ".join(rest)):
        try:
            port(text)
        except argparse.ArgumentTypeError as error:
            parser.error(f"argument --port: {error}")
    arguments.rest = rest
    return in_one_sentence(arguments.function, arguments)


def in_one_sentence(function: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Run a command; an error or a warning becomes one line on stderr."""
    with warnings.catch_warnings():
        warnings.showwarning = print_warning
        try:
            return function(arguments)
        except KeyboardInterrupt as stop:
            complain("interrupted.")
            return getattr(stop, "exit_code", INTERRUPTED)
        except Exception as error:
            if os.environ.get(TRACEBACK):
                traceback.print_exc()
            return complain(sentence(error))


def print_warning(message: object, *_: object, **__: object) -> None:
    """A warning as one line on stderr."""
    complain(message)


def sentence(error: Exception) -> str:
    """What an error says; one that nobody foresaw gets words around it, and few of its own."""
    from .process import lacks_memory

    if isinstance(error, (ValueError, OSError, FloatingPointError, ImportError)) and str(error):
        return str(error)
    text = next(iter(str(error).splitlines()), "")[:MOST_LETTERS]
    if lacks_memory(error):
        return text if type(error) is MemoryError and text else "There is not enough memory for this."
    name = type(error).__name__
    return f"This failed in a way that nobody foresaw ({name}: {text}); {TRACEBACK}=1 shows where."


def complain(problem: object) -> int:
    """Print a sentence on stderr, its keywords as options; returns the exit code of a failure."""
    line = " ".join(text.strip() for text in str(problem).splitlines())
    line = re.sub(r"(?<= )([a-z_]+)=(True|\d+|'[^']*'|\.\.\.)", as_option, line)
    print(
        "nst:",
        re.sub(rf"(?<= )({'|'.join(MASKS)})\b", lambda found: as_flag(found[1]), line),
        file=sys.stderr,
    )
    return 1


def as_flag(name: str) -> str:
    """For example `--style-size` for `style_size`."""
    return f"--{name.replace('_', '-')}"


def as_option(keyword: re.Match[str]) -> str:
    """For example `--overwrite` for `overwrite=True`, and `--size 1024` for `size=1024`."""
    flag = as_flag(keyword[1])
    return flag if keyword[2] == "True" else f"{flag} {keyword[2]}"


if __name__ == "__main__":
    sys.exit(main())
