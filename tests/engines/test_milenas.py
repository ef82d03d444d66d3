from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.engines.catalogue import make_engine
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.optimisers import value_at
from dslnas.settings.gradient_methods import MilenasSettings
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Adam, Sgd
from tests.engines.by_hand import HandAdam, HandSgd
from tests.engines.small import batch
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same

STILL = Adam(lr=0.1, weight_decay=0.0)
# The second order takes several times the passes, so it takes them on a smaller space.
EVERY_ORDER = pytest.mark.parametrize(
    ("order", "name"), [("first", "uneven"), ("second", "skipped")]
)


def start(method: str, name: str = "darts", **given: Any) -> tuple[Twin, GradientEngine]:
    """Return a twin and an engine at work on it; `given` are settings."""
    twin = Twin(name)
    settings = SEARCH[method](**{"epochs": EPOCHS, "weights": UNCLIPPED, "arch": ADAM, **given})
    engine = make_engine(twin.supernet, settings, twin.generator)
    assert isinstance(engine, GradientEngine)
    return twin, engine


def state_after(twin: Twin, engine: GradientEngine, steps: int = 3) -> list[Tensor]:
    """Return alpha and all tensors after some steps, one per epoch."""
    for number in range(steps):
        engine.start_epoch(number)
        engine.step(batch(10 + number), batch(20 + number))
    return [*alphas_of(engine), *twin.supernet.network.state_dict().values()]


def is_equal(first: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("name", "sgd", "lambda_", "update"),
    [
        ("darts", CLIPPED, 0.3, "simultaneous"),
        ("skipped", CLIPPED, 0.3, "simultaneous"),
        ("uneven", CLIPPED, 2.0, "simultaneous"),
        ("uneven", UNCLIPPED, 1.0, "simultaneous"),
        ("uneven", UNCLIPPED, 0.0, "simultaneous"),
        ("uneven", CLIPPED, 0.3, "alternating"),
        ("skipped", UNCLIPPED, 0.0, "alternating"),
    ],
)
@pytest.mark.sample(3)
def test_a_step_is_both_equations_at_the_same_point_or_in_turn(
    name: str, sgd: Sgd, lambda_: float, update: str
) -> None:
    ours, engine = start("milenas", name, weights=sgd, lambda_=lambda_, update=update)
    hand = Twin(name)
    before = [alpha.clone() for alpha in alphas_of(engine)]
    on_weights, on_alpha = HandSgd(sgd), HandAdam(ADAM)
    for number in range(3):
        epoch = number // 2
        engine.start_epoch(epoch)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        alphas = [alpha.requires_grad_() for alpha in before]
        train_loss = hand.supernet.loss(train, hand.softened(alphas))
        architecture_loss = hand.supernet.loss(architecture, hand.softened(alphas))
        both = train_loss + lambda_ * architecture_loss
        gradients = torch.autograd.grad(both, alphas, materialize_grads=True, retain_graph=True)
        rate = value_at(ADAM.lr, epoch, EPOCHS)
        before = on_alpha.step([a.detach() for a in alphas], gradients, rate)
        if update == "alternating":
            train_loss = hand.supernet.loss(train, hand.softened(before))
        hand.descend(on_weights, train_loss, value_at(sgd.lr, epoch, EPOCHS))

        assert_same([found.train], [train_loss.detach()])
        assert (found.architecture is None) == (lambda_ == 0)
        assert_same(alphas_of(engine), before)
        assert_same(ours.weights(), hand.weights())


# ---- its limits ---------------------------------------------------------------------------------


def test_lambda_zero_does_not_look_at_the_architecture_data() -> None:
    states = []
    for seed in (1, 2):
        twin, engine = start("milenas", lambda_=0.0)
        for number in range(2):
            report = engine.step(batch(number), batch(100 * seed + number))
            assert report.architecture is None
        states.append([*alphas_of(engine), *twin.supernet.network.state_dict().values()])
    assert is_equal(*states)


@EVERY_ORDER
def test_single_level_is_lambda_zero_bit_by_bit(order: str, name: str) -> None:
    single = state_after(*start("single_level", name, order=order))
    assert is_equal(single, state_after(*start("milenas", name, order=order, lambda_=0.0)))
    assert not is_equal(single, state_after(*start("milenas", name, order=order)))


@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.sample(1)
def test_a_large_lambda_is_darts(order: str) -> None:
    """Adam does not see the scale of a gradient, if it is large and nothing decays."""
    given: dict[str, Any] = {"arch": STILL, "order": order}
    darts = state_after(*start("darts", "uneven", **given))
    far = []
    for lambda_ in (1.0, 1e3, 1e9):
        given["lambda_"] = lambda_
        found = state_after(*start("milenas", "uneven", update="alternating", **given))
        far.append(max(float((a - b).abs().max()) for a, b in zip(found[:2], darts, strict=False)))
    assert far[0] > 0.05
    assert far[1] < 0.5 * far[0]
    assert far[2] < 1e-4


def test_a_large_lambda_moves_alpha_as_the_architecture_loss_does() -> None:
    moves = []
    for lambda_, train in ((1e9, 0), (1e9, 1), (1.0, 0)):
        _, engine = start("milenas", lambda_=lambda_, arch=STILL)
        before = [a.clone() for a in alphas_of(engine)]
        report = engine.step(batch(train), batch(7))
        assert report.architecture is not None
        moves.append([a - b for a, b in zip(alphas_of(engine), before, strict=True)])
    for first, other in zip(moves[0], moves[1], strict=True):
        torch.testing.assert_close(first, other, rtol=1e-4, atol=1e-6)
    assert not all(torch.allclose(a, b) for a, b in zip(moves[0], moves[2], strict=True))


# ---- the switch ---------------------------------------------------------------------------------


@EVERY_ORDER
def test_the_first_epochs_are_darts_bit_by_bit(order: str, name: str) -> None:
    """Also with `update simultaneous`, which is the default."""
    darts = state_after(*start("darts", name, order=order))
    bilevel = {"order": order, "bilevel": 2}
    assert is_equal(state_after(*start("darts", name, order=order), steps=2),
                    state_after(*start("milenas", name, **bilevel), steps=2))  # fmt: skip
    assert not is_equal(darts, state_after(*start("milenas", name, **bilevel)))
    always = state_after(*start("milenas", name, order=order, bilevel=3))
    assert is_equal(darts, always)


def test_what_is_trained_after_the_switch_is_the_mixed_level() -> None:
    """With lambda = 0 the architecture data matter before the switch and not after it."""
    _, engine = start("milenas", lambda_=0.0, bilevel=1)
    engine.start_epoch(0)
    assert engine.step(batch(0), batch(1)).architecture is not None
    engine.start_epoch(1)
    assert engine.step(batch(0), batch(1)).architecture is None


def test_defaults_are_those_of_the_paper() -> None:
    settings = MilenasSettings()
    assert (settings.order, settings.update) == ("first", "simultaneous")
    assert (settings.lambda_, settings.bilevel) == (1.0, 0)
