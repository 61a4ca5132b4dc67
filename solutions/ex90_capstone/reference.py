"""Right values of exercise 90, and those that known mistakes give: what its checks compare with.

A function that begins with `mistakes_of` gives the value of each mistake under what a learner is told of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Runs = Mapping[str, Mapping[str, Any]]
Features = Mapping[str, np.ndarray]  # by layer, of shape (1, H, W, N)
KEYS = ("layer", "layers", "content_layers", "style_layers")


# --- settings ---------------------------------------------------------------------------------------


def layers_of_figure_5() -> list[list[str]]:
    """The content layers of 2016, Figure 5, those of one run after those of the other."""
    return [["block2_conv2"], ["block4_conv2"]]


def growing_sets() -> list[list[str]]:
    """The style layers of 2015, Figures 1 and 3."""
    firsts = [f"block{block}_conv1" for block in range(1, 6)]
    return [firsts[: k + 1] for k in range(5)]


# --- measuring --------------------------------------------------------------------------------------


def used(runs: Runs) -> dict[str, list[str]]:
    """The layers that runs have under each keyword."""
    found: dict[str, list[str]] = {key: [] for key in KEYS}
    for run, key in itertools.product(runs.values(), KEYS):
        layers = run.get(key, [])
        found[key] += [layers] if isinstance(layers, str) else list(layers)
    return found


def left(convolutions: Sequence[str], runs: Runs) -> list[str]:
    """All convolutions that no run has."""
    taken = set().union(*used(runs).values())
    return [name for name in convolutions if name not in taken]


def held_out(convolutions: Sequence[str], runs: Runs) -> list[str]:
    """The last of each block that no run has."""
    return list({name.split("_")[0]: name for name in left(convolutions, runs)}.values())


def mistakes_of_held_out(convolutions: Sequence[str], runs: Runs) -> dict[str, list[str]]:
    """Others that no run has."""
    every = left(convolutions, runs)
    firsts = {name.split("_")[0]: name for name in reversed(every)}
    return {
        "You take the first of each block, not the last.": list(firsts.values())[::-1],
        "These are all that no run used; take the last of each block.": every,
    }


def rows(features: np.ndarray) -> np.ndarray:
    """A row for each position, a column for each channel."""
    return features.reshape(-1, features.shape[-1])


def gram(features: np.ndarray) -> np.ndarray:
    """G/M of features (1, H, W, N)."""
    return rows(features).T @ rows(features) / len(rows(features))


def relative(found: np.ndarray, target: np.ndarray) -> float:
    """Squared distance over the energy of the target."""
    return float(np.sum((found - target) ** 2) / np.sum(target**2))


def content(image: Features, photo: Features) -> float:
    """The content distance."""
    return float(np.mean([relative(image[n], photo[n]) for n in image]))


def mistakes_of_content(image: Features, photo: Features) -> dict[str, float]:
    """Wrong divisions, and roots."""
    each = [relative(image[n], photo[n]) for n in image]
    sums = [float(np.sum((image[n] - photo[n]) ** 2)) for n in image]
    means = [s / image[n].size for s, n in zip(sums, image, strict=True)]
    together = sum(sums) / sum(float(np.sum(photo[n] ** 2)) for n in image)
    of_image = "The content distance is divided by the energy of the image; divide by that of its target."
    squares = "The content distance holds mean squares: layers of large features drown the others."
    found = {
        "The content distance is the sum over the layers, and should be their mean.": sum(each),
        "The content distance is not divided by the energy of the photograph's features.": np.mean(sums),
        squares: np.mean(means),
        of_image: content(photo, image),
        "The content distance holds square roots.": np.mean(np.sqrt(each)),
        "Divide layer by layer, and not all layers together, where large features decide.": together,
    }
    return {message: float(value) for message, value in found.items()}


def style(image: Features, painting: Features) -> float:
    """The style distance."""
    return float(np.mean([relative(gram(image[n]), gram(painting[n])) for n in image]))


def mistakes_of_style(image: Features, photo: Features, painting: Features) -> dict[str, float]:
    """Wrong divisions, targets and statistics."""
    pairs = [(image[n], painting[n]) for n in image]
    each = [relative(gram(f), gram(s)) for f, s in pairs]
    sums = [relative(gram(f) * len(rows(f)), gram(s) * len(rows(s))) for f, s in pairs]
    means = [relative(rows(f).mean(0), rows(s).mean(0)) for f, s in pairs]
    undivided = [np.sum((gram(f) - gram(s)) ** 2) for f, s in pairs]
    found = {
        "The style distance is the sum over the layers, and should be their mean.": sum(each),
        "Pictures differ in size: divide each Gram matrix by its own number of positions.": np.mean(sums),
        "The style distance is not divided by the energy of the style's Gram matrices.": np.mean(undivided),
        "The style distance is divided by the energy of the image, not of its target.": style(
            painting, image
        ),
        "The style distance compares the image with the photograph.": style(image, photo),
        "The style distance holds square roots.": np.mean(np.sqrt(each)),
        "The style distance compares means of channels, not Gram matrices.": np.mean(means),
    }
    return {message: float(value) for message, value in found.items()}


# --- judging ----------------------------------------------------------------------------------------


def differences(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean - mean for every division of all values into groups of these sizes; the observed one is first."""
    values = np.concatenate([a, b])
    found = []
    for chosen in itertools.combinations(range(len(values)), len(a)):
        mask = np.zeros(len(values), bool)
        mask[list(chosen)] = True
        found.append(values[mask].mean() - values[~mask].mean())
    return np.array(found)


def chance(a: np.ndarray, b: np.ndarray) -> float:
    """The share of divisions at least as far apart as the observed one."""
    found = np.abs(differences(a, b))
    return float(np.mean(found >= found[0] - 1e-6 * np.abs(np.concatenate([a, b])).max()))


def mistakes_of_chance(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Wrong directions and wrong counts."""
    signed = differences(a, b)
    far, count = np.abs(signed) >= abs(signed[0]) - 1e-12, len(signed)
    further = np.abs(signed) > abs(signed[0]) + 1e-12
    added = "You add 1 to both numbers, as one does with random divisions; here all are counted."
    others = "You give the share of the others: those that are nearer together than the observed one."
    found = {
        "Differences count in both directions: take absolute values.": np.mean(signed >= signed[0] - 1e-12),
        "The observed division counts, too, as do others that are equally far apart.": np.mean(further),
        "You divide by one less than there are divisions.": far.sum() / (count - 1),
        added: (far.sum() + 1) / (count + 1),
        others: 1 - chance(a, b),
    }
    return {message: float(value) for message, value in found.items()}


def tenths(seed: int, kind: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Two groups of tenths and their share, from whole numbers; without a tolerance it comes out wrong.

    Args:
        seed: of the two groups.
        kind: the dtype of the groups.
    """
    numbers = np.random.default_rng(seed)
    while True:
        whole = numbers.integers(1, 30, 7)
        signed = differences(12 * whole[:3], 12 * whole[3:])  # whole numbers: no rounding
        right = float(np.mean(np.abs(signed) >= abs(signed[0]) - 1e-6))
        a, b = (whole[:3] / 10).astype(kind), (whole[3:] / 10).astype(kind)
        found = np.abs(differences(a, b))
        if np.mean(found >= found[0]) != right:
            return a, b, right


# --- credit -----------------------------------------------------------------------------------------


def credit(picture: Mapping[str, str]) -> str:
    """The line, where nothing is missing."""
    return "{title}, {author} ({licence}), {source}".format(**picture)
