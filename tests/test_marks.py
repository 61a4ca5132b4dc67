"""Marks by hand in nbgrader's database: they stay when a submission is judged again."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytest.importorskip("nbgrader")

from marked import EXERCISE, Tell, grade, handed_in, judged_by_hand

from nstlib import cli
from nstlib.course import exercises, marks
from nstlib.course.policy import Policy, Rule
from nstlib.course.selection import Selection

pytestmark = pytest.mark.skipif(
    not (exercises.SOLUTIONS / EXERCISE).is_dir(), reason="the public tree has no solutions"
)


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch) -> Tell:
    return judged_by_hand(monkeypatch)


def open_mark(folder: Path, student: str = "anna") -> marks.Mark:
    found = marks.marks_of(f"sqlite:///{folder.resolve() / 'gradebook.db'}", student, EXERCISE)
    (mark,) = [mark for mark in found if mark.question == "open"]
    return mark


def give(folder: Path, score: float | None, comment: str, student: str = "anna") -> None:
    database = f"sqlite:///{folder.resolve() / 'gradebook.db'}"
    marks.set_mark(database, student, EXERCISE, "ex04_open", score, comment)


def test_a_mark_and_a_comment_stay_when_a_check_was_mended(tmp_path: Path, judging: Any) -> None:
    folder, anna = tmp_path / "grades", handed_in(tmp_path)
    judging({"gram_matrix": 2})
    assert grade(folder, anna)["anna"].by_hand == 1
    give(folder, 3.5, "Name the field.")
    assert grade(folder, anna)["anna"].score == 5.5
    judging({"gram_matrix": 3, "correction": 1})
    row = grade(folder, anna, only=Selection(students=frozenset({"anna"})))["anna"]
    assert (row.score, row.by_hand) == (7.5, 0)
    assert row.marks["open"] == {"score": 3.5, "points": 4.0}
    mark = open_mark(folder)
    assert (mark.score, mark.comment, mark.by_hand, mark.open) == (3.5, "Name the field.", True, False)
    listed = (folder / "changes.csv").read_text().splitlines()
    assert listed[1:] == [
        "anna,ex04,gram_matrix,2,3",
        "anna,ex04,correction,0,1",
        "anna,ex04,points,5.5,7.5",
    ]


def test_a_mark_of_another_answer_stays_and_is_looked_at_again(tmp_path: Path, judging: Any) -> None:
    folder = tmp_path / "grades"
    judging({"gram_matrix": 2})
    grade(folder, handed_in(tmp_path))
    give(folder, 3.5, "Name the field.")
    row = grade(folder, handed_in(tmp_path, "Because of Schmidt."))["anna"]
    mark = open_mark(folder)
    assert (mark.score, mark.comment, mark.open, row.by_hand) == (3.5, "Name the field.", True, 1)


def test_a_machines_score_that_was_overruled_is_looked_at_again_only_when_it_changes(
    tmp_path: Path, judging: Any
) -> None:
    folder, anna = tmp_path / "grades", handed_in(tmp_path)
    judging({"gram_matrix": 0, "split_gram": 1})
    grade(folder, anna)
    database = f"sqlite:///{folder.resolve() / 'gradebook.db'}"
    grade_id = f"{EXERCISE.partition('_')[0]}_gram_matrix"
    with pytest.raises(ValueError, match="no place for a comment"):
        marks.set_mark(database, "anna", EXERCISE, grade_id, 1.5, "half right")
    marks.set_mark(database, "anna", EXERCISE, grade_id, 1.5, "")
    for scores, by_hand in (({"split_gram": 2}, 0), ({"gram_matrix": 1, "split_gram": 2}, 1)):
        judging(scores)
        give(folder, 4, "")
        row = grade(folder, anna, only=Selection(exercises={"ex04": frozenset()}))["anna"]
        assert (row.score, row.by_hand) == (7.5, by_hand)


def test_single_questions_are_judged_again_and_the_others_stay(tmp_path: Path, judging: Any) -> None:
    folder, anna, ben = tmp_path / "grades", handed_in(tmp_path), handed_in(tmp_path, student="ben")
    judging({"gram_matrix": 2, "split_gram": 2})
    grade(folder, anna, ben)
    judging({"gram_matrix": 3, "correction": 2})
    one = Selection(students=frozenset({"anna"}), exercises={"ex04": frozenset({"gram_matrix"})})
    rows = grade(folder, anna, ben, only=one)
    assert {name: o["score"] for name, o in rows["anna"].outcomes.items() if o["score"]} == {
        "gram_matrix": 3,
        "split_gram": 2,
    }
    assert (rows["anna"].score, rows["ben"].score) == (5, 4)
    judged = nbformat.read(folder / "judged" / "anna" / EXERCISE / f"{EXERCISE}.ipynb", as_version=4)
    said = "".join(o.get("text", "") for cell in judged.cells for o in cell.get("outputs", []))
    assert "gram_matrix: 3 of 3" in said and "split_gram: 2 of 2" in said


def table(folder: Path) -> dict[str, dict[str, str]]:
    with open(folder / "grades.csv", encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_a_penalty_is_in_the_table_and_never_in_the_gradebook(tmp_path: Path, judging: Any) -> None:
    folder, due = tmp_path / "grades", datetime(2026, 5, 3, 23, 59, tzinfo=UTC)
    anna = replace(handed_in(tmp_path), submitted=due + timedelta(hours=27), id="101")
    strict = Policy({"ex04": Rule(due, share_per_day=0.1)})
    judging({"gram_matrix": 3, "correction": 2})
    row = grade(folder, anna, policy=strict)["anna"]
    assert (row.score, row.submitted, row.id) == (5, "2026-05-05T02:59:00+00:00", "101")
    give(folder, 3, "")
    assert grade(folder, anna, policy=strict)["anna"].score == 8
    shown = table(folder)["anna"]
    assert [shown[name] for name in ("raw", "late", "penalty", "final")] == [
        "8.0",
        "1 d 3 h late",
        "1.6",
        "6.4",
    ]
    granted = Policy({"ex04": Rule(due, share_per_day=0.1, extensions={"101": 2})})
    grade(folder, anna, policy=granted)  # the file was edited: undone
    shown = table(folder)["anna"]
    assert [shown[name] for name in ("raw", "late", "penalty", "final")] == ["8.0", "", "0.0", "8.0"]


@pytest.mark.sandbox
def test_the_command_knows_deadlines_and_runs_one_student_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, target = tmp_path / "class", tmp_path / "grading"
    for student in ("anna", "ben"):
        (folder / student).mkdir(parents=True)
        handed_in(folder / student, student=student)
    late = datetime(2026, 5, 5, 12, tzinfo=UTC).timestamp()
    os.utime(folder / "anna" / "anna.ipynb", (late, late))
    early = late - 5 * 86400
    os.utime(folder / "ben" / "ben.ipynb", (early, early))
    rules = tmp_path / "policy.toml"
    rules.write_text('trust_file_times = true\n[ex04]\ndeadline = "2026-05-03T12:00Z"\nper_day = "10 %"\n')
    line = ["grade", str(folder), "-o", str(target), "--jobs", "1"]
    cli.main([*line, "--policy", str(rules)])
    assert {name: row["late"] for name, row in table(target).items()} == {"anna": "2 d late", "ben": ""}
    capsys.readouterr()
    forged = json.loads((target / "results.json").read_text())
    for row in forged.values():  # as if a check had been worth more then
        row["outcomes"]["gram_matrix"]["score"] = row["marks"]["gram_matrix"]["score"] = 1.0
    (target / "results.json").write_text(json.dumps(forged))
    assert cli.main([*line, "--only", "anna", "ex04:gram_matrix"]) == 0
    said = capsys.readouterr().out
    assert "Changed: anna, ex04: gram_matrix 1 -> 0" in said
    assert "1 graded, 0 not." in said and "ben" not in said
    assert {name: row["ex04: gram_matrix"] for name, row in table(target).items()} == {
        "anna": "0.0",
        "ben": "1.0",
    }
    assert cli.main([*line, "--only", "eva"]) == 1
    assert "Unknown student or exercise 'eva'" in capsys.readouterr().err


@pytest.mark.parametrize("score", [-1, 4.5, float("nan")])
def test_marks_that_cannot_be_are_refused(tmp_path: Path, judging: Any, score: float) -> None:
    grade(tmp_path / "grades", handed_in(tmp_path))
    with pytest.raises(ValueError, match="give 0 to 4"):
        give(tmp_path / "grades", score, "")
    with pytest.raises(KeyError, match="no question"):
        give(tmp_path / "grades", 1, "", student="nobody")


def test_a_mark_can_be_taken_back(tmp_path: Path, judging: Any) -> None:
    grade(tmp_path / "grades", handed_in(tmp_path))
    give(tmp_path / "grades", 2, "so so")
    give(tmp_path / "grades", None, "")
    mark = open_mark(tmp_path / "grades")
    assert (mark.score, mark.comment, mark.open, mark.by_hand) == (None, "", True, False)
