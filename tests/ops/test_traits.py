"""Traits are the only place where primitives are told apart by what they do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dslnas
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.primitive import Primitive
from dslnas.ops.rules import same_shape
from dslnas.ops.traits import Trait

PACKAGE = Path(dslnas.__file__).parent

# Tables with one form per primitive: a test of each backend walks through them.
FORMS = {
    "backends/onnx/emitters.py": {"EMITTERS"},
    "backends/python/expressions.py": {"JOINS", "FUNCTIONS"},
    "backends/python/layers.py": {"LAYERS"},
    "backends/torch/torch_compile.py": {"_FORMS"},
    "backends/torch/fast.py": {"FAST_FORMS", "WEIGHED_FORMS"},
    "backends/torch/gated.py": {"ACTIVATIONS"},
    "backends/torch/primitives.py": {"FORMS"},
}


def names_of(collection: ast.expr) -> list[str]:
    """Return the strings of a collection if all of them are names of primitives."""
    match collection:
        case ast.Set(elts=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
            pass
        case ast.Dict(keys=keys):
            parts = [key for key in keys if key is not None]
        case _:
            return []
    texts = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
    return texts if set(texts) <= set(PRIMITIVES) else []


def lists_of_names(source: str, tables: set[str]) -> Iterator[str]:
    """Yield the lists of two or more names of primitives, but for those of some tables."""
    for statement in ast.parse(source).body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                if name in tables:
                    continue
        for node in ast.walk(statement):
            names = names_of(node) if isinstance(node, ast.expr) else []
            if len(set(names)) > 1:
                yield f"line {node.lineno}: {names}"  # type: ignore[attr-defined]


def test_no_module_but_the_catalogue_lists_primitives_by_name() -> None:
    paths = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    found = [
        f"{place}, {listed}"
        for place, path in sorted(paths.items())
        if not place.startswith("ops/")
        for listed in lists_of_names(path.read_text(encoding="utf-8"), FORMS.get(place, set()))
    ]
    assert not found, "they should go by a trait: see dslnas/ops/traits.py"


@pytest.mark.parametrize(
    "source",
    [
        'RANDOM = frozenset({"dropout", "drop_path"})',
        'def f(node):\n    return node.primitive in ("add", "mean")',
        'NAMES = (*("relu", "tanh"), "mine")',
        'def f():\n    return {"relu": 1, "tanh": 2}',
    ],
)
def test_a_list_of_names_is_found(source: str) -> None:
    assert len(list(lists_of_names(source, {"FORMS"}))) == 1


def test_words_that_are_no_list_of_primitives_are_none() -> None:
    for source in ('("concat", "sum")', '("relu",)', 'FORMS = {"relu": 1, "tanh": 2}'):
        assert not list(lists_of_names(source, {"FORMS"}))


def test_a_primitive_promises_nothing_that_it_does_not_say() -> None:
    new = Primitive("new", "", same_shape)
    assert not any(new.has(trait) for trait in Trait)
