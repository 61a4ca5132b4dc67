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


@pytest.mark.parametrize(
    ("before", "kept", "collecting"),
    [("", True, True), ("import gc; gc.disable()", True, False), ("import keras", False, True)],
    ids=["by nstlib", "without a collector", "before nstlib"],
)
def test_what_a_backend_brings_is_kept_from_the_garbage_collector(
    before: str, kept: bool, collecting: bool
) -> None:
    code = "import gc, nstlib; nstlib.backend; print(gc.get_freeze_count() > 10**5, gc.isenabled())"
    assert python(f"{before}\n{code}").stdout.split() == [str(kept), str(collecting)]


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


# --- the user's settings of Keras --------------------------------------------------------------------

# What a run of every kind gives: features, an application, a class, a changed network, a gradient.
EVERYTHING = """
import zlib
import numpy as np
import nstlib as nst
from nstlib.autodiff import numpy
from nstlib.backend import keras

image = np.random.default_rng(0).random((1, 48, 64, 3), dtype="float32")
net = nst.load_network("pocket_vgg")
bottom = net.behind(lambda image: image[:, ::-1])
sums = []
for made in (net, bottom, nst.load_network("mobilenet_v2", weights="random")):
    layers = list(made.plan.style_layers[:2])
    sums += [zlib.crc32(numpy(f).tobytes()) for f in made.features(image, layers).values()]
sums.append([name for name, _ in net.classify(image)[:1]])
brief = dict(size=64, iterations=2, sizes="single", progress=False)
run = nst.transfer_style(image, image[:, ::-1], network=net, **brief)
sums.append(zlib.crc32(run.image.tobytes()))
print(sums, keras.config.floatx(), keras.config.image_data_format())
"""


def under(
    settings: str, folder: Path, code: str = EVERYTHING, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run Python as a user whose keras.json holds such a text."""
    (folder / "keras.json").write_text(settings)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"} | {"KERAS_HOME": str(folder)} | env,
    )


def test_the_users_settings_of_keras_change_nothing_and_stay(tmp_path: Path) -> None:
    plain = under("{}", tmp_path)
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.endswith("float32 channels_last\n")
    settings = '{"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}'
    odd = under(settings, tmp_path)
    assert odd.returncode == 0, odd.stderr
    assert odd.stdout == plain.stdout.replace("float32 channels_last", "float16 channels_first")


@pytest.mark.parametrize(
    ("settings", "env", "words"),
    [
        ('{"backend": "numpy"}', {}, ["'numpy'", "gradients", "keras.json"]),
        ('{"backend": "tensorfloor"}', {}, ["'tensorfloor'", "keras.json"]),
        ('{"backend": "numpy"}', {"KERAS_BACKEND": "openvino"}, ["'openvino'", "set KERAS_BACKEND to"]),
        ("[1, 2]", {}, ["keras.json", "correct or delete it"]),
        ('{"floatx": "float12"}', {}, ["(Invalid `floatx` configuration): correct", "keras.json"]),
        ('{"epsilon": 1}', {}, ["(Invalid `epsilon` configuration): correct", "keras.json"]),
        ("{}", {"KERAS_MAX_EPOCHS": "many"}, ["'many'): correct", "variables that begin with KERAS"]),
    ],
)
def test_a_backend_that_cannot_serve_is_one_sentence_that_names_who_asks(
    settings: str, env: dict[str, str], words: list[str], tmp_path: Path
) -> None:
    done = under(settings, tmp_path, "import nstlib.backend", **env)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ") and all(word in last for word in words), last


@pytest.mark.fast
def test_what_a_notebook_sets_is_left_as_it_was_and_harms_no_network(noise: Any) -> None:
    config, image = backend.keras.config, noise(32, 32)
    before = config.image_data_format(), config.floatx(), config.dtype_policy()
    wanted = nstlib.load_network().features(image, ["block2_conv1"])["block2_conv1"]
    try:
        config.set_image_data_format("channels_first")
        config.set_floatx("float16")
        config.set_dtype_policy("mixed_float16")
        found = nstlib.load_network().features(image, ["block2_conv1"])["block2_conv1"]
        now = config.image_data_format(), config.floatx(), config.dtype_policy().name
    finally:
        config.set_image_data_format(before[0])
        config.set_floatx(before[1])
        config.set_dtype_policy(before[2])
    assert now == ("channels_first", "float16", "mixed_float16")
    np.testing.assert_array_equal(backend.ops.convert_to_numpy(found), backend.ops.convert_to_numpy(wanted))


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
