"""Markdown as HTML in which nothing runs and nothing is fetched: no HTML, no pictures from elsewhere."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Mapping
from typing import Any

from . import formulas

DISPLAY = r"\$\$(?P<display_tex>[^$]+?)\$\$"  # mistune's own wants the dollars on lines of their own


def render(
    text: str, pictures: Mapping[str, str] | None = None, draw: Callable[..., str] = formulas.draw
) -> str:
    """Markdown as HTML, with formulas between dollars.

    Args:
        text: of whomever; HTML in it is shown as text.
        pictures: pasted ones, name -> data address.
        draw: makes a formula, see `formulas.draw`.
    """
    return str(converter_with(pictures or {}, draw)(text))


def converter_with(pictures: Mapping[str, str], draw: Callable[..., str]) -> Any:
    """A converter that knows some pictures."""
    import mistune

    renderer: Any = mistune.HTMLRenderer(escape=True)
    # On the instance, where they come before the class's own.
    renderer.link, renderer.image = link, functools.partial(image, pictures)
    renderer.block_code = code_block
    renderer.inline_math = draw
    renderer.block_math = functools.partial(draw, display=True)
    renderer.display_formula = functools.partial(draw, display=True)
    return mistune.Markdown(renderer, plugins=[add_formulas, *map(mistune.import_plugin, ("math", "table"))])


def add_formulas(markdown: Any) -> None:
    """A plugin of mistune: a formula between two dollars anywhere in a line."""

    def parse(inline: Any, found: Any, state: Any) -> Any:
        state.append_token({"type": "display_formula", "raw": found["display_tex"]})
        return found.end()

    markdown.inline.register("display_formula", DISPLAY, parse, before="link")


def link(text: str, url: str, title: str | None = None) -> str:
    """A link to the web; any other is only its text."""
    if not url.startswith(("https://", "http://")):
        return text
    return f'<a href="{html.escape(url)}" rel="noopener noreferrer">{text}</a>'


def image(pictures: Mapping[str, str], text: str, url: str, title: str | None = None) -> str:
    """A pasted picture; of any other only its alternative text."""
    found = pictures.get(url.removeprefix("attachment:")) if url.startswith("attachment:") else None
    if found is None:
        return f"<em>[picture: {html.escape(text)}]</em>"
    return f'<img alt="{html.escape(text)}" src="{html.escape(found)}">'


def code_block(code: str, info: str | None = None) -> str:
    """Code in prose."""
    return f"<pre>{html.escape(code)}</pre>"
