"""Which pixels a position of a layer depends on, counted from the plan of the network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ReceptiveField:
    """The square of pixels that a position of a layer depends on.

    Attributes:
        size: pixels on each side.
        stride: pixels from the field of one position to that of its neighbour.
        offset: first row and column of the field of position 0; negative, because the padding counts.
    """

    size: int
    stride: int
    offset: int

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """(top, left, height, width) of one position's field in pixels; it may reach beyond the picture."""
        top, left = (self.offset + self.stride * place for place in (row, column))
        return top, left, self.size, self.size


def field_of(layers: Iterable[str]) -> ReceptiveField:
    """The field of the last of a chain of VGG layers, by their Keras names from the input on.

    Each 3x3 convolution adds one step of its own grid on every side, each 2x2 pooling adds one step
    below and to the right and doubles the step (Dumoulin and Visin 2016 have the arithmetic).
    """
    size, stride, offset = 1, 1, 0
    for name in layers:
        if name.endswith("_pool"):
            size, stride = size + stride, 2 * stride
        else:
            size, offset = size + 2 * stride, offset - stride
    return ReceptiveField(size, stride, offset)
