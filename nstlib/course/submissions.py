"""Find submissions in a folder, whatever it looks like, and read them without believing anything.

A learning platform hands out one folder for each student, or one flat folder; students rename files; Colab
rewrites notebooks. So a submission is recognised by what is in it (the names nbgrader gave its cells), and
its student by the folder it lies in or by its file name. Of a notebook nothing is taken but the text of its
cells.
"""

from __future__ import annotations

import collections
import copy
import dataclasses
import hashlib
import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .exercises import tags

MOST_BYTES = 50 << 20  # of one file
MOST_CELLS = 500
MOST_SOURCE = 200_000  # characters of one cell
MOST_PROSE = 20_000  # characters of one cell of prose
MOST_TEXT = 2_000_000  # characters of all cells together
MOST_PICTURE = 8 << 20  # characters of one pasted picture
JOINER = "\u2060"
# What platforms put around a student's name: Moodle's folders, Canvas' file names.
PLATFORM_TAILS = (r"_\d+_assignsubmission_file_?$", r"(_LATE)?_\d+(_\d+(_.*)?)?$")


class Unreadable(ValueError):
    """A file that is no submission; the message says why, for the teacher."""


@dataclass(frozen=True)
class Found:
    """A notebook that somebody handed in.

    Attributes:
        student: who, as it is safe in file names.
        path: where the file lies.
        origin: the folder or the beginning of the file's name from which the student was told.
        exercise: its full name; empty when it could not be told.
        problem: why it cannot be graded; empty when it can.
        name: of the student, as the platform wrote it.
        id: the platform's number of the student or of the submission; empty where it gives none.
        section: of the class; empty where there is only one.
        submitted: when, with a time zone; None where nobody says.
        platform: "moodle", "canvas" or "folder".
    """

    student: str
    path: Path
    origin: str
    exercise: str = ""
    problem: str = ""
    name: str = ""
    id: str = ""
    section: str = ""
    submitted: datetime | None = None
    platform: str = "folder"


def find_submissions(folder: Path, exercises: Mapping[str, Iterable[str]]) -> list[Found]:
    """All submissions in a folder, sorted by student and exercise.

    Args:
        folder: as a platform or a teacher made it: a subfolder for each student (with the notebook anywhere
            in it), or files that begin with the student's name.
        exercises: their names, each with nbgrader's names of its cells.

    Raises:
        NotADirectoryError: there is no such folder.
        FileNotFoundError: there is nothing in it.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"There is no folder {folder}; give the one with the submissions.")
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir() and not entry.is_symlink():
            found += in_students_folder(entry, exercises)
        elif entry.suffix == ".ipynb":
            found.append(recognise(entry, "", exercises))
    if not found:
        raise FileNotFoundError(f"There is no notebook in {folder} or in the folders inside it.")
    return newest_only(found)


def in_students_folder(folder: Path, exercises: Mapping[str, Iterable[str]]) -> list[Found]:
    """The submissions of one student."""
    student = student_name(folder.name)
    try:
        paths = [
            path
            for path in sorted(folder.rglob("*.ipynb"))
            if not any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
        ]
    except (OSError, RecursionError) as error:
        return [
            Found(
                student, folder, folder.name, problem=f"This folder cannot be read ({type(error).__name__})."
            )
        ]
    if not paths:
        return [Found(student, folder, folder.name, problem="There is no notebook in this folder.")]
    return [recognise(path, folder.name, exercises) for path in paths]


def recognise(path: Path, folder: str, exercises: Mapping[str, Iterable[str]]) -> Found:
    """Tell which exercise a file answers: by its cells, or by its name."""
    named = next((name for name in exercises if re.search(rf"{name.partition('_')[0]}(?!\d)", path.name)), "")
    origin = folder or platform_owner(re.split(r"[-_ ]*ex\d\d", path.stem)[0] or path.stem)
    student = student_name(origin)
    try:
        cells = read_cells(path)
    except Unreadable as problem:
        return Found(student, path, origin, named, str(problem))
    marked = {cell["grade_id"] for cell in cells}
    shared = {name: len(marked & set(ids)) for name, ids in exercises.items()}
    best = max(shared, key=lambda name: shared[name], default="")
    if best and shared[best]:
        return Found(student, path, origin, best)
    if named:
        return Found(student, path, origin, named)
    return Found(student, path, origin, problem="This notebook is not an exercise of this course.")


def platform_owner(stem: str) -> str:
    """What is the same in the names of all files of a student: in Canvas, the name and the first number."""
    return re.sub(r"(?:_LATE)?_(\d+)_\d+$", r"_\1", stem)


def student_name(text: str) -> str:
    """A student's name as it is safe in file names and for nbgrader."""
    for tail in PLATFORM_TAILS:
        text = re.sub(tail, "", text)
    return re.sub(r"[^\w.@-]+", "_", text).strip("._")[:80] or "unnamed"


