"""What a submission may use. Apart from the sandbox, so that the help of `nst grade` starts none."""

from __future__ import annotations

import math
from dataclasses import dataclass

STACK = 8 << 20  # bytes that a thread reserves and hardly uses
CLOCK = 3  # seconds by the clock that stand for one of processor time
START_SECONDS = 120  # by the clock, until a sandbox is ready: a busy machine takes its time
GRACE = 5  # seconds after which what does not let itself be interrupted is killed
# Of a limit: what it is told in, the least and the most there can be, and these in words.
TIME = (1, 0, 7 * 86_400, "a number of seconds above 0, at most 604800 (a week)")
COUNT = (1, 0, 1 << 50, "a number above 0")
RANGES = {
    "memory": (1 << 30, 1 << 27, 1 << 50, "a number of GB from 0.125 (Python alone needs that) to 1048576"),
    "processes": (1, 16, 4096, "a whole number from 16 (TensorFlow needs some threads) to 4096"),
}


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Every limit of time counts processor time, which no neighbour can use up, and by the clock `CLOCK` times
    as long: for code that waits rather than computes, and for machines that are busy. The start of the
    sandbox does not count.

    Attributes:
        seconds: all cells and checks together. The learner's own cells, those that answer nothing, get a half
            of it at most, so that the questions always have theirs.
        cell_seconds: for one cell, which is interrupted then; see `share` for when it is less.
        call_seconds: for one call of a learner's function.
        memory: bytes, all processes together; what they share after a fork counts for each.
        address_space: bytes of one process; TensorFlow reserves much more than it uses.
        processes: and threads, all together.
        file_bytes: of one file.
        folder_bytes: of everything in the sandbox's folder, which lives in memory.
        output_bytes: that the grader reads.

    Raises:
        ValueError: a limit that allows nothing, or so much that it is none; in one sentence.
    """

    seconds: float = 300
    cell_seconds: float = 120
    call_seconds: float = 20
    memory: int = 4 << 30
    address_space: int = 24 << 30
    processes: int = 64
    file_bytes: int = 64 << 20
    folder_bytes: int = 256 << 20
    output_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            unit, least, most, range_ = RANGES.get(name, COUNT if not name.endswith("seconds") else TIME)
            if not (math.isfinite(value) and value > 0 and least <= value <= most):
                shown = f"{name}={value / unit:g}{' GB' if unit > 1 else ''}"
                raise ValueError(f"A submission cannot have {shown}; give {range_}.")
        object.__setattr__(self, "memory", int(self.memory))

    @property
    def children(self) -> int:
        """How many of `processes` may be processes rather than threads: only a fork bomb has that many."""
        return self.processes // 4

    @property
    def data(self) -> int:
        """Bytes of one process's own memory, its threads' stacks included; the kernel gives it no more.

        The watchdog ends a submission that is past `memory`; this holds should it come late.
        """
        return self.memory + self.processes * STACK


def share(left: float, most: float) -> float:
    """Seconds for the next of an unknown number of cells: a half of what is left, and no more than `most`.

    So the first endless cell takes much, the fifth little, and there is always something for the next one.
    """
    return max(min(most, left / 2), 0.0)
