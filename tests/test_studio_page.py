"""`nst studio` as a visitor meets it: the served page in Chromium, and what becomes of its kernels."""

import io
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import browsing
import numpy as np
import pytest
from PIL import Image

from nstlib.fonts import CODE, TEXT, characters
from nstlib.studio import display, films, pictures, server, spare
from nstlib.video import Frame, open_film, save_film

pytest.importorskip("voila", reason="Voila is not installed: it is in the extra `lab`")

LINGER = 4  # seconds that a kernel waits for its page here
READY = "/voila/static/voila.js"  # answers without starting a kernel


def command(*more: str) -> Callable[[int], list[str]]:
    def line(port: int) -> list[str]:
        start = [sys.executable, "-m", "nstlib.cli", "studio", "--no-browser", "--no-spare"]
        return [*start, "--linger", str(LINGER), "--port", str(port), *more]

    return line


@pytest.fixture(autouse=True)
def no_kernels() -> None:
    """Each test begins when the kernels of the one before have ended; a page that vanished before the server
    had seen it connect keeps its kernel for longest.
    """
    until(lambda: len(kernels()) == 0, "earlier kernels end", server.OPENING + browsing.PATIENCE)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("studio")
    results = {"NSTLIB_STUDIO": str(folder / "results"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    with browsing.server(command(), folder, page=READY, **results) as address:
        yield address


def kernels() -> set[int]:
    """Processes of kernels below this one, by their numbers."""
    import psutil  # comes with ipykernel

    found = set()
    for process in psutil.Process().children(recursive=True):
        try:
            gone = process.status() == psutil.STATUS_ZOMBIE
            if not gone and any("ipykernel" in word for word in process.cmdline()):
                found.add(process.pid)
        except psutil.NoSuchProcess:
            pass
    return found


def until(happened: Callable[[], bool], what: str, seconds: float = browsing.PATIENCE) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def open_studio(page: Any, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Paint with care").wait_for()


def upload(page: Any, kind: str, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator(f".nst-upload-{kind}").click()
    chooser.value.set_files(path)


def status(page: Any) -> str:
    return str(page.locator(".nst-message").inner_text())


def results(page: Any) -> Any:
    return page.locator(".nst-results .nst-thumb")


def pick(page: Any, name: str) -> Any:
    """Choose a picture by its name, as a click on it does."""
    radio = page.get_by_role("radio", name=name, exact=True)
    page.locator(".nst-thumb", has=radio).click()
    return radio


def first_look(page: Any, photo: str, style: str) -> None:
    """Wait for what one pass makes."""
    page.get_by_alt_text(f"{photo} in the style of {style}, a first look").wait_for()


def watch_run(page: Any) -> tuple[list[str], set[str]]:
    """Everything the status line and the stage showed until the run ended.

    The page is watched change by change: whoever looks now and then misses what a fast machine shows briefly.
    """
    page.evaluate("""() => {
        window.seen = {lines: [], pictures: [], bar: 0};
        const look = () => {
            const line = document.querySelector(".nst-message").innerText;
            const picture = document.querySelector(".nst-show .nst-stage img");
            const bar = document.querySelector(".nst-progress .progress-bar");
            if (line && window.seen.lines.at(-1) !== line) window.seen.lines.push(line);
            if (picture && picture.alt.endsWith("being painted")) window.seen.pictures.push(picture.src);
            if (bar) window.seen.bar = Math.max(window.seen.bar, bar.getBoundingClientRect().width);
        };
        window.watching = new MutationObserver(look);
        window.watching.observe(document.body,
            {subtree: true, childList: true, attributes: true, characterData: true});
        look();
    }""")
    page.wait_for_function("/^(Finished|Stopped)/.test(document.querySelector('.nst-message').innerText)")
    seen = page.evaluate("() => { window.watching.disconnect(); return window.seen; }")
    assert seen["bar"] > 20, "the progress bar never moved"
    return [*seen["lines"], status(page)], set(seen["pictures"])


def preview_changes(page: Any) -> None:
    """Wait until the stage shows two pictures of the painting, one after the other."""
    shown = ".nst-show .nst-stage img[alt$='being painted']"
    page.locator(shown).wait_for()
    first = page.locator(shown).get_attribute("src")
    page.wait_for_function(
        """([shown, first]) => {
            const picture = document.querySelector(shown);
            return picture && picture.src !== first;
        }""",
        arg=[shown, first],
    )


def cut(page: Any) -> float:
    """Where the line between photo and result is, in percent of the width, as it is drawn."""
    line, stage = (page.locator(where).bounding_box() for where in (".nst-line", ".nst-compare"))
    return float(100 * (line["x"] + line["width"] / 2 - stage["x"]) / stage["width"])


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo of 300 x 200 pixels: no sample has these proportions."""
    y, x = np.mgrid[0:200, 0:300]
    pixels = np.stack([x / 300, y / 200, (x - y) % 50 / 50], -1)
    Image.fromarray((255 * pixels).astype("uint8")).save(tmp_path / "my holiday.jpg", quality=92)
    return tmp_path / "my holiday.jpg"


@pytest.mark.browser
def test_a_visitor_paints_compares_keeps_and_comes_back(
    page: Any, studio: str, photo: Path, browser: Any
) -> None:
    open_studio(page, studio)

    # An upload, a style of the gallery, a small picture.
    upload(page, "photo", photo)
    first_look(page, "my holiday.jpg", "swirls")
    box = page.locator(".nst-show .nst-stage").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(1.5, abs=0.02), "the photo keeps its proportions"
    waves = pick(page, "waves")
    first_look(page, "my holiday.jpg", "waves")
    assert waves.is_checked()
    page.get_by_label("Longer side").select_option("128 pixels")

    # A run that finishes.
    page.get_by_role("button", name="Paint with care").click()
    lines, previews = watch_run(page)
    assert lines[0].startswith("Preparing") and lines[-1].startswith("Finished, in"), lines
    # So small a picture may be finished before there was anything to estimate from.
    known = r"Painting at 128 pixels: \d+ %, (about \d+ s left|estimating the time left)"
    assert any(re.match(known, line) for line in lines), lines
    assert previews, "the painting was not seen before it was finished"
    assert page.get_by_role("button", name="Paint with care").is_enabled()

    compare_with_keys_and_mouse(page)
    download_says_everything(page)
    unfolded = page.locator(".nst-facts summary").all()
    for each in unfolded:
        each.click()
    page.locator(".nst-facts pre").wait_for()
    browsing.check_letters(page)
    for each in unfolded:
        each.click()

    # A run that is stopped.
    page.get_by_role("button", name="More settings").click()
    page.get_by_label("How long").select_option("400 steps at each size")
    page.get_by_label("Variation").scroll_into_view_if_needed()
    top = page.get_by_role("button", name="Paint with care").bounding_box()["y"]
    assert 0 <= top < 200, "who has come down to the settings still sees the run"
    page.get_by_role("button", name="Paint with care").click()
    page.get_by_text("Painting at").wait_for()
    assert page.get_by_role("button", name="Paint with care").is_disabled()
    preview_changes(page)  # here, in a run of minutes; the one above may be over after the first of them
    page.get_by_role("button", name="Stop").click()
    page.locator(".nst-message", has_text="Stopped after").wait_for()
    assert page.locator(".nst-mark").inner_text() == "stopped"
    assert results(page).count() == 2

    refuses_what_is_no_picture(page, photo.parent)

    page.get_by_role("button", name="Reset").click()
    first_look(page, "cat", "swirls")
    size = page.get_by_label("Longer side")
    until(lambda: size.input_value() == "384 pixels", "the size is back at its default")
    assert page.locator(".nst-picker .nst-thumb", has_text="my holiday.jpg").count() == 0
    assert page.outside == [] and page.errors == []

    comes_back(page, studio, browser)


def compare_with_keys_and_mouse(page: Any) -> None:
    divide = page.get_by_role("slider", name="Divide between")
    assert cut(page) == pytest.approx(50, abs=1)
    divide.focus()
    page.keyboard.press("End")
    assert cut(page) == pytest.approx(100, abs=1)
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert cut(page) == pytest.approx(90, abs=1)
    box = page.locator(".nst-compare").bounding_box()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 40)
    page.mouse.up()
    assert cut(page) == pytest.approx(25, abs=2)
    visible = page.locator(".nst-before").evaluate("e => getComputedStyle(e).clipPath")
    right = re.search(r"inset\(0px calc\(100% - 25%\)|inset\(0px 7[45](\.\d+)?%", visible)
    assert right, visible
    sides = {p.get_attribute("alt") for p in page.locator(".nst-compare img").all()}
    assert sides == {"Result: my holiday.jpg in the style of waves", "The photo: my holiday.jpg"}


def download_says_everything(page: Any) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PNG").click()
    assert re.fullmatch(r"my-holiday-waves-\d+\.png", download.value.suggested_filename)
    picture = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert picture.format == "PNG" and picture.size == (128, 85)
    text = picture.text  # type: ignore[attr-defined]
    assert (text["photo"], text["style"], text["size"]) == ("my holiday.jpg", "waves", "128")
    assert (text["network"], text["optimizer"], text["outcome"]) == ("pocket_vgg", "lbfgs", "finished")
    assert "nst.transfer_style(" in text["call"]


def refuses_what_is_no_picture(page: Any, folder: Path) -> None:
    (folder / "words.png").write_text("these are words")
    upload(page, "photo", folder / "words.png")
    page.get_by_text("words.png cannot be used. This file is not a picture").wait_for()
    assert results(page).count() == 2, "the page goes on"
    with (folder / "large.jpg").open("wb") as large:
        large.truncate(60_000_000)  # more than the connection takes in one message
    upload(page, "style", folder / "large.jpg")
    notice = page.get_by_text("large.jpg cannot be used. It has 60.0 MB, more than the 24 MB")
    notice.wait_for()
    pick(page, "glass")
    notice.wait_for(state="hidden")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (2000, 2000, 3), dtype=np.uint8)).save(
        folder / "twelve megabytes.png"
    )
    assert (folder / "twelve megabytes.png").stat().st_size > 11_000_000
    upload(page, "style", folder / "twelve megabytes.png")
    first_look(page, "my holiday.jpg", "twelve megabytes.png")


def comes_back(page: Any, studio: str, browser: Any) -> None:
    """Closed pages end their kernels, the gallery stays, and is nobody else's."""
    context = page.context
    assert len(kernels()) == 1
    page.close(run_before_unload=True)
    until(lambda: len(kernels()) == 0, "the kernel of a page that was closed ends")

    again = context.new_page()
    open_studio(again, studio)
    assert results(again).count() == 2
    results(again).nth(1).click()
    again.get_by_alt_text("Result: my holiday.jpg in the style of waves").wait_for()
    assert again.get_by_role("slider", name="Divide between").count() == 1
    with browsing.watched_page(browser, 390, 800) as stranger:
        open_studio(stranger, studio)
        assert results(stranger).count() == 0
        wide = stranger.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, "it fits a phone's width"
        stranger.get_by_role("button", name="Paint with care").click()
        stranger.get_by_text(re.compile("Preparing|Painting")).wait_for()
        assert len(kernels()) == 2
    # Closing the context ran no script of the page: its kernel, which works, ends all the same.
    until(lambda: len(kernels()) == 1, "the kernel of a page that vanished ends")
    assert again.get_by_role("button", name="Paint with care").is_enabled()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_visitor_paints_a_region(browser: Any, studio: str, tmp_path: Path, width: int) -> None:
    """What the page shows of the regions is what the kernel paints with."""
    with browsing.watched_page(browser, width, 844) as page:
        open_studio(page, studio)
        page.get_by_label("Longer side").select_option("128 pixels")
        page.get_by_label("Colours").select_option("the photo's, only lightness is painted")
        page.get_by_role("button", name="More settings").click()
        page.get_by_label("How long").select_option("10 steps at each size")
        page.get_by_label("Styles", exact=True).select_option("one for each region")
        drag(page, ((0.3, 0.3), (0.6, 0.7)))
        page.get_by_label("Style of red").wait_for()
        rest = page.get_by_label("Style of blue")
        until(lambda: rest.input_value().startswith("none"), "the rest keeps the photo, and says so")
        page.get_by_label("Paint blue").check()
        drag(page, ((0.5, 0.3), (0.4, 0.6)))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shown = canvas_pixels(page)
        page.get_by_role("button", name="Paint with care").click()
        page.locator(".nst-message", has_text="Finished").wait_for()
        page.get_by_text("The call that repeats it").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download mask.png").click()
        mask = np.asarray(Image.open(download.value.path()).convert("RGB"), float)
        assert mask.shape == shown.shape
        assert (np.abs(mask - shown).max(-1) < 128).mean() > 0.985, "all but the edges"
        page.get_by_role("button", name="Undo").click()
        until(lambda: red(canvas_pixels(page)) > red(shown), "the blue stroke is gone")
        page.get_by_role("button", name="Clear").click()
        until(lambda: red(canvas_pixels(page)) == 0, "both are gone")
        assert page.outside == [] and page.errors == []
        page.close(run_before_unload=True)


def drag(page: Any, path: tuple[tuple[float, float], ...]) -> None:
    """Draw on the canvas, along points in shares of its width and height."""
    canvas = page.locator(".nst-canvas canvas")
    canvas.scroll_into_view_if_needed()
    until(lambda: canvas_pixels(page)[..., 2].any(), "the mask is on the canvas")
    box = canvas.bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in path]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def canvas_pixels(page: Any) -> np.ndarray:
    """What is drawn on the canvas, shape (height, width, 3)."""
    width, height, flat = page.locator(".nst-canvas canvas").evaluate(
        "e => [e.width, e.height, [...e.getContext('2d').getImageData(0, 0, e.width, e.height).data]]"
    )
    return np.array(flat, float).reshape(height, width, 4)[..., :3]


def red(pixels: np.ndarray) -> int:
    """How many pixels are red."""
    return int((pixels[..., 0] > 200).sum())


BEGINNING = (
    ("radiogroup", "Choose a photo"),
    ("radiogroup", "Choose a style"),
    ("button", "Paint with care"),
)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_all_to_begin_with_is_in_one_view(browser: Any, studio: str, width: int, height: int) -> None:
    """A finished example, the photos, the styles and the button, before anything was scrolled."""
    with browsing.watched_page(browser, width, height) as page:
        open_studio(page, studio)
        page.get_by_alt_text("An example: cat in the style of swirls").wait_for()
        example = page.locator(".nst-show .nst-stage")  # it may just become the first look
        boxes = [page.get_by_role(role, name=name) for role, name in BEGINNING]
        for each in (example, *boxes):
            box = each.bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= height, each
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, each
        if width > 1000:
            box = example.bounding_box()
            assert box["x"] < width / 2 and box["x"] + box["width"] > 0.95 * width, "the right half is used"
        page.close(run_before_unload=True)


@pytest.mark.browser
def test_on_a_phone_the_run_stays_in_sight(browser: Any, studio: str) -> None:
    with browsing.watched_page(browser, 390, 844) as page:
        open_studio(page, studio)
        page.get_by_role("button", name="More settings").click()
        page.get_by_label("Longer side").select_option("128 pixels")
        page.get_by_label("How long").select_option("400 steps at each size")
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 3)")
        assert in_sight(page, page.get_by_role("button", name="Paint with care"))
        page.get_by_role("button", name="Paint with care").click()
        page.get_by_text("Painting at").wait_for()
        until(lambda: in_sight(page, page.locator(".nst-show .nst-stage")), "it scrolls to what is painted")
        for place in (0, 300, 10_000):
            page.evaluate(f"scrollTo(0, {place})")
            for each in (page.get_by_role("button", name="Stop"), page.locator(".nst-progress")):
                assert in_sight(page, each), place
            assert in_sight(page, page.locator(".nst-message"))
        page.get_by_role("button", name="Stop").click()
        page.locator(".nst-message", has_text="Stopped after").wait_for()
        page.close(run_before_unload=True)


def in_sight(page: Any, part: Any) -> bool:
    """Whether a part is in the window as a whole."""
    box, height = part.bounding_box(), page.viewport_size["height"]
    return bool(box and box["y"] >= -1 and box["y"] + box["height"] <= height + 1)


FOCUSED = "(e => e.getAttribute('aria-label') || e.textContent)(document.activeElement)"


@pytest.mark.browser
def test_the_keyboard_comes_to_generate_in_five_steps(page: Any, studio: str) -> None:
    open_studio(page, studio)
    page.get_by_role(
        "button", name="Upload a photo or film", exact=True
    ).wait_for()  # no count behind its name
    stops = []
    for _ in range(5):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
        seen = page.evaluate("""() => {
            const e = document.activeElement, style = getComputedStyle(e.closest('.nst-thumb') || e);
            return [style.outlineStyle, parseFloat(style.outlineWidth)];
        }""")
        assert seen[0] != "none" and seen[1] >= 2, "the focus is seen"
    assert stops == ["Upload a photo or film", "cat", "Upload a style", "swirls", "Paint with care"]
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED) == "Upload a style"
    page.keyboard.press("Tab")
    for key, name in (("ArrowRight", "wash"), ("ArrowRight", "waves"), ("ArrowLeft", "wash")):
        page.keyboard.press(key)
        first_look(page, "cat", name)
        assert page.evaluate(FOCUSED) == name, "the focus stays in the group"
    assert page.get_by_role("slider", name="Style strength").count() == 1
    page.close(run_before_unload=True)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_what_is_clicked_is_large_enough_for_a_finger(browser: Any, studio: str, width: int) -> None:
    with browsing.watched_page(browser, width, 844) as page:
        open_studio(page, studio)
        page.get_by_role("button", name="More settings").click()
        page.get_by_label("Variation").wait_for()
        page.get_by_label("Styles", exact=True).select_option("one for each region")
        page.locator(".nst-canvas").wait_for()
        targets = "button, select, a, summary, .nst-thumb, .nst-tools label, input[type=number]"
        found = page.locator(".nst-studio").evaluate(
            """(studio, targets) => [...studio.querySelectorAll(targets)]
                .filter(each => each.getClientRects().length)
                .map(each => [each.textContent, each.getBoundingClientRect()])
                .map(([text, box]) => [text, box.width, box.height])""",
            targets,
        )
        assert len(found) > 30
        for text, wide, high in found:
            assert wide >= 44 and high >= 44, (text, wide, high)
        handle = page.get_by_role("slider", name="Style strength")
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for x, y in ((-21, 0), (21, 0), (0, -21), (0, 21)):
            hit = "([x, y]) => document.elementFromPoint(x, y).closest('.noUi-handle') !== null"
            assert page.evaluate(hit, [middle[0] + x, middle[1] + y]), (x, y)
        page.close(run_before_unload=True)


@pytest.mark.browser
def test_a_page_asks_before_it_drops_a_run_and_keeps_what_was_painted(page: Any, studio: str) -> None:
    open_studio(page, studio)
    page.reload()  # without a run nothing is asked
    page.get_by_role("button", name="Paint with care").wait_for()
    page.get_by_role("button", name="More settings").click()
    page.get_by_label("Longer side").select_option("128 pixels")
    page.get_by_label("How long").select_option("400 steps at each size")
    page.get_by_role("button", name="Paint with care").click()
    page.get_by_text("Painting at").wait_for()
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("setTimeout(() => location.reload())")
    until(lambda: page.wait_for_timeout(100) or asked == ["beforeunload"], "it asks")
    before = status(page)
    until(lambda: status(page) != before, "whoever stays sees the run go on")
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    page.get_by_role("button", name="Paint with care").wait_for()
    assert asked == ["beforeunload"] * 2
    results(page).first.wait_for()
    results(page).first.click()
    page.get_by_alt_text("Result: cat in the style of swirls").wait_for()
    page.locator(".nst-facts summary").first.click()
    page.get_by_text("when its page was closed").wait_for()
    assert page.errors == []
    page.close(run_before_unload=True)


LAST_ON_THE_LEFT, LAST_ON_THE_RIGHT = "Variation", "works out strokes and detail"
WINDOWS = ((1280, 800), (390, 844))  # a laptop's and a phone's


def lines_of_the_page(page: Any, address: str) -> list[list[str]]:
    """The lines of the Studio's texts with all settings unfolded, for each of WINDOWS."""
    open_studio(page, address)
    page.get_by_role("button", name="More settings").click()
    page.get_by_text(LAST_ON_THE_LEFT).wait_for()
    page.get_by_text(LAST_ON_THE_RIGHT).wait_for()
    found = []
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        found.append(page.locator("main").evaluate(browsing.LINES))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    return found


@pytest.mark.browser
def test_the_page_is_the_same_whatever_fonts_a_machine_has(browser: Any, studio: str, tmp_path: Path) -> None:
    seen = {}
    with browsing.browsers_with_other_fonts(browser, tmp_path) as machines:
        for fonts, machine in machines.items():
            with browsing.watched_page(machine) as page:
                seen[fonts] = lines_of_the_page(page, studio)
                assert browsing.check_letters(page) > 40
                controls = (
                    page.locator(".nst-studio")
                    .locator("button, input, select")
                    .evaluate_all("all => all.map(each => getComputedStyle(each).fontFamily.split(',')[0])")
                )
                assert set(controls) == {'"Course Text"'}, "what the browser draws itself has them too"
                page.close(run_before_unload=True)
    assert seen["none"] == seen["DejaVu"]
    assert [len(lines) > 20 for lines in seen["none"]] == [True, True]


def test_the_letters_hold_every_character_of_the_studio() -> None:
    held = characters(TEXT) | characters(CODE)
    folder = Path(server.__file__).parent
    files = [path for path in folder.rglob("*") if path.suffix in (".py", ".css", ".js", ".html", ".j2")]
    assert len(files) > 10
    for path in files:
        text = path.read_text(encoding="utf-8")
        text += "".join(chr(int(code, 16)) for code in re.findall(r"\\([0-9A-Fa-f]{4})\b", text))  # of CSS
        missing = set(text) - held - {"\n"}
        assert not missing, f"{path.name}: {missing}: add them to nstlib.fonts.RANGES"


def test_a_page_that_says_what_went_wrong_has_the_letters_too(studio: str) -> None:
    unasked = urllib.request.Request(studio, data=b"", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(unasked, timeout=browsing.PATIENCE)
    page = caught.value.read().decode()
    assert 'font-family: "Course Text"' in page and "font: 16px/1.5 'Course Text'" in page


@pytest.mark.browser
def test_a_second_studio_leaves_the_first_its_thumbnails(page: Any) -> None:
    """Each brings the style sheet along, which in a notebook then stands behind the pictures of the first."""
    source = display.address(pictures.Picture("cat", "cat").thumbnail(20))
    shown = display.thumbnails("Choose a photo", "one", [("cat", source)])
    page.set_content(f'{display.stylesheet()}<div class="nst-studio">{shown}</div>{display.stylesheet()}')
    assert page.locator(".nst-thumb img").evaluate("e => [e.src, e.naturalWidth]") == [source, 20]


@pytest.mark.browser
def test_a_page_that_lost_its_kernel_says_so(page: Any, studio: str) -> None:
    open_studio(page, studio)
    lost = page.locator("#nst-lost")
    assert lost.is_hidden()
    page.route("**/api/kernels/**", lambda route: route.fulfill(status=404, body=""))
    for _ in range(2):  # it asks every few seconds, and whenever the page is looked at again
        with page.expect_response("**/api/kernels/**"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    lost.wait_for()
    page.unroute("**/api/kernels/**")
    page.get_by_role("link", name="Open the page again").click()
    page.get_by_role("button", name="Paint with care").wait_for()
    assert lost.is_hidden()
    page.close(run_before_unload=True)
    until(lambda: len(kernels()) == 0, "its farewell ends the kernel")  # before the browser ends, too


def answer(address: str, **headers: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, headers=headers), timeout=browsing.PATIENCE
        ) as got:
            return got.status, got.geturl()
    except urllib.error.HTTPError as error:
        return error.code, address


def test_another_name_for_this_machine_is_not_served(studio: str) -> None:
    assert answer(studio, Host="evil.example") == (403, studio)
    assert len(kernels()) == 0


@pytest.mark.browser
def test_another_sites_page_starts_no_kernel(page: Any, studio: str, tmp_path: Path) -> None:
    parts = f'<img src="{studio}/?a"><iframe src="{studio}/?b"></iframe><a href="{studio}">Studio</a>'
    (tmp_path / "index.html").write_text(parts)

    def serve(port: int) -> list[str]:
        return [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(tmp_path)]

    (tmp_path / "log").mkdir()
    statuses: list[int] = []
    page.on("response", lambda got: statuses.append(got.status) if got.url.startswith(studio) else None)
    with browsing.server(serve, tmp_path / "log", page="/") as other:
        page.goto(other, wait_until="load")
        assert set(statuses) == {403} and len(kernels()) == 0
        page.get_by_role("link", name="Studio").click()  # a link may lead here from anywhere
        page.get_by_role("button", name="Paint with care").wait_for()
    page.close(run_before_unload=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="listens on all addresses, which firewalls ask about")
def test_elsewhere_than_on_loopback_a_token_is_needed(tmp_path: Path) -> None:
    with browsing.server(
        command("--host", "0.0.0.0"), tmp_path, page=READY, NSTLIB_STUDIO=str(tmp_path)
    ) as address:
        said = (tmp_path / "server.log").read_text()
        assert "can be reached from other machines" in said
        status_code, where = answer(address)
        assert "/login" in where and len(kernels()) == 0, (status_code, where)
        (token,) = re.findall(r"\?token=(\w+)", said)
        assert answer(f"{address}/?token={token}")[0] == 200 and len(kernels()) == 1
    assert len(kernels()) == 0, "the server takes its kernels with it"


def test_the_next_free_port_is_taken(studio: str, tmp_path: Path) -> None:
    taken, log = int(studio.rsplit(":", 1)[1]), tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command()(taken), stdout=output, stderr=subprocess.STDOUT)
    try:
        until(lambda: b"Ctrl-C" in log.read_bytes(), "it starts")
        (port,) = re.findall(r"at http://127\.0\.0\.1:(\d+)/", log.read_text())
        assert int(port) != taken and answer(f"http://127.0.0.1:{port}{READY}")[0] == 200
    finally:
        browsing.stop(process)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), WINDOWS)
