"""objectives.py: terms become one function whose parts add up, and wrong weights are refused by name."""

from typing import Any

import numpy as np
import pytest

from nstlib.autodiff import compiled_step, numpy, tensor, value_and_grad
from nstlib.losses import FORMULAS
from nstlib.networks import load_network
from nstlib.objectives import (
    Objective,
    content_terms,
    distances,
    excite_terms,
    layer_weights,
    style_terms,
    variation_terms,
)

pytestmark = pytest.mark.fast


def transfer(net: Any, photo: Any, style: Any, formula: str = "relative", beta: float = 3.0) -> Objective:
    terms = content_terms(net, photo, ["block3_conv1", "block2_conv2"], 0.5)
    terms += style_terms(net, style, ["block1_conv1", "block2_conv1"], beta)
    return Objective(net, terms + variation_terms(0.1), formula)


# --- parts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_parts_add_up_to_the_total(pocket: Any, noise: Any, formula: str) -> None:
    objective = transfer(pocket, noise(seed=1), noise(24, 40, seed=2), formula)
    here = value_and_grad(objective)(tensor(noise(seed=3)))
    assert list(here.parts) == [
        "content block3_conv1",
        "content block2_conv2",
        "style block1_conv1",
        "style block2_conv1",
        "variation squared",
    ]
    assert all(part > 0 for part in here.parts.values())
    assert sum(here.parts.values()) == pytest.approx(here.value, rel=1e-5)


def test_a_part_is_its_weight_times_its_loss(pocket: Any, noise: Any) -> None:
    image = tensor(noise(seed=3))
    once = value_and_grad(transfer(pocket, noise(seed=1), noise(seed=2), beta=1.0))(image)
    thrice = value_and_grad(transfer(pocket, noise(seed=1), noise(seed=2), beta=3.0))(image)
    for name, part in once.parts.items():
        factor = 3.0 if name.startswith("style") else 1.0
        assert thrice.parts[name] == pytest.approx(factor * part, rel=1e-5)


@pytest.mark.parametrize("formula", FORMULAS)
def test_content_and_style_are_zero_at_their_own_picture(pocket: Any, noise: Any, formula: str) -> None:
    photo = noise(seed=1)
    at_home = value_and_grad(transfer(pocket, photo, photo, formula))(tensor(photo)).parts
    away = value_and_grad(transfer(pocket, photo, photo, formula))(tensor(noise(seed=2))).parts
    for name, part in at_home.items():
        if not name.startswith("variation"):
            assert part < 1e-8 * away[name]


def test_the_pieces_add_up_in_the_formulas_own_way(pocket: Any, noise: Any) -> None:
    """The papers' formulas are sums over pixels, the others means, total variation included."""
    image = noise(8, 8)
    parts = {}
    for formula in ("gatys", "mse"):
        objective = Objective(pocket, variation_terms(1.0), formula)
        parts[formula] = value_and_grad(objective)(tensor(image)).parts["variation squared"]
    differences = [np.square(np.diff(image, axis=axis)) for axis in (1, 2)]
    assert parts["gatys"] == pytest.approx(sum(float(d.sum()) for d in differences), rel=1e-4)
    assert parts["mse"] == pytest.approx(sum(float(d.mean()) for d in differences), rel=1e-4)


def test_two_targets_in_one_layer_are_one_part_and_the_parts_still_add_up(pocket: Any, noise: Any) -> None:
    styles = [style_terms(pocket, noise(seed=seed), "block2_conv1") for seed in (1, 2)]
    channels = excite_terms(pocket, "block1_conv1", 0) + excite_terms(pocket, "block1_conv1", 1)
    here = value_and_grad(Objective(pocket, [*styles[0], *styles[1], *channels]))(tensor(noise()))
    alone = [value_and_grad(Objective(pocket, terms))(tensor(noise())).value for terms in styles]
    assert list(here.parts) == ["style block2_conv1", "excite block1_conv1"]
    assert here.parts["style block2_conv1"] == pytest.approx(sum(alone), rel=1e-5)
    assert sum(here.parts.values()) == pytest.approx(here.value, rel=1e-5)


# --- layers and weights --------------------------------------------------------------------------------


