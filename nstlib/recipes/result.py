"""What a recipe returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import images
from ..making import Making
from ..optimizers import History


@dataclass(frozen=True)
class Result:
    """What a recipe returns.

    Attributes:
        image: float32 RGB in [0, 1], shape (1, H, W, 3): of an optimisation the image with the lowest loss
            that was seen.
        history: every evaluation with its loss parts and seconds; empty for what was painted in one pass.
        snapshots: images at the chosen iterations, counted over all sizes, by iteration.
        settings: the keyword arguments that make the same image of the same pictures: `recipe(...,
            **settings)`. Defaults are written out, and JSON can hold them.
        seconds: of the whole run, set-up of the targets and compilation included.
        making: the settings and all else that `nst.repeat` needs; a PNG carries it.
        sources: the pictures as they were given, by the name of their parameter.
    """

    image: np.ndarray
    history: History
    snapshots: dict[int, np.ndarray]
    settings: dict[str, Any]
    seconds: float
    making: Making | None = None
    sources: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the image as PNG, JPEG, TIFF or WebP, whole or not at all; a PNG says how it was made."""
        notes = None if self.making is None else self.making.to_text()
        images.save_image(self.image, path, overwrite=overwrite, notes=notes)
