"""objectives: every measure is its definition in a plain loop, 0 at its target, with the right slope."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import sparse, stats
from skimage.exposure import match_histograms

from nstlib.autodiff import compiled, gradient, numpy, tensor
from nstlib.objectives.matting import MattingLaplacian
from nstlib.objectives.measures import Measure
from nstlib.objectives.patches import COMPANION, NearestNeighbours, Patches
from nstlib.objectives.points import FLAT, spread
from nstlib.objectives.statistics import (
    Histogram,
    Moments,
    SlicedWasserstein,
    middles_of,
    quantiles,
    read_off,
    transport,
)

pytestmark = pytest.mark.fast

STATISTICS: list[Any] = [
    Moments(),
    Moments(second="deviation"),
    SlicedWasserstein(projections=6),
    Histogram(),
]
NEIGHBOURS: list[Any] = [Patches(), Patches(stride=1), NearestNeighbours()]
MEASURES = [*STATISTICS, *NEIGHBOURS, MattingLaplacian(epsilon=1e-5)]


def features(seed: int = 0, height: int = 8, width: int = 7, channels: int = 3) -> np.ndarray:
    shape = (1, height, width, channels)
    return np.random.default_rng(seed).normal(1.0, 2.0, shape).astype("float32")


def between(measure: Measure, here: Any, target: Any, where: Any = None, there: Any = None) -> float:
    """The distance; `where` is a mask of the image, `there` one of the target."""
    where, there = (None if mask is None else tensor(mask, "float32") for mask in (where, there))
    summary = measure.summary(tensor(target), there)
    return float(numpy(measure.distance(tensor(here), summary, where)))


def unit_of(points: np.ndarray) -> float:
    """The spread of points (M, N), as it is defined."""
    variance, square = points.var(0).mean(), np.square(points).mean()
    return float(variance + FLAT * square + 1e-6)


def flat(grid: np.ndarray) -> np.ndarray:
    return grid.reshape(-1, grid.shape[-1]).astype("float64")


def name_of(measure: Measure) -> str:
    return str(measure).replace(" ", "")


every_measure = pytest.mark.parametrize("measure", MEASURES, ids=name_of)
every_statistic = pytest.mark.parametrize("measure", STATISTICS, ids=name_of)


# --- what holds for all --------------------------------------------------------------------------------


@every_measure
def test_a_measure_is_zero_at_its_target_and_positive_elsewhere(measure: Any) -> None:
    target = features(1)
    assert 0 <= between(measure, target, target) < 1e-5
    assert between(measure, features(2) * 2 + 1, target) > 0.05


@every_measure
def test_the_slope_is_that_of_finite_differences(measure: Any) -> None:
    here, target = features(1), features(2)
    if isinstance(measure, Patches):  # near its target: where a patch changes its neighbour, the value jumps
        here = target + features(3) / 20
    summary = measure.summary(tensor(target))
    slope = gradient(lambda x: measure.distance(x, summary), here)
    step = 1e-3  # so small that hardly a neighbour or a rank changes
    for seed in range(3):
        along = np.random.default_rng(seed).normal(size=here.shape).astype("float32") + slope / slope.std()
        ahead, behind = (
            float(numpy(measure.distance(tensor(here + s * along), summary))) for s in (step, -step)
        )
        assert (ahead - behind) / (2 * step) == pytest.approx(float((slope * along).sum()), rel=0.02)


@every_measure
def test_a_compiled_distance_is_the_same(measure: Any) -> None:
    here, summary = tensor(features(1)), measure.summary(tensor(features(2)))
    graph = compiled(lambda x, *kept: measure.distance(x, kept if isinstance(summary, tuple) else kept[0]))
    kept = summary if isinstance(summary, tuple) else (summary,)
    plain = float(numpy(measure.distance(here, summary)))
    assert float(numpy(graph(here, *kept))) == pytest.approx(plain, rel=1e-4)


@every_measure
def test_a_mask_of_ones_is_no_mask_and_only_shares_count(measure: Any) -> None:
    here, target, ones = features(1), features(2), np.ones((1, 8, 7, 1))
    plain = between(measure, here, target)
    assert between(measure, here, target, ones, ones) == pytest.approx(plain, rel=1e-3)
    soft = np.random.default_rng(3).random((1, 8, 7, 1))
    once, tenfold = (between(measure, here, target, k * soft, k * soft) for k in (1, 10))
    assert tenfold == pytest.approx(once, rel=1e-3)


@every_measure
def test_a_hard_mask_is_as_good_as_cutting_the_region_out(measure: Any) -> None:
    here, target, mask = features(1), features(2), np.zeros((1, 8, 7, 1))
    mask[:, 1:7, 2:7] = 1
    if isinstance(measure, Patches) and measure.stride > 1:
        mask[:, 1:7, 2:7] = 0
        mask[:, 2:7, 2:7] = 1  # begins where a patch does
    inside = np.nonzero(mask[0, :, :, 0])
    cut = np.s_[:, inside[0].min() : inside[0].max() + 1, inside[1].min() : inside[1].max() + 1]
    wanted = between(measure, here[cut], target[cut])
    rough = isinstance(measure, (SlicedWasserstein, Histogram))  # another number of quantiles is kept
    assert between(measure, here, target, mask, mask) == pytest.approx(wanted, rel=0.1 if rough else 1e-3)
    outside = here + 100 * (1 - mask.astype("float32"))
    changed, before = (between(measure, x, target, mask, mask) for x in (outside, here))
    assert changed == pytest.approx(before, rel=1e-3)


@pytest.mark.parametrize("measure", [*STATISTICS, NearestNeighbours()], ids=name_of)
def test_where_the_features_stand_does_not_matter(measure: Any) -> None:
    here, target = features(1), features(2)
    mixed = np.random.default_rng(0).permutation(flat(here)).reshape(here.shape).astype("float32")
    assert between(measure, mixed, target) == pytest.approx(between(measure, here, target), rel=1e-4)


@pytest.mark.parametrize("measure", [*STATISTICS, *NEIGHBOURS], ids=name_of)
def test_pictures_may_differ_in_size(measure: Any) -> None:
    target = features(1, 9, 11)
    assert 0.01 < between(measure, features(2, 6, 5) + 2, target) < 20
    assert 0.01 < between(measure, features(2, 12, 13) + 2, target) < 20


@pytest.mark.parametrize("measure", [*STATISTICS[:2], NearestNeighbours()], ids=name_of)
def test_the_target_as_a_tile_of_the_image_is_still_the_target(measure: Any) -> None:
    target = features(1)
    assert between(measure, np.tile(target, (1, 2, 3, 1)), target) < 1e-5


@every_measure
def test_black_pictures_have_finite_distances_and_slopes(measure: Any) -> None:
    black, other = np.zeros((1, 8, 7, 3), "float32"), features(1)
    for here, target in itertools.product((black, other), repeat=2):
        summary = measure.summary(tensor(target))
        assert np.isfinite(between(measure, here, target))
        assert np.isfinite(gradient(lambda x, s=summary: measure.distance(x, s), here)).all()
    assert between(measure, black, black) < 1e-6


@pytest.mark.parametrize("measure", [*STATISTICS, *NEIGHBOURS], ids=name_of)
def test_the_unit_of_features_does_not_matter(measure: Any) -> None:
    """One weight suits layers whose features are of different size."""
    here, target = features(1), features(2)
    plain, large = between(measure, here, target), between(measure, 50 * here, 50 * target)
    assert large == pytest.approx(plain, rel=1e-3)


def test_equal_options_are_equal_measures() -> None:
    assert len({Moments(), Moments(), Moments(second="deviation"), Histogram(), Histogram()}) == 3
    assert Patches(seed=1) != Patches(seed=2)
    assert len({measure.name for measure in MEASURES}) == 6


def test_what_cannot_be_measured_is_refused_in_a_sentence() -> None:
    batch = tensor(np.zeros((2, 8, 7, 3), "float32"))
    for wrong, complaint in (
        (lambda: Moments(second="third"), "unknown second moment"),
        (lambda: SlicedWasserstein(projections=0), "projections is 0; give a whole number from 1"),
        (lambda: SlicedWasserstein(seed=-1), "seed is -1; give a whole number from 0"),
        (lambda: Patches(size=2.5), "size is 2.5; give a whole number"),
        (lambda: Patches(stride=4), "leaves gaps"),
        (lambda: NearestNeighbours(most=True), "most is True; give a whole number"),
        (lambda: MattingLaplacian(epsilon=0.0), "epsilon is 0.0; give a positive number"),
        (lambda: Moments().summary(batch), "one picture with one target, not 2"),
        (lambda: Patches().summary(tensor(features(0, 2, 9))), "9 x 2 positions and its windows 3 x 3"),
        (lambda: MattingLaplacian().summary(tensor(features(channels=5))), 'layer "image"'),
        (lambda: between(MattingLaplacian(), features(1), features(1, 9, 9)), "7 x 8 pixels.*9 x 9"),
    ):
        with pytest.raises(ValueError, match=f"(?i){complaint}") as refusal:
            wrong()
        assert "\n" not in str(refusal.value)


# --- each is its definition ----------------------------------------------------------------------------


def test_moments_are_those_of_numpy() -> None:
    here, target = flat(features(1)), flat(features(2) + 1)
    unit = unit_of(target)
    means = np.square(here.mean(0) - target.mean(0)).mean() / unit
    mine, theirs = np.cov(here.T, bias=True), np.cov(target.T, bias=True)
    least = 3 * ((FLAT * np.square(target).mean()) ** 2 + 1e-6)
    wanted = means + np.square(mine - theirs).sum() / (np.square(theirs).sum() + least)
    assert between(Moments(), features(1), features(2) + 1) == pytest.approx(wanted, rel=1e-4)
    deviations = np.square(here.std(0) - target.std(0)).mean() / unit
    found = between(Moments(second="deviation"), features(1), features(2) + 1)
    assert found == pytest.approx(means + deviations, rel=1e-3)


def test_the_histogram_is_the_remapping_of_scikit_image() -> None:
    here, target = features(1)[0], features(2)[0] * 2
    remapped = match_histograms(here.astype("float64"), target.astype("float64"), channel_axis=-1)
    wanted = np.square(here - remapped).mean() / unit_of(flat(target))
    assert between(Histogram(), here[None], target[None]) == pytest.approx(wanted, rel=1e-3)


def test_sliced_wasserstein_is_a_plain_loop_over_its_directions() -> None:
    here, target = flat(features(1)), flat(features(2) + 1)
    across = np.random.default_rng(5).normal(size=(4, 3))
    gaps, seen = [], []
    for direction in across:
        direction = direction / np.linalg.norm(direction)
        gaps.append(np.square(np.sort(here @ direction) - np.sort(target @ direction)).mean())
        seen.append(np.sort(target @ direction))
    wanted = np.mean(gaps) / unit_of(np.transpose(seen))
    found = between(SlicedWasserstein(projections=4, seed=5), features(1), features(2) + 1)
    assert found == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
def test_equal_ranks_are_joined_as_scipy_joins_them(weighted: bool) -> None:
    """In one dimension the gaps between equal quantiles are the optimal transport: their mean is SciPy's."""
    rng = np.random.default_rng(0)
    here, target = rng.normal(size=600), rng.normal(2, 3, 1500)
    weights = rng.random(1500) if weighted else None
    ranked, _ = quantiles(
        tensor(target[None], "float32"), None if weights is None else tensor(weights, "float32")
    )
    gaps = np.sort(here) - numpy(read_off(ranked, middles_of(600)))[0]
    wanted = stats.wasserstein_distance(here, target, v_weights=weights)
    assert np.abs(gaps).mean() == pytest.approx(wanted, rel=0.01)


