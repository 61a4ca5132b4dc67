"""A network cut into layers: pictures in, feature maps out.

An image (float32 RGB in [0, 1], shape (1, H, W, 3)) goes in, the feature maps of the chosen layers come
out. What the weights expect of their input happens inside, once, so nothing outside ever subtracts a mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .. import images
from ..backend import keras, own_settings
from ..foundation import Kept, unknown_name
from .build import stable_names
from .classifier import ChangedClassifier, Classifier
from .plans import Layer, Plan, smallest_side
from .preprocessing import check_shape, deprocessed, picture_values, preprocessed
from .receptive_field import ReceptiveField, field_of

L = keras.layers

# Kept beside a network, the last used of each: kinds of runs (each compiled for its sizes), changes, lists of
# layers. A lesson has under ten kinds; whoever sweeps over layers for a day makes hundreds.
MOST_STEPS, MOST_BEHINDS, MOST_CUTS = 16, 4, 32


class FeatureNetwork:
    """A network cut into layers. Made by `load_network`; not trainable, never changed by a run.

    Attributes:
        name: "pocket_vgg", "vgg19", ...
        plan: what sets it apart.
        layers: names of the layers that can be asked for, from the input on.
        model: the Keras model (`net.model.summary()` shows it).
        steps: compiled steps by signature, so that runs of one kind compile once.
        behinds: the same network behind changes that recipes make, by their name, for the same reason.
        classifier: what names pictures; None for a network without a head.
        made_with: keywords of `load_network` that load the same again; None when it was made otherwise.
    """

    def __init__(
        self,
        name: str,
        plan: Plan,
        model: keras.Model,
        classifier: Classifier | None = None,
    ) -> None:
        self.name, self.plan, self.model, self.classifier = name, plan, model, classifier
        self._by_name = stable_names(model)
        self.layers = tuple(self._by_name)
        self._cuts: Kept[tuple[str, ...], keras.Model] = Kept(MOST_CUTS)
        self.steps: Kept[Any, Any] = Kept(MOST_STEPS)
        self.behinds: Kept[str, FeatureNetwork] = Kept(MOST_BEHINDS)
        self.made_with: dict[str, str | int] | None = None

    def __repr__(self) -> str:
        size = f"{len(self.layers)} layers, {self.model.count_params():,} parameters"
        return f"<FeatureNetwork {self.name}: {size}>"

    @property
    def convolutions(self) -> tuple[str, ...]:
        """Names of the convolutions in order, so that the k-th is `convolutions[k - 1]`."""
        return tuple(n for n in self.layers if re.fullmatch(r"block\d_conv\d", n))

    def resolve(self, layer: Layer) -> str:
        """The layer's Keras name for a Keras name, a paper name or a number.

        Raises:
            ValueError: no such layer; the message suggests the nearest.
        """
        if isinstance(layer, (int, np.integer)) and not isinstance(layer, bool):
            return self._by_number(int(layer))
        if not isinstance(layer, str):
            raise ValueError(f"A layer is a name or a number, not {layer!r}.")
        paper = re.fullmatch(r"(?:conv|relu)(\d)_(\d)", layer)
        name = f"block{paper[1]}_conv{paper[2]}" if paper and self.plan.blocks else layer
        if name not in self.layers:
            raise unknown_name(f"layer of {self.name}", name, self.layers)
        return name

    def _by_number(self, number: int) -> str:
        if not self.plan.blocks:
            raise ValueError(f"Layers of {self.name} have names, not numbers; it is not of the VGG plan.")
        if not 1 <= number <= len(self.convolutions):
            last = len(self.convolutions)
            raise ValueError(f"{self.name} has convolutions 1 to {last}; there is no {number}.")
        return self.convolutions[number - 1]

    def receptive_field(self, layer: Layer) -> ReceptiveField:
        """What part of the picture a position of a layer depends on, counted from the plan.

        Raises:
            ValueError: unknown layer, or a network whose layers do not form a chain.
        """
        wanted = self.resolve(layer)
        if not self.plan.blocks:
            raise ValueError(
                f"The layers of {self.name} do not form a chain, so its receptive fields are not counted "
                f"here; ask a network of the VGG plan."
            )
        return field_of(self.layers[: self.layers.index(wanted) + 1])

    def channels(self, layer: Layer) -> int:
        """How many channels (feature maps) a layer has."""
        return int(self._by_name[self.resolve(layer)].output.shape[-1])

    def minimum_size(self, layers: Iterable[Layer]) -> int:
        """Smallest side in pixels at which the given layers still have a position."""
        return smallest_side(self.plan, map(self.resolve, layers))

    def check_size(self, image: Any, layers: Iterable[Layer], what: str = "image") -> None:
        """Refuse what is not one picture, and a picture that is too small for the deepest layer.

        Raises:
            ValueError: another shape, or one side is too short.
        """
        check_shape(image, what)
        smallest, layers = min(image.shape[1:3]), list(layers)
        needed = self.minimum_size(layers)
        if smallest < needed:
            enough = images.size_for((image.shape[1], image.shape[2]), needed)
            raise ValueError(
                f"The {what} is {image.shape[2]} x {image.shape[1]} pixels, but {self.name} needs at least "
                f"{needed} on each side for {', '.join(map(str, layers))}: bring its longer side to {enough} "
                f"or more."
            )

    def cut(self, layers: Sequence[Layer]) -> keras.Model:
        """The network up to the deepest of the layers, one output for each, in the order given."""
        chosen = tuple(self.resolve(layer) for layer in layers)
        if not chosen:
            raise ValueError("Name at least one layer.")
        return self._cuts.made_once(chosen, lambda: self._cut(chosen))

    def _cut(self, chosen: tuple[str, ...]) -> keras.Model:
        outputs = [self._by_name[name].output for name in chosen]
        with own_settings():
            return keras.Model(self.model.inputs[0], outputs, trainable=False)

    def features(self, image: Any, layers: Sequence[Layer]) -> dict[str, Any]:
        """Feature maps of an image.

        Args:
            image: float32 RGB in [0, 1], shape (1, H, W, 3).
            layers: names or numbers.

        Returns:
            Layer name -> tensor of shape (1, H', W', C), float32.

        Raises:
            ValueError: unknown layer, another shape, or an image too small for it.
        """
        self.check_size(image, layers)
        model = self.cut(layers)
        outputs = self.outputs(model, keras.ops.convert_to_tensor(image, "float32"))
        return dict(zip(map(self.resolve, layers), outputs, strict=True))

    def preprocess(self, image: Any) -> np.ndarray:
        """What the first layer of this network is given for an image; `features` does it by itself.

        Args:
            image: RGB, nominally in [0, 1], shape (1, H, W, 3). Values outside are not clipped: an optimiser
                goes there.

        Returns:
            Shape (1, H, W, 3), float32, in the range and the order of colours of the weights.

        Raises:
            ValueError: another shape.
        """
        return preprocessed(image, self.plan.preprocessing)

    def deprocess(self, values: Any) -> np.ndarray:
        """The image of which `preprocess` makes these values: its inverse, up to rounding.

        It does not clip, because nothing would get back what clipping takes away.

        Args:
            values: in the range and the order of colours of the weights, shape (1, H, W, 3).

        Returns:
            RGB, shape (1, H, W, 3), float32; outside [0, 1] where the values belong to no picture.

        Raises:
            ValueError: another shape.
        """
        return deprocessed(values, self.plan.preprocessing)

    def behind(self, change: Callable[[Any], Any]) -> FeatureNetwork:
        """The same network, given `change(image)` for every image, for instance a mistake of preprocessing.

        Args:
            change: from a tensor (1, H, W, 3) to one of the same shape, written with `keras.ops` or plain
                arithmetic, so that gradients go through it. The result may leave [0, 1].

        Raises:
            ValueError: `change` cannot be called. That it fails, or makes no picture, is said when the
                network is first used.
        """
        if not callable(change):
            raise ValueError(f"change is {change!r}; give a function from a picture to a picture.")
        return ChangedNetwork(self, change)

    @staticmethod
    def outputs(model: keras.Model, image: Any) -> list[Any]:
        """All outputs of a cut as a list of float32 tensors (Keras gives a bare tensor for one output)."""
        out = model(image, training=False)
        return [keras.ops.cast(x, "float32") for x in (out if isinstance(out, (list, tuple)) else [out])]

    def classify(self, image: Any, top: int = 5) -> list[tuple[str, float]]:
        """The most likely classes of a picture with their probabilities, the likeliest first.

        The embedded network knows the 200 classes of Tiny ImageNet. It is asked as it was trained: about
        64 pixels on the shorter side (the picture is brought to that here), zeros around the picture.

        Args:
            image: float32 RGB in [0, 1], shape (1, H, W, 3).
            top: how many classes.

        Raises:
            ValueError: this network was loaded without a classifying head.
        """
        return self._head().classify(image, top)

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """Unnormalised log-probabilities of the classes, as the network was trained.

        Args:
            pictures: float32 RGB in [0, 1], shape (B, H, W, 3).

        Returns:
            Shape (B, classes).

        Raises:
            ValueError: this network was loaded without a classifying head.
        """
        return self._head().logits(pictures)

    def _head(self) -> Classifier:
        if self.classifier is None:
            raise ValueError(f"{self.name} has no classifying head here; 'pocket_vgg' can name what it sees.")
        return self.classifier


class ChangedNetwork(FeatureNetwork):
    """A network behind a change of its pictures; made by `FeatureNetwork.behind`.

    Attributes:
        inner: the network itself.
        change: from a picture (1, H, W, 3) to the picture that the network is given instead.
    """

    def __init__(self, inner: FeatureNetwork, change: Callable[[Any], Any]) -> None:
        name = f"{inner.name} behind {getattr(change, '__name__', 'a change')}"
        head = inner.classifier
        super().__init__(name, inner.plan, inner.model, head and ChangedClassifier(head, change))
        self.inner, self.change = inner, change

    def _cut(self, chosen: tuple[str, ...]) -> keras.Model:
        image = keras.Input((None, None, 3), batch_size=1, name="image", dtype="float32")
        with own_settings():
            changed = self._changed(image)
            return keras.Model(image, self.inner.cut(chosen)(changed), trainable=False)

    def _changed(self, image: Any) -> Any:
        """The change as a layer of the network.

        Raises:
            ValueError: it fails, or makes something else than a picture.
        """
        try:
            changed = L.Lambda(self.change, name="change", dtype="float32")(image)
        except Exception:  # whatever somebody's function may raise, in Keras' words for it
            raise ValueError(
                f"The change of {self.name!r} fails for a tensor of shape (1, height, width, 3); write it "
                f"with keras.ops or plain arithmetic."
            ) from None
        check_shape(changed, "changed picture")
        return changed

    def preprocess(self, image: Any) -> np.ndarray:
        """What the first layer is given for an image: the change, then what the weights expect."""
        changed = self.change(keras.ops.convert_to_tensor(picture_values(image, "image"), "float32"))
        return self.inner.preprocess(keras.ops.convert_to_numpy(changed))

    def deprocess(self, values: Any) -> np.ndarray:
        """Nobody knows the inverse of the change.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{self.name} cannot undo the change; ask the network inside with inner.deprocess.")
