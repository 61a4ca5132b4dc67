"""Networks loaded by name, kept as long as the process lives: ten calls of a recipe build and compile once.

What is kept under equal arguments must be what loading anew would give. So a file of weights counts by its
place, its length and the time of its last change, and a network whose weights somebody has assigned is left
to whoever did that: the next call loads another.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from ..foundation import Kept
from .feature_network import FeatureNetwork
from .weights import checksum

# The embedded network and two to compare it with. Each holds its weights (VGG-19 80 MB, the largest 220 MB)
# and the compiled steps of its runs for as long as it is kept.
MOST_NETWORKS = 3


@dataclass(frozen=True)
class Loaded:
    """A network with the CRC-32 of its weights as they were loaded."""

    network: FeatureNetwork
    checksum: int

    def unchanged(self) -> bool:
        """Whether its weights are still those."""
        return checksum(self.network.model) == self.checksum


_kept: Kept[Hashable, Loaded] = Kept(MOST_NETWORKS)


def kept(key: Hashable, load: Callable[[], FeatureNetwork]) -> FeatureNetwork:
    """The network of a key: as it was loaded before, or loaded now.

    Two threads that ask for one network at the same time may both load it; both get the first.
    """
    found = _kept.get(key)
    if found is not None and not found.unchanged():
        _kept.pop(key, None)

    def loaded() -> Loaded:
        network = load()
        return Loaded(network, checksum(network.model))

    return _kept.made_once(key, loaded).network


def forget() -> None:
    """Let go of all networks kept here: the next `load_network` builds its network anew.

    For instance after more than weights was changed in one (an activation, a layer), or to have memory back.
    """
    _kept.clear()


def edition(path: Path) -> Hashable:
    """What tells a file from one that later has the same path; its path alone while there is none."""
    place = path.resolve()
    if not place.is_file():
        return str(place)
    about = place.stat()
    return str(place), about.st_size, about.st_mtime_ns
