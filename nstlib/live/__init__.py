"""The live page: the one-pass network in one HTML file, which paints in the visitor's browser.

`write_page` puts everything into `index.html`: the page (`page/`), the engine (`engine.js`: TensorFlow.js
with WebAssembly and WebGL, bundled by `tools/build_live.py` from `tools/live/`), the weights, and pictures to
begin with. Nothing is left to fetch, and the page forbids its browser to.
"""

from ..foundation import loaded_on_demand

_HOMES = {"writing": ("write_page",)}
__getattr__, __dir__, __all__ = loaded_on_demand(__name__, _HOMES)
