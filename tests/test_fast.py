"""One pass as people use it: `nst stylize --fast`, whole folders, and pictures that repeat themselves."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import nstlib as nst
from nstlib import backend, cli, feedforward, images, making, memory
from nstlib.cli import fast, stylize
from nstlib.feedforward import OnePass, folder, once, painter
from nstlib.feedforward.folder import in_order_of_shape, photos_in, targets

Run = Callable[..., tuple[int, str, str]]
GB = 10**9
SMALL = ["--size", "48", "--style-size", "64"]  # compiled once for all tests


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the commands run in; its name has spaces and letters beyond ASCII."""
    made = tmp_path / "Größe, déjà vu"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def run(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `nst stylize` in this process; returns its exit code, stdout and stderr."""

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(["stylize", *arguments])
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def photos(here: Path) -> Path:
    """A folder with three photographs of one shape, a file that is none, and a folder in it."""
    inside = here / "photos"
    (inside / "deeper").mkdir(parents=True)
    for seed, name in enumerate(["a.jpg", "b.png", "c ü.webp", "deeper/d.png", ".hidden.png"]):
        pixels(32, 48, seed).save(inside / name)
    (inside / "notes.txt").write_text("No picture.", encoding="utf-8")
    return inside


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as at a terminal: a shell starts background jobs with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pixels(height: int, width: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def one_line(err: str) -> bool:
    return err.startswith("nst: ") and err.count("\n") == 1 and len(err) < 1500


def files(where: Path) -> list[str]:
    return sorted(os.listdir(where))


def machine(monkeypatch: pytest.MonkeyPatch, free: float, total: float) -> None:
    """A machine with so much memory in bytes, and no GPU."""
    monkeypatch.setattr(memory.hardware, "free_memory", lambda: free)
    monkeypatch.setattr(memory.hardware, "memory", lambda swap: total)
    monkeypatch.setattr(backend, "devices", list)


# --- a picture that repeats itself --------------------------------------------------------------------


def test_a_result_holds_what_paint_once_paints_and_repeats_to_the_bit(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"strength": 0.6, "size": 48, "style_size": 64, "colors": "luminance"}
    result = OnePass("swirls", **chosen).result("cat")
    assert np.array_equal(result.image, nst.paint_once("cat", "swirls", **chosen))
    assert len(result.history) == 0 and result.seconds > 0
    result.save(tmp_path / "a.png")
    assert making.read(tmp_path / "a.png") == result.making
    again = nst.repeat(tmp_path / "a.png")
    assert np.array_equal(again.image, result.image)
    assert again.making == result.making


def test_the_record_names_pictures_settings_and_weights() -> None:
    mixed = OnePass(["swirls", "mosaic"], blend=[3, 1], size=48, style_size=64).result("cat")
    how = mixed.making
    assert how is not None and how.recipe == "paint_once" and how.usual == ()
    assert {name: picture.name for name, picture in how.pictures.items()} == {
        "content": "cat",
        "style/0": "swirls",
        "style/1": "mosaic",
    }
    assert how.settings["blend"] == [3.0, 1.0] and how.settings["strength"] == 1.0
    assert set(how.settings) == set(OnePass.__dataclass_fields__) - {"style"}
    assert how.weights == nst.load_painter().checksum == nst.load_painter("bfloat16").checksum
    assert np.array_equal(nst.repeat(mixed).image, mixed.image)


def test_what_changes_is_told_and_the_rest_stays() -> None:
    result = OnePass("swirls", size=48, style_size=64, strength=0.7).result("cat")
    wanted = nst.paint_once("cat", "swirls", size=56, style_size=64, strength=0.7)
    assert np.array_equal(nst.repeat(result, size=56).image, wanted)
    with pytest.raises(ValueError, match=r"Unknown option of paint_once 'iterations'"):
        nst.repeat(result, iterations=3)
    assert result.making is not None
    with pytest.warns(RuntimeWarning, match="The weights of the one-pass network are not those"):
        nst.repeat(replace(result.making, weights=1), "cat", "swirls")
    with pytest.warns(RuntimeWarning, match="The style picture is not the one used then"):
        nst.repeat(result, style="mosaic")


def test_a_mask_that_is_a_file_is_read_again(here: Path) -> None:
    red_and_blue(*images.load_image("cat", 48).shape[1:3]).save(here / "mask.png")
    one = OnePass({"red": "swirls", "blue": "mosaic"}, content_mask="mask.png", size=48, style_size=64)
    result = one.result("cat")
    result.save("a.png")
    assert np.array_equal(nst.repeat("a.png").image, result.image)
    (here / "mask.png").unlink()
    with pytest.raises(ValueError, match="The content mask was mask.png, and is not there now"):
        nst.repeat("a.png")


def red_and_blue(height: int, width: int) -> Image.Image:
    """A mask, red on the left and blue on the right."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (width // 2, 0, width, height))
    return picture


def test_a_mask_of_other_proportions_is_refused(here: Path) -> None:
    red_and_blue(40, 40).save(here / "mask.png")
    with pytest.raises(ValueError, match="give a mask of the same proportions"):
        nst.paint_once("cat", {"red": "swirls"}, content_mask="mask.png", size=48, style_size=64)


def test_a_style_is_read_once_for_many_photographs(
    noise: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    statistics, loader = painter.style_statistics, once.read_styles

    def counting(network: Any, picture: np.ndarray, where: Any) -> np.ndarray:
        read.append("code")
        return statistics(network, picture, where)

    monkeypatch.setattr(painter, "style_statistics", counting)
    monkeypatch.setattr(once, "read_styles", lambda *a: read.append("file") or loader(*a))
    one = OnePass(noise(40, 56, 9), style_size=64)  # a style that no other test has
    paintings = [one.paint(noise(32, 48, seed)) for seed in range(3)]
    assert sorted(read) == ["code", "file"]
    assert not np.array_equal(paintings[0], paintings[1])


def test_codes_that_are_kept_are_those_of_their_pictures(noise: Callable[..., np.ndarray]) -> None:
    shared, first, second = nst.load_painter(), noise(40, 40, 1), noise(40, 40, 2)
    half = np.zeros((40, 40), "float32")
    half[:, :20] = 1
    codes = [shared.code(first), shared.code(second), shared.code(first, half), shared.code(first)]
    assert codes[0] is codes[3]
    for other in codes[1:3]:
        assert not np.array_equal(codes[0].vector, other.vector)
    for seed in range(painter.MOST_CODES):
        shared.code(noise(16, 16, 100 + seed))
    assert shared.code(first) is not codes[0], "the store is bounded"


# --- bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strength", [float("nan"), float("inf"), -0.1, 1.1, "much", None])
def test_a_strength_that_is_none_is_refused(strength: Any) -> None:
    with pytest.raises(ValueError, match=r"^strength is .*; give a number from 0 .* to 1 \(the style\)\.$"):
        nst.paint_once("cat", "swirls", strength=strength)


@pytest.mark.parametrize("size", [0, -5, 1.5, "64", True])
def test_a_size_that_is_none_is_refused_before_any_photograph(size: Any) -> None:
    with pytest.raises(ValueError, match="^size is .*; give a whole number of 1 or more"):
        OnePass("swirls", size=size)


def test_what_is_no_photograph_is_refused_in_a_sentence() -> None:
    with pytest.raises(TypeError, match="^photo has dtype"):
        OnePass("swirls", style_size=64).paint("cat")  # type: ignore[arg-type]


@pytest.mark.parametrize("colors", ["style", "recolored", "content", "luminance"])
def test_a_style_or_photograph_of_one_colour_gives_numbers(
    noise: Callable[..., np.ndarray], colors: Any
) -> None:
    flat = np.full((1, 40, 40, 3), (0.2, 0.5, 0.8), "float32")
    for photo, style in ((noise(32, 48), flat), (flat, noise(32, 48)), (flat, flat)):
        for strength in (0.5, 1.0):
            out = nst.paint_once(photo, style, strength=strength, style_size=64, colors=colors)
            assert out.shape == photo.shape and np.isfinite(out).all() and 0 <= out.min() <= out.max() <= 1


def test_the_painting_of_a_style_of_one_colour_has_that_colour(noise: Callable[..., np.ndarray]) -> None:
    flat = np.full((1, 40, 40, 3), (0.2, 0.5, 0.8), "float32")
    out = nst.paint_once(noise(32, 48), flat, style_size=64)
    assert np.abs(out - (0.2, 0.5, 0.8)).max() < 1e-3


def test_small_photographs_and_narrow_styles_are_refused_in_a_sentence(
    noise: Callable[..., np.ndarray],
) -> None:
    assert nst.paint_once(noise(16, 40), "swirls", strength=0.5, style_size=64).shape == (1, 16, 40, 3)
    with pytest.raises(ValueError, match="40 x 15 pixels; one pass needs 16 or more on each side"):
        nst.paint_once(noise(15, 40), "swirls", style_size=64)
    with pytest.raises(ValueError, match="512 x 4 pixels; one pass needs 16 .* choose size=") as refusal:
        nst.paint_once(noise(7, 1000), "swirls", style_size=64)
    enough = int(re.findall(r" size=(\d+)", str(refusal.value))[0])
    assert nst.paint_once(noise(7, 1000), "swirls", style_size=64, size=enough).shape[1] == 16
    with pytest.raises(
        ValueError, match="seen at 64 x 7 pixels and needs 8 .* choose style_size="
    ) as refusal:
        nst.paint_once(noise(16, 40), noise(8, 72), style_size=64)
    enough = int(re.findall(r"style_size=(\d+)", str(refusal.value))[0])
    nst.paint_once(noise(16, 40), noise(8, 72), style_size=enough)
    with pytest.raises(ValueError, match="choose style_size="):
        nst.paint_once(noise(16, 40), noise(8, 72), style_size=enough - 1)


def test_a_photograph_beyond_the_machine_is_refused_with_the_size_that_fits(
    noise: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, photo = OnePass("swirls", style_size=64), noise(96, 128)
    needed = once.estimate((96, 128), "float32")
    machine(monkeypatch, needed / 2, needed / 3)
    with pytest.raises(
        MemoryError, match=r"^At 128 pixels one pass takes about .* choose size=(\d+) or less"
    ):
        one.paint(photo)
    machine(monkeypatch, needed / 2, needed)
    with pytest.warns(RuntimeWarning, match=r"What fits is size=(\d+) or less") as told:
        one.paint(photo)
    fits = int(re.findall(r"size=(\d+)", str(told[0].message))[0])
    assert once.estimate((96 * fits // 128, fits), "float32") <= needed / 2
    machine(monkeypatch, 10e6, 20e6)
    with pytest.warns(RuntimeWarning, match=r"reading a style takes about .* What fits is style_size="):
        OnePass("swirls", style_size=256).paint(noise(32, 48))
    machine(monkeypatch, 10e6, 10e6)
    with pytest.raises(MemoryError, match=r"reading a style takes about .* choose style_size=\d+ or less"):
        OnePass("swirls", style_size=256).prepare()


PEAK = """
import sys
import numpy as np
import nstlib as nst
from nstlib.feedforward import once

def peak(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024

one = once.OnePass("swirls", style_size=64, dtype=sys.argv[1])
one.prepare()
photo = np.random.default_rng(0).random((1, 640, 640, 3), dtype="float32")
one.paint(photo[:, :64, :64])
before = peak("VmRSS")
one.paint(photo)
print(once.estimate((640, 640), sys.argv[1]), peak("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux' table of memory")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_estimate_is_near_what_a_pass_really_takes(dtype: str) -> None:
    """The backends differ, and so do their versions: a factor of two is what the limits allow for."""
    answer = subprocess.run(
        [sys.executable, "-c", PEAK, dtype],
        env=dict(os.environ, PYTHONPATH=str(Path(nst.__file__).parent.parent), CUDA_VISIBLE_DEVICES="-1"),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    estimated, measured = map(float, answer.stdout.split())
    assert 0.5 < estimated / measured < 2, f"{estimated / 2**20:.0f} for {measured / 2**20:.0f} MiB"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda file: file.unlink(), "are missing: install the package again"),
        (lambda file: file.write_bytes(file.read_bytes()[:5000]), "is damaged or of another version"),
        (lambda file: file.write_bytes(b"version 2"), "is damaged or of another version"),
    ],
)
def test_weights_that_are_not_ours_are_one_sentence(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], Any], reason: str
) -> None:
    file = here / painter.WEIGHTS_FILE
    file.write_bytes((painter.WEIGHTS_FOLDER / painter.WEIGHTS_FILE).read_bytes())
    change(file)
    monkeypatch.setattr(painter, "WEIGHTS_FOLDER", here)
    monkeypatch.setattr(painter, "_kept", type(painter._kept)(1))
    code, out, err = run("--fast", "cat", "swirls", "-o", "out.png")
    assert (code, out) == (1, "") and one_line(err) and reason in err
    assert not (here / "out.png").exists()


# --- nst stylize --fast -------------------------------------------------------------------------------


def test_the_command_paints_what_the_library_does_and_tells_it(run: Run, here: Path) -> None:
    code, out, err = run("--fast", "cat", "swirls", "-o", "out.png", "--strength", "0.8", *SMALL)
    assert (code, err) == (0, "")
    wanted = nst.paint_once("cat", "swirls", strength=0.8, size=48, style_size=64)
    with Image.open(here / "out.png") as picture:
        assert np.array_equal(np.asarray(picture), images.to_uint8(wanted))
        first, second = out.splitlines()
        assert first == f"out.png: {picture.width} x {picture.height} pixels"
    assert re.fullmatch(r"\d+\.\d s", second)
    assert files(here) == ["out.png"]
    assert run("--fast", "cat", "swirls", "-o", "b.png", "--quiet", *SMALL) == (0, "", "")


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ([], {}),
        (["--strength", "0.5", "--colors", "content"], {"strength": 0.5, "colors": "content"}),
        (["--size", "64", "--style-size", "32"], {"size": 64, "style_size": 32}),
        (["--dtype", "bfloat16"], {"dtype": "bfloat16"}),
        (
            ["--content-mask", "cat", "--style-mask", "swirls"],
            {"content_mask": "cat", "style_mask": "swirls"},
        ),
    ],
    ids=" ".join,
)
def test_what_is_given_reaches_one_pass_and_nothing_else(
    run: Run, monkeypatch: pytest.MonkeyPatch, given: list[str], passed_on: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {}

    def one(style: Any, **keywords: Any) -> None:
        asked.update(keywords)
        raise ValueError("Enough.")

    monkeypatch.setattr(feedforward, "OnePass", one)
    assert run("--fast", "cat", "swirls", "-o", "out.png", *given) == (1, "", "nst: Enough.\n")
    assert asked == passed_on


def test_styles_are_mixed_and_put_into_regions_as_the_library_does(run: Run, here: Path) -> None:
    red_and_blue(*images.load_image("cat", 48).shape[1:3]).save(here / "mask.png")
    assert run("--fast", "cat", "swirls", "mosaic", "--blend", "3,1", "-o", "a.png", *SMALL)[0] == 0
    regions = ["red=swirls", "blue=mosaic", "--content-mask", "mask.png"]
    assert run("--fast", "cat", *regions, "-o", "b.png", *SMALL)[0] == 0
    keywords: dict[str, Any] = {"size": 48, "style_size": 64}
    mixed = nst.paint_once("cat", ["swirls", "mosaic"], blend=[3, 1], **keywords)
    parts = nst.paint_once("cat", {"red": "swirls", "blue": "mosaic"}, content_mask="mask.png", **keywords)
    for name, wanted in (("a.png", mixed), ("b.png", parts)):
        with Image.open(here / name) as picture:
            assert np.array_equal(np.asarray(picture), images.to_uint8(wanted))


def test_the_help_states_the_defaults_of_the_library(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["stylize", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert re.search(rf"--strength X [^-]*\(default: {OnePass('cat').strength}\)", text)
    assert f"in one pass {OnePass('cat').seen_at})" in text
    assert set(fast.FAST) | set(fast.SHARED) | {"style"} == set(OnePass.__dataclass_fields__)


OTHERS = {*stylize.NETWORK, *stylize.RECIPE, *stylize.RUN} - set(fast.SHARED)
VALUES = {"iterations": "3", "seed": "1", "tile": "256", "content_layers": "1", "style_layers": "1"}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_an_option_that_one_pass_has_not_is_refused_by_name(run: Run, here: Path, name: str) -> None:
    flag = f"--{name.replace('_', '-')}"
    kind = {**stylize.NETWORK, **stylize.RECIPE, **stylize.RUN}[name][0]
    value = VALUES.get(name, "1" if kind is float else "single")
    code, out, err = run("--fast", "cat", "swirls", "-o", "out.png", flag, value)
    assert (code, out) == (1, "") and one_line(err)
    assert f"One pass has no {flag}: leave out" in err
    assert files(here) == []


def test_all_that_one_pass_has_not_is_named(run: Run) -> None:
    options = ["--iterations", "3", "--network", "vgg19", "--history", "rows.csv"]
    err = run("--fast", "cat", "swirls", "-o", "out.png", *options)[2]
    assert one_line(err)
    assert {"--iterations", "--network", "--history"} <= set(re.findall(r"--\w+", err))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["cat", "swirls", "-o", "out.png", "--strength", "0.5"], "--strength is for one pass: add --fast"),
        (["--fast", "cat", "swirls", "-o", "out.png", "--strength", "1.5"], "strength is 1.5; give a number"),
        (["--fast", "cat", "swirls", "-o", "out.png", "--strength", "nan"], "strength is nan; give a number"),
        (["--fast", "cat", "swirls", "-o", "out.png", "--style-size", "0"], "style_size is 0"),
        (["--fast", "cat", "swirls", "-o", "out.png", "--colors", "contant"], "did you mean 'content'?"),
        (["--fast", "cat", "swirls", "-o", "out.png", "--dtype", "float16"], "did you mean 'bfloat16'?"),
        (["--fast", "cat", "swirls", "-o", "out"], "the name has no suffix"),
        (["--fast", "cat", "swirl", "-o", "out.png"], "did you mean the sample 'swirls'?"),
        (["photos", "swirls", "-o", "painted"], "photos is a folder: add --fast to paint all its pictures"),
        (["--fast", "photos", "swirls", "-o", "photos"], "give the paintings a folder of their own"),
        (["--fast", "photos", "swirls", "-o", "out.png"], "-o names a folder as well"),
        (["--fast", "photos", "swirls", "-o", "photos/notes.txt"], "notes.txt is a file"),
        (["--fast", "photos", "swirls", "-o", "nowhere/painted"], "there is no folder nowhere"),
        (["--fast", "photos/deeper", "photos", "-o", "painted"], "is a folder; give a picture inside it"),
        (["--fast", "empty", "swirls", "-o", "painted"], "There is no picture in empty"),
        (
            ["--fast", "photos", "swirls", "-o", "painted", "--iterations", "3"],
            "One pass has no --iterations",
        ),
        (["--fast", "photos", "photos/notes.txt", "-o", "painted"], "is not a picture"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("photos")
def test_a_bad_command_is_one_line_and_leaves_nothing(
    run: Run, here: Path, arguments: list[str], reason: str
) -> None:
    (here / "empty").mkdir()
    code, out, err = run(*arguments)
    assert (code, out) == (1, "") and one_line(err) and reason in err
    assert files(here) == ["empty", "photos"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fast", "cat", "nobody.jpg", "-o", "out.png"],
        ["--fast", "cat", "swirls", "-o", "out.png", "--iterations", "3"],
        ["--fast", "nothing", "swirls", "-o", "painted"],
    ],
)
def test_files_and_options_are_checked_before_keras_starts(here: Path, arguments: list[str]) -> None:
    (here / "nothing").mkdir()
    program = "import sys; from nstlib.cli import main; print(main(['stylize', *sys.argv[1:]]), *sys.modules)"
    root = str(Path(cli.__file__).parents[2])
    answer = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=dict(os.environ, PYTHONPATH=root),
        capture_output=True,
        text=True,
    )
    code, *loaded = answer.stdout.split()
    assert code == "1"
    assert not {"keras", "tensorflow", "jax", "torch", "scipy", "matplotlib"} & set(loaded)


def test_settings_repeat_one_pass_to_the_byte(run: Run, here: Path) -> None:
    assert run("--fast", "cat", "swirls", "-o", "a.png", "--strength", "0.7", *SMALL)[0] == 0
    assert run("cat", "swirls", "-o", "b.png", "--settings", "a.png")[::2] == (0, "")
    assert (here / "a.png").read_bytes() == (here / "b.png").read_bytes()
    assert run("cat", "swirls", "-o", "c.png", "--settings", "a.png", "--strength", "1")[::2] == (0, "")
    assert run("--fast", "cat", "swirls", "-o", "d.png", *SMALL)[0] == 0
    c, d = ((here / name).read_bytes() for name in ("c.png", "d.png"))
    assert c == d != (here / "a.png").read_bytes()
    code, _, err = run("cat", "swirls", "-o", "e.png", "--settings", "a.png", "--iterations", "3")
    assert code == 1 and one_line(err) and "One pass has no --iterations" in err


def test_settings_of_an_optimisation_are_not_repeated_in_one_pass(run: Run, here: Path) -> None:
    assert run("cat", "swirls", "-o", "a.png", "--size", "48", "--iterations", "1")[0] == 0
    code, _, err = run("--fast", "cat", "swirls", "-o", "b.png", "--settings", "a.png")
    assert code == 1 and one_line(err) and "was made by transfer_style, not in one pass" in err


# --- a folder -----------------------------------------------------------------------------------------


def test_every_picture_of_a_folder_is_painted(run: Run, here: Path, photos: Path) -> None:
    code, out, err = run("--fast", "photos", "swirls", "-o", "painted", *SMALL)
    assert (code, err) == (0, "")
    assert files(here / "painted") == ["a.png", "b.png", "c ü.png"]
    assert re.fullmatch(r"painted: 3 pictures painted in \d+\.\d s, [\d.e+-]+ a second\n", out)
    for photo in ("a.jpg", "b.png", "c ü.webp"):
        wanted = nst.paint_once(str(photos / photo), "swirls", size=48, style_size=64)
        with Image.open(here / "painted" / Path(photo).with_suffix(".png").name) as picture:
            assert np.array_equal(np.asarray(picture), images.to_uint8(wanted))
    assert making.read(here / "painted" / "a.png").pictures["content"].name == "a.jpg"


def test_the_same_again_paints_only_what_is_missing(run: Run, here: Path, photos: Path) -> None:
    command = ["--fast", "photos", "swirls", "-o", "painted", *SMALL]
    assert run(*command)[0] == 0
    times = {name: (here / "painted" / name).stat().st_mtime_ns for name in files(here / "painted")}
    (here / "painted" / "b.png").unlink()
    code, out, err = run(*command)
    assert (code, err) == (0, "")
    assert out.startswith("painted: 1 picture painted in ")
    assert out.endswith("2 pictures skipped: there already, and made in the same way\n")
    assert run(*command)[1].startswith("painted: 0 pictures painted\n3 pictures skipped")
    for name in ("a.png", "c ü.png"):
        assert (here / "painted" / name).stat().st_mtime_ns == times[name]


def test_what_was_made_otherwise_needs_overwrite(run: Run, here: Path, photos: Path) -> None:
    command = ["--fast", "photos", "swirls", "-o", "painted", *SMALL]
    assert run(*command)[0] == 0
    before = {name: (here / "painted" / name).read_bytes() for name in files(here / "painted")}
    code, out, err = run(*command, "--strength", "0.5")
    assert code == 1 and one_line(err)
    assert "something else for a.jpg, b.png, c ü.webp: pass --overwrite to replace it" in err
    assert {name: (here / "painted" / name).read_bytes() for name in files(here / "painted")} == before
    pixels(32, 48, 7).save(photos / "b.png")  # another photograph of the same name
    assert "something else for b.png:" in run(*command)[2]
    code, out, err = run(*command, "--overwrite")
    assert (code, err) == (0, "")
    assert out.startswith("painted: 1 picture painted in ") and "2 pictures skipped" in out
    assert (here / "painted" / "a.png").read_bytes() == before["a.png"]
    assert (here / "painted" / "b.png").read_bytes() != before["b.png"]


def test_a_painting_that_is_damaged_or_of_other_weights_is_not_taken_for_done(
    run: Run, here: Path, photos: Path
) -> None:
    command = ["--fast", "photos", "swirls", "-o", "painted", *SMALL]
    assert run(*command)[0] == 0
    whole = (here / "painted" / "a.png").read_bytes()
    (here / "painted" / "a.png").write_bytes(whole[: len(whole) // 2])
    with Image.open(here / "painted" / "b.png") as picture:
        record = json.loads(picture.info["nstlib"])
        notes = PngInfo()
        notes.add_text("nstlib", json.dumps(record | {"weights": record["weights"] + 1}))
        picture.save(here / "painted" / "b.png", pnginfo=notes)
    assert "something else for a.jpg, b.png:" in run(*command)[2]
    assert run(*command, "--overwrite")[0] == 0
    assert (here / "painted" / "a.png").read_bytes() == whole


def test_photographs_of_one_name_are_told_apart(run: Run, here: Path, photos: Path) -> None:
    pixels(32, 48, 5).save(photos / "a.png")
    code, out, err = run("--fast", "photos", "swirls", "-o", "painted", *SMALL)
    assert (code, err) == (0, "")
    assert files(here / "painted") == ["a.jpg.png", "a.png.png", "b.png", "c ü.png"]
    assert "a.jpg: painted as a.jpg.png, because a is the name of several.\n" in out


@pytest.mark.parametrize(
    ("names", "painted"),
    [
        ("a.jpg b.jpg", "a.png b.png"),
        ("a.jpg A.png b.jpg", "a.jpg.png A.png.png b.png"),
        ("a.jpg a.tif a.jpg.bmp", "a.jpg.png a.tif.png a.jpg.bmp.png"),
        ("a.b.jpg a.jpg", "a.b.png a.png"),
    ],
)
def test_no_two_paintings_have_one_name(names: str, painted: str) -> None:
    found = targets([Path("in", name) for name in names.split()], Path("out"))
    assert [place.name for place in found.values()] == painted.split()
    assert len({place.name.casefold() for place in found.values()}) == len(found)


def test_photographs_of_one_shape_follow_each_other(tmp_path: Path) -> None:
    for name, shape in (("a", (20, 30)), ("b", (30, 20)), ("c", (20, 30)), ("d", (30, 20))):
        pixels(*shape).save(tmp_path / f"{name}.png")
    (tmp_path / "z.png").write_bytes(b"broken")
    assert "".join(p.stem for p in in_order_of_shape(photos_in(tmp_path))) in ("zacbd", "zbdac")


def test_a_bad_file_stops_nobody(run: Run, here: Path, photos: Path) -> None:
    (photos / "0 empty.jpg").write_bytes(b"")
    (photos / "b2.png").write_bytes((photos / "b.png").read_bytes()[:500])
    (photos / "iphone.heic").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 100)
    pixels(9, 7).save(photos / "z small.png")
    (photos / "lost.png").symlink_to(photos / "moved away.png")
    command = ["--fast", "photos", "swirls", "-o", "painted", "--style-size", "64"]
    code, out, err = run(*command)
    assert code == 1
    assert files(here / "painted") == ["a.png", "b.png", "c ü.png"]
    assert out.startswith("painted: 3 pictures painted in ")
    lines = err.splitlines()
    for line, (name, reason) in zip(
        lines,
        {
            "0 empty.jpg": "is empty (0 bytes)",
            "b2.png": "cannot be read as a picture",
            "iphone.heic": "is not a picture",
            "lost.png": "no file",
            "z small.png": "The photo is 7 x 9 pixels; one pass needs 16",
        }.items(),
        strict=True,
    ):
        assert line.startswith("nst: ") and name in line and reason in line
    assert run(*command, "--quiet") == (1, "", err)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(
    run: Run, here: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["--fast", "photos", "swirls", "-o", "painted", *SMALL]
    paint = OnePass.paint

    def second(self: OnePass, photo: np.ndarray) -> np.ndarray:
        if files(here / "painted"):
            signal.raise_signal(signal.SIGINT)
        return paint(self, photo)

    with monkeypatch.context() as patch:
        patch.setattr(OnePass, "paint", second)
        code, out, err = run(*command)
    assert code == 130 and one_line(err)
    assert err == "nst: interrupted after 1 of 3 pictures; the same command does the rest.\n"
    assert out.startswith("painted: 1 picture painted in ")
    assert len(files(here / "painted")) == 1
    assert "2 pictures painted" in run(*command)[1]


def test_a_full_disk_ends_the_work_with_one_sentence(
    run: Run, here: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def full(self: Path, data: bytes) -> int:
        tried.append(self)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, err = run("--fast", "photos", "swirls", "-o", "painted", *SMALL)
    assert code == 1 and one_line(err) and os.strerror(errno.ENOSPC) in err
    assert len(tried) == 1 and files(here / "painted") == []


def test_a_style_that_cannot_be_read_is_said_before_the_first_photograph(
    run: Run, here: Path, photos: Path
) -> None:
    whole = (photos / "b.png").read_bytes()
    (here / "style.png").write_bytes(whole[: len(whole) // 2])
    code, out, err = run("--fast", "photos", "style.png", "-o", "painted")
    assert (code, out) == (1, "") and one_line(err) and "style.png cannot be read as a picture" in err
    assert files(here / "painted") == []


def test_a_style_is_not_painted_over(run: Run, here: Path, photos: Path) -> None:
    (here / "painted").mkdir()
    pixels(40, 40).save(here / "painted" / "a.png")
    before = (here / "painted" / "a.png").read_bytes()
    code, _, err = run("--fast", "photos", "painted/a.png", "-o", "painted", "--overwrite")
    assert code == 1 and one_line(err) and "STYLE and the painting of a.jpg are one file" in err
    assert (here / "painted" / "a.png").read_bytes() == before


def test_a_folder_that_is_not_there_is_what_is_wrong_and_not_the_other(run: Run, here: Path) -> None:
    code, _, err = run("--fast", "fotos", "swirls", "-o", "painted")
    assert code == 1 and one_line(err) and "no file 'fotos'" in err


def test_a_folder_is_painted_with_the_settings_of_a_picture(run: Run, here: Path, photos: Path) -> None:
    assert run("--fast", "cat", "swirls", "-o", "a.png", "--strength", "0.5", "--style-size", "64")[0] == 0
    assert run("photos", "swirls", "-o", "painted", "--settings", "a.png", "--colors", "luminance")[0] == 0
    wanted = nst.paint_once(str(photos / "b.png"), "swirls", strength=0.5, style_size=64, colors="luminance")
    with Image.open(here / "painted" / "b.png") as picture:
        assert np.array_equal(np.asarray(picture), images.to_uint8(wanted)), "at the photograph's own size"


def test_too_little_memory_is_said_once_for_a_folder(
    run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = once.estimate((32, 48), "float32")
    machine(monkeypatch, needed / 2, needed)
    free = iter(range(int(needed / 4), int(needed / 2), 1000))
    monkeypatch.setattr(memory.hardware, "free_memory", lambda: next(free))
    monkeypatch.setattr(memory, "gigabytes", lambda count: f"{count / 1e9:.9f} GB")  # another for each
    code, out, err = run("--fast", "photos", "swirls", "-o", "painted", "--style-size", "16")
    assert code == 0 and one_line(err) and "What fits is --size" in err
    machine(monkeypatch, needed / 4, needed / 4)
    code, _, err = run("--fast", "photos", "swirls", "-o", "other", "--style-size", "16")
    assert code == 1 and err.count("choose --size") == 3


def test_outcomes_say_what_became_of_each(photos: Path, tmp_path: Path) -> None:
    (photos / "bad.png").write_bytes(b"broken")
    places = targets(photos_in(photos), tmp_path)
    one = OnePass("swirls", size=48, style_size=64)
    became = {each.photo.name: each.became for each in folder.paint_all(one, places)}
    assert became.pop("bad.png") is folder.Became.FAILED
    assert set(became.values()) == {folder.Became.PAINTED} and len(became) == 3
    again = {each.photo.name: each.became for each in folder.paint_all(one, places)}
    assert [again[name] for name in became] == [folder.Became.KEPT] * 3


# --- many machines ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as two:
        yield str(two.scheduler_address)


def test_workers_paint_what_is_painted_here_and_nothing_twice(
    run: Run, here: Path, photos: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "MOST_IN_A_BATCH", 1)
    (photos / "bad.png").write_bytes(b"broken")
    mask = np.zeros((32, 48, 3), "uint8")
    mask[:, :24] = 255, 0, 0
    Image.fromarray(mask).save(here / "mask.png")
    command = ["--fast", "photos", "red=swirls", "--content-mask", "mask.png", *SMALL]
    code, out, err = run(*command, "-o", "there", "--scheduler", scheduler)
    assert code == 1 and one_line(err) and "bad.png" in err
    assert out.startswith("there: 3 pictures painted in ")
    code, out, err = run(*command, "-o", "there")
    assert out.startswith("there: 0 pictures painted\n3 pictures skipped")
    run(*command, "-o", "here")
    for name in files(here / "here"):
        assert nst.psnr(nst.load_image(here / "there" / name), nst.load_image(here / "here" / name)) > 45
    code, out, err = run(*command, "-o", "here", "--scheduler", scheduler)
    assert out.startswith("here: 0 pictures painted\n3 pictures skipped")


def test_a_style_that_workers_cannot_take_ends_the_work(
    run: Run, here: Path, photos: Path, scheduler: str
) -> None:
    pixels(4, 400, 1).save(here / "narrow.png")
    code, out, err = run("--fast", "photos", "narrow.png", "-o", "out", *SMALL, "--scheduler", scheduler)
    assert code == 1 and one_line(err) and "style" in err
    assert files(here / "out") == []


@pytest.mark.parametrize("batch", [1, 2, 3, 10])
def test_batches_hold_every_photograph_once(batch: int) -> None:
    photos = [Path(f"{n}.png") for n in range(7)]
    found = list(folder.batched(photos, batch))
    assert [photo for each in found for photo in each] == photos
    assert max(map(len, found)) <= batch


@pytest.mark.parametrize(
    "arguments", [["cat", "swirls", "-o", "x.png"], ["--fast", "cat", "swirls", "-o", "x.png"]]
)
def test_one_picture_takes_no_scheduler(run: Run, arguments: list[str]) -> None:
    code, _, err = run(*arguments, "--scheduler", "tcp://127.0.0.1:1")
    assert code == 1 and one_line(err) and "--scheduler is for a folder of pictures" in err
