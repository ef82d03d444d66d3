"""Limits of alpha and of temperatures, and numbers in alpha that mean nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.relaxations.softmax import Relaxation
from tests.engines.metamorphic.tiny import CELL, OF_GRADIENTS, Run, has
from tests.engines.methods import model_of
from tests.engines.small import batch

RELAXED = [m for m in OF_GRADIENTS if model_of(m).has_probabilities]
ANNEALED = [m for m in RELAXED if has(m, "temperature")]
COLD, HOT = 1e-6, 1e9


def relaxation_of(run: Run) -> Relaxation:
    assert isinstance(run.engine, GradientEngine)
    return run.engine._relaxation


def weights_of(run: Run) -> Tensor:
    """Return the weights of operations in the next pass, (edges, operations)."""
    relaxation = relaxation_of(run)
    relaxation.draw()
    return relaxation.weights()[CELL].detach()


def shifted(method: str) -> Run:
    """Return a search in which every choice has another number added to its alpha."""
    run = Run(method)
    with torch.no_grad():
        for alpha in relaxation_of(run).alphas.values():
            alpha += torch.arange(1.0, len(alpha) + 1, dtype=alpha.dtype)[:, None]
    return run


def is_of_differences(method: str) -> bool:
    """Whether operations are weighed by how far their alphas are apart."""
    return torch.allclose(weights_of(shifted(method)), weights_of(Run(method)), rtol=1e-10)


@pytest.mark.parametrize("method", RELAXED)
@pytest.mark.sample(3)
def test_what_is_added_to_all_of_a_choice_means_nothing_where_differences_weigh(
    method: str,
) -> None:
    if not is_of_differences(method):
        return
    ours, other = Run(method), shifted(method)
    for cell, rows in ours.engine.scores().items():
        for row, moved in zip(rows, other.engine.scores()[cell], strict=True):
            assert moved == pytest.approx(row, rel=1e-9)
    assert other.derived() == ours.derived()
    relaxation = relaxation_of(ours)
    loss = relaxation.loss(batch(0, 4))
    gradients = relaxation.gradients(loss)
    for gradient in gradients[: len(relaxation.alphas)]:
        assert gradient.abs().max() > 1e-6
        assert gradient.sum(-1).abs().max() < 1e-12


@pytest.mark.parametrize("method", RELAXED)
@pytest.mark.sample(3)
def test_an_operation_with_a_larger_alpha_is_derived(method: str) -> None:
    run = Run(method)
    with torch.no_grad():
        relaxation_of(run).alphas[CELL][:, 1] += 3.0
    run.steps(1).end_epoch()
    assert {operation for edges in run.derived().values() for operation, _ in edges} == {"b"}


@pytest.mark.parametrize("method", ANNEALED)
@pytest.mark.sample(2)
def test_a_cold_search_weighs_one_operation_and_a_hot_one_all_alike(method: str) -> None:
    cold, mild, hot = (weights_of(Run(method, temperature=t)) for t in (COLD, 1.0, HOT))
    best = torch.nn.functional.one_hot(mild.argmax(-1), mild.shape[-1]).to(mild.dtype)
    torch.testing.assert_close(cold, best)
    torch.testing.assert_close(hot, torch.full_like(hot, 1 / hot.shape[-1]), rtol=0, atol=1e-7)


def test_soft_samples_that_are_cold_cost_what_hard_ones_cost() -> None:
    losses = {
        m: float(relaxation_of(Run(m, temperature=COLD)).loss(batch(0, 4)).detach())
        for m in ANNEALED
        if has(m, "level")
    }
    assert len(losses) > 1
    assert [*losses.values()] == pytest.approx([min(losses.values())] * len(losses), rel=1e-9)


def test_there_are_methods_of_both_kinds() -> None:
    kinds = [is_of_differences(method) for method in RELAXED]
    assert 2 * sum(kinds) > len(kinds) > sum(kinds)
