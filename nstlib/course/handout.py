"""Decks as PDF handouts: a page a slide, printed by a Chromium or Chrome of this machine.

The page itself knows how to be printed (`deck/theme.css`), so any browser's own dialogue gives the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..foundation import whole_file

ON_PATH = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    os.path.expandvars(r"%LOCALAPPDATA%\Google\Chrome\Application\chrome.exe"),
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
MISSING = (
    "No Chromium, Chrome or Edge was found, so there are no PDF handouts: open a deck in any browser and "
    "print it into a PDF file, or install Chromium and run this again."
)
BY_HAND = "open the deck in a browser and print it into a PDF file"
SECONDS = 120  # for one deck; two are usual
VIRTUAL_MILLISECONDS = 30_000  # of the page's own clock, which runs fast: time for MathJax


def find_browser() -> str | None:
    """The program of a browser that can print without a window; None when there is none."""
    found = (shutil.which(name) for name in (*ON_PATH, *ELSEWHERE))
    return next((program for program in found if program), None)


def print_pdf(page: Path, target: Path, browser: str) -> None:
    """Print a deck into a PDF file, whole or not at all.

    Args:
        page: HTML file of a deck.
        target: PDF file to write.
        browser: of `find_browser`.

    Raises:
        OSError: the browser did not print it, or the file cannot be written.
    """
    with (
        # Windows may still hold files of a browser that has ended.
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        whole_file(target) as partial,
    ):
        command = [
            *(browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
            *(f"--user-data-dir={profile}", f"--virtual-time-budget={VIRTUAL_MILLISECONDS}"),
            *("--no-pdf-header-footer", f"--print-to-pdf={partial.absolute()}", page.absolute().as_uri()),
        ]
        if hasattr(os, "getuid") and os.getuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses its own sandbox to root
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{browser} did not print {target} within {SECONDS} seconds.") from None
        if done.returncode or not is_whole(partial):
            raise OSError(f"{browser} did not print {target}: see that the disk is not full, or {BY_HAND}.")


def is_whole(file: Path) -> bool:
    """Whether a PDF file has its end: Chromium reports success also when the disk is full."""
    return file.is_file() and b"%%EOF" in file.read_bytes()[-1024:]
