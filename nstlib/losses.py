"""The formulas, one function each. Pure: tensors in, a scalar tensor out, nothing remembered.

Notation of the papers: a layer has N channels (filters) and M = H W positions; F is the feature map of the
image that is being made, P that of the photograph, G and A are the Gram matrices of the image and of the
style picture. Feature maps have shape (1, H, W, N).

A batch of B > 1 pictures, shape (B, H, W, N), is never mixed: every function then gives what it gives for
each picture alone, along a first axis of length B. One picture has no such axis in the result.

Four families of formulas go by name:

=========== ======================================= ==========================================
name        content loss of a layer                 style loss of a layer
=========== ======================================= ==========================================
"gatys"     1/2 sum (F - P)^2                       sum (G - A)^2 / (4 N^2 M^2)
"sum"       1/2 sum (F - P)^2                       1/2 sum (G - A)^2
"mse"       mean (F - P)^2                          mean (G/M - A/M)^2
"relative"  sum (F - P)^2 / sum P^2                 sum (G/M - A/M)^2 / sum (A/M)^2
=========== ======================================= ==========================================

They differ only by factors that are constant during a run, so they have the same minima for a single
term; what changes is how terms weigh against each other, and that is why a "style weight" of one program
means nothing in another.
"""

from __future__ import annotations

from typing import Any, Literal

from .backend import keras, ops
from .foundation import unknown_name
from .primitives import channel_products, neighbour_differences

Formula = Literal["gatys", "sum", "mse", "relative"]
FORMULAS: tuple[Formula, ...] = ("gatys", "sum", "mse", "relative")

# The energy per element under which a target counts as flat. Features of a network are of order 1 to
# 1000, so a millionth only matters where a target is (nearly) zero: black pictures stay finite.
FLOOR = 1e-6


def check_formula(formula: str) -> None:
    """Refuse a formula that has no name here.

    Raises:
        ValueError: names the nearest formula.
    """
    if formula not in FORMULAS:
        raise unknown_name("formula", formula, FORMULAS)


def summed(features: Any, what: str = "features") -> tuple[int, ...] | None:
    """The axes a loss is summed over: all of one picture (None), for a batch all but the first.

    Raises:
        ValueError: not the shape (batch, height, width, channels).
    """
    shape = tuple(features.shape)
    if len(shape) != 4:
        axes = "(batch, height, width, channels)"
        raise ValueError(
            f"The {what} must have the shape {axes}, as load_image and features give it, not {shape}."
        )
    return None if shape[0] == 1 else (-3, -2, -1)


def check_count(target: Any, features: Any, rank: int) -> None:
    """Refuse targets of several pictures that are not as many as the pictures.

    Raises:
        ValueError: their number differs from that of the features.
    """
    count = target.shape[0] if len(target.shape) == rank else 1
    if count not in (1, features.shape[0]):
        raise ValueError(
            f"There are targets of {count} pictures for {features.shape[0]}: give one target for all, or one "
            f"for each."
        )


def guided(features: Any, where: Any) -> Any:
    """Features whose positions count differently: multiplied with the square root of their weight.

    The Gram matrix of these, over all positions, is that of the region alone (Gatys et al. 2017, eq. 3).

    Args:
        features: shape (1, H, W, N).
        where: shape (1, H, W, 1), not negative, with a positive sum; its scale does not matter.

    Returns:
        The same shape as `features`.
    """
    return features * ops.sqrt(where / ops.mean(where))


def gram_matrix(features: Any, where: Any = None) -> Any:
    """Gram matrix divided by the number of positions: G/M with G_ij = sum_k F_ik F_jk.

    Entry (i, j) says how often channels i and j are active at the same place, wherever that is. Dividing
    by M makes pictures of different sizes comparable (Gatys et al. 2016, eq. 3, has G itself).

    Args:
        features: shape (1, H, W, N), any float type; the sums are taken in float32 at least.
        where: None, or how much each position counts, shape (1, H, W, 1); see `guided`.

    Returns:
        Shape (N, N), symmetric and positive semi-definite. For a batch, features (B, H, W, N) with B > 1, one
        matrix for each picture, shape (B, N, N).

    Raises:
        ValueError: features of another rank.
    """
    features = ops.convert_to_tensor(features)
    if keras.backend.standardize_dtype(features.dtype).endswith("16"):
        features = ops.cast(features, "float32")
    if where is not None:
        features = guided(features, where)
    channels = features.shape[-1]
    if summed(features) is not None:
        batch, height, width, _ = ops.shape(features)
        flat = ops.reshape(features, (batch, height * width, channels))
        return channel_products(flat) / ops.cast(height * width, flat.dtype)
    flat = ops.reshape(features, (-1, channels))
    positions = ops.cast(ops.shape(flat)[0], flat.dtype)
    return channel_products(flat) / positions


