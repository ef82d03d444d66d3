"""The whole module as data: every class, and the network that uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dslnas.backends.python.blocks import Block, read_block
from dslnas.backends.python.body import Instance, Part, Statement, Term, instance
from dslnas.backends.python.cells import read_cell
from dslnas.backends.python.classes import PythonClass, make_classes
from dslnas.backends.python.names import class_names
from dslnas.backends.python.parameters import signature
from dslnas.graph.graph import INPUT, Node, PrimitiveGraph, Scope
from dslnas.ops.shapes import show_shape

_OUTER = ("stem", "cell", "head")
IMAGES = "images"
LOGITS = "logits"

_Ends: TypeAlias = tuple[tuple[str, ...], str]
"""The nodes that a part of the network reads, and the one that it gives."""


@dataclass(frozen=True)
class Plan:
    """What a module is made of.

    Attributes:
        blocks: Classes of operations.
        cells: Classes of cells.
        network: The class of the network.
    """

    blocks: tuple[PythonClass, ...]
    cells: tuple[PythonClass, ...]
    network: PythonClass

    @property
    def classes(self) -> tuple[PythonClass, ...]:
        """All classes; each uses earlier ones only."""
        return (*self.blocks, *self.cells, self.network)


def make_plan(graph: PrimitiveGraph) -> Plan:
    """Return the plan of a derived network.

    Raises:
        ValueError: The graph is not the plain one of a derived network.
    """
    _check(graph)
    names = class_names()
    nodes = _by_path(graph)

    blocks = [read_block(graph, s, nodes[s.path]) for s in graph.scopes if s.kind != "cell"]
    parts = {b.scope.path: layers for b in blocks if (layers := _inline(b)) is not None}
    others = [b.instance for b in blocks if b.scope.path in parts]
    named = {b.scope.path: b.instance for b in blocks if b.scope.path not in parts}
    block_classes, block_parts = make_classes(named, names, others)
    parts |= block_parts

    inside: dict[str, list[Block]] = {}
    for block in blocks:
        inside.setdefault(block.scope.path.partition("/")[0], []).append(block)
    cells = [
        read_cell(graph, s, nodes[s.path], inside[s.path], parts)
        for s in graph.scopes
        if s.kind == "cell"
    ]
    instances = {cell.scope.path: cell.instance for cell in cells}
    cell_classes, cell_parts = make_classes(instances, names)

    ends: dict[str, _Ends] = {b.scope.path: ((b.source,), b.output) for b in blocks}
    ends |= {cell.scope.path: (cell.sources, cell.output) for cell in cells}
    network = _network(graph, parts | cell_parts, ends)
    return Plan(
        tuple(block_classes),
        tuple(cell_classes),
        PythonClass("Network", network.body, signature([network]), (network,)),
    )


def _inline(block: Block) -> Part | None:
    """Return the layers of a block that needs no class: a single one, or a plain stem or head."""
    chain = block.instance.chain
    if chain is not None and (len(chain.pieces) < 2 or block.scope.kind in _OUTER):
        return chain
    return None


def _by_path(graph: PrimitiveGraph) -> dict[str, list[Node]]:
    """Return the nodes of every cell, and those of every group of layers."""
    found: dict[str, list[Node]] = {}
    for node in graph.nodes:
        outer, inner = node.name.partition("/")[0], node.name.rpartition("/")[0]
        for path in dict.fromkeys((outer, inner)):
            found.setdefault(path, []).append(node)
    return found


def _network(
    graph: PrimitiveGraph, parts: Mapping[str, Part], ends: Mapping[str, _Ends]
) -> Instance:
    """Return the network: one statement per stem, cell and head.

    Args:
        graph: The network.
        parts: How each of them is constructed, by path.
        ends: The nodes that each reads, and the one that it gives.
    """
    variables = {INPUT: IMAGES}
    children = {}
    statements = []
    for scope in graph.scopes:
        if scope.kind not in _OUTER:
            continue
        (sources, output), part = ends[scope.path], parts[scope.path]
        if part.pieces:
            children[scope.path] = part
        reads = tuple(variables[source] for source in sources)
        variables[output] = LOGITS if scope.kind == "head" else scope.path
        term = Term(scope.path if part.pieces else None, reads)
        shape = show_shape(graph.by_name[output].shape)
        statements.append(Statement(variables[output], (term,), comment=shape))
    scope = Scope("", "network", "network")
    return instance(scope, "", (IMAGES,), children, statements, {})


def _check(graph: PrimitiveGraph) -> None:
    """Refuse a graph that holds more than a derived network."""
    if graph.auxiliary is not None or graph.alphas:
        raise ValueError("only a derived network without auxiliary head can be written")
    outer = tuple(f"{scope.path}/" for scope in graph.scopes if scope.kind in _OUTER)
    for node in graph.nodes[1:]:
        if not node.name.startswith(outer):
            raise ValueError(f"`{node.name}` belongs to no stem, cell or head")
