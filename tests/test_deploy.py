"""The grader in containers, tried without one: every step of the image, and every script.

Stand-ins take the place of Docker, apt and pip; where something is graded, the course's own Python does it.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import classes
import containers
import pytest
from containers import program, variables

pytest.importorskip("nbgrader")

from nstlib.course import exercises

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "deploy" / "grader"
RIGHTS = ("seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined")
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="containers are Linux"),
    pytest.mark.skipif(
        not (exercises.SOLUTIONS / classes.EXERCISE).is_dir(), reason="the public tree has no solutions"
    ),
]
# Docker's part: what is mounted becomes the folder outside, and Python is ours.
DOCKER = """
import json, os, subprocess, sys
arguments = sys.argv[1:]
with open(os.environ["DOCKER_LOG"], "w") as file:
    json.dump(arguments, file)
places = [a.split(":")[:2] for o, a in zip(arguments, arguments[1:]) if o == "--volume"]
program = arguments[arguments.index(os.environ["IMAGE"]) + 1:]
for outside, inside in places:
    program = [a.replace(inside, outside, 1) if a.startswith(inside) else a for a in program]
module = [] if "--entrypoint" in arguments else ["-m", "nstlib.cli"]
sys.exit(subprocess.run([sys.executable, *module, *program]).returncode)
"""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's lines: (instruction, the rest)."""
    return containers.instructions(PLACE / "Dockerfile")


def handed_in(folder: Path) -> classes.Member:
    """A submission, partly right."""
    member = next(each for each in classes.make(40) if each.kind == "partly right")
    folder.mkdir(parents=True)
    (folder / member.file).write_bytes(member.content)
    return member


# --- the image --------------------------------------------------------------------------------------


def test_the_image_copies_what_is_there_and_lets_it_in() -> None:
    copied = containers.copied(PLACE / "Dockerfile")
    assert copied == containers.allowed(PLACE / "Dockerfile")
    for name in copied:
        assert (ROOT / name).exists(), name


def test_the_image_installs_only_what_the_course_names() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    runs = " ".join(rest for word, rest in instructions() if word == "RUN")
    (packages,) = re.findall(r"apt-get install ((?:[\w-]+ )+)&&", runs)
    assert [name for name in packages.split() if not name.startswith("-")] == ["bubblewrap"]
    installs = re.findall(r"pip install (.*?) -e \"\.\[([\w,]+)\]\"", runs)
    assert len(installs) == 2 and all("-c constraints.txt" in options for options, _ in installs)
    assert {extra for _, names in installs for extra in names.split(",")} <= set(extras)
    assert "http" not in runs and "index-url" not in runs


def test_nobody_in_the_image_is_root() -> None:
    """Bubblewrap then needs no capability, and students' code runs as nobody's user."""
    words = [word for word, _ in instructions()]
    users = [rest for word, rest in instructions() if word == "USER"]
    assert words.count("ENTRYPOINT") == len(users) == 2 and "0" not in {user.split(":")[0] for user in users}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's course folder: what COPY puts there."""
    return containers.copy_into(tmp_path_factory.mktemp("image") / "course", PLACE / "Dockerfile")


def run_in(course: Path, command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(course), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, **more)