def test_weights_of_the_image_count_as_repetitions_do() -> None:
    rng = np.random.default_rng(0)
    here, target = rng.normal(size=200), rng.normal(2, 3, 500)
    counts = rng.integers(1, 5, 200)
    kept = quantiles(tensor(target[None], "float32"))
    often = transport(tensor(np.repeat(here, counts)[None], "float32"), kept)
    once = transport(tensor(here[None], "float32"), kept, tensor(counts, "float32"))
    assert float(numpy(once)) == pytest.approx(float(numpy(often)), rel=0.01)


def with_companion(points: np.ndarray, length: float) -> np.ndarray:
    """Directions with the constant beside them, as `patches.directions` says."""
    extended = np.c_[points, np.full(len(points), COMPANION * length + 1e-6)]
    return extended / np.linalg.norm(extended, axis=1, keepdims=True)


def plain_patches(grid: np.ndarray) -> np.ndarray:
    height, width = grid.shape[1:3]
    places = itertools.product(range(height - 2), range(width - 2))
    return np.array([grid[0, y : y + 3, x : x + 3].ravel() for y, x in places], "float64")


def test_patches_are_joined_as_a_plain_loop_joins_them() -> None:
    here, target = plain_patches(features(1)), plain_patches(features(2))
    length = np.sqrt(np.square(target).sum(1).mean())
    mine, theirs = with_companion(here, length), with_companion(target, length)
    squared = [
        np.square(patch - target[np.argmax(theirs @ way)]) for patch, way in zip(here, mine, strict=True)
    ]
    wanted = np.mean(squared) / unit_of(target)
    assert between(Patches(stride=1), features(1), features(2)) == pytest.approx(wanted, rel=1e-4)


