"""The record of a run: one row per evaluation of the objective."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from ..foundation import unknown_name, whole_file


class Stopping(Enum):
    """Why a run ended, for programs; `History.stopped` says it in words."""

    RUNNING = "it goes on"
    DONE = "all iterations were made"
    STUCK = "no lower point was found"
    DIVERGED = "the loss was not finite"
    INTERRUPTED = "somebody interrupted it"
    OUT_OF_MEMORY = "memory was short"
    ERROR = "an error ended it"


@dataclass
class History:
    """What happened during a run, evaluation by evaluation.

    Attributes:
        rows: dictionaries with "evaluation" (from 1), "iteration" (0 for the start; a line search gives one
            iteration several rows), "size" (longer side in pixels, None where there is no picture),
            "seconds" (of this evaluation), "total", and every weighted part by name.
        stopped: why the run ended, in words, whatever ended it; empty while it goes on.
        stopping: the same for programs.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    stopped: str = ""
    stopping: Stopping = Stopping.RUNNING

    def stop(self, stopping: Stopping, words: str) -> None:
        """Write down why the run ended."""
        self.stopping, self.stopped = stopping, words

    @property
    def cut_short(self) -> bool:
        """Whether the run would have gone on, had it been let."""
        return self.stopping in (Stopping.INTERRUPTED, Stopping.OUT_OF_MEMORY)

    def add(
        self, iteration: int, size: int | None, value: float, parts: Mapping[str, float], seconds: float
    ) -> None:
        """Append one evaluation."""
        row = {"evaluation": len(self.rows) + 1, "iteration": iteration, "size": size, "seconds": seconds}
        self.rows.append({**row, "total": value, **parts})

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> list[str]:
        """Names of the parts of the loss, in the order they first appear."""
        fixed = {"evaluation", "iteration", "size", "seconds", "total"}
        return [n for n in dict.fromkeys(key for row in self.rows for key in row) if n not in fixed]

    @property
    def iterations(self) -> int:
        """How many iterations were made over all sizes, one that found no better point included."""
        finished: dict[Any, int] = {}
        for row in self.rows:
            finished[row["size"]] = max(finished.get(row["size"], 0), row["iteration"])
        return sum(finished.values())

    @property
    def seconds(self) -> float:
        """Seconds spent in evaluations, compilation included."""
        return float(sum(row["seconds"] for row in self.rows))

    def column(self, name: str) -> np.ndarray:
        """One column as an array, NaN where a row does not have it.

        Raises:
            ValueError: no such column; the nearest is suggested.
        """
        known = list(dict.fromkeys(key for row in self.rows for key in row))
        if name not in known:
            raise unknown_name("column", name, known)
        return np.array([np.nan if row.get(name) is None else row[name] for row in self.rows], float)

    def best(self) -> np.ndarray:
        """The lowest total seen up to each evaluation (of the present size), NaN left out."""
        lowest, out, size = np.inf, [], None
        for row in self.rows:
            if row["size"] != size:
                lowest, size = np.inf, row["size"]
            lowest = row["total"] if row["total"] < lowest else lowest
            out.append(lowest)
        return np.array(out)

    def save(self, path: str | Path, *, overwrite: bool = True) -> None:
        """Write the rows as a CSV table, whole or not at all."""
        columns = list(dict.fromkeys(key for row in self.rows for key in row))
        whole = whole_file(Path(path), overwrite)
        with whole as partial, open(partial, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)
