"""The fast tests once more on the other backends Keras has, and the backends compared with each other."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nstlib import backend

ROOT = Path(__file__).resolve().parent.parent
BACKENDS = ("tensorflow", "jax", "torch")
TAIL = 60  # lines of the inner run that a failure shows

# What each backend computes for the comparison; the argument is the file to write.
TRANSFER = """if True:
    import sys
    import numpy as np
    from nstlib.autodiff import numpy, tensor, value_and_grad
    from nstlib.networks import load_network
    from nstlib.objectives import Objective, content_terms, style_terms, variation_terms

    photo, style, image = np.random.default_rng(0).random((3, 1, 48, 48, 3), dtype="float32")
    net = load_network()
    terms = content_terms(net, photo, list(net.plan.content_layers), 0.02)
    terms += style_terms(net, style, list(net.plan.style_layers)) + variation_terms(0.2, "absolute")
    results = {}
    for formula in ("gatys", "relative"):
        here = value_and_grad(Objective(net, terms, formula))(tensor(image))
        results[f"{formula} parts"] = np.array([here.value, *here.parts.values()])
        results[f"{formula} gradient"] = numpy(here.gradient)
    np.savez(sys.argv[1], **results)
"""


def need(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


def run(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment | {"KERAS_BACKEND": name} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def quoted(output: str) -> str:
    """The end of another run's output, marked so that no line of it is taken for one of this run."""
    return "\n".join(f"  | {line}" for line in output.splitlines()[-TAIL:])


@pytest.mark.parametrize("name", BACKENDS)
def test_the_fast_tests_pass_on_the_other_backends(name: str) -> None:
    need(name)
    if name == backend.NAME:
        pytest.skip(f"this run is on {name} already")
    options = ["-q", "-m", "fast", "-p", "no:nbval", "-p", "no:cacheprovider", "--override-ini", "addopts="]
    # Most of these seconds JAX spends on compiling; pictures of a few pixels do not repay a careful compiler.
    quick = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    done = run(name, "-m", "pytest", *options, "--ignore", __file__, "tests", **quick)
    if done.returncode:
        pytest.fail(f"pytest -m fast with KERAS_BACKEND={name}:\n{quoted(done.stdout)}", pytrace=False)


@pytest.fixture(scope="module")
def on_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    need("tensorflow")
    return transfer_on("tensorflow", tmp_path_factory.mktemp("tensorflow") / "transfer.npz")


def transfer_on(name: str, path: Path) -> dict[str, np.ndarray]:
    done = run(name, "-c", TRANSFER, str(path))
    assert done.returncode == 0, quoted(done.stdout)
    with np.load(path) as data:
        return dict(data)


@pytest.mark.parametrize("name", BACKENDS[1:])
def test_every_backend_has_tensorflows_values_and_gradients(
    name: str, on_tensorflow: dict[str, np.ndarray], tmp_path: Path
) -> None:
    need(name)
    here = transfer_on(name, tmp_path / "transfer.npz")
    assert list(here) == list(on_tensorflow)
    for what, expected in on_tensorflow.items():
        small = 1e-3 * np.abs(expected).max() if what.endswith("gradient") else 0.0
        np.testing.assert_allclose(here[what], expected, rtol=1e-3, atol=small, err_msg=what)
