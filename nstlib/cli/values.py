"""What an option may be: each function reads its text, or says what is wrong with it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..foundation import check_port


def layers(text: str) -> Any:
    """Layers as the recipes take them: "10" or "conv4_2,10" a list, "conv4_2=1,10=0.5" weights by layer.

    Raises:
        ArgumentTypeError: weights for some of the layers only, a weight that is no number, a layer twice.
    """
    pairs = [item.strip().partition("=") for item in text.split(",")]
    named = [int(name) if name.isdecimal() else name for name, _, _ in pairs]
    weights = [weight for _, equals, weight in pairs if equals]
    if not weights:
        return named
    if len(weights) < len(named) or len(set(named)) < len(named):
        raise argparse.ArgumentTypeError(f"{text!r} must give each layer one weight, or none of them any")
    try:
        return dict(zip(named, map(float, weights), strict=True))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} has a weight that is not a number") from None


def counts(text: str) -> str | int | list[int]:
    """One whole number, or one for each size, "100" or "200,50", or "auto" for the recipe to judge.

    Raises:
        ArgumentTypeError: neither that word nor a whole number.
    """
    if text == "auto":
        return text
    try:
        numbers = [int(item) for item in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no whole number, nor several with commas between, nor auto"
        ) from None
    return numbers[0] if len(numbers) == 1 else numbers


def sizes(text: str) -> str | list[int]:
    """Longer sides, "128,256,512", or a word for the recipe to judge."""
    try:
        return [int(item) for item in text.split(",")]
    except ValueError:
        return text


def weights(text: str) -> list[float]:
    """Numbers with commas between, "0.7,0.3".

    Raises:
        ArgumentTypeError: one of them is no number.
    """
    try:
        return [float(item) for item in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be numbers with commas between") from None


REGION = re.compile(r"([A-Za-z]+|#[0-9A-Fa-f]{6})=(.+)")  # a region's name and its style


def styles(texts: Sequence[str]) -> Any:
    """The styles as `transfer_style` takes them: one, a list to mix, or region -> picture.

    A file whose whole name looks like REGION=PICTURE is a file.

    Raises:
        ValueError: some have a region and others none, or two have the same.
    """
    found = [None if Path(text).exists() else REGION.fullmatch(text) for text in texts]
    pairs = [(match[1].lower(), match[2]) for match in found if match]
    if not pairs:
        return texts[0] if len(texts) == 1 else list(texts)
    if len(pairs) < len(texts):
        alone = texts[found.index(None)]
        raise ValueError(f"Some styles name their region and {alone} does not: write REGION={alone}.")
    by_region = dict(pairs)
    if len(by_region) < len(pairs):
        twice = next(name for name, _ in pairs if [each for each, _ in pairs].count(name) > 1)
        raise ValueError(f"The region {twice} has two styles; give it one.")
    return by_region


def by_name(style: Any) -> dict[str, str]:
    """What `styles` made, by what messages call each: STYLE, STYLE 2, STYLE red."""
    if isinstance(style, str):
        return {"STYLE": style}
    pairs = style.items() if isinstance(style, dict) else enumerate(style, start=1)
    return {f"STYLE {name}": picture for name, picture in pairs}


def positive(text: str) -> int:
    """A whole number from 1 on.

    Raises:
        ArgumentTypeError: it is not.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def port(text: str) -> int:
    """A port to listen at.

    Raises:
        ArgumentTypeError: it is not.
    """
    try:
        return check_port(int(text))
    except ValueError as error:
        known = str(error) if text.lstrip("-").isdecimal() else f"{text!r} is no whole number"
        raise argparse.ArgumentTypeError(known) from None
