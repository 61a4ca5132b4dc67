"""networks/: the right layers of the right network, with the preprocessing its weights expect."""

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nstlib import images, networks
from nstlib.autodiff import gradient, numpy, tensor, value_and_grad
from nstlib.backend import keras
from nstlib.networks import PLANS, FeatureNetwork, Plan, load_network
from nstlib.objectives import Objective, content_terms

ROOT = Path(__file__).resolve().parent.parent
POCKET_FILE = networks.WEIGHTS_FOLDER / "pocket_vgg.npz"
OTHERS = ["resnet50", "inception_v3", "mobilenet_v2", "inception_resnet_v2", "efficientnet_b0"]
MODULES = {name: plan.application[0] for name, plan in PLANS.items() if plan.application}


@functools.cache
def random_network(name: str) -> FeatureNetwork:
    return load_network(name, weights="random")


def keras_network(name: str, **options: Any) -> keras.Model:
    module, function = PLANS[name].application or ("", "")
    options = {"weights": None, "include_top": False, **options}
    return getattr(getattr(keras.applications, module), function)(**options)


def keras_preprocessing(name: str) -> Callable[[np.ndarray], np.ndarray]:
    prepare = getattr(keras.applications, MODULES[name]).preprocess_input
    return lambda image: prepare(255.0 * image.astype("float64")).astype("float32")


def arrays_of(features: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: numpy(value) for name, value in features.items()}


def assert_same(ours: Any, theirs: Any, tolerance: float = 1e-4) -> None:
    ours, theirs = numpy(ours), numpy(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


def sentence(refusal: pytest.ExceptionInfo[Exception]) -> str:
    """The message, which has to be one sentence."""
    message = str(refusal.value)
    assert "\n" not in message and message.endswith(".") and len(message) < 600
    return message


# --- names of layers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "paper", "name"),
    [
        (2, "conv1_2", "block1_conv2"),
        (4, "conv2_2", "block2_conv2"),
        (7, "conv3_3", "block3_conv3"),
        (10, "conv4_2", "block4_conv2"),
        (13, "relu5_1", "block5_conv1"),
    ],
)
def test_layers_of_vgg19_go_by_number_by_paper_name_and_by_keras_name(
    number: int, paper: str, name: str
) -> None:
    net = random_network("vgg19")
    assert net.resolve(number) == net.resolve(paper) == net.resolve(name) == name


@pytest.mark.fast
def test_the_embedded_network_has_the_plan_of_vgg19(pocket: FeatureNetwork) -> None:
    plan = [(1, 2), (2, 2), (3, 4), (4, 4), (5, 4)]
    assert list(pocket.convolutions) == [f"block{b}_conv{c}" for b, n in plan for c in range(1, n + 1)]
    assert [pocket.resolve(n) for n in (2, 4, 7, 10, 13)] == [
        "block1_conv2",
        "block2_conv2",
        "block3_conv3",
        "block4_conv2",
        "block5_conv1",
    ]


@pytest.mark.fast
def test_numbers_from_numpy_count_too(pocket: FeatureNetwork) -> None:
    assert pocket.resolve(np.int64(10)) == "block4_conv2"


@pytest.mark.fast
@pytest.mark.parametrize("layer", ["block4_conv", "Block4-Conv2", "blok4_conv2", "conv4_7"])
def test_an_unknown_layer_is_refused_with_the_nearest(pocket: FeatureNetwork, layer: str) -> None:
    with pytest.raises(
        ValueError, match="Unknown layer of pocket_vgg .*did you mean 'block4_conv"
    ) as refusal:
        pocket.resolve(layer)
    sentence(refusal)


@pytest.mark.fast
@pytest.mark.parametrize("layer", [0, 17, -1])
def test_a_number_that_no_convolution_has_is_refused(pocket: FeatureNetwork, layer: int) -> None:
    with pytest.raises(ValueError, match=f"convolutions 1 to 16; there is no {layer}") as refusal:
        pocket.resolve(layer)
    sentence(refusal)


@pytest.mark.fast
@pytest.mark.parametrize("layer", [True, None, 2.0])
def test_what_is_neither_name_nor_number_is_no_layer(pocket: FeatureNetwork, layer: Any) -> None:
    with pytest.raises(ValueError, match="A layer is a name or a number"):
        pocket.resolve(layer)


