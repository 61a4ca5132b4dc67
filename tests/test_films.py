"""Films in and out. Every film is made here, of a few small frames."""

import gc
import os
import pickle
import struct
import subprocess
import sys
import warnings
import weakref
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

av = pytest.importorskip("av", reason="films need the extra `video`")

from nstlib import samples  # noqa: E402
from nstlib.video.film import Film, check_rate, open_film  # noqa: E402
from nstlib.video.frame import Frame, Pixels  # noqa: E402
from nstlib.video.saving import FORMATS, check_film_output, save_film  # noqa: E402

STEP = Fraction(1, 25)
EXACT = (".mkv", "")  # what gives the same bytes back
QUARTER = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))  # left to right, top to bottom


def corners(width: int = 64, height: int = 32) -> Pixels:
    """Four flat quarters of different colours, so that every turn and mirroring shows."""
    image = np.empty((height, width, 3), np.uint8)
    for place, colour in enumerate(QUARTER):
        rows = slice(0, height // 2) if place < 2 else slice(height // 2, None)
        columns = slice(0, width // 2) if place % 2 == 0 else slice(width // 2, None)
        image[rows, columns] = colour
    return image


def grey(value: int, width: int = 32, height: int = 32) -> Pixels:
    return np.full((height, width, 3), value, np.uint8)


def noise(seed: int, width: int = 32, height: int = 32) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def framed(images: Iterable[Pixels], step: Fraction = STEP) -> Iterator[Frame]:
    for number, image in enumerate(images):
        yield Frame(image, number * step, step)


def at_times(images: Sequence[Pixels], times: Sequence[Fraction], end: Fraction) -> Iterator[Frame]:
    for image, time, until in zip(images, times, [*times[1:], end], strict=True):
        yield Frame(image, time, until - time)


def made(
    path: Path,
    images: Iterable[Pixels],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    shown: Sequence[Fraction] | None = None,
    sound: Any = None,
    sound_codec: str = "aac",
    options: dict[str, str] | None = None,
    colour: tuple[int, int] = (2, 0),
    source: str = "rgb24",
    ratio: Fraction | None = None,
    title: str = "",
) -> Path:
    """A film straight from FFmpeg's encoders: what somebody else's camera might have written."""
    images = list(images)
    times = shown or [number * STEP for number in range(len(images))]
    with av.open(str(path), "w") as container:
        container.metadata["title"] = title
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixels
        if ratio is not None:
            stream.codec_context.sample_aspect_ratio = ratio
        stream.codec_context.colorspace, stream.codec_context.color_range = colour
        stream.codec_context.time_base = Fraction(1, 12800)
        audio = None
        if sound is not None:
            audio = container.add_stream(sound_codec, rate=48000)
            audio.codec_context.layout = "mono"
        for image, time in zip(images, times, strict=True):
            picture = av.VideoFrame.from_ndarray(image, format=source)
            matrix, wide = colour[0], 2 if colour[1] == 2 else 1
            picture = picture.reformat(
                format=pixels, dst_colorspace=5 if matrix == 2 else matrix, dst_color_range=wide
            )
            picture.pts, picture.time_base = round(time * 12800), Fraction(1, 12800)
            container.mux(stream.encode(picture))
        if audio is not None:
            _add_sound(container, audio, sound)
        container.mux(stream.encode(None))
    return path


def _add_sound(container: Any, stream: Any, samples: Any) -> None:
    if not stream.codec_context.is_open:
        stream.codec_context.open()
    length = stream.codec_context.frame_size or 1024
    for begin in range(0, len(samples) - length + 1, length):
        piece = np.ascontiguousarray(samples[None, begin : begin + length], np.float32)
        if (bits := stream.codec_context.format.name[1:3]) in ("16", "32"):
            piece = (piece * 0.99 * 2 ** (int(bits) - 1)).astype(f"int{bits}")
        frame = av.AudioFrame.from_ndarray(piece, format=stream.codec_context.format.name, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, begin, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def beep(at: float, seconds: float) -> Any:
    """Silence, and from `at` on a tone."""
    time = np.arange(round(48000 * seconds)) / 48000
    return np.where(time >= at, 0.8 * np.sin(2 * np.pi * 1000 * time), 0.0)


def heard_at(path: Path) -> float:
    """When the tone begins, in seconds from the first picture."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(_samples(frame)) > 0.25)
            if loud.size:
                return float(frame.time + loud[0] / frame.sample_rate - first)
    raise AssertionError("no tone")


def _samples(frame: Any) -> Any:
    values = frame.to_ndarray()[0].astype(np.float64)
    if frame.format.name.startswith("s16"):
        values = values / 32768
    return values[:: len(frame.layout.channels)] if frame.format.is_packed else values


def sound_of(path: Path) -> tuple[str, float] | None:
    """The coding of a film's sound, and its length from the first picture in seconds."""
    with av.open(str(path)) as container:
        first = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        frames = list(container.decode(audio=0))
        end = float(frames[-1].time + frames[-1].samples / frames[-1].sample_rate - first)
        return container.streams.audio[0].codec_context.name, end


def images_of(film: Film | Path, start: int = 0) -> list[Pixels]:
    film = film if isinstance(film, Film) else open_film(film)
    return [frame.image for frame in film.frames(start)]


def times_of(path: Path) -> list[Fraction]:
    return [frame.time for frame in open_film(path).frames()]


def worst(a: Pixels, b: Pixels) -> int:
    return int(np.abs(a.astype(int) - b).max())


def quarters(image: Pixels) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quarters, each channel as 0 or 255."""
    height, width = image.shape[:2]
    rows, columns = (height // 4, 3 * height // 4), (width // 4, 3 * width // 4)
    return [tuple(int(v > 127) * 255 for v in image[row, column]) for row in rows for column in columns]


# --- out and in again ------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [*FORMATS, ""])
def test_a_film_comes_back(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"film{suffix}"
    assert save_film(framed(corners() for _ in range(5)), out, rate=25) == 5
    film = open_film(out)
    assert (film.size, film.rate, film.count, film.sound) == ((64, 32), 25, 5, False)
    assert film.kind == {"": "folder", ".gif": "animation", ".webp": "animation"}.get(suffix, "video")
    frames = list(film.frames())
    assert [frame.time for frame in frames] == [n * STEP for n in range(5)]
    assert {frame.duration for frame in frames} == {STEP}
    assert all(quarters(frame.image) == list(QUARTER) for frame in frames)


@pytest.mark.parametrize("suffix", EXACT)
@pytest.mark.parametrize("size", [(32, 32), (31, 33), (1, 1), (96, 2)])
def test_ffv1_and_png_are_without_loss(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    images = [noise(seed, *size) for seed in range(4)]
    save_film(framed(images), tmp_path / f"film{suffix}", rate=25)
    for given, read in zip(images, images_of(tmp_path / f"film{suffix}"), strict=True):
        assert given.tobytes() == read.tobytes()


FLAT = [
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
    (0, 0, 0),
    (200, 30, 90),
]


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".webp"])
def test_flat_colours_survive(tmp_path: Path, suffix: str) -> None:
    images = [np.tile(np.uint8(colour), (32, 48, 1)) for colour in FLAT]
    save_film(framed(images), tmp_path / f"film{suffix}", rate=25)
    for given, read in zip(images, images_of(tmp_path / f"film{suffix}"), strict=True):
        assert worst(given, read) <= 3


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_film_says_how_its_colours_are_coded(tmp_path: Path, suffix: str) -> None:
    save_film(framed([corners()] * 2), tmp_path / f"film{suffix}", rate=25)
    with av.open(str(tmp_path / f"film{suffix}")) as container:
        picture = next(container.decode(video=0))
        assert (int(picture.colorspace), int(picture.color_range)) == (1, 1)  # BT.709, limited
        assert picture.format.name == "yuv420p"


def test_an_mp4_begins_with_its_index(tmp_path: Path) -> None:
    save_film(framed([corners()] * 2), tmp_path / "film.mp4", rate=25)
    content = (tmp_path / "film.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_odd_sides_are_repeated_only_where_they_have_to_be(tmp_path: Path) -> None:
    image = np.dstack([np.tile(np.linspace(0, 255, 33).astype(np.uint8), (31, 1))] * 3)
    for suffix, size in {".mp4": (34, 32), ".webm": (33, 31), ".mkv": (33, 31), ".gif": (33, 31)}.items():
        save_film(framed([image] * 3), tmp_path / f"film{suffix}", rate=25)
        assert open_film(tmp_path / f"film{suffix}").size == size
    read = images_of(tmp_path / "film.mp4")[0].astype(int)
    assert np.abs(read[:31, :33] - image).max() < 12
    assert np.abs(read[:, 33] - read[:, 32]).max() < 6 and np.abs(read[31] - read[30]).max() < 6


# --- times -----------------------------------------------------------------------------------------------

UNEVEN = [Fraction(0), Fraction(1, 30), Fraction(4, 30), Fraction(5, 30), Fraction(1), Fraction(31, 30)]


@pytest.mark.parametrize(("suffix", "accuracy"), [(".mp4", 0), (".webm", 0.0005), (".mkv", 0.0005)])
def test_uneven_times_are_kept(tmp_path: Path, suffix: str, accuracy: float) -> None:
    images = [grey(40 * n) for n in range(6)]
    out = tmp_path / f"film{suffix}"
    save_film(at_times(images, UNEVEN, Fraction(2)), out, rate=Fraction(3))
    assert all(abs(a - b) <= accuracy for a, b in zip(times_of(out), UNEVEN, strict=True))
    if suffix == ".mp4":
        assert list(open_film(out).frames())[-1].duration == Fraction(29, 30)
        assert open_film(out).rate == 3


def test_a_film_of_variable_rate_is_read_as_it_is(tmp_path: Path) -> None:
    made(tmp_path / "in.mp4", [grey(40 * n) for n in range(6)], shown=[time + 2 for time in UNEVEN])
    film = open_film(tmp_path / "in.mp4")
    assert [abs(a - b) < Fraction(1, 12000) for a, b in zip(times_of(film.path), UNEVEN, strict=True)]
    save_film(film.frames(), tmp_path / "out.mp4", rate=film.rate)
    assert times_of(tmp_path / "out.mp4") == times_of(film.path)


@pytest.mark.parametrize(
    "rate", [Fraction(30000, 1001), Fraction(24), Fraction(60), Fraction(25, 2), Fraction(1, 3)]
)
def test_usual_rates_are_exact_in_an_mp4(tmp_path: Path, rate: Fraction) -> None:
    save_film(framed([grey(90)] * 4, 1 / rate), tmp_path / "film.mp4", rate=rate)
    assert open_film(tmp_path / "film.mp4").rate == rate
    assert times_of(tmp_path / "film.mp4") == [n / rate for n in range(4)]


def test_rates_of_television_are_recognised() -> None:
    assert check_rate(29.97) == check_rate(Fraction(30000, 1001)) == Fraction(30000, 1001)
    assert check_rate(23.976) == Fraction(24000, 1001)
    assert (check_rate(12.5), check_rate(30)) == (Fraction(25, 2), 30)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 10_000, "fast"])
def test_what_is_no_rate_is_refused(rate: Any) -> None:
    with pytest.raises(ValueError, match="frames a second, above 0"):
        check_rate(rate)


@pytest.mark.parametrize(("suffix", "unit"), [(".gif", 10), (".webp", 1)])
def test_an_animation_keeps_its_times_and_repeats_for_ever(tmp_path: Path, suffix: str, unit: int) -> None:
    out = tmp_path / f"film{suffix}"
    save_film(at_times([noise(n) for n in range(6)], UNEVEN, Fraction(2)), out, rate=3)
    ends = [*UNEVEN[1:], Fraction(2)]
    with Image.open(out) as picture:
        assert picture.info["loop"] == 0
        assert getattr(picture, "n_frames", 1) == 6
        elapsed = 0
        for number in range(6):
            picture.seek(number)
            picture.load()
            elapsed += picture.info["duration"]  # rounding must not add up
            assert abs(elapsed - 1000 * ends[number]) <= unit / 2


def test_a_gif_leaves_out_what_browsers_would_slow_down(tmp_path: Path) -> None:
    save_film(framed([grey(n) for n in range(60)], Fraction(1, 60)), tmp_path / "film.gif", rate=60)
    with Image.open(tmp_path / "film.gif") as picture:
        durations = []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            durations.append(picture.info["duration"])
    assert min(durations) >= 20 and sum(durations) == 1000 and len(durations) >= 40


def test_the_first_frame_is_shown_at_once(tmp_path: Path) -> None:
    later = [Frame(grey(50 * n), 7 + n * STEP, STEP) for n in range(3)]
    for suffix in (".mp4", ".mkv", ".gif"):
        save_film(later, tmp_path / f"film{suffix}", rate=25)
        assert times_of(tmp_path / f"film{suffix}") == [0, STEP, 2 * STEP]
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert next(container.decode(video=0)).pts == 0


# --- other people's films --------------------------------------------------------------------------------


def turned(path: Path, matrix: Sequence[int]) -> Path:
    """Write a display matrix into an MP4, as a phone does: the `tkhd` box of ISO/IEC 14496-12."""
    content = bytearray(path.read_bytes())
    box = content.index(b"tkhd") + 4
    place = box + 4 + (20 if content[box] == 0 else 32) + 16
    content[place : place + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
    return path


ONE, W = 1 << 16, 1 << 30
TURNS = {
    "quarter right": ((0, ONE, 0, -ONE, 0, 0, 32 * ONE, 0, W), lambda image: np.rot90(image, -1)),
    "quarter left": ((0, -ONE, 0, ONE, 0, 0, 0, 64 * ONE, W), lambda image: np.rot90(image, 1)),
    "half": ((-ONE, 0, 0, 0, -ONE, 0, 0, 0, W), lambda image: np.rot90(image, 2)),
    "mirrored": ((-ONE, 0, 0, 0, ONE, 0, 64 * ONE, 0, W), lambda image: image[:, ::-1]),
    "transposed": ((0, ONE, 0, ONE, 0, 0, 0, 0, W), lambda image: image.swapaxes(0, 1)),
}


@pytest.mark.parametrize("turn", TURNS)
def test_a_film_held_otherwise_comes_upright(tmp_path: Path, turn: str) -> None:
    matrix, upright = TURNS[turn]
    film = open_film(turned(made(tmp_path / "phone.mp4", [corners()] * 3), matrix))
    expected = upright(corners())
    assert film.size == expected.shape[1::-1]
    for image in images_of(film):
        assert image.shape == expected.shape and image.flags.c_contiguous
        assert quarters(image) == quarters(expected)


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    film = open_film(made(tmp_path / "dv.mp4", [corners()] * 2, ratio=Fraction(16, 11)))
    assert film.size == (93, 32)
    assert quarters(images_of(film)[0]) == list(QUARTER)


@pytest.mark.parametrize(("matrix", "extent"), [(1, 1), (5, 1), (1, 2), (9, 1)])
def test_the_stated_colour_matrix_and_range_are_used(tmp_path: Path, matrix: int, extent: int) -> None:
    flat = [
        np.tile(np.uint8(colour), (32, 32, 1)) for colour in ((200, 40, 40), (30, 160, 90), (235, 235, 235))
    ]
    made(tmp_path / "in.mp4", flat, colour=(matrix, extent), options={"crf": "10"})
    for given, read in zip(flat, images_of(tmp_path / "in.mp4"), strict=True):
        assert worst(given, read) <= 4


def test_an_unstated_matrix_is_guessed_as_players_do(tmp_path: Path) -> None:
    """BT.601 for small films; with BT.709 this red would be off by 20."""
    flat = np.tile(np.uint8((200, 40, 40)), (32, 32, 1))
    assert worst(flat, images_of(made(tmp_path / "in.mp4", [flat] * 2, options={"crf": "10"}))[0]) <= 4


def test_ten_bits_are_read_with_eight(tmp_path: Path) -> None:
    images = [corners()] * 3
    made(tmp_path / "deep.mkv", images, codec="ffv1", pixels="yuv444p10le")
    for image in images_of(tmp_path / "deep.mkv"):
        assert image.dtype == np.uint8 and worst(image, images[0]) <= 2


def test_a_transparent_film_lies_over_white(tmp_path: Path) -> None:
    """qtrle is a coding with transparency in MOV files, as motion designers use."""
    image = np.dstack([corners(), np.full((32, 64), 255, np.uint8)])
    image[:, 32:, 3] = 0
    image[:16, 32:, 3] = 51  # a fifth
    made(tmp_path / "title.mov", [image] * 2, codec="qtrle", pixels="argb", source="rgba")
    read = images_of(tmp_path / "title.mov")[0]
    assert np.array_equal(read[:, :32], corners()[:, :32])
    assert np.abs(read[8, 48].astype(int) - (204, 255, 204)).max() <= 1
    assert (read[24, 48] == 255).all()


def test_a_transparent_webm_lies_over_white(tmp_path: Path) -> None:
    image = np.dstack([np.zeros((32, 64, 3), np.uint8), np.full((32, 64), 255, np.uint8)])
    image[:, 32:, 3] = 0
    options = {"auto-alt-ref": "0", "b": "0", "crf": "5"}
    made(
        tmp_path / "a.webm",
        [image] * 3,
        codec="libvpx-vp9",
        pixels="yuva420p",
        source="rgba",
        options=options,
    )
    read = images_of(tmp_path / "a.webm")[-1]
    assert read[16, 8].max() < 10 and read[16, 56].min() > 245


def test_a_film_may_change_its_size_on_the_way(tmp_path: Path) -> None:
    """Two bare streams one after the other, as a video call that gets a better connection."""
    for name, image in {"a": corners(64, 32), "b": corners(128, 64)}.items():
        made(tmp_path / f"{name}.h264", [image] * 3)
    joined = (tmp_path / "a.h264").read_bytes() + (tmp_path / "b.h264").read_bytes()
    (tmp_path / "call.h264").write_bytes(joined)
    read = images_of(tmp_path / "call.h264")
    assert len(read) == 6 and {image.shape for image in read} == {(32, 64, 3)}
    assert all(quarters(image) == list(QUARTER) for image in read)


def test_frame_n_is_the_same_wherever_reading_begins(tmp_path: Path) -> None:
    made(tmp_path / "in.mp4", [noise(n) for n in range(12)])
    film = open_film(tmp_path / "in.mp4")
    whole = list(film.frames())
    for start in (0, 1, 7, 11, 12, 50):
        part = list(film.frames(start))
        assert [frame.time for frame in part] == [frame.time for frame in whole[start:]]
        assert all(np.array_equal(a.image, b.image) for a, b in zip(part, whole[start:], strict=True))
    with pytest.raises(ValueError, match="first frame has the number 0"):
        film.frames(-1)


def test_a_film_can_be_sent_to_another_process(tmp_path: Path) -> None:
    made(tmp_path / "in.mp4", [corners()] * 3)
    film = open_film(tmp_path / "in.mp4")
    assert pickle.loads(pickle.dumps(film)) == film


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux lists them")
def test_files_are_closed_when_reading_stops_early(tmp_path: Path) -> None:
    for suffix in (".mp4", ".gif"):
        save_film(framed([corners()] * 5), tmp_path / f"film{suffix}", rate=25)
        before = open_files()
        frames = open_film(tmp_path / f"film{suffix}").frames()
        next(frames)
        assert open_files() > before
        frames.close()  # type: ignore[attr-defined]
        assert open_files() == before


def test_a_title_need_not_be_utf_8(tmp_path: Path) -> None:
    made(tmp_path / "in.mp4", [corners()] * 2, title="TITLE-OF-A-FILM")
    content = (tmp_path / "in.mp4").read_bytes()
    assert b"TITLE-OF-A-FILM" in content
    (tmp_path / "in.mp4").write_bytes(content.replace(b"TITLE-OF-A-FILM", b"\xfcber-den-Film.."))
    assert len(images_of(tmp_path / "in.mp4")) == 2


def test_a_sample_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "data_folder", lambda: tmp_path)
    (tmp_path / "films").mkdir()
    made(tmp_path / "films" / "shapes.mp4", [corners()] * 2)
    assert open_film("shapes").path == tmp_path / "films" / "shapes.mp4"
    with pytest.raises(FileNotFoundError, match="did you mean the sample 'shapes'"):
        open_film("shape")


# --- animations and folders ------------------------------------------------------------------------------


def test_a_gif_with_transparency_and_disposal(tmp_path: Path) -> None:
    """Three frames: a square that stays, one that is drawn over it and cleared, one drawn on what is left."""
    frames = []
    for left in (0, 16, 32):
        frame = Image.new("RGBA", (48, 16), (0, 0, 0, 0))
        frame.paste((255, 0, 0, 255), (left, 0, left + 16, 16))
        frames.append(frame)
    options: dict[str, Any] = {"duration": [40, 100, 250], "loop": 0, "disposal": 2}
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:], **options)
    film = open_film(tmp_path / "in.gif")
    assert (film.size, film.count, film.kind) == ((48, 16), 3, "animation")
    read = list(film.frames())
    assert [frame.duration for frame in read] == [Fraction(4, 100), Fraction(1, 10), Fraction(1, 4)]
    assert film.rate == 3 / Fraction(39, 100)
    for frame, left in zip(read, (0, 16, 32), strict=True):
        expected = np.full((16, 48, 3), 255, np.uint8)
        expected[:, left : left + 16] = (255, 0, 0)
        assert np.array_equal(frame.image, expected)


@pytest.mark.parametrize("suffix", [".webp", ".png"])
def test_webp_and_apng_with_transparency(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGBA", (32, 32), (0, 0, 255, alpha)) for alpha in (255, 0, 255)]
    frames[1].paste((0, 255, 0, 255), (0, 0, 16, 16))
    rest: dict[str, Any] = {"duration": [40, 100, 33], "lossless": True, "disposal": 1, "blend": 0}
    frames[0].save(tmp_path / f"in{suffix}", save_all=True, append_images=frames[1:], **rest)
    read = list(open_film(tmp_path / f"in{suffix}").frames())
    assert [frame.duration for frame in read] == [Fraction(n, 1000) for n in (40, 100, 33)]
    assert [frame.time for frame in read] == [0, Fraction(4, 100), Fraction(14, 100)]
    assert (read[0].image == (0, 0, 255)).all()
    assert (read[1].image[:16, :16] == (0, 255, 0)).all() and (read[1].image[16:] == 255).all()


def test_an_animation_is_known_by_its_content(tmp_path: Path) -> None:
    save_film(framed([corners()] * 3), tmp_path / "film.gif", rate=25)
    os.rename(tmp_path / "film.gif", tmp_path / "film.mp4")
    assert open_film(tmp_path / "film.mp4").kind == "animation"


def test_a_gif_without_times_runs_as_in_a_browser(tmp_path: Path) -> None:
    frames = [Image.new("L", (16, 16), value) for value in (0, 100, 200)]
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:])
    assert {frame.duration for frame in open_film(tmp_path / "in.gif").frames()} == {Fraction(1, 10)}


def test_a_folder_is_sorted_as_people_count(tmp_path: Path) -> None:
    order = ["Frame1.png", "frame2.PNG", "frame10.png", "frame010b.png", "frame11.png"]
    for value, name in enumerate(order):
        Image.fromarray(grey(50 * value)).save(tmp_path / name, format="PNG")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".frame0.png").write_text("hidden")
    film = open_film(tmp_path, rate=10)
    assert (film.count, film.rate, film.size) == (5, 10, (32, 32))
    assert [image[0, 0, 0] for image in images_of(film)] == [0, 50, 100, 150, 200]
    assert [frame.time for frame in film.frames(3)] == [Fraction(3, 10), Fraction(4, 10)]
    assert open_film(tmp_path).rate == 25


def test_a_folder_of_two_sizes_is_refused(tmp_path: Path) -> None:
    for number, width in enumerate((32, 32, 40, 32)):
        Image.fromarray(grey(9, width)).save(tmp_path / f"{number}.png")
    with pytest.raises(ValueError, match=r"2\.png has 40 x 32 pixels, 0\.png has 32 x 32"):
        open_film(tmp_path)


def test_a_folder_of_turned_photographs(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # hold it a quarter turn to the right
    for number in range(2):
        Image.fromarray(corners()).save(tmp_path / f"{number}.jpg", exif=exif, quality=95, subsampling=0)
    film = open_film(tmp_path)
    assert film.size == (32, 64)
    assert quarters(images_of(film)[0]) == quarters(np.rot90(corners(), -1))


# --- sound -----------------------------------------------------------------------------------------------

LONG = [grey(8 * n) for n in range(30)]  # 1.2 s


@pytest.mark.parametrize(
    ("kind", "coding", "suffix", "expected"),
    [
        (".mp4", "aac", ".mp4", "aac"),
        (".mp4", "aac", ".webm", "opus"),
        (".mp4", "aac", ".mkv", "aac"),
        (".mkv", "libopus", ".webm", "opus"),
        (".mkv", "libopus", ".mp4", "aac"),
        (".mkv", "flac", ".mp4", "aac"),
        (".mkv", "pcm_s16le", ".webm", "opus"),
        (".mkv", "libmp3lame", ".mp4", "mp3"),
        (".ts", "aac", ".mp4", "aac"),
    ],
)
def test_sound_is_kept_in_step(tmp_path: Path, kind: str, coding: str, suffix: str, expected: str) -> None:
    source, out = tmp_path / f"in{kind}", tmp_path / f"out{suffix}"
    film = open_film(made(source, LONG, sound=beep(0.5, 1.2), sound_codec=coding))
    assert film.sound
    save_film(film.frames(), out, rate=film.rate, sound=film)
    assert open_film(out).sound
    coded, length = sound_of(out) or ("", 0)
    assert coded.removeprefix("lib").removesuffix("float") == expected
    assert abs(heard_at(source) - heard_at(out)) < 0.004
    assert 1.0 < length < 1.28
    assert times_of(out)[0] == 0 and len(times_of(out)) == 30


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv"])
@pytest.mark.parametrize("source", [".mp4", ".mkv"])
def test_sound_stays_in_step_when_the_pictures_begin_later(tmp_path: Path, source: str, suffix: str) -> None:
    shown = [Fraction(3, 10) + n * STEP for n in range(30)]
    film = open_film(made(tmp_path / f"in{source}", LONG, shown=shown, sound=beep(0.7, 1.5)))
    out = tmp_path / f"out{suffix}"
    save_film(film.frames(), out, rate=25, sound=film)
    assert abs(heard_at(out) - 0.4) < 0.006


def test_sound_follows_a_part_of_a_film(tmp_path: Path) -> None:
    film = open_film(made(tmp_path / "in.mp4", LONG, sound=beep(0.8, 1.2)))
    for suffix in (".mp4", ".webm"):
        out = tmp_path / f"out{suffix}"
        save_film(film.frames(10), out, rate=25, sound=film)
        assert abs(heard_at(out) - 0.4) < 0.006


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_sound_is_cut_to_the_pictures(tmp_path: Path, suffix: str) -> None:
    film = open_film(made(tmp_path / "in.mp4", LONG[:10], sound=beep(0.1, 3)))
    save_film(film.frames(), tmp_path / f"out{suffix}", rate=25, sound=film)
    _, length = sound_of(tmp_path / f"out{suffix}") or ("", 0)
    assert 0.39 < length < 0.45


def test_pictures_outlast_their_sound(tmp_path: Path) -> None:
    film = open_film(made(tmp_path / "in.mp4", LONG, sound=beep(0.1, 0.4)))
    assert save_film(film.frames(), tmp_path / "out.mp4", rate=25, sound=film) == 30
    assert len(times_of(tmp_path / "out.mp4")) == 30


@pytest.mark.parametrize("suffix", [".gif", ".webp", ""])
def test_what_has_no_sound_is_silent(tmp_path: Path, suffix: str) -> None:
    film = open_film(made(tmp_path / "in.mp4", LONG[:5], sound=beep(0, 0.4)))
    assert save_film(film.frames(), tmp_path / f"out{suffix}", rate=25, sound=film) == 5
    assert not open_film(tmp_path / f"out{suffix}").sound


def test_a_film_without_sound_is_fine_as_its_source(tmp_path: Path) -> None:
    film = open_film(made(tmp_path / "in.mp4", LONG[:5]))
    save_film(film.frames(), tmp_path / "out.mp4", rate=25, sound=film)
    assert not open_film(tmp_path / "out.mp4").sound


# --- memory ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [*FORMATS, ""])
def test_no_more_than_a_few_frames_are_alive(tmp_path: Path, suffix: str) -> None:
    alive: list[int] = [0, 0]  # now, and at most

    def counted() -> Iterator[Frame]:
        for number in range(40):
            image = noise(number, 16, 16)
            alive[0] += 1
            alive[1] = max(alive)
            weakref.finalize(image, lambda: alive.__setitem__(0, alive[0] - 1))
            yield Frame(image, number * STEP, STEP)
            del image

    save_film(counted(), tmp_path / f"film{suffix}", rate=25)
    gc.collect()
    assert alive[0] == 0 and alive[1] <= 6


@pytest.mark.parametrize("suffix", [".mkv", ".webp", ".gif"])
def test_reading_streams_too(tmp_path: Path, suffix: str) -> None:
    save_film(framed(noise(n, 16, 16) for n in range(40)), tmp_path / f"film{suffix}", rate=25)
    alive: list[int] = [0, 0]
    for frame in open_film(tmp_path / f"film{suffix}").frames():
        alive[0] += 1
        alive[1] = max(alive)
        weakref.finalize(frame.image, lambda: alive.__setitem__(0, alive[0] - 1))
        del frame
    assert alive[1] <= 4


def test_reading_leaves_no_circles_of_references(tmp_path: Path) -> None:
    """They would hold pictures, whose size Python's collector does not see, for hundreds of frames."""
    left = []
    for count in (5, 45):
        out = tmp_path / f"{count}.mp4"
        save_film(framed([grey(9)] * count), out, rate=25)
        turned(out, TURNS["quarter right"][0])
        film = open_film(out)
        gc.collect()
        gc.disable()
        try:
            assert sum(1 for _ in film.frames()) == count
            left.append(gc.collect())
        finally:
            gc.enable()
    assert left[1] - left[0] < 20


# --- whole or not at all ---------------------------------------------------------------------------------


class Stop(BaseException):
    """As KeyboardInterrupt."""


def failing(error: BaseException) -> Iterator[Frame]:
    yield from framed([noise(n) for n in range(5)])
    raise error


@pytest.mark.parametrize("suffix", [*FORMATS, ""])
@pytest.mark.parametrize("error", [Stop(), ValueError("mine"), FileNotFoundError(2, "mine")])
def test_an_error_on_the_way_leaves_nothing(tmp_path: Path, suffix: str, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        save_film(failing(error), tmp_path / f"film{suffix}", rate=25)
    assert caught.value is error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_older_film_stays_when_a_new_one_fails(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"film{suffix}"
    out.write_text("older")
    with pytest.raises(FileExistsError, match="exists already"):
        save_film(framed([corners()] * 2), out, rate=25)
    with pytest.raises(ValueError, match="mine"):
        save_film(failing(ValueError("mine")), out, rate=25, overwrite=True)
    assert out.read_text() == "older"
    save_film(framed([corners()] * 2), out, rate=25, overwrite=True)
    assert open_film(out).size == (64, 32)
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_is_replaced_only_when_it_holds_frames_alone(tmp_path: Path) -> None:
    out = tmp_path / "frames"
    out.mkdir()
    save_film(framed([corners()] * 3), out, rate=25)  # an empty one is as good as none
    with pytest.raises(FileExistsError, match="frame_000001.png already"):
        save_film(framed([corners()] * 2), out, rate=25)
    save_film(framed([corners()] * 2), out, rate=25, overwrite=True)
    assert sorted(each.name for each in out.iterdir()) == ["frame_000001.png", "frame_000002.png"]
    (out / "letter.txt").write_text("dear")
    with pytest.raises(FileExistsError, match="holds"):
        save_film(framed([corners()] * 2), out, rate=25, overwrite=True)
    assert (out / "letter.txt").read_text() == "dear"


def test_a_folder_is_not_written_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "frames").write_text("a letter")
    with pytest.raises(FileExistsError, match="it is a file; name a folder"):
        save_film(framed([corners()] * 2), tmp_path / "frames", rate=25, overwrite=True)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        check_film_output(tmp_path / "nowhere" / "frames")


FULL_DISK = """
import resource, sys, numpy as np
from fractions import Fraction
from nstlib.video.frame import Frame
from nstlib.video.saving import save_film
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
noise = np.random.default_rng(0)
images = (noise.integers(0, 256, (96, 96, 3), np.uint8) for _ in range(20))
frames = (Frame(image, Fraction(n, 25), Fraction(1, 25)) for n, image in enumerate(images))
try:
    save_film(frames, sys.argv[1], rate=25)
except OSError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the length of files as Linux does")
@pytest.mark.parametrize("suffix", [*FORMATS, ""])
def test_a_full_disk_is_one_sentence(tmp_path: Path, suffix: str) -> None:
    """A limit on the length of files stands for it: writing fails half way in the same manner."""
    out = tmp_path / f"film{suffix}"
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(out)], capture_output=True, text=True)
    assert done.stdout == f"OSError Cannot write {out}: File too large; nothing was changed.\n", done.stderr[
        -500:
    ]
    assert list(tmp_path.iterdir()) == []


# --- what is refused -------------------------------------------------------------------------------------


def test_an_unknown_suffix_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"ends in '.avi'; use one of \.mp4, \.webm, \.mkv, \.gif, \.webp, or no"
    ):
        check_film_output(tmp_path / "film.avi")


def test_the_film_that_is_read_is_never_replaced(tmp_path: Path) -> None:
    film = open_film(made(tmp_path / "in.mp4", [corners()] * 2))
    os.link(tmp_path / "in.mp4", tmp_path / "other.mp4")
    for name in ("in.mp4", "other.mp4"):
        with pytest.raises(ValueError, match="is the film that is read"):
            save_film(film.frames(), tmp_path / name, rate=25, sound=film, overwrite=True)
        with pytest.raises(ValueError, match="is the film that is read"):
            check_film_output(tmp_path / name, source=film, overwrite=True)


@pytest.mark.parametrize("suffix", [*FORMATS, ""])
def test_no_frames_are_no_film(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ValueError, match="There are no frames"):
        save_film([], tmp_path / f"film{suffix}", rate=25)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([corners(), corners(), corners(48)], "Frame 2 has 48 x 32 pixels, the first one has 64 x 32"),
        ([corners().astype(np.float32)], "Frame 0 is float32 of shape"),
        ([corners()[..., 0]], "has to be uint8 RGB"),
    ],
)
def test_frames_that_make_no_film_are_refused(tmp_path: Path, frames: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        save_film(framed(frames), tmp_path / "film.mp4", rate=25)
    assert list(tmp_path.iterdir()) == []


def test_frames_in_disorder_are_refused(tmp_path: Path) -> None:
    frames = [Frame(grey(9), Fraction(time), STEP) for time in (0, 1, 1)]
    with pytest.raises(ValueError, match="Frame 2 is at 1 s, no later than the one before"):
        save_film(frames, tmp_path / "film.mkv", rate=25)


def test_one_frame_is_a_film(tmp_path: Path) -> None:
    for suffix in (".mp4", ".webm", ".mkv", ".gif", ""):
        save_film([Frame(corners(), Fraction(0), STEP)], tmp_path / f"film{suffix}", rate=25)
        film = open_film(tmp_path / f"film{suffix}")
        assert film.count == 1 and len(images_of(film)) == 1
    assert [frame.duration for frame in open_film(tmp_path / "film.mp4").frames()] == [STEP]


def write_mp3(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=48000)
        stream.codec_context.layout = "mono"
        _add_sound(container, stream, beep(0, 0.5))


def write_codec_nobody_knows(path: Path) -> None:
    made(path, [corners()] * 2)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))


BAD = {
    "sound.mp3": (write_mp3, "holds only sound"),
    "empty.mp4": (lambda path: path.write_bytes(b""), r"is empty \(0 bytes\)"),
    "text.mp4": (lambda path: path.write_text("Dear reader, " * 500), "is not a film"),
    "list.mp4": (lambda path: path.write_text("#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n"), "is not a film"),
    "list2.mp4": (lambda path: path.write_text("ffconcat version 1.0\nfile in.mp4\n"), "is not a film"),
    "noise.mkv": (lambda path: path.write_bytes(noise(1, 64, 64).tobytes()), "is not a film"),
    "photo.png": (lambda path: Image.fromarray(corners()).save(path), "is one picture, not a film"),
    "photo.jpg": (lambda path: Image.fromarray(corners()).save(path), "is one picture, not a film"),
    "photo.mp4": (lambda path: Image.fromarray(corners()).save(path, "PNG"), "is one picture, not a film"),
    "strange.mp4": (write_codec_nobody_knows, "convert it to MP4"),
    "folder": (lambda path: path.mkdir(), "no pictures"),
    "pipe": (lambda path: os.mkfifo(path), "device or pipe"),
}


@pytest.mark.skipif(os.name == "nt", reason="makes a pipe")
@pytest.mark.parametrize("name", BAD)
def test_what_is_no_film_gets_one_sentence(tmp_path: Path, name: str) -> None:
    make, message = BAD[name]
    make(tmp_path / name)
    with pytest.raises(ValueError, match=message) as caught:
        open_film(tmp_path / name)
    assert name in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_film_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no film"):
        open_film(tmp_path / "nothing.mp4")


def test_a_rate_for_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    made(tmp_path / "in.mp4", [corners()] * 2)
    with pytest.raises(ValueError, match="rate is for a folder"):
        open_film(tmp_path / "in.mp4", rate=12)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv", ".gif"])
def test_a_film_broken_half_way_ends_with_one_warning(tmp_path: Path, suffix: str) -> None:
    out, images = tmp_path / f"film{suffix}", [noise(n, 64, 64) for n in range(20)]
    save_film(framed(images), out, rate=25)
    whole = list(open_film(out).frames())
    content = out.read_bytes()
    out.write_bytes(content[: len(content) * 6 // 10])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        read = list(open_film(out).frames())
    assert 5 < len(read) < 20
    assert len(seen) == 1, [str(each.message) for each in seen]
    assert f"breaks off at {float(read[-1].time + read[-1].duration):.2f} s" in str(seen[0].message)
    assert seen[0].filename == __file__
    for a, b in zip(read[:-1], whole, strict=False):
        assert np.array_equal(a.image, b.image) and a.time == b.time


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv"])
def test_a_film_with_a_hole_ends_with_one_warning(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"film{suffix}"
    save_film(framed([noise(n, 64, 64) for n in range(30)]), out, rate=25)
    content = out.read_bytes()
    middle = len(content) // 2
    out.write_bytes(content[:middle] + noise(77).tobytes()[:2000] + content[middle + 2000 :])
    with pytest.warns(UserWarning, match="breaks off at 0.[4-7]") as seen:
        read = images_of(out)
    assert len(seen) == 1 and 10 < len(read) < 20


def test_a_long_last_picture_is_no_break(tmp_path: Path) -> None:
    out = tmp_path / "slides.mkv"
    frames = at_times([noise(n) for n in range(3)], [Fraction(n) for n in range(3)], Fraction(30))
    save_film(frames, out, rate=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(images_of(out)) == 3


def test_a_webp_cut_off_is_refused(tmp_path: Path) -> None:
    save_film(framed([noise(n) for n in range(5)]), tmp_path / "film.webp", rate=25)
    content = (tmp_path / "film.webp").read_bytes()
    (tmp_path / "film.webp").write_bytes(content[:-2000])
    with pytest.raises(ValueError, match="ends early, and a WebP can only be read whole"):
        open_film(tmp_path / "film.webp")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_whole_film_gives_no_warning(tmp_path: Path, suffix: str) -> None:
    save_film(framed([noise(n) for n in range(5)]), tmp_path / f"film{suffix}", rate=25)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(images_of(tmp_path / f"film{suffix}")) == 5


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_broken_sound_does_not_cost_the_pictures(tmp_path: Path, suffix: str) -> None:
    film = open_film(made(tmp_path / "in.mkv", LONG, sound=beep(0.1, 1.2), sound_codec="flac"))
    content = bytearray(film.path.read_bytes())
    with av.open(str(film.path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(audio=0) if packet.size]
    for position, size in packets[len(packets) // 2 :]:
        content[position + 12 : position + size] = bytes(size - 12)
    film.path.write_bytes(content)
    out = tmp_path / f"out{suffix}"
    with pytest.warns(UserWarning, match=r"The sound of .*in\.mkv ends at 0\.[56]\d s") as seen:
        save_film(film.frames(), out, rate=25, sound=film)
    assert len(seen) == 1 and len(times_of(out)) == 30
    _, length = sound_of(out) or ("", 0)
    assert 0.45 < length < 0.75


@pytest.mark.parametrize("size", [(7680, 4320)])
def test_8k_is_read(tmp_path: Path, size: tuple[int, int]) -> None:
    made(tmp_path / "in.mp4", [grey(90, *size)], options={"preset": "ultrafast"})
    film = open_film(tmp_path / "in.mp4")
    assert film.size == size and next(film.frames()).image.shape == (4320, 7680, 3)


def test_a_missing_extra_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "in.mp4", [corners()] * 2)
    monkeypatch.setitem(sys.modules, "av", None)
    for call in (lambda: open_film(tmp_path / "in.mp4"), lambda: check_film_output(tmp_path / "out.mp4")):
        with pytest.raises(ModuleNotFoundError, match=r'pip install "nstlib\[video\]"'):
            call()
