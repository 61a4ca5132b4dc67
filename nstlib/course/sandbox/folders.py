"""What a sandbox can read of this machine, and that nothing of the teacher's is among it."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

from ...samples import data_folder
from .host import SandboxMissing

PACKAGE = Path(__file__).resolve().parents[2]  # nstlib


def places() -> list[str]:
    """What a sandbox can read, as arguments of bubblewrap: the system's programs, Python, this package."""
    arguments: list[str] = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        folder = Path("/") / name
        if folder.is_symlink():
            arguments += ["--symlink", os.readlink(folder), str(folder)]
        elif folder.is_dir():
            arguments += ["--ro-bind", str(folder), str(folder)]
    for file in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
        arguments += ["--ro-bind-try", file, file]
    for folder in readable_folders():
        if not folder.is_relative_to("/usr"):
            arguments += [*ancestors(folder), "--ro-bind", str(folder), str(folder)]
    # Where checks stand, a submission finds some that know nothing.
    return [*arguments, "--ro-bind", str(Path(__file__).parent / "checks"), str(PACKAGE / "checks")]


def readable_folders() -> list[Path]:
    """What a sandbox can read of this machine, beside the system's programs in /usr."""
    pythons = {Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    return sorted({*pythons, Path(sys.prefix), PACKAGE, data_folder().resolve()})


def require_hidden(*secrets: Path) -> None:
    """See that none of the teacher's folders lies where submissions can read.

    Raises:
        SandboxMissing: one does.
    """
    for secret in secrets:
        for folder in (Path("/usr"), *readable_folders()):
            if secret.resolve().is_relative_to(folder):
                raise SandboxMissing(
                    f"{secret} lies in {folder}, which submissions can read: move the course or the folder "
                    f"elsewhere. Nothing was run."
                )


def ancestors(folder: Path) -> list[str]:
    """Empty folders on the way to one, which bubblewrap alone would close to everybody but root."""
    above = [parent for parent in reversed(folder.parents) if str(parent) not in ("/", "/tmp")]
    return [word for parent in above for word in ("--perms", "0755", "--dir", str(parent))]


@functools.cache
def font_list() -> Path | None:
    """Matplotlib's list of fonts, which takes seconds to make; None when there is none yet."""
    import matplotlib
    from matplotlib import font_manager  # noqa: F401  (makes the list where it is missing)

    return next(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"), None)