def test_a_network_of_another_plan_has_names_and_no_numbers() -> None:
    with pytest.raises(ValueError, match="have names, not numbers") as refusal:
        random_network("mobilenet_v2").resolve(3)
    sentence(refusal)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "VGG-19"}, "Unknown network 'VGG-19': did you mean 'vgg19'"),
        ({"name": "resnet"}, "did you mean 'resnet50'"),
        ({"pooling": "avg"}, "Unknown pooling 'avg'.*known are average, max"),
        ({"dtype": "bfloat"}, "did you mean 'bfloat16'"),
        ({"name": "resnet50", "pooling": "max"}, "pooling is part of the plan of resnet50"),
        ({"name": "resnet50", "dtype": "bfloat16"}, "VGG networks only; use float32"),
    ],
)
def test_unknown_networks_and_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        load_network(**options)
    sentence(refusal)


# --- the plans -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "parameters"), [("vgg16", 14_714_688), ("vgg19", 20_024_384)])
def test_the_vgg_networks_have_the_papers_number_of_parameters(name: str, parameters: int) -> None:
    assert random_network(name).model.count_params() == parameters


@pytest.fixture(scope="module")
def keras_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Path, keras.Model]]]:
    """Keras' own VGG networks and files of their weights: the new format for one, the old for the other."""
    from keras.src.legacy.saving import legacy_h5_format

    folder = tmp_path_factory.mktemp("weights")
    files = {"vgg19": folder / "vgg19.weights.h5", "vgg16": folder / "vgg16_notop.h5"}
    models = {name: keras_network(name) for name in files}
    for model in models.values():
        networks.random_weights(model, 7)
        generator = np.random.default_rng(8)
        for weight in model.weights:
            if len(weight.shape) == 1:  # biases of 0 would hide that they were forgotten
                weight.assign(generator.normal(0, 20, weight.shape))
    models["vgg19"].save_weights(files["vgg19"])
    with h5py.File(files["vgg16"], "w") as file:  # the format of the files that Keras downloads
        legacy_h5_format.save_weights_to_hdf5_group(file, models["vgg16"])
    yield {name: (files[name], models[name]) for name in files}
    for file in files.values():
        file.unlink()  # 140 MB that nobody wants kept


@pytest.mark.parametrize("name", ["vgg16", "vgg19"])
def test_a_local_file_gives_the_features_of_keras_own_vgg(name: str, keras_files: Any, noise: Any) -> None:
    path, theirs = keras_files[name]
    ours = load_network(name, weights=path, pooling="max")
    layers = [layer.name for layer in theirs.layers[1:]]
    assert list(ours.layers) == layers
    image = noise(40, 50)
    every_layer = keras.Model(theirs.inputs, [theirs.get_layer(layer).output for layer in layers])
    expected = every_layer(tensor(keras_preprocessing(name)(image)))
    for layer, feature in zip(layers, expected, strict=True):
        assert_same(ours.features(image, [layer])[layer], feature)


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras' own, before it gives up
def test_a_file_of_another_network_is_refused_in_one_sentence(keras_files: Any) -> None:
    for name, other in [("vgg16", "vgg19"), ("vgg19", "vgg16"), ("mobilenet_v2", "vgg16")]:
        with pytest.raises(ValueError, match=f"does not hold the weights of {name}") as refusal:
            load_network(name, weights=keras_files[other][0])
        sentence(refusal)
    with pytest.raises(ValueError, match="Weights of pocket_vgg come as an .npz file") as refusal:
        load_network("pocket_vgg", weights=keras_files["vgg19"][0])
    sentence(refusal)


@pytest.mark.fast
def test_average_and_maximum_pooling_are_what_they_say(noise: Any) -> None:
    image = noise(16, 16)
    for pooling, reduce in (("average", np.mean), ("max", np.max)):
        net = load_network(pooling=pooling)
        maps = arrays_of(net.features(image, ["block1_conv2", "block1_pool"]))
        blocks = maps["block1_conv2"].reshape(1, 8, 2, 8, 2, -1)
        np.testing.assert_allclose(maps["block1_pool"], reduce(blocks, axis=(2, 4)), rtol=1e-5, atol=1e-6)


