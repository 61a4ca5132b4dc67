"""video: a film is painted steadily, once, in memory that does not grow, and goes on where it was ended."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nstlib as nst
from nstlib.feedforward import painter as one_pass
from nstlib.video import FilmProgress, Frame, open_film, paint_video, painting, recipe, save_film
from nstlib.video.grain import Grain
from nstlib.video.motion import warp
from nstlib.video.painting import OnePassFrames, OptimizedFrames, Past, carry, frame_painter, with_contrast_of
from nstlib.video.parts import Parts, Plan

RATE = Fraction(12)


def frames_of(pictures: Sequence[np.ndarray]) -> Iterator[Frame]:
    for number, picture in enumerate(pictures):
        yield Frame(picture, number / RATE, 1 / RATE)


def panned(count: int = 8, width: int = 96, height: int = 64, step: int = 2) -> list[np.ndarray]:
    """A photograph that moves to the left, `step` pixels a frame."""
    wide = nst.load_image("astronaut", size=width + step * count + 40)[0]
    whole = (wide * 255).astype("uint8")
    return [whole[20 : 20 + height, step * i : step * i + width] for i in range(count)]


def written(folder: Path, pictures: Sequence[np.ndarray], name: str = "film.mkv") -> Path:
    path = folder / name
    save_film(frames_of(pictures), path, rate=RATE)
    return path


def pictures_in(path: Path) -> list[np.ndarray]:
    return [frame.image for frame in open_film(path).frames()]


def image(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype("float32")[None] / 255


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return written(tmp_path, panned())


def ended_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the frame after so many."""
    paint, done = OnePassFrames.paint, iter(range(1000))

    def ends(self: OnePassFrames, *given: Any) -> np.ndarray:
        if next(done) == count:
            raise KeyboardInterrupt
        return paint(self, *given)

    monkeypatch.setattr(OnePassFrames, "paint", ends)


# --- one frame and those before it --------------------------------------------------------------------


def test_what_moved_is_carried_to_where_it_is_now() -> None:
    first, second = (image(each) for each in panned(2, step=3))
    carried = carry(second, Past(first, first, 1))
    inside = carried.weight > 0.5
    assert inside[8:-8, 8:-8].mean() > 0.9
    assert np.abs(carried.painting - second)[0][inside].mean() < 0.01
    assert not carried.weight[:, -1].any(), "what came into the picture was not there before"


def test_what_changed_its_colour_is_not_believed() -> None:
    first = image(panned(1)[0])
    second = first.copy()
    second[:, 20:40, 30:60] = second[:, 20:40, 30:60] * 0.5 + 0.4
    weight = carry(second, Past(first, first, 1)).weight
    assert weight[25:35, 35:55].mean() < 0.2
    assert weight[50:, :20].mean() > 0.8


def test_a_mixture_of_strokes_gets_its_contrast_back() -> None:
    strokes = np.random.default_rng(0).uniform(0.2, 0.8, (2, 64, 64, 3)).astype("float32")
    alone, mixed = strokes[:1], strokes.mean(0, keepdims=True)
    assert mixed.std() < 0.75 * alone.std()
    kept = with_contrast_of(alone, mixed)
    assert kept.std() == pytest.approx(alone.std(), rel=0.1)
    assert kept.mean() == pytest.approx(mixed.mean(), abs=0.01)
    np.testing.assert_allclose(with_contrast_of(alone, alone), alone, atol=1e-6)
    flat = np.full_like(alone, 0.5)
    np.testing.assert_array_equal(with_contrast_of(flat, flat), flat)


@pytest.mark.parametrize("method", ["fast", "care"])
def test_a_still_camera_gives_a_still_painting(method: str) -> None:
    photo = image(panned(1)[0])
    how: dict[str, Any] = {} if method == "fast" else {"iterations": (4, 2)}
    painter = frame_painter(method, "waves", **how)
    painter.begin(photo)
    first = painter.paint(photo, [])
    second = painter.paint(photo, [Past(photo, first, 1)])
    assert np.sqrt(np.square(second - first).mean()) < 0.01


