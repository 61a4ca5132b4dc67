"""Out: frames become a film file, an animation or a folder of pictures; whole, or nothing is left behind."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image

from ..foundation import check_target, is_same_file, whole_file
from ..images.saving import png_notes
from . import encoding
from .film import Film, check_rate
from .frame import Frame, av

FORMATS = (*encoding.FILMS, *encoding.ANIMATIONS)


def check_film_output(
    out: str | PathLike[str], *, source: Film | None = None, overwrite: bool = False
) -> Path:
    """Check, before long work starts, that `save_film` will be able to write to `out`.

    Args:
        out: A file whose suffix is one of `FORMATS`, or the name of a folder to be made (no suffix).
        source: The film that is read meanwhile; it is never replaced.
        overwrite: Whether a film that is already there may be replaced.

    Returns:
        The path with `~` expanded.

    Raises:
        ValueError: Another suffix, or `out` is the source.
        ModuleNotFoundError: PyAV is not installed, and the format needs it.
        OSError: It exists already, or cannot be written.
    """
    target = Path(os.path.expanduser(out))
    suffix = target.suffix.lower()
    if suffix and suffix not in FORMATS and not target.is_dir():
        raise ValueError(
            f"Cannot write {out}: the name ends in {suffix!r}; use one of {', '.join(FORMATS)}, or no suffix "
            "for a folder of PNGs."
        )
    if source is not None and is_same_file(source.path, target):
        raise ValueError(f"{out} is the film that is read; give the result a name of its own.")
    if suffix in FORMATS:
        av()
        return check_target(target, overwrite=overwrite)
    _check_folder(target, overwrite)
    return target


def save_film(
    frames: Iterable[Frame],
    out: str | PathLike[str],
    *,
    rate: Fraction | float,
    sound: Film | None = None,
    overwrite: bool = False,
) -> int:
    """Write frames as a film while they come; never more than a few of them are in memory.

    The suffix of `out` chooses the format:

    - `.mp4`: H.264, which plays everywhere; 4:2:0, crf 18, an odd width or height gets its last column or row
      twice. PyAV's wheel holds x264, whose licence is the GPL: that concerns whoever passes the wheel on, not
      who makes films. `.webm` avoids it.
    - `.webm`: VP9, 4:2:0, crf 24.
    - `.mkv`: FFV1, without loss: `open_film` gives the same bytes back.
    - `.gif`, `.webp`: animations that repeat for ever. A GIF has 256 colours a frame and at most 50 frames a
      second (browsers slow down whatever is faster): frames that would be shown for less are left out.
    - none: a folder of pictures, frame_000001.png and so on, without their times.

    Times are kept, be the rate variable or not: to 1/5,760,000 s in MP4, which is exact for all usual clocks,
    to a millisecond in WebM, MKV and WebP, to 1/100 s in a GIF. The first frame is shown at once, whatever
    its time is. Colours are marked as BT.709.

    Args:
        frames: Frames of one size, later and later.
        out: Where the film shall be.
        rate: Frames a second on the average, as the file will say.
        sound: A film whose (first) sound track is taken: from the time of the first frame to the end of the
            last one. It is copied where the format takes its coding, else encoded as AAC (MP4) or Opus. GIF,
            WebP and folders have no sound.
        overwrite: Whether to replace a film that is already there.

    Returns:
        The number of frames that were given.

    Warns:
        UserWarning: The sound breaks off before its end.

    Raises:
        ValueError: No frames, frames of different sizes or not later and later, another suffix, or `out` is
            the film of the sound. Nothing is written then.
        FileExistsError: The film is there and `overwrite` is False.
        OSError: It cannot be written, perhaps because the disk is full; one sentence.
        Exception: Whatever `frames` raises; nothing is left behind, and an older film stays as it was.
    """
    per_second = check_rate(rate)
    target = check_film_output(out, source=sound, overwrite=overwrite)
    checked = _Checked(frames)
    with _errors_of_frames(checked) as guarded:
        if film := encoding.FILMS.get(target.suffix.lower()):
            heard = sound.path if sound is not None and sound.sound else None
            with _film_file(target, overwrite) as temporary:
                encoding.write_film(guarded, temporary, film, per_second, heard)
        elif animation := encoding.ANIMATIONS.get(target.suffix.lower()):
            with _film_file(target, overwrite) as temporary:
                encoding.write_animation(guarded, temporary, animation)
        else:
            with _whole_folder(target, overwrite) as folder:
                _write_pictures(guarded, folder)
    return checked.count


class _Checked:
    """The frames, each compared with the first and with the one before, and counted."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = iter(frames)
        self._first: Frame | None = None
        self._previous: Frame | None = None
        self.count = 0

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            self._check(frame)
            self._first, self._previous = self._first or frame, frame
            self.count += 1
            yield frame
        if not self.count:
            raise ValueError("There are no frames to be saved.")

    def _check(self, frame: Frame) -> None:
        image, what = frame.image, f"Frame {self.count}"
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f"{what} is {image.dtype} of shape {image.shape}; it has to be uint8 RGB.")
        if self._first is None or self._previous is None:
            return
        if image.shape != self._first.image.shape:
            (h, w), (height, width) = image.shape[:2], self._first.image.shape[:2]
            raise ValueError(f"{what} has {w} x {h} pixels, the first one has {width} x {height}.")
        if frame.time <= self._previous.time:
            raise ValueError(f"{what} is at {float(frame.time):g} s, no later than the one before.")


