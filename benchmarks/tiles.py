"""Memory and seconds against pixels, with the picture whole and in tiles.

    .venv/bin/python benchmarks/tiles.py                      # the table, into benchmarks/README.md
    .venv/bin/python benchmarks/tiles.py --sizes 512 1024     # some sizes only, to the screen

Each run has a process of its own: three iterations of Adam at one size. Nothing is run whole that would
take more than --most gigabytes by the estimate of `nstlib.memory`. Linux only: the peak of the resident set
is read from /proc. The memory of a GPU is not measured.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from measure import REPORT, caption, say, table, write

SIZES = (512, 1024, 2048, 3072)
TILES = (1024, 512)
ITERATIONS = 3
WHOLE = 10**6  # a tile that no picture exceeds


def peak() -> int:
    """The largest resident set of this process so far, in MiB."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) // 1024


def run(network: str, size: int, tile: int) -> dict[str, Any]:
    """One transfer in this process, with the photograph and the style picture of the same size."""
    import nstlib as nst

    photo, style = (nst.resize(nst.load_image(name, 512), (size, size)) for name in ("cat", "swirls"))
    result = nst.transfer_style(
        photo,
        style,
        network=network,
        size=size,
        sizes="single",
        iterations=ITERATIONS,
        optimizer="adam",
        tile=tile,
        progress=False,
    )
    rows = result.history.rows
    seconds = statistics.median(row["seconds"] for row in rows[1:])  # the first one compiles
    return {"peak": peak(), "seconds": seconds, "loss": rows[0]["total"], "evaluations": len(rows)}


def apart(network: str, size: int, tile: int) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--network", network, "--one", str(size), str(tile)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{size} pixels in tiles of {tile} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def needed(network: str, size: int) -> float:
    """Gigabytes that the picture would take whole, by the estimate."""
    import nstlib as nst
    from nstlib import memory
    from nstlib.recipes.look import Look

    net = nst.load_network(network)
    look: Any = Look().checked(net)
    layers = [*look.content_layers, *look.style_layers]
    return memory.estimate(net, layers, (size, size), "adam") / 1e9


def row(network: str, size: int, most: float) -> list[str]:
    """One line of the table: MiB, then seconds, whole and in tiles of each side."""
    ways = [("whole", WHOLE), *((f"tiles of {tile}", tile) for tile in TILES if tile < size)]
    found: dict[int, dict[str, Any]] = {}
    for title, tile in ways:
        if tile == WHOLE and needed(network, size) > most:
            continue
        found[tile] = apart(network, size, tile)
        say(f"{size} pixels, {title}: {found[tile]}")
    columns = [found.get(tile) for tile in (WHOLE, *TILES)]
    memory = [f"{each['peak']}" if each else "-" for each in columns]
    seconds = [f"{each['seconds']:.2f}" if each else "-" for each in columns]
    losses = [each["loss"] for each in found.values()]
    spread = (max(losses) - min(losses)) / max(losses)
    return [str(size), *memory, *seconds, f"{spread:.0e}" if len(losses) > 1 else "-"]


def main() -> None:
    """Every size in every way, one process after the other."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="pocket_vgg")
    parser.add_argument("--sizes", type=int, nargs="+", help="these only, and the table to the screen")
    parser.add_argument("--most", type=float, default=12.0, metavar="GB", help="to run a picture whole")
    parser.add_argument("--one", type=int, nargs=2, metavar=("SIZE", "TILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(run(asked.network, *asked.one)))
        return
    names = ["whole", *(f"tiles of {tile}" for tile in TILES)]
    heads = ["pixels", *(f"{n}, MiB" for n in names), *(f"{n}, seconds" for n in names), "losses apart by"]
    rows = [row(asked.network, size, asked.most) for size in asked.sizes or SIZES]
    body = f"{asked.network} on a processor, {ITERATIONS} iterations of Adam.\n\n{table(heads, rows)}"
    print(body)
    if not asked.sizes:
        write(REPORT, "tiles", f"{body}\n\n*{caption()}*")


if __name__ == "__main__":
    main()
