"""The size of a picture, read from its first bytes: nothing is decoded, so nothing can be blown up."""

from __future__ import annotations

import struct

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
# Markers of JPEG: those that begin a frame (T.81, table B.1; 0xC4, 0xC8 and 0xCC are something else), and
# those that stand alone, without a length.
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
ALONE = {0x01, *range(0xD0, 0xD9)}


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG or a JPEG picture; None where these bytes are neither."""
    if data.startswith(PNG) and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    return jpeg_size(data) if data.startswith(JPEG) else None


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from the first frame of a JPEG picture, the segments before it skipped."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in FRAMES:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        if marker == 0xFF or marker in ALONE:  # a byte that fills up, or a marker alone
            place += 1 if marker == 0xFF else 2
        else:
            place += 2 + max(2, struct.unpack(">H", data[place + 2 : place + 4])[0])
    return None
