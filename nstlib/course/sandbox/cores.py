"""Which processor core a sandbox runs on: one of its own where there are enough.

What a submission starts stays on its core, because the filter of system calls keeps it from choosing another
(see `syscalls`). So a neighbour that keeps a hundred processes busy slows down nobody but itself.
"""

from __future__ import annotations

import collections
import contextlib
import os
import threading
from collections.abc import Iterator

TAKEN: collections.Counter[int] = collections.Counter()  # core -> sandboxes on it
TAKING = threading.Lock()


def take_core() -> int:
    """The core on which the fewest sandboxes of this process run; `give_back` it."""
    with TAKING:
        core = min(sorted(os.sched_getaffinity(0)), key=lambda each: TAKEN[each])
        TAKEN[core] += 1
        return core


def give_back(core: int | None) -> None:
    """A sandbox on this core has ended."""
    with TAKING:
        if core is not None:
            TAKEN[core] -= 1


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """Have the calling thread run on one core; what it starts meanwhile inherits that, it itself does not."""
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)
