"""Progress bars: a line of text in a terminal, a widget in a notebook."""

from __future__ import annotations

import sys
from typing import Any

from tqdm.auto import tqdm

from .process import Tolerant

NOTHING = {"text/html": "", "text/plain": ""}


class Bar(tqdm):
    """tqdm's bar, which leaves nothing in a notebook when it is not to stay.

    tqdm closes its widget but leaves the notebook's output that asks for it: who saves the notebook and opens
    it another day reads "Error displaying widget: model not found".
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        """As tqdm's; in a notebook it can be taken back."""
        self.output: Any = None
        hidden = {"display": False} if in_notebook() else {}
        super().__init__(*args, **settings, **hidden)
        if in_notebook() and not self.disable:
            from IPython.display import display

            self.output = display(self.container, display_id=True)
            self.displayed = True

    def close(self) -> None:
        """End it. One that did not get to its end stays, in red, as tqdm has it."""
        was_open = not self.disable
        super().close()
        if was_open and self.output is not None and not self.leave and self.n >= (self.total or 0):
            self.output.update(NOTHING, raw=True)


def in_notebook() -> bool:
    """Whether tqdm's bars are widgets here."""
    return hasattr(tqdm, "status_printer") and tqdm.status_printer.__module__ == "tqdm.notebook"


def progress_bar(*items: Any, shown: bool, **settings: Any) -> Bar:
    """A bar on stderr; whether anybody is there to read it is of no account to the work.

    Args:
        items: what to go through, or nothing: whoever works calls `update`.
        shown: False for a bar that does nothing.
        settings: tqdm's.
    """
    shown = shown and sys.stderr is not None
    stream = Tolerant(sys.stderr) if shown else None
    return Bar(*items, disable=not shown, file=stream, **settings)
