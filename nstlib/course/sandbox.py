"""Run code that nobody trusts, in bubblewrap, with limits that hold.

What a submission sees: Python, this package, an empty folder in memory. What it does not see: the network,
the solutions, the gradebook, other submissions, other processes. What it can use up is bounded: time, memory,
processes, files, output. What it says comes back as plain bytes (see `wire`) and is never believed.

The limits hold for root too. The kernel counts processes only for users that are not root, so under root the
code runs as a user of its own (numbers that belong to nobody); otherwise as the grader's user in a user
namespace. What the kernel limits, it limits however busy the machine is: processes with their threads, memory
of one process, files. A watchdog (see `watchdog`) adds up the memory of all processes of a sandbox, which
limits of single processes cannot; a filter of system calls closes the ways to memory that it would not see,
and to new namespaces.
"""

from __future__ import annotations

import contextlib
import functools
import html
import os
import platform
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ..checks.framework import Mistake
from ..samples import data_folder
from . import wire
from .limits import Limits
from .watchdog import Watchdog, family, memory_of_files, own_memory

PACKAGE = Path(__file__).resolve().parent.parent
USERS = range(64_000, 64_900)  # Debian's policy gives these numbers to nobody; other systems do likewise
PROBE_SECONDS = 120  # a busy machine takes its time; one that allows no sandbox says so at once
OWN_PROCESSES = 4  # bubblewrap's
ADVICE = (
    "Submissions are run only in a sandbox: install bubblewrap (Debian and Ubuntu: apt install bubblewrap; "
    "Fedora: dnf install bubblewrap) on a Linux machine that allows it, or grade in a virtual machine or a "
    "container that does; exercises/README.md says more."
)


class SandboxMissing(OSError):
    """Nothing can be run, because nothing could be run safely; the message says what to install."""


class SandboxEnded(Mistake):
    """The learner's process ended before it had answered; the message says why."""


# --- the filter of system calls ---------------------------------------------------------------------

# System calls that nobody needs here: new namespaces and mounts, memory that belongs to no process (shared
# segments, queues, buffers of sockets), other processes' memory, and parts of the kernel known for holes.
# Numbers from each architecture's unistd.h; those of aarch64 have not been tried.
REFUSED = {
    "x86_64": {
        "socket": 41, "socketpair": 53, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
        "memfd_create": 319, "memfd_secret": 447, "io_setup": 206, "io_uring_setup": 425, "userfaultfd": 323,
        "mount": 165, "umount2": 166, "pivot_root": 155, "unshare": 272, "setns": 308, "fsopen": 430,
        "open_tree": 428, "move_mount": 429, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
        "pidfd_getfd": 438, "bpf": 321, "keyctl": 250, "add_key": 248, "request_key": 249,
        "perf_event_open": 298,
    },
    "aarch64": {
        "socket": 198, "socketpair": 199, "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180,
        "memfd_create": 279, "memfd_secret": 447, "io_setup": 0, "io_uring_setup": 425, "userfaultfd": 282,
        "mount": 40, "umount2": 39, "pivot_root": 41, "unshare": 97, "setns": 268, "fsopen": 430,
        "open_tree": 428, "move_mount": 429, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
        "pidfd_getfd": 438, "bpf": 280, "keyctl": 219, "add_key": 217, "request_key": 218,
        "perf_event_open": 241,
    },
}  # fmt: skip
MMAP = {"x86_64": 9, "aarch64": 222}
SHARED_ANONYMOUS = 0x21  # MAP_SHARED and MAP_ANONYMOUS
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
NEW_USER_NAMESPACE = 0x10000000
LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06  # classic BPF
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38


