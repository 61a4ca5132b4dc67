"""What there is to mark: a question with its model answer and scheme, and what a student wrote, as HTML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from .. import exercises
from ..converters import TEXT_STUB
from ..slides import render_text

MODEL = re.compile(r"^\*\*A model answer\.?\*\*")  # how it begins; the page has a heading of its own
SCHEME = "**Marking scheme.**"  # where it begins, in the model answer
MARKS = re.compile(r"(?:<!--|###)\s*(BEGIN|END) SOLUTION\s*(?:-->)?\s*$", re.MULTILINE)
ITEM = re.compile(r"(?:^|\s)\s*(?=\d[\d.]* points?: )")  # of a scheme, each on a line of its own
PICTURE = re.compile(r'src="([^"]*)"')
PASTED = "pasted-picture/"  # stands for "attachment:", which the renderer takes for a harmful address


@dataclass(frozen=True)
class Task:
    """A question that is marked by hand.

    Attributes:
        grade_id: nbgrader's name of its cell.
        points: that can be earned.
        prompt: the question, as HTML.
        model: the model answer, as HTML.
        scheme: for the points, as HTML; empty where the model answer has none.
    """

    grade_id: str
    points: float
    prompt: str
    model: str
    scheme: str


def tasks(exercise: str) -> list[Task]:
    """The questions of an exercise that are marked by hand, in order.

    Raises:
        FileNotFoundError: there are no solutions here.
    """
    import nbformat

    path = exercises.SOLUTIONS / exercise / f"{exercise}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(f"There is no {path}: marking needs the teacher's tree of the course.")
    found, prompt = [], ""
    for cell in nbformat.read(path, as_version=4).cells:
        marks = exercises.tags(cell)
        if marks.get("grade") and marks.get("solution"):
            model, _, scheme = MODEL.sub("", between_marks(cell.source)).partition(SCHEME)
            texts = [shown(cell.cell_type, text.strip()) for text in (model, ITEM.sub("\n- ", scheme))]
            found.append(Task(marks["grade_id"], float(marks["points"]), render_text(prompt), *texts))
        elif cell.cell_type == "markdown":
            prompt = cell.source
    return found


def between_marks(source: str) -> str:
    """What stands between the marks of a solution; all of it where there are none."""
    found = [(match[1], match.start(), match.end()) for match in MARKS.finditer(source)]
    begin = next((end for kind, _, end in found if kind == "BEGIN"), 0)
    end = next((start for kind, start, _ in found if kind == "END"), len(source))
    return source[begin:end].strip()


def shown(kind: str, text: str, pictures: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """A cell's text as HTML: prose with its formulas and pasted pictures, code as it is.

    HTML in prose is escaped, and of pictures only pasted ones are shown.

    Args:
        kind: of the cell.
        text: of the cell.
        pictures: pasted into it: name -> MIME type -> base64.
    """
    if not text:
        return ""
    if kind != "markdown":
        return f"<pre>{escape(text)}</pre>"
    html = render_text(text.replace("](attachment:", f"]({PASTED}"))
    return PICTURE.sub(lambda match: source_of(match[1].removeprefix(PASTED), pictures or {}), html)


def source_of(name: str, pictures: Mapping[str, Mapping[str, str]]) -> str:
    """The address of a pasted picture, which is the picture itself; none for one that is not there."""
    for mime, data in pictures.get(name, {}).items():
        if mime in ("image/png", "image/jpeg") and re.fullmatch(r"[A-Za-z0-9+/=\s]+", data):
            return f'src="data:{mime};base64,{"".join(data.split())}"'
    return 'alt="a picture that is not here"'


@dataclass(frozen=True)
class Answer:
    """What a student wrote.

    Attributes:
        html: to be shown.
        seen: tells this text from any other, so that a mark is not given to one that has changed meanwhile.
        edited: whether it is another than what was handed out.
    """

    html: str
    seen: str
    edited: bool = True


def answer(notebook: Path, grade_id: str) -> Answer:
    """Read an answer from nbgrader's copy of a submission.

    Args:
        notebook: its file.
        grade_id: nbgrader's name of the cell.

    Raises:
        KeyError: there is no such notebook or cell.
    """
    import nbformat

    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except (OSError, ValueError) as error:
        raise KeyError(
            f"The answer cannot be read ({type(error).__name__}); run `nst grade` again."
        ) from None
    for cell in cells:
        if exercises.tags(cell).get("grade_id") == grade_id:
            edited = cell.source.strip() not in ("", TEXT_STUB)
            return Answer(shown(cell.cell_type, cell.source, pasted(cell)), digest(cell), edited)
    raise KeyError(f"The submission has no cell {grade_id}.")


def pasted(cell: Any) -> Mapping[str, Mapping[str, str]]:
    """The pictures in a cell."""
    return cell.get("attachments") or {}


def digest(cell: Any) -> str:
    """A few letters that change with a cell's text or pictures."""
    return hashlib.sha256(repr((cell.source, sorted(pasted(cell)))).encode("utf-8", "replace")).hexdigest()[
        :16
    ]
