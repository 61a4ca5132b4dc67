"""Terms: measures with their layers, weights and targets. Targets are computed here, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..backend import ops
from ..networks import FeatureNetwork, Layer
from .measures import IMAGE, Content, Excitation, Gram, Measure, Variation
from .regions import at_layer
from .tiling import features_by_tiles, summaries_by_tiles

LayerWeights = Mapping[Layer, float] | Sequence[Layer] | Layer


@dataclass(frozen=True, eq=False)
class Term:
    """One part of the loss.

    Attributes:
        measure: what is compared.
        layer: Keras name of the layer, or `measures.IMAGE` for the pixels.
        weight: factor of this part in the total, not negative.
        target: what the measure's `summary` gave: a tensor, a tuple of tensors, or None.
        where: None, or how much each position of the layer counts, shape (1, H, W, 1).
    """

    measure: Measure
    layer: str
    weight: float
    target: Any = None
    where: Any = None

    @property
    def name(self) -> str:
        """The name of the part in a `History`, for example "style block1_conv1"."""
        return self.measure.part(self.layer)

    @property
    def tensors(self) -> list[Any]:
        """What the distance needs beside the features, flat: the target's tensors, then the weights."""
        target = () if self.target is None else self.target
        flat = list(target) if isinstance(target, (tuple, list)) else [target]
        return flat if self.where is None else [*flat, self.where]

    @property
    def signature(self) -> tuple[Any, ...]:
        """What a compiled step depends on besides shapes."""
        kind = "none" if self.target is None else "tensor"
        kind = "tuple" if isinstance(self.target, (tuple, list)) else kind
        return self.measure, self.layer, kind, self.where is not None


def check_weight(weight: Any, what: str) -> float:
    """A weight as a float.

    Raises:
        ValueError: it is negative, not finite or not a number.
    """
    try:
        value = float(weight)
    except (TypeError, ValueError):
        raise ValueError(f"The {what} is {weight!r}; give a number that is 0 or more.") from None
    if not np.isfinite(value) or value < 0:
        raise ValueError(f"The {what} is {value:g}; weights are finite and 0 or more.")
    return value


def layer_weights(network: FeatureNetwork, layers: LayerWeights, what: str) -> dict[str, float]:
    """Layers with weights from any of the accepted forms.

    Args:
        network: resolves names.
        layers: a layer, a list of layers (each then weighs 1/n), or a mapping from layer to weight. "image"
            is the picture itself.
        what: "content" or "style", for messages.

    Raises:
        ValueError: no layer, a layer named twice, an unknown layer, or negative weights.
    """
    if isinstance(layers, (str, int, np.integer)):
        layers = [layers]
    if len(layers) == 0:
        raise ValueError(f"Name at least one {what} layer.")
    pairs = layers.items() if isinstance(layers, Mapping) else [(k, 1.0 / len(layers)) for k in layers]
    weights = {resolve(network, k): check_weight(w, f"weight of {what} layer {k}") for k, w in pairs}
    if len(weights) < len(layers):
        raise ValueError(f"The {what} layers name the same layer twice: {', '.join(map(str, layers))}.")
    if not any(weights.values()):
        raise ValueError(
            f"All weights of the {what} layers are 0; give at least one layer a positive weight."
        )
    return {layer: weight for layer, weight in weights.items() if weight}


def resolve(network: FeatureNetwork, layer: Layer) -> str:
    """The layer's Keras name; the picture itself is a layer too."""
    return IMAGE if layer == IMAGE else network.resolve(layer)


def features_of(network: FeatureNetwork, picture: Any, layers: Sequence[str]) -> dict[str, Any]:
    """Feature maps of a picture by layer, `measures.IMAGE` among them.

    Raises:
        ValueError: the picture is too small for one of the layers.
    """
    deep = [layer for layer in layers if layer != IMAGE]
    found = network.features(picture, deep) if deep else {}
    return {n: found[n] if n != IMAGE else ops.convert_to_tensor(picture, "float32") for n in layers}


