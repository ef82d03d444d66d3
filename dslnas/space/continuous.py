"""The continuous part of an architecture: weights of cells that a search finds, as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from dslnas.diagnostics import Diagnostics
from dslnas.language.check.cell import Cell
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.check.own_weights import with_weights
from dslnas.language.check.value import Applied, CellValue, Joined, Together, ValueExpression
from dslnas.language.print.format import format_expression
from dslnas.settings.gradient import GradientSettings
from dslnas.space.architecture import Architecture
from dslnas.space.network import Network, network_graph

Found: TypeAlias = Mapping[str, Mapping[str, tuple[float, ...]]]
"""By cell and value of it the weights of the operation that is applied there."""


def with_found(architecture: Architecture, found: Found) -> Architecture:
    """Return an architecture whose continuous part is what a search has found, and stays so."""
    if not found:
        return architecture
    cells = {
        name: _with_weights(cell, found.get(name, {})) for name, cell in architecture.cells.items()
    }
    return replace(architecture, cells=cells)


def check_continuous(
    program: CheckedProgram, network: Network, cells: Mapping[str, Cell], found: Diagnostics
) -> None:
    """Check that a search can find the weights that belong to cells.

    Records NAS316 where there is nothing else to choose, where the method has no gradient of them,
    for a cell in several places, whose weights might have several shapes, and for one whose output
    nothing reads.
    """
    read = _read(network, cells)
    used = {name: cells[name] for name in dict.fromkeys(network.layout) if name in cells}
    for name, cell in used.items():
        for value in _searched(cell):
            message = f"weights of value `{value.name}` of cell `{name}` are searched"
            if not any(other.is_searched for other in used.values()):
                message += ", and nothing else is: there is no search"
                help = "choose an operation somewhere, or leave `searched` out"
            elif not isinstance(program.search, GradientSettings | None):
                message += f", and `search {program.search.method}` takes no gradients of them"
                help = "write `search nasp` or another method with an optimiser `arch`"
            elif network.layout.count(name) > 1:
                message += ", and the cell stands in several places"
                help = "let it stand in one place, or leave `searched` out"
            elif name not in read:
                message += ", and nothing reads what the cell gives"
                help = "let a later cell read it, or leave `searched` out"
            else:
                continue
            found.add("NAS316", message, value.span, help=help)


def _read(network: Network, cells: Mapping[str, Cell]) -> set[str]:
    """Return the names of the cells that the output of a network depends on."""
    import networkx as nx

    if not all(name in cells for name in network.layout):
        return set(network.layout)
    graph = network_graph(network, cells)
    names = nx.get_node_attributes(graph, "cell")
    for part, name in names.items():
        sources = [source for source, _ in graph.in_edges(part)]
        for own, source in zip(cells[name].inputs, sources, strict=True):
            if own not in cells[name].needed:
                graph.remove_edge(source, part)
    return {names[part] for part in nx.ancestors(graph, "head") if part in names}


def has_searched(cell: Cell) -> bool:
    """Whether some weights of a cell belong to the architecture, and are still to be found."""
    return any(True for _ in _searched(cell))


def _searched(cell: Cell) -> Iterator[CellValue]:
    return (value for value in cell.values if _applied(value.expression) is not None)


def _applied(expression: ValueExpression) -> Applied | None:
    """Return the operation of an expression whose weights are searched, if there is one."""
    match expression:
        case Applied(is_searched=True):
            return expression
        case Applied(source=source):
            return _applied(source)
        case Joined(operands=operands) | Together(operands=operands):
            return next(filter(None, map(_applied, operands)), None)
    return None


def _with_weights(cell: Cell, found: Mapping[str, tuple[float, ...]]) -> Cell:
    values, lines = [], dict(cell.written)
    for value in cell.values:
        applied = value.expression
        if value.name in found and isinstance(applied, Applied) and applied.is_searched:
            weights, shown = found[value.name], format_expression(applied.operation)
            lines[value.name] = with_weights(lines[value.name], shown, weights)
            value = replace(value, expression=replace(applied, is_searched=False, weights=weights))
        values.append(value)
    written = tuple((name, lines[name] if name in found else line) for name, line in cell.written)
    return replace(cell, values=tuple(values), written=written)
