"""The folder that Sphinx reads: notebooks and papers with the site's links, pictures, and pages of its own.

What a notebook says stays as it is, with three exceptions: the links to Colab and Binder become buttons,
pictures inside it become files beside the pages, and what stands for a widget says that it needs a kernel.
"""

from __future__ import annotations

import base64
import html
import io
import json
import posixpath
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import slides
from ..links import COURSE, Repository
from .linking import INSIDE, Linker, with_formulas
from .pages import GROUPS, MADE, Page, all_pages, files_of, gallery

LAUNCHERS = re.compile(r"\[Open in Colab\]\([^)]*\) · \[Open in Binder\]\([^)]*\)(?: · )?")
EMBEDDED = re.compile(r'src="data:image/(?P<kind>jpeg|png|gif|webp);base64,(?P<data>[^"]*)"')
WIDTH = re.compile(r' width="(\d+)"')
WIDGET = "application/vnd.jupyter.widget-view+json"
SLIDERS = re.compile(r"\[Run all cells to get sliders here: (.*)\]")
FACTS = "site.json"  # for `configuration`


@dataclass(frozen=True)
class Stage:
    """What one site is made of.

    Attributes:
        folder: which Sphinx reads.
        address: where the site will be published.
        repository: where its files are.
        hub: the address of a JupyterHub, or empty.
        root: the course's folder.
    """

    folder: Path
    address: str
    repository: Repository
    hub: str = ""
    root: Path = COURSE


