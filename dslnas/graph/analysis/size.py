"""Is a network small enough to be built, and how large is it?

Answered by its parts, of which equal ones are looked at once, without its graph.
"""

from __future__ import annotations

from dataclasses import dataclass

from dslnas.diagnostics import user_error
from dslnas.graph.lower.network import lower_network
from dslnas.space.architecture import Architecture, trained_network
from dslnas.space.network import Network, SearchSpace

MOST_NODES = 300_000
"""Most nodes of a graph: so many take half a minute to build, before anything is trained."""


@dataclass(frozen=True)
class Size:
    """Size of a network, what no output reads included.

    Attributes:
        params: Its trained weights.
        nodes: Nodes of its graph.
    """

    params: int = 0
    nodes: int = 0


def check_search(space: SearchSpace) -> int:
    """Check that every operation fits every place of the supernet.

    Returns:
        The trained weights of the supernet, those included that no output reads.

    Raises:
        UserError: NAS4xx where shapes do not fit, NAS410 if its graph would be too large.
    """
    size = size_of(space, derived=False)
    _check_size(size, space.network)
    return size.params


def check_final(space: SearchSpace | Architecture) -> int:
    """Check that every operation fits every place of the network that is trained at the end.

    Where there still is a choice, it is not known yet how large the graph will be.

    Returns:
        Its trained weights, of all candidates where there still is a choice.

    Raises:
        UserError: NAS4xx where shapes do not fit, NAS410 if its graph would be too large.
    """
    size = size_of(space, derived=True)
    if isinstance(space, Architecture):
        _check_size(size, space.network)
    return size.params


def size_of(space: SearchSpace | Architecture, *, derived: bool) -> Size:
    """Return the size of the supernet, or of the network that is trained at the end.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    network = trained_network(space) if derived else space.network
    lowered = lower_network(space, network, derived=derived, training=derived)
    return Size(lowered.params, lowered.node_count)


def _check_size(size: Size, network: Network) -> None:
    if size.nodes > MOST_NODES:
        raise user_error(
            "NAS410",
            f"graph of the network has {size.nodes:,} nodes, more than {MOST_NODES:,}",
            span=network.span,
            help="use fewer cells, nodes or operations to choose from, or shorter operations",
        )
