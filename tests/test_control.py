"""Control of a transfer: several styles, regions, whose colours; and that a record makes such runs again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nstlib as nst
from nstlib import colours, images
from nstlib.backend import ops
from nstlib.networks import FeatureNetwork

SIZE = 48
QUICK: dict[str, Any] = {"size": SIZE, "iterations": 4, "progress": False}
STYLES = {"red": "swirls", "blue": "mosaic"}


def halves(height: int = 40, width: int = 40, *, left: str = "red", right: str = "blue") -> np.ndarray:
    """A mask of two colours side by side."""
    from nstlib.objectives.regions import COLOURS

    mask = np.empty((1, height, width, 3), "float32")
    mask[:, :, : width // 2] = np.array(COLOURS[left]) / 255
    mask[:, :, width // 2 :] = np.array(COLOURS[right]) / 255
    return mask


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A square photograph."""
    return np.ascontiguousarray(images.load_image("cat", 128)[:, 20 : 20 + SIZE, 40 : 40 + SIZE])


def weights(**regions: float) -> dict[str, np.ndarray]:
    """A mask of regions that have the same weight everywhere."""
    return {name: np.full((SIZE, SIZE), value, "float32") for name, value in regions.items()}


# --- properties


def test_a_region_that_covers_everything_is_no_mask(photo: np.ndarray, pocket: FeatureNetwork) -> None:
    keywords = QUICK | {"network": pocket, "iterations": 1, "sizes": "single"}
    plain = nst.transfer_style(photo, "swirls", **keywords)
    masked = nst.transfer_style(photo, {"all": "swirls"}, content_mask=weights(all=1), **keywords)
    assert masked.history.rows[0]["total"] == pytest.approx(plain.history.rows[0]["total"], rel=1e-4)


def test_two_equal_styles_mixed_are_the_style(photo: np.ndarray, pocket: FeatureNetwork) -> None:
    """Without a seed of differences: from the photograph, after one step, before rounding errors grow."""
    keywords = QUICK | {"network": pocket, "sizes": "single", "start": "content", "iterations": 2}
    one = nst.transfer_style(photo, "swirls", **keywords)
    two = nst.transfer_style(photo, ["swirls", "swirls"], blend=[3, 1], **keywords)
    assert two.history.rows[0]["total"] == pytest.approx(one.history.rows[0]["total"], rel=1e-5)
    assert nst.psnr(one.image, two.image) > 50


def test_luminance_keeps_the_photographs_chroma(photo: np.ndarray, pocket: FeatureNetwork) -> None:
    result = nst.transfer_style(photo, "swirls", colors="luminance", network=pocket, **QUICK)
    free = ((result.image > 1e-3) & (result.image < 1 - 1e-3)).all(-1)
    assert free.mean() > 0.5, "otherwise this test shows nothing"
    before, after = (colours_of(image)[free] for image in (photo, result.image))
    assert np.abs(before - after).max() < 2e-3
    assert np.abs(colours.luminance(photo) - colours.luminance(result.image)).max() > 0.05


def colours_of(image: np.ndarray) -> np.ndarray:
    """I and Q of the NTSC's YIQ, shape (1, H, W, 2)."""
    return image @ np.array([[0.5959, 0.2115], [-0.2746, -0.5227], [-0.3213, 0.3112]], "float32")


def test_a_path_ends_at_both_styles(photo: np.ndarray, pocket: FeatureNetwork) -> None:
    keywords = QUICK | {"network": pocket, "iterations": 8, "sizes": "single"}
    frames = list(nst.transfer_between(photo, "swirls", "mosaic", frames=3, **keywords))
    assert [result.settings["blend"] for result in frames] == [[1, 0], [0.5, 0.5], [0, 1]]
    alone = nst.transfer_style(photo, "swirls", **keywords)
    assert nst.psnr(frames[0].image, alone.image) > 50

    def far(result: nst.Result, style: str) -> float:
        layers = [f"block{n}_conv1" for n in (1, 2, 3)]
        there = images.load_image(style, SIZE)
        return sum(nst.distances(pocket, result.image, style=there, layers=layers)["style"].values())

    assert far(frames[0], "swirls") < far(frames[2], "swirls")
    assert far(frames[2], "mosaic") < far(frames[0], "mosaic")


