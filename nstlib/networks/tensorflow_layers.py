"""Convolutions on TensorFlow whose gradient is a convolution again.

TensorFlow has an operation of its own for the gradient of a convolution in its input. On a processor it is
slower than the forward one, five times where the layers are narrow, as the first ones of a network are. At
stride 1 both are the same sum (Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep
learning", section 4.1), so the forward one does for both. Used on the TensorFlow backend only; what goes in
and comes out is as ever.
"""

from __future__ import annotations

from typing import Any

from ..backend import keras


class TensorFlowConv2D(keras.layers.Conv2D):
    """A convolution with padding "same", stride 1, an odd kernel and a ReLU, shape (B, H, W, C) in and out.

    The gradient is that of the image only; once the weights are to be trained, it is Keras' own layer.
    """

    def call(self, inputs: Any) -> Any:
        """Convolution, bias and ReLU."""
        if self.trainable:
            return super().call(inputs)
        return fixed_convolution(self.kernel.value, self.bias.value)(inputs)

    def compute_output_spec(self, inputs: Any, *_: Any, **__: Any) -> Any:
        """Shape and type, which Keras would otherwise find by a call."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)


def fixed_convolution(kernel: Any, bias: Any) -> Any:
    """Convolution, bias and ReLU as a function of what goes in, for weights that nobody differentiates.

    Args:
        kernel: shape (h, w, in, out), h and w odd.
        bias: shape (out,).
    """
    import tensorflow as tf

    kernel, bias = tf.convert_to_tensor(kernel), tf.convert_to_tensor(bias)

    def convolution(inputs: Any) -> tuple[Any, Any]:
        # In one piece: TensorFlow fuses these three only while nothing stands between them.
        outputs = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(inputs, kernel, 1, "SAME"), bias))

        def slope(upstream: Any) -> Any:
            turned = tf.transpose(tf.reverse(kernel, (0, 1)), (0, 1, 3, 2))
            through_relu = tf.raw_ops.ReluGrad(gradients=upstream, features=outputs)
            return tf.nn.conv2d(through_relu, turned, 1, "SAME")

        return outputs, slope

    return tf.custom_gradient(convolution)
