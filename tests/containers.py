"""Images without Docker, for tests: a Dockerfile's steps, what they copy, and stand-ins for programs."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def instructions(file: Path) -> list[tuple[str, str]]:
    """A Dockerfile's lines: (instruction, the rest)."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def copied(file: Path) -> set[str]:
    """What a Dockerfile copies, relative to the course."""
    return {name for word, rest in instructions(file) if word == "COPY" for name in shlex.split(rest)[:-1]}


def allowed(file: Path) -> set[str]:
    """What a Dockerfile's .dockerignore lets in."""
    lines = Path(f"{file}.dockerignore").read_text(encoding="utf-8").splitlines()
    return {line[1:] for line in lines if line.startswith("!")}


def copy_into(course: Path, file: Path) -> Path:
    """Make the folder that an image's COPY makes, of what goes below its working folder; returns it."""
    course.mkdir()
    for word, rest in instructions(file):
        *sources, target = shlex.split(rest) if word == "COPY" else ["/"]
        for name in () if target.startswith("/") else sources:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, course / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, course)
    return course


def program(folder: Path, name: str, code: str, language: str = "") -> None:
    """Put a stand-in for a program into a folder.

    Args:
        folder: where programs are looked for.
        name: of the program.
        code: its text.
        language: its interpreter; Python unless given, by way of a shell: no first line of a script may name
            an interpreter whose path has a blank.
    """
    path = folder / name
    if not language:
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
        language = "/bin/sh"
        code = f'exec {shlex.quote(sys.executable)} {shlex.quote(str(folder / f"{name}.py"))} "$@"'
    path.write_text(f"#!{language}\n{code}\n", encoding="utf-8")
    path.chmod(0o755)


def variables(tmp_path: Path, **more: str) -> dict[str, str]:
    """The environment, with the stand-ins first and the course of this checkout."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **more}
