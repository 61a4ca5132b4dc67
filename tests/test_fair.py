"""Grades that are true: whoever runs beside, however often, and whatever a limit has cut short."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytest.importorskip("nbgrader")

from test_grading import EXERCISE, HONEST, LIMITS, answered, count_judged, machine_points, with_code

from nstlib.course import exercises, grading, judge, results, seeds, withholding
from nstlib.course.sandbox import Limits

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        not (exercises.SOLUTIONS / EXERCISE).is_dir(), reason="the public tree has no solutions"
    ),
]
ENDLESS = "while True: pass"
BUSY = """
import os
for _ in range(220):
    try:
        if os.fork() == 0:
            while True: pass
    except OSError:
        pass
while True: pass
"""
STAYS = BUSY.replace("220", "12")  # as many as may be, so that nothing ends it but its time


def hand_in(folder: Path, **notebooks: Any) -> Path:
    """A folder of submissions: student -> notebook."""
    for student, notebook in notebooks.items():
        (folder / student).mkdir(parents=True)
        (folder / student / f"{EXERCISE}.ipynb").write_text(nbformat.writes(notebook))
    return folder


def graded(folder: Path, target: Path, limits: Limits = LIMITS, **options: Any) -> dict[str, results.Result]:
    return {row.student: row for row in grading.grade_folder(folder, target, limits=limits, **options)}


def with_cells(*cells: str, where: int = 2) -> Any:
    """Honest work with more cells, early in the notebook."""
    notebook = answered()
    notebook.cells[where:where] = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return notebook


def verdict_of(notebook: Any, **limits: float) -> judge.Verdict:
    return judge.judge(
        exercises.load(EXERCISE), notebook, limits=dataclasses.replace(LIMITS, **limits), seed=5
    )


def points(verdict: judge.Verdict) -> float:
    return sum(outcome.score for outcome in verdict.outcomes)


# --- neighbours -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [BUSY, STAYS], ids=["220 processes", "12 processes"])
def test_an_honest_submission_gets_the_same_beside_a_busy_neighbour(code: str, tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "class", honest=answered(), busy=with_code(code))
    limits = dataclasses.replace(LIMITS, cell_seconds=2)
    rows = graded(folder, tmp_path / "grades", limits, jobs=2)
    assert machine_points(rows["honest"]) == 5 and rows["honest"].finished
    assert machine_points(rows["busy"]) == 5 and not rows["busy"].finished and rows["busy"].reason


def test_the_same_file_gets_the_same_three_times_and_after_grading_again(tmp_path: Path) -> None:
    """The answer rounds, so that other numbers would give it other points, and uses NumPy's own numbers."""
    close = HONEST["gram_matrix"].replace("return ", "return 1e-4 * np.random.default_rng(1).random() + ")
    same = answered({**HONEST, "gram_matrix": close})
    folder = hand_in(tmp_path / "class", a=same, b=same, c=same)
    rows = graded(folder, tmp_path / "grades")
    assert len({json.dumps(row.outcomes) for row in rows.values()}) == 1
    assert {row.seed for row in rows.values()} == set(seeds.read_seeds(tmp_path / "grades").values())
    alone = graded(hand_in(tmp_path / "alone", a=same), tmp_path / "grades")["a"]
    assert alone.outcomes == rows["a"].outcomes and alone.seed == rows["a"].seed


def test_what_was_stopped_beside_others_runs_again_alone_and_once_more_only_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = hand_in(tmp_path / "class", a=answered(), b=with_cells("import time\ntime.sleep(1000)"))
    limits = dataclasses.replace(LIMITS, cell_seconds=1)
    ran = count_judged(monkeypatch)
    rows = graded(folder, tmp_path / "grades", limits, jobs=2)
    assert len(ran) == 3 and rows["b"].reason == "A cell of the student's own did not end within 1 s."
    assert machine_points(rows["b"]) == 5
    graded(folder, tmp_path / "grades", limits, jobs=2)
    assert len(ran) == 4


