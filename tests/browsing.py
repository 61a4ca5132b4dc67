"""Chromium for tests: where it is, a page that can reach this machine only, servers to open in it, and what
its texts are drawn with.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium's own errands (updates, safe browsing) are not requests of the page.
FLAGS = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
# No other machine is found. Not by Playwright's routes: they switch the browser's cache off.
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
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
def browser(*more: str) -> Iterator[Any]:
    """A headless Chromium, driven by Playwright, with more flags."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = launch(playwright.chromium, *more)
        try:
            yield made
        finally:
            made.close()


def launch(kind: Any, *more: str, **env: str) -> Any:
    """Start Chromium, with more flags and with more variables in its environment."""
    as_root = hasattr(os, "getuid") and os.getuid() == 0
    flags = [
        *FLAGS,
        *more,
        *(["--no-sandbox"] if as_root else []),
    ]  # Chromium refuses its own sandbox to root
    return kind.launch(executable_path=chromium(), args=flags, env=os.environ | env)


@contextlib.contextmanager
def browsers_with_other_fonts(made: Any, folder: Path) -> Iterator[dict[str, Any]]:
    """Two more browsers, as on machines with other fonts: none at all, and DejaVu only.

    On Linux, where fontconfig finds the fonts. DejaVu comes with Matplotlib.

    Args:
        made: of `browser`; Playwright runs once.
        folder: for their settings.
    """
    import matplotlib

    (folder / "none").mkdir()
    (folder / "DejaVu").mkdir()
    for font in Path(matplotlib.get_data_path()).glob("fonts/ttf/DejaVu*.ttf"):
        shutil.copy(font, folder / "DejaVu")
    started = {}
    try:
        for fonts in ("none", "DejaVu"):
            config = folder / f"{fonts}.conf"
            config.write_text(
                '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
                f"<dir>{folder / fonts}</dir><cachedir>{folder / 'cache'}</cachedir></fontconfig>"
            )
            started[fonts] = launch(made.browser_type, FONTCONFIG_FILE=str(config))
        yield started
    finally:
        for each in started.values():
            each.close()


@contextlib.contextmanager
def watched_page(made: Any, width: int = 1280, height: int = 720) -> Iterator[Any]:
    """A page in a profile of its own, see `watched`."""
    with profile(made, width, height) as own, watched(own) as page:
        yield page


@contextlib.contextmanager
def profile(made: Any, width: int = 1280, height: int = 720) -> Iterator[Any]:
    """A fresh profile: what its pages load and store, none outside it has."""
    context = made.new_context(viewport={"width": width, "height": height})
    try:
        yield context
    finally:
        context.close()


@contextlib.contextmanager
def watched(context: Any) -> Iterator[Any]:
    """A page in a profile. Requests to elsewhere, which find nobody, are listed in `page.outside`, and what
    its scripts do wrong in `page.errors`.
    """
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.outside, page.errors = [], []

    def note(request: Any) -> None:
        if not request.url.startswith(LOCAL):
            page.outside.append(request.url[:200])

    context.on("request", note)
    page.on("pageerror", lambda error: page.errors.append(str(error)[:500]))
    page.on("websocket", note)
    try:
        yield page
    finally:
        context.remove_listener("request", note)
        page.close()


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


# --- letters and lines ---------------------------------------------------------------------------------

# Marks each element that is shown with what the style sheets ask for: weight and style.
MARK = """
() => {
  for (const each of document.querySelectorAll('body *')) {
    const style = getComputedStyle(each);
    if (each.getClientRects().length && !each.closest('mjx-assistive-mml'))
      each.dataset.letters = JSON.stringify([+style.fontWeight, style.fontStyle]);
  }
}
"""
TEXT_NODE = 3  # in the DOM


@dataclass(frozen=True)
class Letters:
    """What a text of a page is drawn with.

    Attributes:
        text: of one element; or, in angle brackets, the name of a box that a style sheet adds to one.
        asked: weight and style that the style sheets ask for, (700, "normal"); None for such a box.
        faces: the PostScript names of the faces, and whether the page brings each.
    """

    text: str
    asked: tuple[int, str] | None
    faces: dict[str, bool]


def letters(page: Any) -> list[Letters]:
    """What each text that a page shows now is drawn with."""
    page.evaluate(MARK)
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument", {"depth": -1})["root"]
    found = []
    for node, text, asked in marked(root):
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        if fonts:  # otherwise it is not shown
            found.append(
                Letters(text, asked, {each["postScriptName"]: each["isCustomFont"] for each in fonts})
            )
    session.detach()
    return found


def marked(node: dict[str, Any]) -> Iterator[tuple[int, str, tuple[int, str] | None]]:
    """The numbers of the nodes that show text, their texts, and what `MARK` noted of them."""
    given = node.get("attributes", [])
    attributes = dict(zip(given[::2], given[1::2], strict=True))
    for box in node.get("pseudoElements", []):
        yield box["nodeId"], f"<{attributes.get('class', node['nodeName'])}::{box['pseudoType']}>", None
    for child in node.get("children", []):
        if child["nodeType"] == TEXT_NODE and child["nodeValue"].strip() and "data-letters" in attributes:
            weight, style = json.loads(attributes["data-letters"])
            yield child["nodeId"], child["nodeValue"].strip(), (weight, style)
        yield from marked(child)


def kind_of(face: str) -> tuple[int, str]:
    """Weight and style of a face, by its PostScript name."""
    return 700 if face.endswith("-Bold") else 400, "italic" if face.endswith("-Italic") else "normal"


def check_letters(page: Any) -> int:
    """Assert that each text is drawn with faces the page brings, in the weight and the style asked for.

    A browser that lacks a bold or an italic face makes one up, by smearing or slanting another.

    Returns:
        The number of texts.
    """
    found = letters(page)
    for seen in found:
        for face, own in seen.faces.items():
            assert own, f"{seen.text!r} is drawn with {face}, a font of the machine"
            if seen.asked:
                weight, style = seen.asked
                wanted = (700 if weight >= 600 else 400, style)
                assert kind_of(face) == wanted, f"{seen.text!r} is drawn with {face}"
    return len(found)


# The lines of text below an element as they are broken, in the order of the document; a word that is broken
# itself stands in both. What MathJax writes for screen readers only is no text that is seen.
LINES = r"""
(root) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), range = document.createRange();
  const lines = [];
  let last = null;
  for (let node; (node = walker.nextNode());) {
    if (node.parentNode.closest('mjx-assistive-mml')) continue;
    for (const word of node.data.matchAll(/\S+/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      for (const box of range.getClientRects()) {
        const beside = last && box.left >= last.right - 1 && box.top < last.bottom && box.bottom > last.top;
        if (beside) lines[lines.length - 1] += ' ' + word[0];
        else lines.push(word[0]);
        last = box;
      }
    }
  }
  return lines;
}
"""
