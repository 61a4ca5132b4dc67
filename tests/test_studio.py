"""The Studio without a browser: settings, uploads, the gallery, runs in their thread, the page's widgets."""

import ast
import asyncio
import dataclasses
import errno
import html
import inspect
import io
import json
import os
import re
import tempfile
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipywidgets
import numpy as np
import pytest
from PIL import Image

import nstlib as nst
from nstlib import cli, images, making, networks, recipes, samples
from nstlib.feedforward import once as one_pass
from nstlib.optimizers import METHODS, History, Progress, Stopping
from nstlib.recipes import Result
from nstlib.studio import Studio, display, filming, gallery, pictures, server, settings, spare
from nstlib.studio import brush as brushes
from nstlib.studio import films as studio_films
from nstlib.studio.controls import OF_A_RUN, TIPS, Controls
from nstlib.studio.filming import FilmJob, FilmSight, Footage, as_film
from nstlib.studio.films import Clip, Films, length
from nstlib.studio.gallery import Entry, Gallery, Record
from nstlib.studio.job import Clock, Job, Painter, Sight
from nstlib.studio.order import Order
from nstlib.studio.page import FAREWELL, USUAL_PHOTO, USUAL_STYLE
from nstlib.studio.picking import MOST_UPLOADS, Thumbnails
from nstlib.studio.placing import NO_STYLE
from nstlib.studio.preview import Ahead, Preview
from nstlib.studio.preview import Brush as QuickBrush
from nstlib.studio.settings import Settings
from nstlib.studio.styling import Choice, Styling
from nstlib.video import FilmProgress, Frame, open_film, save_film

SMALL = Settings(size=128, iterations=10)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tests' own folder for galleries."""
    monkeypatch.setenv("NSTLIB_STUDIO", str(tmp_path / "studio"))
    monkeypatch.delenv("HTTP_X_NST_VISITOR", raising=False)
    return tmp_path / "studio"


def picture_bytes(width: int = 90, height: int = 60, kind: str = "PNG", seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=kind)
    return buffer.getvalue()


def record(**changes: Any) -> Record:
    usual: dict[str, Any] = dict(
        photo="cat",
        style="swirls",
        photo_origin="sample",
        style_origin="sample",
        settings=SMALL,
        outcome="finished",
        seconds=3.1,
        made="2026-11-21 15:30",
    )
    return Record(**usual | changes)


def noise(side: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((1, side, side, 3), dtype=np.float32)


# --- settings -----------------------------------------------------------------------------------------------


def test_the_networks_on_offer_are_those_there_are() -> None:
    assert list(settings.NETWORKS) == networks.names()
    assert [n for n, size in settings.NETWORKS.items() if size == 0] == ["pocket_vgg"]
    assert list(settings.BY_PIP) == [name for name, plan in networks.PLANS.items() if plan.distribution]
    assert list(METHODS) == list(settings.OPTIMIZERS)


@pytest.mark.parametrize(
    ("name", "here", "label"),
    [
        ("pocket_vgg", None, "built in, small and quick"),
        ("vgg19", True, "VGG-19, the papers' own"),
        ("vgg19", False, "VGG-19, the papers' own (download of 80 MB)"),
        ("vgg16_edges", True, "VGG-16, trained on edges"),
        ("vgg16_edges", False, "VGG-16, trained on edges (pip install of 55 MB)"),
        ("vgg16_edges", None, "VGG-16, trained on edges (pip install of 55 MB, unless here already)"),
    ],
)
def test_the_menu_says_what_a_network_asks_for(name: str, here: bool | None, label: str) -> None:
    assert display.network_label(name, here) == label


def worded(chosen: Settings) -> dict[str, str]:
    """Settings as the page words them."""
    return {name: value for name, value, _ in display.described(chosen)}


def test_visitors_read_plain_words_and_the_terms_are_in_the_tips() -> None:
    assert list(settings.NETWORK_WORDS) == list(settings.NETWORKS)
    assert list(settings.OPTIMIZER_WORDS) == list(settings.OPTIMIZERS)
    terms = {*settings.NETWORKS, *settings.OPTIMIZERS, "noise", "seed", "optimiser", "iterations"}
    shown = [text for _, widget in Controls()._widgets.items() for text in texts(widget)]
    shown += [text for row in display.described(Settings()) for text in row[:2]]
    assert len(shown) > 40
    for text in shown:
        assert not terms & set(re.findall(r"[a-z0-9_]+", text)), text
    for setting, term in {
        "network": "pocket_vgg",
        "optimizer": "L-BFGS",
        "iterations": "Iterations",
        "seed": "seed",
        "strength": "content weight",
    }.items():
        assert term in TIPS[setting]
    tips = {name: tip for name, _, tip in display.described(Settings(seed=5))}
    assert (tips["Compared by"], tips["Method"]) == ("network pocket_vgg", "optimizer lbfgs")
    assert tips["Variation"] == "seed 5"


def texts(widget: Any) -> list[str]:
    """What a control shows beside its tip."""
    options = getattr(widget, "options", ())
    return [widget.description, *(label for label, _ in options)]


def test_the_usual_settings_are_the_librarys() -> None:
    library = {p.name: p.default for p in inspect.signature(recipes.transfer_style).parameters.values()}
    library |= {f.name: f.default for f in dataclasses.fields(recipes.RunOptions)}
    ours = Settings(start="recolored").keywords()
    del ours["size"]  # the library's depends on the photograph
    assert ours == {name: library[name] for name in ours}


def test_strength_divides_the_photos_weight() -> None:
    weights = [settings.content_weight(strength) for strength in range(101)]
    assert all(a > b for a, b in zip(weights, weights[1:], strict=False))
    assert weights[30] / weights[50] == pytest.approx(10, rel=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_settings_come_back_from_text(seed: int) -> None:
    pick = np.random.default_rng(seed)
    chosen = Settings(
        network=str(pick.choice(list(settings.NETWORKS))),
        size=int(pick.choice(settings.SIZES)),
        strength=int(pick.integers(101)),
        strokes=int(pick.choice(settings.STROKES)),
        colors=str(pick.choice(list(settings.COLOR_WORDS))),
        optimizer=str(pick.choice(settings.OPTIMIZERS)),
        iterations=settings.ITERATIONS[seed],
        start=str(pick.choice(settings.STARTS)),
        seed=int(pick.integers(settings.LARGEST_SEED)),
    )
    assert Settings.from_text(chosen.to_text() | {"photo": "cat"}) == chosen


def test_a_run_starts_as_the_library_does_and_says_so_in_words() -> None:
    usual = inspect.signature(nst.transfer_style).parameters["start"].default
    assert worded(Settings(start=usual))["Start from"] == "the photo in the style's colours"
    assert worded(Settings())["Start from"] == "the first look"
    assert {worded(Settings(start=s))["Start from"] for s in settings.STARTS} == {
        *settings.START_WORDS.values()
    }


@pytest.mark.parametrize(
    "change",
    [
        {"size": "9999"},
        {"network": "../x"},
        {"strength": "-1"},
        {"seed": "x"},
        {"start": "url"},
        {"iterations": "many"},
        {"iterations": "7"},
    ],
)
def test_settings_that_are_not_offered_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Settings.from_text(Settings().to_text() | change)


def test_iterations_are_as_usual_first_and_what_an_earlier_page_wrote_is_still_read() -> None:
    assert Controls().value.iterations == settings.ITERATIONS[0] == "auto"
    earlier = Settings.from_text(Settings().to_text() | {"iterations": "100"})
    assert earlier.keywords()["iterations"] == 100
    assert worded(earlier)["How long"] == "100 steps at each size"
    assert worded(Settings())["How long"] == "as usual"


def test_the_colours_on_offer_are_the_librarys_and_an_earlier_page_had_the_paintings() -> None:
    assert set(settings.COLOR_WORDS) < set(recipes.styles.COLORS)
    earlier = {name: text for name, text in Settings().to_text().items() if name != "colors"}
    assert Settings.from_text(earlier) == Settings()
    assert Settings().keywords()["colors"] == "style"
    assert worded(Settings(colors="content"))["Colours"] == "the photo's"
    with pytest.raises(ValueError, match="luminance"):
        Settings(colors="luminence")


NARROW = {
    # (photo, style) as (width, height), what is chosen, and what is advised
    "strokes are enough": ((90, 60), (900, 80), (128, 100), "a stroke size of 140 %"),
    "a larger result with larger strokes": (
        (90, 60),
        (3000, 70),
        (128, 100),
        "a longer side of 384 pixels and a stroke size of 200 %",
    ),
    "a larger result": ((900, 80), (90, 60), (128, 50), "a longer side of 192 pixels"),
    "both pictures": (
        (900, 80),
        (900, 40),
        (128, 100),
        "a longer side of 192 pixels and a stroke size of 200 %",
    ),
    "none": ((90, 60), (6000, 40), (768, 140), "one that is less narrow, or cut a part out of it"),
}


@pytest.mark.parametrize("case", NARROW)
def test_too_narrow_a_picture_is_told_in_the_words_of_the_page(case: str) -> None:
    photo, style, (size, strokes), advice = NARROW[case]
    sources = [picture_bytes(*shape, kind="JPEG") for shape in (photo, style)]

    def paint(size: int, strokes: int) -> None:
        keywords = Settings(size=size, strokes=strokes, iterations=10, optimizer="adam").keywords()

        def stop(now: Progress) -> None:
            raise KeyboardInterrupt

        Painter().recipe(*sources, keywords)(stop)

    with pytest.raises(ValueError) as caught:
        paint(size, strokes)
    message = str(caught.value)
    what, shape = ("photo", photo) if case in ("a larger result", "both pictures") else ("style", style)
    assert message.startswith(f"The {what} has {shape[0]} x {shape[1]} pixels, and "), message
    assert message.endswith(
        f"the network that compares them needs at least 16 on each side: choose {advice}."
    ), message
    assert "style_size" not in message and len(message) < 300
    if case == "none":
        return
    numbers = dict(re.findall(r"(longer side|stroke size) of (\d+)", message))
    larger, wider = int(numbers.get("longer side", size)), int(numbers.get("stroke size", strokes))
    paint(larger, wider)
    smaller = {(settings.SIZES[settings.SIZES.index(larger) - 1], wider)} if larger != size else set()
    smaller |= {(larger, settings.STROKES[settings.STROKES.index(wider) - 1])} if wider != strokes else set()
    for choice in smaller:
        with pytest.raises(ValueError, match="needs at least 16 on each side"):
            paint(*choice)


def test_the_call_holds_the_very_keywords() -> None:
    chosen = Settings(strength=70, strokes=50, start="noise", seed=7)
    lines = settings.call('my "best" photo.jpg', "swirls", chosen)
    (call,) = [n for n in ast.walk(ast.parse(lines)) if isinstance(n, ast.Call)]
    assert [ast.literal_eval(a) for a in call.args] == ['my "best" photo.jpg', "swirls"]
    assert {k.arg: ast.literal_eval(k.value) for k in call.keywords} == chosen.keywords()
    assert set(chosen.keywords()) > {"style_size"}


# --- pictures -----------------------------------------------------------------------------------------------


def test_bytes_are_read_as_their_file_is(tmp_path: Path) -> None:
    for kind in ("PNG", "JPEG"):
        content = picture_bytes(300, 200, kind)
        (tmp_path / "picture").write_bytes(content)
        from_file, from_bytes = (nst.load_image(s, 64) for s in (tmp_path / "picture", content))
        assert np.array_equal(from_file, from_bytes)


@pytest.mark.parametrize("value", [{}, (), None])
def test_an_empty_upload_holds_nothing(value: Any) -> None:
    assert pictures.uploaded(value) == []


def test_both_forms_of_an_upload_are_read() -> None:
    seven = {"a.png": {"metadata": {"name": "a.png"}, "content": b"x"}}
    eight = ({"name": "a.png", "type": "image/png", "size": 1, "content": memoryview(b"x")},)
    assert pictures.uploaded(seven) == pictures.uploaded(eight) == [("a.png", b"x")]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_an_upload_keeps_its_bytes_and_its_shape(kind: str) -> None:
    content = picture_bytes(300, 100, kind)
    picture = pictures.check_upload("wide.anything", content)
    assert picture.source == content
    assert Image.open(io.BytesIO(picture.thumbnail(90))).size == (90, 30)


def test_a_thumbnail_has_the_colours_that_are_painted_with() -> None:
    """The file of the rocket is in Adobe RGB."""
    small = images.load_image(pictures.Picture("rocket", "rocket").thumbnail(120))
    assert images.psnr(small, images.load_image("rocket", 120)) > 30


def bomb() -> bytes:
    """A picture of 30 bytes that says it has 400 megapixels."""
    header = bytearray(picture_bytes())
    header[16:24] = (20_000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    return bytes(header)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("photo.png", b"these are words", "not a picture"),
        ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "not a picture"),
        ("photo.jpg", b"", "empty"),
        ("photo.png", picture_bytes()[:200], "cannot be read"),
        ("photo.jpg", picture_bytes(kind="JPEG")[:600], "cannot be read"),
        ("photo.png", bomb(), "20000 x 20000 pixels, more than the 60 megapixels"),
        ("photo.bmp", picture_bytes(2900, 2900, "BMP"), "25.2 MB, more than the 24 MB"),
        ("photo.png", picture_bytes(20, 400), "at least 32"),
    ],
)
def test_a_bad_upload_is_refused_in_one_sentence(name: str, content: bytes, says: str) -> None:
    with pytest.raises(ValueError) as refused:
        pictures.check_upload(name, content)
    text = str(refused.value)
    assert text.startswith(f"{name} cannot be used.") and says in text and "\n" not in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\me.jpg", "me.jpg"),
        ("a\nb\x00.png", "ab.png"),
        ("", "a file without a name"),
        ("x" * 300, "x" * 59 + "…"),
    ],
)
def test_a_name_is_shown_without_its_folders(name: str, shown: str) -> None:
    assert pictures.shown_name(name) == shown