def test_the_image_s_own_python_steps_run(image: Path) -> None:
    codes = [
        code
        for word, rest in instructions()
        if word == "RUN"
        for code in re.findall(r"python -c \"(.*?)\"", rest)
    ]
    assert codes
    for code in codes:
        done = run_in(image, [sys.executable, "-c", code])
        assert done.returncode == 0, done.stderr
    packages = tomllib.loads((image / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = [image / name.replace(".", "/").replace("nstlib/data", "data") for name in packages]
    assert [folder for folder in folders if not folder.is_dir()] == []


@pytest.mark.sandbox
def test_the_image_s_entry_grades(image: Path, tmp_path: Path) -> None:
    entry = json.loads([rest for word, rest in instructions() if word == "ENTRYPOINT"][-1])
    assert entry[0] == "python"
    member = handed_in(tmp_path / "class" / "anna")
    graded = tmp_path / "grading"
    command = [sys.executable, *entry[1:], "grade", str(tmp_path / "class"), "-o", str(graded)]
    done = run_in(image, command)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads((graded / "results.json").read_text(encoding="utf-8")).values()
    assert sum(outcome["score"] for outcome in row["outcomes"].values()) == member.score


def test_the_image_s_tests_are_found(image: Path) -> None:
    command = json.loads([rest for word, rest in instructions() if word == "CMD"][0])
    assert all((ROOT / name).is_file() for name in command)
    done = run_in(
        image, [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *command]
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_every_way_into_the_image_gives_the_same_rights() -> None:
    for file in ("run.sh", "classroom/autograding.yml", "README.md"):
        text = (PLACE / file).read_text(encoding="utf-8")
        assert all(f"--security-opt {right}" in text for right in RIGHTS), file


@pytest.mark.sandbox
def test_the_script_around_the_image_grades_a_zip(tmp_path: Path) -> None:
    member = handed_in(tmp_path / "class" / "anna")
    environment = variables(tmp_path, IMAGE="mine", DOCKER_LOG=str(tmp_path / "log"))
    program(tmp_path / "bin", "docker", DOCKER)
    command = [
        "bash",
        str(PLACE / "run.sh"),
        str(tmp_path / "class"),
        str(tmp_path / "grading"),
        "--jobs",
        "1",
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "log").read_text())
    assert said[-2:] == ["--jobs", "1"] and f"{tmp_path}/class:/submissions/class:ro" in said
    assert [b for a, b in zip(said, said[1:], strict=False) if a == "--security-opt"] == list(RIGHTS)
    (row,) = json.loads((tmp_path / "grading" / "results.json").read_text(encoding="utf-8")).values()
    assert sum(outcome["score"] for outcome in row["outcomes"].values()) == member.score
    none = subprocess.run([*command[:2], "nowhere", "x"], env=environment, capture_output=True, text=True)
    assert none.returncode == 2 and "There is no nowhere." in none.stderr


# --- Gradescope -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def autograder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gradescope's folder /autograder: our ZIP unpacked in source/, run_autograder beside it."""
    root = tmp_path_factory.mktemp("gradescope")
    packed = root / "autograder.zip"
    script = str(PLACE / "gradescope" / "pack.sh")
    subprocess.run(
        ["bash", script, str(packed)], check=True, env={**os.environ, "NST_PYTHON": sys.executable}
    )
    with zipfile.ZipFile(packed) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"setup.sh", "run_autograder", "course"}
        assert not [name for name in archive.namelist() if "__pycache__" in name]
        archive.extractall(root / "source")
    shutil.copy(root / "source" / "run_autograder", root)
    (root / "results").mkdir()
    return root


def test_gradescope_s_set_up_installs_the_course_in_this_order(autograder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = variables(
        tmp_path, AUTOGRADER=str(autograder), NST_VENV=str(tmp_path / "venv"), LOG=str(log)
    )
    record = 'echo "$(basename "$0") $*" >> "$LOG"'
    program(tmp_path / "bin", "apt-get", record, "/bin/sh")
    make = f'{record}\nmkdir -p "$3/bin" && cp "$0" "$3/bin/python"'
    program(tmp_path / "bin", "python3.13", make, "/bin/sh")
    subprocess.run(["bash", str(autograder / "source" / "setup.sh")], check=True, env=environment)
    lines = log.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["apt-get", "apt-get", "python3.13", "python"]
    assert "bubblewrap" in lines[1]
    course = autograder / "source" / "course"
    assert f"-c {course}/constraints.txt -e {course}[grade]" in lines[3]
    assert (course / "constraints.txt").is_file() and (course / "solutions").is_dir()


@pytest.mark.sandbox
def test_gradescope_gets_a_result(autograder: Path, tmp_path: Path) -> None:
    member = handed_in(autograder / "submission")
    environment = variables(tmp_path, AUTOGRADER=str(autograder), NST_PYTHON=sys.executable)
    command = [str(autograder / "source" / "run_autograder")]
    done = subprocess.run(["bash", *command], env=environment, capture_output=True, text=True, cwd=autograder)
    assert done.returncode == 0, done.stderr
    path = autograder / "results" / "results.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["score"] == member.score and len(found["tests"]) == 5
    assert {test["visibility"] for test in found["tests"]} == {"after_due_date"}
    (autograder / "submission" / member.file).write_bytes(b"")
    done = subprocess.run(["bash", *command], env=environment, capture_output=True, text=True, cwd=autograder)
    assert done.returncode == 0 and "The file is empty" in path.read_text(encoding="utf-8")


def test_gradescope_gets_no_result_where_the_grader_cannot_work(tmp_path: Path) -> None:
    environment = variables(tmp_path, AUTOGRADER=str(tmp_path / "none"), NST_PYTHON=sys.executable)
    command = ["bash", str(PLACE / "gradescope" / "run_autograder")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode != 0 and not (tmp_path / "none").exists()


# --- GitHub Classroom -------------------------------------------------------------------------------


def workflow() -> dict[str, Any]:
    """The job of the workflow that students' repositories get."""
    yaml = pytest.importorskip("yaml")
    text = (PLACE / "classroom" / "autograding.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_the_workflow_reports_what_it_grades() -> None:
    found = workflow()
    assert found["permissions"] == {"checks": "write", "actions": "read", "contents": "read"}
    (job,) = found["jobs"].items()
    assert job[0] == "run-autograding-tests"
    *_, grade, report = job[1]["steps"]
    assert report["uses"].startswith("classroom-resources/autograding-grading-reporter@")
    assert report["with"]["runners"] == grade["id"]  # the reporter reads ID_RESULTS, in capitals
    assert report["env"] == {
        f"{grade['id'].upper()}_RESULTS": f"${{{{ steps.{grade['id']}.outputs.result }}}}"
    }


@pytest.mark.sandbox
def test_the_workflow_s_step_grades(tmp_path: Path) -> None:
    member = handed_in(tmp_path / "repository")
    (tmp_path / "repository" / ".git").mkdir()
    output = tmp_path / "output"
    environment = variables(
        tmp_path,
        IMAGE="mine",
        RUNNER_TEMP=str(tmp_path),
        GITHUB_OUTPUT=str(output),
        DOCKER_LOG=str(tmp_path / "log"),
    )
    program(tmp_path / "bin", "docker", DOCKER)
    (step,) = [s for s in workflow()["jobs"]["run-autograding-tests"]["steps"] if s.get("id")]
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=tmp_path / "repository",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    name, _, encoded = output.read_text().partition("=")
    found = json.loads(base64.b64decode(encoded))
    assert name == "result" and sum(test["score"] for test in found["tests"]) == member.score
    assert "Points" in done.stdout
