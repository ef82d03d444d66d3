from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing
from dslnas.engines.milenas import Milenas
from dslnas.engines.optimisers import learning_rate
from dslnas.settings.sections import MilenasSettings
from dslnas.settings.values import Adam, Sgd
from tests.engines.by_hand import HandAdam, HandSgd, softmax
from tests.engines.small import batch
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same


def settings_of(lambda_: float, sgd: Sgd = UNCLIPPED, adam: Adam = ADAM) -> MilenasSettings:
    return MilenasSettings(epochs=EPOCHS, weights=sgd, arch=adam, lambda_=lambda_)


def mixing_of(twin: Twin, alphas: Sequence[Tensor]) -> Mixing:
    tables = twin.supernet.tables
    rows = zip(tables, alphas, tables.values(), strict=True)
    return Mixing({cell: softmax(alpha, table.rows) for cell, alpha, table in rows})


@pytest.mark.parametrize(
    ("name", "sgd", "lambda_"),
    [
        ("darts", CLIPPED, 0.3),
        ("skipped", CLIPPED, 0.3),
        ("uneven", CLIPPED, 2.0),
        ("uneven", UNCLIPPED, 1.0),
        ("uneven", UNCLIPPED, 0.0),
    ],
)
def test_a_step_is_both_equations_at_the_same_point(name: str, sgd: Sgd, lambda_: float) -> None:
    settings = settings_of(lambda_, sgd)
    ours, hand = Twin(name), Twin(name)
    engine = Milenas(ours.supernet, settings, ours.generator)
    alphas = [alpha.detach().clone() for alpha in engine.alphas().values()]
    on_weights, on_alpha = HandSgd(settings.weights), HandAdam(settings.arch)
    for number in range(3):
        epoch = number // 2
        engine.start_epoch(epoch)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        alphas = [alpha.requires_grad_() for alpha in alphas]
        train_loss = hand.supernet.loss(*train, mixing_of(hand, alphas))
        architecture_loss = hand.supernet.loss(*architecture, mixing_of(hand, alphas))
        both = train_loss + lambda_ * architecture_loss
        gradients = torch.autograd.grad(both, alphas, materialize_grads=True, retain_graph=True)
        hand.descend(on_weights, train_loss, learning_rate(settings.weights.lr, epoch, EPOCHS))
        rate = learning_rate(settings.arch.lr, epoch, EPOCHS)
        alphas = on_alpha.step([a.detach() for a in alphas], gradients, rate)

        assert_same([found.train], [train_loss.detach()])
        assert_same(alphas_of(engine), alphas)
        assert_same(ours.weights(), hand.weights())


def test_lambda_zero_does_not_look_at_the_architecture_data() -> None:
    states = []
    for seed in (1, 2):
        twin = Twin("darts")
        engine = Milenas(twin.supernet, settings_of(0.0), twin.generator)
        for number in range(2):
            report = engine.step(batch(number), batch(100 * seed + number))
            assert report.architecture is None
        states.append([*alphas_of(engine), *twin.supernet.network.state_dict().values()])
    assert all(torch.equal(a, b) for a, b in zip(*states, strict=True))


def test_a_large_lambda_moves_alpha_as_the_architecture_loss_does() -> None:
    moves = []
    for lambda_, train in ((1e9, 0), (1e9, 1), (1.0, 0)):
        twin = Twin("darts")
        adam = Adam(lr=0.1, weight_decay=0.0)
        engine = Milenas(twin.supernet, settings_of(lambda_, adam=adam), twin.generator)
        before = [a.clone() for a in alphas_of(engine)]
        report = engine.step(batch(train), batch(7))
        assert report.architecture is not None
        moves.append([a - b for a, b in zip(alphas_of(engine), before, strict=True)])
    for first, other in zip(moves[0], moves[1], strict=True):
        torch.testing.assert_close(first, other, rtol=1e-4, atol=1e-6)
    assert not all(torch.allclose(a, b) for a, b in zip(moves[0], moves[2], strict=True))
