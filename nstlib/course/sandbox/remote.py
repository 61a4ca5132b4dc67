"""A notebook in a sandbox, whose names are asked for and whose functions are called from here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...answers import Mistake
from .. import wire
from ..limits import Limits
from .outputs import clean_outputs
from .process import GuardedProcess


class Sandbox(GuardedProcess):
    """A process in which a notebook is run and whose functions can be called from here.

    Use it in a `with` statement, from one thread. Every method may raise SandboxEnded, and entering it
    SandboxMissing.

    Args:
        limits: what it may use.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(limits)
        self.late = False  # whether a cell or a call was stopped because it took too long
        self.objection: Mistake | None = None  # of one of our functions that was called from inside

    def run(self, cells: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
        """Execute cells; gives the outputs of each when it is done."""
        self.send({"do": "run", "cells": list(cells), "seconds": self.limits.cell_seconds})
        for _ in cells:
            header, _blobs = self.receive()
            self.late |= bool(header.get("late"))
            yield clean_outputs(header.get("outputs"))

    def kind(self, name: str) -> str:
        """What a name stands for: "missing", "function" or "value"."""
        self.send({"do": "kind", "name": name})
        return str(self.receive()[0].get("kind"))

    def value(self, name: str) -> Any:
        """The value of a name."""
        self.send({"do": "value", "name": name, "seconds": self.limits.call_seconds})
        return self.result([])

    def call(self, name: str, arguments: Sequence[Any]) -> Any:
        """Call a function inside; functions among the arguments are called here, when it asks."""
        functions: list[Any] = []
        self.objection = None

        def numbered(function: Any) -> int:
            functions.append(function)
            return len(functions) - 1

        blobs: list[bytes] = []
        sent = [wire.encode(each, blobs, numbered) for each in arguments]
        self.send({"do": "call", "name": name, "arguments": sent, "seconds": self.limits.call_seconds}, blobs)
        return self.result(functions)

    def result(self, functions: Sequence[Any]) -> Any:
        """Wait for a value, answering calls of our functions meanwhile."""
        while True:
            header, blobs = self.receive()
            if "callback" in header:
                self.answer(header, blobs, functions)
                continue
            self.late |= bool(header.get("late"))
            if "mistake" in header:
                raise self.objection or Mistake(str(header["mistake"])[:2000])
            try:
                return wire.Decoder(blobs).decode(header.get("value"))
            except wire.WireError as error:
                raise Mistake(f"The result cannot be read: {error}.") from None

    def answer(self, header: dict[str, Any], blobs: list[bytes], functions: Sequence[Any]) -> None:
        """Call one of our functions for the sandbox and send what it gives."""
        given: list[bytes] = []
        try:
            decoder = wire.Decoder(blobs)
            arguments = [decoder.decode(each) for each in header["arguments"]]
            value = wire.encode(functions[header["callback"]](*arguments), given)
        except Mistake as mistake:  # a check's own function objects to how it is called
            self.objection = mistake
            self.send({"error": str(mistake)})
            return
        except Exception as error:  # whatever a learner passes to it
            self.send({"error": f"{type(error).__name__}: {error}"[:500]})
            return
        self.send({"value": value}, given)


class Remote:
    """Stands for a learner's function in a sandbox; a check calls it as if it were the function.

    Attributes:
        source: the text of the cell that defines it.
    """

    def __init__(self, sandbox: Sandbox, name: str, source: str) -> None:
        self.sandbox, self.name, self.source = sandbox, name, source

    def __call__(self, *arguments: Any) -> Any:
        """Send the arguments, bring the result back."""
        return self.sandbox.call(self.name, arguments)
