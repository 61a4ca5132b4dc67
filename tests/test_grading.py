"""A class graded in one command: honest work, common accidents, and real attacks."""

from __future__ import annotations

import copy
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytest.importorskip("nbgrader")

from nstlib import cli
from nstlib.cli import grading as grading_command
from nstlib.course import (
    classroom,
    collecting,
    edition,
    exercises,
    grading,
    judge,
    releases,
    results,
    sandbox,
    scheduling,
    summary,
)
from nstlib.course.sandbox import Limits

EXERCISE = "ex04_gram_matrices"
ROOT = Path(__file__).resolve().parent.parent
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        not (exercises.SOLUTIONS / EXERCISE).is_dir(), reason="the public tree has no solutions"
    ),
]


def right_answers(*questions: str) -> dict[str, str]:
    """The answers of the solved notebook, which the public tree does not have."""
    path = exercises.SOLUTIONS / EXERCISE / f"{EXERCISE}.ipynb"
    cells = nbformat.read(path, as_version=4).cells if path.is_file() else []
    by_name = {exercises.tags(cell).get("grade_id"): cell.source for cell in cells}
    return {name: by_name[f"ex04_{name}_answer"] for name in questions if by_name}


HONEST = right_answers("gram_matrix", "split_gram")  # 5 of 14 points: two questions answered, three not
# Long enough for honest work on a busy machine, and short enough to wait for those who loop for ever.
LIMITS = Limits(
    seconds=300, cell_seconds=20, call_seconds=8, memory=1 << 30, processes=64, output_bytes=16 << 20
)


def release() -> Any:
    """The committed release, without the cells that draw: they need the network and seconds."""
    notebook = nbformat.read(exercises.RELEASES / EXERCISE / f"{EXERCISE}.ipynb", as_version=4)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if exercises.tags(cell) or "network" not in cell.source and "plots" not in cell.source
    ]
    return notebook


def answered(answers: dict[str, str] | None = None) -> Any:
    """A submission with these answers."""
    notebook = release()
    for cell in notebook.cells:
        name = exercises.tags(cell).get("grade_id", "").removeprefix("ex04_").removesuffix("_answer")
        if exercises.tags(cell).get("solution") and name in (answers or HONEST):
            cell.source = (answers or HONEST)[name].strip()
    return notebook


def with_code(code: str, where: int = 2) -> Any:
    """Honest work with one more cell, early in the notebook."""
    notebook = answered()
    notebook.cells.insert(where, nbformat.v4.new_code_cell(code))
    return notebook


def with_prose_that_attacks() -> Any:
    """HTML, a script link and a picture from elsewhere, and one picture that is honest."""
    notebook = answered()
    text = """<img src=x onerror=alert(7)> <script>alert(7)</script> ![spy](http://192.0.2.1/spy.png)
[plots][a\\]b] ![a\\]b](http://192.0.2.1/b.png) ![[x]](http://192.0.2.1/c.png) ![lost](attachment:lost.png)
[x](javascript:alert(7)) [y](  JavaScript:alert(7)) <javascript:alert(7)> [z](&#106;avascript:alert(7)) [w][1]

[1]: javascript:alert(7)
[a\\]b]: javascript:alert(7)
> > [2]: javascript:alert(7)
- [3]: javascript:alert(7)

```mermaid
graph TD; A-->B
```
"""
    for cell in notebook.cells:
        if exercises.tags(cell).get("grade_id") == "ex04_open":
            cell.source = text + " ![mine](attachment:a.png)"
            cell["attachments"] = {
                "a.png": {"image/png": "aGVsbG8=", "text/html": "<script>alert(7)</script>"}
            }
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(text))
    notebook.cells.insert(1, nbformat.v4.new_raw_cell(text))
    return notebook


def without_checks() -> Any:
    notebook = answered()
    notebook.cells = [cell for cell in notebook.cells if not exercises.is_checked(cell)]
    return notebook


def with_edited_checks() -> Any:
    notebook = answered()
    for cell in notebook.cells:
        if exercises.is_checked(cell):
            cell.source = "99"
            cell.metadata.nbgrader["points"] = 99
            cell.metadata.nbgrader["locked"] = False
    return notebook


