"""The index and the page for teachers: they name every lesson, and their minutes are those of the lessons."""

import importlib.util
import io
import re
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
EXERCISES = sorted((ROOT / "exercises").glob("ex*/*.ipynb"))
INDEX = (NOTEBOOKS / "README.md").read_text(encoding="utf-8")
TEACHING = (NOTEBOOKS / "TEACHING.md").read_text(encoding="utf-8")

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


def head(path: Path) -> str:
    """The first cell of a notebook."""
    return str(nbformat.read(path, as_version=4).cells[0].source)


def minutes(path: Path) -> int:
    """What a lesson says of itself."""
    return int(re.search(r"\*\*Time\*\* about (\d+) minutes", head(path))[1])


def exercise_minutes(path: Path) -> int:
    return sum(int(found) for found in re.findall(r"\| (\d+) \|$", head(path), re.M))


def lecture_minutes(number: str) -> int:
    """What the first note of a lecture says."""
    (deck,) = (NOTEBOOKS / "slides").glob(f"{number}_*.md")
    title, _, _ = deck.read_text(encoding="utf-8").partition("\n---\n")
    return int(re.search(r"\b[Aa]bout (\d+)\s+minutes", title)[1])


def row(path: Path) -> str:
    (found,) = [line for line in INDEX.splitlines() if f"]({path.name})**" in line]
    return found


@each_lesson
def test_the_index_has_a_row_with_everything_for_a_lesson(path: Path) -> None:
    number = path.stem[:2]
    assert f"· {minutes(path)} minutes" in row(path)
    assert f"[slides](slides/{path.stem}.md)" in row(path)
    assert f"(thumbnails/{number}.jpg)" in row(path)
    assert f"/notebooks/{path.name})" in row(path), "a Colab link"
    own = [exercise for exercise in EXERCISES if exercise.stem[2:4] == number]
    assert [exercise.name in row(path) for exercise in own] == [True] * (number != "00")
    title = head(path).splitlines()[0].partition(" · ")[2]
    assert f"[{number} {title.partition(':')[0]}" in row(path)


@each_lesson
def test_what_a_lesson_comes_after_is_what_it_says_it_needs(path: Path) -> None:
    needs = head(path).partition("**You need**")[2].partition("**Time**")[0]
    earlier = set(re.findall(r"\b(0\d)\b", needs))
    after = set(re.findall(r"\b(0\d)\b", row(path).partition("<br>")[0].partition("minutes")[2]))
    assert after <= {p.stem[:2] for p in LESSONS if p < path}
    assert earlier <= prerequisites(path), "a lesson needs one that does not come before it on the path"


def prerequisites(path: Path) -> set[str]:
    """All lessons that the index puts before a lesson, those before those included."""
    found = set(re.findall(r"\b(0\d)\b", row(path).partition("<br>")[0].partition("minutes")[2]))
    for number in list(found):
        found |= prerequisites(next(p for p in LESSONS if p.stem.startswith(number)))
    return found


def test_the_totals_of_the_index_add_up() -> None:
    assert f"All of them take {sum(map(minutes, LESSONS))} minutes" in INDEX
    (line,) = re.findall(r"Lessons (.*?) are the main line, (\d+) minutes", INDEX)
    main_line = [path for path in LESSONS if path.stem[:2] in re.findall(r"\d\d", line[0])]
    assert sum(map(minutes, main_line)) == int(line[1])


@pytest.fixture(scope="session")
def thumbnails() -> ModuleType:
    """The tool that draws them."""
    place = ROOT / "tools" / "make_thumbnails.py"
    spec = importlib.util.spec_from_file_location(place.stem, place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@each_lesson
def test_a_thumbnail_is_the_picture_that_its_lesson_shows_today(path: Path, thumbnails: ModuleType) -> None:
    stored = Image.open(NOTEBOOKS / "thumbnails" / f"{path.stem[:2]}.jpg")
    fresh = Image.open(io.BytesIO(thumbnails.thumbnail(path)))
    assert stored.size == fresh.size, "run tools/make_thumbnails.py"
    difference = np.abs(np.asarray(stored, float) - np.asarray(fresh, float)).mean()
    assert difference < 2, "run tools/make_thumbnails.py"


@pytest.mark.parametrize("name", ["README.md", "TEACHING.md"])
def test_links_lead_to_files_and_headings(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", (NOTEBOOKS / name).read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        there = NOTEBOOKS / file
        assert there.is_file(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), flags=re.M)
            slugs = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
            assert anchor in slugs, target


def plans() -> list[tuple[str, str]]:
    """The tables with minutes: (heading, table)."""
    sections = (part.partition("\n") for part in TEACHING.split("\n## ")[1:])
    return [(heading, text) for heading, _, text in sections if "| minutes | |" in text]


def test_the_minutes_of_the_plans_add_up() -> None:
    found = plans()
    assert [heading for heading, _ in found] == ["Three hours", "One day"]
    for heading, table in found:
        parts = [int(number) for number in re.findall(r"^\| (\d+) \|", table, re.M)]
        assert re.findall(r"^\| \*\*(\d+)\*\* \|", table, re.M) == [str(sum(parts))], heading
        for number, lecture, more in re.findall(r"^\| (\d+) \| Lecture (\d\d)(.*) \|$", table, re.M):
            assert int(number) == lecture_minutes(lecture) or ("Without" in more and heading == "Three hours")
    for number, lesson in re.findall(r"^\| (\d+) \| Lesson \[(\d\d)\]", "".join(t for _, t in found), re.M):
        assert int(number) == minutes(next(p for p in LESSONS if p.stem.startswith(lesson)))


def test_the_seven_weeks_count_what_is_done_at_home() -> None:
    weeks = re.findall(r"^\| (\d) \| (\d\d) \| (.*?) \| (.*?) \| (\d+) \|$", TEACHING, re.M)
    assert [int(week[0]) for week in weeks] == list(range(1, 8))
    for _, lecture, _, home, total in weeks:
        assert list((NOTEBOOKS / "slides").glob(f"{lecture}_*.md"))
        lessons = re.findall(r"lesson \[(\d\d)\]", home)
        exercises = re.findall(r"exercise (\d\d)", home) or (["90"] if home == "capstone" else [])
        counted = sum(minutes(p) for p in LESSONS if p.stem[:2] in lessons)
        counted += sum(exercise_minutes(p) for p in EXERCISES if p.stem[2:4] in exercises)
        assert counted == int(total), home


def test_every_lesson_stands_in_the_seven_weeks_or_is_named_as_left_over() -> None:
    weeks = TEACHING.partition("## Seven weeks")[2].partition("## What happens")[0]
    assert {path.stem[:2] for path in LESSONS} <= set(re.findall(r"\b([01]\d)\b", weeks))
