"""run.py: the set-up says what failed, repairs what was interrupted, and does nothing when all is there."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of its own in a path with spaces, whose only dependency no registry has."""
    folder = tmp_path / "a project"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "notebooks" / "00_first.ipynb").write_text("{}", encoding="utf-8")
    shutil.copy(ROOT / "run.py", folder)
    (folder / "constraints.txt").write_text("", encoding="utf-8")
    text = '[project]\nname = "x"\nversion = "1"\n[project.urls]\nRepository = "https://github.com/a/b/tree/main"\n'
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module run.py of that project, before any set-up."""
    spec = importlib.util.spec_from_file_location("run", project / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    return module


@pytest.fixture
def ready(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """run.py with a .venv that was set up for `lab`; its Python is the running one."""
    run.VENV.mkdir()
    monkeypatch.setattr(run, "VENV_PYTHON", sys.executable)
    version = run.python_version([sys.executable])
    stamp = {"project": str(run.ROOT), "python": version, "packages": run.fingerprint(), "extras": ["lab"]}
    run.write_stamp(stamp)
    yield run


def test_what_is_there_is_not_set_up_again(ready: ModuleType) -> None:
    assert ready.is_ready({"lab"})
    assert ready.is_usable()


def test_an_extra_more_is_installed_beside_the_others(
    ready: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[set[str]] = []
    monkeypatch.setattr(ready, "install", installed.append)
    ready.make_ready({"test"})
    assert installed == [{"lab", "test"}]
    assert ready.is_ready({"lab", "test"})


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_changed_dependencies_are_installed(ready: ModuleType, name: str) -> None:
    (ready.ROOT / name).write_text("# changed", encoding="utf-8")
    assert not ready.is_ready({"lab"})
    assert ready.is_usable()


def test_another_address_of_the_repository_changes_no_package(ready: ModuleType) -> None:
    """`nst links` writes it; a fork must start without a connection."""
    file = ready.ROOT / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    fork = 'Repository = "https://github.com/someone/else/tree/main"'
    changed = re.sub(r"(?m)^Repository = .*$", fork, text)
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    assert ready.is_ready({"lab"})


@pytest.mark.parametrize("stamp", ['{"state": "unfinished"}', '{"project": "/elsewhere"}', '{"proj', "[]"])
def test_interrupted_moved_or_damaged_is_built_anew(ready: ModuleType, stamp: str) -> None:
    ready.STAMP.write_text(stamp, encoding="utf-8")
    assert not ready.is_ready({"lab"})
    assert not ready.is_usable()


def test_a_venv_whose_python_is_gone_is_built_anew(
    ready: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "VENV_PYTHON", str(ready.ROOT / "gone"))
    assert not ready.is_ready({"lab"})
    assert not ready.is_usable()


def test_a_failed_update_leaves_the_old_packages_in_service(
    ready: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(extras: set[str]) -> None:
        assert ready.read_stamp() == ready.UNFINISHED, "an interruption here must be seen by the next run"
        raise ready.SetUpError("no network")

    monkeypatch.setattr(ready, "install", fail)
    with pytest.raises(ready.SetUpError):
        ready.make_ready({"test"})
    assert ready.is_ready({"lab"})


def test_the_backend_asked_for_is_installed(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run.needed_extras("lab") == {"lab", "video"}
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert run.needed_extras("lab") == {"lab", "torch", "video"}
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert run.needed_extras("lab") == {"lab", "video"}


def test_no_supported_python_gets_one_sentence(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SUPPORTED", ("4.0", "4.1"))
    with pytest.raises(run.SetUpError, match="needs Python 4.0 or 4.1; this is Python 3"):
        run.other_python()


def pretend(program: Path, said: str = "") -> Path:
    """A program that says this, or fails."""
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho {said}\n" if said else "#!/bin/sh\nexit 127\n", encoding="utf-8")
    program.chmod(0o755)
    return program


# Where a Python 4.1 is, and what makes it known there: variables, and programs on the PATH with what they say
# (nothing: they fail). {} is a folder in which there is nothing else; HOME is {}/home.
PYTHONS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "behind a shim that refuses": ("two/python4.1", {}, {"shims/python4.1": ""}),
    "pyenv's variable": ("env/versions/4.1.2/bin/python", {"PYENV_ROOT": "{}/env"}, {}),
    "pyenv says": ("opt/versions/4.1.2/bin/python", {}, {"one/pyenv": "{}/opt"}),
    "pyenv's shims, HOME elsewhere": (
        "py/versions/4.1.2/bin/python", {}, {"py/shims/python4.1": "", "py/shims/pyenv": "{}/home/.pyenv"}
    ),
    "pyenv at home": ("home/.pyenv/versions/4.1.2/bin/python", {}, {}),
    "uv's variable": ("uv/cpython-4.1.2-linux-x86_64-gnu/bin/python", {"UV_PYTHON_INSTALL_DIR": "{}/uv"}, {}),
    "uv says": ("opt/cpython-4.1.2-macos-aarch64-none/bin/python", {}, {"one/uv": "{}/opt"}),
    "uv with XDG": ("x/uv/python/cpython-4.1.2-linux/bin/python", {"XDG_DATA_HOME": "{}/x"}, {}),
    "uv at home": ("home/.local/share/uv/python/cpython-4.1.2-linux/bin/python", {}, {}),
}  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="Windows has its launcher, py")
@pytest.mark.parametrize("place", PYTHONS)
def test_another_python_is_found_wherever_it_is(
    place: str, run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, variables, programs = PYTHONS[place]
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(run, "SUPPORTED", ("4.0", "4.1"))
    folders = [pretend(tmp_path / name, said.format(tmp_path)).parent for name, said in programs.items()]
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, [*dict.fromkeys(folders), tmp_path / "two"])))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    with pytest.raises(run.SetUpError):
        run.other_python()
    pretend(tmp_path / python, "4.1")
    assert run.other_python() == [str(tmp_path / python)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has its launcher, py")
def test_the_newest_of_several_is_taken_and_what_does_not_start_is_passed_over(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    for name, said in {
        "4.1.9": "4.1",
        "4.1.10": "4.1",
        "4.1.11": "",
        "4.10.1": "4.10",
        "4.1-dev": "4.1",
    }.items():
        pretend(tmp_path / "versions" / name / "bin" / "python", said)
    (tmp_path / "versions" / "4.1.12").mkdir()
    assert run.find_python("4.1") == [str(tmp_path / "versions" / "4.1.10" / "bin" / "python")]
    assert run.find_python("4.2") == []


def test_a_python_without_ensurepip_names_the_package(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(run.SetUpError, match=r"sudo apt install python3\.\d+-venv"):
        run.create_venv()


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        (
            "Failed to establish a new connection: NewConnectionError\nERROR: No matching distribution",
            "HTTPS_PROXY",
        ),
        ("ERROR: No matching distribution found for tensorflow", "is not built for"),
        ("OSError: [Errno 28] No space left on device", "free about 4 GB"),
        ("error: something else", "the whole output is in"),
    ],
)
def test_a_failure_shows_the_output_and_what_to_do(run: ModuleType, output: str, advice: str) -> None:
    message = run.failure("Step 2", output.splitlines(keepends=True))
    assert message.startswith("Step 2 failed. Its last lines:")
    assert output.splitlines()[-1] in message
    assert advice in message


def test_lab_is_the_business_of_nst_and_gets_the_other_arguments(
    ready: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(ready, "become", lambda command: became.append(command) or 0)
    assert ready.main(["lab", "--no-browser", "--port", "8890"]) == 0
    assert became == [[sys.executable, "-m", "nstlib.cli", "lab", "--no-browser", "--port", "8890"]]


def test_all_tests_run_three_files_at_a_time_and_certain_tests_as_asked(run: ModuleType) -> None:
    python, pytest_ = str(run.VENV_PYTHON), ["-m", "pytest"]
    assert run.command_line("test", []) == [
        python,
        *pytest_,
        "-n",
        "3",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
    ]
    assert run.command_line("test", ["-k", "losses"]) == [python, *pytest_, "-k", "losses"]
    assert run.command_line("lab", []) == [python, "-m", "nstlib.cli", "lab"]


def test_an_unknown_command_is_refused() -> None:
    answer = subprocess.run([sys.executable, ROOT / "run.py", "tset"], capture_output=True, text=True)
    assert answer.returncode == 2
    assert answer.stderr.startswith("run.py knows `lab` and `test`, not `tset`")


def test_a_set_up_without_a_registry_fails_with_its_step_and_is_repaired(project: Path) -> None:
    """In a path with spaces: step 1 works, step 2 says why it cannot, and the next run starts over."""
    offline = dict(os.environ, PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull, PIP_FIND_LINKS="")
    for _ in range(2):
        answer = subprocess.run(
            [sys.executable, project / "run.py", "lab"], env=offline, capture_output=True, text=True
        )
        assert answer.returncode == 1
        assert "step 1 of 2: creating .venv" in answer.stdout
        assert "Step 2 failed." in answer.stderr
        assert "No matching distribution" in answer.stderr
        assert "Traceback" not in answer.stderr
    assert json.loads((project / ".venv" / "set-up.json").read_text(encoding="utf-8")) == {
        "state": "unfinished"
    }
