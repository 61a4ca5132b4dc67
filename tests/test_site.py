"""The site as a visitor meets it: a folder, opened from the disk, in a Chromium that loads nothing else."""

import html
import importlib.util
import os
import posixpath
import re
import time
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import axe
import browsing
import nbformat
import pytest

from nstlib.cli import main
from nstlib.course import exercises, lessons, links, releases, slides
from nstlib.course.site import building, linking, pages, search

ROOT = Path(__file__).resolve().parent.parent
LESSONS = [f"lessons/{name}" for name in lessons.names()]
EXERCISES = [f"exercises/{path.stem}" for path in sorted((ROOT / "exercises").glob("ex*/*.ipynb"))]
HUB = "https://hub.example.org"
# One of each kind; the first has everything a page can have.
KINDS = [
    "lessons/04_gram_matrices",
    "index",
    "exercises/ex04_gram_matrices",
    "reference/api",
    "lectures/index",
]
KINDS += ["teaching/plans", "search", "lessons/index"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built once, as the command builds it."""
    if importlib.util.find_spec("myst_nb") is None:
        pytest.skip("the extra `site` is not installed")
    made: Path = tmp_path_factory.mktemp("site") / "course"
    start = time.monotonic()
    assert main(["site", "-o", str(made), "--hub", HUB]) == 0
    print(f"built in {time.monotonic() - start:.0f} s")
    return made


class Reader(HTMLParser):
    """What a page links to and loads, the anchors it has, and what is wrong with it."""

    EMPTY = (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    )

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if given.get("id"):
            self.anchors.append(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag in ("img", "script", "source", "iframe", "video") and given.get("src"):
            self.loaded.append(str(given["src"]))
        if tag == "link" and given.get("rel") != "canonical":
            self.loaded.append(str(given["href"]))
        if tag not in self.EMPTY and tag not in ("path", "circle", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.EMPTY or tag in ("path", "circle", "rect"):
            return
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()} closes {self.open[-1:]}")
        while self.open and self.open.pop() != tag:
            pass


@pytest.fixture(scope="module")
def read(folder: Path) -> dict[str, Reader]:
    """Every page but the decks and the live page, which have tests of their own."""
    own = [path for path in folder.rglob("*.html") if path.parent.name not in ("live", "lectures")]
    own.append(folder / "lectures" / "index.html")
    return {p.relative_to(folder).as_posix(): Reader(p.read_text(encoding="utf-8")) for p in sorted(own)}


# --- what is there ------------------------------------------------------------------------------------


def test_every_lesson_lecture_and_exercise_has_its_page(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = {f"{name}.html" for name in [*LESSONS, *EXERCISES]} | {
        "index.html",
        "search.html",
        "start.html",
    }
    expected |= {f"lectures/{name}.html" for name in slides.names()} | {
        "live/index.html",
        "lectures/index.html",
    }
    expected |= {f"{page.name}.html" for page in pages.all_pages()}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert there == expected | {"contents.html"}
    assert (folder / ".nojekyll").is_file(), "or GitHub Pages leaves out `_static`"


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_lesson_shows_every_picture_and_line_its_notebook_holds(folder: Path, path: Path) -> None:
    page = (folder / "lessons" / f"{path.stem}.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]+>", "", page)))
    pictures = 0
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            pictures += "".join(output.get("data", {}).get("text/html", "")).count("<img ")
            for line in str(output.get("text", "")).splitlines():
                assert re.sub(r"\s+", "", line) in text, line
    assert page.count('src="../pictures/') == pictures > 0
    assert "data:image" not in page


def test_nothing_of_the_solutions_is_in_it(folder: Path) -> None:
    names = exercises.names() if (ROOT / "solutions").is_dir() else []
    if not names:
        pytest.skip("the public tree has no solutions")
    taught = {
        line.strip()
        for path in (ROOT / "notebooks").glob("*.ipynb")  # which teach some of the same lines
        for cell in nbformat.read(path, as_version=4).cells
        for line in cell.source.splitlines()
    }
    secrets: set[str] = set()
    for name in names:
        exercise = exercises.load(name)
        open_lines = releases.open_lines(exercise.notebook)
        lines = set(releases.solution_lines(exercise.notebook))
        for file in ("hidden.py", "wrong.py", "reference.py"):
            lines |= set(releases.long_lines((ROOT / "solutions" / name / file).read_text(encoding="utf-8")))
        secrets |= lines - open_lines
    secrets -= taught
    assert len(secrets) > 100
    for path in [*folder.rglob("*.html"), *folder.rglob("*.js"), *folder.rglob("*.ipynb")]:
        if path.parent.name == "live" or path.name == "mathjax.js":
            continue
        text = path.read_text(encoding="utf-8")
        shown = re.sub(r"<[^>]+>", "", text) if path.suffix == ".html" else text.replace('\\"', '"')
        found = {line.strip() for line in html.unescape(shown).splitlines()} & secrets
        marked = path.parent.name in ("lessons", "exercises") and "BEGIN SOLUTION" in text
        assert not found and not marked, (path.name, found)


# --- links --------------------------------------------------------------------------------------------


def target_of(link: str, page: str) -> tuple[str, str]:
    """The file and the anchor that a link of a page leads to."""
    parts = urlsplit(link)
    file = (
        posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
        if parts.path
        else page
    )
    return file, unquote(parts.fragment)


def test_every_link_and_anchor_inside_exists(folder: Path, read: dict[str, Reader]) -> None:
    broken = []
    for page, found in read.items():
        for link in found.links:
            if urlsplit(link).scheme in ("http", "https", "mailto"):
                continue
            file, anchor = target_of(link, page)
            if not (folder / file).is_file():
                broken.append(f"{page}: {link}")
            elif anchor and file in read and anchor not in read[file].anchors:
                broken.append(f"{page}: {link} (no such anchor)")
    assert not broken


def test_links_to_the_repository_lead_to_files_of_it(read: dict[str, Reader]) -> None:
    here = links.in_clone()
    for page, found in read.items():
        for link in found.links:
            assert not link.startswith("site:")
            kind, _, path = link.removeprefix(f"{here.address}/").partition(f"/{here.branch}/")
            if link.startswith(here.address) and kind in ("blob", "tree"):
                assert (ROOT / unquote(path.partition("#")[0])).exists(), f"{page}: {link}"


def test_nothing_is_loaded_from_elsewhere_and_all_of_it_is_there(
    folder: Path, read: dict[str, Reader]
) -> None:
    for page, found in read.items():
        for address in found.loaded:
            if address.startswith("data:"):
                continue
            assert not urlsplit(address).scheme and not address.startswith("//"), f"{page} loads {address}"
            assert (folder / target_of(address, page)[0]).is_file(), f"{page} loads {address}"
    for style in (folder / "_static").glob("*.css"):
        assert set(re.findall(r"url\((\w+:)", style.read_text(encoding="utf-8"))) <= {"data:"}


def test_a_notebook_has_its_launchers_and_its_file(folder: Path, read: dict[str, Reader]) -> None:
    here = links.in_clone()
    for page in pages.all_pages():
        if page.file.endswith(".ipynb"):
            found = read[f"{page.name}.html"].links
            assert here.colab(page.file) in found and here.binder(page.file) in found
            assert here.hub(HUB, page.file) in found
            download = folder / Path(page.name).parent / Path(page.file).name
            assert download.read_bytes() == (ROOT / page.file).read_bytes()
            assert download.name in found
    text = (folder / "lessons/04_gram_matrices.html").read_text(encoding="utf-8")
    assert "Open in Colab<" not in text.partition("<article")[2], "the notebook's own line became buttons"
    assert "../lectures/04_gram_matrices.html" in read["lessons/04_gram_matrices.html"].links


def test_pages_are_well_formed_and_say_what_they_are(read: dict[str, Reader]) -> None:
    titles = set()
    for page, found in read.items():
        assert not found.wrong, page
        names = [tag for tag, _ in found.tags]
        assert names.count("main") == names.count("title") == 1 and "h1" in names, page
        assert ("html", {"lang": "en"}) in found.tags
        assert len(found.anchors) == len(set(found.anchors)), f"{page} has an anchor twice"
        for tag, given in found.tags:
            if tag == "img":
                assert "alt" in given, page
        canonical = [
            given["href"] for tag, given in found.tags if tag == "link" and given["rel"] == "canonical"
        ]
        assert canonical == [links.site() + (page if page != "index.html" else "")]
        titles.add(page)
    assert len(titles) == len(read)


def test_a_teacher_gets_to_a_class_from_the_first_page(read: dict[str, Reader]) -> None:
    wanted = "teaching/running_a_class.html"
    if wanted not in read:
        wanted = "teaching/plans.html"
    assert wanted in read["index.html"].links


# --- in the browser -----------------------------------------------------------------------------------


def visit(page: Any, folder: Path, name: str, query: str = "") -> None:
    """Open a page and see that it complains of nothing and asks for nothing."""
    page.goto((folder / f"{name}.html").as_uri() + query)
    page.wait_for_load_state("load")


@pytest.fixture
def tab(browser: Any, folder: Path) -> Any:
    """A page that must load files only and fail nowhere."""
    with browsing.watched_page(browser) as page:
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on(
            "console", lambda message: page.said.append(message.text) if message.type == "error" else None
        )
        yield page
        assert page.outside == [] and page.errors == [] and page.said == []
        assert {url.partition(":")[0] for url in page.asked} <= {"file", "data", "blob"}


@pytest.mark.browser
def test_every_page_opens_from_the_disk_without_a_complaint(
    tab: Any, folder: Path, read: dict[str, Reader]
) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    wide = []
    for page in read:
        visit(tab, folder, page.removesuffix(".html"))
        if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(page)
    assert not wide, "wider than a phone"


@pytest.mark.browser
def test_formulas_are_set_by_a_script_of_the_site(tab: Any, folder: Path) -> None:
    visit(tab, folder, "lessons/04_gram_matrices")
    tab.wait_for_function("document.querySelectorAll('article mjx-container').length > 20")
    assert not tab.evaluate("document.querySelectorAll('mjx-merror, [data-mjx-error]').length")
    assert "$" not in tab.evaluate(
        "[...document.querySelectorAll('article :is(p, li, td, summary)')].map(e => e.innerText).join(' ')"
    )


@pytest.mark.browser
def test_the_search_finds_gram(tab: Any, folder: Path) -> None:
    visit(tab, folder, "index")
    tab.fill("header .bar > form.find input", "Gram")
    tab.press("header .bar > form.find input", "Enter")
    tab.wait_for_selector("#results li")
    first = tab.locator("#results a").first
    assert "Gram" in first.inner_text()
    assert tab.locator("#results mark").count() > 5
    first.click()
    tab.wait_for_selector("article h1")
    assert "04_gram_matrices.html" in tab.url


@pytest.mark.browser
def test_the_keyboard_reaches_the_launchers_and_folded_answers(tab: Any, folder: Path) -> None:
    visit(tab, folder, "lessons/04_gram_matrices")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Colab"
    while tab.evaluate("document.activeElement.tagName") != "SUMMARY":
        tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.parentElement.open")


@pytest.mark.browser
def test_the_theme_is_chosen_and_kept(tab: Any, folder: Path) -> None:
    visit(tab, folder, "lessons/04_gram_matrices")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = tab.evaluate(ground)
    tab.click("button.theme")
    assert tab.evaluate(ground) == light
    tab.click("button.theme")
    dark = tab.evaluate(ground)
    assert dark != light
    visit(tab, folder, "start")
    assert tab.evaluate(ground) == dark


@pytest.mark.browser
def test_on_a_phone_the_menu_leads_everywhere(tab: Any, folder: Path) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    visit(tab, folder, "index")
    tab.click("details.drawer > summary")
    tab.click("details.drawer >> text=Exercises")
    tab.click("details.drawer >> text=04 · Gram matrices >> visible=true")
    assert tab.url.endswith("exercises/ex04_gram_matrices.html")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(tab: Any, folder: Path, scheme: str) -> None:
    if not axe.source():
        pytest.skip("axe-core is not here, and npm cannot bring it")
    tab.emulate_media(color_scheme=scheme)
    found = {}
    for name in KINDS:
        visit(tab, folder, name, "?q=gram" if name == "search" else "")
        if problems := axe.violations(tab):
            found[name] = problems
    assert not found


@pytest.mark.browser
def test_paper_shows_what_is_folded_and_no_menu(tab: Any, folder: Path) -> None:
    visit(tab, folder, "lessons/04_gram_matrices")
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate("[...document.querySelectorAll('article details')].every(each => each.open)")
    assert not tab.locator("nav.side, header.top, nav.turn").locator("visible=true").count()


# --- the command and its parts --------------------------------------------------------------------------


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="something else than a site"), building.whole_folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_site_is_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "site"
    with building.whole_folder(target) as made:
        (made / building.MARK).write_text("")
        (made / "old.html").write_text("")
    with pytest.raises(ValueError, match="stop"), building.whole_folder(target) as made:
        (made / "half.html").write_text("")
        raise ValueError("stop")
    assert {path.name for path in target.iterdir()} == {building.MARK, "old.html"}
    with building.whole_folder(target) as made:
        (made / building.MARK).write_text("")
    with building.whole_folder(target) as made:
        (made / building.MARK).write_text("")
        (made.parent / "jupyter_execute").mkdir()  # MyST-NB puts one beside its output
    assert {path.name for path in target.iterdir()} == {building.MARK}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_site_that_cannot_take_its_place_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "site"
    with building.whole_folder(target) as made:
        (made / building.MARK).write_text("old")
    rename = os.rename

    def refuse(source: Path, place: Path) -> None:
        if source.joinpath("new.html").exists():
            raise PermissionError("in use")
        rename(source, place)

    monkeypatch.setattr(building.os, "rename", refuse)
    with pytest.raises(PermissionError), building.whole_folder(target) as made:
        (made / building.MARK).write_text("new")
        (made / "new.html").touch()
    assert (target / building.MARK).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_without_notebooks_or_sphinx_a_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(lessons, "LESSONS", tmp_path)
        assert main(["site", "-o", str(tmp_path / "a")]) == 1
        assert "they come with a clone of the course" in capsys.readouterr().err
    monkeypatch.setattr(building.importlib.util, "find_spec", lambda name: None)
    assert main(["site", "-o", str(tmp_path / "a")]) == 1
    assert "the extra `site`" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("hub", ["hub", "https://hub.example.org/hub/home"])
def test_a_hub_that_is_no_address_gets_one_sentence(
    tmp_path: Path, hub: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["site", "-o", str(tmp_path / "a"), "--hub", hub]) == 1
    assert "is no address of a JupyterHub" in capsys.readouterr().err


def test_links_become_links_of_the_site() -> None:
    here = links.Repository("a/b", "main")
    linker = linking.Linker(pages.files_of(pages.all_pages()), here)
    page = pages.Page("teaching/plans", "", "Teaching", "notebooks/TEACHING.md")
    lines = {
        "[x](04_gram_matrices.ipynb)": "[x](../lessons/04_gram_matrices.ipynb)",
        "[x](../exercises/TEACHERS.md#a)": "[x](grading.md#a)",
        "[x](slides/04_gram_matrices.md)": "[x](site:lectures/04_gram_matrices.html)",
        "[x](../run.py)": "[x](https://github.com/a/b/blob/main/run.py)",
        "[x](../nstlib/course/)": "[x](https://github.com/a/b/tree/main/nstlib/course)",
        "![x](thumbnails/04.jpg)": "![x](../files/notebooks/thumbnails/04.jpg)",
        "[x](https://example.org)": "[x](https://example.org)",
        "f[0](x)": "f[0](x)",
    }
    for text, expected in lines.items():
        assert linker.moved(text, page) == expected
        assert linker.moved(f"```\n{text}\n```", page) == f"```\n{text}\n```"
    assert linker.pictures == {"notebooks/thumbnails/04.jpg"}


def test_formulas_in_folded_answers_are_marked() -> None:
    text = "$a$\n\n<details><summary>$b$</summary>and $c$</details>\n\n$d$"
    marked = linking.with_formulas(text)
    assert marked.count('<span class="math') == 2 and marked.startswith("$a$") and marked.endswith("$d$")


def test_sections_are_read_with_their_anchors() -> None:
    text = (
        "<h1>No</h1><article><h1>A <em>b</em></h1><p>c</p><nav>n</nav><section id='x'><h2>D"
        "<a class='headerlink'>#</a></h2><p>e<b>f</b></p></section></article><p>g</p>"
    )
    assert list(search.sections(text)) == [("", "A b", "c"), ("x", "D", "e f")]
    buttons = "<ul class='launch'><li><a href='x'>Colab</a></li><li><a>Binder</a></li></ul>"
    assert list(search.sections(f"<article><h1>A</h1>{buttons}<p>c</p></article>")) == [("", "A", "c")]


def test_the_workflow_installs_the_extra_and_runs_the_command() -> None:
    text = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    assert 'pip install -c constraints.txt -e ".[site]"' in text and "nst site -o site" in text
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    assert any(each.startswith("myst-nb") for each in extras["site"])