def test_the_stage_follows_the_choices_and_is_kept(
    browser: Any, studio: str, width: int, height: int
) -> None:
    with browsing.watched_page(browser, width, height) as page:
        open_studio(page, studio)
        first_look(page, "cat", "swirls")
        pick(page, "coffee")
        pick(page, "waves")
        first_look(page, "coffee", "waves")
        stage = page.locator(".nst-show .nst-stage img")
        seen = [stage.get_attribute("src")]
        strength = page.get_by_role("slider", name="Style strength")
        strength.focus()
        for key in ("ArrowLeft", "Home"):
            page.keyboard.press(key)
            until(lambda: stage.get_attribute("src") not in seen, f"the stage follows {key}")
            page.wait_for_timeout(1000)
            seen.append(stage.get_attribute("src"))
        page.get_by_label("Styles", exact=True).select_option("two, mixed")
        page.get_by_alt_text("coffee in the style of waves and circles, a first look").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        with page.expect_download() as download:
            page.get_by_role("button", name="Keep this one").click()
        picture = Image.open(download.value.path())
        assert picture.text["outcome"] == "painted in one pass" and max(picture.size) == 384  # type: ignore[attr-defined]
        page.get_by_alt_text("Result: coffee in the style of waves and circles").wait_for()
        assert page.outside == [] and page.errors == []
        page.close(run_before_unload=True)


