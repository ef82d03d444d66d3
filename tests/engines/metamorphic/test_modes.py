"""How networks run while methods step, and whose random numbers they draw."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from dslnas.engines.sampled_engine import SampledEngine
from tests.engines.metamorphic.tiny import OF_GRADIENTS, TEXT, Run, are_equal
from tests.engines.methods import METHODS
from tests.engines.small import batch, space, supernet_of

DROPPING = TEXT.format("a, b, c").replace("op b = tanh", "op b = tanh -> dropout(0.5)")


def other_statistics(run: Run) -> None:
    """Let the running statistics be those of other data."""
    for buffer in run.supernet.network.buffers():
        buffer.add_(2.0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.sample(4)
def test_steps_take_the_statistics_of_their_batch(method: str) -> None:
    ours, other = Run(method).steps(), Run(method, before=other_statistics).steps()
    assert are_equal(other.alphas(), ours.alphas())
    assert are_equal(other.weights(), ours.weights())
    assert not are_equal(
        dict(other.supernet.network.named_buffers()), dict(ours.supernet.network.named_buffers())
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.sample(4)
def test_whatever_a_method_is_asked_the_network_goes_on_training(method: str) -> None:
    run = Run(method)
    network = run.supernet.network
    run.steps(1).end_epoch()
    run.engine.scores()
    run.engine.mixing()
    run.engine.architecture_loss(batch(0, 4))
    assert network.training
    assert network.run_state.tracking
    assert all(weight.requires_grad for weight in run.supernet.weights())
    run.engine.finish([batch(0, 4)], lambda *_: None)
    assert network.training
    assert network.run_state.tracking


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.sample(4)
def test_draws_depend_on_the_seed_alone(method: str) -> None:
    """Nobody else's random numbers are used, and none of them are used up."""

    def begin(seed: int) -> None:
        torch.default_generator.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)

    def next_numbers() -> tuple[float, float, float]:
        return float(torch.rand(())), np.random.random(), random.random()

    def found(seed: int) -> Run:
        begin(seed)
        expected = next_numbers()
        begin(seed)
        run = Run(method).steps().end_epoch()
        assert next_numbers() == expected
        return run

    ours, other = found(1), found(2)
    assert are_equal(other.alphas(), ours.alphas())
    assert are_equal(other.weights(), ours.weights())
    assert other.engine.scores() == ours.engine.scores()


def test_dropout_is_drawn_while_a_network_trains_and_not_while_it_is_measured() -> None:
    supernet = supernet_of(space(DROPPING))
    run = Run(OF_GRADIENTS[0])
    generator = supernet.network.run_state.generator
    assert generator is not None

    def losses() -> set[float]:
        return {float(supernet.loss(batch(0, 4), run.engine.mixing()).detach()) for _ in range(2)}

    assert len(losses()) == 2
    with supernet.evaluating():
        before = generator.get_state()
        assert len(losses()) == 1
        assert torch.equal(generator.get_state(), before)
    assert len(losses()) == 2


def test_architectures_are_compared_on_one_batch_by_its_own_statistics() -> None:
    """The loss of one does not depend on which ones were measured before."""
    run = next(r for m in METHODS if isinstance((r := Run(m)).engine, SampledEngine))
    assert isinstance(run.engine, SampledEngine)
    choices = [run.engine.uniform() for _ in range(3)]
    there = run.engine.losses(choices, batch(0, 4))
    back = run.engine.losses(choices[::-1], batch(0, 4))
    assert len({*there}) > 1
    assert back == there[::-1]
