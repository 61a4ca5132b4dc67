"""The seeds of the fresh numbers: one for each exercise and folder of grades.

Everybody's answers meet the same numbers, today and when they are graded again, so equal files get equal
points. A seed is secret until the last submission is in: who knows it can compute what the hidden tests ask.
It lies in the folder of grades, readable to its owner only.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from ..foundation import whole_file

FILE = "seeds.json"


def read_seeds(folder: Path) -> dict[str, int]:
    """The seeds in a folder of grades, by exercise; none where there is no file.

    Raises:
        ValueError: the file is there and cannot be read.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not all(type(seed) is int and seed >= 0 for seed in found.values()):
            raise ValueError
    except (OSError, ValueError, AttributeError):
        raise ValueError(
            f"{path} cannot be read, and other seeds would change grades: put it back from a copy, or delete "
            f"it to grade everything anew."
        ) from None
    return dict(found)


def seeds_for(folder: Path, exercises: Iterable[str], given: int | None = None) -> dict[str, int]:
    """The seeds of exercises; those that are missing are drawn, and all are kept.

    Args:
        folder: of grades.
        exercises: their names.
        given: by the teacher, for all of these exercises, in place of what is there.

    Raises:
        ValueError: see `read_seeds`.
    """
    known, wanted = read_seeds(folder), set(exercises)
    new = {name: secrets.randbits(63) if given is None else given for name in wanted}
    seeds = known | (new if given is not None else {name: new[name] for name in wanted - set(known)})
    if seeds != known:
        with whole_file(folder / FILE) as partial:
            partial.touch(mode=0o600)
            partial.write_text(json.dumps(seeds, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            partial.chmod(0o600)
    return {name: seeds[name] for name in wanted}


def sentence(folder: Path) -> str:
    """The seeds in words, for the teacher; empty where there are none."""
    named = ", ".join(f"{name.partition('_')[0]} {seed}" for name, seed in sorted(read_seeds(folder).items()))
    return f"Seeds of the hidden numbers, kept in {folder / FILE}: {named}." if named else ""
