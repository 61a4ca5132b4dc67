"""How much memory the lessons take, beside what Binder gives.

    .venv/bin/python benchmarks/binder.py            # every lesson and VGG-19, into README.md
    .venv/bin/python benchmarks/binder.py --quick    # one lesson, to the screen: does it run?

Each runs in a fresh kernel, whose last cell asks Linux for the kernel's resident memory at its peak. Beside
it stands JupyterLab's server, which Binder's memory must hold as well. Binder itself is not reached.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import measure
import nbformat

from nstlib.cli import lab

LESSONS = sorted((lab.COURSE / "notebooks").glob("[0-9]*.ipynb"))
GUARANTEED, MOST = 1024, 2048  # MiB that mybinder.org gives, by its user guidelines
PEAK = "import re\nprint('peak', re.findall(r'VmHWM:\\s*(\\d+) kB', open('/proc/self/status').read())[0])"
VGG19 = """\
import nstlib as nst
network = nst.load_network("vgg19", weights="random")
options = dict(size={size}, sizes="single", iterations=5, progress=False)
nst.transfer_style("astronaut", "swirls", network=network, **options);"""


def peak_of(notebook: nbformat.NotebookNode, folder: Path) -> float:
    """Run a notebook in a fresh kernel; returns the kernel's peak in MiB."""
    from nbclient import NotebookClient

    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    settings = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=1200, kernel_name="python3", resources=settings).execute()
    said = "".join(output.text for output in notebook.cells[-1].outputs)
    return int(said.split()[-1]) / 1024


def peak_of_server() -> float:
    """Start JupyterLab and open its page; returns the server's peak in MiB."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--ServerApp.port={port}", "--no-browser", "--IdentityProvider.token=", "--ip=127.0.0.1"]
    root = ["--allow-root"] if os.getuid() == 0 else []
    command = [sys.executable, *lab.lab_command(), *options, *root]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(120):
                time.sleep(0.5)
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/lab").read()
                    break
                except OSError:
                    continue
            else:
                sys.exit("JupyterLab did not start within a minute.")
            status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
            return int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0]) / 1024
        finally:
            server.terminate()


def notebooks(lessons: list[Path], sizes: list[int]) -> dict[str, nbformat.NotebookNode]:
    """What is run, by name: lessons, and pictures of some sizes painted with VGG-19."""
    found = {f"lesson {path.stem[:2]}": nbformat.read(path, as_version=4) for path in lessons}
    for size in sizes:
        cell = nbformat.v4.new_code_cell(VGG19.format(size=size))
        found[f"VGG-19, a {size} pixel picture"] = nbformat.v4.new_notebook(cells=[cell])
    return found


def section(lessons: list[Path], sizes: list[int]) -> str:
    """Measure; returns the text of the section."""
    server = peak_of_server()
    rows = []
    for name, notebook in notebooks(lessons, sizes).items():
        began = time.perf_counter()
        kernel = peak_of(notebook, lab.COURSE / "notebooks")
        total = kernel + server
        fits = ("yes" if total <= limit else "no" for limit in (GUARANTEED, MOST))
        rows.append((name, f"{kernel:.0f}", f"{total:.0f}", *fits))
        measure.say(f"{name}: {kernel:.0f} MiB, {time.perf_counter() - began:.0f} s")
    head = ("what runs", "kernel, MiB", "with the server, MiB", "within 1 GiB", "within 2 GiB")
    intro = (
        f"Resident memory at its peak; JupyterLab's server takes {server:.0f} MiB. VGG-19 has random weights."
    )
    return f"{intro}\n\n{measure.table(head, rows)}\n\n*{measure.caption()}*"


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one lesson, to the screen")
    if not Path("/proc/self/status").exists():
        sys.exit("Only Linux says how much memory a process has used.")
    if parser.parse_args().quick:
        print(section(LESSONS[1:2], []))
    else:
        measure.write(measure.REPORT, "binder", section(LESSONS, [256, 512]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
