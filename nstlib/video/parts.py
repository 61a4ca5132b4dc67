"""What there is of a film while it is painted: a folder with its plan and one picture for each frame.

Every frame is a file of its own, written whole or not at all, so that a run that was killed, or worked at by
many machines, goes on with the first frame that is missing. PNG keeps every value, and what the next frame is
made of is what was written, so a film that was interrupted is the same film.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .. import images
from ..foundation import whole_file
from .film import Film, open_film
from .frame import Frame
from .motion import opencv
from .saving import check_film_output

PLAN = "plan.json"
UNFINISHED = "unfinished.json"  # the stamp of the film that an interruption left at OUT
ELSEWHERE = "write to another place."
OURS = re.compile(r"\d{7}\.png|style-\d+\.png|plan\.json|unfinished\.json")
STYLE_FILE = re.compile(r"style-\d+\.png")
BYTES_PER_PIXEL = 2.5  # of a frame as a PNG; painted ones of 384 x 216 pixels in five styles had 2.0 to 2.5
FAST = 1  # level of compression: 6 saves less than a tenth and takes up to 2.8 times as long


@dataclass(frozen=True)
class Plan:
    """How a film is painted; everything that any machine needs to paint any of its frames.

    Attributes:
        film: file, folder or name.
        rate: frames a second of a folder; None where the film says it.
        film_stamp: what tells that film from another of the name.
        method, settings: of the `FramePainter`; `settings["style"]` is a list of files and names.
        made_with: checksum of the weights, digests of the styles.
        shape: (height, width) of the frames.
        cuts: frames with which a shot begins, 0 among them.
        times, durations: of each frame in seconds, as fractions.
        most: only the first so many frames; None for all.
    """

    film: str
    rate: str | None
    film_stamp: list[int]
    method: str
    settings: dict[str, Any]
    made_with: dict[str, Any]
    shape: tuple[int, int]
    cuts: list[int] = field(default_factory=list)
    times: list[str] = field(default_factory=list)
    durations: list[str] = field(default_factory=list)
    most: int | None = None

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.times)

    def is_of(self, other: Plan) -> bool:
        """Whether both paint in the same way; how much of the film, and what is found in it, may differ."""
        found = {"most", "cuts", "times", "durations"}
        mine, theirs = (json.loads(json.dumps(asdict(plan))) for plan in (self, other))
        return all(mine[name] == theirs[name] for name in mine if name not in found)

    def shot_of(self, number: int) -> int:
        """The frame with which the shot of a frame begins."""
        return max(cut for cut in self.cuts if cut <= number)


class Parts:
    """The folder of a film that is being painted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def beside(out: Path) -> Parts:
        """Where the frames of a film that shall be written to `out` are kept meanwhile."""
        return Parts(out.with_name(f"{out.name}.frames"))

    def plan(self) -> Plan | None:
        """What is painted here; None when there is nothing.

        Raises:
            ValueError: it cannot be read.
        """
        path = self.folder / PLAN
        if not path.exists():
            return None
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            return Plan(**{**known, "shape": tuple(known["shape"])})
        except (OSError, ValueError, TypeError, KeyError):
            raise ValueError(
                f"{path} cannot be read: remove the folder {self.folder} to begin anew."
            ) from None

    def check(self, film: Path) -> None:
        """See that the folder, which will be removed at the end, holds nothing but what was put there by us.

        Args:
            film: that is read.

        Raises:
            FileExistsError: it holds something else, or is a file.
            ValueError: the film is this folder, or one that it would be in.
        """
        if film.resolve() in self.folder.resolve().parents or self.folder.resolve() == film.resolve():
            raise ValueError(
                f"{self.folder} is where frames are kept, in the folder that is read: {ELSEWHERE}"
            )
        if not self.folder.exists() or (self.folder / PLAN).exists():
            return
        if not self.folder.is_dir():
            raise FileExistsError(f"Frames are kept in {self.folder}, which is a file: {ELSEWHERE}")
        others = sorted(each.name for each in self.folder.iterdir())
        if others := [name for name in others if not (name.startswith(".") or STYLE_FILE.fullmatch(name))]:
            raise FileExistsError(
                f"Frames are kept in {self.folder}, which holds {others[0]}, not ours: {ELSEWHERE}"
            )

    def note_unfinished(self, out: Path) -> None:
        """Keep in mind what an interruption leaves at `out`, so that the next run may replace it."""
        with whole_file(self.folder / UNFINISHED) as temporary:
            temporary.write_text(json.dumps(stamp(out)), encoding="utf-8")

    def left_unfinished(self, out: Path) -> bool:
        """Whether what is at `out` is still what an interruption left there."""
        try:
            known = json.loads((self.folder / UNFINISHED).read_text(encoding="utf-8"))
            return bool(known == stamp(out))
        except (OSError, ValueError):
            return False

    def write_plan(self, plan: Plan) -> None:
        """Write the plan, whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with whole_file(self.folder / PLAN) as temporary:
            temporary.write_text(json.dumps(asdict(plan)), encoding="utf-8")

    def path(self, number: int) -> Path:
        """The file of a frame."""
        return self.folder / f"{number:07d}.png"

    def has(self, number: int) -> bool:
        """Whether a frame is painted."""
        return self.path(number).exists()

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Those of the frames that are not painted."""
        return [number for number in numbers if not self.has(number)]

    def whole(self, count: int) -> int:
        """How many frames there are from the first on without a gap."""
        return next((number for number in range(count) if not self.has(number)), count)

    def write(self, number: int, painting: np.ndarray) -> np.ndarray:
        """Keep a painted frame, float32 RGB (1, H, W, 3); returns it as it will be read."""
        pixels = images.to_uint8(np.clip(painting, 0, 1))
        with whole_file(self.path(number)) as temporary:
            Image.fromarray(pixels).save(temporary, "PNG", compress_level=FAST)
        return as_image(pixels)

    def read(self, number: int) -> np.ndarray:
        """A painted frame, uint8 RGB (H, W, 3)."""
        with Image.open(self.path(number)) as picture:
            return np.array(picture.convert("RGB"))

    def frames(self, plan: Plan, count: int) -> Iterator[Frame]:
        """The first painted frames of the film, in order."""
        for number in range(count):
            time, duration = Fraction(plan.times[number]), Fraction(plan.durations[number])
            yield Frame(self.read(number), time, duration)

    def keep_styles(self, pictures: Sequence[Any]) -> list[str]:
        """The style pictures as names or files that other machines can read; arrays become files here."""
        kept = []
        for number, picture in enumerate(pictures):
            if isinstance(picture, str) or hasattr(picture, "__fspath__"):
                kept.append(named(picture))
                continue
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"style-{number}.png"
            images.save_image(images.load_image(picture), path, overwrite=True)
            kept.append(str(path.resolve()))
        return kept

    def remove(self) -> None:
        """Throw away what was put there, and the folder when nothing else is in it: the film is there."""
        for each in [*self.folder.glob("*")] if self.folder.is_dir() else []:
            if OURS.fullmatch(each.name):
                each.unlink(missing_ok=True)
        with suppress(OSError):  # it holds something of somebody else's
            self.folder.rmdir()

    def has_beyond(self, count: int) -> bool:
        """Whether there are frames of a longer film, of which only the first `count` are asked for."""
        numbers = (int(each.stem) for each in self.folder.glob("*.png") if each.stem.isdecimal())
        return any(number >= count for number in numbers)

    def drop_damaged(self, plan: Plan) -> None:
        """Forget frames that cannot be read, or have another size, as a crash or a full disk leaves them."""
        for number in range(plan.count):
            if not self.has(number):
                continue
            try:
                fits = self.read(number).shape[:2] == plan.shape
            except (OSError, SyntaxError, ValueError):
                fits = False
            if not fits:
                self.path(number).unlink(missing_ok=True)


