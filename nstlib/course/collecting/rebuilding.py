"""Put a learner's answers into a fresh copy of the release."""

from __future__ import annotations

import copy
from collections.abc import Container, Iterable, Mapping
from typing import Any

from ..exercises import tags
from .reading import safe_prose


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
