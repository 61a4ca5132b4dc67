"""The memory of the machine as far as the system tells, or of the container or batch job around this process.

Nothing in here starts Keras: the grader asks, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

TABLE = Path("/proc/meminfo")
GROUPS, CONTROL_GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
# What a control group calls its limit and its present use, in versions 2 and 1.
NAMES = {"memory.max": "memory.current", "memory.limit_in_bytes": "memory.usage_in_bytes"}
NO_LIMIT = 2**60  # version 1 writes a huge number where version 2 writes "max"


def memory(*, swap: bool = False) -> int | None:
    """Bytes of memory to count on; None where the system does not say.

    The machine's, or less where a container or a batch job was given less.

    Args:
        swap: count what can be swapped out as well.
    """
    known = [table("MemTotal") or pages(), *(limit for limit, _ in limits())]
    smallest = min((each for each in known if each is not None), default=None)
    return None if smallest is None else smallest + (table("SwapTotal") or 0 if swap else 0)


def free_memory() -> int | None:
    """Bytes that a process may still take; None where the system does not say."""
    known = [table("MemAvailable"), *(limit - used for limit, used in limits())]
    return min((each for each in known if each is not None), default=None)


def pages() -> int | None:
    """Bytes of memory that are installed; None where the system does not say, as Windows."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def table(name: str) -> int | None:
    """A number of bytes from Linux' table of memory; None when there is none of that name."""
    try:
        lines = TABLE.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(found[0]) * 1024 if found else None


def limits() -> Iterator[tuple[int, int]]:
    """Limit and present use, in bytes, of the control groups that this process is in; most set no limit."""
    for folder in control_groups():
        for limit, used in NAMES.items():
            most = number(folder / limit)
            if most is not None and most < NO_LIMIT:
                yield most, (number(folder / used) or 0) - reclaimable(folder)


def number(file: Path) -> int | None:
    """The number in a file of the kernel's; None when there is no file, or a word in it such as "max"."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def control_groups() -> list[Path]:
    """The folders of the control groups around this process, of either version, from the inside out."""
    try:
        lines = GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for _, kinds, path in (line.split(":", 2) for line in lines):
        if kinds == "" or "memory" in kinds.split(","):
            top = CONTROL_GROUPS / "memory" if kinds else CONTROL_GROUPS
            inside = top / path.lstrip("/")
            found += [each for each in (inside, *inside.parents) if each.is_relative_to(top)]
    return found


def reclaimable(folder: Path) -> int:
    """Bytes of files that a container keeps in memory only as long as nobody else wants it."""
    try:
        rows = dict(line.split() for line in (folder / "memory.stat").read_text("ascii").splitlines())
    except (OSError, ValueError):
        return 0
    return int(rows.get("inactive_file", rows.get("total_inactive_file", 0)))
