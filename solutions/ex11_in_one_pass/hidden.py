"""Hidden tests of exercise 11: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nstlib.checks.framework import array, call, number, require, same


def instance_norm(rng: np.random.Generator, answer: Any) -> None:
    """Blind to brightness and contrast of its input, and to what the other picture shows."""
    features = rng.normal(size=(2, 5, 6, 3))
    scale, shift = rng.uniform(0.5, 2.0, size=3), rng.normal(size=3)
    found = array(call(answer, features, scale, shift), features.shape)
    foggy = array(call(answer, 0.5 * features + 4.0, scale, shift), features.shape)
    require(same(foggy, found, 1e-3), "Half the contrast and more brightness should change nothing.")
    alone = array(call(answer, features[1:], scale, shift), (1, 5, 6, 3))
    require(same(alone, found[1:]), "A picture comes out differently when another is beside it.")


def adain(rng: np.random.Generator, answer: Any) -> None:
    """A picture in its own style is itself, and a flat channel takes the style's mean."""
    content, style = rng.normal(size=(1, 6, 5, 4)), rng.normal(size=(1, 3, 9, 4))
    own = array(call(answer, content, content), content.shape)
    require(same(own, content, 1e-3), "Features in their own style should stay as they are.")
    content[..., 2] = 0.7
    flat = array(call(answer, content, style), content.shape)[..., 2]
    right = np.full_like(flat, style[..., 2].mean())
    require(
        same(flat, right, 1e-3), "A channel in which the photograph is flat should hold the style's mean."
    )


def gram_after(rng: np.random.Generator, answer: Any) -> None:
    """What the formula says is what the features have, measured."""
    flat = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4))
    flat = (flat - flat.mean(0)) / flat.std(0)
    scale, shift = rng.uniform(-2.0, 2.0, size=4), rng.normal(size=4)
    made = scale * flat + shift
    found = array(call(answer, flat.T @ flat / len(flat), scale, shift), (4, 4))
    require(
        same(found, made.T @ made / len(made)), "It differs from the Gram matrix of features that we made."
    )


def break_even(rng: np.random.Generator, answer: Any) -> None:
    """The number it gives is enough, and one less is not."""
    for _ in range(20):
        training, one_pass = rng.uniform(1.0, 1e4), rng.uniform(0.01, 1.0)
        one_run = one_pass + rng.uniform(0.5, 20.0)
        found = number(call(answer, training, one_pass, one_run))
        right = math.floor(training / (one_run - one_pass)) + 1
        require(found == right, "For other costs than those of the visible check the number is wrong.")
    require(number(call(answer, 1.0, 0.5, 9.0)) == 1, "When training costs less than one run, one is enough.")