def newest_only(found: Iterable[Found]) -> list[Found]:
    """Of several files of one student for one exercise, the one written last that can be read.

    Two students whose names are the same once they are safe get a few letters more, so that nobody is lost.
    """
    groups: dict[tuple[str, str], list[Found]] = collections.defaultdict(list)
    for each in found:
        groups[(each.student, each.exercise)].append(each)
    chosen = []
    for (_, exercise), group in groups.items():
        by_origin: dict[str, list[Found]] = collections.defaultdict(list)
        for each in group:
            by_origin[each.origin].append(each)
        for origin, files in by_origin.items():
            if len(by_origin) > 1:
                letters = hashlib.sha256(origin.encode("utf-8", "replace")).hexdigest()[:6]
                files = [dataclasses.replace(each, student=f"{each.student}-{letters}") for each in files]
            files.sort(key=lambda each: (not each.problem, each.path.lstat().st_mtime))
            chosen += files if not exercise else files[-1:]
    return sorted(chosen, key=lambda each: (each.student, each.exercise, str(each.path)))


# --- reading one ------------------------------------------------------------------------------------


def read_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook: kind, text, pasted pictures, nbgrader's name. Nothing else is read.

    Raises:
        Unreadable: and why.
    """
    if path.is_symlink():
        raise Unreadable("The file is a link to another file; hand in the notebook itself.")
    if not path.is_file():
        raise Unreadable("This is no file.")
    size = path.stat().st_size
    if size == 0:
        raise Unreadable("The file is empty.")
    if size > MOST_BYTES:
        raise Unreadable(f"The file has {size / 2**20:.0f} MB; at most {MOST_BYTES >> 20} are read.")
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise Unreadable(f"The file cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise Unreadable(
            "The file is no notebook: it cannot be read as JSON (was its upload cut off?)."
        ) from None
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Unreadable("The file is no notebook of format 4: open it in JupyterLab and save it again.")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"The notebook has {len(cells)} cells; at most {MOST_CELLS} are read.")
    found = [read_cell(cell) for cell in cells]
    if sum(len(cell["source"]) for cell in found) > MOST_TEXT:
        raise Unreadable(f"The cells hold more than {MOST_TEXT // 1_000_000} million characters.")
    return found


def read_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    """One cell."""
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    kind = cell.get("cell_type")
    text = text.encode("utf-8", "replace").decode()  # JSON can hold what is no character
    return {
        "kind": kind if kind in ("code", "markdown", "raw") else "markdown",
        "source": text[:MOST_SOURCE],
        "grade_id": grade_id if isinstance(grade_id, str) else "",
        "pictures": read_pictures(cell.get("attachments")),
    }


def read_pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Pictures that a learner pasted into prose, such as a derivation on paper: PNG and JPEG only."""
    found: dict[str, dict[str, str]] = {}
    for name, forms in attachments.items() if isinstance(attachments, dict) else ():
        for mime in ("image/png", "image/jpeg"):
            data = forms.get(mime) if isinstance(forms, dict) else None
            if (
                isinstance(data, str)
                and len(data) <= MOST_PICTURE
                and re.fullmatch(r"[A-Za-z0-9+/=\s]+", data)
            ):
                found[str(name)] = {mime: data}
    return found


