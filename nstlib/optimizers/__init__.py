"""Optimisers: gradient descent, Adam, L-BFGS and SciPy's L-BFGS-B behind one `minimize`.

All of them start from an image, follow the gradient of an objective, and record every evaluation in one
`History`, so that they can be compared on equal terms: by evaluations and by seconds, not by "iterations",
which mean something else for each.
"""

from .first_order import Adam, GradientDescent
from .history import History
from .lbfgs import LBFGS, two_loop
from .minimize import METHODS, Minimum, Progress, make_optimizer, minimize
from .state import State

__all__ = [
    "LBFGS",
    "METHODS",
    "Adam",
    "GradientDescent",
    "History",
    "Minimum",
    "Progress",
    "State",
    "make_optimizer",
    "minimize",
    "two_loop",
]
