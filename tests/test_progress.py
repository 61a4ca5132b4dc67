"""Progress bars, as far as a terminal has them; test_jupyterlab.py sees those of notebooks."""

import sys
from types import SimpleNamespace

import pytest

from nstlib import progress


def test_a_bar_that_is_not_shown_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.progress_bar(shown=False, total=2) as bar:
        bar.update(2)
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_a_bar_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress.progress_bar(range(3), shown=True, desc="three", mininterval=0)) == [0, 1, 2]
    assert "three: 100%" in capsys.readouterr().err


def test_work_goes_on_where_nobody_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert list(progress.progress_bar(range(3), shown=True)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("done", "stay", "taken_back"), [(2, False, True), (1, False, False), (2, True, False)]
)
def test_only_a_bar_that_ended_is_taken_back(done: int, stay: bool, taken_back: bool) -> None:
    said = []
    bar = progress.progress_bar(shown=True, total=2, leave=stay)
    bar.output = SimpleNamespace(update=lambda data, raw: said.append((data, raw)))
    bar.update(done)
    bar.close()
    bar.close()  # as often as one likes
    assert said == [(progress.NOTHING, True)] * taken_back