def safe_prose(text: str, pictures: Container[str] = ()) -> str:
    """A learner's Markdown that does nothing to whoever reads it: no HTML, links, pictures from elsewhere.

    An invisible character (word joiner) stands wherever the syntax of these would begin, which breaks every
    form of them and leaves formulas, lists and code readable. Pasted pictures that are there stay. Every step
    takes time in proportion to the text, and long texts are cut: what renders Markdown later is less careful.

    Args:
        text: of a cell.
        pictures: names of those that were pasted into the cell.
    """
    if len(text) > MOST_PROSE:
        text = text[:MOST_PROSE] + "\n\n(The grader has cut this text.)"
    text = re.sub(r"<(?=[a-zA-Z/!?])", f"<{JOINER}", text)
    text = re.sub(r"(?i)m(?=ermaid)", f"m{JOINER}", text)  # diagrams would load a program from the web
    for sign in "(:[":
        text = text.replace(f"]{sign}", f"]{JOINER}{sign}")
    for name in re.findall(r"\(attachment:([\w.-]+)\)", text):
        if name in pictures:
            text = text.replace(f"]{JOINER}(attachment:{name})", f"](attachment:{name})")
    return text


def rebuild(release: Any, cells: Iterable[Mapping[str, Any]]) -> tuple[Any, list[str]]:
    """Put a learner's answers into a fresh copy of the release.

    Of the cells that nbgrader knows, only the answers are the learner's; checks come from the release, in
    whatever state they were handed in, and cells that were deleted come back. Plain cells are kept where the
    learner has them, so that helpers and experiments still run.

    Returns:
        The notebook, and what had to be mended, one sentence each.
    """
    import nbformat

    originals = {tags(cell)["grade_id"]: cell for cell in release.cells if tags(cell)}
    ours = {cell.source for cell in release.cells if cell.cell_type == "markdown"}
    built, used, mended = [], set(), []
    for cell in cells:
        original = originals.get(cell["grade_id"])
        if original is None or cell["grade_id"] in used:
            built.append(plain_cell(cell, ours))
            continue
        used.add(cell["grade_id"])
        fresh = copy.deepcopy(original)
        if tags(fresh).get("solution"):
            fresh.source = cell["source"]
            if fresh.cell_type != "code" and fresh.source != original.source:
                fresh.attachments = cell.get("pictures", {})
                fresh.source = safe_prose(fresh.source, fresh.attachments)
        elif fresh.source != cell["source"]:
            mended.append(f"The check {cell['grade_id']} had been changed; the original was used.")
        built.append(fresh)
    for grade_id in originals:
        if grade_id not in used:
            mended.append(f"The cell {grade_id} was missing; the original was put back.")
            built.insert(place_for(grade_id, list(originals), built), copy.deepcopy(originals[grade_id]))
    for number, cell in enumerate(built):
        cell["id"] = f"cell-{number}"
    notebook = nbformat.v4.new_notebook(cells=built, metadata=copy.deepcopy(release.metadata))
    return notebook, mended


def plain_cell(cell: Mapping[str, Any], ours: Container[str]) -> Any:
    """A cell that nbgrader knows nothing of; prose that is not `ours` is made safe."""
    import nbformat

    if cell["kind"] == "code":
        return nbformat.v4.new_code_cell(cell["source"])
    pictures = cell.get("pictures", {})
    text = cell["source"] if cell["source"] in ours else safe_prose(cell["source"], pictures)
    return nbformat.v4.new_markdown_cell(text, attachments=pictures)


def place_for(grade_id: str, order: list[str], built: list[Any]) -> int:
    """Where a missing cell belongs: behind the nearest cell before it that is there."""
    before = order[: order.index(grade_id)]
    places = [i for i, cell in enumerate(built) if tags(cell).get("grade_id") in before]
    return max(places) + 1 if places else 0
