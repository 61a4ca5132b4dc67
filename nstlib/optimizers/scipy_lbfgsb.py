"""SciPy's L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995): keeps every value inside bounds, and is our referee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autodiff import numpy, tensor
from .state import Callback, Progress, check_start


@dataclass(frozen=True)
class ScipyLBFGSB:
    """`scipy.optimize.minimize(method="L-BFGS-B")` behind our interface.

    It works in float64 on the host, so the image crosses from and to the device at every evaluation, and
    its inner state cannot be saved: no checkpoints.

    Attributes:
        history: m, how many pairs are kept.
        bounds: smallest and largest value of a pixel, or None.
    """

    history: int = 10
    bounds: tuple[float, float] | None = (0.0, 1.0)
    name: str = "scipy"

    def run(self, recorder: Any, x: np.ndarray, iterations: int, callback: Callback | None) -> None:
        """Minimise; the recorder keeps the history and the best point."""
        from scipy import optimize  # takes a moment to load, and few need it

        last: dict[str, Any] = {}

        def function(flat: np.ndarray) -> tuple[float, np.ndarray]:
            point = tensor(flat.reshape(x.shape).astype(x.dtype))
            at = recorder(point)
            if not last:
                check_start(at.value)
                recorder.iteration = 1
            last.update(x=point, at=at)
            return at.value, numpy(at.gradient).astype(np.float64).ravel()

        def after(_: np.ndarray) -> None:
            if callback:
                at = last["at"]
                parts = dict(at.parts)
                callback(Progress(recorder.iteration, iterations, recorder.size, at.value, parts, last["x"]))
            recorder.iteration += 1

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
            recorder.history.stopped = str(found.message).lower()
        except KeyboardInterrupt:
            recorder.history.stopped = f"interrupted after {recorder.iteration - 1} iterations"

    def _stop_after(self, iterations: int) -> dict[str, Any]:
        """SciPy's own stopping rules are off: only the number of iterations ends a run."""
        return {
            "maxcor": self.history,
            "maxiter": iterations,
            "maxfun": 20 * iterations,
            "ftol": 0,
            "gtol": 0,
        }
