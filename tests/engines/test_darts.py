from __future__ import annotations

import pytest
import torch

from dslnas.backends.torch.supernet import Mixing
from dslnas.engines.darts import Darts
from dslnas.engines.optimisers import learning_rate
from dslnas.settings.sections import DartsSettings
from dslnas.settings.values import Sgd
from tests.engines.by_hand import HandAdam, HandSgd, softmax
from tests.engines.small import batch
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same


@pytest.mark.parametrize(
    ("name", "sgd"),
    [("darts", CLIPPED), ("skipped", CLIPPED), ("uneven", CLIPPED), ("uneven", UNCLIPPED)],
)
def test_a_step_is_alpha_on_the_architecture_loss_then_weights_at_the_new_alpha(
    name: str, sgd: Sgd
) -> None:
    settings = DartsSettings(epochs=EPOCHS, weights=sgd, arch=ADAM)
    ours, hand = Twin(name), Twin(name)
    engine = Darts(ours.supernet, settings, ours.generator)
    alphas = [alpha.detach().clone() for alpha in engine.alphas().values()]
    on_weights, on_alpha = HandSgd(settings.weights), HandAdam(settings.arch)
    lengths = [table.rows for table in hand.supernet.tables.values()]

    def mixing(alphas: list[torch.Tensor]) -> Mixing:
        rows = zip(hand.supernet.tables, alphas, lengths, strict=True)
        return Mixing({cell: softmax(alpha, length) for cell, alpha, length in rows})

    for number in range(3):
        epoch = number // 2
        engine.start_epoch(epoch)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        alphas = [alpha.requires_grad_() for alpha in alphas]
        architecture_loss = hand.supernet.loss(*architecture, mixing(alphas))
        gradients = torch.autograd.grad(architecture_loss, alphas, materialize_grads=True)
        rate = learning_rate(settings.arch.lr, epoch, EPOCHS)
        alphas = on_alpha.step([a.detach() for a in alphas], gradients, rate)

        train_loss = hand.supernet.loss(*train, mixing(alphas))
        hand.descend(on_weights, train_loss, learning_rate(settings.weights.lr, epoch, EPOCHS))

        assert_same([found.train], [train_loss.detach()])
        assert found.architecture is not None
        assert_same([found.architecture], [architecture_loss.detach()])
        assert_same(alphas_of(engine), alphas)
        assert_same(ours.weights(), hand.weights())
