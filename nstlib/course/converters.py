"""nbgrader's converters: their settings for this course, and how they are started without a word."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from .exercises import SOLUTIONS, ExerciseError

STUB = "raise NotImplementedError  # your code here"
TEXT_STUB = "YOUR ANSWER HERE"
PRIVATE = (
    "reference.py",
    "hidden.py",
    "wrong.py",
    "__pycache__",
    "*.pyc",
    ".ipynb_checkpoints",
)  # never in a release


def settings(root: Path, release: Path) -> Any:
    """Settings of nbgrader for generating releases; `release` is relative to `root` or absolute."""
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "nst"
    config.CourseDirectory.source_directory = str(SOLUTIONS)
    config.CourseDirectory.release_directory = str(release)
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    config.CourseDirectory.ignore = list(PRIVATE)
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    return config


def require_nbgrader() -> None:
    """See that nbgrader is there, and that it finds the program alembic, which lies beside Python.

    Raises:
        ModuleNotFoundError: says how to install it.
    """
    if importlib.util.find_spec("nbgrader") is None:
        raise ModuleNotFoundError(
            "nbgrader is not installed for this Python: in the course's folder, "
            '`.venv/bin/python -m pip install -c constraints.txt -e ".[grade]"` installs it.'
        )
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([beside, os.environ.get("PATH", "")])


def generate(name: str, config: Any) -> None:
    """Have nbgrader make the release of one exercise, in the folder and gradebook of the settings.

    Raises:
        ExerciseError: nbgrader cannot; with its last words.
    """
    require_nbgrader()
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    course = CourseDirectory(config=config)
    course.assignment_id = name
    converter = GenerateAssignment(coursedir=course, config=config)
    converter.force = True
    said = run_quietly(converter)
    if said:
        raise ExerciseError(f"{name}: nbgrader cannot generate the release: {said}")


def run_quietly(converter: Any) -> str:
    """Start one of nbgrader's converters; returns what it complained of when it failed, or nothing."""
    import logging

    lines: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    converter.log.handlers[:], converter.log.propagate = [handler], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its database library's, about its own use of it
            converter.start()
    except Exception as error:
        text = "\n".join([*lines, f"{type(error).__name__}: {error}"])
        return " ".join(text.split())[-1500:]
    return ""
