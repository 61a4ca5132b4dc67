"""Style transfer written by hand, once per framework: what nstlib is measured against.

No nstlib and no Keras in here. Each loop is the fastest straightforward form an expert would write: the
network cut at its deepest layer, targets computed once, one compiled step, no gradient of the weights,
every layout as the framework likes it. All of them minimise the same loss (nstlib's "relative" formula):

    |F - P|^2 / (|P|^2 + floor) + sum_l w_l |G_l - A_l|^2 / (|A_l|^2 + floor)

with |.|^2 an average over elements, F and P the content features of image and photograph, and G_l and A_l the
Gram matrices of image and style divided by the number of positions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

VGG19 = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))  # (convolutions, channels) of each block
MEAN = np.array((123.68, 116.779, 103.939), "float32")  # RGB, 0..255
FLOOR = 1e-6
CONTENT = "block4_conv2"
STYLES = tuple(f"block{b}_conv1" for b in range(1, 6))

# An image (the framework's own tensor, float32 RGB in [0, 1], shape (1, H, W, 3)) -> (loss, gradient tensor).
Loop = Callable[[Any], tuple[float, Any]]


@dataclass(frozen=True)
class Convolution:
    """One 3 x 3 convolution with ReLU: kernel (3, 3, in, out), bias (out,); perhaps pooling before it."""

    name: str
    pool_before: bool
    kernel: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Problem:
    """What is minimised: pictures float32 RGB in [0, 1], shape (1, H, W, 3), and the seed of the weights."""

    photo: np.ndarray
    style: np.ndarray
    seed: int = 0

    @cached_property
    def network(self) -> list[Convolution]:
        """VGG-19 up to the deepest style layer with the random weights nstlib draws for the same seed."""
        rng, inputs, layers = np.random.default_rng(self.seed), 3, []
        for block, (convolutions, channels) in enumerate(VGG19, start=1):
            for number in range(1, convolutions + 1):
                shape = (3, 3, inputs, channels)
                kernel = rng.normal(0.0, (2.0 / np.prod(shape[:-1])) ** 0.5, shape).astype("float32")
                name = f"block{block}_conv{number}"
                pool_before = number == 1 and block > 1
                layers.append(Convolution(name, pool_before, kernel, np.zeros(channels, "float32")))
                inputs = channels
                if name == STYLES[-1]:
                    return layers
        return layers


def pictures(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A photograph, a style picture and an image to start from; noise, as speed does not depend on it."""
    rng = np.random.default_rng(seed)
    photo, style, image = (rng.random((1, size, size, 3), dtype=np.float32) for _ in range(3))
    return photo, style, image


# --- TensorFlow ---------------------------------------------------------------------------------------


