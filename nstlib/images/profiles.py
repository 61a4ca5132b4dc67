"""Colour profiles: what says which colours a picture's numbers mean becomes sRGB, and files say sRGB."""

from __future__ import annotations

import functools
import io
import struct
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

WITHOUT_LITTLECMS = (
    "This Pillow was built without LittleCMS, so pictures with a colour profile are not converted to sRGB "
    "and may look pale or shifted; install Pillow's own package (pip install --force-reinstall pillow)."
)

# The white and the primaries of sRGB as XYZ, and the matrix that adapted them from its own white, D65, to
# D50, the white of all profiles (Bradford's, row by row).
SRGB_IN_D50 = {
    b"wtpt": (0.9642, 1.0, 0.8249),
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
D65_TO_D50 = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00923, 0.01508, 0.75168)


def to_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """Convert a picture of mode L, RGB, CMYK or LAB to mode RGB and sRGB, as its ICC profile says.

    Without a profile, and with one that is broken or of another kind of picture, the numbers are taken for
    sRGB, as browsers do.
    """
    if not isinstance(profile, bytes) or profile == srgb_profile() or picture.mode == "LAB":
        return in_mode(picture, "RGB")  # LAB needs no profile to be converted
    if picture.mode == "L":
        return picture.point(grey_curve(profile).tolist()).convert("RGB")
    return _through(picture, profile) or picture.convert("RGB")


def in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """Convert a picture without copying one that is right already; it may have 200 megapixels."""
    return picture if picture.mode == mode else picture.convert(mode)


def grey_curve(profile: bytes) -> NDArray[np.uint8]:
    """What becomes of the 256 levels of grey in sRGB, shape (256,).

    Unoptimised: LittleCMS would draw straight lines between 33 points, too few for the dark levels.
    """
    levels = Image.frombytes("L", (256, 1), bytes(range(256)))
    converted = _through(levels, profile, ImageCms.Flags.NOOPTIMIZE) or levels.convert("RGB")
    return np.asarray(converted)[0, :, 1]


def _through(
    picture: Image.Image, profile: bytes, flags: ImageCms.Flags = ImageCms.Flags.NONE
) -> Image.Image | None:
    """Convert a picture from a profile to sRGB; None if the profile cannot be used for it.

    The intent is relative colorimetric with black point compensation, the usual one of photo editors: colours
    that sRGB can show stay what they are, others become the nearest that it can.

    Warns:
        RuntimeWarning: This Pillow was built without LittleCMS, which does the work.
    """
    try:
        return ImageCms.profileToProfile(
            picture,
            io.BytesIO(profile),
            io.BytesIO(srgb_profile()),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=flags | ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError:
        return None
    except ImportError:
        warnings.warn(WITHOUT_LITTLECMS, RuntimeWarning, stacklevel=2)
        return None


@functools.cache
def srgb_profile() -> bytes:
    """The sRGB colour space (IEC 61966-2-1) as an ICC profile of version 4 (ICC.1:2010), half a kilobyte.

    Made here and not by LittleCMS, whose profiles hold the time of their making: the same picture has to
    become the same file, every day and on every machine.
    """

    def fixed(*numbers: float) -> bytes:  # with 16 binary places
        return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))

    def text(words: str) -> bytes:
        encoded = words.encode("utf-16-be")
        return b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(encoded), 28) + encoded

    # y = x / 12.92 below 0.04045, ((x + 0.055) / 1.055)^2.4 from there on
    curve = b"para" + struct.pack(">4xHH", 3, 0) + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    tags = {b"desc": text("sRGB"), b"cprt": text("No copyright, use freely")}
    tags |= {name: b"XYZ " + bytes(4) + fixed(*xyz) for name, xyz in SRGB_IN_D50.items()}
    tags |= {b"chad": b"sf32" + bytes(4) + fixed(*D65_TO_D50)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body, places = struct.pack(">I", len(tags)), b"", dict[bytes, int]()
    for name, content in tags.items():
        if content not in places:  # the three curves are one
            places[content] = 128 + 4 + 12 * len(tags) + len(body)
            body += content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", places[content], len(content))
    header = struct.pack(">I4xI4s4s4s", 128 + len(table) + len(body), 4 << 24, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s28x", 2026, 1, 1, 0, 0, 0, b"acsp") + fixed(*SRGB_IN_D50[b"wtpt"])
    return header.ljust(128, b"\0") + table + body
