"""Rows of bounded maps and the row of unknown tokens stay what they have to be, step by step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.constraints import constrain
from dslnas.backends.torch.network import TorchNetwork
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.settings.values import Sgd
from tests.backends.reference_graphs import Graph

SGD = Sgd(lr=1.0, momentum=0.0, weight_decay=0.0, clip=0.0)


def _table() -> TorchNetwork:
    graph = Graph(()).add("e", "embedding", out=3, words=5, unknown=True)
    return TorchNetwork(graph.add("f", "bounded_linear", out=2, bound=0.5).done(), _generator())


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _rows(network: TorchNetwork) -> tuple[Tensor, Tensor]:
    return network.get_parameter("e/weight").detach(), network.get_parameter("f/weight").detach()


def test_steps_keep_what_a_tensor_has_to_be() -> None:
    network = _table().to(torch.float64)  # also of the parameters that a move leaves
    optimiser = WeightOptimiser(list(network.parameters()), SGD, 1)
    for _ in range(2):
        (output,) = network(torch.tensor([1, 2, 2, 4]))
        optimiser.step(optimiser.gradients(10 * output.square().sum() + output.sum()))
        table, matrix = _rows(network)
        torch.testing.assert_close(table[0], table[1:].mean(0))
        assert matrix.norm(dim=1).max() <= 0.5 + 1e-12
    assert matrix.norm(dim=1).max() == pytest.approx(0.5)


def test_networks_start_with_what_they_keep() -> None:
    table, matrix = _rows(_table())
    torch.testing.assert_close(table[0], table[1:].mean(0))
    assert matrix.norm(dim=1).max() <= 0.5 + 1e-6


def test_a_row_within_its_bound_stays_to_the_bit() -> None:
    network = _table()
    weight = network.get_parameter("f/weight")
    with torch.no_grad():
        weight.copy_(torch.tensor([[0.3, 0.0, 0.4], [0.0, 3.0, 4.0]]))
    constrain(network.parameters())
    assert weight.tolist()[0] == torch.tensor([0.3, 0.0, 0.4]).tolist()
    torch.testing.assert_close(weight[1].detach(), torch.tensor([0.0, 0.3, 0.4]))
