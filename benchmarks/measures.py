"""Paints with each measure of style, judges the pictures, and takes time and memory of an evaluation.

    .venv/bin/python benchmarks/measures.py --out SHEET                           two pairs of the samples
    .venv/bin/python benchmarks/measures.py --out OTHER --pair PHOTO.jpg STYLE.jpg --only gram moments

Content, sizes, start and iterations are those of `transfer_style`; what is compared of the style differs.
`RECIPES` has the setting recommended for each measure. A picture in the folder is not painted again.
`measures.md` has the table, `measures.jpg` the sheet.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from judge import Judgement, judge
from measure import table
from pictures import Cell, brief, numbers, sheet, write_text

import nstlib as nst
from nstlib import autodiff
from nstlib.objectives import Gram, Measure, terms_of
from nstlib.objectives.matting import MattingLaplacian
from nstlib.objectives.patches import NearestNeighbours, Patches
from nstlib.objectives.statistics import Histogram, Moments, SlicedWasserstein

SIZE = 384
STEPS = {256: 70, 384: 45}  # longer side -> iterations, as transfer_style has them at 384 pixels
CONTENT, VARIATION = 0.02, 0.2  # weights of content and total variation, its defaults too
PAIRS = [("cat", "knife"), ("coffee", "swirls")]
EVALUATIONS = 10  # of which the median is the time of one


@dataclass(frozen=True)
class Part:
    """A measure at some layers of one of the two pictures.

    Attributes:
        measure: what is compared.
        layers: layer -> share; "image" is the pixels.
        weight: of the part; the shares are multiplied by it.
        of: "style" or "photo".
    """

    measure: Measure
    layers: Mapping[str, float]
    weight: float = 1.0
    of: str = "style"


def equal(*layers: str) -> dict[str, float]:
    """Layers that share a weight of 1."""
    return {layer: 1 / len(layers) for layer in layers}


@dataclass(frozen=True)
class Recipe:
    """What is minimised for the style, and the weights of what stands beside it."""

    parts: Sequence[Part]
    content: float = CONTENT
    variation: float = VARIATION


PIXELS = {"image": 1.0}
USUAL = dict(nst.networks.PLANS["pocket_vgg"].transfer_weights or {})
DEEP = equal("block3_conv1", "block4_conv1")
# What joins places of deep layers says little of grain and palette; these do.
BESIDE = [
    Part(
        Moments(),
        {layer: weight for layer, weight in USUAL.items() if layer.startswith(("block1", "block2"))},
    ),
    Part(Moments(), PIXELS),
]
RECIPES = {
    "gram": Recipe([Part(Gram(), USUAL)]),
    "moments": Recipe([Part(Moments(), USUAL), Part(Moments(), PIXELS)]),
    "histogram": Recipe(
        [Part(Gram(), USUAL), Part(Histogram(), equal("image", "block1_conv1", "block4_conv1"))]
    ),
    "wasserstein": Recipe([Part(SlicedWasserstein(projections=16), USUAL, 5.0)]),
    "patches": Recipe([Part(Patches(), DEEP, 0.2), *BESIDE]),
    "neighbours": Recipe([Part(NearestNeighbours(), DEEP, 0.3), *BESIDE]),
    "matting": Recipe(
        [
            Part(Moments(), USUAL),
            Part(Moments(), PIXELS),
            Part(MattingLaplacian(), PIXELS, 3.0, of="photo"),
        ],
        variation=0.0,
    ),
}


def objective(recipe: Recipe, photo: np.ndarray, style: np.ndarray) -> nst.Objective:
    """A recipe for one pair at one size."""
    network = nst.load_network("pocket_vgg")
    terms = nst.content_terms(network, photo, list(network.plan.content_layers), recipe.content)
    for part in recipe.parts:
        target = photo if part.of == "photo" else style
        terms += terms_of(network, target, part.layers, part.weight, part.measure)
    return nst.Objective(network, terms + nst.variation_terms(recipe.variation))


def paint(recipe: Recipe, photo_source: Any, style_source: Any) -> nst.Result:
    """A picture, coarse to fine, begun from the photograph in the style's colours."""
    photo, style = (nst.load_image(source, SIZE) for source in (photo_source, style_source))
    return nst.synthesise(
        lambda frame, scale: objective(recipe, frame, nst.resize(style, max(1, round(SIZE * scale)))),
        photo,
        start=nst.match_colors(photo, style),
        sizes=list(STEPS),
        iterations=list(STEPS.values()),
        progress=False,
    )


