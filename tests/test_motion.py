"""video.motion: flows that are known, warping, and what is believed, against plain loops."""

import sys
from itertools import islice

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

pytest.importorskip("cv2", reason="films need the extra `video`")

from nstlib import images  # noqa: E402
from nstlib.video import motion, scenes  # noqa: E402

pytestmark = pytest.mark.fast


def texture(height: int = 96, width: int = 128, seed: int = 0) -> np.ndarray:
    """Smooth noise of several scales, (1, H, W, 3)."""
    rng = np.random.default_rng(seed)
    scales = [
        motion.smoothed(rng.normal(size=(height, width, 3)).astype("float32"), s) * s for s in (1, 2, 5)
    ]
    total = sum(scales)
    return (0.5 + 0.2 * total / total.std()).clip(0, 1).astype("float32")[None]


def random_flow(seed: int, height: int = 9, width: int = 11, reach: float = 2.0) -> np.ndarray:
    flow = np.random.default_rng(seed).normal(size=(height, width, 2)).astype("float32")
    return motion.smoothed(flow, 1.5) * np.float32(reach)


def affine_flow(
    matrix: np.ndarray, shift: tuple[float, float], height: int = 96, width: int = 128
) -> np.ndarray:
    """x -> matrix (x - middle) + middle + shift, as a flow."""
    rows, columns = np.mgrid[:height, :width].astype("float32")
    points = np.stack([columns - (width - 1) / 2, rows - (height - 1) / 2], -1)
    return (points @ (matrix - np.eye(2)).T + shift).astype("float32")


def turn(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


# --- optical_flow ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matrix", "shift"),
    [(np.eye(2), (3.4, -1.7)), (turn(0.04), (0.5, 0.0)), (1.03 * np.eye(2), (0.0, 0.8))],
    ids=["translation", "rotation", "zoom"],
)
def test_known_motion_is_found(matrix: np.ndarray, shift: tuple[float, float]) -> None:
    second, known = texture(), affine_flow(matrix, shift)
    first = motion.warp(second, known)  # what is at x in the first is at x + known in the second
    inside = (slice(12, -12), slice(12, -12))
    error = np.sqrt(motion.squared(motion.optical_flow(first, second) - known))[inside]
    assert error.mean() < 0.3
    assert np.sqrt(motion.squared(known))[inside].mean() > 1  # it would not pass by finding nothing


def test_flow_is_the_same_again_and_of_bytes() -> None:
    first, second = texture(seed=1), motion.warp(texture(seed=1), affine_flow(np.eye(2), (1.5, 0.5)))
    once = motion.optical_flow(first, second)
    assert once.dtype == np.float32
    assert once.shape == (96, 128, 2)
    np.testing.assert_array_equal(once, motion.optical_flow(first, second))
    as_bytes = motion.optical_flow(images.to_uint8(first), images.to_uint8(second))
    assert np.abs(as_bytes - once).mean() < 0.05  # grey is rounded in another order


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (16, 5), (17, 17), (12, 200)])
@pytest.mark.parametrize("preset", ["fast", "medium"])
def test_tiny_frames_have_a_flow_too(shape: tuple[int, int], preset: str) -> None:
    frame = np.random.default_rng(0).random((1, *shape, 3), dtype="float32")
    flow = motion.optical_flow(frame, frame, preset=preset)  # type: ignore[arg-type]
    assert flow.shape == (*shape, 2)
    assert np.isfinite(flow).all()


def test_frames_and_presets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"differ in size: \(20, 30\) and \(30, 20\)"):
        motion.optical_flow(texture(30, 20), texture(20, 30))
    with pytest.raises(ValueError, match="choose 'fast' or 'medium'"):
        motion.optical_flow(texture(20, 20), texture(20, 20), preset="best")  # type: ignore[arg-type]


def test_without_opencv_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "nstlib\[video\]"'):
        motion.optical_flow(texture(20, 20), texture(20, 20))


# --- warp ------------------------------------------------------------------------------------------------


def test_no_motion_changes_no_bit() -> None:
    picture = texture()
    np.testing.assert_array_equal(motion.warp(picture, np.zeros((96, 128, 2), "float32")), picture)


def test_whole_pixels_are_copied_and_borders_go_on() -> None:
    picture, flow = texture(20, 30), np.zeros((20, 30, 2), "float32")
    flow[...] = (3, -2)
    rows, columns = np.clip(np.arange(20) - 2, 0, 19), np.clip(np.arange(30) + 3, 0, 29)
    np.testing.assert_allclose(motion.warp(picture, flow)[0], picture[0][np.ix_(rows, columns)], atol=1e-6)


