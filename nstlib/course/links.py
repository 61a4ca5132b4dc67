"""Where the course is published: one line of pyproject.toml, which every link and set-up cell follows.

The line is `Repository` under `[project.urls]`, a GitHub address that ends in the branch. `nst links` writes
it and points at it what names the repository elsewhere: links to Colab and Binder, the cell that installs the
course in Colab, the README's `git clone`, and CITATION.cff. Anything else is left alone, so that links to
other people's repositories stay as they are.

The line `Documentation` below it is the address of the site (`nst site`): that of GitHub Pages, unless
another was set.
"""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from ..foundation import check_target, whole_file
from .repository import (
    PLACEHOLDER,
    SETTING,
    SITE_SETTING,
    Repository,
    hub_address,
    of_address,
    repository,
    web_address,
)

__all__ = [
    "PLACEHOLDER",
    "Repository",
    "changes",
    "described",
    "files",
    "hub_address",
    "in_clone",
    "notebooks",
    "of_address",
    "pointed",
    "repository",
    "site",
    "web_address",
    "write",
]

COURSE = Path(__file__).resolve().parent.parent.parent
PATTERNS = ("*.md", "notebooks/**/*", "solutions/*/*.ipynb", "exercises/**/*")
SUFFIXES = (".ipynb", ".md")


# --- which repository -------------------------------------------------------------------------------


def in_clone(root: Path = COURSE) -> Repository:
    """The repository that the pyproject.toml of a clone names.

    Raises:
        OSError: there is no clone at `root`.
        ValueError: its pyproject.toml names no repository and branch.
    """
    return of_address(addresses(root).get("Repository", ""))


def addresses(root: Path = COURSE) -> dict[str, str]:
    """What the pyproject.toml of a clone says under [project.urls].

    Raises:
        OSError: there is no clone at `root`.
    """
    file = root / "pyproject.toml"
    if not file.is_file() or not (root / "notebooks").is_dir():
        raise FileNotFoundError(
            f"There is no clone of the course in {root}, and the package alone holds no links to set."
        )
    urls = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}).get("urls", {})
    return {str(name): str(address) for name, address in urls.items()}


def site(root: Path = COURSE) -> str:
    """The address of a clone's site, with a slash at its end.

    Raises:
        OSError: there is no clone at `root`.
        ValueError: its pyproject.toml names no address.
    """
    return web_address(addresses(root).get("Documentation", ""), f"pyproject.toml should say {SITE_SETTING}")


def installed() -> Repository:
    """The repository that the installed package's metadata name.

    Raises:
        ValueError: they name none, or the package is not installed.
    """
    try:
        lines = importlib.metadata.metadata("nstlib").get_all("Project-URL", [])
    except importlib.metadata.PackageNotFoundError:
        lines = []
    labels = dict(line.split(", ", 1) for line in lines)
    return of_address(labels.get("Repository", ""))


def described(root: Path = COURSE) -> str:
    """The repository in words, as `nst info` shows it."""
    try:
        found = in_clone(root) if (root / "pyproject.toml").is_file() else installed()
    except (ValueError, OSError) as error:
        return f"unknown: {error}"
    text = f"{found.address}, branch {found.branch}"
    if found.slug == PLACEHOLDER:
        text += " (a placeholder until the course is published: `nst links OWNER/NAME` sets it)"
    return text


# --- what names it ----------------------------------------------------------------------------------

SLUG = r"(?P<slug>[\w.-]+/[\w.-]+?)"
PATH = r"(?P<path>[^\s)\"'\\&#]+)"
END = r"(?=[\s\"'`)\\]|$)"  # a backslash: in a notebook the line ends in \n

Write = Callable[[Repository, "re.Match[str]"], str]


def cloned(target: Repository, match: re.Match[str]) -> str:
    """The README's `git clone`, with the `cd` below it, which names the folder that git makes."""
    step = match["cd"] or ""
    folder = match["slug"].partition("/")[2]
    if match["folder"] == folder:
        step = step.removesuffix(folder) + target.slug.partition("/")[2]
    return target.clone + step


