"""The recipes: what comes back, sizes, interruptions, checkpoints, and bad input."""

from __future__ import annotations

import errno
import io
import re
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nstlib as nst
from nstlib import checkpoint, foundation, networks
from nstlib.networks import FeatureNetwork, load_network
from nstlib.optimizers import Progress
from nstlib.recipes import exciting, loop, transfer
from nstlib.recipes import sizes as sizes_of
from nstlib.recipes.look import Look
from nstlib.recipes.starts import blots

Recipe = Callable[..., nst.Result]


def picture(height: int = 48, width: int = 48, seed: int = 0) -> np.ndarray:
    """A smooth picture with some structure, shape (1, height, width, 3)."""
    rough = np.random.default_rng(seed).random((1, 6, 6, 3), dtype="float32")
    return nst.resize(rough, (height, width))


PHOTO, STYLE = picture(seed=1), picture(seed=2)


@pytest.fixture
def paint(pocket: FeatureNetwork) -> Recipe:
    """`transfer_style` with few iterations and without a bar, on PHOTO and STYLE unless others are given."""

    def run(content: Any = PHOTO, style: Any = STYLE, **keywords: Any) -> nst.Result:
        usual = {"network": pocket, "iterations": 4, "progress": False}
        return nst.transfer_style(content, style, **{**usual, **keywords})

    return run


def stop_at(size: int, iteration: int) -> Callable[[Progress], None]:
    """A callback that interrupts as Ctrl-C does."""

    def callback(now: Progress) -> None:
        if now.size == size and now.iteration == iteration:
            raise KeyboardInterrupt

    return callback


# --- what comes back --------------------------------------------------------------------------------


def test_a_real_transfer_lowers_the_loss_a_lot_and_returns_an_image() -> None:
    result = nst.transfer_style("cat", "swirls", size=48, iterations=40, progress=False)
    total = result.history.column("total")
    assert total.min() < 0.3 * total[0]
    photo = nst.load_image("cat", 48)
    assert result.image.shape == photo.shape and result.image.dtype == np.float32
    assert result.image.min() >= 0 and result.image.max() <= 1
    assert nst.psnr(result.image, photo) < 40  # it is another picture
    assert result.seconds >= result.history.seconds > 0
    assert result.settings["sizes"] == [48] and result.settings["iterations"] == [40]


@pytest.mark.fast
def test_every_recipe_returns_a_finite_image_in_range(pocket: FeatureNetwork) -> None:
    options = {"network": pocket, "iterations": 2, "progress": False}
    for result in (
        nst.transfer_style(PHOTO, STYLE, **options),
        nst.reconstruct_content(PHOTO, **options),
        nst.reconstruct_style(STYLE, **options),
    ):
        assert result.image.shape == PHOTO.shape and result.image.dtype == np.float32
        assert np.isfinite(result.image).all() and result.image.min() >= 0 and result.image.max() <= 1
        assert result.history.best()[-1] < result.history.rows[0]["total"]


def test_the_same_seed_gives_the_same_image_and_another_one_another(paint: Recipe) -> None:
    first = paint(start="noise", seed=3).image
    np.testing.assert_allclose(paint(start="noise", seed=3).image, first, atol=1e-6)
    assert np.abs(paint(start="noise", seed=4).image - first).max() > 0.01


def test_the_image_can_be_saved(paint: Recipe, tmp_path: Path) -> None:
    result = paint()
    result.save(tmp_path / "out.png")
    again = nst.load_image(tmp_path / "out.png")
    assert np.abs(again - result.image).max() <= 0.51 / 255
    with pytest.raises(FileExistsError, match="exists already"):
        result.save(tmp_path / "out.png")


# --- where to start ---------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("recolored", nst.match_colors(PHOTO, STYLE)),
        ("content", PHOTO),
        ("style", STYLE),
        (picture(seed=9), picture(seed=9)),
        (picture(20, 20, seed=9), nst.resize(picture(20, 20, seed=9), (48, 48))),
    ],
    ids=["recolored", "content", "style", "image", "smaller image"],
)
def test_a_run_starts_from_what_was_asked_for(paint: Recipe, start: Any, expected: np.ndarray) -> None:
    # Gradient descent with next to no rate stays where it starts.
    still = {"optimizer": "gradient_descent", "learning_rate": 1e-9, "iterations": 1}
    np.testing.assert_allclose(paint(start=start, **still).image, expected, atol=1e-4)


@pytest.mark.fast
def test_a_transfer_begins_with_the_palette_of_the_style(paint: Recipe) -> None:
    still = {"optimizer": "gradient_descent", "learning_rate": 1e-9, "iterations": 1}
    result = paint(0.2 * PHOTO, **still)
    assert result.settings["start"] == "recolored"
    for statistic in (np.mean, np.std):  # the clip to [0, 1] costs a little
        np.testing.assert_allclose(statistic(result.image, (0, 1, 2)), statistic(STYLE, (0, 1, 2)), atol=0.02)
    edges = [np.diff(x, axis=2).ravel() for x in (result.image, PHOTO)]
    assert np.corrcoef(*edges)[0, 1] > 0.7  # and it is the photograph still


@pytest.mark.fast
def test_noise_is_faint_and_grey(paint: Recipe) -> None:
    image = paint(start="noise", optimizer="gradient_descent", learning_rate=1e-9, iterations=1).image
    assert abs(image.mean() - 0.5) < 0.01 and 0.02 < image.std() < 0.1


@pytest.mark.fast
def test_the_palette_is_blots_of_the_style_s_colours_where_the_seed_wills() -> None:
    still = {"optimizer": "gradient_descent", "learning_rate": 1e-9, "iterations": 1, "progress": False}
    run = partial(nst.reconstruct_style, layers="block1_conv1", start="palette", **still)
    style = nst.load_image("swirls", 96)
    first, again, moved = run(style).image, run(np.flip(style, axis=2)).image, run(style, seed=1).image
    pixels = [image.reshape(-1, 3).T for image in (first, style)]
    np.testing.assert_allclose(*(each.mean(axis=1) for each in pixels), atol=0.03)
    np.testing.assert_allclose(*map(np.cov, pixels), atol=0.018)  # the clip to [0, 1] costs some of the red
    np.testing.assert_allclose(first, again, atol=1e-4)  # nothing is known of where things are
    assert abs(np.corrcoef(first.ravel(), moved.ravel())[0, 1]) < 0.3


@pytest.mark.fast
def test_blots_have_a_size_in_pixels() -> None:
    """A blot that is larger than a stroke would stay a blot: larger pictures have more of them."""
    turns = {}
    for side in (50, 100):
        image = blots((side, 2 * side), seed=0)
        assert image.shape == (1, side, 2 * side, 3) and image.dtype == np.float32
        turns[side] = (np.diff(np.sign(np.diff(image[0, :, :, 0]))) != 0).mean()
    assert all(0.1 < share < 0.22 for share in turns.values())  # noise turns at two pixels in three
    assert 0.8 < turns[100] / turns[50] < 1.25


