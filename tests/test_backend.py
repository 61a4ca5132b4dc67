"""backend.py and the package itself: quiet, quick to import, and honest about the machine."""

import errno
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nstlib
from nstlib import backend
from nstlib.backend import is_out_of_memory

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


# --- out of memory ----------------------------------------------------------------------------------

HUGE = 2**50  # values; more bytes than any processor can address


def error_of(action: Any) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - which class it is differs between backends
        action()
    return caught.value


@pytest.mark.fast
def test_the_backends_own_error_of_memory_is_recognised() -> None:
    assert is_out_of_memory(error_of(lambda: backend.ops.ones((HUGE,), "float32") + 1.0))
    assert is_out_of_memory(error_of(lambda: np.ones(HUGE, "float32")))


class OpError(Exception):
    """As TensorFlow's errors are: not a RuntimeError."""


class ResourceExhaustedError(OpError):
    """TensorFlow's, whatever it says."""


class OutOfMemoryError(RuntimeError):
    """PyTorch's, whatever it says."""


class XlaRuntimeError(RuntimeError):
    """JAX's: its first word tells."""


CPU = "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
WINDOWS = "[enforce fail at alloc_cpu.cpp:116] data. DefaultCPUAllocator: not enough memory: you tried"


@pytest.mark.fast
@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ResourceExhaustedError("OOM when allocating tensor with shape[1,64,9000,9000]"),
        OutOfMemoryError("Tried to allocate 2.00 GiB"),
        XlaRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 68719476736 bytes."),
        RuntimeError(CPU),
        RuntimeError(WINDOWS),
        RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        OpError("Failed to allocate memory for the batch of data"),
    ],
    ids=str,
)
def test_every_way_to_say_that_memory_ran_out_is_recognised(error: Exception) -> None:
    assert is_out_of_memory(error)
    caused = ValueError("The picture could not be made.")
    caused.__cause__ = error
    assert is_out_of_memory(caused)


@pytest.mark.fast
@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("shape mismatch"),
        ValueError("The image is out of memory lane."),
        OpError("Matrix size-incompatible"),
        XlaRuntimeError("INVALID_ARGUMENT: no such device"),
        KeyboardInterrupt(),
    ],
    ids=str,
)
def test_other_errors_are_not_taken_for_a_lack_of_memory(error: BaseException) -> None:
    assert not is_out_of_memory(error)
