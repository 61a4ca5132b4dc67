"""Figures of the lessons: pictures side by side and in grids, curves, bars, feature maps, matrices.

Every figure has a title, labelled axes and alternative text. Each function but `animation` and `film` draws
with Matplotlib, shows the figure in a notebook through `images.show_picture`, and returns it so that it can
be saved or changed.
"""

from __future__ import annotations

import io
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from PIL import Image, ImageDraw

from . import images
from .autodiff import numpy
from .foundation import unknown_name
from .optimizers import History, check_count

DPI = 100  # text stays sharp on most screens, and a lesson stays under a megabyte
CSS_PER_INCH = 72
NARROWEST = 300  # pixels of an animation
LETTERS = 13  # points, the least that a slide of 1280 x 720 shows at 18 pixels, of a figure as large as
ON_A_SLIDE = 11.5, 5.0  # inches: a larger one is shown smaller there, and needs larger letters
WHITE = 240  # of 255: a rim as light is not seen on a page
DRAWING_COLOURS = 256  # lines and their soft edges; pictures keep all of theirs


def show_figure(figure: Figure, *, alt: str) -> Figure:
    """Show a Matplotlib figure in a notebook with its alternative text.

    Args:
        figure: any figure.
        alt: one sentence that says what there is to see.

    Raises:
        ValueError: `alt` is empty.
    """
    picture = as_picture(figure)
    if not any(axes.images for axes in figure.axes):  # a drawing: few colours, a third of the bytes
        coverage = Image.Quantize.MAXCOVERAGE  # keeps the colour of a small dot, too
        picture = picture.quantize(DRAWING_COLOURS, method=coverage, dither=Image.Dither.NONE)
    width = round(picture.width / DPI * CSS_PER_INCH)
    images.show_picture(picture, alt=alt, width=width, letters=smallest_letters(figure))
    return figure


def smallest_letters(figure: Figure) -> int:
    """Height in pixels of a figure's smallest letters as it is stored; 0 where it has none."""
    texts = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_text() and t.get_visible()]
    return round(min((float(t.get_fontsize()) for t in texts), default=0) * DPI / 72)


def letters_for(width: float, height: float) -> float:
    """Points that a lecture hall can read in a figure of so many inches, when a slide shows all of it."""
    return LETTERS * max(1.0, width / ON_A_SLIDE[0], height / ON_A_SLIDE[1])


def readable(figure: Figure) -> Figure:
    """The same figure with no letter smaller than a lecture hall can read."""
    least = letters_for(*figure.get_size_inches())
    for text in figure.findobj(Text):
        if isinstance(text, Text) and float(text.get_fontsize()) < least:
            text.set_fontsize(least)
    return figure


