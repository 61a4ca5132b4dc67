"""video.scenes: films whose motion is known; video.stability, which they measure."""

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("cv2", reason="films need the extra `video`")

from nstlib import images, samples  # noqa: E402
from nstlib.video import collage, layers, motion, relief, scenes, stability  # noqa: E402

pytestmark = pytest.mark.fast

SIZE = (160, 90)
FILMS = {
    "shapes": lambda: scenes.moving_shapes(SIZE, 4),
    "still": lambda: scenes.moving_shapes(SIZE, 4, still=True, seed=2),
    "cup": lambda: scenes.camera_move("coffee", SIZE, 24),
    "plain photograph": lambda: scenes.camera_move("rocket", SIZE, 24),
}


@pytest.fixture(scope="module", params=FILMS, ids=list(FILMS))
def film(request: pytest.FixtureRequest) -> list[scenes.SceneFrame]:
    return list(FILMS[request.param]())[:6]


# --- layers ----------------------------------------------------------------------------------------------


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    picture = np.random.default_rng(seed).random((height, width, 3), dtype="float32")
    return motion.smoothed(picture, 2.0)


def test_flow_and_what_is_hidden_are_exact_for_a_square_over_a_ground() -> None:
    """The square goes 5 pixels to the right and is in front; the ground goes 2 up."""
    own = layers.similarity(-0.25, -0.25, 0, 0.5)  # a layer has two pixels for one of the picture
    ground = layers.Layer(noise(200, 200), lambda n: layers.similarity(0, -2 * n) @ own)
    square = layers.Layer(
        noise(40, 40, 1), lambda n: layers.similarity(10 + 5 * n, 12) @ own, np.ones((40, 40), "float32")
    )
    _, frame = layers.film([ground, square], (60, 50), 2)
    assert frame.flow is not None
    here, visible = np.zeros((50, 60), bool), np.ones((50, 60), bool)
    here[12:32, 15:35] = True
    np.testing.assert_allclose(frame.flow[here], [[-5, 0]] * 400, atol=1e-5)
    np.testing.assert_allclose(frame.flow[~here], [[0, 2]] * 2600, atol=1e-5)
    visible[10:30, 10:30] = False  # of the ground, what the square covered, which was 2 lower
    visible[here] = True
    visible[48:] = False  # came from below the picture
    np.testing.assert_array_equal(frame.visible, visible)


def test_a_turned_and_zoomed_layer_is_where_its_matrix_says() -> None:
    place = layers.similarity(20.0, 15.0, 0.3, 1.2)
    points = np.array([[0.0, 0.0], [1.0, 0.0], [3.0, -2.0]])
    for point, there in zip(points, layers.moved(place, points), strict=True):
        x, y, w = place @ np.append(point, 1)
        np.testing.assert_allclose(there, [x / w, y / w])
    np.testing.assert_allclose(
        layers.moved(np.linalg.inv(place), layers.moved(place, points)), points, atol=1e-12
    )


def test_a_border_covers_part_of_its_pixels() -> None:
    side, radius = 64, 20.3
    covered = collage.polygon(collage.regular(360) * 2 * radius + side / 2, side)
    assert covered.sum() == pytest.approx(np.pi * radius**2, rel=0.02)
    across = covered.sum(0) @ np.arange(side) / covered.sum()
    assert across == pytest.approx((side - 1) / 2, abs=0.02)
    assert ((covered > 0.1) & (covered < 0.9)).sum() > 2 * radius


# --- films -----------------------------------------------------------------------------------------------


def test_the_first_frame_knows_no_earlier_one(film: list[scenes.SceneFrame]) -> None:
    assert film[0].flow is None
    assert not film[0].visible.any()
    for frame in film:
        assert frame.image.dtype == np.uint8
        assert frame.image.shape == (SIZE[1], SIZE[0], 3)
        assert frame.visible.shape == (SIZE[1], SIZE[0])


def test_the_frame_before_moved_by_the_flow_is_the_frame(film: list[scenes.SceneFrame]) -> None:
    for before, now in pairwise(film):
        assert now.flow is not None
        where = now.visible.astype("float32")
        moved = stability.warping_error(before, now, now.flow, where)
        assert moved < 0.025
        shifted = now.flow + np.float32(0.5)  # half a pixel beside it is worse
        assert moved < 0.8 * stability.warping_error(before, now, shifted, where)


def test_what_was_hidden_cannot_be_moved_there(film: list[scenes.SceneFrame]) -> None:
    for before, now in pairwise(film):
        assert now.flow is not None
        hidden = ~now.visible & motion.is_inside(now.flow)
        if hidden.sum() > 20:
            wrong = stability.warping_error(before, now, now.flow, hidden.astype("float32"))
            assert wrong > 2 * stability.warping_error(before, now, now.flow, now.visible.astype("float32"))