@pytest.fixture(scope="module")
def with_camera(browser: Any) -> Iterator[Any]:
    """Chromium with a camera that shows a moving pattern, and asks nobody."""
    flags = [f"--use-fake-{what}-for-media-stream" for what in ("device", "ui")]
    started = browsing.launch(browser.browser_type, *flags)
    yield started
    started.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), WINDOWS)
def test_a_photograph_is_taken_in_the_page(with_camera: Any, studio: str, width: int, height: int) -> None:
    with browsing.watched_page(with_camera, width, height) as page:
        open_studio(page, studio)
        for number, seconds in (("", 0.2), (" (2)", 1.5)):  # of the same moment it would be the same picture
            page.get_by_role("button", name="Use the camera").click()
            take = page.get_by_role("button", name="Take the picture")
            take.wait_for()
            page.wait_for_function(
                "s => document.querySelector('.nst-film video').currentTime > s", arg=seconds
            )
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            filming = page.evaluate_handle("document.querySelector('.nst-film video').srcObject")
            take.click()
            first_look(page, f"photograph.jpg{number}", "swirls")
            assert page.locator(".nst-film").count() == 0
            assert not filming.evaluate("stream => stream.active"), "the camera is off"
        assert page.outside == [] and page.errors == []
        page.close(run_before_unload=True)


