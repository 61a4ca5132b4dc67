"""What runs inside the sandbox: executes a notebook's cells and answers questions about what they defined.

`sandbox` starts it as `python -m nstlib.course.runner`, with messages (see `wire`) on its standard input and
output. A learner's code runs in this very process and can do to it whatever it likes: nothing that comes out
of here is believed, it only ever becomes numbers that are compared elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from . import wire
from .limits import CLOCK

NICENESS = 5  # behind the grader, which is to see in time what happens here
KEPT = ("text/plain", "text/html", "image/png", "image/jpeg")


def drop_privileges() -> None:
    """Become a user that has nothing, when the grader runs as root.

    The kernel counts processes for users other than root only, so the limit of processes needs this. Root's
    bubblewrap keeps the two capabilities that allow it, and they are gone afterwards.
    """
    user = int(os.environ.pop("NST_USER", "0"))
    if os.getuid() == 0 and user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)


def set_limits() -> None:
    """Take the limits from the environment; hard ones, which code without privileges cannot raise."""
    for name in ("AS", "DATA", "NPROC", "FSIZE", "NOFILE", "CPU", "CORE"):
        value = int(os.environ.pop(f"NST_{name}", "0"))
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


class TooSlow(BaseException):
    """A cell or a call took longer than it may; no `except Exception` of a learner's catches it."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer, see `limits`; the grader kills what does not let itself be interrupted."""

    def stop(*_: Any) -> None:
        raise TooSlow(f"stopped after {seconds:.3g} seconds")

    timers = {signal.ITIMER_PROF: seconds, signal.ITIMER_REAL: seconds * CLOCK}
    for signal_number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(signal_number, stop)
    for timer, after in timers.items():
        signal.setitimer(timer, max(after, 0.001), 1.0)  # and again, should it be caught
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)


class Problem(Exception):
    """Why there is no value: a word that the grader knows, and what an error says of itself."""

    def __init__(self, word: str, error: BaseException | None = None) -> None:
        super().__init__(word)
        self.message = {"problem": word}
        if error is not None:
            self.message |= {"kind": built_in(error), "text": said_by(error)[: wire.MOST_TEXT]}


def built_in(error: BaseException) -> str:
    """The name of an error's class, or of the nearest one above it that is Python's own."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")


def said_by(error: BaseException) -> str:
    """What an error says of itself; nothing where asking it is an error, too."""
    try:
        return str(error)
    except Exception:
        return ""


def called(function: Any, arguments: list[Any], without: Sequence[str]) -> Any:
    """What a learner's function gives, as plain values.

    Raises:
        Problem: it calls one that it was to do `without`, raises an error, changes its arguments, gives
            nothing, or what cannot be sent.
    """
    import numpy as np

    from ..answers import watching

    before = [np.copy(each) if isinstance(each, np.ndarray) else None for each in arguments]
    try:
        with watching(without) if without else contextlib.nullcontext(()) as used:
            value = function(*arguments)
    except TooSlow:
        raise
    except BaseException as error:  # `sys.exit()` too: it is the answer that ends, and not the notebook
        raise Problem("raised", error) from None
    if used:
        raise Problem("ready")
    value = readable(value)
    for old, new in zip(before, arguments, strict=True):
        if old is not None and not np.array_equal(old, new, equal_nan=True):
            raise Problem("changed")
    if value is None:
        raise Problem("nothing")
    return value


def readable(value: Any) -> Any:
    """A value as plain numbers, texts, arrays and containers of them.

    Raises:
        Problem: it is something else.
    """
    from ..answers import plain

    try:
        return plain(value)
    except Exception:
        raise Problem("unreadable") from None


class Runner:
    """Answers the messages of the grader, one after another."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self.source, self.sink = source, sink
        self.networks: dict[str, Any] = {}
        self.shell = make_shell()

    def send(self, header: dict[str, Any], blobs: list[bytes] | None = None) -> None:
        """Write a message."""
        self.sink.write(wire.pack(header, blobs or []))
        self.sink.flush()

    def receive(self) -> tuple[dict[str, Any], list[memoryview]]:
        """Read a message; the end of the input ends the process."""

        def read(count: int) -> bytes:
            data = self.source.read(count)
            if len(data) < count:
                os._exit(0)
            return data

        return wire.unpack(read)

    def serve(self) -> None:
        """Answer until the grader hangs up."""
        answers = {"run": self.run, "kind": self.kind, "value": self.value, "call": self.call}
        while True:
            header, blobs = self.receive()
            answers[header["do"]](header, blobs)

    def run(self, header: dict[str, Any], blobs: Sequence[memoryview]) -> None:
        """Execute a cell; an error ends it, not the notebook."""
        cell = header["cell"]
        if "plt" in cell or "matplotlib" in cell:
            show_figures(self.shell)
        outputs = run_cell(self.shell, cell, header["seconds"])
        late = any(output.get("ename") == TooSlow.__name__ for output in outputs)
        self.send({"outputs": outputs, "late": late})

    def kind(self, header: dict[str, Any], blobs: Sequence[memoryview]) -> None:
        """Say whether a name is missing, a function, or a value."""
        space = self.shell.user_ns
        name = header["name"]
        self.send(
            {"kind": "missing" if name not in space else "function" if callable(space[name]) else "value"}
        )

    def value(self, header: dict[str, Any], blobs: Sequence[memoryview]) -> None:
        """Send the value of a name."""
        self.give(header["seconds"], lambda: readable(self.shell.user_ns.get(header["name"])))

    def call(self, header: dict[str, Any], blobs: Sequence[memoryview]) -> None:
        """Call a function with the arguments of the message and send what it returns."""
        decoder = wire.Decoder(blobs, self.remote_function, self.network)
        arguments = [decoder.decode(each) for each in header["arguments"]]
        function, without = self.shell.user_ns.get(header["name"]), header["without"]
        self.give(header["seconds"], lambda: called(function, arguments, without))

    def give(self, seconds: float, get: Callable[[], Any]) -> None:
        """Get a value and send it, or say why there is none."""
        blobs: list[bytes] = []
        try:
            with at_most(seconds):
                value = get()
            frame = wire.pack({"value": wire.encode(value, blobs)}, blobs)
        except Problem as problem:
            self.send(problem.message)
        except (
            wire.WireError,
            MemoryError,
            ValueError,
        ):  # json writes no whole number of thousands of digits
            self.send({"problem": "large"})
        except TooSlow:
            self.send({"problem": "late"})
        else:
            self.sink.write(frame)
            self.sink.flush()

    def remote_function(self, number: int) -> Any:
        """A function that asks the grader for its values."""

        def function(*arguments: Any) -> Any:
            from ..answers import plain

            blobs: list[bytes] = []
            sent = [wire.encode(plain(each), blobs) for each in arguments]
            self.send({"callback": number, "arguments": sent}, blobs)
            header, given = self.receive()
            if "error" in header:
                raise ValueError(header["error"])
            return wire.Decoder(given).decode(header["value"])

        return function

    def network(self, name: str) -> Any:
        """A network, loaded once."""
        from ..networks import load_network

        if name not in self.networks:
            self.networks[name] = load_network(name)
        return self.networks[name]