def test_a_region_without_a_style_stays_nearer_to_the_photograph(
    photo: np.ndarray, pocket: FeatureNetwork
) -> None:
    keywords = QUICK | {"network": pocket, "iterations": 12, "start": "content"}
    result = nst.transfer_style(photo, {"red": "swirls"}, content_mask=halves(), **keywords)
    change = np.square(result.image - photo)
    assert change[:, :, 28:].mean() < 0.5 * change[:, :, :20].mean()


STILL = QUICK | {"optimizer": "gradient_descent", "learning_rate": 1e-9, "iterations": 1, "start": "palette"}


@pytest.mark.filterwarnings("ignore:gradient_descent found nothing")
def test_the_palette_is_strewn_where_a_style_is(photo: np.ndarray, pocket: FeatureNetwork) -> None:
    begin = nst.transfer_style(photo, {"red": "swirls"}, content_mask=halves(), network=pocket, **STILL)
    np.testing.assert_allclose(begin.image[:, :, 28:], photo[:, :, 28:], atol=0.02)
    assert np.abs(begin.image - photo)[:, :, :20].mean() > 0.1


@pytest.mark.filterwarnings("ignore:gradient_descent found nothing")
def test_the_palette_of_luminance_has_no_colour(photo: np.ndarray, pocket: FeatureNetwork) -> None:
    """Grey blots: what people see has the chroma of the photograph, and its lightness from the seed."""
    begins = [
        nst.transfer_style(photo, "swirls", colors="luminance", seed=seed, network=pocket, **STILL).image
        for seed in (0, 1)
    ]
    for begin in begins:
        free = ((begin > 1e-3) & (begin < 1 - 1e-3)).all(-1)
        assert free.mean() > 0.3, "otherwise this test shows nothing"
        assert np.abs(colours_of(photo)[free] - colours_of(begin)[free]).max() < 2e-3
    assert np.abs(colours.luminance(begins[0]) - colours.luminance(begins[1])).max() > 0.1


def test_parts_of_the_history_add_up_with_several_styles(photo: np.ndarray, pocket: FeatureNetwork) -> None:
    for style, more in (
        (["swirls", "mosaic"], {"blend": [0.7, 0.3]}),
        (STYLES, {"content_mask": halves()}),
    ):
        result = nst.transfer_style(photo, style, network=pocket, **QUICK, **more)
        row = result.history.rows[0]
        parts = {
            name: value for name, value in row.items() if re.match(r"content|style|variation", str(name))
        }
        assert len(parts) > 5
        assert sum(parts.values()) == pytest.approx(row["total"], rel=1e-4)


# --- bad input


MANY = np.random.default_rng(0).integers(0, 4, (1, SIZE, SIZE, 3)).astype("float32") / 3  # 64 colours


def flat(features: Any) -> Any:
    return ops.mean(features)


