"""What the live page is told: pictures, styles and weights, as its script reads them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from .. import images, samples
from ..feedforward import Painter, StyleCode
from ..feedforward.codes import STATISTICS_LAYERS
from ..feedforward.once import STYLE_SIZE
from ..feedforward.painter import ENCODER, WEIGHTS_FILE, checked_weights
from ..networks.plans import WEIGHTS_FOLDER
from ..networks.preprocessing import IMAGENET_MEAN, POCKET_DEVIATION
from ..networks.weights import pack_weights

PHOTOS = ("cat", "astronaut", "rocket", "coffee", "grace_hopper")  # all free of conditions
PHOTO_SIZE = 640  # longer side, in pixels
QUALITY = 88  # of JPEG
Weights = dict[str, np.ndarray]


def jpeg_address(image: Any, quality: int = QUALITY) -> str:
    """An image, shape (1, H, W, 3), as a data address."""
    pixels = Image.fromarray((np.asarray(image)[0] * 255).round().astype("uint8"))
    stream = io.BytesIO()
    pixels.save(stream, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def label(name: str) -> str:
    """How a sample is called on the page."""
    return name.replace("_", " ").title() if name == "grace_hopper" else name.capitalize()


def photo_facts() -> list[dict[str, str]]:
    """The example photographs."""
    return [
        {"name": name, "label": label(name), "picture": jpeg_address(images.load_image(name, PHOTO_SIZE))}
        for name in PHOTOS
    ]


def style_facts(painter: Painter, first: Sequence[str]) -> list[dict[str, Any]]:
    """The course's styles, with their codes, so that the page need not read them; `first` come first."""
    facts = []
    for name in [*first, *(name for name in samples.names("style") if name not in first)]:
        picture = images.load_image(name, STYLE_SIZE)
        code = code_facts(painter.code(picture))
        facts.append({"name": name, "label": label(name), "picture": jpeg_address(picture), "code": code})
    return facts


def code_facts(code: StyleCode) -> dict[str, list[float]]:
    """A code as lists of numbers; the root of the covariance row by row."""
    parts = {"vector": code.vector, "mean": code.mean, "root": code.root}
    return {name: [round(float(each), 6) for each in part.ravel()] for name, part in parts.items()}


def encoder_layers(arrays: Weights) -> list[str]:
    """The layers of the embedded network as far as a style is read, in order."""
    names = sorted(
        name.removesuffix("/kernel") for name in arrays if name.startswith("block") and "kernel" in name
    )
    return names[: names.index(STATISTICS_LAYERS[-1]) + 1]


def encoder_facts(layers: list[str]) -> dict[str, Any]:
    """What the page's encoder needs besides its weights."""
    return {
        "layers": layers,
        "read": STATISTICS_LAYERS,
        "mean": IMAGENET_MEAN,
        "deviation": POCKET_DEVIATION,
    }


def page_weights() -> tuple[Weights, list[str]]:
    """The arrays that the page needs of both networks, and the layers of the encoder among them.

    Raises:
        FileNotFoundError: weights are missing.
        ValueError: they are damaged or of another version.
    """
    arrays = checked_weights(WEIGHTS_FOLDER / WEIGHTS_FILE)
    encoder = pack_weights(WEIGHTS_FOLDER / f"{ENCODER}.npz")
    layers = encoder_layers(encoder)
    parts = {f"{layer}/{part}": encoder[f"{layer}/{part}"] for layer in layers for part in ("kernel", "bias")}
    return arrays | parts, layers


def packed(arrays: Weights) -> tuple[list[tuple[str, tuple[int, ...]]], str]:
    """Names and shapes, and all numbers as float16 in base64. The files hold float16, so nothing is lost."""
    table = [(name, array.shape) for name, array in arrays.items()]
    numbers = b"".join(np.ascontiguousarray(array, "<f2").tobytes() for array in arrays.values())
    return table, base64.b64encode(numbers).decode()
