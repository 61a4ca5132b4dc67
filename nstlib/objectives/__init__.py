"""Objectives: measures with layers, weights and targets, added up to one function of the image.

`measures` say what is compared, `terms` compute the targets, `regions` say where, and an `Objective` is
what an optimiser minimises.
"""

from .measures import IMAGE, Content, Excitation, Gram, Measure, OwnMeasure, Variation, as_measure
from .objective import Objective, distances
from .regions import Regions, read_regions
from .terms import (
    LayerWeights,
    Term,
    check_weight,
    content_terms,
    excite_terms,
    layer_weights,
    style_terms,
    terms_of,
    variation_terms,
)

__all__ = [
    "IMAGE",
    "Content",
    "Excitation",
    "Gram",
    "LayerWeights",
    "Measure",
    "Objective",
    "OwnMeasure",
    "Regions",
    "Term",
    "Variation",
    "as_measure",
    "check_weight",
    "content_terms",
    "distances",
    "excite_terms",
    "layer_weights",
    "read_regions",
    "style_terms",
    "terms_of",
    "variation_terms",
]
