"""Feedback as a notebook: what the student handed in, with marks, sentences and comments in it.

For a platform that gives feedback back under the name of what was handed in. Of outputs only text and
pictures are taken, as on the page.
"""

from __future__ import annotations

import re
from typing import Any

from ..exercises import tags
from .classes import Return
from .feedback import Feedback, Mark
from .pages import GRADERS_CELL, MOST_OUTPUT, MOST_PICTURE, joined, pictures_of, points_of, state_of

PICTURE = re.compile(r'src="data:(image/(?:png|jpeg));base64,([A-Za-z0-9+/=]+)"')


def feedback_notebook(each: Return) -> bytes:
    """The notebook of a submission with its feedback, as the bytes of a file."""
    import nbformat

    notebook = nbformat.read(each.judged, as_version=4)
    marks = {mark.grade_id: mark for mark in each.feedback.marks}
    cells = [new_cell("feedback", opening(each.feedback))]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [kept for output in cell.outputs if (kept := plain_output(output))]
        if cell.get("id") != GRADERS_CELL:  # the opening says it
            cells.append(cell)
        if mark := marks.get(tags(cell).get("grade_id", "")):
            cells.append(new_cell(f"feedback-{len(cells)}", verdict(mark)))
    notebook.cells = cells
    return bytes(nbformat.writes(notebook).encode("utf-8", "replace"))


def new_cell(name: str, text: str) -> Any:
    """A cell of prose."""
    import nbformat

    cell = nbformat.v4.new_markdown_cell(text)
    cell["id"] = name
    return cell


def opening(feedback: Feedback) -> str:
    """The first cell: who, what, the total, and the table of questions."""
    rows = [f"| {mark.title} | {points_of(mark)} | {state_of(mark)[1]} |" for mark in feedback.marks]
    said = [*feedback.notes, *filter(None, [feedback.reason]), *feedback.comments]
    return "\n".join(
        [
            *(f"# Feedback: {feedback.title}", "", f"**{typed(feedback.name)}**", ""),
            *(f"**{feedback.total()}**", "", "| question | points | |", "|---|---|---|", *rows, ""),
            *(f"{text}\n" for text in said),
        ]
    )


def typed(text: str) -> str:
    """A name in Markdown, whose signs mean nothing in it."""
    return re.sub(r"([\\`*_{}\[\]<>#|$])", r"\\\1", text)


def verdict(mark: Mark) -> str:
    """What is said of a question, below its check."""
    hand = ", marked by hand" if mark.by_hand and mark.score is not None else ""
    parts = [f"**{points_of(mark)} points** ({state_of(mark)[1]}{hand}).", mark.sentence]
    parts += [f"**Comment.** {mark.comment}"] if mark.comment else []
    return "\n\n".join(filter(None, parts))


def plain_output(output: Any) -> Any:
    """An output as text or as a picture; None for one that is neither."""
    import nbformat

    if output.output_type == "stream":
        return nbformat.v4.new_output("stream", name=output.name, text=joined(output.text)[:MOST_OUTPUT])
    if output.output_type == "error":
        trace = [line[:MOST_OUTPUT] for line in output.traceback[:40]]
        return nbformat.v4.new_output("error", ename=output.ename, evalue=output.evalue, traceback=trace)
    found = [PICTURE.search(element) for element in pictures_of(output.data)]
    data = {picture[1]: picture[2] for picture in found if picture and len(picture[2]) <= MOST_PICTURE}
    data = data or {"text/plain": joined(output.data.get("text/plain", ""))[:MOST_OUTPUT]}
    return nbformat.v4.new_output("display_data", data=data)