def terms_of(
    network: FeatureNetwork,
    picture: Any,
    shares: Mapping[str, float],
    weight: float,
    measure: Measure,
    where: np.ndarray | None = None,
    where_image: np.ndarray | None = None,
    tile: int | None = None,
) -> list[Term]:
    """A term for each layer, with the summary of the picture's features as its target.

    Args:
        network: where features are taken.
        picture: float32 RGB in [0, 1], shape (1, H', W', 3).
        shares: layer -> its share of the weight.
        weight: of all of them.
        measure: what is compared.
        where: how much each pixel of the picture counts, shape (H', W'); None counts all alike.
        where_image: the same of the image that is being made, (H, W).
        tile: side in pixels of the tiles in which a larger picture is looked at; None for none.
    """
    if not weight:
        return []
    inside = None if where is None else {n: at_layer(network, n, where) for n in shares}
    terms = []
    for layer, target in summaries(network, picture, list(shares), measure, inside, tile).items():
        here = None if where_image is None else at_layer(network, layer, where_image)
        terms.append(Term(measure, layer, weight * shares[layer], target, here))
    return terms


def summaries(
    network: FeatureNetwork,
    picture: Any,
    layers: Sequence[str],
    measure: Measure,
    where: Mapping[str, np.ndarray] | None,
    tile: int | None,
) -> dict[str, Any]:
    """What a measure keeps of a picture in each layer, the large ones by tiles; see `terms_of`."""
    large = tile is not None and max(picture.shape[1:3]) > tile
    if large and measure.additive and not measure.pointwise:
        return summaries_by_tiles(network, picture, layers, int(tile or 0), measure, where)
    if large:
        features: Mapping[str, Any] = features_by_tiles(network, picture, layers, int(tile or 0))
    else:
        features = features_of(network, picture, layers)
    given = {n: () if where is None else (where[n],) for n in layers}
    return {n: measure.summary(found, *given[n]) for n, found in features.items()}


def content_terms(
    network: FeatureNetwork, photo: Any, layers: LayerWeights, weight: float = 1.0
) -> list[Term]:
    """Terms that keep the features of a photograph.

    Args:
        network: where features are taken.
        photo: float32 RGB in [0, 1], shape (1, H, W, 3); the image must have the same size.
        layers: see `layer_weights`.
        weight: alpha in Gatys et al. 2016, eq. 7.
    """
    alpha, shares = check_weight(weight, "content weight"), layer_weights(network, layers, "content")
    return terms_of(network, photo, shares, alpha, Content())


def style_terms(
    network: FeatureNetwork,
    picture: Any,
    layers: LayerWeights,
    weight: float = 1.0,
    *,
    measure: Measure | None = None,
    where: np.ndarray | None = None,
    where_image: np.ndarray | None = None,
) -> list[Term]:
    """Terms that pull the statistics of the features towards those of a style picture of any size.

    Args:
        network: where features are taken.
        picture: float32 RGB in [0, 1], shape (1, H', W', 3).
        layers: see `layer_weights`; the shares are w_l in Gatys et al. 2016, eq. 5.
        weight: beta in eq. 7.
        measure: what is compared; None means the Gram matrix.
        where, where_image: how much each pixel of the style picture, (H', W'), and of the image, (H, W),
            counts; None counts all alike.
    """
    beta, shares = check_weight(weight, "style weight"), layer_weights(network, layers, "style")
    return terms_of(network, picture, shares, beta, measure or Gram(), where, where_image)


def excite_terms(network: FeatureNetwork, layer: Layer, channel: int, weight: float = 1.0) -> list[Term]:
    """A term that makes one channel of a layer respond, wherever in the picture.

    Args:
        network: where features are taken.
        layer: a name or a number.
        channel: which feature map, from 0.
        weight: of the term.

    Raises:
        ValueError: unknown layer, or a channel it does not have.
    """
    value, name = check_weight(weight, "weight of the excitation"), network.resolve(layer)
    count, whole = network.channels(name), isinstance(channel, (int, np.integer))
    if not whole or isinstance(channel, bool) or not 0 <= channel < count:
        raise ValueError(f"{name} of {network.name} has channels 0 to {count - 1}, not {channel!r}.")
    direction = np.eye(1, count, int(channel), dtype="float32")[0]
    return [Term(Excitation(), name, value, direction)] if value else []


def variation_terms(weight: float, kind: Literal["squared", "absolute"] = "squared") -> list[Term]:
    """A term that keeps the picture smooth; no term when the weight is 0."""
    value = check_weight(weight, "variation weight")
    return [Term(Variation(kind), IMAGE, value)] if value else []