def test_frames_are_steadier_than_one_by_one() -> None:
    pictures = [image(each) for each in panned(6)]

    def roughness(steady: float) -> float:
        painter = frame_painter("fast", "hatching", steady=steady)
        painter.begin(pictures[0])
        earlier: list[np.ndarray] = []
        for number, photo in enumerate(pictures):
            pasts = [Past(pictures[number - 1], earlier[-1], 1)] if number else []
            earlier.append(painter.paint(photo, pasts))
        flow = np.zeros((64, 96, 2), "float32")
        flow[..., 0] = 2
        moved = zip(earlier, earlier[1:], strict=False)
        return float(np.mean([np.abs(warp(a, flow) - b)[:, :, :-4].mean() for a, b in moved]))

    assert roughness(0.85) < 0.5 * roughness(0)


def test_at_no_strength_a_film_is_itself() -> None:
    photo = image(panned(1)[0])
    painter = OnePassFrames(style="waves", strength=0)
    painter.begin(photo)
    np.testing.assert_array_equal(painter.paint(photo, []), photo)


@pytest.mark.parametrize("colors", ["content", "luminance", "recolored"])
@pytest.mark.parametrize("method", ["fast", "care"])
def test_the_choice_of_colours_is_that_of_pictures(method: str, colors: str) -> None:
    photo = image(panned(1)[0])
    how: dict[str, Any] = {"colors": colors} | ({} if method == "fast" else {"iterations": (2, 2)})
    painter = frame_painter(method, "mosaic", **how)
    painter.begin(photo)
    painted = painter.paint(photo, [])
    again = painter.paint(photo, [Past(photo, painted, 1)])
    assert again.shape == photo.shape and 0 <= again.min() <= again.max() <= 1
    if colors == "luminance":
        grey = painted.mean(-1, keepdims=True)
        hue, own = painted - grey, photo - photo.mean(-1, keepdims=True)
        assert np.corrcoef(hue.ravel(), own.ravel())[0, 1] > 0.7


def test_no_frame_compiles_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    traced = []
    transform = one_pass.transform
    monkeypatch.setattr(one_pass, "transform", lambda *a: traced.append(a[1].shape) or transform(*a))
    film = written(tmp_path, panned(6, width=104, height=72))  # a shape that no other test has
    paint_video(film, "waves", tmp_path / "out.mkv", progress=False)
    assert len(traced) <= 1