BAD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a mask of another size": (STYLES, {"content_mask": halves(40, 90)}, "has 90 x 40 pixels and the photo"),
    "an unknown region": ({"red": "swirls", "bleu": "mosaic"}, {"content_mask": halves()}, "mean 'blue'"),
    "a region absent in the style": (
        "swirls",
        {"content_mask": halves(), "style_mask": halves(36, 48, right="green")},
        "region of the style mask 'blue'",
    ),
    "an empty region": (
        {"here": "swirls", "nowhere": "mosaic"},
        {"content_mask": weights(here=1, nowhere=0)},
        "'nowhere' of the content mask is empty",
    ),
    "all weights 0": (["swirls", "mosaic"], {"blend": [0, 0]}, "All weights in blend are 0"),
    "three styles and two weights": (
        ["swirls", "mosaic", "waves"],
        {"blend": [1, 1]},
        "There are 3 styles and 2 weights",
    ),
    "no style": ([], {}, "The list of styles is empty"),
    "no style in any region": ({"red": None}, {"content_mask": halves()}, "No region has a style"),
    "a blend of one style": ("swirls", {"blend": [1]}, "blend holds the weights of several styles"),
    "a mask and a list": (["swirls"], {"content_mask": halves()}, "with masks give region -> style"),
    "regions without a mask": (STYLES, {}, "need a content_mask"),
    "one mask of two": ("swirls", {"content_mask": halves()}, "give style_mask too"),
    "a photograph for a mask": (STYLES, {"content_mask": MANY}, "one plain colour"),
    "unknown colours": ("swirls", {"colors": "luminence"}, "mean 'luminance'"),
    "an unknown measure": ("swirls", {"style_measure": "gramm"}, "mean 'gram'"),
    "a negative photorealism": ("swirls", {"photorealism": -1}, "weight of photorealism is -1"),
    "a measure of the wrong shape": (
        "swirls",
        {"style_measure": nst.OwnMeasure(flat, lambda features, summary: features - summary)},
        "it has to be one number",
    ),
    "a measure that is not finite at the start": (
        "swirls",
        {
            "style_measure": nst.OwnMeasure(
                flat, lambda features, summary: ops.log(-ops.mean(features**2) - 1)
            )
        },
        "finite",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(case: str, photo: np.ndarray, pocket: FeatureNetwork) -> None:
    style, keywords, says = BAD[case]
    with pytest.raises((ValueError, FloatingPointError)) as refused:
        nst.transfer_style(photo, style, network=pocket, **QUICK, **keywords)
    text = str(refused.value)
    assert says in text and "\n" not in text and len(text) < 400, text


# --- the same again


@pytest.fixture
def mask(tmp_path: Path) -> str:
    """A mask as a file."""
    Image.fromarray(images.to_uint8(halves())).save(tmp_path / "mask.png")
    return str(tmp_path / "mask.png")


@pytest.fixture
def square(tmp_path: Path, photo: np.ndarray) -> str:
    """The square photograph as a file."""
    Image.fromarray(images.to_uint8(photo)).save(tmp_path / "photo.png")
    return str(tmp_path / "photo.png")


def runs(mask: str) -> dict[str, tuple[Any, dict[str, Any]]]:
    return {
        "list": (["swirls", "mosaic"], {"blend": [0.7, 0.3]}),
        "with an unused one": (["swirls", "mosaic"], {"blend": [0, 1]}),
        "by region": (STYLES, {"content_mask": mask}),
        "both masks": ("swirls", {"content_mask": mask, "style_mask": mask_of_style(mask)}),
        "all else": ("swirls", {"colors": "luminance", "style_measure": "moments", "photorealism": 2.0}),
    }


def mask_of_style(mask: str) -> str:
    """A mask beside another one, with the proportions of `swirls`."""
    shape = images.load_image("swirls", 64).shape[1:3]
    path = Path(mask).with_name("style mask.png")
    Image.fromarray(images.to_uint8(halves(*shape))).save(path)
    return str(path)


@pytest.mark.parametrize("form", ["list", "with an unused one", "by region", "both masks", "all else"])
def test_a_png_repeats_itself_to_the_bit(
    form: str, mask: str, square: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    style, keywords = runs(mask)[form]
    made = nst.transfer_style(square, style, **QUICK, **keywords)
    made.save(tmp_path / "out.png")
    for source in (made, tmp_path / "out.png"):
        again = nst.repeat(source, square, progress=False)
        assert np.array_equal(again.image, made.image)
        assert again.settings == made.settings
        given = nst.repeat(source, square, style, progress=False)
        assert np.array_equal(given.image, made.image)
    assert not recwarn.list
    other = nst.repeat(made, seed=1, start="noise", progress=False)
    assert not np.array_equal(other.image, made.image)


def test_another_mask_than_that_of_the_record_is_noticed(mask: str, square: str, tmp_path: Path) -> None:
    made = nst.transfer_style(square, STYLES, content_mask=mask, **QUICK)
    Image.fromarray(images.to_uint8(halves(left="blue", right="red"))).save(mask)
    with pytest.warns(RuntimeWarning, match=r"The content mask is not the one used then \(mask\.png"):
        nst.repeat(made, progress=False)


def test_a_mask_that_is_gone_is_asked_for(mask: str, square: str) -> None:
    made = nst.transfer_style(square, STYLES, content_mask=mask, **QUICK)
    Path(mask).rename(Path(mask).with_name("elsewhere.png"))
    with pytest.raises(
        ValueError, match="mask.png, and is not there now: give it again as content_mask=...$"
    ):
        nst.repeat(made, progress=False)
    elsewhere = str(Path(mask).with_name("elsewhere.png"))
    again = nst.repeat(made, content_mask=elsewhere, progress=False)
    assert np.array_equal(again.image, made.image)


def test_a_mask_that_was_no_file_is_asked_for(square: str) -> None:
    made = nst.transfer_style(square, STYLES, content_mask=halves(), **QUICK)
    with pytest.raises(ValueError, match="cannot hold the content mask: give it again as content_mask=..."):
        nst.repeat(made, progress=False)
    again = nst.repeat(made, content_mask=halves(), progress=False)
    assert np.array_equal(again.image, made.image)


@pytest.mark.parametrize(
    ("style", "given", "says"),
    [
        ("swirls", ["swirls"], "That run had one style: give one style picture."),
        (["swirls", "mosaic"], "swirls", "That run mixed 2 styles: give style as a list of 2 pictures."),
        (["swirls", "mosaic"], ["swirls"] * 3, "give style as a list of 2 pictures."),
        (STYLES, "swirls", "styles by region: give style as region -> picture for red, blue."),
        (STYLES, {"red": "swirls"}, "region -> picture for red, blue."),
    ],
)
def test_styles_are_given_again_in_their_form(style: Any, given: Any, says: str, square: str) -> None:
    more = {"content_mask": halves()} if isinstance(style, dict) else {}
    made = nst.transfer_style(square, style, **QUICK, **more)
    with pytest.raises(ValueError, match=re.escape(says)):
        nst.repeat(made, style=given, progress=False, **more)


def test_a_style_that_the_record_only_names_is_asked_for(square: str, tmp_path: Path) -> None:
    made = nst.transfer_style("cat", ["swirls", square], **QUICK)
    made.save(tmp_path / "out.png")
    with pytest.raises(ValueError, match=r"Give the style picture 2, which was called photo\.png"):
        nst.repeat(tmp_path / "out.png", progress=False)
    with pytest.warns(RuntimeWarning, match="The style picture 2 is not the one used then"):
        nst.repeat(tmp_path / "out.png", style=["swirls", "mosaic"], progress=False)


def test_two_masks_have_checkpoints_of_their_own(square: str, tmp_path: Path) -> None:
    keywords = QUICK | {"checkpoint": tmp_path / "run.npz"}
    nst.transfer_style(square, STYLES, content_mask=halves(), **keywords)
    other = halves(left="blue", right="red")
    with pytest.raises(ValueError, match="another run"):
        nst.transfer_style(square, STYLES, content_mask=other, **keywords)


# --- what a stranger found -----------------------------------------------------------------------------


def two_halves(height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width, 3), "uint8")
    mask[:, : width // 2, 0], mask[:, width // 2 :, 2] = 255, 255
    return mask


@pytest.mark.parametrize("size", [(64, 96), (256, 384)])
@pytest.mark.parametrize("quality", [30, 75, 95])
def test_a_mask_in_a_jpeg_has_no_regions_at_its_edges(
    tmp_path: Path, size: tuple[int, int], quality: int
) -> None:
    Image.fromarray(two_halves(*size)).save(tmp_path / "mask.jpg", quality=quality)
    assert set(nst.read_regions(tmp_path / "mask.jpg").names) == {"red", "blue"}


@pytest.mark.parametrize("size", [(24, 32), (60, 90), (300, 400)])
def test_a_mask_with_soft_edges_has_no_regions_there(size: tuple[int, int]) -> None:
    large = Image.fromarray(two_halves(4 * size[0], 4 * size[1]).transpose(1, 0, 2)[: 4 * size[1]])
    soft = np.asarray(large.rotate(20, fillcolor=(0, 0, 255)).resize(size, Image.Resampling.LANCZOS))
    assert set(nst.read_regions(soft).names) == {"red", "blue"}


def test_weights_that_overlap_share_their_pixels() -> None:
    ones = np.ones((4, 6), "float32")
    found = nst.read_regions({"a": ones, "b": ones, "c": 0 * ones})
    np.testing.assert_allclose(found.weights.sum(0), 1)


@pytest.mark.parametrize("mask", [{"a": "aa.png"}, {"a": np.zeros((0, 4))}, {"a": [1, 2]}])
def test_a_mask_by_name_that_holds_no_weights_is_refused_in_a_sentence(mask: Any) -> None:
    with pytest.raises(ValueError, match="array"):
        nst.read_regions(mask)


def test_a_run_in_lightness_starts_in_lightness() -> None:
    photo, style = (np.random.default_rng(n).random((1, 48, 48, 3), dtype="float32") for n in (1, 2))
    run: dict[str, Any] = {"colors": "luminance", "iterations": 1, "progress": False}
    first = [
        nst.transfer_style(photo, style, start=start, **run).history.rows[0]["total"]
        for start in ("content", photo)
    ]
    assert first[0] == pytest.approx(first[1], rel=1e-3)


def test_a_checkpoint_knows_one_own_measure_from_another(tmp_path: Path) -> None:
    def mean(features: Any) -> Any:
        return ops.mean(features, (0, 1, 2))

    def run(distance: Any) -> nst.Result:
        measure = nst.OwnMeasure(mean, distance)
        return nst.transfer_style(
            "cat",
            "swirls",
            size=48,
            iterations=2,
            progress=False,
            style_measure=measure,
            checkpoint=tmp_path / "run.npz",
        )

    def squared(features: Any, target: Any) -> Any:
        return ops.sum((mean(features) - target) ** 2)

    run(squared)
    run(squared)
    with pytest.raises(ValueError, match="the checkpoint of another run"):
        run(lambda features, target: ops.sum(ops.abs(mean(features) - target)))


def test_a_path_that_is_interrupted_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(now: Any) -> None:
        raise KeyboardInterrupt

    run: dict[str, Any] = {"size": 48, "iterations": 3, "progress": False}
    assert len(list(nst.transfer_between("cat", "swirls", "waves", frames=4, callback=stop, **run))) == 1


@pytest.mark.parametrize("name", ["blend", "checkpoint", "snapshots"])
def test_a_path_refuses_what_it_has_no_use_for(name: str) -> None:
    with pytest.raises(ValueError, match=f"no use for {name}"):
        next(nst.transfer_between("cat", "swirls", "waves", **{name: 1}))


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_a_film_there_and_back(tmp_path: Path, suffix: str) -> None:
    frames = [np.full((1, 8, 12, 3), value, "float32") for value in (0.0, 0.5, 1.0)]
    path = nst.save_animation(frames, tmp_path / f"film{suffix}")
    with Image.open(path) as film:
        assert (film.n_frames, film.size) == (4, (12, 8))
    with pytest.raises(ValueError, match="two images or more"):
        nst.save_animation(frames[:1], tmp_path / f"one{suffix}")
    assert not (tmp_path / f"one{suffix}").exists()
    with pytest.raises(ValueError, match="use one of .webp, .gif"):
        nst.save_animation(frames, tmp_path / "film.png")


def test_huge_weights_of_a_mixture_are_relative() -> None:
    run: dict[str, Any] = {"size": 48, "iterations": 2, "progress": False}
    small = nst.transfer_style("cat", ["swirls", "waves"], blend=[1, 3], **run).image
    large = nst.transfer_style("cat", ["swirls", "waves"], blend=[0.5e308, 1.5e308], **run).image
    np.testing.assert_allclose(large, small, atol=1e-5)
    with pytest.raises(ValueError, match="give a list of numbers"):
        nst.transfer_style("cat", ["swirls", "waves"], blend=np.array(3), **run)


def test_a_named_colour_may_be_called_by_its_number() -> None:
    regions = nst.read_regions(two_halves(8, 8))
    np.testing.assert_array_equal(regions.at("#ff0000", (8, 8)), regions.at("red", (8, 8)))


@pytest.mark.parametrize("given", [(len, len), [len], len])
def test_functions_that_are_no_measure_yet_are_told_what_makes_one(given: Any) -> None:
    with pytest.raises(ValueError, match=r"nst\.OwnMeasure\(summary, distance\)"):
        nst.transfer_style("cat", "swirls", size=48, style_measure=given)


def test_a_distance_that_returns_nothing_is_told_so() -> None:
    measure = nst.OwnMeasure(lambda features: ops.mean(features), lambda features, target: None)
    with pytest.raises(ValueError, match="'own measure' returns nothing"):
        nst.transfer_style("cat", "swirls", size=48, iterations=1, progress=False, style_measure=measure)
