"""jobs.py: the same list of jobs here and on a real Dask cluster, with workers that die and a Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import working

from nstlib import jobs
from nstlib.jobs import Finished, run_jobs

posix = pytest.mark.skipif(os.name == "nt", reason="a killed process is POSIX")


def local_cluster(workers: int) -> Any:
    distributed = pytest.importorskip("distributed")
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a scheduler with two workers."""
    with local_cluster(2) as two:
        yield str(two.scheduler_address)


@pytest.fixture
def mortal() -> Iterator[str]:
    """Of another one, for tests that kill workers: Dask needs a while to get over it."""
    with local_cluster(2) as two:
        yield str(two.scheduler_address)


@pytest.fixture
def empty() -> Iterator[str]:
    """Of a scheduler without workers."""
    with local_cluster(0) as none:
        yield str(none.scheduler_address)


def run(function: Any, *items: Any, **keywords: Any) -> list[Finished[Any, Any]]:
    return list(run_jobs(function, items, progress=False, **keywords))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + working.LIMIT
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


@pytest.fixture(params=["here", "on Dask"])
def scheduler(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "here" else str(request.getfixturevalue("address"))


def test_every_job_comes_back_once_with_its_result_or_its_error(scheduler: str | None) -> None:
    numbers = [3, -1, 5, 0, -7, 2]
    found = sorted(run(working.square, *numbers, scheduler=scheduler), key=lambda each: each.index)
    assert [each.job for each in found] == numbers
    assert [each.result for each in found] == [9, None, 25, 0, None, 4]
    errors = [each.error for each in found if each.error]
    assert [(type(e), str(e)) for e in errors] == [
        (ValueError, "-1 is negative."),
        (ValueError, "-7 is negative."),
    ]


def test_a_job_arrives_as_it_was_given(scheduler: str | None) -> None:
    odd = [(len, "ab"), {"a": [1, (2, 3)], "b": None}, ["x", ("y",)], "nstlib-0"]
    assert [each.result for each in sorted(run(working.given, *odd, scheduler=scheduler), key=at)] == odd


def at(finished: Finished[Any, Any]) -> int:
    return finished.index


def test_no_job_needs_no_scheduler() -> None:
    assert run(working.square, scheduler="tcp://127.0.0.1:1") == []


def test_here_is_this_process_and_there_are_the_workers(address: str) -> None:
    assert {each.result for each in run(working.where, 1, 2)} == {os.getpid()}
    assert os.getpid() not in {each.result for each in run(working.where, 1, 2, scheduler=address)}


def test_here_they_run_in_order_and_only_when_asked_for() -> None:
    began: list[int] = []
    ended = run_jobs(began.append, [1, 2, 3], progress=False)
    assert (next(ended).job, began) == (1, [1])
    assert (next(ended).job, began) == (2, [1, 2])


def test_here_an_interruption_goes_through() -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(interrupted, 1)


@pytest.mark.parametrize("progress", [True, False])
def test_the_bar_counts_the_jobs(progress: bool, capsys: pytest.CaptureFixture[str]) -> None:
    list(run_jobs(working.square, [1, 2, -3], title="squares", progress=progress))
    assert ("squares 100%" in capsys.readouterr().err) is progress


@posix
@pytest.mark.filterwarnings("ignore")  # Dask's, of a worker that is gone
def test_a_job_whose_worker_is_killed_is_done_by_another(mortal: str, tmp_path: Path) -> None:
    work = [(str(tmp_path), number) for number in range(5)]
    found = run(working.die_once, *work, scheduler=mortal)
    assert {each.result for each in found} == {0, 1, 2, 3, 4}
    assert len((tmp_path / "try-2").read_text(encoding="utf-8")) > 1


@posix
@pytest.mark.filterwarnings("ignore")
def test_a_job_that_kills_every_worker_fails_in_one_sentence(mortal: str) -> None:
    (found,) = run(working.die, 1, scheduler=mortal)
    assert isinstance(found.error, ChildProcessError)
    assert "memory" in str(found.error)
    assert [each.result for each in run(working.square, 2, scheduler=mortal)] == [4]  # workers come back


def test_closing_drops_what_waits_and_interrupts_what_runs(address: str, tmp_path: Path) -> None:
    work = [(str(tmp_path), number) for number in range(6)]
    ended = run_jobs(begin_with_nothing, [None, *work], scheduler=address, progress=False)
    next(ended)
    until(lambda: len(list(tmp_path.glob("began-*"))) == 2)
    ended.close()
    until(lambda: len(list(tmp_path.glob("ended-*"))) == 2)
    assert {each.result for each in run(working.square, 3, 4, scheduler=address)} == {9, 16}  # still alive
    assert len(list(tmp_path.glob("began-*"))) == 2


def begin_with_nothing(job: tuple[str, int] | None) -> None:
    if job is not None:
        working.wait(job)


PROGRAM = """
import sys, working
from nstlib.jobs import run_jobs
try:
    list(run_jobs(working.wait, [(sys.argv[2], 0)], scheduler=sys.argv[1], progress=False))
except KeyboardInterrupt:
    print("interrupted")
"""


@posix
def test_ctrl_c_reaches_the_workers(address: str, tmp_path: Path) -> None:
    import signal

    paths = os.pathsep.join([str(Path(jobs.__file__).parent.parent), str(Path(__file__).parent)])
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, address, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    until(lambda: (tmp_path / "began-0").exists())
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=working.LIMIT)
    assert (out, "Traceback" in err) == ("interrupted\n", False)
    until(lambda: (tmp_path / "ended-0").exists())