def as_picture(figure: Figure) -> Image.Image:
    """A Matplotlib figure as a PIL picture, for instance for `widgets.flip_through`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white", bbox_inches="tight", pad_inches=0.05)
    return Image.open(buffer).convert("RGB")


def places_for(count: int, columns: int) -> tuple[int, int]:
    """Rows and columns for a number of panels, with no column left empty.

    Raises:
        ValueError: columns is not a whole number of 1 or more.
    """
    columns = min(check_count(columns, "columns"), count)
    return -(-count // columns), columns


def two_dimensional(arrays: Mapping[str, Any], what: str) -> dict[str, np.ndarray]:
    """The arrays as NumPy's.

    Raises:
        ValueError: one of them does not have rows and columns, and nothing else.
    """
    found = {name: np.asarray(numpy(each)) for name, each in arrays.items()}
    for name, array in found.items():
        if array.ndim != 2 or 0 in array.shape:
            raise ValueError(f"The {what} {name!r} has shape {array.shape}; it has to be (rows, columns).")
    return found


def gallery(
    pictures: Mapping[str, Any],
    *,
    alt: str,
    title: str = "",
    columns: int | None = None,
    width: float = 11.0,
) -> Figure:
    """Pictures side by side, each under its name.

    Args:
        pictures: name -> image; names are printed above the pictures.
        alt: what there is to see.
        title: of the whole figure.
        columns: pictures in a row; None puts up to four into one.
        width: of a full row in inches; small pictures need no more than their own pixels.

    Raises:
        ValueError: no picture, no column, or something that is not an image.
    """
    if not pictures:
        raise ValueError("A gallery needs at least one picture.")
    arrays = {name: images.to_uint8(picture) for name, picture in pictures.items()}
    rows, columns = places_for(len(arrays), 4 if columns is None else columns)
    tallest = max(a.shape[0] / a.shape[1] for a in arrays.values())
    wide = width / max(columns, 2)
    extra = 0.5 if title else 0.05
    larger = letters_for(wide * columns, (wide * tallest + 0.4) * rows + extra) / LETTERS
    height = (wide * tallest + 0.4 * larger) * rows + extra * larger
    figure = Figure((wide * columns, height), layout="constrained")
    for place, (name, array) in enumerate(arrays.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(array, interpolation="lanczos")
        axes.set_title(textwrap.fill(str(name), max(12, round(wide * 9 / larger))), fontsize=11)
        axes.set_axis_off()
        axes.set_anchor("N")  # names stand on one line, whatever the heights below them
    if title:  # letters are a little more than half as wide as high
        figure.suptitle(textwrap.fill(title, round(120 * wide * columns / (LETTERS * larger))), fontsize=13)
    return show_figure(readable(figure), alt=alt)


def grid(
    pictures: Mapping[tuple[str, str], Any],
    *,
    alt: str,
    title: str = "",
    rows: str = "",
    columns: str = "",
    width: float = 10.4,
) -> Figure:
    """Pictures of an experiment with two factors: one factor down, the other across.

    Args:
        pictures: (name of the row, name of the column) -> image; a missing pair leaves its place empty.
        alt: what there is to see.
        title: of the whole figure.
        rows, columns: what the two factors are.
        width: of all columns in inches, at most 2.6 for each.

    Raises:
        ValueError: no picture, or something that is not an image.
    """
    if not pictures:
        raise ValueError("A grid needs at least one picture.")
    down, across = (list(dict.fromkeys(pair[i] for pair in pictures)) for i in (0, 1))
    arrays = {pair: images.to_uint8(picture) for pair, picture in pictures.items()}
    tallest = max(a.shape[0] / a.shape[1] for a in arrays.values())
    wide = min(2.6, width / len(across))
    figure = Figure((wide * len(across) + 0.6, wide * tallest * len(down) + 1.0), layout="constrained")
    panels = figure.subplots(len(down), len(across), squeeze=False)
    for i, row in enumerate(down):
        for j, column in enumerate(across):
            axes = panels[i, j]
            axes.set(xticks=[], yticks=[], frame_on=False)
            if (row, column) in arrays:
                axes.imshow(arrays[row, column], interpolation="lanczos")
                frame(axes, arrays[row, column])
            if i == 0:
                axes.set_title(column, fontsize=10)
            if j == 0:
                axes.set_ylabel(row, fontsize=10)
    figure.suptitle(title, fontsize=13)
    figure.supxlabel(columns, fontsize=11)
    figure.supylabel(rows, fontsize=11)
    return show_figure(readable(figure), alt=alt)


def frame(axes: Axes, array: np.ndarray) -> None:
    """Draw a thin line round a picture, uint8 (H, W, 3), whose rim is nearly as white as the page."""
    rim = np.concatenate([array[0], array[-1], array[:, 0], array[:, -1]])
    axes.set_frame_on(bool(np.quantile(rim.min(-1), 0.25) > WHITE))
    axes.spines[:].set(color="0.7", linewidth=0.8)


def animation(frames: Mapping[str, Any], *, alt: str, seconds: float = 0.7) -> None:
    """Show pictures one after the other, over and over, each with its name below.

    Args:
        frames: name -> image, in the order of showing; all are brought to the size of the first, and to a
            width at which the names can be read.
        alt: what there is to see.
        seconds: for each picture.

    Raises:
        ValueError: no picture, no positive time, or no alternative text.
    """
    if not frames or not seconds > 0:
        raise ValueError("An animation needs at least one picture and a positive number of seconds for it.")
    height, width = images.to_uint8(next(iter(frames.values()))).shape[:2]
    larger = max(1.0, NARROWEST / width)  # a line of text has to fit below it
    shape = round(height * larger), round(width * larger)
    pictures = [captioned(images.resize(image, shape), str(name)) for name, image in frames.items()]
    film = io.BytesIO()
    settings: dict[str, Any] = {"save_all": True, "duration": round(1000 * seconds), "loop": 0}
    pictures[0].save(film, format="WEBP", append_images=pictures[1:], quality=75, **settings)
    images.show_encoded("image/webp", film.getvalue(), alt=alt, width=min(pictures[0].width, images.WIDEST))


def film(frames: Sequence[Any], *, alt: str, rate: float = 24, width: int | None = None) -> None:
    """Show frames as a film that plays by itself, over and over, with the browser's buttons.

    Args:
        frames: images of one size, in the order of showing.
        alt: what there is to see.
        rate: frames a second.
        width: in CSS pixels; None takes that of the frames.

    Raises:
        ValueError: no frame, frames of two sizes, or no alternative text.
        ModuleNotFoundError: PyAV, which encodes it, is not installed.
    """
    from .video import Frame, save_film

    if not alt.strip():
        raise ValueError("A film needs alt: one sentence that says what there is to see.")
    step = 1 / Fraction(rate).limit_denominator(1001)
    shown = [images.to_uint8(frame) for frame in frames]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.webm")
        save_film((Frame(each, n * step, step) for n, each in enumerate(shown)), path, rate=1 / step)
        data = path.read_bytes()
    images.show_film("video/webm", data, alt=alt, width=min(width or shown[0].shape[1], images.WIDEST))


def captioned(image: Any, text: str) -> Image.Image:
    """A picture with a line of text below it."""
    picture = images.to_pil(image)
    page = Image.new("RGB", (picture.width, picture.height + 24), "white")
    page.paste(picture)
    ImageDraw.Draw(page).text((4, picture.height + 4), text, fill="black", font_size=14)
    return page


def label_plainly(axis: Axis, values: Sequence[Any]) -> None:
    """Counts get whole numbers as ticks; a short logarithmic axis gets 1, 2, 5, 10, not powers of ten."""
    drawn = np.concatenate([np.asarray(each, "float64").ravel() for each in values])
    if axis.get_scale() == "log":
        drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
        decades = np.log10(drawn.max() / drawn.min()) if drawn.size else 0.0
        if decades < 4:
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2 else (1,)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
    elif np.array_equal(drawn, np.round(drawn)):
        axis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def curves(
    lines: Mapping[str, tuple[Any, Any]],
    *,
    alt: str,
    title: str,
    xlabel: str,
    ylabel: str,
    log: Literal["", "x", "y", "xy"] = "",
) -> Figure:
    """Lines with a marker at every measured point (for up to 30 points), each in its own colour and shape.

    Args:
        lines: name -> (x values, y values).
        alt: what there is to see.
        title, xlabel, ylabel: of the figure; say the units.
        log: which axes are logarithmic.

    Raises:
        ValueError: no line, x and y of different lengths, or unknown axes.
    """
    if not lines:
        raise ValueError("There is no line to draw.")
    if log not in ("", "x", "y", "xy"):
        raise unknown_name("logarithmic axes", log, ("x", "y", "xy"))
    for name, (x, y) in lines.items():
        if len(x) != len(y):
            raise ValueError(f"The line {name!r} has {len(x)} x values, but {len(y)} y values.")
    figure = Figure((9, 4.2), layout="constrained")
    axes = figure.add_subplot()
    colours = colormaps["viridis"](np.linspace(0.0, 0.88, len(lines)))
    for (name, (x, y)), colour, marker in zip(lines.items(), colours, cycle("osD^vP*X"), strict=False):
        shape, joined = marker if len(x) <= 30 else "", "-" if len(x) > 1 else "None"
        axes.plot(x, y, ls=joined, color=colour, lw=1.8, marker=shape, markersize=6, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.set_xscale("log" if "x" in log else "linear")
    axes.set_yscale("log" if "y" in log else "linear")
    label_plainly(axes.xaxis, [x for x, _ in lines.values()])
    label_plainly(axes.yaxis, [y for _, y in lines.values()])
    axes.grid(alpha=0.3)
    if len(lines) > 1:
        figure.legend(loc="outside right center", fontsize=9)
    return show_figure(readable(figure), alt=alt)


def bars(
    values: Mapping[str, Mapping[str, float]], *, alt: str, title: str, ylabel: str, log: bool = False
) -> Figure:
    """Numbers as bars: groups along the axis, in each a bar for every series.

    Args:
        values: series -> group -> number; one series needs no legend, so its name may be empty.
        alt: what there is to see.
        title, ylabel: of the figure; say the unit.
        log: whether the scale is logarithmic.

    Raises:
        ValueError: no series, or no group in any.
    """
    groups = list(dict.fromkeys(group for series in values.values() for group in series))
    if not groups:
        raise ValueError("There are no bars to draw.")
    group_wide = max(1.1, 0.7 * len(values))  # the numbers of neighbours do not touch
    figure = Figure((min(11, 2.5 + group_wide * len(groups)), 4.0), layout="constrained")
    axes = figure.add_subplot()
    wide = 0.8 / len(values)
    colours = colormaps["viridis"](np.linspace(0.25, 0.85, len(values)))
    for k, ((name, series), colour) in enumerate(zip(values.items(), colours, strict=True)):
        places = [groups.index(group) + (k - (len(values) - 1) / 2) * wide for group in series]
        drawn = axes.bar(places, list(series.values()), wide, color=colour, label=name)
        if len(values) * len(groups) <= 12:
            axes.bar_label(drawn, fmt="{:.3g}", padding=2, fontsize=9)
    axes.set(ylabel=ylabel, title=title, yscale="log" if log else "linear")
    axes.set_xticks(range(len(groups)), [textwrap.fill(str(group), 16) for group in groups])
    axes.margins(y=0.12)
    if len(values) > 1:  # below the axes, where it hides no bar
        in_one_row = sum(len(str(name)) for name in values) < 60
        columns = len(values) if in_one_row else 2
        figure.legend(loc="outside lower center", ncols=columns, fontsize=9)
    return show_figure(readable(figure), alt=alt)


def feature_maps(
    maps: Mapping[str, Any], *, alt: str, title: str = "", columns: int = 8, shared: bool = False
) -> Figure:
    """Feature maps as pictures, dark where a channel is silent and yellow where it is most active.

    Args:
        maps: name -> map of shape (H, W).
        alt: what there is to see.
        title: of the whole figure.
        columns: maps in a row.
        shared: one scale for all, so that they compare; else each from 0 to its own maximum. Where a map
            has negative values, a scale begins at the lowest.

    Raises:
        ValueError: no map, no column, or a map of another shape.
    """
    if not maps:
        raise ValueError("There are no feature maps to draw.")
    arrays = {name: a.astype("float32") for name, a in two_dimensional(maps, "feature map").items()}
    rows, columns = places_for(len(arrays), columns)
    tallest = max(a.shape[0] / a.shape[1] for a in arrays.values())
    wide = 11.0 / max(columns, 3)
    legible = columns <= 5  # where there is room for the letters of a lecture hall
    figure = Figure((wide * columns, (wide * tallest + 0.4) * rows + 0.4), layout="constrained")
    everything = np.concatenate([a.ravel() for a in arrays.values()])
    for place, (name, array) in enumerate(arrays.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        scaled = everything if shared else array
        least, most = min(0.0, float(scaled.min())), float(scaled.max())
        axes.imshow(array, cmap="viridis", vmin=least, vmax=most if most > least else least + 1.0)
        axes.set_title(textwrap.fill(str(name), round(wide * 9)) if legible else name, fontsize=9)
        axes.set_axis_off()
    figure.suptitle(title, fontsize=13)
    return show_figure(readable(figure) if legible else figure, alt=alt)


def matrices(
    matrices: Mapping[str, Any],
    *,
    alt: str,
    title: str = "",
    shared: bool = True,
    entry: str = "channel",
    numbers: Sequence[int] | None = None,
) -> Figure:
    """Matrices as pictures with a scale beside them; small ones with their numbers written in.

    Args:
        matrices: name -> array of shape (rows, columns), for instance a Gram matrix.
        alt: what there is to see.
        title: of the whole figure.
        shared: one scale for all, so that they compare; else one for each.
        entry: what rows and columns stand for.
        numbers: of the rows and columns, where they are some of many; None counts them from 0.

    Raises:
        ValueError: no matrix, an array of another shape, or more or fewer numbers than rows and columns.
    """
    if not matrices:
        raise ValueError("There is no matrix to draw.")
    arrays = {name: a.astype("float64") for name, a in two_dimensional(matrices, "matrix").items()}
    if numbers is not None and any(a.shape != (len(numbers), len(numbers)) for a in arrays.values()):
        raise ValueError(f"There are {len(numbers)} numbers, not one for each row and column of a matrix.")
    figure = Figure((min(11.0, 3.6 * len(arrays) + 0.6), 3.6), layout="compressed")
    low, high = (f([f(a) for a in arrays.values()]) for f in (np.min, np.max))
    for place, (name, array) in enumerate(arrays.items(), start=1):
        axes = figure.add_subplot(1, len(arrays), place)
        limits = {"vmin": low, "vmax": high} if shared else {}
        drawn = axes.imshow(array, cmap="viridis", interpolation="nearest", **limits)
        axes.set(title=name, xlabel=entry, ylabel=entry)
        places = axis_ticks(array.shape[1]), axis_ticks(array.shape[0])
        axes.set(xticks=places[0], yticks=places[1])
        if numbers is not None:
            axes.set(xticklabels=[numbers[i] for i in places[0]], yticklabels=[numbers[i] for i in places[1]])
        write_numbers(axes, array, drawn)
        if not shared:
            figure.colorbar(drawn, ax=axes, shrink=0.8)
    if shared:
        figure.colorbar(drawn, ax=figure.axes, shrink=0.8)
    figure.suptitle(title, fontsize=13)
    return show_figure(readable(figure), alt=alt)


def axis_ticks(count: int) -> list[int]:
    """Where to number the rows of a matrix: each of up to 8, else about five round places."""
    return list(range(count)) if count <= 8 else list(range(0, count, max(1, round(count / 5))))


def write_numbers(axes: Axes, array: np.ndarray, drawn: Any) -> None:
    """Write the entries into the picture of a matrix when there are few."""
    if array.size > 36:
        return
    middle = (drawn.norm.vmin + drawn.norm.vmax) / 2
    for (row, column), value in np.ndenumerate(array):
        colour = "black" if value > middle else "white"
        axes.text(column, row, f"{value:.3g}", ha="center", va="center", color=colour, fontsize=10)


def paths(
    height: Callable[[Any], Any], walks: Mapping[str, Any], *, alt: str, title: str = "", columns: int = 2
) -> Figure:
    """Walks through a landscape of two variables: a panel for each, over the same level lines.

    Args:
        height: points of shape (..., 2) -> heights of shape (...).
        walks: name -> points, shape (steps + 1, 2), from the first (a ring) to the last (a dot).
        alt: what there is to see.
        title: of the whole figure.
        columns: panels in a row.

    Raises:
        ValueError: no walk, no column, points that are not pairs of finite numbers, or heights of another
            shape.
    """
    points = {name: np.asarray(walk, "float64") for name, walk in walks.items()}
    if not points or any(walk.ndim != 2 or walk.shape[1] != 2 for walk in points.values()):
        raise ValueError("Give at least one walk, each an array of points of shape (steps + 1, 2).")
    every = np.concatenate(list(points.values()))
    if not np.isfinite(every).all():
        lost = next(name for name, walk in points.items() if not np.isfinite(walk).all())
        raise ValueError(f"The walk {lost!r} has points that are not finite: take smaller steps.")
    low, high = every.min(0), every.max(0)
    margin = 0.12 * (high - low).max() or 1.0  # walks that stay where they are
    x, y = (np.linspace(low[i] - margin, high[i] + margin, 160) for i in (0, 1))
    land = numpy(height(np.stack(np.meshgrid(x, y), axis=-1)))
    if land.shape != (len(y), len(x)):
        raise ValueError(
            f"The height of points of shape {(len(y), len(x), 2)} has shape {land.shape}; it has to be one "
            f"number a point."
        )
    # Closer lines near the bottom: a valley floor is too flat for lines at equal heights.
    levels = land.min() + (np.ptp(land) or 1.0) * np.linspace(0, 1, 16)[1:] ** 3
    rows, columns = places_for(len(points), columns)
    tall = 4.2 * (y[-1] - y[0]) / (x[-1] - x[0])
    figure = Figure((4.4 * columns, (tall + 0.5) * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, (name, walk) in zip(panels.flat, points.items(), strict=False):
        axes.contour(x, y, land, levels=levels, cmap="viridis", linewidths=1)
        axes.plot(*walk.T, color="black", lw=1.3, marker=".", markersize=6)
        axes.plot(*walk[0], marker="o", markersize=9, markerfacecolor="none", color="black")
        axes.plot(*walk[-1], marker="o", markersize=8, color="#d55e00")
        axes.set(title=name, xlabel="first variable", ylabel="second variable", aspect="equal")
        axes.label_outer()
    for axes in panels.flat[len(points) :]:
        axes.set_axis_off()
    figure.suptitle(title, fontsize=13)
    return show_figure(readable(figure), alt=alt)


def boxes(
    photo: Any, rectangles: Mapping[str, tuple[float, float, float, float]], *, alt: str, title: str = ""
) -> Figure:
    """A picture with named rectangles drawn on it, for instance receptive fields.

    Args:
        photo: an image.
        rectangles: name -> (top, left, height, width) in pixels; they may reach beyond the picture.
        alt: what there is to see.
        title: of the figure.
    """
    array = images.to_uint8(photo)
    figure = Figure((9.5, 6.5 * array.shape[0] / array.shape[1] + 0.4), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(array, extent=(0, array.shape[1], array.shape[0], 0))
    colours = colormaps["plasma"](np.linspace(0.15, 0.95, max(len(rectangles), 2)))
    for (name, (top, left, height, width)), colour in zip(rectangles.items(), colours, strict=False):
        axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor="black", lw=4))
        axes.add_patch(
            Rectangle((left, top), width, height, fill=False, edgecolor=colour, lw=2.2, label=name)
        )
    axes.set(xlim=(0, array.shape[1]), ylim=(array.shape[0], 0), xticks=[], yticks=[], title=title)
    if rectangles:
        figure.legend(loc="outside right center")
    return show_figure(readable(figure), alt=alt)


def losses(
    history: History, *, alt: str, title: str = "Loss during the run", parts: Sequence[str] | None = None
) -> Figure:
    """The total loss and its parts against evaluations.

    The scale is logarithmic unless a loss is negative, as that of an exciting image may be, or the total is 0
    throughout.

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
    lines, total = {name: history.column(name) for name in names}, history.column("total")
    log = np.nanmax(total) > 0 and not any((line < 0).any() for line in (total, *lines.values()))
    for name, colour in part_colours(names).items():
        line = above_zero(lines[name]) if log else lines[name]
        axes.plot(evaluations, line, color=colour, lw=1.4, label=name)
    axes.plot(evaluations, above_zero(total) if log else total, color="black", lw=2, label="total")
    mark_sizes(axes, history)
    axes.set(xlabel="evaluations of loss and gradient", ylabel="weighted loss")
    axes.set_title(title, pad=20 if history.rows[0]["size"] is not None else None)  # over the sizes
    if log:
        axes.set_yscale("log")
        # From the photograph, the content loss starts at nearly nothing: let it enter from below.
        axes.set_ylim(bottom=max(np.nanmedian(total) * 1e-5, np.nanmin(total) * 1e-2))  # peaks do not count
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right center", fontsize=9)
    return show_figure(readable(figure), alt=alt)


