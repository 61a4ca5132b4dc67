"""Figures of the lessons: pictures side by side, loss curves, class probabilities.

Every figure has a title, labelled axes and alternative text. Each function draws with Matplotlib, shows the
figure in a notebook through `images.show_picture`, and returns it so that it can be saved or changed.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from . import images
from .optimizers import History

DPI = 120  # more than a plain screen shows, so that text stays sharp on others
CSS_PER_INCH = 72


def show_figure(figure: Figure, *, alt: str) -> Figure:
    """Show a Matplotlib figure in a notebook with its alternative text.

    Args:
        figure: any figure.
        alt: one sentence that says what there is to see.

    Raises:
        ValueError: `alt` is empty.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", bbox_inches="tight", pad_inches=0.05)
    picture = Image.open(buffer).convert("RGB")
    images.show_picture(picture, alt=alt, width=round(picture.width / DPI * CSS_PER_INCH))
    return figure


def gallery(pictures: Mapping[str, Any], *, alt: str, title: str = "", columns: int | None = None) -> Figure:
    """Pictures side by side, each under its name.

    Args:
        pictures: name -> image; names are printed above the pictures.
        alt: what there is to see.
        title: of the whole figure.
        columns: pictures in a row; None puts up to four into one.

    Raises:
        ValueError: no picture, or something that is not an image.
    """
    if not pictures:
        raise ValueError("A gallery needs at least one picture.")
    arrays = {name: images.to_uint8(picture) for name, picture in pictures.items()}
    columns = min(len(arrays), columns or 4)
    rows = -(-len(arrays) // columns)
    tallest = max(a.shape[0] / a.shape[1] for a in arrays.values())
    wide = 11.0 / max(columns, 2)
    extra = 0.5 if title else 0.05
    figure = Figure((wide * columns, (wide * tallest + 0.4) * rows + extra), layout="constrained")
    for place, (name, array) in enumerate(arrays.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(array, interpolation="lanczos")
        axes.set_title(textwrap.fill(name, max(12, round(wide * 9))), fontsize=11)
        axes.set_axis_off()
    if title:
        figure.suptitle(title, fontsize=13)
    return show_figure(figure, alt=alt)


def losses(
    history: History, *, alt: str, title: str = "Loss during the run", parts: Sequence[str] | None = None
) -> Figure:
    """The total loss and its parts against evaluations, on a logarithmic scale.

    Args:
        history: of a run.
        alt: what there is to see.
        title: of the figure.
        parts: which parts to draw beside the total; None draws all, an empty list none.

    Raises:
        ValueError: an empty history, or a part it does not have.
    """
    if not len(history):
        raise ValueError("This history is empty: there is nothing to draw.")
    figure = Figure((9, 4.2), layout="constrained")
    axes = figure.add_subplot()
    evaluations = history.column("evaluation")
    names = history.names if parts is None else list(parts)
    for name, colour in part_colours(names).items():
        axes.plot(evaluations, above_zero(history.column(name)), color=colour, lw=1.4, label=name)
    total = history.column("total")
    axes.plot(evaluations, above_zero(total), color="black", lw=2, label="total")
    mark_sizes(axes, history)
    axes.set(yscale="log", xlabel="evaluations of loss and gradient", ylabel="weighted loss", title=title)
    # From the photograph, the content loss starts at nearly nothing: let it enter from below.
    axes.set_ylim(bottom=max(np.nanmax(total) * 1e-5, np.nanmin(total) * 1e-2))
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right center", fontsize=9)
    return show_figure(figure, alt=alt)


def mark_sizes(axes: Axes, history: History) -> None:
    """A dashed line where a run goes on at a larger size."""
    rows = history.rows
    for before, row in zip(rows, rows[1:], strict=False):
        if before["size"] != row["size"]:
            axes.axvline(row["evaluation"], color="grey", ls="--", lw=1)
    for row in [r for i, r in enumerate(rows) if i == 0 or rows[i - 1]["size"] != r["size"]]:
        if row["size"] is not None:
            place = (row["evaluation"], 0.98)
            across = axes.get_xaxis_transform()
            axes.text(*place, f" {row['size']} px", transform=across, va="top", fontsize=9, color="dimgrey")


def classes(guesses: Mapping[str, Sequence[tuple[str, float]]], *, alt: str, title: str) -> Figure:
    """The likeliest classes of pictures as bars, one panel a picture.

    Args:
        guesses: name of the picture -> (class, probability) pairs, as `FeatureNetwork.classify` gives them.
        alt: what there is to see.
        title: of the figure.
    """
    tallest = max(len(pairs) for pairs in guesses.values())
    figure = Figure((4.2 * len(guesses), 0.4 * tallest + 1.5), layout="constrained")
    for place, (name, pairs) in enumerate(guesses.items(), start=1):
        axes = figure.add_subplot(1, len(guesses), place)
        bars = axes.barh([c for c, _ in pairs][::-1], [p for _, p in pairs][::-1], color="#31688e")
        axes.bar_label(bars, fmt="{:.0%}", padding=3)
        axes.set(xlim=(0, 1.12), xticks=[0, 0.25, 0.5, 0.75, 1], title=name, xlabel="probability")
    figure.suptitle(title, fontsize=13)
    return show_figure(figure, alt=alt)


def above_zero(values: np.ndarray) -> np.ndarray:
    """Values a logarithmic axis can draw: zeros become gaps."""
    return np.where(values > 0, values, np.nan)


def part_colours(names: Sequence[str]) -> dict[str, Any]:
    """A colour for each part; styles go from dark to light with depth."""
    own = {"content": "#d55e00", "variation": "#999999"}
    styles = [name for name in names if name.split()[0] not in own]
    shades = dict(zip(styles, colormaps["viridis"](np.linspace(0.1, 0.9, len(styles))), strict=True))
    return {name: own.get(name.split()[0], shades.get(name)) for name in names}
