"""How a result was made: a record that makes it again, and that a PNG carries with it.

A recipe fills in a `Making`. Written as JSON into a text chunk of the PNG (`Result.save`, `nst stylize` and
the Studio do), it is read back by `again.repeat` and `nst stylize --settings`. Only PNG has room for it: a
JPEG, TIFF or WebP keeps the picture alone. Nothing in here starts Keras.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from . import images

CHUNK = "nstlib"  # name of the text in the PNG
SOFTWARE = "nstlib"
# A setting that nobody chose follows from others: when these change, it has to be found anew.
FOLLOWS: dict[str, set[str]] = {
    "size": {"sizes", "style_size", "shape", "iterations"},
    "shape": {"sizes", "iterations"},
    "network": {"content_layers", "style_layers", "layer", "layers"},
    "sizes": {"iterations"},
    "optimizer": set(),  # what follows are its options
}


@dataclass(frozen=True)
class Picture:
    """A picture that went into a run.

    Attributes:
        name: of the sample or of the file, without its folders; empty for an array.
        height, width: in pixels, as the run took it.
        sha256: of those pixels; empty when it is not known.
    """

    name: str
    height: int = 0
    width: int = 0
    sha256: str = ""

    @staticmethod
    def of(source: Any, image: np.ndarray) -> Picture:
        """What there is to say of a picture.

        Args:
            source: what the user gave.
            image: what was made of it, shape (1, height, width, 3).
        """
        name = Path(urlsplit(os.fspath(source)).path).name if isinstance(source, (str, os.PathLike)) else ""
        return Picture(name, image.shape[1], image.shape[2], digest(image))

    def is_other(self, source: Any) -> bool:
        """Whether a source holds another picture, at the size at which this one was taken."""
        if not self.sha256:
            return False
        return digest(images.load_image(source, max(self.height, self.width))) != self.sha256


def digest(image: np.ndarray) -> str:
    """SHA-256 of the shape and the pixels of an image."""
    pixels = np.ascontiguousarray(image, "<f4")
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()


@dataclass(frozen=True)
class Making:
    """Everything that makes a result again.

    Attributes:
        recipe: name of the function in `recipes`, or "paint_once" of `feedforward`.
        settings: its keyword arguments, as JSON knows them. What was left to a default is written out, so
            that they mean the same when a default changes.
        usual: those of the settings that nobody chose.
        pictures: by the name of their parameter; "start" is among them when the run began with a picture
            of its own.
        lacking: parameter -> what was given, for what no setting can hold.
        weights: checksum of the network's weights; None when it is not known.
        backend: that computed it, with its version.
        cut_short: why it ended before its time; empty otherwise.
    """

    recipe: str
    settings: dict[str, Any]
    usual: tuple[str, ...] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)
    weights: int | None = None
    backend: str = ""
    cut_short: str = ""

    def to_text(self) -> dict[str, str]:
        """The texts of the PNG. They hold no time and no date: the same run writes the same file."""
        return {"Software": SOFTWARE, CHUNK: json.dumps(dataclasses.asdict(self))}

    @staticmethod
    def from_text(text: str) -> Making:
        """The record that `to_text` wrote.

        Raises:
            ValueError, TypeError, KeyError: it is something else.
        """
        read = json.loads(text)
        read["usual"] = tuple(read["usual"])
        read["pictures"] = {name: Picture(**each) for name, each in read["pictures"].items()}
        made = Making(**read)
        if not isinstance(made.recipe, str) or not isinstance(made.settings, dict):
            raise TypeError("These are no settings.")
        return made

    def begun(self, start: Mapping[str, Any]) -> Making:
        """The same with a start that can be made again, in the place of its picture.

        Args:
            start: name of the recipe that paints it -> those of its keywords which the run has not.
        """
        settings = self.settings | {"start": plain(start)}
        pictures, lacking = dict(self.pictures), dict(self.lacking)
        pictures.pop("start", None)
        lacking.pop("start", None)
        return dataclasses.replace(self, settings=settings, pictures=pictures, lacking=lacking)

    def keywords(self, changes: Mapping[str, Any], options: Collection[str]) -> dict[str, Any]:
        """The keyword arguments that make the result again, with changes.

        Args:
            changes: keywords that replace settings. A setting that followed from one of these and that nobody
                chose is left out, and the recipe finds it anew.
            options: names of the settings that belong to the optimiser; another one has others.

        Raises:
            ValueError: something was given to the run that settings cannot hold, and `changes` neither does.
        """
        for name, given in self.lacking.items():
            if name not in changes:
                raise ValueError(f"The settings cannot hold {given}: give it again as {name}=...")
        moved = {name for name in changes if name in FOLLOWS and not self._has(name, changes[name])}
        anew = set().union(*(FOLLOWS[name] for name in moved)) & set(self.usual)
        if "optimizer" in moved:
            anew |= set(options)
        kept = {name: value for name, value in self.settings.items() if name not in anew}
        each = kept.get("iterations")
        if moved & {"size", "shape", "sizes"} and isinstance(each, list) and len(set(each)) == 1:
            kept["iterations"] = each[0]  # at each size, however many there are now
        if moved & {"size", "shape"} and len(kept.get("sizes", ())) == 1:
            kept["sizes"] = "single"
        return kept | dict(changes)

    def _has(self, name: str, value: Any) -> bool:
        """Whether a setting has a value, which may be of any kind."""
        try:
            return bool(plain(value) == self.settings.get(name))
        except (TypeError, ValueError):  # a network, for instance
            return False


def plain(value: Any) -> Any:
    """A value as JSON would give it back: tuples and arrays as lists, a dataclass as its fields.

    Raises:
        TypeError: JSON cannot hold it.
    """

    def known(other: Any) -> Any:
        if dataclasses.is_dataclass(other) and not isinstance(other, type):
            return dataclasses.asdict(other)
        if isinstance(other, (np.ndarray, np.generic)):
            return other.tolist()
        raise TypeError(f"No setting can hold {other!r}.")

    return json.loads(json.dumps(value, default=known))


def read(path: str | os.PathLike[str]) -> Making:
    """The record in a PNG; that of an older Studio is made of the call that it wrote instead.

    Raises:
        OSError: there is no such file.
        ValueError: it is not a picture, or does not say how it was made.
    """
    texts = images.read_notes(path)
    try:
        if CHUNK in texts:
            return Making.from_text(texts[CHUNK])
        if "call" in texts:
            return from_call(texts["call"])
    except (ValueError, TypeError, KeyError, AttributeError, SyntaxError, RecursionError):
        raise ValueError(f"{path} holds settings that cannot be read; take another picture.") from None
    raise ValueError(
        f"{path} does not say how it was made: a PNG from `nst stylize`, the Studio or Result.save does."
    )


def from_call(lines: str) -> Making:
    """The record that lines of Python make which call `nst.transfer_style` with plain values.

    Raises:
        ValueError, SyntaxError: they are something else.
    """
    calls = [node for node in ast.walk(ast.parse(lines)) if isinstance(node, ast.Call)]
    (call,) = (c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "transfer_style")
    content, style = (Picture(Path(str(ast.literal_eval(each))).name) for each in call.args)
    settings = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
    return Making("transfer_style", plain(settings), pictures={"content": content, "style": style})
