"""One sandbox is tried before anything is graded."""

from __future__ import annotations

import functools

import numpy as np

from ...answers import Mistake
from .host import ADVICE, SandboxMissing, require_platform
from .remote import Sandbox


@functools.cache
def require_sandbox() -> None:
    """Try a sandbox once; nothing is graded unless it works.

    Raises:
        SandboxMissing: and what to do.
    """
    require_platform()
    try:
        with Sandbox() as box:
            box.start()
            list(box.run(["def twice(x):\n    return 2 * x"]))
            works = np.array_equal(box.call("twice", [np.arange(3)]), [0, 2, 4])
    except Mistake as mistake:
        words = box.last_words.decode(errors="replace").strip().splitlines()
        raise SandboxMissing(
            f"The sandbox does not start ({words[-1] if words else mistake}). {ADVICE}"
        ) from None
    if not works:
        raise SandboxMissing(f"The sandbox gives wrong answers. {ADVICE}")
