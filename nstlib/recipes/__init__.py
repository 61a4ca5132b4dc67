"""The recipes: content reconstruction, style reconstruction, style transfer, exciting images.

Each names pictures, layers and weights, computes the targets once per size, and lets an optimiser change
an image. They run from coarse to fine: large shapes are found on a small picture, where an evaluation is
cheap and the network sees far, and only details are left for the full size. `synthesise` is the loop they
share, for a recipe of one's own.

Names are loaded when they are first used: `look` and `options`, which only declare, start no Keras.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "exciting": ("excite",),
    "look": ("DEFAULT_SIZE", "Look", "as_network"),
    "loop": ("synthesise",),
    "options": ("RunOptions", "parameters"),
    "reconstruct": ("reconstruct_content", "reconstruct_style"),
    "result": ("Result",),
    "transfer": ("transfer_between", "transfer_style"),
    "views": ("TooSmall",),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    """Load a name the first time it is asked for (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value
    return value
