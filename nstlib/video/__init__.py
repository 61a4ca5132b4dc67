"""Films: read, painted steadily from frame to frame, and written.

The modules in the order of their imports: `defaults`, `film` (reading), `saving`, `motion` (flow, warping,
what is to be believed), `cuts`, `stability` (measures), `layers`, `collage`, `relief` and `scenes` (films of
our own), `grain` (noise that moves), `painting` (of a frame), `parts` (what is done), `recipe`. Each name
below is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..foundation import loaded_on_demand

if TYPE_CHECKING:  # for editors and type checkers, which do not see what is loaded on demand
    from .film import Film as Film
    from .film import open_film as open_film
    from .frame import Frame as Frame
    from .painting import OnePassFrames as OnePassFrames
    from .painting import OptimizedFrames as OptimizedFrames
    from .recipe import FilmProgress as FilmProgress
    from .recipe import PaintedFilm as PaintedFilm
    from .recipe import paint_video as paint_video
    from .saving import save_film as save_film

_HOMES = {
    "film": ("Film", "open_film"),
    "frame": ("Frame",),
    "painting": ("OnePassFrames", "OptimizedFrames"),
    "recipe": ("FilmProgress", "PaintedFilm", "paint_video"),
    "saving": ("save_film",),
}

__getattr__, __dir__, __all__ = loaded_on_demand(__name__, _HOMES)
