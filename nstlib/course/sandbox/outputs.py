"""What is kept of a cell's outputs: the little that is wanted, rebuilt."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass
from typing import Any

from .. import wire
from ..headers import picture_size

MOST_PIXELS = 4000  # of a picture's side; a browser takes four bytes for each pixel
MOST_ERROR = 2000  # characters of an error's text
FULL = "The grader keeps no more outputs of this notebook."


@dataclass
class Room:
    """How much of one notebook's outputs is still kept, so that a page with them can be read.

    Attributes:
        text: characters.
        pictures: characters that hold pictures.
        told: whether it has been said that there is no more room.
    """

    text: int = 100_000
    pictures: int = 3_000_000
    told: bool = False

    def for_text(self, text: str) -> str:
        """A text as far as there is room for it; the first that is cut says so."""
        kept = text[: self.text]
        self.text -= len(kept)
        if len(kept) < len(text) and not self.told:
            self.told, kept = True, f"{kept}\n{FULL}"
        return kept

    def for_picture(self, data: str) -> bool:
        """Whether there is room for a picture, which is taken then."""
        fits = len(data) <= self.pictures
        self.pictures -= len(data) if fits else 0
        return fits


def clean_outputs(outputs: Any, room: Room | None = None) -> list[dict[str, Any]]:
    """What a cell put out, rebuilt from the little that is wanted: text, errors, PNG and JPEG pictures.

    HTML is left out but for pictures inside it: it would run in the browser of whoever reads the feedback.

    Args:
        outputs: as they came out of the sandbox.
        room: of the whole notebook; None for this cell alone.
    """
    room = room or Room()
    given = outputs[: wire.MOST_OUTPUTS + 3] if isinstance(outputs, list) else []
    return [made for each in given if isinstance(each, dict) and (made := clean_output(each, room))]


def clean_output(output: dict[str, Any], room: Room) -> Any:
    """One output; None where nothing of it is wanted or there is no room left."""
    from nbformat.v4 import new_output

    kind = output.get("output_type")
    if kind == "error":
        said = {key: clean_text(output.get(key))[:MOST_ERROR] for key in ("ename", "evalue")}
        return new_output("error", **said, traceback=[f"{said['ename']}: {said['evalue']}"])
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        text = room.for_text(clean_text(output.get("text")))
        return new_output("stream", name=name, text=text) if text else None
    if kind == "display_data" and isinstance(output.get("data"), dict):
        data = clean_data(output["data"], room)
        words = alternative_text(output["data"])
        metadata = {mime: {"alt": words} for mime in data if mime.startswith("image/") and words}
        return new_output("display_data", data=data, metadata=metadata) if data else None
    return None


def alternative_text(data: dict[str, Any]) -> str:
    """The alternative text of a picture inside an output's HTML, letters and common signs only."""
    found = re.search(r'alt="([^"]*)"', str(data.get("text/html", "")))
    return re.sub(r"[^\w\s.,;:()/-]", "", html.unescape(found[1]))[:1000] if found else ""


def clean_data(data: dict[str, Any], room: Room) -> dict[str, str]:
    """The harmless forms of one output, as far as there is room; of a picture that is left out, why."""
    found = {}
    text = clean_text(data.get("text/plain"))
    for mime in ("image/png", "image/jpeg"):
        inside = re.search(rf'src="data:{mime};base64,([A-Za-z0-9+/=\s]+)"', str(data.get("text/html", "")))
        given = str(data.get(mime, "")) or (inside[1] if inside else "")
        problem = picture_problem(given) if given else ""
        if given and not problem and room.for_picture(given):
            found[mime] = given
        elif given:
            text = f"({problem or FULL})"
    text = room.for_text(text)
    return found | ({"text/plain": text} if text else {})


def picture_problem(given: str) -> str:
    """Why a picture in base64 is not kept; empty when it may be. Its size is read, it is not decoded."""
    try:
        size = (
            picture_size(base64.b64decode(given, validate=False)) if len(given) <= wire.MOST_PICTURE else None
        )
    except ValueError:
        size = None
    if size is None:
        return "The grader left out a picture that is too large or no PNG or JPEG."
    if max(size) > MOST_PIXELS:
        return f"The grader left out a picture of {size[0]} x {size[1]} pixels; at most {MOST_PIXELS} a side."
    return ""


def clean_text(text: Any) -> str:
    """A text output within bounds: without control characters, and with nothing that is no character."""
    kept = str(text or "")[: wire.MOST_TEXT].encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", kept)
