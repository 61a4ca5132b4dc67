"""One submission graded for a platform: the score, the documented formats, and what is no grade."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import classes
import pytest

from nstlib.checks.framework import Outcome
from nstlib.course import exercises, sandbox, single

needs_solutions = pytest.mark.skipif(
    not (exercises.SOLUTIONS / classes.EXERCISE).is_dir(), reason="the public tree has no solutions"
)
# The keys that https://gradescope-autograders.readthedocs.io/en/latest/specs/ documents.
GRADESCOPE = {"score", "execution_time", "output", "output_format", "visibility", "stdout_visibility"} | {
    "test_output_format", "test_name_format", "extra_data", "tests", "leaderboard"
}  # fmt: skip
GRADESCOPE_TEST = {"score", "max_score", "status", "name", "name_format", "number", "output"} | {
    "output_format", "tags", "visibility", "extra_data"
}  # fmt: skip
# What GitHub Classroom's graders give and its reporter reads.
CLASSROOM_TEST = {"name", "status", "score", "message", "test_code", "filename", "line_no", "duration"}
GRADED = single.Graded(
    "ex04_gram_matrices",
    (Outcome("gram_matrix", 1, 3, "It grows."), Outcome("split_gram", 2, 2, passed=True)),
    ("The check x had been changed; the original was used.",),
    by_hand=4,
    seed=7,
    seconds=12.6,
)
NOTHING = single.Graded("", notes=("The file is empty.",))


def written(graded: single.Graded, form: str, tmp_path: Path) -> dict[str, Any]:
    single.write(graded, tmp_path / "results" / "results.json", form, "after_due_date")
    found: dict[str, Any] = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    return found


def test_gradescope_gets_the_keys_that_it_documents(tmp_path: Path) -> None:
    found = written(GRADED, "gradescope", tmp_path)
    assert set(found) <= GRADESCOPE and all(set(test) <= GRADESCOPE_TEST for test in found["tests"])
    assert found["score"] == 3 and found["execution_time"] == 13
    first = found["tests"][0]
    assert (first["name"], first["score"], first["max_score"]) == ("gram_matrix", 1, 3)
    assert "It grows." in first["output"] and first["visibility"] == "after_due_date"
    assert "3 of 5 points" in found["output"] and "4 more points are marked by hand" in found["output"]
    assert "the original was used" in found["output"]


def test_classroom_gets_what_its_reporter_reads(tmp_path: Path) -> None:
    found = written(GRADED, "classroom", tmp_path)
    assert set(found) == {"version", "status", "max_score", "tests"} and found["version"] == 1
    assert all(set(test) == CLASSROOM_TEST for test in found["tests"])
    assert found["status"] == "fail" and found["max_score"] == 5
    assert sum(test["score"] for test in found["tests"]) == 3  # the reporter's sum
    assert [test["status"] for test in found["tests"]] == ["fail", "pass"]


def test_what_cannot_be_graded_says_why_in_every_format(tmp_path: Path) -> None:
    found = written(NOTHING, "gradescope", tmp_path)
    assert found["score"] == 0 and found["tests"] == [] and found["output"] == "The file is empty."
    found = written(NOTHING, "classroom", tmp_path)
    assert found["status"] == "error" and found["tests"][0]["message"] == "The file is empty."
    assert written(NOTHING, "plain", tmp_path)["notes"] == ["The file is empty."]


@needs_solutions
@pytest.mark.sandbox
def test_one_submission_gets_the_score_it_must_get_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    member = next(each for each in classes.make(40) if each.kind == "partly right")
    path = tmp_path / "handed in" / "my homework.ipynb"
    path.parent.mkdir()
    path.write_bytes(member.content)
    found = []
    for given in (path, path.parent):
        assert single.main([str(given), "-o", str(tmp_path / "r.json")]) == single.GRADED
        found.append(json.loads((tmp_path / "r.json").read_text(encoding="utf-8")))
    assert found[0]["score"] == found[1]["score"] == member.score
    assert found[0]["seed"] == found[1]["seed"] == single.seed_of(classes.EXERCISE)
    assert found[0]["questions"] == found[1]["questions"]
    assert f"Points {member.score:g}/{found[0]['points']:g}" in capsys.readouterr().out


@needs_solutions
@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.ipynb": b""}, "a.ipynb: The file is empty"),
        ({"a.txt": b"x"}, "There is no notebook"),
        ({"a.ipynb": b"{", "b.ipynb": b"{"}, "cannot be read as JSON"),
    ],
)
def test_a_student_s_fault_is_told_to_the_student(files: dict[str, bytes], said: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, content in files.items():
        (tmp_path / "in" / name).write_bytes(content)
    code = single.main([str(tmp_path / "in"), "-o", str(tmp_path / "r.json"), "--format", "gradescope"])
    found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert code == single.UNGRADABLE and found["score"] == 0 and said in found["output"]


@needs_solutions
@pytest.mark.sandbox
def test_two_notebooks_are_not_guessed_between(tmp_path: Path) -> None:
    for name in ("a.ipynb", "b.ipynb"):
        (tmp_path / name).write_bytes(classes.as_bytes(classes.right(classes.EXERCISE)))
    graded = single.grade(tmp_path)
    assert graded.notes == ("There are 2 notebooks (a.ipynb, b.ipynb); hand in only one.",)


def test_a_machine_s_fault_is_no_grade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise sandbox.SandboxMissing("The sandbox does not start.")

    monkeypatch.setattr(single.sandbox, "require_platform", refused)
    (tmp_path / "a.ipynb").write_bytes(b"{}")
    arguments = [str(tmp_path / "a.ipynb"), "-o", str(tmp_path / "r.json")]
    assert single.main(arguments) == single.NOT_WORKING
    assert not (tmp_path / "r.json").exists()
    assert "nothing was written: The sandbox does not start." in capsys.readouterr().err
    assert single.main([str(tmp_path / "none"), *arguments[1:]]) == single.NOT_WORKING
    assert single.main([*arguments, "--seconds", "-5"]) == single.NOT_WORKING


@needs_solutions
def test_the_seed_changes_with_the_solutions_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = single.seed_of(classes.EXERCISE)
    monkeypatch.setattr(single.exercises, "SOLUTIONS", tmp_path)
    (tmp_path / "ex").mkdir()
    (tmp_path / "ex" / "hidden.py").write_text("a = 1\n")
    first = single.seed_of("ex")
    (tmp_path / "ex" / "hidden.py").write_text("a = 2\n")
    assert len({seed, first, single.seed_of("ex")}) == 3
