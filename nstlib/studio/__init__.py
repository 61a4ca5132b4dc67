"""The Studio: a page on which to choose a photo and a style, paint, watch, compare, and keep what comes out.

`nst studio` serves it; `nst.Studio()` shows the same in any notebook. The modules in the order of their
imports: `settings` (what is chosen), `pictures` (the samples on offer, and uploads), `styling` (which styles
go where), `gallery` (results as files), `job` (one run, in a thread), `display` (what the page shows, as
HTML), `brush` (regions painted on the photo), `controls`, `placing` and `page` (the widgets), `server` (Voila
over `app/studio.ipynb`).
"""

from .page import Studio

__all__ = ["Studio"]