@pytest.mark.browser
def test_a_camera_that_is_refused_says_what_to_do(with_camera: Any, studio: str) -> None:
    with browsing.watched_page(with_camera) as page:
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => "
            "{ throw new DOMException('refused', 'NotAllowedError'); }"
        )
        open_studio(page, studio)
        page.get_by_role("button", name="Use the camera").click()
        page.get_by_text("The camera is not allowed here: allow it in").wait_for()
        assert page.get_by_role("button", name="Take the picture").count() == 0
        page.get_by_role("button", name="Close the camera").click()
        assert page.locator(".nst-film").count() == 0
        page.close(run_before_unload=True)


@pytest.mark.browser
def test_without_a_camera_none_is_offered(browser: Any, studio: str) -> None:
    with browsing.watched_page(browser) as page:
        page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
        open_studio(page, studio)
        page.get_by_role("button", name="Upload a photo or film", exact=True).wait_for()
        assert page.get_by_role("button", name="Use the camera").count() == 0
        page.close(run_before_unload=True)


@pytest.mark.browser
def test_a_kernel_in_advance_becomes_a_pages(browser: Any, tmp_path: Path) -> None:
    """It learns whose page it is, and the next one takes its place."""
    results = {"NSTLIB_STUDIO": str(tmp_path / "results"), "TF_CPP_MIN_LOG_LEVEL": "3"}

    def line(port: int) -> list[str]:
        return [word for word in command()(port) if word != "--no-spare"]

    with browsing.server(line, tmp_path, page=READY, **results) as address:
        until(lambda: len(kernels()) == 1, "it starts before any page")
        in_advance = kernels()
        with browsing.watched_page(browser) as page:
            open_studio(page, address)
            first_look(page, "cat", "swirls")
            assert in_advance <= kernels(), "the page has it"
            assert len(kernels()) <= 2, "and started none; on a busy machine the next one may be here already"
            page.get_by_label("Longer side").select_option("128 pixels")
            with page.expect_download():
                page.get_by_role("button", name="Keep this one").click()
            until(lambda: bool(list(tmp_path.glob("results/*/*.png"))), "it is stored")
            (folder,) = (tmp_path / "results").iterdir()
            cookie = next(c["value"] for c in page.context.cookies() if c["name"] == server.COOKIE)
            assert folder.name == cookie, "in this visitor's gallery"
            page.close(run_before_unload=True)
        time.sleep(spare.SETTLED)
        until(lambda: len(kernels() - in_advance) == len(kernels()) == 1, "its has ended, the next is here")
    until(lambda: len(kernels()) == 0, "all kernels end with the server")


