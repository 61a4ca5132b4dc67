"""Keras, started once and quietly, and what is known of the machine it runs on.

Every module that needs Keras takes it from here (`from .backend import keras, ops`), so that the choice of
the backend (environment variable KERAS_BACKEND: "tensorflow", "jax" or "torch"), its start-up messages and
the memory of the GPU are dealt with in one place. How gradients are taken is the business of `autodiff`.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import platform
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import hardware
from .allocator import keep_freed_memory
from .foundation import home_folder, keras_folder


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Keep what is written to file descriptor 2 away from the reader while a backend starts.

    TensorFlow's libraries write notes about processor instructions there before any setting can stop
    them, and in a notebook they would be the first thing a learner sees. Python's own errors are raised
    as ever.
    """
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (OSError, AttributeError):  # no such descriptor, as under pythonw
        yield
        return
    with open(os.devnull, "wb") as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector away from what a backend brings: objects that live as long as the process.

    There are a million of them, and it would look through all while they are imported, in every full
    collection and three times when Python ends: a third of the seconds of a short program
    (`benchmarks/start.py`). What was there before them is kept with them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_on:
            gc.enable()


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# JAX and TensorFlow take most of a GPU's memory at once unless told otherwise.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
if home_folder() is None:
    os.environ.setdefault("KERAS_HOME", str(keras_folder()))
keep_freed_memory()  # before a backend starts its threads, each of which would get a heap of its own

BACKENDS = ("tensorflow", "jax", "torch")  # of those that Keras has, the ones that take gradients
# What chooses a device, whether it is there or not.
DEVICE_VARIABLES = ("JAX_PLATFORMS", "JAX_PLATFORM_NAME", "KERAS_TORCH_DEVICE", "CUDA_VISIBLE_DEVICES")


def file_settings(file: Path) -> dict[str, Any]:
    """What the user's settings of Keras say; nothing when there is no file or no JSON, as Keras has it.

    Raises:
        ImportError: the file would stop Keras with an error.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    except OSError as error:
        raise ImportError(f"Keras cannot read {file} ({error.strerror}): correct or delete it.") from None
    if not isinstance(found, dict):
        raise ImportError(f"{file} does not hold settings of Keras: correct or delete it.")
    return found


def asked_backend() -> tuple[str, str]:
    """The backend that Keras is asked for, and what to change to have another."""
    file = keras_folder() / "keras.json"
    named = str(file_settings(file).get("backend", ""))
    if name := os.environ.get("KERAS_BACKEND"):
        return name, "set KERAS_BACKEND"
    if named:
        return named, f'set "backend" in {file}, or KERAS_BACKEND,'
    return "tensorflow", "set KERAS_BACKEND"


def start() -> Any:
    """Keras, on a backend that takes gradients.

    Raises:
        ImportError: there is no such backend, or it does not start; the sentence says who asks for it.
    """
    name, change = asked_backend()
    chosen = sys.modules.get("keras")  # whoever imported it before us has chosen
    name = chosen.backend.backend() if chosen and hasattr(chosen, "backend") else name
    why = "the course cannot take gradients with it"
    if name in BACKENDS:
        try:
            with quiet_start(), uncollected() if chosen is None else contextlib.nullcontext():
                import keras
            return keras
        except Exception as error:  # a library that is missing or broken fails in its own words
            why = next(iter(str(error).strip().splitlines()), "").rstrip(".:") or type(error).__name__
            if isinstance(error, ValueError):  # the library is here: a setting is what Keras does not know
                file, why = keras_folder() / "keras.json", why.split(". ")[0]
                raise ImportError(
                    f"Keras cannot start ({why}): correct {file} or the variables that begin with KERAS."
                ) from error
    raise ImportError(
        f"Keras cannot start with the backend {name!r} ({why}): {change} to tensorflow, jax or torch, "
        f"whichever is installed."
    )


if TYPE_CHECKING:
    import keras as keras
else:
    keras = start()
ops = keras.ops

NAME: str = keras.backend.backend()


def numpy(value: Any) -> np.ndarray:
    """A NumPy array from a backend tensor or a variable of Keras; waits for the device."""
    # Keras' own way makes NumPy 2 warn, of variables and of PyTorch's tensors.
    if isinstance(value, keras.Variable):
        value = value.value if NAME == "torch" else np.asarray(value)
    if NAME == "torch" and keras.ops.is_tensor(value):
        value = value.detach().cpu()
        # NumPy has no bfloat16 for PyTorch to hand over; float32 holds the same numbers.
        return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy().copy()
    return np.asarray(keras.ops.convert_to_numpy(value))


# --- Keras' settings, which belong to the user ------------------------------------------------------

OWN_SETTINGS = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7}


class Loan:
    """Keras' settings, which all threads share: the first who needs ours sets them, the last restores them.

    So nobody waits for another, who may be downloading weights.
    """

    def __init__(self) -> None:
        self.lock, self.borrowers = threading.Lock(), 0
        self.before: dict[str, Any] = {}

    def take(self) -> None:
        """From here on the settings are ours."""
        with self.lock:
            if self.borrowers == 0:
                self.before = {name: getattr(keras.config, name)() for name in OWN_SETTINGS}
                self.apply(OWN_SETTINGS)
            self.borrowers += 1

    def give_back(self) -> None:
        """They are the user's again, unless another thread still needs ours."""
        with self.lock:
            self.borrowers -= 1
            if self.borrowers == 0:
                self.apply(self.before)

    @staticmethod
    def apply(settings: Mapping[str, Any]) -> None:
        """Set them all."""
        for name, value in settings.items():
            getattr(keras.config, f"set_{name}")(value)


