"""autodiff.py: gradients are right, one compilation serves every run of a size, and memory stays put."""

import gc
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nstlib import autodiff, backend, losses
from nstlib.autodiff import (
    Evaluation,
    comfortable_unit,
    compiled,
    compiled_step,
    gradient,
    inner,
    is_finite,
    numpy,
    tensor,
    value_and_grad,
    zeros_like,
)
from nstlib.backend import ops
from nstlib.networks import load_network
from nstlib.objectives import Objective, content_terms, style_terms, variation_terms


def transfer(net: Any, photo: Any, style: Any, weight: float = 1.0, formula: str = "relative") -> Objective:
    terms = content_terms(net, photo, "block2_conv1", 0.3)
    terms += style_terms(net, style, ["block1_conv1", "block3_conv1"], weight)
    return Objective(net, terms + variation_terms(0.2), formula)


# --- gradients -----------------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("formula", losses.FORMULAS)
def test_the_gradient_agrees_with_finite_differences_along_random_directions(
    pocket: Any, noise: Any, formula: str
) -> None:
    """Two images half a step to either side: single precision allows steps of about a hundredth."""
    evaluate = value_and_grad(transfer(pocket, noise(seed=1), noise(24, 24, seed=2), formula=formula))
    image, generator = noise(seed=3), np.random.default_rng(4)
    slope = numpy(evaluate(tensor(image)).gradient).astype("float64")
    for _ in range(3):
        direction = generator.standard_normal(image.shape)
        direction *= np.sign((slope * direction).sum())  # uphill, so that the slope is well away from 0
        direction = direction / np.linalg.norm(direction) + slope / np.linalg.norm(slope)
        ahead, behind = (
            evaluate(tensor((image + s * 0.01 * direction).astype("float32"))).value for s in (1, -1)
        )
        assert (ahead - behind) / 0.02 == pytest.approx((slope * direction).sum(), rel=0.01)


@pytest.mark.fast
def test_the_gradient_of_single_pixels_agrees_with_finite_differences(pocket: Any, noise: Any) -> None:
    photo, image = noise(16, 16, seed=1), noise(16, 16, seed=3)
    evaluate = value_and_grad(Objective(pocket, content_terms(pocket, photo, "block1_conv2"), "sum"))
    slope = numpy(evaluate(tensor(image)).gradient)
    steepest = np.argsort(-np.abs(slope).ravel())[:4]
    for place in (np.unravel_index(i, slope.shape) for i in steepest):
        moved = np.zeros_like(image)
        moved[place] = 0.01
        difference = evaluate(tensor(image + moved)).value - evaluate(tensor(image - moved)).value
        assert difference / 0.02 == pytest.approx(float(slope[place]), rel=0.05)


@pytest.mark.fast
def test_an_evaluation_repeats_itself(pocket: Any, noise: Any) -> None:
    evaluate, image = value_and_grad(transfer(pocket, noise(seed=1), noise(seed=2))), tensor(noise(seed=3))
    one, two = evaluate(image), evaluate(image)
    assert one.value == two.value and one.parts == two.parts
    np.testing.assert_array_equal(numpy(one.gradient), numpy(two.gradient))
    assert numpy(one.gradient).shape == (1, 32, 32, 3)
    assert one.seconds > 0


@pytest.mark.fast
def test_inner_products_and_zeros_are_those_of_numpy(noise: Any) -> None:
    a, b = noise(seed=1), noise(seed=2)
    assert float(numpy(inner(tensor(a), tensor(b)))) == pytest.approx(float((a * b).sum()), rel=1e-5)
    np.testing.assert_array_equal(numpy(zeros_like(tensor(a))), np.zeros_like(a))


# --- one compilation for each size ---------------------------------------------------------------------


