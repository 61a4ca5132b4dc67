"""Regions painted on the photo with a brush, and the canvas for it.

The canvas is HTML whose few words of script are attributes, because a notebook runs no script element that
arrives in a widget. It draws by itself, and writes each stroke as a line of text, "red 60 480 500 490 505",
into a text box that the kernel reads: a colour, the width of the brush, and points, all in thousandths: of
the longer side, and of the picture's width and height.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from . import display

COLOURS = {"red": "#ff0000", "blue": "#0000ff"}
REST = "blue"  # the colour of a mask on which nothing is painted yet
WIDTHS = (10, 60, 250)  # thousandths of the longer side: the smallest, the usual and the largest brush
MOST_LETTERS = 400_000  # of all strokes: some hours of painting


@dataclass(frozen=True)
class Stroke:
    """A line that was painted.

    Attributes:
        colour: one of `COLOURS`.
        width: in thousandths of the longer side.
        points: (x, y) in thousandths of the width and of the height.
    """

    colour: str
    width: int
    points: tuple[tuple[int, int], ...]


def read_strokes(text: str) -> list[Stroke]:
    """The strokes of a text, a line each; lines that are none are passed over."""
    return list(_strokes(text[:MOST_LETTERS]))


def _strokes(text: str) -> Iterator[Stroke]:
    for line in text.splitlines():
        colour, *numbers = line.split() or [""]
        if colour not in COLOURS or not all(each.lstrip("-").isdecimal() for each in numbers):
            continue
        width, *flat = (max(-1000, min(2000, int(each))) for each in numbers or ["0"])
        if width > 0 and len(flat) >= 2:
            yield Stroke(colour, width, tuple(zip(flat[::2], flat[1::2], strict=False)))


def paint(mask: Image.Image, strokes: list[Stroke]) -> Image.Image:
    """A mask with strokes painted over it, round at their ends, as the canvas shows them."""
    mask = mask.convert("RGB")
    draw, (width, height) = ImageDraw.Draw(mask), mask.size
    for stroke in strokes:
        thick = max(1, round(stroke.width * max(width, height) / 1000))
        points = [(x * width / 1000, y * height / 1000) for x, y in stroke.points]
        draw.line(points, COLOURS[stroke.colour], thick)
        for x, y in points:
            draw.circle((x, y), thick / 2, COLOURS[stroke.colour])
    return mask


def blank(width: int, height: int) -> Image.Image:
    """A mask on which nothing is painted."""
    return Image.new("RGB", (width, height), COLOURS[REST])


def png(mask: Image.Image) -> bytes:
    """A mask as a file."""
    buffer = io.BytesIO()
    mask.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def tools(scope: str) -> str:
    """The choice of a colour and of the width of the brush; `scope` is a word that only this page has."""
    colours = "".join(
        f'<label><input type="radio" name="{scope}" value="{name}" aria-label="Paint {name}"'
        f"{' checked' if name != REST else ''}>"
        f'<span class="nst-swatch" style="background: {colour}"></span>{name}</label>'
        for name, colour in COLOURS.items()
    )
    least, usual, most = WIDTHS
    width = (
        f'<label class="nst-width">Brush <input type="range" min="{least}" max="{most}" value="{usual}" '
        'data-lm-suppress-shortcuts="true" aria-label="Width of the brush"></label>'
    )
    return f'<div class="nst-tools">{colours}{width}</div>'


def canvas(photo: bytes, mask: bytes, shape: tuple[int, int], turn: int) -> str:
    """The photo with a mask over it that can be painted on.

    Args:
        photo: a JPEG.
        mask: a PNG.
        shape: (width, height) of the canvas in pixels.
        turn: a number that no earlier canvas had, so that the page draws this one anew.
    """
    width, height = shape
    return (
        f'<figure class="nst-stage nst-canvas" data-turn="{turn}" '
        f'style="max-width: min(100%, calc(60vh * {width / height:.4f}))">'
        f'<img src="{display.address(photo)}" alt="The photo, to paint its regions on">'
        f'<canvas width="{width}" height="{height}" role="img" aria-label="The regions, in their colours" '
        f'onpointerdown="{DOWN}" onpointermove="{MOVE}" onpointerup="{UP}" onpointercancel="{UP}"></canvas>'
        f'<img hidden src="{display.address(mask, "png")}" alt="The regions" onload="this.'
        f"previousElementSibling.getContext('2d').drawImage(this, 0, 0, {width}, {height})\"></figure>"
    )


# `this` is the canvas; the stroke that is being drawn is a property of it.
DOWN = (
    "if (event.button) return; event.preventDefault(); this.setPointerCapture(event.pointerId); "
    "const tools = this.closest('.nst-regions').querySelector('.nst-tools'); "
    "this.stroke = [tools.querySelector('input:checked').value, "
    "tools.querySelector('input[type=range]').value]; this.onpointermove(event)"
)
MOVE = (
    "if (!this.stroke) return; const box = this.getBoundingClientRect(), s = this.stroke, n = s.length; "
    "const x = Math.round(1000 * (event.clientX - box.left) / box.width), "
    "y = Math.round(1000 * (event.clientY - box.top) / box.height); "
    "const c = this.getContext('2d'), w = this.width / 1000, h = this.height / 1000; "
    "c.strokeStyle = s[0]; c.lineWidth = s[1] * Math.max(w, h); c.lineCap = c.lineJoin = 'round'; "
    "c.beginPath(); c.moveTo((n > 2 ? s[n - 2] : x) * w, (n > 2 ? s[n - 1] : y) * h); "
    "c.lineTo(x * w + 0.01, y * h); c.stroke(); s.push(x, y)"
)
UP = (
    "if (!this.stroke) return; "
    "const text = this.closest('.nst-regions').querySelector('.nst-strokes textarea'); "
    "text.value = (text.value ? text.value + '\\n' : '') + this.stroke.join(' '); this.stroke = null; "
    "for (const kind of ['input', 'change']) text.dispatchEvent(new Event(kind, {bubbles: true}))"
)