class _FramesFailed(Exception):
    """An error of the one who makes the frames, on its way past those who handle errors of writing."""


@contextmanager
def _errors_of_frames(frames: Iterable[Frame]) -> Iterator[Iterator[Frame]]:
    """Let an OSError of the frames pass as it is: it is not the film that cannot be written."""

    def guarded() -> Iterator[Frame]:
        try:
            yield from frames
        except OSError as error:
            raise _FramesFailed from error

    try:
        yield guarded()
    except _FramesFailed as failed:
        assert failed.__cause__ is not None
        raise failed.__cause__ from None


@contextmanager
def _film_file(target: Path, overwrite: bool) -> Iterator[Path]:
    """`whole_file`, with FFmpeg's errors as the system's or, where they are none of it, as one sentence."""
    with whole_file(target, overwrite) as temporary:
        try:
            yield temporary
        except av().error.FFmpegError as error:
            if isinstance(error, OSError):
                raise OSError(error.errno, error.strerror) from None
            raise ValueError(f"FFmpeg could not write {target}: {error.strerror}.") from None


# --- a folder of pictures --------------------------------------------------------------------------------

NAME = "frame_{:06d}.png"
OURS = re.compile(r"frame_\d{6,}\.png")


def _check_folder(target: Path, overwrite: bool) -> None:
    """Refuse a folder that holds something, but for frames of ours that may be replaced."""
    check_target(target / "x" if target.is_dir() else target)  # whether it can be written at all
    if not target.is_dir():
        if target.exists():
            raise FileExistsError(f"Cannot write the frames to {target}: it is a file; name a folder.")
        return
    held = sorted(each.name for each in target.iterdir())
    if held and not (overwrite and all(map(OURS.fullmatch, held))):
        raise FileExistsError(f"The folder {target} holds {held[0]} already; name a new or empty one.")


@contextmanager
def _whole_folder(target: Path, overwrite: bool) -> Iterator[Path]:
    """Fill a folder beside the target and rename it at the end; on any failure it is removed."""
    real = target.resolve()
    beside = real.with_name(f".{secrets.token_hex(4)}-{real.name[-100:]}")  # file systems allow 255 bytes
    try:
        beside.mkdir()
        yield beside
        _check_folder(target, overwrite)  # the writing may have taken an hour
        if target.is_dir():
            shutil.rmtree(real)
        os.rename(beside, real)
    except OSError as error:
        if error.errno is None:
            raise
        raise type(error)(f"Cannot write {target}: {error.strerror}; nothing was changed.") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write_pictures(frames: Iterable[Frame], folder: Path) -> None:
    for number, frame in enumerate(frames, 1):
        Image.fromarray(frame.image).save(folder / NAME.format(number), pnginfo=png_notes(), compress_level=4)
