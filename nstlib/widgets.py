"""Explorers for notebooks: something to drag, beside the static figure that says the same.

Written for ipywidgets 7.7 (Colab) and 8 (JupyterLab).
"""

from __future__ import annotations

import base64
import html
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
    shape = list(pictures.values())[-1].shape[1:3]
    frames = {name: as_html(images.resize(p, shape), name) for name, p in pictures.items()}
    slider = ipywidgets.SelectionSlider(options=list(frames), value=list(frames)[-1], description=label)
    slider.layout.width = "100%"
    picture = ipywidgets.HTML(frames[slider.value])
    slider.observe(lambda change: picture.set_trait("value", frames[change["new"]]), names="value")
    box = ipywidgets.VBox([slider, picture])
    box.layout.max_width = f"{min(shape[1], images.WIDEST)}px"
    return box


def as_html(image: Any, alt: str) -> str:
    """An image as an HTML element, because ipywidgets' own pictures carry no alternative text."""
    buffer = io.BytesIO()
    images.to_pil(image).save(buffer, format="JPEG", quality=90)
    code = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="{html.escape(alt, quote=True)}" src="data:image/jpeg;base64,{code}">'
