"""The C library's memory, kept for the next array instead of given back after each.

An evaluation of a loss makes and frees hundreds of megabytes of activations. By its defaults the GNU C
library maps such blocks one by one and gives them back at once, so the system clears every page of them
again, evaluation after evaluation. See mallopt(3); `benchmarks/allocation.py` measures what it costs.
"""

from __future__ import annotations

import ctypes
import os
import platform

# Parameters of mallopt, by their numbers in malloc.h.
SETTINGS = {
    -8: 1,  # M_ARENA_MAX: heaps of other threads hold 64 MiB at most, and map anything larger on its own
    -4: 0,  # M_MMAP_MAX: no block is mapped on its own
    -1: 2**30,  # M_TRIM_THRESHOLD: what is free at the end of the heap goes back beyond a gibibyte
    -2: 2**26,  # M_TOP_PAD: the heap grows by 64 MiB at a time
}


def keep_freed_memory() -> bool:
    """Have this process keep up to about a gibibyte that it has freed.

    Whoever has set GLIBC_TUNABLES or a variable that begins with MALLOC_, or loads another allocator, keeps
    to that.

    Returns:
        Whether it was done: only the GNU C library, that of most Linux systems, has these parameters.
    """
    chosen = {"GLIBC_TUNABLES", "LD_PRELOAD"} & os.environ.keys()
    chosen |= {name for name in os.environ if name.startswith("MALLOC_")}
    if chosen or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all([mallopt(parameter, value) == 1 for parameter, value in SETTINGS.items()])