def with_confused_metadata() -> Any:
    notebook = answered()
    for cell in notebook.cells:
        marks = exercises.tags(cell)
        if marks:
            marks["grade"], marks["solution"] = not marks["grade"], not marks["solution"]
            marks["checksum"] = "0"
    return notebook


def as_colab_saves() -> Any:
    notebook = answered()
    notebook.nbformat_minor = 0
    notebook.metadata["colab"] = {"provenance": [], "toc_visible": True}
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    for cell in notebook.cells:
        cell.pop("id", None)
        cell.metadata["id"] = "aB3_xyz"
        cell.metadata["outputId"] = "0-0"
    notebook.cells.insert(
        0, nbformat.from_dict({"cell_type": "markdown", "metadata": {"colab_type": "text"}, "source": "x"})
    )
    return notebook


BLANKS_LATER_CELLS = """
def blank(lines):
    return ["gram_matrix = lambda f: 1\\n"]
get_ipython().input_transformers_cleanup.append(blank)
"""
PATCHES = """
import numpy as np
import nstlib.checks.framework as framework
np.allclose = np.array_equal = lambda *a, **k: True
framework.same = lambda *a, **k: True
framework.require = framework.diagnose = lambda *a, **k: None
class Liar(float):
    def __eq__(self, other): return True
    def __le__(self, other): return True
def style_loss(features, style): return Liar(0)
def style_gradient(features, style): return np.zeros_like(features)
def correction(*sizes): return Liar(1)
"""
READS_SECRETS = f"""
import os, sys
tops = ("/home", "/root", "/tmp", "/var", "/srv", "/mnt", "/opt", {str(ROOT)!r})
files = [os.path.join(at, f) for top in tops for at, _, files in os.walk(top) for f in files]
print("FOUND", [f for f in files if f.endswith(("hidden.py", "book.db")) and not f.startswith(sys.prefix)])
print("THERE", [p for p in ({str(ROOT / "solutions")!r}, {str(ROOT / "tests")!r}) if os.path.exists(p)])
open({str(ROOT / "stolen")!r}, "w").write("x")
"""
FORK_BOMB = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"

ENDLESS = "def gram_matrix(f):\n    while True: pass"
EXITING = "import os\ndef gram_matrix(f):\n    os._exit(1)"
SCRIPT = "from IPython.display import HTML\nHTML('<script>alert(1)</script>')"

ALL_EXIT = {
    name: f"import os\ndef {name}(*a):\n    os._exit(0)"
    for name in ("gram_matrix", "split_gram", "style_loss", "style_gradient", "correction")
}

# What is handed in -> points of the machine-marked 14, and a text that the note or a message must hold.
CLASS: dict[str, tuple[Callable[[], Any], float, str]] = {
    "honest": (answered, 5, "Not written yet"),
    "unedited": (release, 0, "Not written yet"),
    "loop_in_function": (lambda: answered({**HONEST, "gram_matrix": ENDLESS}), 2, "stopped after 8 seconds"),
    "loop_in_cell": (lambda: with_code("while True: pass"), 5, ""),
    "exits_process": (lambda: with_code("import os; os._exit(0)"), 5, ""),
    "exits_in_function": (lambda: answered({**HONEST, "gram_matrix": EXITING}), 2, "ended the process"),
    "exits_everywhere": (lambda: answered(ALL_EXIT), 0, "had ended too often"),
    "no_character": (lambda: with_code("print('\\ud800')\nraise ValueError('\\ud800')"), 5, ""),
    "fork_bomb": (lambda: with_code(FORK_BOMB), 5, ""),
    "memory_hog": (lambda: with_code("x = [b'x' * (100 << 20) for _ in range(99)]"), 5, ""),
    "prints_100_mb": (lambda: with_code("print('x' * (100 << 20))"), 5, ""),
    "reads_secrets": (lambda: with_code(READS_SECRETS), 5, ""),
    "patches": (lambda: with_code(PATCHES, where=-1), 5, ""),
    "blanks_cells": (lambda: with_code(BLANKS_LATER_CELLS), 0, ""),
    "deleted_checks": (without_checks, 5, "the original was put back"),
    "edited_checks": (with_edited_checks, 5, "the original was used"),
    "confused_metadata": (with_confused_metadata, 5, ""),
    "colab": (as_colab_saves, 5, ""),
    "prose": (with_prose_that_attacks, 5, ""),
    "script": (lambda: with_code(SCRIPT), 5, ""),
}
BROKEN = {
    "empty": (b"", "The file is empty"),
    "cut_off": (nbformat.writes(nbformat.v4.new_notebook()).encode()[:20], "cannot be read as JSON"),
    "deep": (b"[" * 100_000, "cannot be read as JSON"),
    "not_ours": (nbformat.writes(nbformat.v4.new_notebook()).encode(), "not an exercise of this course"),
    "old_format": (b'{"nbformat": 3, "worksheets": []}', "no notebook of format 4"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, results.Result]]]:
    """The whole class, graded once."""
    folder, target = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("grades")
    for student, (make, _, _) in CLASS.items():
        path = folder / student / f"{EXERCISE}.ipynb"
        path.parent.mkdir()
        path.write_text(nbformat.writes(make(), version=nbformat.NO_CONVERT), encoding="utf-8")
    for student, (content, _) in BROKEN.items():
        (folder / student).mkdir()
        (folder / student / "my homework (final).ipynb").write_bytes(content)
    (folder / "no_file").mkdir()
    shutil.copy(folder / "honest" / f"{EXERCISE}.ipynb", folder / "honest" / "Kopie von exercise (1).ipynb")
    os.utime(folder / "honest" / "Kopie von exercise (1).ipynb", (1, 1))
    rows = grading.grade_folder(folder, target, limits=LIMITS)
    yield target, {row.student: row for row in rows}