def test_what_went_wrong_beside_others_and_right_alone_counts_as_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a neighbour takes the processor: the first verdict is made up, the second is real."""
    folder = hand_in(tmp_path / "class", a=answered(), b=answered())
    original, stopped = judge.judge, []

    def once(*arguments: Any, **options: Any) -> judge.Verdict:
        verdict = original(*arguments, **options)
        if len(stopped) < 2:
            stopped.append(1)
            verdict.outcomes = [dataclasses.replace(each, score=0.0) for each in verdict.outcomes]
            verdict.stopped("the notebook used up its 300 s", doubtful=True)
        return verdict

    monkeypatch.setattr(judge, "judge", once)
    rows = graded(folder, tmp_path / "grades", jobs=2)
    assert [machine_points(row) for row in rows.values()] == [5, 5] and len(stopped) == 2
    assert all(row.finished and not row.reason for row in rows.values())


# --- seeds ------------------------------------------------------------------------------------------


def test_a_folder_keeps_its_seeds_and_a_teacher_may_set_them(tmp_path: Path) -> None:
    first = seeds.seeds_for(tmp_path, ["ex04_a", "ex05_b"])
    assert seeds.seeds_for(tmp_path, ["ex05_b", "ex06_c"])["ex05_b"] == first["ex05_b"]
    assert len(set(seeds.read_seeds(tmp_path).values())) == 3
    assert seeds.seeds_for(tmp_path, ["ex04_a"], 7) == {"ex04_a": 7} == seeds.seeds_for(tmp_path, ["ex04_a"])
    assert (tmp_path / seeds.FILE).stat().st_mode & 0o777 == 0o600
    assert "ex04 7" in seeds.sentence(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", '{"ex04": "x"}', '{"ex04": -1}'])
def test_seeds_that_cannot_be_read_are_not_drawn_anew(content: str, tmp_path: Path) -> None:
    (tmp_path / seeds.FILE).write_text(content)
    with pytest.raises(ValueError, match="cannot be read, and other seeds would change grades"):
        seeds.seeds_for(tmp_path, ["ex04"])
    assert (tmp_path / seeds.FILE).read_text() == content


def test_another_seed_grades_everybody_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, ran = hand_in(tmp_path / "class", a=answered()), count_judged(monkeypatch)
    for seed, count in ((7, 1), (7, 1), (None, 1), (8, 2)):
        row = graded(folder, tmp_path / "grades", seed=seed)["a"]
        assert len(ran) == count and row.seed == (seed or 7)


# --- limits -----------------------------------------------------------------------------------------


def test_endless_cells_of_the_learners_own_cost_no_points() -> None:
    verdict = verdict_of(with_cells(*[ENDLESS] * 3, "helper = 1"), seconds=20, cell_seconds=4)
    assert points(verdict) == 5 and not verdict.finished
    assert verdict.reason.count("cell of the student's own did not end within") == 3
    assert verdict.outputs[5] == []  # the helper ran


def test_endless_cells_that_cannot_be_interrupted_cost_no_points() -> None:
    stubborn = f"import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))\n{ENDLESS}"
    verdict = verdict_of(with_cells(*[stubborn] * 2), seconds=60, cell_seconds=1)
    assert points(verdict) == 5
    assert verdict.reason.count("cell of the student's own did not end within 1 s") == 2


def test_a_submission_that_stops_its_own_process_goes_on_without_that_cell() -> None:
    verdict = verdict_of(with_cells("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"))
    assert points(verdict) == 5 and verdict.seconds < 60  # of the 900 that it might have by the clock


@pytest.mark.parametrize(
    ("code", "limits", "reason"),
    [
        ("x = bytearray(2 << 30)", {}, ""),  # the kernel says no, and the learner's code hears it
        ("import os\nwhile True: os.fork()", {}, "The notebook started more than 16 processes."),
        (ENDLESS, {"cell_seconds": 1}, "A cell of the student's own did not end within 1 s."),
    ],
)
def test_the_reason_says_which_limit_it_was(code: str, limits: dict[str, float], reason: str) -> None:
    verdict = verdict_of(with_cells(code), **limits)
    assert verdict.reason == reason and points(verdict) == 5


def test_too_little_time_is_told_and_more_time_runs_it_again(tmp_path: Path) -> None:
    """An answer's cell takes three seconds; the first run has one and a half for everything."""
    slow = answered({**HONEST, "gram_matrix": f"x = sum(range(10**8))\n{HONEST['gram_matrix']}"})
    folder, target = hand_in(tmp_path / "class", a=slow), tmp_path / "grades"
    little = graded(folder, target, Limits(seconds=1.5, memory=1 << 30))["a"]
    assert machine_points(little) < 5 and little.reason
    assert little.reason in little.sentence()
    with (target / "grades.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["reason"] == little.reason
    more = graded(folder, target, Limits(seconds=300, memory=1 << 30))["a"]
    assert machine_points(more) == 5 and more.finished and not more.reason


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"seconds": -5}, "seconds=-5; give a number of seconds above 0, at most 604800"),
        ({"seconds": float("nan")}, "seconds=nan; give"),
        ({"seconds": 1e12}, "seconds=1e+12; give"),
        ({"cell_seconds": 0}, "cell_seconds=0; give"),
        ({"memory": 0}, "memory=0 GB; give a number of GB from 0.125"),
        ({"memory": float("inf")}, "memory=inf GB; give"),
        ({"processes": 2}, "processes=2; give a whole number from 16"),
    ],
)
def test_limits_that_make_no_sense_are_refused_in_a_sentence(limits: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as refused:
        Limits(**limits)
    assert str(refused.value).startswith(f"A submission cannot have {said}")


# --- what is not repeated ---------------------------------------------------------------------------

CARRIES_OUT = {
    "an error": "raise ValueError('SECRET' + str(features))",
    "an error without a name of Python's": "raise type('SECRET', (Exception,), {})('SECRET')",
    "a mistake": "from nstlib.answers import Mistake\n    raise Mistake('SECRET')",
    "an empty mistake": "from nstlib.answers import Mistake\n    raise Mistake('')",
    "sizes": "return np.zeros((0, 31415, 92653))",
    "many sizes": "return np.zeros((1, 2, 3, 4, 5, 6))",
}


@pytest.mark.parametrize("way", CARRIES_OUT)
def test_nothing_of_the_hidden_numbers_comes_back_in_a_message(way: str) -> None:
    code = f"import numpy as np\ndef gram_matrix(features):\n    {CARRIES_OUT[way]}"
    outcome = verdict_of(answered({**HONEST, "gram_matrix": code})).outcomes[0]
    assert outcome.score == 0 and not outcome.passed and outcome.message
    for secret in ("SECRET", "31415", "4, 5, 6"):
        assert secret not in outcome.message
    if way == "an error":
        assert outcome.message == "Your function stops with ValueError on an input that you have not seen."


@pytest.mark.parametrize(
    ("message", "long_text", "shown"),
    [
        ("The shares add up to 0.5.", False, "The shares add up to 0.5."),
        ("It has shape (3, 4); it should have (4, 4).", False, "It has shape (3, 4); it should have (4, 4)."),
        ("It has shape (3, 40000).", False, "It has shape (many)."),
        (f"No 'a': {'x' * 50!r}.", True, "No '...'."),
        (f"Not the layer's, but {'x' * 30!r}.", True, f"Not the layer's, but {'x' * 30!r}."),
        (f"Once: stops with E: {withholding.marked('a' * 999)}", False, None),
        (f"Once: stops with E: {withholding.marked('a' + chr(3) + 'b')}", False, None),
        ("The check cannot make sense of this answer (ValueError: 1234).", False, "has not the form"),
    ],
)
def test_a_message_is_stripped_of_what_could_be_a_learners(
    message: str, long_text: bool, shown: str | None
) -> None:
    found = withholding.withheld(message, long_text)
    if shown is None:
        assert found == f"Once: stops with E {withholding.UNSEEN}."
    else:
        assert shown in found and "1234" not in found
