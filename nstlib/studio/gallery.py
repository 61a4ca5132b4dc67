"""Earlier results: a folder of PNG files, each the record of its own making.

A result is two files of one name: the PNG, whose text chunks hold every setting, and a JPEG of the photo at
the same size, to compare it with. Of a film both are the first frame, and the film is a third file, an MP4.
The PNG alone decides what is in the gallery. Every visitor of a server
has a folder of their own; a notebook uses the folder `local`. `NSTLIB_STUDIO` says where they all are.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image

from .. import images
from ..foundation import home_folder, spare_home, whole_file
from ..making import Making
from .pictures import in_words
from .settings import SIZES, Settings, call, film_call
from .styling import Styling

KEPT = 40  # results of one visitor; the oldest makes room
LOCAL = "local"
VISITOR = re.compile(r"[0-9a-f]{32}")
KEY = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{4}")  # date, time, microseconds: in order of their making
SOFTWARE = "nstlib Studio"
FINISHED, ONCE = "finished", "painted in one pass"  # outcomes of what came to its end


@dataclass(frozen=True)
class Record:
    """What a PNG says of its making.

    Attributes:
        photo, style: what the pictures were called; with more than one style, `styling` names them all.
        photo_origin, style_origin: where they came from, see `pictures.Picture.origin`.
        settings: all other choices.
        outcome: `FINISHED`, `ONCE` for what one pass made, or where it was stopped.
        seconds: the run took.
        made: local time, such as "2026-11-21 15:30".
        styling: which styles go where.
        frames: of the painted film; 0 for a picture.
    """

    photo: str
    style: str
    photo_origin: str
    style_origin: str
    settings: Settings
    outcome: str
    seconds: float
    made: str
    styling: Styling = Styling()
    frames: int = 0

    @property
    def styles(self) -> str:
        """The names of all styles, in words."""
        return self.styling.title(in_words(self.style, self.style_origin))

    @property
    def title(self) -> str:
        """What there is to see, in words."""
        return f"{in_words(self.photo, self.photo_origin)} in the style of {self.styles}"

    @property
    def stopped(self) -> bool:
        """Whether the run was ended before its time."""
        return self.outcome not in (FINISHED, ONCE)

    @property
    def once(self) -> bool:
        """Whether one pass made it."""
        return self.outcome == ONCE

    def call(self) -> str:
        """The lines of Python that repeat the run."""
        style, keywords = self.styling.arguments(self.style)
        if self.frames:
            return film_call(self.photo, style, self.settings, keywords)
        return call(self.photo, style, self.settings, keywords, once=self.once)

    def to_text(self) -> dict[str, str]:
        """The text chunks of the PNG."""
        return {
            "Title": self.title,
            "Software": SOFTWARE,
            "Creation Time": self.made,
            "photo": self.photo,
            "photo origin": self.photo_origin,
            "style": self.style,
            "style origin": self.style_origin,
            **self.settings.to_text(),
            **self.styling.to_text(),
            **({"frames": str(self.frames)} if self.frames else {}),
            "outcome": self.outcome,
            "seconds": f"{self.seconds:.1f}",
            "call": self.call(),
        }

    @staticmethod
    def from_text(text: Mapping[str, str]) -> Record:
        """The record that `to_text` wrote.

        Raises:
            ValueError: some of it is missing or makes no sense.
        """
        if text.get("Software") != SOFTWARE:
            raise ValueError("This picture was not made in the Studio.")
        names = ("photo", "style", "photo origin", "style origin", "outcome", "seconds", "Creation Time")
        if missing := [name for name in names if name not in text]:
            raise ValueError(f"This picture does not say its {missing[0]}.")
        seconds = float(text["seconds"])
        if not math.isfinite(seconds):
            raise ValueError(f"A run cannot take {seconds} seconds.")
        return Record(
            photo=text["photo"],
            style=text["style"],
            photo_origin=text["photo origin"],
            style_origin=text["style origin"],
            settings=Settings.from_text(text),
            outcome=text["outcome"],
            seconds=seconds,
            made=text["Creation Time"],
            styling=Styling.from_text(text),
            frames=max(0, int(text.get("frames", 0))),
        )


@dataclass(frozen=True)
class Entry:
    """A result: its record, and its key, the name of its files (empty when it could not be stored)."""

    key: str
    record: Record

    @property
    def moves(self) -> bool:
        """Whether it is a film."""
        return self.record.frames > 0

    @property
    def filename(self) -> str:
        """A name for a download."""
        words = re.sub(r"[^\w-]+", "-", f"{Path(self.record.photo).stem}-{Path(self.record.styles).stem}")
        suffix = "mp4" if self.moves else "png"
        return f"{words.strip('-') or 'picture'}-{self.key[9:15] or 'result'}.{suffix}"


@dataclass(frozen=True, eq=False)
class Files:
    """What a result consists of.

    Attributes:
        png: from `encode`; of a film, its first frame.
        photo: at the same size, as a JPEG; None when it is no longer there.
        film: an MP4; empty for a picture.
    """

    png: bytes
    photo: bytes | None
    film: bytes = b""


def encode(image: np.ndarray, record: Record, making: Making | None = None) -> bytes:
    """The bytes of a PNG that says how it was made.

    Args:
        image: the picture.
        record: what the page shows of it.
        making: what `nst.repeat` and `nst stylize --settings` read.
    """
    notes = {} if making is None else making.to_text()
    return images.encode_png(image, notes | record.to_text())


def root() -> Path:
    """The folder of all galleries: `NSTLIB_STUDIO`, or this system's usual place for a user's data.

    A user without a home, such as a service in a container, keeps it among the temporary files.
    """
    if chosen := os.environ.get("NSTLIB_STUDIO"):
        return Path(chosen).expanduser().resolve()
    home = home_folder()
    if home is None:
        return spare_home() / "studio"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local")
    elif sys.platform == "darwin":
        base = home / "Library/Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return base / "nstlib" / "studio"


def of_visitor(visitor: str | None) -> Gallery:
    """The gallery of a visitor of a server; of this computer's user for None.

    Raises:
        ValueError: not an identifier that the server gave: it becomes the name of a folder.
    """
    if visitor is not None and not VISITOR.fullmatch(visitor):
        raise ValueError("This visitor has no valid identifier; delete the cookies of this page.")
    return Gallery(root() / (visitor or LOCAL))


class Gallery:
    """The results in one folder, which need not exist yet."""

    def __init__(self, folder: Path, *, kept: int = KEPT) -> None:
        self.folder, self.kept = folder, kept

    def entries(self) -> list[Entry]:
        """All results, the latest first; files that are not whole or not ours are passed over."""
        found = []
        for key in self.keys():
            with suppress(Exception):  # broken files make decoders fail in every way there is
                found.append(Entry(key, _read_record(self._file(key, ".png"))))
        return found

    def keys(self) -> list[str]:
        """The names of the files that may be results, the latest first."""
        stems = (path.stem for path in self.folder.glob("*.png"))
        return sorted(filter(KEY.fullmatch, stems), reverse=True)

    def add(self, png: bytes, photo: bytes, record: Record, film: bytes = b"") -> Entry:
        """Store a result; beyond the number kept, the oldest is deleted.

        Args:
            png: the result, from `encode`.
            photo: the photo at the same size, as a JPEG.
            record: what the PNG says.
            film: an MP4, if it is one.

        Raises:
            OSError: it cannot be written; nothing was.
        """
        key = f"{datetime.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise OSError(f"Cannot make the folder {self.folder}: {error.strerror or error}.") from None
        try:
            # The PNG last: it is what counts.
            for suffix, content in ((".mp4", film), (".jpg", photo), (".png", png)):
                if not content:
                    continue
                with whole_file(self.folder / f"{key}{suffix}", overwrite=False) as temporary:
                    temporary.write_bytes(content)
        except BaseException:
            with suppress(OSError):  # a photo without its result would stay for ever
                self.delete(key)
            raise
        for old in self.keys()[self.kept :]:
            with suppress(OSError):  # the new result is stored all the same
                self.delete(old)
        return Entry(key, record)

    def png(self, key: str) -> bytes:
        """The bytes of a result.

        Raises:
            OSError: it is no longer there.
        """
        return self._file(key, ".png").read_bytes()

    def photo(self, key: str) -> bytes | None:
        """The JPEG of its photo, if it is still there."""
        try:
            return self._file(key, ".jpg").read_bytes()
        except OSError:
            return None

    def files(self, entry: Entry) -> Files:
        """All that a result consists of.

        Raises:
            OSError: it is no longer there.
        """
        film = self._file(entry.key, ".mp4").read_bytes() if entry.moves else b""
        return Files(self.png(entry.key), self.photo(entry.key), film)

    def delete(self, key: str) -> None:
        """Remove a result; it may be gone already."""
        for suffix in (".png", ".jpg", ".mp4"):
            self._file(key, suffix).unlink(missing_ok=True)

    def _file(self, key: str, suffix: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not the key of a result.")
        return self.folder / f"{key}{suffix}"


def _read_record(path: Path) -> Record:
    """The record in a PNG whose pixels can be decoded.

    Raises:
        Exception: of any kind, when it is broken, or not a result of the Studio.
    """
    with Image.open(path, formats=["PNG"]) as picture:
        if max(picture.size) > max(SIZES):
            raise ValueError("It is larger than any result.")
        record = Record.from_text(images.notes_in(picture))
        picture.load()
    return record
