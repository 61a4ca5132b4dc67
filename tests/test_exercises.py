"""Every exercise: its release follows from its source, nothing leaks, every answer gets what it should."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from lacking import LACKING

import nstlib as nst
from nstlib import cli
from nstlib.checks import framework, recorded
from nstlib.checks.framework import Check
from nstlib.course import converters, exercises, recording, rehearsal, releases, sandbox
from nstlib.course.sandbox.host import ADVICE
from nstlib.course.sandbox.users import USERS_TAKEN

ROOT = Path(__file__).resolve().parent.parent
RELEASES = sorted(path for path in (ROOT / "exercises").glob("ex*/*.ipynb"))
SOURCES = sorted(path for path in (ROOT / "solutions").glob("ex*/*.ipynb"))
NAMES = [path.stem for path in RELEASES]
each_release = pytest.mark.parametrize("path", RELEASES, ids=NAMES)
each_source = pytest.mark.parametrize("path", SOURCES, ids=[path.stem for path in SOURCES])
with_solutions = pytest.mark.skipif(not SOURCES, reason="the public tree has no solutions")
with_nbgrader = pytest.mark.skipif(not importlib.util.find_spec("nbgrader"), reason="needs nbgrader")


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def prose(path: Path) -> str:
    return "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


# --- source and release -----------------------------------------------------------------------------


def test_there_is_an_exercise_for_every_lesson_from_01_on_and_a_capstone() -> None:
    lessons = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))][1:]
    assert [name.removeprefix("ex") for name in NAMES[:-1]] == lessons
    assert NAMES[-1] == "ex90_capstone"


@with_solutions
@with_nbgrader
def test_releases_follow_from_their_sources_byte_for_byte_and_give_nothing_away() -> None:
    assert releases.outdated(exercises.names()) == []


def hidden_messages(path: Path) -> set[str]:
    """What the hidden tests of an exercise say to learners: nothing else can say it by chance."""
    tree = ast.parse((path.parent / "hidden.py").read_text(encoding="utf-8"))
    documents = {
        ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Module))
    }
    texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {text for text in texts - documents if len(text) >= releases.SHORTEST_LEAK and text.endswith(".")}


@with_solutions
@each_source
def test_no_hidden_test_stands_in_any_release_lesson_or_module(path: Path) -> None:
    messages = hidden_messages(path)
    assert messages
    places = [*RELEASES, *(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "nstlib").rglob("*.py")]
    for place in places:
        text = place.read_text(encoding="utf-8")
        assert not [message for message in messages if message in text], place


@with_solutions
@with_nbgrader
def test_a_solution_that_shows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    name = exercises.names()[0]
    source = exercises.load(name).notebook
    secret = next(line for line in releases.solution_lines(source) if line not in releases.open_lines(source))
    release = read(ROOT / "exercises" / name / f"{name}.ipynb")
    release.cells[3].source += f"\n{secret}"
    assert releases.leaks(name, nbformat.writes(release)) == [secret]


@with_solutions
@with_nbgrader
@pytest.mark.sandbox
@each_source
def test_right_stub_and_wrong_answers_get_what_they_should(path: Path) -> None:
    """The solved notebook is run from top to bottom here, in the sandbox, as a submission is."""
    assert rehearsal.trial(path.stem) == []


# --- what a learner finds ---------------------------------------------------------------------------


@each_release
def test_the_shape_of_an_exercise(path: Path) -> None:
    notebook, text = read(path), prose(path)
    first = notebook.cells[0].source
    number = path.stem[2:4]
    assert first.startswith(f"# Exercise {number} · ")
    assert re.search(rf"\]\(\.\./\.\./notebooks/({number}|0\d)_\w+\.ipynb\)", first)
    rows = re.findall(r"^\| (\d)\. .*\| (.+?) \| *(\d*) *\| *(\d*) *\|$", first, flags=re.M)
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    minutes = sum(int(row[3] or 0) for row in rows)
    assert 30 <= minutes <= (120 if path.stem == NAMES[-1] else 65)
    checked = [cell for cell in notebook.cells if exercises.is_checked(cell)]
    assert 4 <= len(checked) <= 6
    by_hand = [
        c for c in notebook.cells if exercises.tags(c).get("grade") and exercises.tags(c).get("solution")
    ]
    assert len(by_hand) == 1 and by_hand[0].source == converters.TEXT_STUB
    points = [float(exercises.tags(cell)["points"]) for cell in (*checked, *by_hand)]
    assert points == [float(row[2]) for row in rows if row[2]]
    assert re.search(r"^## \d\. .*own", text, flags=re.M)


@each_release
def test_nothing_in_a_release_was_run_and_stubs_say_so(path: Path) -> None:
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None
            if exercises.tags(cell).get("solution"):
                assert converters.STUB in cell.source


@each_release
def test_every_link_to_a_file_leads_to_one(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", "", prose(path), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target and not target.startswith("#"):
            assert (path.parent / target.partition("#")[0]).exists(), target


@each_release
def test_the_prose_shouts_nowhere(path: Path) -> None:
    assert "!" not in re.sub(r"!\[|`[^`]*`|\$[^$]*\$|```.*?```", "", prose(path), flags=re.S)


@with_solutions
@each_source
def test_a_solved_notebook_has_a_marking_scheme_pictures_and_one_clean_run(path: Path) -> None:
    notebook = read(path)
    assert "**Marking scheme.**" in prose(path)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    alts = [
        alt for o in outputs for alt in re.findall(r'alt="([^"]*)"', o.get("data", {}).get("text/html", ""))
    ]
    assert len(alts) >= 2 and all(len(alt) > 20 for alt in alts)
    assert path.stat().st_size < 1_000_000


@with_solutions
def test_the_networks_that_exercise_09_compares_are_two() -> None:
    """Equal but for rounding: the very same network would differ by nothing, and so show nothing."""
    (path,) = (path for path in SOURCES if path.stem.startswith("ex09"))
    printed = "".join(o.get("text", "") for cell in read(path).cells for o in cell.get("outputs", ()))
    (apart,) = re.findall(r"largest difference in block5_conv4: (\S+) of", printed)
    assert 0 < float(apart) < 1e-3


# --- right values without formulas ------------------------------------------------------------------


def test_a_recording_repeats_what_the_reference_said_and_knows_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Reference:
        @staticmethod
        def pairs(x: Any, names: Any) -> Any:
            return {"one": (x.T, 0.1 + 0.2), "two": {(1, 2), (0, 1)}, "three": [None, True, names]}

    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 3))
    recorder = recorded.Recorder(Reference)
    said = recorder.pairs(x, ["a"])
    assert said["two"] == {(0, 1), (1, 2)}
    written = json.loads(json.dumps(recorder.values))
    monkeypatch.setattr(recorded, "read", lambda exercise: written)
    right = recorded.Recorded("ex99")
    again = right.pairs(x * (1 + 1e-15), ["a"])  # another processor's last digit
    assert list(again) == list(said) and again["two"] == said["two"] and again["three"] == said["three"]
    assert again["one"][1] == pytest.approx(0.3, rel=1e-12)
    np.testing.assert_allclose(again["one"][0], x.T, rtol=1e-6)
    for others in ((x + 1e-5, ["a"]), (x, ["b"]), (x.T.copy(), ["a"]), (x, [])):
        with pytest.raises(recorded.NotRecorded):
            right.pairs(*others)
    with pytest.raises(TypeError, match="cannot be recorded"):
        recorder.pairs(object(), [])


@with_solutions
@each_source
def test_learners_read_what_the_grader_would_say_of_the_same_numbers(path: Path) -> None:
    """Right and wrong answers, with the recording of the right values and with the reference itself."""
    assert recording.outdated(exercises.load(path.stem)) == []


@with_solutions
@each_source
def test_nothing_a_learner_can_call_earns_points(path: Path) -> None:
    """Every function of the checks, and of the recordings, handed in as an answer to every question."""
    exercise = exercises.load(path.stem)
    found = [value for value in vars(exercise.checks).values() if callable(value)]
    right = recorded.Recorded(exercise.short)
    names = [name for name, value in vars(exercise.reference).items() if callable(value)]
    found += [getattr(right, name) for name in names]
    for question in exercise.questions:
        for answer in found:
            outcome = exercise.check(question).run(
                np.random.default_rng(5), exercise.reference, *[answer] * len(question.answers)
            )
            assert outcome.score <= 1 and not outcome.passed, (question.name, answer)


@with_solutions
@each_source
def test_no_line_of_an_answer_stands_in_checks_or_tests(path: Path) -> None:
    exercise = exercises.load(path.stem)
    secret = set(releases.solution_lines(exercise.notebook))
    secret |= set(releases.long_lines((path.parent / "reference.py").read_text(encoding="utf-8")))
    secret = {line for line in secret if not line.startswith(('"', "Q")) and not line.endswith(":")}
    secret -= releases.open_lines(exercise.notebook)
    places = [*(ROOT / "nstlib" / "checks").glob("*.py"), *(ROOT / "tests").glob("*.py")]
    for place in places:
        shown = {line.strip() for line in place.read_text(encoding="utf-8").splitlines()}
        assert not secret & shown, place.name


# --- checks -----------------------------------------------------------------------------------------

STRANGE: dict[str, Any] = {
    "nothing": None,
    "zero": 0.0,
    "nan": float("nan"),
    "a text": "answer",
    "an empty list": [],
    "a ragged list": [[1, 2], [3]],
    "a large number": 10**400,
    "an empty array": np.zeros(0),
    "texts": np.array(["a", "b"]),
    "objects": np.array([object()]),
    "a scalar array": np.array(3.0),
    "ones": np.ones((1, 4, 4, 3)),
    "a pair": (1.0, 2.0),
    "a dictionary": {"a": 1},
    "a nested dictionary": {"a": {"b": [np.zeros(2)]}},
    "an object": object(),
    "a function": len,
}
CHECKS = [
    (name, check)
    for path in sorted((ROOT / "nstlib" / "checks").glob("ex*.py"))
    for name, check in vars(importlib.import_module(f"nstlib.checks.{path.stem}")).items()
    if isinstance(check, Check)
]


EACH_CHECK = pytest.mark.parametrize(
    ("name", "check"), CHECKS, ids=[f"{c.steps.__module__[-4:]}-{n}" for n, c in CHECKS]
)


def answers_of(check: Check) -> int:
    return check.steps.__code__.co_argcount - 2


@EACH_CHECK
def test_a_check_survives_every_answer_and_rewards_no_nonsense(name: str, check: Check) -> None:
    for what, value in STRANGE.items():
        for answer in (value, lambda *_, value=value: value):
            outcome = check(*[answer] * answers_of(check))
            assert not outcome.passed, what
            assert outcome.score <= 1, f"{what} earns {outcome.score} of {outcome.points}"
            assert "cannot make sense" not in outcome.message, f"{what}: {outcome.message}"


@EACH_CHECK
def test_the_laziest_answers_earn_almost_nothing(name: str, check: Check) -> None:
    for what, answer in {
        "its argument": lambda *a: a[0],
        "its last argument": lambda *a: a[-1],
        "zeros": lambda *a: np.zeros_like(a[0]),
        "an error": lambda *a: 1 / 0,
    }.items():
        outcome = check(*[answer] * answers_of(check))
        if (name, what) != ("no_square", "zeros"):  # where zeros are the right answer to the first half
            assert not outcome.passed and outcome.score <= 1, f"{what}: {outcome.sentence()}"


@framework.question(points=3)
def example(rng: np.random.Generator, right: Any, answer: Any) -> Iterator[float]:
    x = rng.normal(size=(2, 3))
    found = framework.array(framework.call(answer, x), (3, 2))
    yield 1
    framework.diagnose(found, x.T, {"Not transposed.": x.reshape(3, 2)}, "Not the transpose.")
    yield 2


def test_a_check_counts_what_was_earned_and_says_what_is_wrong() -> None:
    assert example(lambda x: x.T).score == 3 and example(lambda x: x.T).passed
    assert (example(lambda x: x.reshape(3, 2)).score, example(lambda x: x.reshape(3, 2)).message) == (
        1,
        "Not transposed.",
    )
    assert example(lambda x: 2 * x.T).message == "Not the transpose."
    assert "shape (2, 3)" in example(lambda x: x).message


def test_who_says_nothing_has_not_passed() -> None:
    def silent(x: Any) -> Any:
        raise framework.Mistake("")

    outcome = example(silent)
    assert (outcome.score, outcome.passed, outcome.message) == (0, False, framework.NO_WORDS)


def test_who_is_almost_right_is_told_by_how_much() -> None:
    told = "(It is off by 0.0002 of the largest entry; 0.0001 is allowed.)"
    assert told in example(lambda x: x.T + 2e-4 * np.abs(x).max()).message
    assert example(lambda x: x.T * (1 + 9e-5)).passed
    assert "off by" not in example(lambda x: 2 * x.T).message


def test_a_check_that_ends_early_has_passed_no_more_than_it_gave() -> None:
    assert framework.Outcome("gram", 3, 3).passed is False  # nobody has said that it has


def stub(x: Any) -> Any:
    raise NotImplementedError  # your code here


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (stub, "Not written yet"),
        (lambda x: None, "returns nothing"),
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda x: x.fill(0), "changes the array"),
        (lambda x, y: x, "TypeError"),
        (3, "should be a function"),
        (lambda x: "text", "should be an array"),
        (lambda x: np.full((3, 2), np.nan), "not finite"),
    ],
)
def test_every_common_accident_has_words_of_its_own(answer: Any, message: str) -> None:
    outcome = example(answer)
    assert outcome.score == 0 and message in outcome.message


def test_an_outcome_is_a_number_for_nbgrader_and_a_box_for_people() -> None:
    outcome = framework.Outcome("gram", 1.5, 3, "A <b>mistake</b>.")
    assert repr(outcome) == "1.5"
    shown = outcome._repr_html_()
    assert "1.5 of 3 points" in shown and "&lt;b&gt;" in shown


def test_who_leaves_the_work_to_what_exists_is_seen_under_any_name() -> None:
    helper = nst.gram_matrix
    features = np.ones((1, 2, 3, 2), "float32")
    lazy = framework.own(lambda x: np.asarray(helper(x)), "gram_matrix")
    with pytest.raises(framework.Mistake, match="calls one that exists"):
        lazy(features)
    space: dict[str, Any] = {"__name__": "__main__", "np": np}
    exec("def gram_matrix(x):\n    return x.sum()\ndef answer(x):\n    return gram_matrix(x)", space)
    assert framework.own(space["answer"], "gram_matrix")(features) == 12
    with pytest.raises(framework.Mistake):
        framework.own(lambda x: sorted(x), "sorted")([2, 1])
    assert sys.getprofile() is None and framework.own(3, "sorted") == 3


def test_a_gram_matrix_with_loops_is_as_good_as_one_without() -> None:
    """The text asks for no way of writing it, and neither does the check."""
    from nstlib.checks import ex04

    def with_loops(features: np.ndarray) -> np.ndarray:
        columns = [column for row in features[0] for column in row]
        return sum(np.outer(column, column) for column in columns) / len(columns)

    assert ex04.gram_matrix(with_loops).passed


def test_plain_values_are_copies_that_cannot_lie() -> None:
    class Liar(np.ndarray):
        def __eq__(self, other: object) -> Any:
            return True

    class Number(float):
        pass

    x = np.arange(3.0).view(Liar)
    found = framework.plain({"a": [x, Number(2)]})
    assert type(found["a"][0]) is np.ndarray and type(found["a"][1]) is float
    x[0] = 9
    assert found["a"][0][0] == 0


# --- the commands -----------------------------------------------------------------------------------


@with_solutions
@with_nbgrader
def test_the_command_writes_what_is_missing_and_finds_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = exercises.names()[0]
    changed = releases.write([name], tmp_path)
    assert [path.name for path in changed] == [f"{name}.ipynb"]
    assert releases.write([name], tmp_path) == []
    monkeypatch.setattr(releases, "RELEASES", tmp_path)
    assert releases.outdated([name]) == []
    changed[0].write_text(changed[0].read_text().replace("Exercise", "Exrcise", 1))
    (tmp_path / name / "notes.txt").write_text("x")
    problems = releases.outdated([name])
    assert len(problems) == 2 and "run `nst exercises`" in problems[0] and "notes.txt" in problems[1]
    assert cli.main(["exercises", "ex99"]) == 1
    assert "Unknown exercise 'ex99'" in capsys.readouterr().err


def forbid_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever costs time, or needs what may not be there, fails."""

    def fail(*_: Any) -> None:
        raise AssertionError("this should not have been tried")

    monkeypatch.setattr(releases, "outdated", fail)
    monkeypatch.setattr(converters, "require_nbgrader", fail)
    monkeypatch.setattr(subprocess, "Popen", fail)


