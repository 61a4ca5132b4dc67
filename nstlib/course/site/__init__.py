"""The course as a site: `write_site` makes a folder of pages that opens from a disk and from any web server.

Sphinx with MyST-NB reads the notebooks and the papers of the course as they are, with the outputs they
hold; nothing is executed. Around that stand, in the order of their imports: `pages` (which file becomes which
page), `linking` (links between files become links between pages), `staging` (the folder that Sphinx reads),
`search` (an index of every section), `configuration` (Sphinx's settings, and what is done to a page while it
is written), `building` (the whole). How it looks lies in `theme/`, which is the course's own and loads
nothing from elsewhere. Sphinx runs as a process of its own, and `configuration` runs in it.
"""

from .building import write_site

__all__ = ["write_site"]
