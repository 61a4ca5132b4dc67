"""The wheel by itself: what it holds, and the course's first lesson from it in a bare environment.

The environment is made anew: the wheel with the dependencies that it declares, as constraints.txt pins them,
and the kernel that any notebook needs. Its programs run in an empty folder with an empty home, and report
each file of this work tree that they open or list.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import elsewhere
import nbformat
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
LESSON = ROOT / "notebooks" / "00_start_here.ipynb"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
PROGRAMS = "Scripts" if os.name == "nt" else "bin"
# Python runs this as it starts; what the hook sees are `open`, `os.open`, imports from files and listings.
WATCH = """
import os, sys

def look(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        if path == CLONE or path.startswith(CLONE + os.sep):
            with open(REPORT, "a") as file:
                file.write(path + "\\n")

CLONE, REPORT = os.environ["NST_TEST_CLONE"], os.environ["NST_TEST_REPORT"]
sys.addaudithook(look)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, because building leaves files behind."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text"):
        shutil.copy(ROOT / name, source)
    for name in ("nstlib", "data"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*command, "-w", str(folder), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


def travelling(folder: str) -> set[str]:
    files = (p.relative_to(ROOT / folder) for p in (ROOT / folder).rglob("*") if p.is_file())
    return {f.as_posix() for f in files if "__pycache__" not in f.parts and not f.name.startswith(".")}


def test_the_wheel_holds_the_package_its_weights_and_the_data(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("nstlib/")}
    data = travelling("data")
    assert inside == {f"nstlib/{f}" for f in travelling("nstlib")} | {f"nstlib/data/{f}" for f in data}


def test_the_wheel_is_for_every_system_and_holds_its_licences(wheel: Path) -> None:
    assert wheel.name == f"nstlib-{VERSION}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    kept = {name.partition("/licenses/")[2] for name in names if "/licenses/" in name}
    notes = {p.relative_to(ROOT).as_posix() for p in (ROOT / "nstlib").rglob("LICEN*")}
    assert kept == {"LICENSE", "LICENSE-text", "nstlib/weights/README.md"} | notes and len(notes) >= 5


# --- installed ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bare:
    """An environment with the wheel.

    Attributes:
        folder: has `venv`, an empty `home`, and `content`, where things run.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables of its programs."""
        return elsewhere.foreign() | {
            "HOME": str(self.folder / "home"),
            "USERPROFILE": str(self.folder / "home"),
            "PYTHONPATH": str(self.folder / "watch"),
            "NST_TEST_CLONE": str(ROOT),
            "NST_TEST_REPORT": str(self.report),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.folder / "venv" / PROGRAMS / ("python.exe" if os.name == "nt" else "python")

    @property
    def report(self) -> Path:
        """Names what was read of this work tree."""
        return self.folder / "report"

    def __call__(self, program: str, *arguments: str) -> str:
        """Run one of its programs; returns what it prints."""
        path = shutil.which(program, path=str(self.python.parent))
        assert path is not None, f"the wheel brings no {program}"
        done = subprocess.run(
            [path, *arguments],
            cwd=self.folder / "content",
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    made = Bare(tmp_path_factory.mktemp("bare"))
    for name in ("home", "content", "watch"):
        (made.folder / name).mkdir()
    (made.folder / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", str(made.folder / "venv")], check=True, capture_output=True)
    pins = str(ROOT / "constraints.txt")
    wanted = [str(wheel), "ipykernel"]
    elsewhere.fetch(made.python, "the wheel's", "install", "--no-compile", "-c", pins, *wanted)
    elsewhere.make_kernel(made.folder, "bare", made.python)
    yield made
    shutil.rmtree(made.folder)  # 2 GB, and pytest would keep three of them


@pytest.fixture(autouse=True)
def nothing_is_read_here(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test with the wheel installed may have read this work tree."""
    yield
    if "bare" in request.fixturenames:
        report: Path = request.getfixturevalue("bare").report
        assert not report.exists(), report.read_text()


def test_what_is_read_here_is_reported(bare: Bare) -> None:
    bare("python", "-c", f"open({str(ROOT / 'README.md')!r}).close()")
    assert bare.report.read_text().splitlines() == [str(ROOT / "README.md")]
    bare.report.unlink()


def test_the_command_says_its_version_and_what_is_here(bare: Bare) -> None:
    assert bare("nst", "--version") == f"nst {VERSION}\n"
    rows = dict(re.findall(r"^(.+?): +(.+)$", bare("nst", "info"), re.M))
    assert rows["nstlib"] == VERSION
    assert Path(rows["embedded network"]).is_relative_to(bare.folder / "venv")


def test_the_command_paints(bare: Bare) -> None:
    bare("nst", "stylize", "cat", "swirls", "-o", "cat.png", "--size", "64", "--iterations", "5", "--quiet")
    with Image.open(bare.folder / "content" / "cat.png") as picture:
        assert max(picture.size) == 64


def test_the_first_lesson_runs(bare: Bare) -> None:
    """From a folder in which there is nothing but its file."""
    ran = elsewhere.run(bare.folder, "bare", bare.environment, LESSON)
    assert elsewhere.failures(ran) == []
    cells = [cell for cell in nbformat.read(LESSON, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.id for cell in ran] == [cell.id for cell in cells]
    (hero,) = [cell for cell in ran if "hero" in cell.metadata.get("tags", [])]
    assert any("data:image/" in output.data.get("text/html", "") for output in hero.outputs)
