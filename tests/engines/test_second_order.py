"""Second order: one step after the other by hand, and what a step must leave as it was."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.darts import Darts
from dslnas.engines.milenas import Milenas
from dslnas.engines.objectives.hessian import Hessian
from dslnas.engines.objectives.unrolled import Lookahead, unroll
from dslnas.engines.optimisers import WeightOptimiser, value_at
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.settings.gradient_methods import DartsSettings, MilenasSettings
from dslnas.settings.values import Sgd
from tests.engines.by_hand import HandAdam, HandSgd
from tests.engines.small import SPACES, batch, space, supernet_of
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same
from tests.engines.unrolled_by_hand import METHODS

HESSIANS = pytest.mark.parametrize("hessian", sorted(METHODS))


@HESSIANS
@pytest.mark.parametrize(
    ("name", "sgd"), [("uneven", CLIPPED), ("uneven", UNCLIPPED), ("skipped", CLIPPED)]
)
@pytest.mark.sample(3)
def test_a_darts_step_is_the_unrolled_gradient_then_the_weights(
    name: str, sgd: Sgd, hessian: Hessian
) -> None:
    """The step that is unrolled has momentum and decay but no clipping; the one taken has all."""
    settings = DartsSettings(epochs=EPOCHS, weights=sgd, arch=ADAM, order="second", hessian=hessian)
    ours, hand = Twin(name), Twin(name)
    hand.supernet.network.plain = True
    engine = Darts(ours.supernet, settings, ours.generator)
    alphas = [alpha.clone() for alpha in alphas_of(engine)]
    on_weights, on_alpha = HandSgd(sgd), HandAdam(ADAM)
    for number in range(3):
        epoch = number // 2
        engine.start_epoch(epoch)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        rate = value_at(sgd.lr, epoch, EPOCHS)
        alphas = [alpha.requires_grad_() for alpha in alphas]
        [(held_out, gradients)] = METHODS[hessian](
            hand, on_weights, rate, alphas, train, [architecture]
        )
        on_alpha_rate = value_at(ADAM.lr, epoch, EPOCHS)
        alphas = on_alpha.step([a.detach() for a in alphas], gradients, on_alpha_rate)
        train_loss = hand.supernet.loss(train, hand.softened(alphas))
        hand.descend(on_weights, train_loss, rate)

        assert found.architecture is not None
        assert_same([found.train, found.architecture], [train_loss.detach(), held_out])
        assert_same(alphas_of(engine), alphas)
        assert_same(ours.weights(), hand.weights())
        assert_same(ours.statistics(), hand.statistics())


@HESSIANS
@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
@pytest.mark.sample(2)
def test_a_milenas_step_unrolls_both_losses(update: Any, hessian: Hessian) -> None:
    lambda_ = 0.3
    settings = MilenasSettings(
        epochs=EPOCHS, weights=CLIPPED, arch=ADAM, order="second", hessian=hessian,
        lambda_=lambda_, update=update,
    )  # fmt: skip
    ours, hand = Twin("uneven"), Twin("uneven")
    hand.supernet.network.plain = True
    engine = Milenas(ours.supernet, settings, ours.generator)
    alphas = [alpha.clone() for alpha in alphas_of(engine)]
    on_weights, on_alpha = HandSgd(CLIPPED), HandAdam(ADAM)
    for number in range(2):
        engine.start_epoch(number)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        rate = value_at(CLIPPED.lr, number, EPOCHS)
        before = [alpha.requires_grad_() for alpha in alphas]
        (_, of_train), (held_out, of_architecture) = METHODS[hessian](
            hand, on_weights, rate, before, train, [train, architecture]
        )
        gradients = [g + lambda_ * h for g, h in zip(of_train, of_architecture, strict=True)]
        on_alpha_rate = value_at(ADAM.lr, number, EPOCHS)
        alphas = on_alpha.step([a.detach() for a in before], gradients, on_alpha_rate)
        point = before if update == "simultaneous" else alphas
        train_loss = hand.supernet.loss(train, hand.softened([a.detach() for a in point]))
        hand.descend(on_weights, train_loss, rate)

        assert found.architecture is not None
        assert_same([found.train, found.architecture], [train_loss.detach(), held_out])
        assert_same(alphas_of(engine), alphas)
        assert_same(ours.weights(), hand.weights())


# ---- what it leaves as it was -------------------------------------------------------------------


class Failing(Relaxation):
    """Fails in one of its losses."""

    def __init__(self, supernet: Supernet, fails_at: int) -> None:
        super().__init__(supernet, torch.Generator().manual_seed(0))
        self.calls = 0
        self._fails_at = fails_at

    def mixing(self) -> Mixing:
        self.calls += 1
        if self.calls == self._fails_at:
            raise MemoryError
        return super().mixing()


def moving(supernet: Supernet) -> WeightOptimiser:
    """Return an optimiser of the weights that has momentum already."""
    optimiser = WeightOptimiser(supernet.weights(), UNCLIPPED, EPOCHS)
    relaxation = Relaxation(supernet, torch.Generator().manual_seed(0))
    optimiser.step(optimiser.gradients(relaxation.loss(batch(0, dtype=supernet.dtype))))
    return optimiser


@HESSIANS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unrolling_restores_the_weights_bit_by_bit(hessian: Hessian, dtype: torch.dtype) -> None:
    supernet = supernet_of(space(SPACES["uneven"]), dtype=dtype)
    optimiser = moving(supernet)
    relaxation = Relaxation(supernet, torch.Generator().manual_seed(0))
    before = [w.detach().clone() for w in supernet.weights()]
    train, *outers = (batch(number, dtype=dtype) for number in range(3))
    unroll(supernet, relaxation, optimiser, train, outers, Lookahead(hessian))
    assert all(torch.equal(a, b) for a, b in zip(supernet.weights(), before, strict=True))


@pytest.mark.parametrize(
    ("hessian", "fails_at"), [("difference", n) for n in (1, 2, 3, 4)] + [("exact", 2)]
)
def test_a_failure_in_the_middle_restores_the_weights_too(hessian: Hessian, fails_at: int) -> None:
    twin = Twin("uneven")
    optimiser = moving(twin.supernet)
    before = [w.clone() for w in twin.weights()]
    with pytest.raises(MemoryError):
        unroll(
            twin.supernet, Failing(twin.supernet, fails_at), optimiser,
            batch(1), [batch(2)], Lookahead(hessian),
        )  # fmt: skip
    assert all(torch.equal(a, b) for a, b in zip(twin.weights(), before, strict=True))
    assert twin.supernet.network.run_state.tracking


def test_an_optimiser_is_only_asked() -> None:
    twin, hand = Twin("uneven"), Twin("uneven")
    optimiser, other = moving(twin.supernet), moving(hand.supernet)
    relaxation = Relaxation(twin.supernet, torch.Generator().manual_seed(0))
    unroll(twin.supernet, relaxation, optimiser, batch(1), [batch(2)], Lookahead())
    gradients: list[Tensor] = [torch.ones_like(w) for w in twin.weights()]
    optimiser.step(gradients)
    other.step([g.clone() for g in gradients])
    assert all(torch.equal(a, b) for a, b in zip(twin.weights(), hand.weights(), strict=True))
