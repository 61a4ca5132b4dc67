"""Painted films: how steady they are, how fast, and whether memory grows.

    .venv/bin/python benchmarks/video.py memory --write
    .venv/bin/python benchmarks/video.py speed --write
    .venv/bin/python benchmarks/video.py steadiness --out OUT --write

`memory` paints 300 frames of 384 x 216 pixels and looks at the resident memory before each of them, in a
process of its own for each method. `speed` measures the parts of a frame, and seconds against pixels and
against frames. `steadiness` compares four ways to paint a film on the course's own two: every frame for
itself, in one pass or optimised, and held to the ones before. The warping error is that of
`nstlib.video.stability`, the judge that of judge.py, on every eighth frame. --write puts a table into
benchmarks/README.md; --frames makes films shorter.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from judge import judge
from measure import caption, table, write
from scipy.ndimage import distance_transform_edt

import nstlib as nst
from nstlib.video import Frame, open_film, save_film, scenes, stability
from nstlib.video.painting import Past, carry, frame_painter
from nstlib.video.parts import as_image

README = Path(__file__).with_name("README.md")
SIZE = (384, 216)
RATE = Fraction(24)
STYLES = ("swirls", "mosaic")
SHAPES = ((192, 108), (384, 216), (768, 432), (1152, 648))
WAYS: dict[str, tuple[str, dict[str, Any], bool]] = {  # method, options, whether earlier frames are known
    "one pass, frame by frame": ("fast", {"steady": 0.0}, True),
    "one pass, steady": ("fast", {}, True),
    "optimised, frame by frame": ("care", {"iterations": (40, 40)}, False),
    "optimised, with care": ("care", {}, True),
}
WATCH = """if True:
    import json, sys
    from nstlib.feedforward import painter
    from nstlib.video import paint_video, painting
    def pages():
        return int(open("/proc/self/statm").read().split()[1])
    kind, seen = painting.METHODS[sys.argv[3]], []
    paint = kind.paint
    def watched(self, *given):
        seen.append(pages())
        return paint(self, *given)
    kind.paint = watched
    traced, transform = [], painter.transform
    painter.transform = lambda *given: traced.append(1) or transform(*given)
    paint_video(sys.argv[1], "waves", sys.argv[2], method=sys.argv[3], progress=False)
    print(json.dumps({"pages": seen, "traces": len(traced)}))
