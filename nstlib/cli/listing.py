"""`nst info`, `nst networks` and `nst samples`: tables of what there is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def info(arguments: argparse.Namespace) -> int:
    """Print what this machine offers, where files are kept and where the course is published."""
    from .. import __version__, backend, networks, samples
    from ..course import links
    from ..studio import gallery

    embedded = networks.weights_path(networks.PLANS["pocket_vgg"])
    rows = {"nstlib": __version__} | backend.machine()
    rows["embedded network"] = str(embedded) if embedded.is_file() else f"missing: there is no {embedded}"
    rows["paintings are kept in"] = str(samples.cache_folder())
    rows["other networks are kept in"] = str(networks.weights_path(networks.PLANS["vgg19"]).parent)
    rows["the Studio's results are kept in"] = str(gallery.root())
    rows["films"] = films()
    rows["repository"] = links.described()
    print_table([[f"{name}:", value] for name, value in rows.items()])
    return 0


def films() -> str:
    """Whether films can be read and painted here; if not, what to install."""
    from ..video.frame import av
    from ..video.motion import opencv

    try:
        return f"PyAV {av().__version__}, OpenCV {opencv().__version__}"
    except ModuleNotFoundError as missing:
        return str(missing)


def list_networks(arguments: argparse.Namespace) -> int:
    """Print the networks, then the layers each uses unless others are named."""
    from .. import networks

    rows = networks.table()
    columns = ["name", "layers", "smallest side", "weights", "hash check", "here"]
    print_table([columns, *([row[column] for column in columns] for row in rows)])
    print()
    columns = ["name", "content layers", "style layers"]
    print_table([columns, *([row[column] for column in columns] for row in rows)])
    return 0


def list_samples(arguments: argparse.Namespace) -> int:
    """Print the pictures that go by a name."""
    from .. import samples

    columns = ["name", "kind", "where", "licence"]
    print_table([columns, *([row[column] for column in columns] for row in samples.table())])
    return 0


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of texts in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
