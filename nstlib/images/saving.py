"""Out: an image becomes a file, or the bytes of one, perhaps with notes on how it was made."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from ..foundation import check_target, whole_file
from .arrays import check_image
from .decoding import open_picture
from .loading import find_file, reading
from .profiles import srgb_profile

# Suffix -> settings for Pillow. No chroma subsampling: styles have sharp edges between saturated colours.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".tif": {"format": "TIFF", "compression": "tiff_deflate"},
    ".tiff": {"format": "TIFF", "compression": "tiff_deflate"},
    ".webp": {"format": "WEBP", "quality": 95},
}


def to_uint8(image: object) -> NDArray[np.uint8]:
    """Return an image as 8-bit RGB, shape (height, width, 3), rounded to the nearest of 0..255."""
    return np.rint(check_image(image)[0] * 255).astype(np.uint8)


def to_pil(image: object) -> Image.Image:
    """Return an image as a PIL picture of mode RGB."""
    return Image.fromarray(to_uint8(image))


def check_output(path: str | PathLike[str], *, overwrite: bool = False) -> Path:
    """Check, before a long run starts, that `save_image` will be able to write to `path`.

    Returns:
        The path with `~` expanded.

    Raises:
        ValueError: The suffix names no format that can be written.
        OSError: The file exists already and `overwrite` is False, or the folder is missing or cannot be
            written to.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        ending = f"ends in {suffix!r}" if suffix else "has no suffix"
        raise ValueError(f"Cannot write {path}: the name {ending}; use one of {', '.join(FORMATS)}.")
    return check_target(path, overwrite=overwrite)


ANIMATIONS: dict[str, dict[str, Any]] = {
    ".webp": {"format": "WEBP", "quality": 90},
    ".gif": {"format": "GIF"},
}


def save_animation(
    frames: Iterable[object],
    path: str | PathLike[str],
    *,
    seconds: float = 0.2,
    there_and_back: bool = True,
    overwrite: bool = False,
) -> Path:
    """Write images as a film that repeats for ever: WebP or GIF by the suffix, whole or not at all.

    Args:
        frames: Images of one size, such as those of `transfer_between`.
        path: The file; its suffix chooses the format. GIF has 256 colours a picture.
        seconds: How long a picture is shown.
        there_and_back: Whether the film runs backwards too, so that its end is its beginning.
        overwrite: Whether to replace a file that is already there.

    Returns:
        The path with `~` expanded.

    Raises:
        ValueError: Another suffix, fewer than two images, images of different sizes, or no time.
        OSError: The file exists already and `overwrite` is False, or it cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in ANIMATIONS:
        raise ValueError(f"Cannot write {path} as a film: use one of {', '.join(ANIMATIONS)}.")
    if not 0 < seconds < 60:
        raise ValueError(f"seconds is {seconds!r}; give the time of one picture, above 0 and below 60.")
    target, pictures = check_target(path, overwrite=overwrite), [to_pil(each) for each in frames]
    if len(pictures) < 2 or len({each.size for each in pictures}) > 1:
        raise ValueError("A film needs two images or more, all of one size.")
    pictures += pictures[-2:0:-1] if there_and_back else []
    times: dict[str, Any] = {"duration": round(1000 * seconds), "loop": 0}
    with whole_file(target, overwrite) as partial:
        rest = {"save_all": True, "append_images": pictures[1:], **times, **ANIMATIONS[suffix]}
        pictures[0].save(partial, **rest)
    return target


def save_image(
    image: object,
    path: str | PathLike[str],
    *,
    overwrite: bool = False,
    notes: Mapping[str, str] | None = None,
) -> Path:
    """Write an image to a file: PNG, JPEG (quality 95), TIFF or WebP by the suffix, 8 bits, marked as sRGB.

    The file is written whole or not at all: on an error nothing is left behind, and an older file stays as it
    was. The same image becomes the same bytes.

    Args:
        image: An image, or an array that `check_image` takes.
        path: The file; its suffix chooses the format.
        overwrite: Whether to replace a file that is already there.
        notes: Texts by name to write into the file, see `read_notes`; only a PNG has room for them.

    Returns:
        The path of the file.

    Raises:
        ValueError: Not an image, a suffix that names no format, or an image too large for the format.
        FileExistsError: The file is there and `overwrite` is False; of many writers exactly one succeeds.
        OSError: What else `check_output` raises, or the disk is full.
    """
    picture = to_pil(image)
    target = check_output(path, overwrite=overwrite)
    encoded = _encode(picture, target, notes)
    with whole_file(target, overwrite=overwrite) as temporary:
        temporary.write_bytes(encoded)
    return target


def encode_png(image: object, notes: Mapping[str, str]) -> bytes:
    """Return the bytes of a PNG with texts by name in it, see `read_notes`."""
    return _encode(to_pil(image), Path("picture.png"), notes)


def read_notes(path: str | PathLike[str]) -> dict[str, str]:
    """Return the texts by name that a PNG holds beside its pixels; other pictures have none.

    Raises:
        OSError, ValueError: What `load_image` raises.
    """
    file = find_file(path)
    with reading(file) as stream:
        return notes_in(open_picture(stream, str(file)))


def notes_in(picture: Image.Image) -> dict[str, str]:
    """Return the texts of an open picture, see `read_notes`."""
    if picture.format != "PNG":
        return {}
    return {str(name): value for name, value in picture.info.items() if isinstance(value, str)}


def _encode(picture: Image.Image, target: Path, notes: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of the file, made in memory, so that writing them is all that is left to go wrong."""
    buffer = io.BytesIO()
    settings = FORMATS[target.suffix.lower()]
    says_srgb = (
        {"pnginfo": png_notes(notes or {})}
        if settings["format"] == "PNG"
        else {"icc_profile": srgb_profile()}
    )
    try:
        picture.save(buffer, **settings, **says_srgb)
    except Exception as error:  # WebP ends at 16383 pixels a side, JPEG at 65500
        advice = "choose .png or .tif"
        raise ValueError(f"Cannot write {target} as {settings['format']}: {error}; {advice}.") from None
    return buffer.getvalue()


def png_notes(texts: Mapping[str, str] | None = None) -> PngImagePlugin.PngInfo:
    """What a PNG says beside its pixels: that they are sRGB, in 13 bytes instead of a profile, and texts."""
    notes = PngImagePlugin.PngInfo()
    notes.add(b"sRGB", b"\1")  # 1: for the relative colorimetric intent
    for name, value in (texts or {}).items():
        notes.add_text(name, value)  # becomes iTXt, UTF-8, where Latin-1 is not enough
    return notes
