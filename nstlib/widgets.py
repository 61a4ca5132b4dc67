"""Explorers for notebooks: something to drag, beside the static figure that says the same.

Written for ipywidgets 7.7 (Colab) and 8 (JupyterLab).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import ipywidgets

from . import images
from .synthesis import Result


def film(result: Result) -> ipywidgets.Widget:
    """A slider over the snapshots of a run: drag it to see the picture come into being.

    Args:
        result: of a recipe that was asked for `snapshots`.

    Raises:
        ValueError: the result has no snapshots.
    """
    if not result.snapshots:
        raise ValueError("This result has no snapshots: pass snapshots=[1, 10, 50] to the recipe.")
    frames = {f"iteration {k}": image for k, image in sorted(result.snapshots.items())}
    return flip_through({**frames, "result": result.image}, label="Show")


def flip_through(pictures: Mapping[str, Any], *, label: str) -> ipywidgets.Widget:
    """A slider that shows one of several pictures, all at the size of the last.

    Args:
        pictures: name -> image, in the order of the slider.
        label: what the slider chooses.

    Returns:
        A box with the slider above the picture.
    """
    height, width = list(pictures.values())[-1].shape[1:3]
    frames = {name: as_jpeg(images.resize(p, (height, width))) for name, p in pictures.items()}
    slider = ipywidgets.SelectionSlider(options=list(frames), value=list(frames)[-1], description=label)
    slider.layout.width = "100%"
    picture = ipywidgets.Image(value=frames[slider.value], format="jpeg", width=width, height=height)
    slider.observe(lambda change: picture.set_trait("value", frames[change["new"]]), names="value")
    box = ipywidgets.VBox([slider, picture])
    box.layout.max_width = f"{min(width, images.WIDEST)}px"
    return box


def as_jpeg(image: Any) -> bytes:
    """An image as the bytes of a JPEG file."""
    buffer = io.BytesIO()
    images.to_pil(image).save(buffer, format="JPEG", quality=92)
    return buffer.getvalue()
