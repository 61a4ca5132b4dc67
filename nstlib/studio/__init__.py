"""The Studio: a page on which to choose a photo and a style, paint, watch, compare, and keep what comes out.

`nst studio` serves it; `nst.Studio()` shows the same in any notebook. The modules in the order of their
imports: `settings` (what is chosen), `pictures` (the samples on offer, and uploads), `films` (which move),
`styling` (which styles go where), `gallery` (results as files), `job` (one run, in a thread), `display` (what
the page shows, as HTML), `order` (all that is chosen), `filming` (the run and the order of a film), `brush`
(regions painted on the photo), `picking`, `controls`, `placing`, `screen` and `page` (the widgets), `preview`
(what one pass makes of the choices), `server` (Voila over `app/studio.ipynb`) and `spare` (a kernel in
advance). What the browser does by itself is in `behaviour.js`, `camera.js` and in the template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..foundation import loaded_on_demand

if TYPE_CHECKING:  # for editors and type checkers, which do not see what is loaded on demand
    from .page import Studio as Studio

# On demand, so that the help of `nst studio`, which states the `defaults` of the server, loads no widgets.
__getattr__, __dir__, __all__ = loaded_on_demand(__name__, {"page": ("Studio",)})
