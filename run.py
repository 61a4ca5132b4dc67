"""Run the course. Both commands set themselves up in .venv, here, the first time and after every change.

    python3 run.py lab     opens JupyterLab at the first lesson
    python3 run.py test    runs all tests

What follows the command is passed on to JupyterLab or pytest: `python3 run.py lab --no-browser`,
`python3 run.py test -k losses`. On Windows, write `py` for `python3`. Nothing outside this folder is changed.
"""
# A script of the standard library rather than a makefile: it runs wherever Python does. It must parse on
# Pythons too old for the course (3.6 and up), because it has to say that they are: hence the plain syntax.

import collections
import contextlib
import hashlib
import importlib.util
import itertools
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SUPPORTED = ("3.11", "3.12", "3.13")
EXTRAS = {
    "lab": {"lab", "video"},
    "test": {"cluster", "grade", "hub", "jax", "lab", "site", "test", "video"},
}
BACKEND_EXTRAS = {"jax", "torch"}  # the backends that TensorFlow's own installation does not bring
VENV = ROOT / ".venv"
VENV_BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
VENV_PYTHON = VENV_BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "set-up.json"  # written last, so that it is true
LOG = VENV / "set-up.log"
UNFINISHED = {"state": "unfinished"}
LAB_OVERRIDES = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
# JupyterLab would greet a learner with a question about its news, ask the network about newer versions, open
# the index of the lessons as raw Markdown, and on another day show an error in the place of every slider.
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}
AGAIN = "then run the same command again"

# What pip prints in its commonest failures, and what helps.
REMEDIES = (
    (
        (
            "NewConnectionError",
            "NameResolution",
            "name resolution",
            "ProxyError",
            "ConnectTimeout",
            "timed out",
        ),
        "The package registry could not be reached: check the connection (behind a proxy, set HTTPS_PROXY), "
        + AGAIN,
    ),
    (("No space left", "not enough space", "Disk quota"), "The disk is full: free about 4 GB, " + AGAIN),
    (("CERTIFICATE_VERIFY_FAILED",), "Your network replaces certificates: set PIP_CERT to its own, " + AGAIN),
    (
        ("No matching distribution",),
        "A package is not built for {}, or the package registry could not be reached; the README says where "
        "the course runs".format(platform.platform(terse=True) + " " + platform.machine()),
    ),
)


class SetUpError(Exception):
    """A step of the set-up failed; the message says which, why, and what to do."""


# --- finding a Python -------------------------------------------------------------------------------


def printed_by(command: "list[str]") -> str:
    """What a command prints; empty when there is no such program or it fails."""
    try:
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return ""
    return answer.stdout.decode(errors="replace").strip() if answer.returncode == 0 else ""


def python_version(command: "list[str]") -> str:
    """The version, such as "3.12", of the Python that a command starts; empty when it starts none."""
    return printed_by([*command, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])


def other_python() -> "list[str]":
    """The command of the newest supported Python to be found; SetUpError when there is none."""
    for version in reversed(SUPPORTED):
        command = find_python(version)
        if command:
            return command
    raise SetUpError(
        "This course needs Python {} or {}; this is Python {} and no other was found: install one from "
        "https://www.python.org/downloads/, {}.".format(
            ", ".join(SUPPORTED[:-1]), SUPPORTED[-1], platform.python_version(), AGAIN
        )
    )


def find_python(version: str) -> "list[str]":
    """The command of a Python of a version such as "3.12": on the PATH, pyenv's or uv's; empty without one.

    Whatever is found is tried: pyenv has shims on the PATH also for Pythons that it then refuses to start.
    """
    if os.name == "nt" and python_version(["py", "-" + version]) == version:
        return ["py", "-" + version]
    folders = filter(None, os.environ.get("PATH", "").split(os.pathsep))
    on_path = (str(Path(folder, "python" + version)) for folder in folders)
    for program in itertools.chain(on_path, installed_pythons(version)):
        if python_version([program]) == version:
            return [program]
    return []


def installed_pythons(version: str) -> "collections.abc.Iterator[str]":
    """Programs that pyenv and uv have installed of a version, the newest first in each of their folders."""
    pattern = re.compile(r"(?:cpython-)?{}\.(\d+)(?:-.*)?".format(re.escape(version)))
    inside = "python.exe" if os.name == "nt" else "bin/python"
    for folder in (*folders_of_pyenv(), *folders_of_uv()):
        try:
            matches = filter(None, map(pattern.fullmatch, os.listdir(folder)))
        except OSError:  # it is not there, or not to be read
            continue
        for match in sorted(matches, key=lambda match: int(match.group(1)), reverse=True):
            yield str(Path(folder, match.group(0), inside))


def folders_of_pyenv() -> "list[str]":
    """Where pyenv may keep its Pythons; with another HOME it says another folder, and only its shims tell."""
    roots = [os.environ.get("PYENV_ROOT", ""), printed_by([shutil.which("pyenv") or "pyenv", "root"])]
    path = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    roots += [str(folder.parent) for folder in path if folder.name == "shims"]
    roots += [os.path.expanduser(os.path.join("~", ".pyenv"))]
    return [os.path.join(root, "versions") for root in roots if root]


