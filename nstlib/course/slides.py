"""Lecture slides: a deck is a short text beside its lesson that shows cells of it as they were last run.

The text of a deck, `notebooks/slides/NN_name.md`, is Markdown with a few marks, each on a line of its own:

    ---                        the next slide; a slide begins with its heading
    {{CELL code printed}}      a cell of the lesson, by its id: its `code`, what it `printed`, each `picture`
    {{CELL code 3-9}}          some lines of its code, or of what it printed
    {{CELL picture 2}}         one of its pictures
    . . .                      what follows appears at the next press of a key
    |||                        what follows stands in the next column
    Notes:                     what follows is for the speaker only

The first slide is the title; one whose heading begins with "Predict" is a question, on another ground.

What a deck may show is chosen in the lesson, with the tags `slide-code` and `slide-output` of its cells, so
that whoever edits a cell sees that a slide depends on it. A deck becomes one HTML file that needs nothing
else: reveal.js, MathJax, the letters and all pictures are inside.
"""

from __future__ import annotations

import base64
import html
import importlib.util
import json
import mimetypes
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from .. import fonts
from ..foundation import unknown_name, whole_file
from . import lessons

COURSE = Path(__file__).resolve().parent.parent.parent
LESSONS = COURSE / "notebooks"
DECKS = LESSONS / "slides"
PARTS = Path(__file__).resolve().parent / "deck"  # what goes into every file

