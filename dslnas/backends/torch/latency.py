"""Latency of a network for one example, and the share of every candidate of a space in it.

An example is an image, or one time step of a sequence.

Times are medians of a few runs in evaluation mode with untrained weights, in seconds. On a CPU one
thread is used: for single images more of them save little, and wait for each other on a busy
machine.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import make_network
from dslnas.backends.torch.threads import threads, wait_for
from dslnas.graph.analysis.costs import COUNTED, Cost, CostTable, cost_table
from dslnas.graph.graph import INPUT, Node, PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import OUTSIDE, Applied, Place, Value
from dslnas.graph.lower.value import together
from dslnas.ops.primitive import Shape
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from dslnas.timing import median_seconds

WARM_UP = 0.02
RUNS = 9


def latency_table(space: SearchSpace, device: torch.device) -> CostTable:
    """Return the seconds that the parts of the final network take for one example.

    Every distinct operation is timed alone. The time that a network needs besides, such as for
    sums, or saves, is measured on one architecture, the one with the most multiply-adds, and is
    part of `fixed`.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    seconds = stopwatch(device)
    table = cost_table(space, seconds)
    scores = {name: [[0.0] * size for size in t.rows] for name, t in space.tables.items()}
    heaviest = derive(space, {**scores, **cost_table(space, COUNTED["flops"]).by_cell})
    whole = seconds_for_one(build_derived_graph(heaviest), device)
    parts = cost_table(heaviest, seconds).fixed
    return replace(table, fixed=max(0.0, table.fixed + whole - parts))


def stopwatch(device: torch.device) -> Cost:
    """Return the seconds of operations as a cost, 0 of identities; equal ones are timed once."""
    known: dict[tuple[OpBody, tuple[Shape, ...]], float] = {}

    def seconds(item: Applied) -> float:
        if item.body.is_identity:
            return 0.0
        # whose weights they are makes no difference
        key = item.body, tuple(part.shape for part in item.source.parts)
        if key not in known:
            known[key] = seconds_for_one(_graph_of(item), device)
        return known[key]

    return seconds


def seconds_for_one(graph: PrimitiveGraph, device: torch.device) -> float:
    """Return the median time of a network for a batch of one example, in seconds."""
    generator = torch.Generator().manual_seed(0)
    network = make_network(graph, generator).eval()
    _keep_in_range(network)
    network.to(device)
    example = {name: value.to(device) for name, value in _example(graph, generator).items()}

    def run() -> object:
        return network(*example.values()) if graph.is_sequence else network(example)

    with torch.inference_mode(), threads(1):
        return median_seconds(run, RUNS, warm_up=WARM_UP, wait=partial(wait_for, device))


def _example(graph: PrimitiveGraph, generator: torch.Generator) -> dict[str, Tensor]:
    """Return what a graph reads, a batch of one: random numbers, or tokens."""
    token = (1, 1) if graph.is_sequence else (1,)
    return {
        name: torch.randn((1, *node.shape), generator=generator)
        if node.shape
        else torch.zeros(token, dtype=torch.long)
        for name, node in graph.inputs.items()
    }


def _keep_in_range(network: TorchNetwork) -> None:
    """Enlarge the weights as He et al. (2015) do, so that values do not fade layer by layer.

    Untrained, a deep network would compute with denormal numbers, for which processors are slow.
    """
    with torch.no_grad():
        for name, weight in network.graph.tensors.items():
            if weight.fan_in > 0:
                network.get_parameter(name).mul_(6**0.5)


def _graph_of(item: Applied) -> PrimitiveGraph:
    """Return an operation as a network of its own, with its own weights."""
    shapes = [part.shape for part in item.source.parts]
    names = [INPUT] if len(shapes) == 1 else [f"{INPUT}/x{n}" for n in range(len(shapes))]
    sources = [f"{OUTSIDE}{place}" for place in range(len(shapes))]
    values = [Value(source, shape) for source, shape in zip(sources, shapes, strict=True)]
    alone = Applied("", 0, item.body, together(values))
    tables = {f"{OUTSIDE}{layer.primitive.tied_to}": names[0] for layer in item.body.layers}
    place = Place(outside={**tables, **dict(zip(sources, names, strict=True))})
    inputs = [Node(name, INPUT, (), (), shape) for name, shape in zip(names, shapes, strict=True)]
    nodes = (*inputs, *alone.nodes(place))
    return PrimitiveGraph(nodes, place.name(alone.result.name))