@pytest.mark.fast
def test_twenty_objectives_of_one_size_are_compiled_once(noise: Any) -> None:
    net = load_network()
    for seed in range(20):
        style = noise(16, 40, seed=seed) if seed % 2 else noise(24, 24, seed=seed)
        objective = transfer(net, noise(seed=seed), style, weight=1.0 + seed)
        value_and_grad(objective)(tensor(noise(seed=50 + seed)))
    assert compiled_step(objective).traces == 1
    assert len(net.steps) == 1


@pytest.mark.fast
@pytest.mark.skipif(backend.NAME == "torch", reason="PyTorch runs eagerly: nothing is compiled")
def test_two_sizes_are_compiled_twice_however_often_they_alternate(noise: Any) -> None:
    net = load_network()
    for side in (32, 48, 32, 48, 32):
        objective = transfer(net, noise(side, side), noise())
        value_and_grad(objective)(tensor(noise(side, side, seed=1)))
    assert compiled_step(objective).traces == 2


SIX_SIZES = """if True:
    import os, signal
    import numpy as np
    from nstlib.autodiff import tensor
    from nstlib.networks import load_network
    from nstlib.objectives import Objective, content_terms, style_terms, variation_terms
    from nstlib.optimizers import minimize

    net = load_network()
    for side in (16, 20, 24, 28, 32, 36):
        photo, style, image = np.random.default_rng(side).random((3, 1, side, side, 3), dtype="float32")
        terms = content_terms(net, photo, "block2_conv1") + style_terms(net, style, "block1_conv1")
        minimize(Objective(net, terms + variation_terms(0.1)), image, iterations=3)
    print("done", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system cannot kill a process so")
def test_six_sizes_are_quiet_and_a_killed_run_leaves_no_files(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", SIX_SIZES], cwd=root, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", -signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fast
def test_a_compiled_function_is_traced_once_for_every_combination_of_shapes() -> None:
    traced = []

    def total(x: Any, others: list[Any]) -> Any:
        traced.append(1)
        return ops.sum(x) + sum(ops.sum(each) for each in others)

    run = compiled(total)
    for lengths in ((2, 3), (2, 3), (3, 2), (2, 3, 3), (2, 3), (3, 2)):
        first, *rest = (tensor(np.full(n, n, "float32")) for n in lengths)
        assert float(run(first, rest)) == sum(n * n for n in lengths)
    assert len(traced) == (6 if backend.NAME == "torch" else 3)


@pytest.mark.fast
@pytest.mark.parametrize("power", [-100, -30, 30, 100])
def test_a_gradient_in_another_unit_is_the_same_to_the_bit(pocket: Any, noise: Any, power: int) -> None:
    objective, image = transfer(pocket, noise(seed=1), noise(seed=2)), tensor(noise(seed=3))
    scaled = transfer(pocket, noise(seed=1), noise(seed=2))
    scaled.terms = tuple(replace(t, weight=t.weight * 2.0**power) for t in scaled.terms)
    usual, here = value_and_grad(objective)(image), value_and_grad(scaled, unit=2.0**power)(image)
    assert here.unit == 2.0**power and here.value == usual.value * 2.0**power
    assert here.parts == {name: part * 2.0**power for name, part in usual.parts.items()}
    np.testing.assert_array_equal(numpy(here.gradient), numpy(usual.gradient))
    if abs(power) < 50:  # single precision still holds it
        there = here.in_unit(1.0)
        np.testing.assert_array_equal(numpy(there.gradient), numpy(usual.gradient) * 2.0**power)
        assert there.unit == 1.0 and there.value == here.value
    assert here.in_unit(here.unit) is here


@pytest.mark.fast
@pytest.mark.parametrize("largest", [0.0, 1e-36, 1e-9, 1e-7, 1.0, 1e12, 1e13, 3e38])
def test_the_unit_is_left_alone_unless_squares_would_leave_single_precision(largest: float) -> None:
    values = np.array([largest, -largest, 0.5 * largest], "float32")
    unit = comfortable_unit(Evaluation(0.0, tensor(values), {}))
    assert math.log2(unit).is_integer()
    if largest in (0.0, 1e-7, 1.0, 1e12):
        assert unit == 1.0
    else:
        there = numpy(Evaluation(0.0, tensor(values), {}).in_unit(unit).gradient)
        assert 0.5 < np.linalg.norm(there) < 8  # 3e38 is brought as far as single precision can


@pytest.mark.fast
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_bad_entry_makes_a_tensor_not_finite(bad: float) -> None:
    values = np.ones((2, 3), "float32")
    assert is_finite(tensor(values))
    values[1, 2] = bad
    assert not is_finite(tensor(values))


@pytest.mark.fast
def test_the_gradient_of_any_function_is_that_of_the_formula() -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype("float32")
    assert np.allclose(gradient(lambda t: ops.sum(ops.square(t)), x), 2 * x, rtol=1e-6)
    slope = gradient(lambda t: 0.5 * ops.sum(ops.square(ops.relu(t))), x.astype("float64"))
    assert slope.shape == x.shape and slope.dtype == np.float32
    assert np.allclose(slope, np.maximum(x, 0), rtol=1e-6)
    assert type(slope) is np.ndarray


@pytest.mark.fast
def test_a_function_that_does_not_depend_on_its_argument_has_no_slope() -> None:
    for constant in (lambda x: ops.sum(ops.ones(2)), lambda x: 3.0):
        np.testing.assert_array_equal(gradient(constant, np.ones((2, 2))), np.zeros((2, 2)))


@pytest.mark.fast
@pytest.mark.parametrize("function", [lambda x: 2.0 * x, lambda x: ops.reshape(ops.sum(x), (1,))])
def test_the_slope_of_several_numbers_is_refused(function: Any) -> None:
    with pytest.raises(ValueError, match=r"gives an array of shape \(.*of one number"):
        gradient(function, np.ones(3))


@pytest.mark.fast
@pytest.mark.parametrize("formula", losses.FORMULAS)
def test_the_gradient_of_a_style_loss_agrees_with_finite_differences(formula: Any) -> None:
    generator = np.random.default_rng(1)
    features, direction = generator.standard_normal((2, 1, 4, 5, 3))
    target = losses.gram_matrix(tensor(generator.standard_normal((1, 6, 6, 3)), "float32"))

    def loss(x: Any) -> Any:
        return losses.style_loss(x, target, formula)

    ahead, behind = (float(loss(tensor(features + s * 0.01 * direction, "float32"))) for s in (1, -1))
    slope = (gradient(loss, features) * direction).sum()
    assert (ahead - behind) / 0.02 == pytest.approx(slope, rel=0.01)


# --- memory --------------------------------------------------------------------------------------------


def resident_pages() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the system does not say how much it uses")
def test_many_runs_leave_memory_as_it_was(noise: Any) -> None:
    """Every run has pictures, targets and an objective of its own, as a learner's experiments do."""
    from nstlib.recipes import transfer_style

    net = load_network()

    def runs(count: int) -> None:
        for seed in range(count):
            photo, style = noise(16, 16, seed=seed), noise(20, 20, seed=seed + 1)
            transfer_style(photo, style, network=net, sizes="single", iterations=2, progress=False)

    runs(15)
    before = resident_pages()
    runs(45)
    assert resident_pages() < 1.02 * before


@pytest.mark.skipif(backend.NAME != "tensorflow", reason="TensorFlow's graphs")
def test_graphs_of_many_shapes_are_not_kept_without_end() -> None:
    doubled = autodiff.GraphPerShape(lambda x: 2 * x)
    for length in range(1, autodiff.MOST_SHAPES + 5):
        np.testing.assert_array_equal(numpy(doubled(tensor(np.ones(length, "float32")))), 2 * np.ones(length))
    assert len(doubled.graphs) == autodiff.MOST_SHAPES
    assert numpy(doubled(tensor(np.ones(1, "float32")))).tolist() == [2.0]  # one that had gone
