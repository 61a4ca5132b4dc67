"""process.py: a run outlives its terminal, ends in one way whatever ends it, and keeps its picture."""

from __future__ import annotations

import errno
import io
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import nstlib as nst
from nstlib import process
from nstlib.process import Ended, Ending, Tolerant

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals and descriptors")
ROOT = Path(nst.__file__).resolve().parent.parent

# `nst` in a process of its own. After the second iteration, and before it saves, it says so and waits for a
# line, so that a test does what it does at this moment and at no other.
PROGRAM = """
import os, sys
from nstlib import cli, images
from nstlib.recipes import loop

said = os.fdopen(int(os.environ["SAID"]), "w")
def wait(what):
    if what in os.environ["WAIT"].split():
        print(what, file=said, flush=True)
        sys.stdin.readline()

watch, save = loop.Watcher.__call__, images.save_image
def watched(self, now):
    watch(self, now)
    if now.iteration == 2:
        wait("painting")
def saved(*arguments, **keywords):
    wait("saving")
    return save(*arguments, **keywords)
loop.Watcher.__call__, images.save_image = watched, saved
sys.exit(cli.main(sys.argv[1:]))
"""
QUICK = [*["--size", "32", "--iterations", "4", "--content-layers", "2", "--style-layers", "1"]]


