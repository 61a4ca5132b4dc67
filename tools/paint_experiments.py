"""Paint data/experiments/: the grids of lesson 08, whose runs take longer than a reader waits.

    python tools/paint_experiments.py                  all sheets
    python tools/paint_experiments.py styles flat      some of them

A sheet is one JPEG, its panels of 256 pixels in rows; a panel is one run of `nst.transfer_style`, with the
settings of `EXPERIMENTS`. The lesson paints two panels of the first sheet again. About four
minutes on two CPU cores for all.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

import nstlib as nst

SIDE = 256
FOLDER = nst.samples.data_folder() / "experiments"
QUALITY = 88

USUAL: dict[str, Any] = {"content": "astronaut", "style": "marbling", "size": SIDE, "iterations": 40}
NOISE: dict[str, Any] = {"start": "noise", "sizes": [64, 128, 256], "iterations": [60, 40, 12]}
NOISE |= {"content_weight": 1.0, "variation_weight": 0}
SHORT: dict[str, Any] = {"start": "content", "sizes": "single", "iterations": 4}
DEPTHS = {
    "block1": ["block1_conv1"],
    "block3": ["block1_conv1", "block2_conv1", "block3_conv1"],
    "block5": [f"block{block}_conv1" for block in range(1, 6)],
}
EARLY = dict(zip(DEPTHS["block5"], (2.0, 1.0, 0.5, 0.2, 0.1), strict=True))
LATE = dict(zip(DEPTHS["block5"], (0.1, 0.2, 0.5, 1.0, 2.0), strict=True))

# sheet -> (panels in a row, changed settings of each panel)
EXPERIMENTS: dict[str, tuple[int, list[Mapping[str, Any]]]] = {
    "style_weight": (5, [{"style_weight": weight} for weight in (0.001, 0.01, 0.1, 1, 10)]),
    "variation": (4, [{"variation_weight": weight} for weight in (0, 0.2, 2, 20)]),
    "depths": (
        3,
        [{"style_layers": layers} for layers in ({name: 1.0 for name in DEPTHS["block5"]}, EARLY, LATE)],
    ),
    "styles": (
        3,
        [
            NOISE | {"style_layers": layers, "content_weight": weight}
            for layers in DEPTHS.values()
            for weight in (0.001, 0.1, 10)
        ],
    ),
    "content": (
        3,
        [
            how | {"content_layers": layer}
            for how in (NOISE, NOISE | {"start": "content"})
            for layer in ("block2_conv2", "block4_conv2", "block5_conv2")
        ],
    ),
    "flat": (
        3,
        [
            how | {"style_weight": weight}
            for how in (NOISE | {"formula": "sum"}, SHORT)
            for weight in (0.001, 0.1, 10)
        ],
    ),
    "chance": (
        3,
        [NOISE | {"seed": seed} for seed in (0, 1, 2)] + [NOISE | {"iterations": n} for n in (3, 12, 48)],
    ),
}


def paint(settings: Mapping[str, Any]) -> np.ndarray:
    """One panel, (SIDE, SIDE, 3)."""
    result = nst.transfer_style(**(USUAL | dict(settings)), progress=False)
    print(f"  {result.seconds:.0f} s  {dict(settings)}", flush=True)
    return result.image[0]


def write(name: str, columns: int, panels: list[np.ndarray]) -> None:
    """All panels as one JPEG."""
    rows = [np.concatenate(panels[i : i + columns], axis=1) for i in range(0, len(panels), columns)]
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{name}.jpg"
    sheet = Image.fromarray(nst.images.to_uint8(np.concatenate(rows)[None]))
    sheet.save(file, quality=QUALITY, subsampling=0)
    print(f"{file.name}: {file.stat().st_size / 1e3:.0f} kB", flush=True)


def main() -> None:
    """Paint the sheets that were asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("sheets", nargs="*", help=f"of {', '.join(EXPERIMENTS)}; all without one")
    for name in parser.parse_args().sheets or EXPERIMENTS:
        columns, settings = EXPERIMENTS[name]
        write(name, columns, [paint(each) for each in settings])


if __name__ == "__main__":
    main()
