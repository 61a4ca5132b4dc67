"""cli: the command `nst` does what the library does, starts at once, says in one line what is wrong."""

import csv
import errno
import functools
import importlib.metadata
import importlib.util
import inspect
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nstlib
from nstlib import cli
from nstlib.cli import grading, lab, stylize, values
from nstlib.cli.parser import make_parser

HEAVY = {"keras", "tensorflow", "jax", "torch", "scipy", "matplotlib", "skimage"}
QUICK = ["--size", "48", "--iterations", "3"]
Nst = Callable[..., tuple[int, str, str]]


def pixels(height: int = 40, width: int = 60) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the commands run in; its name has spaces and letters beyond ASCII."""
    here = tmp_path / "Größe, déjà vu"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def nst(folder: Path, capsys: pytest.CaptureFixture[str]) -> Nst:
    """Runs a command line in this process; returns its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = cli.main(arguments)
        except SystemExit as stop:  # how argparse ends
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def one_line(err: str) -> bool:
    return err.startswith("nst: ") and err.count("\n") == 1 and err.endswith("\n") and len(err) < 1500


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    root = Path(cli.__file__).parents[2]
    return subprocess.run(
        [sys.executable, *arguments],
        env=dict(os.environ, PYTHONPATH=str(root), PYTHONIOENCODING="utf-8", **environment),
        capture_output=True,
        encoding="utf-8",
    )


# --- the command line ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [["--help"], ["stylize", "--help"], ["video", "--help"], ["grade", "--help"], ["--version"]]
)
def test_help_and_version_load_nothing_that_takes_time(arguments: list[str]) -> None:
    program = (
        "import sys; from nstlib.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print('LOADED', *sys.modules, file=sys.stderr)"
    )
    answer = python("-c", program, *arguments)
    assert answer.returncode == 0
    assert answer.stdout.startswith(("usage: nst", "nst "))
    loaded = set(answer.stderr.split("LOADED", 1)[1].split())
    assert "nstlib.cli" in loaded
    assert not loaded & (HEAVY | {"numpy", "PIL"})


def test_help_names_every_command(nst: Nst) -> None:
    code, out, err = nst("--help")
    assert (code, err) == (0, "")
    for command in ("lab", "info", "networks", "samples", "stylize", "video", "sweep"):
        assert re.search(rf"^ +{command} ", out, re.M)


def test_no_command_prints_the_help_and_is_an_error(nst: Nst) -> None:
    code, out, _ = nst()
    assert code == 2
    assert out.startswith("usage: nst")


@pytest.mark.parametrize(
    "arguments",
    [
        ["styleize"],
        ["info", "more"],
        ["stylize", "cat"],
        ["stylize", "cat", "swirls"],
        ["stylize", "cat", "swirls", "-o", "x.png", "--itterations", "3"],
        ["stylize", "cat", "swirls", "-o", "x.png", "--iterations", "many"],
        ["stylize", "cat", "swirls", "-o", "x.png", "--size", "large"],
        ["stylize", "cat", "swirls", "-o", "x.png", "--style-layers", "1=0.5,2"],
        ["stylize", "cat", "swirls", "-o", "x.png", "--style-layers", "1=0.5,1=0.7"],
        ["stylize", "cat", "swirls", "-o", "x.png", "--style-layers", "1=much"],
        ["stylize", "cat", "swirls", "waves", "-o", "x.png", "--blend", "0.7;0.3"],
    ],
    ids=lambda arguments: " ".join(arguments[-2:]),
)
def test_a_command_line_that_cannot_be_read_gives_2(nst: Nst, arguments: list[str]) -> None:
    code, out, err = nst(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("usage: nst")
    assert "error: " in err.splitlines()[-1]


def test_the_version_is_that_of_the_package(nst: Nst, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", {"nstlib": "7.8.9"}.__getitem__)
    assert nst("--version") == (0, "nst 7.8.9\n", "")


def test_the_module_can_be_run(folder: Path) -> None:
    answer = python("-m", "nstlib.cli", "stylize", "nobody.jpg", "swirls", "-o", "out.png")
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert "Traceback" not in answer.stderr


# --- the options follow the library -------------------------------------------------------------------


def test_the_options_and_their_defaults_are_those_of_the_library(nst: Nst) -> None:
    from nstlib import networks, recipes
    from nstlib.optimizers import Adam
    from nstlib.optimizers.defaults import RATE_PER_VALUE

    _, out, _ = nst("stylize", "--help")
    text = " ".join(out.split())
    keywords = dict(inspect.signature(recipes.transfer_style).parameters)
    keywords |= inspect.signature(recipes.RunOptions).parameters
    keywords |= inspect.signature(networks.load_network).parameters
    for options in (stylize.NETWORK, stylize.RECIPE, stylize.RUN):
        for name in set(options) - {"learning_rate"}:
            default = keywords[name].default
            (entry,) = re.findall(rf" --{name.replace('_', '-')} [A-Z]+ (.+?)(?= --[a-z-]+ [A-Z]+ |$)", text)
            if default is not None:
                assert f"(default: {default})" in entry
    assert f"at most {recipes.DEFAULT_SIZE}" in text
    rates = (Adam().learning_rate, RATE_PER_VALUE)
    assert "of adam (default: {}) or of gradient_descent (default: {} for each value".format(*rates) in text


def test_the_help_states_the_limits_of_a_submission_and_the_usual_port(nst: Nst) -> None:
    from nstlib.course.sandbox import Limits
    from nstlib.studio.server import serve

    usual, grade = Limits(), " ".join(nst("grade", "--help")[1].split())
    memory = usual.memory / 2**30
    for option, value in (("seconds", usual.seconds), ("memory", memory), ("processes", usual.processes)):
        assert re.search(rf" --{option} [A-Z]+ [^-(]*\(default: {value:g}\)", grade)
    studio, called = " ".join(nst("studio", "--help")[1].split()), inspect.signature(serve).parameters
    assert f"to listen at (default: {called['host'].default}, this machine only)" in studio
    assert f"that is free (default: {called['port'].default})" in studio
    assert f"connection was lost (default: {called['linger'].default:g})" in studio


def test_the_help_names_what_can_be_chosen(nst: Nst) -> None:
    from nstlib.losses import FORMULAS
    from nstlib.objectives import measures
    from nstlib.optimizers import METHODS
    from nstlib.recipes.styles import COLORS

    _, out, _ = nst("stylize", "--help")
    words = set(re.findall(r"\w+", out))
    assert words >= {*measures.known(), *COLORS}
    assert words >= {*FORMULAS, *METHODS, "average", "max", "squared", "absolute", "bfloat16", "noise"}


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        (["--content-layers", "block4_conv2"], {"content_layers": ["block4_conv2"]}),
        (["--style-layers", "1,conv3_1, 5"], {"style_layers": [1, "conv3_1", 5]}),
        (["--style-layers", "1=0.5,conv3_1=2"], {"style_layers": {1: 0.5, "conv3_1": 2.0}}),
        (["--sizes", "single"], {"sizes": "single"}),
        (["--sizes", "32,48"], {"sizes": [32, 48]}),
        (["--iterations", "7"], {"iterations": 7}),
        (["--iterations", "auto"], {"iterations": "auto"}),
        (["--iterations", "7,3"], {"iterations": [7, 3]}),
        (["--learning-rate", "0.5", "--optimizer", "adam"], {"learning_rate": 0.5, "optimizer": "adam"}),
        (["--style-weight", "-1"], {"style_weight": -1.0}),
        (["--blend", "0.7,0.3"], {"blend": [0.7, 0.3]}),
        (["--blend", "1"], {"blend": [1.0]}),
        (
            ["--content-mask", "cat", "--style-mask", "swirls"],
            {"content_mask": "cat", "style_mask": "swirls"},
        ),
        (["--colors", "luminance"], {"colors": "luminance"}),
        (
            ["--style-measure", "moments", "--photorealism", "3"],
            {"style_measure": "moments", "photorealism": 3.0},
        ),
        ([], {}),
    ],
    ids=" ".join,
)
def test_what_is_given_reaches_the_recipe_and_nothing_else(
    nst: Nst, monkeypatch: pytest.MonkeyPatch, given: list[str], passed_on: dict[str, Any]
) -> None:
    from nstlib import recipes

    asked: dict[str, Any] = {}

    def recipe(content: Any, style: Any, *, network: Any, progress: bool, **keywords: Any) -> None:
        asked.update(keywords)
        raise ValueError("Enough.")

    monkeypatch.setattr(recipes, "transfer_style", recipe)
    code, _, err = nst("stylize", "cat", "swirls", "-o", "out.png", *given)
    assert (code, err) == (1, "nst: Enough.\n")
    assert asked == passed_on


