"""The live page as a visitor meets it: one file, from a disk, in a Chromium that may ask for no other."""

import base64
import contextlib
import importlib.util
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import browsing
import numpy as np
import pytest
from PIL import Image

import nstlib as nst
from nstlib.cli import main
from nstlib.live import parts, writing

ROOT = Path(__file__).resolve().parent.parent
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
SOFTWARE_GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
SIZE = 128  # longer side of what is compared; the page offers no smaller one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page and its licences, written once."""
    made: Path = tmp_path_factory.mktemp("live") / "site"
    assert main(["live", "-o", str(made)]) == 0
    return made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser with a camera that is none, and WebGL that is computed."""
    with browsing.browser(*CAMERA, *SOFTWARE_GL) as made:
        yield made


@pytest.fixture
def visit(chromium: Any, folder: Path) -> Iterator[Any]:
    """Open the page, from the disk; it must ask for nothing else and fail nowhere."""
    pages = []
    address = (folder / "index.html").as_uri()

    def go(backend: str = "wasm", width: int = 1280, height: int = 800, script: str = "") -> Any:
        page = contexts.enter_context(browsing.watched_page(chromium, width, height))
        pages.append(page)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.add_init_script(script)
        page.goto(f"{address}#backend={backend}")
        until(page, "document.getElementById('status').textContent !== 'Getting ready'")
        return page

    with contextlib.ExitStack() as contexts:
        yield go
        for page in pages:
            asked = [url for url in page.requests if not url.startswith(("data:", "blob:"))]
            assert {url.partition("#")[0][:200] for url in asked} == {address}
            assert not page.outside
            assert not page.errors


def until(page: Any, condition: str, seconds: float = browsing.PATIENCE) -> None:
    """Wait for a condition. The page's policy forbids what Playwright's own waiting does: evaluating text."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, f"not within {seconds} s: {condition}; {page.inner_text('#status')}"
        time.sleep(0.05)


