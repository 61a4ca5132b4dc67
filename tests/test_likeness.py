"""Answers that are alike are listed, what everybody has is not, and no notebook stops the report."""

from __future__ import annotations

import csv
import random
import sys
import time
from pathlib import Path
from typing import Any

import browsing
import nbformat
import pytest

from nstlib import cli
from nstlib.course import exercises, likeness
from nstlib.course.likeness import Answer, given_hashes, matches, tokens, winnow

EXERCISE = "ex04_gram_matrices"
ORIGINAL = '''
def style_loss(features, style):
    """The loss."""
    g = gram_matrix(features)
    a = gram_matrix(style)
    n, m = features.shape[-1], features[..., 0].size
    return ((g - a) ** 2).sum() / (4 * n ** 2 * m ** 2)
'''
RENAMED = """
# my own work
def style_loss(x, y):
    first = gram_matrix(x)   # Gram
    second = gram_matrix(
        y)
    channels, places = x.shape[-1], x[..., 0].size

    return ((first - second)**2).sum() / (4*channels**2*places**2)
"""
CHANGED = ORIGINAL.replace(
    "return ((g - a) ** 2).sum()", "difference = (g - a).ravel()\n    return (difference @ difference)"
)
OTHER = """
def style_loss(features, style):
    pairs = zip(gram_matrix(features), gram_matrix(style), strict=True)
    total = 0.0
    for ours, theirs in pairs:
        total += float(np.square(ours - theirs).sum())
    height, width, channels = features.shape[-3:]
    return total / (2.0 * channels * height * width) ** 2
"""


def answer(student: str, text: str, **more: Any) -> Answer:
    return Answer(student, "ex04", "style_loss", text, **more)


def listed(*given: Answer) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(m.kind, m.left.students, m.right.students) for m in matches(given)]


# --- what is found ---------------------------------------------------------------------------------------


def test_names_comments_docstrings_and_layout_do_not_hide_a_copy() -> None:
    words = [[word for word, _ in tokens(text, True)] for text in (ORIGINAL, RENAMED, OTHER)]
    assert words[0] == words[1] != words[2]
    found = listed(answer("anna", ORIGINAL), answer("ben", RENAMED), answer("cem", OTHER))
    assert found == [(likeness.SAME_CODE, ("anna",), ("ben",))]


def test_the_same_text_is_told_from_the_same_code() -> None:
    found = listed(answer("anna", ORIGINAL), answer("ben", ORIGINAL + "\n"), answer("cem", OTHER))
    assert found == [(likeness.SAME_TEXT, ("anna",), ("ben",))]


def test_a_copy_with_a_changed_line_is_found_and_its_shared_lines_are_named() -> None:
    (match,) = matches([answer("anna", ORIGINAL), answer("ben", CHANGED), answer("cem", OTHER)])
    assert (match.kind, match.left.students, match.right.students) == (likeness.ALIKE, ("anna",), ("ben",))
    lines = CHANGED.split("\n")
    assert lines.index("    a = gram_matrix(style)") in match.right.lines
    assert lines.index('    """The loss."""') not in match.right.lines


def test_a_copy_inside_much_else_is_found() -> None:
    rng = random.Random(3)
    junk = "\n".join(f"z = {rng.random()} + {rng.random()} * q({rng.random()})" for _ in range(80))
    (found,) = listed(answer("anna", ORIGINAL), answer("ben", junk + CHANGED + junk), answer("cem", OTHER))
    assert found[1:] == (("anna",), ("ben",))


def test_prose_is_compared_word_by_word() -> None:
    text = "Positions are summed away, so any permutation of the places leaves the Gram matrix as it is. "
    other = "What is lost is the order of the places, since every product is added up over all of them. "
    given = [
        answer("anna", text * 1 + other, is_code=False),
        answer("ben", f"In my view: {text.upper()}", is_code=False),
        answer("cem", other[::-1], is_code=False),
    ]
    assert listed(*given) == [(likeness.ALIKE, ("anna",), ("ben",))]


def test_what_the_release_gave_is_left_out() -> None:
    given = given_hashes(["import os\n" + ORIGINAL], True)
    alike = [answer("anna", ORIGINAL), answer("ben", RENAMED)]
    assert matches(alike) and not matches(alike, given)


def test_what_most_of_a_class_has_is_weighed_down_and_what_two_share_comes_first() -> None:
    many = [answer(f"s{k:02}", ORIGINAL) for k in range(14)]
    few = [answer("anna", OTHER), answer("ben", OTHER.replace("total", "loss"))]
    assert listed(*many, *few) == [(likeness.SAME_CODE, ("anna",), ("ben",))]
    third = [answer(f"t{k:02}", CHANGED) for k in range(6)]
    kinds = [match.weight for match in matches([*many, *third, *few])]
    assert kinds == sorted(kinds, reverse=True)


def test_every_run_of_tokens_as_long_as_the_window_promises_is_found() -> None:
    """The guarantee of the paper: w + k - 1 tokens in common leave a common fingerprint."""
    rng = random.Random(5)
    k, w = likeness.sizes(True)
    for _ in range(200):
        shared = [f"w{rng.randrange(9)}" for _ in range(k + w - 1)]
        texts = []
        for side in "ab":
            around = [[f"{side}{rng.randrange(99)}" for _ in range(rng.randrange(40))] for _ in range(2)]
            texts.append([*around[0], *shared, *around[1]])
        prints = [winnow(likeness.grams([(word, 0) for word in words], k), w).keys() for words in texts]
        assert prints[0] & prints[1]


