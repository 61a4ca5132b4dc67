"""losses.py: every formula is its equation, its gradient the equation's, and flat pictures stay finite."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nstlib import backend, losses
from nstlib.autodiff import MAKERS, numpy, tensor
from nstlib.backend import ops
from nstlib.losses import FORMULAS, content_loss, excitation_loss, gram_matrix, style_loss, total_variation

pytestmark = pytest.mark.fast

H, W, N = 5, 4, 3
M = H * W


def features(seed: int = 0, shape: tuple[int, ...] = (1, H, W, N)) -> np.ndarray:
    return np.random.default_rng(seed).normal(1.0, 2.0, shape)


def value(x: Any) -> float:
    return float(numpy(x))


def single(array: Any) -> Any:
    return tensor(np.asarray(array, "float32"))


def gradient(function: Callable[[Any], Any], at: np.ndarray) -> np.ndarray:
    """The gradient of a scalar function, on whichever backend runs."""

    def with_parts(x: Any, targets: list[Any], weights: Any) -> tuple[Any, Any]:
        total = function(x)
        return total, ops.stack([total])

    step = MAKERS[backend.NAME](with_parts, None, lambda: None)
    return numpy(step(single(at), [], single([1.0]))[1])


def differences(function: Callable[[np.ndarray], float], at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient by central differences in double precision."""
    result = np.zeros_like(at)
    for place in np.ndindex(*at.shape):
        moved = np.zeros_like(at)
        moved[place] = step
        result[place] = (function(at + moved) - function(at - moved)) / (2 * step)
    return result


# The equations of the table in losses.py, in double precision; G and A are not divided by M here.


def gram(f: np.ndarray) -> np.ndarray:
    flat = f.reshape(-1, f.shape[-1]).T  # the papers' F: a row for each channel
    return flat @ flat.T


CONTENT = {
    "gatys": lambda f, p: 0.5 * ((f - p) ** 2).sum(),
    "sum": lambda f, p: 0.5 * ((f - p) ** 2).sum(),
    "mse": lambda f, p: ((f - p) ** 2).mean(),
    "relative": lambda f, p: ((f - p) ** 2).sum() / (p**2).sum(),
}
STYLE = {
    "gatys": lambda g, a: ((g - a) ** 2).sum() / (4 * N**2 * M**2),
    "sum": lambda g, a: 0.5 * ((g - a) ** 2).sum(),
    "mse": lambda g, a: ((g / M - a / M) ** 2).mean(),
    "relative": lambda g, a: ((g / M - a / M) ** 2).sum() / ((a / M) ** 2).sum(),
}


# --- content -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", FORMULAS)
def test_content_loss_is_its_equation(formula: str) -> None:
    f, p = features(1), features(2)
    assert value(content_loss(single(f), single(p), formula)) == pytest.approx(CONTENT[formula](f, p), 1e-5)


@pytest.mark.parametrize("formula", FORMULAS)
def test_content_loss_is_zero_at_the_target(formula: str) -> None:
    assert value(content_loss(single(features()), single(features()), formula)) == 0


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_gradient_of_content_loss_agrees_with_finite_differences(formula: str) -> None:
    f, p = features(1), features(2)
    ours = gradient(lambda x: content_loss(x, single(p), formula), f)
    theirs = differences(lambda x: CONTENT[formula](x, p), f)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5 * np.abs(theirs).max())


# --- Gram matrix ---------------------------------------------------------------------------------------


def test_the_gram_matrix_is_the_sum_over_positions_divided_by_their_number() -> None:
    f = features()
    np.testing.assert_allclose(numpy(gram_matrix(single(f))), gram(f) / M, rtol=1e-5)


def test_the_gram_matrix_is_symmetric_and_positive_semi_definite() -> None:
    g = numpy(gram_matrix(single(features(shape=(1, 2, 2, 9)))))  # fewer positions than channels
    np.testing.assert_allclose(g, g.T, rtol=1e-6)
    eigenvalues = np.linalg.eigvalsh(g.astype("float64"))
    assert eigenvalues.min() > -1e-5 * eigenvalues.max()