def machine_points(row: results.Result) -> float:
    return sum(outcome["score"] for outcome in row.outcomes.values())


@pytest.mark.parametrize("student", CLASS)
def test_everybody_gets_what_the_work_is_worth(graded: Any, student: str) -> None:
    _, points, text = CLASS[student]
    row = graded[1][student]
    assert row.status == "graded", row.note
    said = row.note + " ".join(outcome["message"] for outcome in row.outcomes.values())
    assert machine_points(row) == points, said
    assert row.score == points and row.points == 18
    assert text in said
    assert row.memory < 2 << 30


@pytest.mark.parametrize("student", BROKEN)
def test_what_cannot_be_read_is_reported_and_stops_nobody(graded: Any, student: str) -> None:
    row = graded[1][student]
    assert row.status == "failed" and BROKEN[student][1] in row.note


def test_a_folder_without_a_notebook_is_reported(graded: Any) -> None:
    assert "no notebook" in graded[1]["no_file"].note


def test_nothing_was_stolen_or_written(graded: Any) -> None:
    assert not (ROOT / "stolen").exists()
    notebook = nbformat.read(
        graded[0] / "judged" / "reads_secrets" / EXERCISE / f"{EXERCISE}.ipynb", as_version=4
    )
    said = "".join(o.get("text", "") for c in notebook.cells for o in c.get("outputs", []))
    assert "FOUND []" in said and "THERE []" in said


def test_every_graded_student_has_a_page_without_scripts_and_secrets(graded: Any) -> None:
    target, rows = graded
    hidden = (exercises.SOLUTIONS / EXERCISE / "hidden.py").read_text()
    for student in CLASS:
        page = (target / "feedback" / student / EXERCISE / f"{EXERCISE}.html").read_text()
        assert "<script>alert(1)" not in page
        assert not [line for line in releases.long_lines(hidden) if line in page]
    page = (target / "feedback" / "honest" / EXERCISE / f"{EXERCISE}.html").read_text()
    assert "3 of 3" in page and "Not written yet" in page


def test_prose_is_shown_and_runs_nothing(graded: Any) -> None:
    page = (graded[0] / "feedback" / "prose" / EXERCISE / f"{EXERCISE}.html").read_text()
    assert f"&lt;{collecting.JOINER}script&gt;alert(7)" in page and "aGVsbG8=" in page
    for attack in ("<img src=x", "<script>alert(7)", 'src="http://192.0.2.1', 'href="javascript:'):
        assert attack not in page.lower()
    assert not re.findall(r'(?i)href="(?!https?:|mailto:|#|ex04|\.\./)[^"]*"', page)
    assert 'class="mermaid"' not in page


