"""Canonical form of derived cells, so that equal ones are told, and counted once.

Two cells are the same network, with weights of its own for every operation, if they have the same
form once

* operations that give zeros are left out of sums (not behind a gate, which hands on what it reads),
  and so is what no output reads,
* identities are contracted: what reads a skip connection reads what that reads (not at a stride,
  where it is something else, and not behind a gate), and a sum in a sum is one sum,
* terms of sums may be in any order.

A value that is read twice is not the same as two values that are made alike: those have weights of
their own. What an operation makes of nothing but zeros is kept: it may have a bias.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from itertools import pairwise
from typing import TypeAlias

import networkx as nx

from dslnas.language.check.cell import Cell, Edge, Operation
from dslnas.language.check.value import (
    Activated,
    Applied,
    CellValue,
    Joined,
    Reference,
    Together,
    ValueExpression,
)
from dslnas.language.print.format import format_expression

Term: TypeAlias = int
"""A vertex of the canonical graph."""

ALL: Term = -1
"""Stands behind all that a cell gives."""

ROUNDS = 4
"""Rounds of refinement after which most graphs have no two vertices that are told apart later."""

SUM = "sum"
"""Label of a sum of several vertices."""

Form: TypeAlias = tuple[tuple[str, tuple[tuple[str, tuple[tuple[Term, int], ...]], ...]], ...]
"""By vertex its label, and by place the vertices that it sums there, each with how often."""

Chosen: TypeAlias = Iterable[tuple[Edge, Operation]]
"""Edges that are kept, each with its operation."""


def cell_hash(cell: Cell) -> str:
    """Return the canonical hash of a derived cell; its name plays no part."""
    return form_hash(form_of(cell, [(edge, edge.operations[0]) for edge in cell.edges]))


def form_hash(form: Form) -> str:
    """Return a hash that is the same for all forms that differ in the order of vertices.

    Other forms nearly always have another one: see `are_same`.
    """
    graph, rounds = graph_of(form), ROUNDS
    while True:
        colors = nx.weisfeiler_lehman_subgraph_hashes(
            graph, "label", "label", iterations=rounds, include_initial_labels=True
        )
        for before, after in pairwise(zip(*colors.values(), strict=True)):
            # what one round does not tell apart no later one does
            if len(set(before)) == len(set(after)):
                return blake2b(" ".join(sorted(after)).encode(), digest_size=16).hexdigest()
        rounds *= 2


def are_same(one: nx.Graph[Term], other: nx.Graph[Term]) -> bool:
    """Whether the forms of two graphs differ in the order of vertices only.

    Hashes alone do not tell: six equal terms that are added in pairs around one ring of six, or
    around two of three, have one hash (no refinement of colors knows them apart).
    """
    return nx.is_isomorphic(one, other, node_match=_same_label, edge_match=_same_label)


def graph_of(form: Form) -> nx.Graph[Term]:
    """Return a form as a graph whose labels say everything.

    Directed graphs have hashes that networkx changed between versions. This one has no directions:
    an edge goes to the higher of two levels, which are part of the labels.
    """
    graph: nx.Graph[Term] = nx.Graph()
    for vertex, (label, places) in enumerate(form):
        reads: dict[Term, list[tuple[str, int]]] = {}
        for place, terms in places:
            for term, times in terms:
                reads.setdefault(term, []).append((place, times))
        level = 1 + max((graph.nodes[term]["level"] for term in reads), default=0)
        graph.add_node(vertex, level=level, label=f"{level} {label}")
        for term, how in reads.items():
            graph.add_edge(term, vertex, label=repr(how))
    return graph


def _same_label(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return one["label"] == other["label"]


def form_of(cell: Cell, chosen: Chosen) -> Form:
    """Return what is left of a cell with operations chosen, see above."""
    return CellForms(cell).form(chosen)


class CellForms:
    """Makes forms of one cell, whatever is chosen in it.

    Attributes:
        cell: The cell.
        values: By value its label, and the names that it reads.
        end: Label of the output.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.values = {value.name: _skeleton(cell, value) for value in cell.values}
        self.end = _end(cell)

    def form(self, chosen: Chosen) -> Form:
        """Return what is left of the cell with operations chosen."""
        return _Contraction(self, chosen).form()


def _skeleton(cell: Cell, value: CellValue) -> tuple[str, list[str]]:
    """Return the expression of a value with numbers for what it reads, and the names of that."""
    reads: list[str] = []
    label = _numbered(value.expression, reads)
    return (f"first {label}" if value.name == cell.first else label), reads


