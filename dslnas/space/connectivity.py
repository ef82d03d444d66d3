"""Connectivity of derived cells: whether an output depends on what its cell reads.

A part of a cell depends on an input if a path of kept edges leads there on which no operation gives
the same whatever it reads, such as `none`; a gate may hand on what its edge reads even then. Values
depend on all that they read.

* The output of a cell depends on one of its inputs or states, at least.
* A recurrent cell depends on every input and every state, with its output or with a next state.
* Where a network has several inputs, a cell hands on each of them that reaches it.

Without `none allowed` no operation that is derived is constant, so every node depends on an input
as well. With it, a node may be dead as long as the output is alive: so says who allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from dslnas.language.check.cell import Cell, Edge
from dslnas.space.network import Network, network_graph

HandsOn: TypeAlias = Callable[[Edge, int], bool]
"""Whether an edge hands on what it reads with the operation of a column."""


@dataclass(frozen=True)
class Requirement:
    """One of the targets of a derived cell depends on one of some inputs and states."""

    sources: frozenset[str]
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Connectivity:
    """Requirements on a cell that depend on its choices.

    Attributes:
        cell: The cell.
        requirements: Those that hold for some choices only.
    """

    cell: Cell
    requirements: tuple[Requirement, ...]

    def holds(self, chosen: Mapping[int, int]) -> bool:
        """Whether all requirements hold with a column for each row that is kept."""
        return not self.broken(chosen)

    def cuts(self, chosen: Mapping[int, int]) -> str:
        """Return in words which edges hand on nothing."""
        columns = ((e, 0 if e.row is None else chosen.get(e.row)) for e in self.cell.edges)
        return ", ".join(
            f"`{edge.operations[column].text}` on {self.cell.shown(edge)}"
            for edge, column in columns
            if column is not None and not hands_on(self.cell, edge, column)
        )

    def broken(self, chosen: Mapping[int, int]) -> tuple[Requirement, ...]:
        """Return the requirements that do not hold with a column for each row that is kept."""
        cell = self.cell

        def is_reached(node: str, reached: Collection[str]) -> bool:
            return any(
                hands_on(cell, edge, 0 if edge.row is None else chosen[edge.row])
                and not cell.behind[edge.source].isdisjoint(reached)
                for edge in cell.incoming(node)
                if edge.row is None or edge.row in chosen
            )

        return tuple(one for one in self.requirements if not _is_met(cell, one, is_reached))


def connectivity(cell: Cell, *, thins: bool = False) -> Connectivity | None:
    """Return what depends on the choices of a cell; None if it is connected whatever is chosen.

    With `thins`, nodes of a derived cell may have fewer edges than `keep`, one at least.
    """

    def passes(edge: Edge, column: int) -> bool:
        return hands_on(cell, edge, column)

    at_risk = tuple(one for one in requirements(cell) if not is_certain(cell, one, passes, thins))
    return Connectivity(cell, at_risk) if at_risk else None


def requirements(cell: Cell) -> Iterable[Requirement]:
    """Yield what every cell derived from this one has to depend on."""
    yield Requirement(frozenset((*cell.inputs, *cell.states)), cell.output_of)
    for sources in cell.must_read:
        yield Requirement(sources, cell.ends)


def is_certain(cell: Cell, requirement: Requirement, passes: HandsOn, thins: bool = False) -> bool:
    """Whether a requirement holds whatever is chosen."""

    def is_reached(node: str, reached: Collection[str]) -> bool:
        edges = cell.incoming(node)
        choosing = [edge for edge in edges if edge.row is not None]

        def may_fail(edge: Edge) -> bool:
            columns = (0,) if edge.row is None else cell.candidates(edge)
            is_cut = cell.behind[edge.source].isdisjoint(reached)
            return is_cut or not all(passes(edge, column) for column in columns)

        if not all(may_fail(edge) for edge in edges if edge.row is None):
            return True
        return sum(map(may_fail, choosing)) < cell.fewest(len(choosing), thins=thins)

    return _is_met(cell, requirement, is_reached)


def hands_on(cell: Cell, edge: Edge, column: int) -> bool:
    """Whether an edge with the operation of a column depends on what it reads."""
    return cell.hands_on(edge.operations[column])


def _is_met(
    cell: Cell, requirement: Requirement, is_reached: Callable[[str, Collection[str]], bool]
) -> bool:
    """Go through the nodes in computing order; `is_reached` tells of a node from those before."""
    reached = set(requirement.sources)
    for node in cell.nodes:
        if is_reached(node, reached):
            reached.add(node)
    return not all(cell.behind[target].isdisjoint(reached) for target in requirement.targets)


def with_must_read(cells: Mapping[str, Cell], networks: Iterable[Network]) -> dict[str, Cell]:
    """Return the cells of some networks, each with the inputs that it has to depend on."""
    sets: dict[str, dict[frozenset[str], None]] = {name: {} for name in cells}
    for network in networks:
        graph = network_graph(network, cells)
        reaching = {given.part: {given.name} for given in network.inputs}
        for part, known in graph.nodes(data=True):
            sources = [source for source, _ in graph.in_edges(part)]
            if part not in reaching:
                reaching[part] = set[str]().union(*(reaching[source] for source in sources))
            if "cell" not in known:
                continue
            name = known["cell"]
            places = [*zip(cells[name].inputs, sources, strict=True)]
            for given in (one.name for one in network.inputs if one.name in reaching[part]):
                bringing = frozenset(own for own, source in places if given in reaching[source])
                sets[name][bringing] = None
    return {
        name: replace(cell, must_read=_must_read(cell, sets[name])) for name, cell in cells.items()
    }


def _must_read(cell: Cell, brought: Iterable[frozenset[str]]) -> tuple[frozenset[str], ...]:
    if cell.is_recurrent:
        return tuple(frozenset((name,)) for name in (*cell.inputs, *cell.states))
    return tuple(sources for sources in brought if sources < frozenset(cell.inputs))
