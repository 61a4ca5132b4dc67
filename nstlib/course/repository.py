"""The course's repository on GitHub, and the addresses and commands that follow from its name and branch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

PLACEHOLDER = "nst-course/nst-course"  # until the course is published
SETTING = 'Repository = "https://github.com/OWNER/NAME/tree/BRANCH"'
SITE_SETTING = 'Documentation = "https://ADDRESS/"'

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

    @property
    def pages(self) -> str:
        """Where GitHub Pages shows the site: in a folder of the repository's name, or its owner's."""
        owner, _, name = self.slug.partition("/")
        host = f"{owner.lower()}.github.io"
        return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"

    def source(self, path: str, kind: str = "blob") -> str:
        """The page of a file in the repository; of a folder with the kind "tree"."""
        return f"{self.address}/{kind}/{quote(self.branch)}/{quote(path)}"

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


OWNER = re.compile(r"[A-Za-z0-9](?:[-_]?[A-Za-z0-9]){0,38}")
NAME = re.compile(r"(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)
BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
ADDRESS = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.:-]*(?:/[A-Za-z0-9._~/-]*)?")
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
        whole = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
        whole = whole and "@" not in parts.netloc and not re.search(r"""[\s"'<>\\]""", text)
    except ValueError:  # brackets that are no IPv6 address, a port that is none
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


def web_address(text: str, otherwise: str = "Write an address such as https://nst.example.org/") -> str:
    """An address of the web that can stand in a link and in pyproject.toml, with a slash at its end.

    Args:
        text: what a person wrote.
        otherwise: the beginning of the sentence when it is none.

    Raises:
        ValueError: it is none, or asks for a file or a part of a page.
    """
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not ADDRESS.fullmatch(text) or not parts.hostname:
        raise ValueError(f"{otherwise}, not {text!r}.")
    return text.rstrip("/") + "/"
