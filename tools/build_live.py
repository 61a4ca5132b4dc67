"""Build the engine of the live page, `nstlib/live/engine.js`, from `tools/live/`.

    npm install --no-package-lock --prefix tools/live
    python tools/build_live.py

The engine is JavaScript for a worker: our network on TensorFlow.js, with WebAssembly inside, bundled by
esbuild. It is committed, so that `nst live` needs neither npm nor a network. Its first line holds a SHA-256
of what it was built from; a test compares it, so that nobody changes the sources and forgets to build. The
versions are pinned in `tools/live/package.json`; there is no lock file, because it would name a registry.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tools" / "live"
ENGINE = ROOT / "nstlib" / "live" / "engine.js"


def fingerprint() -> str:
    """SHA-256 of all that the engine is built from: the scripts, how they are bundled, the versions."""
    files = [SOURCES / "package.json", SOURCES / "build.mjs", *sorted((SOURCES / "src").glob("*.js"))]
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\n{path.read_text('utf-8')}\n".encode())
    return digest.hexdigest()


def banner() -> str:
    """The first line of the engine."""
    return (
        f"/* nstlib live engine. MIT, Apache-2.0 and others, see LICENCES.txt. Built from {fingerprint()} */"
    )


def main() -> int:
    """Bundle, and say how large the engine is."""
    node = shutil.which("node")
    if node is None or not (SOURCES / "node_modules").is_dir():
        print(
            "Node.js and its packages are missing: npm install --no-package-lock --prefix tools/live",
            file=sys.stderr,
        )
        return 1
    done = subprocess.run([node, SOURCES / "build.mjs", ENGINE], cwd=SOURCES)
    if done.returncode:
        return done.returncode
    text = ENGINE.read_text("utf-8")
    for mark in ("</script", "<!--"):  # would end the element of the page that holds it
        if mark in text.lower():
            print(f"The engine holds {mark}, which cannot stand in a page.", file=sys.stderr)
            return 1
    ENGINE.write_text(f"{banner()}\n{text}", encoding="utf-8", newline="\n")
    print(f"{ENGINE.relative_to(ROOT)}: {ENGINE.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
