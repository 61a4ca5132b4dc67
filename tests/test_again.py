"""making.py and again.py: a result, and the PNG it was saved as, makes itself again, to the bit."""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

import nstlib as nst
from nstlib import again, images, making, recipes
from nstlib.networks import FeatureNetwork, load_network
from nstlib.optimizers import option_names
from nstlib.optimizers.line_search import StrongWolfe

QUICK: dict[str, Any] = {"size": 32, "iterations": 3, "progress": False}

# A run of every recipe, with as much as possible unlike the defaults.
RUNS: dict[str, tuple[Callable[..., nst.Result], tuple[str, ...], dict[str, Any]]] = {
    "transfer_style": (nst.transfer_style, ("cat", "swirls"), {}),
    "another transfer": (
        nst.transfer_style,
        ("cat", "swirls"),
        {
            "network": {"name": "vgg16", "weights": "random", "seed": 3, "pooling": "max"},
            "style_size": 40,
            "style_layers": {"conv1_1": 0.3, 3: 1},
            "content_layers": "conv2_1",
            "content_weight": np.float32(0.1),
            "sizes": (16, 32),
            "iterations": [2, np.int64(3)],
            "start": "noise",
            "seed": 5,
            "variation": "absolute",
            "formula": "mse",
            "history_size": 3,
            "search": StrongWolfe(most=7),
        },
    ),
    "reconstruct_content": (nst.reconstruct_content, ("cat",), {"layer": 4, "optimizer": "adam"}),
    "reconstruct_style": (nst.reconstruct_style, ("swirls",), {"shape": (24, 40), "optimizer": "scipy"}),
    "excite": (nst.excite, (), {"layer": "conv2_1", "channel": 3, "sizes": "single"}),
}


@pytest.fixture(scope="module", params=RUNS)
def made(request: pytest.FixtureRequest) -> nst.Result:
    recipe, pictures, keywords = RUNS[request.param]
    return recipe(*pictures, **QUICK | keywords)


@pytest.fixture(scope="module")
def cat() -> nst.Result:
    return nst.transfer_style("cat", "swirls", **QUICK)


