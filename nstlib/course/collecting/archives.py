"""ZIP files from strangers: what is in them, unpacked without believing anything they say.

A member lies under its own name (platforms write there who it is from, and want it back), but each part of
the path is made harmless first, and no path that leads elsewhere is taken. Bytes are counted while they come,
not as the header promises; only stored and deflated members are taken (others need memory in proportion to
what the archive asks for); a folder appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import stat
import struct
import tempfile
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from . import names
from .reading import MOST_BYTES

MOST_RATIO = 200  # bytes that come out for each that goes in; deflate's own limit is 1032
FREE_OF_RATIO = 1 << 20  # bytes that may come out at any ratio: small texts shrink well
MOST_NAME = 255  # bytes of a part of a path, as file systems have it
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED, UTF8 = 0x1 | 0x40, 0x800  # bits of a member's flag


class Refused(ValueError):
    """An archive, or one of its members, that is not unpacked; the message says why and what to do."""


@dataclass(frozen=True)
class Bounds:
    """What an archive may hold.

    Attributes:
        entries: most members.
        member: most bytes of one, unpacked.
        total: most bytes of all together, unpacked.
        directory: most bytes of the list of members, which is read into memory as a whole.
    """

    entries: int
    member: int
    total: int
    directory: int


DOWNLOAD = Bounds(entries=50_000, member=500 << 20, total=20 << 30, directory=16 << 20)  # of a whole class
STUDENTS = Bounds(entries=2_000, member=MOST_BYTES, total=4 * MOST_BYTES, directory=1 << 20)


@dataclass(frozen=True)
class Member:
    """A file of an archive.

    Attributes:
        parts: its path in the archive.
        path: where it lies unpacked; None when it was not wanted or refused.
        problem: why it was refused; empty when it was not.
        astray: whether the path leads out of the archive, and so says nothing; it is one part then.
    """

    parts: tuple[str, ...]
    path: Path | None = None
    problem: str = ""
    astray: bool = False


class Bounded(io.BufferedReader):
    """A file of which `zipfile` reads no more at once than is good for it."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(io.FileIO(path))
        self.most = most

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, or what is left.

        Raises:
            Refused: that is too much.
        """
        if size is None or size < 0:
            size = self.most + 1
        data = super().read(min(size, self.most + 1))
        if len(data) > self.most:
            raise Refused("Its list of files is too long: hand in the notebook itself, not packed.")
        return data


def unpack(
    archive: Path, into: Path, wanted: Callable[[tuple[str, ...]], bool], bounds: Bounds
) -> list[Member]:
    """Unpack what is wanted of a ZIP file into a folder of its own, whole or not at all.

    Args:
        archive: the file.
        into: where the folder is made; its name comes from the archive's content, so that the same archive
            comes to lie in the same place.
        wanted: of which members, by their path; the others are named only.
        bounds: what the archive may hold.

    Returns:
        All members that are files, in the archive's order.

    Raises:
        Refused: it is no ZIP, broken, encrypted, or holds too much.
        OSError: the disk.
    """
    target = into / folder_name(archive, digest(archive))
    into.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=into))
    try:
        with Bounded(archive, bounds.directory) as file, opened(file) as content:
            members = take(content, partial, wanted, bounds)
        if not target.is_dir():
            partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [replace(each, path=each.path and target / each.path.relative_to(partial)) for each in members]


def folder_name(archive: Path, letters: str) -> str:
    """The name of the folder into which an archive is unpacked: its own, and letters of its content."""
    return f"{names.cut(names.safe_part(archive.stem)[0] or 'archive', 60)}-{letters}"


def digest(archive: Path) -> str:
    """A few letters that change with the content of a file."""
    with open(archive, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


@contextlib.contextmanager
def opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """An archive.

    Raises:
        Refused: it cannot be read.
    """
    try:
        with zipfile.ZipFile(file) as content:
            yield content
    except (
        zipfile.BadZipFile,
        struct.error,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("It cannot be read as a ZIP file (was its upload cut off?): pack it again.") from None


def take(
    content: zipfile.ZipFile, folder: Path, wanted: Callable[[tuple[str, ...]], bool], bounds: Bounds
) -> list[Member]:
    """Write the wanted members of an archive into a folder.

    Raises:
        Refused: the archive holds too much, or all of it is encrypted.
    """
    infos = [info for info in content.infolist() if not info.is_dir()]
    if len(infos) > bounds.entries:
        raise Refused(f"It holds {len(infos)} files; at most {bounds.entries} are unpacked.")
    if not infos:
        raise Refused("There is no file in it.")
    if all(info.flag_bits & ENCRYPTED for info in infos):
        raise Refused("It is encrypted: pack it without a password.")
    found, left = [], bounds.total
    for number, info in enumerate(infos):
        try:
            parts = safe_path(info)
            if not wanted(parts):
                found.append(Member(parts))
                continue
            path = place_for(folder, parts, number)
            left -= write(content, info, path, bounds.member, left)
            found.append(Member(parts, path))
        except Astray as problem:
            found.append(Member((name_of(info)[:MOST_NAME],), problem=str(problem), astray=True))
        except Unsuitable as problem:
            found.append(Member(safe_path(info), problem=str(problem)))
    return found


class Unsuitable(Refused):
    """A member that is not unpacked while the others are."""


class Astray(Unsuitable):
    """A member whose name leads out of the folder, or can stand on no disk."""


def write(content: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, most: int, left: int) -> int:
    """Write one member to a file; returns its bytes.

    Args:
        content: the archive.
        info: of the member.
        path: where to.
        most: bytes a member may have.
        left: bytes that all together may still have.

    Raises:
        Unsuitable: it is no file that can be taken, and is not written.
        Refused: this is an archive made to fill the disk.
    """
    check(info)
    count = 0
    try:
        with content.open(info) as source, open(path, "wb") as file:
            while block := source.read(1 << 16):
                count += len(block)
                if count > max(FREE_OF_RATIO, MOST_RATIO * info.compress_size):
                    raise Refused(f"{info.filename} unpacks to more than {MOST_RATIO} times its size.")
                if count > left:
                    raise Refused("It unpacks to more than is kept: hand in the notebooks only.")
                if count > most:
                    raise Unsuitable(f"It has more than {most >> 20} MB.")
                file.write(block)
    except Unsuitable:
        path.unlink(missing_ok=True)
        raise
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError):
        path.unlink(missing_ok=True)
        raise Unsuitable("It cannot be unpacked (was its upload cut off?): pack it again.") from None
    set_time(path, info)
    return count


def check(info: zipfile.ZipInfo) -> None:
    """See that a member is an ordinary file, packed in an ordinary way.

    Raises:
        Unsuitable: it is not.
    """
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        raise Unsuitable("It is a link to another file: pack the file itself.")
    if kind not in (0, stat.S_IFREG):
        raise Unsuitable("It is no ordinary file.")
    if info.flag_bits & ENCRYPTED:
        raise Unsuitable("It is encrypted: pack it without a password.")
    if info.compress_type not in METHODS:
        raise Unsuitable("It is packed in an unusual way: pack it as an ordinary ZIP (deflate).")


def safe_path(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The path of a member, which leads nowhere else.

    Some programs of Windows write backslashes; they part folders here as well.

    Raises:
        Astray: it would lead out of the folder, or can stand on no disk.
    """
    name = name_of(info)
    parts = tuple(part for part in re.split(r"[/\\]", name) if part not in ("", "."))
    if name[:1] in ("/", "\\") or re.match(r"[A-Za-z]:", name) or ".." in parts or not 0 < len(parts) <= 30:
        raise Astray("Its name leads out of the archive's folder: pack it again, without that path.")
    if any(len(part.encode("utf-8", "replace")) > MOST_NAME for part in parts):
        raise Astray("Its name is longer than any file's: give it a shorter one.")
    return parts


