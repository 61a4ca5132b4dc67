"""What a submission may use. Apart from the sandbox, so that the help of `nst grade` starts none."""

from __future__ import annotations

from dataclasses import dataclass

STACK = 8 << 20  # bytes that a thread reserves and hardly uses


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        seconds: of wall-clock time, all cells and checks together.
        cell_seconds: for one cell, which is interrupted then.
        call_seconds: for one call of a learner's function.
        memory: bytes, all processes together; what they share after a fork counts for each.
        address_space: bytes of one process; TensorFlow reserves much more than it uses.
        processes: and threads, all together.
        file_bytes: of one file.
        folder_bytes: of everything in the sandbox's folder, which lives in memory.
        output_bytes: that the grader reads.
    """

    seconds: float = 300
    cell_seconds: float = 120
    call_seconds: float = 20
    memory: int = 4 << 30
    address_space: int = 24 << 30
    processes: int = 256
    file_bytes: int = 64 << 20
    folder_bytes: int = 256 << 20
    output_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"A submission cannot have {name}={value}; give a number above 0.")

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
