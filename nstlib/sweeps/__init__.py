"""Sweeps: a table of settings becomes a picture for each row, a contact sheet, and a table of results.

    row = {"content": "cat", "style": "swirls", "size": 256}
    nst.sweep([row], "runs/weights", grid={"style_weight": [0.1, 1, 10]})

The modules in the order of their imports: `table` (rows of settings, read and checked), `naming` (what
varies, in words and in names of files), `painting` (one row, on whatever machine), `sheet` (all pictures on
one), `running` (the whole). Nothing in here starts Keras before the first picture is painted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..foundation import loaded_on_demand

if TYPE_CHECKING:  # for editors and type checkers, which do not see what is loaded on demand
    from .running import Sweep as Sweep
    from .running import sweep as sweep

_HOMES = {"running": ("Sweep", "sweep"), "painting": ("Outcome",), "table": ("read_grid", "read_table")}

__getattr__, __dir__, __all__ = loaded_on_demand(__name__, _HOMES)
