"""Optimisers: gradient descent, Adam, L-BFGS and SciPy's L-BFGS-B behind one `minimize`.

All of them start from an image, follow the gradient of an objective, and record every evaluation in one
`History`, so that they can be compared on equal terms: by evaluations and by seconds, not by "iterations",
which mean something else for each.

The modules in the order of their imports: `defaults` (free of Keras), `history`, `state` (of a run),
`recorder`, `line_search`, `stepwise`, the methods `first_order`, `lbfgs` and `scipy_lbfgsb`, and `driver`,
which runs any of them. Each name below is loaded when it is first used, so that the command line reads the
defaults at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..foundation import loaded_on_demand

if TYPE_CHECKING:  # for editors and type checkers, which do not see what is loaded on demand
    from .driver import METHODS as METHODS
    from .driver import Minimum as Minimum
    from .driver import make_optimizer as make_optimizer
    from .driver import minimize as minimize
    from .driver import option_names as option_names
    from .first_order import Adam as Adam
    from .first_order import GradientDescent as GradientDescent
    from .history import History as History
    from .history import Stopping as Stopping
    from .lbfgs import LBFGS as LBFGS
    from .lbfgs import two_loop as two_loop
    from .scipy_lbfgsb import ScipyLBFGSB as ScipyLBFGSB
    from .state import Callback as Callback
    from .state import Progress as Progress
    from .state import State as State
    from .state import check_count as check_count

_HOMES = {
    "driver": ("METHODS", "Minimum", "make_optimizer", "minimize", "option_names"),
    "first_order": ("Adam", "GradientDescent"),
    "history": ("History", "Stopping"),
    "lbfgs": ("LBFGS", "two_loop"),
    "scipy_lbfgsb": ("ScipyLBFGSB",),
    "state": ("Callback", "Progress", "State", "check_count"),
}

__getattr__, __dir__, __all__ = loaded_on_demand(__name__, _HOMES)
