"""What is measured, and the processes it is measured in.

Keras has one backend per process, and peak memory can only be measured in a fresh one. So the script that
asks (`measure.py`) loads no framework: it starts a `Worker`, a process with a `Stage`, and calls the methods
of that stage by name. Only one worker computes at a time.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import plain

TITLES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- contenders -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contender:
    """One way to compute the loss and its gradient.

    Attributes:
        side: "nstlib" or "plain".
        backend: "tensorflow", "jax" or "torch".
        dtype: of the convolutions, "float32" or "bfloat16".
        compiled: for plain loops, "XLA" or "torch.compile" where that is a choice.
        network: "vgg19" (random weights) or, for nstlib, "pocket_vgg".
        size: side of the image in pixels.
    """

    side: str
    backend: str
    dtype: str = "float32"
    compiled: str = ""
    network: str = "vgg19"
    size: int = 256

    @property
    def label(self) -> str:
        """As it reads in a table."""
        how = f" ({self.compiled})" if self.compiled else ""
        return f"{self.side}, {TITLES[self.backend]}{how}, {self.dtype}"


def equal_threads(backend: str) -> None:
    """PyTorch alone leaves out the second thread of a core unless it is told the number."""
    if backend == "torch":
        import torch

        torch.set_num_threads(cores())


def nstlib_loop(contender: Contender, problem: plain.Problem) -> plain.Loop:
    """The loss of the plain loops through nstlib's public functions, as its recipes use them."""
    import nstlib as nst

    weights = "random" if contender.network == "vgg19" else "pretrained"
    net = nst.load_network(contender.network, weights=weights, dtype=contender.dtype, seed=problem.seed)
    terms = nst.content_terms(net, problem.photo, plain.CONTENT)
    terms += nst.style_terms(net, problem.style, list(plain.STYLES))
    evaluate = nst.value_and_grad(nst.Objective(net, terms, "relative"))

    def loop(image: Any) -> tuple[float, Any]:
        at = evaluate(image)
        return at.value, at.gradient

    return loop


def loop_of(contender: Contender, problem: plain.Problem) -> plain.Loop:
    """The function a contender stands for."""
    equal_threads(contender.backend)
    if contender.side == "nstlib":
        return nstlib_loop(contender, problem)
    return plain.make_loop(contender.backend, problem, contender.dtype, bool(contender.compiled))


# --- runs of the optimisers -----------------------------------------------------------------------------


class Reached(Exception):
    """The loss that was aimed at has been reached: nothing more to do."""


@dataclass
class Run:
    """What a run of an optimiser cost.

    Attributes:
        best: the lowest loss.
        evaluations: of loss and gradient, at every size.
        weighted: the same, each counted by its pixels as a share of the full size.
        seconds: of the optimiser; compilation and targets are left out.
        reached: whether the loss that was aimed at was reached.
    """

    best: float = float("inf")
    evaluations: int = 0
    weighted: float = 0.0
    seconds: float = 0.0
    reached: bool = False


@dataclass
class Race:
    """Optimisers on a real transfer: pocket_vgg and the recipe's own weights.

    Attributes:
        size: longer side of the result in pixels.
        start: "content" (from the photograph) or "noise".
        target: loss at which a run ends.
    """

    size: int
    start: str
    target: float
    run: Run = field(default_factory=Run)

    def __post_init__(self) -> None:
        import nstlib as nst

        self.nst, self.net = nst, nst.load_network("pocket_vgg")

    def objective(self, size: int) -> tuple[Any, np.ndarray]:
        """The loss of `transfer_style` with its default weights, and the photograph."""
        nst, net, default = self.nst, self.net, self.nst.transfer_style.__kwdefaults__
        photo, style = nst.load_image("astronaut", size), nst.load_image("swirls", size)
        terms = nst.content_terms(net, photo, net.plan.content_layers, default["content_weight"])
        terms += nst.style_terms(
            net, style, net.plan.transfer_weights or net.plan.style_layers, default["style_weight"]
        )
        terms += nst.variation_terms(default["variation_weight"], default["variation"])
        return nst.Objective(net, terms, default["formula"]), photo

    def first_image(self, photo: np.ndarray) -> np.ndarray:
        """Where the smallest size begins."""
        from nstlib.recipes.starts import noise

        return photo if self.start == "content" else noise(photo.shape[1:3], seed=0)

    def stage(self, size: int, iterations: int, before: Any, optimizer: str, **options: Any) -> Any:
        """Optimise at one size, from the result of a smaller one where there is one."""
        objective, photo = self.objective(size)
        evaluate = self.nst.value_and_grad(objective)
        image = self.first_image(photo)
        if before is not None:
            image = self.nst.resize(np.clip(before, 0, 1), photo.shape[1:3])
        evaluate(self.nst.autodiff.tensor(image))  # compiles; that is not part of the race

        def watched(x: Any) -> Any:
            at = evaluate(x)
            self.run.evaluations += 1
            self.run.weighted += (size / self.size) ** 2
            if size == self.size:
                self.run.best = min(self.run.best, at.value)
                if at.value <= self.target:
                    raise Reached
            return at

        began = time.perf_counter()
        try:
            return self.nst.minimize(watched, image, optimizer=optimizer, iterations=iterations, **options).x
        except Reached:
            self.run.reached = True
            return None
        finally:
            self.run.seconds += time.perf_counter() - began

    def climb(self, stages: Mapping[int, int], optimizer: str, **options: Any) -> Run:
        """Several sizes (size -> iterations) one after the other, the last one the full size."""
        image = None
        for size, iterations in stages.items():
            image = self.stage(size, iterations, image, optimizer, **options)
        return self.run


