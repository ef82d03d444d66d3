"""Dropout and drop path: what is random, when, and how much."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.graph.graph import PrimitiveGraph
from tests.backends.reference_graphs import Graph

SHAPE = (3, 4, 5)
DROPOUT = Graph(SHAPE).add("d", "dropout", rate=0.25).done()
DROP_PATH = Graph(SHAPE).add("d", "drop_path").done()


def network(graph: PrimitiveGraph, seed: int = 0, rate: float = 0.0) -> TorchNetwork:
    made = TorchNetwork(graph, torch.Generator())
    made.run_state.generator = torch.Generator().manual_seed(seed)
    made.run_state.drop_path_rate = rate
    return made


def images(batch: int = 400) -> Tensor:
    return torch.rand(batch, *SHAPE, generator=torch.Generator().manual_seed(1)) + 0.5


@pytest.mark.parametrize("graph", [DROPOUT, DROP_PATH])
def test_nothing_is_dropped_in_evaluation_mode(graph: PrimitiveGraph) -> None:
    x = images()
    assert torch.equal(network(graph, rate=0.5).eval()(x)[0], x)


def test_nothing_is_dropped_at_rate_zero() -> None:
    x = images()
    assert torch.equal(network(DROP_PATH, rate=0.0).train()(x)[0], x)
    none = Graph(SHAPE).add("d", "dropout", rate=0.0).done()
    assert torch.equal(network(none).train()(x)[0], x)


def test_dropout_drops_single_values_and_scales_the_others() -> None:
    x = images()
    output = network(DROPOUT).train()(x)[0]
    kept = output != 0
    torch.testing.assert_close(output[kept], (x / 0.75)[kept])
    assert kept.float().mean().item() == pytest.approx(0.75, abs=0.01)  # of 24,000 values
    assert 0 < kept[0].float().mean() < 1


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_drop_path_drops_whole_examples_and_scales_the_others(rate: float) -> None:
    x = images()
    output = network(DROP_PATH, rate=rate).train()(x)[0]
    kept = (output != 0).flatten(1)
    assert torch.equal(kept.any(1), kept.all(1))
    torch.testing.assert_close(output[kept.all(1)], x[kept.all(1)] / (1 - rate))
    assert kept.all(1).float().mean().item() == pytest.approx(1 - rate, abs=0.06)


def test_gradient_of_a_dropped_example_is_zero() -> None:
    x = images().requires_grad_()
    output = network(DROP_PATH, rate=0.5).train()(x)[0]
    output.sum().backward()
    kept = (output != 0).flatten(1).all(1)
    assert x.grad is not None
    assert not x.grad[~kept].any()
    assert bool((x.grad[kept] == 2).all())


@pytest.mark.parametrize("graph", [DROPOUT, DROP_PATH])
def test_same_seed_drops_the_same(graph: PrimitiveGraph) -> None:
    x = images()
    first, again, other = (network(graph, seed, 0.5).train()(x)[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_drop_path_works_on_flat_values() -> None:
    graph = Graph(SHAPE).add("f", "linear", out=4).add("d", "drop_path").done()
    output = network(graph, rate=0.5).train()(images())[0]
    kept = output != 0
    assert torch.equal(kept.any(1), kept.all(1))
    assert 0.4 < kept.all(1).float().mean() < 0.6
