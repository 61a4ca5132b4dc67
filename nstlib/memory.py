"""How much memory a run takes, said before it starts: a system that runs out of it ends the process unasked.

What has to be there at once, at the largest size, is counted from the shapes of the layers: their outputs,
which the backward pass needs again, and the images that the optimiser keeps.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from . import backend, hardware
from .backend import keras
from .networks import ChangedNetwork, FeatureNetwork, Layer
from .optimizers import make_optimizer

# Fitted to the peaks of real runs on a processor, in MiB beyond the loaded network. Estimated and measured
# with TensorFlow: pocket_vgg at 512 pixels with Adam 251 and 260, with L-BFGS 305 and 337, at 1024 pixels
# 861 and 924, 1077 and 1148; vgg19 at 256 pixels 198 and 187, at 512 pixels 648 and 654; resnet50 at 256
# pixels 380 and 292. JAX took more, by a quarter for pocket_vgg at 1024 pixels with Adam (first edition).
OUTPUTS = 1.75  # bytes for each byte of a layer's output: most are kept, and some have a gradient beside them
IMAGES = 8  # the image, its gradient, the best one, trials of the line search ...
FIXED = 50e6  # bytes
FAR_TOO_MUCH = 2.0  # times the memory of the machine: no estimate is that wrong
SMALL = 256 * 256  # pixels up to which every machine has enough
USED = 0.9  # share of what is free that a suggestion fills


def check(
    network: FeatureNetwork,
    layers: Sequence[Layer],
    shape: tuple[int, int],
    optimizer: str,
    tile: int | None = None,
) -> None:
    """Warn of a run that will hardly fit into the memory that is free, and refuse one that cannot.

    Nothing is said of what is not known: the memory of a GPU, and that of a system which does not tell.

    Args:
        network: where features are taken.
        layers: from which.
        shape: (height, width) of the largest size in pixels.
        optimizer: name of the method.
        tile: side in pixels of the tiles in which a larger picture is worked at; None for none.

    Raises:
        MemoryError: this machine could not run it even if it had nothing else to do.

    Warns:
        RuntimeWarning: the estimate is more than what is free.
    """
    if math.prod(shape) > SMALL and not backend.devices():
        needed = estimate(network, layers, shape, optimizer, tile)
        check_need(network.name, needed, max(shape), "size")


def check_need(who: str, needed: float, size: int, keyword: str) -> None:
    """What `check` says, of anything whose need of memory is known and grows with its pixels.

    Args:
        who: takes the memory, as a sentence begins to call it.
        needed: bytes.
        size: longer side in pixels.
        keyword: what that is called where people choose it.

    Raises, warns: see `check`.
    """
    free, total = hardware.free_memory(), hardware.memory(swap=True)
    if free is None or total is None or backend.devices():
        return
    wanted = wish(who, size, needed)
    if needed > FAR_TOO_MUCH * total:
        fits = fitting(size, needed, total)
        raise MemoryError(
            f"{wanted}, and this machine has {gigabytes(total)}: choose {keyword}={fits} or less."
        )
    if needed > free:
        fits = fitting(size, needed, free)
        warnings.warn(
            f"{wanted}, and {gigabytes(free)} are free: the system may end the run unasked. "
            f"What fits is {keyword}={fits} or less.",
            RuntimeWarning,
            stacklevel=5,
        )


def shortage(network: FeatureNetwork, layers: Sequence[Layer], shape: tuple[int, int], optimizer: str) -> str:
    """What a run would take and what is free, when that is less; empty when it fits or nobody knows.

    Arguments as for `check`.
    """
    free = hardware.free_memory()
    if math.prod(shape) <= SMALL or free is None or backend.devices():
        return ""
    needed = estimate(network, layers, shape, optimizer)
    return (
        f"{wish(network.name, max(shape), needed)}, and {gigabytes(free)} are free" if needed > free else ""
    )


def wish(who: str, size: int, needed: float) -> str:
    """What a run takes, as part of a sentence."""
    return f"At {size} pixels {who} takes about {gigabytes(needed)} of memory"


def gigabytes(count: float) -> str:
    """Bytes in words."""
    return f"{count / 1e9:.1f} GB"


def fitting(size: int, needed: float, there: float) -> int:
    """The longer side in pixels, a multiple of 8, at which as much would be needed as there is."""
    return max(8, int(size * math.sqrt(USED * there / needed)) // 8 * 8)


def estimate(
    network: FeatureNetwork,
    layers: Sequence[Layer],
    shape: tuple[int, int],
    optimizer: str,
    tile: int | None = None,
) -> float:
    """Bytes that a run needs beyond the loaded network; tiles make no image of it smaller. See `check`."""
    history = getattr(make_optimizer(optimizer), "history_size", 1)
    image = 4 * 3 * math.prod(shape)
    height, width = shape if tile is None else (min(side, tile) for side in shape)
    outputs = OUTPUTS * output_bytes(network, layers, (height, width))
    return outputs + (IMAGES + 2 * history) * image + FIXED


def output_bytes(network: FeatureNetwork, layers: Sequence[Layer], shape: tuple[int, int]) -> int:
    """Bytes of the outputs of all layers up to the deepest of those named."""
    inner = network.inner if isinstance(network, ChangedNetwork) else network
    model = inner.cut(list(dict.fromkeys(map(inner.resolve, layers))))
    found = keras.Model(model.inputs, [layer.output for layer in model.layers])
    shapes = found.compute_output_shape((1, *shape, 3))
    widths = [2 if layer.compute_dtype in ("bfloat16", "float16") else 4 for layer in model.layers]
    return sum(width * math.prod(each) for width, each in zip(widths, shapes, strict=True))
