"""SciPy's L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995): keeps every value inside bounds, and is our referee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autodiff import numpy, tensor
from .history import Stopping
from .recorder import Recorder
from .state import Callback, Progress, State, check_bounds, check_count, check_start, warn_diverged


class NotFinite(Exception):
    """Thrown through SciPy, which would go on searching among values that are not numbers."""


def in_words(message: str) -> str:
    """SciPy's answer to why it stopped, with the meaning of "abnormal"."""
    if "abnormal" in message or not message:
        return f"the line search found no lower point (scipy says {message.strip(' :')!r})"
    return message


@dataclass(frozen=True)
class ScipyLBFGSB:
    """`scipy.optimize.minimize(method="L-BFGS-B")` behind our interface.

    It works in float64 on the host, so the image crosses from and to the device at every evaluation, and
    its inner state cannot be saved: no checkpoints.

    Attributes:
        history_size: m, how many pairs are kept.
        bounds: smallest and largest value of a pixel, or None.
    """

    history_size: int = 10
    bounds: tuple[float, float] | None = (0.0, 1.0)
    name: str = "scipy"

    def __post_init__(self) -> None:
        check_count(self.history_size, "history_size")
        check_bounds(self.bounds)

    def run(
        self,
        recorder: Recorder,
        x: np.ndarray,
        iterations: int,
        callback: Callback | None,
        state: State | None,
    ) -> None:
        """Minimise; the recorder keeps the history and the best point.

        Raises:
            ValueError: there is a state to go on from.
        """
        if state is not None:
            raise ValueError(
                "SciPy cannot go on from a state; use 'lbfgs', or pass the image of the state as x."
            )
        from scipy import optimize  # takes a moment to load, and few need it

        last: dict[str, Any] = {}

        def function(flat: np.ndarray) -> tuple[float, np.ndarray]:
            point = tensor(flat.reshape(x.shape).astype(x.dtype))
            at = recorder(point)
            if not last:
                check_start(point, at)
                recorder.iteration = 1
            elif not recorder.finite:
                raise NotFinite
            last.update(x=point, at=at)
            return at.value / at.unit, numpy(at.gradient).astype(np.float64).ravel()

        def after(_: np.ndarray) -> None:
            finished, at = recorder.iteration, last["at"]
            recorder.iteration += 1
            if callback:
                parts, share = dict(at.parts), finished / iterations
                callback(
                    Progress(finished, iterations, recorder.size, at.value, parts, last["x"], None, share)
                )

        try:
            found = optimize.minimize(
                function,
                x.astype(np.float64).ravel(),
                jac=True,
                method="L-BFGS-B",
                bounds=None if self.bounds is None else [self.bounds] * x.size,
                callback=after,
                options=self._stop_after(iterations),
            )
            why = Stopping.DONE if recorder.iteration > iterations else Stopping.STUCK
            recorder.history.stop(why, in_words(str(found.message).lower()))
        except NotFinite:
            recorder.history.stop(Stopping.DIVERGED, warn_diverged(self.name, recorder.iteration - 1))
        except KeyboardInterrupt:
            done = max(0, recorder.iteration - 1)
            recorder.history.stop(Stopping.INTERRUPTED, f"interrupted after {done} iterations")

    def _stop_after(self, iterations: int) -> dict[str, Any]:
        """SciPy's own stopping rules are off: only the number of iterations ends a run."""
        return {
            "maxcor": self.history_size,
            "maxiter": iterations,
            "maxfun": 20 * iterations,
            "ftol": 0,
            "gtol": 0,
        }
