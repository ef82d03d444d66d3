"""Networks that give their numbers in the unit of the data, where they were trained in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import make_network
from dslnas.data.facts import Facts
from dslnas.graph.graph import Node

NAME = "in_unit"


def in_unit(network: TorchNetwork, facts: Facts) -> TorchNetwork:
    """Return a network that gives what its users want; itself where it does.

    Weights and their names are the same.
    """
    if not facts.units:
        return network
    graph = network.graph
    nodes = (*graph.nodes, *_rescaled(graph.by_name[graph.output], facts.units))
    made = make_network(replace(graph, nodes=nodes, output=NAME), torch.Generator()).eval()
    made.load_arrays(network.arrays())
    made.plain = network.plain
    return made


def _rescaled(output: Node, units: Sequence[tuple[float, float]]) -> Iterator[Node]:
    """Yield what brings each number of an output into its unit, the whole last."""
    if len(units) == 1:
        yield _rescale(NAME, output, units[0])
        return
    parts = []
    for index, unit in enumerate(units):
        attributes = (("parts", len(units)), ("index", index))
        part = Node(f"{NAME}{index}/split", "split", (output.name,), attributes, (1,))
        yield part
        yield _rescale(f"{NAME}{index}/rescale", part, unit)
        parts.append(f"{NAME}{index}/rescale")
    yield Node(NAME, "concat", tuple(parts), (), output.shape)


def _rescale(name: str, given: Node, unit: tuple[float, float]) -> Node:
    factor, offset = unit
    attributes = (("factor", factor), ("offset", offset))
    return Node(name, "rescale", (given.name,), attributes, given.shape)
