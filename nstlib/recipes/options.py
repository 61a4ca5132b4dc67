"""How a recipe runs: the options that all of them share. Nothing in here starts Keras at import."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from ..foundation import check_count, check_target, unknown_name

if TYPE_CHECKING:
    from ..optimizers import Progress
    from ..optimizers.line_search import StrongWolfe


class RunKeywords(TypedDict, total=False):
    """The keywords of a run with their types, so that an editor completes them: see `RunOptions`."""

    optimizer: Literal["lbfgs", "adam", "gradient_descent", "scipy"]
    iterations: Literal["auto"] | int | Sequence[int]
    sizes: Literal["auto", "single"] | Sequence[int]
    callback: Callable[[Progress], None] | None
    progress: bool
    snapshots: Sequence[int]
    checkpoint: str | Path | None
    checkpoint_every: int
    tile: int | None
    # Options of the optimisers, each of those that have it.
    learning_rate: float
    momentum: float
    beta1: float
    beta2: float
    epsilon: float
    bounds: tuple[float, float] | None
    history_size: int
    search: StrongWolfe | Mapping[str, Any]


@dataclass(frozen=True)
class RunOptions:
    """How a recipe runs; every recipe takes these as keywords.

    Attributes:
        optimizer: "lbfgs", "adam", "gradient_descent" or "scipy"; its own options (`learning_rate`, ...)
            are keywords of the recipe too.
        iterations: for each size, one number or one per size; "auto" is what suits the recipe: 100, and for
            a transfer of several sizes 50, the last one 30 (see `usual_iterations`).
        sizes: longer sides from coarse to fine, "auto" (halving, for a transfer down to 256, for a style
            alone to 128, for content alone to 64), or "single".
        callback: called with a `Progress` after every iteration; a KeyboardInterrupt that it raises ends the
            run as Ctrl-C does, with the best image so far.
        progress: show a bar with the time left.
        snapshots: iterations, from 1 and counted over all sizes, whose image is kept.
        checkpoint: file to write the run into; when it exists, the run goes on from there. A disk that is
            full later on is a warning: the run goes on and the older file stays.
        checkpoint_every: iterations between two writings.
        tile: side in pixels of the tiles in which larger pictures are worked at, which bounds the memory; the
            result is the same. None takes tiles of 1024 where the whole would not fit into the memory that is
            free (nobody knows that of a GPU).
    """

    optimizer: str = "lbfgs"
    iterations: Literal["auto"] | int | Sequence[int] = "auto"
    sizes: Literal["auto", "single"] | Sequence[int] = "auto"
    callback: Callable[[Progress], None] | None = None
    progress: bool = True
    snapshots: Sequence[int] = ()
    checkpoint: str | Path | None = None
    checkpoint_every: int = 25
    tile: int | None = None
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def read(keywords: Mapping[str, Any], recipe: Callable[..., Any] | None = None) -> RunOptions:
        """Sort keywords into options of the run and options of the optimiser, and check them all.

        Args:
            keywords: those a recipe does not know itself.
            recipe: whose own keywords may be what was meant by an unknown one.

        Raises:
            ValueError: an unknown keyword (the nearest is suggested) or a bad value.
            OSError: no checkpoint can be written there.
        """
        own = [f.name for f in fields(RunOptions) if f.name != "optimizer_options"]
        mine = {k: v for k, v in keywords.items() if k in own}
        theirs = {k: v for k, v in keywords.items() if k not in own}
        from ..optimizers import option_names
        from ..optimizers.line_search import StrongWolfe

        search = theirs.get("search")
        if isinstance(search, Mapping) and {f.name for f in fields(StrongWolfe)} >= set(search):
            theirs["search"] = StrongWolfe(**search)  # as settings hold it
        options = RunOptions(**mine, optimizer_options=theirs)
        known = option_names(options.optimizer)
        others = [] if recipe is None else parameters(recipe)
        for keyword in options.optimizer_options:
            if keyword not in known:
                what = f"option of a run with {options.optimizer}"
                raise unknown_name(what, keyword, [*known, *own, *others])
        return options._checked()

    def _checked(self) -> RunOptions:
        """The same options, with numbers as Python's own; bad values are refused."""
        from ..optimizers import make_optimizer

        make_optimizer(self.optimizer, **self.optimizer_options)
        check_count(self.checkpoint_every, "checkpoint_every")
        if self.tile is not None:
            check_count(self.tile, "tile")
        if self.callback is not None and not callable(self.callback):
            raise ValueError(f"callback is {self.callback!r}; give a function that takes a Progress.")
        return replace(
            self,
            iterations=self._checked_iterations(),
            sizes=self.sizes if isinstance(self.sizes, str) else counts_in(self.sizes, "sizes"),
            snapshots=counts_in(self.snapshots, "snapshots"),
            checkpoint=None if self.checkpoint is None else self._checkpoint_file(),
        )

    def _checked_iterations(self) -> Literal["auto"] | int | list[int]:
        given = self.iterations
        if isinstance(given, str):
            if given != "auto":
                raise ValueError(f"iterations is {given!r}; give a whole number, one per size, or 'auto'.")
            return "auto"
        one = isinstance(given, Real)
        return check_count(given) if one else counts_in(given, "iterations")

    def _checkpoint_file(self) -> Path:
        if self.optimizer == "scipy":
            raise ValueError(
                "SciPy's optimiser keeps its state to itself, so it takes no checkpoint; use 'lbfgs'."
            )
        if not isinstance(self.checkpoint, (str, Path)):
            raise ValueError(f"checkpoint is {self.checkpoint!r}; give the name of a file.")
        return check_target(self.checkpoint)

    def per_size(self, usual: Sequence[int]) -> list[int]:
        """The iterations of each size.

        Args:
            usual: what "auto" stands for, one number per size.

        Raises:
            ValueError: a list of another length, or snapshots after the last iteration.
        """
        count, planned = len(usual), list(usual)
        if self.iterations != "auto":
            given = self.iterations
            planned = [given] * count if isinstance(given, int) else [int(n) for n in given]
        if len(planned) != count:
            raise ValueError(
                f"The run has {count} size(s), but iterations has {len(planned)} numbers; give one per size."
            )
        if max(self.snapshots, default=0) > sum(planned):
            raise ValueError(
                f"snapshots asks for iteration {max(self.snapshots)}, but the run has only {sum(planned)}."
            )
        return planned


def parameters(recipe: Callable[..., Any]) -> list[str]:
    """The parameters a recipe knows itself."""
    return [name for name in inspect.signature(recipe).parameters if name != "run"]


def counts_in(values: Any, name: str) -> list[int]:
    """A list of whole numbers of 1 or more.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise ValueError(f"{name} is {values!r}; give a list of whole numbers.")
    return [check_count(value, name) for value in values]
