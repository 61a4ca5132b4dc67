"""The page from nothing to a running class: what it says to type is there, and its steps of git are run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import containers
import pytest
from test_guide import options_of

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in ("notebooks/RUNNING_A_CLASS.md", "deploy/jupyterhub/README.md")
}
BLOCKS = {name: re.findall(r"^```\n(.*?)^```", text, re.S | re.M) for name, text in PAGES.items()}
TYPED = sorted({line for blocks in BLOCKS.values() for block in blocks for line in block.splitlines()})
PAGE = "notebooks/RUNNING_A_CLASS.md"


@pytest.mark.parametrize("line", [line for line in TYPED if re.search(r"\bnst ", line)])
def test_every_command_is_there_with_its_options(line: str) -> None:
    for name, words in re.findall(r"(?:^|\s)(?:\S*/)?nst (\w+)([^&#]*)", line):
        assert {word for word in words.split() if re.match("--?[a-z]", word)} <= options_of(name)


def test_every_script_that_is_run_is_there() -> None:
    found = set(re.findall(r"(?:/opt/nst-course/|\s)(deploy/\S+?\.\w+)", "\n".join(TYPED)))
    assert {"deploy/jupyterhub/tljh.sh", "deploy/jupyterhub/collect.py"} <= found
    assert not [name for name in found if not (ROOT / name).is_file()]


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_leads_somewhere(name: str) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGES[name]):
        file, _, anchor = link.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def block_with(text: str) -> str:
    """The block of the page that holds a text, for a repository of a made-up teacher's."""
    (found,) = [block for block in BLOCKS[PAGE] if text in block]
    return found.replace("OWNER/NAME", "anna/her-course").replace("NAME", "her-course")


@pytest.mark.skipif(
    not (ROOT / ".git").exists() or not shutil.which("git"), reason="only a clone has something to publish"
)
def test_the_steps_of_publishing_run_as_they_stand(tmp_path: Path) -> None:
    """Nothing is installed: stand-ins take the place of apt, pip and set-up. GitHub is a folder."""
    github, clone = tmp_path / "github" / "anna" / "her-course", tmp_path / "nst-course"
    environment = containers.variables(tmp_path, PYTHONPATH=str(clone), PYTHONDONTWRITEBYTECODE="1")
    settings = {
        f"url.file://{tmp_path / 'github'}/.insteadOf": "https://github.com/",
        "user.name": "Anna",
        "user.email": "anna@example.org",
    }
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}

    def run(script: str) -> None:
        done = subprocess.run(
            ["bash", "-e"], input=script, cwd=clone, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(github)], check=True)
    source = f"file://{ROOT}"
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", source, str(clone)], check=True, capture_output=True
    )
    (clone / ".venv" / "bin").mkdir(parents=True)
    for name in ("sudo", "python3"):
        containers.program(tmp_path / "bin", name, "exit 0", "/bin/sh")
    containers.program(clone / ".venv" / "bin", "python", "exit 0", "/bin/sh")
    course = "import sys; from nstlib.cli import main; sys.exit(main())"
    containers.program(
        clone / ".venv" / "bin", "nst", f'exec "{sys.executable}" -c "{course}" "$@"', "/bin/sh"
    )

    run(block_with("exercises --public ../NAME\n"))
    run(block_with("git push -u"))
    (clone / "NEWS.md").write_text("A new lesson.\n", encoding="utf-8")
    subprocess.run(["git", "-C", str(clone), "add", "NEWS.md"], check=True)
    run(block_with("NAME.new"))
    listed = subprocess.run(
        ["git", "-C", str(github), "ls-tree", "-r", "--name-only", "main"], capture_output=True, text=True
    ).stdout.splitlines()
    assert "NEWS.md" in listed and "notebooks/00_start_here.ipynb" in listed
    assert "deploy/jupyterhub/collect.py" in listed or not tracked("deploy/jupyterhub/collect.py")
    assert not [name for name in listed if name.startswith("solutions/")]
    lesson = subprocess.run(
        ["git", "-C", str(github), "show", "main:notebooks/00_start_here.ipynb"],
        capture_output=True,
        text=True,
    ).stdout
    assert "github/anna/her-course/blob/main" in lesson


def tracked(name: str) -> bool:
    """Whether git knows a file of this checkout."""
    command = ["git", "-C", str(ROOT), "cat-file", "-e", f"HEAD:{name}"]
    return subprocess.run(command, capture_output=True, env={**os.environ}).returncode == 0
