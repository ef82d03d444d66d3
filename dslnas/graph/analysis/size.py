"""Is a network small enough to be built, and how large is it?

Answered by its parts, of which equal ones are looked at once, without its graph.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from dslnas.diagnostics import Diagnostic, Diagnostics, UserError, user_error
from dslnas.graph.lower.network import LoweredNetwork, lower_network
from dslnas.graph.lower.subgraph import Placed
from dslnas.graph.lower.widths import lender_of
from dslnas.space.architecture import Architecture, trained_network
from dslnas.space.continuous import has_searched
from dslnas.space.network import Network
from dslnas.space.search_space import SearchSpace

MOST_NODES = 300_000
"""Most nodes of a graph: so many take half a minute to build, before anything is trained."""


def check_search(space: SearchSpace) -> int:
    """Check that every operation fits every place of the supernet.

    Returns:
        The trained weights of the supernet, those included that no output reads.

    Raises:
        UserError: NAS4xx where shapes do not fit, NAS410 if its graph would be too large.
    """
    every = {
        one.channels: lower_network(space, one, derived=False) for one in space.network.each_width
    }
    _check_size(sum(lowered.node_count for lowered in every.values()), space.network)
    widest = every.pop(max(every))
    return widest.params + sum(_params_beside(widest, narrow) for narrow in every.values())


def _params_beside(widest: LoweredNetwork, narrow: LoweredNetwork) -> int:
    """Return the trained weights of a narrower network that are no slices of the widest one's."""
    counterparts = {part.path: part for part in widest.parts}
    known: dict[object, int] = {}
    found = 0
    for part in narrow.parts:
        there = counterparts[part.path]
        same = frozenset(
            key for key, name in part.outside.items() if there.outside.get(key) == name
        )
        key = part.subgraph, there.subgraph, same
        if key not in known:
            known[key] = _own_params(part, there)
        found += known[key]
    return found


def _own_params(part: Placed, there: Placed) -> int:
    """Return the trained weights of a part that are no slices of those of a wider one."""
    wider = {node.name: node for node in there.nodes()}
    return sum(
        weight.size
        for node in part.nodes()
        for weight in node.owned
        if weight.trained and lender_of(node, weight, wider) is None
    )


def check_final(space: SearchSpace | Architecture) -> int:
    """Check that every operation fits every place of the network that is trained at the end.

    Where there still is a choice, it is not known yet how large the graph will be.

    Returns:
        Its trained weights, of all candidates where there still is a choice.

    Raises:
        UserError: NAS4xx where shapes do not fit, NAS410 if its graph would be too large.
    """
    params = 0
    for network in trained_network(space).each_width:
        try:
            lowered = lower_network(space, network, derived=True, training=True)
        except UserError as error:
            raise UserError(_of_final(wrong, network) for wrong in error.diagnostics) from None
        if isinstance(space, Architecture):
            _check_size(lowered.node_count, network)
        elif any(map(has_searched, space.cells.values())):
            _check_own_weights(space, lowered)
        params = max(params, lowered.params)
    return params


def _check_own_weights(space: SearchSpace, final: LoweredNetwork) -> None:
    """Check that what a search finds for weights of cells fits the network that is trained."""
    searched = _own_weights(lower_network(space, space.network, derived=False))
    found = Diagnostics()
    for (cell, name), size in _own_weights(final).items():
        if size != searched[cell, name]:
            value = next(v for v in space.cells[cell].values if v.name == name)
            found.add(
                "NAS316",
                f"weights of value `{name}` of cell `{cell}` are searched: there are "
                f"{searched[cell, name]}, and {size} in the final network",
                value.span,
                help="write the same `channels` and `repeat` in `network` and `evaluate`, or sizes "
                "that do not depend on them",
            )
    found.raise_if_any()


def _own_weights(lowered: LoweredNetwork) -> Counter[tuple[str, str]]:
    """Return how many searched weights there are, by cell and value."""
    graph, sizes = lowered.graph(), Counter[tuple[str, str]]()
    cells = {scope.path: scope.label for scope in graph.scopes if scope.kind == "cell"}
    for tensor, weight in graph.tensors.items():
        if weight.searched:
            path, value, *_ = tensor.split("/")
            sizes[cells[path], value] += weight.size
    return sizes


def _of_final(wrong: Diagnostic, network: Network) -> Diagnostic:
    """Return a mistake; if it is of shapes, it says where the width comes from."""
    if wrong.code not in ("NAS401", "NAS404"):
        return wrong
    place = "one of `network.channels`" if network.widths else "see `evaluate.channels`"
    width = f"C of the final network is {network.channels}, {place}"
    return replace(wrong, message=f"{wrong.message} ({width})")


def _check_size(nodes: int, network: Network) -> None:
    if nodes > MOST_NODES:
        raise user_error(
            "NAS410",
            f"graph of the network has {nodes:,} nodes, more than {MOST_NODES:,}",
            span=network.span,
            help="use fewer cells, nodes or operations to choose from, or shorter operations",
        )