def test_the_gram_matrix_does_not_know_where_things_are() -> None:
    f = features().reshape(M, N)
    moved = np.random.default_rng(3).permutation(f)
    assert not np.array_equal(f, moved)
    ours = (numpy(gram_matrix(single(x.reshape(1, H, W, N)))) for x in (f, moved))
    np.testing.assert_allclose(*ours, rtol=1e-5)


def test_tiling_a_picture_leaves_its_gram_matrix_alone() -> None:
    f = features()
    tiled = np.tile(f, (1, 2, 3, 1))
    np.testing.assert_allclose(
        numpy(gram_matrix(single(tiled))), numpy(gram_matrix(single(f))), rtol=1e-5, atol=1e-6
    )


def test_bfloat16_features_are_summed_in_float32() -> None:
    """In bfloat16 a sum of ones stops at 256, where the next number is 258."""
    ones = ops.cast(single(np.ones((1, 64, 64, 2))), "bfloat16")
    g = gram_matrix(ones)
    assert "float32" in str(g.dtype)
    np.testing.assert_array_equal(numpy(g), np.ones((2, 2)))


# --- style ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", FORMULAS)
def test_style_loss_is_its_equation(formula: str) -> None:
    f, s = features(1), features(2)
    ours = value(style_loss(single(f), gram_matrix(single(s)), formula))
    assert ours == pytest.approx(STYLE[formula](gram(f), gram(s)), 1e-4)


@pytest.mark.parametrize("formula", FORMULAS)
def test_style_loss_is_zero_at_the_target(formula: str) -> None:
    f = single(features())
    assert value(style_loss(f, gram_matrix(f), formula)) == 0


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_gradient_of_style_loss_agrees_with_finite_differences(formula: str) -> None:
    f, s = features(1), features(2)
    ours = gradient(lambda x: style_loss(x, gram_matrix(single(s)), formula), f)
    theirs = differences(lambda x: STYLE[formula](gram(x), gram(s)), f)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * np.abs(theirs).max())


def test_the_gradient_of_the_papers_style_loss_is_the_one_derived_by_hand() -> None:
    """Gatys et al. 2016, eq. 6: (F^T (G - A))^T / (N^2 M^2); its second case belongs to the ReLU."""
    f, s = features(1), features(2)
    assert f.min() < 0, "negative features show that nothing is cut off in the loss itself"
    ours = gradient(lambda x: style_loss(x, gram_matrix(single(s)), "gatys"), f)
    flat = f.reshape(M, N).T
    by_hand = (flat.T @ (gram(f) - gram(s))) / (N**2 * M**2)
    np.testing.assert_allclose(ours.reshape(M, N), by_hand, rtol=1e-3, atol=1e-4 * np.abs(by_hand).max())


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_tiled_picture_has_the_style_of_its_tile(formula: str) -> None:
    """The style picture may have another size than the image."""
    f = features()
    loss = value(style_loss(single(np.tile(f, (1, 2, 2, 1))), gram_matrix(single(f)), formula))
    far = value(style_loss(single(np.tile(features(5), (1, 2, 2, 1))), gram_matrix(single(f)), formula))
    assert loss < 1e-6 * far


# --- total variation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kind", ["absolute", "squared"])
def test_total_variation_is_its_equation(kind: str, reduction: str) -> None:
    image = features(shape=(1, 6, 5, 3))
    measure = np.abs if kind == "absolute" else np.square
    expected = sum(getattr(measure(np.diff(image, axis=a)), reduction)() for a in (1, 2))
    assert value(total_variation(single(image), kind, reduction)) == pytest.approx(expected, 1e-5)


def test_the_mean_of_total_variation_does_not_grow_with_the_picture() -> None:
    ramp = np.broadcast_to(np.arange(9.0)[:, None, None], (9, 9, 3))[None]
    small, large = single(ramp), single(np.tile(ramp, (1, 1, 4, 1)))
    assert value(total_variation(small)) == pytest.approx(value(total_variation(large)))
    assert value(total_variation(large, reduction="sum")) == pytest.approx(
        4 * value(total_variation(small, reduction="sum"))
    )