@pytest.mark.fast
def test_average_pooling_is_the_default_of_the_vgg_networks(pocket: FeatureNetwork, noise: Any) -> None:
    image = noise(16, 16)
    layers = ["block1_pool", "block3_conv1"]
    ours = pocket.features(image, layers)
    average = load_network(pooling="average").features(image, layers)
    for layer in layers:
        assert_same(ours[layer], average[layer])


@pytest.mark.fast
def test_a_cut_ends_at_the_deepest_layer(pocket: FeatureNetwork) -> None:
    names = [layer.name for layer in pocket.cut(["block2_conv1", "block1_conv2"]).layers]
    assert names[-1] == "block2_conv1"
    assert not any(name.startswith(("block2_conv2", "block3", "block4", "block5")) for name in names)


@pytest.mark.fast
def test_features_come_by_name_in_the_order_asked_for(pocket: FeatureNetwork, noise: Any) -> None:
    image = noise(20, 32)
    maps = arrays_of(pocket.features(image, ["conv3_1", 1, "block2_pool"]))
    assert {name: value.shape for name, value in maps.items()} == {
        "block3_conv1": (1, 5, 8, 96),
        "block1_conv1": (1, 20, 32, 16),
        "block2_pool": (1, 5, 8, 32),
    }
    assert list(maps) == ["block3_conv1", "block1_conv1", "block2_pool"]
    alone = arrays_of(pocket.features(image, ["block3_conv1"]))
    np.testing.assert_allclose(maps["block3_conv1"], alone["block3_conv1"], rtol=1e-4, atol=1e-5)
    assert all(value.dtype == np.float32 for value in maps.values())


@pytest.mark.fast
def test_a_network_without_layers_cannot_be_cut(pocket: FeatureNetwork) -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        pocket.cut([])


@pytest.mark.fast
def test_a_picture_too_small_for_the_deepest_layer_is_refused(pocket: FeatureNetwork, noise: Any) -> None:
    assert pocket.features(noise(16, 16), ["block5_conv4"])["block5_conv4"].shape[1:3] == (1, 1)
    assert pocket.features(noise(1, 1), ["block1_conv2"])["block1_conv2"].shape[1:3] == (1, 1)
    for side, layer, needed in [(15, "block5_conv1", 16), (1, "block2_conv1", 2), (31, "block5_pool", 32)]:
        with pytest.raises(ValueError, match=f"is 40 x {side} pixels, .* at least {needed} ") as refusal:
            pocket.features(noise(side, 40), [layer])
        sentence(refusal)


# --- preprocessing -------------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("name", sorted(MODULES))
def test_preprocessing_is_what_keras_does_for_this_network(name: str, noise: Any) -> None:
    image = noise(4, 5)
    ours = networks.Preprocess(PLANS[name].preprocessing)(tensor(image))
    np.testing.assert_allclose(numpy(ours), keras_preprocessing(name)(image), rtol=1e-5, atol=1e-4)


