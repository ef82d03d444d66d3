"""BayesNAS: gates, what the lasso and the variances do to them, and what is derived."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.bayesnas import Bayesnas
from dslnas.engines.objectives.accumulation import loss_and_grads_of
from dslnas.engines.sparse_prior import NOTHING_TOLD, joined, updated
from dslnas.graph.graph import edges_of
from dslnas.settings.gradient_methods import BayesnasSettings
from dslnas.settings.values import Sgd
from tests.engines.small import TEXTS, batch, segment, space, supernet_of
from tests.engines.test_told_apart import ARCHITECTURE, CELL, OF_TRAINING, TRAIN, Costs


class Explained(Costs):
    """Data that want 1 of every edge, where one operation gives more of it than the others."""

    def loss(self, batch: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        assert mixing.weights is not None
        given = 0.5 * (1 - batch.inputs["costs"]) + 0.2
        explained = (mixing.weights[CELL] * given).sum(-1)
        return (explained - 1).square().sum() + ((self.weight - 1) ** 2).sum()


STILL = Sgd(lr=1e-9, momentum=0.0, weight_decay=0.0)


def start(name: str = "uneven", **given: object) -> tuple[Supernet, Bayesnas]:
    """Return a supernet and the method at work on it, past its warm-up."""
    supernet = supernet_of(space(TEXTS[name]))
    settings = BayesnasSettings.model_validate({"epochs": 2, "warmup": 0, **given})
    engine = Bayesnas(supernet, settings, torch.Generator().manual_seed(0))
    engine.start_epoch(0)
    return supernet, engine


@pytest.mark.parametrize("name", ["uneven", "recurrent"])
def test_an_edge_first_gives_the_sum_of_its_operations(name: str) -> None:
    supernet, engine = start(name)
    for cell, weights in engine._gates.weights().items():
        assert torch.equal(weights, supernet.exists(cell).to(weights))


@pytest.mark.parametrize(("epochs", "warm"), [(1, 0), (2, 1), (50, 1)])
def test_the_first_epoch_is_a_warm_up_unless_it_is_the_only_one(epochs: int, warm: int) -> None:
    assert BayesnasSettings(epochs=epochs).warm_epochs == warm


def test_both_gates_multiply() -> None:
    supernet, engine = start()
    gates = engine._gates.alphas
    for s in gates.values():
        s.data.uniform_(-1, 1)
    for cell, weights in engine._gates.weights().items():
        expected = gates[cell] * gates[edges_of(cell)]
        assert torch.equal(weights, torch.where(supernet.exists(cell), expected, 0.0))


def test_a_step_of_the_gates_lowers_loss_and_lasso() -> None:
    rate, sparsity = 0.01, 0.5
    plain = Sgd(lr=rate, momentum=0.0, weight_decay=0.0, clip=0.0)
    supernet, engine = start(weights=STILL, arch=plain, sparsity=sparsity)
    before = {name: s.detach().clone() for name, s in engine._gates.alphas.items()}
    gates = list(engine._gates.alphas.values())
    mixing = Mixing(engine._gates.weights())
    found = loss_and_grads_of(supernet, batch(0), mixing, gates, regularised=True)
    engine.step(batch(0), batch(1))
    for (name, s), gradient in zip(engine._gates.alphas.items(), found.gradients, strict=True):
        assert gradient is not None
        assert gradient.any()
        lasso = sparsity * torch.ones_like(gradient)  # of gates that are 1, weighed by 1
        torch.testing.assert_close(s.detach(), before[name] - rate * (gradient + lasso))


def test_after_an_epoch_the_variances_follow_the_gates_and_the_curvature() -> None:
    supernet, engine = start(weights=STILL, arch=STILL, sparsity=0.1)
    gates = list(engine._gates.alphas.values())
    of_batches = []
    for number in range(3):
        mixing = Mixing(engine._gates.weights())
        found = loss_and_grads_of(supernet, batch(number), mixing, gates, regularised=True)
        of_batches.append([g for g in found.gradients if g is not None])
        engine.step(batch(number), batch(9))
    engine.end_epoch(iter(()), lambda *_: None)
    gamma = {}
    for name, *gradients in zip(engine._gates.alphas, *of_batches, strict=True):
        g = torch.stack(gradients)
        fisher = len(batch(0)) * g.var(0, unbiased=False) + g.mean(0).square()
        ones = torch.ones_like(fisher)
        gamma[name], omega = updated(ones[None], ones, fisher[None], 0.1)
        torch.testing.assert_close(engine._omega[name], omega, rtol=1e-5, atol=1e-9)
    for cell, scores in engine.scores().items():
        expected = joined(gamma[cell], gamma[edges_of(cell)])
        exists = engine._gates.exists[cell]
        found_scores = torch.tensor(scores, dtype=torch.float64)
        torch.testing.assert_close(found_scores[exists], expected[exists], rtol=1e-5, atol=0)


def test_an_operation_without_entropy_leaves() -> None:
    supernet, engine = start(weights=STILL, arch=STILL)
    small = {}
    for cell, gates in engine._gates.of_operations().items():
        gates.data[:, 0] = 1e-6
        small[cell] = gates
    engine.step(batch(0), batch(1))
    engine.end_epoch(iter(()), lambda *_: None)
    for cell in small:
        left, exists = engine._gates.exists[cell], supernet.exists(cell)
        assert not left[:, 0].any()
        assert (engine._posterior[cell][:, 0] < NOTHING_TOLD).all()
        assert left[:, 1:].any()
        assert not (left & ~exists).any()
        assert all(row[0] == 0.0 for row in engine.scores()[cell])


def test_the_operation_that_explains_most_wins() -> None:
    settings = BayesnasSettings(epochs=12, weights=STILL, sparsity=0.05)
    engine = Bayesnas(Explained(), settings, torch.Generator().manual_seed(0))
    for epoch in range(settings.epochs):
        engine.start_epoch(epoch)
        for _ in range(20):
            engine.step(TRAIN, ARCHITECTURE)
        engine.end_epoch(iter(()), lambda *_: None)
    scores = engine.scores()[CELL]
    assert tuple(max(range(3), key=row.__getitem__) for row in scores) == OF_TRAINING


def test_none_has_nothing_that_speaks_for_it() -> None:
    """Its gate changes nothing, so no lasso shrinks it; it must not win for that."""
    _, engine = start("darts")
    engine.step(batch(0), batch(1))
    engine.end_epoch(iter(()), lambda *_: None)
    for scores in engine.scores().values():  # the first operation is `none`
        assert all(row[0] == 0.0 < min(row[1:]) for row in scores)


@pytest.mark.parametrize("name", ["uneven", "recurrent"])
@pytest.mark.sample(0)
def test_gates_that_bring_nothing_are_driven_to_zero(name: str) -> None:
    """With a strong lasso they shrink to a fraction in an epoch."""
    supernet, engine = start(
        name, weights=STILL, sparsity=2.0,
        arch=Sgd(lr=0.02, momentum=0.0, weight_decay=0.0, clip=0.0),
    )  # fmt: skip
    for number in range(20):
        examples = segment(number) if name == "recurrent" else batch(number)
        engine.step(examples, examples)
    for cell, gates in engine._gates.of_operations().items():
        size = gates.detach().abs()[supernet.exists(cell)]
        assert float(size.mean()) < 0.5
