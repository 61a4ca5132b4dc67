"""video.cuts: where shots begin, and what is no cut: motion, grain, lamps, flashes, fades."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("cv2", reason="films need the extra `video`")

from nstlib import images  # noqa: E402
from nstlib.video import cuts, scenes  # noqa: E402

pytestmark = pytest.mark.fast

PHOTOS = ("astronaut", "rocket", "coffee", "cat", "hubble", "retina", "tissue", "grace_hopper")
SIZE = (96, 54)
Shot = Callable[[int], list[np.ndarray]]


def photo(number: int) -> np.ndarray:
    """One of eight photographs, cut to twice the size of the frames, uint8."""
    picture = images.load_image(PHOTOS[number % len(PHOTOS)], 256)[0]
    high = picture.shape[1] * 9 // 16
    above = (picture.shape[0] - high) // 2
    return images.to_uint8(images.resize(picture[above : above + high], (2 * SIZE[1], 2 * SIZE[0])))


def still(number: int, frames: int = 10) -> list[np.ndarray]:
    return [photo(number)[27:81, 48:144]] * frames


def pan(number: int, frames: int = 10, step: int = 7) -> list[np.ndarray]:
    return [photo(number)[27:81, step * k : step * k + 96] for k in range(frames)]


def grain(number: int) -> list[np.ndarray]:
    rng = np.random.default_rng(number)
    return [(f + rng.normal(0, 12, f.shape)).clip(0, 255).astype("uint8") for f in still(number)]


def lamp(number: int) -> list[np.ndarray]:
    return [(f * (0.75 + 0.25 * np.cos(k))).astype("uint8") for k, f in enumerate(still(number))]


def flashes(number: int) -> list[np.ndarray]:
    shot = still(number)
    for k in (3, 4, 8):
        shot[k] = (shot[k] * 1.2 + 110).clip(0, 255).astype("uint8")
    return shot


@pytest.mark.parametrize("shot", [still, pan, grain, lamp, flashes], ids=lambda shot: shot.__name__)
def test_cuts_are_found_and_nothing_else(shot: Shot) -> None:
    film = [frame for number in range(8) for frame in shot(number)]
    assert cuts.find_cuts(film) == list(range(0, 80, 10))


def test_a_cut_in_every_frame_is_found() -> None:
    assert cuts.find_cuts([still(number)[0] for number in range(16)]) == list(range(16))


@pytest.mark.parametrize("steps", [12, 24])
def test_dissolves_and_fades_are_no_cuts(steps: int) -> None:
    first, second = (still(number)[0].astype("float32") for number in (0, 2))
    shares = np.linspace(0, 1, steps)
    dissolve = [(first + s * (second - first)).astype("uint8") for s in shares]
    assert cuts.find_cuts([*still(0), *dissolve, *still(2)]) == [0]
    to_black = [(first * s).astype("uint8") for s in shares[::-1]] + [
        (second * s).astype("uint8") for s in shares
    ]
    assert cuts.find_cuts([*still(0), *to_black, *still(2)]) == [0]


def test_a_cut_to_black_and_back_is_one() -> None:
    black = [np.zeros((SIZE[1], SIZE[0], 3), "uint8")] * 10
    assert cuts.find_cuts([*still(0), *black, *still(2)])[-1] == 20


def test_films_of_known_motion_are_one_shot_and_their_joints_are_cuts() -> None:
    shapes = [f.image for f in scenes.moving_shapes(SIZE, 12)]
    cup = [f.image for f in scenes.camera_move("coffee", SIZE, 12)]
    assert cuts.find_cuts(shapes) == cuts.find_cuts(cup) == [0]
    assert cuts.find_cuts([*shapes, *cup, *shapes]) == [0, 12, 24]


def test_frames_are_looked_at_one_after_the_other() -> None:
    """No frame is kept: each may be overwritten by the next."""

    def reused() -> Iterator[np.ndarray]:
        frame = np.empty((SIZE[1], SIZE[0], 3), "uint8")
        for number in range(4):
            for each in still(number, 6):
                frame[...] = each
                yield frame

    assert cuts.find_cuts(reused()) == [0, 6, 12, 18]


def test_films_of_no_frame_and_of_one() -> None:
    assert cuts.find_cuts([]) == []
    assert cuts.find_cuts(still(0, 1)) == [0]


def test_the_difference_is_symmetric_and_bounded() -> None:
    one, other = cuts.look_at(still(0)[0]), cuts.look_at(still(1)[0])
    assert cuts.difference(one, one) == pytest.approx(0, abs=1e-6)
    assert cuts.difference(one, other) == pytest.approx(cuts.difference(other, one))
    assert cuts.CUT < cuts.difference(one, other) < 1
    assert one.colours.sum() == pytest.approx(1)


def test_little_light_moves_little_of_the_colours() -> None:
    """Shares are divided between bins, so that no border between them is crossed at once."""
    frame = np.full((27, 48, 3), 0.299, "float32")
    before, after = cuts.shares(frame), cuts.shares(frame + 0.004)
    assert 0 < np.abs(after - before).sum() < 0.15
