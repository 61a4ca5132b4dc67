"""The process of a sandbox: it is started, guarded and ended here, and messages go in and out."""

from __future__ import annotations

import contextlib
import enum
import os
import platform
import select
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from ...answers import Mistake
from .. import wire
from ..limits import START_SECONDS, Limits
from ..watchdog import Watchdog, family, memory_of_files, own_memory
from .command_line import command, options, packed
from .cores import give_back, on_core, take_core
from .host import require_platform
from .stopwatch import Stopwatch
from .syscalls import syscall_filter
from .users import USERS_TAKEN, take_user

OWN_PROCESSES = 4  # bubblewrap's
STOPPED = "The grader was stopped."
WATCHDOG = Watchdog()  # of all sandboxes that run


class Cause(enum.StrEnum):
    """What ended a sandbox."""

    TIME = "the time for everything was used up"
    STEP = "a cell or a call could not be interrupted"
    MEMORY = "memory"
    PROCESSES = "processes"
    OUTPUT = "output"
    PAUSED = "its process had stopped itself"
    EXIT = "its process ended by itself"
    OTHER = "something else"


class SandboxEnded(Mistake):
    """The learner's process ended before it had answered; the message says why.

    Attributes:
        cause: of its end.
    """

    def __init__(self, why: str, cause: Cause = Cause.OTHER) -> None:
        super().__init__(why)
        self.cause = cause


def end_all() -> None:
    """End every sandbox that is running; whoever waits for one gets SandboxEnded."""
    for box in list(WATCHDOG.charges):
        box.kill(STOPPED)


