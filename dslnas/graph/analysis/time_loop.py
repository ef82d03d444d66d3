"""Where the nodes of a recurrent step run: before the loop over time, in it, or behind it.

What does not depend on a state is the same work for every time step, so it is done for all of them
at once, and so is what no state depends on. A stack of edges is on one side as a whole: its rows
are those of (edges, sequences) in the loop and of (edges, time, sequences) outside of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import networkx as nx

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait

Run = TypeVar("Run")

Reads: TypeAlias = Mapping[str, Collection[str]]
"""By node that runs, in order, what it reads: some or all of its inputs."""


@dataclass(frozen=True)
class TimeLoop(Generic[Run]):
    """A recurrent step, divided: names of nodes, or what runs them, in order.

    Attributes:
        before: Runs once, on all time steps.
        body: Runs once for every time step.
        after: Runs once, on all time steps.
        head: Runs last, on what the last cell gives, on any number of time steps at once.
        streams: Values from before that the body reads, or that are states after the step.
        collected: Values of the body, and states before the step, that are wanted behind it.
    """

    before: tuple[Run, ...]
    body: tuple[Run, ...]
    after: tuple[Run, ...]
    head: tuple[Run, ...]
    streams: tuple[str, ...]
    collected: tuple[str, ...]


def time_loop(
    graph: PrimitiveGraph,
    reads: Reads,
    wanted: Collection[str],
    *,
    predicts: bool = False,
    hoist: bool = True,
) -> TimeLoop[str]:
    """Divide a recurrent step around the loop over time.

    Args:
        graph: One step.
        reads: Values that each node reads; inputs and states are not among the nodes.
        wanted: Names of values that somebody outside reads for every time step.
        predicts: Nothing differs between one step and all steps at once: batch norms have their
            statistics, and no random numbers are drawn.
        hoist: Take out of the loop all that can be; else only what belongs to no cell.
    """
    cells = {scope.path for scope in graph.scopes if scope.kind == "cell"}
    inside = [name for name in reads if name.partition("/")[0] in cells]
    bound = [] if predicts else [name for name in inside if is_bound(graph.by_name[name])]
    dag = nx.DiGraph((source, name) for name, sources in reads.items() for source in sources)
    dag.add_nodes_from(reads)
    states = [state.name for state in graph.states]
    nexts = [state.next for state in graph.states]
    depends = _behind(dag, [*states, *bound])
    looped = (
        depends & _behind(_tied(graph, dag).reverse(), [*nexts, *bound]) if hoist else set(inside)
    )
    body = [name for name in reads if name in looped]
    later = _behind(dag, [*states, *body])
    head = [name for name in reads if name.startswith("head/")]
    outside = [name for name in reads if name not in looped and name not in set(head)]
    before = [name for name in outside if name not in later]
    after = [name for name in outside if name in later]
    here = {*body, *states}
    behind = {source for name in (*after, *head) for source in reads[name]}.union(wanted)
    used = dict.fromkeys([*(source for name in body for source in reads[name]), *nexts])
    return TimeLoop(
        tuple(before),
        tuple(body),
        tuple(after),
        tuple(head),
        tuple(name for name in used if name not in here),
        tuple(name for name in dict.fromkeys([*body, *states]) if name in behind),
    )


def is_bound(node: Node) -> bool:
    """Whether a node may give something else for all time steps, or parts of a stack, at once."""
    return not any(has_trait(node.primitive, trait) for trait in (Trait.ROW_WISE, Trait.PART_WISE))


def _behind(dag: nx.DiGraph[str], names: Iterable[str]) -> set[str]:
    """Return all that depends on some nodes, themselves included."""
    known = [name for name in names if name in dag]
    return {name for layer in nx.bfs_layers(dag, known) for name in layer}


def _tied(graph: PrimitiveGraph, dag: nx.DiGraph[str]) -> nx.DiGraph[str]:
    """Return the graph in which a stack depends on its own sums, and so on all of its parts."""
    stacks = [name for name in dag if graph.by_name[name].primitive == "stack"]
    if not stacks:
        return dag
    ends = {n for n in dag if has_trait(graph.by_name[n].primitive, Trait.ENDS_STACK)}
    parts = nx.subgraph_view(dag, filter_edge=lambda source, _: source not in ends)
    tied = dag.copy()
    for stack in stacks:
        tied.add_edges_from((end, stack) for end in ends & nx.descendants(parts, stack))
    return tied
