"""Gradients and compiled functions on TensorFlow, JAX and PyTorch.

This is the only place where the mathematics depends on the backend: everything else is written with
`keras.ops` and plain arithmetic. (`backend` starts Keras and asks what machine this is.)
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import backend
from .backend import keras
from .backend import numpy as numpy  # a tensor as an array, which every reader of gradients needs
from .foundation import Kept
from .objectives import Objective

# Shapes whose graphs are kept for one step: a run has one to five, a sweep over sizes some more.
MOST_SHAPES = 12

# (image, targets, weights) -> (scalar to minimise, its parts)
PartsFunction = Callable[[Any, list[Any], Any], tuple[Any, Any]]


def tensor(array: Any, dtype: str | None = None) -> Any:
    """A backend tensor on the default device (the GPU when there is one)."""
    return keras.ops.convert_to_tensor(array, dtype=dtype)


@dataclass(frozen=True)
class Evaluation:
    """The objective at one image.

    Attributes:
        value: the total.
        gradient: backend tensor, the shape of the image, in units of `unit`.
        parts: weighted parts by name; they add up to the total.
        seconds: how long it took.
        unit: what an entry 1 of the gradient stands for, a power of two. It is 1 unless `value_and_grad` was
            asked for another, because single precision would not hold the gradient or its square.
    """

    value: float
    gradient: Any
    parts: dict[str, float]
    seconds: float = 0.0
    unit: float = 1.0

    def in_unit(self, unit: float) -> Evaluation:
        """The same with its gradient in another unit; exact, because both are powers of two."""
        if unit == self.unit:
            return self
        return replace(self, gradient=self.gradient * (self.unit / unit), unit=unit)


class GraphPerShape:
    """A function of tensors as TensorFlow graphs: one for every combination of shapes, the latest kept here.

    `tf.function` keeps them too, but takes five sizes in a row for a mistake and says so at length. Python's
    `if` and `for` stay what they are (no autograph): nothing here branches on a tensor, and the source
    files that autograph writes would stay behind when a run is killed.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        import tensorflow as tf

        # A function of its own for every shape: one for all would keep every graph it has ever traced.
        self.trace = lambda *arguments: tf.function(function, autograph=False).get_concrete_function(
            *arguments
        )
        self.graphs: Kept[Any, Any] = Kept(MOST_SHAPES)

    def __call__(self, *arguments: Any) -> Any:
        """The function of tensors, or lists of tensors."""
        make = functools.partial(self.trace, *arguments)
        return self.graphs.made_once(shapes_of(arguments), make)(*arguments)


def shapes_of(argument: Any) -> Any:
    """Shape and type of a tensor, of each in a list, and so on inwards."""
    if isinstance(argument, (list, tuple)):
        return tuple(map(shapes_of, argument))
    return tuple(argument.shape), argument.dtype


def tensorflow_step(function: PartsFunction, model: keras.Model | None, traced: Callable[[], None]) -> Any:
    """One graph for loss, parts and gradient."""
    import tensorflow as tf

    def step(image: Any, targets: list[Any], weights: Any) -> tuple[Any, Any]:
        traced()
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            total, parts = function(image, targets, weights)
        return tf.concat([[total], parts], 0), tape.gradient(total, image)

    return GraphPerShape(step)


def jax_step(function: PartsFunction, model: keras.Model | None, traced: Callable[[], None]) -> Any:
    """One compiled XLA program; the network's weights are arguments, not constants baked into it."""
    import jax
    import jax.numpy as jnp

    variables = model.variables if model is not None else []

    def loss(image: Any, values: list[Any], targets: list[Any], weights: Any) -> tuple[Any, Any]:
        traced()
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(image, targets, weights)

    compiled = jax.jit(jax.value_and_grad(loss, has_aux=True))

    def step(image: Any, targets: list[Any], weights: Any) -> tuple[Any, Any]:
        (total, parts), gradient = compiled(image, [v.value for v in variables], targets, weights)
        return jnp.concatenate([total[None], parts]), gradient

    return step


def torch_step(function: PartsFunction, model: keras.Model | None, traced: Callable[[], None]) -> Any:
    """PyTorch runs eagerly: nothing is compiled, so this counts as traced once."""
    import torch

    traced()

    def step(image: Any, targets: list[Any], weights: Any) -> tuple[Any, Any]:
        with torch.enable_grad():
            leaf = image.detach().requires_grad_(True)
            total, parts = function(leaf, targets, weights)
            (gradient,) = torch.autograd.grad(total, leaf)
        return torch.cat([total[None], parts]).detach(), gradient

    return step


MAKERS = {"tensorflow": tensorflow_step, "jax": jax_step, "torch": torch_step}


class CompiledStep:
    """A step of one kind of objective, compiled once per image size.

    Attributes:
        traces: how often it was compiled; more than once per size would be a bug.
    """

    def __init__(self, objective: Objective) -> None:
        self.traces = 0
        model = objective.network.cut(objective.layers) if objective.layers else None
        self.run = MAKERS[backend.NAME](objective.function(), model, self._traced)

    def _traced(self) -> None:
        self.traces += 1


