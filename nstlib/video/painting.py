"""How a frame of a film is painted, given those before it: in one pass, or by optimising.

Frame by frame, a film flickers: strokes are found anew in each, and the least change of light moves them.
Both methods take what was painted before, move it along the motion that is seen in the film, and hold to it
wherever the same thing is still to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from .. import colours as colour_maps
from .. import images, memory
from ..feedforward import StyleCode, load_painter
from ..feedforward.defaults import STRENGTH, STYLE_SIZE
from ..feedforward.once import (
    check_paintable,
    check_seen,
    check_strength,
    code_up_to,
    estimate,
    faded,
    read_palette,
)
from ..foundation import check_count, unknown_name
from ..networks.plans import DEFAULT_DTYPE, Dtype
from ..objectives import Objective, Term, check_weight
from ..objectives.temporal import temporal_term
from ..optimizers import Stopping, minimize
from ..recipes.look import NETWORK, Look, as_network
from ..recipes.styles import COLORS, Palette, read_styles
from ..recipes.transfer import as_grey, palette_in, photo_in, shown_in
from .defaults import CARE_AT_MOST, FAST_AT_MOST, ITERATIONS, STEADY, TEMPORAL_WEIGHT
from .grain import Grain
from .motion import long_term, optical_flow, reliability, smoothed, warp

LAGS = (1, 2, 4)  # frames before, of the long-term loss (Ruder et al. 2016, section 4.3)
WINDOW = 2.0  # pixels, standard deviation of the window in which contrast is measured
MOST_GAIN = 1.5
FLAT = 1e-5  # added to variances, so that noise of the eighth bit is not raised
STILL = 0.004  # difference of colours, in that window, up to which nothing has moved
CARRYING = 300  # bytes for each pixel, of flows, warped frames and windows beside one pass
AGREE = 0.08  # difference of colours at which what was carried along counts for 1/e


@dataclass(frozen=True, eq=False)
class Past:
    """A frame that is painted already.

    Attributes:
        photo: of the film, float32 RGB (1, H, W, 3).
        painting: of it, likewise.
        lag: how many frames before.
    """

    photo: np.ndarray
    painting: np.ndarray
    lag: int


@dataclass(frozen=True, eq=False)
class Carried:
    """A painting that was moved along the motion to a later frame.

    Attributes:
        painting: float32 RGB, (1, H, W, 3).
        weight: how far each pixel is to be believed, (H, W), from 0 to 1.
        lag: how many frames before it was painted.
        flow: along which it was moved, (H, W, 2).
    """

    painting: np.ndarray
    weight: np.ndarray
    lag: int
    flow: np.ndarray


def carry(photo: np.ndarray, past: Past) -> Carried:
    """What was painted before, moved to where it is now.

    Believed is what forward and backward flow agree on (Ruder et al. 2016, section 4.2), and of that what has
    kept its colour in the film: exp(-(d / `AGREE`)^2) with d the largest difference of the three colours
    between the frame and the earlier one moved likewise. A shadow that falls, or a flow that is mistaken both
    ways, would otherwise be dragged along. What stands still is not moved, where the flow is not believed.
    """
    back, believed = motion_since(photo, past.photo)
    change = np.abs(warp(past.photo, back) - photo).max(-1)[0]
    weight = believed * np.exp(-np.square(change / AGREE))
    return Carried(warp(past.painting, back), weight.astype("float32"), past.lag, back)


def motion_since(photo: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The flow from a frame back to an earlier one, (H, W, 2), and where it is to be believed, (H, W)."""
    back, forth = optical_flow(photo, before), optical_flow(before, photo)
    believed = reliability(back, forth)
    still = stands_still(photo, before) & (believed == 0)
    back[still], believed[still] = 0, 1
    return back, believed


