"""The same again: a result, or the PNG it was saved as, makes itself once more."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import backend, checkpoint, feedforward, images, making, recipes, samples
from .foundation import unknown_name
from .making import Making
from .recipes import Result, RunOptions, as_network, parameters

MASKS = ("content_mask", "style_mask")
ONE_PASS = "paint_once"
SHARED = ("size", "colors", "blend", *MASKS)  # keywords of a run that are those of its start, too
RECIPES = ("transfer_style", "reconstruct_content", "reconstruct_style", "excite", ONE_PASS)


def repeat(
    made: Result | Making | str | Path, content: Any = None, style: Any = None, **changes: Any
) -> Result:
    """Make a picture again from the settings that came with it: the same to the bit, on the same machine.

        nst.repeat("painted.png", "cat", "swirls")
        nst.repeat("painted.png", "cat", "swirls", size=1024)

    Args:
        made: a result, or a PNG that `Result.save`, `nst stylize` or the Studio wrote. One that was made in
            one pass is painted in one pass again.
        content, style: the pictures, for the recipes that take them. None means those of the result; a PNG
            knows only their names, which suffices for samples. Several styles in the form they had: a list,
            or region -> picture. A mask that was a file is read there again.
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
    recipe, run = recipe_of(how), [f.name for f in fields(RunOptions)]
    keywords = how.keywords(changes, set(how.settings) - {*parameters(recipe), *run})
    keywords |= pictures_again(made, how, {"content": content, "style": style})
    check_masks({name: keywords.get(name) for name in MASKS if name not in changes})
    begin = keywords.get("start")
    if isinstance(begin, Mapping):
        keywords["start"] = painted_start(begin, keywords)
    if how.recipe == ONE_PASS:
        check_keywords(keywords, recipe)
    else:
        RunOptions.read({k: v for k, v in keywords.items() if k not in parameters(recipe)}, recipe)
        keywords["network"] = as_network(keywords["network"])  # last, because it may take long
    for difference in differences(how, keywords, changes):
        warnings.warn(difference, RuntimeWarning, stacklevel=2)
    result: Result = in_one_pass(**keywords) if how.recipe == ONE_PASS else recipe(**keywords)
    assert result.making is not None
    usual = {*result.making.usual, *how.usual} - set(changes)
    in_order = tuple(name for name in result.settings if name in usual)
    made_so = result.making.begun(begin) if isinstance(begin, Mapping) else result.making
    return replace(result, making=replace(made_so, usual=in_order))


def recipe_of(how: Making) -> Callable[..., Any]:
    """The function whose keywords the settings are."""
    recipe: Callable[..., Any] = getattr(feedforward if how.recipe == ONE_PASS else recipes, how.recipe)
    return recipe


def in_one_pass(content: Any, style: Any, **keywords: Any) -> Result:
    """What `paint_once` paints, with how it was made."""
    return feedforward.OnePass(style, **keywords).result(content)


def painted_start(begin: Mapping[str, Any], keywords: Mapping[str, Any]) -> np.ndarray:
    """What a run started from, painted in one pass again, with what is settled for the run itself.

    Args:
        begin: "paint_once" -> its other keywords.
        keywords: of the run.

    Raises:
        ValueError, OSError, TypeError: bad input, in one sentence.
    """
    if ONE_PASS not in begin:
        raise unknown_name("recipe of a start", next(iter(begin), ""), (ONE_PASS,))
    shared = {name: keywords[name] for name in SHARED if name in keywords}
    own = dict(begin[ONE_PASS]) | shared
    return feedforward.paint_once(keywords["content"], keywords["style"], **own)


def check_keywords(keywords: Mapping[str, Any], recipe: Callable[..., Any]) -> None:
    """Refuse keywords that a recipe without a run does not know.

    Raises:
        ValueError: there is one; the nearest is suggested.
    """
    for keyword in keywords:
        if keyword not in (known := parameters(recipe)):
            raise unknown_name(f"option of {recipe.__name__}", keyword, known)


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
    sources = made.sources if isinstance(made, Result) else {}
    found = {}
    for name, picture in given.items():
        taken = form_of(name, how)[1]
        if picture is not None and not taken:
            raise ValueError(f"{how.recipe} takes no {name} picture; leave it out.")
        if taken:
            found[name] = (
                of_record(name, how, sources) if picture is None else in_its_form(name, picture, how)
            )
    return found


