"""The same again: a result, or the PNG it was saved as, makes itself once more."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from . import backend, checkpoint, making, recipes, samples
from .foundation import unknown_name
from .making import Making
from .recipes import Result, RunOptions, as_network, parameters

RECIPES = ("transfer_style", "reconstruct_content", "reconstruct_style", "excite")


def repeat(
    made: Result | Making | str | Path, content: Any = None, style: Any = None, **changes: Any
) -> Result:
    """Make a picture again from the settings that came with it: the same to the bit, on the same machine.

        nst.repeat("painted.png", "cat", "swirls")
        nst.repeat("painted.png", "cat", "swirls", size=1024)

    Args:
        made: a result, or a PNG that `Result.save`, `nst stylize` or the Studio wrote.
        content, style: the pictures, for the recipes that take them. None means those of the result; a PNG
            knows only their names, which suffices for samples.
        changes: keywords of the recipe and of the run (`RunOptions`) instead of those of the settings. What
            followed from a setting that changes, and was not chosen, follows again: with another `size` the
            sizes before it and the size of the strokes, with another `network` its usual layers.

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence; also when the run was given something that
            settings cannot hold (an array to start from, a changed network) and `changes` does not.

    Warns:
        RuntimeWarning: something is not as it was, such as the pictures, the weights or the backend.
    """
    how = making_of(made)
    if how.recipe not in RECIPES:
        raise unknown_name("recipe", how.recipe, RECIPES)
    recipe, run = getattr(recipes, how.recipe), [f.name for f in fields(RunOptions)]
    keywords = how.keywords(changes, set(how.settings) - {*parameters(recipe), *run})
    keywords |= pictures_again(made, how, {"content": content, "style": style})
    RunOptions.read({k: v for k, v in keywords.items() if k not in parameters(recipe)}, recipe)
    keywords["network"] = as_network(keywords["network"])  # last, because it may take long
    for difference in differences(how, keywords, changes):
        warnings.warn(difference, RuntimeWarning, stacklevel=2)
    result: Result = recipe(**keywords)
    assert result.making is not None
    usual = {*result.making.usual, *how.usual} - set(changes)
    in_order = tuple(name for name in result.settings if name in usual)
    return replace(result, making=replace(result.making, usual=in_order))


def network_changed(how: Making, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Keywords of `load_network` for the network of a record with some of them given anew; None when none is.

    Another name takes nothing over; a seed counts for random weights only.
    """
    before = how.settings.get("network", {})
    before = {"name": before} if isinstance(before, str) else before
    kept = before if given.get("name", before.get("name")) == before.get("name") else {}
    merged = {"name": before.get("name")} | kept | dict(given)
    if merged.get("weights") != "random":
        merged.pop("seed", None)
    return None if merged == before else merged


def making_of(made: Any) -> Making:
    """How a result was made, or a picture in a file.

    Raises:
        ValueError, OSError, TypeError: nobody knows.
    """
    how = made.making if isinstance(made, Result) else made
    if how is None:
        raise ValueError("This result does not say how it was made; take one that a recipe returned.")
    return how if isinstance(how, Making) else making.read(how)


def pictures_again(made: Any, how: Making, given: Mapping[str, Any]) -> dict[str, Any]:
    """The pictures of a recipe by the names of its parameters: those given, else those of the result.

    Raises:
        ValueError: one that the recipe does not take is given, or one that it needs is nowhere.
    """
    needed = [name for name in given if name in how.pictures]
    for name, picture in given.items():
        if picture is not None and name not in needed:
            raise ValueError(f"{how.recipe} takes no {name} picture; leave it out.")
    sources = made.sources if isinstance(made, Result) else {}
    found = {}
    for name in needed:
        picture = sources.get(name) if given[name] is None else given[name]
        noted = how.pictures[name].name
        if picture is None and not (noted and samples.is_name(noted)):
            called = f", which was called {noted}" if noted else ""
            raise ValueError(f"Give the {name} picture{called}; the settings hold no pictures.")
        found[name] = noted if picture is None else picture
    return found


def differences(how: Making, keywords: Mapping[str, Any], changes: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for everything that will make another picture, beside the changes that were asked for."""
    for name, picture in how.pictures.items():
        if name not in changes and picture.is_other(keywords[name]):
            called = f"{picture.name or 'an array'}, {picture.width} x {picture.height} pixels"
            yield f"The {name} picture is not the one used then ({called}), so the result is another."
    if "network" not in changes and how.weights not in (None, checkpoint.checksum(keywords["network"])):
        yield f"The weights of {keywords['network'].name} are not those that were used then."
    if how.backend not in ("", backend.name_and_version()):
        now = backend.name_and_version()
        yield f"It was made with {how.backend}, and this is {now}: small differences remain."
    if how.cut_short:
        yield f"That run was cut short ({how.cut_short}); this one goes on to its end."
