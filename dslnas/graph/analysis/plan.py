"""A plan: the steps of one run of a graph, as data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, ClassVar, Protocol, TypeVar

import networkx as nx

from dslnas.diagnostics import InternalError
from dslnas.graph.analysis.folding import Folded, folded_in_front
from dslnas.graph.analysis.liveness import last_uses
from dslnas.graph.graph import Node, PrimitiveGraph, Reads
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait

DROPPED = -1
"""In a choice: no operation of the edge runs."""

Choice = Mapping[str, tuple[int, ...]]
"""By cell: for every row of alpha the column that runs, or DROPPED."""

Kept = Mapping[str, tuple[tuple[int, ...], ...]]
"""By cell: for every row of alpha the columns that run."""


@dataclass(frozen=True)
class Step:
    """One primitive of a plan.

    Attributes:
        node: The node.
        inputs: Names of the values it reads.
        rows: For `mix`: the row of alpha that belongs to each input.
        columns: For `mix`: the column of each.
        folded: By input of a sum the norm and drop path that it applies; empty without any.
        observed: Runs forward only: its gradient is not wanted.
        last_use: Names of values that nobody reads after this step.
    """

    node: Node
    inputs: tuple[str, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    folded: tuple[Folded, ...]
    observed: bool
    last_use: tuple[str, ...]


class Reader(Protocol):
    """A dataclass that is part of a plan, such as a `Step`: it reads values, and frees some."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the values it reads."""

    @property
    def last_use(self) -> tuple[str, ...]:
        """Names of values that nobody reads after it."""


R = TypeVar("R", bound=Reader)


def freeing(parts: Sequence[R], kept: Collection[str]) -> tuple[R, ...]:
    """Return parts of a plan that free what nobody reads after them and nobody wants to keep."""
    freed = last_uses([part.inputs for part in parts], kept)
    return tuple(
        part if part.last_use == names else replace(part, last_use=names)
        for part, names in zip(parts, freed, strict=True)
    )


def make_plan(
    graph: PrimitiveGraph,
    outputs: tuple[str, ...],
    chosen: Choice | Kept | None = None,
    *,
    observe: bool = False,
) -> tuple[Step, ...]:
    """Return the steps that give `outputs`.

    Args:
        graph: The graph to run.
        outputs: Names of the wanted values.
        chosen: The operation, or the operations, of every edge that run; None runs all of them.
        observe: With `chosen`: run the other operations too, but forward only.
    """
    running = _running(graph, outputs, chosen)
    live = running.keys()
    if observe:
        running = _running(graph, outputs, None)
    order = [node for node in graph.nodes if node.name in running and node.inputs]
    freed = last_uses([running[node.name].inputs for node in order], outputs)
    return tuple(
        Step(
            node,
            *running[node.name],
            _folded(graph, node, running[node.name].inputs),
            observe and node.name not in live and node.primitive != "mix",
            names,
        )
        for node, names in zip(order, freed, strict=True)
    )


def _running(
    graph: PrimitiveGraph, outputs: tuple[str, ...], chosen: Choice | Kept | None
) -> dict[str, Reads]:
    """Return for every node that runs what it reads."""
    reads_of = cache(partial(_reads, graph, chosen, _dropped(graph, chosen)))
    run: set[str] = set()
    for output in outputs:
        edges = nx.generic_bfs_edges(graph.dag, output, lambda name: iter(reads_of(name).inputs))
        run |= {output, *(name for _, name in edges)}
    return {name: reads_of(name) for name in run}


def _reads(
    graph: PrimitiveGraph, chosen: Choice | Kept | None, dropped: Collection[str], name: str
) -> Reads:
    """Return what a node reads.

    An edge without a chosen operation has no value: the sums that read it leave it out.
    """
    node, every = graph.by_name[name], graph.reads[name]
    if not dropped and (node.mix is None or chosen is None):
        return every
    kept = [
        (source, row, column)
        for source, row, column in zip(*every, strict=True)
        if _runs(node, row, column, chosen) and source not in dropped
    ]
    if node.inputs and not kept:
        raise InternalError(f"nothing that `{name}` reads is chosen")
    return Reads(*zip(*kept, strict=True)) if kept else every


def _folded(graph: PrimitiveGraph, node: Node, inputs: Sequence[str]) -> tuple[Folded, ...]:
    if not has_trait(node.primitive, Trait.NORMALISES):
        return ()
    found = tuple(folded_in_front(graph, name) for name in inputs)
    return found if any(map(any, found)) else ()


def _picked(node: Node, row: int, chosen: Choice | Kept | None) -> int | tuple[int, ...] | None:
    """Return the columns that a node reads of a row; None for all, as where edges are mixed."""
    if node.mix is None or chosen is None or node.mix.cell not in chosen:
        return None
    return chosen[node.mix.cell][row]


def _runs(node: Node, row: int, column: int, chosen: Choice | Kept | None) -> bool:
    """Return whether a node reads a column of a row."""
    picked = _picked(node, row, chosen)
    return picked in (None, column) or (isinstance(picked, tuple) and column in picked)


def _drops(node: Node, chosen: Choice | Kept) -> bool:
    """Return whether all edges that a node weighs are dropped."""
    rows = () if node.mix is None else node.mix.edges or (node.mix.row,)
    return bool(rows) and all(_picked(node, row, chosen) == DROPPED for row in rows)


def _dropped(graph: PrimitiveGraph, chosen: Choice | Kept | None) -> frozenset[str]:
    """Return the nodes without a value: dropped edges, and what cannot do without one."""
    dropped: set[str] = set()
    if chosen is not None and any(DROPPED in columns for columns in chosen.values()):
        for node in graph.nodes:
            lacks = not dropped.isdisjoint(node.inputs)
            optional = lacks and has_trait(node.primitive, Trait.OPTIONAL_INPUTS)
            if (lacks and not optional) or _drops(node, chosen):
                dropped.add(node.name)
    return frozenset(dropped)