def syscall_filter(machine: str) -> bytes:
    """A seccomp program (classic BPF) that refuses `REFUSED`, for bubblewrap's --seccomp.

    clone with a new user namespace is refused; clone3, whose arguments a filter cannot see, is said not to
    exist, and the C library falls back to clone. Shared anonymous memory is refused, too: it outlives its
    mapping, and a watchdog that adds up what is mapped would not see it.
    """
    number, architecture, first_argument, fourth_argument = (
        0,
        4,
        16,
        40,
    )  # in struct seccomp_data, little-endian
    code: list[tuple[int, int, int, int]] = [
        (LOAD, 0, 0, architecture),
        (EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, number),
        (AT_LEAST, 0, 1, X32_BIT),
        (RETURN, 0, 0, ERRNO | EPERM),
    ]
    for call in sorted(REFUSED[machine].values()):
        code += [(EQUAL, 0, 1, call), (RETURN, 0, 0, ERRNO | EPERM)]
    code += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, ERRNO | ENOSYS)]
    code += [
        (EQUAL, 0, 5, MMAP[machine]),
        (LOAD, 0, 0, fourth_argument),
        (AND, 0, 0, SHARED_ANONYMOUS),
        (EQUAL, 0, 1, SHARED_ANONYMOUS),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
        (EQUAL, 0, 3, CLONE[machine]),
        (LOAD, 0, 0, first_argument),
        (ANY_BIT, 0, 1, NEW_USER_NAMESPACE),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in code)


# --- the command ------------------------------------------------------------------------------------


def places() -> list[str]:
    """What a sandbox can read, as arguments of bubblewrap: the system's programs, Python, this package."""
    arguments: list[str] = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        folder = Path("/") / name
        if folder.is_symlink():
            arguments += ["--symlink", os.readlink(folder), str(folder)]
        elif folder.is_dir():
            arguments += ["--ro-bind", str(folder), str(folder)]
    for file in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
        arguments += ["--ro-bind-try", file, file]
    for folder in readable_folders():
        if not folder.is_relative_to("/usr"):
            arguments += [*ancestors(folder), "--ro-bind", str(folder), str(folder)]
    return arguments


def readable_folders() -> list[Path]:
    """What a sandbox can read of this machine, beside the system's programs in /usr."""
    pythons = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    return sorted({*pythons, Path(sys.prefix), PACKAGE, data_folder().resolve()})


def require_hidden(*secrets: Path) -> None:
    """See that none of the teacher's folders lies where submissions can read.

    Raises:
        SandboxMissing: one does.
    """
    for secret in secrets:
        for folder in (Path("/usr"), *readable_folders()):
            if secret.resolve().is_relative_to(folder):
                raise SandboxMissing(
                    f"{secret} lies in {folder}, which submissions can read: move the course or the folder "
                    f"elsewhere. Nothing was run."
                )


def ancestors(folder: Path) -> list[str]:
    """Empty folders on the way to one, which bubblewrap alone would close to everybody but root."""
    above = [parent for parent in reversed(folder.parents) if str(parent) not in ("/", "/tmp")]
    return [word for parent in above for word in ("--perms", "0755", "--dir", str(parent))]


@functools.cache
def font_list() -> Path | None:
    """Matplotlib's list of fonts, which takes seconds to make; None when there is none yet."""
    import matplotlib
    from matplotlib import font_manager  # noqa: F401  (makes the list where it is missing)

    return next(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"), None)


def command(limits: Limits, user: int | None, filter_fd: int, program: Sequence[str]) -> list[str]:
    """The whole command line of one sandbox.

    Args:
        limits: see there.
        user: number of the user it runs as; None where the grader is not root and cannot choose.
        filter_fd: where the filter of system calls can be read.
        program: arguments of Python.
    """
    bwrap = shutil.which("bwrap") or "bwrap"
    line = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if user is not None:
        line += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        line += ["--unshare-user"]
    line += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]
    line += ["--proc", "/proc", "--dev", "/dev"]
    line += ["--dev-bind", "/dev/null", "/dev/zero"]  # a mapping of /dev/zero is shared memory in disguise
    line += ["--perms", "1777", "--size", "1048576", "--tmpfs", "/dev/shm"]
    line += ["--perms", "1777", "--size", str(limits.folder_bytes), "--tmpfs", "/tmp"]
    line += ["--perms", "1777", "--dir", "/tmp/matplotlib", *places()]  # after /tmp: Python may lie in it
    fonts = font_list()
    if fonts is not None:
        line += ["--ro-bind", str(fonts), f"/tmp/matplotlib/{fonts.name}"]
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in environment(limits, user).items():
        line += ["--setenv", name, value]
    return [*line, "--seccomp", str(filter_fd), "--", sys.executable, *program]


