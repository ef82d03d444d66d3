"""A plan: the steps of one run of a graph, as data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

import networkx as nx

from dslnas.diagnostics import InternalError
from dslnas.graph.analysis.liveness import last_uses
from dslnas.graph.graph import Mix, Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait

DROPPED = -1
"""In a choice: no operation of the edge runs."""

Choice = Mapping[str, tuple[int, ...]]
"""By cell: for every row of alpha the column that runs, or DROPPED."""

Read: TypeAlias = tuple[str, int, int]
"""Name of what is read, with its row and column of alpha."""


@dataclass(frozen=True)
class Step:
    """One primitive of a plan.

    Attributes:
        node: The node.
        inputs: Names of the values it reads.
        rows: For `mix`: the row of alpha that belongs to each input.
        columns: For `mix`: the column of each.
        folded: For `mix`: the batch norm that it applies to each input, or None.
        observed: Runs forward only: its gradient is not wanted.
        last_use: Names of values that nobody reads after this step.
    """

    node: Node
    inputs: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    folded: tuple[Node | None, ...]
    observed: bool
    last_use: tuple[str, ...]


def make_plan(
    graph: PrimitiveGraph,
    outputs: tuple[str, ...],
    chosen: Choice | None = None,
    *,
    observe: bool = False,
) -> tuple[Step, ...]:
    """Return the steps that give `outputs`.

    Args:
        graph: The graph to run.
        outputs: Names of the wanted values.
        chosen: One operation per edge; None runs all of them.
        observe: With `chosen`: run the other operations too, but forward only.
    """
    inputs = _inputs(graph, outputs, chosen)
    live = set(inputs)
    if observe:
        inputs = _inputs(graph, outputs, None)
    order = [node for node in graph.nodes if node.name in inputs and node.inputs]
    reads = [tuple(source for source, _, _ in inputs[node.name]) for node in order]
    return tuple(
        Step(
            node,
            sources,
            tuple(row for _, row, _ in inputs[node.name]),
            tuple(column for _, _, column in inputs[node.name]),
            tuple(_norm(graph, source) for source in sources if node.mix),
            observe and node.name not in live and node.primitive != "mix",
            freed,
        )
        for node, sources, freed in zip(order, reads, last_uses(reads, outputs), strict=True)
    )


def _inputs(
    graph: PrimitiveGraph, outputs: tuple[str, ...], chosen: Choice | None
) -> dict[str, tuple[Read, ...]]:
    """Return for every node that runs what it reads."""
    reads_of = cache(partial(_reads, graph, chosen, _dropped(graph, chosen)))
    run: set[str] = set()

    def sources(name: str) -> Iterator[str]:
        return (source for source, _, _ in reads_of(name) if source not in run)

    for output in outputs:
        run |= {output, *(n for _, n in nx.generic_bfs_edges(graph.dag, output, sources))}
    return {name: reads_of(name) for name in run}


def _reads(
    graph: PrimitiveGraph, chosen: Choice | None, dropped: Collection[str], name: str
) -> tuple[Read, ...]:
    """Return what a node reads.

    An edge without a chosen operation has no value: the sums that read it leave it out.
    """
    node = graph.by_name[name]
    places = (node.mix or Mix("", 0)).places(len(node.inputs))
    reads = tuple(
        (source, row, column)
        for source, (row, column) in zip(node.inputs, places, strict=False)
        if _picked(node, row, chosen) in (None, column) and source not in dropped
    )
    if node.inputs and not reads:
        raise InternalError(f"nothing that `{name}` reads is chosen")
    return reads


def _norm(graph: PrimitiveGraph, source: str) -> Node | None:
    node = graph.by_name[source]
    return node if node.primitive == "folded_norm" else None


def _picked(node: Node, row: int, chosen: Choice | None) -> int | None:
    """Return the only column that a node reads of a row; None for all, as where edges are mixed."""
    if node.mix is None or chosen is None or node.mix.cell not in chosen:
        return None
    return chosen[node.mix.cell][row]


def _drops(node: Node, chosen: Choice) -> bool:
    """Return whether all edges that a node weighs are dropped."""
    rows = () if node.mix is None else node.mix.edges or (node.mix.row,)
    return bool(rows) and all(_picked(node, row, chosen) == DROPPED for row in rows)


def _dropped(graph: PrimitiveGraph, chosen: Choice | None) -> frozenset[str]:
    """Return the nodes without a value: dropped edges, and what cannot do without one."""
    dropped: set[str] = set()
    if chosen is not None:
        for node in graph.nodes:
            lacks = not dropped.isdisjoint(node.inputs)
            optional = lacks and has_trait(node.primitive, Trait.OPTIONAL_INPUTS)
            if (lacks and not optional) or _drops(node, chosen):
                dropped.add(node.name)
    return frozenset(dropped)
