"""Releases: what learners get of each exercise, generated from its source, and what must be true of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..foundation import whole_file
from .converters import generate, settings
from .exercises import RELEASES, SOLUTIONS, load

SHORTEST_LEAK = 25  # characters of a line of a solution that cannot be a coincidence


def generated(wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The release of each exercise, by name, as the bytes of its notebook."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = settings(root, root / "release")
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        for name in wanted:
            generate(name, config)
            yield name, (root / "release" / name / f"{name}.ipynb").read_bytes()


def write(wanted: Sequence[str], target: Path = RELEASES) -> list[Path]:
    """Generate releases and put them in place, each whole or not at all; returns what has changed."""
    changed = []
    for name, content in generated(wanted):
        path = target / name / f"{name}.ipynb"
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            partial.write_bytes(content)
        changed.append(path)
    return changed


# --- what must be true of them ----------------------------------------------------------------------


def leaks(name: str, release: str) -> list[str]:
    """Lines of the solution, the hidden tests or the wrong answers that stand in a release."""
    import nbformat

    exercise = load(name)
    published = nbformat.reads(release, as_version=4)
    shown = {line.strip() for cell in published.cells for line in cell.source.splitlines()}
    found = [f"an output in cell {i}" for i, cell in enumerate(published.cells) if cell.get("outputs")]
    found += [line for line in shown if "BEGIN SOLUTION" in line or "END SOLUTION" in line]
    secrets = set(solution_lines(exercise.notebook))
    for file in ("hidden.py", "wrong.py"):
        secrets |= set(long_lines((SOLUTIONS / name / file).read_text(encoding="utf-8")))
    return found + sorted((secrets & shown) - open_lines(exercise.notebook))


def long_lines(text: str) -> Iterator[str]:
    """Lines of a text that are long enough to be recognised, signatures and imports left out."""
    for line in map(str.strip, text.splitlines()):
        if len(line) >= SHORTEST_LEAK and not line.startswith(("def ", "import ", "from ", "#")):
            yield line


def solution_lines(notebook: Any) -> Iterator[str]:
    """Lines between the marks of a solution."""
    for cell in notebook.cells:
        inside = False
        for line in cell.source.splitlines():
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                inside = "BEGIN" in line
            elif inside:
                yield from long_lines(line)


def open_lines(notebook: Any) -> set[str]:
    """Lines outside of solutions, which learners are meant to see."""
    found = set()
    for cell in notebook.cells:
        inside = False
        for line in cell.source.splitlines():
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                inside = "BEGIN" in line
            elif not inside:
                found.add(line.strip())
    return found


def outdated(wanted: Sequence[str]) -> list[str]:
    """What is wrong with the committed releases: one sentence each; empty when nothing is."""
    found = []
    for name, content in generated(wanted):
        path = RELEASES / name / f"{name}.ipynb"
        if not path.is_file() or path.read_bytes() != content:
            found.append(f"{name}: the release is not what its source gives; run `nst exercises`.")
        found += [f"{name}: the release gives away: {line}" for line in leaks(name, content.decode())]
        extra = [each.name for each in path.parent.glob("*") if each != path]
        found += [f"{name}: the release has a file too many, {each}" for each in extra]
    return found