def test_the_noise_of_the_first_frame_is_that_of_a_photograph() -> None:
    painter, photo = nst.load_painter(), image(panned(1, 90, 50)[0])
    code = painter.code(nst.load_image("waves", 128))
    grain = Grain((50, 90), painter.tiles)
    laid = grain.laid()
    for name, tile in painter.tiles.items():
        height, width = laid[name].shape[:2]
        repeated = np.tile(tile, (1 + height // tile.shape[0], 1 + width // tile.shape[1], 1))
        np.testing.assert_allclose(laid[name], repeated[:height, :width], atol=1e-6)
    plain, with_grain = painter.paint(photo, code), painter.paint(photo, code, grain=laid)
    np.testing.assert_allclose(with_grain, plain, atol=1e-5)


def test_noise_moves_with_what_is_seen() -> None:
    tiles = nst.load_painter().tiles
    grain = Grain((48, 64), tiles)
    before = grain.laid()["tile/whole"]
    back = np.zeros((48, 64, 2), "float32")
    back[..., 0], back[..., 1] = 3, -2  # what is here was three to the right and two above
    grain.move(back)
    after = grain.laid()["tile/whole"]
    np.testing.assert_allclose(after[2:, :-3], before[:-2, 3:], atol=1e-4)
    at_quarter = grain.laid()["tile/quarter"]
    assert at_quarter.shape[:2] == (12, 16) and np.isfinite(at_quarter).all()


def test_a_frame_that_is_painted_already_moves_the_noise_too() -> None:
    first, second, third = (image(each) for each in panned(3))
    painted, followed = (frame_painter("fast", "mosaic") for _ in range(2))
    done = []
    for painter in (painted, followed):
        painter.begin(first)
    done.append(painted.paint(first, []))
    done.append(painted.paint(second, [Past(first, done[0], 1)]))
    followed.follow(first, [])
    followed.follow(second, [Past(first, done[0], 1)])
    pasts = [Past(second, done[1], 1)]
    np.testing.assert_array_equal(painted.paint(third, pasts), followed.paint(third, pasts))


# --- a film ---------------------------------------------------------------------------------------------


def test_a_film_is_painted_whole_with_its_times(film: Path, tmp_path: Path) -> None:
    made = paint_video(film, "waves", tmp_path / "out.mkv", progress=False)
    assert (made.frames, made.count, made.painted, made.complete) == (8, 8, 8, True)
    painted = list(open_film(made.path).frames())
    assert [frame.image.shape for frame in painted] == [(64, 96, 3)] * 8
    assert [float(f.time) for f in painted] == pytest.approx([n / 12 for n in range(8)], abs=0.002)
    assert not Parts.beside(made.path).folder.exists()
    alone = nst.paint_once(image(pictures_in(film)[0]), "waves")
    assert np.abs(image(painted[0].image) - alone).max() < 1 / 255


def test_an_interruption_leaves_a_film_and_the_same_call_goes_on(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.mkv", tmp_path / "out.mkv"
    paint_video(film, "waves", whole, progress=False)
    with monkeypatch.context() as patch:
        ended_after(5, patch)
        made = paint_video(film, "waves", out, progress=False)
    assert (made.frames, made.complete) == (5, False)
    assert len(pictures_in(out)) == 5
    made = paint_video(film, "waves", out, progress=False)
    assert (made.frames, made.painted, made.complete) == (8, 3, True)
    for mine, theirs in zip(pictures_in(out), pictures_in(whole), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_what_a_crash_left_half_written_is_painted_again(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole.mkv", tmp_path / "out.mkv"
    paint_video(film, "waves", whole, progress=False)
    with monkeypatch.context() as patch:
        ended_after(5, patch)
        paint_video(film, "waves", out, progress=False)
    parts = Parts.beside(out)
    parts.path(1).write_bytes(b"")
    data = parts.path(3).read_bytes()
    parts.path(3).write_bytes(data[: len(data) // 2])
    (parts.folder / "my notes.txt").write_text("mine")
    made = paint_video(film, "waves", out, progress=False)
    assert (made.painted, made.complete) == (5, True)
    for mine, theirs in zip(pictures_in(out), pictures_in(whole), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert [each.name for each in parts.folder.iterdir()] == ["my notes.txt"]


def test_frames_beyond_those_asked_for_are_kept(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mkv"
    with monkeypatch.context() as patch:
        ended_after(6, patch)
        paint_video(film, "waves", out, progress=False)
    assert paint_video(film, "waves", out, frames=2, progress=False).frames == 2
    assert paint_video(film, "waves", out, progress=False).painted == 2


def test_a_film_that_was_killed_goes_on(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    slow = (
        "import sys, time\nfrom nstlib.video import paint_video, painting\n"
        "paint = painting.OnePassFrames.paint\n"
        "def slowly(self, *given):\n    time.sleep(0.3)\n    return paint(self, *given)\n"
        "painting.OnePassFrames.paint = slowly\n"
        "paint_video(sys.argv[1], 'waves', sys.argv[2], progress=False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", slow, str(film), str(out)])
    parts = Parts.beside(out)
    while not parts.has(2) and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = parts.whole(8)
    assert 3 <= done < 8 and not out.exists()
    made = paint_video(film, "waves", out, progress=False)
    assert (made.painted, made.complete) == (8 - done, True)


def test_a_callback_sees_every_frame_as_it_is_in_the_film(film: Path, tmp_path: Path) -> None:
    seen: list[FilmProgress] = []
    made = paint_video(film, "waves", tmp_path / "out.mkv", progress=False, callback=seen.append)
    assert [(now.number, now.count) for now in seen] == [(number, 8) for number in range(8)]
    shown = zip(seen, pictures_in(film), pictures_in(made.path), strict=True)
    for now, source, painted in shown:
        np.testing.assert_array_equal(now.photo, image(source))
        np.testing.assert_array_equal(now.painting, image(painted))


def test_a_callback_ends_the_run_as_ctrl_c_does_and_is_called_for_what_is_painted(
    film: Path, tmp_path: Path
) -> None:
    seen: list[int] = []

    def watch(now: FilmProgress) -> None:
        seen.append(now.number)
        if now.number == 2:
            raise KeyboardInterrupt

    out = tmp_path / "out.mkv"
    made = paint_video(film, "waves", out, progress=False, callback=watch)
    assert (made.frames, made.painted, made.complete) == (3, 3, False)
    assert len(pictures_in(out)) == 3
    made = paint_video(film, "waves", out, progress=False, callback=watch)
    assert seen == list(range(8)) and made.painted == 5, "what was there is not told of again"


def test_what_was_before_a_cut_is_not_carried_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = np.ascontiguousarray(panned()[0][::-1, ::-1] // 2 + 100)
    film = written(tmp_path, [*panned(4), *[255 - other] * 4])
    seen: list[int] = []
    paint = OnePassFrames.paint
    counted: Callable[..., Any] = lambda s, p, pasts: seen.append(len(pasts)) or paint(s, p, pasts)  # noqa: E731
    monkeypatch.setattr(OnePassFrames, "paint", counted)
    made = paint_video(film, "waves", tmp_path / "out.mkv", progress=False)
    assert made.shots == 2
    assert seen == [0, 1, 1, 1, 0, 1, 1, 1]


def test_care_asks_for_several_frames_before(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lags: list[list[int]] = []
    monkeypatch.setattr(
        OptimizedFrames, "paint", lambda s, photo, pasts: lags.append([p.lag for p in pasts]) or photo
    )
    made = paint_video(film, "waves", tmp_path / "out.mkv", method="care", progress=False)
    assert made.complete
    assert lags == [[], [1], [1, 2], [1, 2], [1, 2, 4], [1, 2, 4], [1, 2, 4], [1, 2, 4]]


def test_care_goes_on_exactly_too(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how: dict[str, Any] = {"method": "care", "iterations": (3, 2), "progress": False, "frames": 5}
    whole = paint_video(film, "waves", tmp_path / "whole.mkv", **how)
    with monkeypatch.context() as patch:
        paint, done = OptimizedFrames.paint, iter(range(99))

        def ends(self: OptimizedFrames, *given: Any) -> np.ndarray:
            if next(done) == 3:
                raise KeyboardInterrupt
            return paint(self, *given)

        patch.setattr(OptimizedFrames, "paint", ends)
        paint_video(film, "waves", tmp_path / "out.mkv", **how)
    made = paint_video(film, "waves", tmp_path / "out.mkv", **how)
    assert made.painted == 2
    for mine, theirs in zip(pictures_in(made.path), pictures_in(whole.path), strict=True):
        assert np.abs(mine.astype(int) - theirs.astype(int)).max() <= 1


def test_only_the_first_frames_for_a_try_and_then_the_others(film: Path, tmp_path: Path) -> None:
    made = paint_video(film, "waves", tmp_path / "try.mkv", frames=3, size=64, progress=False)
    assert (made.frames, made.count) == (3, 3)
    assert pictures_in(made.path)[0].shape == (43, 64, 3)


def test_several_styles_and_arrays_can_be_painted_with(film: Path, tmp_path: Path) -> None:
    styles = [nst.load_image("waves", 128), "mosaic"]
    made = paint_video(film, styles, tmp_path / "out.mkv", blend=[0.3, 0.7], frames=2, progress=False)
    assert made.complete


def test_memory_stays_flat(tmp_path: Path) -> None:
    film = written(tmp_path, [*panned(8), *panned(8)[::-1]] * 8)
    script = (
        "import sys\nfrom nstlib.video import paint_video, painting\n"
        "def now():\n    return int(open('/proc/self/statm').read().split()[1])\n"
        "paint, seen = painting.OnePassFrames.paint, []\n"
        "def watched(self, *given):\n    seen.append(now())\n    return paint(self, *given)\n"
        "painting.OnePassFrames.paint = watched\n"
        "paint_video(sys.argv[1], 'waves', sys.argv[2], progress=False)\n"
        "print(max(seen[20:]) / seen[20])\n"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("only Linux says how much memory a process has in this way")
    out = subprocess.run(
        [sys.executable, "-c", script, str(film), str(tmp_path / "out.mp4")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(out.stdout.split()[-1]) < 1.02


# --- what cannot be -------------------------------------------------------------------------------------


def refused(match: str, *given: Any, error: type[Exception] = ValueError, **how: Any) -> None:
    with pytest.raises(error, match=match):
        paint_video(*given, progress=False, **how)


def test_bad_input_is_told_before_anything_is_painted(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    refused("did you mean 'care'", film, "waves", out, method="cares")
    refused("has no iterations: leave it out, or choose 'care'", film, "waves", out, iterations=3)
    refused("did you mean 'steady'", film, "waves", out, stedy=1)
    refused("steady is 2", film, "waves", out, steady=2)
    refused("give two", film, "waves", out, method="care", iterations=(1, 2, 3))
    refused("size", film, "waves", out, size=-3)
    refused("frames", film, "waves", out, frames=0)
    refused("regions", film, {"red": "waves"}, out)
    refused("choice of colors", film, "waves", out, colors="neon")
    refused("no sample|No such|There is no", film, "wavez-x", out, error=Exception)
    refused("a function that takes a FilmProgress", film, "waves", out, callback=3)
    refused("call no callback", film, "waves", out, callback=print, scheduler="tcp://127.0.0.1:1")
    refused("ends in", film, "waves", tmp_path / "out.xyz")
    refused("the film that is read", film, "waves", film)
    refused("There is no film", tmp_path / "none.mp4", "waves", out, error=FileNotFoundError)
    assert not out.exists() and not Parts.beside(out).folder.exists()


def test_a_film_that_is_there_is_not_replaced_unasked(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    out.write_bytes(b"mine")
    refused("overwrite", film, "waves", out, error=FileExistsError)
    assert out.read_bytes() == b"mine"
    assert paint_video(film, "waves", out, frames=1, overwrite=True, progress=False).complete


def test_another_film_in_the_folder_is_not_mixed_in(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mkv"
    with monkeypatch.context() as patch:
        ended_after(2, patch)
        paint_video(film, "waves", out, progress=False)
    refused("holds the frames of another film or of other settings", film, "mosaic", out)
    refused("holds the frames of another film or of other settings", film, "waves", out, strength=0.5)
    assert len(pictures_in(out)) == 2


def test_a_disk_that_is_too_small_is_told_before(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 10})()
    monkeypatch.setattr(recipe.shutil, "disk_usage", lambda path: usage)
    refused(
        "are free: choose a smaller size, or another disk", film, "waves", tmp_path / "o.mkv", error=OSError
    )


def test_every_frame_may_be_a_shot(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    colors = [np.full((64, 96, 3), rng.integers(0, 255, 3), "uint8") for _ in range(6)]
    noise = [np.clip(c + rng.normal(0, 30, c.shape), 0, 255).astype("uint8") for c in colors]
    made = paint_video(written(tmp_path, noise), "waves", tmp_path / "out.mkv", progress=False)
    assert made.complete


def test_jobs_are_whole_shots_and_short_ones_go_together() -> None:
    plan = Plan("f", None, [], "fast", {}, {}, (4, 4), [0, 5, 30, 31, 90], [str(n) for n in range(100)])
    ranges = recipe.jobs_of(plan)
    assert ranges == [(0, 30), (30, 90), (90, 100)]
    assert all(a in plan.cuts for a, _ in ranges)


def test_the_painting_says_which_methods_there_are() -> None:
    assert set(painting.METHODS) == {"fast", "care"}


# --- many machines --------------------------------------------------------------------------------------


def three_shots(folder: Path) -> Path:
    """A film of 78 frames with cuts at 26 and 52."""
    names = ["astronaut", "coffee", "cat"]
    shots = [(nst.load_image(name, size=160)[0] * 255).astype("uint8") for name in names]
    pictures = [np.ascontiguousarray(s[10:58, 2 * i : 2 * i + 64]) for s in shots for i in range(26)]
    return written(folder, pictures)


def test_shots_are_painted_by_workers_and_again_where_one_dies(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    film, parts = three_shots(tmp_path), Parts.beside(tmp_path / "there.mkv")
    here = paint_video(film, "waves", tmp_path / "here.mkv", progress=False)
    assert here.shots == 3
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        first = next(iter(cluster.workers.values()))

        def kill() -> None:
            while not any(parts.folder.glob("0*.png")):
                time.sleep(0.02)
            os.kill(first.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        there = paint_video(
            film, "waves", tmp_path / "there.mkv", scheduler=cluster.scheduler_address, progress=False
        )
        killer.join()
    assert there.complete and there.painted == 78
    for mine, theirs in zip(pictures_in(here.path), pictures_in(there.path), strict=True):
        assert np.abs(mine.astype(int) - theirs.astype(int)).max() <= 1
