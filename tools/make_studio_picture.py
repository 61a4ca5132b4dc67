"""Draw the picture of the Studio in the index: start it, paint, and take a screenshot of the page.

    python tools/make_studio_picture.py

Needs the extras `lab` and `test`, and Chromium. The seed is fixed, so the painting is the same each time.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from nstlib.course.handout import find_browser
from nstlib.foundation import whole_file

PICTURE = Path(__file__).resolve().parent.parent / "notebooks" / "thumbnails" / "studio.jpg"
PORT = 8867
ADDRESS = f"http://127.0.0.1:{PORT}"
VIEW = {"width": 1240, "height": 780}
WIDTH = 800  # pixels of the picture
DONE = "document.querySelector('.nst-message')?.innerText.startsWith('Finished')"


def paint() -> bytes:
    """The page with a finished result, as the bytes of a PNG file."""
    flags = ["--no-sandbox"] if os.name != "nt" and os.getuid() == 0 else []
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=find_browser(), args=flags).new_page(viewport=VIEW)
        page.goto(ADDRESS, timeout=90_000)
        page.locator(".nst-thumb", has_text="coffee").click(timeout=90_000)
        page.locator(".nst-thumb", has_text="glass").click()
        page.get_by_role("button", name="Paint with care").click()
        page.wait_for_function(DONE, timeout=300_000)
        page.get_by_role("slider", name="Divide between").wait_for()
        page.evaluate("scrollTo(0, 0)")
        page.mouse.move(0, 0)
        return page.screenshot()


def main() -> int:
    """Serve the Studio, and write the picture."""
    command = [sys.executable, "-m", "nstlib.cli", "studio", "--no-browser", "--port", str(PORT)]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(command, env=os.environ | {"NSTLIB_STUDIO": folder})
        try:
            for _ in range(100):
                time.sleep(0.5)
                try:
                    urllib.request.urlopen(f"{ADDRESS}/voila/static/voila.js").close()
                    break
                except OSError:
                    continue
            picture = Image.open(io.BytesIO(paint())).convert("RGB")
        finally:
            server.terminate()
            server.wait()
    picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
    with whole_file(PICTURE) as partial:
        picture.save(partial, format="JPEG", quality=85, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
