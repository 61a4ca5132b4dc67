"""`nst video`: what it says, what it refuses before it starts, and how it is ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nstlib import cli
from nstlib.video import Frame, open_film, save_film
from nstlib.video.parts import Parts

RATE = Fraction(12)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def film(here: Path) -> str:
    """Thirty frames of 64 x 48 pixels: a grid that moves to the right."""
    y, x = np.mgrid[:48, :64]
    pictures = [(np.stack([x + n, y, x - y + n], -1) * 8 % 256).astype("uint8") for n in range(30)]
    save_film((Frame(p, n / RATE, 1 / RATE) for n, p in enumerate(pictures)), here / "film.mp4", rate=RATE)
    return "film.mp4"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["video", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def one_line(text: str) -> bool:
    return text.startswith("nst: ") and text.count("\n") == 1


def test_a_film_is_painted_and_what_came_out_is_said(run: Run, film: str) -> None:
    code, out, err = run(film, "waves", "-o", "out.mp4", "--frames", "5")
    assert (code, err) == (0, "")
    assert out.startswith("out.mp4: 5 frames, 1 shot\n") and "frames a second" in out
    assert len(list(open_film("out.mp4").frames())) == 5
    assert run(film, "waves", "-o", "quiet.webm", "--frames", "2", "--quiet")[1] == ""


def test_options_are_those_of_the_method(run: Run, film: str) -> None:
    care = ["--method", "care", "--iterations", "2,1", "--temporal-weight", "5", "--frames", "2"]
    assert run(film, "waves", "-o", "care.mkv", *care)[0] == 0
    fast = ["--strength", "0.5", "--steady", "0", "--style-size", "96", "--size", "48", "--frames", "2"]
    assert run(film, "waves", "mosaic", "--blend", "0.2,0.8", "-o", "fast", *fast)[0] == 0
    assert open_film("fast").size == (48, 36)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["film.mp4", "waves", "-o", "out.avi"], "use one of .mp4"),
        (["film.mp4", "waves", "-o", "film.mp4"], "the film that is read"),
        (["none.mp4", "waves", "-o", "out.mp4"], "There is no film 'none.mp4'"),
        (["wlak", "waves", "-o", "out.mp4"], "did you mean the sample 'walk'"),
        (["film.mp4", "wavess", "-o", "out.mp4"], "did you mean the sample 'waves'"),
        (["film.mp4", "red=waves", "-o", "out.mp4"], "no regions"),
        (["film.mp4", "waves", "-o", "out.mp4", "--method", "cares"], "did you mean 'care'"),
        (["film.mp4", "waves", "-o", "out.mp4", "--iterations", "3"], "choose 'care'"),
        (["film.mp4", "waves", "-o", "out.mp4", "--steady", "1.5"], "steady is 1.5"),
        (["film.mp4", "waves", "-o", "out.mp4", "--rate", "30"], "rate is for a folder"),
        (["film.mp4", "waves", "-o", "no/out.mp4"], "no folder"),
        (["text.mp4", "waves", "-o", "out.mp4"], "not a film"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(
    arguments: list[str], said: str, run: Run, film: str, here: Path
) -> None:
    (here / "text.mp4").write_text("no film")
    code, out, err = run(*arguments)
    assert (code, out) == (1, "") and one_line(err), err
    assert said in err
    assert sorted(p.name for p in here.iterdir()) == ["film.mp4", "text.mp4"]


def test_a_film_that_is_there_is_replaced_only_when_asked(run: Run, film: str, here: Path) -> None:
    (here / "out.mp4").write_bytes(b"mine")
    code, _, err = run(film, "waves", "-o", "out.mp4", "--frames", "1")
    assert code == 1 and "--overwrite" in err
    assert (here / "out.mp4").read_bytes() == b"mine"
    assert run(film, "waves", "-o", "out.mp4", "--frames", "1", "--overwrite")[0] == 0


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_film_that_plays_and_the_same_command_goes_on(
    number: signal.Signals, film: str, here: Path, run: Run
) -> None:
    slow = (
        "import sys, time\nfrom nstlib import cli\nfrom nstlib.video import painting\n"
        "paint = painting.OnePassFrames.paint\n"
        "def slowly(self, *given):\n    time.sleep(0.1)\n    return paint(self, *given)\n"
        "painting.OnePassFrames.paint = slowly\nsys.exit(cli.main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", slow, "video", film, "waves", "-o", "out.mp4"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not Parts.beside(Path("out.mp4")).has(2) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == 128 + number
    assert one_line(err) and "the same command goes on with the others" in err
    done = len(list(open_film("out.mp4").frames()))
    assert 3 <= done < 30
    code, out, _ = run(film, "waves", "-o", "out.mp4")
    assert code == 0 and out.startswith("out.mp4: 30 frames")
    assert len(list(open_film("out.mp4").frames())) == 30
    assert sorted(p.name for p in here.iterdir()) == ["film.mp4", "out.mp4"]


def test_the_help_names_methods_and_what_happens_on_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["video", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "fast (one pass" in text and "or care" in text and "the same command goes on" in text