def stands_still(photo: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Where a frame shows what the one before showed in the same place, (H, W).

    A found flow is smooth, so beside a thing that moves the ground seems to move with it.
    """
    return smoothed(np.square(photo - before).sum(-1)[0], WINDOW) < STILL**2


def with_contrast_of(alone: np.ndarray, mixed: np.ndarray) -> np.ndarray:
    """The mixture of frames with the contrast that the frame alone has, place by place.

    Strokes that do not lie on each other average out: of a hundred frames mixed, a grey veil is left. So
    m + g (y - m), with m the mixture y smoothed and g^2 the ratio of both variances in a Gaussian window of
    `WINDOW` pixels, at least 1 (where strokes agree) and at most `MOST_GAIN`^2. Heitz and Neyret 2018 do so
    with textures whose variance is known.

    Args:
        alone, mixed: float32 RGB, (1, H, W, 3).
    """
    (_, wanted), (center, there) = local_moments(alone[0]), local_moments(mixed[0])
    gain = np.sqrt(np.clip((wanted + FLAT) / (there + FLAT), 1, MOST_GAIN**2))[..., None]
    return (center + (mixed[0] - center) * gain).clip(0, 1).astype("float32")[None]


def local_moments(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (H, W, 3), and variance of all three colours together (H, W), in a Gaussian window."""
    center = smoothed(picture, WINDOW)
    return center, smoothed(np.square(picture - center).sum(-1), WINDOW)


class FramePainter(Protocol):
    """What paints the frames of a film one after the other."""

    lags: ClassVar[tuple[int, ...]]  # of the earlier frames that it wants
    remembers: ClassVar[bool]  # more of a shot than these: then `follow` has to see all of its frames
    at_most: ClassVar[int]  # longer side in pixels of a film that nobody gave a size

    @property
    def palette(self) -> Palette:
        """The styles, read when they are first needed."""

    def check(self, shape: tuple[int, int]) -> None:
        """See before any work that frames (height, width) can be painted here.

        Raises:
            ValueError: unknown networks or number formats, or frames that are too small.
            MemoryError: this machine has not enough memory.
        """

    def begin(self, first: np.ndarray) -> None:
        """Settle what is one for the whole film, from its first frame."""

    def follow(self, photo: np.ndarray, pasts: Sequence[Past]) -> None:
        """Take notice of a frame that is painted already, instead of `paint`."""

    def paint(self, photo: np.ndarray, pasts: Sequence[Past]) -> np.ndarray:
        """A frame, painted; `pasts` are the latest first, and none at the beginning of a shot."""


@dataclass(eq=False, kw_only=True)
class OnePassFrames:
    """One pass for each frame, mixed with what was carried along from the one before.

    r + s c (w - r), with r the frame in one pass, w the frame before as it was shown, moved, c how far that
    is to be believed, and s = `steady`; then the contrast of r (see `with_contrast_of`). The style is read
    once, and so, at a strength below 1, is the photograph, from the first frame of the film: a code that
    changed would change the strokes. The noise of the network moves with what is seen (see `Grain`).

    Attributes:
        style: picture, or pictures, mixed as `blend` says.
        strength, style_size, blend, colors, dtype: as for `paint_once`.
        steady: from 0, every frame for itself, to 1, nothing is painted anew where something was carried.
    """

    lags: ClassVar[tuple[int, ...]] = (1,)
    remembers: ClassVar[bool] = True
    at_most: ClassVar[int] = FAST_AT_MOST
    style: Any
    strength: float = STRENGTH
    style_size: int | None = None
    blend: Sequence[float] | None = None
    colors: Literal["style", "recolored", "content", "luminance"] = "style"
    dtype: Dtype = DEFAULT_DTYPE
    steady: float = STEADY
    code: StyleCode | None = field(default=None, init=False)
    grain: Grain | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        check_colors(self.colors)
        check_strength(self.strength)
        self.steady = check_strength(self.steady, "steady", ("every frame alone", "nothing is painted twice"))
        self.style_size = (
            STYLE_SIZE if self.style_size is None else check_count(self.style_size, "style_size")
        )

    @cached_property
    def palette(self) -> Palette:
        """The styles, read when they are first needed."""
        return palette_of(self.style, self.blend, int(self.style_size or 0))

    def check(self, shape: tuple[int, int]) -> None:
        """See `FramePainter`."""
        load_painter(self.dtype)
        check_paintable(shape, shape)
        needed = estimate(shape, self.dtype) + CARRYING * math.prod(shape)
        memory.check_need("a frame", needed, max(shape), "size")

    def begin(self, first: np.ndarray) -> None:
        """Read the styles beside the first frame of the film."""
        painter, size = load_painter(self.dtype), int(self.style_size or 0)
        code = read_palette(painter, palette_in(self.colors, first, self.palette), size)
        seen = photo_in(self.colors, first, self.palette)
        self.code = code_up_to(painter, seen, code, max(self.strength, 1e-6), size)

    def paint(self, photo: np.ndarray, pasts: Sequence[Past]) -> np.ndarray:
        """See `FramePainter`."""
        if not pasts or not self.steady:
            self.lay_anew(photo)
            return self.alone(photo)
        before = carry(photo, pasts[0])
        self.moved(before.flow)
        alone = self.alone(photo)
        share = self.steady * before.weight[None, ..., None]
        return with_contrast_of(alone, alone + share * (before.painting - alone))

    def follow(self, photo: np.ndarray, pasts: Sequence[Past]) -> None:
        """See `FramePainter`."""
        if not pasts or not self.steady:
            self.lay_anew(photo)
        else:
            self.moved(motion_since(photo, pasts[0].photo)[0])

    def lay_anew(self, photo: np.ndarray) -> None:
        """Lay the noise as for a photograph: a shot begins."""
        self.grain = Grain(photo.shape[1:3], load_painter(self.dtype).tiles)

    def moved(self, flow: np.ndarray) -> None:
        """Move the noise along, see `Grain.move`."""
        if self.grain is not None:
            self.grain.move(flow)

    def alone(self, photo: np.ndarray) -> np.ndarray:
        """The frame for itself."""
        if not self.strength:
            return photo
        assert self.code is not None
        seen, shown = photo_in(self.colors, photo, self.palette), shown_in(self.colors, photo)
        noise = None if self.grain is None else self.grain.laid()
        painted = load_painter(self.dtype).paint(seen, self.code, grain=noise)
        painting = faded(seen, painted, self.strength)
        return painting if shown is None else shown(painting)


@dataclass(eq=False, kw_only=True)
class OptimizedFrames:
    """Every frame is optimised, beginning with the one before, moved (Ruder et al. 2016).

    The loss is that of `transfer_style` with the temporal one, short-term and long-term (eq. 7 to 9). The
    first frame of a shot begins with one pass, and so does what could not be carried along: little is left to
    do.

    Attributes:
        style, style_size, blend, colors: as for `transfer_style`.
        network: its name.
        content_weight, style_weight, variation_weight: alpha, beta, and the weight of total variation.
        temporal_weight: gamma (eq. 7).
        iterations: of the first frame of a shot, and of every other.
    """

    lags: ClassVar[tuple[int, ...]] = LAGS
    remembers: ClassVar[bool] = False
    at_most: ClassVar[int] = CARE_AT_MOST
    style: Any
    style_size: int | None = None
    blend: Sequence[float] | None = None
    colors: Literal["style", "recolored", "content", "luminance"] = "style"
    network: str = NETWORK
    content_weight: float = Look.content_weight
    style_weight: float = Look.style_weight
    variation_weight: float = Look.variation_weight
    temporal_weight: float = TEMPORAL_WEIGHT
    iterations: tuple[int, int] = ITERATIONS
    style_terms: list[Term] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        check_colors(self.colors)
        for name in ("content_weight", "style_weight", "variation_weight", "temporal_weight"):
            setattr(self, name, check_weight(getattr(self, name), name.replace("_", " ")))
        self.iterations = check_pair(self.iterations)
        if self.style_size is not None:
            self.style_size = check_count(self.style_size, "style_size")

    @cached_property
    def start(self) -> OnePassFrames:
        """What the shots begin with."""
        return OnePassFrames(style=self.style, blend=self.blend, colors=self.colors, steady=1.0)

    @cached_property
    def look(self) -> Look:
        """The loss."""
        look = Look(
            content_weight=self.content_weight,
            style_weight=self.style_weight,
            variation_weight=self.variation_weight,
        )
        return look.checked(as_network(self.network))

    @cached_property
    def palette(self) -> Palette:
        """The styles, read when they are first needed."""
        return palette_of(self.style, self.blend, int(self.style_size or self.at_most))

    def check(self, shape: tuple[int, int]) -> None:
        """See `FramePainter`."""
        self.start.check(shape)
        net, kept, brushed = as_network(self.network), self.look.content_layers, self.look.style_layers
        layers = list(dict.fromkeys([*as_list(kept), *as_list(brushed)]))
        net.check_size(np.zeros((1, *shape, 3), "float32"), layers, "film")
        memory.check(net, layers, shape, "lbfgs")

    def begin(self, first: np.ndarray) -> None:
        """Take the targets of the style, once for the whole film."""
        self.start.begin(first)
        net, size = as_network(self.network), self.style_size or max(first.shape[1:3])
        styles = palette_in(self.colors, first, self.palette)
        pictures = [(images.resize(style.picture, size), style.share) for style in styles]
        self.style_terms = [t for each, share in pictures for t in self.look.style_terms(net, each, share)]

    def follow(self, photo: np.ndarray, pasts: Sequence[Past]) -> None:
        """See `FramePainter`: a frame that is painted is among the pasts of the next, and that is all."""

    def paint(self, photo: np.ndarray, pasts: Sequence[Past]) -> np.ndarray:
        """See `FramePainter`."""
        carried, begin = [carry(photo, past) for past in pasts], self.start.alone(photo)
        if carried:
            begin = begin + carried[0].weight[None, ..., None] * (carried[0].painting - begin)
        seen, shown = photo_in(self.colors, photo, self.palette), shown_in(self.colors, photo)
        begin = self.seen(begin)
        net = as_network(self.network)
        terms = self.look.content_terms(net, seen) + self.style_terms + self.look.variation_terms()
        found = minimize(
            Objective(net, [*terms, *self.temporal_terms(begin, carried)]),
            begin.clip(0, 1).astype("float32"),
            iterations=self.iterations[bool(pasts)],
        )
        if found.history.stopping is Stopping.INTERRUPTED:
            raise KeyboardInterrupt  # half a frame is none: it will be painted again
        painting = np.clip(found.x, 0, 1)
        return painting if shown is None else shown(painting)

    def seen(self, painting: np.ndarray) -> np.ndarray:
        """A painting as the network sees it: grey where only lightness is painted."""
        return as_grey(colour_maps.luminance(painting.clip(0, 1))) if self.colors == "luminance" else painting

    def temporal_terms(self, begin: np.ndarray, carried: Sequence[Carried]) -> list[Term]:
        """One for each lag, of no weight where there is no such frame: one compiled step serves them all."""
        if not self.temporal_weight:
            return []
        there = {c.lag: c for c in carried}
        weights = dict(zip(there, long_term([c.weight for c in carried]), strict=True)) if carried else {}
        nowhere = np.zeros(begin.shape[1:3], "float32")
        return [
            temporal_term(
                self.seen(there[lag].painting) if lag in there else begin,
                weights.get(lag, nowhere),
                self.temporal_weight,
                lag,
            )
            for lag in self.lags
        ]


METHODS: dict[str, type[Any]] = {"fast": OnePassFrames, "care": OptimizedFrames}


def frame_painter(method: str, style: Any, **how: Any) -> FramePainter:
    """What paints frames by a method, with the options that belong to it.

    Raises:
        ValueError: an unknown method, or an option that it has not.
    """
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    kind = METHODS[method]
    known = option_names(kind)
    for name in how:
        if name in known:
            continue
        if others := [m for m, k in METHODS.items() if name in option_names(k)]:
            raise ValueError(f"The method {method!r} has no {name}: leave it out, or choose {others[0]!r}.")
        raise unknown_name(f"option of the method {method!r}", name, known)
    made: FramePainter = kind(style=style, **how)
    return made


def option_names(kind: type[Any]) -> list[str]:
    """The keywords of a kind of frame painter."""
    return [f.name for f in fields(kind) if f.init]


def palette_of(style: Any, blend: Sequence[float] | None, size: int) -> Palette:
    """The styles of a film; a region of every frame is nobody's to draw, so there are none."""
    if isinstance(style, dict):
        raise ValueError("A film has no regions: give one style picture, or a list that blend mixes.")
    palette = read_styles(style, blend, None, None, size)
    for each in palette:
        check_seen(each.original, size)
    return palette


def as_list(layers: Any) -> list[Any]:
    """The layers of a look that was checked."""
    return list(layers)


def check_colors(colors: str) -> None:
    """Refuse an unknown choice of colours."""
    if colors not in COLORS:
        raise unknown_name("choice of colors", colors, COLORS)


def check_pair(iterations: Any) -> tuple[int, int]:
    """Iterations of the first frame of a shot and of the others; one number is for both.

    Raises:
        ValueError: something else.
    """
    given = list(iterations) if isinstance(iterations, (list, tuple)) else [iterations] * 2
    if len(given) != 2:
        raise ValueError(
            f"iterations is {iterations}; give two numbers: of a shot's first frame and of the others."
        )
    return check_count(given[0]), check_count(given[1])
