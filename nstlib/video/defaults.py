"""The defaults of painted films. Nothing in here starts Keras, so that the command line answers at once."""

from __future__ import annotations

METHOD = "fast"
STEADY = 0.85  # of what was carried along, in one pass
TEMPORAL_WEIGHT = 20.0  # gamma
ITERATIONS = (40, 15)  # of the first frame of a shot, and of every other
FAST_AT_MOST, CARE_AT_MOST = 1280, 512  # longer side in pixels of a film that nobody gave a size
