"""Film files: FFmpeg's frames become upright RGB pictures with exact times."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..foundation import first_line
from . import matroska
from .frame import INVALID_DATA, Frame, Pixels, av, broken, warn_broken

# FFmpeg's readers of single files. Those that follow what a file says to other files and to addresses (hls,
# dash, concat), that number files (image2) or draw any text as a film (tty) are left out.
READERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,vvc,av1,obu,ivf,flv,ogg,asf,"
    "mxf,nut,dv,rm,gxf,wtv,yuv4mpegpipe,mjpeg,mp3,wav,flac,aac,ac3,aiff,caf,amr"
)
KINDS = "give an MP4, MOV, WebM, MKV, AVI, GIF, WebP or APNG file, or a folder of pictures"
THREADS = 2  # of a codec: what stands beside it, a network, needs the others

# How FFmpeg scales and converts colours: exactly rounded, colour at full resolution.
BICUBIC, FULL_CHROMA, FULL_CHROMA_IN, ACCURATE = 0x4, 0x2000, 0x4000, 0x40000
CONVERT = BICUBIC | FULL_CHROMA | FULL_CHROMA_IN | ACCURATE
BT709, UNSPECIFIED, BT601 = 1, 2, 5  # matrices between YUV and RGB, as numbered by ISO/IEC 23091-2
FULL_RANGE = 2  # FFmpeg's AVCOL_RANGE_JPEG


@dataclass(frozen=True)
class Facts:
    """What the header and the first frame of a film file say; see `Film`."""

    size: tuple[int, int]
    rate: Fraction
    count: int | None
    sound: bool


def look_at(path: Path) -> Facts:
    """Read the header of a film file and decode its first frame.

    Raises:
        ValueError: Not a film, one without pictures, one that cannot be decoded.
        OSError: The file cannot be read.
    """
    with opened(path) as (container, stream):
        first = _first(path, container, stream)
        width, height = _square(first, stream)
        size = (height, width) if Turn.of(first).swapped else (width, height)
        rate, length = _rate(stream), _length(container, stream)
        count = stream.frames or (max(1, round(length * rate)) if length else None)
        return Facts(size, rate, count, bool(container.streams.audio))


def frames(path: Path, size: tuple[int, int], start: int) -> Iterator[Frame]:
    """The frames of a film file from number `start` on; see `Film.frames`."""
    with opened(path) as (container, stream):
        seen = AsSeen(size)
        waiting: tuple[Any, Fraction, Fraction] | None = None
        number, why = -1, ""
        timed = _timed(_decoded(path, container, stream), 1 / _rate(stream))
        try:
            for number, each in enumerate(timed):
                if waiting is not None and number > start:
                    yield Frame(seen(waiting[0]), waiting[1], each[1] - waiting[1])
                waiting = each
        except av().error.FFmpegError as error:
            why = reason(error)
        if waiting is None:
            return
        picture, time, own = waiting
        own = own if why else _last_duration(stream, time, own)
        if number >= start:
            yield Frame(seen(picture), time, own)
        if why:
            warn_broken(path, time + own, why)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a film file: its container and its stream of pictures (not the cover of an album).

    Raises:
        ValueError: Not a film, or one without pictures, or in an unknown coding.
        OSError: The file cannot be read.
    """
    with demuxer(path) as container:
        yield container, _pictures_of(path, container)


def demuxer(path: Path) -> Any:
    """Open what holds pictures and sound; a context manager.

    Raises:
        ValueError: Not such a file.
        OSError: The file cannot be read.
    """
    settings: dict[str, Any] = {"options": {"format_whitelist": READERS, "protocol_whitelist": "file"}}
    if int(av().__version__.split(".")[0]) < 19:  # later ones do so by themselves
        settings["metadata_errors"] = "replace"  # a title need not be UTF-8
    try:
        if os.path.getsize(path) == 0:
            raise ValueError(f"{path} is empty (0 bytes); {KINDS}.")
        # An absolute path, or FFmpeg might take what stands before a colon for a protocol.
        return av().open(str(path.resolve()), **settings)
    except OSError as error:
        raise OSError(f"Cannot read {path}: {error.strerror or error}.") from None
    except av().error.FFmpegError as error:
        why = f" ({reason(error)})" if error.errno not in (INVALID_DATA, errno.EINVAL) else ""
        raise ValueError(f"{path} is not a film, or is broken beyond reading{why}; {KINDS}.") from None


