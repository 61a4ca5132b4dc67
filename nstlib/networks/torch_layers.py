"""Convolutions on PyTorch without a copy around each of them.

Keras lays the kernel out anew at every call and adds the bias in a step of its own. Used on the PyTorch
backend only; what goes in and comes out is as ever.
"""

from __future__ import annotations

from typing import Any

from ..backend import keras


class TorchConv2D(keras.layers.Conv2D):
    """A convolution with padding "same", stride 1, an odd kernel and a ReLU, shape (B, H, W, C) in and out.

    A tensor (B, H, W, C) seen as (B, C, H, W) is what PyTorch calls channels last: it computes on it as it
    is, and its result is seen as (B, H, W, C) again. The kernel is laid out when it was assigned.
    """

    _laid_out: Any = None
    _version: Any = None

    def call(self, inputs: Any) -> Any:
        """Convolution, bias and ReLU."""
        from torch.nn import functional

        x = inputs.permute(0, 3, 1, 2)
        maps = functional.conv2d(
            x, self._kernel_of_torch(), self.bias.value, padding=self.kernel_size[0] // 2
        )
        return functional.relu(maps).permute(0, 2, 3, 1)

    def compute_output_spec(self, inputs: Any, *_: Any, **__: Any) -> Any:
        """Shape and type, which Keras would otherwise find by a call."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def _kernel_of_torch(self) -> Any:
        """The kernel (h, w, in, out) as PyTorch wants it, (out, in, h, w)."""
        import torch

        value = self.kernel.value
        version = (value.data_ptr(), value._version)  # PyTorch counts what is written into a tensor
        if version != self._version:
            laid_out = value.detach().permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
            self._laid_out, self._version = laid_out, version
        return self._laid_out
