from __future__ import annotations

import pytest
import torch

from dslnas.engines.darts import Darts
from dslnas.engines.optimisers import value_at
from dslnas.settings.gradient_methods import DartsSettings
from dslnas.settings.values import Adam, Sgd
from tests.engines.by_hand import HandAdam, HandSgd
from tests.engines.small import batch
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same


@pytest.mark.parametrize(
    ("name", "sgd"),
    [("darts", CLIPPED), ("skipped", CLIPPED), ("uneven", CLIPPED), ("uneven", UNCLIPPED)],
)
@pytest.mark.sample(2)
def test_a_step_is_alpha_on_the_architecture_loss_then_weights_at_the_new_alpha(
    name: str, sgd: Sgd
) -> None:
    settings = DartsSettings(epochs=EPOCHS, weights=sgd, arch=ADAM)
    ours, hand = Twin(name), Twin(name)
    engine = Darts(ours.supernet, settings, ours.generator)
    alphas = [alpha.detach().clone() for alpha in engine.alphas().values()]
    assert isinstance(settings.arch, Adam)
    on_weights, on_alpha = HandSgd(settings.weights), HandAdam(settings.arch)
    for number in range(3):
        epoch = number // 2
        engine.start_epoch(epoch)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        alphas = [alpha.requires_grad_() for alpha in alphas]
        architecture_loss = hand.supernet.loss(architecture, hand.softened(alphas))
        gradients = torch.autograd.grad(architecture_loss, alphas, materialize_grads=True)
        rate = value_at(settings.arch.lr, epoch, EPOCHS)
        alphas = on_alpha.step([a.detach() for a in alphas], gradients, rate)

        train_loss = hand.supernet.loss(train, hand.softened(alphas))
        hand.descend(on_weights, train_loss, value_at(settings.weights.lr, epoch, EPOCHS))

        assert_same([found.train], [train_loss.detach()])
        assert found.architecture is not None
        assert_same([found.architecture], [architecture_loss.detach()])
        assert_same(alphas_of(engine), alphas)
        assert_same(ours.weights(), hand.weights())