class Run:
    """A run of `nst stylize` that waits where it was told to."""

    def __init__(self, folder: Path, *options: str, wait: str = "painting", **popen: Any) -> None:
        here, there = os.pipe()
        self._said = os.fdopen(here)
        self.folder = folder
        command = [
            sys.executable,
            "-c",
            PROGRAM,
            "stylize",
            "cat",
            "swirls",
            "-o",
            "out.png",
            *QUICK,
            *options,
        ]
        usual: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(os.environ, PYTHONPATH=str(ROOT), SAID=str(there), WAIT=wait, HOME=str(folder)),
            stdin=subprocess.PIPE,
            pass_fds=[there],
            **usual | popen,
        )
        os.close(there)

    def reaches(self, what: str) -> None:
        """Wait until the run waits there."""
        line = self._said.readline()
        assert line == f"{what}\n", (line, self.process.communicate()[1])

    def goes_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def ends(self) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of the run."""
        out, err = self.process.communicate()
        self._said.close()
        return self.process.returncode, (out or b"").decode(), (err or b"").decode()


@contextmanager
def started(folder: Path, *options: str, **popen: Any) -> Iterator[Run]:
    run = Run(folder, *options, **popen)
    try:
        yield run
    finally:
        run.process.kill()


def is_whole(path: Path) -> bool:
    with Image.open(path) as picture:
        picture.load()
        return max(picture.size) == 32


# --- signals ------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_run_and_the_best_image_so_far_is_saved(tmp_path: Path, name: str) -> None:
    number = getattr(signal, name)
    handlers: Callable[[], Any] = lambda: signal.signal(number, signal.SIG_DFL)  # noqa: E731
    if name == "SIGINT":  # a shell starts background jobs with it ignored
        handlers = lambda: signal.signal(number, signal.default_int_handler)  # noqa: E731
    with started(tmp_path, preexec_fn=handlers) as run:
        run.reaches("painting")
        run.process.send_signal(number)
        code, out, err = run.ends()
    assert code == 128 + number
    assert err.startswith("nst: interrupted after ") and err.endswith(
        "out.png holds the best image so far.\n"
    )
    assert err.count("\n") == 1 and "out.png: 32 x " in out
    assert is_whole(tmp_path / "out.png")


@posix
def test_a_signal_before_there_is_a_picture_ends_with_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    from nstlib import cli, networks

    def load(**keywords: Any) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(networks, "load_network", load)
    assert cli.main(["stylize", "cat", "swirls", "-o", "nothing.png"]) == 128 + signal.SIGTERM
    assert not Path("nothing.png").exists()


@posix
def test_a_signal_that_comes_while_the_picture_is_saved_waits_for_it(tmp_path: Path) -> None:
    with started(tmp_path, wait="saving") as run:
        run.reaches("saving")
        run.process.send_signal(signal.SIGTERM)
        run.goes_on()
        code, out, err = run.ends()
    assert (code, err) == (128 + signal.SIGTERM, "")
    assert is_whole(tmp_path / "out.png") and "Stopped: all 4 iterations done." in out


@posix
def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    with started(tmp_path, wait="painting saving") as run:
        run.reaches("painting")
        run.process.send_signal(signal.SIGTERM)
        run.reaches("saving")
        run.process.send_signal(signal.SIGINT)
        code, _, _ = run.ends()
    assert code == -signal.SIGINT, "the signal itself ended it"
    assert not (tmp_path / "out.png").exists()


@posix
def test_what_a_program_repeats_is_one_wish(tmp_path: Path) -> None:
    """A terminal that closes and `timeout` may signal twice; the picture is saved all the same."""
    with started(tmp_path, wait="painting saving") as run:
        run.reaches("painting")
        run.process.send_signal(signal.SIGTERM)
        run.reaches("saving")
        run.process.send_signal(signal.SIGTERM)
        run.process.send_signal(signal.SIGHUP)
        run.goes_on()
        code, _, _ = run.ends()
    assert code == 128 + signal.SIGTERM and (tmp_path / "out.png").exists()


@posix
def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """As under `nohup`."""
    with started(tmp_path, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as run:
        run.reaches("painting")
        run.process.send_signal(signal.SIGHUP)
        run.goes_on()
        code, out, _ = run.ends()
    assert code == 0 and "Stopped: all 4 iterations done." in out


@posix
def test_afterwards_the_signals_are_whose_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with Ending() as ending:
        with pytest.raises(Ended) as stop:
            signal.raise_signal(signal.SIGTERM)
        assert stop.value.exit_code == ending.exit_code == 143
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


# --- what is in the way of the last save ----------------------------------------------------------------


@posix
def test_a_file_that_appears_meanwhile_is_kept_and_so_is_the_picture(tmp_path: Path) -> None:
    with started(tmp_path) as run:
        run.reaches("painting")
        (tmp_path / "out.png").write_bytes(b"of somebody else")
        run.goes_on()
        code, out, err = run.ends()
    assert code == 1 and err.startswith("nst: out.png exists already;") and err.count("\n") == 1
    assert err.endswith("The picture is in out-2.png instead.\n") and out.startswith("out-2.png: 32 x ")
    assert (tmp_path / "out.png").read_bytes() == b"of somebody else"
    assert is_whole(tmp_path / "out-2.png")


@posix
def test_a_folder_that_is_gone_costs_no_picture(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with started(tmp_path, "-o", "there/out.png", "--history", "there/rows.csv") as run:
        run.reaches("painting")
        there.rmdir()
        run.goes_on()
        code, _, err = run.ends()
    assert code == 1
    picture, history = err.splitlines()
    assert picture.endswith(f"The picture is in {tmp_path / 'out-2.png'} instead.")  # HOME
    assert history.endswith(f"The history is in {tmp_path / 'rows-2.csv'} instead.")
    assert is_whole(tmp_path / "out-2.png")
    assert (tmp_path / "rows-2.csv").read_text().startswith("evaluation,")


# --- streams that go away -------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_stop_a_run(tmp_path: Path, closed: str) -> None:
    command = [sys.executable, "-m", "nstlib.cli", "stylize", "cat", "swirls", "-o", "out.png", *QUICK]
    answer = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *command],
        cwd=tmp_path,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert is_whole(tmp_path / "out.png") and os.listdir(tmp_path) == ["out.png"]


@posix
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_went_away_is_no_error(tmp_path: Path, stream: str) -> None:
    """As in `nst stylize ... | head -0`; a warning has something to say on stderr."""
    here, there = os.pipe()
    os.close(here)
    loud = ["--optimizer", "gradient_descent", "--learning-rate", "1e30", "--variation-weight", "1e30"]
    with started(tmp_path, *loud, wait="", **{stream: there}) as run:
        os.close(there)
        code, _, err = run.ends()
    assert code == 0 and "Traceback" not in err and "BrokenPipe" not in err
    assert is_whole(tmp_path / "out.png")


@posix
def test_a_terminal_that_is_closed_costs_no_picture(tmp_path: Path) -> None:
    """The bar is written to a terminal only; one that is gone gives an input/output error."""
    ours, theirs = os.openpty()
    with started(tmp_path, stderr=theirs) as run:
        os.close(theirs)
        run.reaches("painting")
        assert b"style transfer" in os.read(ours, 4096)
        os.close(ours)
        run.goes_on()
        code, out, _ = run.ends()
    assert code == 0 and "Stopped: all 4 iterations done." in out
    assert is_whole(tmp_path / "out.png")


@pytest.mark.parametrize("error", [BrokenPipeError(errno.EPIPE, "Broken pipe"), ValueError("closed file")])
def test_painting_goes_on_without_a_bar(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise error

    monkeypatch.setattr(sys, "stderr", Broken())
    result = nst.transfer_style("cat", "swirls", size=32, iterations=3)
    assert result.history.iterations == 3
    monkeypatch.setattr(sys, "stderr", None)  # what Python makes of a descriptor that is closed
    assert nst.transfer_style("cat", "swirls", size=32, iterations=3).history.iterations == 3


def test_what_cannot_be_printed_is_dropped_and_remembered() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    stream = Tolerant(Full())
    print("a line", file=stream)
    stream.flush()
    assert isinstance(stream.failure, OSError) and stream.failure.errno == errno.ENOSPC
    whole = Tolerant(io.StringIO())
    print("a line", file=whole)
    assert whole.getvalue() == "a line\n" and whole.failure is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_list_that_does_not_arrive_is_an_error(tmp_path: Path) -> None:
    """Somebody wants it, other than what goes into a pipe without a reader."""
    with open("/dev/full", "w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "nstlib.cli", "samples"],
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (answer.returncode, answer.stderr) == (1, "nst: Cannot print: No space left on device.\n")


# --- memory -------------------------------------------------------------------------------------------


def test_a_lack_of_memory_is_known_by_the_backends_names() -> None:
    class ResourceExhaustedError(Exception):
        pass

    assert process.lacks_memory(MemoryError()) and process.lacks_memory(ResourceExhaustedError())
    assert process.lacks_memory(RuntimeError("CUDA out of memory"))
    assert not process.lacks_memory(ValueError("out of paper"))


# --- threads -----------------------------------------------------------------------------------------------


def test_what_a_thread_does_under_a_name_can_be_interrupted() -> None:
    begun, ended = threading.Event(), queue.Queue[str]()

    def work() -> None:
        try:
            with process.interruptible("this"):
                begun.set()
                while True:
                    time.sleep(0.01)
        except KeyboardInterrupt:
            ended.put("interrupted")
        ended.put(str(sum(range(10))))  # the thread goes on

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert begun.wait(60)
    process.interrupt("something else")
    with pytest.raises(queue.Empty):
        ended.get(timeout=0.1)
    process.interrupt("this")
    assert [ended.get(timeout=60), ended.get(timeout=60)] == ["interrupted", "45"]


def test_an_interruption_meets_nothing_that_a_thread_does_later() -> None:
    with pytest.raises(KeyboardInterrupt), process.interruptible("this"):
        process.interrupt("this")
    process.interrupt("this")
    assert sum(range(1000)) == 499500
    assert process._named == {}
