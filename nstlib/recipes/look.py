"""A look: how the image is compared with its pictures, as one object with the recipes' defaults.

Nothing in here starts Keras or NumPy at import, so that the command line and the Studio read the defaults
at once.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

from ..foundation import unknown_name

if TYPE_CHECKING:
    import numpy as np

    from ..losses import Formula
    from ..networks import FeatureNetwork, Layer
    from ..objectives import LayerWeights, Measure, Term

NETWORK, START = "pocket_vgg", "recolored"  # of a transfer, unless others are named
DEFAULT_SIZE = 512  # pictures larger than this are reduced unless a size is asked for
VARIATIONS = ("squared", "absolute")


@dataclass(frozen=True)
class Look:
    """What a run compares, where, and how much each part counts.

    Attributes:
        content_layers, style_layers: layer, list of layers, or layer -> weight; None means the usual ones of
            the network.
        content_weight, style_weight, variation_weight: alpha, beta, and the weight of total variation.
        style_measure: what is compared of the style: a name of `objectives.measures.known`, {"name": ...,
            options}, or an `objectives.Measure`.
        variation: "squared" or "absolute".
        formula: see `losses`.
        photorealism: weight of the matting Laplacian: colours change only as the photograph's do in
            the same place (Luan et al. 2017); about 3 shows.
    """

    content_layers: LayerWeights | None = None
    style_layers: LayerWeights | None = None
    content_weight: float = 0.02
    style_weight: float = 1.0
    style_measure: str | Mapping[str, Any] | Measure = "gram"
    variation_weight: float = 0.2
    variation: Literal["squared", "absolute"] = "squared"
    formula: Formula = "relative"
    photorealism: float = 0.0

    def checked(self, net: FeatureNetwork, *, transfer: bool = True) -> Look:
        """The same with the names of the layers resolved and everything else as plain values.

        Args:
            net: whose usual layers stand for None.
            transfer: whether these are the style layers of a transfer, which weigh differently.

        Raises:
            ValueError: a bad value.
        """
        from .. import losses
        from ..objectives import as_measure, check_weight

        losses.check_formula(self.formula)
        if self.variation not in VARIATIONS:
            raise unknown_name("variation", self.variation, VARIATIONS)
        usual: Any = (net.plan.transfer_weights if transfer else None) or net.plan.style_layers
        return replace(
            self,
            content_layers=chosen_layers(net, self.content_layers, net.plan.content_layers, "content"),
            style_layers=chosen_layers(net, self.style_layers, usual, "style"),
            content_weight=check_weight(self.content_weight, "content weight"),
            style_weight=check_weight(self.style_weight, "style weight"),
            style_measure=as_measure(self.style_measure).in_formula(self.formula),
            variation_weight=check_weight(self.variation_weight, "variation weight"),
            photorealism=check_weight(self.photorealism, "weight of photorealism"),
        )

    def content_terms(self, net: FeatureNetwork, photo: np.ndarray, tile: int | None = None) -> list[Term]:
        """The terms of the photograph; of a look that was checked, as the next two."""
        from ..objectives import IMAGE, Content, terms_of
        from ..objectives.matting import MattingLaplacian

        shares: Any = self.content_layers
        terms = terms_of(net, photo, shares, self.content_weight, Content(self.formula), tile=tile)
        return terms + terms_of(net, photo, {IMAGE: 1.0}, self.photorealism, MattingLaplacian())

    def style_terms(
        self,
        net: FeatureNetwork,
        picture: np.ndarray,
        share: float = 1.0,
        where: np.ndarray | None = None,
        where_image: np.ndarray | None = None,
        tile: int | None = None,
    ) -> list[Term]:
        """The terms of a style picture that has a share of the style weight; the rest as in `terms_of`."""
        from ..objectives import terms_of

        shares: Any = self.style_layers
        measure: Any = self.style_measure
        return terms_of(net, picture, shares, share * self.style_weight, measure, where, where_image, tile)

    def variation_terms(self) -> list[Term]:
        """The term of smoothness, or none."""
        from ..objectives import IMAGE, Term, Variation

        measure = Variation(self.variation).in_formula(self.formula)
        return [Term(measure, IMAGE, self.variation_weight)] if self.variation_weight else []

    @property
    def additive(self) -> bool:
        """Whether a picture can be worked at in tiles; of a look that was checked."""
        measure: Any = self.style_measure
        return not self.photorealism and bool(measure.additive or not self.style_weight)

    def common_settings(self) -> dict[str, Any]:
        """What every recipe has of it, for a record."""
        names = ("variation_weight", "variation", "formula")
        return {name: getattr(self, name) for name in names}


def as_network(network: str | Mapping[str, Any] | FeatureNetwork) -> FeatureNetwork:
    """A network by name or by keywords of `load_network`, or the one that was given."""
    from ..networks import FeatureNetwork, load_network

    if isinstance(network, Mapping):
        for keyword in network:
            if keyword not in (known := list(inspect.signature(load_network).parameters)):
                raise unknown_name("option of a network", keyword, known)
        return load_network(**network)
    return network if isinstance(network, FeatureNetwork) else load_network(network)


def chosen_layers(
    net: FeatureNetwork, layers: LayerWeights | None, usual: LayerWeights, what: str
) -> dict[Layer, float]:
    """Weights by the layers' Keras names, the network's usual layers when none are named.

    Raises:
        ValueError: unknown layers, bad weights, or nothing that names layers.
    """
    from ..objectives import layer_weights

    given: Any = usual if layers is None else layers
    if isinstance(given, Integral):
        given = int(given)
    elif not isinstance(given, (str, int, Mapping)):
        if not isinstance(given, Iterable):
            raise ValueError(f"The {what} layers are {given!r}; give a layer, a list, or layer -> weight.")
        given = list(given)
    return {name: weight for name, weight in layer_weights(net, given, what).items()}


def start_settings(start: Any, seed: int) -> dict[str, Any]:
    """The settings of where a run begins.

    Raises:
        ValueError: the seed is none.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed is {seed!r}; give a whole number of 0 or more.")
    start = os.fspath(start) if isinstance(start, (str, os.PathLike)) else start
    return {"start": start, "seed": int(seed)}


def unchosen(**keywords: Any) -> tuple[str, ...]:
    """The names of the keywords that were left to their defaults."""
    return tuple(name for name, value in keywords.items() if value is None)


def seen_layers(layers: Any) -> Sequence[Layer]:
    """The layers of the network among those that are compared: all but the picture itself."""
    return [layer for layer in layers if layer != "image"]
