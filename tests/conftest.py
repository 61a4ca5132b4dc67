"""What several test files share."""

import collections
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import browsing
import numpy as np
import pytest

from nstlib.networks import FeatureNetwork, forget, load_network


def pytest_configure() -> None:
    """What all that tests start gets from here."""
    listen_to_interrupts()
    share_processors(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def listen_to_interrupts() -> None:
    """Listen to Ctrl-C, which tests send to programs they start: what runs in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def share_processors(workers: int) -> None:
    """Give TensorFlow one worker's share of the processors, here and in all that is started from here.

    Two workers on two cores, each with two threads, take an eighth longer than with one thread each.
    """
    if workers > 1:
        share = max(1, (os.cpu_count() or 1) // workers)
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(share))


# Parts of the names of files that take minutes, the longest first.
LONGEST = (
    *("test_wheel.py", "test_hub.py", ".ipynb", "test_other_backends.py", "test_jupyterlab.py"),
    *("test_studio_page.py", "test_exercises.py", "test_grading.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: processes that share the files then end together."""

    def rank(item: pytest.Item) -> int:
        return next((n for n, part in enumerate(LONGEST) if part in item.path.name), len(LONGEST))

    items.sort(key=rank)


MANY_SECONDS, FILES_NAMED = 300, 24


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After a long run, say in which files its seconds went: where making tests quicker pays."""
    seconds: collections.Counter[str] = collections.Counter()
    for report in (each for reports in terminalreporter.stats.values() for each in reports):
        if isinstance(report, pytest.TestReport):
            seconds[report.nodeid.partition("::")[0]] += report.duration
    if sum(seconds.values()) > MANY_SECONDS:
        named = ", ".join(f"{path} {spent:.0f}" for path, spent in seconds.most_common(FILES_NAMED))
        terminalreporter.write_line(f"Seconds of the slowest files, of {sum(seconds.values()):.0f}: {named}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine cannot run; the reason says what to install."""
    if item.get_closest_marker("browser") and (reason := browsing.missing()):
        pytest.skip(reason)
    if item.get_closest_marker("sandbox"):
        from nstlib.course.sandbox import SandboxMissing, require_sandbox

        try:
            require_sandbox()
        except SandboxMissing as missing:
            pytest.skip(str(missing))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, started once for a file of tests.

    Not once for all: as long as it runs, so does Playwright's event loop, and other tests need their own.
    """
    with browsing.browser() as made:
        yield made


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page of 1280 x 720 pixels in a profile of its own, cut off from everything but this machine."""
    with browsing.watched_page(browser) as made:
        yield made


@pytest.fixture(autouse=True)
def no_networks_kept() -> None:
    """A test that loads a network gets one of its own, in which no other test has compiled anything."""
    forget()


@pytest.fixture(scope="session")
def pocket() -> FeatureNetwork:
    """The embedded network, loaded once; whoever counts its compiled steps loads one of their own."""
    return load_network("pocket_vgg")


@pytest.fixture(scope="session")
def noise() -> Callable[..., np.ndarray]:
    """A maker of images of random pixels: `noise(height, width, seed)`."""

    def make(height: int = 32, width: int = 32, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).random((1, height, width, 3), dtype=np.float32)

    return make
