"""The report of `nst likeness`: answers of a folder of grades, a table, a page with pairs side by side."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..foundation import whole_file
from . import exercises
from .collecting import Unreadable, read_cells
from .likeness import MOST_MATCHES, SMALL_CLASS, Answer, Match, Side, given_hashes, lines_of, matches
from .results import harmless, short_name

MOST_SHOWN = 200  # matches on the page; the table has all
OWN_CELLS = "cells of their own"
COLUMNS = ("exercise", "question", "kind", "weight", "student", "share", "other", "other_share")
CAUTION = (
    "This page shows which answers are alike. It does not show why: students may have worked together where "
    "that is allowed, used the same source or assistant, had the same help, or had the same idea; short "
    "questions have few good answers. Nor does it show who had it first, and what is not listed may still be "
    "copied. Look at the pairs, talk to the students, and decide nothing by a number."
)


def report(folder: Path, wanted: Sequence[str] = ()) -> tuple[int, list[Path]]:
    """Compare all answers in a folder of grades, and write likeness.csv and likeness.html into it.

    Args:
        folder: of grades.
        wanted: full names of exercises; empty for all.

    Returns:
        The number of matches, and the files.

    Raises:
        FileNotFoundError: there is nothing to compare.
    """
    names = sorted({path.parent.name for path in folder.glob("received/*/*/*.ipynb")})
    names = [name for name in names if name in wanted or not wanted]
    if not names:
        raise FileNotFoundError(
            f"There are no submissions in {folder}: `nst grade SUBMISSIONS_FOLDER` puts them there."
        )
    found = [match for name in names for match in matches_of(folder, name)]
    found = sorted(found, key=lambda match: -match.weight)[:MOST_MATCHES]
    table, page = folder / "likeness.csv", folder / "likeness.html"
    write_table(found, table)
    with whole_file(page) as partial:
        partial.write_text(page_of(found, names), encoding="utf-8", errors="replace")
    return len(found), [table, page]


def matches_of(folder: Path, exercise: str) -> list[Match]:
    """What is alike in one exercise, question by question."""
    import nbformat

    release = folder / "release" / exercise / f"{exercise}.ipynb"
    cells = nbformat.read(release, as_version=4).cells
    by_kind = {
        is_code: given_hashes((c.source for c in cells if (c.cell_type == "code") == is_code), is_code)
        for is_code in (True, False)
    }
    questions: dict[tuple[str, bool], list[Answer]] = defaultdict(list)
    for path in sorted(folder.glob(f"received/*/{exercise}/{exercise}.ipynb")):
        for answer in answers_in(path, cells):
            questions[answer.question, answer.is_code].append(answer)
    return [match for (_, kind), found in questions.items() for match in matches(found, by_kind[kind])]


def answers_in(path: Path, release: Iterable[Any]) -> Iterator[Answer]:
    """The answers in a submission: cell by cell, and all cells of the student's own as one.

    What cannot be read, or was left as it was handed out, is left out.
    """
    student, exercise = path.parent.parent.name, short_name(path.parent.name)
    release = list(release)
    asked = {exercises.tags(cell).get("grade_id"): cell for cell in release if exercises.tags(cell)}
    given = {cell.source for cell in release}
    try:
        cells = read_cells(path)
    except (Unreadable, OSError):
        return
    own = []
    for cell in cells:
        if cell["source"] in given:
            continue
        original = asked.get(cell["grade_id"])
        if original is not None and exercises.tags(original).get("solution"):
            name = cell["grade_id"].partition("_")[2].removesuffix("_answer")
            yield Answer(student, exercise, name, cell["source"], original.cell_type == "code")
        elif original is None and cell["kind"] == "code":
            own.append(cell["source"])
    if own:
        yield Answer(student, exercise, OWN_CELLS, "\n".join(own))


def write_table(found: Iterable[Match], path: Path) -> None:
    """Write matches as CSV."""
    with (
        whole_file(path) as partial,
        open(partial, "w", newline="", encoding="utf-8", errors="replace") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for match in found:
            sides = [(", ".join(s.students), f"{s.share:.2f}") for s in (match.left, match.right)]
            row = [match.exercise, match.question, match.kind, f"{match.weight:.0f}", *sides[0], *sides[1]]
            writer.writerow([harmless(cell) for cell in row])


# --- the page ---------------------------------------------------------------------------------------

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
body { margin: 0 auto; padding: 16px; max-width: 1240px; color: #1c2126; background: #fff; }
body { font: 16px/1.5 sans-serif; }
h1 { font-size: 24px; } h2 { margin: 28px 0 2px; font-size: 18px; }
.caution { padding: 10px 14px; background: #fff4d6; border-left: 5px solid #b7791f; }
p { margin: 4px 0 8px; } .soft { color: #55606b; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px; }
h3 { margin: 0 0 4px; font-size: 15px; overflow-wrap: anywhere; }
pre { margin: 0; padding: 8px; max-height: 60vh; overflow: auto; background: #f3f2ec; font-size: 13px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
mark { background: #cfe6e4; color: inherit; }
@media (max-width: 700px) { .pair { grid-template-columns: minmax(0, 1fr); } }
"""


def page_of(found: Sequence[Match], names: Sequence[str]) -> str:
    """The page: what is rarest first, with what it does not prove above."""
    compared = f"Compared: {escape(', '.join(names))}."
    left = len(found) - MOST_SHOWN
    more = f"<p>{left} more are in likeness.csv.</p>" if left > 0 else ""
    body = "".join(section(match) for match in found[:MOST_SHOWN])
    body = body or "<p>No two answers are alike enough to be listed.</p>"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>Answers that are alike</title><style>{STYLE}</style></head><body>"
        f'<h1>Answers that are alike</h1><p class="caution">{escape(CAUTION)}</p>'
        f'<p class="soft">{compared} What the release gave to everybody is left out. Lines that hold '
        "something shared and rare are coloured. The weight says how rare what two answers share is: every "
        "shared piece counts log2(answers / answers that have it), and nothing when more than half of a "
        f"class have it. Fewer than {SMALL_CLASS} answers are counted as {SMALL_CLASS}, and nothing is left "
        "out among them: what is rare cannot be known there, and right answers look alike.</p>"
        f"{body}{more}</body></html>\n"
    )


def section(match: Match) -> str:
    """One match."""
    return (
        f"<section><h2>{escape(match.exercise)}, {escape(match.question)}: {escape(match.kind)}</h2>"
        f'<p class="soft">Weight {match.weight:.0f}.</p>'
        f'<div class="pair">{side(match.left)}{side(match.right)}</div></section>'
    )


def side(each: Side) -> str:
    """One side of a match: who, and the text with the shared lines marked."""
    first, *others = each.students
    also = f" (and {len(others)} with the same: {', '.join(others)})" if others else ""
    shown = "\n".join(
        f"<mark>{escape(line)}</mark>" if number in each.lines else escape(line)
        for number, line in enumerate(lines_of(each.text))
    )
    return f"<div><h3>{escape(first + also)}, {each.share:.0%} shared</h3><pre>{shown}</pre></div>"
