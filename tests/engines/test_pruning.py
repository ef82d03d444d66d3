"""Operations that a relaxation has pruned: neither weight nor gradient, and on images no step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.relaxations.catalogue import RELAXATIONS
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.graph.analysis.plan import Step
from tests.engines.small import SEQUENCES, SPACES, TEXTS, batch, segment, space, supernet_of

PRUNABLE = sorted(set(RELAXATIONS) - {"pc_darts"})


def relaxed(name: str, method: str = "darts") -> tuple[Supernet, Relaxation]:
    """Return a supernet and a relaxation of it whose alphas are far apart."""
    supernet = supernet_of(space(TEXTS[name], method))
    relaxation = RELAXATIONS.get(method, Relaxation)(supernet, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    for alpha in relaxation.alphas.values():
        alpha.data = 2 * torch.randn(alpha.shape, generator=generator, dtype=torch.float64)
    return supernet, relaxation


def halved(supernet: Supernet, relaxation: Relaxation) -> Mapping[str, Tensor]:
    """Prune what is weaker than the mean of its edge, and return what is left."""
    for cell in supernet.tables:
        p = relaxation.probabilities()[cell]
        relaxation.prune(cell, p < 1 / supernet.exists(cell).sum(-1, keepdim=True))
    return {cell: relaxation.exists[cell] for cell in supernet.tables}


@pytest.mark.parametrize("method", PRUNABLE)
@pytest.mark.parametrize("name", ["uneven", "darts", "recurrent"])
def test_the_rest_weighs_as_if_nothing_else_were_there(method: str, name: str) -> None:
    supernet, relaxation = relaxed(name, method)
    left = halved(supernet, relaxation)
    relaxation.draw()
    examples = segment(0) if name in SEQUENCES else batch(0)
    mixing = relaxation.mixing()
    assert mixing.weights is not None
    loss = supernet.loss(examples, mixing)
    assert loss.requires_grad
    every = supernet.loss(examples, Mixing(relaxation.weights()))
    torch.testing.assert_close(loss, every)
    gradients = relaxation.gradients(loss)
    torch.testing.assert_close(gradients, relaxation.gradients(every))
    for cell, gradient in zip(relaxation.alphas, gradients, strict=True):
        assert 0 < int(left[cell].sum()) < int(supernet.exists(cell).sum())
        assert not mixing.weights[cell][~left[cell]].any()
        assert not gradient[~left[cell]].any()


def primitives_run(supernet: Supernet, mixing: Mixing) -> int:
    """Return how many primitives a loss takes, one after the other."""
    network, run, found = supernet.network, supernet.network._run, []

    def watched(step: Step, inputs: Sequence[Tensor]) -> Tensor:
        found.append(step.node.name)
        return run(step, inputs)

    network.plain = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "_run", watched)
        supernet.loss(batch(0), mixing)
    return len(found)


@pytest.mark.parametrize("name", ["darts", "uneven"])
def test_what_is_pruned_does_not_run(name: str) -> None:
    supernet, relaxation = relaxed(name)
    before = primitives_run(supernet, relaxation.mixing())
    left = halved(supernet, relaxation)
    kept = relaxation.mixing().kept
    assert kept == {
        cell: tuple(tuple(row.nonzero()[:, 0].tolist()) for row in exists)
        for cell, exists in left.items()
    }
    half = primitives_run(supernet, relaxation.mixing())
    assert half < 0.8 * before
    for cell in supernet.tables:
        relaxation.prune(cell, torch.ones_like(relaxation.exists[cell]))
    assert primitives_run(supernet, relaxation.mixing()) < half


@pytest.mark.parametrize("name", ["darts", "uneven"])
def test_it_trains_after_a_measurement(name: str) -> None:
    supernet, relaxation = relaxed(name)
    halved(supernet, relaxation)
    with torch.no_grad():
        mixing = relaxation.mixing()
    with torch.inference_mode():
        supernet.logits(batch(0), mixing)
    loss = supernet.loss(batch(0), relaxation.mixing())
    assert any(gradient.any() for gradient in relaxation.gradients(loss))


def test_auxiliary_skips_run_beside_what_is_left() -> None:
    supernet, relaxation = relaxed("darts", "darts_minus")
    halved(supernet, relaxation)
    mixing = relaxation.mixing()
    losses = []
    for factor in (1.0, 0.5):
        supernet.skip = factor
        losses.append(supernet.loss(batch(0), mixing))
        torch.testing.assert_close(losses[-1], supernet.loss(batch(0), Mixing(mixing.weights)))
    assert losses[0] != losses[1]


@pytest.mark.parametrize("method", PRUNABLE)
@pytest.mark.parametrize("name", ["uneven", "darts", "recurrent"])
def test_the_best_share_of_every_edge_stays(method: str, name: str) -> None:
    supernet, relaxation = relaxed(name, method)
    for _ in range(2):
        before, there = relaxation.probabilities(), dict(relaxation.exists)
        relaxation.prune_to(0.5)
        for cell, table in supernet.tables.items():
            for row, columns in enumerate(table.candidates):
                left = there[cell][row].nonzero()[:, 0].tolist()
                ranked = sorted(left, key=before[cell][row].tolist().__getitem__, reverse=True)
                best = next(column for column in ranked if column in columns)
                wanted = {*ranked[: math.ceil(len(left) / 2)], best}
                assert {*relaxation.exists[cell][row].nonzero()[:, 0].tolist()} == wanted


@pytest.mark.parametrize("name", sorted(SPACES))
def test_an_edge_keeps_the_strongest_that_may_be_derived(name: str) -> None:
    supernet, relaxation = relaxed(name)
    before = relaxation.probabilities()
    for cell, table in supernet.tables.items():
        relaxation.prune(cell, torch.ones_like(relaxation.exists[cell]))
        strongest = [
            max(columns, key=before[cell][row].tolist().__getitem__)
            for row, columns in enumerate(table.candidates)
        ]
        assert relaxation.exists[cell].sum(-1).tolist() == [1] * len(table.rows)
        assert relaxation.exists[cell].int().argmax(-1).tolist() == strongest
        relaxation.prune(cell, torch.ones_like(relaxation.exists[cell]))
        assert relaxation.exists[cell].int().argmax(-1).tolist() == strongest, "it is the last one"
