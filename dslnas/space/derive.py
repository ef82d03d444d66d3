"""From scores of operations to an architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dslnas.space.cell import Cell, Edge
from dslnas.space.order import needed_for
from dslnas.space.space import SearchSpace

Scores = Mapping[str, Sequence[Sequence[float]]]
"""By cell: one row per choosing edge, one number per operation; larger is better."""


def derive(space: SearchSpace, scores: Scores) -> SearchSpace:
    """Return the architecture that the scores prefer.

    Per node the `keep` edges whose best candidate scores highest stay, each with that candidate
    (DARTS, section 2.4). Ties go to the edge and the operation that is written first.
    """
    return space.with_cells(
        {name: derive_cell(space.cells[name], scores[name]) for name in space.searched}
    )


def derive_cell(cell: Cell, scores: Sequence[Sequence[float]]) -> Cell:
    """Return `cell` with every choice made; nodes that no longer reach the output go."""
    kept: list[Edge] = []
    for node in cell.nodes:
        incoming = cell.incoming(node)
        best = {e.row: best_candidate(cell, e, scores) for e in incoming if e.row is not None}
        ranked = sorted(best, key=lambda row: -scores[row][best[row]])
        stay = set(ranked if cell.keep is None else ranked[: cell.keep])
        for edge in incoming:
            if edge.row is None:
                kept.append(edge)
            elif edge.row in stay:
                kept.append(replace(edge, operations=(edge.operations[best[edge.row]],)))
    return _without_dead_nodes(replace(cell.with_edges(tuple(kept)), keep=None))


def best_candidate(cell: Cell, edge: Edge, scores: Sequence[Sequence[float]]) -> int:
    """Return the column of the highest score among those that may be derived; first on ties."""
    assert edge.row is not None
    row = scores[edge.row]
    return max(cell.candidates(edge), key=lambda column: row[column])


def _without_dead_nodes(cell: Cell) -> Cell:
    reads = {name: [edge.source for edge in cell.incoming(name)] for name in cell.nodes}
    alive = needed_for(cell.output_of, reads)
    return replace(
        cell,
        nodes=tuple(n for n in cell.nodes if n in alive),
        edges=tuple(e for e in cell.edges if e.target in alive),
    )
