"""Networks loaded by name are kept, a few of them, and so is what is compiled for one."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nstlib import networks
from nstlib.backend import numpy
from nstlib.foundation import Kept
from nstlib.networks import load_network
from nstlib.networks.feature_network import MOST_CUTS
from nstlib.networks.keeping import MOST_NETWORKS

pytestmark = pytest.mark.fast


def test_what_was_not_used_for_longest_goes_first() -> None:
    kept: Kept[str, int] = Kept(most=2)
    kept["a"], kept["b"] = 1, 2
    assert kept["a"] == 1  # which counts as use
    kept["c"] = 3
    assert dict(kept) == {"a": 1, "c": 3} and "b" not in kept
    assert kept.made_once("b", lambda: 4) == 4 and list(kept) == ["c", "b"]
    assert kept.made_once("b", lambda: 5) == 4


def test_the_bound_holds_whatever_is_put_in() -> None:
    kept: Kept[int, int] = Kept(most=5)
    rng = np.random.default_rng(0)
    for key in rng.integers(0, 20, 500).tolist():
        assert kept.made_once(key, lambda key=key: key * key) == key * key
        assert len(kept) <= 5 and list(kept)[-1] == key
    kept.update({n: n for n in range(100, 120)})
    assert sorted(kept) == [115, 116, 117, 118, 119]
    with pytest.raises(ValueError, match="keeps at least 1"):
        Kept(most=0)


def test_threads_that_miss_the_same_value_get_the_same() -> None:
    kept: Kept[str, Any] = Kept(most=2)
    both, found = threading.Barrier(2), []

    def make() -> object:
        both.wait(10)  # both have missed it
        return object()

    threads = [threading.Thread(target=lambda: found.append(kept.made_once("a", make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] is found[1]


def test_equal_arguments_give_the_same_network() -> None:
    net = load_network()
    assert load_network("pocket_vgg", pooling="average", seed=7) is net  # no seed counts for trained weights
    assert load_network(pooling="max") is not net
    drawn = load_network(weights="random", seed=1)
    assert load_network(weights=None, seed=1) is drawn
    assert load_network(weights="random", seed=2) is not drawn


def test_few_networks_are_kept_and_one_that_went_loads_again(noise: Any) -> None:
    first = load_network()
    before = numpy(first.features(noise(), ["block2_conv1"])["block2_conv1"])
    for seed in range(MOST_NETWORKS):
        load_network(weights="random", seed=seed)
    again = load_network()
    assert again is not first
    np.testing.assert_array_equal(numpy(again.features(noise(), ["block2_conv1"])["block2_conv1"]), before)


def test_a_network_whose_weights_were_assigned_is_not_given_out_again() -> None:
    net = load_network()
    layer = net.model.get_layer("block1_conv1")
    kernel, bias = (numpy(variable) for variable in layer.weights)
    layer.set_weights([2 * kernel, bias])
    fresh = load_network()
    assert fresh is not net and load_network() is fresh
    np.testing.assert_array_equal(numpy(fresh.model.get_layer("block1_conv1").kernel), kernel)
    np.testing.assert_array_equal(numpy(layer.kernel), 2 * kernel)  # theirs stays as they made it


def test_a_file_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    pack = networks.pack_weights(networks.WEIGHTS_FOLDER / "pocket_vgg.npz")
    path = tmp_path / "mine.npz"
    np.savez(path, **pack)
    net = load_network(weights=path)
    assert load_network(weights=str(path)) is net
    np.savez(path, **(pack | {"block1_conv1/bias": pack["block1_conv1/bias"] + 1}), more=np.zeros(3))
    again = load_network(weights=path)
    np.testing.assert_allclose(
        numpy(again.model.get_layer("block1_conv1").bias), pack["block1_conv1/bias"] + 1
    )


def test_cuts_are_bounded_and_one_that_went_works_again(noise: Any) -> None:
    net = load_network()
    first = numpy(net.features(noise(), ["block1_conv1"])["block1_conv1"])
    pairs = [(a, b) for a in net.convolutions[:7] for b in net.convolutions[:7] if a != b]
    for pair in pairs[: MOST_CUTS + 1]:
        net.cut(pair)
    assert len(net._cuts) == MOST_CUTS and ("block1_conv1",) not in net._cuts
    np.testing.assert_array_equal(numpy(net.features(noise(), ["block1_conv1"])["block1_conv1"]), first)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_assigned_weights_count_at_the_next_evaluation(noise: Any, dtype: Any) -> None:
    """PyTorch's convolutions keep their kernel laid out; a kernel assigned later must not be the old one."""
    net = load_network(dtype=dtype)
    assert load_network(dtype=dtype) is net
    layer = net.model.get_layer("block1_conv1")
    kernel, bias = (numpy(variable).astype("float32") for variable in (layer.kernel, layer.bias))
    before = numpy(net.features(noise(), ["block1_conv1"])["block1_conv1"])
    layer.kernel.assign(2 * kernel)  # powers of two are exact in any number format
    layer.bias.assign(2 * bias)
    np.testing.assert_array_equal(numpy(net.features(noise(), ["block1_conv1"])["block1_conv1"]), 2 * before)
