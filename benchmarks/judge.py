"""How near a painted picture is to its style, and what it keeps of its photograph, without any network.

    .venv/bin/python benchmarks/judge.py RESULT PHOTO STYLE

Networks are trained and settings chosen by these numbers, so no network may take part in them: one that
judges its own pictures finds them good. They rank settings of one method well and methods of different kind
less well; look at the pictures, too.

A low colour with a low structure is a copy of the painting; a high structure with a high colour is a filter.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

import nstlib as nst

Array = NDArray[np.floating[Any]]

SIDE = 384  # longer side in pixels at which pictures are compared, so that all sizes of a result compare
DIRECTIONS = 128
QUANTILES = np.linspace(0.002, 0.998, 512)  # without the outermost, which a single pixel decides
PATCH, PATCHES, LEVELS = 7, 8000, 3
SEED = 0  # one choice of directions and patches for all pictures: their differences are the pictures' own


@dataclass(frozen=True)
class Judgement:
    """What is said about one result.

    Attributes:
        colour: distance of its colours to the style's, as a share of the photograph's own distance; 0 is the
            style's palette, 1 the photograph's.
        patches: the same of small patches at three scales; 0 is the style's texture.
        structure: correlation of its edges with the photograph's; 1 keeps every contour.
        speckle: coloured noise from pixel to pixel, in units of the image's range.
    """

    colour: float
    patches: float
    structure: float
    speckle: float

    def __str__(self) -> str:
        shares = f"colour {self.colour:.2f}, patches {self.patches:.2f}, structure {self.structure:.2f}"
        return f"{shares}, speckle {self.speckle:.4f}"


def judge(result: Any, photo: Any, style: Any) -> Judgement:
    """Judge a result beside the two pictures it was made from.

    Args:
        result, photo, style: anything `nstlib.load_image` takes.

    Raises:
        ValueError: photograph and style are alike, so that nothing lies between them; or a bad picture.
    """
    painted = nst.load_image(result)
    picture, target = at_side(painted), at_side(nst.load_image(style))
    original = at_shape(at_side(nst.load_image(photo)), picture.shape[:2])
    return Judgement(
        colour=share(colour_distance(picture, target), colour_distance(original, target)),
        patches=share(patch_distance(picture, target), patch_distance(original, target)),
        structure=structure_kept(picture, original),
        speckle=speckle(painted[0]),
    )


def share(distance: float, whole: float) -> float:
    """A distance to the style as a share of the photograph's distance to it."""
    if whole < 1e-6:
        raise ValueError("The photograph is the style already; judge a pair of two different pictures.")
    return distance / whole


# --- pictures -------------------------------------------------------------------------------------------


def at_side(image: Array) -> Array:
    """An image, (1, H, W, 3), with a longer side of `SIDE` pixels, (h, w, 3)."""
    picture = nst.images.to_pil(image)
    scale = SIDE / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return at_shape(np.asarray(picture, "float32") / 255, (height, width))


def at_shape(image: Array, shape: tuple[int, ...]) -> Array:
    """An image, (H, W, 3), at another height and width, rounded to the 256 levels of a file."""
    if image.shape[:2] == tuple(shape):
        return image
    picture = Image.fromarray((image * 255).round().astype("uint8"))
    resized = picture.resize((shape[1], shape[0]), Image.Resampling.LANCZOS)
    return np.asarray(resized, "float32") / 255


# --- distances ------------------------------------------------------------------------------------------


def sliced_distance(a: Array, b: Array) -> float:
    """Sliced Wasserstein-1 distance of two clouds of points, (N, D) and (M, D).

    In one dimension the optimal transport joins equal quantiles; many directions stand for all of them.
    Source: Rabin, Peyré, Delon and Bernot, "Wasserstein barycenter and its application to texture mixing",
    SSVM 2011.
    """
    directions = np.random.default_rng(SEED).normal(size=(a.shape[1], DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    # A direction in a row: sorting along memory takes a quarter of the time.
    shadows = (np.ascontiguousarray((cloud @ directions.astype(cloud.dtype)).T) for cloud in (a, b))
    quantiles = (np.quantile(np.sort(shadow, axis=1), QUANTILES, axis=1) for shadow in shadows)
    return float(np.abs(np.subtract(*quantiles)).mean())


def colour_distance(a: Array, b: Array) -> float:
    """Sliced Wasserstein distance of the RGB values of two images, (H, W, 3), wherever they stand."""
    return sliced_distance(a.reshape(-1, 3), b.reshape(-1, 3))


def patch_distance(a: Array, b: Array) -> float:
    """Sliced Wasserstein distance of the patches of two images, the mean over the levels of a pyramid."""
    return float(np.mean([sliced_distance(p, q) for p, q in zip(patches(a), patches(b), strict=True)]))


def patches(image: Array) -> list[Array]:
    """Patches of each level of a Laplacian pyramid, finest first: `LEVELS` arrays of (PATCHES, 7 * 7 * 3).

    Source: Burt and Adelson, "The Laplacian pyramid as a compact image code", IEEE Transactions on
    Communications 31 (1983); patches of its levels as the statistics of an image: Karras, Aila, Laine and
    Lehtinen, "Progressive growing of GANs", ICLR 2018, section 5.
    """
    found = []
    for _ in range(LEVELS):
        low = gaussian_filter(image, (1.5, 1.5, 0))
        found.append(random_patches(image - low))
        image = low[::2, ::2]
    return found


def random_patches(image: Array) -> Array:
    """Square patches at random places of an image, (H, W, 3), one in a row."""
    height, width = image.shape[:2]
    if min(height, width) <= PATCH:
        raise ValueError(
            "This picture is too narrow to be judged: give one at most ten times as long as wide."
        )
    rng = np.random.default_rng(SEED)
    tops, lefts = rng.integers(0, height - PATCH, PATCHES), rng.integers(0, width - PATCH, PATCHES)
    windows = np.lib.stride_tricks.sliding_window_view(image, (PATCH, PATCH), (0, 1))
    return windows[tops, lefts].transpose(0, 2, 3, 1).reshape(PATCHES, -1)  # as the pixels lie in memory


def structure_kept(a: Array, b: Array) -> float:
    """Correlation of the edges of two images of one shape, 1 where both have the same; 0 for a flat one."""
    one, other = edges(a).ravel(), edges(b).ravel()
    if min(one.std(), other.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def edges(image: Array) -> Array:
    """Blurred magnitude of the gradient of an image's grey, (H, W), at a scale of 2 pixels.

    Derivatives of a Gaussian, so that brush marks count less than contours.
    Source: Canny, "A computational approach to edge detection", IEEE PAMI 8 (1986).
    """
    grey = image.mean(axis=2)
    slopes = (gaussian_filter(grey, 2, order) for order in ((0, 1), (1, 0)))
    return gaussian_filter(np.hypot(*slopes), 1)


def speckle(image: Array) -> float:
    """Standard deviation of what a Gaussian blur of 1 pixel takes out of the chroma of an image, (H, W, 3).

    Chroma is the pixels minus their grey: brush marks are rough in tone, which this leaves out, but paint
    does not change its hue from pixel to pixel as an optimised picture's noise does.
    """
    chroma = image - image.mean(axis=2, keepdims=True)
    return float((chroma - gaussian_filter(chroma, (1, 1, 0))).std())


def main() -> None:
    """Judge one picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("result", "photo", "style"):
        parser.add_argument(name, help="a file or the name of a sample")
    asked = parser.parse_args()
    try:
        print(judge(asked.result, asked.photo, asked.style))
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
