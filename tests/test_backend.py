"""backend.py and the package itself: quiet, quick to import, and honest about the machine."""

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nstlib
from nstlib import backend

ROOT = Path(__file__).resolve().parent.parent


def python(code: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.fast
def test_machine_says_what_the_course_runs_on() -> None:
    facts = backend.machine()
    assert list(facts) == [
        "Python",
        "Keras",
        "backend",
        "GPU",
        "processor cores",
        "memory",
        "bfloat16 instructions",
    ]
    assert all(isinstance(value, str) and value for value in facts.values())
    assert facts["Python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    assert re.fullmatch(r"(tensorflow|jax|torch) \d+\.\d+.*", facts["backend"])
    assert 1 <= int(facts["processor cores"]) <= (os.cpu_count() or 1)
    assert re.fullmatch(r"unknown|\d+\.\d GiB", facts["memory"])
    assert facts["bfloat16 instructions"] in ("yes", "no", "unknown")


@pytest.mark.fast
def test_the_backend_is_the_one_that_was_asked_for() -> None:
    assert os.environ.get("KERAS_BACKEND", "tensorflow") == backend.NAME


@pytest.mark.fast
def test_what_a_device_is_called_is_a_name() -> None:
    found = backend.devices()
    assert all(isinstance(name, str) and name for name in found)
    assert (", ".join(found) or "none found: everything runs on the processor") == backend.machine()["GPU"]


def test_starting_keras_writes_nothing_on_the_screen() -> None:
    done = python("import nstlib.networks; nstlib.load_network()")
    assert (done.stdout, done.stderr) == ("", "")


def test_an_error_while_keras_starts_is_not_hidden() -> None:
    code = "import sys, nstlib.backend as b\nwith b.quiet_start(): raise SystemExit('still heard')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.strip() == "still heard"


def test_importing_the_package_loads_no_network_library() -> None:
    done = python("import nstlib, sys; print(*sorted(sys.modules))")
    heavy = {"keras", "tensorflow", "jax", "torch", "matplotlib", "ipywidgets", "scipy", "skimage"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize("name", nstlib.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(nstlib, name) is not None


def test_what_tab_completion_offers_is_what_there_is() -> None:
    assert dir(nstlib) == nstlib.__all__


def test_a_name_that_is_not_there_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'transfer_stile'"):
        importlib.import_module("nstlib").transfer_stile  # noqa: B018