def first_time(path: Path) -> Fraction:
    """When the first picture of a film file is shown by the file's own clock, which sound follows too."""
    with opened(path) as (container, stream):
        first = _first(path, container, stream)
        return _seconds(first.pts, first.time_base) or Fraction(0)


def _pictures_of(path: Path, container: Any) -> Any:
    """The first stream of moving pictures, ready to be decoded."""
    cover = av().stream.Disposition.attached_pic
    streams = [each for each in container.streams.video if not each.disposition & cover]
    if not streams:
        held = "only sound" if container.streams.audio else "no pictures"
        raise ValueError(f"{path} holds {held}; {KINDS}.")
    context = streams[0].codec_context
    if context is None:
        raise ValueError(
            f"The pictures of {path} are in a coding unknown here; convert it to MP4 (H.264) first."
        )
    context.thread_count, context.thread_type = THREADS, "AUTO"
    return streams[0]


def _first(path: Path, container: Any, stream: Any) -> Any:
    """The first picture, as FFmpeg holds it."""
    why = "none is found"
    try:
        for picture in _decoded(path, container, stream):
            return picture
    except av().error.FFmpegError as error:
        why = reason(error)
    name = stream.codec_context.name
    raise ValueError(
        f"The pictures of {path} ({name}) cannot be decoded: {why}; see that the file is whole, or convert "
        "it to MP4 (H.264)."
    )


def _decoded(path: Path, container: Any, stream: Any) -> Iterator[Any]:
    """All pictures of a stream in the order of showing.

    Raises:
        FFmpegError: The film breaks off; what was whole before has been given.
    """
    decoder, last = _decoder(stream), None
    try:
        for packet in container.demux(stream):
            if packet.is_corrupt:  # the file ends inside it
                raise broken("the file ends early")
            yield from decoder.decode(packet)
            last = packet if packet.size else last
    except av().error.FFmpegError:
        yield from decoder.decode(None)  # those that wait for their turn
        raise
    if "matroska" in container.format.name and last is not None:
        matroska.check_whole(path, stream, last)


def _decoder(stream: Any) -> Any:
    """What decodes a stream; FFmpeg's own decoders of VP8 and VP9 do not see transparency, libvpx does."""
    context = stream.codec_context
    if stream.metadata.get("alpha_mode") != "1" or context.name not in ("vp8", "vp9"):
        return context
    transparent = av().CodecContext.create({"vp8": "libvpx", "vp9": "libvpx-vp9"}[context.name], "r")
    transparent.thread_count = THREADS
    return transparent


def _timed(pictures: Iterator[Any], step: Fraction) -> Iterator[tuple[Any, Fraction, Fraction]]:
    """Give each picture its time from the first one, and the duration that it states itself, in seconds.

    Times come from the file, be its rate variable or not. Where there is none (a bare stream), or it does not
    lie behind the last one, a picture follows `step` seconds after it.
    """
    origin, last = None, -step
    for picture in pictures:
        stated = _seconds(picture.pts, picture.time_base)
        if origin is None:
            origin = stated
        time = last + step if stated is None or origin is None else stated - origin
        time = time if time > last else last + step
        yield picture, time, _seconds(picture.duration, picture.time_base) or step
        last = time


def _rate(stream: Any) -> Fraction:
    """Frames a second on the average; 25 where nothing is known.

    What FFmpeg says of a variable rate leaves the last frame out; number and length, where known, do not.
    """
    stated = Fraction(stream.average_rate or stream.guessed_rate or 25)
    length = _seconds(stream.duration, stream.time_base)
    counted = stream.frames / length if stream.frames and length else stated
    return stated if abs(counted - stated) < stated / 100 else counted


def _length(container: Any, stream: Any) -> Fraction | None:
    """The length that a film states, in seconds."""
    return _seconds(stream.duration, stream.time_base) or _seconds(container.duration, Fraction(1, 10**6))


