"""Hidden tests of exercise 06: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.ex06 import named_numbers, refuses
from nstlib.checks.framework import array, call, number, require, same


def gatys_loss(rng: np.random.Generator, answer: Any) -> None:
    """Worked out by hand: one layer for content and style; no style weight; single precision."""
    image = {"block2_conv1": np.full((1, 2, 3, 1), 3.0)}
    photo = {"block2_conv1": np.full((1, 2, 3, 1), 1.0)}
    style = {"block2_conv1": np.full((1, 4, 2, 1), 1.0)}
    names = ["content block2_conv1", "style block2_conv1", "total"]
    value = named_numbers(call(answer, image, photo, style, 2.0, 5.0, {"block2_conv1": 1.0}), names)
    require(
        same([value[name] for name in names], [24.0, 80.0, 104.0]),
        "It fails where one layer serves both as content and as style layer.",
    )
    value = named_numbers(call(answer, image, photo, style, 2.0, 0.0, {"block2_conv1": 1.0}), names)
    require(same(value["total"], 24.0), "It fails for beta = 0.")
    large = {"a": rng.normal(1.0, 1.0, size=(1, 30, 20, 16)).astype("float32")}
    other = {"a": rng.normal(1.0, 1.0, size=(1, 30, 20, 16)).astype("float32")}
    names = ["content a", "style a", "total"]
    value = named_numbers(call(answer, large, other, large, 1.0, 1.0, {"a": 0.5}), names)
    right = np.sum((large["a"].astype("float64") - other["a"]) ** 2) / 2
    require(same(value["total"], right), "It fails for float32 features.")


def equal_shares(rng: np.random.Generator, answer: Any) -> None:
    """One layer has it all; tiny gradients in single precision."""
    names = ["block1_conv1", "block2_conv1"]
    one = named_numbers(call(answer, {names[0]: rng.normal(size=(1, 3, 4, 3))}), names[:1], "share")
    require(same(one[names[0]], 1.0), "With a single layer its share should be 1.")
    tiny = np.full((1, 5, 2, 3), 1e-8, dtype="float32")
    found = named_numbers(call(answer, dict(zip(names, (tiny, 4 * tiny), strict=True))), names, "share")
    require(same([found[name] for name in names], [0.8, 0.2], 1e-3), "It fails for very small gradients.")


def weight_for_share(rng: np.random.Generator, answer: Any) -> None:
    """By hand; a style that is almost the whole loss; no content part because it has no weight."""
    found = number(call(answer, 3.0, 2.0, 4.0, 0.75))
    require(same(found, 18.0), "For C = 3, S = 2, alpha = 4 and the share 3/4 the weight should be 18.")
    loss, style = float(rng.uniform(1e-9, 2e-9)), float(rng.uniform(1e5, 2e5))
    found = number(call(answer, loss, style, 1.0, 0.99))
    require(same(found * style, 99.0 * loss), "It fails for a small content loss and a large style loss.")
    refuses(answer, 3.0, 2.0, 0.0, 0.5)


def normal_form(rng: np.random.Generator, answer: Any) -> None:
    """The first layer of VGG-19 at 224 pixels, by hand."""
    right = {"gatys": [200704, 1 / 16384], "sum": [200704, 50176**2 / 2], "mse": [1, 1 / 4096]}
    right["johnson"] = [1, 1 / 4096**2]
    for program, pair in right.items():
        found = array(call(answer, program, (1, 224, 224, 64), (1, 28, 28, 512)), (2,))
        for one, other in zip(found, pair, strict=True):
            require(same(one, other), f'It fails for "{program}" with block1_conv1 of VGG-19 at 224 pixels.')


def translate(rng: np.random.Generator, answer: Any) -> None:
    """There and back again between any two programs; one layer; whole numbers as weights."""
    shapes = {"block1_conv1": (1, 12, 10, 64), "block5_conv1": (1, 3, 2, 512)}
    weights, content = {"block1_conv1": 1, "block5_conv1": 3}, (1, 4, 5, 256)
    for there in ("sum", "mse", "johnson"):
        middle = named_numbers(call(answer, weights, "gatys", there, shapes, content), weights, "weight")
        back = named_numbers(call(answer, middle, there, "gatys", shapes, content), weights, "weight")
        require(
            same([back[layer] for layer in weights], [1.0, 3.0]),
            f'From "gatys" to "{there}" and back the weights change.',
        )
    single = call(answer, {"block1_conv1": 2.0}, "mse", "johnson", shapes, content)
    alone = named_numbers(single, ["block1_conv1"], "weight")["block1_conv1"]
    require(same(alone, 8192.0), "It fails for a single layer of 64 channels.")


def recovered_alpha(rng: np.random.Generator, answer: Any) -> None:
    """Forces at right angles, by hand; small forces in single precision."""
    right_angle = number(call(answer, np.array([[[[1.0, 0.0, 0.0]]]]), np.array([[[[0.0, 2.0, 0.0]]]])))
    require(abs(right_angle) < 1e-9, "For forces at right angles the answer should be 0.")
    content = (1e-5 * rng.normal(size=(1, 4, 6, 3))).astype("float32")
    require(
        same(number(call(answer, content, -np.float32(0.25) * content)), 0.25, 1e-3),
        "It fails for small forces in float32.",
    )