def file_of(image: np.ndarray, name: str) -> dict[str, Any]:
    """An image as a PNG that a visitor chooses."""
    stream = io.BytesIO()
    Image.fromarray((image[0] * 255).round().astype("uint8")).save(stream, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": stream.getvalue()}


def at_rest(page: Any) -> None:
    """Wait until what was chosen last is painted whole."""
    until(page, "!document.getElementById('frame').classList.contains('busy')")


def painting(page: Any) -> np.ndarray:
    """What the page shows, once it is at rest, shape (1, H, W, 3), in [0, 1]."""
    at_rest(page)
    address = page.evaluate("document.getElementById('canvas').toDataURL()")
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    return np.asarray(picture.convert("RGB"), "float32")[None] / 255


def slide(page: Any, name: str, value: int) -> None:
    """Bring a slider to a value, as an arrow key does."""
    page.evaluate(
        "([id, value]) => { const it = document.getElementById(id); it.value = value;"
        " it.dispatchEvent(new Event('input', { bubbles: true })); }",
        [name, value],
    )


def message(page: Any) -> str:
    """The sentence that says what went wrong."""
    until(page, "!document.getElementById('trouble').hidden")
    return str(page.inner_text("#trouble span"))


def rounded(image: Any) -> np.ndarray:
    """As a file of 8 bits holds it."""
    return (np.asarray(image) * 255).round() / 255


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return rounded(nst.load_image("astronaut", SIZE)).astype("float32")[:, :102]


@pytest.fixture(scope="module")
def style() -> np.ndarray:
    return rounded(nst.load_image("marbling", 384)).astype("float32")


def choose(page: Any, photo: np.ndarray, style: np.ndarray | None = None) -> None:
    """Bring a photograph and a style of one's own, at the size they have."""
    slide(page, "size", SIZE)
    page.set_input_files("#file", file_of(photo, "me.png"))
    if style is not None:
        page.set_input_files(".thumb.add input", file_of(style, "mine.png"))


# --- the file ------------------------------------------------------------------------------------------


def test_the_engine_was_built_from_its_sources() -> None:
    spec = importlib.util.spec_from_file_location("build_live", ROOT / "tools" / "build_live.py")
    assert spec and spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    first = writing.ENGINE.read_text("utf-8").partition("\n")[0]
    assert first == tool.banner(), "tools/live changed: run python tools/build_live.py"


def test_the_engine_is_small_and_can_stand_in_a_page() -> None:
    text = writing.ENGINE.read_text("utf-8")
    assert len(text) < 2_000_000
    assert "</script" not in text.lower()
    assert "<!--" not in text


def test_the_page_is_one_file_that_names_no_other(folder: Path) -> None:
    text = (folder / "index.html").read_text("utf-8")
    assert not re.search(r"\{\{\w+\}\}", text)
    for address in re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']+)""", text.partition("<script")[0]):
        assert address.startswith("data:")
    assert not re.search(r"@import|url\((?!data:)", text.partition("</style>")[0])
    assert sorted(path.name for path in folder.iterdir()) == ["LICENCES.txt", "index.html"]


def test_the_licences_name_all_that_is_inside(folder: Path) -> None:
    text = (folder / "LICENCES.txt").read_text("utf-8")
    for name in (
        *parts.PHOTOS[:1],
        "Chelsea",
        "TENSORFLOW.JS",
        "XNNPACK",
        "EMSCRIPTEN",
        "SIL Open Font",
        "Apache License",
    ):
        assert name.lower() in text.lower()
    assert "non-commercial" in text


def test_packed_weights_lose_nothing() -> None:
    arrays, _ = parts.page_weights()
    table, text = parts.packed(arrays)
    numbers = np.frombuffer(base64.b64decode(text), "<f2").astype("float32")
    assert [name for name, _ in table] == list(arrays)
    np.testing.assert_array_equal(numbers, np.concatenate([array.ravel() for array in arrays.values()]))


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page").write_text("")
    assert main(["live", "-o", str(tmp_path / "page")]) == 1
    assert "is a file; give a folder" in capsys.readouterr().err
    assert main(["live", "-o", str(tmp_path / "page" / "inside")]) == 1
    assert "Cannot make" in (err := capsys.readouterr().err) and "Errno" not in err


# --- what it paints ------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_finished_painting_is_there_before_any_script_has_run(chromium: Any, folder: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    box = page.locator("#painting").bounding_box()
    assert box["width"] > 500
    shot = Image.open(io.BytesIO(page.locator("#painting").screenshot())).convert("RGB")
    wanted = nst.paint_once(nst.load_image(writing.FIRST["photo"], 512), writing.FIRST["style"])
    seen = np.asarray(shot.resize(wanted.shape[2:0:-1]), "float32")[None] / 255
    assert np.abs(seen - wanted).mean() < 0.05  # JPEG, and enlarged by the browser
    context.close()


@pytest.mark.browser
def test_it_paints_as_python_does(visit: Any, photo: np.ndarray, style: np.ndarray) -> None:
    page = visit()
    choose(page, photo, style)
    assert page.is_checked("[name=style] >> nth=0")
    difference = np.abs(painting(page) - nst.paint_once(photo, style))
    assert difference.mean() < 1 / 255
    assert difference.max() < 4 / 255  # at the borders too
    assert f"{SIZE} × {photo.shape[1]} · processor" in page.inner_text("#status")


@pytest.mark.browser
@pytest.mark.parametrize("strength", [0, 10, 60])
def test_strength_is_that_of_python(visit: Any, photo: np.ndarray, style: np.ndarray, strength: int) -> None:
    page = visit()
    choose(page, photo, style)
    slide(page, "strength", strength)
    expected = nst.paint_once(photo, style, strength=strength / 100)
    assert np.abs(painting(page) - expected).mean() < 1 / 255


@pytest.mark.browser
def test_colours_kept_are_those_of_python(visit: Any, photo: np.ndarray, style: np.ndarray) -> None:
    page = visit()
    choose(page, photo, style)
    page.check("#keep")
    expected = nst.paint_once(photo, style, colors="luminance")
    assert np.abs(painting(page) - expected).mean() < 1 / 255


@pytest.mark.browser
def test_a_mixture_of_two_of_its_styles_is_that_of_python(visit: Any, photo: np.ndarray) -> None:
    page = visit()
    choose(page, photo)
    page.check("[name=style][value=waves]")
    page.check("[name=well][value='1']")
    page.check("[name=style][value=gold]")
    assert page.input_value("#share") == "50"  # a style that was chosen shows
    slide(page, "share", 30)
    expected = nst.paint_once(photo, ["waves", "gold"], blend=[0.7, 0.3])
    assert np.abs(painting(page) - expected).mean() < 1 / 255


@pytest.mark.browser
@pytest.mark.parametrize("backend", ["webgl", "cpu"])
def test_the_other_backends_paint_the_same(visit: Any, photo: np.ndarray, backend: str) -> None:
    page = visit(backend)
    choose(page, photo[:, :32])
    expected = nst.paint_once(photo[:, :32], writing.FIRST["style"])
    assert np.abs(painting(page) - expected).mean() < 1 / 255


@pytest.mark.browser
def test_a_large_picture_is_sketched_first_and_then_worked_out(visit: Any) -> None:
    page = visit()
    page.evaluate(
        "window.widths = []; new MutationObserver(() => widths.push(document.getElementById('canvas').width))"
        ".observe(document.getElementById('status'), { childList: true })"
    )
    slide(page, "size", 640)
    page.check("[name=photo][value=coffee]")
    at_rest(page)
    widths = page.evaluate("widths")
    assert widths[-1] == 640
    assert widths[0] < 640


# --- a visitor -----------------------------------------------------------------------------------------


@pytest.mark.browser
def test_the_camera_is_painted_frame_after_frame_and_the_last_one_stays(visit: Any) -> None:
    page = visit()
    slide(page, "size", SIZE)
    page.click("#camera")
    until(page, "document.getElementById('status').textContent.includes('a second')")
    shot = "document.getElementById('canvas').toDataURL()"
    first = page.evaluate(shot)
    until(page, f"{shot} !== {first!r}")
    page.click("#camera")
    at_rest(page)
    assert page.get_attribute("#camera", "aria-pressed") == "false"
    kept = page.evaluate(shot)
    page.check("[name=style][value=waves]")  # the frame is a picture like any other now
    until(page, f"{shot} !== {kept!r}")


REFUSED = "navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{}'); }};"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (REFUSED.format("NotAllowedError"), "The camera was refused"),
        (REFUSED.format("NotFoundError"), "no camera that the browser can find"),
        (REFUSED.format("NotReadableError"), "in use by another program"),
        (
            "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });",
            "no camera to this address",
        ),
    ],
)
def test_without_a_camera_a_sentence_says_what_to_do(visit: Any, script: str, sentence: str) -> None:
    page = visit(script=script)
    page.click("#camera")
    assert sentence in message(page)
    page.click("#trouble button")
    assert page.is_hidden("#trouble")


