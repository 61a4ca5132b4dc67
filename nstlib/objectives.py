"""Terms and their targets -> one function of the image, with its parts by name.

An `Objective` is what an optimiser minimises. It holds targets that were computed once; only the image
that is being made goes through the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from . import losses
from .backend import ops
from .networks import FeatureNetwork, Layer

Kind = Literal["content", "style", "excite", "variation"]
LayerWeights = Mapping[Layer, float] | Sequence[Layer] | Layer


@dataclass(frozen=True, eq=False)
class Term:
    """One part of the loss.

    Attributes:
        kind: "content" (target: features), "style" (target: Gram matrix), "excite" (target: direction)
            or "variation" (no target).
        layer: Keras name of the layer; for "variation", "squared" or "absolute".
        weight: factor of this part in the total, not negative.
        target: features (1, H, W, N), Gram matrix (N, N), direction (N,), or None.
    """

    kind: Kind
    layer: str
    weight: float
    target: Any = None

    @property
    def name(self) -> str:
        """The name of the part in a `History`, for example "style block1_conv1"."""
        return f"{self.kind} {self.layer}"


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
        layers: a layer, a list of layers (each then weighs 1/n), or a mapping from layer to weight.
        what: "content" or "style", for messages.

    Raises:
        ValueError: no layer, a layer named twice, an unknown layer, or negative weights.
    """
    if isinstance(layers, (str, int, np.integer)):
        layers = [layers]
    if len(layers) == 0:
        raise ValueError(f"Name at least one {what} layer.")
    pairs = layers.items() if isinstance(layers, Mapping) else [(k, 1.0 / len(layers)) for k in layers]
    weights = {network.resolve(k): check_weight(w, f"weight of {what} layer {k}") for k, w in pairs}
    if len(weights) < len(layers):
        raise ValueError(f"The {what} layers name the same layer twice: {', '.join(map(str, layers))}.")
    if not any(weights.values()):
        raise ValueError(
            f"All weights of the {what} layers are 0; give at least one layer a positive weight."
        )
    return {layer: weight for layer, weight in weights.items() if weight}


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
    features = network.features(photo, list(shares)) if alpha else {}
    return [Term("content", n, alpha * shares[n], f) for n, f in features.items()]


def style_terms(
    network: FeatureNetwork, picture: Any, layers: LayerWeights, weight: float = 1.0
) -> list[Term]:
    """Terms that pull the Gram matrices towards those of a style picture of any size.

    Args:
        network: where features are taken.
        picture: float32 RGB in [0, 1], shape (1, H', W', 3).
        layers: see `layer_weights`; the shares are w_l in Gatys et al. 2016, eq. 5.
        weight: beta in eq. 7.
    """
    beta, shares = check_weight(weight, "style weight"), layer_weights(network, layers, "style")
    features = network.features(picture, list(shares)) if beta else {}
    return [Term("style", n, beta * shares[n], losses.gram_matrix(f)) for n, f in features.items()]


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
    return [Term("excite", name, value, direction)] if value else []


def variation_terms(weight: float, kind: Literal["squared", "absolute"] = "squared") -> list[Term]:
    """A term that keeps the picture smooth; no term when the weight is 0."""
    value = check_weight(weight, "variation weight")
    return [Term("variation", kind, value)] if value else []


def distances(
    network: FeatureNetwork,
    image: Any,
    *,
    content: Any = None,
    style: Any = None,
    layers: Sequence[Layer] | Layer,
) -> dict[str, dict[str, float]]:
    """How far an image is from a photograph and from a style picture, layer by layer.

    The "relative" formulas of `losses`, unweighted. In layers that were not in the loss, or in a network
    that was not, they measure a result by something that was not optimised.

    Args:
        network: where features are taken; it need not be the one the image was made with.
        image: float32 RGB in [0, 1], shape (1, H, W, 3).
        content: the photograph, of the same shape; None leaves it out.
        style: the style picture, of any size; None leaves it out.
        layers: a layer or several.

    Returns:
        "content" and "style" (those that were given) -> layer -> distance: 0 at the target, about 1 for a
        picture without the target's features, more for one full of wrong ones. It has no unit.

    Raises:
        ValueError: neither picture, no or an unknown layer, weights, a picture that is too small for it or
            not an image, or a photograph of another shape.
    """
    if isinstance(layers, Mapping):
        raise ValueError("Distances are not weighted: give the layers without weights.")
    if content is None and style is None:
        raise ValueError("There is nothing to compare with: give a content picture, a style picture or both.")
    chosen = list(layer_weights(network, layers, "compared"))
    for what, picture in (("image", image), ("content picture", content), ("style picture", style)):
        if picture is not None:
            network.check_size(picture, chosen, what)
    if content is not None and tuple(content.shape) != tuple(image.shape):
        raise ValueError(
            f"The image ({image.shape[2]} x {image.shape[1]} pixels) and the content picture "
            f"({content.shape[2]} x {content.shape[1]}) differ in size: resize one of them."
        )
    here, found = network.features(image, chosen), {}
    if content is not None:
        there = network.features(content, chosen)
        found["content"] = {n: number(losses.content_loss(here[n], there[n])) for n in chosen}
    if style is not None:
        there = {n: losses.gram_matrix(f) for n, f in network.features(style, chosen).items()}
        found["style"] = {n: number(losses.style_loss(here[n], there[n])) for n in chosen}
    return found


