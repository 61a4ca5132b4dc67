"""The marking page: what it shows, what it writes, and to whom it answers; in Chromium where there is one."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import browsing
import nbformat
import pytest

pytest.importorskip("nbgrader")

from marked import EXERCISE, grade, handed_in, judged_by_hand

from nstlib import cli
from nstlib.course import converters, exercises, marks
from nstlib.course.marking import answers
from nstlib.course.marking.server import Marking, opened_in_browser

CELL = "ex04_open"
pytestmark = pytest.mark.skipif(
    not (exercises.SOLUTIONS / EXERCISE).is_dir(), reason="the public tree has no solutions"
)
WRITTEN = {
    "anna": "Positions are **summed away**: $G = F^T F$.\n\n"
    "<script>window.hit = 1</script> <img src=x onerror=hit=1> "
    "[x](javascript:hit=1) ![s](http://192.0.2.1/s.png) \\(\\href{javascript:hit=1}{x}\\)",
    "ben": "Because of Gram. " * 200,
    "cem": "$\\newcommand{\\sum}{WRONG}$ short",
    "dora": converters.TEXT_STUB,
}


@pytest.fixture(scope="module")
def class_of_four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    with pytest.MonkeyPatch.context() as patch:
        judged_by_hand(patch)({"gram_matrix": 2})
        found = [handed_in(folder, text, student) for student, text in WRITTEN.items()]
        found[0] = replace(found[0], name="Anna Berg <b>")
        grade(folder / "grading", *found)
    return folder / "grading"


@pytest.fixture
def grades(class_of_four: Path, tmp_path: Path) -> Path:
    """A copy, for one test."""
    return Path(shutil.copytree(class_of_four, tmp_path / "grading"))


@pytest.fixture
def server(grades: Path) -> Iterator[Marking]:
    with Marking(grades) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def mark_of(grades: Path, student: str) -> marks.Mark:
    found = marks.marks_of(f"sqlite:///{grades / 'gradebook.db'}", student, EXERCISE)
    return next(mark for mark in found if mark.grade_id == CELL)


def ask(
    server: Marking, path: str, body: Any = None, secret: str | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    """A request as a program makes it; headers with _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=browsing.PATIENCE)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    if content is not None:
        given = {"Content-Type": "application/json"} | given
    with contextlib.closing(connection):
        address = f"/{server.secret if secret is None else secret}/{path}"
        connection.request("GET" if body is None else "POST", address, content, given)
        answer = connection.getresponse()
        text = answer.read().decode()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(text) if is_json else text, dict(answer.headers)


def sent(server: Marking, **more: Any) -> dict[str, Any]:
    """A mark as the page sends it."""
    _, answer, _ = ask(server, f"answer?exercise={EXERCISE}&student=ben&cell={CELL}")
    given = {"exercise": EXERCISE, "student": "ben", "cell": CELL, "seen": answer["seen"]}
    return given | {"score": 2.5, "comment": "Good."} | more


# --- what is shown ----------------------------------------------------------------------------------------


def test_every_question_marked_by_hand_has_its_prompt_its_model_and_its_scheme() -> None:
    for exercise in exercises.names():
        found = answers.tasks(exercise)
        assert found, exercise
        for task in found:
            assert task.prompt and task.model and task.scheme and task.points > 0, task.grade_id
            assert "SOLUTION" not in task.model + task.scheme and "Marking scheme" not in task.model
            assert "A model answer" not in task.model


def test_a_pasted_picture_is_shown_and_no_other() -> None:
    data = base64.b64encode(b"picture").decode()
    pictures = {
        "a.png": {"image/png": data},
        "b.svg": {"image/svg+xml": "<svg/>"},
        "c.png": {"image/png": '"x'},
    }
    text = "![mine](attachment:a.png) ![b](attachment:b.svg) ![c](attachment:c.png) ![d](attachment:d.png)"
    html = answers.shown("markdown", text, pictures)
    assert html.count("src=") == 1 and f'src="data:image/png;base64,{data}"' in html
    assert answers.shown("code", "a < b") == "<pre>a &lt; b</pre>"


# --- to whom it answers -----------------------------------------------------------------------------------


def test_only_who_knows_the_secret_and_the_host_is_answered(server: Marking) -> None:
    own = f"127.0.0.1:{server.server_port}"
    assert ask(server, "exercises")[:2] == (200, [EXERCISE])
    assert ask(server, "exercises", Host=own.replace("127.0.0.1", "localhost"))[0] == 200
    for refused in (
        ask(server, "exercises", secret=""),
        ask(server, "exercises", secret="x" * 32),
        ask(server, "exercises", Host=f"attacker.example:{server.server_port}"),
        ask(server, "exercises", Host="127.0.0.1"),
        ask(server, "mark", sent(server), Origin="https://attacker.example"),
        ask(server, "mark", sent(server), Origin="null"),
    ):
        assert refused[0] == 404 and EXERCISE not in str(refused[1])
    assert mark_of(server.desk.folder, "ben").score is None
    assert ask(server, "mark", sent(server), Origin=f"http://{own}")[0] == 200
    assert server.server_address[0] == "127.0.0.1"


