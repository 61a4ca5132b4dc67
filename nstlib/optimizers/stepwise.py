"""The loop of the methods whose iterations are ours: steps, callback, interruption."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..autodiff import tensor
from .history import Stopping
from .recorder import Recorder
from .state import Callback, Evaluate, Progress, State, check_start, warn_diverged


class Stepwise:
    """A method that knows how to begin and how to do one iteration; `run` repeats it."""

    name: str

    def start(self, x: Any, evaluate: Evaluate) -> State:
        """The state before the first iteration; evaluates once."""
        raise NotImplementedError

    def step(self, state: State, evaluate: Evaluate) -> State:
        """One iteration."""
        raise NotImplementedError

    def run(
        self, recorder: Recorder, x: Any, planned: int, callback: Callback | None, state: State | None
    ) -> State | None:
        """Iterate until all planned iterations are done, no step is possible, or somebody interrupts.

        Args:
            recorder: the objective; it keeps the history and the best point.
            x: where to start, an array.
            planned: iterations, those of an earlier run included.
            callback: called after each.
            state: to go on from; `x` is then ignored.
        """
        history = recorder.history
        history.stop(Stopping.RUNNING, "")
        try:
            if state is None:
                x = tensor(x)
                state = self.start(x, recorder)
                check_start(x, state.at)
            else:
                recorder.consider(state.best, state.best_value)
                recorder.consider(state.x, state.at.value)
            while state.iteration < planned:
                recorder.iteration = state.iteration + 1
                following = self.step(state, recorder)
                if following.stuck or not math.isfinite(following.at.value):
                    self._stop(following, recorder)
                    break
                state = replace(following, best=recorder.best, best_value=recorder.best_value)
                if callback:
                    callback(progress_of(state, planned, recorder.size))
            if history.stopping is Stopping.RUNNING:
                history.stop(Stopping.DONE, f"all {planned} iterations done")
        except KeyboardInterrupt:
            done = 0 if state is None else state.iteration
            history.stop(Stopping.INTERRUPTED, f"interrupted after {done} iterations")
        return state

    def _stop(self, state: State, recorder: Recorder) -> None:
        """Write down that no step is possible; a diverged run also warns, because its picture disappoints."""
        if state.stuck and recorder.finite:
            recorder.history.stop(Stopping.STUCK, state.stuck)
        else:
            recorder.history.stop(Stopping.DIVERGED, warn_diverged(self.name, state.iteration))


def progress_of(state: State, planned: int, size: int | None) -> Progress:
    """What the callback gets after an iteration."""
    at, share = state.at, state.iteration / planned
    return Progress(state.iteration, planned, size, at.value, dict(at.parts), state.x, state, share)
