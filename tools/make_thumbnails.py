"""Draw the small pictures of the index, `notebooks/thumbnails/`, from the stored outputs of the lessons.

    python tools/make_thumbnails.py

A lesson chooses its picture with the tag `thumbnail` of a cell, whose first picture is taken. Run this after
a lesson was run again.
"""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import nbformat
from PIL import Image

from nstlib.foundation import whole_file

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
FOLDER = NOTEBOOKS / "thumbnails"
BOX = (400, 220)  # pixels, width and height at most
QUALITY = 82
PICTURE = re.compile(r'<img [^>]*src="data:image/\w+;base64,([^"]+)"')


def chosen_picture(lesson: Path) -> Image.Image:
    """The picture that a lesson puts into the index.

    Raises:
        ValueError: not exactly one cell is tagged, or it shows no picture.
    """
    cells = nbformat.read(lesson, as_version=4).cells
    tagged = [cell for cell in cells if "thumbnail" in cell.metadata.get("tags", [])]
    pages = [o.data["text/html"] for cell in tagged for o in cell.outputs if "text/html" in o.get("data", {})]
    found = [match[1] for page in pages if (match := PICTURE.search(page))]
    if len(tagged) != 1 or not found:
        raise ValueError(f"{lesson.name}: give one cell that shows a picture the tag `thumbnail`.")
    return Image.open(io.BytesIO(base64.b64decode(found[0]))).convert("RGB")


def thumbnail(lesson: Path) -> bytes:
    """The small picture of a lesson, as the bytes of a JPEG file."""
    picture = chosen_picture(lesson)
    picture.thumbnail(BOX, Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()


def main() -> int:
    """Write all of them; returns 1 when a lesson has none."""
    FOLDER.mkdir(exist_ok=True)
    for lesson in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        try:
            content = thumbnail(lesson)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
        with whole_file(FOLDER / f"{lesson.stem[:2]}.jpg") as partial:
            partial.write_bytes(content)
        print(f"{lesson.stem}: {len(content) / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
