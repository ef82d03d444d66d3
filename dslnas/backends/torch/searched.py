"""Weights that belong to an architecture, as the numbers that it is written with."""

from __future__ import annotations

import torch

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import make_network
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.space.continuous import Found, has_searched
from dslnas.space.search_space import SearchSpace

DIGITS = 9
"""Digits that tell every float32 apart."""


def found_weights(network: TorchNetwork) -> Found:
    """Return the searched weights of a supernet as numbers, by cell and value.

    What is read from them again is the same to the bit, in float32.
    """
    found: dict[str, dict[str, tuple[float, ...]]] = {}
    cells = {scope.path: scope.label for scope in network.graph.scopes if scope.kind == "cell"}
    for name, weight in network.graph.tensors.items():
        if weight.searched:
            path, value, *_ = name.split("/")
            values = found.setdefault(cells[path], {})
            tensor = network.get_parameter(name).detach().float().flatten()
            numbers = (float(f"{number:.{DIGITS}g}") for number in tensor.tolist())
            values[value] = (*values.get(value, ()), *numbers)
    return found


def random_weights(space: SearchSpace, generator: torch.Generator) -> Found:
    """Return random numbers in place of weights that a search would find."""
    if not any(has_searched(space.cells[name]) for name in space.network.layout):
        return {}
    return found_weights(make_network(build_supernet_graph(space), generator))