def test_every_scene_moves_by_parts_of_pixels_and_hides_something() -> None:
    for make in (FILMS["shapes"], FILMS["cup"]):
        frames = list(make())[:6]
        parts = np.concatenate([f.flow.ravel() % 1 for f in frames[1:] if f.flow is not None])
        assert 0.1 < np.quantile(parts, 0.3) < np.quantile(parts, 0.7) < 0.9
        assert 0.5 < np.mean([f.visible for f in frames[1:]]) < 0.999


def test_before_a_still_camera_only_the_shapes_move() -> None:
    frames = list(scenes.moving_shapes(SIZE, 3, still=True))
    for before, now in pairwise(frames):
        assert now.flow is not None
        ground = ~now.flow.any(-1)
        assert 0.3 < ground.mean() < 0.95
        calm = motion.smoothed((~(ground & now.visible)).astype("float32"), 1.0) < 1e-3
        np.testing.assert_array_equal(now.image[calm], before.image[calm])


def test_a_seed_is_a_film() -> None:
    one, again, other = (list(scenes.moving_shapes((64, 40), 2, seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one[1].image, again[1].image)
    np.testing.assert_array_equal(one[1].flow, again[1].flow)
    assert np.abs(one[1].image.astype(float) - other[1].image).mean() > 5


@pytest.mark.parametrize("size", [(32, 32), (57, 101)])
def test_any_size_and_a_single_frame_will_do(size: tuple[int, int]) -> None:
    for films in (scenes.moving_shapes(size, 1), scenes.camera_move("rocket", size, 1)):
        (frame,) = films
        assert frame.image.shape == (size[1], size[0], 3)


def test_bad_sizes_and_numbers_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="20 x 90 pixels; a scene needs 32"):
        scenes.moving_shapes((20, 90))
    with pytest.raises(ValueError, match="frames is 0"):
        scenes.moving_shapes(SIZE, 0)
    with pytest.raises(ValueError, match="frames is 0"):
        scenes.camera_move("coffee", SIZE, 0)


# --- a camera past a photograph --------------------------------------------------------------------------


def test_near_things_pass_and_the_horizon_stays() -> None:
    """Of a camera that goes to the right and does not turn, every row moves as 1 over its distance."""
    view = relief.View(horizon=100, truck=0.2, dolly=0.0, aim=None)
    frames = list(scenes.camera_move(noise(200, 356)[None], (178, 100), 11, view=view))
    flow = frames[5].flow
    assert flow is not None
    np.testing.assert_allclose(flow[:48], 0, atol=1e-4)
    speed = flow[52:, :, 0].mean(1)
    assert speed[0] > 0
    np.testing.assert_allclose(np.diff(speed), np.diff(speed).mean(), rtol=1e-2)  # y over f times the height
    np.testing.assert_allclose(flow[..., 1], 0, atol=1e-4)


def test_what_stands_moves_as_the_ground_at_its_foot() -> None:
    box = ((150, 60), (200, 60), (200, 140), (150, 140))
    view = relief.View(100, (relief.Cutout(box, foot=140),), truck=0.2, dolly=0.0)
    flow = list(scenes.camera_move(noise(200, 356)[None], (178, 100), 11, view=view))[5].flow
    assert flow is not None
    standing, ground = flow[30:65, 84:90, 0], flow[:, 10, 0]
    assert standing.std() < 1e-4
    scale = 0.5 / relief.KEPT
    row = scale * 140 - (scale * 200 - 100) / 2
    assert standing.mean() == pytest.approx(np.interp(row, np.arange(100), ground), abs=0.02)


def test_what_is_behind_goes_on_smoothly() -> None:
    ramp = np.linspace(0, 1, 90, dtype="float32")[:, None, None] * np.ones((1, 160, 3), "float32")
    known = np.ones((90, 160), "float32")
    known[20:70, 40:110] = 0
    filled = relief.filled(ramp * known[..., None], known)
    np.testing.assert_array_equal(filled[known == 1], ramp[known == 1])
    assert np.abs(filled - ramp).max() < 0.05  # a horizon goes on
    flat = relief.filled(np.full_like(ramp, 0.4) * known[..., None], known)
    np.testing.assert_allclose(flat, 0.4, atol=1e-5)


def test_the_cup_is_cut_out_and_leaves_no_hole() -> None:
    frames = list(scenes.camera_move("coffee", SIZE, 12))
    for frame in frames[1:]:
        assert frame.flow is not None
        seams = np.abs(np.diff(frame.flow[..., 0], axis=1)) > 0.3
        assert seams.any()
    photo = images.to_uint8(images.load_image("coffee", 160)).reshape(-1, 3)
    for frame in frames:  # its colours are those of the photograph: nothing black came from outside
        assert np.abs(frame.image.reshape(-1, 3).mean(0) - photo.mean(0)).max() < 20


# --- stability -------------------------------------------------------------------------------------------


def test_the_warping_error_is_that_of_a_plain_loop() -> None:
    previous, current = noise(12, 15, 0)[None], noise(12, 15, 1)[None]
    flow = np.zeros((12, 15, 2), "float32")
    flow[...] = (2, -1)
    where = np.random.default_rng(2).integers(0, 2, (12, 15)).astype("float32")
    total = count = 0.0
    for y in range(12):
        for x in range(15):
            there = previous[0, max(y - 1, 0), min(x + 2, 14)]
            for color in range(3):
                total += where[y, x] * float(current[0, y, x, color] - there[color]) ** 2
                count += where[y, x]
    found = stability.warping_error(previous, current, flow, where)
    assert found == pytest.approx((total / count) ** 0.5, rel=1e-4)
    assert stability.warping_error(previous, previous, np.zeros_like(flow), where) == 0
    assert stability.warping_error(previous, current, flow, np.zeros_like(where)) == 0
    with pytest.raises(ValueError, match="of one height and width"):
        stability.warping_error(previous, current[:, 1:], flow, where)


def noisy(frames: list[scenes.SceneFrame], deviation: float) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    pictures = [0.2 + 0.6 * images.check_image(f.image) for f in frames]
    return [(p + rng.normal(0, deviation, p.shape)).clip(0, 1).astype("float32") for p in pictures]


def test_what_flickers_has_a_greater_error_than_its_source() -> None:
    frames = list(scenes.moving_shapes(SIZE, 5))
    steady, restless = (stability.measure(frames, noisy(frames, deviation)) for deviation in (0.0, 0.05))
    assert steady.pairs == restless.pairs == 4
    assert steady.source == restless.source
    assert steady.painted == pytest.approx(0.6 * steady.source, rel=0.02)
    expected = (steady.painted**2 + 2 * 0.05**2) ** 0.5  # noise of two frames
    assert restless.painted == pytest.approx(expected, rel=0.15)
    assert 0.6 < steady.valid < 1


def test_films_are_read_once_and_as_far_as_both_go() -> None:
    frames = list(scenes.moving_shapes(SIZE, 4))
    assert stability.measure(iter(frames), iter(frames[:3])).pairs == 2
    small = [images.resize(frame.image, (45, 80)) for frame in frames]
    assert stability.measure(frames, small).pairs == 3
    with pytest.raises(ValueError, match="no two frames"):
        stability.measure(frames, frames[:1])


def test_pairs_on_both_sides_of_a_cut_do_not_count() -> None:
    first, second = list(scenes.moving_shapes(SIZE, 3)), list(scenes.camera_move("coffee", SIZE, 48))[:3]
    whole = stability.measure([*first, *second], [*first, *second])
    parts = [stability.measure(each, each) for each in (first, second)]
    assert whole.pairs == 4
    assert whole.source == pytest.approx(np.mean([p.source for p in parts]))


def test_flicker_is_what_changes_where_nothing_moves() -> None:
    frames = list(scenes.moving_shapes(SIZE, 4, still=True))
    assert stability.flicker([frames[0]] * 3) == 0
    assert stability.flicker(noisy(frames[:1] * 4, 0.05)) == pytest.approx(0.05 * 2**0.5, rel=0.05)
    assert stability.flicker(noisy(frames, 0.05), frames) == pytest.approx(0.05 * 2**0.5, rel=0.05)
    assert stability.flicker(frames, frames) < 2 / 255 < stability.flicker(frames)
    with pytest.raises(ValueError, match="film from a tripod"):
        stability.flicker(frames[:1])


# --- the sample films ------------------------------------------------------------------------------------


def test_the_sample_films_are_those_of_the_table_and_can_be_opened() -> None:
    pytest.importorskip("av", reason="films need the extra `video`")
    from nstlib.video.film import open_film

    assert set(samples.films()) == set(samples.FILMS)
    assert sum(file.stat().st_size for file in samples.films().values()) < 700_000
    for name in samples.FILMS:
        film = open_film(name)
        assert (film.size, film.rate, film.count, film.sound) == ((384, 216), 24, 84, False)
        assert "CC BY" in samples.credits(name)


def test_the_film_of_shapes_is_what_the_scene_makes() -> None:
    pytest.importorskip("av", reason="films need the extra `video`")
    from nstlib.video.film import open_film

    for read, made in zip(open_film("shapes").frames(), scenes.moving_shapes(frames=3), strict=False):
        assert images.psnr(read.image, made.image) > 28
