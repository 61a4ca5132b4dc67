"""The decks: each follows from its lesson, opens with no network, and can be read from the last row."""

import functools
import html
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import browsing
import pytest

from nstlib import cli, fonts
from nstlib.course import exercises, handout, releases, slides

ROOT = Path(__file__).resolve().parent.parent
LESSONS = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))]
FORMULA = re.compile(r"\\\(|\\\[|\$")

each_deck = pytest.mark.parametrize("name", LESSONS)


@pytest.fixture(scope="session")
def decks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all decks, written by the command."""
    folder = tmp_path_factory.mktemp("decks")
    assert cli.main(["slides", "-o", str(folder), "--no-pdf"]) == 0
    return folder


def source(name: str) -> str:
    return (slides.DECKS / f"{name}.md").read_text(encoding="utf-8")


def texts(name: str) -> list[list[str]]:
    """The lines of each slide."""
    return slides.read_texts(slides.DECKS / f"{name}.md")


def body(page: str) -> str:
    """The slides themselves, without scripts and styles."""
    return page[page.index('<div class="slides">') : page.index("</div></div>\n<script>")]


def words(page: str) -> str:
    """The slides of a deck as text."""
    apart = re.sub(r"</?(p|div|pre|section|aside|h1|h2|li|td|th)\b[^>]*>", "\n", body(page))
    return html.unescape(re.sub(r"<[^>]*>", "", apart))


# --- what stands in a deck -----------------------------------------------------------------------------


def test_every_lesson_has_a_deck() -> None:
    assert slides.names() == LESSONS


@each_deck
def test_a_deck_has_10_to_20_slides_each_with_notes_and_at_least_two_questions(name: str) -> None:
    read = [slides.read_slide(lines) for lines in texts(name)]
    assert 10 <= len(read) <= 20
    for slide in read:
        assert len(slide.notes) > 60, f"{slide.heading}: the speaker needs notes"
    assert sum(slide.heading.startswith("Predict") for slide in read) >= 2
    assert f"Lecture {name[:2]} of" in source(name)
    assert "exercise" in "\n".join(texts(name)[-1])


@each_deck
def test_a_deck_shows_exactly_the_cells_that_its_lesson_offers(name: str) -> None:
    """So whoever edits a cell sees by its tags that a slide depends on it."""
    offered, asked = set(), set()
    for cell, content in slides.read_cells(slides.LESSONS / f"{name}.ipynb").items():
        offered |= {(cell, tag) for tag in content["metadata"].get("tags", []) if tag.startswith("slide-")}
    for mark in filter(None, (slides.CELL.match(line.strip()) for line in source(name).splitlines())):
        asked |= {(mark["id"], slides.OFFERED_BY[p["what"]]) for p in slides.PART.finditer(mark["parts"])}
    assert asked == offered
    assert len(asked) >= 6


@each_deck
def test_the_text_of_a_deck_is_calm_and_names_no_path_of_one_machine(name: str) -> None:
    text = re.sub(r"!\[|`[^`]*`", "", source(name))
    assert "!" not in text
    assert not re.search(r"/home/|/root/|/tmp/|[A-Z]:\\", text)


@each_deck
def test_every_picture_says_what_there_is_to_see(name: str, decks: Path) -> None:
    shown = re.findall(r"<img [^>]*>", body((decks / f"{name}.html").read_text(encoding="utf-8")))
    assert len(shown) >= 5
    for picture in shown:
        assert len(re.search(r'alt="([^"]*)"', picture)[1]) > 20, picture[:200]


@each_deck
def test_a_deck_names_nothing_to_load(name: str, decks: Path) -> None:
    page = (decks / f"{name}.html").read_text(encoding="utf-8")
    scripts = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    assert not re.search(r"(src|href|srcset)\s*=\s*[\"']?(?!data:|#|[\"'])", scripts)
    assert not re.search(r"@import|url\((?!data:)", scripts)
    assert "<script src" not in page


@pytest.mark.skipif(not exercises.SOLUTIONS.is_dir(), reason="this tree has no solutions, as it should")
@each_deck
def test_no_deck_gives_a_solution_away(name: str, decks: Path) -> None:
    """What the lesson itself teaches is no secret; the rest of a solution is."""
    lesson = (slides.LESSONS / f"{name}.ipynb").read_text(encoding="utf-8")
    lines = {
        " ".join(line.split())
        for line in words((decks / f"{name}.html").read_text(encoding="utf-8")).splitlines()
    }
    taught = {
        line.strip() for cell in json.loads(lesson)["cells"] for line in "".join(cell["source"]).splitlines()
    }
    for exercise in exercises.names():
        notebook = exercises.load(exercise).notebook
        secrets = set(releases.solution_lines(notebook)) - releases.open_lines(notebook) - taught
        assert secrets
        assert not secrets & lines


def test_a_solution_on_a_slide_would_be_found(decks: Path) -> None:
    if not exercises.SOLUTIONS.is_dir():
        pytest.skip("this tree has no solutions, as it should")
    notebook = exercises.load("ex04_gram_matrices").notebook
    secret = next(iter(sorted(set(releases.solution_lines(notebook)) - releases.open_lines(notebook))))
    page = slides.fill_page("x", slides.render_slide(slides.Slide("A", [[f"```\n{secret}\n```"]]), 1, {}))
    assert secret in words(page).splitlines()


@pytest.fixture(scope="module")
def machines(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Browsers as on machines without any font, and with DejaVu only."""
    with browsing.browsers_with_other_fonts(browser, tmp_path_factory.mktemp("fonts")) as started:
        yield started