class GuardedProcess:
    """A process in bubblewrap that is ended when it is past its limits.

    Use it in a `with` statement, from one thread. Every method may raise SandboxEnded, and entering it
    SandboxMissing.

    Args:
        limits: what it may use.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.inner: int | None = None  # a handle of the first process inside
        self.inside = ""  # where its folders can be seen from outside, once they are its own
        self.user: int | None = None
        self.core: int | None = None
        self.stopwatch = Stopwatch()
        self.ended = ""  # why, once it has
        self.cause = Cause.OTHER  # of that
        self.heard = 0  # bytes
        self.last_words = b""
        self.peak = 0  # bytes of memory, all processes together

    def __enter__(self) -> Self:
        require_platform()
        self.user = take_user() if os.getuid() == 0 else None
        self.core = take_core()
        try:
            with on_core(self.core):
                self.process = self.launch()
        except BaseException:
            self.give_back()
            raise
        try:
            WATCHDOG.add(self)
            self.drainage = threading.Thread(target=self.drain, daemon=True)
            self.drainage.start()
        except BaseException:  # nothing runs without a guard
            self.end("it could not be watched")
            raise
        return self

    def launch(self) -> subprocess.Popen[bytes]:
        """Start bubblewrap with the runner in it."""
        pipe = subprocess.PIPE
        with tempfile.TemporaryFile() as program, tempfile.TemporaryFile() as settings:
            fds = program.fileno(), settings.fileno()
            program.write(syscall_filter(platform.machine()))
            settings.write(packed(options(self.limits, self.user, fds[0])))
            for file in (program, settings):
                file.seek(0)
            line = command(fds[1], ["-m", "nstlib.course.runner"])
            return subprocess.Popen(
                line, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=fds, bufsize=0, process_group=0
            )

    @property
    def pid(self) -> int:
        """Of bubblewrap, from which all inside descends."""
        return self.process.pid

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end("it was closed")

    def start(self) -> None:
        """Wait until the process is ready to be asked; nothing of a learner's has run until then."""
        self.receive()
        members = family(self.process.pid)
        with contextlib.suppress(OSError, IndexError):
            self.inner = os.pidfd_open(members[1])
            self.inside = f"/proc/{members[1]}/root"
        self.stopwatch.begin(members)

    def give_back(self) -> None:
        """Leave its user and its core to the next."""
        USERS_TAKEN.discard(self.user)
        give_back(self.core)
        self.core = None

    def end(self, why: str) -> None:
        """Kill everything inside; the first reason is the one that is kept."""
        WATCHDOG.remove(self)
        self.kill(why)
        self.process.wait()
        if self.inner is not None:
            os.close(self.inner)
            self.inner = None
        self.give_back()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    # --- its limits

    def inspect(self, members: list[int]) -> None:
        """Kill the sandbox when its time, its memory or its processes are used up; the watchdog calls this.

        Args:
            members: all its processes, bubblewrap's included.
        """
        if self.ended or self.process.poll() is not None:
            return
        watch, limits = self.stopwatch, self.limits
        watch.look(members)
        if watch.never_ready:
            self.kill(f"The sandbox was not ready after {START_SECONDS} seconds.")
        elif watch.spent > limits.seconds:
            self.kill(
                f"Your notebook took longer than {limits.seconds:.0f} seconds and was stopped.", Cause.TIME
            )
        elif watch.overdue:
            self.kill(watch.overdue, Cause.STEP)
        elif watch.stands_still:
            self.kill("Your code stopped its own process, which was ended.", Cause.PAUSED)
        elif len(members) > limits.children + OWN_PROCESSES:
            text = f"Your code started more than {limits.children} processes and was stopped."
            self.kill(text, Cause.PROCESSES)
        elif self.look_at_memory(members) > limits.memory:
            most = f"{limits.memory / 2**30:.2g} GB"
            self.kill(f"Your code used more than {most} of memory and was stopped.", Cause.MEMORY)

    def look_at_memory(self, members: Sequence[int]) -> int:
        """Bytes that all processes and files hold now."""
        used = sum(map(own_memory, members)) + memory_of_files(self.inside)
        self.peak = max(self.peak, used)
        return used

    def spent(self) -> float:
        """Seconds used up until now, see `Stopwatch`."""
        self.stopwatch.look(family(self.process.pid))
        return self.stopwatch.spent

    def kill(self, why: str, cause: Cause = Cause.OTHER) -> None:
        """End all processes; whoever waits for an answer sees the pipe close.

        The first process inside takes all the others of its namespace along. It goes first and by a handle:
        where the grader is not root, it belongs to the learner's user and may not listen to its parent.
        While it is being started it does not listen yet, and is found in the group of its parent.
        """
        if not self.ended:
            self.ended, self.cause = why, cause
        with contextlib.suppress(OSError):
            if self.inner is not None:
                signal.pidfd_send_signal(self.inner, signal.SIGKILL)
            elif self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.send_signal(signal.SIGKILL)

    def drain(self) -> None:
        """Read what is written to stderr so that nobody waits, and keep the end of it."""
        assert self.process.stderr is not None
        while chunk := self.process.stderr.read(65536):
            self.heard += len(chunk)
            self.last_words = (self.last_words + chunk)[-4000:]

    # --- messages

    def send(self, header: dict[str, Any], blobs: list[bytes] | None = None) -> None:
        """Write a message, as fast as the other side reads and no longer than the deadline."""
        assert self.process.stdin is not None
        try:
            data = memoryview(wire.pack(header, blobs or []))
        except wire.WireError as error:
            self.kill(f"Your notebook cannot be run: {error}.")
            raise self.gone() from None
        try:
            while data:
                data = data[self.process.stdin.write(data[:65536]) :]
        except (OSError, ValueError):
            raise self.gone() from None

    def receive(self) -> tuple[dict[str, Any], list[memoryview]]:
        """Read a message."""
        try:
            return wire.unpack(self.read)
        except wire.WireError as error:
            self.kill(f"Your process was stopped: {error}.", Cause.OUTPUT)
            raise self.gone() from None

    def read(self, count: int) -> bytes:
        """Exactly so many bytes."""
        assert self.process.stdout is not None
        self.heard += count
        if self.heard > self.limits.output_bytes:
            self.kill(
                f"Your notebook put out more than {self.limits.output_bytes / 2**20:.0f} MB and was stopped.",
                Cause.OUTPUT,
            )
        parts = bytearray()
        while len(parts) < count:
            over = self.process.poll() is not None  # what it has forked may keep the pipe open for ever
            try:
                ready, _, _ = select.select([self.process.stdout], [], [], 0 if over else 0.2)
                chunk = os.read(self.process.stdout.fileno(), count - len(parts)) if ready else None
            except (OSError, ValueError):
                raise self.gone() from None
            if chunk == b"" or (over and not ready):
                raise self.gone()
            parts += chunk or b""
        return bytes(parts)

    def gone(self) -> SandboxEnded:
        """The error for a process that is no more."""
        self.kill("Your code ended the process that runs your notebook.", Cause.EXIT)
        self.process.wait()
        self.drainage.join(timeout=10)  # for its last words; the end of all inside closes the pipe
        return SandboxEnded(self.ended, self.cause)
