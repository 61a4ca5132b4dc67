"""Style transfer: a photograph in the style of one picture, of several, or of one for each region."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Unpack

import numpy as np

from .. import colours, images
from ..backend import numpy
from ..foundation import unknown_name
from ..objectives import Objective
from ..objectives.measures import as_setting, in_words
from .look import DEFAULT_SIZE, NETWORK, START, Look, as_network, seen_layers, start_settings, unchosen
from .loop import Job, carry_out, in_tiles
from .options import RunKeywords, RunOptions, check_count
from .result import Result
from .sizes import coarsest, transfer_sizes
from .starts import starting_image
from .styles import COLORS, Palette, read_styles
from .views import View, check_views

if TYPE_CHECKING:
    from ..losses import Formula
    from ..networks import FeatureNetwork
    from ..objectives import LayerWeights, Measure

SMALLEST_TRANSFER = 256  # where a transfer begins: strokes that are found on less come out as pebbles


def transfer_style(
    content: Any,
    style: Any,
    *,
    network: str | Mapping[str, Any] | FeatureNetwork = NETWORK,
    size: int | None = None,
    style_size: int | None = None,
    blend: Sequence[float] | None = None,
    content_mask: Any = None,
    style_mask: Any = None,
    colors: Literal["style", "recolored", "content", "luminance"] = "style",
    content_layers: LayerWeights | None = None,
    style_layers: LayerWeights | None = None,
    content_weight: float = Look.content_weight,
    style_weight: float = Look.style_weight,
    style_measure: str | Mapping[str, Any] | Measure = Look.style_measure,
    variation_weight: float = Look.variation_weight,
    variation: Literal["squared", "absolute"] = Look.variation,
    formula: Formula = Look.formula,
    photorealism: float = Look.photorealism,
    start: Any = START,
    seed: int = 0,
    **run: Unpack[RunKeywords],
) -> Result:
    """Paint a photograph in the style of a picture (Gatys, Ecker and Bethge 2016, eq. 7).

    Args:
        content: anything `images.load_image` takes: a sample name, a file, a URL, an array.
        style: likewise; or a list of pictures, mixed as `blend` says; or region of the content mask ->
            picture, where a region without one keeps to the photograph.
        network: a name, the keywords of `load_network` by name, or a network that it made.
        size: longer side of the result in pixels; None keeps the photograph's own up to 512.
        style_size: longer side at which the style is looked at; it sets the size of the strokes. None
            means the same as `size`. The style keeps its own aspect ratio.
        blend: the weights of several styles; None means equal ones.
        content_mask, style_mask: pictures that show regions in plain colours, or name -> weights (H, W); see
            `objectives.read_regions`. With both, each region of the photograph is painted as that region of
            the style picture which has the same name (Gatys et al. 2017, section 4).
        colors: whose colours the result has. "style": the painting's, as the loss has it. "recolored": the
            painting's even more, the photograph is brought to them before it is compared. "content": the
            photograph's, the style picture is brought to these. "luminance": the photograph's to the pixel,
            only lightness is painted (the last two: Gatys et al. 2016, "Preserving color").
        content_layers, style_layers: layer, list of layers, or layer -> weight; None means the network's
            usual ones. "image" is the picture itself.
        content_weight, style_weight, variation_weight: alpha, beta, and the weight of total variation.
        style_measure: what is compared of the style: a name of `objectives.measures.known`, {"name": ...,
            options}, or a measure of one's own.
        variation: "squared" or "absolute".
        formula: see `losses`.
        photorealism: weight of a term that lets colours change only as the photograph's do in the same place
            (the matting Laplacian; Luan et al. 2017); 0 leaves it out, about 3 shows.
        start: "recolored" (the photograph in the style's colours, see `colours.match_colors`), "content",
            "style", "palette" (blots in the style's colours), "noise", or anything `images.load_image` takes;
            it is brought to the shape of the result.
        seed: of the noise and of the blots.
        run: see `RunOptions`.

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence.
    """
    options = RunOptions.read(run, transfer_style)
    if colors not in COLORS:
        raise unknown_name("choice of colors", colors, COLORS)
    photo, photo_shape = images.load_with_shape(content, size, at_most=DEFAULT_SIZE)
    full = max(photo.shape[1:3])
    strokes_at = full if style_size is None else check_count(style_size, "style_size")
    palette = read_styles(style, blend, content_mask, style_mask, max(full, strokes_at), photo)
    net = as_network(network)  # last, because it may take long
    look = Look(
        content_layers,
        style_layers,
        content_weight,
        style_weight,
        style_measure,
        variation_weight,
        variation,
        formula,
        photorealism,
    ).checked(net)
    settings = {"size": full, "style_size": strokes_at, "colors": colors}
    settings |= {"blend": None, "content_mask": None, "style_mask": None} | palette.settings
    settings |= look_settings(look) | start_settings(start, seed)
    usual = unchosen(style_size=style_size, content_layers=content_layers, style_layers=style_layers)
    steps = usual_sizes(net, look, palette, photo, photo_shape, options, full, style_size)
    taken = {"content": (content, photo)} | palette.sources
    photo, painted, shown = in_colours(colors, photo, palette)

    def recolor(here: np.ndarray) -> np.ndarray:
        return painted.recolored(here, images.resize(photo, here.shape[1:3]))

    begin = starting_image(start, photo, recolor, seed, painted.styles[0].picture)
    if colors == "luminance":  # colour would only be in the way
        begin = begin.then(lambda here: np.repeat(colours.luminance(here), 3, -1))
    kept: Any = look.content_layers
    brushed: Any = look.style_layers
    seen = seen_layers([*kept, *brushed])
    options = in_tiles(options, net, seen, photo.shape[1:3], look.additive)

    def objective(here: np.ndarray, scale: float) -> Objective:
        terms = look.content_terms(net, here, options.tile)
        for style in painted:
            strokes = images.resize(style.picture, max(1, round(strokes_at * scale)))
            where = style.where(strokes.shape[1:3]), painted.where(style, here.shape[1:3])
            terms += look.style_terms(net, strokes, style.share, *where, options.tile)
        return Objective(net, terms + look.variation_terms())

    lacking = dict(palette.lacking)
    measure: Any = look.style_measure
    if settings["style_measure"] is None:
        lacking["style_measure"] = "the measure of style"
        settings["style_measure"] = in_words(measure)
    return carry_out(
        Job(
            title="style transfer",
            recipe="transfer_style",
            objective_at=objective,
            frame=photo,
            begin=begin,
            options=options,
            usual_sizes=steps,
            network=net,
            layers=seen,
            pictures=taken,
            settings=settings,
            usual=usual,
            lacking=lacking,
            shown=shown,
        )
    )


def look_settings(look: Look) -> dict[str, Any]:
    """The settings of a look that was checked."""
    measure: Any = look.style_measure
    names = ("content_layers", "style_layers", "content_weight", "style_weight", "photorealism")
    own = {name: getattr(look, name) for name in names}
    return own | {"style_measure": as_setting(measure)} | look.common_settings()


def usual_sizes(
    net: FeatureNetwork,
    look: Look,
    palette: Palette,
    photo: np.ndarray,
    photo_shape: tuple[int, int],
    options: RunOptions,
    full: int,
    style_size: int | None,
) -> list[int]:
    """Longer sides from coarse to fine, at all of which every picture is large enough.

    Raises:
        ValueError: a picture is too small for the network.
    """
    kept, painted = seen_layers(look.content_layers), seen_layers(look.style_layers)
    seen = [*(kept if look.content_weight else ()), *(painted if look.style_weight else ())]
    views = [View("content picture", "size", photo_shape, seen)]
    if look.style_weight:
        views += [View("style picture", "style_size", style.original, painted) for style in palette]
    check_views(net, views, options.sizes, size=full, style_size=style_size)
    needs: list[Any] = [(min(photo.shape[1:3]), [*kept, *painted])]
    for style in palette:
        sides = style.picture.shape[1:3]
        needs.append((min(sides) / max(sides) * (style_size or full), painted))
    return transfer_sizes(full, coarsest(SMALLEST_TRANSFER, full, net, needs))


def in_colours(colors: str, photo: np.ndarray, palette: Palette) -> tuple[np.ndarray, Palette, Any]:
    """The photograph and the styles as the network sees them, and what people see of the image."""
    return photo_in(colors, photo, palette), palette_in(colors, photo, palette), shown_in(colors, photo)


def photo_in(colors: str, photo: np.ndarray, palette: Palette) -> np.ndarray:
    """The photograph as the network sees it."""
    if colors == "recolored":
        return palette.recolored(photo)
    return as_grey(colours.luminance(photo)) if colors == "luminance" else photo


def palette_in(colors: str, photo: np.ndarray, palette: Palette) -> Palette:
    """The styles as the network sees them, beside a photograph."""
    if colors == "content":
        return palette.map(lambda picture: colours.match_colors(picture, photo))
    if colors == "luminance":
        light = colours.luminance(photo)
        return palette.map(lambda p: as_grey(colours.match_luminance(colours.luminance(p), light)))
    return palette


def shown_in(colors: str, photo: np.ndarray) -> Callable[[Any], np.ndarray] | None:
    """What people see of the image that is made of a photograph; None where that is the image itself."""
    if colors != "luminance":
        return None

    def shown(image: Any) -> np.ndarray:
        lightness = colours.luminance(np.clip(numpy(image), 0, 1))
        return colours.with_luminance(images.resize(photo, lightness.shape[1:3]), lightness)

    return shown


def as_grey(lightness: np.ndarray) -> np.ndarray:
    """Lightness (1, H, W, 1) as a grey picture (1, H, W, 3)."""
    return np.repeat(lightness, 3, -1)


def transfer_between(
    content: Any, first: Any, second: Any, *, frames: int = 9, **keywords: Any
) -> Iterator[Result]:
    """A path between two styles: the photograph in the first, in mixtures, and at last in the second.

    Every picture begins from the one before, so that strokes change in place instead of jumping.

    Args:
        content, first, second: anything `images.load_image` takes.
        frames: how many pictures, the two ends among them.
        keywords: of `transfer_style`; of several iterations, the last number is that of all pictures but the
            first.

    Yields:
        The results, one by one; after an interruption no more; `nst.save_animation` writes them as a film.

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence.
    """
    if check_count(frames, "frames") < 2:
        raise ValueError("A path has two ends: give frames=2 or more.")
    for name in ("blend", "checkpoint", "snapshots"):
        if name in keywords:
            raise ValueError(f"A path between styles has no use for {name}; leave it out.")
    chosen = dict(keywords)
    for step in range(frames):
        share = step / (frames - 1)
        result = transfer_style(content, [first, second], blend=[1 - share, share], **chosen)
        yield result
        if result.history.cut_short:
            return
        each = keywords.get("iterations", 40)
        each = each[-1] if isinstance(each, (list, tuple)) else each
        chosen = keywords | {"start": result.image, "sizes": "single", "iterations": each}