@pytest.mark.fast
def test_the_embedded_network_sees_rgb_around_zero(noise: Any) -> None:
    image = noise(4, 5)
    expected = (255.0 * image - np.array([123.68, 116.779, 103.939])) / 58.0
    ours = networks.Preprocess(PLANS["pocket_vgg"].preprocessing)(tensor(image))
    np.testing.assert_allclose(numpy(ours), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.fast
@pytest.mark.parametrize("mode", ["caffe", "pocket", "tf", "bytes"])
def test_deprocess_is_the_inverse_of_preprocess_also_outside_of_pictures(
    pocket: FeatureNetwork, mode: str, noise: Any
) -> None:
    assert mode in {plan.preprocessing for plan in PLANS.values()}
    net = FeatureNetwork(mode, Plan(mode), pocket.model)
    image = 3.0 * noise(4, 5) - 1.0  # from -1 to 2: nothing may be clipped on the way
    values = net.preprocess(image)
    np.testing.assert_allclose(net.deprocess(values), image, atol=1e-6)
    scale = np.abs(values).max()
    np.testing.assert_allclose(net.preprocess(net.deprocess(values)), values, atol=1e-6 * scale)
    for result in (values, net.deprocess(values)):
        assert result.dtype == np.float32 and result.shape == image.shape


def test_every_plan_has_a_preprocessing_whose_inverse_is_tested() -> None:
    assert {plan.preprocessing for plan in PLANS.values()} == {"caffe", "pocket", "tf", "bytes"}


@pytest.mark.fast
@pytest.mark.parametrize("name", sorted(MODULES))
def test_deprocess_finds_the_picture_behind_what_keras_prepared(
    pocket: FeatureNetwork, name: str, noise: Any
) -> None:
    image = noise(4, 5)
    net = FeatureNetwork(name, PLANS[name], pocket.model)
    np.testing.assert_allclose(net.deprocess(keras_preprocessing(name)(image)), image, atol=1e-6)


@pytest.mark.fast
def test_preprocess_is_what_the_features_are_computed_from(pocket: FeatureNetwork, noise: Any) -> None:
    image = noise(6, 7)
    inside = keras.Model(pocket.model.inputs, pocket.model.get_layer("preprocess").output)
    np.testing.assert_array_equal(pocket.preprocess(image), numpy(inside(tensor(image))))


@pytest.mark.fast
@pytest.mark.parametrize("shape", [(4, 5, 3), (1, 4, 5), (2, 4, 5, 3), (1, 3, 4, 5)])
def test_what_is_not_one_picture_is_neither_prepared_nor_undone(
    pocket: FeatureNetwork, shape: tuple[int, ...]
) -> None:
    for convert in (pocket.preprocess, pocket.deprocess, lambda x: pocket.features(x, ["block3_conv1"])):
        with pytest.raises(ValueError, match=r"has to be \(1, height, width, 3\)") as refusal:
            convert(np.zeros(shape, "float32"))
        sentence(refusal)


# --- a network behind a change of its pictures --------------------------------------------------------


def swapped(image: Any) -> Any:
    return keras.ops.flip(image, -1)


@pytest.mark.fast
def test_a_network_behind_a_change_sees_the_changed_picture(pocket: FeatureNetwork, noise: Any) -> None:
    net, image, layers = pocket.behind(swapped), noise(20, 24), ["block3_conv1", "block1_conv1"]
    expected = pocket.features(image[..., ::-1], layers)
    for layer, values in net.features(image, layers).items():
        assert_same(values, expected[layer])
    assert_same(net.features(image, layers[:1])[layers[0]], expected[layers[0]])
    np.testing.assert_allclose(net.preprocess(image), pocket.preprocess(image[..., ::-1]), atol=1e-6)
    assert net.name == "pocket_vgg behind swapped"


@pytest.mark.fast
def test_a_network_behind_a_change_names_the_changed_picture(pocket: FeatureNetwork, noise: Any) -> None:
    image = noise(64, 80)
    names, odds = zip(*pocket.behind(swapped).classify(image), strict=True)
    expected = dict(pocket.classify(np.ascontiguousarray(image[..., ::-1])))
    assert list(names) == list(expected) != [name for name, _ in pocket.classify(image)]
    np.testing.assert_allclose(odds, list(expected.values()), rtol=1e-3)


def test_a_gradient_goes_through_the_change(pocket: FeatureNetwork, noise: Any) -> None:
    """d/dx f(x/2) = f'(x/2) / 2, and two networks behind different changes share no compiled step."""
    image, photo, layer = noise(16, 16), noise(16, 16, 1), "block2_conv1"
    net = pocket.behind(lambda x: x / 2.0)
    ours = value_and_grad(Objective(net, content_terms(net, photo, layer)))(image)
    terms = content_terms(pocket, photo / 2.0, layer)
    theirs = value_and_grad(Objective(pocket, terms))(image / 2.0)
    assert ours.value == pytest.approx(theirs.value, rel=1e-4)
    assert_same(ours.gradient, numpy(theirs.gradient) / 2.0, 1e-3)


@pytest.mark.fast
def test_a_change_that_nobody_can_call_or_undo_is_refused(pocket: FeatureNetwork, noise: Any) -> None:
    with pytest.raises(ValueError, match="change is 'bgr'; give a function") as refusal:
        pocket.behind("bgr")  # type: ignore[arg-type]
    sentence(refusal)
    with pytest.raises(ValueError, match="cannot undo the change") as refusal:
        pocket.behind(swapped).deprocess(noise(4, 5))
    sentence(refusal)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x[..., :1], "changed picture has shape"),  # else taken for three equal channels
        (lambda x: x[0], "changed picture has shape"),
        (lambda x: x.no_such_thing, "fails for a tensor of shape"),
    ],
)
def test_a_change_that_makes_no_picture_is_refused_where_the_network_is_used(
    pocket: FeatureNetwork, noise: Any, change: Any, says: str
) -> None:
    with pytest.raises(ValueError, match=says) as refusal:
        pocket.behind(change).features(noise(), ["block1_conv1"])
    sentence(refusal)


