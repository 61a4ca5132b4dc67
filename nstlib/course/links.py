"""Where the course is published: one line of pyproject.toml, which every link and set-up cell follows.

The line is `Repository` under `[project.urls]`, a GitHub address that ends in the branch. `nst links` writes
it and points at it what names the repository elsewhere: links to Colab and Binder, the cell that installs the
course in Colab, the README's `git clone`, and CITATION.cff. Anything else is left alone, so that links to
other people's repositories stay as they are.
"""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlencode, urlsplit

from ..foundation import check_target, whole_file

COURSE = Path(__file__).resolve().parent.parent.parent
PLACEHOLDER = "nst-course/nst-course"  # until the course is published
SETTING = 'Repository = "https://github.com/OWNER/NAME/tree/BRANCH"'
PATTERNS = ("*.md", "notebooks/**/*", "solutions/*/*.ipynb", "exercises/**/*")
SUFFIXES = (".ipynb", ".md")

BOOTSTRAP = """\
# Set-up: does nothing on your own machine; in Colab it installs the course and keeps Colab's own packages.
import sys

if "google.colab" in sys.modules:
    %pip install --quiet --no-deps {requirement}
import nstlib as nst"""


@dataclass(frozen=True)
class Repository:
    """A repository on GitHub and a branch of it.

    Attributes:
        slug: "OWNER/NAME".
        branch: such as "main".
    """

    slug: str
    branch: str

    def __str__(self) -> str:
        return f"{self.slug}, branch {self.branch}"

    @property
    def address(self) -> str:
        """Of the repository."""
        return f"https://github.com/{self.slug}"

    @property
    def requirement(self) -> str:
        """What pip installs the course from."""
        return f"git+{self.address}@{self.branch}"

    @property
    def clone(self) -> str:
        """The command that fetches the course; main is what git takes by itself."""
        choice = "" if self.branch == "main" else f"--branch {self.branch} "
        return f"git clone {choice}{self.address}"

    @property
    def setting(self) -> str:
        """The line of pyproject.toml."""
        return SETTING.replace("OWNER/NAME", self.slug).replace("BRANCH", self.branch)

    @property
    def bootstrap(self) -> str:
        """The source of every notebook's set-up cell.

        pip installs the course alone, without its dependencies: Colab has them all, and versions of its own
        that must stay as they are.
        """
        return BOOTSTRAP.format(requirement=self.requirement)

    def colab(self, path: str) -> str:
        """The link that opens a notebook in Colab; `path` is relative to the course's folder, with "/"."""
        branch = quote(self.branch, safe="")  # a slash in it would start the path
        return f"https://colab.research.google.com/github/{self.slug}/blob/{branch}/{path}"

    def binder(self, path: str) -> str:
        """The link that opens a notebook in Binder, likewise."""
        branch = quote(self.branch, safe="")
        return f"https://mybinder.org/v2/gh/{self.slug}/{branch}?urlpath=lab/tree/{path}"

    def hub(self, address: str, path: str) -> str:
        """The link that fetches the course on a JupyterHub, by nbgitpuller, and opens a notebook there.

        Following it again fetches what has changed since and keeps what the learner has changed.

        Args:
            address: of the hub, such as "https://hub.example.org".
            path: as for `colab`.

        Raises:
            ValueError: one sentence; `hub_address` says when.
        """
        page = f"lab/tree/{self.slug.partition('/')[2]}/{path}"
        query = {"repo": self.address, "branch": self.branch, "urlpath": page}
        return f"{hub_address(address)}/hub/user-redirect/git-pull?{urlencode(query, safe='')}"


# --- which repository -------------------------------------------------------------------------------

OWNER = re.compile(r"[A-Za-z0-9](?:[-_]?[A-Za-z0-9]){0,38}")
NAME = re.compile(r"(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)
BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
NOT_IN_A_BRANCH = re.compile(r"\.\.|//|/\.|[./]$|\.lock(?:/|$)")  # git's own rules


def repository(slug: str, branch: str) -> Repository:
    """A repository that was named by a person.

    Args:
        slug: "OWNER/NAME", or the address of its page.
        branch: with slashes or not; other characters that a link would have to disguise are refused.

    Raises:
        ValueError: one sentence.
    """
    short = slug.removeprefix("https://github.com/").removesuffix("/").removesuffix(".git")
    owner, _, name = short.partition("/")
    if not (OWNER.fullmatch(owner) and NAME.fullmatch(name)):
        raise ValueError(f"{slug!r} is no repository of GitHub: write OWNER/NAME, such as {PLACEHOLDER}.")
    if not BRANCH.fullmatch(branch) or NOT_IN_A_BRANCH.search(branch):
        raise ValueError(
            f"The branch {branch!r} cannot stand in a link: choose a name of letters, digits and ._-/ only."
        )
    return Repository(short, branch)


def hub_address(text: str) -> str:
    """The address of a JupyterHub as links need it, without a slash at its end.

    Raises:
        ValueError: it is none, or one of a page of the hub, as a browser shows it.
    """
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("https", "http") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:  # brackets that are no IPv6 address
        whole = False
    if not whole or parts.query or parts.fragment or re.search(r"/(?:hub|user)(?:/|$)", parts.path):
        raise ValueError(
            f"{text!r} is no address of a JupyterHub: write what stands before /hub/ in the browser's line, "
            f"such as https://hub.example.org."
        )
    return text.rstrip("/")


def of_address(address: str) -> Repository:
    """Read the address that pyproject.toml and the package's metadata hold.

    Raises:
        ValueError: it is no such address.
    """
    found = re.fullmatch(r"https://github\.com/([^/]+/[^/]+)/tree/(.+)", address)
    if not found:
        raise ValueError(f"pyproject.toml should say {SETTING} under [project.urls], but says {address!r}.")
    return repository(found[1], found[2])


def in_clone(root: Path = COURSE) -> Repository:
    """The repository that the pyproject.toml of a clone names.

    Raises:
        OSError: there is no clone at `root`.
        ValueError: its pyproject.toml names no repository and branch.
    """
    file = root / "pyproject.toml"
    if not file.is_file() or not (root / "notebooks").is_dir():
        raise FileNotFoundError(
            f"There is no clone of the course in {root}, and the package alone holds no links to set."
        )
    project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    return of_address(str(project.get("urls", {}).get("Repository", "")))


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


def changes(target: Repository, root: Path = COURSE) -> dict[Path, str]:
    """What `nst links` would write: the new text of each file that does not point at `target` yet.

    Raises:
        OSError: there is no clone at `root`.
        ValueError: its pyproject.toml names no repository and branch, or a file is not text.
    """
    known = {in_clone(root).slug}
    texts = {path: text_of(path) for path in files(root)}
    known |= set(re.findall(r"^repository-code: https://github\.com/(\S+)", "\n".join(texts.values()), re.M))
    new = {path: pointed(text, target, known=known, root=root) for path, text in texts.items()}
    pyproject = root / "pyproject.toml"
    texts[pyproject] = text_of(pyproject)
    new[pyproject], found = re.subn(
        r'^Repository = "[^"\r\n]*"', lambda _: target.setting, texts[pyproject], count=1, flags=re.M
    )
    if not found:
        raise ValueError(f"{pyproject} should have a line {SETTING}.")
    return {path: text for path, text in new.items() if text != texts[path]}


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