def test_a_download_is_on_offer_only_where_it_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSTLIB_CACHE", str(tmp_path))
    before = {p.name for kind in ("photo", "style") for p in pictures.offered(kind)}
    assert before == {*samples.names("photo"), *samples.names("style")} - {*pictures.TEXTURES}
    for painting in ("starry_night", "tubingen"):
        (tmp_path / samples.PAINTINGS[painting].file).write_bytes(picture_bytes(kind="JPEG"))
    (tmp_path / samples.PAINTINGS["the_scream"].file).write_bytes(b"half a fi")
    assert {p.name for p in pictures.offered("style")} - before == {"starry_night"}
    offered = [p.name for p in pictures.offered("photo")]
    assert set(offered) - before == {"tubingen"}
    assert offered[:2] == ["astronaut", "grace_hopper"]
    assert offered[-1] == "tubingen"


# --- the gallery --------------------------------------------------------------------------------------------


def test_a_result_outlives_the_gallery_object(folder: Path) -> None:
    image, origin = noise(), "file sha256:00"
    made = record(photo="Grüße 写真.jpg", photo_origin=origin, settings=Settings(seed=5))
    entry = gallery.of_visitor(None).add(gallery.encode(image, made), picture_bytes(kind="JPEG"), made)
    (found,) = gallery.of_visitor(None).entries()
    assert found == entry and found.record == made
    stored = Image.open(io.BytesIO(gallery.of_visitor(None).png(entry.key)))
    assert np.array_equal(np.asarray(stored), images.to_uint8(image))
    assert gallery.of_visitor(None).photo(entry.key) == picture_bytes(kind="JPEG")


def test_the_png_says_all_settings_to_anyone() -> None:
    made = record(
        settings=Settings(strength=65, optimizer="adam"), outcome="stopped after 3 of 200 iterations"
    )
    text = Image.open(io.BytesIO(gallery.encode(noise(), made))).text  # type: ignore[attr-defined]
    for name, value in dataclasses.asdict(made.settings).items():
        assert text[name] == str(value)
    assert (text["photo"], text["style"], text["outcome"]) == ("cat", "swirls", made.outcome)
    assert "nst.transfer_style" in text["call"]


def test_a_png_of_the_studio_repeats_itself_to_the_bit(tmp_path: Path) -> None:
    result = Painter().recipe("cat", "swirls", SMALL.keywords())(lambda now: None)
    (tmp_path / "out.png").write_bytes(gallery.encode(result.image, record(), result.making))
    assert making.read(tmp_path / "out.png") == result.making
    with Image.open(tmp_path / "out.png") as stored:
        assert Record.from_text(images.notes_in(stored)) == record()
    again = nst.repeat(tmp_path / "out.png", progress=False)
    assert np.array_equal(again.image, result.image)


def test_a_png_of_an_older_studio_holds_settings_too(tmp_path: Path) -> None:
    """It has the lines of Python that make it, and nothing else to repeat it by."""
    chosen = Settings(strength=70, strokes=50, start="noise", seed=7)
    made = record(photo='my "best" photo.jpg', settings=chosen)
    (tmp_path / "old.png").write_bytes(gallery.encode(noise(), made))
    how = making.read(tmp_path / "old.png")
    assert (how.recipe, how.settings) == ("transfer_style", chosen.keywords())
    assert [how.pictures[name].name for name in ("content", "style")] == ['my "best" photo.jpg', "swirls"]


def test_without_a_home_results_are_kept_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NSTLIB_STUDIO")
    monkeypatch.setattr(Path, "home", nobody)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    assert gallery.root().is_relative_to(tmp_path.resolve())
    fill(gallery.of_visitor(None), 1)
    assert len(gallery.of_visitor(None).entries()) == 1


def fill(kept: Gallery, count: int) -> list[Entry]:
    return [kept.add(gallery.encode(noise(seed=i), record()), b"photo", record()) for i in range(count)]


def test_beyond_the_number_kept_the_oldest_goes(folder: Path) -> None:
    small = Gallery(folder / "local", kept=3)
    made = fill(small, 5)
    assert small.entries() == made[:1:-1]
    assert sorted(p.stem for p in small.folder.iterdir()) == sorted([e.key for e in made[2:]] * 2)


def test_what_cannot_be_deleted_does_not_hinder_a_new_result(folder: Path) -> None:
    small = Gallery(folder / "local", kept=1)
    (small.folder / "20200101-000000-000000-0000.png").mkdir(parents=True)
    made = fill(small, 2)
    assert small.entries() == made[1:]


def test_a_result_that_cannot_be_written_leaves_no_photo(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, write = gallery.of_visitor(None), Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.suffix == ".png":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left on device; nothing was changed"):
        fill(here, 1)
    assert list(here.folder.iterdir()) == []


def test_broken_and_foreign_files_are_passed_over(folder: Path) -> None:
    here = gallery.of_visitor(None)
    (good,) = fill(here, 1)
    whole, key = here.png(good.key), "20200101-000000-000000-00{:02x}"
    plain, large = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "PNG")
    Image.new("RGB", (5000, 8)).save(large, "PNG")
    lies = whole.replace(b"pocket_vgg", b"pocket_vg!")
    endless = gallery.encode(noise(), record(seconds=float("nan")))
    broken = [whole[:-300], b"", b"GIF89a", plain.getvalue(), large.getvalue(), lies, endless]
    for number, content in enumerate(broken):
        (here.folder / f"{key.format(number)}.png").write_bytes(content)
    (here.folder / "holiday.png").write_bytes(whole)
    (here.folder / f"{key.format(99)}.png").mkdir()
    assert here.entries() == [good]
    assert (here.folder / "holiday.png").is_file()


def test_a_result_can_be_deleted_twice(folder: Path) -> None:
    here = gallery.of_visitor(None)
    first, second = fill(here, 2)
    here.delete(first.key)
    here.delete(first.key)
    assert here.entries() == [second] and len(list(here.folder.iterdir())) == 2
    with pytest.raises(OSError):
        here.png(first.key)
    assert here.photo(first.key) is None


@pytest.mark.parametrize("key", ["../x", "", "/etc/passwd", "20200101-000000-000000-00zz"])
def test_a_key_cannot_leave_the_folder(key: str) -> None:
    for use in (Gallery(Path("x")).png, Gallery(Path("x")).photo, Gallery(Path("x")).delete):
        with pytest.raises(ValueError, match="not the key"):
            use(key)


@pytest.mark.parametrize(
    "visitor", ["", "local", "../" + "0" * 29, "0" * 31, "0" * 33, "G" * 32, "0" * 32 + "\n"]
)
def test_only_an_identifier_names_a_visitors_folder(visitor: str, folder: Path) -> None:
    with pytest.raises(ValueError, match="identifier"):
        gallery.of_visitor(visitor)
    assert gallery.of_visitor("0a" * 16).folder == folder / ("0a" * 16)