def test_layers_may_be_one_a_list_a_mapping_or_numbers(pocket: Any) -> None:
    assert layer_weights(pocket, "conv4_2", "content") == {"block4_conv2": 1.0}
    assert layer_weights(pocket, 10, "content") == {"block4_conv2": 1.0}
    assert layer_weights(pocket, np.int64(10), "content") == {"block4_conv2": 1.0}
    assert layer_weights(pocket, [1, "conv2_1"], "style") == {"block1_conv1": 0.5, "block2_conv1": 0.5}
    assert layer_weights(pocket, {"block1_conv1": 3, 3: 0.25}, "style") == {
        "block1_conv1": 3.0,
        "block2_conv1": 0.25,
    }


def test_a_layer_of_weight_zero_is_left_out(pocket: Any) -> None:
    assert layer_weights(pocket, {"conv1_1": 0, "conv2_1": 1}, "style") == {"block2_conv1": 1.0}


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "heavy", None])
def test_weights_are_finite_and_not_negative(pocket: Any, noise: Any, weight: Any) -> None:
    photo = noise()
    for name, make in (
        ("content weight", lambda: content_terms(pocket, photo, "block1_conv1", weight)),
        ("style weight", lambda: style_terms(pocket, photo, "block1_conv1", weight)),
        ("variation weight", lambda: variation_terms(weight)),
        ("weight of style layer conv1_1", lambda: style_terms(pocket, photo, {"conv1_1": weight})),
    ):
        with pytest.raises(ValueError, match=f"The {name} is .*0 or more") as refusal:
            make()
        assert "\n" not in str(refusal.value)


def test_layers_that_all_weigh_nothing_are_refused(pocket: Any, noise: Any) -> None:
    with pytest.raises(ValueError, match="All weights of the style layers are 0"):
        style_terms(pocket, noise(), {"conv1_1": 0, "conv2_1": 0.0})


@pytest.mark.parametrize(
    "twice", [["conv1_1", "conv1_1"], ["conv1_1", "block1_conv1"], {1: 1.0, "conv1_1": 2.0}]
)
def test_the_same_layer_twice_is_refused(pocket: Any, noise: Any, twice: Any) -> None:
    with pytest.raises(ValueError, match="name the same layer twice"):
        style_terms(pocket, noise(), twice)


def test_no_layer_at_all_is_refused(pocket: Any, noise: Any) -> None:
    with pytest.raises(ValueError, match="at least one content layer"):
        content_terms(pocket, noise(), [])


def test_nothing_to_minimise_is_refused(pocket: Any, noise: Any) -> None:
    terms = content_terms(pocket, noise(), "conv1_1", 0.0) + variation_terms(0)
    assert terms == []
    with pytest.raises(ValueError, match="every weight is 0"):
        Objective(pocket, terms)


def test_an_unknown_layer_or_formula_is_refused_with_the_nearest(pocket: Any, noise: Any) -> None:
    with pytest.raises(ValueError, match="did you mean 'block1_conv1'"):
        style_terms(pocket, noise(), "blok1_conv1")
    with pytest.raises(ValueError, match="did you mean 'gatys'"):
        Objective(pocket, variation_terms(1.0), "gaty")


# --- sizes ---------------------------------------------------------------------------------------------


def test_an_image_of_another_size_than_the_content_is_refused(pocket: Any, noise: Any) -> None:
    objective = transfer(pocket, noise(32, 32), noise(20, 50))
    objective.check_image(noise(32, 32))
    with pytest.raises(ValueError, match=r"\(48 x 32 pixels\) and the content picture differ in size"):
        objective.check_image(noise(32, 48))


def test_an_image_too_small_for_the_deepest_layer_is_refused(pocket: Any, noise: Any) -> None:
    objective = Objective(pocket, style_terms(pocket, noise(), ["conv1_1", "conv5_1"]))
    objective.check_image(noise(16, 16))
    with pytest.raises(ValueError, match="15 x 40 pixels.*at least 16"):
        objective.check_image(noise(40, 15))


# --- one compiled step ---------------------------------------------------------------------------------


def test_one_compiled_step_serves_other_pictures_and_weights(noise: Any) -> None:
    shared, image = load_network(), tensor(noise(seed=9))
    first = transfer(shared, noise(seed=1), noise(seed=2), beta=1.0)
    second = transfer(shared, noise(seed=3), noise(20, 28, seed=4), beta=7.0)
    value_and_grad(first)(image)
    after = value_and_grad(second)(image)
    assert compiled_step(first) is compiled_step(second)
    assert compiled_step(first).traces == 1

    alone = load_network()
    expected = value_and_grad(transfer(alone, noise(seed=3), noise(20, 28, seed=4), beta=7.0))(image)
    assert after.parts == pytest.approx(expected.parts, rel=1e-4)
    np.testing.assert_allclose(numpy(after.gradient), numpy(expected.gradient), rtol=1e-3, atol=1e-7)