def number(scalar: Any) -> float:
    """A tensor of one number as a float."""
    return float(ops.convert_to_numpy(scalar))


class Objective:
    """The weighted sum of terms as a function of the image.

    The function itself is pure: `self.function(image, targets, weights)`, so one compiled step serves
    every run with the same layers and formula, whatever the pictures and the weights.

    Attributes:
        network: the feature network.
        terms: the parts of the loss.
        formula: see `losses`.
        names: of the parts, in the order of the terms.
    """

    def __init__(
        self, network: FeatureNetwork, terms: Iterable[Term], formula: losses.Formula = "relative"
    ) -> None:
        losses.check_formula(formula)
        self.network, self.formula = network, formula
        self.terms = tuple(terms)
        if not self.terms:
            raise ValueError(
                "There is nothing to minimise: every weight is 0. Give at least one positive weight."
            )
        self.names = tuple(term.name for term in self.terms)
        self.layers = tuple(dict.fromkeys(t.layer for t in self.terms if t.kind != "variation"))

    @property
    def signature(self) -> tuple[Any, ...]:
        """What a compiled step depends on besides shapes."""
        return (self.formula, tuple((t.kind, t.layer) for t in self.terms))

    @property
    def targets(self) -> list[Any]:
        """The targets of all terms that have one, in order."""
        return [t.target for t in self.terms if t.target is not None]

    @property
    def weights(self) -> np.ndarray:
        """The weights of all terms, shape (terms,), in double precision: some would not fit into single."""
        return np.array([t.weight for t in self.terms], "float64")

    def check_image(self, image: Any) -> None:
        """Refuse an image the targets do not fit.

        Raises:
            ValueError: too small for the network, or another size than the content.
        """
        self.network.check_size(image, self.layers)
        for term in self.terms:
            if term.kind == "content":
                here = self.network.cut([term.layer]).compute_output_shape(tuple(image.shape))
                here = here[0] if isinstance(here, list) else here
                if tuple(here)[1:3] != tuple(term.target.shape)[1:3]:
                    raise ValueError(
                        f"The image ({image.shape[2]} x {image.shape[1]} pixels) and the content picture "
                        f"differ in size: resize one of them."
                    )

    def function(self) -> Any:
        """The pure function `(image, targets, weights) -> (total, parts)`; parts add up to the total."""
        kinds = [(t.kind, t.layer) for t in self.terms]  # no reference to targets: they are arguments
        layers, formula, network = self.layers, self.formula, self.network
        model = network.cut(layers) if layers else None

        def total_and_parts(image: Any, targets: list[Any], weights: Any) -> tuple[Any, Any]:
            outputs = network.outputs(model, image) if model is not None else []
            features = dict(zip(layers, outputs, strict=True))
            parts = parts_of(image, features, targets, kinds, formula) * weights
            return ops.sum(parts), parts

        return total_and_parts


def parts_of(
    image: Any,
    features: Mapping[str, Any],
    targets: Sequence[Any],
    kinds: Sequence[tuple[str, str]],
    formula: Any,
) -> Any:
    """The unweighted parts of the loss as one tensor of shape (terms,)."""
    parts, waiting = [], iter(targets)
    for kind, layer in kinds:
        if kind == "content":
            parts.append(losses.content_loss(features[layer], next(waiting), formula))
        elif kind == "style":
            parts.append(losses.style_loss(features[layer], next(waiting), formula))
        elif kind == "excite":
            parts.append(losses.excitation_loss(features[layer], next(waiting)))
        else:
            reduction: Any = "sum" if formula in ("gatys", "sum") else "mean"
            parts.append(losses.total_variation(image, layer, reduction))  # type: ignore[arg-type]
    return ops.stack(parts)
