"""Feature networks: a name becomes a network whose layers can be looked at.

    net = load_network("vgg19")
    maps = net.features(image, ["block1_conv1", "conv4_2", 10])

Layers of the VGG plan may be named as Keras does (`block4_conv2`), as the papers do (`conv4_2`), or by
counting convolutions from the input (`10`). The files, in the order in which they build on each other:
`plans` (free of Keras), `preprocessing`, `build`, `weights`, `receptive_field`, `classifier`,
`feature_network`, `keeping`, `loading`. Each name below is loaded when it is first used, so that a list of
the networks starts no Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..foundation import loaded_on_demand

if TYPE_CHECKING:  # for editors and type checkers, which do not see what is loaded on demand
    from .build import build_application as build_application
    from .build import build_vgg as build_vgg
    from .classifier import Classifier as Classifier
    from .feature_network import ChangedNetwork as ChangedNetwork
    from .feature_network import FeatureNetwork as FeatureNetwork
    from .keeping import forget as forget
    from .loading import load_network as load_network
    from .loading import trained_network as trained_network
    from .plans import PLANS as PLANS
    from .plans import WEIGHTS_FOLDER as WEIGHTS_FOLDER
    from .plans import Layer as Layer
    from .plans import Plan as Plan
    from .plans import Pooling as Pooling
    from .plans import names as names
    from .plans import parameter_table as parameter_table
    from .plans import smallest_side as smallest_side
    from .plans import table as table
    from .plans import weights_path as weights_path
    from .preprocessing import Preprocess as Preprocess
    from .receptive_field import ReceptiveField as ReceptiveField
    from .weights import assign_pack as assign_pack
    from .weights import convolutions_of as convolutions_of
    from .weights import edge_detector_weights as edge_detector_weights
    from .weights import first_line as first_line
    from .weights import pack_weights as pack_weights
    from .weights import random_weights as random_weights

_HOMES = {
    "plans": (
        "Layer",
        "Pooling",
        "PLANS",
        "Plan",
        "WEIGHTS_FOLDER",
        "names",
        "table",
        "parameter_table",
        "smallest_side",
        "weights_path",
    ),
    "preprocessing": ("Preprocess",),
    "build": (
        "build_application",
        "build_vgg",
    ),
    "weights": (
        "assign_pack",
        "convolutions_of",
        "edge_detector_weights",
        "first_line",
        "pack_weights",
        "random_weights",
    ),
    "receptive_field": ("ReceptiveField",),
    "classifier": ("Classifier",),
    "feature_network": (
        "ChangedNetwork",
        "FeatureNetwork",
    ),
    "keeping": ("forget",),
    "loading": (
        "load_network",
        "trained_network",
    ),
}

__getattr__, __dir__, __all__ = loaded_on_demand(__name__, _HOMES)