@pytest.mark.browser
def test_what_is_no_picture_gets_a_sentence_and_the_next_picture_takes_it_away(
    visit: Any, photo: np.ndarray
) -> None:
    page = visit()
    page.set_input_files("#file", {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"})
    assert message(page) == "“notes.txt” is not a picture that this browser can read. Try a JPEG or PNG file."
    page.set_input_files("#file", file_of(photo[:, :20, :20], "dot.png"))
    until(page, "document.querySelector('#trouble span').textContent.includes('20 x 20 pixels')")
    choose(page, photo)
    at_rest(page)
    assert page.is_hidden("#trouble")


# Pictures arrive as files in an event that scripts cannot make; this makes one with a file in it.
GIVE = """
([kind, where, text]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], 'given.png', { type: 'image/png' }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === 'paste' ? new ClipboardEvent(kind, { ...options, clipboardData: data })
    : new DragEvent(kind, { ...options, dataTransfer: data });
  document.querySelector(where).dispatchEvent(event);
}
"""


@pytest.mark.browser
def test_pictures_can_be_pasted_and_dropped(visit: Any, photo: np.ndarray, style: np.ndarray) -> None:
    page = visit()
    slide(page, "size", SIZE)
    given = base64.b64encode(file_of(photo, "x")["buffer"]).decode()
    page.evaluate(GIVE, ["paste", "body", given])
    until(page, "document.getElementById('canvas').getAttribute('aria-label').startsWith('given.png')")
    page.evaluate(GIVE, ["dragover", "body", given])
    assert page.is_visible("#drop")
    dropped = base64.b64encode(file_of(style, "x")["buffer"]).decode()
    page.evaluate(GIVE, ["drop", "#drop [data-as=style]", dropped])
    until(page, "document.getElementById('canvas').getAttribute('aria-label').endsWith('style of given.png')")
    assert page.is_hidden("#drop")
    assert np.abs(painting(page) - nst.paint_once(photo, style)).mean() < 1 / 255


@pytest.mark.browser
def test_the_painting_can_be_saved(visit: Any, photo: np.ndarray, tmp_path: Path) -> None:
    page = visit()
    choose(page, photo)
    shown = painting(page)
    with page.expect_download() as waiting:
        page.click("#save")
    assert waiting.value.suggested_filename == f"me-png-{writing.FIRST['style']}.png"
    waiting.value.save_as(tmp_path / "saved.png")
    with Image.open(tmp_path / "saved.png") as saved:
        np.testing.assert_array_equal(np.asarray(saved.convert("RGB"), "float32")[None] / 255, shown)


# Keeps the context of WebGL at hand in the worker, which a page cannot look into.
KEEP_GL = """
const before = `const get = OffscreenCanvas.prototype.getContext;
  OffscreenCanvas.prototype.getContext = function (...of) {
    return (self.gl = get.apply(this, of) ?? self.gl);
  };`;
window.Blob = class extends Blob {
  constructor(parts, options) {
    super(options?.type === 'text/javascript' ? [before, ...parts] : parts, options);
  }
};
"""


@pytest.mark.browser
def test_when_the_graphics_processor_is_taken_away_the_processor_goes_on(
    visit: Any, photo: np.ndarray
) -> None:
    page = visit("webgl", script=KEEP_GL)
    (worker,) = page.workers
    worker.evaluate("gl.getExtension('WEBGL_lose_context').loseContext()")
    choose(page, photo[:, :64])
    until(page, "document.getElementById('status').textContent.includes('was taken away')")
    expected = nst.paint_once(photo[:, :64], writing.FIRST["style"])
    assert np.abs(painting(page) - expected).mean() < 1 / 255


NO_WORKER = """
window.Worker = class {
  postMessage() { setTimeout(() => this.onerror({ message: 'none' })); }
  terminate() {}
};
"""


@pytest.mark.browser
def test_a_browser_with_nothing_to_compute_on_is_told(visit: Any) -> None:
    page = visit(script=NO_WORKER)
    assert "This browser cannot paint" in message(page)
    assert page.is_visible("#painting")


FOCUSED = "document.activeElement.id || document.activeElement.name || document.activeElement.ariaLabel"
STOPS = [
    *("split", "file", "camera", "save", "photo", "style", "A style picture of your own", "well", "share"),
    *("strength", "size", "keep", "openAbout"),
]


@pytest.mark.browser
def test_all_can_be_done_with_the_keyboard(visit: Any) -> None:
    page = visit()
    for stop in STOPS:
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) == stop
    page.focus("[name=style]:checked")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('[name=style]:checked').value") == writing.FIRST["second"]
    page.focus("#split")
    page.keyboard.press("End")
    assert page.evaluate("document.getElementById('frame').style.getPropertyValue('--split')") == "100%"
    page.focus("#openAbout")
    page.keyboard.press("Enter")
    assert "Apache License" in page.inner_text("#about pre")
    page.keyboard.press("Escape")
    assert page.is_hidden("#about")


SMALL_TARGETS = """
[...document.querySelectorAll('.button, .thumb, .well')]
  .filter((each) => each.offsetHeight && each.offsetHeight < 44)
  .map((each) => each.outerHTML)
"""


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844), (1920, 1080), (820, 1180)])
def test_it_fits(visit: Any, width: int, height: int) -> None:
    page = visit("wasm", width, height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("#painting", "#camera", "#save", "[name=style]"):
        box = page.locator(name).first.bounding_box()
        assert box["x"] >= 0
        assert box["y"] + box["height"] <= height, f"{name} is below the fold"
    assert not page.evaluate(SMALL_TARGETS)
    assert browsing.check_letters(page) > 10