def name_of(info: zipfile.ZipInfo) -> str:
    """The name of a member, as it was meant.

    A name without the mark of UTF-8 is read as code page 437, as the format has it; but macOS and others
    write UTF-8 without the mark, and no name in that code page happens to be UTF-8 beyond ASCII.
    """
    if info.flag_bits & UTF8:
        return info.filename
    with contextlib.suppress(UnicodeError):
        return info.filename.encode("cp437").decode("utf-8")
    return info.filename


def place_for(folder: Path, parts: tuple[str, ...], number: int) -> Path:
    """Where a member is written: under its own path, or under its number where that is taken already."""
    place = folder.joinpath(*map(disk_name, parts))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        taken = place.exists()
    except OSError:  # a file stands where a folder should be, or the path is too long
        taken = True
    if taken:
        place = folder / f"{number:05d}" / disk_name(parts[-1])
        place.parent.mkdir(parents=True, exist_ok=True)
    return place


def disk_name(part: str) -> str:
    """A part of a path as it can stand on a disk: at most 200 bytes, its ending kept, no controls."""
    shown = "".join("_" if unicodedata.category(c) in ("Cc", "Cs") or c in "/\\" else c for c in part)
    if len(shown.encode()) > 200:
        ending = Path(shown).suffix[-16:]
        letters = hashlib.sha256(shown.encode()).hexdigest()[:8]
        shown = f"{names.cut(shown, 150)}-{letters}{ending}"
    return "_" if shown.strip(".") == "" else shown


def set_time(path: Path, info: zipfile.ZipInfo) -> None:
    """Give a file the time that stands in the archive, by which the newer of two is told."""
    when: Any = (*info.date_time, 0, 0, -1)
    with contextlib.suppress(ValueError, OverflowError, OSError):
        seconds = time.mktime(when)
        os.utime(path, (seconds, seconds))
