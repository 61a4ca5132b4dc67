"""What jobs of tests do. Workers import it, so it is light; a folder in a job is where it leaves traces."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

LIMIT = 60.0  # seconds; only a test that fails comes near


def square(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} is negative.")
    return number * number


def where(_: object) -> int:
    return os.getpid()


def given(job: object) -> object:
    return job


def die_once(job: tuple[str, int]) -> int:
    """End this process by force, the first time."""
    folder, number = job
    with open(Path(folder, f"try-{number}"), "a", encoding="utf-8") as tries:
        tries.write("x")
    if number == 2 and Path(folder, "try-2").read_text(encoding="utf-8") == "x":
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait(job: tuple[str, int]) -> None:
    """Say that the job has begun, and wait to be interrupted, which it says as well."""
    folder, number = job
    Path(folder, f"began-{number}").touch()
    end = time.monotonic() + LIMIT
    try:
        while time.monotonic() < end:
            time.sleep(0.02)
    except KeyboardInterrupt:
        Path(folder, f"ended-{number}").touch()
        raise
