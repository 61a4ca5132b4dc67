"""Optimisers: gradient descent, Adam, L-BFGS and SciPy's L-BFGS-B behind one `minimize`.

All of them start from an image, follow the gradient of an objective, and record every evaluation in one
`History`, so that they can be compared on equal terms: by evaluations and by seconds, not by "iterations",
which mean something else for each.
"""

from .first_order import Adam, GradientDescent
from .history import History, Stopping
from .lbfgs import LBFGS, two_loop
from .minimize import METHODS, Minimum, make_optimizer, minimize, option_names
from .scipy_lbfgsb import ScipyLBFGSB
from .state import Callback, Progress, State, check_count

__all__ = [
    "LBFGS",
    "METHODS",
    "Adam",
    "Callback",
    "GradientDescent",
    "History",
    "Minimum",
    "Progress",
    "ScipyLBFGSB",
    "State",
    "Stopping",
    "check_count",
    "make_optimizer",
    "minimize",
    "option_names",
    "two_loop",
]