@pytest.mark.parametrize("shape", [(1, 1, 1, 3), (1, 1, 7, 3), (1, 7, 1, 3)])
@pytest.mark.parametrize("kind", ["absolute", "squared"])
def test_total_variation_of_a_flat_picture_is_zero_even_one_pixel_wide(
    kind: str, shape: tuple[int, ...]
) -> None:
    flat = np.full(shape, 0.7)
    for reduction in ("mean", "sum"):
        assert value(total_variation(single(flat), kind, reduction)) == 0
        slope = gradient(lambda x, r=reduction: total_variation(x, kind, r), flat)
        np.testing.assert_array_equal(slope, np.zeros(shape))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_gradient_of_squared_variation_agrees_with_finite_differences(reduction: str) -> None:
    image = features(shape=(1, 4, 4, 3))

    def equation(x: np.ndarray) -> float:
        return sum(getattr(np.square(np.diff(x, axis=a)), reduction)() for a in (1, 2))

    ours = gradient(lambda x: total_variation(x, "squared", reduction), image)
    theirs = differences(equation, image)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5 * np.abs(theirs).max())


# --- pictures without anything in them -----------------------------------------------------------------


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("target", [0.0, 0.5, 1.0])
def test_black_flat_and_white_targets_give_finite_values_and_gradients(formula: str, target: float) -> None:
    flat = np.full((1, 4, 4, 3), target)
    for image in (flat, np.zeros_like(flat), np.ones_like(flat), features(shape=(1, 4, 4, 3))):
        for loss in (
            lambda x: content_loss(x, single(flat), formula),
            lambda x: style_loss(x, gram_matrix(single(flat)), formula),
        ):
            assert np.isfinite(value(loss(single(image))))
            assert np.isfinite(gradient(loss, image)).all()


# --- wrong names ---------------------------------------------------------------------------------------


def test_an_unknown_formula_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="formula 'relativ': did you mean 'relative'"):
        losses.check_formula("relativ")


def test_an_unknown_kind_or_reduction_of_variation_is_refused_with_the_nearest() -> None:
    image = single(np.zeros((1, 2, 2, 3)))
    with pytest.raises(ValueError, match="did you mean 'squared'"):
        total_variation(image, "square")
    with pytest.raises(ValueError, match="did you mean 'mean'"):
        total_variation(image, reduction="means")


# --- excitation -----------------------------------------------------------------------------------------


def test_the_excitation_loss_is_its_equation_and_falls_by_log_2_when_the_response_doubles() -> None:
    maps, direction = np.abs(features()), np.array([0.0, 1.0, 0.0])
    loss = value(excitation_loss(single(maps), single(direction)))
    assert loss == pytest.approx(-np.log(maps[..., 1].mean()), rel=1e-5)
    doubled = value(excitation_loss(single(2 * maps), single(direction)))
    assert loss - doubled == pytest.approx(np.log(2), rel=1e-4)


def test_the_slope_of_the_excitation_loss_is_the_same_everywhere_and_zero_in_other_channels() -> None:
    maps, direction = np.abs(features()), np.array([0.0, 1.0, 0.0])
    slope = gradient(lambda x: excitation_loss(x, single(direction)), maps)
    np.testing.assert_allclose(slope[..., 1], -1 / (M * maps[..., 1].mean()), rtol=1e-4)
    assert not slope[..., [0, 2]].any()


def test_a_silent_channel_gives_a_finite_loss_without_a_slope_through_a_relu() -> None:
    direction = single([0.0, 1.0, 0.0])
    below = -np.ones((1, H, W, N))
    assert np.isfinite(value(excitation_loss(ops.relu(single(below)), direction)))
    assert not gradient(lambda x: excitation_loss(ops.relu(x), direction), below).any()


def test_without_a_relu_a_channel_is_excited_by_its_positive_part_also_where_its_mean_is_negative() -> None:
    maps, direction = features() - 1.5, np.array([0.0, 1.0, 0.0])
    assert maps[..., 1].mean() < 0 < maps[..., 1].max()
    loss = value(excitation_loss(single(maps), single(direction)))
    assert loss == pytest.approx(-np.log(np.maximum(maps[..., 1], 0).mean()), rel=1e-5)
    slope = gradient(lambda x: excitation_loss(x, single(direction)), maps)
    assert np.isfinite(slope).all() and (slope[maps[..., 1] > 0][:, 1] < 0).all()


