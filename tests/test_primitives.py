"""primitives.py and the convolutions: values and gradients of the plain expressions, for any loss behind."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nstlib import backend
from nstlib.autodiff import gradient, numpy, tensor
from nstlib.backend import keras, ops
from nstlib.networks.build import CONVOLUTIONS
from nstlib.primitives import channel_products, neighbour_differences, part

pytestmark = pytest.mark.fast

on_tensorflow = pytest.mark.skipif(
    backend.NAME != "tensorflow", reason="differentiates with TensorFlow's tape"
)


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def plain_products(points: Any) -> Any:
    return ops.matmul(ops.swapaxes(points, -1, -2), points)


def plain_differences(image: Any) -> tuple[Any, Any]:
    return image[:, 1:] - image[:, :-1], image[:, :, 1:] - image[:, :, :-1]


@pytest.mark.parametrize("shape", [(7, 3), (1, 4), (2, 5, 3)])
def test_products_of_channels(shape: tuple[int, ...]) -> None:
    points = random(*shape)
    expected = np.swapaxes(points, -1, -2) @ points
    np.testing.assert_allclose(numpy(channel_products(tensor(points))), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(7, 3), (2, 5, 3)])
def test_slope_of_products_whatever_is_made_of_them(shape: tuple[int, ...]) -> None:
    """A loss of Gram matrices has a symmetric slope in them; somebody's own need not have."""
    points, upstream = random(*shape), tensor(random(*shape[:-2], 3, 3, seed=1))
    mine = gradient(lambda x: ops.sum(channel_products(x) * upstream), points)
    plain = gradient(lambda x: ops.sum(plain_products(x) * upstream), points)
    np.testing.assert_allclose(mine, plain, rtol=1e-5, atol=1e-5)
    assert np.abs(plain).max() > 0.1


@pytest.mark.parametrize("shape", [(1, 5, 4, 3), (2, 3, 6, 1), (1, 1, 4, 3), (1, 1, 1, 3)])
def test_differences_of_neighbours(shape: tuple[int, ...]) -> None:
    image = random(*shape)
    for mine, plain in zip(neighbour_differences(image), plain_differences(image), strict=True):
        np.testing.assert_array_equal(numpy(mine), plain)


def test_differences_in_a_part_of_the_picture() -> None:
    image = random(1, 6, 7, 2)
    down, right = neighbour_differences(image, 4, 5)
    np.testing.assert_array_equal(numpy(down), image[:, 1:, :5] - image[:, :-1, :5])
    np.testing.assert_array_equal(numpy(right), image[:, :4, 1:] - image[:, :4, :-1])
    np.testing.assert_array_equal(numpy(part(image, (2, 5), (1, 3))), image[:, 2:5, 1:3])


def test_slope_of_differences() -> None:
    image = random(1, 5, 4, 3)

    def loss(differences: Callable[[Any], tuple[Any, Any]]) -> Callable[[Any], Any]:
        return lambda x: sum(ops.sum(d**3) for d in differences(x))

    mine, plain = gradient(loss(neighbour_differences), image), gradient(loss(plain_differences), image)
    np.testing.assert_allclose(mine, plain, rtol=1e-5, atol=1e-5)


# --- the convolutions of a network ------------------------------------------------------------------


def two_layers(kernel: int, channels: int = 5, **options: Any) -> tuple[Any, Any]:
    """The backend's layer and Keras' own, with the same weights."""
    common = {"padding": "same", "activation": "relu", **options}
    pair = []
    for kind in (CONVOLUTIONS.get(backend.NAME, keras.layers.Conv2D), keras.layers.Conv2D):
        layer = kind(channels, kernel, **common)
        layer.build((1, None, None, 3))
        layer.set_weights([random(kernel, kernel, 3, channels, seed=2), random(channels, seed=3)])
        pair.append(layer)
    return pair[0], pair[1]


@pytest.mark.parametrize("shape", [(1, 9, 6, 3), (2, 4, 4, 3), (1, 1, 2, 3)])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_convolutions_are_those_of_keras(kernel: int, shape: tuple[int, ...]) -> None:
    mine, plain = two_layers(kernel, trainable=False)
    image, upstream = random(*shape), tensor(random(*shape[:-1], 5, seed=4))
    np.testing.assert_allclose(numpy(mine(tensor(image))), numpy(plain(tensor(image))), rtol=1e-4, atol=1e-4)
    slopes = [gradient(lambda x, f=layer: ops.sum(f(x) * upstream), image) for layer in (mine, plain)]
    np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-4, atol=1e-4)
    assert np.abs(slopes[1]).max() > 0.1


def test_new_weights_count_from_the_next_call_on() -> None:
    mine, plain = two_layers(3, trainable=False)
    image = random(1, 5, 5, 3)
    gradient(lambda x: ops.sum(mine(x) ** 2), image)
    for layer in (mine, plain):
        layer.set_weights([random(3, 3, 3, 5, seed=5), random(5, seed=6)])
    slopes = [gradient(lambda x, f=layer: ops.sum(f(x) ** 2), image) for layer in (mine, plain)]
    np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-4, atol=1e-4)


@on_tensorflow
def test_weights_that_are_trained_have_a_slope() -> None:
    import tensorflow as tf

    mine, plain = two_layers(3, trainable=True)
    image, slopes = tf.constant(random(1, 5, 5, 3)), []
    for layer in (mine, plain):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(image) ** 2)
        slopes.append(tape.gradient(loss, layer.trainable_weights))
    for a, b in zip(*slopes, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3)


@on_tensorflow
def test_second_derivatives() -> None:
    """A slope of a slope, as a Hessian times a vector needs it."""
    import tensorflow as tf

    mine, plain = two_layers(3, trainable=False)
    image, direction, found = tf.constant(random(1, 5, 5, 3)), tf.constant(random(1, 5, 5, 3, seed=7)), []
    for layer, products in ((mine, channel_products), (plain, plain_products)):
        with tf.GradientTape() as outer:
            outer.watch(image)
            with tf.GradientTape() as inner:
                inner.watch(image)
                loss = tf.reduce_sum(products(tf.reshape(layer(image), (25, 5))) ** 2)
            along = tf.reduce_sum(inner.gradient(loss, image) * direction)
        found.append(outer.gradient(along, image).numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-3 * np.abs(found[1]).max())