@with_solutions
@pytest.mark.parametrize("command", [["exercises", "--check", "ex04"], ["grade", "class"]], ids=" ".join)
@pytest.mark.parametrize(("machine", "sentence"), LACKING, ids=[each.__name__ for each, _ in LACKING])
def test_commands_that_need_a_sandbox_ask_for_it_first(
    command: list[str],
    machine: Any,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine(monkeypatch)
    forbid_work(monkeypatch)
    sandbox.require_sandbox.cache_clear()
    assert cli.main(command) == 1
    assert capsys.readouterr() == ("", f"nst: {sentence} {ADVICE}\n")


@with_solutions
def test_without_bubblewrap_a_trial_says_so_and_keeps_no_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(rehearsal, "stubs", lambda exercise: [])
    taken = set(USERS_TAKEN)
    with pytest.raises(sandbox.SandboxMissing, match="apt install bubblewrap"):
        rehearsal.trial(exercises.names()[0])
    assert taken == USERS_TAKEN


WINDOWS = """
import asyncio, platform, subprocess, sys, tempfile, numpy, tqdm  # whole, before the system seems another
import nstlib as nst
from nstlib import cli

def system(): return "Windows"
platform.system = system
sys.platform = "win32"
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None  # importing it fails
sys.exit(cli.main(sys.argv[1:]))
"""


@with_solutions
@pytest.mark.parametrize("command", [["exercises", "--check", "ex04"], ["grade", "class"]], ids=" ".join)
def test_on_windows_the_sentence_is_reached_without_unix_modules(command: list[str], tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WINDOWS, *command], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"nst: Sandboxes need Linux, and this is Windows. {ADVICE}\n"


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, without the settings of whoever runs the tests; returns what it says."""
    settings = ["user.name=a test", "user.email=a@test.invalid", "commit.gpgsign=false"]
    command = ["git", *(word for setting in settings for word in ("-c", setting)), *arguments]
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.skipif(
    not shutil.which("git") or not (ROOT / ".git").exists(), reason="needs git and a clone of the course"
)
def test_every_file_has_the_same_bytes_in_a_checkout_for_windows(tmp_path: Path) -> None:
    """The work tree as it is, committed, and cloned as git for Windows clones unless told otherwise."""
    published, cloned = tmp_path / "published", tmp_path / "cloned"
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    names = [name for name in listed if name and (ROOT / name).is_file()]
    for name in names:
        (published / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, published / name)
    git(published, "init", "--quiet")
    git(published, "add", "--all", "--force")
    git(published, "commit", "--quiet", "--message", "as it is")
    git(
        tmp_path, "clone", "--quiet", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", "published", "cloned"
    )
    changed = [name for name in names if (cloned / name).read_bytes() != (ROOT / name).read_bytes()]
    assert changed == []
    git(cloned, "add", "--renormalize", ".")
    assert git(cloned, "status", "--porcelain") == ""
    attributes = git(cloned, "check-attr", "-z", "text", "--", *names).split("\0")  # name, "text", value ...
    treated_as_binary = {
        attributes[i] for i in range(0, len(attributes) - 1, 3) if attributes[i + 2] == "unset"
    }
    binary = {name for name in names if b"\0" in (ROOT / name).read_bytes()}
    assert treated_as_binary == binary, "name every kind of file that is no text in .gitattributes"


@with_solutions
def test_the_public_tree_is_the_course_without_solutions(tmp_path: Path) -> None:
    if subprocess.run(["git", "rev-parse"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("needs git")
    target = tmp_path / "public"
    assert cli.main(["exercises", "--public", str(target)]) == 0
    assert not (target / "solutions").exists() and (target / "exercises" / NAMES[0]).is_dir()
    text = "\n".join(path.read_text(errors="replace") for path in target.rglob("*.py"))
    secret = hidden_messages(SOURCES[0]) | hidden_messages(SOURCES[-1])
    assert secret and not [message for message in secret if message in text]
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "tests/test_exercises.py"],
        cwd=target, capture_output=True, text=True,
    )  # fmt: skip
    assert listed.returncode == 0, listed.stdout[-2000:]
    assert cli.main(["exercises", "--public", str(target)]) == 1  # not over something


def test_a_colab_copy_of_a_release_still_knows_its_cells() -> None:
    """Colab keeps a cell's own metadata; the grader finds the exercise by them."""
    for path in RELEASES:
        text = json.loads(path.read_text(encoding="utf-8"))
        found = [
            cell["metadata"]["nbgrader"]["grade_id"]
            for cell in text["cells"]
            if "nbgrader" in cell["metadata"]
        ]
        assert len(found) == len(set(found)) and all(each.startswith(path.stem[:5]) for each in found)
