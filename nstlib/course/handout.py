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

ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
MISSING = (
    "No Chromium, Chrome or Edge was found, so there are no PDF handouts: open a deck in any browser and "
    "print it into a PDF file, or install Chromium and run this again."
)
SECONDS = 120  # for one deck; two are usual
VIRTUAL_MILLISECONDS = (
    30_000  # of the page's own clock, which runs fast: time for MathJax to set the formulas
)


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
    with tempfile.TemporaryDirectory() as profile, whole_file(target) as partial:
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
            raise TimeoutError(f"{browser} did not print {page} within {SECONDS} seconds.") from None
        if done.returncode or not partial.is_file():
            raise OSError(f"{browser} did not print {page}; print it into a PDF file from its window.")
