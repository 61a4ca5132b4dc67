"""What a machine must have before a sandbox can be started, and what to do where it has not."""

from __future__ import annotations

import platform
import shutil
import sys

from .syscalls import REFUSED

ADVICE = (
    "Submissions are run only in a sandbox: install bubblewrap (Debian and Ubuntu: apt install bubblewrap; "
    "Fedora: dnf install bubblewrap) on a Linux machine that allows it, or grade in a virtual machine or a "
    "container that does; exercises/README.md says more."
)


class SandboxMissing(OSError):
    """Nothing can be run, because nothing could be run safely; the message says what to install."""


def require_platform() -> None:
    """See whether this machine could have sandboxes at all, which takes no time.

    Raises:
        SandboxMissing: and what to do.
    """
    if not sys.platform.startswith("linux"):
        system = "macOS" if sys.platform == "darwin" else platform.system()
        raise SandboxMissing(f"Sandboxes need Linux, and this is {system}. {ADVICE}")
    if platform.machine() not in REFUSED:
        raise SandboxMissing(f"There is no filter of system calls for {platform.machine()} yet. {ADVICE}")
    if shutil.which("bwrap") is None:
        raise SandboxMissing(f"The program bwrap was not found. {ADVICE}")
