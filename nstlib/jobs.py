"""A list of independent jobs: shots of a film, settings of a sweep, photographs of a folder.

They run on this machine one after the other, because the networks use all of its cores already, or on many
with Dask, whose scheduler gives them to its workers:

    for finished in run_jobs(paint_row, rows, scheduler="tcp://host:8786"):
        print(finished.job, finished.error or finished.result)

A job is plain data (numbers, texts, paths; pictures by path or name, networks by name), and the function is
one that a worker can import. It writes its files whole or not at all, on a disk that all machines see under
the same path. A worker that dies may leave a job half done, and another begins it again. What is done already
is left out of the list by the caller, who alone knows how to tell. Networks are loaded once in each worker:
`networks.load_network` keeps them.
"""

from __future__ import annotations

import queue
import re
import time
import uuid
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .foundation import first_line
from .process import interrupt, interruptible
from .progress import progress_bar

if TYPE_CHECKING:
    from distributed import Client, Future

J = TypeVar("J")
R = TypeVar("R")

CONNECT = 10.0  # seconds in which a scheduler has to answer
PATIENCE = 120.0  # seconds without a single worker after which nobody waits any longer
LOOK = 2.0  # seconds between two looks at whether there are workers
BAR = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}, left: {remaining}]"
ADDRESS = r"((tcp|tls|ws|wss|ucx)://)?[^\s/]+:\d+"
ALIKE = ("python", "distributed", "nstlib")  # whose versions have to be the same everywhere


@dataclass(frozen=True)
class Finished(Generic[J, R]):
    """A job that has ended.

    Attributes:
        index: its place in the list, from 0.
        job: as it was given.
        result: what the function returned; None when it failed.
        error: what the function raised; None when it did not.
    """

    index: int
    job: J
    result: R | None = None
    error: Exception | None = None


def run_jobs(
    function: Callable[[J], R],
    jobs: Iterable[J],
    *,
    scheduler: str | None = None,
    title: str = "",
    progress: bool = True,
) -> Generator[Finished[J, R]]:
    """Run independent jobs, here or on the workers of a Dask scheduler.

    A job that raises stops no other. One whose worker dies is begun again by another; when that has happened
    as often as Dask allows (`distributed.scheduler.allowed-failures`, three times), it counts as failed.
    Ctrl-C drops what waits and ends what runs, by a KeyboardInterrupt there; closing the iterator does, too.

    Args:
        function: takes one job. For workers it has to be importable there.
        jobs: those to do; leave out what is done.
        scheduler: address of the scheduler, such as "tcp://host:8786"; None runs the jobs here.
        title: what the bar says.
        progress: show a bar with the time left.

    Yields:
        The jobs in the order in which they end.

    Raises:
        ImportError: Dask is not installed.
        OSError: the scheduler does not answer or went away, or has had no worker for `PATIENCE` seconds.
        ValueError: no address; workers have another Python, Dask or nstlib than this process.

    Warns:
        RuntimeWarning: there is no worker, or none any longer.
    """
    listed = list(jobs)
    if not listed:
        return
    ended = _here(function, listed) if scheduler is None else _there(function, listed, scheduler)
    bar = progress_bar(shown=progress, desc=title, total=len(listed), bar_format=BAR, mininterval=0)
    with bar, closing(ended):
        for finished in ended:
            bar.update()
            yield finished


def _here(function: Callable[[J], R], jobs: Sequence[J]) -> Generator[Finished[J, R]]:
    """The jobs one after the other in this process."""
    for index, job in enumerate(jobs):
        try:
            finished = Finished[J, R](index, job, function(job))
        except Exception as error:
            finished = Finished(index, job, error=error)
        yield finished


def _there(function: Callable[[J], R], jobs: Sequence[J], address: str) -> Generator[Finished[J, R]]:
    """The jobs on the workers of a scheduler, as they end."""
    with _connected(address) as client:
        watch = _Watch(client, address)
        while not watch.sees_a_worker():
            time.sleep(LOOK / 10)
        _check_versions(client, address)
        run = f"nstlib-{uuid.uuid4().hex}"
        ended: queue.Queue[Future] = queue.Queue()
        waiting: dict[Any, tuple[int, Future]] = {}
        try:
            for index, job in enumerate(jobs):
                # In a closure of its own: Dask would look into a list or tuple for tasks.
                future = client.submit(_carry_out, partial(function, job), run, key=f"{run}-{index}")
                waiting[future.key] = index, future
                future.add_done_callback(ended.put)
            while waiting:
                index, future = waiting.pop(watch.next_of(ended).key)
                yield _finished(future, index, jobs[index], address)
        finally:
            if waiting:
                _cancel(client, [future for _, future in waiting.values()], run)


