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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from judge import Judgement, judge
from measure import table
from pictures import Cell, brief, numbers, sheet, write_text

import nstlib as nst
from nstlib import autodiff, colours, images, losses
from nstlib.backend import ops
from nstlib.objectives.matting import MattingLaplacian
from nstlib.objectives.measures import Measure
from nstlib.objectives.patches import NearestNeighbours, Patches
from nstlib.objectives.statistics import Histogram, Moments, SlicedWasserstein
from nstlib.optimizers import History, minimize

SIZE = 384
STEPS = {256: 70, 384: 45}  # longer side -> iterations, as transfer_style has them at 384 pixels
CONTENT, VARIATION = 0.02, 0.2  # weights of content and total variation, its defaults too
PAIRS = [("cat", "knife"), ("coffee", "swirls")]
EVALUATIONS = 10  # of which the median is the time of one


@dataclass(frozen=True)
class Gram(Measure):
    """The Gram matrix: what all others are measured by."""

    name: ClassVar[str] = "gram"

    def summary(self, features: Any, where: Any = None) -> Any:
        """The Gram matrix of the style, (N, N)."""
        return losses.gram_matrix(features)

    def distance(self, features: Any, summary: Any, where: Any = None) -> Any:
        """The relative style loss."""
        return losses.style_loss(features, summary)


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


class Composite:
    """A recipe for one pair at one size, as `autodiff.value_and_grad` takes it."""

    def __init__(self, network: Any, recipe: Recipe, photo: np.ndarray, style: np.ndarray) -> None:
        self.network, self.recipe = network, recipe
        self.content_layer = network.plan.content_layers[0]
        self.pairs = [(part, layer) for part in recipe.parts for layer in part.layers]
        wanted = dict.fromkeys([layer for _, layer in self.pairs if layer != "image"] + [self.content_layer])
        self.layers = tuple(wanted)
        self.names = (*(f"{p.measure.name} {layer}" for p, layer in self.pairs), "content", "variation")
        weights = [part.weight * part.layers[layer] for part, layer in self.pairs]
        self.weights = np.array([*weights, recipe.content, recipe.variation])
        self.signature = (*((part.measure, layer) for part, layer in self.pairs), "composite")
        self.summaries(photo, style)

    def summaries(self, photo: np.ndarray, style: np.ndarray) -> None:
        """The targets of all parts in a row of tensors, and how many belong to each."""
        seen = {"photo": self.features(photo), "style": self.features(style)}
        found = [part.measure.summary(seen[part.of][layer]) for part, layer in self.pairs]
        self.single = [not isinstance(kept, tuple) for kept in found]
        rows = [[kept] if alone else list(kept) for kept, alone in zip(found, self.single, strict=True)]
        self.lengths = [len(row) for row in rows]
        self.targets = [tensor for row in rows for tensor in row] + [seen["photo"][self.content_layer]]

    def features(self, picture: np.ndarray) -> dict[str, Any]:
        """The layers of a picture and its pixels."""
        return {**self.network.features(picture, list(self.layers)), "image": autodiff.tensor(picture)}

    def summaries_of(self, targets: Sequence[Any]) -> Iterator[Any]:
        """The row of tensors as the measures gave them."""
        waiting = iter(targets)
        for alone, length in zip(self.single, self.lengths, strict=True):
            kept = tuple(next(waiting) for _ in range(length))
            yield kept[0] if alone else kept

    def function(self) -> Any:
        """(image, targets, weights) -> (total, parts)."""
        model, outputs = self.network.cut(self.layers), self.network.outputs

        def total_and_parts(image: Any, targets: Any, weights: Any) -> tuple[Any, Any]:
            features = {**dict(zip(self.layers, outputs(model, image), strict=True)), "image": image}
            known = zip(self.pairs, self.summaries_of(targets), strict=True)
            parts = [part.measure.distance(features[layer], kept) for (part, layer), kept in known]
            parts.append(losses.content_loss(features[self.content_layer], targets[-1]))
            weighted = ops.stack([*parts, losses.total_variation(image)]) * weights
            return ops.sum(weighted), weighted

        return total_and_parts


def paint(network: Any, recipe: Recipe, photo_source: Any, style_source: Any) -> tuple[np.ndarray, History]:
    """A picture, coarse to fine, begun from the photograph in the style's colours."""
    photo, style = (nst.load_image(source, SIZE) for source in (photo_source, style_source))
    image, history = colours.match_colors(photo, style), History()
    for size, iterations in STEPS.items():
        shape = tuple(max(1, round(side * size / SIZE)) for side in photo.shape[1:3])
        objective = Composite(network, recipe, images.resize(photo, shape), images.resize(style, size))
        start = images.resize(np.clip(image, 0, 1), shape)
        found = minimize(
            autodiff.value_and_grad(objective),  # type: ignore[arg-type]
            start,
            iterations=iterations,
            history=history,
        )
        image = found.x
    return np.clip(image, 0, 1), history


def cost(name: str) -> dict[str, float]:
    """Seconds of an evaluation at the full size, and the peak memory in MiB of a process for it alone."""
    network = nst.load_network("pocket_vgg")
    photo, style = (nst.load_image(source, SIZE) for source in PAIRS[0])
    evaluate = autodiff.value_and_grad(Composite(network, RECIPES[name], photo, style))  # type: ignore[arg-type]
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
    network, said = nst.load_network("pocket_vgg"), {}
    for name in names:
        for number, (photo, style) in enumerate(pairs):
            file = out / f"{name}-{number}.png"
            if not file.is_file():
                began = time.perf_counter()
                image, history = paint(network, RECIPES[name], photo, style)
                nst.save_image(image, file)
                parts = {part: round(float(history.column(part)[-1]), 4) for part in history.names}
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
