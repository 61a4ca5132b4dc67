"""What every module may need: names loaded on demand, helpful errors for wrong names, a store of bounded
length, and files written whole or not at all.
"""

from __future__ import annotations

import difflib
import importlib
import os
import secrets
import shutil
import sys
import tempfile
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST_NAMES_LISTED = 40  # a ResNet has 175 layers; a message that lists them all is not read


def loaded_on_demand(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """What makes a package load each of its names when it is first asked for (PEP 562).

        __getattr__, __dir__, __all__ = loaded_on_demand(__name__, {"page": ("Studio",)})

    Type checkers and editors do not see such names: import them under `if TYPE_CHECKING:` too.

    Args:
        package: The package, by its whole name.
        homes: Module of the package -> the names that live in it. None of them may be that of a module: once
            imported, the module would stand in its place.
    """
    home_of = {name: module for module, names in homes.items() for name in names}
    offered = sorted(home_of)

    def load(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{home_of[name]}", package), name)
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: offered, offered


def nearest_name(name: object, known: Iterable[str]) -> str | None:
    """Return the known name closest to `name` (case, `-`, `_` and spaces do not count), or None."""

    def plain(text: str) -> str:
        return text.lower().replace("-", "").replace("_", "").replace(" ", "")

    by_plain = {plain(each): each for each in known}
    found = difflib.get_close_matches(plain(str(name)), by_plain, n=1, cutoff=0.6)
    return by_plain[found[0]] if found else None


def counted(number: float, what: str) -> str:
    """A number of things in words, for example "1 row", "2 rows"."""
    return f"{number if isinstance(number, int) else format(number, 'g')} {what}{'' if number == 1 else 's'}"


def unknown_name(what: str, name: object, known: Iterable[str]) -> ValueError:
    """Make the error for a name that is not in a list; the caller raises it.

    Args:
        what: What is being named, as it reads in a sentence: "sample", "layer", "network".
        name: What the user wrote.
        known: The names there are.

    Returns:
        A ValueError whose one sentence suggests the nearest known name and lists the known ones.
    """
    known = list(known)
    listed = ", ".join(known[:MOST_NAMES_LISTED])
    if len(known) > MOST_NAMES_LISTED:
        listed += f" and {len(known) - MOST_NAMES_LISTED} more"
    nearest = nearest_name(name, known)
    hint = f"did you mean {nearest!r}? " if nearest else ""
    return ValueError(f"Unknown {what} {name!r}: {hint}known are {listed or 'none'}.")


def check_target(path: str | PathLike[str], *, overwrite: bool = True) -> Path:
    """Check, before long work starts, that a file can be written at `path`.

    Returns:
        The path with `~` expanded.

    Raises:
        OSError: One sentence; FileExistsError (the file is there and `overwrite` is False),
            IsADirectoryError, FileNotFoundError (no such folder), NotADirectoryError or PermissionError where
            one of them fits.
    """
    target = Path(os.path.expanduser(path))
    _check_place(target, overwrite)
    try:
        # Trying is the only sure test: permission bits say nothing about read-only disks, root, or Windows.
        probe = _temporary_beside(target)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _sentence(target, error) from None
    return target


class Kept(MutableMapping[K, V]):
    """A mapping of bounded length for what is costly to make again: what was not used for longest goes first.

    Reading a value counts as use, asking whether a key is there does not. Threads may share it: two that miss
    the same value may both make it, and the first one made is what both get.

        graphs = Kept(most=8)
        graph = graphs.made_once(shape, lambda: trace(shape))

    Args:
        most: how many values are kept.

    Raises:
        ValueError: less than 1.
    """

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError(f"most is {most}; a store keeps at least 1.")
        self.most = most
        self._values: OrderedDict[K, V] = OrderedDict()  # the newest last
        self._lock = threading.RLock()

    def made_once(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key; if it is not here it is made, which no other thread waits for."""
        with suppress(KeyError):
            return self[key]
        value = make()
        with self._lock:
            if key not in self._values:
                self[key] = value
            return self[key]

    def __getitem__(self, key: K) -> V:
        with self._lock:
            self._values.move_to_end(key)
            return self._values[key]

    def __setitem__(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self.most:
                self._values.popitem(last=False)

    def __delitem__(self, key: K) -> None:
        with self._lock:
            del self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[K]:
        with self._lock:
            return iter(list(self._values))  # a copy: reading a value moves its key

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Kept({dict(self._values)!r}, most={self.most})"


@contextmanager
def whole_file(path: str | PathLike[str], overwrite: bool = True) -> Iterator[Path]:
    """Write a file whole or not at all.

    Yields a temporary path in the same folder (a rename is atomic only within one disk) with the same suffix
    (several libraries choose the format by it). On success it is renamed to `path`; on any failure, an
    interrupt included, it is removed and an older file at `path` stays as it was.

        with whole_file("result.npz") as temporary:
            np.savez(temporary, image=image)

    Args:
        path: Where the file shall be; a link is followed.
        overwrite: Whether a file that is already there is replaced. If not, exactly one of many writers of
            one path succeeds, be they threads or processes: the file system decides, not a look beforehand.

    Raises:
        FileExistsError: The file is there, or somebody else wrote it meanwhile, and `overwrite` is False.
        OSError: What went wrong with the file (disk full, no such folder, no permission ...) as one sentence,
            of the original kind (PermissionError ...) and with the original `errno`.
    """
    target = Path(os.path.expanduser(path))
    _check_place(target, overwrite)
    temporary = _temporary_beside(target)
    try:
        yield temporary
        _check_place(target, overwrite)  # the writing may have taken an hour
        if overwrite:
            _replace(temporary, target)
        else:
            _publish(temporary, target)
    except OSError as error:
        raise _sentence(target, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def _replace(temporary: Path, target: Path) -> None:
    """Put a file in the place of another, if there is one, whose permissions it takes over."""
    if target.exists():
        with suppress(OSError):  # keeping the permissions is a courtesy, not worth losing the work for
            shutil.copymode(target, temporary)
    os.replace(temporary, target.resolve())


def _publish(temporary: Path, target: Path) -> None:
    """Give a file its name unless the name is taken, in one step of the file system.

    Windows refuses to rename to a name that is taken, POSIX replaces the file there; a second link is what
    POSIX refuses. File systems without links (FAT, some network drives) still create a file for one only.

    Raises:
        FileExistsError: it is taken.
    """
    real = target.resolve()
    try:
        if os.name == "nt":
            os.rename(temporary, real)
        else:
            os.link(temporary, real)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:  # no links here; if there is another reason, the next step meets it too
        _claim(target)
        try:
            os.replace(temporary, real)
        except BaseException:
            with suppress(OSError):
                if real.stat().st_size == 0:  # the claim, and not what somebody put in its place
                    real.unlink()
            raise


def _claim(target: Path) -> None:
    """Create an empty file, which the file system lets exactly one do.

    Raises:
        FileExistsError: somebody else has.
    """
    try:
        os.close(os.open(target.resolve(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        raise _taken(target) from None


def _taken(target: Path) -> FileExistsError:
    return FileExistsError(f"{target} exists already; choose another name or pass overwrite=True.")


def check_port(port: int) -> int:
    """Refuse a number that is no port; systems take it modulo 65536 and listen elsewhere.

    Raises:
        ValueError: less than 0 or more than 65535.
    """
    if not 0 <= port <= 65535:
        raise ValueError(f"{port} is no port: ports go from 1 to 65535, and 0 stands for any that is free.")
    return port


def home_folder() -> Path | None:
    """The user's folder; None for a user without one, such as a service in a container."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def spare_home() -> Path:
    """A folder of this user's own among the temporary files, for one who has no home."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()).resolve() / f"nstlib-{user}"


def keras_folder() -> Path:
    """Where Keras keeps its settings and downloads: KERAS_HOME, or .keras in the home folder or in /tmp."""
    if chosen := os.environ.get("KERAS_HOME"):
        return Path(os.path.expanduser(chosen))
    if home_folder() is None:  # Keras would write into a folder with the name ~
        return spare_home() / "keras"
    home = os.path.expanduser("~")
    return Path(home if os.access(home, os.W_OK) else "/tmp", ".keras")


def first_line(error: Exception) -> str:
    """What an error says, short enough to stand inside a sentence of ours."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")


def save_somewhere(
    path: Path, write: Callable[[Path], object], *, suffixes: Iterable[str] = ()
) -> tuple[Path, Exception | None]:
    """Write a file or, when that fails, write it elsewhere: what took an hour to make is not thrown away.

    Tried in turn are an unused name beside it, in the user's folder, in that of temporary files and in the
    current one.

    Args:
        path: Where the file shall be.
        write: Writes it to the path it is given, and replaces nothing.
        suffixes: Others to try in each place; perhaps it is the format that fails.

    Returns:
        Where the file is, and the error that kept it from `path`, None if it is there.

    Raises:
        Exception: The first error, if no place took it.
    """
    try:
        write(path)
        return path, None
    except Exception as error:
        first = error
    for folder in (path.parent, home_folder(), Path(tempfile.gettempdir()), Path.cwd()):
        for suffix in (path.suffix, *suffixes) if folder else ():
            with suppress(Exception):  # the first error says what matters
                place = unused_name(Path(folder or "", path.name).with_suffix(suffix))
                write(place)
                return place, first
    raise first


def unused_name(path: Path) -> Path:
    """The path with the smallest number from 2 behind its stem that makes it the name of no file."""
    number = 2
    while os.path.lexists(found := path.with_stem(f"{path.stem}-{number}")):
        number += 1
    return found


def check_distinct(outputs: Mapping[str, Path], inputs: Mapping[str, Path]) -> None:
    """Refuse two outputs that are one file, and an output that is one of the inputs.

    Args:
        outputs: What each is called in a sentence -> where it will be written.
        inputs: The same for what is read.

    Raises:
        ValueError: Two are one file, whatever links, folders and letters of either case name it.
    """
    seen: dict[str, Path] = dict(inputs)
    for name, path in outputs.items():
        for other, place in seen.items():
            if is_same_file(path, place):
                raise ValueError(f"{other} and {name} are one file, {path}: give {name} a name of its own.")
        seen[name] = path


def is_same_file(a: Path, b: Path) -> bool:
    """Whether two paths name one file, which need not exist yet."""
    with suppress(OSError):
        return os.path.samefile(a, b)
    if os.path.exists(a) != os.path.exists(b):
        return False
    first, second = (Path(os.path.realpath(path)) for path in (a, b))
    with suppress(OSError):
        # On many disks names that differ in case, or in how an accent is coded, are one.
        names = {unicodedata.normalize("NFC", path.name).casefold() for path in (first, second)}
        return len(names) == 1 and os.path.samefile(first.parent, second.parent)
    return first == second


def _check_place(target: Path, overwrite: bool) -> None:
    """Refuse a target that is a folder or a device, exists already, or lies in no folder."""
    folder = target.parent
    if os.path.isdir(target):
        raise IsADirectoryError(f"Cannot write {target}: it is a folder; add a file name.")
    if os.path.exists(target) and not os.path.isfile(target):
        # Renaming would replace a device such as /dev/null by a file.
        raise OSError(f"Cannot write {target}: it is not an ordinary file.")
    if os.path.exists(target) and not overwrite:
        raise _taken(target)
    if os.path.isfile(folder):
        raise NotADirectoryError(f"Cannot write {target}: {folder} is a file, not a folder.")
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"Cannot write {target}: there is no folder {folder}; make it first.")


def _temporary_beside(target: Path) -> Path:
    """Return an unused hidden name in the target's real folder, with the target's suffixes."""
    real = target.resolve()
    return real.with_name(f".{secrets.token_hex(4)}-{real.name[-100:]}")  # file systems allow 255 bytes


def _sentence(target: Path, error: OSError) -> OSError:
    """Turn an operating system's error while writing `target` into one sentence of the same kind."""
    if error.errno is None and str(error).count(str(target)):
        return error  # already a sentence of ours
    kind = type(error) if type(error).__module__ == "builtins" else OSError
    clear = kind(f"Cannot write {target}: {error.strerror or error}; nothing was changed.")
    clear.errno = error.errno  # set afterwards, or str() would start with "[Errno 28]"
    return clear


def check_count(value: Any, name: str = "iterations") -> int:
    """A whole number of 1 or more; `name` is what the message calls it.

    Raises:
        ValueError: less than 1 or not a whole number.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} is {value!r}; give a whole number of 1 or more.")
    return int(value)
