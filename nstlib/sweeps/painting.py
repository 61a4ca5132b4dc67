"""One row of a sweep: painted into its file on whatever machine, unless the file holds it already."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import images, making
from .table import PICTURES, Row

if TYPE_CHECKING:
    from ..optimizers import History

NOTE = "nstlib sweep"  # name of the text in the PNG, beside that of `making`


@dataclass(frozen=True)
class Setting:
    """One picture to paint, as a worker gets it.

    Attributes:
        row: the keywords of `transfer_style`.
        target: the PNG to write.
    """

    row: Row
    target: Path


@dataclass(frozen=True)
class Painted:
    """What a PNG of a sweep says of its run.

    Attributes:
        row: the settings that were asked for, pictures without their folders.
        losses: of the image, at its full size: "total" and every weighted part by name.
        seconds: that the run took.
        stopped: why it ended before its iterations were made; empty otherwise.
    """

    row: Row
    losses: dict[str, float]
    seconds: float
    stopped: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        number: of the row, from 1.
        row: its settings.
        file: its picture; None when there is none.
        painted: what the picture says of its run.
        kept: whether it was there already.
        error: why there is none.
    """

    number: int
    row: Row
    file: Path | None = None
    painted: Painted | None = None
    kept: bool = False
    error: Exception | None = None

    @property
    def losses(self) -> dict[str, float]:
        """Of the picture, "total" and every weighted part by name; empty when there is none."""
        return {} if self.painted is None else self.painted.losses


def paint_setting(setting: Setting) -> Painted:
    """Paint a picture; it says how it was made and what came out.

    Raises:
        KeyboardInterrupt: it was interrupted, and half a picture is no answer.
        MemoryError: memory was short before the full size.
        ValueError, OSError, TypeError: see `transfer_style`; or it cannot be written.
    """
    from ..optimizers import Stopping
    from ..recipes import transfer_style

    there = read(setting.target)  # a worker that died may have got this far
    if there is not None and is_of(there, setting.target, setting.row):
        return there
    began = time.perf_counter()
    result = transfer_style(**setting.row, progress=False)
    if result.history.stopping is Stopping.INTERRUPTED:
        raise KeyboardInterrupt
    if result.history.cut_short:
        raise MemoryError(f"{result.history.stopped}; choose a smaller size.")
    stopped = "" if result.history.stopping is Stopping.DONE else result.history.stopped
    losses = final_losses(result.history)
    painted = Painted(without_folders(setting.row), losses, time.perf_counter() - began, stopped)
    assert result.making is not None
    images.save_image(
        result.image, setting.target, overwrite=True, notes=result.making.to_text() | to_text(painted)
    )
    return painted


def final_losses(history: History) -> dict[str, float]:
    """The losses of the image that a run returned: the lowest total at its last size, and the parts of it."""
    last = [row for row in history.rows if row["size"] == history.rows[-1]["size"]]
    best = min(last, key=lambda row: row["total"] if row["total"] == row["total"] else float("inf"))
    return {name: float(best[name]) for name in ("total", *history.names) if name in best}


def without_folders(row: Row) -> Row:
    """A row with pictures by the names of their files: as in `making`, a PNG says nothing of folders."""

    def name(value: Any) -> Any:
        if isinstance(value, dict):
            return {region: name(each) for region, each in value.items()}
        if isinstance(value, list):
            return [name(each) for each in value]
        return value if value is None or "://" in value else Path(value).name

    found = {key: name(value) if key in PICTURES else value for key, value in row.items()}
    if isinstance(start := found.get("start"), str):
        found["start"] = name(start)
    return found


def to_text(painted: Painted) -> dict[str, str]:
    """The text of the PNG."""
    about = {"row": painted.row, "losses": painted.losses, "seconds": painted.seconds}
    return {NOTE: json.dumps(about | {"stopped": painted.stopped})}


def read(path: Path) -> Painted | None:
    """What a PNG of a sweep says; None for any other file, and for none."""
    try:
        return Painted(**json.loads(images.read_notes(path)[NOTE]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_of(painted: Painted, path: Path, row: Row) -> bool:
    """Whether a PNG holds the picture of a row, whole, and made of the same pictures."""
    if painted.row != without_folders(row):
        return False
    try:
        images.load_image(path)
        return not any(
            record.is_other(source_of(row, key)) for key, record in making.read(path).pictures.items()
        )
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return False


def source_of(row: Row, key: str) -> Any:
    """The picture of a row that a record calls "style", "style/1" or "style/red"."""
    name, _, part = key.partition("/")
    found = row[name]
    return found[int(part)] if isinstance(found, list) else found[part] if part else found