def environment(limits: Limits, user: int | None) -> dict[str, str]:
    """The variables inside: quiet, small, and the limits that the runner sets before anything else."""
    cpu_seconds = int(limits.seconds * max(1, os.cpu_count() or 1)) + 10
    variables = {
        "HOME": "/tmp",
        "USER": "learner",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(PACKAGE.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "IPYTHONDIR": "/tmp/ipython",
        "KERAS_HOME": "/tmp/keras",
        "NSTLIB_CACHE": "/tmp/nstlib",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "NST_AS": str(limits.address_space),
        "NST_DATA": str(limits.data),
        "NST_NPROC": str(limits.processes),
        "NST_FSIZE": str(limits.file_bytes),
        "NST_NOFILE": "256",
        "NST_CPU": str(cpu_seconds),
    }
    if user is not None:
        variables["NST_USER"] = str(user)
    if "KERAS_BACKEND" in os.environ:
        variables["KERAS_BACKEND"] = os.environ["KERAS_BACKEND"]
    return variables


USERS_TAKEN: set[int | None] = set()
TAKING = threading.Lock()


def take_user() -> int:
    """A user's number that no process of this machine runs as, for a sandbox of root's.

    Raises:
        SandboxMissing: there is none left.
    """
    with TAKING:
        busy = USERS_TAKEN | {owner(pid) for pid in os.listdir("/proc") if pid.isdecimal()}
        first = os.getpid() % len(USERS)  # two graders begin at different numbers
        for user in (*USERS[first:], *USERS[:first]):
            if user not in busy:
                USERS_TAKEN.add(user)
                return user
    raise SandboxMissing("All users that sandboxes may run as are busy; wait until other graders have ended.")


def owner(pid: str) -> int | None:
    """Who a process belongs to; None when it has gone."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return None


STOPPED = "The grader was stopped."
WATCHDOG = Watchdog()  # of all sandboxes that run


def end_all() -> None:
    """End every sandbox that is running; whoever waits for one gets SandboxEnded."""
    for box in list(WATCHDOG.charges):
        box.kill(STOPPED)


# --- one sandbox ------------------------------------------------------------------------------------


class Sandbox:
    """A process in which a notebook is run and whose functions can be called from here.

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
        self.deadline = time.monotonic() + self.limits.seconds
        self.ended = ""  # why, once it has
        self.heard = 0  # bytes
        self.last_words = b""
        self.peak = 0  # bytes of memory, all processes together
        self.late = False  # whether a cell or a call was stopped because it took too long
        self.objection: Mistake | None = None  # of one of our functions that was called from inside

    def __enter__(self) -> Sandbox:
        require_platform()
        self.user = take_user() if os.getuid() == 0 else None
        try:
            self.process = self.launch()
        except BaseException:
            USERS_TAKEN.discard(self.user)
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
        with tempfile.TemporaryFile() as program:
            program.write(syscall_filter(platform.machine()))
            program.seek(0)
            fd = program.fileno()
            line = command(self.limits, self.user, fd, ["-m", "nstlib.course.runner"])
            return subprocess.Popen(
                line, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=(fd,), bufsize=0, process_group=0
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

    def end(self, why: str) -> None:
        """Kill everything inside; the first reason is the one that is kept."""
        WATCHDOG.remove(self)
        self.kill(why)
        self.process.wait()
        if self.inner is not None:
            os.close(self.inner)
            self.inner = None
        USERS_TAKEN.discard(self.user)
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
        if time.monotonic() > self.deadline:
            self.kill(f"Your notebook took longer than {self.limits.seconds:.0f} seconds and was stopped.")
        elif len(members) > self.limits.children + OWN_PROCESSES:
            self.kill(f"Your code started more than {self.limits.children} processes and was stopped.")
        else:
            used = sum(map(own_memory, members)) + memory_of_files(self.inside)
            self.peak = max(self.peak, used)
            if used > self.limits.memory:
                most = f"{self.limits.memory / 2**30:.2g} GB"
                self.kill(f"Your code used more than {most} of memory and was stopped.")

    def kill(self, why: str) -> None:
        """End all processes; whoever waits for an answer sees the pipe close.

        The first process inside takes all the others of its namespace along. It goes first and by a handle:
        where the grader is not root, it belongs to the learner's user and may not listen to its parent.
        While it is being started it does not listen yet, and is found in the group of its parent.
        """
        self.ended = self.ended or why
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

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """Read a message."""
        try:
            return wire.unpack(self.read)
        except wire.WireError as error:
            self.kill(f"Your process was stopped: {error}.")
            raise self.gone() from None

    def read(self, count: int) -> bytes:
        """Exactly so many bytes."""
        assert self.process.stdout is not None
        self.heard += count
        if self.heard > self.limits.output_bytes:
            self.kill(
                f"Your notebook put out more than {self.limits.output_bytes / 2**20:.0f} MB and was stopped."
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
        self.kill(self.ended or "Your code ended the process that runs your notebook.")
        self.process.wait()
        self.drainage.join(timeout=10)  # for its last words; the end of all inside closes the pipe
        return SandboxEnded(self.ended)

    # --- what can be asked

    def run(self, cells: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
        """Execute cells; gives the outputs of each when it is done."""
        self.send({"do": "run", "cells": list(cells), "seconds": self.limits.cell_seconds})
        for _ in cells:
            header, _blobs = self.receive()
            self.late |= bool(header.get("late"))
            yield clean_outputs(header.get("outputs"))

    def kind(self, name: str) -> str:
        """What a name stands for: "missing", "function" or "value"."""
        self.send({"do": "kind", "name": name})
        return str(self.receive()[0].get("kind"))

    def value(self, name: str) -> Any:
        """The value of a name."""
        self.send({"do": "value", "name": name, "seconds": self.limits.call_seconds})
        return self.result([])

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        """Call a function inside; functions among the arguments are called here, when it asks."""
        functions: list[Any] = []
        self.objection = None

        def numbered(function: Any) -> int:
            functions.append(function)
            return len(functions) - 1

        blobs: list[bytes] = []
        sent = [wire.encode(each, blobs, numbered) for each in arguments]
        self.send({"do": "call", "name": name, "arguments": sent, "seconds": self.limits.call_seconds}, blobs)
        return self.result(functions)

    def result(self, functions: Sequence[Any]) -> Any:
        """Wait for a value, answering calls of our functions meanwhile."""
        while True:
            header, blobs = self.receive()
            if "callback" in header:
                self.answer(header, blobs, functions)
                continue
            self.late |= bool(header.get("late"))
            if "mistake" in header:
                raise self.objection or Mistake(str(header["mistake"])[:2000])
            try:
                return wire.Decoder(blobs).decode(header.get("value"))
            except wire.WireError as error:
                raise Mistake(f"The result cannot be read: {error}.") from None

    def answer(self, header: dict[str, Any], blobs: list[bytes], functions: Sequence[Any]) -> None:
        """Call one of our functions for the sandbox and send what it gives."""
        given: list[bytes] = []
        try:
            decoder = wire.Decoder(blobs)
            arguments = [decoder.decode(each) for each in header["arguments"]]
            value = wire.encode(functions[header["callback"]](*arguments), given)
        except Mistake as mistake:  # a check's own function objects to how it is called
            self.objection = mistake
            self.send({"error": str(mistake)})
            return
        except Exception as error:  # whatever a learner passes to it
            self.send({"error": f"{type(error).__name__}: {error}"[:500]})
            return
        self.send({"value": value}, given)


class Remote:
    """Stands for a learner's function in a sandbox; a check calls it as if it were the function.

    Attributes:
        source: the text of the cell that defines it.
    """

    def __init__(self, sandbox: Sandbox, name: str, source: str) -> None:
        self.sandbox, self.name, self.source = sandbox, name, source

    def __call__(self, *arguments: Any) -> Any:
        """Send the arguments, bring the result back."""
        return self.sandbox.call(self.name, arguments)


def clean_outputs(outputs: Any) -> list[dict[str, Any]]:
    """What a cell put out, rebuilt from the little that is wanted: text, errors, PNG and JPEG pictures.

    HTML is left out but for pictures inside it: it would run in the browser of whoever reads the feedback.
    """
    import nbformat

    found = []
    for each in outputs[: wire.MOST_OUTPUTS + 3] if isinstance(outputs, list) else []:
        kind = each.get("output_type") if isinstance(each, dict) else None
        if kind == "stream":
            name = "stderr" if each.get("name") == "stderr" else "stdout"
            found.append(nbformat.v4.new_output("stream", name=name, text=clean_text(each.get("text"))))
        elif kind == "error":
            said = {key: clean_text(each.get(key)) for key in ("ename", "evalue")}
            lines = [f"{said['ename']}: {said['evalue']}"]
            found.append(nbformat.v4.new_output("error", **said, traceback=lines))
        elif kind == "display_data" and isinstance(each.get("data"), dict):
            data = clean_data(each["data"])
            words = alternative_text(each["data"])
            metadata = {mime: {"alt": words} for mime in data if mime.startswith("image/") and words}
            if data:
                found.append(nbformat.v4.new_output("display_data", data=data, metadata=metadata))
    return found


def alternative_text(data: dict[str, Any]) -> str:
    """The alternative text of a picture inside an output's HTML, letters and common signs only."""
    found = re.search(r'alt="([^"]*)"', str(data.get("text/html", "")))
    return re.sub(r"[^\w\s.,;:()/-]", "", html.unescape(found[1]))[:1000] if found else ""


def clean_data(data: dict[str, Any]) -> dict[str, str]:
    """The harmless forms of one output."""
    found = {}
    for mime in ("image/png", "image/jpeg"):
        inside = re.search(rf'src="data:{mime};base64,([A-Za-z0-9+/=\s]+)"', str(data.get("text/html", "")))
        given = str(data.get(mime, "")) or (inside[1] if inside else "")
        if 0 < len(given) <= wire.MOST_PICTURE and re.fullmatch(r"[A-Za-z0-9+/=\s]+", given):
            found[mime] = given
    if data.get("text/plain"):
        found["text/plain"] = clean_text(data["text/plain"])
    return found


def clean_text(text: Any) -> str:
    """A text output within bounds: without control characters, and with nothing that is no character."""
    kept = str(text or "")[: wire.MOST_TEXT].encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", kept)


# --- before anything is run -------------------------------------------------------------------------


def require_platform() -> None:
    """See whether this machine could have sandboxes at all, which takes no time.

    Raises:
        SandboxMissing: and what to do.
    """
    if not sys.platform.startswith("linux"):
        system = "macOS" if sys.platform == "darwin" else platform.system()
        raise SandboxMissing(f"Sandboxes need Linux, and this is {system}. {ADVICE}")
    if platform.machine() not in REFUSED:
        raise SandboxMissing(f"There is no filter of system calls for {platform.machine()} yet. {ADVICE}")
    if shutil.which("bwrap") is None:
        raise SandboxMissing(f"The program bwrap was not found. {ADVICE}")


@functools.cache
def require_sandbox() -> None:
    """Try a sandbox once; nothing is graded unless it works.

    Raises:
        SandboxMissing: and what to do.
    """
    require_platform()
    try:
        with Sandbox(Limits(seconds=PROBE_SECONDS)) as box:
            box.start()
            list(box.run(["def twice(x):\n    return 2 * x"]))
            works = np.array_equal(box.call("twice", [np.arange(3)]), [0, 2, 4])
    except Mistake as mistake:
        words = box.last_words.decode(errors="replace").strip().splitlines()
        raise SandboxMissing(
            f"The sandbox does not start ({words[-1] if words else mistake}). {ADVICE}"
        ) from None
    if not works:
        raise SandboxMissing(f"The sandbox gives wrong answers. {ADVICE}")