def folders_of_uv() -> "list[str]":
    """Where uv may keep its Pythons."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser(os.path.join("~", ".local", "share"))
    said = printed_by([shutil.which("uv") or "uv", "python", "dir"])
    folders = [os.environ.get("UV_PYTHON_INSTALL_DIR", ""), said, os.path.join(data, "uv", "python")]
    return [folder for folder in folders if folder]


# --- the virtual environment ------------------------------------------------------------------------


def needed_extras(command: str) -> "set[str]":
    """The extras of pyproject.toml that a command needs, with the one of the backend that was asked for."""
    return EXTRAS[command] | ({os.environ.get("KERAS_BACKEND", "")} & BACKEND_EXTRAS)


def fingerprint() -> str:
    """What the installed packages follow from, as one number."""
    files = ("pyproject.toml", "constraints.txt")
    own = rb"(?m)^(?:Repository|Documentation) = .*$"
    texts = (re.sub(own, b"", (ROOT / name).read_bytes()) for name in files)
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def read_stamp() -> dict:
    """What the last set-up left: its settings; UNFINISHED after an interruption; empty where none was run."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except OSError:
        return {}
    except ValueError:
        return dict(UNFINISHED)
    return stamp if isinstance(stamp, dict) else dict(UNFINISHED)


def write_stamp(stamp: dict) -> None:
    """Replace the stamp as a whole, so that an interruption leaves the old one or the new one."""
    fresh = STAMP.with_suffix(".tmp")
    fresh.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    os.replace(str(fresh), str(STAMP))


def is_ready(extras: "set[str]") -> bool:
    """Whether .venv holds what pyproject.toml and constraints.txt ask for today."""
    stamp = read_stamp()
    return (
        stamp.get("project") == str(ROOT)  # an editable install remembers the folder: a moved one is broken
        and stamp.get("packages") == fingerprint()
        and extras <= set(stamp.get("extras", ()))
        and stamp.get("python") == python_version([str(VENV_PYTHON)])
    )


def is_usable() -> bool:
    """Whether .venv can be brought up to date; else it is interrupted, moved or broken, and built anew."""
    stamp = read_stamp()
    return (
        stamp.get("state") != "unfinished"
        and stamp.get("project", str(ROOT)) == str(ROOT)
        and python_version([str(VENV_PYTHON)]) in SUPPORTED
        and has_pip()
    )


