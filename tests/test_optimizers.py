"""The optimisers: against textbook formulas, against SciPy, and when things go wrong."""

from __future__ import annotations

import csv
import math
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import LbfgsInvHessProduct

import nstlib as nst
from nstlib import optimizers
from nstlib.autodiff import Evaluation, numpy, tensor
from nstlib.optimizers import LBFGS, METHODS, Adam, GradientDescent, History, State, make_optimizer, minimize
from nstlib.optimizers.lbfgs import padded
from nstlib.optimizers.line_search import StrongWolfe, Trial, trial_at

OWN = ("gradient_descent", "adam", "lbfgs")
Function = Callable[[np.ndarray], tuple[float, np.ndarray]]

# --- functions to minimise ------------------------------------------------------------------------


def evaluated(function: Function) -> Callable[[Any], Evaluation]:
    """A NumPy function (value, gradient) as the optimisers want it, with two parts of the loss."""

    def evaluate(x: Any) -> Evaluation:
        value, gradient = function(numpy(x).astype("float64"))
        parts = {"first": 0.25 * value, "second": 0.75 * value}
        return Evaluation(float(value), tensor(gradient.astype("float32")), parts, 1e-4)

    return evaluate


def bowl(x: np.ndarray) -> tuple[float, np.ndarray]:
    """A quadratic with its minimum 0 at (1, 2, 3, ...) and curvatures 1, 4, 9, ..."""
    n = np.arange(1, x.size + 1, dtype=float)
    return float(0.5 * (n**2 * (x - n) ** 2).sum()), n**2 * (x - n)


def rosenbrock(x: np.ndarray) -> tuple[float, np.ndarray]:
    """The banana valley; minimum 0 at (1, ..., 1)."""
    bend = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * bend - 2 * (1 - x[:-1])
    gradient[1:] += 200 * bend
    return float((100 * bend**2 + (1 - x[:-1]) ** 2).sum()), gradient


def nan_after(evaluations: int) -> Callable[[Any], Evaluation]:
    """Rosenbrock's function, NaN from some evaluation on."""
    seen = []

    def function(x: np.ndarray) -> tuple[float, np.ndarray]:
        seen.append(1)
        value, gradient = rosenbrock(x)
        return (math.nan if len(seen) > evaluations else value), gradient

    return evaluated(function)


@pytest.fixture(scope="module")
def painting() -> tuple[nst.Objective, np.ndarray]:
    """A real style transfer of 48 pixels and the photograph to start from."""
    net = nst.load_network("pocket_vgg")
    photo, style = nst.load_image("cat", 48), nst.load_image("swirls", 48)
    terms = nst.content_terms(net, photo, "block4_conv2", 0.02)
    terms += nst.style_terms(net, style, list(net.plan.style_layers))
    return nst.Objective(net, terms + nst.variation_terms(0.2)), photo


# --- L-BFGS -----------------------------------------------------------------------------------------