"""


def film_of(folder: Path, count: int, size: tuple[int, int] = SIZE) -> Path:
    """A film of so many frames: the moving shapes, there and back."""
    path = folder / f"{size[0]}-{count}.mkv"
    distinct = [frame.image for frame in scenes.moving_shapes(size, min(count, 48))]
    there_and_back = [*distinct, *distinct[-2:0:-1]]
    frames = (Frame(there_and_back[n % len(there_and_back)], n / RATE, 1 / RATE) for n in range(count))
    save_film(frames, path, rate=RATE)
    return path


# --- memory ---------------------------------------------------------------------------------------------


def memory(count: int) -> str:
    """Resident memory while a film is painted."""
    import json

    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for method, frames in (("fast", count), ("care", max(30, count // 5))):
            film = film_of(folder, frames)
            command = [sys.executable, "-c", WATCH, str(film), str(folder / f"{method}.mp4"), method]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            said = json.loads(out.splitlines()[-1])
            megabytes = [4096 * pages / 1e6 for pages in said["pages"]]
            at = [20, frames // 2, frames - 1]
            growth = megabytes[-1] / megabytes[20] - 1
            cells = [f"{megabytes[n]:.0f} (frame {n})" for n in at]
            rows.append([method, str(frames), *cells, f"{100 * growth:.1f} %", str(said["traces"])])
    head = ["method", "frames", "MB", "MB", "MB", "growth from frame 20", "times the one pass was compiled"]
    return f"{table(head, rows)}\n\n{caption()}"


# --- speed ----------------------------------------------------------------------------------------------


def parts_of_a_frame(count: int) -> str:
    """Seconds of what makes up a frame, each measured in turn on the same frames."""
    with tempfile.TemporaryDirectory() as name:
        path = film_of(Path(name), count)
        began = time.perf_counter()
        photos = [as_image(frame.image) for frame in open_film(path).frames()]
        found: dict[str, list[float]] = {"reading": [(time.perf_counter() - began) / count]}
        one, care = frame_painter("fast", "waves"), frame_painter("care", "waves")
        for each in (one, care):
            each.begin(photos[0])
        painted = one.paint(photos[0], [])
        care.paint(photos[0], [Past(photos[0], painted, 1)])  # compiles
        for number in range(1, count):
            past = Past(photos[number - 1], painted, 1)
            took(found, "flow, there and back, and warping", lambda n=number, p=past: carry(photos[n], p))
            took(found, "one pass alone", lambda n=number: one.paint(photos[n], []))
            if number % 4 == 0:
                took(found, "with care", lambda n=number, p=past: care.paint(photos[n], [p]))
            painted = one.paint(photos[number], [past])
        frames = [Frame(nst.images.to_uint8(p), n / RATE, 1 / RATE) for n, p in enumerate(photos)]
        began = time.perf_counter()
        save_film(frames, Path(name) / "out.mp4", rate=RATE)
        found["writing H.264"] = [(time.perf_counter() - began) / count]
    rows = [[part, f"{statistics.median(times):.3f}"] for part, times in found.items()]
    return table(["part of a frame, 384 x 216", "seconds"], rows)


def took(found: dict[str, list[float]], name: str, work: Any) -> None:
    """Measure once more."""
    began = time.perf_counter()
    work()
    found.setdefault(name, []).append(time.perf_counter() - began)


def painting_seconds(size: tuple[int, int], count: int, method: str) -> float:
    """Seconds that `paint_video` takes for the frames of a film, after one that compiles."""
    with tempfile.TemporaryDirectory() as name:
        folder, made = Path(name), 0.0
        for frames in (2, count):
            film = film_of(folder, frames, size)
            how = {"method": method, "size": max(size), "progress": False}
            made = nst.paint_video(film, "waves", folder / f"{frames}.mkv", **how).painting_seconds
        return made


def line(x: Sequence[float], y: Sequence[float]) -> str:
    """What a straight line makes of measured seconds."""
    slope, base = np.polyfit(x, y, 1)
    explained = np.corrcoef(x, y)[0, 1] ** 2
    return f"{slope:.3g} s each and {base:.2g} s beside; R^2 {explained:.4f}"


def speed(count: int) -> str:
    """Parts of a frame; seconds against pixels, and against frames."""
    rows, notes = [], []
    for method, few in (("fast", 16), ("care", 4)):
        each = [painting_seconds(size, few, method) / few for size in SHAPES[: 4 if method == "fast" else 3]]
        megapixels = [w * h / 1e6 for w, h in SHAPES[: len(each)]]
        rows.append([method, *(f"{s:.3f}" for s in each), *[""] * (len(SHAPES) - len(each))])
        notes.append(f"{method}, against megapixels: {line(megapixels, each)}.")
    lengths = [count // 4, count // 2, count]
    whole = [painting_seconds(SIZE, each, "fast") for each in lengths]
    notes.append(f"fast, against frames ({', '.join(map(str, lengths))}): {line(lengths, whole)}.")
    head = ["seconds a frame", *(f"{w} x {h}" for w, h in SHAPES)]
    parts = parts_of_a_frame(24)
    return "\n\n".join([parts, table(head, rows), " ".join(notes), caption()])


# --- steadiness -----------------------------------------------------------------------------------------


def painted(photos: Sequence[np.ndarray], style: str, way: str) -> tuple[list[np.ndarray], float]:
    """A film painted in one of the ways, and the seconds of a frame."""
    method, how, knows = WAYS[way]
    painter, done, times = frame_painter(method, style, **how), [], []
    painter.begin(photos[0])
    for number, photo in enumerate(photos):
        lags = [lag for lag in painter.lags if knows and lag <= number]
        pasts = [Past(photos[number - lag], done[number - lag], lag) for lag in lags]
        began = time.perf_counter()
        done.append(painter.paint(photo, pasts))
        times.append(time.perf_counter() - began)
    return done, statistics.median(times[1:])


def steadiness(count: int, out: Path) -> str:
    """Warping errors and the judge's numbers of all ways, means over films and styles."""
    rows = []
    for name in ("shapes", "walk"):
        photos = [
            as_image(frame.image) for frame, _ in zip(open_film(name).frames(), range(count), strict=False)
        ]
        found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
        for style in STYLES:
            for way in WAYS:
                film, each = painted(photos, style, way)
                steady = stability.measure(photos, film)
                judged = [judge(film[n], photos[n], nst.load_image(style)) for n in range(7, len(film), 8)]
                means = [
                    statistics.mean(getattr(j, what) for j in judged)
                    for what in ("colour", "patches", "structure")
                ]
                found[way].append([255 * steady.painted, 255 * steady.source, *means, each])
                keep(film, out / f"{name}-{style}-{way.replace(', ', '-').replace(' ', '-')}.mp4")
        for way, each in found.items():
            error, source, *rest = np.mean(each, 0)
            rows.append([name, way, f"{error:.1f}", f"{source:.1f}", *(f"{v:.2f}" for v in rest)])
    head = [
        "film",
        "way",
        "warping error",
        "of the film itself",
        "colour",
        "patches",
        "structure",
        "seconds a frame",
    ]
    return "\n\n".join([table(head, rows), still_camera(count), caption()])


def still_camera(count: int) -> str:
    """How much a painted ground moves that stands still in the film."""
    shots = list(scenes.moving_shapes(SIZE, min(count, 24), still=True))
    photos, said = [as_image(shot.image) for shot in shots], []
    pairs = zip(shots, shots[1:], strict=False)
    same = np.all([np.abs(a.image.astype(int) - b.image).max(-1) == 0 for a, b in pairs], 0)
    apart = distance_transform_edt(same)  # from what moves
    for way in list(WAYS)[:2]:
        film, _ = painted(photos, "mosaic", way)
        squares = [np.square(b - a)[0].mean(-1) for a, b in zip(film, film[1:], strict=False)]
        near, far = (
            255 * np.sqrt(np.mean(squares, 0)[where].mean())
            for where in ((apart > 0) & (apart < 20), apart >= 20)
        )
        said.append(f"{way} {near:.1f} within 20 pixels of what moves and {far:.2f} elsewhere")
    return f"Before a still camera, where the film does not change, RMS of 255: {'; '.join(said)}."


def keep(film: Sequence[np.ndarray], path: Path) -> None:
    """Write a film for looking at."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames: Iterator[Frame] = (
        Frame(nst.images.to_uint8(each), n / RATE, 1 / RATE) for n, each in enumerate(film)
    )
    save_film(frames, path, rate=RATE, overwrite=True)


def main() -> int:
    """Read the command line, measure, and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("memory", "speed", "steadiness"))
    parser.add_argument("--frames", type=int, help="of the longest film (default: 300, for steadiness 16)")
    parser.add_argument("--out", type=Path, help="folder for the films")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if options.what == "steadiness":
        if options.out is None:
            parser.error("steadiness writes films: give --out")
        body = steadiness(options.frames or 16, options.out)
    else:
        body = (memory if options.what == "memory" else speed)(options.frames or 300)
    print(body)
    if options.write:
        write(README, f"films, {options.what}", body)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
