"""Whether an MKV or WebM is whole: FFmpeg takes the place from which it can read no further for the end."""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from .frame import broken

UNSTATED = -1
INDEX = 4096  # bytes behind the last picture of a small film


def check_whole(path: Path, stream: Any, last: Any) -> None:
    """Raise FFmpeg's error for a broken file when a film ends before its end.

    Either the file is shorter than its header says, or a tenth of it or more (and more than an index takes)
    was not read at the end, and that is where a tenth of the time or more is. Time alone would not do: the
    last picture may be shown for long.

    Args:
        path: the file.
        stream: PyAV's, of its pictures.
        last: the last packet that was read from it.
    """
    size, stated = os.path.getsize(path), stated_size(path)
    if stated > size:
        raise broken("the file ends early")
    end = ((last.pts or 0) + (last.duration or 0)) * last.time_base
    unread = size - last.size - (size if last.pos is None else last.pos)
    if unread > size / 10 + INDEX and end < stated_end(stream) * 9 / 10:
        raise broken("the rest of the file cannot be read")


def stated_size(path: Path) -> int:
    """The bytes of the whole file by its header; UNSTATED in a recording that was never finished.

    EBML (RFC 8794): elements with an identity, a length, and that many bytes; the second holds everything.
    """
    with open(path, "rb") as file:
        for _ in range(2):
            file.read(4)  # the identity, of 4 bytes in both
            length = _length(file)
            end = file.tell() + length
            if length == UNSTATED:
                return UNSTATED
            file.seek(end)
    return end


def _length(file: BinaryIO) -> int:
    """A number of 1 to 8 bytes: zeros at its beginning count the bytes that follow, all ones are none."""
    first = (file.read(1) or b"\1")[0]
    more = 8 - first.bit_length()
    value = int.from_bytes(bytes([first & (0x7F >> more)]) + file.read(more), "big")
    return UNSTATED if value == (1 << 7 * (more + 1)) - 1 else value


def stated_end(stream: Any) -> Fraction:
    """When the last picture has been shown, by the tag that most programs write; 0 without it. In seconds."""
    found = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", "").strip("\0 "))
    if found is None:
        return Fraction(0)
    hours, minutes, seconds = map(Fraction, found.groups())
    return 3600 * hours + 60 * minutes + seconds
