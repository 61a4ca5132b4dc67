"""benchmarks/: the loops written by hand compute what nstlib computes, and the report is written whole."""

import sys
from pathlib import Path

import numpy as np
import pytest

import nstlib as nst
from nstlib import autodiff

FOLDER = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(FOLDER))  # its scripts are started from there and import each other

import measure  # noqa: E402
import plain  # noqa: E402
from contenders import Contender, Failed, Worker  # noqa: E402

SIZE = 32


@pytest.fixture(scope="module")
def problem() -> plain.Problem:
    photo, style, _ = plain.pictures(SIZE)
    return plain.Problem(photo, style)


@pytest.fixture(scope="module")
def ours(problem: plain.Problem) -> tuple[float, np.ndarray]:
    """Loss and gradient by nstlib, on the backend of these tests."""
    net = nst.load_network("vgg19", weights="random", seed=problem.seed)
    terms = nst.content_terms(net, problem.photo, plain.CONTENT)
    terms += nst.style_terms(net, problem.style, list(plain.STYLES))
    at = nst.value_and_grad(nst.Objective(net, terms))(autodiff.tensor(plain.pictures(SIZE)[2]))
    return at.value, autodiff.numpy(at.gradient)


@pytest.mark.fast
@pytest.mark.parametrize("framework", ["tensorflow", "jax", "torch"])
def test_a_loop_written_by_hand_agrees_with_nstlib(framework, problem, ours):
    pytest.importorskip(framework)
    loop = plain.make_loop(framework, problem, "float32")
    loss, gradient = loop(plain.to_tensor(framework, plain.pictures(SIZE)[2]))
    plain.wait_for(framework, gradient)
    assert loss == pytest.approx(ours[0], rel=1e-4)
    gradient = np.asarray(gradient)
    assert gradient.shape == (1, SIZE, SIZE, 3)
    assert np.linalg.norm(gradient - ours[1]) < 1e-3 * np.linalg.norm(ours[1])


def test_the_loop_in_bfloat16_lies_within_its_tolerance(problem, ours):
    pytest.importorskip("tensorflow")
    loop = plain.make_loop("tensorflow", problem, "bfloat16")
    loss, _ = loop(plain.to_tensor("tensorflow", plain.pictures(SIZE)[2]))
    assert loss == pytest.approx(ours[0], rel=measure.AGREE["bfloat16"])


def test_contenders_that_compute_different_losses_are_not_compared():
    one, other = Contender("plain", "tensorflow"), Contender("nstlib", "tensorflow")
    measure.check_agreement({one: (1.0, 0.0), other: (1.0005, 0.0)}, one)
    with pytest.raises(SystemExit, match="nstlib, TensorFlow, float32 computes a loss of 1.005"):
        measure.check_agreement({one: (1.0, 0.0), other: (1.005, 0.0)}, one)
    with pytest.raises(SystemExit, match="nan"):
        measure.check_agreement({one: (1.0, 0.0), other: (float("nan"), 0.0)}, one)


def test_a_slow_spell_of_the_machine_does_not_change_a_ratio():
    assert measure.ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == 2.0


def test_a_worker_says_in_one_line_why_it_could_not_answer():
    with Worker("tensorflow") as worker:
        with pytest.raises(Failed, match="^AttributeError: .*no_such_method"):
            worker.call("no_such_method")
        worker.process.kill()
        worker.process.join()
        with pytest.raises(Failed, match="ended without an answer"):
            worker.call("gpus")


def test_the_report_has_a_place_for_every_section():
    text = measure.REPORT.read_text(encoding="utf-8")
    for name in measure.SECTIONS:
        assert measure.with_section(text, name, "a new table").count("a new table") == 1


def test_a_section_replaces_its_own_place_in_the_report_and_nothing_else(tmp_path):
    report = tmp_path / "report.md"
    measure.write(report, "sizes", "table one")
    measure.write(report, "sizes", "table two")
    measure.write(report, "memory", "table three")
    text, original = (p.read_text(encoding="utf-8") for p in (report, measure.REPORT))
    assert "table one" not in text
    assert text.index("table two") < text.index("table three")
    assert text.split("<!-- measured")[0] == original.split("<!-- measured")[0]
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_a_report_without_markers_is_refused_and_left_alone(tmp_path):
    report = tmp_path / "notes.md"
    report.write_text("my notes", encoding="utf-8")
    with pytest.raises(ValueError, match="put them where they belong"):
        measure.write(report, "sizes", "a table")
    assert report.read_text(encoding="utf-8") == "my notes"