# --- the other backbones -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OTHERS)
def test_the_usual_layers_of_every_backbone_exist_and_say_something(name: str, noise: Any) -> None:
    net, plan = random_network(name), PLANS[name]
    side = net.minimum_size(plan.style_layers)
    image = noise(side, side + 5)
    maps = arrays_of(net.features(image, [*plan.content_layers, *plan.style_layers]))
    assert len(maps) == len({*plan.content_layers, *plan.style_layers})
    for layer, values in maps.items():
        assert np.isfinite(values).all(), layer
        assert 1e-3 < values.std() < 1e6, layer
    with pytest.raises(ValueError, match=f"needs at least {side} on each side") as refusal:
        net.features(noise(side - 1, side + 5), plan.content_layers)
    sentence(refusal)


@pytest.mark.parametrize("name", OTHERS)
def test_every_backbone_is_keras_own_behind_its_preprocessing(name: str, noise: Any) -> None:
    ours, theirs = random_network(name), keras_network(name)
    theirs.set_weights(ours.model.get_weights())
    again = FeatureNetwork(name, PLANS[name], theirs)
    assert again.layers == ours.layers, "a network built later in the session has other names"
    image = noise(80, 90)
    assert_same(ours.model(tensor(image)), theirs(tensor(keras_preprocessing(name)(image))), 1e-3)


def test_layers_without_a_name_of_their_own_are_numbered_as_in_a_fresh_session() -> None:
    """The branches of Inception: the order in which Keras lists layers is not that in which it built them."""
    random_network("inception_v3")
    later = load_network("inception_v3", weights="random")
    keras.utils.clear_session()  # Keras counts from the start again
    fresh = keras_network("inception_v3")
    assert "activation_5" in [layer.name for layer in fresh.layers]
    assert list(later.layers) == [layer.name for layer in fresh.layers[1:]]
    shapes = {layer.name: layer.output.shape[-1] for layer in fresh.layers}
    assert {n: later.cut([n]).outputs[0].shape[-1] for n in later.layers[::25]} == {
        n: shapes[n] for n in later.layers[::25]
    }


def test_efficientnet_from_a_file_is_what_keras_makes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noise: Any
) -> None:
    """Its file holds the mean and the standard deviation of the pictures it was trained on."""
    from keras.src.legacy.saving import legacy_h5_format
    from keras.src.utils import file_utils

    source = keras_network("efficientnet_b0")
    networks.random_weights(source, 3)
    (normalization,) = (x for x in source.layers if isinstance(x, keras.layers.Normalization))
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    normalization.set_weights([mean, deviation, np.array(0)])
    path = tmp_path / "efficientnetb0_notop.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, source)
    from_file = load_network("efficientnet_b0", weights=path)

    monkeypatch.setattr(file_utils, "get_file", lambda *_, **__: str(path))
    pretrained = load_network("efficientnet_b0")
    image = noise(48, 48)
    layer = "stem_conv"
    ours = from_file.features(image, [layer])[layer]
    assert_same(ours, pretrained.features(image, [layer])[layer])
    kernel = source.get_layer(layer).kernel
    padded = keras.ops.pad(
        tensor(((image - mean) / deviation).astype("float32")), [(0, 0), (0, 1), (0, 1), (0, 0)]
    )
    assert_same(ours, keras.ops.conv(padded, kernel, strides=2, padding="valid"))


