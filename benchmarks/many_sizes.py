"""Memory of a process that paints at many sizes, with the bound on compiled graphs and without.

    .venv/bin/python benchmarks/many_sizes.py

Linux only: it reads the resident set from /proc.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from measure import table

SIZES = [96 + 4 * step for step in range(60)]
MARKS = (5, 20, 40, 60)  # sizes after which memory is read
FOREVER = 10**6


def resident() -> int:
    """Memory of this process in MiB."""
    return int(re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[0]) // 1024


def run(most: int) -> list[int]:
    """Memory at the marks when so many graphs of a step are kept."""
    import nstlib as nst
    from nstlib import autodiff

    autodiff.MOST_SHAPES = most
    found = []
    for count, size in enumerate(SIZES, start=1):
        nst.transfer_style("cat", "swirls", size=size, sizes="single", iterations=2, progress=False)
        if count in MARKS:
            found.append(resident())
    return found


def main() -> None:
    """Both ways, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--most", type=int, help="one way only, without a table")
    asked = parser.parse_args()
    if asked.most:
        print(*run(asked.most))
        return
    from nstlib.autodiff import MOST_SHAPES

    rows = []
    for name, most in ((f"the latest {MOST_SHAPES} graphs", MOST_SHAPES), ("all graphs", FOREVER)):
        command = [sys.executable, __file__, "--most", str(most)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows.append((name, *said.split()[-len(MARKS) :]))
    print(table(("kept", *(f"{mark} sizes, MiB" for mark in MARKS)), rows))


if __name__ == "__main__":
    main()
