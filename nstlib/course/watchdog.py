"""Watch over sandboxes: which processes belong to each, how much time and memory they take together.

One thread looks after all sandboxes of this process. Twenty times a second it reads the list of the machine's
processes, once for all of them, and shows each sandbox its own.

A look costs a few milliseconds of a processor and waits for them on a busy machine, while what it guards can
grow. So the hard bounds are the kernel's (see `limits.Limits`: processes and threads together, memory of one
process, files), and the watchdog adds up what the kernel does not.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable
from typing import Protocol

PERIOD = 0.05  # seconds between two looks
UNWATCHED = "The sandbox could not be watched and was stopped."


class Charge(Protocol):
    """What a watchdog looks after."""

    @property
    def pid(self) -> int:
        """The process from which all others of it descend."""

    def inspect(self, members: list[int]) -> None:
        """Look at what runs, and end it when it is past its limits."""

    def kill(self, why: str) -> None:
        """End it."""


class Watchdog:
    """A thread that looks after charges, for as long as there are any."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.charges: list[Charge] = []
        self.thread: threading.Thread | None = None

    def add(self, charge: Charge) -> None:
        """Look after one more, from now on."""
        with self.lock:
            self.charges.append(charge)
            if self.thread is None:
                thread = threading.Thread(target=self.run, name="watchdog", daemon=True)
                thread.start()
                self.thread = thread

    def remove(self, charge: Charge) -> None:
        """Look after it no longer."""
        with self.lock:
            self.charges = [each for each in self.charges if each is not charge]

    def on_duty(self) -> list[Charge]:
        """Who is to be looked after; where there is nobody, the thread's time is over."""
        with self.lock:
            if not self.charges:
                self.thread = None
            return list(self.charges)

    def run(self) -> None:
        """Look, and look again."""
        take_precedence()
        while charges := self.on_duty():
            look(charges)
            time.sleep(PERIOD)


def take_precedence() -> None:
    """Let this thread run before all others where that is allowed (for root it is).

    Where it is not, many busy processes delay a look by tenths of a second. Most kernels divide the
    processors between sessions first, and each sandbox is a session of its own.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -20)


def look(charges: Iterable[Charge]) -> None:
    """One look at all charges. What cannot be looked at is ended: nothing runs on without a guard."""
    try:
        children = children_of_all()
    except Exception:
        children = None
    for charge in charges:
        try:
            if children is None:
                charge.kill(UNWATCHED)
            else:
                charge.inspect(family(charge.pid, children))
        except Exception:
            charge.kill(UNWATCHED)


# --- processes --------------------------------------------------------------------------------------


def read(path: str) -> bytes:
    """A small file of the kernel's, without the detours of a text file."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def children_of_all() -> dict[int, list[int]]:
    """The processes of this machine, by their parents: one pass through /proc."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                stat = read(f"/proc/{entry}/stat")
            except OSError:  # it has ended
                continue
            # A process may give itself any name, brackets included; the last bracket is the kernel's.
            children.setdefault(int(stat.rpartition(b")")[2].split()[1]), []).append(int(entry))
    return children


def family(pid: int, children: dict[int, list[int]] | None = None) -> list[int]:
    """A process and all its descendants, itself first and its first child second.

    Args:
        pid: the process.
        children: of `children_of_all`; None reads it.
    """
    children = children_of_all() if children is None else children
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def status(pid: int) -> tuple[str, float]:
    """The state of a process ("R" runs, "S" sleeps, "T" is stopped) and its seconds of processor time.

    The time of children that have ended and were waited for counts too. A process that has gone has no state.
    """
    try:
        fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except OSError:
        return "", 0.0
    return fields[0].decode(), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


# --- memory -----------------------------------------------------------------------------------------

COUNTED = (b"RssAnon:", b"RssShmem:", b"VmSwap:", b"VmPTE:", b"HugetlbPages:")


def own_memory(pid: int) -> int:
    """Bytes of memory that one process holds for itself; 0 when it has gone.

    What it shares with another after a fork counts for both: a write is enough to make it two.
    """
    own = status_memory(f"/proc/{pid}/status")
    if own is None:  # its first thread has ended: any other tells
        with contextlib.suppress(OSError):
            threads = os.listdir(f"/proc/{pid}/task")
            return max((status_memory(f"/proc/{pid}/task/{each}/status") or 0 for each in threads), default=0)
    return own or 0


def status_memory(path: str) -> int | None:
    """What one status file says; None when it says nothing. A process can put no line end into its name."""
    try:
        lines = read(path).split(b"\n")
    except OSError:
        return 0
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith(COUNTED)]
    return sum(found) if found else None


def memory_of_files(inside: str) -> int:
    """Bytes that the kernel needs for the files of a sandbox, empty ones included: about 1 KB each."""
    if not inside:
        return 0
    try:
        folder = os.statvfs(f"{inside}/tmp")
    except OSError:
        return 0
    return (folder.f_files - folder.f_ffree) * 1024
