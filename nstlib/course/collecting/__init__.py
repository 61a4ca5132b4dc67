"""What a class has handed in: found, told whose it is, read without believing anything, and accounted for.

In the order of their imports: `names` (of people), `reading` (one notebook), `archives` (ZIP files),
`entries` (everything that lies there), `platforms` (their patterns), `owners` (whose a file is), `census`
(what became of each), `finding` (all of it), `roster` (who should have handed in), `rebuilding` (answers put
into a fresh release).
"""

from .census import Census, Seen
from .finding import Found, collect, exercise_in
from .reading import JOINER, MOST_PROSE, Unreadable, read_cells, safe_prose
from .rebuilding import rebuild

__all__ = [
    "JOINER",
    "MOST_PROSE",
    "Census",
    "Found",
    "Seen",
    "Unreadable",
    "collect",
    "exercise_in",
    "read_cells",
    "rebuild",
    "safe_prose",
]
