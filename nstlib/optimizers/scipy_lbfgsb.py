"""SciPy's L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995): keeps every value inside bounds, and is our referee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autodiff import numpy, tensor


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

    def run(self, recorder: Any, x: np.ndarray, iterations: int, callback: Any) -> None:
        """Minimise; the recorder keeps the history and the best point."""
        from scipy import optimize

        last: dict[str, Any] = {}

        def function(flat: np.ndarray) -> tuple[float, np.ndarray]:
            last["x"] = tensor(flat.reshape(x.shape).astype(x.dtype))
            last["at"] = recorder(last["x"])
            if len(recorder.history.rows) == 1 or recorder.iteration == 0:
                check_first(last["at"].value)
                recorder.iteration = 1
            return last["at"].value, numpy(last["at"].gradient).astype(np.float64).ravel()

        def after(_: np.ndarray) -> None:
            if callback:
                callback(progress(recorder, iterations, last))
            recorder.iteration += 1

        self._minimise(optimize, function, x, iterations, after, recorder)

    def _minimise(
        self, optimize: Any, function: Any, x: np.ndarray, iterations: int, after: Any, recorder: Any
    ) -> None:
        try:
            found = optimize.minimize(
                function,
                x.astype(np.float64).ravel(),
                jac=True,
                method="L-BFGS-B",
                bounds=None if self.bounds is None else [self.bounds] * x.size,
                callback=after,
                options={
                    "maxcor": self.history,
                    "maxiter": iterations,
                    "maxfun": 20 * iterations,
                    "ftol": 0,
                    "gtol": 0,
                },
            )
            recorder.history.stopped = str(found.message).lower()
        except KeyboardInterrupt:
            recorder.history.stopped = f"interrupted after {recorder.iteration - 1} iterations"


def check_first(value: float) -> None:
    """The same check as for our own methods, here to keep the import one way."""
    from .minimize import check_start

    check_start(value)


def progress(recorder: Any, iterations: int, last: dict[str, Any]) -> Any:
    """What a callback gets."""
    from .minimize import Progress

    at = last["at"]
    return Progress(recorder.iteration, iterations, recorder.size, at.value, dict(at.parts), last["x"])