FORMS: tuple[tuple[re.Pattern[str], Write], ...] = (
    (
        re.compile(rf"https://colab\.research\.google\.com/github/{SLUG}/blob/[^/\s]+/{PATH}"),
        lambda target, match: target.colab(match["path"]),
    ),
    (
        re.compile(rf"https://mybinder\.org/v2/gh/{SLUG}/[^/\s?)]+\?urlpath=lab/tree/{PATH}"),
        lambda target, match: target.binder(match["path"]),
    ),
    (
        re.compile(
            rf"(?P<own>%pip install --quiet --no-deps )?git\+https://github\.com/{SLUG}(?:\.git)?"
            rf"(?:@[^\s\"'`)\\]+)?{END}"
        ),
        lambda target, match: (match["own"] or "") + target.requirement,
    ),
    (
        re.compile(
            rf"git clone (?:--branch \S+ )?https://github\.com/{SLUG}(?:\.git)?{END}"
            rf"(?P<cd>\s+cd (?P<folder>[\w.-]+))?"
        ),
        cloned,
    ),
    (
        re.compile(r"^(?P<own>repository-code: )https://github\.com/(?P<slug>\S+)", re.M),
        lambda target, match: match["own"] + target.address,
    ),
)


def pointed(text: str, target: Repository, *, known: set[str], root: Path) -> str:
    """A text whose links and set-up cells point at a repository.

    Args:
        text: of a file of the course.
        target: what it shall point at.
        known: the repositories ("OWNER/NAME") that are the course's until now.
        root: the course's folder. A link to Colab or Binder is the course's own also when it names a file
            that is in this folder: after a merge, new notebooks name the repository they come from.
    """
    for pattern, write in FORMS:
        for match in reversed(list(pattern.finditer(text))):  # from the end: what comes before stays in place
            if is_own(match, known=known, root=root):
                text = text[: match.start()] + write(target, match) + text[match.end() :]
    return text


def is_own(match: re.Match[str], *, known: set[str], root: Path) -> bool:
    """Whether a link is the course's own; the arguments are those of `pointed`."""
    groups = match.groupdict()
    file = groups.get("path")
    there = file is not None and (root / unquote(file)).is_file()
    return bool(groups.get("own")) or groups["slug"] in known or there


def files(root: Path = COURSE) -> Iterator[Path]:
    """The files that may name the repository, pyproject.toml left out.

    CITATION.cff comes last: what an interrupted run leaves is recognised by the name that it still holds.
    """
    for pattern in PATTERNS:
        for path in sorted(root.glob(pattern)):
            hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
            if path.is_file() and path.suffix in SUFFIXES and not hidden:
                yield path
    if (root / "CITATION.cff").is_file():
        yield root / "CITATION.cff"


def notebooks(root: Path = COURSE) -> list[str]:
    """The lessons and the exercises, relative to the course's folder, with "/"."""
    found = [*sorted(root.glob("notebooks/*.ipynb")), *sorted(root.glob("exercises/ex*/*.ipynb"))]
    return [path.relative_to(root).as_posix() for path in found]


def text_of(path: Path) -> str:
    """A file's text with its line ends as they are."""
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text; save it so, or move it out of the course.") from None


def changes(target: Repository, root: Path = COURSE, *, address: str | None = None) -> dict[Path, str]:
    """What `nst links` would write: the new text of each file that does not point at `target` yet.

    Args:
        target: what all links shall name.
        root: the course's folder.
        address: of the site; None keeps one that was set for this repository, and is that of GitHub Pages
            otherwise.

    Raises:
        OSError: there is no clone at `root`.
        ValueError: its pyproject.toml names no repository and branch, or a file is not text.
    """
    now = in_clone(root)
    known = {now.slug}
    texts = {path: text_of(path) for path in files(root)}
    known |= set(re.findall(r"^repository-code: https://github\.com/(\S+)", "\n".join(texts.values()), re.M))
    new = {path: pointed(text, target, known=known, root=root) for path, text in texts.items()}
    pyproject = root / "pyproject.toml"
    texts[pyproject] = text_of(pyproject)
    kept = site(root)
    new_site = address or (kept if target.slug == now.slug and kept != now.pages else target.pages)
    lines = {SETTING: target.setting, SITE_SETTING: f'Documentation = "{new_site}"'}
    new[pyproject] = with_lines(texts[pyproject], lines, pyproject)
    return {path: text for path, text in new.items() if text != texts[path]}


def with_lines(text: str, lines: Mapping[str, str], file: Path) -> str:
    """The text of pyproject.toml with some lines replaced, each found by the name at its beginning.

    Raises:
        ValueError: one is not there.
    """
    for example, line in lines.items():
        name = example.partition(" ")[0]
        text, found = re.subn(
            rf'^{name} = "[^"\r\n]*"', line, text, count=1, flags=re.M
        )  # no \ in an address
        if not found:
            raise ValueError(f"{file} should have a line {example}.")
    return text


def write(texts: Mapping[Path, str]) -> None:
    """Write files, each whole, and none when one of them cannot be written.

    Raises:
        OSError: one sentence.
    """
    for path in texts:
        check_target(path)
    for path, text in texts.items():
        with whole_file(path) as partial:
            partial.write_bytes(text.encode())
