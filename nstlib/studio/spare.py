"""A kernel in advance: it has loaded what a page needs before there is a page, which then opens at once.

It knows no visitor until it is handed out. The next one is started when the page that took it has settled.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

SETTLED = 20.0  # seconds after which a page that has been opened leaves the processor to others
READY = 60.0  # seconds a kernel may take to answer
WARM_UP = """
import threading, nstlib.studio.page, nstlib.studio.preview
threading.Thread(target=nstlib.studio.preview.warm_up, daemon=True).start()
"""


def with_spare(manager: Any) -> Any:
    """A class of kernel managers, such as Voila's own, that keeps a kernel in advance."""
    return type("SpareKernels", (Spare, manager), {})


class Spare:
    """What starts kernels for pages, and one more as soon as `prepare` was called."""

    _spare: asyncio.Task[str] | None = None

    @property
    def spare(self) -> str | None:
        """The kernel that nobody has yet; None when there is none, or none that has started."""
        done = self._spare is not None and self._spare.done() and not self._spare.cancelled()
        return self._spare.result() if self._spare and done and not self._spare.exception() else None

    def prepare(self) -> None:
        """Start a kernel in advance, unless there is one."""
        if self._spare is None:
            self._spare = asyncio.get_event_loop().create_task(self._start_spare())

    async def start_kernel(self: Any, *, env: Mapping[str, str] | None = None, **keywords: Any) -> str:
        """The kernel of a page: the spare one if it can be had, or else a new one."""
        task, self._spare = self._spare, None
        if task is None:
            return await self._start(env=env, **keywords)
        asyncio.get_running_loop().call_later(SETTLED, self.prepare)
        with suppress(Exception):  # it may have died
            kernel = await task
            if await self.get_kernel(kernel).is_alive():
                known = json.dumps(dict(env or {}))  # Voila's keys are no plain strings
                await self.run(kernel, f"import json, os\nos.environ.update(json.loads({known!r}))")
                return kernel
        return await self._start(env=env, **keywords)

    async def run(self: Any, kernel: str, code: str) -> None:
        """Run lines in a kernel, unseen, and wait for their end.

        Raises:
            RuntimeError, TimeoutError: it does not answer, or the lines failed.
        """
        client = self.get_kernel(kernel).client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=READY)
            reply = await client.execute(code, silent=True, store_history=False, reply=True, timeout=READY)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(str(reply["content"].get("evalue")))
        finally:
            client.stop_channels()

    async def _start(self, **keywords: Any) -> str:
        manager: Any = super()
        return str(await manager.start_kernel(**keywords))

    async def _start_spare(self) -> str:
        kernel = await self._start(env=dict(os.environ))
        await self.run(kernel, WARM_UP)
        return kernel
