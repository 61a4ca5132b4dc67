"""Explorers for notebooks: something to drag, beside the static figure that says the same.

Written for ipywidgets 7.7 (Colab) and 8 (JupyterLab).
"""

from __future__ import annotations

import base64
import html
import io
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np
from matplotlib import colormaps
from PIL import Image

from . import images
from .autodiff import numpy
from .recipes import Result

NARROWEST = 420  # pixels of an explorer: room for a slider even where the picture is small


class Explorer(ipywidgets.VBox):
    """Sliders above a picture.

    Its name is what a stored output shows where no kernel runs: not the inside of a widget, but what to do.

    Attributes:
        labels: what the sliders choose.
    """

    labels: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line for somebody who has opened a notebook and not run it."""
        what = "a slider" if len(self.labels) == 1 else "sliders"
        return f"[Run all cells to get {what} here: {', '.join(self.labels)}]"


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
    last = list(frames)[-1]
    if np.array_equal(frames[last], result.image):  # one picture, not two between which nothing moves
        frames[f"{last}, the result"] = frames.pop(last)
    else:
        frames["result"] = result.image
    return flip_through(frames, label="Show")


def flip_through(pictures: Mapping[str, Any], *, label: str) -> ipywidgets.Widget:
    """A slider that shows one of several pictures, all at the size of the last.

    Args:
        pictures: name -> image or PIL picture (`plots.as_picture` makes one of a figure), in the order of
            the slider.
        label: what the slider chooses.

    Returns:
        A box with the slider above the picture.
    """
    return flip_grid({(name,): picture for name, picture in pictures.items()}, labels=[label])


def flip_grid(pictures: Mapping[tuple[str, ...], Any], *, labels: Sequence[str]) -> ipywidgets.Widget:
    """Sliders, one for each factor of an experiment, that choose one of its pictures.

    Args:
        pictures: (value of the first factor, value of the second, ...) -> image or PIL picture, for every
            combination of values, in the order of the sliders.
        labels: what each slider chooses.

    Returns:
        A box with the sliders above the picture; all pictures have the size of the last.

    Raises:
        ValueError: no picture, a combination is missing, or the labels are not one for each factor.
    """
    if not pictures:
        raise ValueError("There are no pictures to choose from.")
    if any(len(key) != len(labels) for key in pictures):
        raise ValueError(f"Name each picture by as many values as there are labels: {len(labels)}.")
    values = [list(dict.fromkeys(key[i] for key in pictures)) for i in range(len(labels))]
    for key in itertools.product(*values):
        if key not in pictures:
            raise ValueError(f"There is no picture for {words(key)}: give one for every combination.")
    shape = images.to_uint8(as_image(list(pictures.values())[-1])).shape[:2]
    frames = {k: with_caption(images.resize(as_image(p), shape), words(k)) for k, p in pictures.items()}
    sliders = [slider(names, label) for names, label in zip(values, labels, strict=True)]
    picture = ipywidgets.HTML(frames[tuple(s.value for s in sliders)])

    def turn(_: Any) -> None:
        picture.value = frames[tuple(s.value for s in sliders)]

    for each in sliders:
        each.observe(turn, names="value")
    box = Explorer([*sliders, picture])
    box.labels = tuple(labels)
    box.layout.max_width = f"{max(NARROWEST, min(shape[1], images.WIDEST))}px"
    return box


def browse_channels(network: Any, photo: Any, *, layers: Sequence[str] | None = None) -> ipywidgets.Widget:
    """Two sliders, over layers and over all channels of each, that show one map beside the photograph.

    The maps are computed once; a picture is drawn when a slider asks for it, dark where the channel is silent
    and yellow where it is most active.

    Args:
        network: a feature network.
        photo: an image.
        layers: names of layers; None takes every convolution.

    Returns:
        A box with the sliders above the picture. A channel's number is kept from layer to layer, where
        there are so many.
    """
    names = list(network.convolutions if layers is None else layers)
    maps = {name: np.asarray(numpy(each))[0] for name, each in network.features(photo, names).items()}
    most = maps[names[-1]].shape[-1] - 1
    wanted = {"channel": most}
    layer = slider(names, "Layer")
    channel = ipywidgets.IntSlider(most, 0, most, description="Channel", readout=False)
    channel.layout.width, channel.style.description_width = "100%", "initial"
    picture = ipywidgets.HTML()

    def draw() -> None:
        picture.value = map_beside(photo, maps[layer.value], layer.value, channel.value)

    def choose_layer(_: Any) -> None:
        number = wanted["channel"]
        channel.max = maps[layer.value].shape[-1] - 1
        channel.value = min(number, channel.max)
        wanted["channel"] = number
        draw()

    def choose_channel(_: Any) -> None:
        wanted["channel"] = channel.value
        draw()

    layer.observe(choose_layer, names="value")
    channel.observe(choose_channel, names="value")
    draw()
    box = Explorer([layer, channel, picture])
    box.labels = ("Layer", "Channel")
    box.layout.max_width = f"{images.WIDEST}px"
    return box


def map_beside(photo: Any, maps: np.ndarray, name: str, channel: int) -> str:
    """A photograph and one of the maps (H, W, N) of a layer, enlarged without smoothing, as HTML."""
    seen = images.to_uint8(photo).astype("float32")[None] / 255
    chosen, (height, width) = maps[..., min(channel, maps.shape[-1] - 1)], seen.shape[1:3]
    rows = np.arange(height) * maps.shape[0] // height
    columns = np.arange(width) * maps.shape[1] // width
    largest = float(chosen.max())
    colours = colormaps["viridis"](chosen[rows][:, columns] / (largest if largest > 0 else 1.0))
    pair = np.concatenate([seen, colours[None, ..., :3].astype("float32")], axis=2)
    silent = float(np.mean(chosen <= 0))
    caption = f"{name}, channel {channel} of 0 to {maps.shape[-1] - 1}"
    return with_caption(pair, f"{caption}: {silent:.0%} of the positions silent, at most {largest:.1f}")


def words(key: Sequence[Any]) -> str:
    """The values that name a picture, as a text."""
    return ", ".join(map(str, key))


def slider(names: Sequence[str], label: str) -> ipywidgets.SelectionSlider:
    """A slider over names, at the last of them, with its label written out in full.

    It shows no value: ipywidgets cuts long ones, and the picture's caption says it.
    """
    made = ipywidgets.SelectionSlider(options=list(names), value=names[-1], description=label, readout=False)
    made.layout.width = "100%"
    made.style.description_width = "initial"
    return made


def as_image(picture: Any) -> Any:
    """A PIL picture as an image; an image as it is."""
    if isinstance(picture, Image.Image):
        return np.asarray(picture.convert("RGB"), "float32")[None] / 255
    return picture


def with_caption(image: Any, caption: str) -> str:
    """An image below a line that names it, as HTML."""
    return f'<div style="line-height: 1.6">{html.escape(caption)}</div>{as_html(image, caption)}'


def as_html(image: Any, alt: str) -> str:
    """An image as an HTML element, because ipywidgets' own pictures carry no alternative text."""
    buffer = io.BytesIO()
    images.to_pil(image).save(buffer, format="JPEG", quality=90)
    code = base64.b64encode(buffer.getvalue()).decode()
    alternative = html.escape(alt, quote=True)
    return f'<img alt="{alternative}" style="max-width: 100%" src="data:image/jpeg;base64,{code}">'