def test_a_backbone_reads_the_file_that_keras_saved(tmp_path: Path, noise: Any) -> None:
    saved, image = random_network("mobilenet_v2"), noise(40, 40)
    theirs = keras_network("mobilenet_v2")
    theirs.set_weights(saved.model.get_weights())
    theirs.save_weights(tmp_path / "mobilenet.weights.h5")
    loaded = load_network("mobilenet_v2", weights=tmp_path / "mobilenet.weights.h5")
    for ours, weight in zip(loaded.model.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, weight)
    assert_same(loaded.model(tensor(image)), saved.model(tensor(image)))


# --- weights -------------------------------------------------------------------------------------------


@pytest.mark.fast
def test_the_embedded_weights_are_small_and_found() -> None:
    assert POCKET_FILE.stat().st_size < 6_000_000


@pytest.mark.fast
def test_random_weights_follow_their_seed(noise: Any) -> None:
    image = noise(8, 8)
    one, same, other = (
        numpy(load_network(weights="random", seed=s).features(image, ["conv2_1"])["block2_conv1"])
        for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1


@pytest.mark.fast
def test_a_copy_of_the_weights_is_read_by_its_path(
    pocket: FeatureNetwork, tmp_path: Path, noise: Any
) -> None:
    copy = tmp_path / "my weights.npz"
    copy.write_bytes(POCKET_FILE.read_bytes())
    for path in (copy, str(copy)):
        ours = load_network(weights=path).features(noise(), ["conv5_1"])["block5_conv1"]
        assert_same(ours, pocket.features(noise(), ["conv5_1"])["block5_conv1"])


@pytest.mark.fast
def test_an_npz_file_of_another_network_is_refused_whole(tmp_path: Path) -> None:
    with np.load(POCKET_FILE) as data:
        arrays = dict(data)
    fewer = {name: a for name, a in arrays.items() if name != "block5_conv4/bias"}
    wider = {**arrays, "block3_conv1/kernel": np.zeros((3, 3, 32, 65))}
    for other, missing in [
        (fewer, "it has no block5_conv4/bias"),
        (wider, r"\(3, 3, 32, 65\), but .* needed"),
    ]:
        np.savez(tmp_path / "other.npz", **other)
        with pytest.raises(
            ValueError, match=f"other.npz holds weights of another network: .*{missing}"
        ) as refusal:
            load_network(weights=tmp_path / "other.npz")
        sentence(refusal)
    with pytest.raises(ValueError, match="holds weights of another network"):
        load_network("vgg19", weights=POCKET_FILE)


def damaged_files() -> dict[str, bytes]:
    good = POCKET_FILE.read_bytes()
    return {
        "text": b"block1_conv1 0.1 0.2 0.3\n",
        "nothing": b"",
        "half": good[: len(good) // 2],
        "scratched": good[:20_000] + bytes(2000) + good[22_000:],
        "one array": b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }".ljust(
            127
        )
        + b"\n",
    }


@pytest.mark.fast
@pytest.mark.parametrize("damage", sorted(damaged_files()))
def test_a_file_that_is_no_npz_is_refused_in_one_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(damaged_files()[damage])
    with pytest.raises(ValueError, match="is not a readable .npz weights file") as refusal:
        load_network(weights=path)
    assert str(path) in sentence(refusal)


def test_an_h5_file_that_is_none_is_refused_in_one_sentence(tmp_path: Path) -> None:
    files = {"notop.h5": b"", "net.weights.h5": b"", "text.h5": b"no weights\n", "notes.txt": b"no weights\n"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="does not hold the weights of mobilenet_v2") as refusal:
            load_network("mobilenet_v2", weights=tmp_path / name)
        assert str(tmp_path / name) in sentence(refusal)


