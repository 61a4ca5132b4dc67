"""What is chosen on the page, and how it becomes keywords of the recipes and text in a PNG.

Nothing in here starts Keras, so that the page opens at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..foundation import unknown_name

# Megabytes that are downloaded on first use, or once by pip. A test compares the names with `networks`.
NETWORKS = {
    "pocket_vgg": 0,
    "vgg16": 59,
    "vgg19": 80,
    "vgg16_edges": 55,
    "resnet50": 95,
    "inception_v3": 88,
    "mobilenet_v2": 9,
    "inception_resnet_v2": 219,
    "efficientnet_b0": 17,
}
NETWORK_WORDS = {
    "pocket_vgg": "built in, small and quick",
    "vgg16": "VGG-16, large",
    "vgg19": "VGG-19, the papers' own",
    "vgg16_edges": "VGG-16, trained on edges",
    "resnet50": "ResNet-50",
    "inception_v3": "Inception v3",
    "mobilenet_v2": "MobileNet v2, small",
    "inception_resnet_v2": "Inception-ResNet v2, very large",
    "efficientnet_b0": "EfficientNet B0, small",
}
BY_PIP = ("vgg16_edges",)  # the page does not install them: a run says how
SIZES = (128, 192, 256, 320, 384, 448, 512, 640, 768)  # longer side in pixels
STROKES = (50, 70, 100, 140, 200)  # size at which the style is seen, in percent of the result's
COLOR_WORDS = {  # of the library's choices, those that differ most
    "style": "the painting's",
    "content": "the photo's",
    "luminance": "the photo's, only lightness is painted",
}
OPTIMIZERS = ("lbfgs", "adam", "gradient_descent", "scipy")
OPTIMIZER_WORDS = dict(
    zip(
        OPTIMIZERS,
        ("bold steps, as usual", "many small steps", "straight downhill, slow", "bold steps, by SciPy"),
        strict=True,
    )
)
ITERATIONS: tuple[str | int, ...] = ("auto", 10, 25, 50, 100, 200, 400)  # a number is made at each size
PAINTING = "painting"  # the start that one pass paints; no word of the library
STARTS = (PAINTING, "recolored", "content", "style", "noise")
REFINED = 20  # iterations at full size that make of it what a run of ten times as many makes of the photo
BOLD = ("lbfgs", "scipy")  # optimisers for which so few are enough
START_WORDS = dict(
    zip(
        STARTS,
        (
            "the first look",
            "the photo in the style's colours",
            "the photo",
            "the style picture",
            "fine grey grain",
        ),
        strict=True,
    )
)
LATER = ("colors",)  # settings of which the PNG of an older Studio says nothing
LARGEST_SEED = 2**31 - 1

USUAL_STRENGTH = 50  # what stands for the library's default weight
USUAL_CONTENT_WEIGHT = 0.02
POINTS_PER_DECADE = 20
SEEN_IN_ONE_PASS = 384  # pixels at which one pass sees a style, the library's default


def content_weight(strength: float) -> float:
    """The weight of the photograph for a style strength from 0 to 100, with a style weight of 1.

    The scale is logarithmic: 20 points more divide the weight by ten, and 50 is the library's default. Equal
    steps look about equal: with two pairs of pictures at 192 pixels, any 10 points moved the result by
    0.03 to 0.075 (root mean square, values in [0, 1]).
    """
    return float(f"{USUAL_CONTENT_WEIGHT * 10 ** ((USUAL_STRENGTH - strength) / POINTS_PER_DECADE):.4g}")


def one_pass_strength(strength: float) -> float:
    """The strength of `paint_once` for a style strength from 0 to 100.

    The ends are the photograph and the style. The usual 50 is 7/8 of the style, as the usual weight of an
    optimisation paints nearly all of it too; what is beyond shows less and less.
    """
    return float(f"{1 - (1 - strength / 100) ** 3:.4g}")


def style_size(size: int, strokes: int) -> int:
    """Longer side in pixels at which the style is seen."""
    return round(size * strokes / 100)


def large_enough(fits: Callable[[int, int], bool], size: int, strokes: int) -> str:
    """What to choose on the page so that no picture is too small for the network, as advice.

    The smallest result that is offered, because its size decides the time, and then the smallest strokes.

    Args:
        fits: whether a size and a style_size would do.
        size, strokes: what is chosen now.
    """
    choices = [(s, w) for s in SIZES if s >= size for w in STROKES if w >= strokes]
    found = next((choice for choice in choices if fits(choice[0], style_size(*choice))), None)
    if found is None:
        return "choose one that is less narrow, or cut a part out of it"
    words = [f"a longer side of {found[0]} pixels"] if found[0] != size else []
    words += [f"a stroke size of {found[1]} %"] if found[1] != strokes else []
    return f"choose {' and '.join(words)}"


@dataclass(frozen=True)
class Settings:
    """Everything that is chosen beside the pictures.

    Attributes:
        network: one of `NETWORKS`.
        size: longer side of the result in pixels.
        strength: of the style, 0 to 100; see `content_weight`.
        strokes: size at which the style is seen, in percent of `size`: small for fine strokes.
        colors: whose colours the result has, one of `COLOR_WORDS`.
        optimizer, iterations, start, seed: as in `transfer_style`; iterations "auto" or at each size. The
            start may be `PAINTING`, too.
    """

    network: str = "pocket_vgg"
    size: int = 384
    strength: int = USUAL_STRENGTH
    strokes: int = 100
    colors: str = "style"
    optimizer: str = "lbfgs"
    iterations: str | int = "auto"
    start: str = PAINTING
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what the page does not offer: settings also come from files.

        Raises:
            ValueError: in one sentence.
        """
        offered: dict[str, Any] = {
            "network": NETWORKS,
            "size": SIZES,
            "strength": range(101),
            "strokes": STROKES,
            "colors": COLOR_WORDS,
            "optimizer": OPTIMIZERS,
            "iterations": ITERATIONS,
            "start": STARTS,
            "seed": range(LARGEST_SEED + 1),
        }
        for name, values in offered.items():
            if getattr(self, name) not in values:
                known = map(str, values) if len(values) < 20 else [f"0 to {values[-1]}"]
                raise unknown_name(name, getattr(self, name), known)

    def keywords(self) -> dict[str, Any]:
        """The keywords of `transfer_style`, but for a start that one pass paints.

        What starts with a painting stays at the full size, and needs a few iterations unless others are
        chosen.
        """
        chosen: dict[str, Any] = {"network": self.network, "size": self.size}
        if self.strokes != 100:
            chosen["style_size"] = style_size(self.size, self.strokes)
        chosen["content_weight"] = content_weight(self.strength)
        rest = ("colors", "optimizer", "iterations", "start", "seed")
        chosen |= {name: getattr(self, name) for name in rest}
        if self.refines:
            del chosen["start"]
            chosen["sizes"] = "single"
            if self.iterations == "auto" and self.optimizer in BOLD:
                chosen["iterations"] = REFINED
        return chosen

    @property
    def refines(self) -> bool:
        """Whether a run starts from what one pass paints."""
        return self.start == PAINTING

    def one_pass(self) -> dict[str, Any]:
        """The keywords of `paint_once`; strokes are sized beside those that it paints by itself."""
        return {
            "strength": one_pass_strength(self.strength),
            "size": self.size,
            "style_size": style_size(SEEN_IN_ONE_PASS, self.strokes),
            "colors": self.colors,
        }

    def to_text(self) -> dict[str, str]:
        """Every setting as text, for a PNG's metadata."""
        return {name: str(value) for name, value in asdict(self).items()}

    @staticmethod
    def from_text(text: Mapping[str, str]) -> Settings:
        """The settings that `to_text` wrote, among other texts.

        Raises:
            ValueError: one is missing, is no number, or is not offered.
        """
        chosen: dict[str, Any] = {}
        for field in fields(Settings):
            if field.name not in text and field.name in LATER:
                continue
            if field.name not in text:
                raise ValueError(f"There is no setting {field.name!r}.")
            value, kind = text[field.name], type(getattr(Settings, field.name))
            chosen[field.name] = int(value) if value.isdecimal() else kind(value)
        return Settings(**chosen)


