"""A page is made in a process of its own, with limits: whatever a notebook holds, it harms its own page only.

The process gets so much processor time, memory and file; it is given so long by the clock besides. A page
that is not made within that is made here in plain text, which takes time in proportion to its length.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from ...foundation import whole_file
from .feedback import Feedback, digest_of
from .pages import plain_page, render_page

ROOT = Path(__file__).resolve().parents[3]  # from where the child imports this package
PLAIN = "The feedback page is plain text: something in the notebook takes too long or too much memory to set."


@dataclass(frozen=True)
class Limits:
    """Of the process that makes one page.

    Attributes:
        processor: seconds of processor time, which other work on the machine does not use up.
        clock: seconds by the clock, for what does not compute either; a busy machine has the time it needs.
        memory: bytes of addresses.
        page: bytes of the page.
    """

    processor: int = 20
    clock: float = 900.0
    memory: int = 3 << 30
    page: int = 24 << 20


def page_note(
    feedback: Feedback, release: Path, judged: Path, page: Path, limits: Limits | None = None
) -> str:
    """Make a page unless it is up to date; returns what a teacher should know of it, or nothing.

    Args:
        feedback: what is told.
        release: the notebook that was handed out.
        judged: the notebook that came back, run.
        page: where it shall be.
        limits: of the process that makes it.

    Raises:
        OSError: a file cannot be read or written.
    """
    digest = digest_of(feedback, judged)
    written, plain = state_of(page)
    if written != digest:
        page.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(page) as partial:
            plain = not made_apart(feedback, release, judged, digest, partial, limits or Limits())
            if plain:
                import nbformat

                text = plain_page(feedback, nbformat.read(judged, as_version=4), f"{digest} plain")
                partial.write_text(text, encoding="utf-8", errors="replace")
    return PLAIN if plain else ""


def state_of(page: Path) -> tuple[str, bool]:
    """The digest that a page carries, and whether it is in plain text; nothing for no page of ours."""
    try:
        with page.open(encoding="utf-8", errors="replace") as file:
            start = file.read(2000)
    except OSError:
        return "", False
    words = start.partition('content="nst feedback ')[2].partition('"')[0].split()
    return (words[0], "plain" in words[1:]) if words else ("", False)


def made_apart(
    feedback: Feedback, release: Path, judged: Path, digest: str, target: Path, limits: Limits
) -> bool:
    """Make a page in a child; returns whether it did."""
    order = {
        "feedback": json.dumps(asdict(feedback)),
        "release": str(release.resolve()),
        "judged": str(judged.resolve()),
        "digest": digest,
        "target": str(target.resolve()),
        "limits": asdict(limits),
    }
    # -P: the child looks for no module in the folder that it happens to start in.
    command = [sys.executable, "-P", "-m", __name__]
    env = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    try:
        done = subprocess.run(
            command, input=json.dumps(order).encode(), env=env, timeout=limits.clock, capture_output=True
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and target.is_file()


def confine(limits: Limits) -> None:
    """Put this process under limits, as far as the system has them."""
    with contextlib.suppress(ImportError):  # Windows, where the clock alone is watched
        import resource

        for kind, most in (
            (resource.RLIMIT_CPU, limits.processor),
            (resource.RLIMIT_AS, limits.memory),
            (resource.RLIMIT_FSIZE, limits.page),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, most))


def main() -> None:
    """What the child does: reads its order, confines itself and writes the page."""
    import nbformat

    order = json.load(sys.stdin)
    confine(Limits(**order["limits"]))
    release, judged = (nbformat.read(order[name], as_version=4) for name in ("release", "judged"))
    page = render_page(Feedback.from_json(order["feedback"]), release, judged, order["digest"])
    Path(order["target"]).write_text(page, encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
