"""`nst video`: its options, what it checks before it begins, and how it ends."""

import importlib
import inspect
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nstlib import cli
from nstlib.cli import video
from nstlib.video import Frame, open_film, paint_video, save_film
from nstlib.video.painting import METHODS, OnePassFrames, OptimizedFrames
from nstlib.video.parts import Parts

HEAVY = {"keras", "tensorflow", "jax", "torch", "scipy", "matplotlib", "skimage"}
Nst = Callable[..., tuple[int, str, str]]
SLOW = """
import sys, time
from nstlib.video import painting
paint = painting.OnePassFrames.paint
def slowly(self, *given):
    time.sleep(0.2)
    return paint(self, *given)
painting.OnePassFrames.paint = slowly
from nstlib.cli import main
sys.exit(main(sys.argv[1:]))
"""


def pictures(count: int = 6) -> list[np.ndarray]:
    """A pattern that moves by two pixels a frame."""
    y, x = np.mgrid[:64, : 96 + 2 * count]
    wide = np.stack([128 + 100 * np.sin(x / a) * np.cos(y / b) for a, b in ((9, 7), (5, 11), (13, 6))], -1)
    return [wide[:, 2 * n : 2 * n + 96].astype("uint8") for n in range(count)]


def write(path: Path, shown: Sequence[np.ndarray], times: Sequence[Fraction] | None = None) -> Path:
    times = times or [Fraction(n, 12) for n in range(len(shown))]
    frames = (Frame(p, t, Fraction(1, 12)) for p, t in zip(shown, times, strict=True))
    save_film(frames, path, rate=12)
    return path