@pytest.mark.fast
@pytest.mark.parametrize("name", ["pocket_vgg", "vgg19"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    for path in (tmp_path / "nowhere.npz", tmp_path / "nowhere.h5", tmp_path):
        with pytest.raises((FileNotFoundError, ValueError)) as refusal:
            load_network(name, weights=path)
        assert path.name in sentence(refusal)


@pytest.mark.fast
def test_a_misspelt_kind_of_weights_is_told_what_there_is() -> None:
    with pytest.raises(FileNotFoundError, match="pretraned; use 'pretrained', 'random' or a file's path"):
        load_network(weights="pretraned")


def test_offline_with_an_empty_cache_the_message_says_what_goes_where(tmp_path: Path) -> None:
    code = """if True:
        from nstlib.networks import load_network
        for name in ("vgg19", "mobilenet_v2"):
            try:
                load_network(name)
            except FileNotFoundError as error:
                print("REFUSED", error, sep="|")
    """
    nowhere = "http://127.0.0.1:9"  # nothing listens there: every download fails at once
    quiet = {"KERAS_HOME": str(tmp_path), "http_proxy": nowhere, "https_proxy": nowhere}
    environment = {k: v for k, v in os.environ.items() if k.lower() not in {"no_proxy", *quiet}} | quiet
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    refused = [line.partition("|")[2] for line in done.stdout.splitlines() if line.startswith("REFUSED")]
    assert len(refused) == 2, done.stderr
    for message, name in zip(refused, ("vgg19", "mobilenet_v2"), strict=True):
        assert message.startswith(f"The pretrained weights of {name} are not here")
        assert message.endswith("use 'pocket_vgg', which needs no download.")
        assert PLANS[name].weights_file in message
        assert str(tmp_path / "models") in message


# --- number formats ------------------------------------------------------------------------------------


@pytest.mark.fast
def test_bfloat16_features_are_close_and_come_back_as_float32(pocket: FeatureNetwork, noise: Any) -> None:
    layers = ["block1_conv1", "block3_conv1", "block5_conv1"]
    half = arrays_of(load_network(dtype="bfloat16").features(noise(), layers))
    for layer, exact in arrays_of(pocket.features(noise(), layers)).items():
        assert half[layer].dtype == np.float32
        difference = np.linalg.norm(half[layer] - exact) / np.linalg.norm(exact)
        assert 0 < difference < 0.03, layer


# --- naming what is in a picture -----------------------------------------------------------------------


def test_a_cup_of_coffee_is_recognised(pocket: FeatureNetwork) -> None:
    best = pocket.classify(images.load_image("coffee"))
    assert best[0][0] == "espresso"
    assert len(best) == 5


@pytest.mark.fast
def test_classes_come_sorted_with_probabilities(pocket: FeatureNetwork, noise: Any) -> None:
    odds = [p for _, p in pocket.classify(noise(20, 30), top=200)]
    assert len(odds) == 200
    assert odds == sorted(odds, reverse=True)
    assert sum(odds) == pytest.approx(1.0, abs=1e-5)
    assert len({name for name, _ in pocket.classify(noise(20, 30), top=200)}) == 200
    assert pocket.classify(noise(20, 30), top=3) == pocket.classify(noise(20, 30), top=200)[:3]


@pytest.mark.fast
def test_how_a_network_is_cut_does_not_change_what_it_recognises(pocket: FeatureNetwork, noise: Any) -> None:
    """Classes are asked for as in training, whichever pooling the features were chosen to have."""
    maximum = load_network(pooling="max", dtype="bfloat16")
    assert dict(maximum.classify(noise())) == pytest.approx(dict(pocket.classify(noise())))


def test_networks_without_a_head_say_who_has_one() -> None:
    for net in (random_network("vgg19"), load_network(weights="random")):
        with pytest.raises(ValueError, match="no classifying head here; 'pocket_vgg' can name") as refusal:
            net.classify(np.zeros((1, 32, 32, 3), "float32"))
        sentence(refusal)


# --- counting without building ---------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize(
    ("name", "head", "total"),
    [
        ("pocket_vgg", 38_600, 2_821_976),
        ("vgg16", 123_642_856, 138_357_544),
        ("vgg19", 123_642_856, 143_667_240),
    ],
)
def test_parameters_counted_from_the_plan_are_the_papers(name: str, head: int, total: int) -> None:
    rows = networks.parameter_table(name)
    assert [row["part"] for row in rows] == [f"block{b}" for b in range(1, 6)] + ["head"]
    assert rows[-1]["parameters"] == head
    assert sum(row["parameters"] for row in rows) == total


def test_parameters_counted_from_the_plan_are_those_of_the_network() -> None:
    for name in ("pocket_vgg", "vgg16", "vgg19"):
        *blocks, _ = networks.parameter_table(name)
        model = random_network(name).model
        for row in blocks:
            convolutions = [x for x in networks.convolutions_of(model) if x.name.startswith(row["part"])]
            assert row["layers"] == len(convolutions)
            assert row["channels"] == convolutions[-1].filters
            assert row["parameters"] == sum(x.count_params() for x in convolutions)


@pytest.mark.fast
def test_parameters_of_another_plan_are_not_counted() -> None:
    with pytest.raises(ValueError, match="Unknown network of the VGG plan 'vgg18': did you mean") as refusal:
        networks.parameter_table("vgg18")
    sentence(refusal)
    with pytest.raises(ValueError, match="known are pocket_vgg, vgg16, vgg19"):
        networks.parameter_table("resnet50")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("block1_conv1", (3, 1, -1)),
        (2, (5, 1, -2)),
        ("block1_pool", (6, 2, -2)),
        ("conv2_1", (10, 2, -4)),
        ("block5_conv4", (252, 16, -118)),
        ("block5_pool", (268, 32, -118)),
    ],
)
def test_receptive_fields_of_the_plan_of_vgg19(pocket: FeatureNetwork, layer: Any, expected: Any) -> None:
    field = pocket.receptive_field(layer)
    assert (field.size, field.stride, field.offset) == expected
    assert field.box(2, 0) == (expected[2] + 2 * expected[1], expected[2], expected[0], expected[0])


