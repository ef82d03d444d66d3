"""Which data each side learns from, and what is left when one side stands still."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from dslnas.engines.catalogue import ENGINES
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.objectives.objectives import MixedLevel
from dslnas.settings.gradient import OrderSettings
from dslnas.settings.values import Adam, Cosine, Sgd
from tests.engines.metamorphic.tiny import (
    OF_GRADIENTS,
    Run,
    are_equal,
    assert_close,
    has,
)
from tests.engines.methods import ALONE, METHODS, model_of
from tests.engines.small import batch

STILL: dict[str, Any] = {"arch": Adam(lr=Cosine(start=0.1, end=0.0)), "epoch": 2}
"""Behind the last epoch, where the rate of alpha is 0."""
RATE = 0.1
HELD = Sgd(lr=Cosine(start=0.1, end=0.0))
PLAIN = Sgd(lr=RATE, momentum=0.5, weight_decay=0.01, clip=0.0)
OTHER = 30
"""First number of other batches."""

AHEAD = [m for m in OF_GRADIENTS if has(m, "order")]
ON_BOTH_DATA = [m for m in AHEAD if has(m, "lambda_")]
"""Methods that may learn alpha from both data."""


def learns_from_training_data(run: Run, order: str) -> bool:
    """Whether alpha is said to depend on the training data: by their loss, or by a step ahead."""
    engine = run.engine
    if not isinstance(engine, GradientEngine):
        return False
    return isinstance(engine.objective(0), MixedLevel) or order == "second"


def is_held_out(method: str) -> bool:
    """Whether alpha is said to learn from data of its own."""
    model = model_of(method)
    return not issubclass(model, OrderSettings) or model().is_held_out


CASES = [(m, "first") for m in OF_GRADIENTS] + [(m, "second") for m in AHEAD]


@pytest.mark.parametrize(("method", "order"), CASES)
@pytest.mark.sample(6)
def test_alpha_learns_from_the_data_that_its_method_says(method: str, order: str) -> None:
    ours = Run(method, order=order).steps(1)
    other_train = Run(method, order=order).steps(1, train=OTHER)
    other_held_out = Run(method, order=order).steps(1, held_out=OTHER)
    reads_training = learns_from_training_data(ours, order)
    assert are_equal(other_train.alphas(), ours.alphas()) is not reads_training
    assert are_equal(other_held_out.alphas(), ours.alphas()) is not is_held_out(method)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.sample(4)
def test_weights_learn_from_training_data_alone(method: str) -> None:
    ours, other = Run(method, **STILL), Run(method, **STILL)
    begun = {name: weight.clone() for name, weight in ours.weights().items()}
    assert are_equal(other.steps(1, held_out=OTHER).weights(), ours.steps(1).weights())
    assert not are_equal(ours.weights(), begun)
    assert not are_equal(Run(method, **STILL).steps(1, train=OTHER).weights(), ours.weights())


@pytest.mark.parametrize("method", ON_BOTH_DATA)
@pytest.mark.sample(1)
def test_alpha_does_not_tell_two_data_apart_that_weigh_the_same(method: str) -> None:
    given: dict[str, Any] = {"level": "mixed", "lambda_": 1.0}
    ours = Run(method, **given).steps(1, train=0, held_out=50)
    exchanged = Run(method, **given).steps(1, train=50, held_out=0)
    assert_close(exchanged.alphas(), ours.alphas())
    assert not are_equal(exchanged.weights(), ours.weights())


@pytest.mark.parametrize("method", OF_GRADIENTS)
@pytest.mark.sample(3)
def test_beside_an_alpha_that_stands_still_weights_train_as_alone(method: str) -> None:
    ours, again, alone = (Run(method, seed=s, **STILL, weights=PLAIN) for s in (0, 1, 0))
    before = {cell: alpha.clone() for cell, alpha in ours.alphas().items()}
    ours.steps(2)
    assert are_equal(ours.alphas(), before)
    if not are_equal(again.steps(2).weights(), ours.weights()):  # another mixture in every step
        return
    weights = alone.supernet.weights()
    optimiser = torch.optim.SGD(weights, RATE, PLAIN.momentum, weight_decay=PLAIN.weight_decay)
    for number in range(2):
        loss = alone.supernet.loss(batch(number, 4), alone.engine.mixing())
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        optimiser.step()
    assert_close(ours.weights(), alone.weights())


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ALONE])
@pytest.mark.sample(4)
def test_weights_that_stand_still_are_the_same_to_the_bit(method: str) -> None:
    run = Run(method, order="second", weights=HELD, epoch=2)  # moved to look ahead, and back
    weights = {name: weight.clone() for name, weight in run.weights().items()}
    alphas = {cell: alpha.clone() for cell, alpha in run.alphas().items()}
    run.steps()
    assert are_equal(run.weights(), weights)
    if method in OF_GRADIENTS:
        assert not are_equal(run.alphas(), alphas)


@pytest.mark.parametrize("hessian", ["difference", "exact"])
@pytest.mark.parametrize("method", AHEAD)
@pytest.mark.sample(3)
def test_one_step_ahead_of_weights_that_stand_still_is_no_step(method: str, hessian: str) -> None:
    def found(order: str, epoch: int) -> Run:
        given: dict[str, Any] = {"order": order, "hessian": hessian, "weights": HELD}
        return Run(method, **given, epoch=epoch).steps(1)

    assert_close(found("second", 2).alphas(), found("first", 2).alphas())
    assert not are_equal(found("second", 0).alphas(), found("first", 0).alphas())


def test_there_are_methods_of_every_kind() -> None:
    """Nothing above holds for want of cases."""
    kinds = {(learns_from_training_data(Run(m), "first"), is_held_out(m)) for m in OF_GRADIENTS}
    assert kinds == {(False, True), (True, False), (True, True)}
    assert len(ON_BOTH_DATA) > 1
    assert set(OF_GRADIENTS) <= {*ENGINES}
