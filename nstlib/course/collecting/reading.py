"""Read a notebook from a stranger without believing anything: nothing is taken but the text of its cells."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from ..wire import elements

MOST_BYTES = 50 << 20  # of one file
MOST_VALUES = 3_000_000  # of JSON in one file: each takes some sixty bytes of memory, however short it is
MOST_CELLS = 500
MOST_SOURCE = 200_000  # characters of one cell
MOST_PROSE = 20_000  # characters of one cell of prose
MOST_TEXT = 2_000_000  # characters of all cells together
MOST_PICTURE = 8 << 20  # characters of one pasted picture
JOINER = "\u2060"


class Unreadable(ValueError):
    """A file that is no submission; the message says why, for the teacher."""


def read_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook: kind, text, pasted pictures, nbgrader's name. Nothing else is read.

    Raises:
        Unreadable: and why.
    """
    if path.is_symlink():
        raise Unreadable("The file is a link to another file; hand in the notebook itself.")
    if not path.is_file():
        raise Unreadable("This is no file.")
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("The file is empty.")
    if size > MOST_BYTES:
        raise Unreadable(f"The file has {size / 2**20:.0f} MB; at most {MOST_BYTES >> 20} are read.")
    content = read_json(path)
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Unreadable("The file is no notebook of format 4: open it in JupyterLab and save it again.")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"The notebook has {len(cells)} cells; at most {MOST_CELLS} are read.")
    found = [read_cell(cell) for cell in cells]
    if sum(len(cell["source"]) for cell in found) > MOST_TEXT:
        raise Unreadable(f"The cells hold more than {MOST_TEXT // 1_000_000} million characters.")
    return found


def read_json(path: Path) -> Any:
    """What a file of JSON holds, counted before it is parsed.

    Raises:
        Unreadable: and why.
    """
    try:
        data = path.read_bytes()
        text = data.decode(json.detect_encoding(data), "surrogatepass")
        if elements(text.encode("utf-8", "surrogatepass")) > MOST_VALUES:
            raise Unreadable(
                f"The file holds more than {MOST_VALUES // 1_000_000} million values: clear the notebook's "
                f"outputs and save it again."
            )
        return json.loads(text)
    except Unreadable:
        raise
    except OSError as error:
        raise Unreadable(f"The file cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise Unreadable(
            "The file is no notebook: it cannot be read as JSON (was its upload cut off?)."
        ) from None


def read_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    """One cell."""
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    kind = cell.get("cell_type")
    text = text.encode("utf-8", "replace").decode()  # JSON can hold what is no character
    return {
        "kind": kind if kind in ("code", "markdown", "raw") else "markdown",
        "source": text[:MOST_SOURCE],
        "grade_id": grade_id if isinstance(grade_id, str) else "",
        "pictures": read_pictures(cell.get("attachments")),
    }


def read_pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Pictures that a learner pasted into prose, such as a derivation on paper: PNG and JPEG only."""
    found: dict[str, dict[str, str]] = {}
    for name, forms in attachments.items() if isinstance(attachments, dict) else ():
        for mime in ("image/png", "image/jpeg"):
            data = forms.get(mime) if isinstance(forms, dict) else None
            if (
                isinstance(data, str)
                and len(data) <= MOST_PICTURE
                and re.fullmatch(r"[A-Za-z0-9+/=\s]+", data)
            ):
                found[str(name)] = {mime: data}
    return found


def safe_prose(text: str, pictures: Container[str] = ()) -> str:
    """A learner's Markdown that does nothing to whoever reads it: no HTML, links, pictures from elsewhere.

    An invisible character (word joiner) stands wherever the syntax of these would begin, which breaks every
    form of them and leaves formulas, lists and code readable. Pasted pictures that are there stay. Every step
    takes time in proportion to the text, and long texts are cut: what renders Markdown later is less careful.

    Args:
        text: of a cell.
        pictures: names of those that were pasted into the cell.
    """
    if len(text) > MOST_PROSE:
        text = text[:MOST_PROSE] + "\n\n(The grader has cut this text.)"
    text = re.sub(r"<(?=[a-zA-Z/!?])", f"<{JOINER}", text)
    text = re.sub(r"(?i)m(?=ermaid)", f"m{JOINER}", text)  # diagrams would load a program from the web
    for sign in "(:[":
        text = text.replace(f"]{sign}", f"]{JOINER}{sign}")
    for name in re.findall(r"\(attachment:([\w.-]+)\)", text):
        if name in pictures:
            text = text.replace(f"]{JOINER}(attachment:{name})", f"](attachment:{name})")
    return text
