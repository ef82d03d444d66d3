"""Spaces of which every network is dead: zeros that nobody chooses cut them."""

from __future__ import annotations

from dslnas.graph.analysis.dependence import check_dependence
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.space.architecture import Architecture, trained_network
from dslnas.space.search_space import SearchSpace


def has_fixed_zeros(space: SearchSpace | Architecture) -> bool:
    """Whether an edge of a cell that is trained has nothing but zeros to give."""
    cells = (space.cells[name] for name in dict.fromkeys(trained_network(space).layout))
    return any(
        edge.operations[0].is_constant for cell in cells for edge in cell.edges if edge.is_fixed
    )


def check_alive(space: SearchSpace | Architecture, name: str) -> None:
    """Check that the output depends on what is read, with all candidates that there are.

    Raises:
        UserError: NAS704 if it does not.
    """
    graph = (
        build_derived_graph(space)
        if isinstance(space, Architecture)
        else build_supernet_graph(space)
    )
    check_dependence(graph, name)
