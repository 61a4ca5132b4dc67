"""How much of its time a sandbox has used up, told from its processes."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Sequence

from ..limits import CLOCK, GRACE, START_SECONDS
from ..watchdog import status


class Stopwatch:
    """The time of one sandbox.

    Attributes:
        spent: seconds of processor time of all its processes together since it was ready, or a `CLOCK`-th of
            those by the clock where that is more.
    """

    def __init__(self) -> None:
        self.created = time.monotonic()
        self.began = math.inf  # when a learner's code could run
        self.start_up = 0.0  # seconds of processor time until then
        self.spent = 0.0
        self.runner: int | None = None  # the process that answers
        self.paused = math.inf  # since when a signal has stopped that process
        # Until when, in `spent`, an answer must be there, and what is said where it is not.
        self.step = (math.inf, "")

    def begin(self, members: Sequence[int]) -> None:
        """The sandbox is ready.

        Args:
            members: its processes, see `watchdog.family`: bubblewrap twice, then the one that answers.
        """
        self.start_up = sum(status(pid)[1] for pid in members)
        self.began = time.monotonic()
        self.runner = members[2] if len(members) > 2 else None

    def look(self, members: Sequence[int]) -> None:
        """Bring everything up to date."""
        if self.began == math.inf:
            return
        looks = {pid: status(pid) for pid in members}
        used = sum(seconds for _, seconds in looks.values()) - self.start_up
        now = time.monotonic()
        self.spent = max(self.spent, used, (now - self.began) / CLOCK)
        stopped = self.runner is not None and looks.get(self.runner, ("", 0.0))[0] == "T"
        self.paused = min(self.paused, now) if stopped else math.inf

    @property
    def never_ready(self) -> bool:
        """Whether it has taken too long to start."""
        return self.began == math.inf and time.monotonic() - self.created > START_SECONDS

    @property
    def stands_still(self) -> bool:
        """Whether its process has been stopped for a while; it can only have done that itself."""
        return time.monotonic() - self.paused > GRACE

    @contextlib.contextmanager
    def within(self, seconds: float, what: str) -> Iterator[None]:
        """Meanwhile there is a time after which the sandbox is to be ended.

        Args:
            seconds: after which the sandbox should interrupt itself; it gets `GRACE` seconds for that.
            what: it does, for the message.
        """
        text = f"{what} did not end within {seconds:.3g} seconds and could not be interrupted."
        self.step = (self.spent + seconds + GRACE, text)
        try:
            yield
        finally:
            self.step = (math.inf, "")

    @property
    def overdue(self) -> str:
        """What is to be said where an answer is not there in time; empty where there is time left."""
        until, text = self.step
        return text if self.spent > until else ""