# --- what is missing ---------------------------------------------------------------------------------------


def test_without_dask_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r'pip install "nstlib\[cluster\]"'):
        run(working.square, 1, scheduler="tcp://127.0.0.1:1")


@pytest.mark.parametrize("wrong", ["ftp://127.0.0.1:1", "cat", "tcp://host", ""])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(
        ValueError, match=f"scheduler is '{wrong}'; give its address, such as tcp://host:8786"
    ):
        run(working.square, 1, scheduler=wrong)


@pytest.mark.parametrize("wrong", ["tcp://127.0.0.1:1", "127.0.0.1:1"])
def test_a_scheduler_that_does_not_answer(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(jobs, "CONNECT", 0.5)
    with pytest.raises(
        ConnectionError, match=f"No Dask scheduler answers at {wrong} .*`dask scheduler`"
    ) as e:
        run(working.square, 1, scheduler=wrong)
    assert "\n" not in str(e.value)


def test_a_scheduler_without_workers_is_waited_for_and_not_for_ever(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.5)
    with (
        pytest.warns(RuntimeWarning, match="has no worker; waiting"),
        pytest.raises(TimeoutError, match=r"no worker: start some with `dask worker tcp://.* --nthreads 1`"),
    ):
        run(working.square, 1, scheduler=empty)


@pytest.mark.parametrize(("name", "ours"), [("nstlib", "0.0.1"), ("distributed", "1.0"), ("python", "3.1")])
def test_workers_of_another_version_are_refused(
    name: str, ours: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    true = Client.get_versions

    def other(*arguments: Any, **keywords: Any) -> Any:
        found: Any = true(*arguments, **keywords)
        found["client"]["packages"][name] = ours
        return found

    monkeypatch.setattr(Client, "get_versions", other)
    with pytest.raises(ValueError, match=rf"worker tcp://\S+ of .* has {name} .* we have {ours}: install"):
        run(working.square, 1, scheduler=address)


def test_a_scheduler_that_goes_away_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = local_cluster(1)
    monkeypatch.setattr(jobs, "CONNECT", 2.0)
    ended = run_jobs(
        begin_with_nothing, [None, (str(tmp_path), 0)], scheduler=cluster.scheduler_address, progress=False
    )
    next(ended)
    cluster.close()
    with pytest.raises(ConnectionError, match="went away; the same call does what is missing"):
        next(ended)
