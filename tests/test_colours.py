"""colours.py: colours move from picture to picture as the formulas say, and lightness apart from them."""

import numpy as np
import pytest

from nstlib.colours import (
    color_map,
    luminance,
    match_colors,
    match_histograms,
    match_luminance,
    with_luminance,
)
from nstlib.images import load_image

# RGB to YIQ as the NTSC defined it in 1953, for a comparison with the plain way.
YIQ = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])


def noise(height: int = 20, width: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((1, height, width, 3), dtype=np.float32)


def smooth(height: int, width: int) -> np.ndarray:
    """A picture of slow waves, which a change of size hardly changes."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [0.5 + 0.4 * np.sin(5 * x + 3 * y), 0.5 + 0.4 * np.cos(4 * y), 0.5 + 0.3 * np.sin(6 * (x - y))]
    return np.stack(waves, axis=-1)[np.newaxis].astype(np.float32)


def is_image(image: np.ndarray) -> bool:
    right_shape = image.ndim == 4 and image.shape[0] == 1 and image.shape[3] == 3
    return right_shape and image.dtype == np.float32 and image.min() >= 0 and image.max() <= 1


def statistics(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flat = pixels.reshape(-1, 3).astype("float64")
    return flat.mean(0), np.cov(flat.T, bias=True)


@pytest.mark.parametrize("photo", ["coffee", "astronaut"])
@pytest.mark.parametrize("style", ["points", "hatching"])
def test_colors_have_the_mean_and_covariance_of_the_style_before_the_clip(photo: str, style: str) -> None:
    source, target = load_image(photo, 64), load_image(style, 80)
    matrix, offset = color_map(source, target)
    for got, wanted in zip(statistics(source @ matrix.T + offset), statistics(target), strict=True):
        assert np.allclose(got, wanted, atol=1e-6)


def test_colors_match_after_the_clip_too_where_it_has_nothing_to_do() -> None:
    quiet = 0.45 + 0.1 * noise(seed=1)
    result = match_colors(smooth(40, 60), quiet)
    assert is_image(result) and result.shape == (1, 40, 60, 3)
    for got, wanted in zip(statistics(result), statistics(quiet), strict=True):
        assert np.allclose(got, wanted, atol=1e-6)


def test_a_picture_keeps_its_own_colors() -> None:
    for picture in (noise(), smooth(30, 40), load_image("coffee", 64), load_image("camera", 64)):
        assert np.abs(match_colors(picture, picture) - picture).max() < 1e-3


def test_what_becomes_of_a_pixel_depends_on_its_color_only() -> None:
    photo, style = load_image("coffee", 32), noise()
    order = np.random.default_rng(0).permutation(photo.shape[1] * photo.shape[2])
    moved = photo.reshape(-1, 3)[order].reshape(photo.shape)
    expected = match_colors(photo, style).reshape(-1, 3)[order].reshape(photo.shape)
    assert np.allclose(match_colors(moved, style), expected, atol=1e-5)


def test_flat_and_grey_pictures_stay_finite() -> None:
    flat, style = np.full((1, 5, 6, 3), 0.3, np.float32), noise()
    assert np.allclose(match_colors(flat, style), style.mean((0, 1, 2)), atol=1e-5)  # nothing to stretch
    assert np.allclose(match_colors(style, flat), 0.3, atol=1e-5)
    grey = np.repeat(noise()[..., :1], 3, axis=-1)
    assert is_image(match_colors(grey, style))
    assert np.allclose(match_colors(grey, style).mean((0, 1, 2)), style.mean((0, 1, 2)), atol=0.02)


def test_match_colors_refuses_what_is_not_an_image() -> None:
    with pytest.raises(ValueError, match="the style has shape"):
        match_colors(noise(), np.zeros((4, 4)))


# --- Histograms ---------------------------------------------------------------------------------------


def test_as_many_distinct_values_become_exactly_those_of_the_reference() -> None:
    image, reference = noise(seed=1), noise(30, 20, seed=2) ** 3
    result = match_histograms(image, reference)
    assert is_image(result) and result.shape == image.shape
    for channel in range(3):
        got, wanted = (np.sort(each[..., channel], axis=None) for each in (result, reference))
        assert np.allclose(got, wanted, atol=1e-6)
        rank = [np.argsort(each[..., channel], axis=None) for each in (image, result)]
        assert np.array_equal(*rank)  # a rising map


@pytest.mark.parametrize("photo", ["coffee", "astronaut"])
@pytest.mark.parametrize("style", ["points", "hatching"])
def test_histograms_of_pictures_agree_at_any_size(photo: str, style: str) -> None:
    source, target = load_image(photo, 96), load_image(style, 80)
    result = match_histograms(source, target)
    shares = np.linspace(0.02, 0.98, 25)
    got, wanted = (np.quantile(each.reshape(-1, 3), shares, axis=0) for each in (result, target))
    before = np.quantile(source.reshape(-1, 3), shares, axis=0)
    assert np.abs(got - wanted).mean() < 0.1 * np.abs(before - wanted).mean()


def test_equal_values_stay_equal_and_a_picture_keeps_its_own_histogram() -> None:
    coarse = np.round(noise(seed=3) * 5).astype(np.float32) / 5
    result = match_histograms(coarse, noise(seed=4))
    for channel in range(3):
        pairs = {*zip(coarse[..., channel].ravel(), result[..., channel].ravel(), strict=True)}
        assert len(pairs) == len(np.unique(coarse[..., channel]))
    assert np.abs(match_histograms(noise(), noise()) - noise()).max() < 1e-6
    flat = np.full((1, 5, 6, 3), 0.3, np.float32)
    assert np.allclose(match_histograms(noise(), flat), 0.3)


# --- Lightness ----------------------------------------------------------------------------------------


def test_luminance_is_the_y_of_yiq() -> None:
    image = noise()
    assert luminance(image).shape == (1, 20, 30, 1) and luminance(image).dtype == np.float32
    assert np.allclose(luminance(image), (image @ YIQ.T)[..., :1], atol=1e-6)
    assert np.allclose(luminance(np.ones_like(image)), 1) and luminance(np.ones_like(image)).max() <= 1
    for channel, share in enumerate((0.299, 0.587, 0.114)):
        pure = np.zeros((1, 1, 1, 3), np.float32)
        pure[..., channel] = 1
        assert luminance(pure).item() == pytest.approx(share)


def test_with_luminance_agrees_with_the_way_through_yiq() -> None:
    image, light = 0.4 + 0.2 * noise(seed=1), 0.4 + 0.2 * noise(seed=2)[..., :1]
    there = image.astype("float64") @ YIQ.T
    there[..., :1] = light
    back = there @ np.linalg.inv(YIQ).T
    result = with_luminance(image, light)
    assert is_image(result) and np.allclose(result, back, atol=1e-3)  # YIQ is printed with four digits
    assert np.allclose(luminance(result), light, atol=1e-6)


def test_its_own_luminance_changes_nothing() -> None:
    assert np.allclose(with_luminance(noise(), luminance(noise())), noise(), atol=1e-5)


def test_a_colour_that_does_not_fit_loses_saturation_and_neither_lightness_nor_hue() -> None:
    image, light = noise(seed=1), noise(seed=2)[..., :1]
    result = with_luminance(image, light)
    assert is_image(result) and np.allclose(luminance(result), light, atol=1e-5)
    before, after = (each - luminance(each) for each in (image, result))
    share = (before * after).sum(-1, keepdims=True) / (before**2).sum(-1, keepdims=True)
    assert np.allclose(after, share * before, atol=1e-5)  # one factor for all three
    assert share.max() <= 1 + 1e-4 and share.min() >= 0
    shrunk = share[..., 0] < 1 - 1e-3
    assert shrunk.any() and not shrunk.all()
    edge = np.minimum(result.min(-1), 1 - result.max(-1))
    assert edge[shrunk].max() < 1e-5  # and by no more than it must


def test_match_luminance_brings_mean_and_deviation() -> None:
    old, new = 0.4 + 0.2 * noise(seed=1)[..., :1], 0.3 + 0.4 * noise(8, 9, seed=2)[..., :1]
    result = match_luminance(old, new)
    assert result.shape == old.shape and result.dtype == np.float32
    assert result.mean() == pytest.approx(new.mean(), abs=1e-5)
    assert result.std() == pytest.approx(new.std(), abs=1e-5)
    assert np.allclose(match_luminance(old, old), old, atol=1e-6)


def test_flat_lightness_stays_flat() -> None:
    flat, light = np.full((1, 5, 6, 1), 0.3, np.float32), noise()[..., :1]
    assert np.allclose(match_luminance(flat, light), light.mean(), atol=1e-5)
    assert np.allclose(match_luminance(light, flat), 0.3, atol=1e-5)


@pytest.mark.parametrize(
    ("light", "words"),
    [
        (np.zeros((1, 20, 30, 3)), r"the lightness has shape \(1, 20, 30, 3\)"),
        (np.zeros((20, 30)), "the lightness has shape"),
        (np.full((1, 20, 30, 1), np.nan), "NaN"),
        (np.full((1, 20, 30, 1), 2.0), r"must lie in \[0, 1\]"),
        (np.zeros((1, 20, 31, 1)), "The lightness has 20 x 31 pixels and the image 20 x 30; resize"),
    ],
)
def test_a_luminance_that_is_none_is_refused(light: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        with_luminance(noise(), light)
    if light.shape != (1, 20, 31, 1):
        with pytest.raises(ValueError, match=words):
            match_luminance(light, noise()[..., :1])
