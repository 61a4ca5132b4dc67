"""Naming what a picture shows, which only a network with a classifying head can do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from .. import images
from ..backend import keras, own_settings
from .build import build_vgg
from .plans import Plan
from .weights import assign_pack, convolutions_of

TRAINED_SIZE = 64  # sides of the pictures the embedded network was trained on


class Classifier:
    """The embedded network with its head, exactly as it was trained: average pooling, float32.

    How a feature network that shares its weights was loaded (maximum pooling, bfloat16) makes no difference.

    Attributes:
        plan: of the network.
        pack: the arrays of its file: convolutions, `head/kernel`, `head/bias` and the names, `classes`.
    """

    def __init__(self, plan: Plan, pack: dict[str, np.ndarray]) -> None:
        self.plan, self.pack = plan, pack

    @cached_property
    def _deepest(self) -> keras.Model:
        """The network up to its last convolution, whose mean the head reads; built when first asked for."""
        with own_settings():
            model = build_vgg(self.plan, "average", "float32")
            assign_pack(model, self.pack, self.plan.weights_file)
            return keras.Model(model.inputs[0], convolutions_of(model)[-1].output, trainable=False)

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """Unnormalised log-probabilities of the classes.

        Args:
            pictures: float32 RGB in [0, 1], shape (B, H, W, 3).

        Returns:
            Shape (B, classes).
        """
        maps = self._deepest(keras.ops.convert_to_tensor(pictures, "float32"), training=False)
        mean = keras.ops.convert_to_numpy(maps).mean((1, 2))
        return mean @ self.pack["head/kernel"] + self.pack["head/bias"]

    def classify(self, image: Any, top: int = 5) -> list[tuple[str, float]]:
        """The most likely classes of a picture with their probabilities, the likeliest first.

        It is asked as it was trained: the picture is brought to about 64 pixels on the shorter side.

        Args:
            image: float32 RGB in [0, 1], shape (1, H, W, 3).
            top: how many classes.
        """
        height, width = image.shape[1:3]
        scale = TRAINED_SIZE / min(height, width)
        small = images.resize(image, (round(height * scale), round(width * scale)))
        odds = softmax(self.logits(small)[0])
        best = np.argsort(-odds)[:top]
        return [(str(self.pack["classes"][i]), float(odds[i])) for i in best]


class ChangedClassifier(Classifier):
    """A classifier behind a change of its pictures (see `FeatureNetwork.behind`)."""

    def __init__(self, inner: Classifier, change: Callable[[Any], Any]) -> None:
        super().__init__(inner.plan, inner.pack)
        self.inner, self.change = inner, change

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """As the classifier inside gives them for the changed pictures."""
        changed = self.change(keras.ops.convert_to_tensor(pictures, "float32"))
        return self.inner.logits(keras.ops.convert_to_numpy(changed))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, shape (classes,), that add up to 1."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()
