"""From the bytes of a picture file to an image: headers, pixels, orientation, transparency, depth."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from .arrays import MOST_PIXELS_AT_FULL_SIZE, Array, check_image
from .profiles import grey_curve, in_mode, to_srgb

MOST_PIXELS = 200_000_000  # of any picture: an 8-bit RGB picture of this size takes 0.6 GB
READABLE = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "AVIF")

# EXIF orientation -> the turn that sets a picture upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_picture(stream: IO[bytes], what: str) -> ImageFile.ImageFile:
    """Read the header of a picture; the pixels stay in the file.

    `Image.open` does the same and then compares with `Image.MAX_IMAGE_PIXELS`, a setting of the whole process
    that other threads rely on. `check_pixels` has limits of our own, so the readers are asked directly.
    (Those of TIFF, WebP and GIF look at the setting too: they warn beyond 89 megapixels, refuse beyond 178.)
    """
    beginning = stream.read(16)
    if not beginning:
        raise ValueError(f"{what} is empty (0 bytes).")
    Image.init()  # fills Image.OPEN; AVIF is missing there in older Pillows
    for reader, accepts in (Image.OPEN[each] for each in READABLE if each in Image.OPEN):
        try:
            if accepts is None or accepts(beginning) is True:
                stream.seek(0)
                return reader(stream, "")
        except (SyntaxError, IndexError, TypeError, struct.error):  # not this format
            continue
        except Exception as error:  # see decode
            raise _broken(what, error) from None
    advice = "open it in a picture program and save it as PNG or JPEG"
    raise ValueError(f"{what} is not a picture ({', '.join(READABLE)}); {advice}.")


def check_pixels(picture: Image.Image, what: str, size: int | None) -> None:
    """Refuse more pixels than this machine should be asked to hold."""
    pixels = picture.width * picture.height
    shape = f"{what} has {picture.width} x {picture.height} pixels ({pixels / 1e6:.0f} megapixels)"
    if pixels > MOST_PIXELS:
        raise ValueError(f"{shape}, more than the {MOST_PIXELS / 1e6:.0f} that are read; shrink it first.")
    if size is None and pixels > MOST_PIXELS_AT_FULL_SIZE:
        raise ValueError(f"{shape}; give the size (longer side) to load it at, for instance size=1024.")


def decode(picture: Image.Image, what: str, size: int | None) -> Array:
    """Turn a PIL picture into an image; one of more than 40 megapixels is made smaller on the way."""
    try:
        picture.load()
        turn = _turn(picture)
        flat = _flatten(picture)
        array = _to_array(flat if turn is None else flat.transpose(turn), size)
    except Exception as error:
        # Decoders fail in as many ways as files can be broken: OSError, SyntaxError, struct.error ...
        raise _broken(what, error) from None
    return check_image(array, what)


def _broken(what: str, error: Exception) -> ValueError:
    reason = str(error).rstrip(".") or type(error).__name__
    return ValueError(f"{what} cannot be read as a picture: {reason}.")


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """How to set a picture upright (EXIF); data that makes no sense is ignored, as picture programs do."""
    try:
        return TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return None


def _flatten(picture: Image.Image) -> Image.Image:
    """Convert any kind of picture to mode RGB, or to F with values in [0, 1] (grey of more than 8 bits)."""
    profile = picture.info.get("icc_profile")
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _flatten_deep_grey(picture, profile if isinstance(profile, bytes) else None)
    colors, alpha = _without_alpha(picture)
    colors = to_srgb(colors, profile)
    if alpha is None:
        return colors
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(colors, mask=alpha)
    return paper


def _without_alpha(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """A picture of mode L, RGB, CMYK or LAB, the kinds that have profiles, and its alpha channel."""
    if picture.mode in ("La", "RGBa"):  # colours multiplied by alpha
        picture = picture.convert(picture.mode.upper())
    if picture.mode in ("CMYK", "LAB"):
        return picture, None
    grey = picture.mode in ("1", "L", "LA")
    if not picture.has_transparency_data:
        return in_mode(picture, "L" if grey else "RGB"), None
    key = picture.info.get("transparency")
    if isinstance(key, tuple) and max(key) > 255:  # 16 bits, where Pillow has read the upper 8 of the colours
        picture = picture.copy()
        picture.info["transparency"] = tuple(value >> 8 for value in key)
    picture = picture.convert("LA" if grey else "RGBA")
    return picture.convert("L" if grey else "RGB"), picture.getchannel("A")


def _flatten_deep_grey(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert grey of more than 8 bits to mode F, white being 1; a transparent value becomes white."""
    grey = np.asarray(picture)
    values = grey.astype(np.float32) / np.float32(1 if picture.mode == "F" else _white(picture, grey))
    if _tags(picture).get(ExifTags.Base.PhotometricInterpretation) == 0:  # TIFF: 0 is white
        values = 1 - values
    if profile:  # applied to the accuracy of 8 bits, but without steps
        inside = np.clip(values, 0, 1)  # what is out of range stays out of it, and is refused later
        curve = np.interp(inside, np.linspace(0, 1, 256), grey_curve(profile) / 255)
        values += curve.astype(np.float32) - inside
    if isinstance(key := picture.info.get("transparency"), int):
        values[grey == key] = 1
    return Image.fromarray(values)


def _white(picture: Image.Image, grey: NDArray[Any]) -> int:
    """The value that means white in a grey picture of mode I or I;16; see `load_image`."""
    if picture.mode != "I":
        bits = _tags(picture).get(ExifTags.Base.BitsPerSample, (16,))
        return int(2 ** bits[0] - 1)
    if picture.format in ("PNG", "PPM"):  # Pillow brings a PGM of more than 8 bits to this range
        return 65535
    if grey.min() < 0 or grey.max() > 65535:
        raise ValueError("its grey values have 32 bits; save it with 8 or 16 bits")
    return 255 if grey.max() <= 255 else 65535


def _tags(picture: Image.Image) -> Mapping[int, Any]:
    """The tags of a picture that was opened from a TIFF; of others none."""
    return getattr(picture, "tag_v2", {})


def _to_array(picture: Image.Image, size: int | None) -> Array:
    """Turn a picture of mode RGB or F into a float32 array of shape (height, width, 3)."""
    if size is not None and picture.width * picture.height > MOST_PIXELS_AT_FULL_SIZE:
        # Averaging blocks of pixels first saves gigabytes; `resize` still has twice the pixels it needs.
        picture = picture.reduce(max(1, max(picture.size) // (2 * size)))
    values: Array = np.asarray(picture, np.float32)
    if picture.mode == "F":
        return np.repeat(values[..., np.newaxis], 3, axis=-1)
    values = values / np.float32(255)
    return values
