"""A lesson and an exercise as Colab runs them: its versions, and nothing but the notebook's file to start.

Colab itself cannot be reached from a test. What stands for it: a virtual environment with the versions of
tests/data/colab.txt, kept in .venv-colab; a package `google.colab` that the kernel imports as it starts; and
git, which is told to fetch the course from a copy of this work tree when it is asked for its web address.
The set-up cell runs as it stands.
"""

import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import elsewhere
import nbformat
import pytest
from elsewhere import failures, texts

from nstlib.course import links

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "tests" / "data" / "colab.txt"
VENV = ROOT / ".venv-colab"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "colab.txt"  # written last, so that an interrupted installation is begun anew
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
LESSON = ROOT / "notebooks" / "01_images_as_tensors.ipynb"
RELEASE = ROOT / "exercises" / "ex04_gram_matrices" / "ex04_gram_matrices.ipynb"
SOLUTION = ROOT / "solutions" / "ex04_gram_matrices" / "ex04_gram_matrices.ipynb"
WHERE = """\
import json, nstlib
from nstlib import networks, samples
weights = networks.weights_path(networks.PLANS["pocket_vgg"])
print(json.dumps([nstlib.__file__, str(weights), str(samples.data_folder())]))"""

pytestmark = pytest.mark.colab


# --- what stands for Colab --------------------------------------------------------------------------


def python_of_colab() -> list[str]:
    """The command of a Python 3.13, which run.py finds where it can be; empty without one."""
    spec = importlib.util.spec_from_file_location("run", ROOT / "run.py")
    assert spec is not None and spec.loader is not None
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    return [sys.executable] if sys.version_info[:2] == (3, 13) else run.find_python("3.13")


def install() -> None:
    """Make .venv-colab, unless it is there and as it should be."""
    if STAMP.is_file() and STAMP.read_bytes() == PINS.read_bytes():
        return
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("Colab is Linux on x86-64, and so are its versions")
    python = python_of_colab() or pytest.skip("needs Python 3.13, which Colab runs")
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([*python, "-m", "venv", str(VENV)], check=True, capture_output=True)
    fetch("install", "--no-compile", "-r", str(PINS))
    shutil.copy(PINS, STAMP)


def fetch(*arguments: str) -> None:
    """Have pip of .venv-colab fetch packages; skips where it has no connection."""
    elsewhere.fetch(PYTHON, "Colab's", *arguments)


