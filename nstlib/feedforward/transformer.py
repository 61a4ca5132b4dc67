"""The one-pass network as pure functions of its weights.

    photo -> 5x5, stride 2 -> 3x3, stride 2 -> residual blocks
          -> upsampling, 3x3, 3x3 -> upsampling, 3x3, 3x3 -> three maps -> colours

Every convolution but the last is followed by a conditional instance norm (Dumoulin et al. 2017): the style
says scale and shift. Borders are reflected, so that there is no frame around the picture; upsampling by
interpolation before a convolution leaves no checkerboard (Odena et al. 2016). Three things are ours. In every
residual block the style predicts a 3 x 3 filter for each channel as well, so that strokes differ in shape
and not in strength alone (the idea of Chandran et al. 2021, AdaConv, made small). A fixed tile of noise
enters twice, because a flat sky gives a network nothing to put strokes on. And the colours are no matter of
learning: the three output maps are normalised and given the mean and covariance of the style's pixels.

Interpolation lets fine detail pass only along rows and columns: a convolution behind it can strengthen what
is left, but not what is gone, and fine strokes become a weave. So the last stage sees the photograph itself,
has a norm and a ReLU of its own at full size, and noise of the finest kind enters there. Coarse noise enters
among the residual blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..backend import keras

Tensor = Any
Weights = Mapping[str, Tensor]

EPSILON = 1e-4  # added to a variance before its root is taken
FLAT = 1e-6  # the same for the three output maps
# Deviations from the mean beyond which a norm does not see, where only a part of the picture counts: of a
# small or flat part they are next to nothing, and what lies outside would in a few layers become infinite. A
# value inside is hardly ever 20 deviations away.
FAR = 100.0
LAST_NOISE = "noise_up3"  # enters at full size
FACTOR = 4  # sides of the picture are multiples of this: it is halved twice


def predictions(weights: Weights, vector: Tensor, blocks: int) -> dict[str, Tensor]:
    """What the style predictor says to the transformer (Ghiasi et al. 2017, section 3.2).

    Args:
        weights: by their names in the file.
        vector: of a style, shape (D,).
        blocks: number of residual blocks.

    Returns:
        Layer -> scale and shift, shape (2, C); "noise1", ... -> gains, shape (C,); "depthwise" -> filters,
        shape (blocks, 3, 3, C, 1).
    """
    ops = keras.ops
    hidden = ops.silu(dense(weights, "hidden", vector[None]))
    numbers, said, begin = dense(weights, "norms", hidden)[0], {}, 0
    for name in normed(blocks):
        channels = weights[f"{name}/kernel"].shape[-1]
        said[name] = ops.reshape(numbers[begin : begin + 2 * channels], (2, channels))
        begin += 2 * channels
    for name in noisy(weights, blocks):
        channels = weights[f"{name}/kernel"].shape[-1]
        said[name] = numbers[begin : begin + channels]
        begin += channels
    filters = ops.reshape(dense(weights, "depthwise", hidden), (blocks, -1, 3, 3))
    said["depthwise"] = ops.transpose(filters, (0, 2, 3, 1))[..., None]
    return said


def transform(
    weights: Weights,
    image: Tensor,
    said: Weights,
    mean: Tensor,
    root: Tensor,
    where: Tensor | None = None,
    dtype: str = "float32",
) -> Tensor:
    """A photograph as the style would have it, in one pass.

    Args:
        weights: of the transformer, by their names in the file.
        image: RGB in [0, 1], shape (1, H, W, 3); H and W are multiples of 4.
        said: what `predictions` makes of the style.
        mean, root: of the style's colours, see `StyleCode`.
        where: how much each pixel counts in the statistics, shape (1, H, W, 1); None for all alike.
        dtype: number format of the convolutions; all statistics are float32.

    Returns:
        RGB, shape (1, H, W, 3), float32, not clipped. Its mean is `mean`; its covariance is root squared
        as far as the three output maps do not vary together.
    """
    ops = keras.ops
    at_half = None if where is None else ops.average_pool(where, 2, 2)
    at_quarter = None if at_half is None else ops.average_pool(at_half, 2, 2)
    photo = ops.cast(image - 0.5, dtype)
    fine = ops.relu(conditioned(weights, said, "down1", photo, at_half, stride=2))
    x = ops.relu(conditioned(weights, said, "down2", fine, at_quarter, stride=2))
    for block in range(said["depthwise"].shape[0]):
        if (name := f"noise{block + 1}") in said:
            x = x + noise(weights, said, name, "tile/quarter", x)
        x = x + residual(weights, said, block, x, at_quarter)
    x = conditioned(weights, said, "up1", upsampled(x), at_half)
    x = ops.relu(x + fine)  # contours that were lost on the way down
    x = ops.relu(conditioned(weights, said, "up2", x, at_half))
    x = ops.concatenate([upsampled(x), photo], -1)
    x = ops.relu(conditioned(weights, said, "up3", x, where))
    x = x + noise(weights, said, LAST_NOISE, "tile/whole", x)
    maps = ops.cast(convolution(x, weights["output/kernel"]), "float32")
    center, variance = moments(maps, where)
    return ops.matmul((maps - center) * ops.rsqrt(variance + FLAT), root) + mean


def noise(weights: Weights, said: Weights, name: str, tile: str, like: Tensor) -> Tensor:
    """Noise for maps (1, H, W, C): a tile laid side by side, its maps mixed, as strong as the style says."""
    ops = keras.ops
    grain = tiled(ops.cast(weights[tile], like.dtype), like.shape[1], like.shape[2])
    return ops.conv(grain, ops.cast(weights[f"{name}/kernel"] * said[name], like.dtype))


def residual(weights: Weights, said: Weights, block: int, x: Tensor, where: Tensor | None) -> Tensor:
    """What a residual block adds (He et al. 2016), with the style's own filters between its convolutions."""
    ops = keras.ops
    first, second = f"residual{block + 1}_conv1", f"residual{block + 1}_conv2"
    x = ops.relu(conditioned(weights, said, first, x, where))
    x = x + ops.depthwise_conv(reflected(x, 1), ops.cast(said["depthwise"][block], x.dtype))
    return conditioned(weights, said, second, x, where)