def test_prose_is_made_safe_in_time_that_grows_with_its_length() -> None:
    for hostile in ("\n", "![", "[", "\\\\(a", "](", "<a", "(attachment:", " >"):
        began = time.thread_time()  # of the processor, which other work on the machine does not touch
        safe = collecting.safe_prose(hostile * (200_000 // len(hostile)))
        assert (
            time.thread_time() - began < 5
        )  # a tenth of a second, or minutes where it grows with the square
        assert len(safe) < 2.1 * collecting.MOST_PROSE
    assert collecting.safe_prose("**bold** $a_1 < b$ `x[0]` - 5 > 3") == "**bold** $a_1 < b$ `x[0]` - 5 > 3"


def test_the_table_has_a_row_for_everybody(graded: Any) -> None:
    target, rows = graded
    with (target / "grades.csv").open(encoding="utf-8") as file:
        table = {row["student"]: row for row in csv.DictReader(file)}
    assert set(table) == {*CLASS, *BROKEN, "no_file"}
    assert table["honest"]["raw"] == "5.0" and table["honest"]["status"] == "graded"
    assert (target / table["honest"]["feedback"]).is_file()
    assert (target / "summary.png").stat().st_size > 10_000
    assert json.loads((target / "results.json").read_text())


def test_grading_again_runs_nothing_again_but_what_has_changed(
    graded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "grades"
    shutil.copytree(graded[0], target)
    folder = tmp_path / "class"
    for student in ("honest", "unedited"):
        (folder / student).mkdir(parents=True)
        shutil.copy(target / "received" / student / EXERCISE / f"{EXERCISE}.ipynb", folder / student)
    path = folder / "unedited" / f"{EXERCISE}.ipynb"
    path.write_text(nbformat.writes(answered()))
    ran = count_judged(monkeypatch)
    rows = {row.student: row for row in grading.grade_folder(folder, target, limits=LIMITS)}
    assert len(ran) == 1
    assert machine_points(rows["unedited"]) == 5 and machine_points(rows["honest"]) == 5
    path.write_bytes(b"")  # a broken new version replaces the old one rather than hiding behind it
    rows = {row.student: row for row in grading.grade_folder(folder, target, limits=LIMITS)}
    assert rows["honest"].status == "graded" and "empty" in rows["unedited"].note
    assert not (target / "feedback" / "unedited" / EXERCISE).exists()


def count_judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by one whenever a submission is run."""
    ran: list[int] = []
    original = judge.judge
    monkeypatch.setattr(judge, "judge", lambda *a, **k: ran.append(1) or original(*a, **k))
    return ran


def test_what_a_limit_stopped_is_run_again_and_so_is_all_under_other_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "class" / "anna").mkdir(parents=True)
    slow = with_code("import time\ntime.sleep(5)\nslept = True", where=2)
    slow.cells.append(nbformat.v4.new_code_cell("gram_matrix = gram_matrix if slept else None"))
    (tmp_path / "class" / "anna" / "a.ipynb").write_text(nbformat.writes(slow))
    ran = count_judged(monkeypatch)

    def grade(cell_seconds: float) -> results.Result:
        limits = replace(LIMITS, cell_seconds=cell_seconds)
        (row,) = grading.grade_folder(tmp_path / "class", tmp_path / "grades", limits=limits)
        assert row.status == "graded", row.note
        return row

    assert not grade(1).finished
    assert not grade(1).finished and len(ran) == 2  # no stopped run is good for ever
    raised = grade(60)
    assert raised.finished and machine_points(raised) == 5 and len(ran) == 3
    assert grade(60) == raised and len(ran) == 3  # what ran to its end is
    lowered = grade(1)
    assert not lowered.finished and len(ran) == 4


def test_results_of_an_older_version_are_read_and_run_again(
    graded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, folder = tmp_path / "grades", tmp_path / "class"
    shutil.copytree(graded[0], target)
    (folder / "honest").mkdir(parents=True)
    shutil.copy(target / "received" / "honest" / EXERCISE / f"{EXERCISE}.ipynb", folder / "honest")
    rows = json.loads((target / "results.json").read_text())
    for row in rows.values():
        del row["limits"], row["finished"]
    (target / "results.json").write_text(json.dumps(rows))
    ran = count_judged(monkeypatch)
    (row,) = grading.grade_folder(folder, target, limits=LIMITS)
    assert len(ran) == 1 and row.finished and row.score == 5
    assert len(json.loads((target / "results.json").read_text())) == len(rows)


@pytest.mark.parametrize(
    ("asked", "gigabytes", "jobs", "said"),
    [
        (4, 16, 4, ""),
        (
            4,
            15.9,
            3,
            "3 at the same time rather than 4: a submission may use 4 GB of memory, and this machine",
        ),
        (2, 7.6, 1, "1 at the same time rather than 2"),
        (1, 4, 1, ""),
        (None, 15.9, 3, ""),
        (None, 1000, 8, ""),
        (None, 3, 1, "This machine has 3 GB, and a submission may use 4 GB of memory: lower `--memory`."),
        (2, 3, 1, "This machine has 3 GB"),
    ],
)
def test_no_more_run_at_a_time_than_the_memory_holds(
    asked: int | None, gigabytes: float, jobs: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling.hardware, "memory", lambda: int(gigabytes * 2**30))
    monkeypatch.setattr(scheduling.os, "cpu_count", lambda: 8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert classroom.Classroom(tmp_path, Limits(memory=4 << 30), asked).jobs == jobs
    found = [str(each.message) for each in caught]
    assert len(found) == bool(said) and all(each.startswith(said) for each in found)


def test_the_class_picture_takes_rows_with_other_questions(tmp_path: Path) -> None:
    """A question was added in mid-term: a remembered row lacks it, and its share is of those who had it."""
    from matplotlib.figure import Figure

    def row(student: str, **scores: float) -> results.Result:
        outcomes = {name: {"score": score, "points": 4.0, "message": ""} for name, score in scores.items()}
        return results.Result(student, EXERCISE, "graded", outcomes=outcomes)

    rows = [row("a", old=4), row("b", old=2, new=1), row("c", old=3, new=3), row("d")]
    axes = Figure().subplots()
    summary.draw_questions(axes, rows)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["old (3 of 4)", "new (2 of 4)"]
    assert [bar.get_width() for bar in axes.patches] == [9 / 12, 4 / 8]
    for order in (rows, rows[::-1]):
        summary.draw_summary(order, tmp_path / "summary.png")
    assert (tmp_path / "summary.png").stat().st_size > 10_000


def test_limits_that_allow_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="memory=0 GB; give a number of GB from 0.125"):
        Limits(memory=0)


@pytest.mark.parametrize("code", ["", ENDLESS], ids=["finished", "stopped"])
def test_marks_by_hand_reach_the_table_and_the_page(code: str, graded: Any, tmp_path: Path) -> None:
    """Those of a submission that is run again, too, when the same comes out."""
    from nbgrader.api import Gradebook

    folder = tmp_path / "class" / "honest"
    folder.mkdir(parents=True)
    notebook = answered({**HONEST, "gram_matrix": code} if code else None)
    limits, points = replace(LIMITS, call_seconds=2), 2 if code else 5
    next(
        c for c in notebook.cells if exercises.tags(c).get("grade_id") == "ex04_open"
    ).source = "Because of Gram."
    (folder / "a.ipynb").write_text(nbformat.writes(notebook))
    (first,) = grading.grade_folder(folder.parent, tmp_path / "grades", limits=limits)
    assert first.by_hand and first.score == points and first.finished == (not code)
    with Gradebook(f"sqlite:///{tmp_path / 'grades' / 'gradebook.db'}") as database:
        grade = database.find_grade("ex04_open", EXERCISE, EXERCISE, "honest")
        grade.manual_score, grade.needs_manual_grade = 3, False
        database.db.commit()
    (second,) = grading.grade_folder(folder.parent, tmp_path / "grades", limits=limits)
    assert not second.by_hand and second.score == points + 3
    page = (tmp_path / "grades" / "feedback" / "honest" / EXERCISE / f"{EXERCISE}.html").read_text()
    assert f"<b>{points + 3}</b> of 18 points" in page


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """The first run cannot have ended when it is killed: the second submission takes more than a minute."""
    folder, target = tmp_path / "class", tmp_path / "grades"
    for student in "abcdef":
        (folder / student).mkdir(parents=True)
        (folder / student / f"{EXERCISE}.ipynb").write_text(nbformat.writes(answered()))
    second = folder / "b" / f"{EXERCISE}.ipynb"
    second.write_text(nbformat.writes(with_code("while True: pass")))
    command = [sys.executable, "-m", "nstlib.cli", "grade", str(folder), "-o", str(target), "--jobs", "1"]
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path, env=plain
    ) as run:
        assert run.stdout
        counted = run.stdout.readline()
        first = next(line for line in run.stdout if "points" in line)  # as soon as it is known, though a pipe
        assert run.poll() is None
        run.send_signal(signal.SIGKILL)
    assert counted == "6 files: 6 to grade.\n" and "a, ex04_gram_matrices: 5 of 18 points" in first
    before = json.loads((target / "results.json").read_text())
    assert list(before) == [f"a/{EXERCISE}"]
    second.write_text(nbformat.writes(answered()))
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    after = json.loads((target / "results.json").read_text())
    assert len(after) == 6 and all(row["status"] == "graded" for row in after.values())
    assert all(after[key]["seed"] == row["seed"] for key, row in before.items())
    assert run.stdout.count("5 of 18 points") == 6


def test_a_second_grader_is_kept_out(tmp_path: Path) -> None:
    (tmp_path / "class" / "a").mkdir(parents=True)
    (tmp_path / "class" / "a" / "x.ipynb").write_text(nbformat.writes(answered()))
    both = "Another `nst grade` or `nst return` is at work"
    with grading.alone(tmp_path / "grades"), pytest.raises(BlockingIOError, match=both):
        grading.grade_folder(tmp_path / "class", tmp_path / "grades")


# --- the course stays as it is ----------------------------------------------------------------------


def test_an_edition_sees_what_grades_and_not_what_only_looking_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edition, "folders", lambda: [tmp_path, tmp_path / "nowhere"])
    for name in ("wire.py", "runner.py", "photo.jpg", "__pycache__/wire.pyc", ".ipynb_checkpoints/a.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("one")
    course = edition.Edition()
    (tmp_path / "__pycache__" / "wire.pyc").write_text("two")
    (tmp_path / ".ipynb_checkpoints" / "a.ipynb").unlink()
    os.utime(tmp_path / "wire.py", (1, 1))  # as `git checkout` there and back does
    course.require_unchanged()
    for change in (
        lambda: (tmp_path / "wire.py").write_text("two"),
        lambda: (tmp_path / "new.py").write_text("one"),
        lambda: (tmp_path / "photo.jpg").unlink(),
    ):
        change()
        with pytest.raises(edition.CourseChanged, match="The course changed while it graded .*run the same"):
            course.require_unchanged()
        course = edition.Edition()
    course.require_unchanged()


def test_a_course_that_changes_meanwhile_stops_the_grader_and_costs_nobody_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where somebody pulls an update while the second submission runs; the third has not begun."""
    course = tmp_path / "course"
    course.mkdir()
    (course / "wire.py").write_text("one")
    monkeypatch.setattr(edition, "folders", lambda: [course])
    for student in "abc":
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / f"{EXERCISE}.ipynb").write_text(nbformat.writes(answered()))
    original, ran = judge.judge, []

    def judged(*arguments: Any, **options: Any) -> judge.Verdict:
        verdict = original(*arguments, **options)
        ran.append(1)
        if len(ran) == 2:
            (course / "wire.py").write_text("two")
            verdict.outcomes = [replace(each, score=0.0) for each in verdict.outcomes]
        return verdict

    monkeypatch.setattr(judge, "judge", judged)
    command = ["grade", str(tmp_path / "class"), "-o", str(tmp_path / "grades"), "--jobs", "1"]
    assert cli.main(command) == 1
    said = capsys.readouterr()
    assert said.err.startswith("nst: The course changed while it graded (wire.py)") and len(ran) == 2
    with (tmp_path / "grades" / "grades.csv").open(encoding="utf-8") as file:
        assert [(row["student"], row["raw"]) for row in csv.DictReader(file)] == [("a", "5.0")]
    assert cli.main(command) == 0 and len(ran) == 4  # the first was graded by the same checks
    assert capsys.readouterr().out.count("5 of 18 points") == 3


def test_the_command_says_what_is_wrong_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["grade", str(tmp_path / "nowhere")]) == 1
    assert "There is no folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert cli.main(["grade", str(tmp_path / "empty")]) == 1
    assert "no notebook" in capsys.readouterr().err


def test_mark_opens_nbgraders_pages_in_the_folder_of_grades(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["mark", str(tmp_path)]) == 1
    assert "`nst grade SUBMISSIONS_FOLDER` makes them" in capsys.readouterr().err
    (tmp_path / "nbgrader_config.py").touch()
    started: list[list[str]] = []
    monkeypatch.setattr(grading_command, "become", lambda command: started.append(command) or 0)
    monkeypatch.chdir(tmp_path.parent)
    options = ["--port", "18977", "--no-browser", "--ServerApp.token=x"]
    assert cli.main(["mark", str(tmp_path), "--nbgrader", *options]) == 0
    assert "--LabApp.default_url=/formgrader" in started[0]
    assert started[0][-3:] == ["--ServerApp.port=18977", "--no-browser", "--ServerApp.token=x"]
    assert Path.cwd() == tmp_path


# --- reading submissions ----------------------------------------------------------------------------


def test_the_exercises_of_the_course_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "class" / "anna").mkdir(parents=True)
    (tmp_path / "class" / "anna" / "homework.ipynb").write_text(nbformat.writes(answered()))
    cells = grading.cell_names(exercises.names())
    ((found,), _) = collecting.collect(tmp_path / "class", cells, tmp_path / "unpacked")
    assert (found.student, found.exercise, found.problem) == ("anna", EXERCISE, "")


