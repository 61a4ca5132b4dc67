"""How much memory a student takes on a hub, and how many a server holds.

    .venv/bin/python benchmarks/students.py --write    # lessons, 1, 2, 4 students at once: half an hour
    .venv/bin/python benchmarks/students.py --quick    # one lesson and one student: does it run?

The hub, its proxy and the students' servers are those of `deploy/jupyterhub/rehearsal.py`; each student has
one kernel in which a lesson runs from top to bottom. What a process has written itself (anonymous memory) is
its own. What it has mapped from files, such as TensorFlow's library, is in memory once for all students of a
machine, so it is counted once. Both are read from Linux every second while the lessons run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import copy
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import measure
import nbformat
import requests

from nstlib.cli import lab

PLAN = {"00": (1, 2, 4), "06": (1, 2, 4), "09": (1,), "11": (1,), "12": (1,)}  # students at once, by lesson
SERVER, RESERVE = 32 * 1024, 2 * 1024  # MiB of a server, and of it for the system and what is cached
PATIENCE = 300  # seconds for what is waited for


@dataclass(frozen=True)
class Memory:
    """What processes hold, in MiB.

    Attributes:
        own: what they have written, summed.
        mapped: the largest share of files that one of them has mapped.
    """

    own: float
    mapped: float

    def __or__(self, other: Memory) -> Memory:
        """The larger of each."""
        return Memory(max(self.own, other.own), max(self.mapped, other.mapped))


def memory_of(pids: Sequence[int]) -> Memory:
    """What processes hold now; those that have ended hold nothing."""
    own, mapped = 0.0, 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            size = {key: int(kilobytes) / 1024 for key, kilobytes in re.findall(r"(\w+):\s+(\d+) kB", text)}
            own += size["Anonymous"] + size["Swap"]
            mapped = max(mapped, size["Rss"] - size["Anonymous"])
    return Memory(own, mapped)


# --- the hub and the students' servers ------------------------------------------------------------------


def children(pid: int) -> list[int]:
    """All processes below a process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            if int(parent) == pid:
                found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def command_of(pid: int) -> str:
    """The command line of a process; empty when it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")
    return ""


@contextlib.contextmanager
def hub(place: Path) -> Iterator[tuple[int, str]]:
    """The rehearsal hub; yields its process and its address."""
    from socket import socket

    with socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    config = lab.COURSE / "deploy" / "jupyterhub" / "rehearsal.py"
    command = [sys.executable, "-m", "jupyterhub", "-f", str(config), f"--JupyterHub.bind_url={address}"]
    variables = {**os.environ, "NST_REHEARSAL": str(place)}
    with (
        open(place / "log", "wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=place, env=variables) as process,
    ):
        try:
            wait_for(lambda: requests.get(f"{address}/hub/login", timeout=20).ok)
            yield process.pid, address
        finally:
            process.terminate()


def log_in(address: str, name: str) -> None:
    """Log a student in, which starts the server, and open JupyterLab's page."""
    session = requests.Session()
    session.get(f"{address}/hub/login")
    form = {"username": name, "password": "rehearsal", "_xsrf": session.cookies["_xsrf"]}
    session.post(f"{address}/hub/login?next=%2Fhub%2Fspawn", data=form).raise_for_status()
    wait_for(lambda: session.get(f"{address}/user/{name}/lab", timeout=60).url.endswith(f"/user/{name}/lab"))


def wait_for(ready) -> None:
    """Wait until something is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(requests.RequestException):
            if ready():
                return
        time.sleep(0.5)
    sys.exit(f"The hub did not answer within {PATIENCE} seconds.")


def of_the_hub(students: int) -> tuple[Memory, Memory]:
    """What the hub and its proxy hold, and what one of so many students' servers does."""
    with tempfile.TemporaryDirectory() as folder, hub(Path(folder)) as (pid, address):
        for number in range(students):
            log_in(address, f"student{number}")
        below = children(pid)
        servers = [each for each in below if "jupyterhub.singleuser" in command_of(each)]
        rest = memory_of([pid, *(each for each in below if each not in servers)])
        own = memory_of(servers)
    return rest, Memory(own.own / len(servers), own.mapped)


