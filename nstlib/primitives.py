"""What the losses are made of, each written so that its gradient costs little.

They give the values of the plain expression and its gradient, without what automatic differentiation adds on
the way back: transposed copies, and products that are computed twice (`benchmarks/primitives.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .backend import NAME, ops


def channel_products(points: Any) -> Any:
    """The products of all pairs of channels, summed over the positions: F^T F.

    Args:
        points: F, shape (M, N) of M positions and N channels, or (B, M, N).

    Returns:
        Shape (N, N), or (B, N, N).
    """
    if NAME == "tensorflow":
        return _tensorflow_products(points)
    return ops.matmul(ops.swapaxes(points, -1, -2), points)


def _tensorflow_products(points: Any) -> Any:
    """TensorFlow would take the two factors for different ones, and F^T for a third tensor."""
    import tensorflow as tf

    def products(points: Any) -> tuple[Any, Any]:
        def slope(upstream: Any) -> Any:  # of sum_ij S_ij (F^T F)_ij it is F (S + S^T)
            return tf.matmul(points, upstream + tf.linalg.matrix_transpose(upstream))

        return tf.matmul(points, points, transpose_a=True), slope

    return tf.custom_gradient(products)(points)


def part(image: Any, rows: Sequence[int], columns: Sequence[int]) -> Any:
    """The pixels of some rows and columns, as `image[:, rows[0]:rows[1], columns[0]:columns[1]]`.

    The gradient of brackets is five times as slow in TensorFlow, because they might hold steps.

    Args:
        image: shape (B, H, W, C).
        rows, columns: the first one, and the one after the last.

    Returns:
        Shape (B, rows[1] - rows[0], columns[1] - columns[0], C).
    """
    batch, _, _, channels = ops.shape(image)
    shape = (batch, rows[1] - rows[0], columns[1] - columns[0], channels)
    return ops.slice(image, (0, rows[0], columns[0], 0), shape)


def neighbour_differences(image: Any, height: int | None = None, width: int | None = None) -> tuple[Any, Any]:
    """Every pixel's difference to the one below it, and to the one right of it.

    Args:
        image: shape (B, H, W, C).
        height, width: of the pixels whose differences are wanted; None for all.

    Returns:
        Shapes (B, H - 1, width, C) and (B, height, W - 1, C).
    """
    image = ops.convert_to_tensor(image)
    _, rows, columns, _ = ops.shape(image)
    height, width = rows if height is None else height, columns if width is None else width
    down = part(image, (1, rows), (0, width)) - part(image, (0, rows - 1), (0, width))
    right = part(image, (0, height), (1, columns)) - part(image, (0, height), (0, columns - 1))
    return down, right