def test_the_last_pooling_of_vgg16_sees_212_pixels() -> None:
    assert random_network("vgg16").receptive_field("block5_pool").size == 212


@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("layer", ["block1_conv2", "block2_pool", "block3_conv1", "block4_conv2"])
def test_the_pixels_that_matter_are_exactly_those_of_the_receptive_field(pooling: Any, layer: str) -> None:
    """With equal positive weights every path counts; after average pooling every pixel has a slope."""
    net = load_network(weights="random", pooling=pooling)
    for convolution in networks.convolutions_of(net.model):
        kernel = convolution.kernel
        kernel.assign(np.full(kernel.shape, 1.0 / np.prod(kernel.shape[:3]), "float32"))
    image = 0.6 + 0.1 * np.random.default_rng(0).random((1, 112, 112, 3), dtype="float32")
    place = 56 // net.receptive_field(layer).stride
    slope = gradient(lambda x: net.features(x, [layer])[layer][0, place, place, 0], image)
    rows, columns = np.nonzero(np.abs(slope[0]).sum(-1))
    top, left, height, width = net.receptive_field(layer).box(place, place)
    assert top > 0 and top + height < 112
    if pooling == "average":
        assert (rows.min(), rows.max() + 1) == (top, top + height)
        assert (columns.min(), columns.max() + 1) == (left, left + width)
        assert len(rows) == height * width
    else:
        assert top <= rows.min() and rows.max() < top + height
        assert left <= columns.min() and columns.max() < left + width


def test_receptive_fields_are_counted_on_chains_only() -> None:
    with pytest.raises(ValueError, match="do not form a chain") as refusal:
        random_network("resnet50").receptive_field("conv4_block2_out")
    sentence(refusal)


@pytest.mark.fast
def test_channels_are_counted_by_any_name_of_a_layer(pocket: FeatureNetwork) -> None:
    assert [pocket.channels(layer) for layer in ("block1_conv1", "conv3_2", 16)] == [16, 96, 192]


# --- what needs no network ----------------------------------------------------------------------------


def test_lists_of_networks_start_neither_keras_nor_numpy() -> None:
    code = (
        "import sys; from nstlib import networks; networks.table(); networks.parameter_table('vgg19'); "
        "networks.weights_path(networks.PLANS['vgg16']); print({'keras', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


def test_every_name_of_the_room_is_there_and_no_other() -> None:
    for name in networks.__all__:
        assert getattr(networks, name) is not None
    assert set(networks.__all__) <= set(dir(networks))
    with pytest.raises(AttributeError, match="no attribute 'load_networks'"):
        networks.load_networks  # noqa: B018
