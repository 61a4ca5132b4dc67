"""Hand pages back: what `nst return --folder` wrote, into the students' home folders on a hub.

    sudo python3 hand_back.py returned/feedback      # The Littlest JupyterHub: /home/jupyter-NAME
    sudo python3 hand_back.py returned/feedback --homes /export/homes --prefix ""

Each page is written into NAME's folder `feedback`, in place of an older one. A process with the student's own
rights writes it, and it follows no link, so whatever stands there can lead it nowhere else, on a server where
all home folders belong to one user neither. It needs Python 3.9 or newer and nothing beside it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path


def give(page: Path, home: Path) -> str:
    """Write a page into a home folder, with its owner's rights; returns why not, empty when it was."""
    content, owner = page.read_bytes(), home.lstat()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        problem = "it failed"
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(owner.st_gid)
                os.setuid(owner.st_uid)
            write(content, home, page.name)
            problem = ""
        except OSError as error:
            problem = error.strerror or str(error)
        finally:  # the rest of the program is the parent's
            os.write(writer, problem.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        said = answer.read().decode()
    return said if os.waitpid(child, 0)[1] == 0 else "it failed"


def write(content: bytes, home: Path, name: str) -> None:
    """Write a file, whole or not at all, in the home's folder `feedback`, which is made when it is not there.

    Raises:
        OSError: it cannot be written, or `feedback` is a link.
    """
    at_home = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    with suppress(FileExistsError):
        os.mkdir("feedback", 0o755, dir_fd=at_home)
    folder = os.open("feedback", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at_home)
    partial = f".{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(partial, flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(partial, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(partial, dir_fd=folder)
        raise


def main() -> int:
    """Read the command line; returns its exit code: 1 when a page could not be handed back."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("pages", type=Path, help="a folder with a folder of pages for each student")
    parser.add_argument("--homes", type=Path, default=Path("/home"), help="(default: /home)")
    parser.add_argument("--prefix", default="jupyter-", help="of the folders' names (default: jupyter-)")
    given = parser.parse_args()
    if not given.pages.is_dir():
        print(f"hand_back.py: There is no folder {given.pages}.", file=sys.stderr)
        return 2
    count, failed = 0, 0
    for page in sorted(given.pages.glob("*/*.html")):
        home = given.homes / f"{given.prefix}{page.parent.name}"
        problem = (
            "there is no such home folder" if not home.is_dir() or home.is_symlink() else give(page, home)
        )
        if problem:
            print(f"{page.parent.name}: {page.name} was not handed back: {problem}")
        count, failed = count + (not problem), failed + bool(problem)
    print(f"{count} pages handed back, {failed} not.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
