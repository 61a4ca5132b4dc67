"""Chromium for tests: where it is, a page that can reach this machine only, and servers to open in it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium's own errands (updates, safe browsing) are not requests of the page.
FLAGS = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
LOCAL = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "file:", "about:")

# Seconds after which what is waited for is taken not to come. A safety net and no measurement: on a machine
# busy with other work everything takes several times as long, and the tests must pass there too.
PATIENCE = 180


def chromium() -> str | None:
    """The program, or None."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def missing() -> str:
    """Why there can be no browser test here; empty when there can."""
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed: it is in the extra `test`"
    if chromium() is None:
        return "no Chromium on this machine (Debian and Ubuntu: apt-get install chromium)"
    return ""


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    as_root = hasattr(os, "getuid") and os.getuid() == 0
    flags = [*FLAGS, *(["--no-sandbox"] if as_root else [])]  # Chromium refuses its own sandbox to root
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium(), args=flags)
        try:
            yield made
        finally:
            made.close()


@contextlib.contextmanager
def watched_page(made: Any, width: int = 1280, height: int = 720) -> Iterator[Any]:
    """A page in a fresh profile. Requests to elsewhere are refused and listed in `page.outside`, and what its
    scripts do wrong in `page.errors`.
    """
    context = made.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.outside, page.errors = [], []

    def refuse(route: Any) -> None:
        page.outside.append(route.request.url[:200])
        route.abort()

    context.route(lambda url: not url.startswith(LOCAL), refuse)
    page.on("pageerror", lambda error: page.errors.append(str(error)[:500]))
    page.on("websocket", lambda ws: ws.url.startswith(LOCAL) or page.outside.append(ws.url[:200]))
    try:
        yield page
    finally:
        context.close()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(
    command: Callable[[int], Sequence[str]],
    folder: Path,
    *,
    page: str,
    start_in: Path | None = None,
    seconds: float = PATIENCE,
    **env: str,
) -> Iterator[str]:
    """A web server as a process of its own, with its own Jupyter folders; yields its address.

    Args:
        command: its command line, for a port.
        folder: where it keeps its log and its settings; the tests' own.
        page: what answers when it is ready, such as "/api/status".
        start_in: the folder it starts in, where Python looks for modules first; by default the tests' own.
        seconds: it may take to start.
        env: more variables of its environment.
    """
    port, log = free_port(), folder / "server.log"
    own = {f"JUPYTER_{what}_DIR": str(folder / what.lower()) for what in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{what}_DIR": str(folder / what.lower()) for what in ("SETTINGS", "WORKSPACES")}
    own["IPYTHONDIR"] = str(folder / "ipython")  # where kernels keep their history
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(port), cwd=start_in, stdout=output, stderr=subprocess.STDOUT, env=os.environ | own | env
        )
    try:
        wait_for(f"http://127.0.0.1:{port}{page}", process, log, seconds)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Wait until a server answers; its log becomes the error when it does not."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=20):
            return
        time.sleep(0.3)
    raise RuntimeError(f"no answer from {address}\n{log.read_text(errors='replace')[-3000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a Jupyter server, which asks back at the first Ctrl-C only where there is a terminal."""
    process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