def call(
    photo: str,
    style: Any,
    settings: Settings,
    more: Mapping[str, Any] | None = None,
    *,
    once: bool = False,
) -> str:
    """The lines of Python that make the same picture.

    Args:
        photo, style: the names of the pictures.
        settings: what else was chosen.
        more: keywords beside those of the settings, of both recipes.
        once: whether one pass made it.
    """
    more = dict(more or {})
    lines = ["import nstlib as nst", ""]
    if once or settings.refines:
        lines += _assigned("painting", "paint_once", photo, style, settings.one_pass() | more)
    if not once:
        start = ["    start=painting,"] if settings.refines else []
        lines += _assigned("result", "transfer_style", photo, style, settings.keywords() | more, start)
    return "\n".join(lines) + "\n"


def film_call(film: str, style: Any, settings: Settings, more: Mapping[str, Any] | None = None) -> str:
    """The lines of Python that paint the same film; see `call`."""
    keywords = {"out": "painted.mp4", **settings.one_pass(), **(more or {})}
    lines = ["import nstlib as nst", "", *_assigned("film", "paint_video", film, style, keywords)]
    return "\n".join(lines) + "\n"


def _assigned(
    name: str, recipe: str, photo: str, style: Any, keywords: Mapping[str, Any], last: Sequence[str] = ()
) -> list[str]:
    """The lines that give a name to what a recipe makes."""
    named = [f"    {key}={value!r}," for key, value in keywords.items()]
    return [f"{name} = nst.{recipe}(", f"    {photo!r},", f"    {style!r},", *named, *last, ")"]