def _numbered(expression: ValueExpression, reads: list[str]) -> str:
    match expression:
        case Reference(name=name):
            reads.append(name)
            return str(len(reads) - 1)
        case Applied(operation=operation, source=source, weights=weights):
            given = f" {weights}" if weights else " searched" if expression.is_searched else ""
            return f"{format_expression(operation)}{given}({_numbered(source, reads)})"
        case Joined(primitive=primitive, operands=operands):
            return f"{primitive}({', '.join(_numbered(each, reads) for each in operands)})"
        case Together(operands=operands):
            return f"({', '.join(_numbered(each, reads) for each in operands)})"
        case Activated(source=source):
            return f"operation({_numbered(source, reads)})"


def _end(cell: Cell) -> str:
    """Return what tells the output of a cell, but for what it reads."""
    around = [op.text if op else "" for op in (cell.preprocess, cell.normalise)]
    gate = "" if cell.gate is None else repr(cell.gate)
    what = "sum" if cell.output == "last" else cell.output
    what += f" of {len(cell.output_of)}" if cell.output == "mean" else ""
    return f"{what}, {around}, {gate}, stride {cell.stride}, widen {cell.widen}"


class _Contraction:
    """Goes through a cell in computing order; a tensor is a sum of vertices."""

    def __init__(self, common: CellForms, chosen: Chosen) -> None:
        self._cell, self._common = common.cell, common
        self._chosen: dict[str, list[tuple[str, Operation]]] = {}
        for edge, operation in chosen:
            self._chosen.setdefault(edge.target, []).append((edge.source, operation))
        self._vertices: list[tuple[str, tuple[tuple[str, Counter[Term]], ...]]] = []
        self._tensors: dict[str, Counter[Term]] = {}
        self._sums: dict[frozenset[tuple[Term, int]], Term] = {}

    def form(self) -> Form:
        cell = self._cell
        for kind, names in (("input", cell.inputs), ("state", cell.states)):
            for place, name in enumerate(names):
                self._tensors[name] = self._vertex(f"{kind} {place}")
        values = self._common.values
        for name in cell.order:
            self._tensors[name] = self._value(*values[name]) if name in values else self._node(name)
        self._ends()
        return self._needed()

    def _vertex(self, label: str, *places: tuple[str, Counter[Term]]) -> Counter[Term]:
        read = tuple((place, self._one(terms)) for place, terms in places)
        self._vertices.append((label, read))
        return Counter({len(self._vertices) - 1: 1})

    def _one(self, terms: Counter[Term]) -> Counter[Term]:
        """Return a sum as a vertex of its own, which all that reads it shares.

        Else every operation behind a node would name all that the node sums.
        """
        if terms.total() <= 1:
            return terms
        key = frozenset(terms.items())
        if key not in self._sums:
            self._vertices.append((SUM, (("", terms),)))
            self._sums[key] = len(self._vertices) - 1
        return Counter({self._sums[key]: 1})

    def _value(self, label: str, reads: Iterable[str]) -> Counter[Term]:
        places = ((str(place), self._tensors[name]) for place, name in enumerate(reads))
        return self._vertex(label, *places)

    def _node(self, name: str) -> Counter[Term]:
        cell, terms = self._cell, Counter[Term]()
        for source, operation in self._chosen.get(name, ()):
            strides = cell.is_strided(source)
            bare = cell.gate is None
            if operation.is_zero and bare:
                continue
            if operation.is_identity and bare and not strides:
                terms.update(self._tensors[source])
            else:
                label = f"{operation.text} strided" if strides else operation.text
                terms.update(self._vertex(label, ("", self._tensors[source])))
        if cell.gate is None and cell.normalise is None:
            return terms
        return self._vertex("node", ("", terms))  # its edges share a gate, and all nodes a layer

    def _ends(self) -> None:
        """Add what the cell gives, and what its states are after the step."""
        cell, label = self._cell, self._common.end
        outputs = [self._tensors[name] for name in cell.output_of]
        if cell.output == "concat":
            self._vertex(label, *((str(place), terms) for place, terms in enumerate(outputs)))
        else:
            self._vertex(label, ("", sum(outputs, Counter())))
        for place, name in enumerate(cell.next_states):
            self._vertex(f"next {place}", ("", self._tensors[name]))

    def _needed(self) -> Form:
        """Return the vertices that the ends depend on, numbered anew."""
        ends = range(len(self._vertices) - 1 - len(self._cell.next_states), len(self._vertices))
        graph: nx.DiGraph[Term] = nx.DiGraph()
        graph.add_edges_from((end, ALL) for end in ends)
        graph.add_edges_from(
            (term, vertex)
            for vertex, (_, places) in enumerate(self._vertices)
            for _, terms in places
            for term in terms
        )
        needed = sorted(nx.ancestors(graph, ALL))
        number = {vertex: place for place, vertex in enumerate(needed)}
        return tuple(
            (
                self._vertices[vertex][0],
                tuple(
                    (place, tuple(sorted((number[term], n) for term, n in terms.items())))
                    for place, terms in self._vertices[vertex][1]
                ),
            )
            for vertex in needed
        )
