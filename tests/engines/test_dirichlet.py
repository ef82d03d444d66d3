"""DrNAS: draws from Dirichlet distributions, and gradients through them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.distributions import Dirichlet as Distribution
from torch.distributions import kl_divergence

from dslnas.engines.objectives.regularisers import kl_to_uniform
from dslnas.engines.relaxations.dirichlet import Dirichlet
from tests.engines.small import SPACES, space, supernet_of


def relaxation_of(name: str = "uneven", size: float = 1.0) -> Dirichlet:
    """Return a relaxation whose alpha is normally distributed."""
    found = Dirichlet(supernet_of(space(SPACES[name])), torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    for alpha in found.alphas.values():
        alpha.data = size * torch.randn(alpha.shape, generator=generator, dtype=alpha.dtype)
    found.draw()
    return found


def concentrations(relaxation: Dirichlet, cell: str) -> list[Tensor]:
    """Return alpha + 1, or exp(alpha) below 1, of the operations of every edge."""
    rows = zip(relaxation.alphas[cell], relaxation.exists[cell], strict=True)
    return [torch.where(a > 0, a + 1, a.exp())[exists] for a, exists in rows]


@pytest.mark.sample(0)
def test_draws_are_points_of_the_simplex_around_their_mean() -> None:
    relaxation, count = relaxation_of(), 3000
    sums = {cell: torch.zeros_like(alpha) for cell, alpha in relaxation.alphas.items()}
    with torch.no_grad():
        for _ in range(count):
            relaxation.draw()
            for cell, p in relaxation.weights().items():
                torch.testing.assert_close(p.sum(-1), torch.ones(len(p), dtype=torch.float64))
                assert not p[~relaxation.exists[cell]].any()
                sums[cell] += p
        for cell, mean in relaxation.probabilities().items():
            torch.testing.assert_close(sums[cell] / count, mean, rtol=0, atol=0.03)
            for row, c in zip(mean, concentrations(relaxation, cell), strict=True):
                torch.testing.assert_close(row[: len(c)], c / c.sum())


@pytest.mark.slow
def test_the_gradient_of_draws_is_on_average_that_of_their_mean() -> None:
    relaxation, count = relaxation_of(size=0.5), 4000
    weights = {cell: torch.rand(a.shape, dtype=a.dtype) for cell, a in relaxation.alphas.items()}
    total = [torch.zeros_like(alpha) for alpha in relaxation.alphas.values()]
    for _ in range(count):
        relaxation.draw()
        loss = sum((weights[cell] * p).sum() for cell, p in relaxation.weights().items())
        assert isinstance(loss, Tensor)
        for place, gradient in zip(total, relaxation.gradients(loss), strict=True):
            place += gradient / count
    mean = sum((weights[cell] * p).sum() for cell, p in relaxation.probabilities().items())
    assert isinstance(mean, Tensor)
    for found, expected in zip(total, relaxation.gradients(mean), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0.02)


def test_a_draw_stays_until_the_next() -> None:
    relaxation = relaxation_of()
    first, again = relaxation.weights(), relaxation.weights()
    relaxation.draw()
    for cell, other in relaxation.weights().items():
        assert torch.equal(first[cell], again[cell])
        assert not torch.equal(first[cell], other)


def test_gradients_are_numbers_near_the_corners() -> None:
    supernet = supernet_of(space(SPACES["uneven"]), dtype=torch.float32)
    relaxation = Dirichlet(supernet, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    for _ in range(200):
        for alpha in relaxation.alphas.values():
            alpha.data = 60 * torch.randn(alpha.shape, generator=generator)
        relaxation.draw()
        loss = sum(p.square().sum() for p in relaxation.weights().values())
        assert isinstance(loss, Tensor)
        assert loss.dtype == torch.float32
        assert all(bool(g.isfinite().all()) for g in relaxation.gradients(loss))


def test_the_divergence_is_that_of_the_library() -> None:
    relaxation = relaxation_of()
    expected = torch.zeros((), dtype=torch.float64)
    for cell in relaxation.alphas:
        for c in concentrations(relaxation, cell):
            uniform = Distribution(torch.ones_like(c))
            expected = expected + kl_divergence(Distribution(c), uniform)
    found = kl_to_uniform(relaxation, relaxation.alphas)
    torch.testing.assert_close(found, expected)


def test_operations_that_are_pruned_are_not_drawn() -> None:
    relaxation = relaxation_of()
    weak = torch.zeros(4, 4, dtype=torch.bool)
    weak[0, 1] = True
    relaxation.prune("wide", weak)
    relaxation.draw()
    assert relaxation.weights()["wide"][0, 1] == 0
    assert relaxation.probabilities()["wide"][0, 1] == 0