# --- the kernels --------------------------------------------------------------------------------------


async def run(
    notebook: nbformat.NotebookNode, pids: list[int], finished: asyncio.Semaphore, leave: asyncio.Event
) -> None:
    """Run a lesson in a fresh kernel, say so, and keep the kernel until it may leave."""
    from nbclient import NotebookClient

    settings = {"metadata": {"path": str(lab.COURSE / "notebooks")}}
    client = NotebookClient(copy.deepcopy(notebook), timeout=3600, kernel_name="python3", resources=settings)
    async with client.async_setup_kernel():
        pids.append(client.km.provisioner.pid)
        for place, cell in enumerate(client.nb.cells):
            if cell.cell_type == "code":
                await client.async_execute_cell(cell, place)
        finished.release()
        await leave.wait()


async def watch(pids: list[int], seen: list[Memory]) -> None:
    """Note each second what the processes hold."""
    while True:
        seen.append(await asyncio.to_thread(memory_of, list(pids)))
        await asyncio.sleep(1)


async def peak_of(notebook: nbformat.NotebookNode, students: int) -> tuple[Memory, Memory]:
    """What so many kernels hold at once that all run a lesson: at the peak, and when all have run it."""
    pids: list[int] = []
    seen: list[Memory] = []
    finished, leave = asyncio.Semaphore(0), asyncio.Event()
    watching = asyncio.create_task(watch(pids, seen))
    everybody = asyncio.gather(*(run(notebook, pids, finished, leave) for _ in range(students)))
    for _ in range(students):
        one = asyncio.create_task(finished.acquire())
        await asyncio.wait([one, everybody], return_when=asyncio.FIRST_COMPLETED)
        if everybody.done():  # only where a cell failed: the kernels wait for `leave`
            everybody.result()
    end = memory_of(pids)
    watching.cancel()
    leave.set()
    await everybody
    peak = end
    for each in seen:
        peak |= each
    return peak, end


# --- the report -----------------------------------------------------------------------------------------


def held(per_student: float, once: float) -> int:
    """How many students a server holds."""
    return int((SERVER - RESERVE - once) // per_student)


def section(plan: dict[str, Sequence[int]]) -> str:
    """Measure; returns the text of the section."""
    rest, server = of_the_hub(2)
    measure.say(f"hub {rest}, server {server}")
    rows = []
    for lesson, numbers in plan.items():
        (path,) = (lab.COURSE / "notebooks").glob(f"{lesson}_*.ipynb")
        notebook = nbformat.read(path, as_version=4)
        for students in numbers:
            peak, end = asyncio.run(peak_of(notebook, students))
            each, once = (
                peak.own / students + server.own,
                peak.mapped + server.mapped + rest.own + rest.mapped,
            )
            values = (end.own / students, peak.own / students, each, once, held(each, once))
            rows.append((f"lesson {lesson}", str(students), *(f"{value:.0f}" for value in values)))
            measure.say(" ".join(rows[-1]))
    head = ("what runs", "students at once", "kernel at the end", "at its peak", "peak with the server")
    more = ("once for all", "students in 32 GiB")
    intro = (
        f"MiB. A student's server takes {server.own:.0f} of its own, the hub and its proxy {rest.own:.0f}. "
        f"Students in 32 GiB: {RESERVE >> 10} GiB are left to the system, and everybody is at the peak."
    )
    return f"{intro}\n\n{measure.table((*head, *more), rows)}\n\n*{measure.caption()}*"


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one lesson and one student, to the screen")
    parser.add_argument("--write", action="store_true", help="into README.md")
    given = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("Only Linux says what a process holds of its own.")
    text = section({"00": (1,)} if given.quick else PLAN)
    print(text)
    if given.write and not given.quick:
        measure.write(measure.REPORT, "hub", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
