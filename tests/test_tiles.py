"""tiles.py: loss and gradient by tiles are those of the whole picture."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nstlib as nst
from nstlib import hardware, memory, tiles
from nstlib.autodiff import numpy, tensor
from nstlib.losses import FORMULAS
from nstlib.networks import load_network
from nstlib.objectives import Objective, content_terms, style_terms, terms_of, variation_terms
from nstlib.objectives.measures import IMAGE, Content, Gram, Variation
from nstlib.objectives.regions import at_layer
from nstlib.objectives.statistics import Histogram
from nstlib.objectives.terms import Term
from nstlib.objectives.tiling import features_by_tiles, spans, tiling

STYLES = ["block1_conv1", "block2_conv2", "block3_conv1"]


def pictures(*shapes: tuple[int, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.random((1, *shape, 3), dtype="float32") for shape in shapes]


def agree(objective: Objective, image: np.ndarray, side: int) -> None:
    whole = nst.value_and_grad(objective)(tensor(image))
    tiled = tiles.value_and_grad(objective, side)(tensor(image))
    assert tiled.value == pytest.approx(whole.value, rel=1e-5)
    for name, part in whole.parts.items():
        assert tiled.parts[name] == pytest.approx(part, rel=1e-5)
    slope = numpy(whole.gradient)
    np.testing.assert_allclose(numpy(tiled.gradient), slope, atol=1e-5 * np.abs(slope).max())


# --- geometry ------------------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("length", [1, 15, 16, 47, 48, 49, 200])
def test_every_pixel_belongs_to_exactly_one_tile(length: int) -> None:
    parts = spans(length, 48, 32)
    owned = [pixel for part in parts for pixel in range(part.own_start, part.own_stop)]
    assert owned == list(range(length))
    assert all(0 <= p.start <= p.own_start < p.own_stop <= p.stop <= length for p in parts)


@pytest.mark.parametrize("shape", [(96, 300), (131, 77)])
def test_features_by_tiles_are_those_of_the_whole(shape: tuple[int, int]) -> None:
    (picture,), net = pictures(shape), load_network("pocket_vgg")
    layers = ["block1_conv2", "block3_conv2", "block2_pool", IMAGE]
    tiled = features_by_tiles(net, picture, layers, 96)
    whole = {**net.features(picture, layers[:-1]), IMAGE: picture}
    for layer in layers:
        np.testing.assert_allclose(tiled[layer], numpy(whole[layer]), atol=1e-4)


def test_a_tile_smaller_than_what_a_layer_sees_is_refused_with_one_that_is_enough() -> None:
    net = load_network("pocket_vgg")
    with pytest.raises(ValueError, match=r"smaller than what the deepest layer sees: give tile=(\d+)") as no:
        tiling(net, ["block4_conv2"], (500, 500), 80)
    enough = int(str(no.value).split("tile=")[1].split()[0])
    assert len(tiling(net, ["block4_conv2"], (50, 500), enough).tiles) > 1
    with pytest.raises(ValueError, match="smaller than what"):
        tiling(net, ["block4_conv2"], (500, 500), enough - 1)


# --- loss and gradient ---------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("shape", [(200, 173), (96, 260)])
def test_loss_and_gradient_are_those_of_the_whole(formula: Any, shape: tuple[int, int]) -> None:
    photo, image, style = pictures(shape, shape, (120, 90))
    net = load_network("pocket_vgg")
    terms = content_terms(net, photo, "block3_conv2", 0.02) + style_terms(net, style, STYLES)
    terms += variation_terms(0.2) + variation_terms(0.1, "absolute")
    agree(Objective(net, terms, formula), image, 128)


@pytest.mark.fast
def test_regions_are_tiled_too() -> None:
    photo, image, style = pictures((150, 130), (150, 130), (80, 90))
    net, where = load_network("pocket_vgg"), np.random.default_rng(1).random((150, 130), dtype="float32")
    terms = terms_of(net, style, dict.fromkeys(STYLES, 1.0), 1.0, Gram(), where_image=where)
    terms += terms_of(net, photo, {"block2_conv1": 1.0, IMAGE: 0.5}, 1.0, Content(), where, where)
    agree(Objective(net, terms), image, 128)


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_a_wide_network_is_tiled_too(pooling: Any) -> None:
    net = load_network("vgg16", weights="random", pooling=pooling)
    photo, image, style = pictures((100, 90), (100, 90), (64, 64))
    terms = content_terms(net, photo, "block2_conv2", 0.02) + style_terms(net, style, STYLES[:2])
    agree(Objective(net, terms), image, 64)


def test_a_measure_that_looks_at_the_next_position_of_a_layer_is_tiled_too() -> None:
    (image,), net = pictures((70, 61)), load_network("pocket_vgg")
    terms = [Term(Variation(), layer, 1.0) for layer in ("block1_conv1", "block2_conv1")]
    agree(Objective(net, terms[:1]), image, 24)
    agree(Objective(net, terms), image, 40)


def test_tiles_of_one_kind_are_compiled_once_for_all_runs() -> None:
    (style, image), net = pictures((60, 60), (200, 60)), load_network("pocket_vgg")
    made = [Objective(net, style_terms(net, each, "block1_conv2")) for each in (style, 1 - style)]
    net.steps.pop(("tiles", made[0].signature), None)
    steps = tiles.TiledObjective(made[0], (200, 60), 64).steps
    for objective in made:
        for _ in range(2):
            tiles.value_and_grad(objective, 64)(tensor(image))
    assert tiles.TiledObjective(made[1], (200, 60), 64).steps is steps
    cut = tiling(net, ["block1_conv2"], (200, 60), 64).tiles
    kinds = {tile.kind for tile in cut}
    assert len(kinds) == 3 < len(cut)  # the first, those in the middle, the last
    if nst.backend.NAME != "torch":  # which compiles nothing
        assert steps.traces == 2 * len(kinds)


def test_targets_of_a_large_style_picture_are_those_of_the_whole() -> None:
    (style,), net = pictures((210, 180)), load_network("pocket_vgg")
    where = np.random.default_rng(1).random((210, 180), dtype="float32")
    shares = dict.fromkeys(STYLES, 1.0)
    for mask in (None, where):
        whole = terms_of(net, style, shares, 1.0, Gram(), mask)
        tiled = terms_of(net, style, shares, 1.0, Gram(), mask, tile=128)
        for a, b in zip(whole, tiled, strict=True):
            np.testing.assert_allclose(numpy(b.target), numpy(a.target), rtol=1e-4, atol=1e-6)
    assert at_layer(net, "block2_conv2", where).shape == (1, 105, 90, 1)


def test_a_measure_that_needs_the_whole_picture_is_refused() -> None:
    style, image = pictures((64, 64), (200, 200))
    net = load_network("pocket_vgg")
    terms = terms_of(net, style, {"block1_conv1": 1.0}, 1.0, Histogram())
    with pytest.raises(ValueError, match="'histogram' compares whole pictures and cannot be tiled"):
        nst.minimize(Objective(net, terms), image, iterations=1, tile=64)


# --- recipes -------------------------------------------------------------------------------------------


def test_a_transfer_in_tiles_is_the_transfer() -> None:
    photo, style = pictures((190, 140), (150, 100))
    run: dict[str, Any] = {"iterations": 3, "sizes": [96, 190], "progress": False, "optimizer": "adam"}
    layers = {"content_layers": "block3_conv1", "style_layers": STYLES}
    whole = nst.transfer_style(photo, style, **layers, **run)
    tiled = nst.transfer_style(photo, style, **layers, **run, tile=128)
    np.testing.assert_allclose(tiled.image, whole.image, atol=2e-3)
    assert tiled.history.best()[-1] == pytest.approx(whole.history.best()[-1], rel=1e-3)


def test_a_run_in_tiles_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    photo, style = pictures((150, 70), (60, 60))
    run: dict[str, Any] = {"sizes": "single", "progress": False, "tile": 96, "seed": 1}
    layers = {"content_layers": "block2_conv1", "style_layers": STYLES[:2]}
    at_once = nst.transfer_style(photo, style, **layers, **run, iterations=4)
    for iterations in (2, 4):
        kept = {**run, "checkpoint": tmp_path / "run.npz", "iterations": iterations}
        resumed = nst.transfer_style(photo, style, **layers, **kept)
    np.testing.assert_allclose(resumed.image, at_once.image, atol=1e-4)
    assert len(resumed.history.rows) == len(at_once.history.rows)


def test_tiles_save_the_outputs_of_layers_and_not_the_images() -> None:
    net, layers = load_network("pocket_vgg"), ["block4_conv2"]
    whole, tiled, small = (
        memory.estimate(net, layers, shape, "adam", tile)
        for shape, tile in (((2048, 2048), None), ((2048, 2048), 512), ((512, 512), None))
    )
    assert tiled - small == pytest.approx((memory.IMAGES + 2) * 12 * (2048**2 - 512**2))
    assert tiled < 0.3 * whole


def test_tiles_are_taken_where_the_whole_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "free_memory", lambda: 3e8)
    monkeypatch.setattr(tiles, "SIDE", 256)
    photo, style = pictures((300, 40), (60, 60))
    run: dict[str, Any] = {"iterations": 1, "sizes": "single", "progress": False, "optimizer": "adam"}
    layers = {"content_layers": "block2_conv1", "style_layers": STYLES[:1]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nst.transfer_style(photo, style, size=300, **layers, **run)
    monkeypatch.setattr(hardware, "free_memory", lambda: 5e7)
    with pytest.warns(RuntimeWarning, match="in tiles of 256 pixels, with the same result"):
        result = nst.transfer_style(np.repeat(photo, 8, 2), style, size=320, **layers, **run)
    assert max(result.image.shape) == 320


def test_a_tile_is_a_whole_number() -> None:
    with pytest.raises(ValueError, match="tile is 0; give a whole number"):
        nst.transfer_style("cat", "swirls", tile=0)


def test_kinds_of_tiles_beyond_what_is_usually_kept_are_compiled_once_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tiles, "MOST_FUNCTIONS", 4)
    photo, image = pictures((120, 150), (120, 150))
    net = load_network("pocket_vgg", weights="random", seed=5)
    objective = Objective(net, content_terms(net, photo, "block2_conv2"))
    kinds = {tile.kind for tile in tiling(net, ["block2_conv2"], (120, 150), 36).tiles}
    assert len(kinds) > tiles.MOST_FUNCTIONS
    evaluate = tiles.value_and_grad(objective, 36)
    for _ in range(2):
        evaluate(tensor(image))
    (steps,) = (step for key, step in net.steps.items() if key[0] == "tiles")
    assert steps.traces == 2 * len(kinds)
