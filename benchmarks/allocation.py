"""Seconds and fresh pages of an evaluation, with freed memory kept (nstlib/allocator.py) and given back.

    .venv/bin/python benchmarks/allocation.py --write

Linux only. Each way runs in processes of its own, in turns, on the same work.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import measure

SIZE, ITERATIONS, ROUNDS = 448, 15, 3
WAYS = {"kept (the default)": {}, "given back (the C library's defaults)": {"MALLOC_PERTURB_": "0"}}
MEBIBYTE = 2**20


def run() -> None:
    """One run; prints ms and MiB of fresh pages an evaluation, and the peak of memory in MiB."""
    import nstlib as nst

    how = {"size": SIZE, "sizes": "single", "progress": False}
    nst.transfer_style("astronaut", "gold", iterations=2, **how)  # compiles
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    count = len(nst.transfer_style("astronaut", "gold", iterations=ITERATIONS, **how).history)
    seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    fresh = (used.ru_minflt - before) * resource.getpagesize() / MEBIBYTE
    print(json.dumps([1000 * seconds / count, fresh / count, used.ru_maxrss / 1024]))


def one(variables: dict[str, str]) -> list[float]:
    """A run in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, __file__, "--run"]
    said = subprocess.run(
        command, env=clean | variables, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return json.loads(said.splitlines()[-1])


def main() -> None:
    """Both ways in turns, and the table of their medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="into README.md")
    parser.add_argument("--run", action="store_true", help="one way only, without a table")
    asked = parser.parse_args()
    if asked.run:
        return run()
    turns = [{name: one(variables) for name, variables in WAYS.items()} for _ in range(ROUNDS)]
    middles = {
        name: [statistics.median(values) for values in zip(*(t[name] for t in turns), strict=True)]
        for name in WAYS
    }
    head = ("memory that was freed is", "ms an evaluation", "fresh pages an evaluation, MiB", "peak, MiB")
    rows = [(name, *(f"{value:.0f}" for value in values)) for name, values in middles.items()]
    kept, back = WAYS
    share = statistics.median(turn[kept][0] / turn[back][0] for turn in turns)
    network = f"the embedded network, on {measure.default_backend()}"
    intro = f"`transfer_style` at {SIZE} pixels with {network}, median of {ROUNDS} runs."
    fact = f"- seconds with memory kept, as a share of those without: **{share:.2f}**"
    text = "\n\n".join([intro, measure.table(head, rows), fact, f"*{measure.caption()}*"])
    if asked.write:
        measure.write(measure.REPORT, "allocation", text)
    print(text)


if __name__ == "__main__":
    main()
