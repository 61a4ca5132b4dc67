"""The sound of a film on its way into another: copied, or encoded again, and in step with the pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from .decoding import demuxer, first_time, reason
from .frame import av

RATE = 48_000  # Hz, of sound that is encoded: the rate of films, and the one of Opus
BIT_RATE = 160_000


@contextmanager
def sound_track(
    path: Path, container: Any, copied: Iterable[str], encoder: str, begin: Fraction
) -> Iterator[SoundTrack | None]:
    """Open the (first) sound track of a film, to be written into another; None where there is none to decode.

    Args:
        path: the film of the sound.
        container: PyAV's, of the new film, before anything is written to it.
        copied: codings that are copied; FFmpeg's names.
        encoder: what encodes the others.
        begin: where in its film the sound begins, in seconds from the first picture.
    """
    shift = first_time(path) + begin
    with demuxer(path) as source:
        stream = next((each for each in source.streams.audio if each.codec_context is not None), None)
        if stream is None:
            _warn(path, 0, "its coding is unknown")
            yield None
        elif _can_be_copied(stream, copied):
            yield CopiedSound(path, source.demux(stream), container.add_stream_from_template(stream), shift)
        else:
            yield EncodedSound(path, source.demux(stream), _encoder(container, encoder, stream), shift)


class SoundTrack:
    """Writes sound as far as the pictures have come.

    What cannot be read any further ends with a warning; the pictures go on without it.

    Args:
        path: the film of the sound.
        packets: what is read from it.
        stream: PyAV's, of the new film.
        shift: what is heard at this time of the old film is heard at 0 of the new one, in seconds.
    """

    def __init__(self, path: Path, packets: Iterator[Any], stream: Any, shift: Fraction) -> None:
        self._path, self._packets, self._stream, self._shift = path, packets, stream, shift
        self._waiting: Any = None  # read, and not yet to be heard
        self._end = Fraction(0)  # of what has been read

    def write(self, until: Fraction) -> None:
        """Write what begins before a time, in seconds of the new film."""
        while (packet := self._next()) is not None:
            if self._when(packet) >= until:
                self._waiting = packet
                return
            self._end = self._when(packet) + (packet.duration or 0) * packet.time_base
            self._take(packet)

    def finish(self, end: Fraction) -> None:
        """Write the rest of what is heard before the end of the film."""
        self.write(end)

    def _take(self, packet: Any) -> None:
        raise NotImplementedError

    def _when(self, packet: Any) -> Fraction:
        return Fraction(packet.pts * packet.time_base) - self._shift

    def _next(self) -> Any:
        """The next packet that has a time; None after the last one."""
        if self._waiting is not None:
            packet, self._waiting = self._waiting, None
            return packet
        try:
            return next((packet for packet in self._packets if packet.pts is not None), None)
        except av().error.FFmpegError as error:
            self._stop(error)
            return None

    def _stop(self, error: Exception) -> None:
        self._packets = iter(())
        _warn(self._path, float(self._end), reason(error))


class CopiedSound(SoundTrack):
    """Sound that goes from file to file as it is coded.

    The packet that ends where the film begins is kept: decoders of AAC need it to start the next one.
    """

    def _take(self, packet: Any) -> None:
        if self._end < 0:
            return
        shift = round(self._shift / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.pts - shift
        packet.stream = self._stream
        self._stream.container.mux(packet)


class EncodedSound(SoundTrack):
    """Sound that is decoded and encoded again, as mono or stereo.

    FFmpeg's filter `aresample` sets it to the clock: what comes too late is preceded by silence, gaps are
    filled, and what lies before the first picture is dropped.
    """

    def __init__(self, path: Path, packets: Iterator[Any], stream: Any, shift: Fraction) -> None:
        super().__init__(path, packets, stream, shift)
        self._graph: Any = None

    def finish(self, end: Fraction) -> None:
        """Write the rest of what is heard before the end of the film."""
        self.write(end)
        if self._graph is not None:
            self._graph.push(None)
            self._encode(end)
            self._stream.container.mux(self._stream.encode(None))

    def _take(self, packet: Any) -> None:
        try:
            heard = packet.decode()
        except av().error.FFmpegError as error:
            self._stop(error)
            return
        for frame in heard:
            if frame.pts is not None:
                frame.pts -= round(self._shift / frame.time_base)
                self._graph = self._graph or self._filter(frame)
                self._graph.push(frame)
                self._encode(None)

    def _filter(self, frame: Any) -> Any:
        """Filters from what is decoded to what the encoder takes."""
        context, graph = self._stream.codec_context, av().filter.Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base,
        )
        resample = graph.add("aresample", f"{RATE}:async=1:first_pts=0")
        layout = context.layout.name
        form = graph.add("aformat", f"sample_fmts={context.format.name}:channel_layouts={layout}")
        pieces = graph.add("asetnsamples", f"n={context.frame_size or 960}:p=0")
        graph.link_nodes(source, resample, form, pieces, graph.add("abuffersink")).configure()
        return graph

    def _encode(self, end: Fraction | None) -> None:
        """Encode what the filters have ready and what begins before `end`."""
        while True:
            try:
                frame = self._graph.pull()
            except (av().error.BlockingIOError, av().error.EOFError):  # they want more, or have given all
                return
            if end is None or frame.pts * frame.time_base < end:
                self._stream.container.mux(self._stream.encode(frame))


def _can_be_copied(stream: Any, copied: Iterable[str]) -> bool:
    """Whether a container takes the coding; AAC only with its header, which MPEG transport streams lack."""
    context = stream.codec_context
    name = context.codec.canonical_name  # the decoder of "mp3" is called "mp3float"
    return name in copied and (name != "aac" or bool(context.extradata))


def _encoder(container: Any, name: str, like: Any) -> Any:
    stream = container.add_stream(name, rate=RATE)
    stream.codec_context.layout = "mono" if like.codec_context.channels == 1 else "stereo"
    stream.codec_context.bit_rate = BIT_RATE
    stream.codec_context.open()
    return stream


def _warn(path: Path, end: float, why: str) -> None:
    warnings.warn(f"The sound of {path} ends at {end:.2f} s: {why}.", stacklevel=3)
