"""A formula of TeX as a drawing that a page carries in itself.

The decks set formulas by MathJax, which is 2 MB of a program in every file. A class of 200 would upload 400
MB, and a page for students should run no program at all. Matplotlib, which the course needs anyway, sets what
the exercises and those who answer them write; the few words of TeX that it lacks are translated first.
"""

from __future__ import annotations

import functools
import html
import re
from typing import Any

SIZE = 100.0  # points, at which a formula is laid out: coordinates are in hundredths of an em
LONGEST = 2000  # characters
# TeX that Matplotlib does not know, in words that it does.
SPOKEN_OTHERWISE = (
    (re.compile(r"\\(?:big|Big|bigg|Bigg)[lrm]?(?![a-zA-Z])"), ""),
    (re.compile(r"\\(?:tfrac|cfrac)(?![a-zA-Z])"), r"\\frac"),
    (re.compile(r"\\frac\s*(\w)\s*(\w)"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\frac\s*(\w)\s*(?=\{)"), r"\\frac{\1}"),
    (re.compile(r"\\(le|ge)(?![a-zA-Z])"), r"\\\1q"),
    (re.compile(r"\\(?:displaystyle|textstyle|limits|nolimits)(?![a-zA-Z])"), ""),
    (re.compile(r"\\(?:lvert|rvert|vert)(?![a-zA-Z])"), "|"),
    (re.compile(r"\\(?:lVert|rVert)(?![a-zA-Z])"), r"\\Vert"),
    (re.compile(r"\s+"), " "),
)
CASES = re.compile(r"\\begin\{cases\}(.*?)\\end\{cases\}", re.DOTALL)


def draw(tex: str, *, display: bool = False) -> str:
    """A formula as HTML: a drawing, or its source where it cannot be set.

    Args:
        tex: what stands between the dollars.
        display: whether it stands on a line of its own.
    """
    drawing = drawn(tex.strip(), display) if len(tex) <= LONGEST else ""
    return element(drawing, display) if drawing else typed(tex, display=display)


def typed(tex: str, *, display: bool = False) -> str:
    """A formula as HTML in the words that it was typed in."""
    return element(f"<code>{html.escape(tex.strip()[:LONGEST])}</code>", display)


def element(inner: str, display: bool) -> str:
    """The element around a formula."""
    tag = "div" if display else "span"
    return f'<{tag} class="formula">{inner}</{tag}>'


def translated(tex: str) -> str:
    """A formula in the words that Matplotlib knows."""
    tex = CASES.sub(lambda found: cases(found[1]), tex)
    for pattern, otherwise in SPOKEN_OTHERWISE:
        tex = pattern.sub(otherwise, tex)
    return tex.strip()


def cases(body: str) -> str:
    """Rows of `cases` as a stack behind a brace."""
    rows = [row.replace("&", r"\quad ").strip() for row in body.split(r"\\")]
    return r"\left\{\substack{" + r" \\ ".join(rows) + r"}\right."


@functools.lru_cache(1000)
def drawn(tex: str, display: bool = False) -> str:
    """The SVG element of a formula; empty when it cannot be set."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    try:
        words = translated(tex)
        if display:  # as TeX sets it there
            words = words.replace(r"\frac", r"\dfrac")
        with mpl.rc_context({"mathtext.fontset": "cm"}):
            font, text = FontProperties(size=SIZE), f"${words}$"
            width, height, depth = text_to_path.get_text_width_height_descent(text, font, ismath=True)
            corners, codes = text_to_path.get_text_path(font, text, ismath=True)
    except Exception:  # whatever a student has put between dollars
        return ""
    return svg(outline(corners, codes), width, height, depth, tex)


def svg(path: str, width: float, height: float, depth: float, tex: str) -> str:
    """The element, as large as the letters around it and on their line."""
    style = f"width:{width / SIZE:.2f}em;height:{height / SIZE:.2f}em;vertical-align:{-depth / SIZE:.2f}em"
    return (
        f'<svg role="img" aria-label="{html.escape(tex)}" style="{style}" '
        f'viewBox="0 {depth - height:.0f} {width:.0f} {height:.0f}"><path d="{path}"/></svg>'
    )


def outline(corners: Any, codes: Any) -> str:
    """Matplotlib's corners and codes as the path of an SVG, whose y goes down."""
    letters = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}
    parts, before = [], 0
    for (x, y), code in zip(corners, codes, strict=True):
        point = f"{x:.0f} {-y:.0f}"
        if code == 79:
            parts.append("Z")
        elif code == before and code in (3, 4):
            parts.append(point)
        else:
            parts.append(f"{letters[code]}{point}")
        before = code
    return " ".join(parts)
