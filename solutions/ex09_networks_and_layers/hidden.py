"""Hidden tests of exercise 09: what the visible checks leave out.

Each function has the name of its question and raises Mistake. `nst grade` runs the visible check with fresh
random numbers first; a mistake found here costs one point of those earned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nstlib.checks.ex09 import pair
from nstlib.checks.framework import array, call, number, require, same

VGG16 = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
VGG19 = [(2, 64), (2, 128), (4, 256), (4, 512), (4, 512)]
TWO = ("the first", "the second")


def texts(found: Any) -> list[str]:
    """A result as a list of texts; empty when it is something else."""
    return list(found) if isinstance(found, (tuple, list)) and all(isinstance(x, str) for x in found) else []


def layer_names(rng: np.random.Generator, answer: Any) -> None:
    """One block only, and a block with more than nine convolutions."""
    found = call(answer, [3], 3)
    require(texts(found) == ["block1_conv3", "conv1_3"], "It fails for a plan of a single block.")
    found = call(answer, [1, 12], 12)
    require(texts(found) == ["block2_conv11", "conv2_11"], "It fails for a block of twelve convolutions.")


def taken(rng: np.random.Generator, answer: Any) -> None:
    """The index behind popular scripts, and a plan with one convolution in each block."""
    found = [call(answer, [2, 2, 4, 4, 4], k, "torchvision") for k in (0, 5, 10, 19, 28, 21, 36)]
    right = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1", "conv4_2", "pool5"]
    require(texts(found) == right, "It fails for indices of VGG-19 that many scripts of PyTorch use.")
    found = [call(answer, [1, 1, 1], k, "keras") for k in range(7)]
    right = ["input", "relu1_1", "pool1", "relu2_1", "pool2", "relu3_1", "pool3"]
    require(texts(found) == right, "It fails for a network with one convolution in each block.")


def count_parameters(rng: np.random.Generator, answer: Any) -> None:
    """The sums of the paper, and a picture whose side the poolings do not divide."""
    for blocks, total in ((VGG16, 138_357_544), (VGG19, 143_667_240)):
        found = pair(call(answer, list(blocks), [4096, 4096, 1000], 224), TWO)
        require(
            same(sum(found), total, 1e-9),
            f"VGG with these blocks has {total:,} parameters at 224 pixels: {blocks}.",
        )
    found = pair(call(answer, [(1, 4), (1, 6)], [10], 23), TWO)
    require(same(found[1], 6 * 25 * 10 + 10, 1e-9), "It fails where a pooling has to round a side down.")


def feature_bytes(rng: np.random.Generator, answer: Any) -> None:
    """VGG-16 at 224 pixels, and sides that have to be rounded twice."""
    found = number(call(answer, list(VGG16), 224, 224))
    require(same(found, 4 * 15_077_888, 1e-9), "It fails for VGG-16 at 224 pixels.")
    found = number(call(answer, [(1, 2), (1, 5)], 7, 11))
    right = 4 * (2 * 77 + 2 * 15 + 5 * 15 + 5 * 2)
    require(same(found, right, 1e-9), "It fails for 7 x 11 pixels.")


def pool_gradient(rng: np.random.Generator, answer: Any) -> None:
    """Odd sides, and single precision."""
    features = rng.normal(size=(1, 7, 5, 3)).astype("float32")
    slope = rng.normal(size=(1, 3, 2, 3)).astype("float32")
    for kind in ("average", "max"):
        found = array(call(answer, features, slope, kind), features.shape)
        require(
            not found[:, 6:].any() and not found[:, :, 4:].any(),
            "A last row or column that belongs to no square has the slope 0.",
        )
        sums = found[:, :6, :4].reshape(3, 2, 2, 2, 3).sum((1, 3))
        require(same(sums, slope[0]), "For odd sides or float32 the slopes do not stay in their squares.")


def rescale_pair(rng: np.random.Generator, answer: Any) -> None:
    """One image in single precision, with a channel that is very weak, but not silent."""
    shapes = (3, 3, 4, 5), (5,), (3, 3, 5, 3)
    kernel, bias, following = (rng.normal(size=shape).astype("float32") for shape in shapes)
    activations = rng.uniform(0.5, 3.0, size=(1, 4, 6, 5)).astype("float32")
    activations[..., 2] *= np.float32(1e-9)
    means = activations.astype("float64").mean((0, 1, 2))
    found = call(answer, kernel, bias, following, [activations])
    right = kernel / means, bias / means, following * means[:, None]
    require(isinstance(found, (tuple, list)) and len(found) == 3, "It fails for a single image.")
    for got, wanted in zip(found, right, strict=True):
        require(same(array(got, wanted.shape), wanted, 1e-3), "It fails where a channel is very weak.")
