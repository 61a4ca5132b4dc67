"""Plain bytes between the grader and the sandbox: what may cross, and how.

A message is a tree of JSON with the arrays beside it as raw bytes. Nothing is pickled, so reading a message
runs no code; whatever the other side sends becomes numbers, texts, arrays and lists of these, or an error.
Two things go to the sandbox only: feature networks, by name, and functions, as a number that the learner's
code calls back.

A frame is two lengths of four bytes (header, arrays), the header, the arrays. The header is counted before it
is parsed, and an array's description is compared with its bytes before anything is built: however a frame was
forged, reading it takes a small multiple of its own size.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

LENGTHS = struct.Struct(">II")
DTYPES = {"bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64))} | {
    "float16",
    "float32",
    "float64",
}
MOST_BYTES = 64 << 20  # of one frame
MOST_JSON = 16 << 20  # of these for its header, which is read in one go
MOST_ELEMENTS = 200_000  # values in one header, containers included
MOST_ARRAYS = 10_000  # of one frame
MOST_NUMBERS = 4 << 20  # in all arrays of one message
MOST_ANSWERED = 1 << 18  # of these, in what comes from a learner; no right answer has half as many
MOST_AXES = 8  # of one array
MOST_TEXT = 20_000  # characters of one text output
MOST_PICTURE = 1_500_000  # characters of one picture
MOST_PICTURES = 3_000_000  # characters of all pictures of a cell
MOST_OUTPUTS = 50  # of one cell
DEEPEST = 8  # nesting of lists and dictionaries
SIGNS = np.frombuffer(b",[{", "uint8")  # of JSON, before each of which or behind which there is one value
CHUNK = 1 << 20  # bytes that are looked at in one go


class WireError(Exception):
    """A message that cannot be read, or a value that cannot be sent."""


def encode(
    value: Any, blobs: list[bytes], function: Callable[[Any], int] | None = None, depth: int = 0
) -> Any:
    """Turn a value into JSON, putting the bytes of its arrays into `blobs`.

    Args:
        value: None, numbers, texts, arrays, lists, tuples, dictionaries with texts as keys, networks.
        blobs: filled in the order of the arrays.
        function: gives a function its number; None where none may be sent.

    Raises:
        WireError: something else, or nested too deep.
    """
    if depth > DEEPEST:
        raise WireError("a value is nested too deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.generic):
        return encode(value.item(), blobs, function, depth)
    if type(value) is np.ndarray:
        return encode_array(value, blobs)
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [encode(each, blobs, function, depth + 1) for each in value]}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: encode(each, blobs, function, depth + 1) for key, each in value.items()}}
    if hasattr(value, "preprocess") and isinstance(getattr(value, "name", None), str):
        return {"network": value.name}
    if callable(value) and function is not None:
        return {"function": function(value)}
    raise WireError(f"a {type(value).__name__} cannot be sent")


def encode_array(array: np.ndarray, blobs: list[bytes]) -> dict[str, Any]:
    """An array as its dtype, its shape and the place of its bytes."""
    if array.dtype.name not in DTYPES:
        raise WireError(f"an array of {array.dtype} cannot be sent")
    blobs.append(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("="), copy=False).tobytes())
    return {"array": len(blobs) - 1, "dtype": array.dtype.name, "shape": list(array.shape)}


class Decoder:
    """Turns JSON back into values. Each array's bytes are used once.

    Args:
        blobs: the bytes of the arrays.
        function: makes a callable of a function's number; None where none may come.
        network: makes a network of a name; None where none may come.
        most: numbers in all arrays. What a check does with an answer takes a hundred times its memory, where
            NumPy broadcasts it.
    """

    def __init__(
        self,
        blobs: Sequence[bytes | memoryview],
        function: Callable[[int], Any] | None = None,
        network: Callable[[str], Any] | None = None,
        most: int = MOST_NUMBERS,
    ) -> None:
        self.blobs: list[bytes | memoryview | None] = list(blobs)
        self.function, self.network, self.most = function, network, most
        self.numbers = 0  # in the arrays so far
        self.longest_text = 0  # characters, of any text so far

    def decode(self, tree: Any, depth: int = 0) -> Any:
        """The value.

        Raises:
            WireError: not what `encode` makes.
        """
        if depth > DEEPEST + 1:
            raise WireError("a value is nested too deep")
        if isinstance(tree, str):
            self.longest_text = max(self.longest_text, len(tree))
        if tree is None or type(tree) in (bool, int, float, str):
            return tree
        if not isinstance(tree, dict):
            raise WireError("a value is not what it should be")
        if "array" in tree:
            return self.array(tree)
        for kind, make in (("list", list), ("tuple", tuple)):
            if isinstance(tree.get(kind), list):
                return make([self.decode(each, depth + 1) for each in tree[kind]])
        if isinstance(tree.get("dict"), dict):
            self.longest_text = max(self.longest_text, *map(len, tree["dict"]), 0)
            return {key: self.decode(each, depth + 1) for key, each in tree["dict"].items()}
        if self.network and isinstance(tree.get("network"), str):
            return self.network(tree["network"])
        if self.function and isinstance(tree.get("function"), int):
            return self.function(tree["function"])
        raise WireError("a value is of an unknown kind")

    def array(self, tree: dict[str, Any]) -> np.ndarray:
        """An array from its bytes; a copy, so that it can be written to."""
        try:
            place, name, shape = tree["array"], tree["dtype"], tree["shape"]
            if name not in DTYPES or len(shape) > MOST_AXES or type(place) is not int or place < 0:
                raise ValueError
            if any(type(side) is not int or not 0 <= side <= MOST_NUMBERS for side in shape):
                raise ValueError
            blob, self.blobs[place] = self.blobs[place], None
            if blob is None or len(blob) != math.prod(shape) * np.dtype(name).itemsize:
                raise ValueError
        except (KeyError, IndexError, TypeError, ValueError):
            raise WireError("an array does not fit its description") from None
        self.numbers += math.prod(shape)
        if self.numbers > self.most:
            raise WireError(f"it has more than {self.most:,} numbers")
        return np.frombuffer(blob, name).reshape(shape).copy()


def pack(header: dict[str, Any], blobs: list[bytes]) -> bytes:
    """A frame.

    Raises:
        WireError: it is too large.
    """
    header = {**header, "lengths": [len(blob) for blob in blobs]}
    text, body = json.dumps(header).encode(), b"".join(blobs)
    if len(blobs) > MOST_ARRAYS or elements(text) > MOST_ELEMENTS:
        raise WireError(f"a message of {max(len(blobs), elements(text)):,} parts is too large")
    if len(text) > MOST_JSON or len(text) + len(body) > MOST_BYTES:
        raise WireError(f"a message of {(len(text) + len(body)) / 1e6:.0f} MB is too large")
    return LENGTHS.pack(len(text), len(body)) + text + body


def unpack(read: Callable[[int], bytes]) -> tuple[dict[str, Any], list[memoryview]]:
    """Read a frame.

    Args:
        read: gives exactly so many bytes, or raises.

    Raises:
        WireError: it is too large or broken.
    """
    text_length, body_length = LENGTHS.unpack(read(LENGTHS.size))
    if text_length > MOST_JSON or text_length + body_length > MOST_BYTES:
        raise WireError(f"a message of {(text_length + body_length) / 1e6:.0f} MB is too large")
    text, body = read(text_length), read(body_length)
    if elements(text) > MOST_ELEMENTS:
        raise WireError(f"a message has more than {MOST_ELEMENTS:,} parts")
    try:
        header = json.loads(text.decode())  # a text: of bytes, json would guess the encoding
        lengths = header.pop("lengths")
        if len(lengths) > MOST_ARRAYS:
            raise ValueError
        if any(type(n) is not int or n < 0 for n in lengths) or sum(lengths) != len(body):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, MemoryError):
        raise WireError("a message cannot be read") from None
    return header, list(pieces(memoryview(body), lengths))


def elements(text: bytes) -> int:
    """How many values a text of JSON can hold at most, told from its signs without parsing it.

    Quotes are counted: signs behind an odd number of them stand in a string. The time is in proportion to the
    length and the memory a few times it, whatever the text is made of.
    """
    plain = np.frombuffer(text.replace(b"\\\\", b"").replace(b'\\"', b""), "uint8")
    count, inside = 1, 0
    for start in range(0, len(plain), CHUNK):
        part = plain[start : start + CHUNK]
        quotes = np.cumsum(part == ord('"'), dtype="uint8") + np.uint8(inside)  # their parity is all we need
        count += int(np.count_nonzero(np.isin(part, SIGNS) & (quotes & 1 == 0)))
        inside = int(quotes[-1]) & 1
    return count


def pieces(body: memoryview, lengths: list[int]) -> Iterator[memoryview]:
    """Cut bytes into pieces of these lengths, without copying them."""
    start = 0
    for length in lengths:
        yield body[start : start + length]
        start += length