def test_other_layers_or_another_formula_get_a_step_of_their_own(pocket: Any, noise: Any) -> None:
    photo = noise()
    one = Objective(pocket, content_terms(pocket, photo, "conv1_1"))
    other_layer = Objective(pocket, content_terms(pocket, photo, "conv1_2"))
    other_formula = Objective(pocket, content_terms(pocket, photo, "conv1_1"), "mse")
    assert len({id(compiled_step(o)) for o in (one, other_layer, other_formula)}) == 3


# --- distances -----------------------------------------------------------------------------------------


def test_distances_are_zero_at_the_target_and_only_there(pocket: Any, noise: Any) -> None:
    photo, style, layers = noise(24, 32, seed=1), noise(40, 20, seed=2), ["conv1_2", "block3_conv3"]
    at_photo = distances(pocket, photo, content=photo, style=style, layers=layers)
    at_style = distances(pocket, style, style=style, layers=layers)
    assert list(at_photo) == ["content", "style"] and list(at_style) == ["style"]
    for found in (at_photo["content"], at_photo["style"], at_style["style"]):
        assert list(found) == ["block1_conv2", "block3_conv3"]
    assert max(at_photo["content"].values()) < 1e-8
    assert max(at_style["style"].values()) < 1e-8
    assert min(at_photo["style"].values()) > 1e-3


def test_distances_are_the_unweighted_relative_parts_of_the_loss(pocket: Any, noise: Any) -> None:
    image, photo, style = noise(seed=3), noise(seed=1), noise(24, 40, seed=2)
    parts = value_and_grad(transfer(pocket, photo, style, beta=2.0))(tensor(image)).parts
    layers = ["block1_conv1", "block2_conv1", "block2_conv2", "block3_conv1"]
    found = distances(pocket, image, content=photo, style=style, layers=layers)
    for layer in layers[:2]:
        assert found["style"][layer] == pytest.approx(parts[f"style {layer}"], rel=1e-4)  # 2.0 * 1/2
    for layer in layers[2:]:
        assert found["content"][layer] == pytest.approx(parts[f"content {layer}"] / 0.25, rel=1e-4)


def test_the_distance_to_a_style_does_not_ask_where_the_distance_to_a_content_does(
    pocket: Any, noise: Any
) -> None:
    """Moving every position of block1_conv1 with its pixels: only borders change what a filter sees."""
    photo = noise(48, 48, seed=1)
    moved = np.roll(photo, 16, axis=2)
    found = distances(pocket, moved, content=photo, style=photo, layers="block1_conv1")
    assert found["style"]["block1_conv1"] < 1e-2
    assert found["content"]["block1_conv1"] > 0.1


def test_distances_measure_in_any_network(pocket: Any, noise: Any) -> None:
    photo, image = noise(seed=1), noise(seed=2)
    other = load_network("pocket_vgg", weights="random", seed=5)
    one, two = (distances(net, image, content=photo, layers=3)["content"] for net in (pocket, other))
    assert list(one) == list(two) == ["block2_conv1"]
    assert one["block2_conv1"] != pytest.approx(two["block2_conv1"], rel=1e-3)


def test_distances_refuse_what_they_cannot_compare(pocket: Any, noise: Any) -> None:
    image = noise(16, 16)
    with pytest.raises(ValueError, match="not weighted"):
        distances(pocket, image, content=image, layers={"conv1_1": 2.0})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nothing to compare with"):
        distances(pocket, image, layers="conv1_1")
    with pytest.raises(ValueError, match=r"16 x 16 pixels.*24 x 16.*resize one"):
        distances(pocket, image, content=noise(16, 24), layers="conv1_1")
    with pytest.raises(ValueError, match=r"style picture is 3 x 16 pixels.*at least 4"):
        distances(pocket, image, style=noise(16, 3), layers="block3_conv1")
    with pytest.raises(ValueError, match=r"content picture has shape \(16, 16, 3\)"):
        distances(pocket, image, content=image[0], layers="conv1_1")
    with pytest.raises(ValueError, match="style picture is a str; give an array"):
        distances(pocket, image, style="swirls", layers="conv1_1")
    with pytest.raises(ValueError, match="at least one compared layer"):
        distances(pocket, image, style=image, layers=[])
    with pytest.raises(ValueError, match="did you mean 'block1_conv1'"):
        distances(pocket, image, style=image, layers="blok1_conv1")
