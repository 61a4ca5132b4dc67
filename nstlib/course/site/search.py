"""An index of every section of every page, as a script: a page on a disk may load a script, and nothing else.

Sphinx's own search shows an excerpt by fetching the page, which browsers refuse to a page on a disk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

SILENT = ("script", "style", "nav", "button", "svg")  # what is no text of the page
QUIET = {"headerlink", "launch"}  # classes of what is none either: marks of headings, a notebook's buttons
LONGEST = 12_000  # letters of a section that are looked through
Section = tuple[str, str, str]  # anchor, heading, text


class SectionReader(HTMLParser):
    """Reads the sections of a page: what stands in its `article`, heading by heading."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[list[str]] = []
        self._anchor = ""
        self._inside = self._heading = False
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A section or a heading may begin, or what is not read."""
        given = dict(attrs)
        if tag == "article":
            self._inside = True
        if self._silent:  # until the same tag ends, however often it begins again
            self._silent += [tag] if tag == self._silent[0] else []
        elif tag in SILENT or QUIET & set((given.get("class") or "").split()):
            self._silent = [tag]
        elif tag == "section":
            self._anchor = given.get("id") or ""
        elif tag in ("h1", "h2", "h3") and self._inside:
            self._heading = True
            self.sections.append(["" if tag == "h1" else self._anchor, "", ""])

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        if tag == "article":
            self._inside = False
        elif tag in self._silent:
            self._silent.pop()
        elif tag in ("h1", "h2", "h3"):
            self._heading = False

    def handle_data(self, data: str) -> None:
        """A text belongs to the last heading, or is one."""
        if self._inside and self.sections and not self._silent:
            self.sections[-1][1 if self._heading else 2] += data + ("" if self._heading else " ")


def sections(page: str) -> Iterator[Section]:
    """The sections of a page, without the blanks between words that HTML ignores."""
    reader = SectionReader()
    reader.feed(page)
    for anchor, heading, text in reader.sections:
        plain = re.sub(r"\s+", " ", re.sub(r"\\[()\[\]]", "", text))  # formulas without their marks
        yield anchor, " ".join(heading.split()), plain[:LONGEST].strip()


def write_index(folder: Path, names: list[str]) -> None:
    """Write `search-index.js`: a list of pages with their sections.

    Args:
        folder: of the site.
        names: the pages to be found, without ".html".
    """
    found = [[name, list(sections((folder / f"{name}.html").read_text(encoding="utf-8")))] for name in names]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    (folder / "search-index.js").write_text(f"window.searchIndex={text};\n", encoding="utf-8")