# --- films ----------------------------------------------------------------------------------------------


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A second of 12 frames, in which a lighter square moves to the right."""
    y, x = np.mgrid[0:72, 0:128]
    ground = np.stack([x, 2 * y, 128 - x], -1).astype("uint8")

    def pictures_of_it() -> Iterator[Frame]:
        for number in range(12):
            picture = ground.copy()
            picture[20:50, 4 * number : 4 * number + 30] = 230
            yield Frame(picture, Fraction(number, 12), Fraction(1, 12))

    save_film(pictures_of_it(), tmp_path / "walk.mp4", rate=12)
    return tmp_path / "walk.mp4"


PLAYER = "document.querySelector('video.nst-screen')"


def plays(page: Any, name: str) -> tuple[float, int, int]:
    """Wait for a film of this name to play; its seconds, its width and its height."""
    player = page.locator("video.nst-screen")
    until(lambda: player.get_attribute("aria-label") == name, name)
    page.wait_for_function(f"{PLAYER}.readyState >= 3 && {PLAYER}.currentTime > 0 && !{PLAYER}.paused")
    seen = page.evaluate(f"(v => [v.duration, v.videoWidth, v.videoHeight])({PLAYER})")
    assert page.evaluate(f"(v => v.controls && v.loop && v.muted)({PLAYER})")
    assert player.bounding_box()["width"] > 100
    return float(seen[0]), int(seen[1]), int(seen[2])


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), WINDOWS)
def test_a_visitor_paints_a_film(browser: Any, studio: str, film: Path, width: int, height: int) -> None:
    with browsing.watched_page(browser, width, height) as page:
        open_studio(page, studio)
        page.get_by_label("Longer side").select_option("128 pixels")
        upload(page, "photo", film)
        first_look(page, "walk.mp4", "swirls")
        assert page.get_by_role("radio", name="walk.mp4, film", exact=True).is_checked()
        assert not page.get_by_role("button", name="Keep this one").is_visible()

        # By keyboard: the button, and the player with what stands below it.
        page.get_by_role("button", name="Paint the film").focus()
        page.keyboard.press("Enter")
        page.locator(".nst-message", has_text="Finished, in").wait_for()
        assert plays(page, "Result: walk.mp4 in the style of swirls") == (pytest.approx(1, abs=0.05), 128, 72)
        page.locator("video.nst-screen").focus()
        page.keyboard.press(" ")
        page.wait_for_function(f"{PLAYER}.paused")
        large_enough_for_a_finger(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        with page.expect_download() as download:
            page.get_by_role("link", name="Download MP4").click()
        assert re.fullmatch(r"walk-swirls-\d+\.mp4", download.value.suggested_filename)
        painted = open_film(download.value.path())
        assert (painted.size, painted.count, painted.rate) == ((128, 72), 12, 12)
        browsing.check_letters(page)

        # A photo is on the stage again, and no film is heard behind it.
        pick(page, "coffee")
        first_look(page, "coffee", "swirls")
        page.get_by_role("button", name="Paint with care").wait_for()
        assert not page.locator("video.nst-screen").is_visible()
        page.wait_for_function(f"{PLAYER}.readyState === 0")

        # It is among the results of the page that is opened again.
        page.reload()
        page.get_by_role("button", name="Paint with care").wait_for()
        results(page).first.wait_for()
        assert results(page).first.get_by_role("radio").get_attribute("aria-label").endswith(", film")
        results(page).first.click()
        assert plays(page, "Result: walk.mp4 in the style of swirls")[0] == pytest.approx(1, abs=0.05)
        assert page.outside == [] and page.errors == []
        page.close(run_before_unload=True)


def large_enough_for_a_finger(page: Any) -> None:
    found = page.locator(".nst-show").evaluate(
        """show => [...show.querySelectorAll('button, a, summary, video')]
            .filter(each => each.getClientRects().length)
            .map(each => [each.textContent, each.getBoundingClientRect().height])"""
    )
    assert len(found) >= 5
    for text, high in found:
        assert high >= 44, text


@pytest.mark.browser
def test_the_first_second_plays_while_the_rest_is_painted_and_stop_keeps_a_film(
    page: Any, studio: str, film: Path
) -> None:
    ten_times = [frame for _ in range(10) for frame in open_film(film).frames()]
    frames = (Frame(f.image, Fraction(n, 12), Fraction(1, 12)) for n, f in enumerate(ten_times))
    save_film(frames, film.parent / "long walk.webm", rate=12)
    open_studio(page, studio)
    upload(page, "photo", film.parent / "long walk.webm")
    first_look(page, "long walk.webm", "swirls")
    page.get_by_role("button", name="Paint the film").click()
    first_second = "long walk.webm in the style of swirls, its first second"
    assert plays(page, first_second) == (pytest.approx(1, abs=0.05), 384, 216)
    known = r"Painting: \d+ of 120 pictures, (about \d+ s|about \d+ min|estimating the time) left\."
    page.locator(".nst-message", has_text=re.compile(known)).wait_for()
    page.get_by_role("button", name="Stop").click()
    page.locator(".nst-message", has_text=re.compile(r"Stopped after \d+ of 120 pictures")).wait_for()
    seconds, *_ = plays(page, "Result: long walk.webm in the style of swirls")
    assert 1 <= seconds < 10
    assert page.locator(".nst-mark").inner_text() == "stopped"
    page.close(run_before_unload=True)


@pytest.mark.browser
def test_what_is_no_film_is_refused_in_one_sentence_and_the_page_goes_on(
    page: Any, studio: str, film: Path
) -> None:
    open_studio(page, studio)
    (film.parent / "broken.mp4").write_bytes(film.read_bytes()[:200])
    upload(page, "photo", film.parent / "broken.mp4")
    error = page.locator(".nst-error")
    error.wait_for()
    assert re.fullmatch(r"broken\.mp4 cannot be used\. [^.]+; choose a film [^.]+\.", error.inner_text())
    page.get_by_role("button", name="Paint with care").wait_for()
    with (film.parent / "large.mp4").open("wb") as large:
        large.truncate(films.MOST_FILM_BYTES + 1_000_000)
    upload(page, "photo", film.parent / "large.mp4")
    page.get_by_text("large.mp4 cannot be used. It has 101.0 MB, more than the 100 MB").wait_for()
    upload(page, "photo", film)
    page.get_by_role("button", name="Paint the film").wait_for()
    page.close(run_before_unload=True)


@pytest.mark.browser
def test_a_film_of_nearly_the_most_bytes_arrives(page: Any, studio: str, film: Path) -> None:
    content, most = film.read_bytes(), films.MOST_FILM_BYTES - 1_000_000
    room = most - len(content) - 8
    (film.parent / "large.mp4").write_bytes(content + (room + 8).to_bytes(4, "big") + b"free" + bytes(room))
    open_studio(page, studio)
    upload(page, "photo", film.parent / "large.mp4")
    first_look(page, "large.mp4", "swirls")
    page.get_by_role("button", name="Paint the film").wait_for()
    page.close(run_before_unload=True)
