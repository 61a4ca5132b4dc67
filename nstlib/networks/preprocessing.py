"""What the weights of a network expect of their input, and back: mean, order of the colours, scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import keras

# RGB means of ImageNet on the 0..255 scale, as the VGG paper subtracts them.
IMAGENET_MEAN = (123.68, 116.779, 103.939)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)  # of RGB in [0, 1]
POCKET_DEVIATION = 58.0  # the mean of these three on the 0..255 scale, rounded


@keras.saving.register_keras_serializable("nstlib")
class Preprocess(keras.layers.Layer):
    """RGB in [0, 1] -> what the weights were trained on.

    "caffe": BGR, 0..255, ImageNet mean subtracted (VGG, ResNet50); "pocket": RGB, the same mean, divided
    by 58; "tf": -1..1 (Inception, MobileNetV2); "bytes": 0..255 (EfficientNet scales inside).
    """

    def __init__(self, mode: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mode = mode

    def call(self, image: Any) -> Any:
        """Shape (1, H, W, 3) in and out."""
        x = image * 255.0
        if self.mode == "tf":
            x = x / 127.5 - 1.0
        elif self.mode in ("caffe", "pocket"):
            x = x - keras.ops.convert_to_tensor(np.array(IMAGENET_MEAN, "float32"))
            x = keras.ops.flip(x, -1) if self.mode == "caffe" else x / POCKET_DEVIATION
        return keras.ops.cast(x, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Keras' way to copy a layer."""
        return {**super().get_config(), "mode": self.mode}


def picture_values(array: Any, what: str) -> np.ndarray:
    """Three values for each pixel of one picture as a float32 array of shape (1, H, W, 3), of any range.

    Raises:
        ValueError: another shape.
    """
    check_shape(array, what)
    return np.asarray(keras.ops.convert_to_numpy(array), "float32")


def check_shape(array: Any, what: str) -> None:
    """Refuse what does not have three values for each pixel of one picture.

    Raises:
        ValueError: another shape, or not an array.
    """
    if not hasattr(array, "shape"):
        raise ValueError(f"The {what} is a {type(array).__name__}; give an array, as load_image makes it.")
    shape = tuple(array.shape)
    if len(shape) != 4 or shape[0] != 1 or shape[-1] != 3:
        raise ValueError(f"The {what} has shape {shape}; it has to be (1, height, width, 3).")


def preprocessed(image: Any, mode: str) -> np.ndarray:
    """What the first layer is given for an image; see `FeatureNetwork.preprocess`."""
    layer = Preprocess(mode, dtype="float32")
    return np.array(keras.ops.convert_to_numpy(layer(picture_values(image, "image"))))


def deprocessed(values: Any, mode: str) -> np.ndarray:
    """The image of which `preprocessed` makes these values; see `FeatureNetwork.deprocess`."""
    x = picture_values(values, "array of values")
    if mode == "tf":
        return (x + 1.0) / 2.0
    if mode in ("caffe", "pocket"):
        x = x[..., ::-1] if mode == "caffe" else x * POCKET_DEVIATION
        x = x + np.array(IMAGENET_MEAN, "float32")
    return np.ascontiguousarray(x / 255.0)
