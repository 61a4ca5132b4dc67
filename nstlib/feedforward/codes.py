"""A style as a few numbers: what the one-pass network is told of a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..backend import numpy
from ..networks import FeatureNetwork
from ..objectives.regions import resized

# Where the embedded network is asked. Deeper layers know what is painted, not how.
STATISTICS_LAYERS = (
    "block1_conv1",
    "block1_conv2",
    "block2_conv1",
    "block2_conv2",
    "block3_conv1",
    "block3_conv2",
    "block3_conv4",
    "block4_conv1",
)
MEAN_SCALE, ROOT_SCALE = 4.0, 8.0  # bring colours to the range of the other statistics


@dataclass(frozen=True, eq=False)
class StyleCode:
    """What the one-pass network knows of a style.

    Attributes:
        vector: what its strokes are like, shape (D,): the bottleneck of Ghiasi et al. 2017 (section 3.2).
            Between two of them lie mixtures of both styles.
        mean: of its red, green and blue, shape (3,).
        root: symmetric square root of their covariance, shape (3, 3).
    """

    vector: np.ndarray
    mean: np.ndarray
    root: np.ndarray

    @staticmethod
    def mix(codes: Sequence[StyleCode], weights: Iterable[float]) -> StyleCode:
        """A style between others.

        Args:
            codes: one or more.
            weights: of each; divided by their sum.

        Raises:
            ValueError: no codes, another number of weights, or none above zero.
        """
        shares = np.array(list(weights), "float64")
        if not codes or len(shares) != len(codes):
            raise ValueError(f"There are {len(codes)} codes and {len(shares)} weights; give one for each.")
        if not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
            raise ValueError("The weights of a mixture are zero or more, and at least one is more.")
        shares = shares / shares.max()  # a sum of large ones would overflow
        shares /= shares.sum()

        def mixed(part: str) -> np.ndarray:
            parts = np.stack([getattr(code, part) for code in codes])
            return np.tensordot(shares, parts, 1).astype("float32")

        return StyleCode(mixed("vector"), mixed("mean"), mixed("root"))


def color_statistics(picture: np.ndarray, where: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean (3,) of red, green and blue, and the symmetric square root (3, 3) of their covariance.

    Args:
        picture: shape (1, H, W, 3).
        where: how much each pixel counts, shape (H, W); None for all alike.
    """
    flat = picture.reshape(-1, 3).astype("float64")
    shares = None if where is None else where.ravel().astype("float64")
    values, vectors = np.linalg.eigh(np.cov(flat, rowvar=False, bias=True, aweights=shares))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return np.average(flat, 0, shares).astype("float32"), root.astype("float32")


def map_statistics(maps: np.ndarray, where: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (C,) of feature maps (1, H, W, C) over positions; `where` as above."""
    flat = maps.reshape(-1, maps.shape[-1])
    if where is None:
        return flat.mean(0), flat.std(0)
    shares = resized(where, maps.shape[1:3]).ravel()
    mean = np.average(flat, 0, shares)
    return mean, np.sqrt(np.average((flat - mean) ** 2, 0, shares))


def style_statistics(
    network: FeatureNetwork, picture: np.ndarray, where: np.ndarray | None = None
) -> np.ndarray:
    """What is read off a style picture, before any of it is learned: a vector of moments.

    log(1 + m) and log(1 + s) of every channel of `STATISTICS_LAYERS`, with m the mean and s the standard
    deviation over all positions (features after a ReLU are nothing or large, the logarithm evens that out);
    then the mean and the root of the covariance of the pixels themselves.

    Args:
        network: the embedded one.
        picture: float32 RGB in [0, 1], shape (1, H, W, 3).
        where: how much each pixel counts, shape (H, W); None for all alike.

    Returns:
        Shape (twice the channels of the layers + 12,), float32.

    Raises:
        ValueError: the picture is too small for the layers.
    """
    parts = []
    for features in network.features(picture, STATISTICS_LAYERS).values():
        parts += [np.log1p(each) for each in map_statistics(numpy(features), where)]
    mean, root = color_statistics(picture, where)
    return np.concatenate([*parts, mean * MEAN_SCALE, root.ravel() * ROOT_SCALE]).astype("float32")
