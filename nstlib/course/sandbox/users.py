"""Users of nobody's, as whom the code runs where the grader is root."""

from __future__ import annotations

import os
import threading

from .host import SandboxMissing

USERS = range(64_000, 64_900)  # Debian's policy gives these numbers to nobody; other systems do likewise
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
