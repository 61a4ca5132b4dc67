"""The pictures to choose from: samples that are here already, and uploads, which are checked first."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from .. import images, samples

MOST_BYTES = 24_000_000  # of an upload to `nst studio`
MOST_BYTES_IN_A_NOTEBOOK = 9_000_000  # Jupyter's own servers end a connection at a message of 10 MiB
MOST_PIXELS = 60_000_000  # a picture of this many takes 0.2 GB while it is decoded
SMALLEST_SIDE = 32
LONGEST_NAME = 60

# The photographs among the downloads of `samples`; the rest are paintings.
DOWNLOADED_PHOTOS = ("golden_gate", "tubingen")
TEXTURES = ("brick", "grass", "gravel", "retina", "tissue")  # show nothing that a style could be seen on


@dataclass(frozen=True)
class Picture:
    """A photo or a style that can be chosen.

    Attributes:
        name: what the page calls it: the name of a sample or of an uploaded file.
        source: what `images.load_image` takes: the sample's name, or the bytes of the file.
        moves: whether it is the first picture of a film.
    """

    name: str
    source: str | bytes
    moves: ClassVar[bool] = False

    @property
    def title(self) -> str:
        """The name as the page shows it."""
        return in_words(self.name, self.origin)

    @property
    def origin(self) -> str:
        """Where it comes from, for a PNG's metadata: "sample", or "file" and the hash of its bytes."""
        if isinstance(self.source, str):
            return "sample"
        return f"file sha256:{hashlib.sha256(self.source).hexdigest()[:32]}"

    def thumbnail(self, side: int) -> bytes:
        """A JPEG whose longer side has at most so many pixels, in its own aspect ratio."""
        # Of a sample the file as it is: by its name, a painting's hash would be checked, and the painting
        # downloaded if it is wrong.
        source = Path(file_of(self.source)) if isinstance(self.source, str) else self.source
        buffer = io.BytesIO()
        small = images.to_pil(images.load_image(source, at_most=side))
        small.save(buffer, format="JPEG", quality=85)
        return buffer.getvalue()


def in_words(name: str, origin: str) -> str:
    """The name of a sample without its underscores; of a file as it is."""
    return name.replace("_", " ") if origin == "sample" else name


def file_of(sample: str) -> Any:
    """The file of a sample, without any download.

    Raises:
        FileNotFoundError: it is not here.
    """
    if sample not in samples.PAINTINGS:
        return samples.path(sample)
    file = samples.cache_folder() / samples.PAINTINGS[sample].file
    if not file.is_file():
        raise FileNotFoundError(f"{sample} has not been downloaded.")
    return file


def offered(kind: str) -> list[Picture]:
    """The samples to choose from as a "photo" or a "style": those that are on this machine and readable.

    Photos are portraits, buildings, landscapes and animals, in the order of `samples.PHOTOS`; no textures.
    """
    names = [name for name in [*samples.names("photo"), *DOWNLOADED_PHOTOS] if name not in TEXTURES]
    if kind == "style":
        paintings = [name for name in samples.names("painting") if name not in DOWNLOADED_PHOTOS]
        names = [*samples.names("style"), *paintings]
    return [Picture(name, name) for name in names if _readable(name)]


def named(sample: str) -> Picture | None:
    """A sample by its name, offered or not; None when it is not on this machine."""
    return Picture(sample, sample) if samples.is_name(sample) and _readable(sample) else None


def _readable(sample: str) -> bool:
    try:
        with Image.open(file_of(sample)):
            return True
    except (OSError, ValueError):
        return False


def uploaded(value: Any) -> list[tuple[str, bytes]]:
    """Names and bytes in the value of an `ipywidgets.FileUpload`: a dictionary in 7.7, a tuple in 8."""
    if isinstance(value, Mapping):
        return [(str(name), bytes(file["content"])) for name, file in value.items()]
    return [(str(file["name"]), bytes(file["content"])) for file in value or ()]


def check_upload(name: str, content: bytes, *, most_bytes: int = MOST_BYTES) -> Picture:
    """A picture that was uploaded, once its bytes have been decoded in full; the name proves nothing.

    Raises:
        ValueError: too many bytes or pixels, too few, not a picture, or a broken one; one sentence with its
            name.
    """
    shown = shown_name(name)
    try:
        if len(content) > most_bytes:
            raise ValueError(
                f"It has {len(content) / 1e6:.1f} MB, more than the {most_bytes / 1e6:.0f} MB that are "
                f"taken; save it smaller first."
            )
        check_sides(*images.dimensions(content))
        images.load_image(content, at_most=64)
    except ValueError as error:
        raise ValueError(f"{shown} cannot be used. {error}") from None
    return Picture(shown, content)


def check_sides(width: int, height: int) -> None:
    """Refuse a picture of too many pixels, or too few.

    Raises:
        ValueError: in one sentence about "it".
    """
    pixels = f"It has {width} x {height} pixels"
    if width * height > MOST_PIXELS:
        most = f"{MOST_PIXELS / 1e6:.0f} megapixels"
        raise ValueError(f"{pixels}, more than the {most} that are taken; save it smaller first.")
    if min(width, height) < SMALLEST_SIDE:
        raise ValueError(f"{pixels}; each side needs at least {SMALLEST_SIDE}.")


def shown_name(name: str) -> str:
    """A file's name without its folders and what cannot be printed, and not longer than fits the page."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c for c in last if c.isprintable()).strip() or "a file without a name"
    return printable if len(printable) <= LONGEST_NAME else f"{printable[: LONGEST_NAME - 1]}…"


def distinct(name: str, taken: list[str]) -> str:
    """The name, with a number behind it when it is taken, so that no upload stands for another."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