# --- batches --------------------------------------------------------------------------------------------

BATCH = (3, H, W, N)


def each_alone(function: Callable[..., Any], *arguments: np.ndarray) -> np.ndarray:
    """A function of batches, of one picture at a time; Gram matrices have no axis for one picture."""
    rows = [[x[k] if x.ndim == 3 else x[k : k + 1] for x in arguments] for k in range(len(arguments[0]))]
    return np.stack([numpy(function(*map(single, row))) for row in rows])


def test_the_gram_matrices_of_a_batch_are_those_of_each_picture() -> None:
    f = features(shape=BATCH)
    together = numpy(gram_matrix(single(f)))
    assert together.shape == (3, N, N)
    np.testing.assert_allclose(together, each_alone(gram_matrix, f), rtol=1e-5)
    np.testing.assert_allclose(together, [gram(picture) / M for picture in f], rtol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.1
    assert numpy(gram_matrix(single(f[:1]))).shape == (N, N), "one picture has no axis of its own"


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_losses_of_a_batch_are_those_of_each_picture(formula: str) -> None:
    f, p = features(1, BATCH), features(2, BATCH)
    a = numpy(gram_matrix(single(p)))
    for function, target in ((content_loss, p), (style_loss, a)):
        together = numpy(function(single(f), single(target), formula))
        alone = each_alone(lambda x, y, loss=function: loss(x, y, formula), f, target)
        assert together.shape == (3,)
        np.testing.assert_allclose(together, alone, rtol=1e-5)
        shared = numpy(function(single(f), single(target[1] if function is style_loss else p[1:2]), formula))
        np.testing.assert_allclose(shared[1], alone[1], rtol=1e-5)
        assert shared.shape == (3,) and abs(shared[0] / alone[0] - 1) > 1e-3


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("kind", ["absolute", "squared"])
@pytest.mark.parametrize("shape", [BATCH, (2, 1, 4, 3), (2, 1, 1, 3)])
def test_the_variation_of_a_batch_is_that_of_each_picture(
    kind: str, reduction: str, shape: tuple[int, ...]
) -> None:
    f = features(shape=shape)
    together = numpy(total_variation(single(f), kind, reduction))
    assert together.shape == shape[:1]
    np.testing.assert_allclose(
        together, each_alone(lambda x: total_variation(x, kind, reduction), f), rtol=1e-5
    )


def test_the_excitation_of_a_batch_is_that_of_each_picture() -> None:
    f, direction = np.abs(features(shape=BATCH)), single([0.0, 1.0, 0.0])
    together = numpy(excitation_loss(single(f), direction))
    assert together.shape == (3,)
    np.testing.assert_allclose(together, each_alone(lambda x: excitation_loss(x, direction), f), rtol=1e-5)


@pytest.mark.parametrize("count", [2, 4])
def test_targets_that_are_not_as_many_as_the_pictures_are_refused(count: int) -> None:
    targets = features(shape=(count, H, W, N))
    for pictures in (1, 3):
        f = single(features(shape=(pictures, H, W, N)))
        for loss, target in ((content_loss, single(targets)), (style_loss, gram_matrix(single(targets)))):
            with pytest.raises(ValueError) as caught:
                loss(f, target)
            assert str(caught.value) == (
                f"There are targets of {count} pictures for {pictures}: "
                f"give one target for all, or one for each."
            )


@pytest.mark.parametrize("shape", [(H, W, N), (M, N), (2, 3, H, W, N)])
def test_features_without_their_four_axes_are_refused(shape: tuple[int, ...]) -> None:
    f, direction = single(features(shape=shape)), single([0.0, 1.0, 0.0])
    for function in (
        gram_matrix,
        lambda x: content_loss(x, x),
        lambda x: style_loss(x, np.eye(N)),
        lambda x: excitation_loss(x, direction),
        total_variation,
    ):
        with pytest.raises(
            ValueError, match="must have the shape .batch, height, width, channels."
        ) as caught:
            function(f)
        assert str(shape) in str(caught.value) and "\n" not in str(caught.value)
