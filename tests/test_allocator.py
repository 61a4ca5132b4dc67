"""Memory that is freed stays with the process: arrays that come and go meet no fresh pages."""

import json
import os
import platform
import subprocess
import sys

import pytest

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs the GNU C library")

# Arrays of 8 and 40 MB, made and freed twenty times: how many pages does the system have to clear?
CHURN = """
import json, resource, sys
import numpy as np
from nstlib.allocator import keep_freed_memory
kept = keep_freed_memory()
def once():
    arrays = [np.ones(size, np.float32) for size in (2_000_000, 10_000_000)]
once()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    once()
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(json.dumps([kept, faults * resource.getpagesize()]))
"""


def churn(**variables: str) -> tuple[bool, int]:
    """Whether freed memory is kept, and the bytes that were mapped afresh, in a process of its own."""
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "LD_PRELOAD", "GLIBC_TUNABLES"))
    }
    answer = subprocess.run(
        [sys.executable, "-c", CHURN], env=environment | variables, capture_output=True, text=True, check=True
    )
    kept, fresh = json.loads(answer.stdout)
    return kept, fresh


@glibc
def test_arrays_that_come_and_go_get_the_same_pages_again() -> None:
    kept, fresh = churn()
    assert kept
    assert fresh < 48_000_000  # less than one of the twenty rounds


@glibc
@pytest.mark.parametrize(
    "chosen", [{"MALLOC_ARENA_MAX": "2"}, {"GLIBC_TUNABLES": "glibc.malloc.arena_max=2"}], ids=str
)
def test_who_has_set_the_allocator_keeps_it(chosen: dict[str, str]) -> None:
    kept, _ = churn(**chosen)
    assert not kept


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from nstlib import allocator

    for name in [name for name in os.environ if name.startswith(("MALLOC_", "LD_PRELOAD", "GLIBC_TUNABLES"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: pytest.fail("the C library was asked"))
    assert not allocator.keep_freed_memory()
