"""A notebook in a sandbox, whose names are asked for and whose functions are called from here.

What went wrong inside comes back as one of a few words, and the text of an error marked as a learner's (see
`withholding`): while the code answers it knows the numbers of the hidden tests.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...answers import CHANGED, READY_MADE, AnswerFailed, Mistake
from .. import wire
from ..limits import Limits
from ..withholding import LONGEST_QUOTE, UNSEEN, marked
from .outputs import Room, clean_outputs
from .process import GuardedProcess

ERRORS = {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}
PROBLEMS = {
    "changed": CHANGED,
    "ready": READY_MADE,
    "nothing": "Your function returns nothing: does it end with a `return`?",
    "unreadable": "This cannot be read: it is neither a number, a text nor an array of numbers.",
    "large": "This cannot be read: it is too large.",
    "late": f"Your code was stopped after {{seconds:.3g}} seconds, {UNSEEN}.",
}


class Sandbox(GuardedProcess):
    """A process in which a notebook is run and whose functions can be called from here.

    Use it in a `with` statement, from one thread. Every method may raise SandboxEnded, and entering it
    SandboxMissing.

    Args:
        limits: what it may use.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(limits)
        self.late = False  # whether a cell or a call took too long and was stopped; whoever asks sets it back
        self.long_text = False  # whether an answer held a text that could say much; whoever asks sets it back
        self.room = Room()
        self.objection: Mistake | None = None  # of one of our functions that was called from inside

    def run(
        self, cells: Sequence[str], seconds: Callable[[int], float] | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Execute cells; gives the outputs of each when it is done.

        Args:
            cells: their texts.
            seconds: of each, by its number; asked just before it begins. None gives all the usual ones.
        """
        for number, cell in enumerate(cells):
            allowed = seconds(number) if seconds else self.limits.cell_seconds
            with self.stopwatch.within(allowed, "A cell"):
                self.send({"do": "run", "cell": cell, "seconds": allowed})
                header, _blobs = self.receive()
            self.late |= bool(header.get("late"))
            yield clean_outputs(header.get("outputs"), self.room)

    def kind(self, name: str) -> str:
        """What a name stands for: "missing", "function" or "value"."""
        with self.stopwatch.within(self.limits.call_seconds, "Your code"):
            self.send({"do": "kind", "name": name})
            return str(self.receive()[0].get("kind"))

    def value(self, name: str) -> Any:
        """The value of a name."""
        with self.stopwatch.within(self.limits.call_seconds, f"Reading `{name}`"):
            self.send({"do": "value", "name": name, "seconds": self.limits.call_seconds})
            return self.result([])

    def call(self, name: str, arguments: Sequence[Any], without: Sequence[str] = ()) -> Any:
        """Call a function inside; functions among the arguments are called here, when it asks.

        Args:
            name: of the function.
            arguments: of the call.
            without: names of functions that it must not call, see `answers.own`.
        """
        functions: list[Any] = []
        self.objection = None

        def numbered(function: Any) -> int:
            functions.append(function)
            return len(functions) - 1

        blobs: list[bytes] = []
        sent = [wire.encode(each, blobs, numbered) for each in arguments]
        message = {"do": "call", "name": name, "arguments": sent, "seconds": self.limits.call_seconds}
        message |= {"without": list(without)}
        with self.stopwatch.within(self.limits.call_seconds, f"Your function, {UNSEEN},"):
            self.send(message, blobs)
            return self.result(functions)

    def result(self, functions: Sequence[Any]) -> Any:
        """Wait for a value, answering calls of our functions meanwhile."""
        while True:
            header, blobs = self.receive()
            if "callback" in header:
                self.answer(header, blobs, functions)
                continue
            if "problem" in header:
                raise self.objection or self.problem(header)
            try:
                decoder = wire.Decoder(blobs, most=wire.MOST_ANSWERED)
                value = decoder.decode(header.get("value"))
                self.long_text |= decoder.longest_text > LONGEST_QUOTE
                return value
            except wire.WireError:
                raise Mistake(PROBLEMS["large"]) from None

    def problem(self, header: dict[str, Any]) -> Exception:
        """What a message says has gone wrong, in words of our own."""
        word, kind = str(header["problem"]), str(header.get("kind"))
        self.late |= word == "late"
        if word in PROBLEMS:
            return Mistake(PROBLEMS[word].format(seconds=self.limits.call_seconds))
        return AnswerFailed(kind if kind in ERRORS else "Exception", marked(str(header.get("text", ""))))

    def answer(self, header: dict[str, Any], blobs: Sequence[memoryview], functions: Sequence[Any]) -> None:
        """Call one of our functions for the sandbox and send what it gives."""
        given: list[bytes] = []
        try:
            decoder = wire.Decoder(blobs, most=wire.MOST_ANSWERED)
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
        forbidden: names of functions that it must not call.
    """

    def __init__(self, sandbox: Sandbox, name: str, source: str, forbidden: Sequence[str] = ()) -> None:
        self.sandbox, self.name, self.source, self.forbidden = sandbox, name, source, forbidden

    def __call__(self, *arguments: Any) -> Any:
        """Send the arguments, bring the result back."""
        return self.sandbox.call(self.name, arguments, self.forbidden)

    def without(self, names: Sequence[str]) -> Remote:
        """The same function, which must not call one of these, see `answers.own`."""
        return Remote(self.sandbox, self.name, self.source, names)