def mark_sizes(axes: Axes, history: History) -> None:
    """A dashed line where a run goes on at a larger size; the sizes stand above, where no curve runs."""
    rows = history.rows
    for before, row in zip(rows, rows[1:], strict=False):
        if before["size"] != row["size"]:
            axes.axvline(row["evaluation"], color="grey", ls="--", lw=1)
    for row in [r for i, r in enumerate(rows) if i == 0 or rows[i - 1]["size"] != r["size"]]:
        if row["size"] is not None:
            place = (row["evaluation"], 1.01)
            style: dict[str, Any] = {"va": "bottom", "fontsize": 9, "color": "dimgrey"}
            axes.text(*place, f"{row['size']} px", transform=axes.get_xaxis_transform(), **style)


def classes(guesses: Mapping[str, Sequence[tuple[str, float]]], *, alt: str, title: str) -> Figure:
    """The likeliest classes of pictures as bars, one panel a picture.

    Args:
        guesses: name of the picture -> (class, probability) pairs, as `FeatureNetwork.classify` gives them.
        alt: what there is to see.
        title: of the figure.

    Raises:
        ValueError: no picture, or no guess for any.
    """
    if not any(guesses.values()):
        raise ValueError("There are no classes to draw.")
    tallest = max(len(pairs) for pairs in guesses.values())
    figure = Figure((4.8 * len(guesses), 0.45 * tallest + 1.6), layout="constrained")
    for place, (name, pairs) in enumerate(guesses.items(), start=1):
        axes = figure.add_subplot(1, len(guesses), place)
        bars = axes.barh([c for c, _ in pairs][::-1], [p for _, p in pairs][::-1], color="#31688e")
        axes.bar_label(bars, fmt="{:.0%}", padding=3)
        axes.set(xlim=(0, 1.12), xticks=[0, 0.25, 0.5, 0.75, 1], title=name, xlabel="probability")
    figure.suptitle(title, fontsize=13)
    return show_figure(readable(figure), alt=alt)


def above_zero(values: np.ndarray) -> np.ndarray:
    """Values a logarithmic axis can draw: zeros become gaps."""
    return np.where(values > 0, values, np.nan)


def part_colours(names: Sequence[str]) -> dict[str, Any]:
    """A colour for each part; styles go from dark to light with depth."""
    own = {"content": "#d55e00", "variation": "#999999"}
    styles = [name for name in names if name.split()[0] not in own]
    shades = dict(zip(styles, colormaps["viridis"](np.linspace(0.1, 0.9, len(styles))), strict=True))
    return {name: own.get(name.split()[0], shades.get(name)) for name in names}
