"""Paint the sample films of data/films: 384 x 216 pixels, 24 frames a second, H.264.

    python tools/paint_films.py

`walk` is made of a photograph that scikit-learn brings (pip install scikit-learn).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction

from nstlib import samples
from nstlib.video import scenes
from nstlib.video.frame import Frame
from nstlib.video.saving import save_film

RATE = 24  # frames a second
FRAMES = 84  # three seconds and a half


def main() -> int:
    """Paint them, and write the files."""
    folder = samples.data_folder() / "films"
    folder.mkdir(exist_ok=True)
    films = {
        "shapes": scenes.moving_shapes(frames=FRAMES),
        "walk": scenes.camera_move("china", frames=FRAMES),
    }
    for name, frames in films.items():
        file = folder / f"{name}.mp4"
        count = save_film(timed(frames), file, rate=RATE, overwrite=True)
        print(f"{file}: {count} frames, {file.stat().st_size / 1000:.0f} kB")
    return 0


def timed(frames: Iterable[scenes.SceneFrame]) -> Iterator[Frame]:
    """Frames with their times."""
    for number, frame in enumerate(frames):
        yield Frame(frame.image, Fraction(number, RATE), Fraction(1, RATE))


if __name__ == "__main__":
    sys.exit(main())
