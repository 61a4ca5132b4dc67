"""Many photographs in one style: every picture of a folder, and what became of each.

Nothing in here starts Keras: names are found and checked before that.
"""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import images, making
from ..foundation import check_target, is_same_file
from ..images.decoding import open_picture
from ..jobs import run_jobs
from ..making import Making

if TYPE_CHECKING:
    from .once import OnePass

MASKS = ("content_mask", "style_mask")
MOST_IN_A_BATCH = 8  # photographs: few enough that many workers have something to do, and that a bar moves
# What a file is called that somebody means as a picture. Not all of these can be read: what is passed over
# in silence is missed, what cannot be read is named.
SUFFIXES = {
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg"),
    *(".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"),
}
# Where these keep one picture from being written, they will keep the next.
NO_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


class Became(Enum):
    """What became of a photograph."""

    PAINTED = "it was painted"
    KEPT = "its painting was there"
    FAILED = "it could not be painted"


@dataclass(frozen=True)
class Outcome:
    """What became of one photograph of a folder.

    Attributes:
        photo: its file.
        target: where its painting is, or would be.
        became: what.
        seconds: that it took, reading and writing included.
        error: why it failed; None otherwise.
    """

    photo: Path
    target: Path
    became: Became
    seconds: float
    error: Exception | None = None


def photos_in(folder: Path) -> list[Path]:
    """The files right in a folder that are called as pictures are, by name; hidden ones are none.

    Raises:
        OSError: the folder cannot be read.
        ValueError: there is no picture in it.
    """
    try:
        found = sorted(p for p in folder.iterdir() if is_called_a_picture(p) and is_meant_as_file(p))
    except OSError as error:
        raise type(error)(f"Cannot read {folder}: {error.strerror or error}.") from None
    if not found:
        raise ValueError(f"There is no picture in {folder}; give a folder with photographs right in it.")
    return found