# --- letters -------------------------------------------------------------------------------------------


class Shown(HTMLParser):
    """The text that a class sees on a slide, that of code apart; formulas are MathJax's own drawings."""

    def __init__(self, slide: str) -> None:
        super().__init__()
        self._open: list[str] = []
        self.shown = {fonts.TEXT: "", fonts.CODE: ""}
        self.feed(re.sub(r"\\\(.*?\\\)|\\\[.*?\\\]|\$\$.*?\$\$", "", slide, flags=re.S))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("pre", "code", "aside"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if "aside" not in self._open:
            self.shown[fonts.CODE if self._open else fonts.TEXT] += data


def missing_letters(name: str) -> list[str]:
    """Each character of a deck that its letters lack, with its slide; code has to find its own face's."""
    cells = slides.read_cells(slides.LESSONS / f"{name}.ipynb")
    code, either = fonts.characters(fonts.CODE), fonts.characters(fonts.CODE) | fonts.characters(fonts.TEXT)
    missing = []
    for number, lines in enumerate(slides.read_texts(slides.DECKS / f"{name}.md")):
        shown = Shown(slides.render_slide(slides.read_slide(lines), number, cells)).shown
        outside = (set(shown[fonts.TEXT]) - either | set(shown[fonts.CODE]) - code) - {"\n"}
        missing += [f"{name}, slide {number + 1}: {each} (U+{ord(each):04X})" for each in sorted(outside)]
    return missing


@each_deck
def test_the_letters_hold_every_character_of_a_deck(name: str) -> None:
    assert missing_letters(name) == [], "write it as a formula, or add it to nstlib.fonts.RANGES"


def test_a_character_without_a_letter_is_named_with_its_slide(copy: Callable[..., Path]) -> None:
    first = "# A\n\n\u00e9\u2208\u2264 $\u6f22$ `a \u2208 b \u2500`\n\nNotes:\n\u6f22\n"
    copy(f"{first}\n---\n\n## B \u6f22\n\n`a\u208b` b\u208b\n")
    assert missing_letters("04_x") == ["04_x, slide 2: \u208b (U+208B)", "04_x, slide 2: \u6f22 (U+6F22)"]


def test_each_face_is_a_small_file_of_its_own() -> None:
    folder = Path(fonts.__file__).parent
    assert sorted(face.file for face in fonts.FACES) == sorted(path.name for path in folder.glob("*.woff2"))
    content = [(folder / face.file).read_bytes() for face in fonts.FACES]
    assert all(each.startswith(b"wOF2") for each in content)
    assert sum(map(len, content)) < 150_000


@pytest.mark.browser
def test_each_face_holds_all_of_its_characters(machines: dict[str, Any]) -> None:
    """Where one lacked a character, DejaVu would show it."""
    faces = [
        f"<p style=\"font: {face.style} {face.weight} 20px '{face.family}'\">"
        f"{html.escape(''.join(sorted(fonts.characters(face.family))))}</p>"
        for face in fonts.FACES
    ]
    with browsing.watched_page(machines["DejaVu"]) as page:
        page.set_content(f"<style>{fonts.style_rules()}</style>{''.join(faces)}<p>\u1e9e</p>")
        page.evaluate("document.fonts.ready")
        *ours, other = browsing.letters(page)
    for face, seen in zip(fonts.FACES, ours, strict=True):
        ((drawn, own),) = seen.faces.items()
        assert own and browsing.kind_of(drawn) == (face.weight, face.style), seen.faces
    assert not any(other.faces.values())


@pytest.mark.browser
@each_deck
def test_a_deck_is_drawn_with_its_own_letters_and_no_face_is_made_up(
    name: str, decks: Path, machines: dict[str, Any]
) -> None:
    with browsing.watched_page(machines["DejaVu"]) as page:
        opened(page, decks / f"{name}.html")
        page.emulate_media(media="print")  # all slides at once
        assert browsing.check_letters(page) > 100


# Stands in for the loading of a face, which ends when the test says so.
HELD = """
window.held = [];
FontFace.prototype.load = function () { return new Promise((...ends) => window.held.push(ends)); };
"""


@pytest.mark.browser
def test_nothing_is_laid_out_before_its_letters_are_there(decks: Path, page: Any) -> None:
    """Nor is a deck kept back for ever where one of them cannot be had."""
    page.add_init_script(HELD)
    page.goto((decks / "04_gram_matrices.html").as_uri())
    assert page.evaluate("held.length") == len(fonts.FACES)
    assert page.locator(".reveal").is_hidden() and not page.evaluate("Reveal.isReady()")
    page.evaluate("held.forEach(([loaded, failed], number) => number === 0 ? failed(Error()) : loaded())")
    page.wait_for_function("Reveal.isReady()")
    assert page.locator("section.present h1").is_visible()


# --- decks follow their lessons ------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """A small lesson and its deck in a folder of their own, from the deck's text and what a cell printed."""
    monkeypatch.setattr(slides, "LESSONS", tmp_path)
    monkeypatch.setattr(slides, "DECKS", tmp_path / "slides")
    (tmp_path / "slides").mkdir()

    def make(text: str, printed: str = "one\ntwo\nthree\n") -> Path:
        picture = '<img alt="A grey square, all of it" width="10" src="data:image/png;base64,AAAA">'
        cell = {
            "id": "count",
            "cell_type": "code",
            "metadata": {"tags": ["slide-code", "slide-output"]},
            "source": ["a = 1\n", "b = 2\n", "print(a < b)"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": [printed[:4]]},
                {"output_type": "stream", "name": "stdout", "text": [printed[4:]]},
                {"output_type": "display_data", "data": {"text/html": [picture], "text/plain": ["x"]}},
                {"output_type": "stream", "name": "stderr", "text": ["a warning"]},
            ],
        }
        silent = {"id": "silent", "cell_type": "code", "metadata": {}, "source": "c = 3", "outputs": []}
        notebook = {"cells": [cell, silent]}
        (tmp_path / "04_x.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        (tmp_path / "slides" / "04_x.md").write_text(text, encoding="utf-8")
        return tmp_path

    return make


def test_a_lesson_that_was_run_again_gives_another_deck(copy: Callable[..., Path]) -> None:
    copy("# A\n\n{{count printed 2-3}}\n")
    assert "two\nthree</pre>" in slides.render_deck("04_x")
    copy("# A\n\n{{count printed 2-3}}\n", "one\n2\n3\n")
    assert "2\n3</pre>" in slides.render_deck("04_x")


def test_what_a_cell_gives_to_a_slide(copy: Callable[..., Path]) -> None:
    copy("# A\n\n{{count code 1-2 printed picture}}\n")
    page = slides.render_deck("04_x")
    text = words(page)
    assert "a = 1\nb = 2" in text and "print(a" not in text
    assert "one\ntwo\nthree" in text and "a warning" not in text
    assert 'alt="A grey square, all of it" src="data:image/png' in page and 'width="10"' not in page


@pytest.mark.parametrize(
    "code",
    [
        "```\n---\n{{count code}}\n```",
        "````\n```\n---\n```\n````",
        "~~~\n```\n. . .\n~~~",
        "- a\n\n  ```\n  ---\n  ```",
    ],
)
def test_nothing_inside_fenced_code_is_a_mark(code: str, copy: Callable[..., Path]) -> None:
    copy(f"# A\n\n{code}\n")
    page = slides.render_deck("04_x")
    assert body(page).count("<section") == 1 and "fragment" not in body(page)
    inner = [line.strip() for line in code.splitlines()[1:-1] if line.strip()]
    assert all(line in words(page) for line in inner if "`" not in line)


def test_of_an_output_a_slide_takes_the_picture_and_its_alternative_text_only(
    copy: Callable[..., Path],
) -> None:
    folder = copy("# A\n\n{{count picture}}\n")
    lesson = folder / "04_x.ipynb"
    notebook = json.loads(lesson.read_text(encoding="utf-8"))
    inside = '<img onerror="alert(1)" alt="a > b, not src=&quot;c&quot;" src="data:image/png;base64,AAAA">'
    outside = "<img alt='from elsewhere' src='http://example.org/a.png'><script>alert(2)</script>"
    notebook["cells"][0]["outputs"][2]["data"]["text/html"] = [outside, inside]
    lesson.write_text(json.dumps(notebook), encoding="utf-8")
    page = body(slides.render_deck("04_x"))
    assert page.count("<img") == 1 and 'alt="a &gt; b, not src=&quot;c&quot;"' in page
    assert "alert" not in page and "example.org" not in page


def test_a_lesson_without_outputs_says_what_to_do(copy: Callable[..., Path]) -> None:
    folder = copy("# A\n\n{{count picture}}\n")
    text = (folder / "04_x.ipynb").read_text(encoding="utf-8")
    notebook = json.loads(text)
    notebook["cells"][0]["outputs"] = []
    (folder / "04_x.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(slides.DeckError, match="run the lesson and save it"):
        slides.render_deck("04_x")


def test_files_as_other_programs_leave_them(copy: Callable[..., Path]) -> None:
    """A mark at the beginning of a text, a last line that divides nothing, an old notebook without ids."""
    folder = copy("\ufeff# 2. SLIDES and TITLE\n\nwords\n\n---\n")
    notebook = json.loads((folder / "04_x.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        del cell["id"]
    (folder / "04_x.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    page = slides.render_deck("04_x")
    assert "<h1>2. SLIDES and TITLE</h1>" in page and body(page).count("<section") == 1
    assert "<title>04 · 2. SLIDES and TITLE</title>" in page
    (folder / "slides" / "04_x.md").write_bytes("# Gr\xf6\xdfe".encode("latin-1"))
    with pytest.raises(slides.DeckError, match="04_x.md is not UTF-8 text"):
        slides.render_deck("04_x")
    (folder / "04_x.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(slides.DeckError, match="04_x.ipynb is not a notebook"):
        slides.render_deck("04_x")


def test_marks_divide_a_slide_except_inside_code() -> None:
    text = "## A\nleft\n\n. . .\n\nlater\n\n|||\n\n```\n---\n. . .\n|||\nNotes:\n```\n\nNotes:\nsay this"
    (lines,) = slides.split_at("---", text.splitlines())
    slide = slides.read_slide(lines)
    assert slide.heading == "A" and slide.notes == "say this"
    assert [[piece.strip() for piece in column] for column in slide.columns] == [
        ["left", "later"],
        ["```\n---\n. . .\n|||\nNotes:\n```"],
    ]


def test_markup_in_a_text_is_shown_and_not_obeyed() -> None:
    assert "<script>" not in slides.render_text("<script>alert(1)</script> and a < b")


@pytest.mark.parametrize(
    "text, message",
    [
        ("# A\n\n{{cuont printed}}", "did you mean 'count'"),
        ("# A\n\n{{silent code}}", "lacks the tag slide-code"),
        ("# A\n\n{{silent printed}}", "lacks the tag slide-output"),
        ("# A\n\n{{count code 3-9}}", "no 'code 3-9', only 3"),
        ("# A\n\n{{count picture 2}}", "no 'picture 2', only 1"),
        ("# A\n\n{{count everything}}", "must ask for code, printed, picture"),
        ("# A\n\n{{count}}", "must ask for"),
        ("# A\n\n{{ count code }}", "is no mark"),
        ("# A\n\nsee {{count code}} here", "is no mark"),
        ("# A\n\nNotes: ask first", "would be seen by all"),
        ("# A\n\nnotes:\n\nask first", "would be seen by all"),
        ("# A\n\n![a text that is no picture](04_x.md)", "there is no picture 04_x.md"),
        ("# A\n\n---\n\nwords", "slide 2: a slide must begin with a heading"),
        ("# A\n\n![a picture of nothing at all](gone.png)", "there is no picture gone.png"),
    ],
)
def test_a_deck_that_asks_for_what_is_not_there_says_where(
    text: str, message: str, copy: Callable[..., Path]
) -> None:
    folder = copy(text)
    (folder / "out").mkdir()
    (folder / "out" / "04_x.html").write_text("older")
    with pytest.raises(slides.DeckError, match="notebooks/slides/04_x.md, slide") as caught:
        list(slides.write_decks(["04_x"], folder / "out"))
    assert message in str(caught.value)
    assert (folder / "out" / "04_x.html").read_text() == "older"


@pytest.mark.parametrize("name", ["4", "04", "04_gram_matrices", "notebooks/04_gram_matrices.ipynb"])
def test_a_deck_is_found_by_number_name_and_file(name: str) -> None:
    assert slides.find(name) == "04_gram_matrices"


# --- the command ---------------------------------------------------------------------------------------


def test_an_unknown_lesson_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["slides", "04_gram_matrix", "-o", str(tmp_path)]) == 1
    assert "did you mean '04_gram_matrices'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    assert cli.main(["slides", "4", "-o", str(tmp_path / "taken")]) == 1
    assert "taken: it is a file" in capsys.readouterr().err


def fake_browser(folder: Path, script: str) -> str:
    """A program in place of a browser; `$target` is the PDF file that it should write."""
    program = folder / "browser"
    find = "for each; do case $each in --print-to-pdf=*) target=${each#--print-to-pdf=};; esac; done"
    program.write_text(f"#!/bin/sh\n{find}\n{script}\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
@pytest.mark.parametrize("script", ["exit 1", 'printf "%%PDF-1.4 half" > "$target"', ":"])
def test_a_browser_that_fails_costs_no_deck_and_leaves_no_half_handout(
    script: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handout, "find_browser", lambda: fake_browser(tmp_path, script))
    folder = tmp_path / "out"
    assert cli.main(["slides", "4", "5", "-o", str(folder)]) == 1
    assert sorted(p.name for p in folder.iterdir()) == [
        "04_gram_matrices.html",
        "05_style_reconstruction.html",
    ]
    assert "did not print" in capsys.readouterr().err


def test_without_a_browser_the_command_says_how_to_get_a_handout(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handout, "find_browser", lambda: None)
    assert cli.main(["slides", "4", "-o", str(tmp_path / "new")]) == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["04_gram_matrices.html"]
    assert "print it" in capsys.readouterr().err


# --- as a class sees it --------------------------------------------------------------------------------

# Everything on a slide with its place in pixels: what it is, its box, the size of its letters, the lines of
# code and the rows they take, and for pictures how large they are in the file.
MEASURE = """
() => {
  const sheet = Reveal.getCurrentSlide().querySelector('.sheet'), found = [];
  for (const each of sheet.querySelectorAll('*')) {
    const whole = 'mjx-container, table, pre';
    if (each.closest(whole) && !each.matches(whole)) continue;
    const box = each.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    found.push({
      what: {IMG: 'picture', PRE: 'pre', 'MJX-CONTAINER': 'formula'}[each.tagName] || 'text',
      words: (each.alt || each.textContent || '').slice(0, 60),
      left: box.left, top: box.top, right: box.right, bottom: box.bottom,
      letters: parseFloat(getComputedStyle(each).fontSize),
      owntext: [...each.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()),
      hidden: each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0,
      lines: each.matches('pre') ? each.textContent.replace(/\\n$/, '').split('\\n').length : 0,
      rows: each.matches('pre') ? Math.round((each.clientHeight - 32) / (1.38 * 21)) : 0,
      natural: each.naturalWidth ? [each.naturalWidth, each.naturalHeight] : null,
      inside: Number(each.dataset.letters || 0),
    });
  }
  return found;
}
"""


# How far what stands in a box of the layout leaves it below, in pixels, for each box.
OVERFLOW = """
() => {
  const below = each => each.getBoundingClientRect().bottom;
  const boxes = [...Reveal.getCurrentSlide().querySelectorAll('.columns, .column, .piece')];
  return boxes.map(box => Math.max(...[...box.children].map(below)) - below(box));
}
"""


def opened(page: Any, path: Path) -> int:
    """Open a deck; returns the number of its slides."""
    page.goto(path.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    return int(page.evaluate("Reveal.getTotalSlides()"))


@dataclass(frozen=True)
class Sight:
    """One slide with all its pieces: what is on it, the lines of its texts, and how far boxes run over."""

    found: list[dict[str, Any]]
    lines: list[str]
    overflow: list[float]


def slides_shown(page: Any) -> list[Sight]:
    """Each slide of the deck that is open."""
    sights = []
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({number}, 0, 99)")
        lines = page.locator("section.present .sheet").evaluate(browsing.LINES)
        sights.append(Sight(page.evaluate(MEASURE), lines, page.evaluate(OVERFLOW)))
    return sights


def drawn(picture: dict[str, Any]) -> tuple[float, float]:
    """Width and height of a picture within its box, which it fills in one direction."""
    width, height = picture["natural"]
    scale = min((picture["right"] - picture["left"]) / width, (picture["bottom"] - picture["top"]) / height)
    return scale * width, scale * height


def check_slide(sight: Sight, where: str) -> None:
    """What can be read from the last row."""
    assert sight.found, where
    assert max(sight.overflow) < 0.5, f"{where}: a part runs over what follows or out of the slide"
    for each in sight.found:
        what = f"{where}: {each['words']!r}"
        assert each["left"] >= 0 and each["right"] <= 1280 and each["top"] >= 0, what
        assert each["bottom"] <= 720 - (40 if each["what"] != "text" or each["owntext"] else 0), what
        if each["owntext"]:
            assert each["letters"] >= 20, f"{what}: letters of {each['letters']} pixels"
        if each["what"] == "pre":
            assert each["rows"] == each["lines"], f"{what}: a line is too long and was broken"
        if each["what"] == "formula":
            assert not each["hidden"], what
        if each["what"] == "picture":
            assert each["natural"], f"{what}: not a picture"
            width, height = drawn(each)
            assert height >= 200 or width >= 700, f"{what}: only {width:.0f} x {height:.0f} pixels"
            inside = each["inside"] * height / each["natural"][1]
            title = where.endswith("slide 1")  # its picture comes back where it is explained
            assert title or not inside or inside >= 17.5, f"{what}: its letters have {inside:.0f} pixels"


@pytest.fixture(scope="module")
def sights(machines: dict[str, Any], decks: Path) -> Callable[[str, str], list[Sight]]:
    """The slides of a deck on one of those machines, looked at once."""

    @functools.cache
    def look(name: str, fonts: str) -> list[Sight]:
        with browsing.watched_page(machines[fonts]) as page:
            assert opened(page, decks / f"{name}.html") == len(texts(name))
            shown = slides_shown(page)
            assert page.outside == [] and page.errors == []
        return shown

    return look


@pytest.mark.browser
@pytest.mark.parametrize("fonts", ["none", "DejaVu"])
@each_deck
def test_every_slide_can_be_read_from_the_last_row(
    name: str, fonts: str, sights: Callable[[str, str], list[Sight]]
) -> None:
    for number, sight in enumerate(sights(name, fonts), 1):
        check_slide(sight, f"{name}, slide {number}")


@pytest.mark.browser
@each_deck
def test_slides_are_the_same_whatever_fonts_a_machine_has(
    name: str, sights: Callable[[str, str], list[Sight]]
) -> None:
    for number, (without, with_dejavu) in enumerate(
        zip(sights(name, "none"), sights(name, "DejaVu"), strict=True), 1
    ):
        assert without.lines and without.lines == with_dejavu.lines, f"{name}, slide {number}: other lines"
        assert without.found == with_dejavu.found, f"{name}, slide {number}: other places"


@pytest.mark.browser
@pytest.mark.parametrize(
    "text",
    [
        "words\n\n" * 7 + ". . .\n\nwords\n\n" * 2,
        "".join(f"- {'many words ' * 7}\n" for _ in range(6)) + "\n. . .\n\nmore words",
        "```\n" + "code " * 25 + "\n```",
    ],
)
def test_a_slide_that_is_too_full_would_be_found(text: str, copy: Callable[..., Path], page: Any) -> None:
    folder = copy(f"# A\n\nwords\n\n---\n\n## B\n\n{text}\n")
    (path,) = slides.write_decks(["04_x"], folder / "out")
    opened(page, path)
    title, full = slides_shown(page)
    check_slide(title, "the title")
    with pytest.raises(AssertionError, match="here"):
        check_slide(full, "here")


@pytest.mark.browser
@each_deck
def test_formulas_are_set(name: str, decks: Path, page: Any) -> None:
    opened(page, decks / f"{name}.html")
    page.evaluate("document.querySelectorAll('aside').forEach(each => each.remove())")
    page.evaluate("document.querySelectorAll('pre, code').forEach(each => each.remove())")
    raw = page.evaluate("document.querySelector('.slides').textContent")
    assert not FORMULA.search(raw), "what is left of a formula that was not recognised"
    assert page.locator("[data-mjx-error]").count() == 0
    if "$" in re.sub(r"`[^`]*`|^Notes:.*?^---$", "", source(name), flags=re.S | re.M):
        assert page.locator("mjx-container svg").count() > 0


@pytest.mark.browser
def test_a_formula_with_an_unknown_macro_is_shown_as_an_error_and_stops_nothing(
    copy: Callable[..., Path], page: Any
) -> None:
    folder = copy("# A\n\n$\\nosuch{x}$ and $\\cancel{y}$ and $a^2$\n")
    (path,) = slides.write_decks(["04_x"], folder / "out")
    assert opened(page, path) == 1
    wrong = "each => !!each.querySelector('[data-mjx-error]')"
    assert page.evaluate(f"[...document.querySelectorAll('mjx-container')].map({wrong})") == [
        True,
        True,
        False,
    ]
    assert page.outside == []


@pytest.mark.browser
def test_the_speaker_turns_pages_with_keys_and_has_notes(decks: Path, page: Any) -> None:
    name = "04_gram_matrices"
    opened(page, decks / f"{name}.html")
    page.keyboard.press("ArrowRight")
    heading = page.locator("section.present h2")
    assert heading.inner_text() == slides.read_slide(texts(name)[1]).heading
    seen = "getComputedStyle(document.querySelector('section.present .fragment')).visibility"
    page.wait_for_function(f"{seen} === 'hidden'")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{seen} === 'visible'")
    assert heading.inner_text() == slides.read_slide(texts(name)[1]).heading, "still the same slide"
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    speaker = popup.value
    speaker.wait_for_selector(".speaker-controls-notes .value :text('how do you recognise')")
    assert page.outside == []


@pytest.mark.browser
def test_the_handout_has_a_page_for_every_slide_and_cuts_nothing(tmp_path: Path, page: Any) -> None:
    name = "04_gram_matrices"
    assert cli.main(["slides", name, "-o", str(tmp_path)]) == 0
    count = opened(page, tmp_path / f"{name}.html")
    content = (tmp_path / f"{name}.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == count == len(texts(name))
    embedded = set(re.findall(r"/FontName /[A-Z]+\+(\w+)-", content.decode("latin-1")))
    assert embedded == {"Inter24pt", "JetBrainsMono"}, "the letters travel in the handout"
    page.emulate_media(media="print")
    sizes = page.evaluate(
        "[...document.querySelectorAll('.slides > section')].map(s => [s.offsetWidth, s.offsetHeight, "
        "...['scrollWidth', 'scrollHeight'].map(k => s.querySelector('.sheet')[k])])"
    )
    assert [size[:2] for size in sizes] == [[1280, 720]] * count
    assert all(width <= 1280 and height <= 720 for _, _, width, height in sizes)
    assert all(
        page.locator(".fragment").nth(i).is_visible() for i in range(page.locator(".fragment").count())
    )
