"""Which file of the course becomes which page of the site, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from .. import lessons
from ..links import COURSE

# Files of the course that are pages, where they are there: group, file, page, label.
PAPERS = (
    ("Start", "README.md", "start", "Get started"),
    ("Lessons", "notebooks/README.md", "lessons/index", "The path through them"),
    ("Teaching", "notebooks/RUNNING_A_CLASS.md", "teaching/running_a_class", "Run a class"),
    ("Teaching", "notebooks/TEACHING.md", "teaching/plans", "Plans for a day or a term"),
    ("Teaching", "exercises/TEACHERS.md", "teaching/grading", "Hand out, grade, return"),
    ("Teaching", "deploy/jupyterhub/README.md", "teaching/jupyterhub", "A JupyterHub of your own"),
    ("Teaching", "deploy/grader/README.md", "teaching/grader_image", "The grader as an image"),
    ("Reference", "nstlib/API.md", "reference/api", "API"),
    ("Reference", "nstlib/weights/README.md", "reference/networks", "Networks: model cards"),
    ("Reference", "data/README.md", "reference/pictures", "Pictures and their licences"),
    ("Reference", "benchmarks/README.md", "reference/measurements", "Measurements"),
    ("About", "CHANGELOG.md", "about/changes", "Changes"),
    ("About", "NOT_VERIFIED.md", "about/not_verified", "Not verified"),
    ("About", "SECURITY.md", "about/security", "Security"),
    ("About", "CODE_OF_CONDUCT.md", "about/conduct", "Code of conduct"),
    ("About", "CONTRIBUTING.md", "about/contributing", "Contributing"),
)
# Pages that are written for the site, and the files whose place they take.
MADE = {
    "lectures/index": ("Lectures", "All lectures", ()),
    "about/citing": ("About", "Citing the course", ("CITATION.cff",)),
    "about/licences": ("About", "Licences", ("LICENSE", "LICENSE-text")),
}
GROUPS = ("Start", "Lessons", "Exercises", "Lectures", "Teaching", "Reference", "About")
# A row of the index of the lessons: the picture's text, its file, title, lesson, minutes, what it is about.
ROW = re.compile(
    r"^\| !\[(?P<alt>[^\]]*)\]\((?P<picture>[^)]+)\) \| \*\*\[(?P<title>[^\]]+)\]\((?P<file>\w+)\.ipynb\)\*\*"
    r" · (?P<minutes>\d+) minutes[^<]*<br>(?P<about>.*?)<br>",
    re.M,
)


@dataclass(frozen=True)
class Page:
    """A page of the site.

    Attributes:
        name: its address without ".html", such as "lessons/04_gram_matrices".
        label: what menus call it.
        group: one of `GROUPS`.
        file: what it is made of, relative to the course's folder; empty for one that is written for the site.
    """

    name: str
    label: str
    group: str
    file: str = ""

    @property
    def source(self) -> str:
        """The file that Sphinx reads, relative to its folder."""
        return self.name + (PurePosixPath(self.file).suffix or ".md")


def all_pages(root: Path = COURSE) -> list[Page]:
    """The pages there are, in the order of the groups.

    Raises:
        FileNotFoundError: this is the package without the lessons.
    """
    found = [Page(name, label, group, file) for group, file, name, label in PAPERS if (root / file).is_file()]
    found += [Page(name, label, group) for name, (group, label, _) in MADE.items()]
    for name in lessons.names():
        found.append(
            Page(f"lessons/{name}", short(lessons.title(name)), "Lessons", f"notebooks/{name}.ipynb")
        )
    found += exercise_pages(root)
    return sorted(found, key=lambda page: GROUPS.index(page.group))


def exercise_pages(root: Path) -> Iterator[Page]:
    """The index of the exercises, and each that is handed out."""
    if (root / "exercises/README.md").is_file():
        yield Page("exercises/index", "All exercises", "Exercises", "exercises/README.md")
    for path in sorted((root / "exercises").glob("ex*/ex*.ipynb")):
        label = short(first_heading(path))
        yield Page(f"exercises/{path.stem}", label, "Exercises", path.relative_to(root).as_posix())


def first_heading(notebook: Path) -> str:
    """The title of a notebook."""
    import nbformat

    first = str(nbformat.read(notebook, as_version=4).cells[0].source)
    return first.splitlines()[0].lstrip("# ")


def short(title: str) -> str:
    """For example "04 · Gram matrices" for "04 · Gram matrices: style as correlation"."""
    return title.partition(":")[0].removeprefix("Exercise ")


def files_of(pages: list[Page]) -> dict[str, Page]:
    """File of the course -> the page that stands for it."""
    found = {page.file: page for page in pages if page.file}
    by_name = {page.name: page for page in pages}
    return found | {file: by_name[name] for name, (_, _, files) in MADE.items() for file in files}


def gallery(root: Path = COURSE) -> list[dict[str, Any]]:
    """What the index of the lessons says of each, in order: alt, picture, title, file, minutes, about.

    Raises:
        ValueError: the index lacks a lesson.
    """
    text = (root / "notebooks/README.md").read_text(encoding="utf-8")
    rows = [match.groupdict() for match in ROW.finditer(text)]
    missing = set(lessons.names()) - {row["file"] for row in rows}
    if missing:
        raise ValueError(f"notebooks/README.md has no row with a picture for lesson {sorted(missing)[0]}.")
    return rows