CELL = re.compile(r"^\{\{(?P<id>[\w-]+)(?P<parts>[^}]*)\}\}$")
PART = re.compile(r"(?P<what>code|printed|picture)(?: (?P<first>\d+)(?:-(?P<last>\d+))?)?")
OFFERED_BY = {"code": "slide-code", "printed": "slide-output", "picture": "slide-output"}  # tag of the cell
FENCE = re.compile(r"^\s*(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
ALMOST_NOTES = re.compile(r"\s*notes?\s*:", re.IGNORECASE)
WORDS = {"code": "code", "printed": "printed lines", "picture": "pictures with alternative texts"}
Cells = dict[str, dict[str, Any]]


class DeckError(ValueError):
    """A deck that cannot be built; the message names the deck, the slide and what to mend."""


@dataclass(frozen=True)
class Slide:
    """One slide as text.

    Attributes:
        heading: its first line, in Markdown.
        columns: one or more; each a list of pieces that appear one after the other.
        notes: for the speaker.
    """

    heading: str
    columns: list[list[str]] = field(default_factory=list)
    notes: str = ""


# --- decks and lessons --------------------------------------------------------------------------------


def names() -> list[str]:
    """The lessons that have a deck, such as "04_gram_matrices", in order.

    Raises:
        FileNotFoundError: this is the package without the lessons.
    """
    found = sorted(path.stem for path in DECKS.glob("[0-9][0-9]_*.md"))
    if not found:
        raise FileNotFoundError(
            f"There are no slides in {DECKS}: they come with a clone of the course, not with the package "
            "alone."
        )
    return found


def find(name: str) -> str:
    """The whole name of a lesson that has a deck, from its number ("4", "04"), its name or its file.

    Raises:
        ValueError: there is no such deck; the nearest is suggested.
    """
    return lessons.pick(name, names())


def read_cells(lesson: Path) -> Cells:
    """The cells of a notebook by their ids.

    Raises:
        DeckError: there is no such notebook.
    """
    try:
        cells = json.loads(lesson.read_text(encoding="utf-8-sig"))["cells"]  # an editor may add a mark
    except FileNotFoundError:
        raise DeckError(f"{lesson} is not there: a deck needs the lesson whose cells it shows.") from None
    except (ValueError, KeyError, TypeError):
        raise DeckError(f"{lesson} is not a notebook that can be read.") from None
    return {cell.get("id", f"cell-{n}"): cell for n, cell in enumerate(cells)}  # old notebooks have no ids


def read_texts(deck: Path) -> list[list[str]]:
    """The lines of each slide of a deck.

    Raises:
        DeckError: it is not a text that can be read.
    """
    try:
        text = deck.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DeckError(f"{deck} is not UTF-8 text; save it so.") from None
    return split_at("---", text.rstrip().removesuffix("\n---").splitlines())


def read_slide(lines: Sequence[str]) -> Slide:
    """One slide, from the lines between two marks.

    Raises:
        DeckError: it does not begin with a heading.
    """
    heading, *rest = "\n".join(lines).strip().splitlines() or [""]
    if not heading.startswith("#"):
        raise DeckError(f"a slide must begin with a heading, not with {heading!r}")
    body, *notes = split_at("Notes:", rest)
    for line, fenced in with_fences(body):
        if ALMOST_NOTES.match(line) and not fenced:
            raise DeckError(f"{line!r} would be seen by all: write `Notes:` on a line of its own")
    columns = [["\n".join(piece) for piece in split_at(". . .", column)] for column in split_at("|||", body)]
    return Slide(heading.lstrip("# "), columns, "\n".join("\n".join(part) for part in notes).strip())


def split_at(mark: str, lines: Sequence[str]) -> list[list[str]]:
    """The lines between lines that are nothing but a mark, outside fenced code."""
    parts: list[list[str]] = [[]]
    for line, fenced in with_fences(lines):
        if line.strip() == mark and not fenced:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def with_fences(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to fenced code."""
    fence = ""
    for line in lines:
        mark = FENCE.match(line)
        inside = bool(fence or mark)
        if mark and not fence:
            fence = mark["fence"]
        elif mark and mark["fence"].startswith(fence) and not mark["info"].strip():
            fence = ""
        yield line, inside


# --- from text and cells to HTML ----------------------------------------------------------------------


def render_text(text: str) -> str:
    r"""Markdown as HTML; formulas between dollars are left to MathJax, as \( \) and $$ $$."""
    import mistune

    convert: Any = mistune.create_markdown(escape=True, plugins=["math", "table"])
    return str(convert(text))


def render_piece(text: str, cells: Cells) -> str:
    """Markdown with cells and pictures in it."""
    done: list[str] = []
    pending: list[str] = []
    for line, fenced in with_fences(text.splitlines()):
        mark = None if fenced else CELL.match(line.strip())
        if not fenced and not mark and "{{" in line and "$" not in line:
            raise DeckError(f"{line.strip()!r} is no mark: write {{{{CELL code}}}} on a line of its own")
        if mark:
            done += [render_text("\n".join(pending)), render_cell(mark["id"], mark["parts"], cells)]
            pending = []
        else:
            pending.append(line)
    return inline_pictures("".join([*done, render_text("\n".join(pending))]))


def render_cell(name: str, asked: str, cells: Cells) -> str:
    """The parts of a cell that a deck asks for.

    Raises:
        DeckError: no such cell, a part that its tags do not offer, or something else than parts.
    """
    if name not in cells:
        raise DeckError(str(unknown_name("cell", name, cells)))
    parts = list(PART.finditer(asked))
    if not parts or PART.sub("", asked).strip():
        raise DeckError(f"{{{{{name}{asked}}}}} must ask for {', '.join(OFFERED_BY)}")
    return "".join(render_part(name, cells[name], part) for part in parts)


def render_part(name: str, cell: dict[str, Any], part: re.Match[str]) -> str:
    """The code, the printed lines or the pictures of a cell; of each, all or those with the given numbers.

    Raises:
        DeckError: the cell's tags do not offer it, or it has no such lines or pictures.
    """
    what, tag = part["what"], OFFERED_BY[part["what"]]
    if tag not in cell.get("metadata", {}).get("tags", []):
        raise DeckError(
            f"the lesson's cell {name!r} lacks the tag {tag}, which lets a slide show its {WORDS[what]}"
        )
    items = {"code": code_lines, "printed": printed_lines, "picture": pictures}[what](cell)
    first = int(part["first"] or 1)
    last = int(part["last"] or part["first"] or len(items))
    if not 1 <= first <= last <= len(items):
        if not items and what != "code":
            raise DeckError(f"the lesson's cell {name!r} holds no {WORDS[what]}: run the lesson and save it")
        raise DeckError(f"the lesson's cell {name!r} has no {part[0]!r}, only {len(items)} of them")
    chosen = items[first - 1 : last]
    if what == "picture":
        return "".join(figure(picture) for picture in chosen)
    text = "\n".join(chosen)
    return highlighted(text) if what == "code" else f'<pre class="printed">{html.escape(text)}</pre>'


def code_lines(cell: dict[str, Any]) -> list[str]:
    """The lines of a cell's source."""
    return "".join(cell["source"]).splitlines()


def printed_lines(cell: dict[str, Any]) -> list[str]:
    """The lines that a cell printed."""
    streams = (o for o in cell.get("outputs", []) if o["output_type"] == "stream" and o["name"] == "stdout")
    return "".join("".join(stream["text"]) for stream in streams).rstrip().splitlines()


def pictures(cell: dict[str, Any]) -> list[str]:
    """The pictures that a cell shows, as elements with their alternative texts and without a width."""
    reader = PictureReader()
    for output in cell.get("outputs", []):
        reader.feed("".join(output.get("data", {}).get("text/html", [])))
    return reader.pictures


class PictureReader(HTMLParser):
    """Finds the pictures in HTML, and takes the picture, its alternative text and the size of its letters."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what is a picture and lies in the page itself."""
        given = {name: html.escape(value or "") for name, value in attrs}
        if tag == "img" and given.get("src", "").startswith("data:image/"):
            letters = given.get("data-letters", "")
            written = f' data-letters="{letters}"' if letters.isdigit() else ""
            self.pictures.append(f'<img alt="{given.get("alt", "")}"{written} src="{given["src"]}">')


def highlighted(code: str) -> str:
    """Python code as HTML, with Pygments' class names."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(code, PythonLexer(), HtmlFormatter(cssclass="code")))


def figure(picture: str) -> str:
    """A picture in a box that gives it the space which the text leaves."""
    return f'<div class="figure">{picture}</div>'


def inline_pictures(page: str) -> str:
    """Pictures that a deck names as files, put into the page.

    Raises:
        DeckError: no such file.
    """

    def inline(match: re.Match[str]) -> str:
        path = DECKS / urllib.parse.unquote(html.unescape(match[1]))
        kind = mimetypes.guess_type(path.name)[0] or ""
        if not path.is_file() or not kind.startswith("image/"):
            raise DeckError(f"there is no picture {urllib.parse.unquote(match[1])} beside the decks")
        return f'src="data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"'

    page = re.sub(r'src="(?!data:)([^"]+)"', inline, page)
    return re.sub(r"<p>(<img [^>]*>)</p>", lambda match: figure(match[1]), page)


def render_slide(slide: Slide, number: int, cells: Cells) -> str:
    """One slide as a section of the page; the first is the title."""
    columns = [
        "".join(
            f'<div class="{"piece fragment" if later else "piece"}">{render_piece(piece, cells)}</div>'
            for later, piece in enumerate(column)
            if piece.strip()
        )
        for column in slide.columns
    ]
    kind = "title" if number == 0 else "predict" if slide.heading.startswith("Predict") else "plain"
    level = "h1" if number == 0 else "h2"
    heading = render_text(f"# {slide.heading}").strip().removeprefix("<h1>").removesuffix("</h1>")
    body = "".join(f'<div class="column">{column}</div>' for column in columns)
    notes = f'<aside class="notes">{render_text(slide.notes)}</aside>' if slide.notes else ""
    return (
        f'<section class="{kind}"><div class="sheet"><{level}>{heading}</{level}>'
        f'<div class="columns">{body}</div></div>{notes}</section>'
    )


def render_deck(name: str) -> str:
    """The HTML file of a lesson's deck, as text.

    Args:
        name: of `names`.

    Raises:
        DeckError: the deck's text asks for what its lesson does not have.
    """
    cells = read_cells(LESSONS / f"{name}.ipynb")
    texts = read_texts(DECKS / f"{name}.md")
    sections = []
    for number, lines in enumerate(texts):
        try:
            sections.append(render_slide(read_slide(lines), number, cells))
        except DeckError as error:
            raise DeckError(f"notebooks/slides/{name}.md, slide {number + 1}: {error}") from None
    title = html.escape(f"{name[:2]} · {read_slide(texts[0]).heading}")
    return fill_page(title, "\n".join(sections))


def fill_page(title: str, sections: str) -> str:
    """The page around the slides, with all scripts, styles and letters in it."""
    given = {"TITLE": title, "SLIDES": sections, "/*fonts*/": fonts.style_rules()}

    def part(match: re.Match[str]) -> str:
        if match[0] in given:
            return given[match[0]]
        return (PARTS / match[1]).read_text(encoding="utf-8").replace("</script", r"<\/script")

    page = (PARTS / "page.html").read_text(encoding="utf-8")
    # All at once, because a title may say SLIDES.
    return re.sub(r"/\*([\w-]+\.(?:css|js))\*/|/\*fonts\*/|\b(?:TITLE|SLIDES)\b", part, page)


# --- files --------------------------------------------------------------------------------------------


def require_renderers() -> None:
    """See that the packages which turn text and code into HTML are here.

    Raises:
        ModuleNotFoundError: they are not; the message says how to get them.
    """
    if any(importlib.util.find_spec(name) is None for name in ("mistune", "pygments")):
        raise ModuleNotFoundError(
            "Slides need mistune and Pygments, which are not installed for this Python: in the course's "
            "folder, `python3 run.py lab` installs them; elsewhere, install the extra `lab` of nstlib."
        )


def write_decks(wanted: Sequence[str], folder: Path) -> Iterator[Path]:
    """Write the decks of some lessons as HTML files, each whole or not at all; yields the path of each.

    Args:
        wanted: of `names`.
        folder: is made when it is not there; older files of the same name are replaced.

    Raises:
        OSError: the folder or a file cannot be written.
        ModuleNotFoundError: see `require_renderers`.
        DeckError: see `render_deck`.
    """
    require_renderers()
    folder = folder.expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "it is a file" if folder.is_file() else error.strerror or str(error)
        raise OSError(f"Cannot make the folder {folder}: {why}; name another with -o.") from None
    for name in wanted:
        page = render_deck(name)
        path = folder / f"{name}.html"
        with whole_file(path) as partial:
            partial.write_text(page, encoding="utf-8")
        yield path
