"""A run in a file: written whole or not at all, and read back only into the run it belongs to."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .foundation import whole_file
from .networks import ChangedNetwork, FeatureNetwork, weights
from .optimizers import State


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands.

    Attributes:
        stage: index of the size that is being worked at.
        state: of the optimiser.
        rows: of the history.
        snapshots: images kept so far, by iteration.
    """

    stage: int
    state: State
    rows: list[dict[str, Any]]
    snapshots: dict[int, np.ndarray]


def fingerprint(settings: Mapping[str, Any], pictures: Sequence[np.ndarray], network: FeatureNetwork) -> str:
    """A short text that differs when a checkpoint would not fit a run.

    Args:
        settings: everything that was asked for, except the number of iterations.
        pictures: those that go into the run, the image to start from among them.
        network: its weights, the kinds of its layers and their number format count, not only its name, and
            what a change before it makes of a picture.
    """
    layers = [f"{type(layer).__name__} {layer.compute_dtype}" for layer in network.model.layers]
    sums = [[list(p.shape), zlib.crc32(np.ascontiguousarray(p).tobytes())] for p in pictures]
    parts = [settings, sums, checksum(network), zlib.crc32("".join(layers).encode())]
    if isinstance(network, ChangedNetwork):  # two changes may have one name: that of every lambda
        parts.append(zlib.crc32(network.preprocess(pictures[-1]).tobytes()))
    return json.dumps(parts, default=str)


def checksum(network: FeatureNetwork) -> int:
    """CRC-32 of all weights of a network."""
    return weights.checksum(network.model)


def save(path: Path, made_by: str, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; `made_by` is the fingerprint of the run.

    Raises:
        OSError: it cannot be written; an older file at `path` is as it was.
    """
    arrays: dict[str, Any] = checkpoint.state.pack()
    arrays |= {f"snapshot/{k}": image for k, image in checkpoint.snapshots.items()}
    notes = {"fingerprint": made_by, "stage": checkpoint.stage, "rows": checkpoint.rows}
    arrays["notes"] = np.array(json.dumps(notes))
    with whole_file(path) as partial, open(partial, "wb") as file:
        np.savez(file, **arrays)


def load(path: Path, made_by: str) -> Checkpoint | None:
    """The checkpoint in a file, or None when there is no file yet.

    Raises:
        ValueError: the file is not a checkpoint, or one of another run.
    """
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
        notes = json.loads(str(arrays.pop("notes")))
        same = notes["fingerprint"] == made_by
        found = Checkpoint(int(notes["stage"]), State.unpack(arrays), notes["rows"], snapshots_in(arrays))
    except Exception:  # a broken file fails in as many ways as it can be broken
        raise ValueError(f"{path} is not a readable checkpoint: name another file or delete it.") from None
    if not same:
        raise ValueError(f"{path} is the checkpoint of another run: name another file or delete it.")
    return found


def snapshots_in(arrays: Mapping[str, np.ndarray]) -> dict[int, np.ndarray]:
    """The snapshots among the arrays of a checkpoint."""
    return {int(name.split("/")[1]): a for name, a in arrays.items() if name.startswith("snapshot/")}
