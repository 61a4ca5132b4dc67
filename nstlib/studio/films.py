"""Films to choose from: uploads, checked, and kept as files of this session; each a picture that moves.

Nothing in here starts Keras, and the codecs are loaded when the first film comes.
"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from PIL import Image

from .. import images
from ..video import Film, open_film
from .pictures import MOST_BYTES, Picture, check_sides, check_upload, shown_name
from .settings import SIZES

MOST_FILM_BYTES = 100_000_000  # of an upload to `nst studio`
MOST_SECONDS = 60
SPARE_SECONDS = 1  # more, since files state their length roughly
SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".3gp", ".ogv", ".wmv", ".ts")
NEEDED = ("av", "cv2")  # of the extra `video`
LACKING = 'Films need the extra `video`, which is not installed here: pip install "nstlib[video]".'
ADVICE = "choose a film in MP4, WebM, MOV or GIF that plays elsewhere."


class NoFilm(ValueError):
    """What cannot be read as a film."""


@dataclass(frozen=True)
class Clip(Picture):
    """A film, which is chosen, and looked ahead at, by its first picture.

    Attributes:
        path: its file.
        digest: of the file's bytes.
        rate: frames a second, on the average.
        seconds: its length.
    """

    path: Path
    digest: str
    rate: Fraction
    seconds: float
    moves: ClassVar[bool] = True

    @property
    def origin(self) -> str:
        """Where it comes from, as of any upload."""
        return f"file sha256:{self.digest}"


def on_offer() -> bool:
    """Whether films can be read and painted on this machine."""
    return all(find_spec(name) is not None for name in NEEDED)


class Films:
    """The films of a session, in a folder that goes with it.

    Args:
        most_bytes: of one film.
    """

    def __init__(self, most_bytes: int = MOST_FILM_BYTES) -> None:
        self.most_bytes = most_bytes
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def tip(self) -> str:
        """Which films are taken; where there can be none, what to install."""
        if not on_offer():
            return LACKING
        return f"Films: MP4, WebM, MOV, GIF, at most {self.most_bytes / 1e6:.0f} MB and {MOST_SECONDS} s"

    @property
    def folder(self) -> Path:
        """Where they are; made when it is first asked for."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="nst-studio-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    def clear(self) -> None:
        """Throw all of them away. A run that still reads one ends with an error, which nobody is shown."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def check(self, name: str, content: bytes, *, most_bytes: int = MOST_BYTES) -> Picture:
        """An upload that is a photo or a film; the content decides, the name proves nothing.

        Args:
            name: of the file.
            content: its bytes.
            most_bytes: of a photo.

        Raises:
            ValueError: it is neither, or too large, too long or too small; one sentence with its name.
        """
        shown, film_by_name = shown_name(name), name.lower().endswith(SUFFIXES)
        still = is_still(content)
        if still or not (film_by_name or on_offer()):
            return check_upload(name, content, most_bytes=most_bytes)
        try:
            return self._film(shown, content)
        except NoFilm as error:
            if not film_by_name and still is None:  # neither by its name nor by its content
                return check_upload(name, content, most_bytes=most_bytes)
            raise ValueError(f"{shown} cannot be used. {error}") from None
        except ValueError as error:
            raise ValueError(f"{shown} cannot be used. {error}") from None

    def _film(self, shown: str, content: bytes) -> Clip:
        """The film in these bytes, kept as a file.

        Raises:
            ValueError: there is none, or none that is taken; in one sentence about "it".
        """
        if not on_offer():
            raise ValueError(LACKING)
        if len(content) > self.most_bytes:
            raise ValueError(
                f"It has {len(content) / 1e6:.1f} MB, more than the {self.most_bytes / 1e6:.0f} MB that are "
                "taken; make it shorter or smaller first."
            )
        digest = hashlib.sha256(content).hexdigest()[:32]
        path = self.folder / f"{digest}{safe_suffix(shown)}"
        try:
            path.write_bytes(content)
            film = opened(path)
            check_sides(*film.size)
            return Clip(shown, first_picture(film), path, digest, film.rate, length(film))
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise ValueError(f"It cannot be kept here: {error.strerror or error}.") from None
            raise


def is_still(content: bytes) -> bool | None:
    """Whether a file is a picture that does not move; None when it is no picture at all."""
    with suppress(Exception), Image.open(io.BytesIO(content)) as picture:
        return not getattr(picture, "is_animated", False)
    return None


def safe_suffix(name: str) -> str:
    """The end of a name, if nothing can be wrong with it; some films are known by it only."""
    suffix = Path(name).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,4}", suffix) else ""


def length(film: Film) -> float:
    """The length of a film in seconds; it is read up to there where the file does not say.

    Raises:
        ValueError: it is longer than is taken.
    """
    most = MOST_SECONDS + SPARE_SECONDS
    seconds = Fraction(0)
    if film.count is not None:
        seconds = film.count / film.rate
    else:
        for frame in film.frames():
            seconds = frame.time + frame.duration
            if seconds > most:
                break
    if seconds > most:
        long = f"{float(seconds):.0f} s long" if film.count is not None else f"longer than {MOST_SECONDS} s"
        raise ValueError(f"It is {long}, and at most {MOST_SECONDS} s are taken; cut a part out of it first.")
    return float(seconds)


def opened(path: Path) -> Film:
    """A film that can be read.

    Raises:
        NoFilm: it cannot.
    """
    try:
        return open_film(path)
    except (ValueError, OSError) as error:
        said = str(error).replace(f"The pictures of {path}", "Its pictures").replace(str(path), "It")
        raise NoFilm(f"{said.split(';')[0].rstrip('.')}; {ADVICE}") from None


def first_picture(film: Film) -> bytes:
    """The first picture of a film as a PNG, no larger than any result."""
    first = next(film.frames()).image  # `opened` has decoded it already
    return images.encode_png(images.load_image(Image.fromarray(first), at_most=max(SIZES)), {})
