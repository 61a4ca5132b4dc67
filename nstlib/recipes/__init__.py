"""The recipes: content reconstruction, style reconstruction, style transfer, exciting images.

Each names pictures, layers and weights, computes the targets once per size, and lets an optimiser change
an image. They run from coarse to fine: large shapes are found on a small picture, where an evaluation is
cheap and the network sees far, and only details are left for the full size. `synthesise` is the loop they
share, for a recipe of one's own.

Names are loaded when they are first used: `look` and `options`, which only declare, start no Keras.
"""

from __future__ import annotations

from ..foundation import loaded_on_demand

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

__getattr__, __dir__, __all__ = loaded_on_demand(__name__, _HOMES)
