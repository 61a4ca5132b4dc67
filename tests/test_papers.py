"""The papers of a release: versions that agree, a citation, a changelog, forms, and what is not verified."""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from nstlib.cli.parser import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]
PAPERS = ("README", "CHANGELOG", "CODE_OF_CONDUCT", "CONTRIBUTING", "NOT_VERIFIED", "SECURITY")
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def parsed(name: str) -> Any:
    """A YAML file, read."""
    return pytest.importorskip("yaml").safe_load(text_of(name))


def tracked() -> list[str]:
    """The files that belong to the repository, new ones included."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so it is not known which files belong to it")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


# --- one version, one day -----------------------------------------------------------------------------


def test_package_citation_changelog_and_readme_have_one_version() -> None:
    """The command's own is compared in test_wheel.py: what is installed here may be of before."""
    citation = parsed("CITATION.cff")
    assert citation["version"] == VERSION
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", text_of("CHANGELOG.md"), re.M)
    assert released[0] == (VERSION, str(citation["date-released"]))
    (cited,) = re.findall(r"To cite it: \*(.*?)\*", text_of("README.md"))
    (author,) = citation["authors"]
    year = citation["date-released"].year
    assert cited == f"{author['name']}, {citation['title']}, version {VERSION}, {year}"


def test_the_changelog_is_kept_in_its_form() -> None:
    text = text_of("CHANGELOG.md")
    sections = re.findall(r"^## (.*)$", text, re.M)
    assert sections[0] == "[Unreleased]"
    days = [section.rsplit(" - ", 1)[1] for section in sections[1:]]
    assert days == sorted(days, reverse=True) and all(map(datetime.date.fromisoformat, days))
    kinds = set(re.findall(r"^### (.*)$", text, re.M))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Breaks"}
    known = {command.name for command in COMMANDS}
    assert set(re.findall(r"`nst (\w+)", text)) <= known


def test_the_citation_has_what_its_format_and_an_archive_want() -> None:
    """Of the Citation File Format 1.2.0; there is no second source beside it."""
    citation = parsed("CITATION.cff")
    required = {"cff-version", "message", "title", "authors"}
    shown = {"abstract", "version", "date-released", "license", "repository-code", "keywords", "type"}
    assert set(citation) == required | shown | {"references"}
    assert citation["cff-version"] == "1.2.0" and citation["type"] == "software"
    assert citation["license"] in PROJECT["license"].split(" AND ")  # an archive files the code
    assert isinstance(citation["date-released"], datetime.date) and isinstance(citation["version"], str)
    assert all(author.keys() <= {"name", "family-names", "given-names"} for author in citation["authors"])
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= reference.keys()
    assert not (ROOT / ".zenodo.json").exists()


# --- the release's workflow, and the forms --------------------------------------------------------------


def release_step(name: str, folder: Path, tag: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the workflow in a folder, with a stand-in for `gh` that writes down what it is told."""
    steps = parsed(".github/workflows/release.yml")["jobs"]["wheel"]["steps"]
    (step,) = [step for step in steps if step.get("name") == name]
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "gh"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > told\n')
    program.chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TAG": tag}
    command = ["bash", "-e", "-c", step["run"]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.skipif(os.name == "nt", reason="the steps run on Linux")
def test_a_tag_makes_a_release_with_its_part_of_the_changelog(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "a.whl").touch()
    check = "The tag is the version, and the changelog knows it"
    assert release_step(check, tmp_path, f"v{VERSION}").returncode == 0
    assert release_step(check, tmp_path, "v0.0.9").returncode != 0
    secret = "No solutions in what is published"
    assert release_step(secret, tmp_path, "").returncode == 0
    done = release_step("Publish", tmp_path, f"v{VERSION}")
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "told").read_text().splitlines()
    assert told[:4] == ["release", "create", f"v{VERSION}", "dist/a.whl"]
    notes = (tmp_path / "notes.md").read_text()
    assert "### Breaks" in notes and "\n## " not in notes and "first edition, which" not in notes
    (tmp_path / "solutions").mkdir()
    assert release_step(secret, tmp_path, "").returncode != 0


@pytest.mark.parametrize("path", [path for path in FORMS if path.name != "config.yml"], ids=lambda p: p.stem)
def test_a_form_for_issues_asks_what_is_needed(path: Path) -> None:
    form = parsed(str(path.relative_to(ROOT)))
    assert form.keys() == {"name", "description", "labels", "body"}
    asked = [each for each in form["body"] if each["type"] != "markdown"]
    assert all(each["type"] in ("textarea", "input", "dropdown") for each in asked)
    names = [each["id"] for each in asked]
    assert len(set(names)) == len(names) and all(each["attributes"]["label"] for each in asked)
    assert any(each.get("validations", {}).get("required") for each in asked)


def test_the_form_of_a_lesson_lists_the_lessons() -> None:
    form = parsed(".github/ISSUE_TEMPLATE/lesson.yml")
    (choice,) = [each for each in form["body"] if each.get("id") == "lesson"]
    numbers = [option[:2] for option in choice["attributes"]["options"] if option[:2].isdecimal()]
    assert numbers == [path.name[:2] for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]


# --- what the papers point at -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAPERS)
def test_links_lead_to_files_of_the_course(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(f"{name}.md")):
        path, _, heading = target.partition("#")
        if "://" in path:
            continue
        assert (ROOT / path).exists(), f"{name}: {target}"
        if heading:
            headings = re.findall(r"^#+ (.*)$", text_of(path), re.M)
            assert heading in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}, target


def test_the_tests_that_hold_a_promise_are_there() -> None:
    text = text_of("SECURITY.md") + text_of("NOT_VERIFIED.md")
    named = set(re.findall(r"`(?:tests/)?(test_\w+\.py)`", text))
    assert len(named) > 10 and all((ROOT / "tests" / name).is_file() for name in named), named


# --- not verified -------------------------------------------------------------------------------------------

SAID = re.compile(r"(?<![\"'“])\b(?:not|neither|never|un)(?: been)? ?verified", re.I)
READ = {"", ".cff", ".ipynb", ".md", ".py", ".sh", ".toml", ".yaml", ".yml"}  # suffixes of texts
ELSEWHERE = ("tests/", "nstlib/course/deck/", "NOT_VERIFIED.md")


def says_so(name: str) -> bool:
    """Whether a file says of something that it is not verified; in quotation marks it is only mentioned."""
    text = text_of(name)
    if name.endswith(".ipynb"):
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return SAID.search(re.sub(r"[\s#>*|]+", " ", text)) is not None


def test_all_that_is_not_verified_stands_in_one_place() -> None:
    rows = [line.split(" | ") for line in text_of("NOT_VERIFIED.md").splitlines() if line.startswith("| **")]
    assert len(rows) > 10 and all(len(row) == 4 for row in rows)
    named = {target for row in rows for target in re.findall(r"\]\(([^)]+)\)", row[1])}
    texts = [name for name in tracked() if Path(name).suffix in READ and not name.startswith(ELSEWHERE)]
    said = {name for name in texts if says_so(name)}
    assert said - named == set(), "add them to NOT_VERIFIED.md"
    assert named - said == set(), "these say it no more: take them out of NOT_VERIFIED.md"


def test_what_lesson_12_installs_in_colab_is_what_films_need() -> None:
    (line,) = re.findall(r"%pip install ([\w -]+)`", text_of("notebooks/12_moving_paintings.ipynb"))
    wanted = [re.split("[><=]", text)[0] for text in PROJECT["optional-dependencies"]["video"]]
    assert line.split() == wanted
