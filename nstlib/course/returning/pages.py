"""The page for a student: marks first, then each question with what the student wrote and what it did.

A page is one file that fetches nothing and runs nothing: its policy forbids scripts, formulas are drawings,
prose has lost its HTML, and of a cell's outputs only text and pictures are taken. `making` calls
`render_page` in a process with limits, because Pygments and Markdown take time that grows with the square of
what a hostile cell holds.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ...foundation import counted
from ..collecting.owners import SECTIONS
from ..exercises import is_checked, tags
from ..slides import PictureReader
from . import formulas, prose
from .feedback import GRADERS_CELL, Feedback, Mark

STYLE = Path(__file__).with_name("page.css")
MOST_CODE = 40_000  # characters of a cell that are shown
MOST_OUTPUT = 12_000  # characters of an output that are shown
MOST_TEXT = (
    250_000  # characters of a page, pictures and formulas left out; colours make them four times as many
)
MOST_FORMULAS = 800_000  # characters of the drawings of a page; an exercise has 50,000 to 200,000
MOST_PICTURE = 6 << 20  # characters of one picture
MOST_PICTURES = 12 << 20  # characters of all pictures of a page
PICTURES = ("image/png", "image/jpeg")
Words = Callable[[str], str]  # Markdown to HTML
HINTS = re.compile(r"<details>.*?</details>", re.DOTALL)  # the exercise's; a student's HTML was taken apart
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="nst feedback {digest}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
"""


@dataclass
class Budget:
    """What a page may still hold.

    Attributes:
        text: characters.
        formulas: characters of drawn formulas.
        pictures: characters of pictures, as base64.
    """

    text: int = MOST_TEXT
    formulas: int = MOST_FORMULAS
    pictures: int = MOST_PICTURES

    def cut(self, text: str, most: int) -> str:
        """As much of a text as there is room for; says what was left out."""
        room = max(0, min(most, self.text))
        self.text -= min(len(text), room)
        left_out = len(text) - room
        return text if left_out <= 0 else f"{text[:room]}\n... ({left_out} more characters are not shown)"

    def draw(self, tex: str, *, display: bool = False) -> str:
        """A formula, drawn while there is room for drawings."""
        if self.formulas <= 0:
            return formulas.typed(tex, display=display)
        drawing = formulas.draw(tex, display=display)
        self.formulas -= len(drawing)
        return drawing

    def admits(self, picture: str) -> bool:
        """Whether there is room for a picture, which is then taken."""
        fits = len(picture) <= min(MOST_PICTURE, self.pictures)
        self.pictures -= len(picture) if fits else 0
        return fits


@dataclass
class Section:
    """A part of the notebook: what stands under one heading of the exercise.

    Attributes:
        title: the heading.
        cells: of the notebook that was handed in.
        marks: of its questions.
    """

    title: str
    cells: list[Any] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def render_page(feedback: Feedback, release: Any, judged: Any, digest: str) -> str:
    """The page as HTML.

    Args:
        feedback: what is told.
        release: the exercise as it was handed out, by whose headings the notebook is divided.
        judged: the notebook with its outputs.
        digest: stands in the page, so that one that is up to date is not made again.
    """
    budget = Budget()
    parts = [render_section(section, budget) for section in sections_of(feedback, release, judged)]
    return "".join([head(feedback, digest), summary(feedback), *parts, FOOT])


def plain_page(feedback: Feedback, judged: Any, digest: str) -> str:
    """The page in plain text, for a notebook that takes too long: this takes time in proportion only."""
    budget = Budget()
    parts = [f"<p class='notice'>{PLAIN_NOTICE}</p><section class='card'><h2>The questions</h2>"]
    for mark in feedback.marks:
        parts.append(f"<h3>{html.escape(mark.title)}</h3>{verdict(mark, plain)}")
    parts.append("</section><section class='card'><h2>Your notebook</h2>")
    for cell in judged.cells:
        parts.append(f"<pre>{html.escape(budget.cut(cell.source, MOST_CODE))}</pre>")
    return "".join([head(feedback, digest), summary(feedback, plain), *parts, "</section>", FOOT])


def plain(text: str) -> str:
    """Markdown as it was typed."""
    return f"<p>{html.escape(text)}</p>"


PLAIN_NOTICE = (
    "Something in this notebook takes too long to set. So it stands here as plain text, without colours, "
    "formulas and outputs; the points are those above."
)
FOOT = (
    "<footer>Marked with the course “Neural style transfer, layer by layer”.</footer></main></body></html>\n"
)


# --- what is told -----------------------------------------------------------------------------------------