def strictly(run: Callable[[], nst.Result]) -> nst.Result:
    """The result of a run that has nothing to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return run()


# --- the same to the bit ------------------------------------------------------------------------------


def test_the_settings_are_keywords_of_the_recipe_which_make_the_same_image(made: nst.Result) -> None:
    assert made.making is not None
    recipe = getattr(recipes, made.making.recipe)
    known = {*recipes.parameters(recipe), *(f.name for f in dataclasses.fields(recipes.RunOptions))}
    assert set(made.settings) <= known | set(option_names(made.settings["optimizer"]))
    assert {*recipes.parameters(recipe)} - {"content", "style"} <= set(made.settings)
    assert json.loads(json.dumps(made.settings)) == made.settings
    same = strictly(lambda: recipe(**made.sources, **made.settings, progress=False))
    np.testing.assert_array_equal(same.image, made.image)
    assert same.settings == made.settings


def test_a_result_and_its_png_repeat_themselves_to_the_bit(made: nst.Result, tmp_path: Path) -> None:
    made.save(tmp_path / "first.png")
    for number, source in enumerate((made, tmp_path / "first.png", str(tmp_path / "first.png"))):
        same = strictly(lambda source=source: nst.repeat(source, progress=False))  # type: ignore[misc]
        np.testing.assert_array_equal(same.image, made.image)
        same.save(tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").read_bytes() == (tmp_path / "first.png").read_bytes()


def test_a_png_says_how_it_was_made_and_other_formats_hold_the_picture_alone(
    cat: nst.Result, tmp_path: Path
) -> None:
    for suffix in images.FORMATS:
        cat.save(tmp_path / f"out{suffix}")
        if suffix == ".png":
            assert making.read(tmp_path / "out.png") == cat.making
        else:
            with pytest.raises(ValueError, match="does not say how it was made"):
                making.read(tmp_path / f"out{suffix}")


def test_pictures_are_noted_without_their_folders(tmp_path: Path) -> None:
    file = tmp_path / "a photo.png"
    nst.save_image(nst.load_image("cat", 32), file)
    result = nst.transfer_style(file, nst.load_image("swirls", 32), **QUICK)
    assert result.making is not None
    content, style = result.making.pictures["content"], result.making.pictures["style"]
    assert (content.name, style.name) == ("a photo.png", "")
    assert (content.height, content.width) == result.image.shape[1:3]
    assert str(tmp_path) not in json.dumps(result.making.to_text())


# --- with changes -------------------------------------------------------------------------------------


def test_what_followed_from_a_changed_size_follows_again(cat: nst.Result) -> None:
    larger = nst.repeat(cat, size=40, progress=False)
    np.testing.assert_array_equal(
        larger.image, nst.transfer_style("cat", "swirls", **QUICK | {"size": 40}).image
    )
    assert (larger.settings["size"], larger.settings["style_size"], larger.settings["sizes"]) == (
        40,
        40,
        [40],
    )
    back = nst.repeat(larger, size=32, progress=False)
    np.testing.assert_array_equal(back.image, cat.image)


def test_iterations_that_nobody_chose_are_written_out_and_found_anew_with_other_sizes(tmp_path: Path) -> None:
    first = nst.transfer_style("cat", "swirls", size=48, sizes=[24, 48], optimizer="adam", progress=False)
    first.save(tmp_path / "first.png")
    assert first.settings["iterations"] == [50, 30]
    same = strictly(lambda: nst.repeat(tmp_path / "first.png", progress=False))
    np.testing.assert_array_equal(same.image, first.image)
    for made in (first.making, same.making, making.read(tmp_path / "first.png")):
        assert made is not None and made.keywords({"seed": 1}, ())["iterations"] == [50, 30]
        for changes in ({"size": 512}, {"sizes": "single"}, {"sizes": [24, 32, 48]}):
            assert "iterations" not in made.keywords(changes, ())
        assert made.keywords({"sizes": "single", "iterations": 7}, ())["iterations"] == 7
    assert nst.repeat(first, sizes="single", progress=False).settings["iterations"] == [100]


def test_what_was_chosen_stays_when_the_size_changes() -> None:
    chosen = {"style_size": 24, "sizes": "single"}
    first = nst.transfer_style("cat", "swirls", **QUICK | chosen)
    larger = nst.repeat(first, size=300, iterations=1, progress=False)
    assert (larger.settings["style_size"], larger.settings["sizes"]) == (24, [300])


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        ({"seed": 9}, {"seed": 9, "size": 32}),
        ({"iterations": 1}, {"iterations": [1]}),
        ({"sizes": [24, 32]}, {"sizes": [24, 32], "iterations": [3, 3]}),
        ({"optimizer": "gradient_descent"}, {"optimizer": "gradient_descent", "iterations": [3]}),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_change_replaces_one_setting(changes: dict[str, Any], settings: dict[str, Any]) -> None:
    made = nst.transfer_style("cat", "swirls", **QUICK, optimizer="adam", learning_rate=0.05)
    result = nst.repeat(made, **changes, progress=False)
    assert result.settings.items() >= settings.items()


def test_another_network_has_its_own_usual_layers(cat: nst.Result) -> None:
    assert cat.making is not None
    keywords = cat.making.keywords({"network": "mobilenet_v2"}, ())
    assert keywords["network"] == "mobilenet_v2"
    assert not keywords.keys() & {"content_layers", "style_layers"}
    assert cat.making.keywords({"seed": 1}, ()).keys() >= {"content_layers", "style_layers"}


def test_the_network_of_a_record_takes_some_of_its_keywords_anew(cat: nst.Result) -> None:
    how = cat.making
    assert how is not None and again.network_changed(how, {}) is None
    assert again.network_changed(how, {"seed": 4}) is None  # there is nothing random about the weights
    usual = {"name": "pocket_vgg", "weights": "pretrained", "dtype": "float32", "pooling": "average"}
    assert again.network_changed(how, {"pooling": "max"}) == usual | {"pooling": "max"}
    assert again.network_changed(how, {"name": "vgg19"}) == {"name": "vgg19"}
    changed = again.network_changed(how, {"weights": "random", "seed": 4})
    assert changed == usual | {"weights": "random", "seed": 4}


def test_a_change_is_checked_as_the_recipe_does_it(cat: nst.Result) -> None:
    with pytest.raises(ValueError, match="did you mean 'iterations'"):
        nst.repeat(cat, itrations=3)
    with pytest.raises(ValueError, match="reconstruct_style takes no content picture"):
        nst.repeat(nst.reconstruct_style("swirls", **QUICK), content="cat")


# --- what cannot be repeated --------------------------------------------------------------------------


def test_a_changed_network_has_to_be_given_again(pocket: FeatureNetwork, tmp_path: Path) -> None:
    changed = pocket.behind(lambda image: image / 2)
    result = nst.transfer_style("cat", "swirls", network=changed, **QUICK)
    result.save(tmp_path / "out.png")
    for source in (result, tmp_path / "out.png"):
        with pytest.raises(ValueError, match="cannot hold a network that was changed .*as network=") as error:
            nst.repeat(source)
        assert "\n" not in str(error.value)
        same = strictly(lambda source=source: nst.repeat(source, network=changed, progress=False))  # type: ignore[misc]
        np.testing.assert_array_equal(same.image, result.image)


def test_an_array_to_start_from_has_to_be_given_again(tmp_path: Path) -> None:
    begin = nst.load_image("swirls", 32)
    result = nst.transfer_style("cat", "swirls", start=begin, **QUICK)
    result.save(tmp_path / "out.png")
    for source in (result, tmp_path / "out.png"):
        with pytest.raises(ValueError, match="cannot hold the picture .*as start="):
            nst.repeat(source)
        same = nst.repeat(source, start=begin, progress=False)
        np.testing.assert_array_equal(same.image, result.image)


def test_a_file_to_start_from_is_taken_again_and_another_picture_in_it_is_noticed(tmp_path: Path) -> None:
    begin = tmp_path / "begin.png"
    nst.save_image(nst.load_image("swirls", 32), begin)
    result = nst.transfer_style("cat", "swirls", start=begin, **QUICK)
    np.testing.assert_array_equal(strictly(lambda: nst.repeat(result)).image, result.image)
    nst.save_image(nst.load_image("cat", 32), begin, overwrite=True)
    with pytest.warns(RuntimeWarning, match="The start picture is not the one used then \\(begin.png, 32 x"):
        nst.repeat(result, progress=False)


def test_a_png_does_not_hold_arrays(cat: nst.Result, tmp_path: Path) -> None:
    photo = nst.load_image("cat", 32)
    nst.transfer_style(photo, "swirls", **QUICK).save(tmp_path / "out.png")
    with pytest.raises(ValueError, match="Give the content picture; the settings hold no pictures"):
        nst.repeat(tmp_path / "out.png")
    np.testing.assert_array_equal(nst.repeat(tmp_path / "out.png", photo).image, cat.image)


def test_a_result_that_knows_nothing_says_so() -> None:
    with pytest.raises(ValueError, match="does not say how it was made"):
        nst.repeat(nst.Result(np.zeros((1, 8, 8, 3)), nst.History(), {}, {}, 0.0))


# --- what differs is noticed --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["content", "style"])
def test_another_picture_is_noticed(cat: nst.Result, name: str) -> None:
    with pytest.warns(RuntimeWarning, match=f"The {name} picture is not the one used then") as told:
        nst.repeat(cat, **{name: "astronaut"}, progress=False)
    assert len([each for each in told if each.category is RuntimeWarning]) == 1
    same = strictly(lambda: nst.repeat(cat, **{name: nst.load_image(cat.sources[name], 32)}, progress=False))
    np.testing.assert_array_equal(same.image, cat.image)


def test_changed_weights_are_noticed() -> None:
    net = load_network()
    layer = net.model.get_layer("block1_conv1")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias + 0.1])
    result = nst.transfer_style("cat", "swirls", network=net, **QUICK)
    with pytest.warns(RuntimeWarning, match="The weights of pocket_vgg are not those"):
        nst.repeat(result, progress=False)


def test_another_backend_is_noticed(cat: nst.Result) -> None:
    assert cat.making is not None
    elsewhere = dataclasses.replace(cat.making, backend="abacus 1.0")
    with pytest.warns(RuntimeWarning, match="It was made with abacus 1.0, and this is"):
        nst.repeat(elsewhere, progress=False)


def test_a_run_that_was_cut_short_goes_on_to_its_end(cat: nst.Result, tmp_path: Path) -> None:
    def stop(now: Any) -> None:
        if now.iteration == 1:
            raise KeyboardInterrupt

    short = nst.transfer_style("cat", "swirls", **QUICK, callback=stop)
    short.save(tmp_path / "short.png")
    with pytest.warns(RuntimeWarning, match="was cut short \\(interrupted after 1 iteration"):
        whole = nst.repeat(tmp_path / "short.png", progress=False)
    np.testing.assert_array_equal(whole.image, cat.image)


# --- files --------------------------------------------------------------------------------------------


def png_with(path: Path, **texts: str) -> Path:
    chunks = PngImagePlugin.PngInfo()
    for name, value in texts.items():
        chunks.add_text(name, value)
    Image.new("RGB", (8, 8)).save(path, pnginfo=chunks)
    return path


BROKEN = {
    "not JSON": {"nstlib": "{"},
    "another JSON": {"nstlib": "[1]"},
    "no recipe": {"nstlib": '{"settings": {}, "usual": [], "pictures": {}}'},
    "unknown field": {"nstlib": '{"recipe": "x", "settings": {}, "usual": [], "pictures": {}, "more": 1}'},
    "settings that are none": {"nstlib": '{"recipe": "x", "settings": 3, "usual": [], "pictures": {}}'},
    "a call that is none": {"call": "import os\nos.remove('x')"},
    "a call with more than values": {"call": "nst.transfer_style('a', 'b', size=open('x'))"},
    "no Python": {"call": "nst.transfer_style("},
}


@pytest.mark.parametrize("case", BROKEN)
def test_settings_that_cannot_be_read_are_one_sentence(tmp_path: Path, case: str) -> None:
    with pytest.raises(ValueError, match="holds settings that cannot be read") as error:
        making.read(png_with(tmp_path / "a.png", **BROKEN[case]))
    assert "\n" not in str(error.value)


def test_an_unknown_recipe_is_refused(tmp_path: Path) -> None:
    text = json.dumps({"recipe": "excit", "settings": {}, "usual": [], "pictures": {}})
    with pytest.raises(ValueError, match="did you mean 'excite'"):
        nst.repeat(png_with(tmp_path / "a.png", nstlib=text))


def test_the_call_of_an_older_studio_is_taken_for_settings(cat: nst.Result, tmp_path: Path) -> None:
    lines = "import nstlib as nst\n\nresult = nst.transfer_style(\n    'cat',\n    'swirls',\n"
    lines += "    network='pocket_vgg',\n    size=32,\n    iterations=3,\n)\n"
    same = nst.repeat(png_with(tmp_path / "old.png", call=lines), progress=False)
    np.testing.assert_array_equal(same.image, cat.image)