# --- the process ----------------------------------------------------------------------------------------


class Stage:
    """Lives in a process of its own; every method is called from outside through a `Worker`."""

    def __init__(self) -> None:
        self.ready: dict[Contender, Callable[[], float]] = {}

    def prepare(self, contender: Contender) -> tuple[float, float]:
        """Build a contender and run it twice: the loss, and seconds from nothing to that first loss."""
        began = time.perf_counter()
        photo, style, image = plain.pictures(contender.size)
        loop = loop_of(contender, plain.Problem(photo, style))
        start = plain.to_tensor(contender.backend, image)

        def evaluate() -> float:
            loss, gradient = loop(start)
            plain.wait_for(contender.backend, gradient)
            return loss

        loss, seconds = evaluate(), time.perf_counter() - began
        evaluate()
        self.ready[contender] = evaluate
        return loss, seconds

    def time(self, contender: Contender) -> float:
        """Seconds of one evaluation."""
        began = time.perf_counter()
        self.ready[contender]()
        return time.perf_counter() - began

    def race(
        self, start: str, stages: Mapping[int, int], target: float, optimizer: str, options: Mapping[str, Any]
    ) -> Run:
        """A run of an optimiser; see `Race`."""
        return Race(max(stages), start, target).climb(stages, optimizer, **options)

    def repeat(self, size: int, runs: int, early: int) -> tuple[int, float | None, float | None]:
        """Runs of one size with different pictures in this process.

        Returns:
            How often a step was compiled, and resident memory in MiB after `early` runs and after all.
        """
        import nstlib as nst

        rng, net, memory = np.random.default_rng(0), nst.load_network("pocket_vgg"), {}
        for run in range(1, runs + 1):
            photo, style = rng.random((2, 1, size, size, 3), dtype=np.float32)
            nst.transfer_style(photo, style, network=net, sizes="single", iterations=3, progress=False)
            memory[run] = resident_memory()
        return sum(step.traces for step in net.steps.values()), memory[early], memory[runs]

    def machine(self) -> dict[str, str]:
        """What nstlib says about the machine."""
        import nstlib as nst

        return nst.machine()

    def gpus(self) -> list[str]:
        """The GPUs of the backend by name. Apple's are left out: the plain loops do not know them."""
        from nstlib import backend

        return [name for name in backend.devices() if name != "Apple GPU"]

    def peak_memory(self) -> float | None:
        """Peak resident memory of this process in MiB; None where the system does not say."""
        try:
            import resource
        except ImportError:  # Windows
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 2**10)  # bytes on macOS, KiB elsewhere


def resident_memory() -> float | None:
    """Resident memory of this process in MiB; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Failed(Exception):
    """A worker could not do what it was asked; the message says why in one line."""


def serve(pipe: Connection) -> None:
    """Answer requests (method of `Stage`, arguments) until the other end closes the pipe.

    What the frameworks write to the screen while they start is left out; errors go back through the pipe.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    stage = Stage()
    while True:
        try:
            method, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((True, getattr(stage, method)(*arguments)))
        except Exception as error:  # whatever a framework raises shall not end the measurement
            lines = str(error).strip().splitlines() or ["no reason given"]
            pipe.send((False, f"{type(error).__name__}: {lines[0]}"))


@contextmanager
def environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for as long as the block lasts: a new process takes them over."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
# As nstlib.backend sets it; the plain loops shall not take all memory of a GPU either.
ALWAYS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}


class Worker:
    """A fresh process in which one backend computes; use it as a context manager."""

    def __init__(self, backend: str, *, gpu: bool = False) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        with environment({"KERAS_BACKEND": backend} | ALWAYS | ({} if gpu else ON_CPU)):
            self.process.start()
        theirs.close()

    def call(self, method: str, *arguments: Any) -> Any:
        """The answer of a method of `Stage`.

        Raises:
            Failed: it raised an error, or the process died.
        """
        try:
            self.pipe.send((method, arguments))
            good, answer = self.pipe.recv()
        except (EOFError, OSError):
            raise Failed("the process ended without an answer (out of memory?)") from None
        if not good:
            raise Failed(answer)
        return answer

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()
        self.process.join(timeout=30)
        if self.process.is_alive():
            self.process.kill()