def test_helper_cells_stay_where_the_learner_put_them() -> None:
    notebook = answered()
    place = next(
        i
        for i, c in enumerate(notebook.cells)
        if exercises.tags(c).get("grade_id") == "ex04_split_gram_answer"
    )
    notebook.cells.insert(place, nbformat.v4.new_code_cell("helper = 1"))
    cells = [
        {"kind": c.cell_type, "source": c.source, "grade_id": exercises.tags(c).get("grade_id", "")}
        for c in notebook.cells
    ]
    built, mended = collecting.rebuild(release(), cells)
    assert built.cells[place].source == "helper = 1" and not mended
    nbformat.validate(copy.deepcopy(built))


def test_the_cell_of_an_answer_is_told_by_its_lines_and_parsed_by_nobody() -> None:
    """What Python's parser makes of two million characters is a gigabyte, in the grader."""
    assert judge.defines("x = 1\nif x:\n    def gram(f):\n        return f(", ["other", "gram"])
    assert judge.defines("async  def gram(f): ...", ["gram"])
    for text in ("gram = 3", "# def gram(f):", "def grams(f): ...", "defgram", ""):
        assert not judge.defines(text, ["gram"])


def test_verdicts_can_be_had_again() -> None:
    exercise = exercises.load(EXERCISE)
    first, second = (judge.judge(exercise, answered(), limits=LIMITS, seed=5).outcomes for _ in range(2))
    assert first == second


def test_time_is_shared_by_everything_a_submission_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used up in one sandbox is not there for the next: after the time is up there is none."""
    given: list[float] = []

    class Counted(sandbox.Sandbox):
        def __init__(self, limits: Limits) -> None:
            given.append(limits.seconds)
            super().__init__(limits)

    monkeypatch.setattr(judge, "Sandbox", Counted)
    code = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))\nwhile True: pass"
    verdict = judge.judge(
        exercises.load(EXERCISE), with_code(code), limits=Limits(seconds=40, cell_seconds=2)
    )
    assert len(given) == 2 and given[0] == 40 and given[1] < 40 - 2
    assert sum(outcome.score for outcome in verdict.outcomes) == 5 and not verdict.finished
    given.clear()
    ends = answered({"gram_matrix": EXITING})
    verdict = judge.judge(exercises.load(EXERCISE), ends, limits=LIMITS)
    assert len(given) == 2 and given[1] < given[0] <= LIMITS.seconds and not verdict.finished
