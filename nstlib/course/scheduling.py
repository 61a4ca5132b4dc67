"""How many submissions run at the same time, and what becomes of them all when one thing goes wrong."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TypeVar

from .. import hardware
from . import sandbox

Each = TypeVar("Each")
Made = TypeVar("Made")


def at_once(
    work: Callable[[Each], Made],
    things: Sequence[Each],
    jobs: int,
    take: Callable[[Future[Made], Each], None],
) -> None:
    """Do work on things in threads, and take each result in this thread as it comes.

    When taking one fails, or somebody interrupts, nothing more is begun and every sandbox is ended.

    Args:
        work: on one thing.
        things: all of them.
        jobs: how many at the same time.
        take: what was made, or failed, and of what.
    """
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(work, each): each for each in things}
        try:
            for future in as_completed(futures):
                take(future, futures[future])
        except BaseException:
            for future in futures:
                future.cancel()
            sandbox.end_all()
            raise


def jobs_that_fit(asked: int | None, limits: sandbox.Limits) -> int:
    """How many submissions may run at the same time, such that the memory they may use is there.

    Warns in a sentence when that is fewer than were asked for, or when there is not even room for one.

    Args:
        asked: for; None takes one a processor.
        limits: of each.
    """
    there = hardware.memory() or 0  # 0 nowhere: sandboxes need Linux, which says it
    fitting = there // limits.memory
    each = f"a submission may use {limits.memory / 2**30:.3g} GB of memory"
    if not fitting:
        warnings.warn(f"This machine has {there / 2**30:.3g} GB, and {each}: lower `--memory`.", stacklevel=2)
    elif asked and fitting < asked:
        warnings.warn(
            f"{fitting} at the same time rather than {asked}: {each}, and this machine has "
            f"{there / 2**30:.3g} GB; a lower `--memory` makes room for more.",
            stacklevel=2,
        )
    return max(1, min(asked or os.cpu_count() or 1, fitting))