def has_pip() -> bool:
    """Whether the Python in .venv has pip."""
    return subprocess.call([str(VENV_PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0


@contextlib.contextmanager
def only_one_set_up() -> "collections.abc.Iterator[None]":
    """Wait while another process sets up this project: two of them would destroy each other's work."""
    with open(__file__, "r+b") as this_file:  # the lock needs a file that outlives .venv; this one is at hand
        waiting = False
        while not try_lock(this_file):
            if not waiting:
                print("Waiting for another set-up of this project to finish", flush=True)
            waiting = True
            time.sleep(0.5)
        yield  # closing the file releases the lock, and so does the end of the process, however it comes


def try_lock(file: "collections.abc.Any") -> bool:
    """Lock a file for this process; False when another process holds it."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(1 << 30)  # far behind the end, so that the text itself stays readable
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # a file system without locks: go on without
    return True


def make_ready(extras: "set[str]") -> None:
    """Bring .venv to what the project asks for; costs one start of its Python when it is already there."""
    try:
        if is_ready(extras):
            return
        with only_one_set_up():
            if not is_ready(extras):  # it may have become so while this process waited
                set_up(extras)
    except OSError as error:
        raise SetUpError(
            "The set-up cannot work in {} ({}): close what uses .venv, see that you may write there and that "
            "the disk is not full, {}.".format(ROOT, error, AGAIN)
        ) from None


def set_up(extras: "set[str]") -> None:
    """Create .venv unless it can be kept, install the packages, and write the stamp."""
    before = read_stamp() if is_usable() else UNFINISHED
    if before is UNFINISHED:
        create_venv()
    write_stamp(UNFINISHED)
    extras = extras | set(before.get("extras", ()))
    try:
        install(extras)
    except SetUpError:
        if before.get("packages"):
            write_stamp(
                before
            )  # pip undoes what it did: the old packages still serve once the cause is mended
        raise
    version = python_version([str(VENV_PYTHON)])
    write_stamp(
        {"project": str(ROOT), "python": version, "packages": fingerprint(), "extras": sorted(extras)}
    )


def create_venv() -> None:
    """Build an empty .venv with the running Python, in place of what was there."""
    step = "Set-up, step 1 of 2: creating .venv with Python " + platform.python_version()
    print(step + (", in place of one that no longer works" if VENV.exists() else ""), flush=True)
    if importlib.util.find_spec("ensurepip") is None:
        package = "python{}.{}-venv".format(*sys.version_info)
        raise SetUpError(
            "Step 1 failed: this Python cannot create virtual environments because its part `ensurepip` "
            "is not installed; on Debian and Ubuntu run `sudo apt install {}`, {}.".format(package, AGAIN)
        )
    if VENV.exists():
        shutil.rmtree(str(VENV))
    VENV.mkdir()
    write_stamp(UNFINISHED)
    run_step("Step 1", [sys.executable, "-m", "venv", str(VENV)])


def install(extras: "set[str]") -> None:
    """Install the course with its extras into .venv, within the pinned versions."""
    print("Set-up, step 2 of 2: installing the packages (a few minutes the first time)", flush=True)
    target = ".[{}]".format(",".join(sorted(extras)))
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    run_step("Step 2", [*pip, "--progress-bar", "off", "-c", "constraints.txt", "-e", target])
    LAB_OVERRIDES.parent.mkdir(parents=True, exist_ok=True)
    LAB_OVERRIDES.write_text(json.dumps(LAB_SETTINGS, indent=1), encoding="utf-8")


def run_step(step: str, command: "list[str]") -> None:
    """Run one command of the set-up, showing its last line; SetUpError with its last lines when it fails."""
    lines = collections.deque(maxlen=2000)  # type: collections.deque
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=dict(environment(), PIP_USER="0", PYTHONUNBUFFERED="1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    reader = threading.Thread(target=lines.extend, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        watch(process, lines, start)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    reader.join()
    LOG.write_text("".join(lines), encoding="utf-8")
    if process.returncode != 0:
        raise SetUpError(failure(step, list(lines)))
    print("  done in {:.0f} s".format(time.monotonic() - start), flush=True)


def watch(process: "subprocess.Popen", lines: "collections.deque", start: float) -> None:
    """Wait for a process; meanwhile show the time and its last line (in place where there is a terminal)."""
    terminal = sys.stdout.isatty()
    shown = start
    while process.poll() is None:
        time.sleep(0.1)
        now = time.monotonic()
        if now - shown < (1 if terminal else 20):
            continue
        shown = now
        text = "  {:4.0f} s  {}".format(now - start, lines[-1].strip() if lines else "")[:78]
        print("\r" + text.ljust(78) if terminal else text, end="" if terminal else "\n", flush=True)
    if terminal:
        print("\r" + " " * 78 + "\r", end="", flush=True)


def failure(step: str, lines: "list[str]") -> str:
    """What failed, the last lines of its output, and what to do about it."""
    text = "".join(lines)
    last = [line.rstrip() for line in lines if line.strip()][-8:]
    general = "Mend what it names, {}; the whole output is in {}".format(AGAIN, LOG)
    remedy = next((advice for signs, advice in REMEDIES if any(sign in text for sign in signs)), general)
    return "{} failed. Its last lines:\n  {}\n{}.".format(step, "\n  ".join(last), remedy)


# --- the two commands -------------------------------------------------------------------------------


def environment() -> "dict[str, str]":
    """The environment of what runs in .venv: as if it were activated, TensorFlow's log kept low."""
    env = dict(os.environ, VIRTUAL_ENV=str(VENV))
    env["PATH"] = str(VENV_BIN) + os.pathsep + env.get("PATH", "")
    env.pop("PYTHONHOME", None)
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return env


# Arguments of .venv's Python. Where JupyterLab opens is the business of `nst lab`; pyproject.toml names the
# folders of the tests.
COMMANDS = {"lab": ["-m", "nstlib.cli", "lab"], "test": ["-m", "pytest"]}
# All tests: three files at a time, because most tests wait for a process (a kernel, a browser, a sandbox);
# with two at a time, two processors idled for a third of the time.
# The cells of a notebook share a kernel, so a file stays with its process. The longest files come first
# (tests/conftest.py), or one process would be left alone with one of them.
ALL_TESTS = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]


def command_line(command: str, rest: "list[str]") -> "list[str]":
    """What .venv's Python is started with; whoever asks for certain tests has them run one by one."""
    everything = command == "test" and not rest
    return [str(VENV_PYTHON), *COMMANDS[command], *(ALL_TESTS if everything else rest)]


def become(command: "list[str]") -> int:
    """Run a command in the project's folder in place of this process, so that Ctrl+C is its own affair."""
    sys.stdout.flush()
    os.chdir(str(ROOT))
    if os.name != "nt":
        os.execvpe(command[0], command, environment())
    process = subprocess.Popen(command, env=environment())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return process.wait()


def main(arguments: "list[str]") -> int:
    """Run one of the two commands; returns its exit code."""
    if arguments[:1] in ([], ["-h"], ["--help"]):
        print(__doc__.strip())
        return 0 if arguments else 2
    command, rest = arguments[0], arguments[1:]
    if command not in COMMANDS:
        print(
            "run.py knows `lab` and `test`, not `{}`: python3 run.py --help".format(command), file=sys.stderr
        )
        return 2
    try:
        if "{}.{}".format(*sys.version_info) not in SUPPORTED:
            return become([*other_python(), str(ROOT / "run.py"), *arguments])
        make_ready(needed_extras(command))
    except SetUpError as error:
        print("\n{}".format(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe set-up was interrupted; the next run repairs it.", file=sys.stderr)
        return 130
    return become(command_line(command, rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
