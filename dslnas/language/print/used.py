"""The definitions that a part of a program uses, directly or through each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from dslnas.language.link.link import Definition
from dslnas.language.syntax import ast
from dslnas.language.syntax.ast_base import Node

_Key: TypeAlias = tuple[bool, str]
"""Whether a definition is a constant, and its name: other kinds share their names."""


_ITEMS = "items"


def used_by(items: Iterable[ast.Item], definitions: Iterable[Definition]) -> list[Definition]:
    """Return those of some definitions that items use, in their order."""
    import networkx as nx  # costs more than formatting a file, which needs none of it

    by_key = {_key(definition): definition for definition in definitions}
    uses: nx.DiGraph[_Key | str] = nx.DiGraph()
    uses.add_node(_ITEMS)
    for item in items:
        uses.add_edges_from((_ITEMS, key) for key in _mentioned(item))
    for owner, definition in by_key.items():
        uses.add_edges_from((owner, key) for key in _mentioned(definition))
    used = nx.descendants(uses, _ITEMS)
    return [definition for key, definition in by_key.items() if key in used]


def _key(definition: Definition) -> _Key:
    return isinstance(definition, ast.Let), definition.name.text


def _mentioned(item: ast.Item) -> Iterator[_Key]:
    """Yield what an item may mean by the names in it, but for those that it defines for itself."""
    own: set[str] = set()
    if isinstance(item, ast.OpDef | ast.GateDef):
        own = {parameter.name.text for parameter in item.parameters}
    statements = item.statements if isinstance(item, ast.CellDef | ast.GateDef) else ()
    own |= {s.name.text for s in statements if isinstance(s, ast.Let | ast.NodeDef)}
    for name in _names(item):
        if name not in own:
            yield from ((True, name), (False, name))


def _names(part: object) -> Iterator[str]:
    match part:
        case ast.Name(text=text):
            yield text
        case ast.Setting(values=inner) | ast.OpsDef(items=inner):
            yield from _names(inner)
        case ast.Argument(value=value) | ast.Let(value=value) | ast.NodeDef(value=value):
            yield from _names(value)
        case ast.OpDef(parameters=parameters, body=body, variants=variants):
            yield from _names((*parameters, body, *variants))
        case ast.Parameter(default=value) | ast.Variant(body=value):
            yield from _names(value)
        case tuple():
            for item in part:
                yield from _names(item)
        case Node():
            yield from _names(tuple(vars(part).values()))
