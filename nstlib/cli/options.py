"""Options as tables, from which the parsers and their help are made."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

# Keyword of the library -> type, what stands for its value, and help.
Options = dict[str, tuple[Callable[[str], Any], str, str]]

MASKS = ("content_mask", "style_mask")  # messages of the library name these without a value


class Group(Protocol):
    """What takes options: a parser, or a group of one with a title."""

    def add_argument(self, *flags: str, **settings: Any) -> Any:
        """See `argparse.ArgumentParser.add_argument`."""


def add_options(group: Group, options: Options, defaults: Mapping[str, Any]) -> None:
    """Add the options of a table, with the defaults in the help.

    They are not the defaults of the parser: what the command line does not give is not passed on (see
    `chosen`), so that those of the library hold.

    Args:
        group: a parser, or one of its groups.
        options: see `Options`.
        defaults: of the library, by keyword; the help is silent on None and on what is missing.
    """
    for name, (kind, metavar, text) in options.items():
        default = f" (default: {defaults[name]})" if defaults.get(name) is not None else ""
        group.add_argument(
            as_flag(name), type=kind, metavar=metavar, default=argparse.SUPPRESS, help=text + default
        )


def chosen(arguments: argparse.Namespace, options: Iterable[str]) -> dict[str, Any]:
    """Those of the options that the command line gave, by name."""
    return {name: getattr(arguments, name) for name in options if hasattr(arguments, name)}


def as_flag(name: str) -> str:
    """For example `--style-size` for `style_size`."""
    return f"--{name.replace('_', '-')}"
