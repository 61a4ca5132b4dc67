"""The weights that ship: they are trained, complete, small, and still as good as the model card says.

The 10,000 validation pictures cannot live here; the features of 100 of them after the second block can
(tools/pack_pocket_vgg.py writes them), and cover 12 of the 16 convolutions and the head.
"""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

import nstlib as nst
from nstlib import networks

SUBSET = Path(__file__).parent / "data" / "pocket_features.npz"
WEIGHTS = networks.WEIGHTS_FOLDER / "pocket_vgg.npz"
CARD = networks.WEIGHTS_FOLDER / "README.md"
TWO_DEVIATIONS = 0.1  # of a share among 100 pictures


@pytest.fixture(scope="module")
def net() -> networks.FeatureNetwork:
    return nst.load_network("pocket_vgg")


def test_top_1_on_a_fixed_subset_has_not_fallen(net: networks.FeatureNetwork) -> None:
    with np.load(SUBSET) as data:
        maps, labels = data["features"] * (data["top"] / 255), data["labels"]
    rest = keras.Model(net.model.get_layer("block2_pool").output, net.model.get_layer("block5_conv4").output)
    pooled = keras.ops.convert_to_numpy(rest(maps.astype("float32"))).mean((1, 2))
    pack = networks.pack_weights(WEIGHTS)
    guesses = (pooled @ pack["head/kernel"] + pack["head/bias"]).argmax(1)
    stated = re.search(r"\| top-1 \| \*\*([\d.]+) %\*\*", CARD.read_text(encoding="utf-8"))
    assert stated is not None, "the model card states no top-1"
    assert (guesses == labels).mean() >= float(stated[1]) / 100 - TWO_DEVIATIONS


def test_the_network_is_small_enough_to_ship() -> None:
    assert WEIGHTS.stat().st_size < 6e6


def test_the_network_names_an_espresso(net: networks.FeatureNetwork) -> None:
    (name, share), (_, next_share), *_ = net.classify(nst.load_image("coffee"))
    assert name == "espresso"
    assert share > 2 * next_share


def test_there_is_a_name_for_each_of_200_classes() -> None:
    names = networks.pack_weights(WEIGHTS)["classes"]
    assert len(set(names.tolist())) == len(names) == 200


def test_two_pieces_of_grass_are_nearer_in_style_than_grass_and_brick(net: networks.FeatureNetwork) -> None:
    grass, brick = nst.load_image("grass", 256), nst.load_image("brick", 256)
    layers = list(net.plan.style_layers)
    left, right, wall = (
        net.features(x, layers) for x in (grass[:, :, :128], grass[:, :, 128:], brick[:, :, :128])
    )
    for layer in layers:
        target = nst.gram_matrix(left[layer])
        assert nst.style_loss(right[layer], target) < 0.5 * nst.style_loss(wall[layer], target), layer


CHANGES = {
    "darkened": lambda image: 0.6 * image,
    "grey": lambda image: np.repeat(image.mean(-1, keepdims=True), 3, axis=-1),
    "negative": lambda image: 1 - image,
}
# Squared relative distances of the VGG-16 that taught the network, by style layer, on the same pictures:
TEACHER = {
    "darkened": (0.38, 0.28, 0.26, 0.30, 0.30),
    "grey": (0.57, 0.65, 0.44, 0.49, 0.54),
    "negative": (4.38, 1.12, 1.48, 0.91, 0.79),
}


@pytest.mark.parametrize("change", CHANGES)
def test_gram_matrices_know_tone_and_colour(net: networks.FeatureNetwork, change: str) -> None:
    """The first edition's network reached 3 to 35 % of these: its pictures kept the photograph's colours."""
    layers, found = list(net.plan.style_layers), []
    for sample in ("astronaut", "cat", "coffee", "rocket"):
        picture = nst.load_image(sample, 256)
        changed = CHANGES[change](picture).astype("float32")
        found.append([nst.distances(net, changed, style=picture, layers=layers)["style"][n] for n in layers])
    for layer, distance, wanted in zip(layers, np.mean(found, 0), TEACHER[change], strict=True):
        assert distance >= 0.5 * wanted, layer


def test_the_model_card_names_the_size_and_the_number_of_parameters(net: networks.FeatureNetwork) -> None:
    card = CARD.read_text(encoding="utf-8")
    assert f"{net.model.count_params():,}" in card
    assert re.search(rf"{WEIGHTS.stat().st_size / 1e6:.1f} MB", card)
