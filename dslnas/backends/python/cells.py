"""Cells: nodes that sum operations on inputs and earlier nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dslnas.backends.python.blocks import Block
from dslnas.backends.python.body import Instance, Part, Piece, Statement, Term, instance
from dslnas.backends.python.names import (
    ATTRIBUTES,
    LONGEST_ATTRIBUTE,
    LONGEST_VARIABLE,
    VARIABLES,
    Names,
    snake_case,
)
from dslnas.graph.graph import Node, PrimitiveGraph, Scope

_READ = ("in_channels", "channels", "num_features", "in_features")
"""Arguments that say how many channels a layer reads."""


@dataclass(frozen=True)
class PlacedCell:
    """A cell in a network: its values in the order of its arguments, and the value it gives."""

    scope: Scope
    sources: tuple[str, ...]
    output: str
    instance: Instance


def read_cell(
    graph: PrimitiveGraph,
    scope: Scope,
    nodes: Sequence[Node],
    blocks: Sequence[Block],
    parts: Mapping[str, Part],
) -> PlacedCell:
    """Return the cell that some nodes are.

    Args:
        graph: The network.
        scope: Of the cell.
        nodes: All nodes under the scope.
        blocks: The operations and the preprocessing among them.
        parts: How each block is constructed, by path.
    """
    return _Reader(graph, scope, nodes, blocks, parts).read()


class _Reader:
    """Reads one cell, value by value."""

    def __init__(
        self,
        graph: PrimitiveGraph,
        scope: Scope,
        nodes: Sequence[Node],
        blocks: Sequence[Block],
        parts: Mapping[str, Part],
    ) -> None:
        self._graph = graph
        self._scope = scope
        self._nodes = nodes
        self._blocks = blocks
        self._parts = parts
        self._edges = {self._edge(block) for block in blocks}
        self._names = Names(VARIABLES, LONGEST_VARIABLE)
        self._attributes = Names(ATTRIBUTES, LONGEST_ATTRIBUTE)
        self._inputs: dict[tuple[str, str], str] = {}
        self._variables: dict[str, str] = {}
        self._written: dict[str, str] = {}
        self._terms: dict[str, Term] = {}
        self._children: dict[str, Part] = {}
        self._statements: list[Statement] = []

    def read(self) -> PlacedCell:
        """Return the cell."""
        items = self._items()
        joins = {name: item for item in items if isinstance(item, Node) for name in item.inputs}
        for item in items:
            if isinstance(item, Node):
                self._join(item)
            elif item.scope.kind == "preprocess":
                self._preprocess(item)
            else:
                self._operation(item, joins.get(item.output))
        last = items[-1]
        output = last.name if isinstance(last, Node) else last.output
        ordered = sorted(self._inputs.items(), key=lambda pair: _number(pair[1]))
        sources = tuple(source for (source, _), _ in ordered)
        inputs = tuple(variable for _, variable in ordered)
        shapes = [self._graph.by_name[source].shape for source in sources]
        operations = [block for block in self._blocks if block.scope.kind == "operation"]
        sizes = {"channels": self._graph.by_name[operations[0].output].shape[0]} | {
            _channels_of(name): shape[0] for name, shape in zip(inputs, shapes, strict=True)
        }
        made = instance(
            self._scope,
            "AfterReduction" if len({shape[1:] for shape in shapes}) > 1 else "",
            inputs,
            self._children,
            self._statements,
            sizes,
        )
        return PlacedCell(self._scope, sources, output, made)

    def _items(self) -> list[Block | Node]:
        """Return the operations and the joins outside of them, in the order of the graph."""
        by_path = {block.scope.path: block for block in self._blocks}
        items: dict[str, Block | Node] = {}
        for node in self._nodes:
            path = node.name.rpartition("/")[0]
            items.setdefault(path if path in by_path else node.name, by_path.get(path, node))
        return list(items.values())

    # ---- items ----------------------------------------------------------------------------------

    def _preprocess(self, block: Block) -> None:
        """An input that the cell first fits to itself; it keeps its name."""
        name = self._edge(block)
        variable = self._input(block.source, name)
        self._variables[block.output] = variable
        self._written[block.output] = name
        part = self._parts[block.scope.path]
        if part.pieces:
            child = self._child(f"{name}_{block.scope.label.partition('(')[0]}", part, variable)
            self._statements.append(Statement(variable, (Term(child, (variable,)),)))

    def _operation(self, block: Block, join: Node | None) -> None:
        """One term of a node; alone it is the node."""
        target = self._joined_node(block, join)
        node, source = self._ends(block, target)
        read = self._variables.get(block.source) or self._input(block.source, source)
        part = self._parts[block.scope.path]
        path = block.scope.path.removeprefix(f"{self._scope.path}/")
        child = self._child(path, part, read) if part.pieces else None
        term = Term(child, (read,))
        if target:
            self._terms[block.output] = term
        else:
            self._assign(block.output, node, (term,), "")

    def _join(self, node: Node) -> None:
        terms = tuple(
            self._terms[name] if name in self._terms else Term(None, (self._variables[name],))
            for name in node.inputs
        )
        self._assign(node.name, node.name.rpartition("/")[2], terms, node.primitive)

    def _assign(self, value: str, name: str, terms: tuple[Term, ...], join: str) -> None:
        variable = self._names.take(snake_case(name))
        self._variables[value] = variable
        self._written[value] = name
        self._statements.append(Statement(variable, terms, join))

    # ---- names ----------------------------------------------------------------------------------

    def _edge(self, block: Block) -> str:
        """Return `n1_in2` of `cell0/n1_in2/sep_conv_3`."""
        return block.scope.path.removeprefix(f"{self._scope.path}/").partition("/")[0]

    def _joined_node(self, block: Block, join: Node | None) -> str:
        """Return the node that an operation is one of several terms of; nothing if there is none.

        A join may also be the output of the cell, which takes nodes.
        """
        name = "" if join is None else join.name.rpartition("/")[2]
        wishes = (name, re.sub(r"_\d+$", "", name))
        return next((w for w in wishes if w and self._edge(block).startswith(f"{w}_")), "")

    def _ends(self, block: Block, node: str) -> tuple[str, str]:
        """Return node and source of an operation, from the name of its edge.

        An edge is called `n1_in2`, and a second one between the same two `n1_in2_2`. As names may
        hold `_` themselves, what is known goes first: the node if others are added to it, a source
        inside of the cell, inputs that were read before. Were a guess wrong, only names suffered.
        """
        edge = self._edge(block)
        if node:
            source = edge.removeprefix(f"{node}_")
            first = re.sub(r"_\d+$", "", source)
            return node, first if f"{node}_{first}" in self._edges else source
        written = self._written.get(block.source)
        known = {name for _, name in self._inputs} if written is None else {written}
        for source in sorted(known, key=len, reverse=True):
            if edge.endswith(f"_{source}"):
                return edge.removesuffix(f"_{source}"), source
        node, _, source = edge.rpartition("_")
        return node, source

    def _input(self, source: str, name: str) -> str:
        key = (source, name)
        if key not in self._inputs:
            self._inputs[key] = self._names.take(snake_case(name))
        return self._inputs[key]

    def _child(self, path: str, part: Part, read: str) -> str:
        name = self._attributes.take(snake_case(path))
        first = _reading(part.pieces[0], _channels_of(read))
        self._children[name] = replace(part, pieces=(first, *part.pieces[1:]))
        return name


def _reading(piece: Piece, channels: str) -> Piece:
    """Return a piece that prefers a name for the channels that it reads."""
    arguments = (
        replace(argument, reads=channels) if argument.name in _READ else argument
        for argument in piece.arguments
    )
    return replace(piece, arguments=tuple(arguments))


def _channels_of(variable: str) -> str:
    return f"{variable.rstrip('_')}_channels"


def _number(variable: str) -> int:
    """Inputs `in1`, `in2`, ... come in this order, others as they are read first."""
    match = re.fullmatch(r"in(\d+)", variable)
    return int(match[1]) if match else 0
