"""An evaluation with the gradients of nstlib/primitives.py and with those that the backend finds by itself.

    .venv/bin/python benchmarks/primitives.py --write

Both evaluate one loss at one picture, in turns in one process; the losses and gradients are compared first.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import measure
import numpy as np

CASES = (("pocket_vgg", 192), ("pocket_vgg", 384), ("pocket_vgg", 512), ("vgg19", 256))
ROUNDS = 11
AGREEMENT = 1e-3  # of the longest entry of the gradient

Evaluate = Callable[[Any], Any]


@contextmanager
def plain() -> Iterator[None]:
    """Inside, losses and networks are built from plain expressions."""
    from nstlib import losses, objectives
    from nstlib.backend import ops
    from nstlib.networks import build

    def products(points: Any) -> Any:
        return ops.matmul(ops.swapaxes(points, -1, -2), points)

    def differences(image: Any, *_: Any) -> tuple[Any, Any]:
        return image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]

    with (
        patch.object(build, "CONVOLUTIONS", {}),
        patch.object(losses, "channel_products", products),
        patch.object(objectives.measures, "channel_products", products),
        patch.object(losses, "neighbour_differences", differences),
    ):
        yield


def evaluator(name: str, size: int) -> tuple[Evaluate, Any]:
    """The usual loss of a transfer, compiled, and the picture at which it is taken."""
    import nstlib as nst
    from nstlib.autodiff import tensor

    nst.networks.forget()
    weights = {} if name == "pocket_vgg" else {"weights": "random", "seed": 0}
    network = nst.load_network(name, **weights)
    photo, style = nst.load_image("astronaut", size), nst.load_image("swirls", size)
    layers = {f"block{block}_conv1": 0.2 for block in range(1, 6)}
    if name == "pocket_vgg":
        layers |= {f"block{block}_conv2": 0.2 for block in (1, 2)} | {
            "block3_conv3": 0.2,
            "block4_conv3": 0.2,
        }
    terms = nst.content_terms(network, photo, "block3_conv2", 0.1)
    terms += nst.style_terms(network, style, layers, 1.0) + nst.variation_terms(0.2)
    evaluate, image = (
        nst.value_and_grad(nst.Objective(network, terms)),
        tensor(nst.match_colors(photo, style)),
    )
    evaluate(image)
    return evaluate, image


def seconds(evaluate: Evaluate, image: Any) -> float:
    """One evaluation, its gradient read."""
    began = time.perf_counter()
    np.asarray(evaluate(image).gradient)
    return time.perf_counter() - began


def compare(name: str, size: int) -> tuple[str, ...]:
    """A row of the table."""
    with plain():
        theirs, image = evaluator(name, size)
    ours, _ = evaluator(name, size)
    a, b = np.asarray(ours(image).gradient), np.asarray(theirs(image).gradient)
    apart = np.abs(a - b).max() / np.abs(b).max()
    if apart > AGREEMENT:
        raise SystemExit(f"{name}, {size}: the gradients differ by {apart:.1e} of the longest entry.")
    rounds = [(seconds(ours, image), seconds(theirs, image)) for _ in range(ROUNDS)]
    mine, found = (1000 * statistics.median(each) for each in zip(*rounds, strict=True))
    share = statistics.median(a / b for a, b in rounds)
    return name, str(size), f"{mine:.0f}", f"{found:.0f}", f"{share:.2f}", f"{apart:.0e}"


def main() -> None:
    """All cases, and the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="into README.md")
    asked = parser.parse_args()
    head = ("network", "pixels", "ms, primitives", "ms, plain", "share of the seconds", "gradients differ by")
    table = measure.table(head, [compare(*case) for case in CASES])
    intro = f"nstlib on {measure.default_backend()}, median of {ROUNDS} rounds."
    text = "\n\n".join([intro, table, f"*{measure.caption()}*"])
    if asked.write:
        measure.write(measure.REPORT, "primitives", text)
    print(text)


if __name__ == "__main__":
    main()
