"""What is kept of a cell's outputs: the little that is wanted, rebuilt."""

from __future__ import annotations

import html
import re
from typing import Any

from .. import wire


def clean_outputs(outputs: Any) -> list[dict[str, Any]]:
    """What a cell put out, rebuilt from the little that is wanted: text, errors, PNG and JPEG pictures.

    HTML is left out but for pictures inside it: it would run in the browser of whoever reads the feedback.
    """
    import nbformat

    found = []
    for each in outputs[: wire.MOST_OUTPUTS + 3] if isinstance(outputs, list) else []:
        kind = each.get("output_type") if isinstance(each, dict) else None
        if kind == "stream":
            name = "stderr" if each.get("name") == "stderr" else "stdout"
            found.append(nbformat.v4.new_output("stream", name=name, text=clean_text(each.get("text"))))
        elif kind == "error":
            said = {key: clean_text(each.get(key)) for key in ("ename", "evalue")}
            lines = [f"{said['ename']}: {said['evalue']}"]
            found.append(nbformat.v4.new_output("error", **said, traceback=lines))
        elif kind == "display_data" and isinstance(each.get("data"), dict):
            data = clean_data(each["data"])
            words = alternative_text(each["data"])
            metadata = {mime: {"alt": words} for mime in data if mime.startswith("image/") and words}
            if data:
                found.append(nbformat.v4.new_output("display_data", data=data, metadata=metadata))
    return found


def alternative_text(data: dict[str, Any]) -> str:
    """The alternative text of a picture inside an output's HTML, letters and common signs only."""
    found = re.search(r'alt="([^"]*)"', str(data.get("text/html", "")))
    return re.sub(r"[^\w\s.,;:()/-]", "", html.unescape(found[1]))[:1000] if found else ""


def clean_data(data: dict[str, Any]) -> dict[str, str]:
    """The harmless forms of one output."""
    found = {}
    for mime in ("image/png", "image/jpeg"):
        inside = re.search(rf'src="data:{mime};base64,([A-Za-z0-9+/=\s]+)"', str(data.get("text/html", "")))
        given = str(data.get(mime, "")) or (inside[1] if inside else "")
        if 0 < len(given) <= wire.MOST_PICTURE and re.fullmatch(r"[A-Za-z0-9+/=\s]+", given):
            found[mime] = given
    if data.get("text/plain"):
        found["text/plain"] = clean_text(data["text/plain"])
    return found


def clean_text(text: Any) -> str:
    """A text output within bounds: without control characters, and with nothing that is no character."""
    kept = str(text or "")[: wire.MOST_TEXT].encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", kept)
