"""Ideas have one place each: what would scatter them again fails here."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

import dslnas
from dslnas import runs
from dslnas.engines.catalogue import ENGINES
from dslnas.engines.protocol import Engine
from dslnas.runs.manifest import MANIFEST, Manifest
from dslnas.settings.search import SEARCH

Kind = TypeVar("Kind")
PACKAGE = Path(dslnas.__file__).parent


@cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax of every module, by its path in the package."""
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def test_walks_through_graphs_are_those_of_networkx() -> None:
    by_hand = {path: [loop.lineno for loop in _worklists(tree)] for path, tree in trees().items()}
    assert not {path: lines for path, lines in by_hand.items() if lines}


def _worklists(module: ast.Module) -> Iterator[ast.While]:
    """Yield loops of the form `while waiting: ... waiting.pop()`."""
    for loop in ast.walk(module):
        if not isinstance(loop, ast.While) or not isinstance(loop.test, ast.Name):
            continue
        for call in ast.walk(loop):
            match call:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=worklist), attr=method)):
                    if worklist == loop.test.id and method in ("pop", "popleft"):
                        yield loop
                case ast.Call(func=ast.Attribute(value=ast.Name(id="heapq"))):
                    yield loop


def test_no_name_of_a_file_ends_in_a_traceback() -> None:
    """Methods of pathlib raise for names too long, for some with a NUL, and for links in a circle.

    Those of `os.path` say that nothing is there.
    """
    raising = re.compile(r"(?<!Path\(__file__\))\.(exists|is_dir|is_file|is_symlink|resolve)\(\)")
    found = [
        f"{path}, line {number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if raising.search(line)
    ]
    assert not found


def _imported(module: ast.Module) -> set[str]:
    """Return the modules that a module imports."""
    imported: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            imported.add(node.module)
    return imported


def test_engines_are_known_by_their_protocol_alone() -> None:
    methods = {engine.__module__ for engine in _subclasses(Engine)}  # type: ignore[type-abstract]
    assert {made.__module__ for made in ENGINES.values()} <= methods
    knowing = [path for path, tree in trees().items() if methods & _imported(tree)]
    assert all(path.startswith("engines/") for path in knowing)


def test_methods_are_told_apart_by_facts_of_their_settings() -> None:
    names = {model.__name__ for model in SEARCH.values()}
    knowing = {
        path: [alias.name for alias in node.names if alias.name in names]
        for path, tree in trees().items()
        if not path.startswith(("settings/", "engines/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and names & {alias.name for alias in node.names}
    }
    assert not knowing


def test_the_manifest_has_one_model_and_one_file_name() -> None:
    for module in pkgutil.iter_modules(runs.__path__):
        importlib.import_module(f"dslnas.runs.{module.name}")
    ours = [model for model in _subclasses(BaseModel) if model.__module__.startswith("dslnas.")]
    fields = {model: set(model.model_fields) for model in ours}
    alike = [model for model in ours if len(fields[model] & fields[Manifest]) > 3]
    assert alike == [Manifest]
    naming = [
        path
        for path, tree in trees().items()
        for constant in ast.walk(tree)
        if isinstance(constant, ast.Constant) and constant.value == MANIFEST
    ]
    assert naming == ["runs/manifest.py"]


def _subclasses(base: type[Kind]) -> Iterator[type[Kind]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
