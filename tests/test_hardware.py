"""hardware.py: how much memory there is, as the system and the containers around us tell it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nstlib import backend, hardware


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the control groups of a system that has none yet."""
    monkeypatch.setattr(hardware, "CONTROL_GROUPS", tmp_path)
    monkeypatch.setattr(hardware, "GROUPS", tmp_path / "cgroup")
    return tmp_path


@pytest.mark.skipif(not hardware.TABLE.is_file(), reason="needs Linux' table of memory")
def test_free_memory_is_less_than_all_of_it() -> None:
    free, total = hardware.free_memory(), hardware.memory()
    assert free is not None and total is not None and 0 < free < total
    assert hardware.table("No such row") is None
    assert backend.memory_gib() == total / 2**30


def test_the_memory_of_a_container_is_the_machines(groups: Path) -> None:
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert hardware.memory() == installed
    (groups / "cgroup").write_text("1:cpu:/job\n0::/job/step\n")
    (groups / "job" / "step").mkdir(parents=True)
    (groups / "job" / "step" / "memory.max").write_text("max\n")
    (groups / "job" / "memory.max").write_text("3000000\n")
    assert hardware.memory() == 3_000_000
    (groups / "cgroup").write_text("4:cpu,memory:/job\n0::/\n")  # version 1
    (groups / "memory" / "job").mkdir(parents=True)
    (groups / "memory" / "job" / "memory.limit_in_bytes").write_text("2000000\n")
    assert hardware.memory() == 2_000_000
    (groups / "memory" / "job" / "memory.limit_in_bytes").write_text(f"{2**63 - 4096}\n")  # none
    assert hardware.memory() == installed


@pytest.mark.parametrize("version", [1, 2])
def test_what_a_container_may_still_take_is_free(version: int, groups: Path) -> None:
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    limit, used, file = names if version == 1 else ("memory.max", "memory.current", "inactive_file")
    top = groups / "memory" if version == 1 else groups
    top.mkdir(exist_ok=True)
    (groups / "cgroup").write_text("3:memory:/\n" if version == 1 else "0::/\n")
    (top / limit).write_text("1000\n")
    (top / used).write_text("700\n")
    assert list(hardware.limits()) == [(1000, 700)] and hardware.free_memory() == 300
    (top / "memory.stat").write_text(f"anon 500\n{file} 200\n")
    assert list(hardware.limits()) == [(1000, 500)] and hardware.free_memory() == 500


def test_nothing_is_known_without_the_tables(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "TABLE", groups / "meminfo")
    monkeypatch.setattr(hardware, "pages", lambda: None)
    assert hardware.memory() is None and hardware.memory(swap=True) is None
    assert hardware.free_memory() is None and backend.memory_gib() is None
