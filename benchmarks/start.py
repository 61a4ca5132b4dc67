"""Seconds of short programs, with the backend's objects kept from the garbage collector and without.

    .venv/bin/python benchmarks/start.py --write

Who imports Keras before nstlib has the collector look through everything (nstlib/backend.py). Each program is
a process of its own, in turns, from its start until it is gone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

import measure

ROUNDS = 7
PAINT = "nst.transfer_style('coffee', 'swirls', size=128, iterations=20, progress=False)"
WORKS = {"starts and ends": "", "paints 128 pixels, 20 iterations": PAINT}
WAYS = {"kept from it (the default)": "", "left to it": "import keras; "}


def seconds(way: str, work: str) -> float:
    """A program's, by the clock."""
    began = time.perf_counter()
    command = [sys.executable, "-c", f"{way}import nstlib as nst; nst.load_network('pocket_vgg'); {work}"]
    subprocess.run(
        command, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}, stderr=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - began


def main() -> None:
    """All in turns, and the table of their medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="into README.md")
    asked = parser.parse_args()
    seconds("", "")  # from the disk
    turns = [
        {work: {way: seconds(first, code) for way, first in WAYS.items()} for work, code in WORKS.items()}
        for _ in range(ROUNDS)
    ]
    kept, left = WAYS
    rows = []
    for work in WORKS:
        middles = (statistics.median(turn[work][way] for turn in turns) for way in (kept, left))
        share = statistics.median(turn[work][kept] / turn[work][left] for turn in turns)
        rows.append((work, *(f"{middle:.1f}" for middle in middles), f"{share:.2f}"))
    head = ("a program that", f"seconds, {kept}", f"seconds, {left}", "share")
    intro = (
        f"Python, nstlib and the embedded network on {measure.default_backend()}, median of {ROUNDS} turns."
    )
    text = "\n\n".join([intro, measure.table(head, rows), f"*{measure.caption()}*"])
    if asked.write:
        measure.write(measure.REPORT, "start", text)
    print(text)


if __name__ == "__main__":
    main()
