"""The habits of the repository, so that one command checks the code, its style, its types and its papers."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
DEPENDENCIES = {canonicalize_name(r.name): r for r in map(Requirement, PROJECT["dependencies"])}
EXTRAS = [Requirement(text) for extra in PROJECT["optional-dependencies"].values() for text in extra]

COLAB_PYTHON = "3.13.15"
COLAB = {  # what Colab ships; a few without a version
    canonicalize_name(pin.name): pin.specifier
    for pin in map(Requirement, re.findall(r"^\w.*", (ROOT / "tests/data/colab.txt").read_text(), re.M))
}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def tool(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"


# --- style and types of the code -----------------------------------------------------------------------


def test_ruff_finds_nothing() -> None:
    tool("ruff", "check", ".")


def test_ruff_would_change_no_format() -> None:
    tool("ruff", "format", "--check", ".")


def test_mypy_finds_nothing() -> None:
    tool("mypy")


# --- dependencies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(name for name in DEPENDENCIES if COLAB.get(name)))
def test_the_ranges_admit_what_colab_ships(name: str) -> None:
    (pin,) = COLAB[name]
    assert DEPENDENCIES[name].specifier.contains(pin.version)


def test_colab_lacks_no_dependency_we_know_of() -> None:
    """The set-up cell installs none there."""
    assert SpecifierSet(PROJECT["requires-python"]).contains(COLAB_PYTHON)
    assert set(DEPENDENCIES) <= set(COLAB), "add Colab's version of a new dependency to tests/data/colab.txt"


def test_constraints_pin_every_dependency_within_its_range() -> None:
    pins = [Requirement(line) for line in text_of("constraints.txt").splitlines() if line.strip()]
    for wanted in [*DEPENDENCIES.values(), *EXTRAS]:
        ours = [pin for pin in pins if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
        assert ours, f"constraints.txt does not pin {wanted.name}"
        for pin in ours:
            (version,) = (clause.version for clause in pin.specifier)
            assert wanted.specifier.contains(version), f"constraints.txt: {pin} is outside {wanted}"


def test_to_read_a_notebook_no_grammar_is_compiled() -> None:
    """Each process that reads one would pay seconds for it: feedback pages, JupyterLab, nbval."""
    program = "import sys, nbformat; print(*{'jsonschema', 'rfc3987_syntax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["jsonschema"]


def test_constraints_hold_no_address() -> None:
    assert "://" not in text_of("constraints.txt")


def test_environment_yml_points_at_pyproject() -> None:
    items = re.findall(r"^\s*- (.+?):?\s*$", text_of("environment.yml").split("dependencies:")[1], re.M)
    own = [item for item in items if not item.startswith("-")]
    assert [re.split("[=<>]", item)[0] for item in own] == ["python", "pip", "pip"]
    assert [item.split()[0] for item in items if item.startswith("-")] == ["-c", "-e"]
    version = own[0].partition("=")[2]
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def modules() -> list[Path]:
    return sorted((ROOT / "nstlib").rglob("*.py"))


def test_every_import_of_nstlib_is_declared() -> None:
    """The declared dependencies; and what an extra brings, but only inside a function or a branch."""
    providers = importlib.metadata.packages_distributions()
    optional = set(DEPENDENCIES) | {canonicalize_name(r.name) for r in EXTRAS}
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        at_once = {name for node in tree.body if not isinstance(node, ast.If) for name in _direct(node)}
        for name in set(imports(tree)) - set(sys.stdlib_module_names) - {"nstlib"}:
            packages = {canonicalize_name(p) for p in providers.get(name, [name])}
            allowed = set(DEPENDENCIES) if name in at_once else optional
            assert packages & allowed, (
                f"{path.relative_to(ROOT)} imports {name}: declare it in pyproject.toml"
            )


def _direct(node: ast.stmt) -> Iterator[str]:
    return imports(node) if isinstance(node, (ast.Import, ast.ImportFrom)) else iter(())


ORDER = [
    *(
        "foundation",
        "process",
        "progress",
        "allocator",
        "hardware",
        "jobs",
        "samples",
        "images",
        "colours",
        "making",
        "backend",
        "primitives",
        "networks",
        "losses",
    ),
    *("objectives", "autodiff", "tiles", "optimizers", "checkpoint", "memory", "recipes"),
    *("feedforward", "video", "again", "plots"),
    *("widgets", "fonts", "sweeps", "studio", "live", "answers", "checks", "course", "cli"),
]


def test_contributing_states_the_order_of_the_modules() -> None:
    (rule,) = re.findall(r"in this order: (.*?) \(a test", text_of("CONTRIBUTING.md"), re.S)
    assert re.findall(r"`(\w+)`", rule) == ORDER


@pytest.mark.parametrize("room", ORDER)
def test_a_module_imports_only_from_modules_above_it(room: str) -> None:
    above = set(ORDER[: ORDER.index(room)])
    inside = ROOT / "nstlib"
    files = [p for p in modules() if p.relative_to(inside).parts[0].removesuffix(".py") == room]
    assert files, f"there is no module {room}"
    for path in files:
        depth = len(path.relative_to(inside).parts) - 1  # how deep in the package it lies
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == depth + 1:
                named = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
                assert set(named) <= above | {"__version__"}, f"{path.name} imports {named}"


# --- what is installed ---------------------------------------------------------------------------------


def test_pyproject_lists_every_package() -> None:
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in modules() if p.name == "__init__.py"}
    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == found | {"nstlib.data"}


# --- papers --------------------------------------------------------------------------------------------


def test_the_readme_names_the_commands_of_run_py() -> None:
    answer = subprocess.run([sys.executable, "run.py", "--help"], cwd=ROOT, capture_output=True, text=True)
    offered = re.findall(r"^ +python3 run\.py (\w+)", answer.stdout, re.M)
    named = re.findall(r"^python3 run\.py (\w+)$", text_of("README.md"), re.M)
    assert offered == named == ["lab", "test"]


def test_no_tracked_file_names_a_package_registry() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there are no tracked files to look through")
    hosts = "|".join(
        ["py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(org|com)", "conda" + r"\.anaconda"]
    )
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for path in (ROOT / name for name in names if name):
        if path.is_file():
            assert not re.search(hosts, path.read_text(encoding="utf-8", errors="ignore")), path.relative_to(
                ROOT
            )
