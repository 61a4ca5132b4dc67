"""What runs under another Python than the tests': its packages, and notebooks in a kernel of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

OFFLINE = re.compile(r"NewConnectionError|[Nn]ame ?[Rr]esolution|ProxyError|timed out|No space left")
PATIENCE = 1800  # seconds for a cell: a safety net, which a busy machine shall not fall into
OURS = (  # variables that lead to this work tree, its packages or its files
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "KERAS_BACKEND",
    "KERAS_HOME",
    "NSTLIB_CACHE",
    "XDG_CACHE_HOME",
)


def foreign() -> dict[str, str]:
    """The environment without what leads here."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def pip(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pip of another Python."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=foreign())


def fetch(python: Path, whose: str, *arguments: str) -> None:
    """Have pip fetch packages; skips where it has no connection, and says whose packages these are."""
    done = pip(python, *arguments, "--quiet", "--retries", "1", "--timeout", "30")
    if done.returncode and (reason := OFFLINE.search(done.stderr)):
        pytest.skip(f"{whose} packages cannot be had: {reason[0]}")
    assert done.returncode == 0, done.stderr


def make_kernel(folder: Path, name: str, python: Path, before: str = "") -> None:
    """Describe a kernel in the folder `kernels` of a folder.

    Args:
        folder: see `run`.
        name: of the kernel.
        python: that it runs under.
        before: code that it runs as it starts.
    """
    start = f"{before}from ipykernel import kernelapp; kernelapp.launch_new_instance()"
    argv = [str(python), "-c", start, "-f", "{connection_file}"]
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    spec = {"argv": argv, "display_name": name, "language": "python"}
    (place / "kernel.json").write_text(json.dumps(spec))


def run(
    folder: Path, kernel: str, environment: dict[str, str], path: Path, more: Sequence[str] = ()
) -> list[Any]:
    """Copy a notebook's file into the folder `content` of a folder and run it there.

    Args:
        folder: has `content` and `kernels`.
        kernel: its name, see `make_kernel`.
        environment: its variables.
        path: of the notebook.
        more: cells to run after its own.

    Returns:
        Its code cells with their outputs, up to one that failed, and no others.
    """
    shutil.copy(path, folder / "content")
    notebook = nbformat.read(folder / "content" / path.name, as_version=4)
    notebook.cells += [nbformat.v4.new_code_cell(text) for text in more]
    specs = KernelSpecManager(kernel_dirs=[str(folder / "kernels")], ensure_native_kernel=False)
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        km=AsyncKernelManager(kernel_name=kernel, kernel_spec_manager=specs),
        resources={"metadata": {"path": str(folder / "content")}},
    )
    client.owns_km = True  # or the kernel that it is given here would go on running
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        cell.outputs, cell.execution_count = [], None
    with contextlib.suppress(CellExecutionError):
        client.execute(env=environment)
    return [cell for cell in cells if cell.execution_count]


def failures(cells: list[Any]) -> list[str]:
    """The errors of cells, by the name of the cell."""
    return [
        f"{cell.get('id')}: {o.ename}: {o.evalue}"
        for cell in cells
        for o in cell.outputs
        if o.output_type == "error"
    ]


def texts(cell: Any) -> list[str]:
    """What a cell says in words, on stdout or as its value."""
    streams = [o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout"]
    values = [o.data.get("text/plain", "") for o in cell.outputs if o.output_type == "execute_result"]
    return ["".join(streams), *values]