@pytest.mark.fast
def test_a_start_may_be_a_file_or_a_sample(paint: Recipe, tmp_path: Path) -> None:
    nst.save_image(STYLE, tmp_path / "begin.png")
    still = {"optimizer": "gradient_descent", "learning_rate": 1e-9, "iterations": 1}
    for path in (tmp_path / "begin.png", str(tmp_path / "begin.png")):
        np.testing.assert_allclose(paint(start=path, **still).image, STYLE, atol=0.01)
    assert paint(start="swirls", iterations=1).image.shape == PHOTO.shape


@pytest.mark.fast
def test_an_unknown_start_gets_the_nearest_suggested(paint: Recipe, pocket: FeatureNetwork) -> None:
    with pytest.raises(ValueError, match="did you mean 'content'"):
        paint(start="contnet")
    for word in ("style", "recolored", "palette"):
        with pytest.raises(ValueError, match="no style picture to start from"):
            nst.reconstruct_content(PHOTO, network=pocket, start=word, progress=False)


# --- sizes ------------------------------------------------------------------------------------------


def test_size_is_the_longer_side_and_the_shape_is_kept(paint: Recipe) -> None:
    assert paint(picture(60, 80), size=40, iterations=1).image.shape == (1, 30, 40, 3)
    assert paint(picture(80, 60), size=40, iterations=1).image.shape == (1, 40, 30, 3)
    assert paint(picture(37, 53), picture(29, 41), iterations=1).image.shape == (1, 37, 53, 3)


@pytest.mark.fast
def test_a_small_picture_in_a_file_keeps_its_size(paint: Recipe, tmp_path: Path) -> None:
    nst.save_image(PHOTO, tmp_path / "small.png")
    assert paint(tmp_path / "small.png", iterations=1).image.shape == PHOTO.shape


def test_a_large_picture_is_reduced_to_512_unless_a_size_is_asked_for(
    paint: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "DEFAULT_SIZE", 64)
    assert paint(picture(60, 100), iterations=1).image.shape == (1, 38, 64, 3)
    assert paint(picture(60, 100), size=100, sizes="single", iterations=1).image.shape == (1, 60, 100, 3)


def test_automatic_sizes_halve_and_a_list_is_taken_as_it_is(paint: Recipe) -> None:
    for sizes, expected in (("auto", [256, 512]), ("single", [512]), ((64, 96, 512), [64, 96, 512])):
        result = paint(picture(128, 512), sizes=sizes, iterations=1, optimizer="adam")
        assert result.settings["sizes"] == expected
        assert list(dict.fromkeys(result.history.column("size").tolist())) == expected


def test_content_alone_begins_at_64(pocket: FeatureNetwork) -> None:
    result = nst.reconstruct_content(picture(128, 128), network=pocket, iterations=1, progress=False)
    assert result.settings["sizes"] == [64, 128]


@pytest.mark.parametrize("narrow", ["content", "style"])
def test_automatic_sizes_begin_where_the_narrowest_picture_is_large_enough(
    paint: Recipe, narrow: str
) -> None:
    pictures = {"content": picture(128, 512), "style": picture(128, 512)}
    pictures[narrow] = picture(20, 512)  # 10 pixels at half the size, where the network needs 16
    result = paint(pictures["content"], pictures["style"], iterations=1, size=512)
    assert result.settings["sizes"] == [512]


def test_sizes_and_iterations_may_be_numbers_of_numpy(paint: Recipe) -> None:
    result = paint(sizes=np.array([24, 48]), iterations=np.array([1, 2]), size=np.int64(48))
    assert result.settings["sizes"] == [24, 48] and result.settings["iterations"] == [1, 2]
    assert paint(sizes=(np.int32(48),), iterations=np.int64(2)).history.iterations == 2


