"""The defaults of one pass. Nothing in here starts Keras, so that the command line answers at once."""

from __future__ import annotations

STRENGTH = 1.0  # the style, and of the photograph what the network keeps
STYLE_SIZE = 384  # pixels at which a style is seen: about the scale at which the network was taught