_loan = Loan()


@contextlib.contextmanager
def own_settings() -> Iterator[None]:
    """Build networks with the settings their weights expect; afterwards the user's are back.

    Keras reads them from the user's `keras.json`, and a notebook may set them: channels first, half
    precision. Layers take them when they are built, and `keras.applications` cannot be told otherwise.
    """
    policy = keras.config.dtype_policy()  # each thread has one of its own
    _loan.take()
    try:
        keras.config.set_dtype_policy("float32")
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        _loan.give_back()


# --- what this machine is ---------------------------------------------------------------------------


def require_device() -> None:
    """See that the backend has something to compute on.

    Raises:
        OSError: an environment variable asks for a device that is not there.
    """
    try:
        ops.convert_to_tensor(0.0)
    except Exception as error:  # each backend has its own, and JAX's is an AssertionError without a word
        asked = [name for name in DEVICE_VARIABLES if os.environ.get(name)]
        cause = f"unset {' and '.join(asked)}" if asked else f"see that {NAME} works by itself"
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise OSError(f"{NAME} finds no device to compute on ({reason.rstrip('.')}): {cause}.") from error


def devices() -> list[str]:
    """The GPUs the backend has found, by name; empty when it computes on the processor.

    Raises:
        OSError: it can compute on nothing.
    """
    require_device()
    if NAME == "tensorflow":
        import tensorflow as tf

        found = tf.config.list_physical_devices("GPU")
        return [str(tf.config.experimental.get_device_details(d).get("device_name", d.name)) for d in found]
    if NAME == "jax":
        import jax

        return [str(d.device_kind) for d in jax.devices() if d.platform != "cpu"]
    import torch

    if torch.cuda.is_available():
        return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return ["Apple GPU"] if torch.backends.mps.is_available() else []


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_gib() -> float | None:
    """Memory of the machine, or of the container around us, in GiB; None where the system does not say."""
    memory = hardware.memory()
    return None if memory is None else memory / 2**30


def has_bfloat16() -> bool | None:
    """Whether the processor multiplies bfloat16 in hardware; None where the system does not say."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return None
    return "avx512_bf16" in flags or "amx_bf16" in flags or " bf16" in flags


def name_and_version() -> str:
    """The backend and its version."""
    library: Any = sys.modules.get(NAME)
    return f"{NAME} {getattr(library, '__version__', '')}".strip()


def machine() -> dict[str, str]:
    """What the course runs on here, as `nst info` shows it."""
    memory, bfloat16 = memory_gib(), has_bfloat16()
    words = {True: "yes", False: "no", None: "unknown"}
    return {
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "Keras": keras.__version__,
        "backend": name_and_version(),
        "GPU": ", ".join(devices()) or "none found: everything runs on the processor",
        "processor cores": str(cores()),
        "memory": "unknown" if memory is None else f"{memory:.1f} GiB",
        "bfloat16 instructions": words[bfloat16],
    }


# --- errors that have as many classes as there are backends -----------------------------------------

# Classes of TensorFlow and PyTorch; NumPy's, and Python's own, are kinds of MemoryError.
MEMORY_ERRORS = {"ResourceExhaustedError", "OutOfMemoryError"}
# What the others say: JAX, PyTorch on a processor and on Apple's GPUs, and NVIDIA's libraries below them all.
MEMORY_WORDS = (
    "resource_exhausted",
    "out of memory",
    "not enough memory",
    "allocate memory",
    "_alloc_failed",
    "bad_alloc",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the memory of the processor or of the GPU did not suffice.

    Args:
        error: of Python, NumPy, the operating system, TensorFlow, JAX or PyTorch.

    Returns:
        True also for what such an error caused (`raise ... from error`).
    """
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    classes = {kind.__name__ for kind in type(error).__mro__}
    if classes & MEMORY_ERRORS:
        return True
    # Backends raise RuntimeError (JAX's and PyTorch's errors are kinds of it), TensorFlow its OpError.
    if classes & {"RuntimeError", "OpError"} and any(w in str(error).lower() for w in MEMORY_WORDS):
        return True
    return error.__cause__ is not None and is_out_of_memory(error.__cause__)
