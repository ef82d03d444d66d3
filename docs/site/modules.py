"""Tables of folders and programs of the repository, by the sentences that they begin with."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from docs.site.markdown import code, escaped, table
from docs.site.places import ROOT


def folders_text() -> str:
    """Return a table of the packages, from the layer on top down; siblings share a row."""
    return table(("folder", "what it is"), _folders())


def programs_text() -> str:
    """Return a table of the programs that measure."""
    paths = sorted((ROOT / "benchmarks").glob("*.py"))
    programs = (path for path in paths if '__name__ == "__main__"' in path.read_text("utf-8"))
    return table(("program", "what it measures"), ([code(p.name), _about(p)] for p in programs))


def _folders() -> Iterator[list[str]]:
    """Yield a row for each package that the contract on imports names as a layer."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    for name in (name.strip() for layer in layers for name in layer.split("|")):
        folder = name.replace(".", "/")
        if (ROOT / folder).is_dir():
            yield [code(folder), _about(ROOT / folder / "__init__.py")]


def _about(path: Path) -> str:
    """Return the first paragraph of the docstring of a module."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return escaped(docstring.partition("\n\n")[0])
