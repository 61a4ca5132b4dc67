"""One picture of a film and when it is shown; and where the codecs come from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # RGB, shape (height, width, 3)
INVALID_DATA = 0x41444E49  # FFmpeg's number of the error for what it cannot make sense of


@dataclass(frozen=True)
class Frame:
    """One picture of a film.

    Attributes:
        image: uint8 RGB (sRGB), shape (height, width, 3), upright.
        time: seconds from the film's first frame, exact.
        duration: seconds until the next frame, or until the film ends; above 0.
    """

    image: Pixels
    time: Fraction
    duration: Fraction


def av() -> ModuleType:
    """PyAV, which brings FFmpeg and its codecs; imported when a film is read or written and not before.

    Raises:
        ModuleNotFoundError: It is not installed; the sentence says what to install.
    """
    try:
        return import_module("av")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'Films need PyAV, which is not installed for this Python: pip install "nstlib[video]".'
        ) from None


def broken(why: str) -> Exception:
    """FFmpeg's error for a broken file, for one that FFmpeg does not notice."""
    error: Exception = av().error.InvalidDataError(INVALID_DATA, why)
    return error


def warn_broken(path: Path, end: Fraction, reason: str) -> None:
    """Say that a film ends before its end; `end` is where, in seconds."""
    warnings.warn(
        f"{path} breaks off at {float(end):.2f} s ({reason}): the frames before that are all there are.",
        stacklevel=3,
    )