def shown_in(path: Path) -> list[np.ndarray]:
    return [frame.image for frame in open_film(path).frames()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the commands run in, with a film; its name has spaces and letters beyond ASCII."""
    here = tmp_path / "Größe, déjà vu"
    here.mkdir()
    monkeypatch.chdir(here)
    write(here / "film.mkv", pictures())
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
    return err.startswith("nst: ") and err.count("\n") == 1 and err.endswith("\n") and len(err) < 600


def environment(**more: str) -> dict[str, str]:
    root = Path(cli.__file__).parents[2]
    return dict(os.environ, PYTHONPATH=str(root), PYTHONIOENCODING="utf-8", **more)


# --- the options ----------------------------------------------------------------------------------------


def test_the_options_and_their_defaults_are_those_of_the_library(nst: Nst) -> None:
    text = " ".join(nst("video", "--help")[1].split())
    keywords = dict(inspect.signature(paint_video).parameters)
    for method in (OptimizedFrames, OnePassFrames):
        keywords |= inspect.signature(method).parameters
    offered = {**video.FILM, **video.BOTH, **video.FAST, **video.CARE}
    assert set(offered) == set(keywords) - {
        "film",
        "style",
        "out",
        "overwrite",
        "progress",
        "callback",
        "how",
    }
    for name, (_, metavar, _) in offered.items():
        (entry,) = re.findall(rf" --{name.replace('_', '-')} {metavar} (.+?)(?= --[a-z-]+ [A-Z]+|$)", text)
        default = keywords[name].default
        if isinstance(default, tuple):
            default = ",".join(map(str, default))
        if default is not None:
            assert f"(default: {default})" in entry
    for limit in (OnePassFrames.at_most, OptimizedFrames.at_most):
        assert f"at most {limit}" in text or f"care {limit}" in text


def test_the_help_names_what_can_be_chosen(nst: Nst) -> None:
    from nstlib.recipes.styles import COLORS
    from nstlib.video.saving import FORMATS

    out = nst("video", "--help")[1]
    assert set(re.findall(r"\w+", out)) >= {*METHODS, *COLORS, "float32", "bfloat16"}
    assert all(suffix in out for suffix in FORMATS)


@pytest.mark.parametrize(
    "option", [["--size", "big"], ["--steady", "very"], ["--blend", "a,b"], ["--sise", "3"]]
)
def test_a_command_line_that_cannot_be_read_gives_2(nst: Nst, option: list[str]) -> None:
    code, out, err = nst("video", "film.mkv", "waves", "-o", "out.mkv", *option)
    assert (code, out) == (2, "")
    assert option[0] in err


# --- painting -------------------------------------------------------------------------------------------


def test_a_film_is_painted_and_told(nst: Nst) -> None:
    code, out, err = nst("video", "film.mkv", "waves", "-o", "out.mkv", "--size", "64")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"out\.mkv: 6 frames, 1 shot\n[\d.]+ s, [\d.e+]+ frames a second\n", out)
    assert [each.shape for each in shown_in(Path("out.mkv"))] == [(43, 64, 3)] * 6
    assert sorted(os.listdir()) == ["film.mkv", "out.mkv"]


def test_quiet_says_nothing_and_overwrite_replaces(nst: Nst) -> None:
    Path("out.mkv").write_bytes(b"mine")
    code, out, err = nst("video", "film.mkv", "waves", "-o", "out.mkv", "--frames", "1")
    assert (code, out) == (1, "")
    assert one_line(err) and "--overwrite" in err and Path("out.mkv").read_bytes() == b"mine"
    given = ("video", "film.mkv", "waves", "-o", "out.mkv", "--frames", "1", "--quiet", "--overwrite")
    assert nst(*given) == (0, "", "")
    assert len(shown_in(Path("out.mkv"))) == 1


def test_what_is_given_reaches_the_library_and_nothing_else(
    nst: Nst, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nstlib.video import PaintedFilm, recipe

    given: dict[str, object] = {}

    def noted(*places: object, **how: object) -> PaintedFilm:
        given.update(how, places=places)
        return PaintedFilm(Path("out.mkv"), 1, 1, 0, 1, 0.0, 0.0)

    monkeypatch.setattr(recipe, "paint_video", noted)
    monkeypatch.setattr("nstlib.video.paint_video", noted)
    options = ["--method", "care", "--iterations", "4,2", "--blend", "0.7,0.3", "--temporal-weight", "3"]
    assert nst("video", "film.mkv", "waves", "mosaic", "-o", "out.mkv", *options)[0] == 0
    assert given == {
        "places": ("film.mkv", ["waves", "mosaic"], "out.mkv"),
        "method": "care",
        "iterations": [4, 2],
        "blend": [0.7, 0.3],
        "temporal_weight": 3.0,
        "overwrite": False,
        "progress": False,
    }


def test_options_are_those_of_the_method(nst: Nst) -> None:
    care = ["--method", "care", "--iterations", "2,1", "--temporal-weight", "5", "--frames", "2"]
    assert nst("video", "film.mkv", "waves", "-o", "care.mkv", *care)[0] == 0
    fast = ["--strength", "0.5", "--steady", "0", "--style-size", "96", "--size", "48", "--frames", "2"]
    assert nst("video", "film.mkv", "waves", "mosaic", "--blend", "0.2,0.8", "-o", "fast", *fast)[0] == 0
    assert open_film("fast").size == (48, 32)


def test_a_folder_of_frames_becomes_a_folder_of_frames(nst: Nst) -> None:
    write(Path("frames"), pictures(3))
    assert nst("video", "frames", "waves", "-o", "painted", "--rate", "8", "--quiet") == (0, "", "")
    assert len(os.listdir("painted")) == 3


def test_times_of_a_variable_rate_are_kept(nst: Nst) -> None:
    times = [Fraction(0), Fraction(1, 10), Fraction(1, 2), Fraction(6, 10)]
    write(Path("uneven.mkv"), pictures(4), times)
    assert nst("video", "uneven.mkv", "waves", "-o", "out.mkv", "--quiet") == (0, "", "")
    assert [frame.time for frame in open_film("out.mkv").frames()] == times


def test_one_frame_is_a_film(nst: Nst) -> None:
    write(Path("one.mkv"), pictures(1))
    code, out, _ = nst("video", "one.mkv", "waves", "-o", "out.mkv")
    assert code == 0 and out.startswith("out.mkv: 1 frame, 1 shot\n")


def test_a_film_that_breaks_off_is_painted_up_to_there_with_one_line(nst: Nst) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (6, 64, 96, 3), dtype="uint8")
    whole = write(Path("whole.mkv"), list(noise)).read_bytes()
    Path("half.mkv").write_bytes(whole[: len(whole) // 2])
    code, _, err = nst("video", "half.mkv", "waves", "-o", "out.mkv")
    assert code == 0
    assert one_line(err) and "half.mkv breaks off at" in err
    assert 1 <= len(shown_in(Path("out.mkv"))) < 6


# --- what cannot be -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["none.mp4", "waves", "-o", "out.mp4"], "There is no film 'none.mp4'"),
        (["walc", "waves", "-o", "out.mp4"], "did you mean the sample 'walk'"),
        (["text.mp4", "waves", "-o", "out.mp4"], "text.mp4"),
        (["sound.wav", "waves", "-o", "out.mp4"], "sound.wav"),
        (["still.png", "waves", "-o", "out.mp4"], "still.png"),
        (["empty", "waves", "-o", "out.mp4"], "empty"),
        (["film.mkv", "wavez", "-o", "out.mp4"], "wavez"),
        (["film.mkv", "text.mp4", "-o", "out.mp4"], "text.mp4"),
        (["film.mkv", "red=waves", "-o", "out.mp4"], "no regions"),
        (["film.mkv", "waves", "-o", "out.avi"], "'.avi'"),
        (["film.mkv", "waves", "-o", "nowhere/out.mp4"], "nowhere"),
        (["film.mkv", "waves", "-o", "film.mkv", "--overwrite"], "the film that is read"),
        (["film.mkv", "still.gif", "-o", "still.gif", "--overwrite"], "STYLE and OUT are one file"),
        (["frames", "waves", "-o", "frames/out.gif"], "in the folder that is read"),
        (["old.mp4.frames", "waves", "-o", "old.mp4"], "in the folder that is read"),
        (["film.mkv", "waves", "-o", "old.mp4"], "which holds frame_000001.png, not ours"),
        (["film.mkv", "waves", "-o", "out.mp4", "--rate", "8"], "rate is for a folder"),
        (["frames", "waves", "-o", "out.mp4", "--rate", "0"], "rate is 0.0"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_files_are_checked_before_keras_starts(folder: Path, arguments: list[str], reason: str) -> None:
    Path("text.mp4").write_text("no film at all\n" * 99)
    wave_file(Path("sound.wav"))
    save_picture(Path("still.png"))
    save_picture(Path("still.gif"))
    Path("empty").mkdir()
    write(Path("frames"), pictures(2))
    shutil.copytree("frames", "old.mp4.frames")
    before = sorted(folder.rglob("*"))
    program = "import sys; from nstlib.cli import main; print(main(sys.argv[1:]), *sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program, "video", *arguments],
        env=environment(),
        capture_output=True,
        encoding="utf-8",
    )
    code, *loaded = answer.stdout.split()
    assert code == "1"
    assert one_line(answer.stderr) and reason in answer.stderr
    assert not set(loaded) & HEAVY
    assert sorted(folder.rglob("*")) == before


def save_picture(path: Path) -> None:
    from PIL import Image

    Image.fromarray(pictures(1)[0]).save(path)


def wave_file(path: Path) -> None:
    import wave

    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--method", "carr"], "did you mean 'care'"),
        (["--iterations", "3"], "has no iterations"),
        (["--method", "care", "--iterations", "auto"], "iterations is 'auto'"),
        (["--method", "care", "--iterations", "3,2,1"], "give two numbers"),
        (["--method", "care", "--network", "vgg99"], "vgg99"),
        (["--method", "care", "--style-weight", "-1"], "style weight"),
        (["--steady", "1.5"], "steady is 1.5"),
        (["--size", "60000"], "choose --size"),
        (["--dtype", "float8"], "float32, bfloat16"),
        (["--strength", "nan"], "strength"),
        (["--size", "0"], "size"),
        (["--frames", "0"], "frames"),
        (["--blend", "1,2"], "blend"),
        (["--colors", "neon"], "neon"),
        (["--dtype", "float8"], "float8"),
        (["--style-size", "4"], "style"),
        (["--scheduler", "tcp://127.0.0.1:1"], "127.0.0.1:1"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_bad_option_gets_one_line_and_leaves_no_film(nst: Nst, options: list[str], reason: str) -> None:
    code, out, err = nst("video", "film.mkv", "waves", "-o", "out.mkv", *options)
    assert (code, out) == (1, "")
    assert one_line(err) and reason in err
    assert not Path("out.mkv").exists()


@pytest.mark.parametrize(("module", "name"), [("av", "PyAV"), ("cv2", "OpenCV")])
def test_a_missing_extra_is_one_line_that_says_what_to_install(
    nst: Nst, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    code, out, err = nst("video", "film.mkv", "waves", "-o", "out.mkv")
    assert (code, out) == (1, "")
    assert one_line(err) and name in err and 'pip install "nstlib[video]"' in err
    assert 'pip install "nstlib[video]"' in nst("info")[1]


def test_info_says_that_films_can_be_read(nst: Nst) -> None:
    import av
    import cv2

    assert re.search(rf"^films: +PyAV {av.__version__}, OpenCV {cv2.__version__}$", nst("info")[1], re.M)


# --- how it ends ----------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_film_that_plays_and_the_same_command_goes_on(
    folder: Path, nst: Nst, number: int, code: int
) -> None:
    write(Path("long.mkv"), pictures(40))
    command = ["video", "long.mkv", "waves", "-o", "out.mkv", "--size", "64"]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, *command],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    parts = Parts.beside(Path("out.mkv"))
    while not parts.has(2) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == code
    done = len(shown_in(Path("out.mkv")))
    assert 3 <= done < 40
    wanted = (
        f"nst: interrupted; out.mkv has {done} of 40 frames, and the same command goes on with the others.\n"
    )
    assert err == wanted
    assert out.startswith(f"out.mkv: {done} frames, 1 shot\n")
    assert nst(*command)[0] == 0, "a film that an interruption left is replaced unasked"
    nst(*command[:3], "-o", "whole.mkv", "--size", "64")
    for mine, theirs in zip(shown_in(Path("out.mkv")), shown_in(Path("whole.mkv")), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not parts.folder.exists()


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the frame after so many be interrupted, once."""

    def after(count: int) -> None:
        paint, numbers = OnePassFrames.paint, iter(range(1000))

        def ends(self: OnePassFrames, *given: object) -> np.ndarray:
            if next(numbers) == count:
                raise KeyboardInterrupt
            return paint(self, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(OnePassFrames, "paint", ends)

    return after


def test_ctrl_c_before_the_first_frame_writes_no_film(nst: Nst, ended: Callable[[int], None]) -> None:
    ended(0)
    code, out, err = nst("video", "film.mkv", "waves", "-o", "out.mkv")
    assert (code, out) == (130, "")
    assert err == "nst: interrupted; the same command goes on with the others.\n"
    assert not Path("out.mkv").exists()


def test_a_film_of_somebody_else_is_not_taken_for_an_unfinished_one(
    nst: Nst, ended: Callable[[int], None]
) -> None:
    ended(2)
    assert nst("video", "film.mkv", "waves", "-o", "out.mkv")[0] == 130
    Path("out.mkv").write_bytes(b"mine")
    code, _, err = nst("video", "film.mkv", "waves", "-o", "out.mkv")
    assert code == 1 and one_line(err) and "--overwrite" in err
    assert Path("out.mkv").read_bytes() == b"mine"


def test_a_try_that_was_ended_becomes_the_whole_film(nst: Nst, ended: Callable[[int], None]) -> None:
    ended(2)
    assert nst("video", "film.mkv", "waves", "-o", "out.mkv", "--frames", "4")[0] == 130
    assert nst("video", "film.mkv", "waves", "-o", "out.mkv", "--quiet") == (0, "", "")
    assert len(shown_in(Path("out.mkv"))) == 6


def test_a_disk_that_fills_up_keeps_the_frames(nst: Nst, monkeypatch: pytest.MonkeyPatch) -> None:
    image_module = importlib.import_module("PIL.Image")
    save, number = image_module.Image.save, iter(range(1000))

    def fills(self: object, path: Path, *given: object, **how: object) -> None:
        if ".frames" in str(path) and next(number) == 2:
            raise OSError(28, "No space left on device")
        save(self, path, *given, **how)

    with monkeypatch.context() as patch:
        patch.setattr(image_module.Image, "save", fills)
        code, out, err = nst("video", "film.mkv", "waves", "-o", "out.mkv")
    assert (code, out) == (1, "")
    assert one_line(err) and "No space left on device" in err
    assert sorted(os.listdir("out.mkv.frames")) == ["0000000.png", "0000001.png", "plan.json"]
    code, out, _ = nst("video", "film.mkv", "waves", "-o", "out.mkv")
    assert code == 0 and out.startswith("out.mkv: 6 frames")
