"""The names that a part of a program uses, directly or through definitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dslnas.language.link.link import Definition
from dslnas.language.syntax import ast
from dslnas.language.syntax.ast_base import Node


def used_names(names: Iterable[str], definitions: Iterable[Definition]) -> set[str]:
    """Return some names, and those that their definitions mention, directly or indirectly."""
    import networkx as nx  # costs more than formatting a file, which needs none of it

    graph: nx.DiGraph[str] = nx.DiGraph()
    for definition in definitions:
        graph.add_node(definition.name.text)
        graph.add_edges_from((definition.name.text, name) for name in mentioned(definition))
    found = set(names)
    return found.union(*(nx.descendants(graph, name) for name in found if name in graph))


def mentioned(part: Node) -> Iterator[str]:
    """Yield the names in a part of a program, but for those that it defines for itself."""
    own: set[str] = set()
    if isinstance(part, ast.OpDef | ast.GateDef):
        own = {parameter.name.text for parameter in part.parameters}
    statements = part.statements if isinstance(part, ast.CellDef | ast.GateDef) else ()
    own |= {s.name.text for s in statements if isinstance(s, ast.Let | ast.NodeDef)}
    yield from (name for name in _names(part) if name not in own)


def _names(part: object) -> list[str]:
    match part:
        case ast.Name(text=text):
            return [text]
        case ast.Setting(values=inner) | ast.OpsDef(items=inner):
            return _names(inner)
        case ast.Let(value=value) | ast.NodeDef(value=value):
            return _names(value)
        case ast.Argument(value=value) | ast.Named(value=value) | ast.Parameter(default=value):
            return _names(value)
        case ast.OpDef(parameters=parameters, body=body, variants=variants):
            return _names((*parameters, body, *variants))
        case ast.Condition():  # its words are the language's
            return []
        case tuple():
            return [name for item in part for name in _names(item)]
        case Node():
            return _names(tuple(p for p in vars(part).values() if isinstance(p, Node | tuple)))
    return []