def head(feedback: Feedback, digest: str) -> str:
    """The beginning of a page: who and what."""
    title = html.escape(f"{feedback.title} – {feedback.name}")
    said = [of_section(feedback.section), handed_in(feedback.submitted)]
    return HEAD.format(title=title, style=STYLE.read_text(encoding="utf-8"), digest=digest) + (
        f"<main><header><p class='kicker'>Feedback</p><h1>{html.escape(feedback.title)}</h1>"
        f"<p class='who'>{html.escape(feedback.name)}</p>"
        f"<p class='when'>{html.escape(' · '.join(filter(None, said)))}</p></header>"
    )


def of_section(section: str) -> str:
    """A section of the class in words: "section A", but "Group 3" as it is; empty where there is none."""
    told = SECTIONS.fullmatch(re.split("[,/]", section)[0])
    return section if told or not section else f"section {section}"


def handed_in(submitted: str) -> str:
    """The time of a submission in words; empty when it is not known."""
    try:
        when = datetime.fromisoformat(submitted)
    except ValueError:
        return ""
    return f"handed in {when.day} {when:%B %Y, %H:%M %Z}".strip()


def summary(feedback: Feedback, words: Words = prose.render) -> str:
    """The score, the table of questions, and what concerns the whole."""
    share = 100 * feedback.final / feedback.points if feedback.points else 0
    still = 100 * feedback.waiting / feedback.points if feedback.points else 0
    waiting = (
        f"<p class='waiting'>so far, {counted(feedback.waiting, 'point')} not marked yet</p>"
        if feedback.waiting
        else ""
    )
    if feedback.late:
        waiting += f"<p class='late'>{html.escape(feedback.lateness())}</p>"
    rows = "".join(row(mark, words) for mark in feedback.marks)
    said = [*feedback.notes, *filter(None, [feedback.reason])]
    notices = "".join(f"<p class='notice'>{html.escape(text)}</p>" for text in said)
    comments = "".join(comment(text, words) for text in feedback.comments)
    return (
        f"<section class='summary'><div class='score'><p class='total'><b>{feedback.final:g}</b> of "
        f"{counted(feedback.points, 'point')}</p>{waiting}<div class='bar'><i style='width:{share:.1f}%'></i>"
        f"<i class='open' style='width:{still:.1f}%'></i></div></div>"
        f"<table><thead><tr><th>Question</th><th>Points</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        f"{notices}{comments}</section>"
    )


def row(mark: Mark, words: Words) -> str:
    """A question's row of the table."""
    return (
        f"<tr><td><a href='#{anchor(mark)}'>{title_of(mark.title, words)}</a></td>"
        f"<td class='points'>{points_of(mark)}</td><td>{verdict_of(mark)}</td></tr>"
    )


def anchor(mark: Mark) -> str:
    """The name of a question's place in the page."""
    return "q-" + re.sub(r"[^\w-]", "-", mark.grade_id)


def title_of(heading: str, words: Words = prose.render) -> str:
    """A heading as HTML: in one line, with its formulas."""
    return re.sub(r"</?(?:h1|p|a)\b[^>]*>", "", words(f"# {heading}").strip()).removeprefix("# ")


def points_of(mark: Mark) -> str:
    """The points of a question; a mark that is missing is a dash, not a nought."""
    return f"{'–' if mark.score is None else format(mark.score, 'g')} of {mark.points:g}"


def verdict_of(mark: Mark) -> str:
    """A question's state in one or two words."""
    if mark.score is None:
        return "<span class='tag open'>not marked yet</span>"
    kind, sign = state_of(mark)
    return f"<span class='tag {kind}'>{sign}</span>"


def state_of(mark: Mark) -> tuple[str, str]:
    """How a question went: the class of the style sheet, and the word."""
    if mark.score is None:
        return "open", "not marked yet"
    if mark.score >= mark.points:
        return "full", "all points"
    return ("part", "part of the points") if mark.score > 0 else ("none", "no points")


def comment(text: str, words: Words) -> str:
    """What a teacher wrote."""
    return f"<div class='comment'><h4>Comment</h4>{words(text)}</div>"


def verdict(mark: Mark, words: Words = prose.render) -> str:
    """A question's verdict in its card: points, the sentence of the check, the comment."""
    hand = " · marked by hand" if mark.by_hand and mark.score is not None else ""
    sentence = f"<p>{html.escape(mark.sentence)}</p>" if mark.sentence else ""
    return (
        f"<div class='verdict {state_of(mark)[0]}' id='{anchor(mark)}'><p><b>{points_of(mark)}</b> "
        f"{'point' if mark.points == 1 else 'points'} · {state_of(mark)[1]}{hand}</p>{sentence}"
        f"{comment(mark.comment, words) if mark.comment else ''}</div>"
    )


