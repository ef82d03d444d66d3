"""Networks that give their numbers in the unit of the data, where they were trained in another."""

from __future__ import annotations

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
    factor, offset = facts.unit
    if (factor, offset) == (1.0, 0.0):
        return network
    graph = network.graph
    given = graph.by_name[graph.output]
    attributes = (("factor", factor), ("offset", offset))
    node = Node(NAME, "rescale", (given.name,), attributes, given.shape)
    graph = replace(graph, nodes=(*graph.nodes, node), output=NAME)
    made = make_network(graph, torch.Generator()).eval()
    made.load_arrays(network.arrays())
    return made