def test_the_options_of_the_network_reach_it(nst: Nst, monkeypatch: pytest.MonkeyPatch) -> None:
    from nstlib import networks

    asked: dict[str, Any] = {}

    @functools.wraps(networks.load_network)
    def load(**keywords: Any) -> None:
        asked.update(keywords)
        raise ValueError("Enough.")

    monkeypatch.setattr(networks, "load_network", load)
    options = ["--network", "vgg16", "--weights", "random", "--pooling", "max", "--dtype", "bfloat16"]
    assert nst("stylize", "cat", "swirls", "-o", "x.png", *options, "--seed", "3")[0] == 1
    wanted = {"name": "vgg16", "weights": "random", "pooling": "max", "dtype": "bfloat16", "seed": 3}
    assert asked == wanted


# --- stylize ------------------------------------------------------------------------------------------


def test_samples_are_stylized_and_the_result_is_told(nst: Nst, folder: Path) -> None:
    code, out, err = nst("stylize", "cat", "swirls", "-o", "out.png", "--history", "rows.csv", *QUICK)
    assert (code, err) == (0, "")
    with Image.open(folder / "out.png") as picture:
        assert max(picture.size) == 48
        first, second, third = out.splitlines()
        assert first == f"out.png: {picture.width} x {picture.height} pixels"
    with open(folder / "rows.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert max(int(row["iteration"]) for row in rows) == 3
    lowest = min(float(row["total"]) for row in rows)
    assert re.fullmatch(rf"\d+\.\d s, {len(rows)} evaluations, loss {lowest:.4g}", second)
    assert third == "Stopped: all 3 iterations done."
    assert sorted(os.listdir(folder)) == ["out.png", "rows.csv"]


def test_files_with_spaces_and_letters_beyond_ascii_are_stylized(folder: Path) -> None:
    """The whole command in a process of its own, as a user runs it."""
    (folder / "ein Foto ü.jpg").write_bytes(jpeg(pixels(40, 60)))
    pixels(50, 50).save(folder / "стиль.png")
    answer = python(
        *("-m", "nstlib.cli", "stylize", "ein Foto ü.jpg", "стиль.png", "-o", str(folder / "aus gabe é.jpg")),
        *("--iterations", "3", "--optimizer", "adam", "--learning-rate", "0.05"),
    )
    assert answer.returncode == 0, answer.stderr
    with Image.open(folder / "aus gabe é.jpg") as picture:
        assert picture.size == (60, 40), "a photograph smaller than the usual size keeps its own"
        assert picture.format == "JPEG"
    assert "aus gabe é.jpg: 60 x 40 pixels" in answer.stdout
    assert "Traceback" not in answer.stderr


def test_quiet_says_nothing(nst: Nst, folder: Path) -> None:
    assert nst("stylize", "cat", "swirls", "-o", "out.png", "--quiet", *QUICK) == (0, "", "")
    assert (folder / "out.png").is_file()


def test_the_same_seed_gives_the_same_picture(nst: Nst, folder: Path) -> None:
    for name, seed in (("a.png", "1"), ("b.png", "1"), ("c.png", "2")):
        code, _, _ = nst("stylize", "cat", "swirls", "-o", name, *QUICK, "--start", "noise", "--seed", seed)
        assert code == 0
    a, b, c = ((folder / name).read_bytes() for name in ("a.png", "b.png", "c.png"))
    assert a == b
    assert a != c


def test_overwrite_replaces_the_picture_and_the_history(nst: Nst, folder: Path) -> None:
    for name in ("out.png", "rows.csv"):
        (folder / name).write_text("old", encoding="utf-8")
    files = ["-o", "out.png", "--history", "rows.csv"]
    code, _, err = nst("stylize", "cat", "swirls", *files, *QUICK)
    assert code == 1
    assert err == "nst: out.png exists already; choose another name or pass --overwrite.\n"
    assert nst("stylize", "cat", "swirls", *files, *QUICK, "--overwrite")[0] == 0
    with Image.open(folder / "out.png") as picture:
        assert max(picture.size) == 48
    assert (folder / "rows.csv").read_text(encoding="utf-8").startswith("evaluation,")


@pytest.fixture
def mask(folder: Path) -> str:
    """A mask of `cat`, red on the left and blue on the right."""
    from nstlib import images

    height, width = images.load_image("cat", 60).shape[1:3]
    picture = Image.new("RGB", (width, height), "red")
    picture.paste(Image.new("RGB", (width // 2, height), "blue"), (width // 2, 0))
    picture.save(folder / "mask.png")
    return "mask.png"


@pytest.mark.parametrize(
    ("texts", "style"),
    [
        (["swirls"], "swirls"),
        (["swirls", "waves"], ["swirls", "waves"]),
        (["red=swirls"], {"red": "swirls"}),
        (["Red=swirls", "#804000=a=b.png"], {"red": "swirls", "#804000": "a=b.png"}),
        (["https://example.org/a.jpg?x=1"], "https://example.org/a.jpg?x=1"),
        (["./red=1.png"], "./red=1.png"),
        (["red=here.png"], "red=here.png"),
    ],
    ids=" ".join,
)
def test_styles_are_one_or_several_or_by_region(folder: Path, texts: list[str], style: Any) -> None:
    (folder / "red=here.png").write_bytes(b"a file of this name")
    assert values.styles(texts) == style


MASKED = ["red=swirls", "blue=mosaic", "--content-mask", "mask.png"]


@pytest.mark.parametrize("given", [["swirls", "mosaic", "--blend", "0.7,0.3"], MASKED], ids=" ".join)
def test_several_styles_are_painted_as_the_library_does_and_repeat_themselves(
    nst: Nst, folder: Path, mask: str, given: list[str]
) -> None:
    from nstlib import recipes

    options = [*QUICK, "--colors", "content", "--style-measure", "moments", "--photorealism", "2"]
    assert nst("stylize", "cat", *given, "-o", "a.png", *options)[::2] == (0, "")
    style = values.styles(given[:2])
    more: dict[str, Any] = {"content_mask": mask} if isinstance(style, dict) else {"blend": [0.7, 0.3]}
    library = recipes.transfer_style(
        "cat", style, size=48, iterations=3, colors="content", style_measure="moments", photorealism=2,
        progress=False, **more,
    )  # fmt: skip
    library.save("library.png")
    assert (folder / "a.png").read_bytes() == (folder / "library.png").read_bytes()
    assert nst("stylize", "cat", *given[:2], "-o", "b.png", "--settings", "a.png")[::2] == (0, "")
    assert (folder / "b.png").read_bytes() == (folder / "a.png").read_bytes()
    code, _, err = nst("stylize", "cat", "swirls", "-o", "c.png", "--settings", "a.png")
    assert code == 1 and one_line(err) and err.startswith("nst: That run ")


def test_a_mask_that_is_gone_is_asked_for_by_its_option(nst: Nst, folder: Path, mask: str) -> None:
    assert nst("stylize", "cat", *MASKED, "-o", "a.png", *QUICK)[0] == 0
    (folder / mask).rename(folder / "moved.png")
    again = ["stylize", "cat", *MASKED[:2], "-o", "b.png", "--settings", "a.png"]
    code, _, err = nst(*again)
    wanted = "nst: The content mask was mask.png, and is not there now: give it again as --content-mask ...\n"
    assert (code, err) == (1, wanted)
    assert nst(*again, "--content-mask", "moved.png")[::2] == (0, "")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["swirls", "waves", "mosaic", "--blend", "1,2"], "There are 3 styles and 2 weights in blend"),
        (["swirls", "waves", "--blend", "0,0"], "All weights in blend are 0"),
        (["swirls", "--blend", "1"], "give a list of style pictures with it"),
        (["red=swirls", "waves"], "Some styles name their region and waves does not: write REGION=waves."),
        (["red=swirls", "red=waves"], "The region red has two styles"),
        (["red=swirls"], "need a --content-mask that says where the regions are"),
        (["rde=swirls", "--content-mask", "mask.png"], "did you mean 'red'?"),
        (["swirls", "--content-mask", "mask.png"], "give --style-mask too"),
        (["red=swirls", "--content-mask", "missing.png"], "There is no file 'missing.png'"),
        (["red=swirl", "--content-mask", "mask.png"], "did you mean the sample 'swirls'?"),
        (["red=swirls", "--content-mask", "tall.png"], "The content mask has 20 x 60 pixels"),
        (["swirls", "--colors", "luminence"], "did you mean 'luminance'?"),
        (["swirls", "--style-measure", "momentum"], "did you mean 'moments'?"),
        (["swirls", "--photorealism", "-1"], "The weight of photorealism is -1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_choice_of_styles_or_masks_is_one_line(
    nst: Nst, folder: Path, mask: str, given: list[str], reason: str
) -> None:
    Image.new("RGB", (20, 60), "red").save(folder / "tall.png")
    before = sorted(os.listdir(folder))
    code, out, err = nst("stylize", "cat", *given, "-o", "out.png", *QUICK)
    assert (code, out) == (1, "") and one_line(err) and reason in err, err
    assert sorted(os.listdir(folder)) == before


def test_styles_and_masks_are_read_before_a_network_is(
    nst: Nst, mask: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib import networks

    monkeypatch.setattr(networks, "load_network", lambda **_: pytest.fail("a network was loaded"))
    assert nst("stylize", "cat", "green=swirls", "--content-mask", mask, "-o", "out.png")[0] == 1


def test_a_narrow_style_is_told_the_option_that_helps(nst: Nst, folder: Path) -> None:
    Image.new("RGB", (4000, 100), "red").save(folder / "narrow.png")
    command = ["stylize", "cat", "narrow.png", "-o", "x.png", "--size", "48", "--iterations", "1"]
    code, _, err = nst(*command)
    assert (code, err) == (
        1,
        "nst: The style picture has 4000 x 100 pixels, and 48 x 1 at --size 48, but pocket_vgg needs at "
        "least 16 on each side for block5_conv1: pass --style-size 620 or more.\n",
    )
    assert nst(*command, "--style-size", "619")[0] == 1
    assert nst(*command, "--style-size", "620")[0] == 0


def test_a_run_goes_on_from_its_checkpoint(nst: Nst, folder: Path) -> None:
    command = ["stylize", "cat", "swirls", "--size", "48", "--checkpoint", "run.npz"]
    assert nst(*command, "-o", "short.png", "--iterations", "2")[0] == 0
    code, _, err = nst(*command, "-o", "long.png", "--iterations", "4", "--history", "rows.csv")
    assert (code, err) == (0, "")
    assert nst("stylize", "cat", "swirls", "--size", "48", "--iterations", "4", "-o", "whole.png")[0] == 0
    assert (folder / "long.png").read_bytes() == (folder / "whole.png").read_bytes()
    assert nst(*command, "-o", "x.png", "--style-weight", "5", "--iterations", "4")[0] == 1
    assert not (folder / "x.png").exists()


def test_a_png_repeats_itself_to_the_byte(nst: Nst, folder: Path) -> None:
    options = ["--optimizer", "adam", "--learning-rate", "0.05", "--start", "noise", "--seed", "4"]
    options += [
        "--network",
        "vgg16",
        "--weights",
        "random",
        "--pooling",
        "max",
        "--style-layers",
        "1=0.5,3=2",
    ]
    assert nst("stylize", "cat", "swirls", "-o", "a.png", *QUICK, *options)[0] == 0
    assert nst("stylize", "cat", "swirls", "-o", "b.png", "--settings", "a.png")[::2] == (0, "")
    assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()
    assert nst("stylize", "cat", "swirls", "-o", "c.png", "--settings", "b.png", "--seed", "5")[::2] == (
        0,
        "",
    )
    assert nst("stylize", "cat", "swirls", "-o", "d.png", *QUICK, *options, "--seed", "5")[0] == 0
    c, d = ((folder / name).read_bytes() for name in ("c.png", "d.png"))
    assert c == d != (folder / "a.png").read_bytes()


def test_options_given_with_settings_replace_them(nst: Nst, folder: Path) -> None:
    assert nst("stylize", "cat", "swirls", "-o", "a.png", *QUICK, "--style-weight", "5")[0] == 0
    again = ["stylize", "cat", "swirls", "--settings", "a.png"]
    assert nst(*again, "-o", "b.png", "--size", "56", "--pooling", "max")[::2] == (0, "")
    plain = ["--size", "56", "--iterations", "3", "--style-weight", "5", "--pooling", "max"]
    assert nst("stylize", "cat", "swirls", "-o", "c.png", *plain)[0] == 0
    with Image.open(folder / "b.png") as b, Image.open(folder / "c.png") as c:
        assert np.array_equal(np.asarray(b), np.asarray(c))


def test_other_pictures_than_those_of_the_settings_are_noticed(nst: Nst, folder: Path) -> None:
    assert nst("stylize", "cat", "swirls", "-o", "a.png", *QUICK)[0] == 0
    code, _, err = nst("stylize", "astronaut", "swirls", "-o", "b.png", "--settings", "a.png")
    assert code == 0 and one_line(err)
    assert "The content picture is not the one used then (cat, 48 x " in err


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("missing.png", "There is no file 'missing.png'"),
        ("plain.png", "does not say how it was made"),
        ("texture.png", "was made by reconstruct_style: nst.repeat in Python repeats it"),
        ("cat", "does not say how it was made"),
    ],
)
def test_settings_that_are_none_are_one_line(nst: Nst, folder: Path, source: str, reason: str) -> None:
    from nstlib import recipes

    pixels().save(folder / "plain.png")
    run: dict[str, Any] = {"size": 32, "iterations": 1, "progress": False}
    recipes.reconstruct_style("swirls", **run).save(folder / "texture.png")
    code, out, err = nst("stylize", "cat", "swirls", "-o", "out.png", "--settings", source)
    assert (code, out) == (1, "") and one_line(err) and reason in err
    assert not (folder / "out.png").exists()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as at a terminal: a shell starts background jobs with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_saves_the_best_so_far_and_says_so(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib import recipes

    def stop(now: Any) -> None:
        if now.iteration == 2:
            signal.raise_signal(signal.SIGINT)

    recipe = functools.partial(recipes.transfer_style, callback=stop)
    monkeypatch.setattr(recipes, "transfer_style", recipe)
    code, out, err = nst("stylize", "cat", "swirls", "-o", "out.png", "--size", "48", "--iterations", "50")
    assert code == 130
    assert err == "nst: interrupted after 2 iterations; out.png holds the best image so far.\n"
    assert "out.png: 48 x " in out
    with Image.open(folder / "out.png") as picture:
        assert max(picture.size) == 48


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_before_there_is_a_picture_leaves_nothing(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib import networks

    def load(**keywords: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(networks, "load_network", load)
    assert nst("stylize", "cat", "swirls", "-o", "out.png") == (130, "", "nst: interrupted.\n")
    assert os.listdir(folder) == []


def test_a_warning_of_the_library_is_one_line(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--optimizer", "gradient_descent", "--learning-rate", "1e30", "--variation-weight", "1e30"]
    code, _, err = nst("stylize", "cat", "swirls", "-o", "out.png", *QUICK, *options)
    assert code == 0
    assert one_line(err)
    assert "not finite" in err


# --- bad input ----------------------------------------------------------------------------------------


def bad_pictures(folder: Path) -> None:
    whole = jpeg(pixels(200, 300))
    (folder / "folder.jpg").mkdir()
    (folder / "text.jpg").write_text("This is no picture.\n" * 20, encoding="utf-8")
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    pixels(1, 1).save(folder / "dot.png")
    pixels(7, 9).save(folder / "small.png")


@pytest.mark.parametrize(
    ("photo", "style", "reason"),
    [
        ("missing.jpg", "swirls", "There is no file 'missing.jpg'"),
        ("asronaut", "swirls", "did you mean the sample 'astronaut'?"),
        ("folder.jpg", "swirls", "is a folder"),
        ("text.jpg", "swirls", "is not a picture"),
        ("truncated.jpg", "swirls", "cannot be read as a picture"),
        ("empty.jpg", "swirls", "is empty (0 bytes)"),
        ("dot.png", "swirls", "1 x 1 pixels, but pocket_vgg needs at least"),
        ("small.png", "swirls", "9 x 7 pixels, but pocket_vgg needs at least"),
        ("ftp://example.org/a.jpg", "swirls", "only http:// and https://"),
        ("cat", "missing.jpg", "There is no file 'missing.jpg'"),
        ("cat", "swirl", "did you mean the sample 'swirls'?"),
        ("cat", "folder.jpg", "is a folder"),
        ("cat", "text.jpg", "is not a picture"),
        ("cat", "truncated.jpg", "cannot be read as a picture"),
        ("cat", "empty.jpg", "is empty (0 bytes)"),
    ],
)
def test_a_bad_picture_gets_one_line_and_leaves_nothing(
    nst: Nst, folder: Path, photo: str, style: str, reason: str
) -> None:
    bad_pictures(folder)
    before = sorted(os.listdir(folder))
    code, out, err = nst("stylize", photo, style, "-o", "out.png", "--iterations", "3")
    assert (code, out) == (1, "")
    assert one_line(err)
    assert reason in err
    assert sorted(os.listdir(folder)) == before


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--network", "vgg91"], "did you mean 'vgg19'?"),
        (["--pooling", "avarage"], "did you mean 'average'?"),
        (["--dtype", "float16"], "Unknown dtype 'float16'"),
        (["--weights", "missing.npz"], "There is no weights file missing.npz"),
        (["--content-layers", "block4_conv9"], "Unknown layer of pocket_vgg 'block4_conv9'"),
        (["--style-layers", "17"], "convolutions 1 to 16; there is no 17"),
        (["--style-layers", "1=-1"], "weights are finite and 0 or more"),
        (["--style-layers", "1=0,2=0"], "All weights of the style layers are 0"),
        (["--content-weight", "-1"], "The content weight is -1"),
        (["--style-weight", "-1"], "The style weight is -1"),
        (["--style-weight", "nan"], "The style weight is nan"),
        (["--variation-weight", "-0.5"], "The variation weight is -0.5"),
        (["--content-weight", "0", "--style-weight", "0", "--variation-weight", "0"], "every weight is 0"),
        (["--variation", "square"], "did you mean 'squared'?"),
        (["--formula", "gatis"], "did you mean 'gatys'?"),
        (["--optimizer", "adm"], "did you mean 'adam'?"),
        (["--learning-rate", "1"], "'learning_rate'"),
        (["--iterations", "0"], "whole number of 1 or more"),
        (["--iterations", "3,-3"], "whole number of 1 or more"),
        (["--iterations", "3,3,3"], "iterations"),
        (["--sizes", "singel"], "did you mean 'single'?"),
        (["--sizes", "64,32"], "must grow"),
        (["--size", "0"], "positive whole number"),
        (["--size", "-5"], "positive whole number"),
        (["--style-size", "0"], "style"),
        (["--start", "nois"], "did you mean 'noise'?"),
        (["--optimizer", "scipy", "--checkpoint", "run.npz"], "takes no checkpoint"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_option_gets_one_line_and_leaves_nothing(
    nst: Nst, folder: Path, options: list[str], reason: str
) -> None:
    code, out, err = nst("stylize", "cat", "swirls", "-o", "out.png", *QUICK, *options)
    assert (code, out) == (1, "")
    assert one_line(err)
    assert reason in err
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (["-o", "out.xyz"], "the name ends in '.xyz'"),
        (["-o", "out"], "the name has no suffix"),
        (["-o", "nowhere/out.png"], "there is no folder nowhere"),
        (["-o", "old.png/out.png"], "is a file, not a folder"),
        (["-o", "old.png"], "exists already"),
        (["-o", "folder.png"], "it is a folder"),
        (["-o", "out.png", "--history", "old.png"], "exists already"),
        (["-o", "out.png", "--history", "nowhere/rows.csv"], "there is no folder nowhere"),
        (["-o", "out.png", "--checkpoint", "nowhere/run.npz"], "there is no folder nowhere"),
        (["-o", "out.png", "--checkpoint", "folder.png"], "it is a folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_done(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], reason: str
) -> None:
    def load(*arguments: Any, **keywords: Any) -> None:
        pytest.fail("a picture was looked at")

    from nstlib import images

    monkeypatch.setattr(images, "load_image", load)
    monkeypatch.setattr(images, "check_input", load)
    (folder / "old.png").write_bytes(b"old")
    (folder / "folder.png").mkdir()
    code, out, err = nst("stylize", "cat", "swirls", *files)
    assert (code, out) == (1, "")
    assert one_line(err)
    assert reason in err
    assert sorted(os.listdir(folder)) == ["folder.png", "old.png"]
    assert (folder / "old.png").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (["-o", "a.png", "--history", "a.png"], "OUT and --history are one file, a.png"),
        (["-o", "a.png", "--history", "./a.png"], "OUT and --history are one file"),
        (["-o", "a.png", "--history", "A.png"], "OUT and --history are one file"),
        (["-o", "a.png", "--checkpoint", "a.png"], "OUT and --checkpoint are one file"),
        (["-o", "a.png", "--history", "b", "--checkpoint", "b"], "--history and --checkpoint are one file"),
        (["-o", "photo.png"], "PHOTO and OUT are one file"),
        (["-o", "link.png"], "PHOTO and OUT are one file"),
        (["-o", "hard.png"], "PHOTO and OUT are one file"),
        (["-o", "style.png"], "STYLE and OUT are one file"),
        (["-o", "a.png", "--history", "style.png"], "STYLE and --history are one file"),
        (["-o", "a.png", "--checkpoint", "photo.png"], "PHOTO and --checkpoint are one file"),
        (["-o", "begin.png", "--start", "begin.png"], "--start and OUT are one file"),
        (["-o", "begin.png", "--settings", "begin.png"], "--settings and OUT are one file"),
        (["-o", "begin.png", "--weights", "begin.png"], "--weights and OUT are one file"),
        (["-o", "begin.png", "--content-mask", "begin.png"], "--content-mask and OUT are one file"),
        (["-o", "begin.png", "--style-mask", "begin.png"], "--style-mask and OUT are one file"),
        (["begin.png", "-o", "begin.png"], "STYLE 2 and OUT are one file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_two_files_that_are_one_are_refused_before_anything_is_done(
    nst: Nst, folder: Path, files: list[str], reason: str
) -> None:
    for name in ("photo.png", "style.png", "begin.png"):
        pixels().save(folder / name)
    (folder / "link.png").symlink_to("photo.png")
    os.link(folder / "photo.png", folder / "hard.png")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    code, out, err = nst("stylize", "photo.png", "style.png", *files, "--overwrite")
    assert (code, out) == (1, "") and one_line(err) and reason in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_name_of_a_sample_is_no_file_that_could_be_written_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    line = [
        "stylize",
        "cat",
        "swirls",
        "-o",
        "a.png",
        "--history",
        "cat",
        "--checkpoint",
        "noise",
        "--start",
        "noise",
    ]
    arguments = make_parser().parse_args(line)
    stylize.check_files(arguments)
    assert arguments.history == Path("cat") and arguments.checkpoint == Path("noise")


def test_a_disk_that_fills_up_costs_neither_the_picture_nor_the_exit_code(
    nst: Nst, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, write = tmp_path / "home", Path.write_bytes
    home.mkdir()

    def full(path: Path, content: bytes) -> int:
        if path.resolve().parent == folder:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(Path, "write_bytes", full)
    code, out, err = nst("stylize", "cat", "swirls", "-o", "out.png", *QUICK)
    assert code == 1 and one_line(err)
    assert "No space left on device" in err and f"The picture is in {home / 'out-2.png'} instead." in err
    assert out.startswith(f"{home / 'out-2.png'}: 48 x ") and os.listdir(folder) == []
    with Image.open(home / "out-2.png") as picture:
        assert max(picture.size) == 48


def test_a_history_that_cannot_be_written_costs_no_picture(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib.optimizers import History

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("Cannot write rows.csv: the disk is full.")

    monkeypatch.setattr(History, "save", fail)
    code, _, err = nst("stylize", "cat", "swirls", "-o", "out.png", "--history", "rows.csv", *QUICK)
    assert code == 1 and one_line(err)
    assert err == "nst: Cannot write rows.csv: the disk is full. The picture is in out.png.\n"
    assert os.listdir(folder) == ["out.png"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(nst: Nst, folder: Path) -> None:
    locked = folder / "locked"
    locked.mkdir(mode=0o500)
    code, _, err = nst("stylize", "cat", "swirls", "-o", "locked/out.png")
    assert code == 1
    assert one_line(err)
    assert os.listdir(locked) == []


@pytest.mark.parametrize(
    "arguments", [["cat", "swirls", "-o", "nowhere/out.png"], ["nobody.jpg", "swirls", "-o", "out.png"]]
)
def test_files_are_checked_before_keras_starts(folder: Path, arguments: list[str]) -> None:
    program = "import sys; from nstlib.cli import main; print(main(sys.argv[1:]), *sys.modules)"
    answer = python("-c", program, "stylize", *arguments)
    code, *loaded = answer.stdout.split()
    assert code == "1"
    assert "nstlib.images" in loaded
    assert not set(loaded) & HEAVY


@pytest.mark.parametrize("backend", ["tensorflw", "torch"])
def test_a_backend_that_is_not_there_is_one_line(folder: Path, backend: str) -> None:
    if importlib.util.find_spec(backend) is not None:
        pytest.skip(f"{backend} is installed")
    answer = python("-m", "nstlib.cli", "info", KERAS_BACKEND=backend)
    assert answer.returncode == 1
    assert one_line(answer.stderr)
    assert f"with the backend {backend!r}" in answer.stderr


def test_an_error_of_several_lines_becomes_one_and_names_options(
    nst: Nst, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib import samples

    def table() -> None:
        raise OSError("It failed:\n  the disk; pass overwrite=True or, for instance, style_size=64.")

    monkeypatch.setattr(samples, "table", table)
    wanted = "nst: It failed: the disk; pass --overwrite or, for instance, --style-size 64.\n"
    assert nst("samples") == (1, "", wanted)


class Strange(Exception):
    """Of a kind that nobody foresaw."""


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            Strange("it broke\nin many\nlines"),
            "nobody foresaw (Strange: it broke); NST_TRACEBACK=1 shows where.",
        ),
        (KeyError("x"), "nobody foresaw (KeyError: 'x'); NST_TRACEBACK=1 shows where."),
        (AssertionError(), "nobody foresaw (AssertionError: ); NST_TRACEBACK=1 shows where."),
        (ValueError(), "nobody foresaw (ValueError: ); NST_TRACEBACK=1 shows where."),
        (
            RecursionError("too deep"),
            "nobody foresaw (RecursionError: too deep); NST_TRACEBACK=1 shows where.",
        ),
        (MemoryError(), "nst: There is not enough memory for this."),
        (MemoryError("Choose size=64 or less."), "nst: Choose --size 64 or less."),
        (RuntimeError("CUDA error: out of memory"), "nst: There is not enough memory for this."),
        (
            OSError(errno.EACCES, "Permission denied", "there/x"),
            "nst: Cannot use there/x: Permission denied.",
        ),
        (OSError(errno.ENAMETOOLONG, "Too long", f"{300 * 'x'}/y"), "xxx/y: Too long."),
        (OSError(errno.EXDEV, "Elsewhere", "old", None, "new"), "Elsewhere: 'old' -> 'new'"),
    ],
    ids=repr,
)
def test_an_error_of_any_kind_is_one_line(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    from nstlib import networks

    def load(**_: Any) -> None:
        raise error

    monkeypatch.setattr(networks, "load_network", load)
    monkeypatch.delenv("NST_TRACEBACK", raising=False)
    code, out, err = nst("stylize", "cat", "swirls", "-o", "out.png")
    assert (code, out) == (1, "") and one_line(err) and says in err
    monkeypatch.setenv("NST_TRACEBACK", "1")
    _, _, err = nst("stylize", "cat", "swirls", "-o", "out.png")
    assert err.startswith("Traceback (most recent call last)") and says in err.splitlines()[-1]


def test_a_file_where_a_folder_has_to_be_is_named(nst: Nst, folder: Path) -> None:
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    code, out, err = nst("lessons", "--blank", "notes.txt/x")
    assert (code, out) == (1, "") and one_line(err) and "notes.txt is a file, not a folder" in err
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_memory_that_runs_out_midway_leaves_the_size_that_was_finished(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib.recipes.look import Look

    def small(look: Look, net: Any, here: np.ndarray, *rest: Any) -> Any:
        if max(here.shape) > 32:
            raise MemoryError
        return original(look, net, here, *rest)

    original = Look.content_terms
    monkeypatch.setattr(Look, "content_terms", small)
    code, out, err = nst("stylize", "cat", "swirls", "-o", "out.png", *QUICK, "--sizes", "32,48")
    assert code == 1 and one_line(err) and out.startswith("out.png: 32 x ")
    assert "not enough memory for 48 pixels: the best image so far, of 32 pixels, is returned" in err


def test_a_device_that_is_not_there_is_one_line(folder: Path) -> None:
    pytest.importorskip("jax")
    asked = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "rocket"}
    for command in (["info"], ["stylize", "cat", "swirls", "-o", "out.png"]):
        answer = python("-m", "nstlib.cli", *command, **asked)
        assert answer.returncode == 1 and one_line(answer.stderr)
        assert answer.stderr.startswith("nst: jax finds no device to compute on (")
        assert answer.stderr.endswith("unset JAX_PLATFORMS.\n")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.skipif(sys.platform != "linux", reason="needs setpriv")
def test_a_user_without_a_home_can_paint(folder: Path) -> None:
    """Nobody knows the user's number, as in a container; nothing called ~ is left behind."""
    here = Path(tempfile.mkdtemp())  # tmp_path lies below a folder that others may not enter
    here.chmod(0o777)
    command = ["setpriv", "--reuid", "54321", "--clear-groups", sys.executable, "-m", "nstlib.cli"]
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "KERAS_HOME")}
    environment |= {"PYTHONPATH": str(Path(cli.__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for arguments in (["info"], ["stylize", "cat", "swirls", "-o", "out.png", *QUICK]):
            answer = subprocess.run(
                [*command, *arguments], cwd=here, env=environment, capture_output=True, text=True
            )
            if "Permission denied" in answer.stderr and not arguments[1:]:
                pytest.skip("this checkout lies in a folder that others may not enter")
            assert (answer.returncode, answer.stderr) == (0, "")
        assert os.listdir(here) == ["out.png"]
    finally:
        shutil.rmtree(here)


@pytest.mark.parametrize(
    "arguments",
    [
        ["studio", "--port", "80000"],
        ["studio", "--port", "-1"],
        ["studio", "--port", "web"],
        ["lab", "--port", "80000"],
        ["lab", "--no-browser", "--port=65536"],
        ["lab", "--ServerApp.port=80000"],
        ["mark", "grading", "--port", "80000"],
    ],
    ids=" ".join,
)
def test_a_port_that_is_none_is_refused(
    nst: Nst, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    for module in (lab, grading):
        monkeypatch.setattr(module, "become", lambda command: pytest.fail("a server was started"))
    code, out, err = nst(*arguments)
    assert (code, out) == (2, "")
    assert "argument --port: " in err.splitlines()[-1]


# --- the other commands -------------------------------------------------------------------------------


def test_info_tells_the_machine_and_the_folders(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib import backend

    monkeypatch.setenv("NSTLIB_CACHE", str(folder / "paintings"))
    monkeypatch.setenv("KERAS_HOME", str(folder / "keras"))
    monkeypatch.setenv("NSTLIB_STUDIO", str(folder / "results"))
    code, out, err = nst("info")
    assert (code, err) == (0, "")
    rows = dict(re.split(r":\s+", line, maxsplit=1) for line in out.splitlines())
    assert rows.items() >= backend.machine().items()
    assert rows["nstlib"] == nstlib.__version__
    assert Path(rows["embedded network"]).name == "pocket_vgg.npz"
    assert Path(rows["paintings are kept in"]) == folder / "paintings"
    assert Path(rows["the Studio's results are kept in"]) == folder / "results"
    assert rows["films"].startswith("PyAV ")
    assert Path(rows["other networks are kept in"]) == folder / "keras" / "models"


def test_info_says_that_the_embedded_network_is_missing(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib.networks import plans

    monkeypatch.setattr(plans, "WEIGHTS_FOLDER", folder)
    assert "missing: there is no" in nst("info")[1]


def cells(line: str) -> list[str]:
    return re.split(r" {2,}", line)


def test_networks_are_listed_with_their_weights_and_layers(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib import networks

    monkeypatch.setenv("KERAS_HOME", str(folder))
    (folder / "models").mkdir()
    (folder / "models" / networks.PLANS["vgg19"].weights_file).write_bytes(b"weights")
    code, out, err = nst("networks")
    assert (code, err) == (0, "")
    first, second = (part.splitlines() for part in out.split("\n\n"))
    rows = {cells(line)[0]: cells(line)[1:] for line in first}
    assert list(rows) == ["name", *networks.names()]
    assert rows["pocket_vgg"] == ["21", "16 px", "in the package", "no download", "yes"]
    assert rows["vgg19"] == ["21", "16 px", "ImageNet, by Keras", "MD5, by Keras", "yes"]
    assert rows["vgg16"] == ["18", "16 px", "ImageNet, by Keras", "MD5, by Keras", "no"]
    assert rows["mobilenet_v2"][3] == "none known"
    assert rows["vgg16_edges"][:-1] == ["18", "16 px", "ImageNet, then edges on BSDS500, by pip", "SHA-256"]
    layers = {cells(line)[0]: cells(line)[1:] for line in second}
    assert layers["resnet50"][0] == "conv4_block2_out"
    assert layers["vgg16"][1].split() == [f"block{b}_conv1" for b in range(1, 6)]


@pytest.mark.parametrize(
    "name", ["vgg16", "vgg19", "vgg16_edges", "pocket_vgg", "resnet50", "inception_v3", "mobilenet_v2"]
)
def test_the_listed_numbers_are_those_of_the_network(name: str) -> None:
    from nstlib import networks

    (row,) = (row for row in networks.table() if row["name"] == name)
    net = networks.load_network(name, weights="random")
    assert row["layers"] == str(len(net.layers))
    used = [*row["content layers"].split(), *row["style layers"].split()]
    assert row["smallest side"] == f"{net.minimum_size(used)} px"


def test_samples_are_listed_with_their_licences(nst: Nst) -> None:
    from nstlib import samples

    code, out, err = nst("samples")
    assert (code, err) == (0, "")
    header, *lines = out.splitlines()
    assert cells(header) == ["name", "kind", "where", "licence"]
    rows = [[row["name"], row["kind"], row["where"], row["licence"]] for row in samples.table()]
    assert [cells(line) for line in lines] == rows


# --- lab ----------------------------------------------------------------------------------------------


@pytest.fixture
def course(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the course with one lesson, in which `nst lab` believes to be."""
    (folder / "notebooks").mkdir()
    for name in ("00_first.ipynb", "01_second.ipynb"):
        (folder / "notebooks" / name).write_text("{}", encoding="utf-8")
    monkeypatch.setattr(lab, "COURSE", folder)
    return folder


def test_lab_opens_the_first_lesson_and_passes_the_rest_on(
    nst: Nst, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    class Process:
        """What subprocess.Popen gives, for Windows."""

        def __init__(self, command: list[str]) -> None:
            started.append(command)

        def wait(self) -> int:
            return 0

    def execv(file: str, command: list[str]) -> int:
        started.append(command)
        return 0

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(os, "execv", execv)
    handler = signal.getsignal(signal.SIGINT)
    try:
        nst("lab", "--no-browser", "--port", "8890", "notebooks/01_second.ipynb")
    finally:
        signal.signal(signal.SIGINT, handler)
    python_itself, *command = started[0]
    assert python_itself == sys.executable
    assert command[:2] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={course}" in command
    assert "--LabApp.default_url=/lab/tree/notebooks/00_first.ipynb" in command
    assert command[-4:] == ["--no-browser", "--port", "8890", "notebooks/01_second.ipynb"]


def test_lab_asks_nothing_of_the_network(course: Path) -> None:
    pytest.importorskip("jupyterlab")
    command = lab.lab_command()
    assert "--LabApp.news_url=None" in command
    (check,) = (item for item in command if "check_for_updates_class" in item)
    module, _, name = check.partition("=")[2].rpartition(".")
    assert hasattr(sys.modules.get(module) or __import__(module), name)


def test_lab_without_lessons_says_where_they_are(
    nst: Nst, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "COURSE", folder)
    code, out, err = nst("lab")
    assert (code, out) == (1, "")
    assert one_line(err)
    assert "There are no lessons" in err


def test_lab_without_jupyterlab_says_what_to_run(
    nst: Nst, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, out, err = nst("lab")
    assert (code, out) == (1, "")
    assert one_line(err)
    assert "python3 run.py lab" in err


@pytest.mark.parametrize("command", ["grade", "return"])
def test_the_help_names_the_teachers_guide(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    (guide,) = re.findall(r"(\S+\.md) is the teacher's guide", said)
    text = (Path(__file__).resolve().parent.parent / guide).read_text(encoding="utf-8")
    assert "# Grading a class" in text