def conditioned(
    weights: Weights, said: Weights, name: str, x: Tensor, where: Tensor | None, stride: int = 1
) -> Tensor:
    """A convolution and its conditional instance norm: (1 + scale) (x - mean) / deviation + shift.

    With `where`, deviations are bounded by `FAR`.
    """
    ops, (scale, shift) = keras.ops, (said[name][0], said[name][1])
    x = convolution(x, weights[f"{name}/kernel"], stride)
    exact = ops.cast(x, "float32")
    center, variance = moments(exact, where)
    inverse = ops.rsqrt(variance + EPSILON)
    if where is not None:
        near = ops.clip((exact - center) * inverse, -FAR, FAR)
        return ops.cast((1 + scale) * near + shift, x.dtype)
    gain = (1 + scale) * inverse
    return x * ops.cast(gain, x.dtype) + ops.cast(shift - center * gain, x.dtype)


def moments(x: Tensor, where: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and variance of every map over its positions, each of shape (1, 1, 1, C).

    Args:
        x: shape (1, H, W, C).
        where: how much each position counts, shape (1, H, W, 1); None for all alike.
    """
    ops = keras.ops
    if where is None:
        center = ops.mean(x, (1, 2), keepdims=True)
        return center, ops.mean(ops.square(x - center), (1, 2), keepdims=True)
    total = ops.sum(where)
    center = ops.sum(where * x, (1, 2), keepdims=True) / total
    return center, ops.sum(where * ops.square(x - center), (1, 2), keepdims=True) / total


def convolution(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """A convolution behind a reflected border, so that as many positions come out as go in (per stride)."""
    padded = reflected(x, kernel.shape[0] // 2)
    return keras.ops.conv(padded, keras.ops.cast(kernel, x.dtype), strides=stride)


def reflected(x: Tensor, width: int) -> Tensor:
    """The maps with a mirror at each of the four borders; the outermost position is not repeated."""
    return keras.ops.pad(x, ((0, 0), (width, width), (width, width), (0, 0)), mode="reflect")


def upsampled(x: Tensor) -> Tensor:
    """Maps of twice the height and width by bilinear interpolation (pixel centres, borders repeated)."""
    return doubled(doubled(x, 1), 2)


def doubled(x: Tensor, axis: int) -> Tensor:
    """Between x[i - 1], x[i] and x[i + 1] lie x[i] +- 1/4 of a step: 3/4 of the near and 1/4 of the far."""
    ops = keras.ops
    length = x.shape[axis]
    before = ops.take(x, [0, *range(length - 1)], axis)
    after = ops.take(x, [*range(1, length), length - 1], axis)
    near = 0.75 * x
    both = ops.stack([near + 0.25 * before, near + 0.25 * after], axis + 1)
    shape = list(x.shape)
    shape[axis] = 2 * length
    return ops.reshape(both, shape)


def tiled(tile: Tensor, height: int, width: int) -> Tensor:
    """A tile (h, w, C) laid side by side over (1, height, width, C)."""
    rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    return keras.ops.tile(tile, (rows, columns, 1))[None, :height, :width]


def dense(weights: Weights, name: str, x: Tensor) -> Tensor:
    """A dense layer, shape (1, in) -> (1, out)."""
    return keras.ops.matmul(x, weights[f"{name}/kernel"]) + weights[f"{name}/bias"]


def normed(blocks: int) -> list[str]:
    """The layers with an instance norm, in the order in which the predictor speaks of them."""
    inner = [f"residual{block}_conv{each}" for block in range(1, blocks + 1) for each in (1, 2)]
    return ["down1", "down2", *inner, "up1", "up2", "up3"]


def noisy(weights: Weights, blocks: int) -> list[str]:
    """The layers through which noise enters, in order."""
    inner = [f"noise{block}" for block in range(1, blocks + 1)]
    return [name for name in (*inner, LAST_NOISE) if f"{name}/kernel" in weights]
