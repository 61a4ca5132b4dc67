"""Writes the live page: one HTML file that holds everything."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from os import PathLike
from pathlib import Path
from typing import Any

from .. import fonts, images, samples
from ..feedforward import load_painter, paint_once
from ..feedforward.once import STYLE_SIZE
from ..foundation import check_target, whole_file
from . import parts

HERE = Path(__file__).resolve().parent
ENGINE = HERE / "engine.js"
SCRIPTS = ("pixels.js", "brush.js", "page.js")  # in the order in which they need each other
FIRST = {"photo": "cat", "style": "swirls", "second": "glass"}  # what a visitor sees before touching anything
FIRST_SIZE = 512
ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>"
    "<rect width='32' height='32' rx='7' fill='#a8371d'/>"
    "<path d='M6 20c5-12 9 4 13-5 2-5 5-6 8-6' fill='none' stroke='#fff' stroke-width='4'/>"
    "</svg>"
)


def write_page(folder: str | PathLike[str]) -> list[Path]:
    """Write the live page, `index.html`, and the licences of what is in it, `LICENCES.txt`.

    The page opens from a disk or from any web server and needs neither Python nor a network. It holds the
    engine, the weights, the course's styles with their codes, photographs, and one painting that is shown at
    once.

    Args:
        folder: it is made if it is not there; files of these two names are replaced.

    Returns:
        The two files.

    Raises:
        OSError: they cannot be written, or a part of the package is missing; in one sentence.
        ValueError: the weights are damaged or of another version.
    """
    place = Path(folder).expanduser()
    if place.exists() and not place.is_dir():
        raise NotADirectoryError(f"{place} is a file; give a folder for the page and its licences.")
    texts = {"index.html": page(), "LICENCES.txt": licences()}
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(f"Cannot make {place}: {error.strerror or error}.") from None
    for name, text in texts.items():
        with whole_file(check_target(place / name)) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    return [place / name for name in texts]


def page() -> str:
    """The whole page as text."""
    arrays, layers = parts.page_weights()
    table, weights = parts.packed(arrays)
    facts = {
        "table": table,
        "encoder": parts.encoder_facts(layers),
        "photos": parts.photo_facts(),
        "styles": parts.style_facts(load_painter(), (FIRST["style"], FIRST["second"])),
        "styleSize": STYLE_SIZE,
        "first": FIRST | {"size": FIRST_SIZE},
    }
    script = "{\n" + "\n".join((HERE / "page" / name).read_text("utf-8") for name in SCRIPTS) + "}\n"
    style = fonts.style_rules(fonts.UPRIGHT[:2]) + (HERE / "page" / "page.css").read_text("utf-8")
    painting, alt = first_painting()
    contents = {
        "policy": policy(script, style),
        "icon": "data:image/svg+xml," + re.sub("[<>#]", lambda sign: f"%{ord(sign[0]):02X}", ICON),
        "style": style,
        "painting": painting,
        "alt": alt,
        "parameters": f"{sum(array.size for array in arrays.values()):,}",
        "licences": html.escape(licences()),
        "facts": json.dumps(facts, separators=(",", ":")),
        "script": script,
        "engine": ENGINE.read_text("utf-8"),
        "weights": weights,
    }
    return filled((HERE / "page" / "page.html").read_text("utf-8"), contents)


def filled(template: str, contents: dict[str, str]) -> str:
    """The template with every {{name}} replaced, once; what is put in is not looked through again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: contents[mark[1]], template)


def policy(script: str, style: str) -> str:
    """What the page allows itself (Content Security Policy): its own script and style, no connection.

    The worker comes from a blob; it compiles the WebAssembly that lies in its text.
    """
    hashes = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in (script, style)]
    rules = {
        "default-src": "'none'",
        "script-src": f"'sha256-{hashes[0]}' 'wasm-unsafe-eval' blob:",
        "style-src": f"'sha256-{hashes[1]}'",
        "worker-src": "blob:",
        "img-src": "data: blob:",
        "media-src": "blob: mediastream:",
        "font-src": "data:",
        "connect-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def first_painting() -> tuple[str, str]:
    """What a visitor sees at once, as the page itself would paint it: a data address, and what it shows."""
    photo = images.load_image(FIRST["photo"], FIRST_SIZE)
    painting = paint_once(photo, FIRST["style"])
    alt = f"{FIRST['photo']}, painted in the style of {FIRST['style']}"
    return parts.jpeg_address(painting, 92), alt


def licences() -> str:
    """The terms of everything in the page."""
    rows: list[tuple[str, Any]] = [(name, samples.credits(name)) for name in parts.PHOTOS]
    pictures = "\n".join(f"    {parts.label(name)}: {credit}" for name, credit in rows)
    text = (HERE / "LICENCES.txt").read_text("utf-8")
    fonts_terms = (Path(fonts.__file__).parent / "LICENSE-inter").read_text("utf-8")
    return filled(text, {"photographs": pictures, "fonts": fonts_terms})
