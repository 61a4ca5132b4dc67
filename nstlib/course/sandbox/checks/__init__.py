"""What a submission finds under `nstlib.checks` in the sandbox: checks that leave the word to the grader.

The sandbox lays this folder over the real one. So there is nothing there to be read, patched or asked for a
right value, and the cells in which a learner calls a check run all the same.
"""

from __future__ import annotations

from typing import Any

LATER = "Checked by the grader."


class Later:
    """Any module of checks, and any check of it."""

    def __getattr__(self, name: str) -> Later:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *answers: Any) -> Later:
        """Leave the word to the grader."""
        return self

    def __repr__(self) -> str:
        return LATER


def __getattr__(name: str) -> Later:
    if name.startswith("__"):
        raise AttributeError(name)
    return Later()