def _finished(future: Future, index: int, job: J, address: str) -> Finished[J, Any]:
    """What became of a job.

    Raises:
        ConnectionError: nobody knows, because the scheduler went away.
    """
    from distributed import KilledWorker

    if future.status == "finished":
        with suppress(OSError):  # of the connection: what the job raised is no result
            return Finished(index, job, future.result())
    if future.status != "error":
        raise ConnectionError(f"The scheduler at {address} went away; the same call does what is missing.")
    error = future.exception()
    if isinstance(error, KilledWorker):
        error = ChildProcessError("Every worker that took this job died; memory is short, most likely.")
    return Finished(index, job, error=error)


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A connection to a scheduler.

    Raises:
        ImportError, OSError, ValueError: there is none to be had.
    """
    try:
        from distributed import Client
    except ImportError:
        extra = '`pip install "nstlib[cluster]"` brings it, here and on the workers'
        raise ImportError(f"Many machines need Dask: {extra}.") from None
    if not re.fullmatch(ADDRESS, address):
        raise ValueError(f"scheduler is {address!r}; give its address, such as tcp://host:8786.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions: we look ourselves
            client = Client(address, timeout=CONNECT, set_as_default=False)
    except Exception as error:
        start = "start one with `dask scheduler`, and give the address that it prints"
        raise ConnectionError(
            f"No Dask scheduler answers at {address} ({first_line(error)}): {start}."
        ) from None
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=CONNECT)


def _check_versions(client: Client, address: str) -> None:
    """See that all workers run what this process runs: functions and errors travel by name.

    Raises:
        ValueError: one of them does not.
    """
    found: Any = client.get_versions(packages=["nstlib"])
    ours = _versions(found["client"])
    for worker, theirs in found["workers"].items():
        for name, version in _versions(theirs).items():
            if version != ours[name]:
                has = f"The worker {worker} of {address} has {name} {version or '(none)'}"
                raise ValueError(f"{has} and we have {ours[name]}: install the same version everywhere.")


def _versions(report: Mapping[str, Any]) -> dict[str, str]:
    """The versions that matter in what Dask reports of a process; of Python only its first two numbers."""
    found = {name: str(report["packages"].get(name) or "") for name in ALIKE}
    return found | {"python": ".".join(found["python"].split(".")[:2])}


class _Watch:
    """Waits for what workers do, and not for ever when there are none."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        self._alone_since: float | None = None

    def next_of(self, ended: queue.Queue[Future]) -> Future:
        """The next job that ends."""
        while True:
            with suppress(queue.Empty):
                return ended.get(timeout=LOOK)
            self.sees_a_worker()

    def sees_a_worker(self) -> bool:
        """Whether there is one.

        Raises:
            TimeoutError: there has been none for too long.
        """
        there, now = bool(self._client.nthreads()), time.monotonic()
        if there:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
            text = f"The scheduler at {self._address} has no worker; waiting {PATIENCE:.0f} s for one."
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        elif now - self._alone_since > PATIENCE:
            start = f"`dask worker {self._address} --nthreads 1`"
            raise TimeoutError(f"The scheduler at {self._address} has no worker: start some with {start}.")
        return there


def _cancel(client: Client, futures: Sequence[Future], run: str) -> None:
    """Drop what waits, and interrupt what runs; a scheduler that is gone needs neither."""
    with suppress(Exception):
        client.cancel(futures)
        client.run(interrupt, run, on_error="ignore")


def _carry_out(job: Callable[[], R], run: str) -> R:
    """Do a job in a worker such that `_cancel` reaches it: Dask cannot end what runs."""
    try:
        with interruptible(run):
            return job()
    except KeyboardInterrupt:  # would end the worker
        raise InterruptedError("The job was interrupted.") from None
