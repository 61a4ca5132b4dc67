"""The public face: names that load, an editor's view of them, a reference that names them all."""

import ast
import importlib
import importlib.util
import pkgutil
import re
import subprocess
import sys
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import nstlib as nst
from nstlib.optimizers import METHODS, option_names
from nstlib.recipes.options import RunKeywords, RunOptions

ROOT = Path(__file__).resolve().parent.parent
ON_DEMAND = ("networks", "optimizers", "recipes", "studio")  # packages that load their names so


def tool() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools/make_api_reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_docstrings_say() -> None:
    page = (ROOT / "nstlib/API.md").read_text(encoding="utf-8")
    assert page == tool().reference(), "run .venv/bin/python tools/make_api_reference.py"


def test_the_reference_names_everything_public_and_says_something_of_it() -> None:
    page = (ROOT / "nstlib/API.md").read_text(encoding="utf-8")
    entries = re.findall(r"^### `nst\.(\w+)`\n\n(.*?)(?=^##|\Z)", page, re.M | re.S)
    named = {name: re.sub(r"```.*?```", "", text, flags=re.S).strip() for name, text in entries}
    sections = set(re.findall(r"^## (\w+)$", page, re.M))
    assert set(nst.__all__) == set(named) | (sections & set(nst.__all__))
    assert all(len(text) > 20 for text in named.values())


def test_an_editor_sees_what_is_loaded() -> None:
    tree = ast.parse((ROOT / "nstlib/__init__.py").read_text(encoding="utf-8"))
    (block,) = (n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    shown = {a.asname for node in block.body if isinstance(node, ast.ImportFrom) for a in node.names}
    assert shown | {"__version__"} == set(nst.__all__)


@pytest.mark.parametrize("name", nst.__all__)
def test_every_public_name_loads_and_is_offered(name: str) -> None:
    assert getattr(nst, name) is not None and name in dir(nst)


@pytest.mark.parametrize("package", ["nstlib", *(f"nstlib.{p}" for p in ON_DEMAND)])
def test_an_import_of_a_module_hides_no_name_that_is_loaded_on_demand(package: str) -> None:
    """An imported module becomes an attribute of its package, where it would stand in the name's place."""
    offered = importlib.import_module(package)
    modules = {found.name for found in pkgutil.iter_modules(offered.__path__)}
    own = set(offered.__all__) - (set(offered._MODULES) if package == "nstlib" else set())
    assert own and not own & modules


def test_the_version_is_that_of_the_package() -> None:
    assert nst.__version__ == metadata.version("nstlib")


def test_the_keywords_that_an_editor_completes_are_those_of_a_run() -> None:
    own = {f.name for f in fields(RunOptions)} - {"optimizer_options"}
    assert set(RunKeywords.__annotations__) == own.union(*(option_names(m) for m in METHODS))


def test_declaring_modules_start_neither_keras_nor_numpy() -> None:
    names = ["nstlib.recipes.look", "nstlib.recipes.options", "nstlib.networks.plans"]
    names += ["nstlib.optimizers.defaults", "nstlib.studio.defaults", "nstlib.course.limits"]
    program = f"import sys, {', '.join(names)}; print({{'keras', 'numpy'}} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_the_loss_of_one_s_own_in_the_readme_works() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    (program,) = (block for block in blocks if "OwnMeasure" in block)
    quick = program.replace('("cat", "swirls",', '("cat", "swirls", size=48, iterations=3, progress=False,')
    assert quick != program
    found: dict[str, Any] = {}
    exec(quick, found)
    history = found["result"].history
    assert "statistics block1_conv1" in history.names and history.best()[-1] < 0.9 * history.best()[0]