# --- the notebook -----------------------------------------------------------------------------------------


def sections_of(feedback: Feedback, release: Any, judged: Any) -> list[Section]:
    """The notebook in the parts of the exercise; the order of cells is the student's.

    A cell belongs to the part of the last cell of the exercise before it, so that no heading of a student's
    makes a part, or a place for points.
    """
    parts: dict[str, Section] = {"": Section("Before the first question")}
    home: dict[str, str] = {}  # of the cells that the exercise knows, by text and by nbgrader's name
    heading = ""
    for cell in release.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^## (.+)$", cell.source, re.MULTILINE)):
            heading = found[1].strip()
            parts[heading] = Section(heading)
        home[tags(cell).get("grade_id") or cell.source] = heading
    current = ""
    for cell in judged.cells:
        known = home.get(tags(cell).get("grade_id") or cell.source)
        current = current if known is None else known
        if known != "" and cell.get("id") != GRADERS_CELL:  # the exercise's introduction is known
            parts[current].cells.append(cell)
    for mark in feedback.marks:
        parts[home.get(mark.grade_id, "")].marks.append(mark)
    return [part for part in parts.values() if part.marks or part.cells]


def render_section(section: Section, budget: Budget) -> str:
    """A part of the notebook as a card."""
    verdicts = "".join(verdict(mark) for mark in section.marks)
    cells = "".join(
        render_cell(cell, section.title, budget) for cell in section.cells if not is_checked(cell)
    )
    return f"<section class='card'><h2>{title_of(section.title)}</h2>{verdicts}{cells}</section>"


def render_cell(cell: Any, title: str, budget: Budget) -> str:
    """A cell: prose, or code with its outputs; the answer to a question stands out."""
    if cell.cell_type != "code":
        text = HINTS.sub("", cell.source.strip().removeprefix(f"## {title}")).strip()
        pictures = {name: picture for name, picture in pasted(cell) if budget.admits(picture)}
        body = prose.render(budget.cut(text, MOST_CODE), pictures, budget.draw)
        kind = "prose answer" if tags(cell).get("solution") else "prose"
        return f"<div class='{kind}'>{body}</div>" if text else ""
    code = (
        f"<pre class='code'>{highlighted(budget.cut(cell.source, MOST_CODE))}</pre>"
        if cell.source.strip()
        else ""
    )
    outputs = "".join(render_output(output, budget) for output in cell.get("outputs", []))
    kind = "cell answer" if tags(cell).get("solution") else "cell"
    return f"<div class='{kind}'>{code}{outputs}</div>" if code or outputs else ""


def pasted(cell: Any) -> Iterator[tuple[str, str]]:
    """The pictures that were pasted into a cell, as data addresses."""
    for name, forms in (cell.get("attachments") or {}).items():
        for mime in PICTURES:
            if isinstance(forms.get(mime), str):
                yield name, f"data:{mime};base64,{re.sub(r'[^A-Za-z0-9+/=]', '', forms[mime])}"


def highlighted(code: str) -> str:
    """Python code as HTML, with Pygments' class names."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)))


def render_output(output: Any, budget: Budget) -> str:
    """An output of a cell: its pictures, or else its text; nothing of it runs."""
    kind = output.get("output_type")
    if kind == "stream":
        return printed(joined(output.get("text", "")), budget)
    if kind == "error":
        trace = joined(output.get("traceback", []), "\n")
        return printed(trace or f"{output.get('ename')}: {output.get('evalue')}", budget, "printed error")
    data = output.get("data") or {}
    shown = [picture for picture in pictures_of(data) if budget.admits(picture)]
    return "".join(shown) or printed(joined(data.get("text/plain", "")), budget)


def pictures_of(data: Any) -> Sequence[str]:
    """The pictures of an output as elements: its own, and those inside HTML, and nothing else of it."""
    for mime in PICTURES:
        if mime in data:
            coded = re.sub(r"[^A-Za-z0-9+/=]", "", joined(data[mime]))
            return [f'<img alt="" src="data:{mime};base64,{coded}">']
    reader = PictureReader()
    reader.feed(joined(data.get("text/html", "")))
    return reader.pictures


def printed(text: str, budget: Budget, kind: str = "printed") -> str:
    """Text that a program wrote."""
    text = ANSI.sub("", text).rstrip()
    return f"<pre class='{kind}'>{html.escape(budget.cut(text, MOST_OUTPUT))}</pre>" if text else ""


def joined(text: Any, between: str = "") -> str:
    """A text that may be kept as lines."""
    return between.join(map(str, text)) if isinstance(text, list) else str(text)
