"""Where a film cuts from one shot to the next.

A cut changes both where colours are and which there are. Motion changes the first, light the second; a flash
changes both, but after a few frames everything is as it was before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

SIDE = (48, 27)  # pixels (width, height) at which frames are compared
BINS = 6  # of each colour in a histogram
# The difference (see `difference`) above which there is a cut. Of 300 cuts between photographs none had less
# than 0.021; motion by a twelfth of the width, grain, lamps and dissolves over 12 frames stay below 0.02.
CUT = 0.02
SURE = 0.06  # above which there is one whatever was usual before
OUTSTANDING = 4.0  # times what was usual just before
USUAL = 12  # frames that "just before" means
LIGHT = 4.0  # times as bright as the frame before: a fade, or a lamp
FLASH = 4  # frames in which a flash is over


@dataclass(frozen=True, eq=False)
class Look:
    """What a frame looks like: its colours in places, (h, w, 3), and their shares, (`BINS`^3,)."""

    places: np.ndarray
    colours: np.ndarray


def find_cuts(frames: Iterable[np.ndarray]) -> list[int]:
    """The numbers of the frames with which a shot begins; 0 is the first.

    Args:
        frames: uint8 RGB, (H, W, 3), one after the other; only a few of them are kept, and small.
    """
    finder = Finder()
    for frame in frames:
        finder.add(look_at(frame))
    return finder.finish()


class Finder:
    """Decides about a frame when those after it are known in which a flash would be over."""

    def __init__(self) -> None:
        self.cuts: list[int] = []
        self._number = 0  # of the next frame to decide about
        self._looks: deque[Look] = deque()  # from the frame before that one on
        self._usual: deque[float] = deque(maxlen=USUAL)
        self._over = 0  # the number of the frame with which a flash is over

    def add(self, look: Look) -> None:
        """Take the next frame."""
        if not self._number:
            self.cuts, self._number = [0], 1
        self._looks.append(look)
        if len(self._looks) > FLASH + 1:
            self._decide()

    def finish(self) -> list[int]:
        """Decide about the last frames; returns the cuts."""
        while len(self._looks) > 1:
            self._decide()
        return self.cuts

    def _decide(self) -> None:
        """Whether the frame after the first of those that are known begins a shot."""
        first, second, *later = self._looks
        here, number = difference(first, second), self._number
        usual = float(np.median(self._usual)) if self._usual else 0.0
        if number > self._over and (here > SURE or here > max(CUT, OUTSTANDING * usual)):
            if lasts := flash(first, second, later):
                self._over = number + lasts
            else:
                self.cuts.append(number)
                self._usual.clear()
        elif number > self._over:
            self._usual.append(here)
        self._looks.popleft()
        self._number += 1


def flash(before: Look, there: Look, later: Sequence[Look]) -> int:
    """After how many frames it is as before, 0 when it is not: a flash, or something that passed the lens."""
    change = difference(before, there)
    for count, look in enumerate(later, 1):
        if difference(before, look) < min(CUT, change / OUTSTANDING):
            return count
    return 0


def difference(first: Look, second: Look) -> float:
    """How different two frames are, from 0 to 1: in places times in colours.

    In places it is the mean absolute difference that is left when one is made brighter or darker as suits
    best, so that a fade or a lamp is no cut; in colours the share of pixels that are of another colour.
    """
    places = min(unlike(first.places, second.places), unlike(second.places, first.places))
    return places * float(np.abs(second.colours - first.colours).sum()) / 2


def unlike(first: np.ndarray, second: np.ndarray) -> float:
    """The mean of |second - (a first + b)|, a and b by least squares, a within `LIGHT` either way."""
    one, other = first - first.mean(), second - second.mean()
    gain = np.clip((one * other).sum() / max(float(np.square(one).sum()), 1e-9), 1 / LIGHT, LIGHT)
    return float(np.abs(other - gain * one).mean())


def look_at(frame: np.ndarray) -> Look:
    """A frame, small."""
    small = np.asarray(Image.fromarray(frame).resize(SIDE, Image.Resampling.BOX), "float32") / 255
    return Look(small, shares(small))


def shares(small: np.ndarray) -> np.ndarray:
    """The shares of colours; a pixel is divided between the bins beside it: a little light changes little."""
    at = np.clip(small.reshape(-1, 3) * (BINS - 1), 0, BINS - 1 - 1e-6)
    low = at.astype(int)
    high = at - low
    counts = np.zeros(BINS**3)
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, high, 1 - high).prod(1)
        index = ((low + corner) * (BINS**2, BINS, 1)).sum(1)
        counts += np.bincount(index, weight, BINS**3)
    return counts / len(at)
