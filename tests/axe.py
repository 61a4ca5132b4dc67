"""axe-core, which finds what a screen reader or a keyboard stumbles over: fetched by npm, for tests alone."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

VERSION = "4.10.3"
SECONDS = 120  # npm may take for one small package
GRAVE = ("serious", "critical")


@functools.cache
def source() -> str:
    """The script, from a folder that is kept between runs; empty where npm cannot bring it."""
    folder = Path(tempfile.gettempdir()) / f"nst-axe-core-{VERSION}"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    npm = shutil.which("npm")
    if not script.is_file() and npm:
        folder.mkdir(exist_ok=True)
        command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            subprocess.run(
                [*command, f"axe-core@{VERSION}"], capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return ""
    return script.read_text(encoding="utf-8") if script.is_file() else ""


def violations(page: Any) -> list[str]:
    """What is grave on a page: the rule, and the first elements that break it."""
    page.evaluate(source())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations'], preload: false})")[
        "violations"
    ]
    return [
        f"{each['id']} ({each['impact']}): {[node['html'][:160] for node in each['nodes'][:3]]}"
        for each in found
        if each["impact"] in GRAVE
    ]
