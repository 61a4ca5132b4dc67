"""Keras models from plans, still without weights of their own, and the names of their layers."""

from __future__ import annotations

import re

from ..backend import NAME, keras
from .plans import Plan
from .preprocessing import Preprocess
from .tensorflow_layers import TensorFlowConv2D
from .torch_layers import TorchConv2D

L = keras.layers
CONVOLUTIONS = {"tensorflow": TensorFlowConv2D, "torch": TorchConv2D}  # the same sums, in less time


def build_vgg(plan: Plan, pooling: str, dtype: str) -> keras.Model:
    """The convolutional part of a VGG network with the names Keras gives its layers.

    Args:
        plan: blocks and preprocessing.
        pooling: "average" or "max" between the blocks (Gatys et al. 2016, section 2, prefer average).
        dtype: number format of the convolutions, "float32" or "bfloat16".
    """
    image = keras.Input((None, None, 3), batch_size=1, name="image", dtype="float32")
    x = Preprocess(plan.preprocessing, name="preprocess", dtype=dtype, autocast=False)(image)
    pool = L.AveragePooling2D if pooling == "average" else L.MaxPooling2D
    convolution = CONVOLUTIONS.get(NAME, L.Conv2D)
    common = {"dtype": dtype, "data_format": "channels_last", "trainable": False}
    for b, (convolutions, channels) in enumerate(plan.blocks, start=1):
        for c in range(1, convolutions + 1):
            name = f"block{b}_conv{c}"
            x = convolution(channels, 3, padding="same", activation="relu", name=name, **common)(x)
        x = pool(2, 2, name=f"block{b}_pool", **common)(x)
    return keras.Model(image, x, name="features", trainable=False)


def build_application(plan: Plan, weights: str | None) -> keras.Model:
    """A network of `keras.applications` without its head, behind the preprocessing it needs.

    Args:
        plan: which network, and its preprocessing.
        weights: "imagenet", or None for weights that are set afterwards.
    """
    assert plan.application is not None
    module, function = plan.application
    image = keras.Input((None, None, 3), batch_size=1, name="image", dtype="float32")
    prepared = Preprocess(plan.preprocessing, name="preprocess", dtype="float32")(image)
    build = getattr(getattr(keras.applications, module), function)
    model = build(include_top=False, weights=weights, input_tensor=prepared)
    model.trainable = False
    return model


def stable_names(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """Layer names as a fresh Keras session gives them: `activation_94` built second is `activation` again.

    Keras numbers layers without a name through the whole session, so within one model the order of
    their numbers is the order in which they were built.
    """
    layers = [x for x in model.layers if not isinstance(x, (L.InputLayer, Preprocess))]
    numbers: dict[str, list[int]] = {}
    for kind, number in filter(None, map(automatic_name, layers)):
        numbers.setdefault(kind, []).append(number)
    stable = {}
    for layer in layers:
        name, found = layer.name, automatic_name(layer)
        if found:
            rank = sorted(numbers[found[0]]).index(found[1])
            name = f"{found[0]}_{rank}" if rank else found[0]
        stable[name] = layer
    return stable


def automatic_name(layer: keras.layers.Layer) -> tuple[str, int] | None:
    """("activation", 94) for a layer that Keras named by its class, None for one that was given a name."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(layer).__name__).lower()
    found = re.fullmatch(rf"({words})(?:_(\d+))?", layer.name)
    return (found[1], int(found[2] or 0)) if found else None
