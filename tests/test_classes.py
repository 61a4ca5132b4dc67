"""The made-up class is what it says: every kind, every script, and scores that are right without a grader."""

from __future__ import annotations

import collections
import json
import sys
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import classes
import pytest

pytest.importorskip("nbgrader")

from nstlib.course import collecting, exercises, judge

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))  # its scripts import each other

import whole_class  # noqa: E402

pytestmark = pytest.mark.skipif(
    not (exercises.SOLUTIONS / classes.EXERCISE).is_dir(), reason="the public tree has no solutions"
)


def test_a_class_has_all_kinds_and_is_the_same_again() -> None:
    made = classes.make(60)
    kinds = collections.Counter(member.kind for member in made)
    assert set(kinds) == set(classes.KINDS) and kinds["poisoned"] == 6
    assert made == classes.make(60) and made != classes.make(60, seed=1)
    assert len({member.id for member in made}) == 60 > len({member.name for member in made})
    assert any(member.name != unicodedata.normalize("NFC", member.name) for member in made)
    for member in made:
        assert (member.score is None) == (member.kind not in classes.HONEST)
        if member.kind != "broken":
            assert json.loads(member.content)["cells"]


def test_only_answers_that_no_other_calls_are_made_wrong() -> None:
    names = [question.name for question in classes.independent(classes.EXERCISE)]
    assert "gram_matrix" not in names  # the style loss calls it
    assert {"split_gram", "correction"} <= set(names)


def test_each_platform_gets_every_file(tmp_path: Path) -> None:
    made = classes.make(40)
    for write in (classes.write_moodle, classes.write_canvas):
        folder, archive = tmp_path / write.__name__, tmp_path / f"{write.__name__}.zip"
        write(made, folder)
        classes.pack(folder, archive)
        assert len(list(classes.files_in(folder))) == len(made)
        with zipfile.ZipFile(archive) as packed:
            assert len(packed.namelist()) == len(made)
            assert all(member.id in "".join(packed.namelist()) for member in made)


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("exercise", "kind"),
    [*((classes.EXERCISE, kind) for kind in classes.HONEST), ("ex08_experiments", "partly right")],
)
def test_the_score_that_is_promised_is_given(exercise: str, kind: str, tmp_path: Path) -> None:
    member = next(each for each in classes.make(40, exercise) if each.kind == kind)
    path = tmp_path / member.file
    path.write_bytes(member.content)
    cells = collecting.read_cells(path)
    notebook, _ = collecting.rebuild(classes.release(exercise), cells)
    verdict = judge.judge(exercises.load(exercise), notebook)
    assert sum(outcome.score for outcome in verdict.outcomes) == member.score


def test_the_benchmark_names_who_got_another_grade() -> None:
    made = classes.make(40)
    honest = [member for member in made if member.kind in classes.HONEST]

    def row(member: classes.Member, score: float) -> dict[str, Any]:
        return {"status": "graded", "outcomes": {"all": {"score": score, "message": ""}}}

    true = {member.id: row(member, member.score or 0) for member in made}
    robbed, lost = honest[3], honest[5]
    other = {**true, robbed.id: row(robbed, 0.5)}
    del other[lost.id]
    runs = {"moodle": whole_class.Run(true, 1, 1, 1), "canvas": whole_class.Run(other, 1, 1, 1)}
    rows, scores, twice, alone = whole_class.verdicts(made, honest, runs, {robbed.id: true[robbed.id]})
    assert f"**39 of 40**; not {lost.id}" in rows
    assert robbed.id in scores and lost.id in scores and robbed.id in twice
    assert "**1 of 1**" in alone and "not" not in alone