@pytest.mark.fast
@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ([48, 24], "must grow"),
        ([24, 24, 48], "must grow"),
        ([24, 32], "end with the full size 48"),
        ([24, 96], "end with the full size 48"),
        ([], "end with the full size 48"),
        ([0, 48], "sizes is 0"),
        ([24.5, 48], "sizes is 24.5"),
        (48, "sizes is 48"),
        (None, "sizes is None"),
        ("singel", "did you mean 'single'"),
    ],
)
def test_wrong_sizes_are_refused(paint: Recipe, sizes: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        paint(sizes=sizes)


@pytest.mark.fast
def test_iterations_are_for_each_size(paint: Recipe) -> None:
    result = paint(sizes=[24, 48], iterations=[3, 2])
    rows = result.history.rows
    assert [max(r["iteration"] for r in rows if r["size"] == size) for size in (24, 48)] == [3, 2]
    assert result.history.iterations == 5
    with pytest.raises(ValueError, match="one per size"):
        paint(sizes=[24, 48], iterations=[3, 2, 1])


@pytest.mark.parametrize(
    ("recipe", "sizes", "iterations"),
    [
        ("transfer_style", 1, [100]),
        ("transfer_style", 2, [50, 30]),
        ("transfer_style", 4, [50, 50, 50, 30]),
        ("reconstruct_content", 3, [100, 100, 100]),
        ("excite", 1, [100]),
    ],
)
def test_usual_iterations_are_fewest_at_the_full_size_of_a_transfer(
    recipe: str, sizes: int, iterations: list[int]
) -> None:
    assert sizes_of.usual_iterations(recipe, sizes) == iterations


def test_auto_is_the_usual_number_of_iterations_and_the_default(pocket: FeatureNetwork) -> None:
    quick: dict[str, Any] = {"network": pocket, "optimizer": "adam", "progress": False}
    for given in ({}, {"iterations": "auto"}):
        result = nst.transfer_style(PHOTO, STYLE, sizes=[16, 24, 48], **given, **quick)
        assert result.settings["iterations"] == [50, 50, 30]
        assert [r["size"] for r in result.history.rows].count(24) in (50, 51)
        assert result.making is not None and "iterations" in result.making.usual
    result = nst.reconstruct_content(PHOTO, network=pocket, sizes=[24, 48], progress=False, optimizer="adam")
    assert result.settings["iterations"] == [100, 100]


@pytest.mark.parametrize("word", ["Auto", "many", "100", ""])
def test_another_word_for_the_iterations_is_refused(paint: Recipe, word: str) -> None:
    with pytest.raises(ValueError, match=f"iterations is {word!r}; give a whole number, one per size, or"):
        paint(iterations=word)


@pytest.mark.parametrize(
    ("full", "smallest", "sizes"),
    [
        (128, 256, [128]),
        (256, 256, [256]),
        (320, 256, [320]),
        (384, 256, [256, 384]),
        (512, 256, [256, 512]),
        (768, 256, [256, 384, 768]),
        (1024, 256, [256, 512, 1024]),
        (512, 400, [512]),
        (512, 900, [512]),
    ],
)
def test_a_transfer_begins_where_it_may_if_that_is_a_step_worth_taking(
    full: int, smallest: int, sizes: list[int]
) -> None:
    assert sizes_of.transfer_sizes(full, smallest) == sizes


def test_the_usual_weights_of_a_transfer_fall_with_depth() -> None:
    usual = networks.PLANS["pocket_vgg"].transfer_weights
    assert usual is not None
    assert list(usual) == sorted(usual), "from shallow to deep"
    assert list(usual.values()) == sorted(usual.values(), reverse=True)


def test_the_usual_weights_are_those_of_a_transfer_alone(pocket: FeatureNetwork) -> None:
    run: dict[str, Any] = {"network": pocket, "iterations": 1, "progress": False}
    usual = nst.transfer_style(PHOTO, STYLE, **run).settings["style_layers"]
    assert usual == pocket.plan.transfer_weights
    named = nst.transfer_style(PHOTO, STYLE, style_layers=list(pocket.plan.style_layers), **run)
    assert len(set(named.settings["style_layers"].values())) == 1, "layers named without weights are equal"
    texture = nst.reconstruct_style(STYLE, **run).settings
    assert len(set(texture["layers"].values())) == 1


@pytest.mark.fast
def test_later_sizes_begin_where_the_earlier_ones_ended(paint: Recipe) -> None:
    coarse = paint(nst.resize(PHOTO, 24), style_size=24, iterations=6)
    seen: list[Progress] = []
    still = {"optimizer": "gradient_descent", "learning_rate": 1e-9, "iterations": 1}
    paint(start=coarse.image, callback=seen.append, **still)
    both = paint(sizes=[24, 48], iterations=[6, 1])
    first_at_48 = next(row for row in both.history.rows if row["size"] == 48)
    assert first_at_48["total"] == pytest.approx(seen[0].value, rel=0.02)


# --- the style's own size -----------------------------------------------------------------------------


@pytest.mark.fast
def test_style_size_changes_the_result(paint: Recipe) -> None:
    usual, same = paint(style_size=None).image, paint(style_size=48).image
    np.testing.assert_allclose(usual, same, atol=1e-6)
    assert np.abs(paint(style_size=24).image - usual).max() > 0.005
    assert np.isfinite(paint(style_size=200, iterations=1).image).all()  # larger than either picture


def test_the_style_keeps_its_own_shape(paint: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []

    def spy(look: Look, net: Any, strokes: np.ndarray, *rest: Any) -> Any:
        shapes.append(strokes.shape)
        return original(look, net, strokes, *rest)

    original = Look.style_terms
    monkeypatch.setattr(Look, "style_terms", spy)
    paint(picture(32, 48), picture(60, 30), sizes=[24, 48], iterations=1, style_size=80)
    assert shapes == [(1, 40, 20, 3), (1, 80, 40, 3)]


# --- pictures that are too small ------------------------------------------------------------------------


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(ValueError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".") and len(message) < 300
    return message


def named(message: str) -> dict[str, int]:
    """The sizes that a refusal recommends."""
    advice = message.rsplit(": ", 1)[1]
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", advice)}


def deep(pocket: FeatureNetwork) -> dict[str, Any]:
    """A run of one evaluation whose deepest layers need 16 pixels, as do the default ones."""
    return {"network": pocket, "sizes": "single", "iterations": 1, "progress": False, "optimizer": "adam"}


@pytest.mark.fast
def test_a_narrow_style_is_told_its_own_size_and_the_style_size_that_is_enough(
    pocket: FeatureNetwork, tmp_path: Path
) -> None:
    nst.save_image(np.full((1, 100, 4000, 3), 0.5), tmp_path / "narrow.jpg")
    run = deep(pocket) | {"size": 48}
    message = refusal(lambda: nst.transfer_style(PHOTO, tmp_path / "narrow.jpg", **run))
    assert message == (
        "The style picture has 4000 x 100 pixels, and 48 x 1 at size=48, but pocket_vgg needs at least 16 on "
        "each side for block5_conv1: pass style_size=620 or more."
    )
    assert (
        nst.transfer_style(PHOTO, tmp_path / "narrow.jpg", style_size=620, **run).image.shape == PHOTO.shape
    )
    one_less = refusal(lambda: nst.transfer_style(PHOTO, tmp_path / "narrow.jpg", style_size=619, **run))
    assert "619 x 15 at style_size=619" in one_less and named(one_less) == {"style_size": 620}


@pytest.mark.fast
@pytest.mark.parametrize(
    ("content", "style", "given"),
    [
        ((12, 48), (48, 48), {}),
        ((12, 48), (48, 48), {"size": 24}),
        ((48, 48), (4, 48), {}),
        ((48, 48), (48, 4), {"size": 32}),
        ((48, 48), (48, 47), {"style_size": 8}),
        ((12, 48), (3, 48), {}),
        ((12, 48), (3, 48), {"style_size": 20}),
        ((12, 48), (13, 48), {}),
        ((10, 90), (31, 200), {"size": 40, "style_size": 33}),
        ((1, 7), (5, 9), {}),
        ((96, 96), (101, 800), {"style_size": 40}),
        ((64, 96), (35, 301), {"style_size": 70}),
    ],
)
def test_the_sizes_a_refusal_names_are_the_smallest_that_work(
    pocket: FeatureNetwork, content: tuple[int, int], style: tuple[int, int], given: dict[str, int]
) -> None:
    run, pictures = deep(pocket), (picture(*content), picture(*style, seed=1))
    advice = named(refusal(lambda: nst.transfer_style(*pictures, **run, **given)))
    assert advice
    nst.transfer_style(*pictures, **run, **(given | advice))
    for name in advice:
        less = given | advice | {name: advice[name] - 1}
        assert name in named(refusal(lambda less=less: nst.transfer_style(*pictures, **run, **less)))


@pytest.mark.fast
def test_every_recipe_names_the_size_that_is_enough(pocket: FeatureNetwork) -> None:
    run, narrow = deep(pocket), picture(10, 41)
    calls: list[Callable[..., Any]] = [
        lambda **more: nst.reconstruct_content(narrow, "conv5_1", **run, **more),
        lambda **more: nst.reconstruct_style(narrow, **run, **more),
        lambda **more: nst.excite("conv5_1", 3, **run, **({"size": 5} | more)),
    ]
    for call, size in zip(calls, (64, 64, 16), strict=True):
        message = refusal(call)
        assert "needs at least 16 on each side for block5_conv1" in message
        assert named(message) == {"size": size}
        call(size=size)
        assert named(refusal(lambda call=call, size=size: call(size=size - 1))) == {"size": size}
    message = refusal(lambda: nst.reconstruct_style(PHOTO, shape=(15, 60), **run))
    assert message.startswith("The result has 60 x 15 pixels, but") and "a shape of 16 or more" in message
    nst.reconstruct_style(PHOTO, shape=(16, 60), **run)


@pytest.mark.fast
def test_a_picture_that_no_layer_looks_at_may_be_small(pocket: FeatureNetwork) -> None:
    run, small = deep(pocket), picture(4, 48)
    nst.transfer_style(PHOTO, small, style_weight=0, **run)
    shallow = {"style_layers": "conv1_1", "content_layers": "conv1_2"}
    nst.transfer_style(small, small, **shallow, **run)
    nst.transfer_style(small, PHOTO, content_weight=0, style_layers="conv1_1", **run)


@pytest.mark.fast
@pytest.mark.parametrize("narrow", ["content", "style"])
def test_sizes_that_begin_too_small_are_told_where_to_begin(pocket: FeatureNetwork, narrow: str) -> None:
    pictures = {"content": picture(48, 48), "style": picture(48, 48, seed=1)} | {narrow: picture(30, 48)}
    run = {"network": pocket, "iterations": 1, "progress": False}
    message = refusal(lambda: nst.transfer_style(**pictures, sizes=[20, 48], **run))
    assert message == (
        f"sizes begins at 20, where the {narrow} picture has 20 x 12 pixels, but pocket_vgg needs at least "
        f"16 on each side for block5_conv1: begin at 25 or more."
    )
    assert "begin at 25" in refusal(lambda: nst.transfer_style(**pictures, sizes=[24, 48], **run))
    assert nst.transfer_style(**pictures, sizes=[25, 48], **run).settings["sizes"] == [25, 48]


@pytest.mark.fast
def test_a_network_asked_for_features_says_how_large_is_large_enough(pocket: FeatureNetwork) -> None:
    narrow = picture(10, 41)
    message = refusal(lambda: pocket.features(narrow, ["block5_conv1"]))
    assert message == (
        "The image is 41 x 10 pixels, but pocket_vgg needs at least 16 on each side for block5_conv1: bring "
        "its longer side to 64 or more."
    )
    pocket.features(nst.resize(narrow, 64), ["block5_conv1"])
    refusal(lambda: pocket.features(nst.resize(narrow, 63), ["block5_conv1"]))


# --- while it runs ------------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "gradient_descent", "scipy"])
def test_the_callback_and_the_snapshots_see_the_chosen_iterations(paint: Recipe, optimizer: str) -> None:
    seen: list[Progress] = []
    result = paint(
        sizes=[24, 48], iterations=3, snapshots=[2, 4, 6], callback=seen.append, optimizer=optimizer
    )
    assert [(now.size, now.iteration, now.iterations) for now in seen] == [
        (size, i, 3) for size in (24, 48) for i in (1, 2, 3)
    ]
    assert sorted(result.snapshots) == [2, 4, 6]
    assert [result.snapshots[k].shape[1] for k in (2, 4, 6)] == [24, 48, 48]
    np.testing.assert_array_equal(result.snapshots[4], seen[3].image())
    assert np.abs(result.snapshots[4] - result.snapshots[6]).max() > 0
    assert not paint(iterations=1, optimizer=optimizer).snapshots


@pytest.mark.fast
@pytest.mark.parametrize(
    ("snapshots", "says"), [([9], "only 4"), ([0], "snapshots is 0"), (3, "snapshots is 3"), (["a"], "'a'")]
)
def test_snapshots_that_cannot_be_are_refused(paint: Recipe, snapshots: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        paint(snapshots=snapshots)


def test_the_bar_says_how_much_time_is_left(
    paint: Recipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    paint(progress=True, sizes=[24, 48], iterations=8)
    text = terminal.getvalue()
    assert "style transfer" in text and "left: 00:" in text and "48 px, loss" in text
    terminal.truncate(0)
    paint(progress=False)
    printed = capsys.readouterr()
    assert not terminal.getvalue().strip("\0") and not printed.out and not printed.err


def test_an_interruption_returns_the_best_so_far_at_full_size(paint: Recipe) -> None:
    for size, iteration in ((24, 2), (48, 3)):
        result = paint(sizes=[24, 48], callback=stop_at(size, iteration))
        assert result.image.shape == PHOTO.shape
        assert result.history.stopped == f"interrupted after {iteration} iterations"
        assert result.history.rows[-1]["size"] == size
    same = paint(sizes=[24, 48], iterations=[4, 3])  # stopped after the third of four
    np.testing.assert_allclose(result.image, same.image, atol=1e-6)


def test_an_interruption_while_targets_are_computed_loses_nothing(
    paint: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_48(look: Look, net: Any, here: np.ndarray, *rest: Any) -> Any:
        if here.shape[1] == 48:
            raise KeyboardInterrupt
        return original(look, net, here, *rest)

    original = Look.content_terms
    monkeypatch.setattr(Look, "content_terms", at_48)
    result = paint(sizes=[24, 48], start="content")
    assert "before the first iteration at 48 px" in result.history.stopped
    assert result.image.shape == PHOTO.shape
    coarse = paint(nst.resize(PHOTO, 24), style_size=24, start="content").image
    np.testing.assert_allclose(result.image, nst.resize(coarse, (48, 48)), atol=1e-3)


def test_a_diverging_run_warns_and_returns_something_finite(paint: Recipe) -> None:
    with pytest.warns(RuntimeWarning, match="lower the learning rate"):
        result = paint(optimizer="gradient_descent", learning_rate=1e9, iterations=10)
    assert np.isfinite(result.image).all()


# --- too little memory --------------------------------------------------------------------------------


class Exhausted(RuntimeError):
    """As JAX and PyTorch say it."""

    def __init__(self) -> None:
        super().__init__("RESOURCE_EXHAUSTED: Out of memory allocating 12345 bytes.")


@pytest.mark.parametrize("kind", [MemoryError, Exhausted])
def test_sizes_that_were_finished_are_kept_when_memory_runs_out(
    paint: Recipe, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def at_48(look: Look, net: Any, here: np.ndarray, *rest: Any) -> Any:
        if here.shape[1] == 48:
            raise kind()
        return original(look, net, here, *rest)

    original = Look.content_terms
    monkeypatch.setattr(Look, "content_terms", at_48)
    with pytest.warns(
        RuntimeWarning, match="not enough memory for 48 pixels: the best image so far, of 24 pix"
    ):
        result = paint(sizes=[24, 48], start="content")
    assert result.history.stopped == "out of memory at 48 px; the best image of 24 px is returned"
    coarse = paint(nst.resize(PHOTO, 24), style_size=24, start="content").image
    np.testing.assert_allclose(result.image, coarse, atol=1e-3)
    assert result.making is not None and result.making.cut_short == result.history.stopped


@pytest.mark.parametrize("optimizer", ["lbfgs", "scipy"])
def test_iterations_that_were_finished_are_kept_too(paint: Recipe, optimizer: str) -> None:
    def fail(now: Progress) -> None:
        if now.iteration == 3:
            raise Exhausted

    with pytest.warns(RuntimeWarning, match="the best image so far, of 48 pixels, is returned"):
        result = paint(callback=fail, optimizer=optimizer)
    np.testing.assert_allclose(result.image, paint(iterations=3, optimizer=optimizer).image, atol=1e-6)


def test_memory_that_is_too_little_for_anything_is_one_sentence(
    paint: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise Exhausted

    monkeypatch.setattr(Look, "content_terms", fail)
    with pytest.raises(MemoryError) as error:
        paint(sizes=[24, 48])
    assert str(error.value).startswith("There is not enough memory for 24 pixels: choose a smaller size")


def test_a_run_that_went_on_from_its_checkpoint_keeps_that_when_memory_runs_out(
    paint: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run.npz"
    short = paint(iterations=2, checkpoint=file)

    def fail(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(Look, "content_terms", fail)
    with pytest.warns(RuntimeWarning, match="not enough memory"):
        result = paint(iterations=4, checkpoint=file)
    np.testing.assert_array_equal(result.image, short.image)


def test_an_interruption_after_the_last_iteration_loses_nothing(
    paint: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def interrupted(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return original(*arguments)

    original = loop.finished
    monkeypatch.setattr(loop, "finished", interrupted)
    result = paint()
    assert len(calls) == 2
    np.testing.assert_array_equal(result.image, paint().image)


# --- checkpoints --------------------------------------------------------------------------------------

TWO_SIZES: dict[str, Any] = {"sizes": [24, 48], "iterations": 6, "snapshots": [3, 8, 11], "start": "noise"}


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize(("size", "iteration"), [(24, 4), (24, 6), (48, 3)])
def test_a_run_goes_on_from_its_checkpoint_to_the_same_end(
    paint: Recipe, tmp_path: Path, optimizer: str, size: int, iteration: int
) -> None:
    file = tmp_path / "run.npz"
    run = {**TWO_SIZES, "optimizer": optimizer}
    whole = paint(**run)
    paint(**run, checkpoint=file, callback=stop_at(size, iteration))
    rest = paint(**run, checkpoint=file)
    np.testing.assert_allclose(rest.image, whole.image, atol=1e-6)
    np.testing.assert_allclose(rest.history.column("total"), whole.history.column("total"), rtol=1e-5)
    assert [r["evaluation"] for r in rest.history.rows] == list(range(1, len(whole.history) + 1))
    assert sorted(rest.snapshots) == [3, 8, 11]
    for k, image in whole.snapshots.items():
        np.testing.assert_allclose(rest.snapshots[k], image, atol=1e-6)


def test_an_interruption_within_an_iteration_does_not_double_the_history(
    paint: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, add = tmp_path / "run.npz", nst.History.add

    def interrupting(self: nst.History, *row: Any) -> None:
        add(self, *row)
        if row[:2] == (4, 48):
            raise KeyboardInterrupt

    whole = paint(**TWO_SIZES)
    with monkeypatch.context() as patch:
        patch.setattr(nst.History, "add", interrupting)
        paint(**TWO_SIZES, checkpoint=file)
    rest = paint(**TWO_SIZES, checkpoint=file)
    np.testing.assert_allclose(rest.image, whole.image, atol=1e-6)
    np.testing.assert_allclose(rest.history.column("total"), whole.history.column("total"), rtol=1e-5)


def test_a_run_that_was_killed_goes_on_from_the_last_checkpoint(paint: Recipe, tmp_path: Path) -> None:
    def die(now: Progress) -> None:
        if now.size == 48 and now.iteration == 5:
            raise ValueError("mine")

    file = tmp_path / "run.npz"
    with pytest.raises(ValueError, match="mine"):
        paint(**TWO_SIZES, checkpoint=file, checkpoint_every=2, callback=die)
    seen: list[Progress] = []
    rest = paint(**TWO_SIZES, checkpoint=file, callback=seen.append)
    assert [(now.size, now.iteration) for now in seen] == [(48, 5), (48, 6)]
    np.testing.assert_allclose(rest.image, paint(**TWO_SIZES).image, atol=1e-6)


def test_a_finished_checkpoint_returns_the_same_without_an_evaluation(paint: Recipe, tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    done = paint(**TWO_SIZES, checkpoint=file)
    again = paint(**TWO_SIZES, checkpoint=str(file), callback=stop_at(48, 1))
    np.testing.assert_array_equal(again.image, done.image)
    assert again.history.rows == done.history.rows and sorted(again.snapshots) == [3, 8, 11]
    assert list(tmp_path.iterdir()) == [file]


def test_a_finished_run_can_be_made_longer(paint: Recipe, tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    paint(iterations=3, checkpoint=file)
    longer = paint(iterations=8, checkpoint=file)
    np.testing.assert_allclose(longer.image, paint(iterations=8).image, atol=1e-6)


def test_a_checkpoint_in_the_home_folder_is_found_again(
    paint: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    done = paint(iterations=2, checkpoint="~/run.npz")
    again = paint(iterations=2, checkpoint="~/run.npz")
    assert (tmp_path / "run.npz").is_file() and again.history.rows == done.history.rows


def test_the_checkpoint_of_another_run_is_refused(paint: Recipe, tmp_path: Path) -> None:
    file = tmp_path / "run.npz"
    paint(iterations=1, checkpoint=file)
    before = file.read_bytes()
    others: list[dict[str, Any]] = [
        {"content": picture(seed=5)},
        {"style": picture(seed=5)},
        {"style_weight": 2.0},
        {"content_layers": "block3_conv1"},
        {"style_size": 32},
        {"formula": "mse"},
        {"variation": "absolute"},
        {"seed": 1},
        {"start": "noise"},
        {"sizes": [24, 48]},
        {"optimizer": "adam"},
        {"history_size": 3},
        {"network": load_network("pocket_vgg", weights="random")},
        {"network": load_network("pocket_vgg", weights="random", seed=1)},
        {"network": load_network("pocket_vgg", pooling="max")},
        {"network": load_network("pocket_vgg", dtype="bfloat16")},
    ]
    for other in others:
        with pytest.raises(ValueError, match="checkpoint of another run"):
            paint(**{"iterations": 1, "checkpoint": file, **other})
    assert file.read_bytes() == before
    paint(iterations=1, checkpoint=file, network="pocket_vgg", content_layers="conv3_2")  # is the same run


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 broken", None, "half", "array"])
def test_a_file_that_is_no_checkpoint_is_refused_and_left_alone(
    paint: Recipe, tmp_path: Path, content: Any
) -> None:
    file = tmp_path / "run.npz"
    if content is None:
        np.savez(file, weights=np.zeros(3))
    elif content == "half":
        paint(iterations=1, checkpoint=file)
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif content == "array":
        np.save(tmp_path / "run.npy", np.zeros(3))
        (tmp_path / "run.npy").rename(file)
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="not a readable checkpoint"):
        paint(checkpoint=file)
    assert file.read_bytes() == before


def test_a_place_where_no_checkpoint_can_be_is_refused_before_the_run(paint: Recipe, tmp_path: Path) -> None:
    seen: list[Progress] = []
    (tmp_path / "file").write_text("x")
    for place, kind in (
        (tmp_path, IsADirectoryError),
        (tmp_path / "no" / "run.npz", FileNotFoundError),
        (tmp_path / "file" / "run.npz", NotADirectoryError),
        (5, ValueError),
        ("", OSError),
    ):
        with pytest.raises(kind) as error:
            paint(checkpoint=place, callback=seen.append)
        assert "\n" not in str(error.value)
    assert not seen
    with pytest.raises(ValueError, match="takes no checkpoint"):
        paint(checkpoint=tmp_path / "run.npz", optimizer="scipy")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_disk_that_fills_up_costs_neither_the_run_nor_the_older_checkpoint(
    paint: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, savez, written = tmp_path / "run.npz", np.savez, []

    def full(target: Any, **arrays: Any) -> None:
        written.append(int(arrays["iteration"]))
        if len(written) > 1:
            target.write(b"some of it")
            raise OSError(errno.ENOSPC, "No space left on device")
        savez(target, **arrays)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.np, "savez", full)
        with pytest.warns(RuntimeWarning, match="No space left on device"):
            result = paint(iterations=6, checkpoint=file, checkpoint_every=2)
    np.testing.assert_allclose(result.image, paint(iterations=6).image, atol=1e-6)
    assert written == [2, 4, 6] and list(tmp_path.iterdir()) == [file]
    seen: list[Progress] = []
    paint(iterations=6, checkpoint=file, callback=seen.append)
    assert [now.iteration for now in seen] == [3, 4, 5, 6]


def test_check_target_leaves_nothing_behind(tmp_path: Path) -> None:
    foundation.check_target(tmp_path / "run.npz")
    assert not list(tmp_path.iterdir())


# --- the two reconstructions --------------------------------------------------------------------------


def test_deep_layers_are_harder_to_invert() -> None:
    photo = nst.load_image("cat", 64)
    shallow, deep = (
        nst.reconstruct_content("cat", layer, size=64, iterations=60, progress=False).image
        for layer in ("block1_conv1", "block4_conv2")
    )
    assert nst.psnr(shallow, photo) > nst.psnr(deep, photo) + 3
    assert nst.psnr(shallow, photo) > 25


def test_a_texture_has_the_shape_asked_for(pocket: FeatureNetwork) -> None:
    options = {"network": pocket, "iterations": 1, "progress": False}
    assert nst.reconstruct_style(STYLE, shape=(20, 70), **options).image.shape == (1, 20, 70, 3)
    assert nst.reconstruct_style(STYLE, shape=np.array([20, 24]), **options).image.shape == (1, 20, 24, 3)
    assert nst.reconstruct_style(picture(30, 40), **options).image.shape == (1, 30, 40, 3)
    for shape in (64, (64,), (0, 64), (64, 64, 3), "64x64", (32.5, 20)):
        with pytest.raises(ValueError, match="shape is"):
            nst.reconstruct_style(STYLE, shape=shape, **options)


def test_a_texture_has_the_gram_matrices_of_its_picture() -> None:
    result = nst.reconstruct_style("swirls", "block2_conv1", size=48, iterations=60, progress=False)
    assert result.history.best()[-1] < 0.02 * result.history.rows[0]["total"]


@pytest.mark.fast
def test_layers_go_by_keras_name_paper_name_or_number(pocket: FeatureNetwork) -> None:
    options = {"network": pocket, "iterations": 2, "progress": False}
    forms: list[Any] = [
        "block2_conv2",
        "conv2_2",
        4,
        np.int64(4),
        ["conv2_2"],
        (4,),
        {4: 1},
        {"conv2_2": 1.0},
    ]
    results = [nst.reconstruct_content(PHOTO, form, **options) for form in forms]
    for result in results:
        np.testing.assert_allclose(result.image, results[0].image, atol=1e-6)
        assert result.history.names == ["content block2_conv2"]
        assert result.settings["layer"] == {"block2_conv2": 1.0}


@pytest.mark.fast
def test_layer_weights_and_the_weights_of_the_parts_multiply(paint: Recipe) -> None:
    result = paint(content_layers={4: 3}, style_layers={1: 1, 3: 2}, content_weight=0.5, iterations=1)
    assert result.history.names == [
        "content block2_conv2",
        "style block1_conv1",
        "style block2_conv1",
        "variation squared",
    ]
    single = paint(content_layers={4: 3}, style_layers={1: 1, 3: 1}, content_weight=0.5, iterations=1)
    rows = result.history.rows[0], single.history.rows[0]
    assert rows[0]["style block2_conv1"] == pytest.approx(2 * rows[1]["style block2_conv1"], rel=1e-5)
    assert rows[0]["style block1_conv1"] == pytest.approx(rows[1]["style block1_conv1"], rel=1e-5)


def test_a_network_goes_by_name_or_as_it_is(paint: Recipe) -> None:
    np.testing.assert_allclose(paint(network="pocket_vgg").image, paint().image, atol=1e-6)
    assert (
        paint(network=load_network("vgg16", weights="random"), iterations=1).making.recipe == "transfer_style"
    )


# --- what pictures may be -----------------------------------------------------------------------------


@pytest.mark.fast
def test_pictures_may_be_files_arrays_or_pil(paint: Recipe, tmp_path: Path) -> None:
    nst.save_image(PHOTO, tmp_path / "photo.png")
    bytes_ = nst.images.to_uint8(PHOTO)
    usual = paint(bytes_, iterations=2).image
    for same in (tmp_path / "photo.png", str(tmp_path / "photo.png"), Image.fromarray(bytes_), bytes_[None]):
        np.testing.assert_allclose(paint(same, iterations=2).image, usual, atol=1e-6)


@pytest.mark.fast
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0], ids=["black", "grey", "white"])
def test_flat_pictures_stay_finite(pocket: FeatureNetwork, level: float) -> None:
    flat = np.full((1, 48, 48, 3), level, "float32")
    options = {"network": pocket, "iterations": 3, "progress": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for result in (
            nst.transfer_style(flat, STYLE, **options),
            nst.transfer_style(PHOTO, flat, **options),
            nst.transfer_style(flat, flat, **options),
            nst.reconstruct_content(flat, **options),
            nst.reconstruct_style(flat, **options),
        ):
            assert np.isfinite(result.image).all()
            assert np.isfinite(result.history.column("total")).all()


@pytest.mark.fast
def test_a_style_of_one_pixel_is_a_colour(paint: Recipe) -> None:
    assert np.isfinite(paint(style=np.full((1, 1, 1, 3), 0.7), iterations=1).image).all()


# --- compiled once ------------------------------------------------------------------------------------


def test_thirty_runs_of_one_size_compile_once() -> None:
    net = load_network("pocket_vgg")
    options = {"network": net, "iterations": 1, "progress": False}
    for k in range(30):
        style = STYLE[:, : 32 + k % 5, :32]  # a style of another size is no other computation
        nst.transfer_style(
            PHOTO[:, :32, :32],
            style,
            style_weight=1 + k,
            seed=k,
            start=("content", "noise")[k % 2],
            **options,
        )
    assert [step.traces for step in net.steps.values()] == [1]


# --- bad input ----------------------------------------------------------------------------------------

NAN = PHOTO.copy()
NAN[0, 3, 4, 0] = np.nan

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "NaN in the content": ({"content": NAN}, "NaN or infinite"),
    "NaN in the style": ({"style": NAN}, "NaN or infinite"),
    "content of the wrong shape": ({"content": PHOTO[0, ..., :2]}, "shape"),
    "style without colours": ({"style": PHOTO[0, ..., 0]}, "grey picture"),
    "content from 0 to 255 as floats": ({"content": PHOTO * 255}, "divide it by 255"),
    "style below 0": ({"style": STYLE - 1}, "must lie in"),
    "NaN in the start": ({"start": NAN}, "NaN or infinite"),
    "no such file": ({"content": "no-such-file.jpg"}, "no file"),
    "unknown sample": ({"style": "swirlz"}, "did you mean the sample 'swirls'"),
    "one pixel": ({"content": np.zeros((1, 1, 3))}, "1 x 1 pixels"),
    "smaller than the network allows": ({"content": picture(12, 48)}, "at least 16"),
    "narrow style": ({"style": picture(4, 48)}, "style picture has 48 x 4"),
    "negative content weight": ({"content_weight": -1}, "content weight is -1"),
    "negative style weight": ({"style_weight": -0.5}, "style weight is -0.5"),
    "negative variation weight": ({"variation_weight": -2}, "variation weight is -2"),
    "NaN weight": ({"style_weight": float("nan")}, "style weight is nan"),
    "weight in words": ({"content_weight": "much"}, "content weight is 'much'"),
    "all weights 0": ({"content_weight": 0, "style_weight": 0, "variation_weight": 0}, "every weight is 0"),
    "negative layer weight": ({"style_layers": {"block1_conv1": -1}}, "style layer block1_conv1"),
    "all layer weights 0": ({"content_layers": {"block1_conv1": 0}}, "content layers are 0"),
    "no layers": ({"style_layers": []}, "at least one"),
    "a layer twice": ({"style_layers": ["block1_conv1", "conv1_1"]}, "twice"),
    "unknown layer": ({"content_layers": "block4_conv9"}, "did you mean 'block4_conv"),
    "unknown style layer": ({"style_layers": ["blok1_conv1"]}, "did you mean 'block1_conv1'"),
    "layer 0": ({"content_layers": 0}, "no 0"),
    "layer 17": ({"style_layers": [17]}, "1 to 16"),
    "layers of no kind": ({"style_layers": 3.5}, "3.5"),
    "layer of no kind": ({"style_layers": [None]}, "None"),
    "unknown network": ({"network": "pocket_vg"}, "did you mean 'pocket_vgg'"),
    "unknown option of a network": ({"network": {"nmae": "vgg19"}}, "did you mean 'name'"),
    "network of no kind": ({"network": None}, "Unknown network None"),
    "unknown optimiser": ({"optimizer": "lbgfs"}, "did you mean 'lbfgs'"),
    "optimiser of no kind": ({"optimizer": None}, "Unknown optimizer None"),
    "unknown formula": ({"formula": "gatis"}, "did you mean 'gatys'"),
    "unknown variation": ({"variation": "absolut", "variation_weight": 0}, "did you mean 'absolute'"),
    "misspelt keyword of the recipe": ({"style_wieght": 2}, "did you mean 'style_weight'"),
    "misspelt keyword of the run": ({"iteration": 2}, "did you mean 'iterations'"),
    "option of another optimiser": ({"learning_rate": 0.1}, "Unknown option of a run with lbfgs"),
    "bad value of an option": ({"optimizer": "adam", "learning_rate": -1}, "learning_rate is -1"),
    "iterations 0": ({"iterations": 0}, "iterations is 0"),
    "iterations negative": ({"iterations": -5}, "iterations is -5"),
    "iterations with a fraction": ({"iterations": 2.5}, "iterations is 2.5"),
    "iterations in words": ({"iterations": "many"}, "iterations is 'many'"),
    "iterations None": ({"iterations": None}, "iterations is None"),
    "one of the iterations 0": ({"iterations": [0]}, "iterations is 0"),
    "size 0": ({"size": 0}, "size must be a positive"),
    "size negative": ({"size": -48}, "size must be a positive"),
    "size with a fraction": ({"size": 48.5}, "size must be a positive"),
    "size in words": ({"size": "48"}, "size must be a positive"),
    "style_size 0": ({"style_size": 0}, "style_size is 0"),
    "style_size negative": ({"style_size": -1}, "style_size is -1"),
    "style_size in words": ({"style_size": "big"}, "style_size is 'big'"),
    "style_size too small": ({"style_size": 8}, "8 x 8 at style_size=8"),
    "seed negative": ({"seed": -1}, "seed is -1"),
    "seed in words": ({"seed": "x"}, "seed is 'x'"),
    "callback that cannot be called": ({"callback": 3}, "callback is 3"),
    "checkpoint_every 0": ({"checkpoint_every": 0}, "checkpoint_every is 0"),
}


@pytest.mark.fast
@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_sentence_and_writes_nothing(
    paint: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.chdir(tmp_path)
    keywords, says = BAD[case]
    with pytest.raises((ValueError, OSError)) as error:
        paint(**{"checkpoint": "run.npz", **keywords})
    assert says in str(error.value)
    assert "\n" not in str(error.value) and str(error.value).endswith((".", "?"))
    assert not list(tmp_path.iterdir())


@pytest.mark.fast
@pytest.mark.parametrize("recipe", [nst.reconstruct_content, nst.reconstruct_style])
@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"size": 0}, "size must be"),
        ({"iterations": 0}, "iterations is 0"),
        ({"formula": "gatis"}, "gatys"),
        ({"variation": "x"}, "squared, absolute"),
        ({"variation_weight": -1}, "variation weight is -1"),
        ({"start": "nois"}, "did you mean 'noise'"),
        ({"varation_weight": 1}, "did you mean 'variation_weight'"),
        ({"network": "pocket"}, "did you mean 'pocket_vgg'"),
    ],
)
def test_the_reconstructions_refuse_bad_input_too(
    recipe: Recipe, keywords: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        recipe(PHOTO, progress=False, **keywords)


@pytest.mark.fast
def test_a_picture_of_no_kind_gets_one_sentence(paint: Recipe) -> None:
    for content in (None, 5, object()):
        with pytest.raises(TypeError, match="give a file, a sample name"):
            paint(content=content)


def test_an_error_of_the_callback_is_not_swallowed(paint: Recipe) -> None:
    def fail(now: Progress) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        paint(callback=fail)


# --- exciting images ---------------------------------------------------------------------------------


def response(net: FeatureNetwork, image: np.ndarray, layer: str) -> np.ndarray:
    """Mean response of every channel, shape (N,)."""
    return np.asarray(net.features(image, [layer])[layer])[0].mean((0, 1))


def test_an_exciting_image_excites_its_channel_more_than_any_photograph_does(pocket: FeatureNetwork) -> None:
    layer, channel = "block3_conv3", 7
    result = nst.excite(layer, channel, network=pocket, size=64, iterations=20, progress=False)
    assert result.image.shape == (1, 64, 64, 3) and result.settings["sizes"] == [32, 64]
    found = response(pocket, result.image, layer)
    seen = [response(pocket, nst.load_image(name, 64), layer) for name in nst.samples.names("photo")]
    assert found[channel] > 2 * np.max(seen, 0)[channel]
    # Another channel may answer more loudly to the same image, but each has its own that it answers to most.
    other = int(np.mean(seen, 0).argmax())
    assert other != channel
    theirs = nst.excite(layer, other, network=pocket, size=64, iterations=20, progress=False).image
    answers = response(pocket, theirs, layer)
    assert answers[other] > found[other] and found[channel] > answers[channel]
    assert result.history.rows[-1]["excite block3_conv3"] == pytest.approx(-np.log(found[channel]), abs=0.1)


def test_exciting_images_follow_their_seed_and_compile_once_for_all_channels() -> None:
    net = load_network()
    options = {"network": net, "size": 32, "iterations": 3, "progress": False}
    first, again = (nst.excite("conv2_1", 0, **options).image for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, nst.excite("conv2_1", 0, seed=1, **options).image)
    assert not np.allclose(first, nst.excite("conv2_1", 1, **options).image)
    assert [step.traces for step in net.behinds["muted"].steps.values()] == [1]


def test_a_smoother_prior_gives_a_smoother_image(pocket: FeatureNetwork) -> None:
    rough, smooth = (
        nst.excite(5, 3, network=pocket, size=32, iterations=15, variation_weight=weight, progress=False)
        for weight in (0.0, 200.0)
    )
    variation = [float(np.square(np.diff(r.image, axis=1)).mean()) for r in (rough, smooth)]
    assert variation[1] < 0.5 * variation[0]


def test_a_channel_that_stays_silent_warns() -> None:
    net = load_network()
    layer = net.model.get_layer("block1_conv1")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias - 1000])
    with pytest.warns(RuntimeWarning, match="Channel 2 of block1_conv1 stayed silent"):
        result = nst.excite("block1_conv1", 2, network=net, size=32, iterations=2, progress=False)
    assert np.isfinite(result.image).all()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"channel": 32}, "block2_conv1 of pocket_vgg has channels 0 to 31, not 32."),
        ({"channel": True}, "not True"),
        ({"layer": "block2_conv9"}, "Unknown layer"),
        ({"size": 8, "layer": 16}, "needs at least 16"),
        ({"start": "content"}, "There is no content and no style picture here"),
        ({"itrations": 3}, "did you mean 'iterations'"),
    ],
)
def test_what_cannot_be_excited_is_refused(
    pocket: FeatureNetwork, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        nst.excite(**{"layer": "block2_conv1", "channel": 0, "network": pocket, **options})


def test_an_interrupted_excitation_without_a_single_row_gives_back_its_start(pocket: FeatureNetwork) -> None:
    class Interrupted(FeatureNetwork):
        def cut(self, layers: Any) -> Any:
            raise KeyboardInterrupt

    net = Interrupted("pocket", pocket.plan, pocket.model)
    result = nst.excite("block2_conv1", 0, network=net, size=32, progress=False)
    assert result.image.shape == (1, 32, 32, 3) and not len(result.history)
    assert result.history.stopped.startswith("interrupted")


def test_a_checkpoint_of_another_change_before_the_same_network_is_refused(
    pocket: FeatureNetwork, tmp_path: Path
) -> None:
    """Every lambda has the same name, and the weights behind it are the same."""
    options = {"size": 32, "iterations": 2, "progress": False, "checkpoint": tmp_path / "run.npz"}
    half, other = pocket.behind(lambda x: x / 2), pocket.behind(lambda x: x / 3)
    nst.excite("block2_conv1", 0, network=half, **options)
    nst.excite("block2_conv1", 0, network=pocket.behind(lambda x: x / 2), **options)  # goes on from there
    with pytest.raises(ValueError, match="checkpoint of another run"):
        nst.excite("block2_conv1", 0, network=other, **options)


# --- colours of exciting pictures ---------------------------------------------------------------------


def test_muted_colours_stay_colours_and_greys_stay_greys() -> None:
    image = np.random.default_rng(0).random((1, 8, 8, 3), dtype="float32")
    calm = nst.autodiff.numpy(exciting.muted(image))
    assert calm.min() >= 0 and calm.max() <= 1
    assert np.ptp(calm, axis=-1).mean() < 0.7 * np.ptp(image, axis=-1).mean()
    np.testing.assert_allclose(calm.mean(-1), image.mean(-1), atol=1e-6)
    grey = np.repeat(image[..., :1], 3, axis=-1)
    np.testing.assert_allclose(nst.autodiff.numpy(exciting.muted(grey)), grey, atol=1e-6)
    np.testing.assert_allclose(exciting.vivid(calm), image, atol=1e-4)


def test_an_exciting_picture_is_shown_as_it_is_returned(pocket: FeatureNetwork) -> None:
    seen: list[np.ndarray] = []
    run: dict[str, Any] = {"network": pocket, "size": 32, "iterations": 3, "progress": False}
    calm = nst.resize(nst.load_image("coffee", 64), (32, 32)) * 0.2 + 0.4
    result = nst.excite(
        "block2_conv1", 3, start=calm, callback=lambda now: seen.append(now.image()), snapshots=[1, 3], **run
    )
    assert any(np.allclose(image, result.image, atol=1e-6) for image in seen)
    np.testing.assert_allclose(seen[0], result.snapshots[1], atol=1e-6)
    assert np.abs(seen[0] - calm).mean() < 0.1, "the start is the picture that was given"