def content_loss(features: Any, target: Any, formula: Formula = "relative", where: Any = None) -> Any:
    """How far the features of one layer are from those of the photograph.

    Args:
        features: F, shape (1, H, W, N).
        target: P, the same shape; of a batch (B, H, W, N) the same, or one target (1, H, W, N) for all.
        formula: see the table of this module. "gatys": Gatys et al. 2016, eq. 1.
        where: None, or how much each position counts, shape (1, H, W, 1), of any scale.

    Returns:
        A scalar, of a batch the shape (B,); 0 where F = P. Squared feature units, except "relative", which
        has no unit.

    Raises:
        ValueError: another rank, or neither one target nor one for each picture.
    """
    axes = summed(features)
    check_count(target, features, rank=4)
    if where is not None:
        features, target = guided(features, where), guided(target, where)
    squared = ops.square(features - target)
    if formula == "relative":
        return ops.mean(squared, axes) / (ops.mean(ops.square(target), axes) + FLOOR)
    if formula == "mse":
        return ops.mean(squared, axes)
    return 0.5 * ops.sum(squared, axes)


def style_loss(features: Any, target: Any, formula: Formula = "relative", where: Any = None) -> Any:
    """How far the channel correlations of one layer are from those of the style picture.

    Args:
        features: F, shape (1, H, W, N).
        target: A/M, the `gram_matrix` of the style picture's features, shape (N, N). It is kept divided
            by the style's own M: where an equation has A itself, A = (A/M) M with the image's M, which is
            the papers' value when both pictures have the same size and the sensible one when not. Of a batch
            (B, N, N), or one (N, N) for all.
        formula: see the table of this module. "gatys": Gatys et al. 2016, eq. 4.
        where: None, or how much each position of the features counts, shape (1, H, W, 1), of any scale.

    Returns:
        A scalar, of a batch the shape (B,); 0 where G/M = A/M.

    Raises:
        ValueError: features of another rank, or neither one target nor one for each picture.
    """
    axes = None if summed(features) is None else (-2, -1)
    check_count(target, features, rank=3)
    gram = gram_matrix(features, where)
    positions = ops.cast(ops.shape(features)[1] * ops.shape(features)[2], gram.dtype)
    return gram_distance(gram, target, formula, positions, axes)


def gram_distance(gram: Any, target: Any, formula: Formula, positions: Any, axes: Any = None) -> Any:
    """`style_loss` of a Gram matrix that is there.

    Args:
        gram: G/M, shape (N, N), of a batch (B, N, N).
        target: A/M, likewise.
        formula: see the table of this module.
        positions: M.
        axes: to sum over; None for all.

    Returns:
        A scalar, of a batch the shape (B,).
    """
    squared = ops.square(gram - target)
    if formula == "relative":
        return ops.mean(squared, axes) / (ops.mean(ops.square(target), axes) + FLOOR)
    if formula == "mse":
        return ops.mean(squared, axes)
    if formula == "gatys":  # (G - A)^2 = M^2 (G/M - A/M)^2, and the M^2 cancels
        return ops.sum(squared, axes) / (4.0 * gram.shape[-1] ** 2)
    return 0.5 * ops.sum(squared, axes) * ops.square(positions)


def excitation_loss(features: Any, direction: Any) -> Any:
    """How little a layer responds in one direction of its channels: -log of the mean response.

    Made small, it finds the picture that excites a channel most (Erhan et al. 2009). The mean over all
    positions asks for a texture (Olah et al. 2017, "channel objective"); the logarithm makes a doubling
    count the same for every layer and network, so that one weight of a prior suits them all. What is below
    zero counts as silent, in layers without a ReLU too: their mean may be negative and has no logarithm.

    Args:
        features: F, shape (1, H, W, N), or a batch.
        direction: shape (N,), not negative; 1 for one channel and 0 for the others.

    Returns:
        A scalar without unit, of a batch the shape (B,); it falls by log 2 when the response doubles, and may
        be negative.

    Raises:
        ValueError: features of another rank.
    """
    alone = summed(features) is None
    response = ops.mean(ops.relu(features), axis=(0, 1, 2) if alone else (1, 2))
    return -ops.log(ops.sum(response * direction, axis=-1) + FLOOR)


def absolute(x: Any) -> Any:
    """|x| with the slope 0 at 0, where JAX's own has 1: flat areas shall not be pulled anywhere."""
    return x * ops.sign(x)


def total_variation(
    image: Any,
    kind: Literal["squared", "absolute"] = "squared",
    reduction: Literal["mean", "sum"] = "mean",
) -> Any:
    """How much neighbouring pixels differ: sum or mean of |dx| + |dy|, or of dx^2 + dy^2.

    The squared form prefers many small steps (it blurs), the absolute one few large steps (it keeps
    edges; Rudin, Osher and Fatemi 1992). Programs often describe one and compute the other.

    Args:
        image: shape (1, H, W, C), pixel values in [0, 1].
        kind: "squared" or "absolute".
        reduction: "mean" over differences, so that the value does not grow with the size, or "sum".

    Returns:
        A scalar, of a batch the shape (B,); 0 for a flat picture, a picture of one pixel included.

    Raises:
        ValueError: an unknown kind or reduction, or an image of another rank.
    """
    if kind not in ("squared", "absolute"):
        raise unknown_name("kind of total variation", kind, ("squared", "absolute"))
    if reduction not in ("mean", "sum"):
        raise unknown_name("reduction of total variation", reduction, ("mean", "sum"))
    axes = summed(image, "image")
    measure = ops.square if kind == "squared" else absolute
    total = 0.0 * ops.sum(image, axes)
    for difference in neighbour_differences(image):
        if 0 not in tuple(difference.shape):
            total = total + (ops.mean if reduction == "mean" else ops.sum)(measure(difference), axes)
    return total
