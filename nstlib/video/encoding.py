"""FFmpeg's encoders: what each format is made of, and frames on their way into it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from .decoding import BT709, CONVERT, THREADS
from .frame import Frame, Pixels, av
from .sound import sound_track

# Ticks a second of an MP4: 2^10 * 3^2 * 5^4, a multiple of the clocks of films (24000, 30000, 90000, 12800,
# 15360, 600, 1000 ...), so that their times are kept exactly.
FINE_CLOCK = 5_760_000


@dataclass(frozen=True)
class FilmFormat:
    """A container, the coding of its pictures, and which codings of sound it takes.

    Attributes:
        container, codec, pixels: FFmpeg's names.
        options: of the codec.
        clock: ticks a second.
        copied: codings of sound that are copied.
        encoder: for any other.
        even: whether width and height have to be.
        container_options: of the container.
    """

    container: str
    codec: str
    pixels: str
    options: Mapping[str, str]
    clock: int
    copied: tuple[str, ...]
    encoder: str
    even: bool = False
    container_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AnimationFormat:
    """A picture format that moves: FFmpeg's names, ticks a second, and the fewest ticks of a frame."""

    container: str
    codec: str
    pixels: str
    options: Mapping[str, str]
    clock: int
    fewest: int = 1


FILMS = {
    ".mp4": FilmFormat(
        "mp4",
        "libx264",
        "yuv420p",
        {"crf": "18", "preset": "medium"},
        FINE_CLOCK,
        copied=("aac", "mp3", "alac", "ac3", "eac3"),
        encoder="aac",
        even=True,
        container_options={"movflags": "+faststart"},  # the index first, so that a browser plays at once
    ),
    ".webm": FilmFormat(
        "webm",
        "libvpx-vp9",
        "yuv420p",
        {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
        1000,
        copied=("opus", "vorbis"),
        encoder="libopus",
    ),
    ".mkv": FilmFormat(
        "matroska",
        "ffv1",
        "bgr0",
        {"level": "3", "slicecrc": "1", "g": "1"},
        1000,
        copied=("aac", "mp3", "opus", "vorbis", "flac", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le"),
        encoder="libopus",
    ),
}
ANIMATIONS = {
    ".gif": AnimationFormat("gif", "gif", "pal8", {}, 100, fewest=2),
    # Not libwebp_anim, which keeps what it has encoded in memory until the end.
    ".webp": AnimationFormat("webp", "libwebp", "bgra", {"quality": "90"}, 1000),
}


def write_film(
    frames: Iterator[Frame], path: Path, form: FilmFormat, rate: Fraction, sound: Path | None
) -> None:
    """Write frames of one size, and perhaps the sound of a film."""
    first, frames = _peeked(frames)
    options = dict(form.container_options)
    with av().open(str(path), "w", format=form.container, options=options) as container, ExitStack() as stack:
        stream = container.add_stream(form.codec, rate=rate, options=dict(form.options))
        encoder = Encoder(container, stream, form.pixels, _even(first.image, form.even), _clock(form, rate))
        track = None
        if sound is not None:
            track = stack.enter_context(sound_track(sound, container, form.copied, form.encoder, first.time))
        for frame in frames:
            encoder.add(replace(frame, image=_even(frame.image, form.even)))
            if track is not None:
                track.write(frame.time)
        encoder.finish()
        if track is not None:
            track.finish(frame.time + frame.duration)


def write_animation(frames: Iterator[Frame], path: Path, form: AnimationFormat) -> None:
    """Write frames of one size as a GIF or WebP that repeats for ever."""
    first, frames = _peeked(frames)
    with av().open(str(path), "w", format=form.container, options={"loop": "0"}) as container:
        stream = container.add_stream(form.codec, rate=form.clock, options=dict(form.options))
        encoder = Encoder(container, stream, form.pixels, first.image, form.clock)
        for frame in _long_enough(frames, form.clock, form.fewest):
            encoder.add(frame)
        encoder.finish()


def _peeked(frames: Iterator[Frame]) -> tuple[Frame, Iterator[Frame]]:
    """The first frame, and all of them with times that begin at 0."""
    first = next(frames)
    return first, (replace(each, time=each.time - first.time) for each in chain([first], frames))


def _clock(form: FilmFormat, rate: Fraction) -> int:
    """Ticks a second: the format's, or a multiple of them of which the time between two frames is one too."""
    exact = math.lcm(form.clock, rate.numerator)
    return exact if form.clock == FINE_CLOCK and exact < 2**31 else form.clock


def _even(image: Pixels, wanted: bool) -> Pixels:
    """Repeat the last row and column where their number is odd: in 4:2:0, two pixels share their colour."""
    height, width = image.shape[:2]
    if not wanted or (height % 2 == 0 and width % 2 == 0):
        return image
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _long_enough(frames: Iterable[Frame], clock: int, fewest: int) -> Iterator[Frame]:
    """Round times to ticks, and leave out what would be shown for fewer than `fewest` of them.

    What is left out counts for the frame before it, so that the film keeps its length.
    """
    shown: Frame | None = None
    end = Fraction(0)
    for frame in frames:
        time = Fraction(round(frame.time * clock), clock)
        end = frame.time + frame.duration
        if shown is not None and time - shown.time < Fraction(fewest, clock):
            continue
        if shown is not None:
            yield replace(shown, duration=time - shown.time)
        shown = replace(frame, time=time)
    if shown is not None:
        yield replace(shown, duration=max(end - shown.time, Fraction(fewest, clock)))


class Encoder:
    """Puts frames into a stream of an open container, with exact times and durations.

    Args:
        container, stream: PyAV's.
        pixels: the pixel format that is coded: "yuv420p" (BT.709, limited range), RGB, or "pal8".
        like: an image of the size of all of them.
        clock: ticks a second.
    """

    def __init__(self, container: Any, stream: Any, pixels: str, like: Pixels, clock: int) -> None:
        self._container, self._stream, self._pixels = container, stream, pixels
        self._clock, self._last = clock, -1
        self._ticks: dict[int, int] = {}  # of frames inside the codec, by when they are shown
        self._held: Any = None  # the packet that may be the last one
        self._begin = self._end = 0
        self._palettes = Palettes(like, clock) if pixels == "pal8" else None
        context = stream.codec_context
        context.height, context.width = like.shape[:2]
        context.pix_fmt = pixels
        context.time_base = stream.time_base = Fraction(1, clock)
        context.thread_count = THREADS
        if pixels.startswith("yuv"):
            context.colorspace = context.color_primaries = context.color_trc = BT709
            context.color_range = 1  # limited

    def add(self, frame: Frame) -> None:
        """Encode one frame, which is shown later than the one before.

        Raises:
            ValueError: It is shown in the same tick.
        """
        shown = round(frame.time * self._clock)
        if shown <= self._last:
            raise ValueError(
                f"Two frames are at {float(frame.time):.4f} s: this format tells 1/{self._clock} s apart."
            )
        self._last, self._end = shown, max(shown + 1, round((frame.time + frame.duration) * self._clock))
        self._ticks[shown] = self._end - shown
        for picture in self._pictures(frame.image, shown):
            self._mux(self._stream.encode(picture))

    def finish(self) -> None:
        """Write what is still inside the codec."""
        for picture in self._palettes.rest() if self._palettes else ():
            self._mux(self._stream.encode(picture))
        self._mux(self._stream.encode(None))
        if self._held is not None:
            # In the order of decoding it may be another than the last one shown; a track is as long as its
            # last packet says, and a film shall end when its last frame does.
            self._held.duration = self._end - (self._held.dts - self._begin)
            self._container.mux(self._held)

    def _pictures(self, image: Pixels, shown: int) -> Iterable[Any]:
        picture = av().VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        if self._palettes is None and self._pixels.startswith("yuv"):
            picture = picture.reformat(
                format=self._pixels,
                dst_colorspace=BT709,
                src_color_range="JPEG",
                dst_color_range="MPEG",
                interpolation=CONVERT,
            )
        elif self._palettes is None:
            picture = picture.reformat(format=self._pixels, interpolation=CONVERT)
        picture.pts, picture.time_base = shown, Fraction(1, self._clock)
        return [picture] if self._palettes is None else self._palettes.of(picture)

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:  # codecs forget how long a picture is shown
            packet.duration = self._ticks.pop(packet.pts, packet.duration)
            if self._held is None:
                self._begin = packet.dts
            else:
                self._container.mux(self._held)
            self._held = packet


class Palettes:
    """Gives every picture 256 colours of its own; FFmpeg's filters hold one picture at a time."""

    def __init__(self, like: Pixels, clock: int) -> None:
        height, width = like.shape[:2]
        graph = av().filter.Graph()
        source = graph.add_buffer(width=width, height=height, format="rgb24", time_base=Fraction(1, clock))
        both = graph.add("split")
        palette = graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
        use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=4")  # a pattern that stands still
        sink = graph.add("buffersink")
        source.link_to(both)
        both.link_to(use, 0, 0)
        both.link_to(palette, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        self._graph = graph

    def of(self, picture: Any) -> Iterator[Any]:
        """Hand in a picture, and take those that are ready."""
        self._graph.push(picture)
        while True:
            try:
                yield self._graph.pull()
            except (av().error.BlockingIOError, av().error.EOFError):  # it wants more, or has given all
                return

    def rest(self) -> Iterator[Any]:
        """Those that are still inside."""
        return self.of(None)
