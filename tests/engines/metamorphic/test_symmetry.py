"""Operations or nodes change places: what is learnt changes places with them, and nothing else."""

from __future__ import annotations

import pytest
import torch

from dslnas.engines.catalogue import ENGINES
from dslnas.engines.natural_gradient import NaturalGradient
from dslnas.engines.sampled_engine import SampledEngine
from tests.engines.metamorphic.tiny import (
    CELL,
    OF_GRADIENTS,
    OPERATIONS,
    Run,
    assert_close,
    replay,
    swapped_nodes,
)
from tests.engines.small import batch

COLUMNS = [2, 0, 1]
PERMUTED = tuple(OPERATIONS[column] for column in COLUMNS)
ROWS = [1, 0, 3, 2]
"""Rows of alpha when the nodes `n1` and `n2` have changed places."""

SAMPLED = [method for method, engine in ENGINES.items() if issubclass(engine, SampledEngine)]


def begin_alike(ours: Run, other: Run) -> None:
    """Give the run whose operations are permuted the weights and alphas of the other one."""
    other.supernet.network.load_state_dict(ours.supernet.network.state_dict())
    with torch.no_grad():
        for cell, alpha in ours.engine.alphas().items():
            is_of_cell = cell in ours.supernet.tables
            other.engine.alphas()[cell].copy_(alpha[:, COLUMNS] if is_of_cell else alpha)


@pytest.mark.parametrize("method", OF_GRADIENTS)
@pytest.mark.sample(4)
def test_permuted_operations_are_weighed_at_their_new_places(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = Run(method), Run(method, PERMUTED)
    begin_alike(ours, other)
    replay(monkeypatch, ours, other, lambda drawn: drawn[:, COLUMNS])
    ours.steps()
    other.steps()
    permuted = {
        cell: alpha[:, COLUMNS] if cell in ours.supernet.tables else alpha
        for cell, alpha in ours.alphas().items()
    }
    assert_close(other.alphas(), permuted)
    assert_close(other.weights(), ours.weights())
    assert other.end_epoch().derived() == ours.end_epoch().derived()


@pytest.mark.parametrize("method", OF_GRADIENTS)
@pytest.mark.sample(4)
def test_nodes_that_change_places_are_weighed_at_their_new_places(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = Run(method), Run(method)
    state = ours.supernet.network.state_dict()
    other.supernet.network.load_state_dict({swapped_nodes(n): t for n, t in state.items()})
    with torch.no_grad():
        for cell, alpha in ours.engine.alphas().items():
            if cell in ours.supernet.tables:
                other.engine.alphas()[cell].copy_(alpha[ROWS])
            else:  # of the edges of a node: alike, as either node may come first
                alpha.fill_(0.5)
                other.engine.alphas()[cell].fill_(0.5)
    replay(monkeypatch, ours, other, lambda drawn: drawn[ROWS])
    ours.steps()
    other.steps()
    assert_close({CELL: other.alphas()[CELL]}, {CELL: ours.alphas()[CELL][ROWS]})
    assert_close(other.weights(), {swapped_nodes(n): w for n, w in ours.weights().items()})


@pytest.mark.parametrize("method", SAMPLED)
@pytest.mark.sample(1)
def test_an_architecture_costs_the_same_loss_wherever_its_operations_stand(method: str) -> None:
    ours, other = Run(method), Run(method, PERMUTED)
    assert isinstance(ours.engine, SampledEngine)
    assert isinstance(other.engine, SampledEngine)
    other.supernet.network.load_state_dict(ours.supernet.network.state_dict())
    choices = [ours.engine.uniform() for _ in range(3)]
    mapped = [
        {cell: tuple(map(COLUMNS.index, columns)) for cell, columns in choice.items()}
        for choice in choices
    ]
    losses = ours.engine.losses(choices, batch(0))
    assert len(set(losses)) > 1
    assert other.engine.losses(mapped, batch(0)) == pytest.approx(losses, rel=1e-10)


def test_the_natural_gradient_knows_no_order_of_values() -> None:
    ours, other = (NaturalGradient((3, 3), 1.5, 0.3) for _ in range(2))
    ours.theta = torch.tensor([[0.3, 0.2, 0.5], [0.4, 0.35, 0.25]], dtype=torch.float64)
    other.theta = ours.theta[:, COLUMNS]
    samples, losses = [[0, 2], [1, 1], [2, 0]], [0.3, 0.1, 0.2]
    ours.update(samples, losses)
    other.update([[*map(COLUMNS.index, sample)] for sample in samples], losses)
    torch.testing.assert_close(other.theta, ours.theta[:, COLUMNS])
    assert other.divisor == pytest.approx(ours.divisor)
