"""The one-pass network with its weights, ready to paint."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..autodiff import compiled, tensor
from ..backend import numpy, own_settings, require_device
from ..foundation import Kept, unknown_name
from ..images import check_image
from ..making import digest
from ..networks import FeatureNetwork, load_network
from ..networks.plans import DEFAULT_DTYPE, WEIGHTS_FOLDER, Dtype
from ..networks.weights import checksum, pack_weights
from .codes import StyleCode, color_statistics, style_statistics
from .transformer import FACTOR, predictions, transform

WEIGHTS_FILE = "pocket_painter.npz"
SHA256 = "d0dacc4041cfc77848817d1e432ad085e4da445ce25040a459b6a967a226dbc1"  # of that file
ENCODER = "pocket_vgg"  # what reads the style; the weights were taught with it
SMALLEST_SIDE = 16  # pixels: what is reflected at a border must be there
SMALLEST_STYLE = 8  # pixels: the encoder halves a style three times
MOST_CODES = 16  # that a painter keeps
CLIP = 4.0  # deviations from what was seen in training beyond which a statistic says nothing more


class Painter:
    """A photograph in any style, in one pass. Made by `load_painter`.

    Attributes:
        dtype: number format of the convolutions.
        encoder: the network that reads styles.
        blocks: number of residual blocks.
    """

    def __init__(self, weights: dict[str, np.ndarray], encoder: FeatureNetwork, dtype: Dtype) -> None:
        self.dtype, self.encoder, self._arrays = dtype, encoder, weights
        self.blocks = weights["depthwise/bias"].size // 9 // weights["down2/kernel"].shape[-1]
        self._names = tuple(name for name in weights if not name.startswith(("statistics", "code")))
        self._weights = [tensor(weights[name], "float32") for name in self._names]
        self._codes: Kept[Any, StyleCode] = Kept(MOST_CODES)
        self._whole, self._part = compiled(self._paint_whole), compiled(self._paint_part)

    def __repr__(self) -> str:
        count = sum(array.size for array in self._arrays.values())
        return f"<Painter of {count:,} parameters, {self.dtype}>"

    @cached_property
    def checksum(self) -> int:
        """CRC-32 of all weights, those of the encoder first."""
        found = checksum(self.encoder.model)
        for name in sorted(self._arrays):
            found = zlib.crc32(np.ascontiguousarray(self._arrays[name]).tobytes(), found)
        return found

    def code(self, picture: Any, where: np.ndarray | None = None) -> StyleCode:
        """Read the style of a picture; the latest codes are kept, so that the same picture is read once.

        Args:
            picture: an image, or an array that `check_image` takes. Its size in pixels sets the size of the
                strokes.
            where: how much each pixel counts, shape (H, W), for the style of a region; None for all alike.

        Raises:
            ValueError: not an image, or too small a one; weights of another shape, or none above zero.
        """
        image = check_image(picture, "style picture")
        check_where(where, image)
        key = digest(image), None if where is None else digest(where)
        return self._codes.made_once(key, lambda: self._read(image, where))

    def _read(self, image: np.ndarray, where: np.ndarray | None) -> StyleCode:
        statistics = style_statistics(self.encoder, image, where)
        usual, spread = self._arrays["statistics/mean"], self._arrays["statistics/deviation"]
        standard = np.clip((statistics - usual) / spread, -CLIP, CLIP)
        vector = standard @ self._arrays["code/kernel"] + self._arrays["code/bias"]
        return StyleCode(vector.astype("float32"), *color_statistics(image, where))

    @property
    def tiles(self) -> dict[str, np.ndarray]:
        """The tiles of noise that the network lays over a photograph, by name, each (h, w, C)."""
        return {name: array for name, array in self._arrays.items() if name.startswith("tile/")}

    def paint(
        self,
        photo: Any,
        code: StyleCode,
        where: np.ndarray | None = None,
        grain: Mapping[str, np.ndarray] | None = None,
    ) -> np.ndarray:
        """Paint a photograph.

        Args:
            photo: an image, or an array that `check_image` takes.
            code: of the style.
            where: how much each pixel counts in the statistics of the norms, shape (H, W), where the style is
                for a region only; the whole photograph is painted all the same. None for all alike.
            grain: noise by the names of `tiles`, to be laid instead of them; films move it with what is seen.

        Returns:
            The painting, float32 RGB in [0, 1], of the photograph's shape.

        Raises:
            ValueError: not an image, or too small a one; weights of another shape, or none above zero.
            TypeError: `code` is none.
        """
        image = check_image(photo, "photo")
        if not isinstance(code, StyleCode):
            raise TypeError("Paint with a StyleCode: painter.code(picture) reads one.")
        check_where(where, image)
        height, width = image.shape[1:3]
        if min(height, width) < SMALLEST_SIDE:
            raise ValueError(
                f"The photo is {width} x {height} pixels; one pass needs {SMALLEST_SIDE} or more on each "
                f"side."
            )
        style = [tensor(part, "float32") for part in (code.vector, code.mean, code.root)]
        whole, values = tensor(in_fours(image), "float32"), self._values(grain or {})
        if where is None:
            painted = self._whole(whole, style, values)
        else:
            weights = tensor(in_fours(np.asarray(where, "float32")[None, ..., None]), "float32")
            painted = self._part(whole, weights, style, values)
        return np.clip(numpy(painted)[:, :height, :width], 0, 1).astype("float32")

    def _values(self, grain: Mapping[str, np.ndarray]) -> list[Any]:
        """The weights in the order of their names, with other noise where it is given."""
        pairs = zip(self._names, self._weights, strict=True)
        return [tensor(grain[name], "float32") if name in grain else value for name, value in pairs]

    def _paint_whole(self, image: Any, style: list[Any], values: list[Any]) -> Any:
        return self._paint_part(image, None, style, values)

    def _paint_part(self, image: Any, where: Any, style: list[Any], values: list[Any]) -> Any:
        """The compiled pass; weights are arguments, so that no program holds a copy of them."""
        vector, mean, root = style
        weights = dict(zip(self._names, values, strict=True))
        said = predictions(weights, vector, self.blocks)
        return transform(weights, image, said, mean, root, where, self.dtype)


def check_where(where: np.ndarray | None, image: np.ndarray) -> None:
    """See that the weights of the pixels of an image (1, H, W, 3) fit it; None always does.

    Raises:
        ValueError: another shape, a negative or endless one, or none above zero.
    """
    if where is None:
        return
    if np.shape(where) != image.shape[1:3]:
        raise ValueError(
            f"where has shape {np.shape(where)}; give one weight for each of {image.shape[1:3]} pixels."
        )
    if not np.isfinite(where).all() or np.min(where) < 0 or not np.any(where):
        raise ValueError("The weights of where are zero or more, and at least one is more.")


def in_fours(image: np.ndarray) -> np.ndarray:
    """The picture (1, H, W, C) with mirrored pixels below and to the right, so that both sides are multiples
    of 4.
    """
    below, right = (-side % FACTOR for side in image.shape[1:3])
    return np.pad(image, ((0, 0), (0, below), (0, right), (0, 0)), mode="symmetric")


MOST_PAINTERS = 2  # one for each number format
_kept: Kept[Any, Painter] = Kept(MOST_PAINTERS)


def load_painter(dtype: Dtype = DEFAULT_DTYPE) -> Painter:
    """The one-pass network that comes with the package, kept for as long as the process lives.

    Args:
        dtype: "float32", or "bfloat16", which is faster where the processor has the instructions.

    Raises:
        ValueError: another number format, or weights that are damaged or of another version.
        FileNotFoundError: the weights are missing.
        OSError: there is no device to compute on.
    """
    if dtype not in ("float32", "bfloat16"):
        raise unknown_name("dtype", dtype, ("float32", "bfloat16"))
    require_device()

    def load() -> Painter:
        arrays = checked_weights(WEIGHTS_FOLDER / WEIGHTS_FILE)
        with own_settings():
            return Painter(arrays, load_network(ENCODER), dtype)

    return _kept.made_once(dtype, load)


def checked_weights(path: Path) -> dict[str, np.ndarray]:
    """The arrays of the weights file, if it is the one that belongs to this version of the package.

    Raises:
        FileNotFoundError: it is missing.
        ValueError: it is another file.
    """
    remedy = "install the package again, or in the course's folder `git checkout nstlib/weights`."
    if not path.is_file():
        raise FileNotFoundError(f"The weights of the one-pass network, {path}, are missing: {remedy}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"{path} is damaged or of another version (its SHA-256 begins with {found[:12]}, not "
            f"{SHA256[:12]}): {remedy}"
        )
    return pack_weights(path)
