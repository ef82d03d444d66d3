"""Pruning takes what is weak, on its own edge, and wherever it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from dslnas.engines.gradient_engine import GradientEngine
from tests.engines.metamorphic.tiny import CELL, OF_GRADIENTS, OPERATIONS, Run, has

FAR = 50.0
COLUMNS = [1, 0, 2]
PERMUTED = tuple(OPERATIONS[column] for column in COLUMNS)
WEAK = [[0, 1, 2, 2], [1, 2, 0, 0], [2, 0, 1, 1]]
"""A column for each edge; any two edges have different ones somewhere."""


def _after_an_epoch(run: Run) -> None:
    run.end_epoch()


def _to_a_share(run: Run) -> None:
    assert isinstance(run.engine, GradientEngine)
    run.engine._relaxation.prune_to(2 / 3)


PRUNES: Sequence[tuple[str, Callable[[Run], None]]] = [
    ("asap", _after_an_epoch),
    *((method, _to_a_share) for method in OF_GRADIENTS if has(method, "prune")),
]


def left(
    method: str,
    prune: Callable[[Run], None],
    alpha: Tensor,
    operations: tuple[str, ...] = OPERATIONS,
) -> Tensor:
    """Return which operations alphas leave, (edges, operations)."""
    run = Run(method, operations, epoch=1)
    with torch.no_grad():
        run.engine.alphas()[CELL].copy_(alpha)
    prune(run)
    assert isinstance(run.engine, GradientEngine)
    return run.engine._relaxation.exists[CELL]


def chosen(columns: Sequence[int]) -> Tensor:
    """Return where these columns are, one for each edge."""
    return torch.nn.functional.one_hot(torch.tensor(columns), len(OPERATIONS)).bool()


@pytest.mark.parametrize(("method", "prune"), PRUNES)
@pytest.mark.parametrize("weak", WEAK)
@pytest.mark.sample(6)
def test_what_weakens_leaves(method: str, prune: Callable[[Run], None], weak: list[int]) -> None:
    alpha = -FAR * chosen(weak).double()
    assert torch.equal(left(method, prune, alpha), ~chosen(weak))


@pytest.mark.parametrize("strong", WEAK)
def test_what_is_far_stronger_stays_alone(strong: list[int]) -> None:
    alpha = FAR * chosen(strong).double()
    assert torch.equal(left("asap", _after_an_epoch, alpha), chosen(strong))


def test_an_edge_of_equals_loses_nothing_when_another_edge_does() -> None:
    for row in range(len(WEAK[0])):
        alpha = torch.zeros(len(WEAK[0]), len(OPERATIONS)).double()
        alpha[row, 1] = -FAR
        assert torch.equal(left("asap", _after_an_epoch, alpha), alpha == 0)


@pytest.mark.parametrize(("method", "prune"), PRUNES)
@pytest.mark.sample(2)
def test_permuted_operations_leave_at_their_new_places(
    method: str, prune: Callable[[Run], None]
) -> None:
    generator = torch.Generator().manual_seed(3)
    alpha = 2 * torch.randn(len(WEAK[0]), len(OPERATIONS), generator=generator).double()
    ours = left(method, prune, alpha)
    assert 0 < int(ours.sum()) < ours.numel()
    assert torch.equal(left(method, prune, alpha[:, COLUMNS], PERMUTED), ours[:, COLUMNS])
