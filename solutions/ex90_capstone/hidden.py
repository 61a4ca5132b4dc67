"""Hidden tests of exercise 90: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.ex90 import FIRSTS, layers_in, raised, runs_of, shared_keywords, two_numbers, values_of
from nstlib.checks.framework import call, number, require, same


def settings(rng: np.random.Generator, answer: Any) -> None:
    """Other shared keywords, and shared style layers that are not those of the figure."""
    base = shared_keywords(rng, True) | {"formula": "gatys", "optimizer": "adam", "style_layers": FIRSTS[1:2]}
    runs = runs_of(answer, "ratio", base, {"content_weight"})
    require(len(values_of(runs, "content_weight")) >= 5, "It fails for other shared keywords.")
    runs = runs_of(answer, "content_layer", base, {"content_layers"})
    require(len(runs) == 2, "It fails for other shared keywords.")
    runs = runs_of(answer, "grid", base, {"style_layers", "content_weight"})
    longest = max(map(len, layers_in(runs, "style_layers")), default=0)
    require(longest == 5, "The grid's sets of layers depend on the shared style layers, and should not.")


def held_out(rng: np.random.Generator, answer: Any) -> None:
    """No run at all, and a run that uses up everything."""
    convolutions = ["block1_conv1", "block1_conv2", "block2_conv1"]
    for runs, right, where in (
        ({}, ["block1_conv2", "block2_conv1"], "without runs"),
        ({"all": {"style_layers": convolutions}}, [], "where nothing is left over"),
    ):
        found = call(answer, list(convolutions), runs)
        texts = isinstance(found, (list, tuple)) and all(isinstance(name, str) for name in found)
        require(texts and list(found) == right, f"It fails {where}.")


def measure(rng: np.random.Generator, answer: Any) -> None:
    """One layer of one channel, worked out by hand, in single precision."""
    image, photo, style = (np.full((1, 2, k, 1), k, "float32") for k in (3, 3, 2))
    content, strokes = two_numbers(call(answer, {"a": image * 2}, {"a": photo}, {"a": style}))
    require(same(content, 1.0), "Features of 6 against 3 everywhere have a content distance of 1.")
    require(same(strokes, 64.0), "One channel of 6 against 2 everywhere has a style distance of 64.")


def chance(rng: np.random.Generator, answer: Any) -> None:
    """Values that occur twice, plain lists, and a group of one."""
    require(same(number(call(answer, [1.0, 2.0], [2.0, 3.0])), 4 / 6), "It fails where a value occurs twice.")
    require(same(number(call(answer, [5.0], [1.0, 2.0, 3.0])), 0.25), "It fails for a group of one value.")
    a, b = rng.uniform(0.0, 1.0, 3), rng.uniform(0.2, 1.2, 4)
    found, scaled = (number(call(answer, f * a, f * b)) for f in (1.0, 1e9))
    require(same(found, scaled), "The share changes when all values are a billion times larger.")


def credit(rng: np.random.Generator, answer: Any) -> None:
    """More fields than asked for, one of them empty; two fields missing at once."""
    picture = {"title": "Quay", "author": "B. Stone", "licence": "CC0", "source": "quay.png", "year": ""}
    message = "An empty fifth field should change nothing."
    require(not raised(answer, picture), message)
    found = call(answer, dict(picture))
    right = "Quay, B. Stone (CC0), quay.png"
    require(isinstance(found, str) and found == right, message)
    text = raised(answer, {"author": "B. Stone", "source": "quay.png"})
    named = text.startswith("ValueError") and ("title" in text.lower() or "licence" in text.lower())
    require(named, "It fails where two fields are missing.")
