"""What the teacher's guide tells to type is there, and what it tells to write is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nstlib.cli import parser
from nstlib.course.policy_file import read_policy

GUIDE = (Path(__file__).resolve().parents[1] / "exercises" / "TEACHERS.md").read_text(encoding="utf-8")


def options_of(name: str) -> set[str]:
    """The options that a command of `nst` knows."""
    (action,) = [each for each in parser.make_parser()._actions if each.dest == "command" or each.choices]
    return set(action.choices[name]._option_string_actions)


@pytest.mark.parametrize("typed", sorted(set(re.findall(r"`nst (\w+[^`]*)`", GUIDE))))
def test_every_command_of_the_guide_is_there(typed: str) -> None:
    name, *words = typed.replace("\n", " ").split()
    assert {word for word in words if word.startswith("--")} <= options_of(name)


def test_the_options_that_stand_alone_are_those_of_grade_and_return() -> None:
    alone = set(re.findall(r"[`(](--[a-z-]+)", GUIDE))
    known = options_of("grade") | options_of("return") | options_of("mark")
    assert {"--roster", "--policy", "--only", "--seed", "--jobs"} <= alone <= known


def test_the_policy_of_the_guide_is_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.S)
    (tmp_path / "Grades-ex04.csv").write_text("Identifier,Last modified (submission)\n", encoding="utf-8")
    (tmp_path / "deadlines.toml").write_text(text, encoding="utf-8")
    policy = read_policy(tmp_path / "deadlines.toml", ["ex04_gram_matrices"])
    assert policy.rules["ex04"].deadline is not None and policy.rules["ex04"].last_day == 7