def pairs(count: int, size: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Steps and changes of gradient of a convex quadratic, so that all s y are positive."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((size, size))
    steps = rng.standard_normal((count, size))
    return steps, steps @ (root @ root.T + np.eye(size))


def applied(gradient: np.ndarray, steps: np.ndarray, changes: np.ndarray) -> np.ndarray:
    as_tensors = [[tensor(v.astype("float32")) for v in each] for each in (steps, changes)]
    return numpy(optimizers.two_loop(tensor(gradient.astype("float32")), *as_tensors))


@pytest.mark.fast
@pytest.mark.parametrize("count", [1, 2, 5, 10])
def test_two_loop_multiplies_by_the_bfgs_matrix(count: int) -> None:
    """Nocedal and Wright 2006, eq. 6.17 and 7.20, by way of SciPy, which begins with the identity.

    With variables in units of the square root of gamma, gamma times the identity becomes the identity.
    """
    steps, changes = pairs(count)
    gradient = np.random.default_rng(1).standard_normal(12)
    gamma = (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    expected = gamma * (LbfgsInvHessProduct(steps / gamma**0.5, changes * gamma**0.5) @ gradient)
    np.testing.assert_allclose(
        applied(gradient, steps, changes), expected, rtol=2e-3, atol=2e-4 * abs(expected).max()
    )


@pytest.mark.fast
@pytest.mark.parametrize("count", [1, 3, 10])
def test_two_loop_agrees_with_scipy(count: int) -> None:
    steps, changes = pairs(count, seed=2)
    # SciPy begins with the identity; pairs scaled so that the latest s y = y y make ours the identity too.
    changes = changes * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    gradient = np.random.default_rng(3).standard_normal(12)
    expected = LbfgsInvHessProduct(steps, changes) @ gradient
    np.testing.assert_allclose(
        applied(gradient, steps, changes), expected, rtol=2e-3, atol=2e-4 * abs(expected).max()
    )


@pytest.mark.fast
def test_two_loop_without_pairs_is_the_gradient() -> None:
    gradient = np.arange(6.0)
    np.testing.assert_array_equal(applied(gradient, np.zeros((0, 6)), np.zeros((0, 6))), gradient)


@pytest.mark.fast
@pytest.mark.parametrize("count", [1, 7])
def test_pairs_of_zeros_before_the_others_count_for_nothing(count: int) -> None:
    steps, changes = pairs(count)
    gradient = np.random.default_rng(2).standard_normal(12)
    longer = [np.concatenate([np.zeros((10 - count, 12)), vectors]) for vectors in (steps, changes)]
    np.testing.assert_allclose(
        applied(gradient, *longer), applied(gradient, steps, changes), rtol=1e-5, atol=1e-6
    )


@pytest.mark.fast
@pytest.mark.parametrize(
    ("have", "most", "length"), [(1, 3, 3), (4, 10, 10), (10, 40, 10), (11, 40, 20), (38, 40, 40)]
)
def test_a_growing_history_is_padded_to_few_lengths(have: int, most: int, length: int) -> None:
    vectors = [tensor(np.full(3, i + 1, "float32")) for i in range(have)]
    longer = np.array([numpy(v) for v in padded(vectors, most)])
    assert len(longer) == length
    assert not longer[: length - have].any()
    np.testing.assert_array_equal(longer[length - have :], [numpy(v) for v in vectors])


@pytest.mark.fast
def test_lbfgs_finds_the_minimum_of_a_quadratic() -> None:
    found = minimize(evaluated(bowl), np.zeros(5, "float32"), iterations=40)
    np.testing.assert_allclose(found.x, [1, 2, 3, 4, 5], atol=1e-3)
    assert found.history.best()[-1] < 1e-6


@pytest.mark.fast
@pytest.mark.parametrize("size", [2, 10])
def test_lbfgs_goes_down_the_banana_valley_as_fast_as_scipy(size: int) -> None:
    start = np.full(size, -1.2, "float32")
    ours = minimize(evaluated(rosenbrock), start, iterations=90)
    theirs = minimize(evaluated(rosenbrock), start, optimizer="scipy", bounds=None, iterations=90)
    np.testing.assert_allclose(ours.x, np.ones(size), atol=2e-3)
    reached = [int(np.argmax(run.history.best() < 1e-6)) for run in (ours, theirs)]
    assert reached[0] <= 1.5 * reached[1]


def test_lbfgs_on_a_style_transfer_is_as_good_as_scipy(painting: tuple[nst.Objective, np.ndarray]) -> None:
    objective, photo = painting
    ours = minimize(objective, photo, iterations=60).history
    theirs = minimize(objective, photo, optimizer="scipy", bounds=None, iterations=60).history
    assert len(ours) <= 1.5 * len(theirs)
    assert ours.best()[-1] == pytest.approx(theirs.best()[-1], rel=0.15)
    assert ours.best()[-1] < 0.3 * ours.rows[0]["total"]


def test_lbfgs_never_raises_the_loss_and_keeps_the_wolfe_conditions_on_a_style_transfer(
    painting: tuple[nst.Objective, np.ndarray],
) -> None:
    objective, photo = painting
    evaluate = nst.value_and_grad(objective)
    points: list[tuple[np.ndarray, float, np.ndarray]] = []

    def watch(now: optimizers.Progress) -> None:
        at = evaluate(now.tensor)
        points.append((numpy(now.tensor).ravel(), at.value, numpy(at.gradient).ravel()))

    minimize(objective, photo, iterations=25, callback=watch)
    assert len(points) == 25
    for (x, value, gradient), (there, lower, flatter) in zip(points, points[1:], strict=False):
        step = (there - x).astype("float64")
        assert lower < value
        assert lower <= value + 1e-4 * (gradient @ step) + 1e-6 * value  # float32 carries 7 digits
        assert abs(flatter @ step) <= 0.9 * abs(gradient @ step) * 1.001


@pytest.mark.fast
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e12], ids=["tiny", "usual", "huge"])
def test_lbfgs_does_not_depend_on_the_scale_of_the_loss(scale: float) -> None:
    def scaled(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = bowl(x)
        return scale * value, scale * gradient

    found = minimize(evaluated(scaled), np.full(3, 20.0, "float32"), iterations=60)
    np.testing.assert_allclose(found.x, [1, 2, 3], atol=2e-2)


@pytest.mark.fast
def test_lbfgs_at_the_minimum_stays_there_and_says_why() -> None:
    found = minimize(evaluated(bowl), np.array([1, 2, 3], "float32"), iterations=5)
    np.testing.assert_array_equal(found.x, [1, 2, 3])
    assert "no step" in found.history.stopped
    assert len(found.history) == 1


@pytest.mark.fast
def test_lbfgs_keeps_no_more_pairs_than_asked() -> None:
    found = minimize(evaluated(rosenbrock), np.full(6, -1.0, "float32"), iterations=20, history=None)
    assert found.state is not None and len(found.state.memory["s"]) == 10
    few = minimize(
        evaluated(rosenbrock), np.full(6, -1.0, "float32"), iterations=20, optimizer=LBFGS(history_size=3)
    )
    assert few.state is not None and len(few.state.memory["s"]) == len(few.state.memory["y"]) == 3


# --- the line search --------------------------------------------------------------------------------

WAVES: dict[str, Function] = {
    "waves on a bowl": lambda x: (
        float((0.1 * x**2 + np.sin(3 * x)).sum()),
        0.2 * x + 3 * np.cos(3 * x),
    ),
    "two valleys": lambda x: (float(((x**2 - 1) ** 2 + 0.3 * x).sum()), 4 * x * (x**2 - 1) + 0.3),
    "flat far away": lambda x: (
        float((-np.exp(-((x - 1) ** 2))).sum()),
        2 * (x - 1) * np.exp(-((x - 1) ** 2)),
    ),
    "steep wall": lambda x: (float((np.exp(x) - 2 * x).sum()), np.exp(x) - 2),
    "quartic": lambda x: (float(((x - 2) ** 4).sum()), 4 * (x - 2) ** 3),
}


def line(function: Function, x: np.ndarray, direction: np.ndarray) -> tuple[Trial, Callable[[float], Trial]]:
    evaluate = evaluated(function)
    at = evaluate(x)
    start = Trial(0.0, tensor(x), at, float(numpy(at.gradient) @ direction))
    return start, trial_at(tensor(x), tensor(direction), evaluate)


@pytest.mark.fast
@pytest.mark.parametrize("name", WAVES)
@pytest.mark.parametrize("size", [1, 4])
def test_every_step_of_the_search_fulfils_the_strong_wolfe_conditions(name: str, size: int) -> None:
    rng = np.random.default_rng(7)
    for _ in range(12):
        x = rng.uniform(-1.5, 1.5, size).astype("float32")
        gradient = WAVES[name](x.astype(float))[1]
        stretch = rng.uniform(0.2, 5.0, size)  # not along the gradient, but downhill
        direction = (-gradient * stretch / np.linalg.norm(gradient * stretch)).astype("float32")
        start, attempt = line(WAVES[name], x, direction)
        for first in (1e-3, 0.1, 1.0, 10.0):
            found = StrongWolfe().search(start, first, attempt)
            assert found is not None
            margin = 1e-6 * max(1.0, abs(start.value))  # gradients are float32
            assert found.value <= start.value + 1e-4 * found.step * start.slope + margin
            assert abs(found.slope) <= 0.9 * abs(start.slope) + margin


@pytest.mark.fast
def test_the_search_returns_from_where_the_loss_is_not_a_number() -> None:
    def cliff(x: np.ndarray) -> tuple[float, np.ndarray]:
        return (float(-np.log(1 - x).sum() - 2 * x.sum()), 1 / (1 - x) - 2) if x.max() < 1 else (math.nan, x)

    start, attempt = line(cliff, np.zeros(1, "float32"), np.ones(1, "float32"))
    found = StrongWolfe().search(start, 8.0, attempt)
    assert found is not None and found.value < start.value


@pytest.mark.fast
def test_the_search_gives_up_where_nothing_goes_down() -> None:
    start, attempt = line(lambda x: (float(x.sum()), np.ones_like(x)), np.zeros(1), np.ones(1))
    assert StrongWolfe().search(replace(start, slope=-1.0), 1.0, attempt) is None


# --- methods that know only the gradient ------------------------------------------------------------


@pytest.mark.fast
def test_the_first_steps_of_adam_are_those_of_the_paper() -> None:
    x, mean, square = np.array([3.0, -1.0, 0.5]), np.zeros(3), np.zeros(3)
    for t in range(1, 6):
        g = bowl(x)[1]
        mean, square = 0.8 * mean + 0.2 * g, 0.95 * square + 0.05 * g**2
        x = x - 0.1 * (mean / (1 - 0.8**t)) / (np.sqrt(square / (1 - 0.95**t)) + 1e-8)
        method = Adam(learning_rate=0.1, beta1=0.8, beta2=0.95, epsilon=1e-8)
        found = minimize(
            evaluated(bowl), np.array([3.0, -1.0, 0.5], "float32"), optimizer=method, iterations=t
        )
        assert found.state is not None
        np.testing.assert_allclose(numpy(found.state.x), x, rtol=1e-5, atol=1e-6)


@pytest.mark.fast
@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_gradient_descent_with_momentum_is_the_heavy_ball(momentum: float) -> None:
    x, velocity = np.array([3.0, -1.0, 0.5]), np.zeros(3)
    for _ in range(6):
        velocity = momentum * velocity + bowl(x)[1]
        x = x - 0.02 * velocity
    found = minimize(
        evaluated(bowl),
        np.array([3.0, -1.0, 0.5], "float32"),
        optimizer="gradient_descent",
        learning_rate=0.02,
        momentum=momentum,
        iterations=6,
    )
    assert found.state is not None
    np.testing.assert_allclose(numpy(found.state.x), x, rtol=1e-5)


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", ["gradient_descent", "adam", "scipy"])
def test_bounds_keep_every_point_inside(optimizer: str) -> None:
    outside = []

    def function(x: np.ndarray) -> tuple[float, np.ndarray]:
        outside.append(bool((x < 0).any() or (x > 1).any()))
        return bowl(x)

    rate = {} if optimizer == "scipy" else {"learning_rate": 0.1}
    start = np.full(4, 0.5, "float32")
    found = minimize(
        evaluated(function), start, optimizer=optimizer, iterations=80, bounds=(0.0, 1.0), **rate
    )
    assert not any(outside)
    np.testing.assert_allclose(found.x, np.ones(4), atol=1e-3)


def test_scipy_keeps_a_picture_in_range_unless_told_otherwise(
    painting: tuple[nst.Objective, np.ndarray],
) -> None:
    objective, photo = painting
    inside = minimize(objective, photo, optimizer="scipy", iterations=15).x
    free = minimize(objective, photo, optimizer="scipy", iterations=15, bounds=None).x
    assert inside.min() >= 0 and inside.max() <= 1
    assert free.min() < 0 or free.max() > 1


@pytest.mark.parametrize("optimizer", METHODS)
def test_every_method_lowers_a_style_transfer_with_its_own_settings(
    painting: tuple[nst.Objective, np.ndarray], optimizer: str
) -> None:
    objective, photo = painting
    history = minimize(objective, photo, optimizer=optimizer, iterations=30).history
    assert history.best()[-1] < 0.4 * history.rows[0]["total"]


# --- the history ------------------------------------------------------------------------------------


def test_the_history_has_a_row_per_evaluation_whose_parts_add_up(
    painting: tuple[nst.Objective, np.ndarray],
) -> None:
    objective, photo = painting
    found = minimize(objective, photo, iterations=6)
    rows = found.history.rows
    assert [row["evaluation"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["iteration"] == 0 and found.history.iterations == 6
    assert {row["iteration"] for row in rows} == set(range(7))
    assert {row["size"] for row in rows} == {48}
    assert found.history.names == list(objective.names)
    for row in rows:
        assert sum(row[name] for name in objective.names) == pytest.approx(row["total"], rel=1e-5)
        assert row["seconds"] > 0
    assert found.history.seconds == pytest.approx(sum(row["seconds"] for row in rows))


@pytest.mark.fast
def test_a_line_search_gives_an_iteration_several_rows() -> None:
    found = minimize(evaluated(rosenbrock), np.array([-1.2, 1.0], "float32"), iterations=10)
    assert found.history.iterations == 10
    assert len(found.history) > 11


@pytest.mark.fast
def test_columns_and_the_best_so_far() -> None:
    history = History()
    for iteration, value in enumerate([4.0, 5.0, 3.0, 9.0]):
        history.add(iteration, 32, value, {"style a": value}, 0.5)
    history.add(0, 64, 7.0, {"style a": 6.0, "content b": 1.0}, 0.5)
    np.testing.assert_array_equal(history.column("total"), [4, 5, 3, 9, 7])
    np.testing.assert_array_equal(history.column("content b"), [np.nan] * 4 + [1])
    np.testing.assert_array_equal(history.best(), [4, 4, 3, 3, 7])
    assert history.iterations == 3 and len(history) == 5 and history.seconds == 2.5
    assert history.names == ["style a", "content b"]
    with pytest.raises(ValueError, match="did you mean 'style a'"):
        history.column("style_b")


@pytest.mark.fast
def test_what_is_not_a_number_is_never_the_best() -> None:
    history = History()
    for value in (math.nan, 4.0, math.nan, 5.0, 3.0, math.inf):
        history.add(0, None, value, {}, 0.0)
    np.testing.assert_array_equal(history.best(), [math.inf, 4, 4, 4, 3, 3])


@pytest.mark.fast
def test_a_history_without_pictures_has_no_size() -> None:
    history = minimize(evaluated(bowl), np.zeros(2, "float32"), iterations=2).history
    assert np.isnan(history.column("size")).all()


@pytest.mark.fast
def test_the_history_goes_into_a_table(tmp_path: Path) -> None:
    history = minimize(evaluated(bowl), np.zeros(2, "float32"), iterations=3).history
    history.save(tmp_path / "run.csv")
    with open(tmp_path / "run.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["total"]) for row in rows] == history.column("total").tolist()
    assert list(rows[0]) == ["evaluation", "iteration", "size", "seconds", "total", "first", "second"]
    with pytest.raises(FileNotFoundError, match="no folder"):
        history.save(tmp_path / "nowhere" / "run.csv")


@pytest.mark.fast
def test_a_history_can_be_gone_on_with() -> None:
    first = minimize(evaluated(bowl), np.zeros(2, "float32"), iterations=2)
    count = len(first.history)
    minimize(evaluated(bowl), first.x, iterations=2, history=first.history)
    assert len(first.history) > count
    assert first.history.rows[-1]["evaluation"] == len(first.history)


# --- what comes back, and when a run goes wrong -------------------------------------------------------


@pytest.mark.fast
def test_the_best_point_comes_back_not_the_last() -> None:
    found = minimize(
        evaluated(bowl),
        np.zeros(2, "float32"),
        optimizer="gradient_descent",
        learning_rate=0.505,
        iterations=8,
    )
    totals = found.history.column("total")
    assert totals[-1] > totals.min() < totals[0]
    assert bowl(found.x.astype(float))[0] == pytest.approx(totals.min(), rel=1e-5)


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", METHODS)
def test_a_loss_that_stops_being_a_number_ends_the_run_with_the_best_so_far(optimizer: str) -> None:
    rate = {"learning_rate": 1e-3} if optimizer in ("adam", "gradient_descent") else {}
    with pytest.warns(RuntimeWarning, match="not finite") as caught:
        found = minimize(nan_after(4), np.full(3, 0.2, "float32"), optimizer=optimizer, iterations=50, **rate)
    assert len(caught) == 1
    assert "not finite" in found.history.stopped
    finite = found.history.column("total")[:4]
    assert rosenbrock(found.x.astype(float))[0] == pytest.approx(finite.min(), rel=1e-5)


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", METHODS)
def test_a_loss_that_is_not_a_number_at_the_start_is_refused(optimizer: str) -> None:
    with pytest.raises(FloatingPointError, match="not finite"):
        minimize(nan_after(0), np.zeros(3, "float32"), optimizer=optimizer)


@pytest.mark.fast
def test_a_step_that_is_much_too_long_warns_of_the_learning_rate() -> None:
    def overflow(x: np.ndarray) -> tuple[float, np.ndarray]:
        with np.errstate(over="ignore"):
            value = np.float32(x @ x)
            return float(value * value), 4 * float(min(value, 1e18)) * x

    with pytest.warns(RuntimeWarning, match="lower the learning rate"):
        found = minimize(
            evaluated(overflow),
            np.ones(2, "float32"),
            optimizer="gradient_descent",
            learning_rate=2.0,
            iterations=50,
        )
    np.testing.assert_array_equal(found.x, np.ones(2))


@pytest.mark.fast
@pytest.mark.parametrize("iterations", [0, -3, 2.5, True, "10", None, float("nan")])
@pytest.mark.parametrize("optimizer", ["lbfgs", "scipy"])
def test_iterations_are_a_whole_number_of_one_or_more(iterations: object, optimizer: str) -> None:
    with pytest.raises(ValueError, match="whole number of 1 or more"):
        minimize(evaluated(bowl), np.zeros(2, "float32"), optimizer=optimizer, iterations=iterations)


@pytest.mark.fast
def test_unknown_names_get_the_nearest_suggested() -> None:
    start = np.zeros(2, "float32")
    with pytest.raises(ValueError, match="did you mean 'lbfgs'"):
        minimize(evaluated(bowl), start, optimizer="L-BFGS")
    with pytest.raises(ValueError, match="did you mean 'learning_rate'"):
        minimize(evaluated(bowl), start, optimizer="adam", learnin_rate=0.1)
    with pytest.raises(ValueError, match="Unknown optimizer None"):
        minimize(evaluated(bowl), start, optimizer=None)
    with pytest.raises(ValueError, match="Unknown optimizer"):
        optimizers.option_names(["adam"])
    with pytest.raises(ValueError, match="set learning_rate when making it"):
        minimize(evaluated(bowl), start, optimizer=Adam(), learning_rate=0.1)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("optimizer", "option", "value"),
    [
        ("adam", "learning_rate", -0.1),
        ("adam", "learning_rate", "fast"),
        ("adam", "learning_rate", float("nan")),
        ("adam", "beta1", 1.0),
        ("adam", "beta2", -0.1),
        ("adam", "epsilon", 0.0),
        ("adam", "bounds", (1.0, 0.0)),
        ("adam", "bounds", 1.0),
        ("gradient_descent", "learning_rate", 0),
        ("gradient_descent", "momentum", 1.5),
        ("gradient_descent", "bounds", (0, 1, 2)),
        ("lbfgs", "history_size", 0),
        ("lbfgs", "history_size", 2.5),
        ("lbfgs", "search", "armijo"),
        ("scipy", "history_size", -1),
        ("scipy", "bounds", "01"[::-1]),
    ],
)
def test_a_bad_option_is_refused_by_its_name(optimizer: str, option: str, value: object) -> None:
    with pytest.raises(ValueError, match=option) as error:
        make_optimizer(optimizer, **{option: value})
    assert "\n" not in str(error.value)


@pytest.mark.fast
def test_the_wolfe_conditions_need_their_order() -> None:
    with pytest.raises(ValueError, match="decrease < curvature"):
        StrongWolfe(decrease=0.5, curvature=0.1)
    with pytest.raises(ValueError, match="most"):
        StrongWolfe(most=0)


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", METHODS)
def test_an_interruption_returns_the_best_so_far(optimizer: str) -> None:
    def stop(now: optimizers.Progress) -> None:
        if now.iteration == 3:
            raise KeyboardInterrupt

    rate = {"learning_rate": 1e-3} if optimizer in ("adam", "gradient_descent") else {}
    found = minimize(
        evaluated(rosenbrock),
        np.full(3, 0.2, "float32"),
        optimizer=optimizer,
        iterations=50,
        callback=stop,
        **rate,
    )
    assert found.history.stopped == "interrupted after 3 iterations"
    assert rosenbrock(found.x.astype(float))[0] == pytest.approx(found.history.best()[-1], rel=1e-5)
    assert found.history.best()[-1] < found.history.rows[0]["total"]


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", METHODS)
def test_an_interruption_before_anything_is_known_returns_the_start(optimizer: str) -> None:
    def stop(x: Any) -> Evaluation:
        raise KeyboardInterrupt

    found = minimize(stop, np.full(3, 0.2, "float32"), optimizer=optimizer)
    np.testing.assert_array_equal(found.x, np.full(3, 0.2, "float32"))
    assert found.history.stopped == "interrupted after 0 iterations"


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", METHODS)
def test_an_error_of_the_callback_is_not_swallowed(optimizer: str) -> None:
    def fail(now: optimizers.Progress) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        minimize(evaluated(rosenbrock), np.zeros(3, "float32"), optimizer=optimizer, callback=fail)


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", METHODS)
def test_the_callback_sees_every_iteration(optimizer: str) -> None:
    seen: list[optimizers.Progress] = []
    start = np.full((1, 2, 2, 3), 0.5, "float32")

    def far(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = rosenbrock(x.ravel())
        return value, gradient.reshape(x.shape)

    rate = {"learning_rate": 1e-3} if optimizer in ("adam", "gradient_descent") else {}
    found = minimize(evaluated(far), start, optimizer=optimizer, iterations=7, callback=seen.append, **rate)
    assert [now.iteration for now in seen] == list(range(1, 8))
    assert {now.iterations for now in seen} == {7}
    totals = {row["total"] for row in found.history.rows}
    for now in seen:
        assert now.value in totals and sum(now.parts.values()) == pytest.approx(now.value)
        assert now.image().shape == start.shape
        assert now.image().min() >= 0 and now.image().max() <= 1
        assert (now.state is None) == (optimizer == "scipy")


# --- losses of any scale --------------------------------------------------------------------------


@cache
def network() -> nst.FeatureNetwork:
    """One for all, so that a formula is compiled once."""
    return nst.load_network("pocket_vgg")


def weighted(scale: float, formula: Any = "relative") -> tuple[nst.Objective, np.ndarray]:
    """A style transfer of 32 pixels with all weights multiplied by one number."""
    net = network()
    photo, style = nst.load_image("cat", 32), nst.load_image("swirls", 32)
    terms = nst.content_terms(net, photo, "block4_conv2", 0.02 * scale)
    terms += nst.style_terms(net, style, list(net.plan.style_layers), scale)
    return nst.Objective(net, terms + nst.variation_terms(0.2 * scale), formula), photo


SCALES = (1e-30, 1e-20, 1e-12, 1e-8, 1e8, 1e12, 1e20, 1e30)


def fallen(history: History) -> float:
    """The share of the first loss that is left."""
    return float(history.best()[-1] / history.rows[0]["total"])


@pytest.mark.parametrize("formula", ["relative", "sum"])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "scipy"])
def test_weights_of_any_scale_give_the_picture_of_ordinary_weights(optimizer: str, formula: str) -> None:
    """Only rounding differs, and the two kinds of L-BFGS magnify it: of theirs the loss is compared."""
    objective, photo = weighted(1.0, formula)
    usual = minimize(objective, photo, optimizer=optimizer, iterations=15)
    first, left = usual.history.rows[0]["total"], fallen(usual.history)
    assert left < 0.5
    for scale in SCALES:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = minimize(weighted(scale, formula)[0], photo, optimizer=optimizer, iterations=15)
        assert found.history.rows[0]["total"] == pytest.approx(scale * first, rel=1e-5)
        assert fallen(found.history) == pytest.approx(left, rel=0.02 if optimizer == "adam" else 0.5)
        if optimizer == "adam":
            assert np.sqrt(np.square(found.x - usual.x).mean()) < 0.02


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "scipy"])
@pytest.mark.parametrize("power", [-100, 100])
def test_powers_of_two_change_nothing_at_all(optimizer: str, power: int) -> None:
    runs = []
    for scale in (2.0 ** (power - 20), 2.0**power):
        objective, photo = weighted(scale)
        runs.append(minimize(objective, photo, optimizer=optimizer, iterations=8))
    np.testing.assert_array_equal(runs[0].x, runs[1].x)
    totals = [run.history.column("total") for run in runs]
    np.testing.assert_array_equal(totals[0] * 2.0**20, totals[1])


