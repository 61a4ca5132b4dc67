"""The command line of bubblewrap: what is closed, what is open, and the variables inside."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..limits import START_SECONDS, Limits
from .folders import PACKAGE, font_list, places


def command(options_fd: int, program: Sequence[str]) -> list[str]:
    """The command line of one sandbox: what runs in it, and nothing of where the teacher keeps things.

    Code inside can read it in /proc/1/cmdline, so the options go in by a file.

    Args:
        options_fd: where they can be read, see `packed`.
        program: arguments of Python.
    """
    bwrap = shutil.which("bwrap") or "bwrap"
    return [bwrap, "--args", str(options_fd), "--", sys.executable, *program]


def packed(options: Sequence[str]) -> bytes:
    """Options as bubblewrap reads them from a file: each ends with a zero."""
    return b"".join(os.fsencode(each) + b"\0" for each in options)


def options(limits: Limits, user: int | None, filter_fd: int) -> list[str]:
    """Bubblewrap's options for one sandbox.

    Args:
        limits: see there.
        user: number of the user it runs as; None where the grader is not root and cannot choose.
        filter_fd: where the filter of system calls can be read.
    """
    line = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if user is not None:
        line += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        line += ["--unshare-user"]
    line += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]
    line += ["--proc", "/proc", "--dev", "/dev"]
    line += ["--dev-bind", "/dev/null", "/dev/zero"]  # a mapping of /dev/zero is shared memory in disguise
    line += ["--perms", "1777", "--size", "1048576", "--tmpfs", "/dev/shm"]
    line += ["--perms", "1777", "--size", str(limits.folder_bytes), "--tmpfs", "/tmp"]
    line += ["--perms", "1777", "--dir", "/tmp/matplotlib", *places()]  # after /tmp: Python may lie in it
    fonts = font_list()
    if fonts is not None:
        line += ["--ro-bind", str(fonts), f"/tmp/matplotlib/{fonts.name}"]
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in environment(limits, user).items():
        line += ["--setenv", name, value]
    return [*line, "--seccomp", str(filter_fd)]


def environment(limits: Limits, user: int | None) -> dict[str, str]:
    """The variables inside: quiet, small, and the limits that the runner sets before anything else."""
    cpu_seconds = int(limits.seconds) + START_SECONDS  # of one process, should the watchdog come late
    variables = {
        "HOME": "/tmp",
        "USER": "learner",
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(PACKAGE.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",  # a set has the same order in every run
        "IPYTHONDIR": "/tmp/ipython",
        "KERAS_HOME": "/tmp/keras",
        "NSTLIB_CACHE": "/tmp/nstlib",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "NST_AS": str(limits.address_space),
        "NST_DATA": str(limits.data),
        "NST_NPROC": str(limits.processes),
        "NST_FSIZE": str(limits.file_bytes),
        "NST_NOFILE": "256",
        "NST_CPU": str(cpu_seconds),
    }
    if user is not None:
        variables["NST_USER"] = str(user)
    if "KERAS_BACKEND" in os.environ:
        variables["KERAS_BACKEND"] = os.environ["KERAS_BACKEND"]
    return variables