# --- what cannot be read -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        "def f(:\n",
        "x = '''never ended\n",
        "  y = 1\n z = 2\n",
        "a = $ ? `\n",
        "(((((\n",
        "%matplotlib inline\n!ls\n",
        "x = 'open\n",
        "f'{'\n",
    ],
)
def test_what_follows_a_syntax_error_is_still_compared(broken: str) -> None:
    found = listed(answer("anna", broken + ORIGINAL), answer("ben", RENAMED), answer("cem", OTHER))
    if "'''" not in broken and "(((" not in broken and "(:" not in broken:
        assert found and found[0][1:] == (("anna",), ("ben",))


@pytest.mark.parametrize(
    "hostile",
    [
        "'''\n" * 60_000,
        "(" * 200_000,
        "\n" * 200_000,
        " " * 200_000,
        "\t\n" * 100_000,
        "".join(f"{' ' * k}if x:\n" for k in range(600)),
        "x" * 200_000,
        "\\\n" * 100_000,
        "#" * 200_000,
        "\x00\x0c\u2028\ud800" * 50_000,
        "f'{" * 60_000,
        "-" * 199_999 + "1",
        "1 + " * 50_000 + "1",
        "x = 1\n" * 30_000,
    ],
    ids=range(14),
)
def test_hostile_cells_take_a_moment(hostile: str) -> None:
    began = time.thread_time()
    for is_code in (True, False):
        matches([answer("anna", hostile, is_code=is_code), answer("ben", hostile + "y", is_code=is_code)])
    assert time.thread_time() - began < 20  # a second or so; hours where it grows with the square


# --- the command -----------------------------------------------------------------------------------------


def hand_in(folder: Path, student: str, code: str, extra: str = "") -> None:
    """What `nst grade` keeps of a submission."""
    notebook = nbformat.read(exercises.RELEASES / EXERCISE / f"{EXERCISE}.ipynb", as_version=4)
    for cell in notebook.cells:
        if exercises.tags(cell).get("grade_id") == "ex04_style_loss_answer":
            cell.source = code
    if extra:
        notebook.cells.append(nbformat.v4.new_code_cell(extra))
    path = folder / "received" / student / EXERCISE / f"{EXERCISE}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


@pytest.fixture
def grades(tmp_path: Path) -> Path:
    """Four who wrote something, one who wrote nothing, and one whose file is no notebook."""
    release = tmp_path / "release" / EXERCISE
    release.mkdir(parents=True)
    text = (exercises.RELEASES / EXERCISE / f"{EXERCISE}.ipynb").read_text(encoding="utf-8")
    (release / f"{EXERCISE}.ipynb").write_text(text, encoding="utf-8")
    hand_in(tmp_path, "anna", ORIGINAL + "# <script>document.title = 'hit'</script>")
    hand_in(tmp_path, "ben", RENAMED, extra=OTHER)
    hand_in(tmp_path, "cem", OTHER)
    hand_in(tmp_path, "=dora", "def style_loss(f, s):\n    return 0\n", extra=OTHER.replace("total", "loss"))
    untouched = "raise NotImplementedError  # your code here"
    hand_in(tmp_path, "eva", untouched)
    hand_in(tmp_path, "fay", untouched)
    broken = tmp_path / "received" / "gus" / EXERCISE / f"{EXERCISE}.ipynb"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    return tmp_path


def test_the_command_writes_a_table_and_a_page(grades: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["likeness", str(grades)]) == 0
    assert "2 matches; none of them proves anything by itself." in capsys.readouterr().out
    with open(grades / "likeness.csv", encoding="utf-8", newline="") as file:
        rows = {(row["student"], row["other"]): row for row in csv.DictReader(file)}
    assert set(rows) == {("anna", "ben"), ("'=dora", "ben")}
    assert rows["anna", "ben"]["question"] == "style_loss"
    assert rows["'=dora", "ben"]["question"] == "cells of their own"
    page = (grades / "likeness.html").read_text(encoding="utf-8")
    assert "does not show why" in page and "decide nothing by a number" in page
    assert "<script" not in page and "&lt;script&gt;" in page and "<mark>" in page
    assert f"Fewer than {likeness.SMALL_CLASS} answers are counted as {likeness.SMALL_CLASS}" in page


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["likeness", str(tmp_path)]) == 1
    assert "`nst grade SUBMISSIONS_FOLDER` puts them there" in capsys.readouterr().err


@pytest.mark.browser
@pytest.mark.skipif(bool(browsing.missing()), reason=browsing.missing())
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_shows_pairs_side_by_side_and_runs_nothing(grades: Path, width: int) -> None:
    assert cli.main(["likeness", str(grades)]) == 0
    with browsing.browser() as made, browsing.watched_page(made, width, 800) as page:
        page.goto((grades / "likeness.html").as_uri())
        assert page.title() == "Answers that are alike" and page.outside == [] and page.errors == []
        scroll, inner = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert scroll <= inner
        left, right = (page.locator(".pair").first.locator("div").nth(k).bounding_box() for k in (0, 1))
        beside = right["x"] > left["x"] + left["width"] / 2
        assert beside == (width > 700)


if sys.version_info < (3, 12):  # later tokenizers read on in other places; what they find is compared above

    def test_tokens_have_the_lines_they_stand_in() -> None:
        assert tokens("a = 1\n\nif a:\n    b = np.x(2)", True) == [
            *[("name", 0), ("=", 0), ("1", 0), ("if", 2), ("name", 2), (":", 2), ("name", 3), ("=", 3)],
            *[("np", 3), (".", 3), ("x", 3), ("(", 3), ("2", 3), (")", 3)],
        ]
