"""Seconds until a picture has as much of the style, by the judge, as the one that L-BFGS ends with.

    .venv/bin/python benchmarks/seconds.py cat swirls --size 512

Both optimisers minimise the default loss of `transfer_style` through the same sizes, from the same start. The
pictures on the way are kept and judged when the runs are over, so that judging takes no time from them; a
picture of a smaller size is judged as it is, for the judge brings every size to its own.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from judge import judge

import nstlib as nst

EVERY = 10  # iterations between two pictures that are kept
WITHIN = 1.05  # of the last number of L-BFGS: patches are a sample, and differ by that much for nothing
ADAM = {"optimizer": "adam", "learning_rate": 0.02, "iterations": 150}


@dataclass
class Kept:
    """The pictures of a run with the seconds at which they were there; used as its callback."""

    began: float = field(default_factory=time.perf_counter)
    pictures: list[tuple[float, np.ndarray]] = field(default_factory=list)

    def __call__(self, now: Any) -> None:
        """After every iteration."""
        if now.iteration % EVERY == 0 or now.iteration == now.iterations:
            self.pictures.append((time.perf_counter() - self.began, now.image()))


def run(photo: np.ndarray, style: np.ndarray, **options: Any) -> list[tuple[float, np.ndarray]]:
    """The pictures of one transfer, by the seconds since its call."""
    kept = Kept()
    nst.transfer_style(photo, style, callback=kept, progress=False, **options)
    return kept.pictures


def seconds_until(patches: float, judged: list[tuple[float, float]]) -> float | None:
    """The first moment from which a run is at least as near to the style; None when it never is."""
    return next((at for at, found in judged if found <= patches), None)


def main() -> None:
    """Run both, twice, and print the second run of each: the first one compiles."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photo")
    parser.add_argument("style")
    parser.add_argument("--size", type=int, default=512)
    asked = parser.parse_args()
    photo, style = nst.load_image(asked.photo, asked.size), nst.load_image(asked.style, asked.size)
    network = nst.load_network("pocket_vgg")
    judged = {}
    for name, options in {"L-BFGS": {}, "Adam": ADAM}.items():
        pictures = [run(photo, style, network=network, size=asked.size, **options) for _ in (1, 2)][-1]
        judged[name] = [(at, judge(image, photo, style).patches) for at, image in pictures]
    wanted = WITHIN * judged["L-BFGS"][-1][1]
    for name, row in judged.items():
        at = seconds_until(wanted, row)
        reached = "never" if at is None else f"{at:.1f} s"
        print(
            f"{name}: patches {wanted:.2f} after {reached}; {row[-1][1]:.2f} at the end, {row[-1][0]:.1f} s"
        )


if __name__ == "__main__":
    main()
