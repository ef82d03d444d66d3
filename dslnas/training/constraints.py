"""The last check before export: does the derived network keep to its limits?"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dslnas.backends.onnx.latency import seconds_for_one
from dslnas.diagnostics import Diagnostic, UserError
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.rule import Limit, Quantity
from dslnas.space.architecture import Architecture

NAMES: dict[Quantity, str] = {
    "params": "parameters",
    "flops": "multiply-adds for one {example}",
    "latency": "for one {example} in ONNX Runtime, on one thread",
}
HELP = (
    "search again with a larger `penalty` in `derive`, train with fewer `channels` or a smaller "
    "`repeat` in `evaluate`, or let `require` allow more {quantity}"
)


def check_limits(graph: PrimitiveGraph, limits: Iterable[Limit], example: str) -> None:
    """Check what a network costs without auxiliary head; `example`: word for what it reads.

    Raises:
        UserError: NAS703 for every limit that is exceeded, with what was found and allowed.
    """
    found = []
    for limit in limits:
        value = measured(graph, limit.quantity)
        if value > limit.most:
            name = NAMES[limit.quantity].format(example=example)
            found.append(
                Diagnostic(
                    "NAS703",
                    f"derived network takes {_shown(limit.quantity, value)} "
                    f"{name}, but at most "
                    f"{_shown(limit.quantity, limit.most)} are allowed",
                    help=HELP.format(quantity=limit.quantity),
                    where="require",
                )
            )
    if found:
        raise UserError(found)


def keeps_to(graph: PrimitiveGraph, limits: Iterable[Limit]) -> bool:
    """Whether a network keeps to all limits."""
    # timing a network takes longest: only where everything else fits
    ordered = sorted(limits, key=lambda limit: limit.quantity == "latency")
    return all(measured(graph, limit.quantity) <= limit.most for limit in ordered)


def architecture_keeps_to(architecture: Architecture, limits: Collection[Limit]) -> bool:
    """Whether the network of an architecture keeps to all limits."""
    return not limits or keeps_to(build_derived_graph(architecture), limits)


def measured(graph: PrimitiveGraph, quantity: Quantity) -> float:
    """Return the trained weights of a network, or its multiply-adds or seconds for one example."""
    match quantity:
        case "params":
            return graph.params()
        case "flops":
            return graph.flops()
        case "latency":
            return seconds_for_one(graph)


def _shown(quantity: Quantity, value: float) -> str:
    return f"{1000 * value:.4g} ms" if quantity == "latency" else f"{value:,.15g}"
