"""In: a film file, an animation or a folder of pictures becomes frames, one after the other.

Any number of frames passes through the memory of one. What is read: everything that FFmpeg decodes (MP4,
MOV, WebM, MKV, AVI ...; `decoding`), animations (GIF, WebP, APNG) and folders of pictures (`stills`).
Playlists and whatever else points at other files or at the network are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path

from .. import samples
from ..foundation import nearest_name
from . import decoding, stills
from .frame import Frame

FOLDER_RATE = 25  # frames a second of a folder, which does not say


@dataclass(frozen=True)
class Film:
    """What is known of a film before its frames are read; it holds no open file, so that it can be pickled.

    Attributes:
        path: its file or folder.
        kind: "video", "animation" (GIF, WebP, APNG) or "folder" (of pictures).
        size: (width, height) in pixels of every frame, upright.
        rate: frames a second, on the average.
        count: how many frames are to be expected; None where the file does not say. An estimate in files that
            know their length but do not number their frames (MKV, WebM), and where a file is broken.
        sound: whether there is a sound track.
    """

    path: Path
    kind: str
    size: tuple[int, int]
    rate: Fraction
    count: int | None
    sound: bool

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """The frames from the one with the number `start` on (the first is 0), with their times in the film.

        Earlier ones are decoded and dropped, since jumping into a film lands where its index says: frame n is
        the same picture whatever `start` is. The file is closed at the end, and when the iterator is.

        Warns:
            UserWarning: Once, when the film breaks off or cannot be decoded any further; the frames before
                that have been given, and these are all.

        Raises:
            ValueError: `start` is less than 0; the film's pictures cannot be read at all.
            OSError: The file cannot be read.
        """
        if start < 0:
            raise ValueError(f"start is {start}; the first frame has the number 0.")
        if self.kind == "video":
            return decoding.frames(self.path, self.size, start)
        if self.kind == "animation":
            return stills.animation_frames(self.path, start)
        return stills.folder_frames(self.path, self.size, self.rate, start)


def open_film(source: str | PathLike[str], *, rate: Fraction | float | None = None) -> Film:
    """Look at a film: its first frame is decoded, so that what cannot be read is refused here.

    Frames come upright (a phone's film is turned as its header says), with square pixels, as RGB; transparent
    pixels are laid over white. Films of more than 8 bits are read with 8, and high dynamic range (PQ, HLG) is
    not mapped to sRGB: such a film looks pale.

    Args:
        source: A film file, a folder of pictures of one size, which are sorted as people count (frame2 before
            frame10), or the name of a sample film (a file of that name wins).
        rate: Frames a second of a folder (25 when None); other films say it themselves.

    Raises:
        FileNotFoundError: No such file or folder.
        ModuleNotFoundError: PyAV is not installed.
        ValueError: Not a film, one that cannot be decoded, a single picture, pictures of different sizes, or
            a `rate` for what is no folder.
        OSError: The file cannot be read.
    """
    path = _find(source)
    if path.is_dir():
        per_second = check_rate(FOLDER_RATE if rate is None else rate)
        count, size = stills.look_at_folder(path)
        return Film(path, "folder", size, per_second, count, sound=False)
    if rate is not None:
        raise ValueError(f"rate is for a folder of pictures; {path} says its own frames a second.")
    if not path.is_file():
        raise ValueError(f"{path} is a device or pipe, not a film.")
    if stills.is_picture(path):
        count, size, average = stills.look_at_animation(path)
        return Film(path, "animation", size, average, count, sound=False)
    facts = decoding.look_at(path)
    return Film(path, "video", facts.size, facts.rate, facts.count, facts.sound)


def check_rate(rate: Fraction | float) -> Fraction:
    """Frames a second as a fraction.

    29.97 becomes 30000/1001, and its like too: NTSC's rates are n * 1000/1001 frames a second.

    Raises:
        ValueError: Not a number, not above 0, or more than 1000.
    """
    try:
        exact = Fraction(rate)
    except (TypeError, ValueError, OverflowError):
        exact = Fraction(0)
    if not 0 < exact <= 1000:
        raise ValueError(f"rate is {rate!r}; give the frames a second, above 0 and at most 1000.")
    ntsc = Fraction(round(exact * 1001 / 1000) * 1000, 1001)
    if exact.denominator > 1001 and abs(exact - ntsc) < Fraction(1, 200):
        return ntsc
    return exact.limit_denominator(1001)


def _find(source: str | PathLike[str]) -> Path:
    """The path of a film that exists; its file wins over a sample of that name."""
    text = os.fspath(source)
    path = Path(os.path.expanduser(text))
    if text and os.path.exists(path):
        return path
    films = samples.films()
    if text in films:
        return films[text]
    nearest = nearest_name(path.stem, films)
    hint = f"did you mean the sample {nearest!r}?" if nearest else "give a film file or a folder of pictures."
    raise FileNotFoundError(f"There is no film {text!r}; {hint}")
