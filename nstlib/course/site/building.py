"""Builds the site: what is staged, read and written by Sphinx, beside it the lectures and the live page."""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import lessons, slides
from ..links import COURSE, in_clone, site
from . import search, staging
from .pages import Page

MARK = "nst-site.txt"  # lies in every site, so that a folder which holds something else is never replaced
CONF = """\
from pathlib import Path

from nstlib.course.site.configuration import settings

globals().update(settings(Path(__file__).resolve().parent))
"""
STEP = re.compile(r"(reading sources|writing output)\.\.\. \[ *(\d+)%\]")
LAST_LINES = 6  # of Sphinx's output, when it fails
WORK = {"reading sources": (0.05, 0.35), "writing output": (0.35, 0.7)}  # shares of the whole, about
Report = Callable[[float, str], None]


class SiteError(RuntimeError):
    """Sphinx could not build the site; the message holds its last lines."""


def require_sphinx() -> None:
    """See that what turns notebooks into pages is here.

    Raises:
        ModuleNotFoundError: it is not; the message says how to get it.
    """
    if any(importlib.util.find_spec(name) is None for name in ("sphinx", "myst_nb")):
        raise ModuleNotFoundError(
            "The site needs Sphinx and MyST-NB, which are not installed for this Python: in the course's "
            'folder, `.venv/bin/python -m pip install -c constraints.txt -e ".[site]"` installs them; '
            "elsewhere, install the extra `site` of nstlib."
        )
    slides.require_renderers()


def write_site(
    folder: Path,
    *,
    hub: str = "",
    report: Report = lambda share, step: None,
) -> list[str]:
    """Write the course as a site that opens from a disk and from any web server.

    Args:
        folder: is made whole or not at all. An older site in it is replaced.
        hub: the address of a JupyterHub with nbgitpuller, for a button on every notebook; empty for none.
        report: is told the share of the work that is done, and what comes next.

    Returns:
        What Sphinx warned of, a sentence each.

    Raises:
        OSError: the folder holds something else or cannot be written, or the notebooks are missing.
        ModuleNotFoundError: see `require_sphinx`.
        SiteError: Sphinx failed.
        ValueError: a notebook, a deck or the index of the lessons is not as it should be.
    """
    from ... import __version__

    lessons.names()  # there are some, or a sentence says where they are
    require_sphinx()
    with whole_folder(folder) as out, tempfile.TemporaryDirectory(prefix="nst-site-") as room:
        stage = staging.Stage(Path(room, "sources"), site(), in_clone(), hub)
        stage.folder.mkdir()
        report(0.0, "notebooks and papers")
        pages = staging.fill(stage, __version__)
        warnings = run_sphinx(stage.folder, out, Path(room), report)
        report(0.7, "lectures")
        for number, _ in enumerate(slides.write_decks(slides.names(), out / "lectures"), start=1):
            report(0.7 + 0.2 * number / len(slides.names()), "lectures")
        report(0.9, "the live page")
        write_live_page(out / "live")
        add_files(stage.folder, out, pages)
    return warnings


def run_sphinx(sources: Path, out: Path, room: Path, report: Report) -> list[str]:
    """Let Sphinx read a folder and write pages; returns its warnings.

    Args:
        sources: what `staging` has filled.
        out: for the pages.
        room: for what Sphinx keeps meanwhile.
        report: as in `write_site`.

    Raises:
        SiteError: it failed.
    """
    (sources / "conf.py").write_text(CONF, encoding="utf-8")
    noted, kept = room / "warnings.txt", room / "doctrees"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-j", "auto", "--no-color", "-w", str(noted)]
    path = os.pathsep.join(filter(None, [str(COURSE), os.environ.get("PYTHONPATH", "")]))
    last: list[str] = []
    with subprocess.Popen(
        [*command, "-d", str(kept), str(sources), str(out)],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            last = [*last, line.strip()][-LAST_LINES:]
            if step := STEP.search(line):
                start, end = WORK[step[1]]
                report(start + (end - start) * int(step[2]) / 100, "pages")
    if process.returncode:
        raise SiteError(f"Sphinx could not build the site; its last lines: {' / '.join(filter(None, last))}")
    text = noted.read_text(encoding="utf-8") if noted.is_file() else ""
    return [line.replace(f"{sources}{os.sep}", "") for line in text.splitlines() if line.strip()]


def write_live_page(folder: Path) -> None:
    """The page that paints in the visitor's browser."""
    from ...live import write_page

    write_page(folder)


def add_files(sources: Path, out: Path, pages: list[Page]) -> None:
    """What Sphinx does not write: pictures, notebooks to download, licences, the index of the search."""
    shutil.copytree(sources / "pictures", out / "pictures")
    shutil.copytree(sources / "files", out / "files")
    for page in pages:
        if page.file.endswith(".ipynb"):
            target = out / Path(page.name).parent / Path(page.file).name
            shutil.copy(COURSE / page.file, target)
    (out / "licences").mkdir()
    for name, (_, file) in staging.CARRIED.items():
        shutil.copy(staging.COURSE_PARTS / file, out / "licences" / name)
    search.write_index(out, [page.name for page in pages])
    for left in (".buildinfo", ".buildinfo.bak", "objects.inv"):
        (out / left).unlink(missing_ok=True)
    (out / ".nojekyll").touch()  # or GitHub Pages leaves out what begins with "_"
    (out / MARK).write_text(
        "Written by `nst site`, which replaces this folder as a whole.\n", encoding="utf-8"
    )


# --- the folder -------------------------------------------------------------------------------------


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Write a site's folder whole or not at all: yields one beside it, which takes its place in the end.

    Raises:
        FileExistsError: there is a folder that is no site, and not empty.
        OSError: it cannot be written.
    """
    target = folder.expanduser().resolve()
    check_place(target)
    beside = target.with_name(f".{secrets.token_hex(4)}-{target.name[-100:]}")
    made = beside / "site"  # in a folder of its own, because MyST-NB writes another one beside it
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.mkdir(parents=True)
        except OSError as error:
            raise type(error)(f"Cannot make {target}: {error.strerror or error}.") from None
        yield made
        check_place(target)  # the writing took minutes
        old = target.with_name(f"{beside.name}-old")
        if target.exists():
            os.rename(target, old)
        try:
            os.rename(made, target)
        except OSError:
            if old.exists():  # the site that was there comes back
                os.rename(old, target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_place(target: Path) -> None:
    """See that nothing is lost where a site shall be.

    Raises:
        FileExistsError: something that is no site is there.
    """
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target} is a file; name a folder for the site.")
    if target.is_dir() and any(target.iterdir()) and not (target / MARK).is_file():
        raise FileExistsError(f"{target} holds something else than a site; name another folder.")