def form_of(name: str, how: Making) -> tuple[str, list[str]]:
    """Whether a parameter was "one" picture, a "list", or pictures "by region"; and the keys of its pictures.

    Keys are "style" for one, "style/0" in a list, "style/red" of a region. A list always has a blend.
    """
    keys = [key for key in how.pictures if key == name or key.startswith(f"{name}/")]
    if keys == [name] or not keys:
        return "one", keys
    if how.settings.get("blend") is None:
        return "by region", keys
    return "list", sorted(keys, key=lambda key: int(key.partition("/")[2]))


def recalled(key: str, how: Making, sources: Mapping[str, Any]) -> Any:
    """The picture of a key, from a result or by the name of a sample.

    Raises:
        ValueError: it is nowhere.
    """
    picture, noted = sources.get(key), how.pictures[key].name
    if picture is None and not (noted and samples.is_name(noted)):
        called = f", which was called {noted}" if noted else ""
        raise ValueError(f"Give the {words(key)}{called}; the settings hold no pictures.")
    return noted if picture is None else picture


def words(key: str) -> str:
    """A key in words: "style picture", "style picture of red"; of a list they are counted from 1."""
    name, _, part = key.partition("/")
    if not part:
        return f"{name.replace('_', ' ')} picture" if name not in MASKS else name.replace("_", " ")
    return f"{name} picture {int(part) + 1}" if part.isdecimal() else f"{name} picture of {part}"


def in_its_form(name: str, given: Any, how: Making) -> Any:
    """A parameter that is given again.

    Raises:
        ValueError: it has another form than that of the record.
    """
    form, keys = form_of(name, how)
    parts = [key.partition("/")[2] for key in keys]
    several = isinstance(given, (list, tuple))
    if form == "one" and (several or isinstance(given, Mapping)):
        raise ValueError(f"That run had one {name}: give one {name} picture.")
    if form == "list" and not (several and len(given) == len(keys)):
        raise ValueError(
            f"That run mixed {len(keys)} {name}s: give {name} as a list of {len(keys)} pictures."
        )
    if form == "by region":
        regions = {str(k) for k, v in given.items() if v is not None} if isinstance(given, Mapping) else None
        if regions != set(parts):
            raise ValueError(
                f"That run had {name}s by region: give {name} as region -> picture for {', '.join(parts)}."
            )
    return given


def of_record(name: str, how: Making, sources: Mapping[str, Any]) -> Any:
    """A parameter that is not given again, in its form.

    Raises:
        ValueError: one of its pictures is nowhere.
    """
    form, keys = form_of(name, how)
    found = {key.partition("/")[2]: recalled(key, how, sources) for key in keys}
    if form == "by region":
        return found
    return list(found.values()) if form == "list" else found[""]


def part_of(keywords: Mapping[str, Any], key: str) -> Any:
    """What the keywords hold for the key of a record."""
    name, _, part = key.partition("/")
    given = keywords[name]
    if not part:
        return given
    return given[int(part)] if isinstance(given, (list, tuple)) else given[part]


def check_masks(masks: Mapping[str, Any]) -> None:
    """See that masks which a record knows by their paths can be read.

    Raises:
        ValueError: one cannot.
    """
    for name, mask in masks.items():
        if isinstance(mask, str):
            try:
                images.check_input(mask)
            except (OSError, ValueError) as error:
                again = f"give it again as {name}=..."
                raise ValueError(f"The {words(name)} was {mask}, and is not there now: {again}") from error


def differences(how: Making, keywords: Mapping[str, Any], changes: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for everything that will make another picture, beside the changes that were asked for."""
    for name, picture in how.pictures.items():
        if name not in changes and picture.is_other(part_of(keywords, name)):
            called = f"{picture.name or 'an array'}, {picture.width} x {picture.height} pixels"
            yield f"The {words(name)} is not the one used then ({called}), so the result is another."
    if "network" not in changes and how.weights not in (None, checksum_now(how, keywords)):
        name = "the one-pass network" if how.recipe == ONE_PASS else keywords["network"].name
        yield f"The weights of {name} are not those that were used then."
    if how.backend not in ("", backend.name_and_version()):
        now = backend.name_and_version()
        yield f"It was made with {how.backend}, and this is {now}: small differences remain."
    if how.cut_short:
        yield f"That run was cut short ({how.cut_short}); this one goes on to its end."


def checksum_now(how: Making, keywords: Mapping[str, Any]) -> int:
    """The checksum of the weights that the keywords lead to."""
    if how.recipe == ONE_PASS:
        return feedforward.load_painter(keywords["dtype"]).checksum
    return checkpoint.checksum(keywords["network"])