def make_shell() -> Any:
    """An IPython of its own, as a notebook's kernel has one, that keeps nothing on disk."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    shell.showtraceback = shell.showsyntaxerror = lambda *_, **__: None  # errors become outputs of their own
    return shell


def show_figures(shell: Any) -> None:
    """Have pyplot's figures become outputs of their cell, as in a notebook."""
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib_inline.backend_inline import configure_inline_support

    select_figure_formats(shell, {"png"})
    configure_inline_support(shell, "module://matplotlib_inline.backend_inline")


def run_cell(shell: Any, source: str, seconds: float) -> list[dict[str, Any]]:
    """Execute one cell; returns its outputs as a notebook stores them, cut to a decent size."""
    from IPython.utils.capture import capture_output

    error: BaseException | None = None
    with capture_output() as captured:
        try:
            with at_most(seconds):
                result = shell.run_cell(source, store_history=True)
            error = result.error_before_exec or result.error_in_exec
        except TooSlow as slow:  # raised between two statements of IPython's own
            error = slow
        except SystemExit as asked:
            error = asked
    outputs = [
        {"output_type": "stream", "name": name, "text": text[: wire.MOST_TEXT]}
        for name, text in (("stdout", captured.stdout), ("stderr", captured.stderr))
        if text
    ]
    left = wire.MOST_PICTURES
    for rich in captured.outputs[: wire.MOST_OUTPUTS]:
        given = {kind: rich.data[kind] for kind in KEPT if isinstance(rich.data.get(kind), (str, bytes))}
        data = {kind: shortened(kind, value) for kind, value in given.items()}
        left -= sum(map(len, data.values()))
        if left > 0:
            outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    if error is not None:
        name, text = type(error).__name__, said_by(error)[: wire.MOST_TEXT]
        outputs.append(
            {"output_type": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}
        )
    return outputs


def shortened(kind: str, data: str | bytes) -> str:
    """One form of an output as text, within bounds; a picture is kept whole or not at all."""
    if isinstance(data, bytes):
        import base64

        data = base64.b64encode(data).decode()
    if kind == "text/plain":
        return data[: wire.MOST_TEXT]
    return data if len(data) <= wire.MOST_PICTURE else ""


def main() -> None:
    """Take the two pipes away from what runs later, lower privileges and limits, and serve."""
    drop_privileges()
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.nice(NICENESS)
    set_limits()
    runner = Runner(source, sink)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    runner.send({"ready": True})
    runner.serve()


if __name__ == "__main__":
    main()
