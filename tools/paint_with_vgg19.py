"""Paint the heroes of the lessons and Gatys' Figure 1 with VGG-19, beside the network that the course ships.

    python tools/paint_with_vgg19.py                   into pictures_vgg19/
    python tools/paint_with_vgg19.py --folder OTHER    or elsewhere

Keras downloads the weights of VGG-19 when they are first asked for (about 80 MB); offline this fails with one
sentence. Not verified: where this was written, those weights could not be had. A graphics card makes it
minutes; without one expect half an hour.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import nstlib as nst

NETWORKS = ("pocket_vgg", "vgg19")
HEROES = (("astronaut", "swirls"), ("cat", "gold"), ("grace_hopper", "hatching"))
HERO_SIZE, FIGURE_SIZE = 448, 256


def beside(pictures: dict[str, Any], title: str, file: Path) -> None:
    """Write labelled pictures as one PNG; `pictures` maps a label to an image."""
    figure = nst.plots.gallery(
        pictures, columns=len(pictures), width=4.6 * len(pictures), title=title, alt=title
    )
    figure.savefig(file, dpi=100, bbox_inches="tight")
    print(file, flush=True)


def heroes(networks: dict[str, Any], folder: Path) -> None:
    """Every hero by every network, each with its own usual layers."""
    for photo, style in HEROES:
        painted = {
            name: nst.transfer_style(photo, style, network=network, size=HERO_SIZE).image
            for name, network in networks.items()
        }
        beside(painted, f"{photo} in {style}", folder / f"{photo}_{style}.png")


def figure_1(network: Any, name: str, folder: Path) -> None:
    """The reconstructions of Gatys et al. (2016), Figure 1: style up to each block, content of each block."""
    blocks = range(1, 6)
    content, style = {}, {}
    for block in blocks:
        layers = [f"block{b}_conv1" for b in range(1, block + 1)]
        label = f"up to block{block}_conv1"
        style[label] = nst.reconstruct_style("swirls", layers, size=FIGURE_SIZE, network=network).image
        layer = f"block{block}_conv2"
        content[layer] = nst.reconstruct_content("cat", layer, size=FIGURE_SIZE, network=network).image
    beside(style, f"{name}: style reconstructions", folder / f"figure_1_style_{name}.png")
    beside(content, f"{name}: content reconstructions", folder / f"figure_1_content_{name}.png")


def main() -> None:
    """Load both networks first, so that missing weights are known before anything is painted."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("pictures_vgg19"))
    folder = parser.parse_args().folder
    try:
        networks = {name: nst.load_network(name) for name in NETWORKS}
    except (OSError, ValueError) as problem:
        sys.exit(f"The weights of VGG-19 cannot be had here: {problem}")
    folder.mkdir(parents=True, exist_ok=True)
    heroes(networks, folder)
    for name, network in networks.items():
        figure_1(network, name, folder)


if __name__ == "__main__":
    main()