def compiled_step(objective: Objective) -> CompiledStep:
    """The step for this kind of objective, shared by all runs on the same network."""
    step: CompiledStep = objective.network.steps.made_once(
        objective.signature, lambda: CompiledStep(objective)
    )
    return step


def value_and_grad(objective: Objective, *, unit: float = 1.0) -> Callable[[Any], Evaluation]:
    """The objective with its gradient as a function of the image.

    Args:
        objective: what to differentiate.
        unit: of the gradient, a power of two. The weights are divided by it beforehand and the values
            multiplied by it afterwards, in double precision: weights may be as large or small as they like.

    Returns:
        A function from an image tensor (1, H, W, 3) to an `Evaluation`. It reads one small vector (the
        total and its parts) back from the device; the gradient stays there.
    """
    step = compiled_step(objective).run
    targets = [[tensor(t) for t in each] for each in objective.targets]
    weights = tensor(objective.weights / unit, "float32")

    def evaluate(image: Any) -> Evaluation:
        began = time.perf_counter()
        row, gradient = step(image, targets, weights)
        total, *parts = (unit * value for value in numpy(row).tolist())
        named = dict.fromkeys(objective.names, 0.0)
        for name, part in zip(objective.names, parts, strict=True):
            named[name] += part  # a layer may have two targets, for instance of two style pictures
        return Evaluation(total, gradient, named, time.perf_counter() - began, unit)

    return evaluate


def gradient(function: Callable[[Any], Any], at: Any) -> np.ndarray:
    """The slope of any scalar function of one tensor, for instance of a loss in the features.

    Runs compile their step (`value_and_grad`); this one serves checks of formulas and differentiates anew at
    every call.

    Args:
        function: tensor -> scalar tensor, written with `keras.ops`.
        at: array of any shape, where the slope is wanted; taken as float32.

    Returns:
        The partial derivatives, the shape of `at`; zeros where the function does not depend on it.

    Raises:
        ValueError: the function gives something else than one number.
    """
    x = tensor(at, "float32")

    def scalar(x: Any) -> Any:
        value = tensor(function(x))
        if tuple(value.shape):
            raise ValueError(
                f"The function gives an array of shape {tuple(value.shape)}; a slope is that of one number, "
                f"for instance of its sum."
            )
        return value

    if backend.NAME == "jax":
        import jax

        return numpy(jax.grad(scalar)(x))
    if backend.NAME == "torch":
        import torch

        with torch.enable_grad():
            leaf = x.detach().requires_grad_(True)
            value = scalar(leaf) + 0.0 * leaf.sum()  # PyTorch refuses what does not depend on the leaf
            return numpy(torch.autograd.grad(value, leaf)[0])
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        value = scalar(x)
    return numpy(tape.gradient(value, x, unconnected_gradients="zero"))


def inner(a: Any, b: Any) -> Any:
    """Inner product of two tensors of one shape, as a scalar tensor that stays on the device."""
    if backend.NAME == "jax":
        return keras.ops.vdot(a, b)
    # TensorFlow's vdot takes three times as long (L-BFGS asks for 30 a step); PyTorch's is for vectors.
    return keras.ops.sum(keras.ops.multiply(a, b))


# Entries of a gradient between these need no other unit: their squares, and sums of a million of them, stay
# far inside single precision (1e-38 to 3e38), and far above the epsilon of Adam.
COMFORTABLE = (2.0**-24, 2.0**40)


def power_of_two(value: float) -> float:
    """The power of two next to a positive number."""
    return 2.0 ** round(math.log2(value))


def comfortable_unit(at: Evaluation) -> float:
    """The unit in which single precision is enough for a method that begins with this gradient.

    Its own unless that is far off, and then the one that makes its norm about 1.
    """
    largest = float(numpy(keras.ops.max(keras.ops.abs(at.gradient))))
    if largest == 0 or COMFORTABLE[0] <= largest <= COMFORTABLE[1]:
        return at.unit
    most = 2.0**126  # the reciprocal of more is not held by single precision
    factor = power_of_two(min(largest, most))
    near = at.gradient * (1.0 / factor)
    norm = factor * math.sqrt(float(numpy(inner(near, near))))
    return at.unit * power_of_two(min(norm, most))


def is_finite(values: Any) -> bool:
    """Whether a tensor holds numbers only: no NaN, nothing infinite."""
    return bool(numpy(keras.ops.all(keras.ops.isfinite(values))))


def compiled(function: Callable[..., Any], model: keras.Model | None = None) -> Callable[..., Any]:
    """A function of tensors that runs as one graph; compiled anew for every new shape of its arguments.

    Args:
        function: of tensors.
        model: whose weights the function uses, if any. For JAX they become arguments: a program of its own
            for every shape would otherwise hold a copy of them.
    """
    if backend.NAME == "tensorflow":
        return GraphPerShape(function)
    if backend.NAME == "jax":
        import jax

        variables = model.variables if model is not None else []

        def with_weights(values: list[Any], *arguments: Any) -> Any:
            with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
                return function(*arguments)

        program = jax.jit(with_weights)
        return lambda *arguments: program([v.value for v in variables], *arguments)
    return function  # PyTorch runs eagerly


def zeros_like(a: Any) -> Any:
    """Zeros of the same shape and type on the same device."""
    return keras.ops.zeros_like(a)