def test_neighbours_are_joined_as_a_plain_loop_joins_them() -> None:
    here, target = flat(features(1)), flat(features(2))
    centre = target.mean(0)
    length = np.sqrt(np.square(target - centre).sum(1).mean())
    mine, theirs = with_companion(here - centre, length), with_companion(target - centre, length)
    wanted = np.mean([min(2 - 2 * theirs @ way) for way in mine]) / (4 * unit_of(theirs))
    assert between(NearestNeighbours(), features(1), features(2)) == pytest.approx(wanted, rel=1e-4)


def test_every_position_is_in_a_patch() -> None:
    """With a stride that does not meet the border, too: what no patch holds would never be painted."""
    for height, width in ((6, 7), (7, 8), (8, 5)):
        here = features(1, height, width)
        summary = Patches(stride=3).summary(tensor(features(2)))
        assert (gradient(lambda x, s=summary: Patches(stride=3).distance(x, s), here) != 0).all()


def test_a_few_drawn_places_are_the_same_ones_every_time_and_come_from_the_region() -> None:
    target, mask = features(1), np.zeros((1, 8, 7, 1), "float32")
    mask[:, :4] = 1
    known, inside, *_ = NearestNeighbours(most=10).summary(tensor(target), tensor(mask))
    again, *_ = NearestNeighbours(most=10).summary(tensor(target), tensor(mask))
    assert np.array_equal(numpy(known), numpy(again)) and known.shape == (10, 4)
    assert numpy(inside).all()
    other, *_ = NearestNeighbours(most=10, seed=1).summary(tensor(target), tensor(mask))
    assert not np.array_equal(numpy(known), numpy(other))