def pip(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """pip of .venv-colab."""
    return elsewhere.pip(PYTHON, *arguments)


def frozen() -> set[str]:
    """What is installed, with versions."""
    return set(pip("freeze", "--all").stdout.splitlines())


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; returns what it says."""
    settings = ["user.name=a test", "user.email=a@test.invalid", "commit.gpgsign=false"]
    command = ["git", *(text for setting in settings for text in ("-c", setting)), *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def publish(target: Path) -> str:
    """Commit this work tree, as it is now, to the branch of a new repository; returns the commit."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    git(target, "init", "--quiet", f"--initial-branch={links.in_clone().branch}")
    git(target, "add", "--all", "--force")
    git(target, "commit", "--quiet", "--message", "as it is")
    return git(target, "rev-parse", "HEAD").strip()


@dataclass(frozen=True)
class Colab:
    """What stands for Colab.

    Attributes:
        folder: has an empty `content`, where notebooks run, and `kernels`.
        commit: of the course, as it can be fetched.
    """

    folder: Path
    commit: str

    def environment(self) -> dict[str, str]:
        """Variables of the kernel: nothing leads to this work tree, except for git; the home is empty."""
        return elsewhere.foreign() | {
            "HOME": str(self.folder / "home"),
            "PYTHONPATH": str(self.folder / "stand-in"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.folder / 'published'}.insteadOf",
            "GIT_CONFIG_VALUE_0": links.in_clone().address,
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }

    def run(self, path: Path, *more: str) -> list[Any]:
        """Copy a notebook's file into the empty folder and run it there, and more cells after it.

        Returns:
            Its code cells with their outputs, up to one that failed, and no others.
        """
        return elsewhere.run(self.folder, "colab", self.environment(), path, more)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Colab:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone, for the course to be fetched from")
    install()
    folder = tmp_path_factory.mktemp("colab")
    # In Colab pip can fetch what builds the course's package: see that it can here.
    fetch("download", "--no-deps", "--dest", str(folder / "build"), *BUILD["requires"])
    for part in ("home", "published", "stand-in/google/colab"):
        (folder / part).mkdir(parents=True)
    (folder / "stand-in/google/colab/__init__.py").touch()
    elsewhere.make_kernel(folder, "colab", PYTHON, "import google.colab; ")
    return Colab(folder, publish(folder / "published"))


@pytest.fixture
def colab(machine: Colab) -> Iterator[Colab]:
    """Without the course, and with an empty folder; the course's installation is taken away afterwards."""
    shutil.rmtree(machine.folder / "content", ignore_errors=True)
    (machine.folder / "content").mkdir()
    pip("uninstall", "--yes", "nstlib")
    yield machine
    pip("uninstall", "--yes", "nstlib")


# --- what runs there ----------------------------------------------------------------------------------


def test_it_has_colabs_versions_and_not_the_course(colab: Colab) -> None:
    pins = {line for line in PINS.read_text().splitlines() if "==" in line}
    assert pins <= frozen()
    done = subprocess.run(
        [str(PYTHON), "-c", "import nstlib"], cwd=colab.folder, env=colab.environment(), capture_output=True
    )
    assert b"No module named 'nstlib'" in done.stderr


def test_a_lesson_runs_from_its_file_alone(colab: Colab) -> None:
    before = frozen()
    ran = colab.run(LESSON, WHERE)
    assert failures(ran) == []
    stored = {cell.id: cell for cell in nbformat.read(LESSON, as_version=4).cells}
    compared = [c for c in ran if "nbval-check-output" in c.metadata.get("tags", [])]
    assert len(compared) >= 3
    for cell in compared:
        assert texts(cell) == texts(stored[cell.id]), cell.id
    assert_only_the_course_was_installed(colab, before)
    assert_all_comes_from_the_package(ran[-1])


def points(cells: list[Any]) -> list[tuple[str, str]]:
    """Of each check that ran, the points earned and those there are, as the coloured box says them."""
    boxes = [cell.outputs[0].data["text/html"] for cell in cells if cell.source.startswith("check.")]
    return [re.findall(r"([\d.]+) of ([\d.]+) points", box)[0] for box in boxes]


def assert_only_the_course_was_installed(colab: Colab, before: set[str]) -> None:
    """The very commit that was published, and no other package added, removed or replaced."""
    assert frozen() - before == {f"nstlib @ git+{links.in_clone().address}@{colab.commit}"}
    assert before <= frozen()


def assert_all_comes_from_the_package(cell: Any) -> None:
    package, weights, data = map(Path, json.loads("".join(texts(cell))))
    assert package.is_relative_to(VENV) and weights.is_relative_to(package.parent)
    assert data == package.parent / "data" and weights.is_file() and any(data.iterdir())


@pytest.mark.skipif(not SOLUTION.is_file(), reason="the public tree has no solutions")
def test_an_answered_exercise_runs_from_its_file_alone(colab: Colab) -> None:
    before = frozen()
    ran = colab.run(SOLUTION, WHERE)
    assert failures(ran) == []
    assert len(points(ran)) >= 4
    assert all(earned == possible for earned, possible in points(ran))
    assert_only_the_course_was_installed(colab, before)
    assert_all_comes_from_the_package(ran[-1])


def test_a_released_exercise_stops_where_the_first_answer_is_used(colab: Colab) -> None:
    """Its checks say what is missing; the cell after the first one needs the answer itself."""
    before = frozen()
    ran = colab.run(RELEASE)
    (problem,) = failures(ran)
    assert problem.startswith("q1-figure: NotImplementedError")
    assert [earned for earned, _ in points(ran)] == ["0"]
    assert_only_the_course_was_installed(colab, before)
