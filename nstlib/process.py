"""The process around a command: streams whose reader may go away, and signals that end it.

A run that takes an hour outlives the terminal it was started in. What it has to say may then be lost; its
picture may not.
"""

from __future__ import annotations

import ctypes
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

# What writing gives when nobody reads any longer: a pipe, a descriptor, a terminal that was closed.
GONE = {errno.EPIPE, errno.EBADF, errno.EIO, errno.ENXIO}
FORESEEN = (ValueError, OSError, FloatingPointError, ImportError)  # what they say is meant for people
ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class Tolerant:
    """A text stream that drops what it cannot write, instead of ending the work that wants to say it.

    Attributes:
        failure: the first error of writing, None as long as there was none.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, if that is possible."""
        self._try("write", text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that is possible."""
        self._try("flush")

    def _try(self, method: str, *text: str) -> None:
        try:
            getattr(self._stream, method)(*text)
        except (OSError, ValueError) as error:  # ValueError: the stream was closed
            self.failure = self.failure or error
            if getattr(error, "errno", None) in GONE:
                self.into_nowhere()

    def into_nowhere(self) -> None:
        """Point the descriptor at nothing, or Python would fail once more when it flushes at its end."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out; a backend is asked only if it has been started."""
    backend = sys.modules.get(f"{__package__}.backend")
    return isinstance(error, MemoryError) or (backend is not None and backend.is_out_of_memory(error))


@contextmanager
def tolerant_output() -> Iterator[None]:
    """Let `print` and all that writes to stdout and stderr go on when these were closed.

    Raises:
        OSError: what was printed could not be written, for instance to a full disk.
    """
    before = sys.stdout, sys.stderr
    _open_descriptors()
    out, err = (Tolerant(_prepared(stream, number)) for number, stream in enumerate(before, start=1))
    sys.stdout, sys.stderr = out, err
    try:
        yield
        out.flush()
    finally:
        sys.stdout, sys.stderr = before
    if isinstance(out.failure, OSError) and out.failure.errno not in GONE:
        out.into_nowhere()  # what is still to be written would fail once more, and give another exit code
        raise OSError(f"Cannot print: {out.failure.strerror or out.failure}.")


def _open_descriptors() -> None:
    """Open descriptors 0 to 2 where they are closed, or the next file would get one."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


def _prepared(stream: Any, descriptor: int) -> Any:
    """The stream, able to print every letter; one that was closed from the start leads to nowhere."""
    if stream is None:  # what Python makes of a closed descriptor; print(file=None) would use stdout
        return open(descriptor, "w", encoding="utf-8", errors="replace", closefd=False)
    if isinstance(stream, io.TextIOWrapper):
        # A Windows console may lack letters of a file's name; a pipe should have each line as it comes.
        stream.reconfigure(errors="backslashreplace", line_buffering=True)
    return stream


class Ended(KeyboardInterrupt):
    """A signal asked for the end.

    Attributes:
        exit_code: what a shell reports of a process that this signal ended.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


class Ending:
    """Ctrl-C, SIGTERM (Slurm, `timeout`) and SIGHUP (a closed terminal) end a run in one and the same way.

    The first becomes a KeyboardInterrupt, after which recipes return the best image so far; while that is
    saved it only waits. A Ctrl-C after it ends the process at once: that is a person who insists. Programs
    repeat themselves (a terminal that closes, `timeout` to a process and to its group) and mean the same.

        with Ending() as ending:
            result = transfer_style(...)
            with ending.waiting():
                result.save(...)

    Attributes:
        number: of the signal that came, 0 as long as there was none.
    """

    def __init__(self) -> None:
        self.number, self._waiting = 0, False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Ending:
        """Listen; signals that are ignored (`nohup`) stay so, and only the main thread can listen at all."""
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in ENDING if hasattr(signal, name)):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """What a shell reports of a process that this signal ended; 0 when none came."""
        return 128 + self.number if self.number else 0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """What runs in here is finished first."""
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number and number != signal.SIGINT:
            return
        if self.number:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.number = number
        if not self._waiting:
            raise Ended(number)


_named: dict[int, str] = {}  # thread -> the name of what it does
_named_lock = threading.Lock()


@contextmanager
def interruptible(name: str) -> Iterator[None]:
    """Let `interrupt` reach what this thread does in here, and nothing that it does later.

    Raises:
        KeyboardInterrupt: somebody has called `interrupt`.
    """
    thread = threading.get_ident()
    try:
        with _named_lock:
            _named[thread] = name
        yield
    finally:
        with _named_lock:
            _named.pop(thread, None)
            _raise_in(thread, None)  # one that came too late


def interrupt(name: str) -> None:
    """End what threads of this process do under a name, as Ctrl-C ends what the main thread does."""
    with _named_lock:
        for thread in [each for each, own in _named.items() if own == name]:
            _raise_in(thread, KeyboardInterrupt)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise an exception in another thread when it next runs Python code; None takes one back."""
    raised = ctypes.py_object() if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
