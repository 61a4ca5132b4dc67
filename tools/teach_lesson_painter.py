"""Teach the network of lesson 11 for as long as a reader does not wait: data/experiments/11_swirls.npz.

    python tools/teach_lesson_painter.py

The lesson's own cells make and teach it, with more steps and larger crops. Ten minutes on
two cores.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

import nstlib as nst
from nstlib.foundation import whole_file

LESSON = Path(__file__).resolve().parent.parent / "notebooks" / "11_in_one_pass.ipynb"
CELLS = ("network", "loss", "train")
STEPS, SIDE, SEED = 2000, 96, 1
FILE = nst.samples.data_folder() / "experiments" / "11_swirls.npz"


def lesson(style: np.ndarray) -> dict[str, Any]:
    """What the cells define that make and teach a network."""
    cells = {cell.id: cell.source for cell in nbformat.read(LESSON, as_version=4).cells}
    names: dict[str, Any] = {"nst": nst, "np": np, "network": nst.load_network("pocket_vgg")}
    names |= {"photo": style, "swirls": style}
    for name in CELLS:
        exec(cells[name], names)
    return names


def main() -> None:
    """Teach it and write its weights."""
    from keras import utils

    style = nst.load_image("swirls", 384)
    names = lesson(style)
    utils.set_random_seed(SEED)
    goal, model, began = names["Goal"](style), names["transformer"](), time.perf_counter()

    def say(epoch: int, logs: dict[str, float]) -> None:
        print(f"epoch {epoch + 1}: loss {logs['loss']:.3f}, {time.perf_counter() - began:.0f} s", flush=True)

    names["teach"](model, goal, STEPS, SIDE, say)
    with whole_file(FILE) as temporary, temporary.open("wb") as file:
        np.savez(file, *model.get_weights())
    print(f"{FILE.name}: {FILE.stat().st_size / 1e3:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
