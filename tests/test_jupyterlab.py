"""The course in JupyterLab, as a learner meets it: it opens at the first lesson, lessons run, sliders move,
what is stored is shown, links lead on, exercises answer, and nothing comes from outside this machine.
"""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import browsing
import nbformat
import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent
LESSONS = sorted(f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb"))
# Two of the quickest, with the number of their sliders: a film and a grid, a run with a progress bar, tables.
RUN = {"notebooks/00_start_here.ipynb": 1, "notebooks/01_images_as_tensors.ipynb": 2}
EXERCISE = "exercises/ex04_gram_matrices/ex04_gram_matrices.ipynb"

SECONDS_TO_RUN = 3 * browsing.PATIENCE
SECONDS_TO_SHOW = browsing.PATIENCE
SETTINGS = [
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--IdentityProvider.token=",  # the link that the terminal shows a learner holds a token
    "--LabApp.expose_app_in_browser=True",
]
OFFLINE = {  # a proxy that nobody answers at: what a lesson would download fails
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}


# --- JupyterLab --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the course, so that what JupyterLab saves by itself does not end up in the repository."""
    copy = tmp_path_factory.mktemp("a course")
    for name in ("notebooks", "exercises", "data", "nstlib"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def lab(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of JupyterLab, started in that copy by the command that `python3 run.py lab` becomes."""

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "nstlib.cli", "lab", f"--port={port}", *SETTINGS]

    environment = OFFLINE | {"PYTHONPATH": str(course), "TF_CPP_MIN_LOG_LEVEL": "3"}
    settings = tmp_path_factory.mktemp("jupyter")
    with browsing.server(command, settings, page="/api/status", start_in=course, **environment) as address:
        yield address


@pytest.fixture(scope="module")
def profile(browser: Any) -> Iterator[Any]:
    """One for all: a learner's browser keeps JupyterLab's scripts, too."""
    with browsing.profile(browser) as made:
        yield made


@pytest.fixture
def page(profile: Any) -> Iterator[Any]:
    """A page of 1280 x 720 pixels, cut off from everything but this machine."""
    with browsing.watched(profile) as made:
        yield made


class Notebook:
    """The notebook in front, used as a person uses it. What the tests know of JupyterLab itself is here."""

    FRONT = "window.jupyterapp?.shell.currentWidget"
    IDLE = f"{FRONT}?.context?.sessionContext?.session?.kernel?.status === 'idle'"
    PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"

    def __init__(self, page: Any) -> None:
        """Wait until it is open and its kernel is ready."""
        self.page = page
        page.wait_for_selector(f"{self.PANEL} .jp-Cell", timeout=1000 * browsing.PATIENCE)
        self.wait(self.IDLE, browsing.PATIENCE)
        self.path: str = page.evaluate(f"{self.FRONT}.context.path")

    def wait(self, condition: str, seconds: float) -> None:
        self.page.wait_for_function(f"() => {condition}", timeout=seconds * 1000, polling=100)

    def cells(self) -> list[Any]:
        """All cells with their outputs as they are now, in the notebook format."""
        return self.page.evaluate(f"{self.FRONT}.content.model.toJSON().cells")

    def place(self, wanted: Callable[[Any], bool]) -> int:
        """Where the first such cell is."""
        places = [i for i, cell in enumerate(self.cells()) if wanted(cell)]
        assert places, f"{self.path} has no such cell"
        return places[0]

    def scroll_to(self, place: int) -> Any:
        """A cell, brought onto the screen."""
        cell = self.page.locator(f'{self.PANEL} .jp-Cell[data-windowed-list-index="{place}"]')
        cell.scroll_into_view_if_needed()
        return cell

    def choose(self, menu: str, entry: str) -> None:
        """Choose an entry of a menu."""
        self.page.get_by_role("menubar").get_by_text(menu, exact=True).click()
        self.page.get_by_role("menuitem").get_by_text(entry, exact=True).click()

    def run_all(self) -> None:
        """Take the stored outputs away, so that what is there afterwards is new, and run all cells."""
        self.choose("Edit", "Clear Outputs of All Cells")
        assert not any(cell.get("outputs") for cell in self.cells())
        self.choose("Run", "Run All Cells")
        failed = "cells.some(cell => cell.outputs.some(output => output.output_type === 'error'))"
        self.wait_for_cells(f"cells.every(cell => cell.execution_count) || {failed}")

    def answer(self, place: int, text: str) -> None:
        """Write something into a code cell in place of what is there, and run it and the cell below."""
        editor = self.scroll_to(place).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)
        before = self.cells()[place + 1]["execution_count"]
        self.page.keyboard.press("Shift+Enter")
        self.page.keyboard.press("Shift+Enter")
        self.wait_for_cells(f"all[{place + 1}].execution_count > {before or 0}")

    def wait_for_cells(self, condition: str) -> None:
        """Wait until a condition on `all` cells, or the `cells` of code, holds and the kernel is idle."""
        names = f"const all = {self.FRONT}.content.model.sharedModel.cells"
        code = "const cells = all.filter(cell => cell.cell_type === 'code')"
        self.wait(f"{{ {names}; {code}; return ({condition}) && {self.IDLE}; }}", SECONDS_TO_RUN)

    def save(self) -> None:
        """Save it, with what the widgets show."""
        self.page.keyboard.press("ControlOrMeta+s")
        self.wait(f"!{self.FRONT}.context.model.dirty", browsing.PATIENCE)

    def follow(self, link: Any) -> str:
        """Click a link to another notebook, which opens in front; returns its path."""
        link.click()
        self.wait(f"{self.FRONT}?.context?.path !== {json.dumps(self.path)}", SECONDS_TO_SHOW)
        self.page.locator(f"{self.PANEL} .jp-Cell h1").wait_for()
        return self.page.evaluate(f"{self.FRONT}.context.path")

    def come_back(self) -> None:
        """Click the tab of this notebook."""
        self.page.get_by_role("tab").get_by_text(self.path.rpartition("/")[2], exact=True).click()
        self.wait(f"{self.FRONT}?.context?.path === {json.dumps(self.path)}", browsing.PATIENCE)


@pytest.fixture
def opened(page: Any, lab: str, course: Path) -> Iterator[Callable[..., Notebook]]:
    """Opens a notebook in a window of its own, as it is in the repository or `as_left` by those before; no
    kernel goes on running afterwards.
    """

    def open_it(path: str, *, as_left: bool = False) -> Notebook:
        if not as_left and (ROOT / path).is_file():
            shutil.copy(ROOT / path, course / path)
        page.goto(f"{lab}/lab/tree/{path}?reset")
        return Notebook(page)

    yield open_it
    stop_kernels(page)


def stop_kernels(page: Any) -> None:
    """What closing JupyterLab does."""
    page.evaluate("window.jupyterapp?.serviceManager.sessions.shutdownAll()")


# --- what a person would notice ----------------------------------------------------------------------

SEEN = """cell => {
    const right = cell.getBoundingClientRect().right;
    const prose = cell.querySelector('.jp-MarkdownOutput')?.cloneNode(true);
    prose?.querySelectorAll('code, pre, mjx-container').forEach(each => each.remove());
    return {
        pictures: [...cell.querySelectorAll('.jp-OutputArea img, .jp-MarkdownOutput img')].map(picture => ({
            alt: picture.alt,
            loaded: picture.complete && picture.naturalWidth > 0,
            cut: picture.getBoundingClientRect().right > right,
        })),
        formulas: cell.querySelectorAll('.jp-MarkdownOutput mjx-container').length,
        folded: cell.querySelectorAll('.jp-MarkdownOutput details').length,
        prose: prose?.textContent || '',
        results: cell.querySelector('.jp-OutputArea')?.textContent || '',
    };
}"""
LOST_WIDGET = re.compile(r"error displaying widget|could not be loaded|loading widget|model not found", re.I)
NO_ALT = re.compile(r"(Image)?$")  # JupyterLab writes "Image" where there is none
TO_A_NOTEBOOK = re.compile(r"\]\((?!https?:)([^)\s#]+\.ipynb)")


def source(cell: Any) -> str:
    return "".join(cell["source"])


def faults(notebook: Notebook) -> list[str]:
    """What somebody who scrolls through a notebook would call broken, each with its cell."""
    found = []
    for place, cell in enumerate(notebook.cells()):
        shown = notebook.scroll_to(place)
        end = time.monotonic() + SECONDS_TO_SHOW
        check = prose_faults if cell["cell_type"] == "markdown" else result_faults
        while (wrong := check(cell, shown.evaluate(SEEN))) and time.monotonic() < end:
            time.sleep(0.1)  # pictures and formulas take a moment
        found += [f"{notebook.path}, cell {cell['id']!r}: {each}" for each in wrong]
    return found


def prose_faults(cell: Any, seen: Any) -> list[str]:
    """What is wrong with a cell of text, given what can be seen of it."""
    text = re.sub(r"```.*?```|`[^`]*`", "", source(cell), flags=re.S)
    wrong = [] if seen["prose"].strip() else ["the text is not there"]
    wrong += ["no formula is typeset"] if "$" in text and not seen["formulas"] else []
    wrong += ["a formula is raw text"] if "$" in seen["prose"] else []
    wrong += ["a folded answer is missing"] if seen["folded"] != text.count("<details") else []
    return wrong + picture_faults(seen, text.count("!["))


def result_faults(cell: Any, seen: Any) -> list[str]:
    """What is wrong with the outputs of a code cell, given what can be seen of them."""
    outputs = cell["outputs"]
    wrong = [f"the error {output['ename']}" for output in outputs if output["output_type"] == "error"]
    wrong += [f"the message {output['text']}" for output in outputs if output.get("name") == "stderr"]
    wrong += ["a widget is not there"] if LOST_WIDGET.search(seen["results"]) else []
    bundles = [output.get("data", {}) for output in outputs]
    pictures = sum("".join(data.get("text/html", "")).count("<img") for data in bundles)
    return wrong + picture_faults(seen, pictures)


def picture_faults(seen: Any, least: int) -> list[str]:
    """What is wrong with the pictures of a cell, which has some number of them or more."""
    shown = seen["pictures"]
    wrong = [] if len(shown) >= least else [f"{len(shown)} of {least} pictures are there"]
    wrong += ["a picture is broken" for each in shown if not each["loaded"]]
    wrong += ["a picture has no alternative text" for each in shown if NO_ALT.match(each["alt"])]
    return wrong + ["a picture is cut off" for each in shown if each["cut"]]


def unfold(notebook: Notebook) -> int:
    """Click every folded answer open and closed again; returns how many there are."""
    number = 0
    for place, cell in enumerate(notebook.cells()):
        if cell["cell_type"] != "markdown" or "<details" not in source(cell):
            continue
        for answer in notebook.scroll_to(place).locator("details").all():
            wait_until(answer.inner_text)  # of what can be seen: a cell just scrolled to takes a moment
            folded = answer.inner_text()
            answer.locator("summary").click()
            assert len(answer.inner_text()) > len(folded) + 10, f"{notebook.path}: {folded} stays closed"
            answer.locator("summary").click()
            assert answer.inner_text() == folded
            number += 1
    return number


def follow_links(notebook: Notebook) -> list[str]:
    """Click every link to another notebook, one after the other; returns what opens in front."""
    opened = []
    for place, cell in enumerate(notebook.cells()):
        if cell["cell_type"] == "markdown" and TO_A_NOTEBOOK.search(source(cell)):
            for link in notebook.scroll_to(place).locator("a[href*='/files/'][href*='.ipynb']").all():
                opened.append(notebook.follow(link))
                notebook.come_back()
    return opened


def links_in(path: str) -> list[str]:
    """The notebooks to which the text of a notebook links."""
    cells = nbformat.read(ROOT / path, as_version=4).cells
    found = [TO_A_NOTEBOOK.findall(cell.source) for cell in cells if cell.cell_type == "markdown"]
    folder = (ROOT / path).parent
    return [(folder / link).resolve().relative_to(ROOT).as_posix() for links in found for link in links]


def questions(page: Any) -> list[str]:
    """What JupyterLab says or asks on top of everything else."""
    return page.locator(".jp-Dialog, .Toastify__toast").all_inner_texts()


def move_sliders(notebook: Notebook) -> int:
    """Move every slider, by keyboard and by mouse, and see the picture change; returns how many there are."""
    place = notebook.place(lambda cell: "widget" in cell["metadata"].get("tags", []))
    widget = notebook.scroll_to(place).locator(".jupyter-widgets")
    picture, sliders = widget.locator("img"), widget.locator(".noUi-target").all()
    assert picture.is_visible() and all(slider.is_visible() for slider in sliders)
    for slider in sliders:
        at_the_end = looks(picture)
        slider.locator(".noUi-handle").focus()
        notebook.page.keyboard.press("ArrowLeft")
        wait_until(lambda then=at_the_end: looks(picture)["alt"] != then["alt"])
        notebook.page.keyboard.press("Home")  # the first picture; neighbours may look alike
        wait_until(lambda then=at_the_end: looks(picture)["src"] != then["src"])
        drag_to_the_end(notebook.page, slider)
        wait_until(lambda then=at_the_end: looks(picture) == then)
    return len(sliders)


def looks(picture: Any) -> dict[str, str]:
    """A picture's alternative text and its data."""
    return picture.evaluate("picture => ({alt: picture.alt, src: picture.src})")


def drag_to_the_end(page: Any, slider: Any) -> None:
    """Drag a slider's handle to the right end with the mouse."""
    slider.scroll_into_view_if_needed()
    handle, track = slider.locator(".noUi-handle").bounding_box(), slider.bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"], handle["y"] + handle["height"] / 2, steps=5)
    page.mouse.up()


def wait_until(condition: Callable[[], Any]) -> None:
    """Wait for what follows within a moment."""
    end = time.monotonic() + SECONDS_TO_SHOW
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


# --- the tests ---------------------------------------------------------------------------------------


def test_it_opens_at_the_first_lesson_and_asks_nothing(page: Any, lab: str) -> None:
    page.goto(lab)
    notebook = Notebook(page)
    assert notebook.path == LESSONS[0]
    assert page.locator(".jp-NotebookPanel h1").inner_text().startswith("00 · Start here")
    assert questions(page) == []
    assert not page.outside and not page.errors


def test_the_first_lesson_leads_to_the_index_which_is_a_page(page: Any, opened: Any) -> None:
    notebook = opened(LESSONS[0])
    last = notebook.place(lambda cell: "(README.md)" in source(cell))
    notebook.scroll_to(last).get_by_role("link", name="the index").click()
    index = page.locator(".jp-MarkdownViewer")
    index.get_by_role("heading", name="The path through the course").wait_for()
    assert index.locator("tr img").count() == len(LESSONS)
    index.get_by_role("link", name="01 Images as tensors").click()
    notebook.wait(f"{notebook.FRONT}?.context?.path === {json.dumps(LESSONS[1])}", browsing.PATIENCE)
    assert not page.outside and not page.errors


@pytest.mark.parametrize("path", RUN, ids=lambda path: Path(path).stem)
def test_a_lesson_runs_and_its_sliders_move(path: str, page: Any, opened: Any) -> None:
    notebook = opened(path)
    notebook.run_all()
    code = [cell for cell in notebook.cells() if cell["cell_type"] == "code"]
    assert faults(notebook) == []
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert move_sliders(notebook) == RUN[path]
    assert questions(page) == []  # JupyterLab asks about its news after some seconds
    notebook.save()
    stop_kernels(page)
    assert faults(opened(path, as_left=True)) == []  # on another day
    assert not page.outside and not page.errors


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: Path(path).stem)
def test_a_lesson_shows_what_it_holds_and_its_links_open(path: str, page: Any, opened: Any) -> None:
    notebook = opened(path)
    assert faults(notebook) == []
    assert unfold(notebook) >= 3
    assert follow_links(notebook) == links_in(path)
    assert not page.outside and not page.errors


def test_an_exercise_says_what_is_missing_and_what_is_right(page: Any, opened: Any) -> None:
    notebook = opened(EXERCISE)
    assert faults(notebook) == []
    assert follow_links(notebook) == links_in(EXERCISE)
    notebook.run_all()
    answer = notebook.place(lambda cell: cell["id"] == "ex04-gram-matrix-answer")
    verdict = notebook.scroll_to(answer + 1).locator(".jp-OutputArea")
    wait_until(lambda: "0 of 3 points" in verdict.inner_text())
    notebook.answer(
        answer,
        "def gram_matrix(features):\n"
        "    F = features.reshape(-1, features.shape[-1])\n"
        "    return F.T @ F / len(F)",
    )
    wait_until(lambda: "3 of 3 points" in verdict.inner_text())
    assert not page.outside and not page.errors


def test_what_is_broken_is_found(
    page: Any, opened: Any, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SECONDS_TO_SHOW", 1)
    write = nbformat.v4
    picture = "from IPython.display import HTML\nHTML('<img src=\"https://example.org/a.png\">')"
    cells = {
        "prose": write.new_markdown_cell("A formula that does not end, $x, and an answer.<details>"),
        "message": write.new_code_cell("import sys\nprint('careful', file=sys.stderr)"),
        "elsewhere": write.new_code_cell(picture),
        "error": write.new_code_cell("1 / 0"),
    }
    for name, cell in cells.items():
        cell.id = name
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}  # or JupyterLab would ask
    broken = write.new_notebook(cells=list(cells.values()), metadata={"kernelspec": kernel})
    nbformat.write(broken, course / "broken.ipynb")
    notebook = opened("broken.ipynb")
    notebook.run_all()
    assert [fault.removeprefix("broken.ipynb, cell ") for fault in faults(notebook)] == [
        "'prose': no formula is typeset",
        "'prose': a formula is raw text",
        "'message': the message careful\n",
        "'elsewhere': a picture is broken",
        "'elsewhere': a picture has no alternative text",
        "'error': the error ZeroDivisionError",
    ]
    assert set(page.outside) == {"https://example.org/a.png"}