def test_many_places_are_compared_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for measure in NEIGHBOURS:
        whole = between(measure, features(1), features(2))
        with monkeypatch.context() as patched:
            patched.setattr("nstlib.objectives.patches.CHUNK", 5)
            assert between(measure, features(1), features(2)) == pytest.approx(whole, rel=1e-5)


def levin(photo: np.ndarray, epsilon: float) -> Any:
    """The matting Laplacian as its paper writes it, entry by entry, as a sparse matrix."""
    height, width = photo.shape[1:3]
    number = np.arange(height * width).reshape(height, width)
    laplacian = sparse.lil_matrix((height * width, height * width))
    for y, x in itertools.product(range(height - 2), range(width - 2)):
        colours = photo[0, y : y + 3, x : x + 3].reshape(9, 3).astype("float64")
        pixels = number[y : y + 3, x : x + 3].ravel()
        about = colours - colours.mean(0)
        inverse = np.linalg.inv(about.T @ about / 9 + epsilon / 9 * np.eye(3))
        affinity = (1 + about @ inverse @ about.T) / 9
        for i, j in itertools.product(range(9), repeat=2):
            laplacian[pixels[i], pixels[j]] += float(i == j) - affinity[i, j]
    return laplacian.tocsr()


@pytest.mark.parametrize("epsilon", [1e-5, 1e-2])
def test_the_matting_term_is_the_quadratic_form_of_levins_matrix(epsilon: float) -> None:
    rng = np.random.default_rng(0)
    photo, image = rng.random((2, 1, 9, 8, 3), dtype="float32")
    laplacian, measure = levin(photo, epsilon), MattingLaplacian(epsilon)
    form = sum(v @ (laplacian @ v) for v in image.reshape(-1, 3).T.astype("float64"))
    summary = measure.summary(tensor(photo))
    found = float(numpy(measure.distance(tensor(image), summary))) * float(numpy(summary[-1])) * (7 * 6)
    assert found == pytest.approx(form, rel=1e-3)
    slope = 2 * laplacian @ image.reshape(-1, 3).astype("float64")
    mine = gradient(lambda x: measure.distance(x, summary), image).reshape(-1, 3)
    assert np.allclose(mine * float(numpy(summary[-1])) * 42, slope, atol=1e-3 * np.abs(slope).max())


def test_an_affine_change_of_colours_is_photorealistic_and_a_new_edge_is_not() -> None:
    photo = np.random.default_rng(0).random((1, 9, 8, 3), dtype="float32")
    mixing = np.array([[0.5, 0.2, 0.0], [0.1, -0.4, 0.3], [0.3, 0.3, 0.3]], "float32")
    assert between(MattingLaplacian(1e-7), photo @ mixing + 0.2, photo) < 1e-5
    edged = photo.copy()
    edged[:, :, 4:] += 0.5
    assert between(MattingLaplacian(), edged, photo) > 0.05


def test_the_spread_is_a_variance_with_a_floor() -> None:
    points = flat(features(1))
    found = spread(tensor(points, "float32"), tensor(np.full((len(points), 1), 1 / len(points)), "float32"))
    assert float(numpy(found)) == pytest.approx(unit_of(points), rel=1e-4)