def test_fifty_warps_keep_what_bilinear_ones_lose() -> None:
    import cv2

    picture = texture()
    there = np.full((96, 128, 2), (0.3, 0.21), "float32")
    ours = bilinear = picture
    for step in range(50):
        flow = there if step % 2 else -there
        ours = motion.warp(ours, flow)
        moved = cv2.remap(
            bilinear[0], *motion.targets(flow), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        bilinear = moved[None]
    inside = (0, slice(16, -16), slice(16, -16))
    lost, kept = (np.square(each - picture)[inside].mean() ** 0.5 for each in (bilinear, ours))
    assert kept < lost / 2
    assert ours.min() >= 0
    assert ours.max() <= 1


# --- what is believed ------------------------------------------------------------------------------------


def at(flow: np.ndarray, x: float, y: float) -> np.ndarray:
    """A flow between its pixels, bilinear, its borders repeated."""
    parts = [map_coordinates(flow[..., k], [[y], [x]], order=1, mode="nearest") for k in (0, 1)]
    return np.concatenate(parts)


def test_agreement_is_the_papers_in_a_plain_loop() -> None:
    forward, backward = random_flow(0), -random_flow(0) + 3 * random_flow(1)
    found, sure = motion.agrees(forward, backward), 0
    for y in range(9):
        for x in range(11):
            here = forward[y, x].astype(float)
            back = at(backward.astype(float), x + here[0], y + here[1])
            least = 0.01 * (here @ here + back @ back) + 0.5 - (here + back) @ (here + back)
            if abs(least) > 0.05:  # OpenCV rounds places to 1/32 of a pixel, so a close call may differ
                assert found[y, x] == (least > 0)
                sure += 1
    assert sure > 60
    assert 10 < found.sum() < 95


def test_edges_of_motion_are_the_papers_in_a_plain_loop() -> None:
    flow = random_flow(2, reach=0.3)
    found = motion.is_edge(flow)
    for y in range(1, 8):
        for x in range(1, 10):
            across = (flow[y, x + 1].astype(float) - flow[y, x - 1]) / 2
            down = (flow[y + 1, x].astype(float) - flow[y - 1, x]) / 2
            here = flow[y, x].astype(float)
            assert found[y, x] == (across @ across + down @ down > 0.01 * (here @ here) + 0.002)
    assert 0 < found.sum() < found.size


def test_what_leads_out_of_the_picture_is_not_believed() -> None:
    flow = np.zeros((8, 10, 2), "float32")
    flow[...] = (2, -1)
    expected = np.zeros((8, 10), bool)
    expected[1:, :8] = True
    np.testing.assert_array_equal(motion.is_inside(flow), expected)
    np.testing.assert_array_equal(motion.reliability(flow, -flow), expected.astype("float32"))


def test_what_is_hidden_in_the_frame_before_is_found() -> None:
    """With the exact flows of two frames, a square over a ground: what it uncovers, and nothing else."""
    forward, backward = np.zeros((2, 40, 60, 2), "float32")
    backward[10:30, 20:40, 0] = -5  # of the later frame, in which the square is at 20 to 40
    forward[10:30, 15:35, 0] = 5
    hidden = np.zeros((40, 60), bool)
    hidden[10:30, 15:20] = True
    np.testing.assert_array_equal(~motion.agrees(backward, forward), hidden)


def test_estimated_occlusion_is_the_exact_one_but_for_a_band() -> None:
    frames = list(islice(scenes.moving_shapes((256, 144), 3, seed=1), 3))
    before, now = frames[1:]
    back, forth = motion.optical_flow(now.image, before.image), motion.optical_flow(before.image, now.image)
    believed = motion.reliability(back, forth) > 0
    assert now.flow is not None
    error = np.sqrt(motion.squared(back - now.flow))
    assert error[believed & now.visible].mean() < 0.3
    hidden = ~now.visible
    band = motion.smoothed(hidden.astype("float32"), 1.5) > 0.02  # three pixels about it
    assert (~believed & band).sum() > 0.6 * hidden.sum()
    assert believed[~motion_near(now, 4)].mean() > 0.97  # away from borders and edges all is believed


def motion_near(frame: scenes.SceneFrame, pixels: int) -> np.ndarray:
    """What is within so many pixels of something hidden, of an edge of the exact motion or of the border."""
    assert frame.flow is not None
    slopes = np.stack([*np.gradient(frame.flow[..., 0]), *np.gradient(frame.flow[..., 1])], -1)
    odd = (~frame.visible | (motion.squared(slopes) > 0.05)).astype("float32")
    near = motion.smoothed(odd, pixels) > 1e-3
    near[:pixels] = near[-pixels:] = True
    near[:, :pixels] = near[:, -pixels:] = True
    return near


def test_earlier_frames_count_where_later_ones_do_not() -> None:
    """Equation 10 of Ruder et al. in a plain loop."""
    weights = [np.random.default_rng(s).integers(0, 2, (5, 6)).astype("float32") for s in range(3)]
    found = motion.long_term(weights)
    for y in range(5):
        for x in range(6):
            for lag, each in enumerate(found):
                later = sum(float(w[y, x]) for w in weights[:lag])
                assert each[y, x] == max(float(weights[lag][y, x]) - later, 0)
    assert max(np.sum(found, 0).ravel()) == 1
