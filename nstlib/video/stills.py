"""Films of Pillow's: animations (GIF, WebP, APNG) and folders of pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from PIL import ExifTags, ImageFile

from ..foundation import first_line
from ..images import load_image, to_uint8
from ..images.decoding import check_pixels, decode, open_picture
from ..images.loading import reading
from .frame import Frame, Pixels, warn_broken

# A GIF may leave the time of a picture out: browsers show it for a tenth of a second.
UNSTATED = Fraction(1, 10)
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".ppm", ".pgm", ".gif", ".avif")
SIGNATURES = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*")  # and WebP, see `is_picture`


def is_picture(path: Path) -> bool:
    """Whether a file begins as a picture does, moving or not, whatever its name is."""
    with reading(path) as stream:
        beginning = stream.read(12)
    return beginning.startswith(SIGNATURES) or (beginning[:4] == b"RIFF" and beginning[8:] == b"WEBP")


def look_at_animation(path: Path) -> tuple[int, tuple[int, int], Fraction]:
    """Count the frames of an animation, its (width, height), and its frames a second on the average.

    Every picture is decoded once: none of the three formats states its length.

    Raises:
        ValueError: One picture, or one that cannot be read.
    """
    count, total = 0, Fraction(0)
    with _opened(path) as picture:
        try:
            for duration in _played(picture):
                count, total = count + 1, total + duration
        except Exception as error:  # Pillow's readers fail in as many ways as files can be broken
            if not count:
                raise ValueError(f"{path} cannot be read as an animation: {first_line(error)}.") from None
        if count < 2 and picture.format != "GIF":
            raise ValueError(f"{path} is one picture, not a film; paint it with `nst stylize`.")
        return count, _upright(picture), count / total


def animation_frames(path: Path, start: int) -> Iterator[Frame]:
    """The frames of an animation from number `start` on; see `Film.frames`."""
    time = Fraction(0)
    with _opened(path) as picture:
        try:
            for number, duration in enumerate(_played(picture)):
                if number >= start:
                    yield Frame(to_uint8(decode(picture, str(path), None)), time, duration)
                time += duration
        except Exception as error:
            warn_broken(path, time, first_line(error))


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Open an animation.

    Raises:
        ValueError: It cannot be read; a WebP that is cut off among them, since libwebp wants all of it.
    """
    with reading(path) as stream:
        beginning = stream.read(8)
        stream.seek(0)
        if beginning[:4] == b"RIFF" and int.from_bytes(beginning[4:], "little") + 8 > os.path.getsize(path):
            raise ValueError(
                f"{path} ends early, and a WebP can only be read whole; fetch it or make it again."
            )
        picture = open_picture(stream, str(path))
        check_pixels(picture, str(path), None)
        yield picture


def _played(picture: ImageFile.ImageFile) -> Iterator[Fraction]:
    """Show the pictures of an animation one after the other in `picture`; each one's seconds are given."""
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        picture.load()  # only then is a WebP's time known
        milliseconds = Fraction(picture.info.get("duration") or 0).limit_denominator(1000)
        yield milliseconds / 1000 or UNSTATED


def look_at_folder(folder: Path) -> tuple[int, tuple[int, int]]:
    """Count the pictures of a folder, and the (width, height) of them all.

    Raises:
        ValueError: No pictures, one that is none, or different sizes.
    """
    files = _sorted_pictures(folder)
    size = _upright_size(files[0])
    for file in files:
        if (other := _upright_size(file)) != size:
            raise ValueError(
                f"The pictures of a film have one size: {file} has {other[0]} x {other[1]} pixels, "
                f"{files[0].name} has {size[0]} x {size[1]}."
            )
    return len(files), size


def folder_frames(folder: Path, size: tuple[int, int], rate: Fraction, start: int) -> Iterator[Frame]:
    """The pictures of a folder from number `start` on; see `Film.frames`."""
    for number, file in enumerate(_sorted_pictures(folder)):
        if number >= start:
            yield Frame(_load(file, size), number / rate, 1 / rate)


def _load(file: Path, size: tuple[int, int]) -> Pixels:
    pixels = to_uint8(load_image(file))
    if pixels.shape[1::-1] != size:
        raise ValueError(f"{file} has changed its size since the film was opened; open the film again.")
    return pixels


def _sorted_pictures(folder: Path) -> list[Path]:
    """The pictures of a folder as people count: frame2 before frame10; hidden files are not looked at."""
    files = [each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES and each.name[0] != "."]
    if not files:
        raise ValueError(f"There are no pictures ({', '.join(SUFFIXES)}) in the folder {folder}.")
    return sorted(files, key=_as_counted)


def _as_counted(file: Path) -> tuple[list[tuple[int, str]], str]:
    """A key that sorts digits by their number, letters whatever their case, and ties by the name itself."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", file.name.casefold())
    return [(int(each), "") if each[0] in "0123456789" else (-1, each) for each in pieces], file.name


def _upright_size(file: Path) -> tuple[int, int]:
    """The (width, height) that the header of a picture states."""
    with reading(file) as stream:
        picture = open_picture(stream, str(file))
        check_pixels(picture, str(file), None)
        return _upright(picture)


def _upright(picture: ImageFile.ImageFile) -> tuple[int, int]:
    """The (width, height) of a picture once it is turned as EXIF says: 5 to 8 are quarter turns."""
    turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
    return (picture.height, picture.width) if turned else picture.size