def test_nothing_may_be_loaded_from_elsewhere_and_pages_of_students_run_nothing(server: Marking) -> None:
    for path in ("", "marking.js", "marking.css", "fonts.css", "formulas.js"):
        status, text, headers = ask(server, path)
        policy = headers["Content-Security-Policy"]
        assert status == 200 and "default-src 'none'" in policy and "script-src 'self';" in policy
        assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
    _, page, headers = ask(server, f"notebook?exercise={EXERCISE}&student=anna")
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'") and "gram" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing", 404),
        ("../../results.json", 404),
        ("answer", 400),
        (f"answer?exercise={EXERCISE}&student=..&cell={CELL}", 404),
        (f"answer?exercise=..&student=anna&cell={CELL}", 404),
        (f"answer?exercise={EXERCISE}&student=anna&cell=nothing", 404),
        (f"notebook?exercise={EXERCISE}&student=../../..", 404),
        ("questions?exercise=../ex04", 404),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(server: Marking, path: str, status: int) -> None:
    found, content, _ = ask(server, path)
    assert found == status and content["problem"].endswith(".") and "/tmp" not in content["problem"]


# --- what it writes ---------------------------------------------------------------------------------------


def test_a_mark_is_in_the_database_at_once(server: Marking) -> None:
    assert ask(server, "mark", sent(server))[0] == 200
    mark = mark_of(server.desk.folder, "ben")
    assert (mark.score, mark.comment, mark.open, mark.by_hand) == (2.5, "Good.", False, True)
    assert ask(server, "mark", sent(server, score=None, comment=""))[0] == 200
    assert mark_of(server.desk.folder, "ben").open
    _, (question,), _ = ask(server, f"questions?exercise={EXERCISE}")
    assert {row["student"]: row["marked"] for row in question["rows"]} == {
        **dict.fromkeys(("anna", "ben", "cem"), False),
        "dora": True,  # nothing was written: 0 points without a teacher
    }


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"score": 4.5}, 400),
        ({"score": -1}, 400),
        ({"score": "3"}, 400),
        ({"score": True}, 400),
        ({"comment": "x" * 20_001}, 400),
        ({"comment": None}, 400),
        ({"cell": "ex04_gram_matrix"}, 404),
        ({"student": "eva"}, 404),
        ({"seen": "another"}, 409),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    server: Marking, change: dict[str, Any], status: int
) -> None:
    assert ask(server, "mark", sent(server, **change))[0] == status
    assert mark_of(server.desk.folder, "ben").score is None


def test_other_bodies_than_json_are_refused(server: Marking) -> None:
    good = json.dumps(sent(server)).encode()
    assert ask(server, "mark", good, Content_Type="text/plain")[0] == 400  # what a form elsewhere could send
    for body in (b"", b"[]", b"{", b"\xff", b"[" * 90_000, b'{"score": NaN}', b"x" * 300_000):
        with contextlib.suppress(ConnectionError):  # closed before all of it was sent
            assert ask(server, "mark", body)[0] in (400, 500)
    assert ask(server, "mark", good)[0] == 200


# --- the command ------------------------------------------------------------------------------------------


