"""The usual learning rates, apart from the methods so that help may state them without starting Keras."""

from __future__ import annotations

ADAM_RATE = 0.02  # about the change of a value per step, in image units (0..1)

# The learning rate of gradient descent per value of the image. The gradient of a loss that is an average
# over positions shrinks as their number grows. With pocket_vgg at 64 and 256 pixels three times as much falls
# further in 25 steps, and ten times as much diverges at 256: this one leaves room for other networks.
RATE_PER_VALUE = 0.001
