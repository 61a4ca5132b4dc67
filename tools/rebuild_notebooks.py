"""Run lessons from top to bottom in a fresh kernel and store their outputs.

    python tools/rebuild_notebooks.py                            all lessons
    python tools/rebuild_notebooks.py notebooks/00_*.ipynb       some of them

A notebook is replaced only when every cell ran. What differs from run to run without meaning anything (the
times of execution, the state of widgets, messages on stderr) is left out.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from nstlib import progress
from nstlib.foundation import whole_file

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
KEPT = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
SECONDS = 600  # for one cell


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run in its own folder.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,  # or where the kernel cut the printed text would be stored
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return notebook


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Leave out what means nothing in another place or at another time."""
    notebook.metadata = nbformat.from_dict({**KEPT, "language_info": {"name": "python"}})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr" and not is_progress(o)]


def is_progress(output: nbformat.NotebookNode) -> bool:
    """Whether this is a progress bar: the widget of one that stays, or what replaces one that went."""
    data = output.get("data", {})
    widget = "application/vnd.jupyter.widget-view+json" in data and "%|" in data.get("text/plain", "")
    return widget or data == progress.NOTHING


def main() -> int:
    """Read the command line; returns 1 when a notebook failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", type=Path, nargs="*", help="default: every lesson")
    paths = parser.parse_args().notebooks or sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for path in paths:
        began = time.perf_counter()
        try:
            notebook = run(path.resolve())
        except CellExecutionError as error:
            print(f"{path} is left as it was: {error}", file=sys.stderr)
            return 1
        tidy(notebook)
        with whole_file(path) as partial:
            nbformat.write(notebook, partial)
        print(f"{path}: {time.perf_counter() - began:.0f} s, {path.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
