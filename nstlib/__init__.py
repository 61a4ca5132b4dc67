"""nstlib: neural style transfer, layer by layer.

    import nstlib as nst

    result = nst.transfer_style("cat", "swirls")
    nst.show(result.image, alt="a cat, painted in swirling strokes")

The modules in the order data flows: `jobs`, `samples`, `images`, `colours`, `making`, `networks`, `losses`,
`objectives`, `autodiff`, `optimizers`, `checkpoint`, `memory`, `recipes`, `feedforward`, `video`, `again`,
`stored`, `plots`, `widgets`, `fonts`, `sweeps`, `studio`, `live`; beside them `checks` (of exercises) and
`course` (what teachers run). Each name below is loaded when it is first used, so that `import nstlib` and
`nst --help` take no time.
"""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import TYPE_CHECKING, Any

from .foundation import loaded_on_demand

# What the lessons use, by the module it lives in.
_HOMES = {
    "images": ("load_image", "psnr", "resize", "save_animation", "save_image", "show"),
    "colours": ("match_colors",),
    "backend": ("machine",),
    "networks": ("FeatureNetwork", "load_network"),
    "losses": ("content_loss", "gram_matrix", "style_loss", "total_variation"),
    "objectives": (
        "Measure",
        "Objective",
        "OwnMeasure",
        "content_terms",
        "distances",
        "excite_terms",
        "read_regions",
        "style_terms",
        "variation_terms",
    ),
    "autodiff": ("gradient", "value_and_grad"),
    "optimizers": ("History", "minimize"),
    "recipes": (
        "Result",
        "excite",
        "reconstruct_content",
        "reconstruct_style",
        "synthesise",
        "transfer_between",
        "transfer_style",
    ),
    "feedforward": ("OnePass", "Painter", "StyleCode", "load_painter", "paint_once"),
    "video": ("PaintedFilm", "paint_video"),
    "again": ("repeat",),
    "stored": ("precomputed",),
    "studio": ("Studio",),
    "sweeps": ("Sweep", "sweep"),
}
_MODULES = (*_HOMES, "plots", "samples", "widgets")
_load, _, _names = loaded_on_demand(__name__, _HOMES)

__all__ = sorted([*_names, *_MODULES, "__version__"])

if TYPE_CHECKING:  # what an editor completes; a test compares it with what is loaded
    from . import again as again
    from . import autodiff as autodiff
    from . import backend as backend
    from . import colours as colours
    from . import feedforward as feedforward
    from . import images as images
    from . import losses as losses
    from . import networks as networks
    from . import objectives as objectives
    from . import optimizers as optimizers
    from . import plots as plots
    from . import recipes as recipes
    from . import samples as samples
    from . import stored as stored
    from . import studio as studio
    from . import sweeps as sweeps
    from . import video as video
    from . import widgets as widgets
    from .again import repeat as repeat
    from .autodiff import gradient as gradient
    from .autodiff import value_and_grad as value_and_grad
    from .backend import machine as machine
    from .colours import match_colors as match_colors
    from .feedforward import OnePass as OnePass
    from .feedforward import Painter as Painter
    from .feedforward import StyleCode as StyleCode
    from .feedforward import load_painter as load_painter
    from .feedforward import paint_once as paint_once
    from .images import load_image as load_image
    from .images import psnr as psnr
    from .images import resize as resize
    from .images import save_animation as save_animation
    from .images import save_image as save_image
    from .images import show as show
    from .losses import content_loss as content_loss
    from .losses import gram_matrix as gram_matrix
    from .losses import style_loss as style_loss
    from .losses import total_variation as total_variation
    from .networks import FeatureNetwork as FeatureNetwork
    from .networks import load_network as load_network
    from .objectives import Measure as Measure
    from .objectives import Objective as Objective
    from .objectives import OwnMeasure as OwnMeasure
    from .objectives import content_terms as content_terms
    from .objectives import distances as distances
    from .objectives import excite_terms as excite_terms
    from .objectives import read_regions as read_regions
    from .objectives import style_terms as style_terms
    from .objectives import variation_terms as variation_terms
    from .optimizers import History as History
    from .optimizers import minimize as minimize
    from .recipes import Result as Result
    from .recipes import excite as excite
    from .recipes import reconstruct_content as reconstruct_content
    from .recipes import reconstruct_style as reconstruct_style
    from .recipes import synthesise as synthesise
    from .recipes import transfer_between as transfer_between
    from .recipes import transfer_style as transfer_style
    from .stored import precomputed as precomputed
    from .studio import Studio as Studio
    from .sweeps import Sweep as Sweep
    from .sweeps import sweep as sweep
    from .video import PaintedFilm as PaintedFilm
    from .video import paint_video as paint_video


def __getattr__(name: str) -> Any:
    """Load a name or a module of the package the first time it is asked for (see `loaded_on_demand`)."""
    if name == "__version__":
        return _version()
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    return _load(name)


def _version() -> str:
    """The version of the installed package."""
    try:
        return metadata.version("nstlib")
    except metadata.PackageNotFoundError:
        return "(not installed, run from its folder)"


def __dir__() -> list[str]:
    """What tab completion offers."""
    return __all__
