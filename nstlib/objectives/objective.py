"""Terms and their targets -> one function of the image, with its parts by name.

An `Objective` is what an optimiser minimises. It holds targets that were computed once; only the image
that is being made goes through the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import losses
from ..backend import ops
from ..networks import FeatureNetwork, Layer
from .measures import IMAGE
from .terms import Term, layer_weights


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
    every run with the same measures and layers, whatever the pictures and the weights.

    Attributes:
        network: the feature network.
        terms: the parts of the loss.
        names: of the parts, in the order of the terms.
        layers: of the network that are looked at.
    """

    def __init__(
        self, network: FeatureNetwork, terms: Iterable[Term], formula: losses.Formula | None = None
    ) -> None:
        """Take the terms, in one formula of `losses` for all if one is named.

        Raises:
            ValueError: there is no term, or no such formula.
        """
        if formula is not None:
            losses.check_formula(formula)
            terms = [replace(term, measure=term.measure.in_formula(formula)) for term in terms]
        self.network, self.terms = network, tuple(terms)
        if not self.terms:
            raise ValueError(
                "There is nothing to minimise: every weight is 0. Give at least one positive weight."
            )
        self.names = tuple(term.name for term in self.terms)
        self.layers = tuple(dict.fromkeys(term.layer for term in self.terms if term.layer != IMAGE))

    @property
    def signature(self) -> tuple[Any, ...]:
        """What a compiled step depends on besides shapes."""
        return tuple(term.signature for term in self.terms)

    @property
    def targets(self) -> list[list[Any]]:
        """What each term compares with, as a list of tensors."""
        return [term.tensors for term in self.terms]

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
            if term.measure.pointwise and term.layer != IMAGE:
                here = self.network.cut([term.layer]).compute_output_shape(tuple(image.shape))
                here = here[0] if isinstance(here, list) else here
                if tuple(here)[1:3] != tuple(term.tensors[0].shape)[1:3]:
                    raise ValueError(
                        f"The image ({image.shape[2]} x {image.shape[1]} pixels) and the content picture "
                        f"differ in size: resize one of them."
                    )

    def function(self) -> Any:
        """The pure function `(image, targets, weights) -> (total, parts)`; parts add up to the total."""
        kinds = self.signature  # no reference to targets: they are arguments
        layers, network = self.layers, self.network
        model = network.cut(layers) if layers else None

        def total_and_parts(image: Any, targets: list[list[Any]], weights: Any) -> tuple[Any, Any]:
            outputs = network.outputs(model, image) if model is not None else []
            features = {IMAGE: image, **dict(zip(layers, outputs, strict=True))}
            parts = parts_of(features, targets, kinds) * weights
            return ops.sum(parts), parts

        return total_and_parts


def parts_of(
    features: Mapping[str, Any], targets: Sequence[Sequence[Any]], kinds: Sequence[tuple[Any, ...]]
) -> Any:
    """The unweighted parts of the loss as one tensor of shape (terms,); kinds as `Term.signature` has them.

    Raises:
        ValueError: a measure gives something else than one number.
    """
    parts = []
    for (measure, layer, kind, masked), tensors in zip(kinds, targets, strict=True):
        flat, where = (tensors[:-1], tensors[-1:]) if masked else (tensors, [])
        summary = {"none": None, "tensor": flat[0] if flat else None, "tuple": tuple(flat)}[kind]
        value = measure.distance(features[layer], summary, *where)
        if value is None:
            raise ValueError(
                f"The distance of the measure {measure.name!r} returns nothing; it has to be one number."
            )
        part = ops.cast(ops.convert_to_tensor(value), "float32")
        if tuple(part.shape) != ():
            raise ValueError(
                f"The distance of the measure {measure.name!r} has the shape {tuple(part.shape)}; it has to "
                f"be one number, for instance a mean."
            )
        parts.append(part)
    return ops.stack(parts)