def fill(stage: Stage, version: str) -> list[Page]:
    """Write everything that Sphinx reads; returns the pages.

    Raises:
        OSError: a file cannot be read or written.
        ValueError: a notebook or the index of the lessons is not as it should be.
    """
    pages = all_pages(stage.root)
    linker = Linker(files_of(pages), stage.repository, stage.root)
    for page in pages:
        target = stage.folder / page.source
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content(page, stage, linker), encoding="utf-8")
    rows = gallery(stage.root)
    linker.pictures |= {f"notebooks/{row['picture']}" for row in rows} | {"notebooks/thumbnails/studio.jpg"}
    for file in sorted(linker.pictures):
        (stage.folder / "files" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(stage.root / file, stage.folder / "files" / file)
    (stage.folder / "contents.md").write_text(contents(pages), encoding="utf-8")
    (stage.folder / FACTS).write_text(json.dumps(facts(stage, pages, rows, version)), encoding="utf-8")
    return pages


def content(page: Page, stage: Stage, linker: Linker) -> str:
    """The text of one page as Sphinx reads it."""
    if page.name in MADE:
        return {"lectures/index": lectures, "about/citing": citing, "about/licences": licences}[page.name](
            stage
        )
    text = (stage.root / page.file).read_text(encoding="utf-8")
    if not page.file.endswith(".ipynb"):
        return with_formulas(linker.moved(text, page))
    return notebook(json.loads(text), page, stage, linker)


# --- notebooks --------------------------------------------------------------------------------------


def notebook(made: dict[str, Any], page: Page, stage: Stage, linker: Linker) -> str:
    """A notebook with links of the site and pictures as files."""
    for number, cell in enumerate(made["cells"]):
        if cell["cell_type"] == "markdown":
            source = "".join(cell["source"])
            if number == 0:
                source = LAUNCHERS.sub("", source)
            cell["source"] = with_formulas(linker.moved(source, page))
        else:
            pictures = Pictures(page, cell.get("id", str(number)), stage.folder / "pictures")
            cell["outputs"] = [output(each, pictures) for each in cell.get("outputs", [])]
    return json.dumps(made, ensure_ascii=False)


def output(made: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    """One output of a cell, as the site shows it."""
    data = made.get("data", {})
    if WIDGET in data:
        words = SLIDERS.search("".join(data.get("text/plain", "")))
        names = f": {html.escape(words[1])}" if words else ""
        made["data"] = {
            "text/html": f'<p class="sliders">Sliders appear here when the notebook runs{names}.</p>'
        }
    elif "text/html" in data:
        made["data"] = data | {"text/html": pictures.taken_out("".join(data["text/html"]))}
    return made


class Pictures:
    """The pictures of one cell's outputs, which become files of the site.

    Args:
        page: that shows them.
        cell: its id.
        folder: for the files.
    """

    def __init__(self, page: Page, cell: str, folder: Path) -> None:
        self.stem = f"{posixpath.basename(page.name)}-{cell}"
        self.up = "../" * page.name.count("/")
        self.folder = folder
        self.count = 0

    def taken_out(self, text: str) -> str:
        """HTML in which pictures are files, with their height beside their width so that nothing moves."""
        return re.sub(r"<img [^>]*>", self._element, text)

    def _element(self, match: re.Match[str]) -> str:
        from PIL import Image

        found = EMBEDDED.search(match[0])
        if not found:
            return match[0]
        data = base64.b64decode(found["data"])
        self.count += 1
        name = f"{self.stem}-{self.count}.{found['kind'].replace('jpeg', 'jpg')}"
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(data)
        wide, high = Image.open(io.BytesIO(data)).size
        shown = int(width[1]) if (width := WIDTH.search(match[0])) else wide
        size = f'width="{shown}" height="{round(shown * high / wide)}" loading="lazy" decoding="async"'
        element = WIDTH.sub("", match[0]).replace(found[0], f'src="{self.up}pictures/{name}"')
        return element.replace("<img ", f"<img {size} ", 1)


def launchers(page: Page, stage: Stage) -> list[dict[str, str]]:
    """The buttons below a notebook's title: text, address and what it does."""
    where = stage.repository
    found = [
        {"text": "Colab", "address": where.colab(page.file), "does": "Open this notebook in Google Colab"},
        {"text": "Binder", "address": where.binder(page.file), "does": "Open this notebook in Binder"},
    ]
    if stage.hub:
        link = where.hub(stage.hub, page.file)
        found.append({"text": "JupyterHub", "address": link, "does": "Open this notebook on your JupyterHub"})
    number = posixpath.basename(page.name).removeprefix("ex")[:2]
    if page.group == "Lessons":
        deck = f"{INSIDE}lectures/{posixpath.basename(page.name)}.html"
        found.append({"text": "Slides", "address": deck, "does": f"The lecture of lesson {number}"})
    file = posixpath.basename(page.file)
    download = f"{INSIDE}{posixpath.dirname(page.name)}/{file}"
    found.append({"text": "Download", "address": download, "does": f"Download {file}"})
    return found


# --- pages of the site's own ------------------------------------------------------------------------


def lectures(stage: Stage) -> str:
    """The list of the decks."""
    rows = {row["file"]: row for row in gallery(stage.root)}
    lines = [
        "# Lectures",
        "",
        "Every lesson has a lecture of 40 or 45 minutes. Each is one file that needs a browser and no "
        "network, so it can be copied to the machine at the projector. Arrow keys turn the pages, "
        "<kbd>S</kbd> opens the speaker's view with notes and a clock, <kbd>F</kbd> fills the screen, "
        "<kbd>?</kbd> lists the other keys.",
        "",
        '<ul class="cards">',
    ]
    for name in slides.names():
        row = rows[name]
        lines.append(
            f'<li><a href="{name}.html"><img src="../files/notebooks/{row["picture"]}" alt="" width="480" '
            f'height="360" loading="lazy"><span class="title">{html.escape(row["title"])}</span>'
            f"<span>{plain(row['about'])}</span></a></li>"
        )
    return "\n".join([*lines, "</ul>", ""])


def citing(stage: Stage) -> str:
    """How to cite the course."""
    text = (stage.root / "CITATION.cff").read_text(encoding="utf-8")
    return (
        "# Citing the course\n\nGitHub, Zenodo and reference managers read the file "
        f"[CITATION.cff]({stage.repository.source('CITATION.cff')}):\n\n```yaml\n{text.rstrip()}\n```\n"
    )


def licences(stage: Stage) -> str:
    """The terms of the course and of what the site carries."""
    parts = ["# Licences"]
    for title, file in (
        ("Code: MIT", "LICENSE"),
        ("Text, figures and style pictures: CC BY 4.0", "LICENSE-text"),
    ):
        text = (stage.root / file).read_text(encoding="utf-8").rstrip()
        parts.append(f"## {title}\n\n```text\n{text}\n```")
    files = "\n".join(f"- [{name}]({INSIDE}licences/{file})" for file, (name, _) in CARRIED.items())
    parts.append(f"## What this site carries\n\n{files}")
    return "\n\n".join(parts) + "\n"


COURSE_PARTS = Path(slides.__file__).resolve().parent.parent
CARRIED = {  # file in `licences/` -> what it is of, and where it lies in the package
    "mathjax.txt": ("MathJax, Apache License 2.0", "course/deck/LICENSE-mathjax"),
    "reveal.txt": ("reveal.js, MIT (in the lectures)", "course/deck/LICENSE-reveal"),
    "inter.txt": ("Inter, SIL Open Font License 1.1", "fonts/LICENSE-inter"),
    "jetbrains-mono.txt": ("JetBrains Mono, SIL Open Font License 1.1", "fonts/LICENSE-jetbrains-mono"),
}


def plain(markdown: str) -> str:
    """A sentence of Markdown as HTML: emphasis, code and links are left out."""
    return html.escape(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("*", "").replace("`", ""))


def contents(pages: list[Page]) -> str:
    """The page of all pages, from which Sphinx learns their order."""
    parts = ["# All pages"]
    for group in GROUPS:
        entries = "\n".join(f"{page.label} </{page.name}>" for page in pages if page.group == group)
        parts.append(f"## {group}\n\n```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```")
    return "\n\n".join(parts) + "\n"


def facts(stage: Stage, pages: list[Page], rows: list[dict[str, Any]], version: str) -> dict[str, Any]:
    """What `configuration` needs to know."""
    groups = [
        {"name": group, "pages": [{"name": p.name, "label": p.label} for p in pages if p.group == group]}
        for group in GROUPS
    ]
    for row in rows:
        row["about"] = plain(row["about"])
    notebooks = [page for page in pages if page.file.endswith(".ipynb")]
    return {
        "groups": groups,
        "launchers": {page.name: launchers(page, stage) for page in notebooks},
        "files": {
            page.name: {"name": page.file, "address": stage.repository.source(page.file)}
            for page in pages
            if page.file
        },
        "lessons": rows,
        "teaching": next(page.name for page in pages if page.group == "Teaching"),
        "address": stage.address,
        "repository": stage.repository.address,
        "clone": stage.repository.clone,
        "folder": stage.repository.slug.partition("/")[2],
        "version": version,
    }
