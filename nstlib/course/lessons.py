"""The learners' edition of the lessons: no outputs, so that a prediction comes before the picture.

In a lesson some lines are there to be written by whoever reads it. They stand between two marks, in a cell
tagged `stub`, and the cell after it compares what was written:

    def gram(features):
        ### BEGIN YOUR TURN
        flat = features.reshape(-1, features.shape[-1])
        return flat.T @ flat / len(flat)
        ### END YOUR TURN

In the learners' edition a line that says so is all that is left of them.
"""

from __future__ import annotations

import copy
import os
import re
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..foundation import unknown_name, whole_file

LESSONS = Path(__file__).resolve().parent.parent.parent / "notebooks"
BEGIN, END = "### BEGIN YOUR TURN", "### END YOUR TURN"
STUB = "raise NotImplementedError  # your turn"
# A link or a picture's source that leads to a file, from where the notebook lies.
TO_A_FILE = re.compile(r"(?P<before>\]\(|src=\")(?P<file>(?!https?:|#|attachment:|data:|mailto:)[^)\"\s#]+)")


class BlankError(ValueError):
    """A lesson whose marks are not in order; the message names the cell."""


def names() -> list[str]:
    """The lessons there are, such as "04_gram_matrices", in order.

    Raises:
        FileNotFoundError: this is the package without the lessons.
    """
    found = sorted(path.stem for path in LESSONS.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise FileNotFoundError(
            f"There are no lessons in {LESSONS}: they come with a clone of the course, not with the package."
        )
    return found


def title(name: str) -> str:
    """The title of a lesson."""
    import nbformat

    first = nbformat.read(LESSONS / f"{name}.ipynb", as_version=4).cells[0].source
    return str(first.splitlines()[0].lstrip("# "))


def pick(name: str, known: Sequence[str]) -> str:
    """The whole name of one of several lessons, from its number ("4", "04"), its name or its file.

    Raises:
        ValueError: there is none; the nearest is suggested.
    """
    wanted = Path(name).stem
    for one in known:
        number = one.partition("_")[0]
        if wanted in (one, number) or (wanted.isdecimal() and int(wanted) == int(number)):
            return one
    raise unknown_name("lesson", name, known)


def blank(notebook: Any) -> Any:
    """A lesson without outputs, and with stubs in place of the lines between the marks.

    Raises:
        BlankError: a mark is alone.
    """
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.source = "\n".join(without_turns(cell.source.splitlines(), cell.get("id", "")))
            cell.metadata.pop("execution", None)
    return made


def without_turns(lines: Sequence[str], cell: str) -> Iterator[str]:
    """The lines of a cell, with a stub for what stands between the marks."""
    inside = False
    for line in lines:
        if line.strip() == BEGIN:
            if inside:
                raise BlankError(f"Cell {cell!r}: {BEGIN!r} stands twice without {END!r} between.")
            inside = True
            yield line[: len(line) - len(line.lstrip())] + STUB
        elif line.strip() == END:
            if not inside:
                raise BlankError(f"Cell {cell!r}: {END!r} stands without {BEGIN!r} before it.")
            inside = False
        elif not inside:
            yield line
    if inside:
        raise BlankError(f"Cell {cell!r}: {BEGIN!r} stands without {END!r} after it.")


def with_links(notebook: Any, folder: Path, lessons: Sequence[str]) -> Any:
    """A lesson whose links to files of the course hold in another folder.

    Links between lessons that are all there stay as they are; others lead into the clone.
    """
    beside = {f"{name}.ipynb" for name in lessons}

    def moved(match: re.Match[str]) -> str:
        file = match["file"]
        if file in beside or not (LESSONS / file).exists():  # code may look like a link: f[0](x)
            return match[0]
        there = Path(os.path.relpath(LESSONS / file, folder)).as_posix()
        return match["before"] + urllib.parse.quote(there)  # a blank would end the link

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = TO_A_FILE.sub(moved, cell.source)
    return notebook


def write(folder: Path, lessons: Sequence[str]) -> Iterator[Path]:
    """Write the learners' edition of lessons into a folder; gives each file as it is written.

    Raises:
        FileExistsError: a file of that name is there already: somebody may have worked in it.
        OSError: the folder cannot be written.
    """
    import nbformat

    folder = folder.resolve()
    taken = [name for name in lessons if (folder / f"{name}.ipynb").exists()]
    if taken:
        raise FileExistsError(
            f"{folder / taken[0]}.ipynb is there already, and somebody may have worked in it: name another "
            "folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in lessons:
        made = blank(nbformat.read(LESSONS / f"{name}.ipynb", as_version=4))
        path = folder / f"{name}.ipynb"
        with whole_file(path) as partial:
            partial.write_text(nbformat.writes(with_links(made, folder, lessons)) + "\n", encoding="utf-8")
        yield path