def _last_duration(stream: Any, time: Fraction, own: Fraction) -> Fraction:
    """How long the last picture is shown: until the film ends, where it says when.

    What the packet of that picture says is, in an MP4, the time to the next one in the order of decoding.
    """
    length = _seconds(stream.duration, stream.time_base) if stream.frames else None
    return length - time if length and length > time else own


def _seconds(ticks: int | None, base: Fraction | None) -> Fraction | None:
    return None if ticks is None or base is None else ticks * base


class AsSeen:
    """Makes of FFmpeg's pictures what people see: RGB, square pixels, over white, upright.

    A film may change its size on the way (video calls do): what follows is scaled to the size it began with.

    Args:
        size: (width, height) upright.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._turn: Turn | None = None  # the first picture's, which is the film's

    def __call__(self, picture: Any) -> Pixels:
        """The picture as uint8 RGB of shape (height, width, 3)."""
        turn = self._turn = self._turn or Turn.of(picture)
        width, height = self._size[::-1] if turn.swapped else self._size
        alpha = any(component.is_alpha for component in picture.format.components)
        pixels = picture.reformat(
            width=width,
            height=height,
            format="rgba" if alpha else "rgb24",
            src_colorspace=_matrix(picture),
            src_color_range="JPEG" if _is_full_range(picture) else "MPEG",
            dst_color_range="JPEG",
            interpolation=CONVERT,
        ).to_ndarray()
        return np.ascontiguousarray(turn(_over_white(pixels) if alpha else pixels))


@dataclass(frozen=True)
class Turn:
    """How to set pictures upright, to the nearest quarter turn; mirrored ones too.

    Attributes:
        swapped: rows become columns, before anything else.
        rows, columns: the order they are then taken in, 1 or -1.
    """

    swapped: bool = False
    rows: int = 1
    columns: int = 1

    @classmethod
    def of(cls, picture: Any) -> Turn:
        """What the display matrix says that a phone writes into its films.

        It moves a point (ISO/IEC 14496-12): x' = a x + c y, y' = b x + d y, where y points down. Looking for
        it ties a picture into a circle of references, which stays in memory for long: ask the first one only.
        """
        try:
            matrix = np.frombuffer(picture.side_data["DISPLAYMATRIX"], np.int32)
        except KeyError:
            return cls()
        a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
        swapped = abs(a) + abs(d) < abs(b) + abs(c)
        across, down = (c, b) if swapped else (a, d)
        return cls(swapped, -1 if down < 0 else 1, -1 if across < 0 else 1)

    def __call__(self, pixels: Pixels) -> Pixels:
        """Turn pixels of shape (height, width, channels)."""
        return (pixels.swapaxes(0, 1) if self.swapped else pixels)[:: self.rows, :: self.columns]


def _square(picture: Any, stream: Any) -> tuple[int, int]:
    """(Width, height) with square pixels: the width changes where the film's pixels are not (DV, DVD)."""
    ratio = stream.sample_aspect_ratio or 1
    return max(1, round(picture.width * ratio)) if 0.1 < ratio < 10 else picture.width, picture.height


def _matrix(picture: Any) -> int:
    """The matrix from YUV to RGB; where a film does not say, players guess it from the size, and so do we."""
    stated = int(picture.colorspace)
    if stated != UNSPECIFIED:
        return stated
    return BT709 if picture.height > 576 or picture.width >= 1280 else BT601


def _is_full_range(picture: Any) -> bool:
    """Whether brightness is coded in 0 to 255, and not in the 16 to 235 of television."""
    return int(picture.color_range) == FULL_RANGE or picture.format.name.startswith("yuvj")


def _over_white(pixels: Pixels) -> Pixels:
    """Lay RGBA over white: rgb * alpha + 255 * (1 - alpha), rounded."""
    colours, alpha = pixels[..., :3].astype(np.uint16), pixels[..., 3:].astype(np.uint16)
    if alpha.min() == 255:
        return pixels[..., :3]
    return ((colours * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def reason(error: Exception) -> str:
    """What FFmpeg says, without its number and file."""
    return getattr(error, "strerror", None) or first_line(error)