def is_called_a_picture(path: Path) -> bool:
    """Whether a file's name is one of a picture that people see."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def is_meant_as_file(path: Path) -> bool:
    """Whether something is a file, or a link to one that is not there, which shall be named at the end."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def check_folder(target: Path, source: Path) -> None:
    """See that paintings can be written into a folder; one that is missing is made.

    Raises:
        ValueError: it is the folder of the photographs.
        OSError: nothing can be written there.
    """
    if is_same_file(target, source):
        raise ValueError(f"The photographs are in {source}: give the paintings a folder of their own.")
    try:
        target.mkdir(exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(f"{target} is a file; name a folder for the paintings.") from None
    except FileNotFoundError:
        raise FileNotFoundError(f"Cannot make {target}: there is no folder {target.parent}.") from None
    except OSError as error:
        raise type(error)(f"Cannot make {target}: {error.strerror or error}.") from None
    check_target(target / "painting.png")


def targets(photos: Iterable[Path], folder: Path) -> dict[Path, Path]:
    """Where the painting of each photograph goes: a PNG of its name.

    Those of one name, as a.jpg and a.tif, keep their endings: a.jpg.png and a.tif.png. Letters of either case
    count as the same, as they do on many disks.
    """
    photos = list(photos)
    names = {photo: photo.stem for photo in photos}
    while True:
        count = Counter(name.casefold() for name in names.values())
        shared = [p for p in photos if count[names[p].casefold()] > 1 and names[p] != p.name]
        if not shared:
            return {photo: folder / f"{name}.png" for photo, name in names.items()}
        names |= {photo: photo.name for photo in shared}


def in_order_of_shape(photos: Iterable[Path]) -> list[Path]:
    """The photographs such that those of one shape follow each other: a network is compiled for each shape.

    Those that cannot be read come first, so that they are heard of early.
    """

    def shape(photo: Path) -> tuple[int, int]:
        with suppress(OSError, ValueError), photo.open("rb") as stream:
            return open_picture(stream, str(photo)).size
        return 0, 0

    return sorted(photos, key=lambda photo: (shape(photo), photo.name))


def paint_all(
    one: OnePass,
    places: Mapping[Path, Path],
    *,
    overwrite: bool = False,
    masks: Mapping[str, str] | None = None,
) -> Iterator[Outcome]:
    """Paint photographs one by one; each painting is a PNG that says how it was made.

    What is there already and was made in the same way is not made again.

    Args:
        one: style and settings.
        places: photograph -> file of its painting.
        overwrite: whether to replace paintings that were made otherwise.
        masks: what to call those of `one`; None calls them as they are.

    Yields:
        What became of each, when it is done. A photograph that cannot be painted stops no other.

    Raises:
        OSError: no more can be written, for instance on a full disk.
        ValueError, OSError, TypeError: bad styles or masks, before the first photograph.
    """
    one.prepare()
    for photo, target in places.items():
        began, became, failure = time.perf_counter(), Became.FAILED, None
        try:
            became = paint_one(one, photo, target, overwrite, masks or {})
        except Exception as error:
            if getattr(error, "errno", None) in NO_PLACE:  # of writing: errors of reading carry none
                raise
            failure = error
        yield Outcome(photo, target, became, time.perf_counter() - began, failure)


def paint_one(one: OnePass, source: Path, target: Path, overwrite: bool, masks: Mapping[str, str]) -> Became:
    """Paint a photograph into a file, unless that holds this very painting.

    Raises:
        FileExistsError: something else is there, and `overwrite` is False.
        ValueError, OSError, TypeError, MemoryError: see `OnePass.paint` and `images.save_image`.
    """
    photo = one.load(source)
    how = one.making(source, photo)
    how = replace(how, settings=how.settings | dict(masks))
    if os.path.lexists(target):
        if is_made(target, how):
            return Became.KEPT
        if not overwrite:
            raise FileExistsError(f"{target} is there and was made otherwise; pass overwrite=True.")
    images.save_image(one.paint(photo), target, overwrite=overwrite, notes=how.to_text())
    return Became.PAINTED


@dataclass(frozen=True)
class Batch:
    """Photographs that a worker paints one after the other, with styles that it reads once for all of them.

    Attributes:
        style: a file by its whole path or a name, or several.
        keywords: of `OnePass`, masks by their whole paths.
        places, overwrite, masks: as for `paint_all`.
    """

    style: Any
    keywords: Mapping[str, Any]
    places: Mapping[Path, Path]
    overwrite: bool
    masks: Mapping[str, str]


def paint_batch(batch: Batch) -> list[Outcome]:
    """What became of the photographs of a batch."""
    from .once import OnePass  # starts Keras

    one = OnePass(batch.style, **batch.keywords)
    return list(paint_all(one, batch.places, overwrite=batch.overwrite, masks=batch.masks))


def paint_elsewhere(
    style: Any,
    keywords: Mapping[str, Any],
    places: Mapping[Path, Path],
    scheduler: str,
    *,
    overwrite: bool = False,
) -> Iterator[Outcome]:
    """As `paint_all`, on the workers of a Dask scheduler, which see the same disk; see `jobs`.

    Args:
        style, keywords: of a `OnePass`, with pictures by name.
        places, overwrite: as for `paint_all`.
        scheduler: its address.

    Yields, raises: as `paint_all` and `jobs.run_jobs`.
    """
    masks = {name: os.fspath(keywords[name]) for name in MASKS if keywords.get(name) is not None}
    there = dict(keywords) | images.placed(masks)
    whole = {photo.absolute(): target.absolute() for photo, target in places.items()}
    names = dict(zip(whole, places.items(), strict=True))
    batches = [
        Batch(images.placed(style), there, {photo: whole[photo] for photo in photos}, overwrite, masks)
        for photos in batched(whole, MOST_IN_A_BATCH)
    ]
    with closing(run_jobs(paint_batch, batches, scheduler=scheduler, progress=False)) as jobs:
        for finished in jobs:
            if finished.error is not None and not isinstance(finished.error, ChildProcessError):
                raise finished.error
            died = [
                Outcome(*pair, Became.FAILED, 0.0, finished.error) for pair in finished.job.places.items()
            ]
            for outcome in finished.result or died:
                photo, target = names[outcome.photo]
                yield replace(outcome, photo=photo, target=target)


def batched(photos: Iterable[Path], most: int) -> Iterator[list[Path]]:
    """Lists of at most so many, in order; `itertools` has this from Python 3.12 on."""
    left = iter(photos)
    while batch := list(itertools.islice(left, most)):
        yield batch


def is_made(path: Path, how: Making) -> bool:
    """Whether a file is whole and was made in this way, be it by another backend."""
    try:
        there = making.read(path)
        images.load_image(path)
    except (OSError, ValueError):
        return False
    return replace(there, usual=(), backend="") == replace(how, usual=(), backend="")
