"""Fair DARTS: operations that do not compete, pushed to 0 or 1; and beta-DARTS' regulariser."""

from __future__ import annotations

import math

import pytest
import torch

from dslnas.engines.objectives.regularisers import beta_decay, zero_one
from dslnas.engines.relaxations.sigmoid import Sigmoid
from dslnas.engines.relaxations.softmax import Relaxation, rows_of
from tests.engines.small import SPACES, space, supernet_of

CELLS = ("wide", "narrow")


def relaxation_of(kind: type[Relaxation]) -> Relaxation:
    """Return a relaxation whose alpha is normally distributed."""
    relaxation = kind(supernet_of(space(SPACES["uneven"])), torch.Generator())
    generator = torch.Generator().manual_seed(1)
    for alpha in relaxation.alphas.values():
        alpha.data = torch.randn(alpha.shape, generator=generator, dtype=alpha.dtype)
    return relaxation


def entries(relaxation: Relaxation) -> list[list[float]]:
    """Return the alphas of every edge, without those of no operation."""
    return [
        alpha[exists].tolist()
        for cell in CELLS
        for alpha, exists in zip(relaxation.alphas[cell], relaxation.exists[cell], strict=True)
    ]


def sigmoid(alpha: float) -> float:
    return 1 / (1 + math.exp(-alpha))


def test_all_operations_start_with_half_a_weight() -> None:
    relaxation = Sigmoid(supernet_of(space(SPACES["uneven"])), torch.Generator())
    for cell, weights in relaxation.weights().items():
        assert torch.equal(weights, relaxation.exists[cell].to(weights) / 2)


def test_an_operation_is_weighed_for_itself_and_scored_by_its_weight() -> None:
    relaxation = relaxation_of(Sigmoid)
    weights, shares = relaxation.weights(), relaxation.probabilities()
    found = [p for cell in CELLS for p in weights[cell].detach().flatten().tolist() if p > 0]
    assert found == pytest.approx([sigmoid(a) for row in entries(relaxation) for a in row])
    for cell in CELLS:
        ones = torch.ones(len(shares[cell]), dtype=torch.float64)
        torch.testing.assert_close(shares[cell].sum(-1), ones)
    assert relaxation.scores() == {cell: rows_of(weights[cell]) for cell in CELLS}
    assert relaxation.typical()["wide"].equal(weights["wide"])


@pytest.mark.parametrize("power", [1, 2])
def test_weights_are_pushed_away_from_a_half(power: int) -> None:
    relaxation = relaxation_of(Sigmoid)
    every = [sigmoid(a) for row in entries(relaxation) for a in row]
    expected = -sum(abs(p - 0.5) ** power for p in every) / len(every)
    assert float(zero_one(relaxation, CELLS, power).detach()) == pytest.approx(expected)


def test_beta_decay_is_the_softmax_of_alpha_on_average() -> None:
    relaxation = relaxation_of(Relaxation)
    gradients = relaxation.gradients(beta_decay(relaxation, CELLS))
    rows = len(entries(relaxation))
    for cell, gradient in zip(CELLS, gradients, strict=True):
        torch.testing.assert_close(gradient, relaxation.probabilities()[cell].detach() / rows)
