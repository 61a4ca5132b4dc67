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
from collections.abc import Iterator
from typing import Any, BinaryIO

from . import wire

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
    """Interrupt what runs longer; the grader kills what does not let itself be interrupted."""

    def stop(*_: Any) -> None:
        raise TooSlow(f"stopped after {seconds:g} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # and again, should it be caught
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


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

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
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

    def run(self, header: dict[str, Any], blobs: list[bytes]) -> None:
        """Execute cells; an error ends its cell, not the notebook. One message for each cell."""
        if any("plt" in cell or "matplotlib" in cell for cell in header["cells"]):
            show_figures(self.shell)
        for cell in header["cells"]:
            outputs = run_cell(self.shell, cell, header["seconds"])
            late = any(output.get("ename") == TooSlow.__name__ for output in outputs)
            self.send({"outputs": outputs, "late": late})

    def kind(self, header: dict[str, Any], blobs: list[bytes]) -> None:
        """Say whether a name is missing, a function, or a value."""
        space = self.shell.user_ns
        name = header["name"]
        self.send(
            {"kind": "missing" if name not in space else "function" if callable(space[name]) else "value"}
        )

    def value(self, header: dict[str, Any], blobs: list[bytes]) -> None:
        """Send the value of a name."""
        from ..answers import plain

        try:
            with at_most(header["seconds"]):
                value = plain(self.shell.user_ns[header["name"]])
            self.give(value)
        except (Exception, TooSlow) as error:
            text = f"This value cannot be read: {str(error)[: wire.MOST_TEXT]}."
            self.send({"mistake": text, "late": isinstance(error, TooSlow)})

    def call(self, header: dict[str, Any], blobs: list[bytes]) -> None:
        """Call a function with the arguments of the message and send what it returns."""
        from ..answers import Mistake, call

        decoder = wire.Decoder(blobs, self.remote_function, self.network)
        arguments = [decoder.decode(each) for each in header["arguments"]]
        try:
            with at_most(header["seconds"]):
                value = call(self.shell.user_ns[header["name"]], *arguments)
            self.give(value)
        except Mistake as mistake:
            self.send({"mistake": str(mistake)[: wire.MOST_TEXT]})
        except TooSlow as slow:
            self.send({"mistake": f"Your function was {slow}.", "late": True})

    def give(self, value: Any) -> None:
        """Send a value, or say why it cannot be sent."""
        blobs: list[bytes] = []
        try:
            tree = wire.encode(value, blobs)
            frame = wire.pack({"value": tree}, blobs)
        except wire.WireError as error:
            self.send({"mistake": f"The result cannot be read: {error}."})
            return
        self.sink.write(frame)
        self.sink.flush()

    def remote_function(self, number: int) -> Any:
        """A function that asks the grader for its values."""

        def function(*arguments: Any) -> Any:
            from ..answers import plain

            blobs: list[bytes] = []
            sent = [wire.encode(plain(each), blobs) for each in arguments]
            self.send({"callback": number, "arguments": sent}, blobs)
            header, blobs = self.receive()
            if "error" in header:
                raise ValueError(header["error"])
            return wire.Decoder(blobs).decode(header["value"])

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
        name, text = type(error).__name__, str(error)[: wire.MOST_TEXT]
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
    set_limits()
    runner = Runner(source, sink)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    runner.send({"ready": True})
    runner.serve()


if __name__ == "__main__":
    main()