def tensorflow_loop(problem: Problem, dtype: str, *, xla: bool = False) -> Loop:
    """One graph; with `xla` compiled by XLA (`jit_compile=True`)."""
    import tensorflow as tf

    def to_tensor(array: np.ndarray) -> Any:
        return tf.constant(array, tf.as_dtype(dtype))

    layers = [(c.name, c.pool_before, to_tensor(c.kernel), to_tensor(c.bias)) for c in problem.network]

    def features(image: Any) -> dict[str, Any]:
        x, found = tf.cast((image * 255.0 - MEAN)[..., ::-1], tf.as_dtype(dtype)), {}
        for name, pool_before, kernel, bias in layers:
            if pool_before:
                x = tf.nn.avg_pool2d(x, 2, 2, "VALID")
            x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))
            found[name] = x
        return {name: tf.cast(found[name], tf.float32) for name in (CONTENT, *STYLES)}

    def gram(x: Any) -> Any:
        flat = tf.reshape(x, (-1, x.shape[-1]))
        return tf.matmul(flat, flat, transpose_a=True) / flat.shape[0]

    def energy(x: Any) -> Any:
        return tf.reduce_mean(tf.square(x))

    kept = features(tf.constant(problem.photo))[CONTENT]
    styled = features(tf.constant(problem.style))
    grams = {name: gram(styled[name]) for name in STYLES}
    weights = [1.0 / (float(energy(kept)) + FLOOR)]
    weights += [1.0 / len(STYLES) / (float(energy(a)) + FLOOR) for a in grams.values()]

    @tf.function(jit_compile=xla)
    def step(image: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            found = features(image)
            parts = [energy(found[CONTENT] - kept)]
            parts += [energy(gram(found[name]) - a) for name, a in grams.items()]
            loss = tf.add_n([w * part for w, part in zip(weights, parts, strict=True)])
        return loss, tape.gradient(loss, image)

    def evaluate(image: Any) -> tuple[float, Any]:
        loss, gradient = step(image)
        return float(loss), gradient

    return evaluate


# --- JAX ----------------------------------------------------------------------------------------------


def jax_loop(problem: Problem, dtype: str) -> Loop:
    """One XLA program; weights and targets are arguments, so that they are not folded into it."""
    import jax
    import jax.numpy as jnp

    plan = [(c.name, c.pool_before) for c in problem.network]
    arrays = [(jnp.asarray(c.kernel, dtype), jnp.asarray(c.bias, dtype)) for c in problem.network]

    def features(image: Any, arrays: Any) -> dict[str, Any]:
        x, found = (image * 255.0 - MEAN)[..., ::-1].astype(dtype), {}
        for (name, pool_before), (kernel, bias) in zip(plan, arrays, strict=True):
            if pool_before:
                x = jax.lax.reduce_window(x, 0, jax.lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4
            axes = ("NHWC", "HWIO", "NHWC")
            x = jax.nn.relu(
                jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=axes) + bias
            )
            found[name] = x
        return {name: found[name].astype("float32") for name in (CONTENT, *STYLES)}

    def gram(x: Any) -> Any:
        flat = x.reshape(-1, x.shape[-1])
        return flat.T @ flat / flat.shape[0]

    def energy(x: Any) -> Any:
        return jnp.mean(jnp.square(x))

    found = jax.jit(features)(problem.photo, arrays)
    kept = found[CONTENT]
    found = jax.jit(features)(problem.style, arrays)
    grams = [gram(found[name]) for name in STYLES]
    weights = [1.0 / (energy(kept) + FLOOR)] + [1.0 / len(STYLES) / (energy(a) + FLOOR) for a in grams]

    def loss(image: Any, arrays: Any, kept: Any, grams: Any, weights: Any) -> Any:
        found = features(image, arrays)
        parts = [energy(found[CONTENT] - kept)]
        parts += [energy(gram(found[name]) - a) for name, a in zip(STYLES, grams, strict=True)]
        return sum(w * part for w, part in zip(weights, parts, strict=True))

    step = jax.jit(jax.value_and_grad(loss))

    def evaluate(image: Any) -> tuple[float, Any]:
        value, gradient = step(image, arrays, kept, grams, weights)
        return float(value), gradient

    return evaluate


# --- PyTorch ------------------------------------------------------------------------------------------


def torch_loop(problem: Problem, dtype: str, *, compiled: bool = False) -> Loop:
    """Eager, or through `torch.compile`; memory in channels-last order, which is faster on a CPU."""
    import torch
    from torch.nn import functional

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    number = getattr(torch, dtype)
    mean = torch.tensor(MEAN, device=device)

    def weights_of(c: Convolution) -> tuple[str, bool, Any, Any]:
        kernel = torch.tensor(c.kernel.transpose(3, 2, 0, 1), device=device, dtype=number)
        bias = torch.tensor(c.bias, device=device, dtype=number)
        return c.name, c.pool_before, kernel.contiguous(memory_format=torch.channels_last), bias

    layers = [weights_of(c) for c in problem.network]

    def features(image: Any) -> dict[str, Any]:
        x = (image * 255.0 - mean).flip(-1).permute(0, 3, 1, 2).to(number)
        found = {}
        for name, pool_before, kernel, bias in layers:
            if pool_before:
                x = functional.avg_pool2d(x, 2)
            x = functional.relu(functional.conv2d(x, kernel, bias, padding=1))
            found[name] = x
        return {name: found[name].float() for name in (CONTENT, *STYLES)}

    def gram(x: Any) -> Any:
        flat = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        return flat.T @ flat / flat.shape[0]

    def energy(x: Any) -> Any:
        return x.square().mean()

    with torch.no_grad():
        kept = features(torch.tensor(problem.photo, device=device))[CONTENT]
        styled = features(torch.tensor(problem.style, device=device))
        grams = [gram(styled[name]) for name in STYLES]
        weights = [1.0 / (float(energy(kept)) + FLOOR)]
        weights += [1.0 / len(STYLES) / (float(energy(a)) + FLOOR) for a in grams]

    def loss(image: Any) -> Any:
        found = features(image)
        parts = [energy(found[CONTENT] - kept)]
        parts += [energy(gram(found[name]) - a) for name, a in zip(STYLES, grams, strict=True)]
        return sum(w * part for w, part in zip(weights, parts, strict=True))

    function = torch.compile(loss) if compiled else loss

    def evaluate(image: Any) -> tuple[float, Any]:
        with torch.enable_grad():  # Keras may have switched gradients off
            leaf = image.detach().requires_grad_(True)
            value = function(leaf)
            (gradient,) = torch.autograd.grad(value, leaf)
        return value.item(), gradient

    return evaluate


def make_loop(framework: str, problem: Problem, dtype: str, compiled: bool = False) -> Loop:
    """The loop of "tensorflow", "jax" (always compiled) or "torch"."""
    if framework == "tensorflow":
        return tensorflow_loop(problem, dtype, xla=compiled)
    if framework == "jax":
        return jax_loop(problem, dtype)
    return torch_loop(problem, dtype, compiled=compiled)


def to_tensor(framework: str, image: np.ndarray) -> Any:
    """The image as the framework's tensor, on the GPU when there is one."""
    if framework == "tensorflow":
        import tensorflow as tf

        return tf.constant(image)
    if framework == "jax":
        import jax

        return jax.device_put(image)
    import torch

    return torch.tensor(image, device="cuda" if torch.cuda.is_available() else "cpu")


def wait_for(framework: str, gradient: Any) -> None:
    """Return when the gradient has been computed: JAX and GPUs work on after a call has returned."""
    if framework == "tensorflow":
        gradient.numpy()
    elif framework == "jax":
        gradient.block_until_ready()
    elif gradient.is_cuda:
        import torch

        torch.cuda.synchronize()
