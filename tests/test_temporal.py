"""objectives.temporal: what holds a frame to the one before, against a plain loop and finite differences."""

from typing import Any

import numpy as np
import pytest

from nstlib.autodiff import gradient, numpy, tensor
from nstlib.objectives import Objective
from nstlib.objectives.temporal import Temporal, temporal_term

pytestmark = pytest.mark.fast


def image(seed: int, height: int = 6, width: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (1, height, width, 3)).astype("float32")


def weights(seed: int = 3, height: int = 6, width: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, (height, width)).astype("float32")


def loss(here: Any, moved: np.ndarray, where: np.ndarray) -> float:
    term = temporal_term(moved, where)
    return float(numpy(term.measure.distance(tensor(here), term.target, term.where)))


def test_it_is_equation_8_in_a_plain_loop() -> None:
    here, moved, where = image(0), image(1), weights()
    total = 0.0
    for y in range(6):
        for x in range(5):
            for color in range(3):
                total += where[y, x] * (float(here[0, y, x, color]) - float(moved[0, y, x, color])) ** 2
    assert loss(here, moved, where) == pytest.approx(total / here.size, rel=1e-5)


def test_it_is_zero_at_the_moved_frame_and_where_nothing_counts() -> None:
    here, moved = image(0), image(1)
    assert loss(moved, moved, weights()) == 0
    assert loss(here, moved, np.zeros((6, 5), "float32")) == 0
    half = np.zeros((6, 5), "float32")
    half[:3] = 1
    other = moved.copy()
    other[:, 3:] = here[:, 3:]
    assert loss(other, moved, half) == 0


def test_its_slope_is_that_of_finite_differences() -> None:
    here, term = image(0), temporal_term(image(1), weights())

    def value(x: Any) -> Any:
        return term.measure.distance(x, term.target, term.where)

    slope, step = gradient(value, here), 1e-2
    for at in [(0, 0, 0, 0), (0, 3, 2, 1), (0, 5, 4, 2)]:
        up, down = here.copy(), here.copy()
        up[at] += step
        down[at] -= step
        measured = (float(numpy(value(tensor(up)))) - float(numpy(value(tensor(down))))) / (2 * step)
        assert slope[at] == pytest.approx(measured, rel=2e-3, abs=1e-6)


def test_frames_share_a_compiled_step_and_lags_have_a_part_each(pocket: Any) -> None:
    one = Objective(pocket, [temporal_term(image(0), weights(), lag=lag) for lag in (1, 2)])
    two = Objective(pocket, [temporal_term(image(1), weights(4), lag=lag) for lag in (1, 2)])
    assert one.signature == two.signature
    assert one.names == ("temporal 1 back", "temporal 2 back")
    assert Temporal(1) != Temporal(2)


def test_bad_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="temporal weight"):
        temporal_term(image(0), weights(), weight=-1)
    with pytest.raises(ValueError, match="one weight for each of"):
        temporal_term(image(0), np.ones((2, 2), "float32"))
