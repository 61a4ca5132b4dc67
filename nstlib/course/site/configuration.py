"""Sphinx's settings, and what is done to a page while it is written. This module runs in Sphinx's process."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import fonts
from ..slides import PARTS
from .linking import INSIDE
from .staging import FACTS

if TYPE_CHECKING:
    from docutils import nodes

THEME = Path(__file__).resolve().parent / "theme"
TITLE = "Neural style transfer, layer by layer"
NOT_MARKDOWN = [
    "myst_line_comment",
    "myst_block_break",
    "myst_target",
    "myst_role",
]  # notebooks have none of it
SUMMARY = 200  # letters of a page's description


def settings(stage: Path) -> dict[str, Any]:
    """The settings of Sphinx for a folder that `staging` has filled; its conf.py holds nothing else."""
    facts = json.loads((stage / FACTS).read_text(encoding="utf-8"))
    return {
        "project": TITLE,
        "version": facts["version"],
        "language": "en",
        "root_doc": "contents",
        "extensions": ["myst_nb", "sphinx.ext.mathjax", __name__],
        "exclude_patterns": ["files/**", "pictures/**"],
        "nb_execution_mode": "off",
        "nb_ipywidgets_js": {},  # a script from elsewhere, for widgets without a kernel
        "nb_merge_streams": True,
        "nb_number_source_lines": False,
        "myst_enable_extensions": ["dollarmath", "amsmath"],
        "myst_dmath_double_inline": True,
        "myst_disable_syntax": NOT_MARKDOWN,
        "myst_heading_anchors": 4,
        "myst_update_mathjax": False,
        "myst_url_schemes": ["http", "https", "mailto", INSIDE.rstrip(":")],
        "html_theme": "theme",
        "html_theme_path": [str(THEME.parent)],
        "html_baseurl": facts["address"],
        "html_additional_pages": {"index": "home.html", "search": "search.html"},
        "html_title": TITLE,
        "html_use_index": False,
        "html_copy_source": False,
        "html_show_sphinx": False,
        "html_permalinks_icon": "#",
        "highlight_language": "none",
        "pygments_style": "default",
        "html_context": {"facts": facts},
    }


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx, which calls this."""
    app.connect("builder-inited", without_its_search)
    app.connect("doctree-read", mark_questions)
    app.connect("doctree-resolved", lead_to_files)
    app.connect("html-page-context", fill_page)
    app.connect("build-finished", add_static_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def without_its_search(app: Any) -> None:
    """Sphinx shall make no index: `search` makes one that has excerpts on a disk as well."""
    app.builder.search = False


def mark_questions(app: Any, doctree: nodes.document) -> None:
    """Give a paragraph that begins with **Predict** a class of its own."""
    from docutils import nodes

    for paragraph in doctree.findall(nodes.paragraph):
        first = next((child for child in paragraph.children if child.astext()), None)
        if isinstance(first, nodes.strong) and first.astext().rstrip(".:").lower() == "predict":
            paragraph["classes"].append("predict")


def lead_to_files(app: Any, doctree: nodes.document, name: str) -> None:
    """Links to what lies in the site and is no page of Sphinx, seen from the page that has them."""
    from docutils import nodes

    for reference in doctree.findall(nodes.reference):
        if reference.get("refuri", "").startswith(INSIDE):
            reference["refuri"] = from_page(reference["refuri"], name)


def from_page(address: str, name: str) -> str:
    """An address as a page has to write it; all but those that begin with "site:" stay as they are."""
    if not address.startswith(INSIDE):
        return address
    return posixpath.relpath(address.removeprefix(INSIDE), posixpath.dirname(name) or ".")


def fill_page(app: Any, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """What the templates need besides what Sphinx gives them."""
    facts = context["facts"]
    here = next((g for g in facts["groups"] if any(p["name"] == name for p in g["pages"])), None)
    buttons = [
        each | {"address": from_page(each["address"], name)} for each in facts["launchers"].get(name, [])
    ]
    context["group"] = here
    context["buttons"] = buttons
    context["made_of"] = facts["files"].get(name)
    context["canonical"] = facts["address"] + ("" if name == "index" else f"{name}.html")
    context["sections"] = headings(doctree) if doctree else []
    context["summary"] = description(doctree) if doctree else ""
    body = context.get("body") or ""
    context["formulas"] = 'class="math' in body
    context["head"], context["rest"] = cut_after_title(in_boxes(body))


def cut_after_title(body: str) -> tuple[str, str]:
    """A page up to the end of its title, below which its buttons stand, and the rest."""
    before, end, after = body.partition("</h1>")
    return (before + end, after) if end else ("", body)


def in_boxes(body: str) -> str:
    """Tables in boxes that scroll, so that a wide one does not make the page of a phone wide."""
    body = re.sub(r"<table\b", '<div class="scrolls"><table', body)
    return body.replace("</table>", "</table></div>")


def headings(doctree: nodes.document) -> list[dict[str, Any]]:
    """The sections below the title, for "on this page": anchor, text, and how deep it is."""
    from docutils import nodes

    found = []
    for section in doctree.findall(nodes.section):
        depth = 0
        above: Any = section.parent
        while above is not None and not isinstance(above, nodes.document):
            depth += isinstance(above, nodes.section)
            above = above.parent
        if 1 <= depth <= 2:
            found.append({"anchor": section["ids"][0], "text": section[0].astext(), "depth": depth})
    return found


def description(doctree: nodes.document) -> str:
    """The first paragraph that says something, as search engines show it."""
    from docutils import nodes

    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 60:
            return text if len(text) <= SUMMARY else text[:SUMMARY].rsplit(" ", 1)[0] + " …"
    return ""


def add_static_files(app: Any, error: Exception | None) -> None:
    """Put the letters and MathJax, which decks share with the site, beside the theme's own files."""
    if error is not None:
        return
    static = Path(app.outdir, "_static")
    (static / "fonts.css").write_text(fonts.style_rules(), encoding="utf-8")
    shutil.copy(PARTS / "tex-svg.js", static / "mathjax.js")