@dataclass(frozen=True)
class Files:
    """What a film is made of and where.

    Attributes:
        source: the film that is read.
        target: the film that is written.
        parts: its frames meanwhile.
        replace: whether what is at the target may be replaced.
    """

    source: Film
    target: Path
    parts: Parts
    replace: bool


def check_files(film: Any, out: str | Path, *, rate: float | None = None, overwrite: bool = False) -> Files:
    """See that a film can be read and another written, before anything that takes time is started.

    An unfinished film, as an interruption leaves it, is replaced unasked.

    Raises:
        ValueError, OSError, ModuleNotFoundError: it cannot; in one sentence.
    """
    opencv()  # for the flow, which is wanted late
    target = Path(out).expanduser()
    if not target.name:
        raise ValueError(f"OUT is {str(out)!r}: name a film, or a new folder for its frames.")
    source = open_film(film, rate=rate)
    parts = Parts.beside(target)
    parts.check(source.path)
    replace = overwrite or parts.left_unfinished(target)
    check_film_output(target, source=source, overwrite=replace)
    return Files(source, target, parts, replace)


def named(source: Any) -> str:
    """A source as any process on any machine of one disk understands it: whole paths, names as they are."""
    from .. import samples

    text = str(source)
    if "://" in text or samples.is_name(text):
        return text
    path = Path(text).expanduser()
    return str(path.resolve()) if path.exists() else text


def stamp(path: Path) -> list[int]:
    """What tells a file, or a folder, from another of its name: size and time of its last change."""
    if path.is_dir():
        files = [p.stat() for p in sorted(path.iterdir()) if p.is_file()]
        return [len(files), sum(s.st_size for s in files), max((s.st_mtime_ns for s in files), default=0)]
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def as_image(pixels: np.ndarray) -> np.ndarray:
    """uint8 RGB (H, W, 3) as float32 RGB in [0, 1], (1, H, W, 3)."""
    return pixels.astype("float32")[None] / 255


def room_for(count: int, shape: tuple[int, int]) -> float:
    """Bytes that the frames of a film take on the disk."""
    return count * shape[0] * shape[1] * BYTES_PER_PIXEL


def plainly(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON holds them."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(settings), default=lambda value: value.tolist()))
    return plain
