"""feedforward/: one pass through the transformer, its style code, and the recipe."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import nstlib as nst
from nstlib import backend, colours, images
from nstlib.autodiff import numpy, tensor
from nstlib.feedforward import once, painter, transformer
from nstlib.feedforward.codes import StyleCode, color_statistics, map_statistics

pytestmark = pytest.mark.fast  # on the other backends, too

SHAPES = [(64, 64), (64, 200), (201, 67), (130, 98)]


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype="float32")


@pytest.fixture(scope="module")
def network() -> nst.Painter:
    return nst.load_painter()


@pytest.fixture(scope="module")
def cat() -> np.ndarray:
    return nst.load_image("cat", 160)


@pytest.fixture(scope="module")
def swirls(network: nst.Painter) -> StyleCode:
    return network.code(nst.load_image("swirls", 192))


# --- the parts of the transformer ------------------------------------------------------------------------


def test_a_convolution_is_scipys_with_mirrored_borders() -> None:
    x, kernel = noise(1, 9, 12, 2), noise(5, 5, 2, 3, seed=1)
    found = numpy(transformer.convolution(tensor(x), tensor(kernel)))
    for out in range(3):
        maps = [ndimage.correlate(x[0, ..., i], kernel[..., i, out], mode="mirror") for i in range(2)]
        np.testing.assert_allclose(found[0, ..., out], sum(maps), rtol=1e-4)


def test_a_stride_of_two_keeps_every_second_position() -> None:
    x, kernel = tensor(noise(1, 8, 12, 2)), tensor(noise(3, 3, 2, 3, seed=1))
    every = numpy(transformer.convolution(x, kernel))
    np.testing.assert_allclose(
        numpy(transformer.convolution(x, kernel, 2)), every[:, ::2, ::2], rtol=1e-5, atol=1e-6
    )


def test_the_norm_has_the_scale_and_the_shift_that_the_style_says() -> None:
    said = {"layer": tensor(noise(2, 3, seed=2))}
    weights = {"layer/kernel": tensor(noise(3, 3, 2, 3) - 0.5)}
    found = numpy(transformer.conditioned(weights, said, "layer", tensor(5 * noise(1, 40, 40, 2)), None))
    scale, shift = numpy(said["layer"])
    np.testing.assert_allclose(found.mean((0, 1, 2)), shift, atol=1e-5)
    np.testing.assert_allclose(found.std((0, 1, 2)), 1 + scale, rtol=1e-3)


def test_weighted_moments_of_a_rectangle_are_those_of_the_crop() -> None:
    x, where = noise(1, 8, 10, 3), np.zeros((1, 8, 10, 1), "float32")
    where[:, 2:6, 3:9] = 1
    mean, variance = map(numpy, transformer.moments(tensor(x), tensor(where)))
    crop = x[:, 2:6, 3:9]
    np.testing.assert_allclose(mean.ravel(), crop.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(variance.ravel(), crop.var((0, 1, 2)), rtol=1e-4)


def test_upsampling_is_bilinear() -> None:
    x = noise(1, 4, 6, 2)
    for channel in range(2):
        y, z = np.mgrid[:8, :12] / 2 - 0.25  # centres of the new pixels among the old
        expected = ndimage.map_coordinates(x[0, ..., channel], [y, z], order=1, mode="nearest")
        found = numpy(transformer.upsampled(tensor(x)))[0, ..., channel]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_tile_repeats() -> None:
    tile = noise(3, 4, 2)
    found = numpy(transformer.tiled(tensor(tile), 7, 10))[0]
    assert all((found[y, x] == tile[y % 3, x % 4]).all() for y in range(7) for x in range(10))


# --- the style code ----------------------------------------------------------------------------------------


def test_the_root_is_symmetric_and_its_square_the_covariance() -> None:
    picture = noise(1, 9, 11, 3) ** 2
    mean, root = color_statistics(picture)
    np.testing.assert_allclose(mean, picture.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(root, root.T, atol=1e-6)
    np.testing.assert_allclose(root @ root, np.cov(picture.reshape(-1, 3).T, bias=True), rtol=1e-4, atol=1e-6)


def test_statistics_of_a_region_are_those_of_its_crop() -> None:
    maps, where = noise(1, 8, 8, 5), np.zeros((8, 8), "float32")
    where[:4, 2:] = 1
    for found, expected in zip(map_statistics(maps, where), map_statistics(maps[:, :4, 2:]), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_mixture_of_one_style_with_itself_is_that_style(swirls: StyleCode) -> None:
    mixed = StyleCode.mix([swirls, swirls], [3, 1])
    for part in ("vector", "mean", "root"):
        np.testing.assert_allclose(getattr(mixed, part), getattr(swirls, part), rtol=1e-5, atol=1e-6)


def test_a_mixture_lies_between(network: nst.Painter, swirls: StyleCode) -> None:
    waves = network.code(nst.load_image("waves", 192))
    mixed = StyleCode.mix([swirls, waves], [1, 3])
    np.testing.assert_allclose(mixed.vector, 0.25 * swirls.vector + 0.75 * waves.vector, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("weights", [[1], [0, 0], [-1, 2], [np.nan, 1]])
def test_weights_that_are_no_mixture_are_refused(swirls: StyleCode, weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        StyleCode.mix([swirls, swirls], weights)


def test_the_code_does_not_depend_on_where_things_are(network: nst.Painter) -> None:
    """Mirrored strokes lean to the other side; a picture upside down and mirrored has the same ones."""
    picture = nst.load_image("waves", 192)[:, :144]
    here, turned = network.code(picture), network.code(picture[:, ::-1, ::-1])
    np.testing.assert_allclose(here.mean, turned.mean, rtol=1e-5)
    across = network.code(picture.transpose(0, 2, 1, 3))
    assert np.abs(here.vector - across.vector).max() > np.abs(here.vector - turned.vector).max()


# --- painting ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_a_painting_has_the_shape_of_its_photo(
    network: nst.Painter, swirls: StyleCode, shape: tuple[int, int]
) -> None:
    found = network.paint(noise(1, *shape, 3), swirls)
    assert found.shape == (1, *shape, 3) and found.dtype == np.float32
    assert found.min() >= 0 and found.max() <= 1


def test_the_colours_are_those_of_the_style(network: nst.Painter, cat: np.ndarray) -> None:
    for name in ("swirls", "waves", "wash", "gold"):
        code = network.code(nst.load_image(name, 192))
        mean, root = color_statistics(network.paint(cat, code))
        apart = np.abs(mean - cat.mean((0, 1, 2))).max()
        assert np.abs(mean - code.mean).max() < 0.03 + 0.2 * apart, name  # clipping moves them a little
        assert np.abs(root - code.root).max() < 0.06, name


def test_light_and_contrast_of_the_photo_change_nothing(
    network: nst.Painter, cat: np.ndarray, swirls: StyleCode
) -> None:
    """Bias-free convolutions and instance norms: x -> a x + b paints the same picture."""
    here, dim = network.paint(cat, swirls), network.paint(0.6 * cat + 0.3, swirls)
    assert np.abs(here - dim).mean() < 0.01


def test_contours_of_the_photo_stay(network: nst.Painter, cat: np.ndarray) -> None:
    def edges(picture: np.ndarray) -> np.ndarray:
        grey = ndimage.gaussian_filter(picture[0].mean(-1), 2)
        return np.hypot(ndimage.sobel(grey, 0), ndimage.sobel(grey, 1)).ravel()

    for name in ("swirls", "waves", "wash"):
        painting = network.paint(cat, network.code(nst.load_image(name, 192)))
        assert np.corrcoef(edges(painting), edges(cat))[0, 1] > 0.5, name


def test_no_band_at_the_border(network: nst.Painter, swirls: StyleCode, cat: np.ndarray) -> None:
    """The fine contrast of the outermost pixels is that of the pixels inside."""
    painting = network.paint(images.resize(cat, 256), swirls)[0].mean(-1)
    fine = np.abs(painting - ndimage.gaussian_filter(painting, 1.5))
    ring = np.ones_like(fine, bool)
    ring[4:-4, 4:-4] = False
    inner = np.ones_like(fine, bool)
    inner[12:-12, 12:-12] = False
    assert fine[ring].mean() < 1.6 * fine[inner & ~ring].mean()


def test_the_same_again(network: nst.Painter, cat: np.ndarray, swirls: StyleCode) -> None:
    np.testing.assert_array_equal(network.paint(cat, swirls), network.paint(cat, swirls))


def test_weights_of_one_everywhere_change_nothing(
    network: nst.Painter, cat: np.ndarray, swirls: StyleCode
) -> None:
    everywhere = np.ones(cat.shape[1:3], "float32")
    found = network.paint(cat, swirls, everywhere)
    assert np.abs(found - network.paint(cat, swirls)).max() < 1e-3


def test_bfloat16_paints_nearly_the_same(network: nst.Painter, cat: np.ndarray, swirls: StyleCode) -> None:
    found = nst.load_painter("bfloat16").paint(cat, swirls)
    assert np.abs(found - network.paint(cat, swirls)).mean() < 0.02


def test_flat_pictures_stay_numbers(network: nst.Painter, cat: np.ndarray) -> None:
    red = np.full((1, 64, 64, 3), [0.8, 0.1, 0.1], "float32")
    painted = network.paint(cat, network.code(red))
    np.testing.assert_allclose(painted, np.broadcast_to(red[:, :1, :1], painted.shape), atol=1e-3)
    assert np.isfinite(network.paint(red, network.code(cat))).all()


def test_weights_of_a_mixture_may_be_large(swirls: StyleCode) -> None:
    found = StyleCode.mix([swirls, swirls], [1e308, 1e308])
    np.testing.assert_allclose(found.vector, swirls.vector, rtol=1e-5)


def test_what_is_no_code_and_weights_that_do_not_fit_are_refused(
    network: nst.Painter, cat: np.ndarray, swirls: StyleCode
) -> None:
    with pytest.raises(TypeError, match="painter.code"):
        network.paint(cat, cat)  # type: ignore[arg-type]
    shape = cat.shape[1:3]
    for bad in (np.ones((3, 3)), np.zeros(shape), np.full(shape, np.nan), -np.ones(shape)):
        with pytest.raises(ValueError, match="where"):
            network.paint(cat, swirls, bad)
        with pytest.raises(ValueError, match="where"):
            network.code(cat, bad)


# --- the recipe --------------------------------------------------------------------------------------------


def test_no_strength_is_the_photo_and_more_leads_away(cat: np.ndarray) -> None:
    steps = [nst.paint_once(cat, "swirls", strength=s) for s in (0, 0.1, 0.3, 0.6, 1)]
    np.testing.assert_array_equal(steps[0], cat)
    away = [np.abs(step - cat).mean() for step in steps]
    assert away == sorted(away) and away[1] < 0.5 * away[-1]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_region_of_a_few_pixels_or_of_one_colour_gives_numbers_everywhere(dtype: Any) -> None:
    """Its deviations are next to nothing, and everything outside is divided by them, layer after layer."""
    photo, small, flat = noise(1, 64, 96, 3), np.zeros((64, 96), "float32"), np.zeros((64, 96), "float32")
    photo[:, :, :48], small[20:24, 60:64], flat[:, :40] = 0.9, 1, 1
    for where in (small, flat):
        found = nst.paint_once(photo, {"part": "swirls"}, content_mask={"part": where}, dtype=dtype)
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(found[:, where == 0], photo[:, where == 0])
        assert np.abs(found - photo)[:, where == 1].mean() > 0.02


@pytest.mark.parametrize("colors", ["style", "recolored", "content", "luminance"])
def test_no_strength_is_the_photo_whatever_its_colours(cat: np.ndarray, colors: Any) -> None:
    np.testing.assert_array_equal(nst.paint_once(cat, "swirls", strength=0, colors=colors), cat)


def test_a_region_has_its_own_style_and_the_rest_keeps_to_the_photo(cat: np.ndarray) -> None:
    mask = np.zeros((1, *cat.shape[1:3], 3), "float32")
    mask[:, :, 80:, 0] = 1
    found = nst.paint_once(cat, {"red": "waves"}, content_mask=mask)
    np.testing.assert_allclose(found[:, :, :70], cat[:, :, :70], atol=1e-5)
    waves = nst.load_image("waves").mean((0, 1, 2))
    apart = np.abs(cat[:, :, 90:].mean((0, 1, 2)) - waves).max()
    assert np.abs(found[:, :, 90:].mean((0, 1, 2)) - waves).max() < 0.05 + 0.3 * apart


def test_a_blend_of_one_is_that_style(cat: np.ndarray) -> None:
    both = nst.paint_once(cat, ["swirls", "waves"], blend=[1, 0])
    np.testing.assert_allclose(both, nst.paint_once(cat, "swirls"), atol=1e-4)


def test_luminance_keeps_the_chroma(cat: np.ndarray) -> None:
    found = nst.paint_once(cat, "swirls", colors="luminance")
    assert np.abs(colours.with_luminance(cat, colours.luminance(found)) - found).max() < 1e-4
    assert np.abs(found - cat).mean() > 0.01


def test_content_colours_are_nearer_to_the_photos(cat: np.ndarray) -> None:
    mean = cat.mean((0, 1, 2))
    kept, taken = (
        nst.paint_once(cat, "swirls", colors=colors).mean((0, 1, 2))
        for colors in ("content", "style")  # type: ignore[arg-type]
    )
    assert np.abs(kept - mean).max() < 0.3 * np.abs(taken - mean).max()


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan"), "much"])
def test_a_strength_that_is_none_is_refused(cat: np.ndarray, strength: Any) -> None:
    with pytest.raises(ValueError, match="strength"):
        nst.paint_once(cat, "swirls", strength=strength)


def test_names_and_small_pictures_are_refused_in_a_sentence(cat: np.ndarray) -> None:
    with pytest.raises(ValueError, match="choice of colors"):
        nst.paint_once(cat, "swirls", colors="photo")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="float32"):
        nst.paint_once(cat, "swirls", dtype="float16")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="16 or more"):
        nst.paint_once(noise(1, 12, 40, 3), "swirls")


# --- weights -----------------------------------------------------------------------------------------------


def test_the_embedded_weights_are_those_of_this_version() -> None:
    file = painter.WEIGHTS_FOLDER / painter.WEIGHTS_FILE
    assert painter.checked_weights(file)
    assert file.stat().st_size < 6e6


def test_other_weights_and_missing_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="are missing: install"):
        painter.checked_weights(tmp_path / "none.npz")
    other = tmp_path / "other.npz"
    other.write_bytes(b"something else")
    with pytest.raises(ValueError, match="of another version"):
        painter.checked_weights(other)


def test_one_painter_for_each_number_format(network: nst.Painter) -> None:
    assert nst.load_painter() is network
    assert nst.load_painter("bfloat16") is not network


def test_painting_the_same_shape_compiles_once(monkeypatch: pytest.MonkeyPatch, swirls: StyleCode) -> None:
    fresh, traced = nst.load_painter(), []
    before = transformer.transform

    def counted(*arguments: Any) -> Any:
        traced.append(1)
        return before(*arguments)

    monkeypatch.setattr(painter, "transform", counted)
    for _ in range(3):
        fresh.paint(noise(1, 72, 88, 3), swirls)
    assert len(traced) == (3 if backend.NAME == "torch" else 1)  # PyTorch runs eagerly


def test_style_sizes_set_the_strokes(cat: np.ndarray) -> None:
    assert once.STYLE_SIZE == 384
    fine, coarse = (nst.paint_once(cat, "waves", style_size=size) for size in (128, 384))
    assert np.abs(fine - coarse).mean() > 0.005