def cost(name: str) -> dict[str, float]:
    """Seconds of an evaluation at the full size, and the peak memory in MiB of a process for it alone."""
    photo, style = (nst.load_image(source, SIZE) for source in PAIRS[0])
    evaluate = autodiff.value_and_grad(objective(RECIPES[name], photo, style))
    image, seconds = autodiff.tensor(photo), []
    for _ in range(EVALUATIONS + 2):
        began = time.perf_counter()
        autodiff.numpy(evaluate(image).gradient)
        seconds.append(time.perf_counter() - began)
    # Linux only. Not getrusage, which begins with the peak of the process that started this one.
    peak = int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024
    return {"seconds": float(np.median(seconds[2:])), "MiB": peak}


def cost_apart(name: str) -> dict[str, float]:
    """`cost` in a process of its own."""
    command = [sys.executable, __file__, "--cost", name]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(answer.strip().splitlines()[-1])


def make(out: Path, pairs: Sequence[tuple[str, str]], names: Sequence[str]) -> None:
    """Paint, judge, measure; write table and sheet."""
    out.mkdir(parents=True, exist_ok=True)
    said = {}
    for name in names:
        for number, (photo, style) in enumerate(pairs):
            file = out / f"{name}-{number}.png"
            if not file.is_file():
                began = time.perf_counter()
                made = paint(RECIPES[name], photo, style)
                made.save(file)
                parts = {part: round(float(made.history.column(part)[-1]), 4) for part in made.history.names}
                print(f"{file.name}: {time.perf_counter() - began:.0f} s, {parts}", flush=True)
            said[name, number] = judge(file, photo, style)
            print(name, number, said[name, number], flush=True)
    write_report(out, pairs, names, said)


def write_report(
    out: Path, pairs: Sequence[Any], names: Sequence[str], said: Mapping[tuple[str, int], Judgement]
) -> None:
    """`measures.md` and `measures.jpg`."""
    shown = [" + ".join(Path(str(source)).stem for source in pair) for pair in pairs]
    lines = []
    for name in names:
        spent = cost_apart(name)
        judged = ["/".join(numbers(said[name, n])) for n in range(len(pairs))]
        lines.append((name, f"{spent['seconds']:.3f}", f"{spent['MiB']:.0f}", *judged))
    write_text(out / "measures.md", table(("measure", "seconds", "MiB", *shown), lines) + "\n")
    cells = [
        [Cell(photo), Cell(style), *(Cell(out / f"{m}-{n}.png", f"{m} {brief(said[m, n])}") for m in names)]
        for n, (photo, style) in enumerate(pairs)
    ]
    folded = [part for row in cells for part in (row[: 1 + len(row) // 2], row[1 + len(row) // 2 :])]
    sheet(folded, 256).save(out / "measures.jpg", quality=85)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--out", type=Path, default=Path("measures"), help="folder of pictures, table and sheet"
    )
    parser.add_argument(
        "--pair", nargs=2, action="append", metavar=("PHOTO", "STYLE"), help="samples or files"
    )
    parser.add_argument("--only", nargs="+", choices=RECIPES, default=list(RECIPES), help="measures")
    parser.add_argument("--cost", choices=RECIPES, help="only time and memory of one, as JSON")
    asked = parser.parse_args()
    if asked.cost:
        print(json.dumps(cost(asked.cost)))
        return
    make(asked.out, asked.pair or PAIRS, asked.only)


if __name__ == "__main__":
    main()
