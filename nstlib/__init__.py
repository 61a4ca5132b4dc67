"""nstlib: neural style transfer, layer by layer.

    import nstlib as nst

    result = nst.transfer_style("cat", "swirls")
    nst.show(result.image, alt="a cat, painted in swirling strokes")

The modules in the order data flows: `samples`, `images`, `colours`, `making`, `networks`, `losses`,
`objectives`, `autodiff`, `optimizers`, `checkpoint`, `memory`, `recipes`, `again`, `plots`, `widgets`,
`fonts`, `studio`;
beside them `checks` (of exercises) and `course` (what teachers run). Each name below is loaded when it is
first used, so that `import nstlib` and `nst --help` take no time.
"""

from __future__ import annotations

import importlib
from typing import Any

# What the lessons use, by the module it lives in.
_HOMES = {
    "images": ("load_image", "psnr", "resize", "save_image", "show"),
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
    "again": ("repeat",),
    "studio": ("Studio",),
}
_MODULES = (*_HOMES, "plots", "samples", "widgets")
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted([*_MODULE_OF, *_MODULES])


def __getattr__(name: str) -> Any:
    """Load a name or a module of the package the first time it is asked for (PEP 562)."""
    if name in _MODULE_OF:
        value = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What tab completion offers."""
    return __all__
