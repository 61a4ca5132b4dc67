"""Write nstlib/API.md: every public name with its signature and what its docstring says first.

    .venv/bin/python tools/make_api_reference.py           writes it
    .venv/bin/python tools/make_api_reference.py --check   says whether it is current; exit code 1 if not

The whole docstring, with shapes, units, errors and sources, is what `help(nst.NAME)` shows.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import nstlib as nst
from nstlib.foundation import whole_file

FILE = Path(nst.__file__).parent / "API.md"
HEAD = """# What `import nstlib as nst` offers

Generated from the docstrings by `tools/make_api_reference.py`. `help(nst.transfer_style)` shows the whole
text with shapes, units, errors and sources.
"""


def entry(name: str, thing: Any) -> str:
    """A heading, the signature and the first paragraph."""
    called = f"nst.{name}"
    text = inspect.cleandoc(inspect.getdoc(thing) or "")
    first = " ".join(text.split("\n\n")[0].split())
    if isinstance(thing, str):
        return f"### `{called}`\n\nThe version of the package."
    if isinstance(thing, ModuleType) or not callable(thing):
        return f"### `{called}`\n\n{first}"
    lines = [f"### `{called}`", "", f"```python\n{signature(called, thing)}\n```", "", first]
    if inspect.isclass(thing):
        methods = [n for n, m in vars(thing).items() if not n.startswith("_") and callable(m)]
        lines += ["", "Methods: " + ", ".join(f"`{m}`" for m in methods) + "."] if methods else []
    return "\n".join(lines)


def signature(called: str, thing: Any) -> str:
    """The call with its parameters, one a line when they are many; an editor shows the types."""
    found = inspect.signature(thing)
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    text = str(found.replace(parameters=plain, return_annotation=inspect.Signature.empty))
    text = re.sub(r"<[^<>]*>", "...", text)
    if len(called) + len(text) <= 100:
        return called + text
    return f"{called}(\n    " + text[1:-1].replace(", ", ",\n    ") + ",\n)"


def reference() -> str:
    """The whole page: functions and classes by the module they live in, then the modules."""
    parts = [HEAD]
    for module, names in nst._HOMES.items():
        about = inspect.cleandoc(importlib.import_module(f"nstlib.{module}").__doc__ or "").split("\n\n")[0]
        parts.append(f"## {module}\n\n{' '.join(about.split())}\n")
        parts += [entry(name, getattr(nst, name)) + "\n" for name in names]
    parts.append("## Modules beside these, and the version\n")
    listed = {*nst._HOMES, *(name for names in nst._HOMES.values() for name in names)}
    parts += [entry(name, getattr(nst, name)) + "\n" for name in nst.__all__ if name not in listed]
    return "\n".join(parts)


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    page = reference()
    if parser.parse_args().check:
        return 0 if FILE.read_text(encoding="utf-8") == page else 1
    with whole_file(FILE) as partial:
        partial.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
