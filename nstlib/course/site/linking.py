"""Links between files of the course become links between pages of the site.

What is no page leads to the repository, a deck to the lecture made of it, and a picture travels along.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from ..lessons import TO_A_FILE
from ..links import COURSE, Repository
from ..slides import with_fences
from .pages import Page

INSIDE = "site:"  # begins the address of what lies in the site and is no page of Sphinx
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg")
DECK = re.compile(r"notebooks/slides/(\d\d_\w+)\.md")
MATH = re.compile(r"\$([^$\n]+)\$")


@dataclass
class Linker:
    """What links may lead to.

    Attributes:
        pages: file of the course -> its page.
        repository: where all other files are.
        root: the course's folder.
        pictures: the files that pages show, found so far, relative to `root`.
    """

    pages: dict[str, Page]
    repository: Repository
    root: Path = COURSE
    pictures: set[str] = field(default_factory=set)

    def moved(self, text: str, page: Page) -> str:
        """A text of `page.file` with links that hold where the page lies."""
        lines = []
        for line, fenced in with_fences(text.split("\n")):
            lines.append(line if fenced else TO_A_FILE.sub(lambda match: self.link(match, page), line))
        return "\n".join(lines)

    def link(self, match: re.Match[str], page: Page) -> str:
        """One link; what leads to no file stays as it is, for code may look like a link: f[0](x)."""
        file = posixpath.normpath(posixpath.join(posixpath.dirname(page.file), unquote(match["file"])))
        if file.startswith("../") or not (self.root / file).exists():
            return match[0]
        return match["before"] + self.address(file, page)

    def address(self, file: str, page: Page) -> str:
        """Where a file of the course is, seen from a page."""
        here = posixpath.dirname(page.name) or "."
        deck = DECK.fullmatch(file)
        if file in self.pages:
            return quote(posixpath.relpath(self.pages[file].source, here))
        if deck:
            return f"{INSIDE}lectures/{deck[1]}.html"
        if file.endswith(PICTURES):
            self.pictures.add(file)
            return quote(posixpath.relpath(f"files/{file}", here))
        return self.repository.source(file, "tree" if (self.root / file).is_dir() else "blob")


def with_formulas(text: str) -> str:
    """Markdown whose formulas inside HTML are marked: JupyterLab sets them, Markdown alone leaves them.

    HTML lasts from a line that begins with `<details` to the next empty line.
    """
    return "\n".join(_marked_lines(text.split("\n")))


def _marked_lines(lines: list[str]) -> Iterator[str]:
    inside = False
    for line, fenced in with_fences(lines):
        inside = bool(line.strip()) and not fenced and (inside or line.lstrip().startswith("<details"))
        yield (
            MATH.sub(r'<span class="math notranslate nohighlight">\\(\1\\)</span>', line) if inside else line
        )