def listens_to_ctrl_c() -> None:
    """A shell starts background jobs, and so the tests among them, with the signal ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_command_serves_at_the_port_it_is_given_until_ctrl_c(grades: Path) -> None:
    port = browsing.free_port()
    line = [sys.executable, "-m", "nstlib.cli", "mark", "--port", str(port), "--no-browser", str(grades)]
    with subprocess.Popen(
        [*line, "--exercise", "4"], stdout=subprocess.PIPE, text=True, preexec_fn=listens_to_ctrl_c
    ) as process:
        assert process.stdout
        address = re.search(r"http://127.0.0.1:(\d+)/\S+", process.stdout.readline())
        assert address and address[1] == str(port) and address[0].endswith(f"?exercise={EXERCISE}")
        process.send_signal(signal.SIGINT)
        assert "takes the marks into the table" in process.communicate(timeout=browsing.PATIENCE)[0]
    assert process.returncode == 0


def test_the_command_says_what_is_wrong(
    grades: Path, tmp_path: Path, server: Marking, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["mark", str(grades), "--port", str(server.server_port), "--no-browser"]) == 1
    assert "cannot be had" in capsys.readouterr().err
    assert cli.main(["mark", str(tmp_path)]) == 1
    assert "`nst grade SUBMISSIONS_FOLDER` makes them" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        cli.main(["mark", str(grades), "--prot", "18977"])
    assert stop.value.code == 2 and "--prot" in capsys.readouterr().err


def test_the_secret_is_on_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    with opened_in_browser("http://127.0.0.1:1/secret/"):
        page = Path(opened[0].removeprefix("file://"))
        assert "secret" not in opened[0] and "url=http://127.0.0.1:1/secret/" in page.read_text()
        assert os.name == "nt" or page.parent.stat().st_mode & 0o077 == 0
    assert not page.exists()


# --- in a browser -----------------------------------------------------------------------------------------

BROWSER = [pytest.mark.browser, pytest.mark.skipif(bool(browsing.missing()), reason=browsing.missing())]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browsing.browser() as made:
        yield made


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, chromium: Any, server: Marking) -> Iterator[Any]:
    with browsing.watched_page(chromium, *request.param) as made:
        made.goto(server.address)
        made.wait_for_selector("#answer mjx-container")
        yield made
        assert made.outside == [] and made.errors == []


def shows(page: Any, name: str) -> None:
    page.wait_for_function("name => document.getElementById('student').textContent === name", arg=name)


def says(page: Any, text: str) -> None:
    page.wait_for_function("text => document.getElementById('said').textContent.includes(text)", arg=text)


class TestInChromium:
    pytestmark = BROWSER

    def test_answer_scheme_and_points_are_in_view_and_nothing_of_a_students_runs(self, page: Any) -> None:
        shows(page, "Anna Berg <b>")
        assert page.evaluate("window.hit") is None
        assert page.locator("#answer script, #answer img, #answer a").count() == 0
        assert page.locator("#answer strong").inner_text() == "summed away"
        assert page.locator("#scheme li").count() == 4 and page.inner_text("#model").startswith("It is right")
        width, inner = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= inner
        for field in ("#answer", "#points", "#comment", "#previous", "#next"):
            box = page.locator(field).bounding_box()
            assert box["y"] < page.viewport_size["height"] and box["width"] > 30, field
        box = page.locator("#next").bounding_box()
        assert box["y"] + box["height"] <= page.viewport_size["height"]
        if page.viewport_size["width"] > 1000:  # the scheme stands beside the answer
            scheme, answer = (page.locator(at).bounding_box() for at in ("#scheme", "#answer"))
            assert scheme["x"] > answer["x"] + answer["width"] and scheme["y"] < 200

    def test_marking_with_the_keyboard_alone(self, page: Any, grades: Path) -> None:
        shows(page, "Anna Berg <b>")
        page.keyboard.press("3")
        says(page, "Saved: 3 of 4")
        page.keyboard.press("c")
        page.keyboard.type("Name the field, 9 of 10.")
        page.keyboard.press("Control+Enter")
        shows(page, "ben")
        assert mark_of(grades, "anna").comment == "Name the field, 9 of 10."
        page.fill("#points", "2,5")
        page.keyboard.press("Enter")
        shows(page, "cem")
        assert (mark_of(grades, "anna").score, mark_of(grades, "ben").score) == (3, 2.5)
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowLeft")
        shows(page, "ben")
        assert page.input_value("#points") == "2.5" and page.inner_text("#progress") == "3 of 4 marked"

    def test_points_that_cannot_be_stay_on_the_page_until_they_are_mended(
        self, page: Any, grades: Path
    ) -> None:
        shows(page, "Anna Berg <b>")
        for wrong in ("5", "two", "-1"):
            page.fill("#points", wrong)
            page.click("#next")
            says(page, "Points go from 0 to 4")
            assert page.inner_text("#student") == "Anna Berg <b>" and mark_of(grades, "anna").score is None
        page.fill("#points", "4")
        page.click("#next")
        shows(page, "ben")
        assert mark_of(grades, "anna").score == 4

    def test_an_answer_that_changed_meanwhile_gets_no_mark(self, page: Any, grades: Path) -> None:
        shows(page, "Anna Berg <b>")
        path = grades / "autograded" / "anna" / EXERCISE / f"{EXERCISE}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        next(c for c in notebook.cells if exercises.tags(c).get("grade_id") == CELL).source = "Another."
        nbformat.write(notebook, path)
        page.click("#quick button:nth-child(3)")
        says(page, "has changed since you saw it")
        assert mark_of(grades, "anna").score is None

    def test_only_the_unmarked_and_a_macro_of_one_answer_is_not_the_next_ones(self, page: Any) -> None:
        shows(page, "Anna Berg <b>")
        page.check("#waiting")
        page.keyboard.press("ArrowRight")
        shows(page, "ben")
        page.keyboard.press("4")
        says(page, "Saved: 4")
        page.keyboard.press("ArrowRight")
        shows(page, "cem")
        says(page, "")
        assert page.inner_text("#next") == "Save"  # nobody unmarked is left behind this one
        page.uncheck("#waiting")
        page.keyboard.press("ArrowRight")
        shows(page, "dora")
        assert "Nothing was written" in page.inner_text("#answer")
        made = page.evaluate("MathJax.tex2svg('\\\\sum').outerHTML")
        assert "WRONG" not in made and "merror" not in made

    def test_the_server_has_ended(self, page: Any, server: Marking) -> None:
        shows(page, "Anna Berg <b>")
        server.shutdown()
        server.socket.close()
        page.context.set_offline(True)
        page.click("#quick button:nth-child(2)")
        says(page, "not saved")