@pytest.mark.parametrize("scale", [*SCALES, 1e-6, 1e4])
def test_gradient_descent_whose_rate_does_not_suit_the_scale_says_so(scale: float) -> None:
    """Its step goes by the gradient, so it cannot give the same picture; it must not be silent either."""
    objective, photo = weighted(scale)
    with pytest.warns(RuntimeWarning, match="learning.rate") as caught:
        found = minimize(objective, photo, optimizer="gradient_descent", iterations=5)
    assert len(caught) == 1
    assert found.history.stopped
    assert np.abs(found.x - photo).max() < 1 / 510


@pytest.mark.parametrize("scale", SCALES)
def test_gradient_descent_with_the_rate_of_its_scale_gives_the_usual_picture(scale: float) -> None:
    objective, photo = weighted(1.0)
    usual = minimize(objective, photo, optimizer="gradient_descent", iterations=5, learning_rate=2.0)
    found = minimize(
        weighted(scale)[0], photo, optimizer="gradient_descent", iterations=5, learning_rate=2.0 / scale
    )
    assert np.abs(usual.x - photo).max() > 0.02
    np.testing.assert_allclose(found.x, usual.x, atol=1e-3)


@pytest.mark.fast
@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12, 1e30])
@pytest.mark.parametrize("optimizer", ["lbfgs", "scipy", "adam"])
def test_a_function_of_any_scale_is_minimised(optimizer: str, scale: float) -> None:
    def scaled(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = bowl(x)
        return scale * value, scale * gradient

    options: dict[str, Any] = {"adam": {"learning_rate": 0.1}, "scipy": {"bounds": None}}.get(optimizer, {})
    found = minimize(
        evaluated(scaled), np.zeros(3, "float32"), optimizer=optimizer, iterations=200, **options
    )
    np.testing.assert_allclose(found.x, [1, 2, 3], atol=2e-2)
    assert found.history.rows[0]["total"] == pytest.approx(scale * bowl(np.zeros(3))[0])


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", OWN)
def test_a_run_of_another_unit_goes_on_from_a_packed_state(optimizer: str) -> None:
    def huge(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = rosenbrock(x)
        return 1e25 * value, 1e25 * gradient

    rate = {"adam": {"learning_rate": 1e-3}, "gradient_descent": {"learning_rate": 1e-29}}.get(optimizer, {})
    start, function = np.full(8, -1.0, "float32"), evaluated(huge)
    whole = minimize(function, start, optimizer=optimizer, iterations=12, **rate)
    half = minimize(function, start, optimizer=optimizer, iterations=6, **rate)
    assert half.state is not None and half.state.at.unit > 1e20
    rest = minimize(
        function,
        start,
        optimizer=optimizer,
        iterations=12,
        state=State.unpack(half.state.pack()),
        **rate,
    )
    np.testing.assert_array_equal(rest.x, whole.x)
    assert rest.history.rows[-1]["total"] == whole.history.rows[-1]["total"] > 1e20


@pytest.mark.fast
def test_a_state_packed_before_there_were_units_has_the_unit_one() -> None:
    half = minimize(evaluated(rosenbrock), np.full(4, -1.0, "float32"), iterations=5)
    assert half.state is not None
    packed = half.state.pack()
    assert float(packed.pop("unit")) == 1.0
    assert State.unpack(packed).at.unit == 1.0


# --- why a run stopped -----------------------------------------------------------------------------


def bad_slope_after(evaluations: int, entry: float) -> Callable[[Any], Evaluation]:
    """Rosenbrock's function whose gradient has one bad entry from some evaluation on; its value is sound."""
    seen = []

    def function(x: np.ndarray) -> tuple[float, np.ndarray]:
        seen.append(1)
        value, gradient = rosenbrock(x)
        if len(seen) > evaluations:
            gradient[0] = entry
        return value, gradient

    return evaluated(function)


@pytest.mark.fast
@pytest.mark.parametrize("entry", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("optimizer", METHODS)
def test_a_slope_that_is_not_finite_is_noticed(optimizer: str, entry: float) -> None:
    rate = {"learning_rate": 1e-3} if optimizer in ("adam", "gradient_descent") else {}
    start = np.full(3, 0.2, "float32")
    with pytest.warns(RuntimeWarning, match="slope was not finite") as caught:
        found = minimize(bad_slope_after(4, entry), start, optimizer=optimizer, iterations=50, **rate)
    assert len(caught) == 1
    assert "not finite" in found.history.stopped
    assert np.isfinite(found.x).all()
    with pytest.raises(FloatingPointError, match="look at its slope"):
        minimize(bad_slope_after(0, entry), start, optimizer=optimizer, **rate)


def uphill(x: np.ndarray) -> tuple[float, np.ndarray]:
    """A function whose gradient has the wrong sign, so that nothing an optimiser tries is lower."""
    return float((x * x).sum()), -2.0 * x


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", METHODS)
def test_a_run_that_finds_nothing_better_warns_and_says_why_it_stopped(optimizer: str) -> None:
    options = {"bounds": None} if optimizer == "scipy" else {}
    with pytest.warns(RuntimeWarning, match="nothing with a lower loss") as caught:
        found = minimize(
            evaluated(uphill), np.ones(3, "float32"), optimizer=optimizer, iterations=4, **options
        )
    assert len(caught) == 1
    np.testing.assert_array_equal(found.x, np.ones(3))
    expected = {"lbfgs": "no step", "scipy": "line search found no lower point"}
    assert expected.get(optimizer, "all 4 iterations done") in found.history.stopped


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", METHODS)
def test_the_history_tells_which_error_ended_a_run(optimizer: str) -> None:
    def fail(now: optimizers.Progress) -> None:
        if now.iteration == 2:
            raise RuntimeError("mine\nand more")

    history = History()
    with pytest.raises(RuntimeError, match="mine"):
        minimize(
            evaluated(rosenbrock),
            np.full(3, 0.2, "float32"),
            optimizer=optimizer,
            callback=fail,
            history=history,
        )
    assert re.fullmatch(r"ended in iteration [23] by an error: mine", history.stopped)
    with pytest.raises(FloatingPointError):
        minimize(nan_after(0), np.zeros(3, "float32"), optimizer=optimizer, history=history)
    assert history.stopped.startswith("ended in iteration 0 by an error: The loss of the first image")


def test_a_loss_that_single_precision_does_not_hold_names_what_to_lower() -> None:
    objective, photo = weighted(1.0, "sum")
    for bad, match in (
        (photo + 1e12, r"look at .*style block1_conv1.*lower the weight or the size.*formula='relative'"),
        (np.where(photo > 0.5, np.nan, photo), "values that are not numbers"),
    ):
        with pytest.raises(FloatingPointError, match=match) as error:
            minimize(objective, bad.astype("float32"), iterations=2)
        assert "\n" not in str(error.value)


# --- states -----------------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", OWN)
def test_a_run_goes_on_from_a_packed_state_as_if_it_had_never_stopped(optimizer: str) -> None:
    rate = {} if optimizer == "lbfgs" else {"learning_rate": 1e-3}
    start, function = np.full(8, -1.0, "float32"), evaluated(rosenbrock)
    whole = minimize(function, start, optimizer=optimizer, iterations=30, **rate)
    half = minimize(function, start, optimizer=optimizer, iterations=15, **rate)
    assert half.state is not None and whole.state is not None
    packed = half.state.pack()
    assert all(isinstance(a, np.ndarray) and a.dtype != object for a in packed.values())
    rest = minimize(function, start, optimizer=optimizer, iterations=30, state=State.unpack(packed), **rate)
    assert rest.state is not None and rest.state.iteration == 30
    np.testing.assert_array_equal(rest.x, whole.x)
    np.testing.assert_array_equal(numpy(rest.state.x), numpy(whole.state.x))
    together = np.concatenate([half.history.column("total"), rest.history.column("total")])
    np.testing.assert_array_equal(together, whole.history.column("total"))


@pytest.mark.fast
def test_scipy_refuses_a_state() -> None:
    state = minimize(evaluated(bowl), np.zeros(2, "float32"), iterations=1).state
    with pytest.raises(ValueError, match="cannot go on from a state"):
        minimize(evaluated(bowl), np.zeros(2, "float32"), optimizer="scipy", state=state)


@pytest.mark.fast
def test_the_best_point_survives_packing_when_it_is_not_the_latest() -> None:
    function, start = evaluated(bowl), np.zeros(2, "float32")
    method = GradientDescent(learning_rate=0.505)
    first = minimize(function, start, optimizer=method, iterations=8)
    assert first.state is not None and first.state.at.value > first.history.best()[-1]
    again = minimize(function, start, optimizer=method, iterations=8, state=State.unpack(first.state.pack()))
    assert len(again.history) == 0
    np.testing.assert_array_equal(again.x, first.x)


# --- images -----------------------------------------------------------------------------------------


def test_minimize_takes_what_an_image_may_be(painting: tuple[nst.Objective, np.ndarray]) -> None:
    objective, photo = painting
    usual = minimize(objective, photo, iterations=2)
    for same in (photo[0], photo.astype("float64"), tensor(photo)):
        np.testing.assert_allclose(minimize(objective, same, iterations=2).x, usual.x, atol=1e-5)
    assert minimize(objective, nst.images.to_uint8(photo), iterations=2).x.shape == photo.shape
    unclipped = usual.x + 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert minimize(objective, unclipped, iterations=1).x.max() > 1


def test_minimize_refuses_an_image_of_another_size(painting: tuple[nst.Objective, np.ndarray]) -> None:
    objective, photo = painting
    with pytest.raises(ValueError, match="differ in size"):
        minimize(objective, photo[:, :-16], iterations=2)
    with pytest.raises(ValueError, match="shape"):
        minimize(objective, photo[0, 0], iterations=2)


def test_the_options_of_a_method_go_beside_a_history_to_append_to() -> None:
    earlier = minimize(evaluated(bowl), np.zeros(2, "float32"), iterations=1).history
    before = len(earlier)
    found = minimize(evaluated(bowl), np.zeros(2, "float32"), iterations=1, history=earlier, history_size=3)
    assert found.history is earlier and len(earlier) > before