def test_nothing_is_stored_where_nothing_can_be(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(OSError):
        fill(gallery.of_visitor(None), 1)


# --- more styles than one -----------------------------------------------------------------------------------

SWIRLS, WAVES = pictures.Picture("swirls", "swirls"), pictures.Picture("waves", "waves")


def strokes_mask() -> bytes:
    """A mask of 96 x 64 pixels: a red stroke across a blue one."""
    stroke = "red 300 0 200 1000 200"
    return brushes.png(brushes.paint(brushes.blank(96, 64), brushes.read_strokes(stroke)))


CHOICES = {
    "one": Choice("one", (("", SWIRLS),)),
    "mixed": Choice("mixed", (("", SWIRLS), ("", WAVES)), 30),
    "by region": Choice("by region", (("blue", None), ("red", WAVES)), mask=strokes_mask()),
}


@pytest.mark.parametrize("form", CHOICES)
def test_styles_come_back_from_a_png(form: str) -> None:
    made = record(styling=CHOICES[form].styling())
    stored = images.notes_in(Image.open(io.BytesIO(gallery.encode(noise(), made))))
    assert Record.from_text(stored) == made
    assert ("styles" in stored) == (form != "one"), "one style leaves the PNG as it was"


@pytest.mark.parametrize(
    ("form", "title", "described"),
    [
        ("one", "cat in the style of swirls", []),
        ("mixed", "cat in the style of swirls and waves", [("Styles", "70 % swirls, 30 % waves")]),
        (
            "by region",
            "cat in the style of waves",
            [("Style of blue", "none, the photo"), ("Style of red", "waves")],
        ),
    ],
)
def test_styles_are_named_in_words(form: str, title: str, described: list[tuple[str, str]]) -> None:
    made = record(styling=CHOICES[form].styling())
    assert made.title == title and made.styling.described() == described
    shown = display.comparison(Entry("", made), gallery.encode(noise(), made), None)
    assert all(value in shown for _, value in described)
    assert ('download="mask.png"' in shown) == (form == "by region")


@pytest.mark.parametrize("form", CHOICES)
def test_the_call_makes_the_picture_of_the_page(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names stand in the call where the page has the pictures, and mask.png for the mask."""
    monkeypatch.chdir(tmp_path)
    choice = CHOICES[form]
    (tmp_path / "mask.png").write_bytes(choice.mask)
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture_bytes(96, 64))
    style, more = choice.arguments()
    begin = SMALL.one_pass() | more
    here = Painter().recipe(photo.read_bytes(), style, SMALL.keywords() | more, begin)(lambda now: None)
    call = record(photo=str(photo), styling=choice.styling()).call()
    assert np.array_equal(here.image, made_by(call)["result"].image)


def made_by(call: str) -> dict[str, Any]:
    """What the lines of a call make, whose last one is a run."""
    names: dict[str, Any] = {}
    exec("\n    progress=False,\n)".join(call.rsplit("\n)", 1)), names)
    return names


@pytest.mark.parametrize(
    "text",
    [
        '{"form": "three", "share": 5, "parts": []}',
        '{"form": "mixed", "share": 101, "parts": []}',
        '{"form": "mixed"}',
        "[",
        '{"form": "mixed", "share": 5, "parts": [["x"]]}',
    ],
)
def test_styles_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Styling.from_text({"styles": text})


def test_strokes_are_painted_where_they_were_drawn() -> None:
    strokes = brushes.read_strokes("red 100 250 500\nred 100 500 500 750 500\nblue 50 750 500")
    mask = np.asarray(brushes.paint(brushes.blank(200, 100), strokes))
    is_red = (mask == (255, 0, 0)).all(-1)
    assert ((mask == (0, 0, 255)).all(-1) | is_red).all(), "no colour in between"
    y, x = np.mgrid[0:100, 0:200]
    dot = (x - 50) ** 2 + (y - 50) ** 2
    assert is_red[dot < 8**2].all() and not is_red[(dot > 12**2) & (x < 80)].any(), "20 pixels wide, round"
    assert is_red[45:56, 105:140].all() and not is_red[:, 165:].any()
    assert not is_red[50, 150], "painted over in blue"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "red",
        "green 10 1 1",
        "red ten 1 1",
        "red 0 5 5",
        "red 10 5",
        "red 10 \u00b2 5",
        "\x00",
        "red -4 5 5",
    ],
)
def test_what_is_no_stroke_is_passed_over(text: str) -> None:
    assert brushes.read_strokes(f"{text}\nred 10 5 5") == [brushes.Stroke("red", 10, ((5, 5),))]


def test_numbers_of_a_stroke_are_bounded() -> None:
    (stroke,) = brushes.read_strokes(f"red 9{'9' * 30} 5 -{'9' * 30}")
    assert stroke == brushes.Stroke("red", 2000, ((5, -1000),))


# --- a run in its thread ------------------------------------------------------------------------------------


def progress(iteration: int, size: int = 64, share: float = 0.0) -> Progress:
    return Progress(iteration, 100, size, 1.0, {}, noise(8, iteration), None, share)


class Brush:
    """Stands for a recipe: it paints an iteration each time it is let, and ends as the recipes do."""

    def __init__(self, error: Exception | None = None) -> None:
        self.strokes, self.error, self.made = threading.Semaphore(0), error, 0
        self.began, self.ending = threading.Event(), "all 3 iterations done"

    def __call__(self, callback: Callable[[Progress], None]) -> Result:
        history = History(stopped=self.ending)
        history.stopping = Stopping.DIVERGED if "not finite" in self.ending else Stopping.DONE
        self.began.set()
        try:
            for number in range(1, 4):
                assert self.strokes.acquire(timeout=180)
                if self.error:
                    raise self.error
                history.add(number, 64, 1.0, {}, 0.1)
                self.made = number
                callback(progress(number, share=number / 3))
        except KeyboardInterrupt:
            history.stop(Stopping.INTERRUPTED, f"interrupted after {number} iterations")
        return Result(noise(64), history, {}, {"iterations": [3]}, 0.3)

    def paint(self, count: int = 1) -> None:
        self.strokes.release(count)
        until(lambda: self.made >= count)


def until(happened: Callable[[], bool], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "this did not happen"
        time.sleep(0.01)


def test_a_job_shows_how_far_it_is_and_ends_with_the_result() -> None:
    brush = Brush()
    job = Job(brush)
    assert job.look() == Sight() and job.running and job.result is None
    brush.paint(1)
    until(lambda: job.look().share > 0)
    seen = job.look()
    assert seen.size == 64 and seen.previews == 1 and seen.preview is not None
    brush.paint(3)
    until(lambda: not job.running)
    assert job.result is not None and job.result.history.stopped.startswith("all") and not job.error


def test_stop_keeps_what_was_painted() -> None:
    brush = Brush()
    job = Job(brush)
    brush.paint(1)
    until(lambda: job.look().share > 0)
    job.stop()
    assert job.stopping and job.running
    brush.paint(2)
    until(lambda: not job.running)
    assert job.result is not None and job.result.history.stopped == "interrupted after 2 iterations"


def test_stop_before_the_first_iteration_leaves_nothing() -> None:
    brush = Brush()
    job = Job(brush)
    job.stop()
    brush.strokes.release(3)
    until(lambda: not job.running)
    assert job.result is None and job.error == "" and brush.made == 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("Too small: take more."), "Too small: take more."),
        (MemoryError(), "not enough memory"),
        (ZeroDivisionError("one\ntwo"), "The run failed (ZeroDivisionError): one two"),
        (OSError("x" * 1000), "x" * 299 + "…"),
    ],
)
def test_an_error_becomes_a_sentence(error: Exception, says: str) -> None:
    brush = Brush(error)
    job = Job(brush)
    brush.strokes.release()
    until(lambda: not job.running)
    assert says in job.error and "\n" not in job.error and job.result is None


def test_the_time_left_follows_the_speed_at_this_size() -> None:
    clock = Clock()
    assert clock.left(progress(1, 64, 0.1), at=100.0) is None
    assert clock.left(progress(9, 64, 0.2), at=101.0) == pytest.approx(8.0)
    assert clock.left(progress(1, 128, 0.25), at=105.0) is None, "the size has changed, and with it the speed"
    assert clock.left(progress(11, 128, 0.5), at=107.0) == pytest.approx(4.0)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "scipy"])
def test_the_share_grows_to_the_whole_and_the_callback_can_stop(optimizer: str, pocket: Any) -> None:
    shares: list[float] = []

    def watch(now: Progress) -> None:
        shares.append(now.share)
        if stop_at and len(shares) == stop_at:
            raise KeyboardInterrupt

    keywords: dict[str, Any] = dict(
        network=pocket, size=64, sizes=[32, 64], iterations=[2, 3], progress=False
    )
    stop_at = 0
    nst.transfer_style("cat", "swirls", **keywords, optimizer=optimizer, callback=watch)
    assert shares == sorted(set(shares)) and shares[-1] == pytest.approx(1.0) and len(shares) == 5
    assert shares[1] < 0.2, "the small size is a small part of the work"
    shares, stop_at = [], 2
    stopped = nst.transfer_style("cat", "swirls", **keywords, optimizer=optimizer, callback=watch)
    assert stopped.history.stopped.startswith("interrupted") and max(stopped.image.shape) == 64


# --- the page -----------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_preview(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Only the tests that are about it paint while choices are made."""
    if "quick" not in request.fixturenames:
        monkeypatch.setattr(Ahead, "look", lambda _: None)


def apart(do: Callable[[], Any]) -> Any:
    """Call something in a thread of its own; in the tests' thread Playwright leaves a loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(do).result()


def on_the_page(path: Callable[[Studio], Awaitable[None]]) -> None:
    """Do something on a page in an event loop, as a kernel has one."""

    async def visit() -> None:
        await path(Studio())

    apart(lambda: asyncio.run(visit()))


async def over(page: Studio, seconds: float = 180) -> None:
    """Wait for the page to notice that its run has ended."""
    end = time.monotonic() + seconds
    while page.job is not None:
        assert time.monotonic() < end, page.status.value
        await asyncio.sleep(0.05)


@pytest.fixture
def brush(monkeypatch: pytest.MonkeyPatch) -> Iterator[Brush]:
    """The page's recipe, in the hands of the test."""
    made = Brush()
    monkeypatch.setattr(Painter, "recipe", lambda *_: made)
    yield made
    made.strokes.release(1000)


def upload(picker: Any, name: str, content: bytes) -> None:
    """What a front end sends, in ipywidgets 8 and in 7."""
    upload_widget(picker.upload, name, content)


def upload_to(button: Any, name: str, content: bytes) -> None:
    upload_widget(button.widget, name, content)


def pick(thumbnails: Thumbnails, number: int) -> None:
    """What a front end sends when a visitor chooses one."""
    thumbnails.picked.set_state({"value": str(number)})


def upload_widget(widget: Any, name: str, content: bytes) -> None:
    sent = memoryview(content)
    if isinstance(widget.value, tuple):
        file = {"name": name, "type": "", "size": len(content), "last_modified": 0, "content": sent}
        widget.set_state({"value": [file]})
    else:
        more = widget._counter + 1
        widget.set_state({"_counter": more, "metadata": [{"name": name}], "data": [sent]})


def test_a_run_from_an_upload_to_a_result_that_the_call_repeats(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "holiday.jpg"
    photo.write_bytes(picture_bytes(300, 200, "JPEG"))
    previews: set[str] = set()
    watch = Job._watch

    def unhurried(job: Job, now: Progress) -> None:
        """A fast machine would be done before the page has looked."""
        watch(job, now)
        until(lambda: any("being painted" in text for text in previews))

    monkeypatch.setattr(Job, "_watch", unhurried)

    async def path(page: Studio) -> None:
        page.stage.observe(lambda change: previews.add(change["new"]), names="value")
        upload(page.photo_picker, "holiday.jpg", photo.read_bytes())
        page.controls.value = SMALL
        page.generate()
        assert page.generate_button.disabled and not page.stop_button.disabled
        assert "Preparing" in page.status.value
        await over(page)
        assert "Finished" in page.status.value, page.status.value
        assert page.stop_button.disabled and not page.generate_button.disabled
        assert page.results.value is not None
        assert "holiday.jpg in the style of swirls" in page.stage.value

    on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert entry.record.photo == "holiday.jpg" and entry.record.photo_origin.startswith("file sha256:")
    again = made_by(entry.record.call().replace("'holiday.jpg'", repr(str(photo))))
    stored = Image.open(io.BytesIO(gallery.of_visitor(None).png(entry.key)))
    assert nst.psnr(np.asarray(stored), images.to_uint8(again["result"].image)) > 60
    kept_photo = gallery.of_visitor(None).photo(entry.key)
    assert kept_photo is not None and Image.open(io.BytesIO(kept_photo)).size == stored.size
    assert any("being painted" in text for text in previews)


def test_one_run_at_a_time(brush: Brush) -> None:
    async def path(page: Studio) -> None:
        page.generate()
        first = page.job
        page.generate()
        assert page.job is first
        brush.strokes.release(3)
        await over(page)

    on_the_page(path)
    assert len(gallery.of_visitor(None).entries()) == 1


def test_stop_makes_a_result_that_says_so(brush: Brush) -> None:
    async def path(page: Studio) -> None:
        page.generate()
        brush.paint(1)
        page.stop()
        assert page.stop_button.disabled and page.generate_button.disabled
        page.stop()
        brush.strokes.release()
        await over(page)
        assert "stopped" in page.stage.value

    on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert entry.record.outcome == "stopped after 2 of 3 iterations" and entry.record.stopped


def test_stop_while_it_compiles_says_that_there_is_nothing(brush: Brush) -> None:
    async def path(page: Studio) -> None:
        page.generate()
        page.stop()
        brush.strokes.release(3)
        await over(page)
        assert "before anything was painted" in page.status.value
        assert not page.generate_button.disabled

    on_the_page(path)
    assert gallery.of_visitor(None).entries() == []


def test_reset_brings_back_the_defaults_and_drops_the_run(brush: Brush) -> None:
    async def path(page: Studio) -> None:
        usual = (page.photo_picker.value, page.style_picker.value, page.controls.value)
        upload(page.photo_picker, "a.png", picture_bytes())
        upload(page.style_picker, "b.png", picture_bytes(seed=1))
        page.controls.value = Settings(size=128, strength=80, start="noise", seed=3)
        page.generate()
        brush.paint(1)
        page.reset()
        assert (page.photo_picker.value, page.style_picker.value, page.controls.value) == usual
        assert page.generate_button.disabled, "the thread has not ended yet"
        assert not page.photo_picker.choose("a.png", pictures.Picture("a.png", picture_bytes()).origin)
        brush.strokes.release(3)
        await over(page)
        assert not page.generate_button.disabled and page.results.value is None
        assert page.stage.value == page._waiting()

    on_the_page(path)
    assert gallery.of_visitor(None).entries() == []


@pytest.mark.parametrize("painted", [0, 1])
def test_a_kernel_that_ends_keeps_what_was_painted(brush: Brush, painted: int) -> None:
    """As when the page is closed or loaded again; before the first iteration there is nothing to keep."""

    async def path(page: Studio) -> None:
        page.generate()
        assert page.job is not None
        if painted:
            brush.strokes.release(painted)
        until(lambda: page.job is not None and page.job.look().previews == painted)
        threading.Timer(0.2, brush.strokes.release, [3]).start()  # the iteration it is at
        page.farewell()
        page.job.stop()

    on_the_page(path)
    entries = gallery.of_visitor(None).entries()
    outcome = "stopped after 2 of 3 iterations, when its page was closed"
    assert [entry.record.outcome for entry in entries] == [outcome] * painted


def test_a_run_registers_its_farewell_and_takes_it_back(
    brush: Brush, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered: list[Any] = []
    monkeypatch.setattr("atexit.register", registered.append)
    monkeypatch.setattr("atexit.unregister", registered.remove)

    async def path(page: Studio) -> None:
        page.generate()
        assert registered == [page.farewell] and "nst-running" in page._dom_classes
        brush.strokes.release(3)
        await over(page)
        assert not registered and "nst-running" not in page._dom_classes

    on_the_page(path)
    assert FAREWELL < server.ENDING / 2, "the server ends a kernel by force after half of it"


def test_a_new_page_finds_what_an_earlier_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nstlib.studio.page.LATE", (0.05,))

    async def path(page: Studio) -> None:
        assert page.results._thumbnails.options == []
        (entry,) = fill(gallery.of_visitor(None), 1)
        end = time.monotonic() + 30
        while not page.results._thumbnails.options:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        assert page.results._entries == [entry] and page.results.value is None

    on_the_page(path)


def test_the_example_is_what_the_usual_choices_make() -> None:
    """Otherwise tools/paint_studio_example.py has to paint it anew."""
    file = Path(display.__file__).parent / display.EXAMPLE
    with Image.open(file) as example:
        made = json.loads(example.info["comment"])
        size = example.size
    assert made == {"photo": USUAL_PHOTO, "style": USUAL_STYLE} | Settings().to_text()
    photo = images.load_image(USUAL_PHOTO, Settings().size)
    assert size == (photo.shape[2], photo.shape[1])
    painted, style = images.load_image(file), images.load_image(USUAL_STYLE, 384)
    assert nst.psnr(painted, photo) < 20, "it is not the photo"
    spread = [each.std((1, 2)).mean() for each in (painted, photo, style)]
    assert abs(spread[0] - spread[2]) < abs(spread[0] - spread[1]), "its contrast is the style's"


def test_the_stage_shows_an_example_and_then_what_is_chosen() -> None:
    page = apart(Studio)
    assert "An example: cat in the style of swirls" in page.stage.value
    pick(page.style_picker._thumbnails, 0)
    first = page.style_picker.value.name
    for kind, name in (("photo", "cat"), ("style", first)):
        assert f'alt="The chosen {kind}: {name}"' in page.stage.value
    assert f"cat in the style of {first}: the first look comes" in page.stage.value
    page.reset()
    assert "An example: cat in the style of swirls" in page.stage.value


def test_a_number_that_is_no_pictures_chooses_nothing() -> None:
    thumbnails = apart(Studio).photo_picker._thumbnails
    before = thumbnails.value
    for sent in ("999", "-1", "x", ""):
        thumbnails.picked.set_state({"value": sent})
        assert thumbnails.value == before
    thumbnails.disabled = True
    pick(thumbnails, 0)
    assert thumbnails.value == before and " disabled>" in thumbnails._pictures.value


def test_an_earlier_results_texture_comes_back() -> None:
    """It is a sample, though no photo that is offered."""
    page = apart(Studio)
    page._again(Entry("", record(photo="brick")))
    assert page.photo_picker.value.name == "brick" and "again" not in page.status.value
    page._again(Entry("", record(photo="no_such_sample")))
    assert "no_such_sample must be uploaded again" in page.status.value


def test_what_is_changed_during_a_run_is_not_in_its_record(brush: Brush) -> None:
    async def path(page: Studio) -> None:
        page.controls.value = SMALL
        page.generate()
        page.controls.value = Settings(strength=90)
        assert page.style_picker.choose("waves", "sample")
        brush.strokes.release(3)
        await over(page)

    on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert entry.record.settings == SMALL and entry.record.style == "swirls"


def test_after_an_error_the_page_goes_on(brush: Brush) -> None:
    async def path(page: Studio) -> None:
        brush.error = ValueError("The style <b>is</b> too narrow.")
        page.generate()
        brush.strokes.release()
        await over(page)
        assert 'role="alert"' in page.alert.value
        assert "The style &lt;b&gt;is&lt;/b&gt; too narrow." in page.alert.value
        brush.error = None
        page.generate()
        brush.strokes.release(3)
        await over(page)
        assert "Finished" in page.status.value and not page.alert.value

    on_the_page(path)


def test_a_complaint_during_a_run_stays_and_the_run_goes_on(brush: Brush) -> None:
    async def path(page: Studio) -> None:
        page.generate()
        brush.paint(1)
        upload(page.style_picker, "words.png", b"these are words")
        await asyncio.sleep(0.6)  # more than one look at the run
        assert "words.png cannot be used" in page.alert.value and "Painting" in page.status.value
        brush.strokes.release(2)
        await over(page)
        assert "words.png cannot be used" in page.alert.value, "there was no time to read it"
        assert "Finished" in page.status.value
        page.reset()
        assert not page.alert.value

    on_the_page(path)


def test_a_complaint_is_over_with_the_next_success(brush: Brush, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends well, another picture, an earlier result: whatever comes after it."""

    async def path(page: Studio) -> None:
        def complain() -> None:
            upload(page.style_picker, "words.png", b"these are words")
            assert "words.png cannot be used" in page.alert.value

        page.generate()
        complain()
        monkeypatch.setattr("nstlib.studio.page.READ_FOR", 0.0)
        brush.strokes.release(3)
        await over(page)
        assert not page.alert.value and "Finished" in page.status.value
        result = page.results._thumbnails
        for succeed in (
            lambda: pick(page.photo_picker._thumbnails, 0),
            lambda: pick(page.style_picker._thumbnails, 1),
            lambda: pick(result, 0),
            page.results._again.click,
            lambda: [pick(result, 0), page.results._delete.click(), complain(), page.results._delete.click()],
        ):
            complain()
            succeed()
            assert not page.alert.value

    on_the_page(path)


def test_a_picture_that_cannot_be_shown_does_not_lose_the_run(
    brush: Brush, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> str:
        raise ValueError("There is no paper left.")

    async def path(page: Studio) -> None:
        page.generate()
        monkeypatch.setattr(display, "preview", fail)
        brush.paint(1)
        brush.strokes.release(2)
        await over(page)
        assert not page.generate_button.disabled and page.results.value is not None

    on_the_page(path)


def test_a_run_that_diverged_does_not_count_as_finished(
    brush: Brush, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = "the loss was not finite after 2 iterations of adam; the best image so far is returned"
    monkeypatch.setattr(brush, "ending", reason)

    async def path(page: Studio) -> None:
        page.generate()
        brush.strokes.release(3)
        await over(page)
        assert "Finished" not in page.status.value and "not finite" in page.status.value

    on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert entry.record.stopped and "not finite" in entry.record.outcome


def test_a_result_that_cannot_be_stored_is_shown_all_the_same(brush: Brush, folder: Path) -> None:
    folder.write_text("a file where the folder should be")

    async def path(page: Studio) -> None:
        page.generate()
        brush.strokes.release(3)
        await over(page)
        assert "download it now" in page.alert.value and "Errno" not in page.alert.value
        assert "Cannot make the folder" in page.alert.value
        assert "nst-download" in page.stage.value and "data:image/png" in page.stage.value

    on_the_page(path)


def test_uploads_stand_beside_each_other() -> None:
    page = apart(Studio)
    for seed in (1, 2, 2):
        upload(page.photo_picker, "photo.png", picture_bytes(seed=seed))
    page.photo_picker.add("cat", picture_bytes(seed=3))
    names = [p.name for p in page.photo_picker._uploads]
    assert names == ["cat (2)", "photo.png (2)", "photo.png"]
    assert page.photo_picker.value.source == picture_bytes(seed=3)
    assert not page.photo_picker.upload.value, "the widget does not keep the bytes"


def test_more_uploads_than_are_kept_are_refused() -> None:
    page = apart(Studio)
    for seed in range(MOST_UPLOADS + 1):
        upload(page.photo_picker, f"{seed}.png", picture_bytes(seed=seed))
    assert "8 uploads are here already" in page.alert.value and page.photo_picker.value.name == "7.png"
    upload(page.photo_picker, "0.png", picture_bytes(seed=0))
    assert not page.alert.value and page.photo_picker.value.name == "0.png", "it is here already"


def test_a_bad_upload_changes_nothing_but_the_message() -> None:
    page = apart(Studio)
    before = page.photo_picker.value
    upload(page.photo_picker, "<i>.png", b"no picture")
    assert page.photo_picker.value == before
    assert "&lt;i&gt;.png cannot be used" in page.alert.value and 'role="alert"' in page.alert.value
    upload(page.photo_picker, "good.png", picture_bytes())
    assert not page.alert.value


def test_a_name_with_markup_is_only_text() -> None:
    page, evil = apart(Studio), "<img src=x onerror=alert(1)>.png"
    upload(page.photo_picker, evil, picture_bytes())
    made = record(photo=page.photo_picker.value.name, style='"><script>')
    shown = display.comparison(Entry("", made), gallery.encode(noise(), made), picture_bytes(kind="JPEG"))
    for text in (page.stage.value, page.photo_picker._thumbnails._pictures.value, shown):
        assert "x onerror" in text and "<img src=x" not in text and "<script" not in text


def test_again_brings_back_settings_and_pictures() -> None:
    page, content = apart(Studio), picture_bytes()
    upload(page.photo_picker, "mine.png", content)
    origin = page.photo_picker.value.origin
    chosen = Settings(size=256, strength=20)
    entry = Entry("", record(photo="mine.png", photo_origin=origin, style="waves", settings=chosen))
    page.photo_picker.choose("coffee", "sample")
    page._again(entry)
    assert page.photo_picker.value.source == content and page.style_picker.value.name == "waves"
    assert page.controls.value == chosen and "again" not in page.status.value
    page.reset()
    page._again(entry)
    assert "mine.png must be uploaded again" in page.status.value and page.controls.value == chosen


def captured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """What the page asks a painter for."""
    asked: list[tuple[Any, dict[str, Any]]] = []

    def recipe(_: Painter, photo: Any, style: Any, keywords: dict[str, Any], begin: Any) -> Any:
        asked.append((style, keywords))
        return Brush(ValueError("Enough."))

    monkeypatch.setattr(Painter, "recipe", recipe)
    return asked


def test_usual_choices_ask_for_what_the_page_always_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, page = captured(monkeypatch), apart(Studio)
    page.generate()
    assert asked == [("swirls", Settings().keywords())]
    assert page.placing.form.value == "one" and page.placing._mixed.layout.display == "none"
    assert page.placing.regions.box.layout.display == "none" and not page.placing.regions._canvas.value


def test_two_styles_are_mixed_in_their_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, page = captured(monkeypatch), apart(Studio)
    page.placing.form.value = "mixed"
    assert page.placing.second.value != page.style_picker.value, "another one than the first"
    upload(page.style_picker, "mine.png", picture_bytes())
    assert page.style_picker.value in [value for _, value in page.placing.second.options]
    page.style_picker.choose("swirls", "sample")
    page.placing.second.value = page.style_picker.find("waves", "sample")
    page.placing.share.value = 30
    page.generate()
    assert asked[0] == (["swirls", "waves"], Settings().keywords() | {"blend": [0.7, 0.3]})


def test_painted_regions_have_styles_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, page = captured(monkeypatch), apart(Studio)
    regions, page.placing.form.value = page.placing.regions, "by region"
    page.generate()
    assert not asked and "Paint a region on the photo" in page.alert.value
    regions._strokes.value = "red 300 100 100 900 900"
    assert [(name, p and p.name) for name, p in regions.parts] == [("blue", None), ("red", "swirls")]
    regions._menus["red"].value = NO_STYLE
    page.generate()
    assert not asked and "No region has a style" in page.alert.value
    regions._menus["red"].value = page.style_picker.find("waves", "sample")
    page.generate()
    ((style, keywords),) = asked
    assert style == {"red": "waves"}
    found = nst.read_regions(keywords["content_mask"])
    assert set(found.names) == {"red", "blue"} and 0.2 < found.share("red") < 0.6


def test_strokes_can_be_undone_and_belong_to_their_photo() -> None:
    page = apart(Studio)
    regions, page.placing.form.value = page.placing.regions, "by region"
    before, empty = regions._canvas.value, regions.mask
    regions._strokes.value = "red 300 100 100 900 900\nblue 100 500 500"
    assert regions._canvas.value == before, "the page has drawn the stroke itself"
    two = regions.mask
    regions._undo.click()
    assert regions.mask not in (two, empty) and regions._canvas.value != before
    regions._clear.click()
    assert regions.mask == empty and regions._undo.disabled
    regions._strokes.value = "red 300 100 100 900 900"
    page.photo_picker.choose("coffee", "sample")
    assert not regions._strokes.value and not regions._menus


def test_a_mask_from_a_file_names_its_regions() -> None:
    page = apart(Studio)
    regions, page.placing.form.value = page.placing.regions, "by region"
    width, height = regions._shape(page.photo_picker.value)
    mask = Image.new("RGB", (width, height), "#804000")
    mask.paste((0, 255, 0), (0, 0, width // 2, height))
    mask.paste((255, 255, 255), (0, 0, width // 4, height))
    upload_to(regions.upload, "mask.png", brushes.png(mask))
    assert not page.alert.value and list(regions._menus) == ["#804000", "green", "white"]
    for name, bad, says in (
        ("tall.png", brushes.png(mask.resize((60, 200))), "tall.png cannot be used. The mask has 60 x 200"),
        ("many.png", picture_bytes(width, height), "looks like a photograph"),
        ("words.png", b"these are words", "words.png cannot be used. This file is not a picture"),
    ):
        upload_to(regions.upload, name, bad)
        assert says in page.alert.value and list(regions._menus) == ["#804000", "green", "white"]


def test_again_brings_back_the_styles() -> None:
    page = apart(Studio)
    shape = page.placing.regions._shape(page.photo_picker.value)
    stroke = brushes.read_strokes("red 300 0 200 1000 200")
    mask = brushes.png(brushes.paint(brushes.blank(*shape), stroke))
    masked = Choice("by region", (("blue", None), ("red", WAVES)), mask=mask)
    for choice in (CHOICES["mixed"], masked, CHOICES["one"]):
        page._again(Entry("", record(styling=choice.styling())))
        assert not page.alert.value and "again" not in page.status.value
        assert page.placing.value.styling() == choice.styling()
    gone = Styling("mixed", 40, (("", "swirls", "sample"), ("", "mine.png", "file sha256:00")))
    page._again(Entry("", record(styling=gone)))
    assert "mine.png must be uploaded again" in page.status.value and page.placing.share.value == 40
    page.reset()
    assert page.placing.value.form == "one" and not page.placing.regions._strokes.value


def test_the_gallery_opens_and_deletes(folder: Path) -> None:
    first, second = fill(gallery.of_visitor(None), 2)
    page = apart(Studio)
    buttons = page.results._thumbnails
    assert [value for _, value in buttons.options] == [second, first] and page.results.value is None
    buttons.value = first
    assert page.stage.value.count("data:image/png") == 1
    page.results._delete.click()
    assert page.results._delete.description == "Delete for good?"
    assert len(gallery.of_visitor(None).entries()) == 2
    buttons.value = second
    assert page.results._delete.description == "Delete", "another result asks again"
    page.results._delete.click()
    page.results._delete.click()
    assert gallery.of_visitor(None).entries() == [first] and page.results.value is None


def test_a_result_deleted_elsewhere_is_missed_politely() -> None:
    (entry,) = fill(gallery.of_visitor(None), 1)
    page = apart(Studio)
    gallery.of_visitor(None).delete(entry.key)
    page.results._thumbnails.value = entry
    assert "no longer there" in page.alert.value
    assert page.results._thumbnails.options == []


def test_visitors_do_not_see_each_others_results(monkeypatch: pytest.MonkeyPatch) -> None:
    fill(gallery.of_visitor("a" * 32), 1)
    counts = []
    for visitor in ("a" * 32, "b" * 32):
        monkeypatch.setenv("HTTP_X_NST_VISITOR", visitor)
        counts.append(len(apart(Studio).results._thumbnails.options))
    assert counts == [1, 0]


def every(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


def test_everything_has_a_name() -> None:
    fill(gallery.of_visitor(None), 1)
    page = apart(Studio)
    page.results._thumbnails.value = page.results._entries[0]
    for widget in every(page):
        if isinstance(widget, ipywidgets.HTML):
            pictures_in = re.findall(r"<img[^>]*>", widget.value)
            decoration = 'class="nst-thumb"' in widget.value  # the label beside it says what it shows
            alt = r'alt="[^"]*"' if decoration else r'alt="[^"]+"'
            assert all(re.search(alt, tag) for tag in pictures_in)
            assert all("aria-label=" in tag for tag in re.findall(r"<input[^>]*>", widget.value))
        elif hasattr(widget, "description") and not isinstance(widget, ipywidgets.FloatProgress):
            assert widget.description, widget


def test_the_page_asks_for_no_network() -> None:
    app = Path(server.APP)
    files = [*app.rglob("*.html"), *app.rglob("*.j2"), app.parent / "studio.css"]
    assert len(files) >= 3
    for file in files:
        assert not re.search(r"(https?:)?//\w", file.read_text(encoding="utf-8").replace("// ", "")), file


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (7.6, "8 s"), (42, "40 s"), (88, "90 s"), (100, "2 min"), (600, "10 min")],
)
def test_durations_are_no_finer_than_they_are_known(seconds: float, words: str) -> None:
    assert display.duration(seconds) == words


# --- the server ---------------------------------------------------------------------------------------------


def test_a_kernel_is_ended_once_its_page_has_been_away_for_long() -> None:
    absences = server.Absences(linger=30, opening=120)
    assert list(absences.overdue({"new": 0, "open": 1}, 0)) == []
    assert list(absences.overdue({"new": 0, "open": 0}, 10)) == []
    assert list(absences.overdue({"new": 0, "open": 0}, 35)) == []
    assert list(absences.overdue({"new": 0, "open": 0}, 41)) == ["open"]
    assert list(absences.overdue({"new": 0, "open": 1}, 50)) == [], "its page came back"
    assert list(absences.overdue({"new": 0, "open": 0}, 60)) == []
    assert list(absences.overdue({"new": 0, "open": 0}, 121)) == ["new", "open"]


@pytest.mark.parametrize(
    ("site", "place", "refused"),
    [
        (None, None, False),
        ("none", "document", False),
        ("cross-site", "document", False),
        ("same-origin", "iframe", False),
        ("cross-site", "image", True),
        ("same-site", "iframe", True),
        ("cross-site", "empty", True),
    ],
)
def test_the_page_is_not_put_into_another_sites(site: str | None, place: str | None, refused: bool) -> None:
    sent = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": place}
    assert server.embedded({name: value for name, value in sent.items() if value}) == refused


@pytest.mark.parametrize(
    ("host", "only_here"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("192.168.1.2", False),
        ("", False),
    ],
)
def test_what_counts_as_this_machine(host: str, only_here: bool) -> None:
    assert server.is_loopback(host) == only_here


def test_kernels_write_into_the_folder_that_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PYTHONPATH", "TF_CPP_MIN_LOG_LEVEL"):  # to be put back: `serve` sets them
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("NSTLIB_STUDIO", "here")
    monkeypatch.chdir(tmp_path)
    inherited: list[str] = []

    class Server:
        def initialize(self, arguments: list[str]) -> None:
            pass

        def start(self) -> None:
            inherited.append(os.environ["NSTLIB_STUDIO"])

    monkeypatch.setattr(server, "make_server", lambda **_: Server())
    server.serve()
    assert inherited == [str(tmp_path.resolve() / "here")] and inherited[0] in capsys.readouterr().out


def test_ports_beyond_the_last_are_not_tried() -> None:
    """The system takes a number modulo 65536: another port would listen than the one announced."""
    pytest.importorskip("voila")
    made = server.make_server(host="127.0.0.1", port=65530, browser=False, linger=30)
    tried = list(made.random_ports(65530, 51))
    assert 65530 in tried and all(0 < port <= 65535 for port in tried)


def test_any_free_port_is_chosen_before_it_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def made(*, port: int, **_: Any) -> Any:
        asked.append(port)
        raise ModuleNotFoundError("Enough.")

    monkeypatch.setattr(server, "make_server", made)
    for port in (0, 8123):
        with pytest.raises(ModuleNotFoundError):
            server.serve(port=port, browser=False)
    assert asked[0] > 0 and asked[1] == 8123
    with pytest.raises(ValueError, match="80000 is no port"):
        server.serve(port=80000, browser=False)
    with pytest.raises(OSError, match=r"Cannot listen at 203\.0\.113\.9: "):
        server.serve(host="203.0.113.9", port=0, browser=False)


def test_without_voila_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "voila", None)
    assert cli.main(["studio", "--no-browser"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("nst: Voila") and "lab" in said and said.count("\n") == 1


@pytest.mark.parametrize("settled", [0.0, 3600.0])
def test_the_next_kernel_in_advance_waits_until_the_page_has_settled(
    settled: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    class Manager:
        async def start_kernel(self, **keywords: Any) -> str:
            started.append(f"kernel {len(started)}")
            return started[-1]

        def get_kernel(self, kernel: str) -> Any:
            return SimpleNamespace(is_alive=lambda: asyncio.sleep(0, True))

    class Kernels(spare.with_spare(Manager)):  # type: ignore[misc]
        async def run(self, kernel: str, code: str) -> None:
            """The real one asks a process."""

    async def visit() -> tuple[str, str | None]:
        kernels = Kernels()
        kernels.prepare()
        page = await kernels.start_kernel(env={"HTTP_X_NST_VISITOR": "somebody"})
        await asyncio.sleep(0.2)
        return page, kernels.spare

    monkeypatch.setattr(spare, "SETTLED", settled)
    page, in_advance = asyncio.run(visit())
    assert page == "kernel 0", "the one in advance"
    assert in_advance == (None if settled else "kernel 1")


# --- one pass -----------------------------------------------------------------------------------------------


def order(**changes: Any) -> Order:
    """What is chosen, with the usual pictures."""
    cat, swirls = pictures.Picture("cat", "cat"), pictures.Picture("swirls", "swirls")
    choice = Choice("one", (("", swirls),))
    return Order(**dict(photo=cat, style=swirls, settings=SMALL, choice=choice) | changes)


def test_the_settings_of_one_pass_are_the_librarys() -> None:
    library = {p.name: p.default for p in inspect.signature(nst.paint_once).parameters.values()}
    ours = Settings().one_pass()
    assert set(ours) <= set(library) and ours["colors"] == library["colors"]
    assert ours["style_size"] == one_pass.STYLE_SIZE
    assert Settings(strokes=50).one_pass()["style_size"] == one_pass.STYLE_SIZE // 2


def test_the_strength_of_one_pass_goes_from_the_photo_to_the_style() -> None:
    strengths = [settings.one_pass_strength(s) for s in range(0, 101, 5)]
    assert (strengths[0], strengths[-1]) == (0, 1) and strengths == sorted(set(strengths))
    assert settings.one_pass_strength(settings.USUAL_STRENGTH) == 0.875


@pytest.mark.parametrize(
    ("chosen", "sizes", "iterations"),
    [
        (Settings(), "single", settings.REFINED),
        (Settings(optimizer="scipy"), "single", settings.REFINED),
        (Settings(optimizer="adam"), "single", "auto"),
        (Settings(iterations=100), "single", 100),
        (Settings(start="recolored"), None, "auto"),
        (Settings(start="noise", iterations=50), None, 50),
    ],
)
def test_a_run_from_the_first_look_is_short_unless_a_visitor_wants_otherwise(
    chosen: Settings, sizes: Any, iterations: Any
) -> None:
    keywords = chosen.keywords()
    assert keywords.get("sizes") == sizes and keywords["iterations"] == iterations
    assert keywords.get("start") == (None if chosen.refines else chosen.start)
    assert ("paint_once" in settings.call("cat", "swirls", chosen)) == chosen.refines


def test_the_run_starts_from_what_one_pass_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []

    def transfer(*_: Any, **keywords: Any) -> Result:
        given.append(keywords)
        return Result(noise(), History(), {}, {}, 0.1, making.Making("transfer_style", {}))

    monkeypatch.setattr("nstlib.recipes.transfer_style", transfer)
    order().recipe(Painter())(lambda _: None)
    order(settings=Settings(size=128, start="content")).recipe(Painter())(lambda _: None)
    assert np.array_equal(given[0]["start"], nst.paint_once("cat", "swirls", **SMALL.one_pass()))
    assert given[1]["start"] == "content"


def test_a_first_look_is_what_paint_once_makes() -> None:
    """Of pictures that stay decoded, at most so large."""
    brush = QuickBrush()
    for changes in (
        {},
        {"settings": Settings(size=192, strength=20, strokes=50, colors="luminance")},
        {"choice": CHOICES["mixed"]},
    ):
        wanted = order(**changes)
        style, more = wanted.choice.arguments()
        expected = nst.paint_once("cat", style, **wanted.settings.one_pass() | more)
        assert np.abs(brush(wanted) - expected).max() < 1 / 255
    assert max(brush(order(settings=Settings(size=768))).shape) == 512


class Slow:
    """Paints when it is told to."""

    def __init__(self) -> None:
        self.began: list[Order] = []
        self.go = threading.Semaphore(0)

    def __call__(self, wanted: Order) -> np.ndarray:
        self.began.append(wanted)
        assert self.go.acquire(timeout=180)
        if wanted.settings.seed == 13:
            raise ValueError("Thirteen is not painted.")
        return noise(8, wanted.settings.seed)


def seeds(*numbers: int) -> list[Order]:
    return [order(settings=Settings(seed=number)) for number in numbers]


def test_the_newest_wish_wins() -> None:
    slow = Slow()
    preview = Preview(slow)
    wishes = seeds(1, 2, 3, 4)
    for wish in wishes:
        preview.wish(wish)
        until(lambda: bool(slow.began))
    slow.go.release(2)
    until(lambda: not preview.working)
    assert slow.began == [wishes[0], wishes[3]], "those between are never painted"
    glance = preview.take()
    assert glance is not None and glance.order == wishes[3] and preview.take() is None


def test_what_is_forgotten_does_not_come_late() -> None:
    slow = Slow()
    preview = Preview(slow)
    first, second = seeds(1, 2)
    preview.wish(first)
    until(lambda: bool(slow.began))
    preview.forget()
    slow.go.release()
    until(lambda: not preview.working)
    assert preview.take() is None
    preview.wish(second)
    slow.go.release()
    until(lambda: not preview.working)
    assert (glance := preview.take()) is not None and glance.order == second


def test_a_wish_that_fails_says_why_and_the_next_one_is_painted() -> None:
    slow = Slow()
    slow.go.release(2)
    preview = Preview(slow)
    for number, error in ((13, "Thirteen is not painted."), (1, "")):
        preview.wish(*seeds(number))
        until(lambda: not preview.working)
        glance = preview.take()
        assert glance is not None and glance.error == error and (glance.image is None) == bool(error)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """One pass in the hands of the test: what it was asked for."""
    asked: list[Order] = []

    def paint(_: QuickBrush, wanted: Order) -> np.ndarray:
        asked.append(wanted)
        return noise(48)

    monkeypatch.setattr(QuickBrush, "__call__", paint)
    return asked


async def shown(page: Studio, text: str) -> None:
    """Wait for something on the stage."""
    end = time.monotonic() + 30
    while text not in page.stage.value:
        assert time.monotonic() < end, page.stage.value[-300:]
        await asyncio.sleep(0.02)


def test_the_stage_follows_the_choices(quick: list[Order]) -> None:
    async def path(page: Studio) -> None:
        assert "An example: cat in the style of swirls" in page.stage.value
        await shown(page, "cat in the style of swirls, a first look")
        page.controls.value = Settings(strength=80, colors="content", strokes=50)
        assert page.style_picker.choose("waves", "sample")
        await shown(page, "cat in the style of waves, a first look")
        assert quick[-1].settings == page.controls.value and len(quick) == 2, "all changes at once"
        page.placing.form.value = "mixed"
        page.placing.share.value = 30
        await shown(page, "cat in the style of waves and ")
        assert quick[-1].choice.share == 30
        page.placing.form.value = "by region"
        await shown(page, "The chosen photo: cat")
        assert not page.alert.value, "nothing is wrong yet"
        page.placing.regions._strokes.value = "red 300 100 100 900 900"
        await shown(page, "a first look")
        assert quick[-1].choice.mask

    on_the_page(path)


def test_a_run_or_a_result_is_not_replaced_by_a_first_look(quick: list[Order], brush: Brush) -> None:
    async def path(page: Studio) -> None:
        await shown(page, "a first look")
        page.generate()
        assert "a first look" in page.stage.value, "the run starts from it"
        page.controls.value = Settings(strength=80)
        brush.strokes.release(3)
        await over(page)
        await asyncio.sleep(0.2)
        assert "Result: cat in the style of swirls" in page.stage.value and len(quick) == 1
        page.controls.value = Settings(strength=20)
        await shown(page, "a first look")
        assert page.results.value is None

    on_the_page(path)


def test_a_first_look_that_fails_says_so_and_the_next_choice_makes_it_good(
    quick: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    paint = QuickBrush.__call__

    def fail(brush: QuickBrush, wanted: Order) -> np.ndarray:
        if wanted.settings.strength == 80:
            raise ValueError("There is no paint left.")
        return paint(brush, wanted)

    monkeypatch.setattr(QuickBrush, "__call__", fail)

    async def path(page: Studio) -> None:
        await shown(page, "a first look")
        page.controls.value = Settings(strength=80)
        await shown(page, "An example")
        assert "There is no paint left." in page.alert.value
        page.controls.value = Settings(strength=60)
        await shown(page, "a first look")
        assert not page.alert.value

    on_the_page(path)


def test_a_first_look_is_kept_with_how_it_was_made() -> None:
    async def path(page: Studio) -> None:
        page.controls.value = SMALL
        page.keep()
        assert page.keep_button.disabled and page.keep_button.layout.display == "none"
        await over(page)
        assert "Painted in one pass" in page.status.value and not page.keep_button.disabled
        assert "data-save" in page.stage.value, "the page downloads it"
        page.results.unchoose()
        page.results._thumbnails.value = page.results._entries[0]
        assert "data-save" not in page.stage.value, "once"

    on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert entry.record.once and not entry.record.stopped and entry.record.settings == SMALL
    png = gallery.of_visitor(None).png(entry.key)
    names: dict[str, Any] = {}
    exec(entry.record.call(), names)
    stored = np.asarray(Image.open(io.BytesIO(png)))
    assert np.array_equal(stored, images.to_uint8(names["painting"]))
    noted = making.Making.from_text(Image.open(io.BytesIO(png)).text[making.CHUNK])  # type: ignore[attr-defined]
    assert noted.recipe == "paint_once" and noted.settings["strength"] == 0.875
    rows = [name for name, _, _ in display.described(SMALL, once=True)]
    assert rows == ["Style strength", "Colours", "Longer side", "Stroke size"]
    assert "Method" not in display.facts(entry.record)


def test_a_result_that_started_from_a_first_look_makes_itself_again(tmp_path: Path) -> None:
    """Its PNG holds no picture to start from, but says how that is painted; at another size, too."""
    wanted = order()
    result = wanted.recipe(Painter())(lambda _: None)
    png = tmp_path / "painted.png"
    png.write_bytes(gallery.encode(result.image, wanted.record(result), result.making))
    again = nst.repeat(png, progress=False)
    assert np.array_equal(again.image, result.image) and again.making == result.making
    larger = nst.repeat(again, size=160, progress=False)
    assert max(larger.image.shape) == 160 and larger.making is not None
    assert larger.making.settings["start"] == {"paint_once": {"strength": 0.875, "style_size": 384}}


# --- films --------------------------------------------------------------------------------------------------


def film_bytes(
    folder: Path,
    suffix: str = ".mp4",
    *,
    count: int = 8,
    rate: int = 4,
    shape: tuple[int, int] = (64, 96),
    last: int = 0,
) -> bytes:
    """A film whose picture gets brighter from left to right; `last` is the grey of its last frame."""
    height, width = shape
    ramp = np.broadcast_to(np.linspace(40, 200, width, dtype=np.uint8)[None, :, None], (height, width, 3))
    pictures = [np.roll(ramp, 4 * number, axis=1) for number in range(count)]
    if last:
        pictures[-1] = np.full_like(ramp, last)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"made{suffix}"
    frames = (Frame(p, Fraction(n, rate), Fraction(1, rate)) for n, p in enumerate(pictures))
    save_film(frames, path, rate=rate, overwrite=True)
    return path.read_bytes()


def frames_in(content: bytes, folder: Path) -> list[np.ndarray]:
    path = folder / "read.mp4"
    path.write_bytes(content)
    return [frame.image for frame in open_film(path).frames()]


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        (".mp4", "walk.mp4"),
        (".webm", "walk.webm"),
        (".gif", "walk.gif"),
        (".mp4", "walk.jpg"),
        (".mp4", "walk"),
    ],
)
def test_a_film_is_chosen_by_its_first_picture(suffix: str, name: str, tmp_path: Path) -> None:
    content = film_bytes(tmp_path, suffix)
    films = Films()  # whose folder goes when it goes
    clip = films.check(name, content)
    assert isinstance(clip, Clip) and clip.moves and clip.name == name
    assert (round(clip.rate), round(clip.seconds, 2)) == (4, 2.0)
    assert clip.path.read_bytes() == content
    assert clip.origin == pictures.Picture(name, content).origin, "as any file"
    first = next(open_film(clip.path).frames()).image
    assert np.abs(images.load_image(clip.source)[0] - first / 255).max() < 1 / 255
    assert Image.open(io.BytesIO(clip.thumbnail(40))).size == (40, 27)


def test_what_does_not_move_is_a_photo(tmp_path: Path) -> None:
    for kind in ("GIF", "PNG", "JPEG"):
        picture = Films().check("walk.mp4", picture_bytes(kind=kind))
        assert not picture.moves and not isinstance(picture, Clip)


def test_a_large_film_is_chosen_by_a_small_picture(tmp_path: Path) -> None:
    clip = Films().check("walk.mp4", film_bytes(tmp_path, count=2, shape=(600, 1000)))
    assert images.dimensions(clip.source) == (768, 461), "no result is larger"


BAD_FILMS: dict[str, tuple[str, dict[str, Any] | bytes, str]] = {
    "words": (
        "walk.mp4",
        b"these are words",
        "It is not a film, or is broken beyond reading; choose a film in",
    ),
    "empty": ("walk.mov", b"", "It is empty"),
    "neither": ("walk.xyz", b"these are words", "This file is not a picture"),
    "long": ("walk.mp4", {"count": 62, "rate": 1}, "It is 62 s long, and at most 60 s are taken"),
    "small": ("walk.mp4", {"shape": (16, 40)}, "It has 40 x 16 pixels; each side needs at least 32."),
    "large": (
        "walk.mp4",
        {"shape": (200, 300)},
        "more than the 0 MB that are taken; make it shorter or smaller",
    ),
}


@pytest.mark.parametrize("case", BAD_FILMS)
def test_a_bad_film_is_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    name, how, says = BAD_FILMS[case]
    content = how if isinstance(how, bytes) else film_bytes(tmp_path, **how)
    films = Films(most_bytes=1000) if case == "large" else Films()
    with pytest.raises(ValueError) as refused:
        films.check(name, content)
    sentence = str(refused.value)
    assert sentence.startswith(f"{name} cannot be used. ") and says in sentence, sentence
    assert str(tempfile.gettempdir()) not in sentence and "\n" not in sentence
    assert not list(films.folder.iterdir()), "nothing stays"


def test_a_film_that_does_not_say_how_long_it_is_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "made.mp4"
    film_bytes(tmp_path, count=8, rate=4)
    assert length(dataclasses.replace(open_film(path), count=None)) == 2.0
    film_bytes(tmp_path, count=62, rate=1)
    with pytest.raises(ValueError, match="longer than 60 s"):
        length(dataclasses.replace(open_film(path), count=None))


def test_without_the_extra_films_are_not_offered_and_the_upload_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_films = apart(Studio).photo_picker.upload
    assert with_films.accept == "image/*,video/*" and with_films.description == "Upload a photo or film"
    monkeypatch.setattr(studio_films, "find_spec", lambda name: None if name == "av" else object())
    page = apart(Studio)
    assert page.photo_picker.upload.accept == "image/*"
    assert page.photo_picker.upload.description == "Upload a photo"
    assert 'pip install "nstlib[video]"' in page.photo_picker.upload.tooltip
    assert server.resources_of_the_page()["most_film_bytes"] == pictures.MOST_BYTES
    upload(page.photo_picker, "walk.mp4", film_bytes(tmp_path))
    assert 'pip install "nstlib[video]"' in html.unescape(page.alert.value)
    upload(page.photo_picker, "walk.gif", film_bytes(tmp_path, ".gif"))
    assert page.photo_picker.value.name == "walk.gif" and not page.photo_picker.value.moves
    assert not page.alert.value and page.generate_button.description == "Paint with care"


def test_only_photos_may_move(tmp_path: Path) -> None:
    page = apart(Studio)
    assert page.style_picker.upload.accept == "image/*"
    upload(page.style_picker, "walk.mp4", film_bytes(tmp_path))
    assert "walk.mp4 cannot be used. This file is not a picture" in page.alert.value


def test_the_page_follows_from_a_photo_to_a_film_and_back(tmp_path: Path) -> None:
    page, film = apart(Studio), film_bytes(tmp_path)
    upload(page.photo_picker, "walk.mp4", film)
    clip = page.photo_picker.value
    assert isinstance(clip, Clip) and not page.alert.value
    assert page.generate_button.description == "Paint the film" and page.keep_button.layout.display == "none"
    ignored = {name for name, widget in page.controls._widgets.items() if widget.disabled}
    matter = page.controls.value.one_pass()
    page.controls.value = dataclasses.replace(
        page.controls.value, network="vgg19", optimizer="adam", iterations=10, start="noise", seed=3
    )
    assert page.controls.value.one_pass() == matter and ignored == set(OF_A_RUN)
    assert page.controls._widgets["seed"].disabled
    shown = page.photo_picker._thumbnails._pictures.value
    assert shown.count("nst-moves") == 1 and 'aria-label="walk.mp4, film"' in shown
    upload(page.photo_picker, "again.mp4", film)
    assert page.photo_picker.value == clip, "the same film is there once"
    upload(page.photo_picker, "other.mp4", film_bytes(tmp_path, last=9))
    assert page.photo_picker.value.name == "other.mp4", "another film with the same beginning"
    assert len(list(clip.path.parent.iterdir())) == 2
    page.photo_picker.choose("cat", "sample")
    assert page.generate_button.description == "Paint with care" and not page.keep_button.layout.display
    assert not any(widget.disabled for widget in page.controls._widgets.values()), "its start is noise"
    page.reset()
    assert not clip.path.exists() and not any(picture.moves for picture in page.photo_picker.pictures)


class Projector:
    """Stands for a film's recipe: it paints a frame each time it is let."""

    def __init__(self, count: int = 6) -> None:
        self.strokes, self.count, self.made = threading.Semaphore(0), count, 0

    def __call__(self, watch: Callable[[FilmProgress], None]) -> Footage:
        photo = noise(32)
        with suppress(KeyboardInterrupt):
            for number in range(self.count):
                assert self.strokes.acquire(timeout=180)
                self.made += 1
                watch(FilmProgress(number, self.count, photo, noise(32, number)))
        film = as_film([images.to_uint8(noise(32, number)) for number in range(self.made)], Fraction(2))
        return Footage(film, photo, noise(32), self.made, self.count, 0.5)

    def paint(self, count: int) -> None:
        """Up to so many frames in all."""
        self.strokes.release(count - self.made)
        until(lambda: self.made >= count)


@pytest.fixture
def projector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Projector]:
    made = Projector()
    monkeypatch.setattr(filming, "recipe", lambda *_: made)
    yield made
    made.strokes.release(1000)


def test_a_film_shows_its_first_second_as_soon_as_it_is_painted(tmp_path: Path) -> None:
    projector = Projector()
    job = FilmJob(projector, Fraction(3))
    assert job.look() == Sight()
    projector.paint(2)
    until(lambda: job.look().share > 0.3)
    sight = job.look()
    assert isinstance(sight, FilmSight) and (sight.done, sight.count, sight.size) == (2, 6, 32)
    assert not sight.beginning and sight.preview is not None
    projector.paint(3)
    until(lambda: job.look().share == 0.5)
    beginning = job.look().beginning  # type: ignore[attr-defined]
    painted = frames_in(beginning, tmp_path)
    assert len(painted) == 3 and float(open_film(tmp_path / "read.mp4").rate) == 3
    made = [images.to_uint8(noise(32, number)) for number in range(6)]
    nearest = [int(np.argmax([nst.psnr(each, other) for other in made])) for each in painted]
    assert nearest == [0, 1, 2], "in its order"
    projector.paint(6)
    until(lambda: not job.running)
    assert job.look().share == 1 and job.look().beginning is beginning  # type: ignore[attr-defined]
    assert job.result.frames == 6 and not job.error


def test_a_film_shorter_than_a_second_is_its_first_second(tmp_path: Path) -> None:
    projector = Projector(count=2)
    job = FilmJob(projector, Fraction(24))
    projector.paint(2)
    until(lambda: not job.running)
    assert len(frames_in(job.look().beginning, tmp_path)) == 2  # type: ignore[attr-defined]


def test_the_time_left_of_a_film_follows_its_speed() -> None:
    job = FilmJob(Projector(0), Fraction(2))
    assert [job._left(done, 10, 100.0 + done) for done in (1, 2, 3)] == [None] * 3
    assert job._left(5, 10, 107.0) == 10.0


def test_stop_keeps_what_is_painted_as_a_film(projector: Projector, tmp_path: Path) -> None:
    async def path(page: Studio) -> None:
        upload(page.photo_picker, "walk.mp4", film_bytes(tmp_path))
        page.generate()
        assert "looking through the film" in page.status.value and page.keep_button.layout.display == "none"
        projector.paint(4)
        await happened(lambda: "4 of 6 pictures" in page.status.value)
        await happened(lambda: "first second" in page.stage.value)
        assert page.screen.video.value and page.screen.video.layout.display == ""
        page.stop()
        assert "putting together" in page.status.value
        projector.paint(5)
        await over(page)
        assert "Stopped after 5 of 6 pictures" in page.status.value
        assert "Download MP4" in page.stage.value and 'class="nst-mark">stopped' in page.stage.value
        shown = bytes(page.screen.video.value)
        page.controls.value = Settings(strength=80)
        assert not page.screen.video.value and page.screen.video.layout.display == "none", "it is silent"
        page.results._thumbnails.value = page.results._entries[0]
        assert bytes(page.screen.video.value) == shown

    on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert entry.moves and entry.record.stopped and entry.record.frames == 5
    assert entry.filename.startswith("walk-swirls-") and entry.filename.endswith(".mp4")
    files = gallery.of_visitor(None).files(entry)
    assert len(frames_in(files.film, tmp_path)) == 5 and files.photo
    assert images.dimensions(files.png) == (32, 32)


async def happened(what: Callable[[], bool], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "this did not happen"
        await asyncio.sleep(0.02)


def test_a_page_that_is_left_keeps_the_film_so_far(projector: Projector, tmp_path: Path) -> None:
    async def path(page: Studio) -> None:
        upload(page.photo_picker, "walk.mp4", film_bytes(tmp_path))
        page.generate()
        projector.paint(3)
        await happened(lambda: page.job is not None and page.job.look().share >= 0.5)
        job = page.job
        leaving = asyncio.get_running_loop().run_in_executor(None, page.farewell)
        await happened(lambda: job is not None and job.stopping)
        projector.paint(4)
        await leaving

    on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert "when its page was closed" in entry.record.outcome and entry.moves


def test_reset_drops_a_film_that_is_being_painted(projector: Projector, tmp_path: Path) -> None:
    async def path(page: Studio) -> None:
        upload(page.photo_picker, "walk.mp4", film_bytes(tmp_path))
        page.generate()
        projector.paint(4)
        await happened(lambda: bool(page.screen.video.value))
        page.reset()
        assert not page.screen.video.value
        projector.paint(5)
        await over(page)
        assert page.generate_button.description == "Paint with care" and not page.alert.value

    on_the_page(path)
    assert gallery.of_visitor(None).entries() == []


def test_a_film_is_painted_in_one_style_everywhere(tmp_path: Path) -> None:
    page = apart(Studio)
    upload(page.photo_picker, "walk.mp4", film_bytes(tmp_path))
    clip = page.photo_picker.value
    cat = pictures.Picture("cat", "cat")
    order = filming.FilmOrder(clip, cat, SMALL, Choice("by region", (("red", cat),), mask=strokes_mask()))
    with pytest.raises(ValueError, match="in one style, or in two that are mixed"):
        order.start(Painter())


def test_a_film_from_an_upload_to_a_result_that_the_call_repeats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Settings(size=128, strength=40, strokes=70, colors="luminance")

    async def path(page: Studio) -> None:
        upload(page.photo_picker, "walk.mp4", film_bytes(tmp_path))
        upload(page.style_picker, "own.png", picture_bytes())
        page.controls.value = small
        page.generate()
        await over(page)
        assert "Finished" in page.status.value, page.status.value + page.alert.value
        assert "walk.mp4 in the style of own.png" in page.stage.value
        folder = page.photo_picker.value.path.parent
        assert [path.suffix for path in folder.iterdir()] == [".mp4"], "no frames are left"

    on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert not entry.record.stopped and entry.record.frames == 8 and entry.record.settings == small
    rows = display.facts(entry.record)
    assert "<td>8 pictures</td>" in rows.replace(' title="frames"', "") and "Method" not in rows
    monkeypatch.chdir(tmp_path)
    Path("walk.mp4").write_bytes(film_bytes(tmp_path))
    Path("own.png").write_bytes(picture_bytes())
    exec(entry.record.call(), {})
    again = frames_in(Path("painted.mp4").read_bytes(), tmp_path)
    painted = frames_in(gallery.of_visitor(None).files(entry).film, tmp_path)
    assert painted[0].shape == (86, 128, 3), "an odd height got its last row twice"
    assert len(again) == 8
    for mine, theirs in zip(painted, again, strict=True):
        assert nst.psnr(mine, theirs) > 50


def test_a_film_that_breaks_off_is_painted_so_far_and_the_page_says_so(tmp_path: Path) -> None:
    whole = film_bytes(tmp_path, count=40, rate=8, shape=(128, 192))

    async def path(page: Studio) -> None:
        upload(page.photo_picker, "broken.mp4", whole[: len(whole) * 6 // 10])
        page.controls.value = SMALL
        page.generate()
        await over(page)
        assert "Finished, in" in page.status.value, page.alert.value
        assert "The file breaks off early: of 5 s it holds" in page.status.value

    with pytest.warns(UserWarning, match="breaks off"):
        on_the_page(path)
    (entry,) = gallery.of_visitor(None).entries()
    assert 2 < entry.record.frames < 36


def test_two_styles_are_mixed_in_a_film(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(filming, "recipe", lambda *given: asked.append(given) or Projector(0))
    clip = Films().check("walk.mp4", film_bytes(tmp_path))
    cat, coffee = pictures.Picture("cat", "cat"), pictures.Picture("coffee", "coffee")
    choice = Choice("mixed", (("", cat), ("", coffee)), 30)
    filming.FilmOrder(clip, cat, SMALL, choice).start(Painter())
    assert asked == [(clip, ["cat", "coffee"], SMALL.one_pass() | {"blend": [0.7, 0.3]})]


def test_records_of_films_come_back_and_those_of_pictures_say_nothing_of_them() -> None:
    film = record(frames=24, photo="walk.mp4", photo_origin="file sha256:0")
    assert Record.from_text(film.to_text()) == film
    assert "paint_video(" in film.call() and "'painted.mp4'" in film.call()
    assert "frames" not in record().to_text() and Record.from_text(record().to_text()).frames == 0
    with pytest.raises(ValueError):
        Record.from_text(film.to_text() | {"frames": "many"})


def test_a_film_goes_with_its_result(folder: Path, tmp_path: Path) -> None:
    kept, film = gallery.of_visitor(None), film_bytes(tmp_path)
    made = record(frames=8)
    entry = kept.add(gallery.encode(noise(), made), picture_bytes(kind="JPEG"), made, film)
    assert kept.files(entry).film == film
    page = apart(Studio)
    shown = page.results._thumbnails._pictures.value
    assert "nst-moves" in shown
    kept._file(entry.key, ".mp4").unlink()
    page.results._thumbnails.value = page.results._entries[0]
    assert "no longer there" in page.alert.value
    kept.delete(entry.key)
    assert not list(kept.folder.iterdir())
