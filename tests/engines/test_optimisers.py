from __future__ import annotations

import math
from typing import Any, TypeAlias

import pytest
import torch
from torch import Tensor, nn

from dslnas.engines.optimisers import AlphaOptimiser, WeightOptimiser, value_at
from dslnas.settings.values import (
    Adagrad,
    Adam,
    AdamW,
    AnyOptimiser,
    Cosine,
    Exponential,
    Linear,
    RmsProp,
    Schedule,
    Sgd,
    Steps,
    Warmup,
)
from dslnas.state import State, StateError
from tests.engines.by_hand import HandAdam, HandSgd


def problem(seed: int = 0) -> tuple[list[Tensor], Tensor]:
    """Return the two weights of sum((M w)^2) + sum(v^3), and M."""
    generator = torch.Generator().manual_seed(seed)
    shapes = ((3, 2), (4,), (5, 3))
    w, v, m = (torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes)
    return [w, v], m


def loss_of(weights: list[Tensor], m: Tensor) -> Tensor:
    return (m @ weights[0]).square().sum() + weights[1].pow(3).sum()


def gradients_of(weights: list[Tensor], m: Tensor) -> list[Tensor]:
    leaves = [w.clone().requires_grad_() for w in weights]
    return list(torch.autograd.grad(loss_of(leaves, m), leaves))


# ---- learning rates -----------------------------------------------------------------------------


def test_cosine_starts_at_its_start_and_ends_before_its_end() -> None:
    cosine = Cosine(start=0.025, end=0.001)
    rates = [value_at(cosine, epoch, 50) for epoch in range(51)]
    assert rates[0] == 0.025
    assert rates[25] == pytest.approx(0.013, rel=1e-12)
    assert rates[10] == pytest.approx(0.001 + 0.024 * (1 + math.cos(math.pi / 5)) / 2, rel=1e-12)
    assert rates[49] > 0.001
    assert rates[50] == pytest.approx(0.001, rel=1e-12)
    assert rates == sorted(rates, reverse=True)


def test_cosine_is_that_of_torch() -> None:
    sgd = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, T_max=7, eta_min=0.02)
    for epoch in range(7):
        ours = value_at(Cosine(start=0.1, end=0.02), epoch, 7)
        assert ours == pytest.approx(scheduler.get_last_lr()[0], rel=1e-12)
        sgd.step()
        scheduler.step()


def test_exponential_multiplies_after_every_epoch() -> None:
    schedule = Exponential(start=0.5, factor=0.9)
    rates = [value_at(schedule, epoch, 3) for epoch in range(4)]
    assert rates == pytest.approx([0.5, 0.45, 0.405, 0.3645], rel=1e-12)


def test_linear_is_at_its_start_in_the_first_epoch_and_at_its_end_in_the_last() -> None:
    schedule = Linear(start=10.0, end=1.0)
    rates = [value_at(schedule, epoch, 4) for epoch in range(5)]
    assert rates == pytest.approx([10.0, 7.0, 4.0, 1.0, 1.0], rel=1e-12)
    assert value_at(schedule, 0, 1) == 10.0


def test_a_number_stays() -> None:
    assert {value_at(0.3, epoch, 5) for epoch in range(6)} == {0.3}


def test_steps_multiply_before_each_of_their_epochs() -> None:
    rates = [value_at(Steps(start=1.0, at=(2, 4), factor=0.5), epoch, 6) for epoch in range(6)]
    assert rates == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("then", [0.3, Cosine(start=0.3, end=0.1), Steps(start=0.3, at=(1,))])
def test_a_warm_up_rises_to_the_schedule_that_follows_it(then: Any) -> None:
    rates = [value_at(Warmup(epochs=2, then=then), epoch, 6) for epoch in range(6)]
    assert rates[:2] == pytest.approx([0.1, 0.2])
    assert rates[2:] == [value_at(then, epoch, 4) for epoch in range(4)]


def test_one_epoch_runs_at_the_start() -> None:
    assert value_at(Cosine(start=0.1, end=0.0), 0, 1) == 0.1


# ---- weights ------------------------------------------------------------------------------------


@pytest.mark.parametrize("clip", [0.0, 1.0, 1e3])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("schedule", [0.01, Cosine(start=0.01, end=0.001)])
def test_weights_move_by_the_formula(clip: float, momentum: float, schedule: Schedule) -> None:
    settings = Sgd(lr=schedule, momentum=momentum, weight_decay=0.1, clip=clip)
    expected, m = problem()
    weights = [nn.Parameter(w.clone()) for w in expected]
    ours, hand = WeightOptimiser(weights, settings, epochs=4), HandSgd(settings)
    for epoch in range(4):
        ours.start_epoch(epoch)
        for _ in range(2):
            rate = value_at(schedule, epoch, 4)
            expected = hand.step(expected, gradients_of(expected, m), rate)
            ours.step(ours.gradients(loss_of(list(weights), m)))
            for found, wanted in zip(weights, expected, strict=True):
                torch.testing.assert_close(found.detach(), wanted, rtol=1e-12, atol=1e-14)


def test_clipping_is_by_the_norm_of_all_gradients_together() -> None:
    weights = [nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))]
    settings = Sgd(lr=1.0, momentum=0.0, weight_decay=0.0, clip=1.0)
    ours = WeightOptimiser(weights, settings, 1)
    ours.step(ours.gradients(3 * weights[0].sum() - 4 * weights[1].sum()))
    assert [w.item() for w in weights] == pytest.approx([-0.6, 0.8], rel=1e-5)


def test_a_weight_without_gradient_stays_whatever_its_momentum_and_decay() -> None:
    first, second = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    ours = WeightOptimiser([first, second], Sgd(lr=0.1, weight_decay=0.5), 1)
    ours.step(ours.gradients(first.sum() + second.sum()))
    before = first.detach().clone(), second.detach().clone()
    ours.step(ours.gradients(first.sum()))
    assert not torch.equal(first, before[0])
    assert torch.equal(second, before[1])
    ours.step(ours.gradients(second.sum()))
    assert not torch.equal(second, before[1])


def test_adam_moves_weights_by_its_formula() -> None:
    settings = Adam(lr=0.01, betas=(0.8, 0.9), weight_decay=0.1)
    expected, m = problem()
    weights = [nn.Parameter(w.clone()) for w in expected]
    ours, hand = WeightOptimiser(weights, settings, epochs=1), HandAdam(settings)
    for _ in range(4):
        expected = hand.step(expected, gradients_of(expected, m), 0.01)
        ours.step(ours.gradients(loss_of([*weights], m)))
    for found, wanted in zip(weights, expected, strict=True):
        torch.testing.assert_close(found.detach(), wanted, rtol=1e-12, atol=1e-14)


def first_step(settings: AnyOptimiser) -> float:
    """Return what a weight of 1 becomes by one step along a gradient of 2."""
    weight = nn.Parameter(torch.ones(1, dtype=torch.float64))
    ours = WeightOptimiser([weight], settings, 1)
    ours.step(ours.gradients(2 * weight.sum()))
    return weight.item()


def test_decay_of_adamw_is_apart_from_the_gradient() -> None:
    """w <- w - lr * decay * w - lr * sign(g) in the first step; plain Adam has no such term."""
    assert first_step(AdamW(lr=0.1, weight_decay=0.5)) == pytest.approx(1 - 0.05 - 0.1)
    assert first_step(Adam(lr=0.1, weight_decay=0.5)) == pytest.approx(1 - 0.1)


def test_rmsprop_divides_by_the_root_of_the_mean_square() -> None:
    """With s = (1 - decay) * g^2 a first step is lr * g / sqrt(s)."""
    assert first_step(RmsProp(lr=0.01, decay=0.75)) == pytest.approx(1 - 0.01 / 0.5)


@pytest.mark.parametrize(
    ("settings", "squares"),
    [
        (Adam(clip=1.0), "exp_avg_sq"),
        (AdamW(clip=1.0), "exp_avg_sq"),
        (RmsProp(clip=1.0, decay=0.999), "square_avg"),
        (Adagrad(clip=1.0), "sum"),
    ],
)
def test_other_optimisers_clip_where_they_are_told(settings: AnyOptimiser, squares: str) -> None:
    """The mean squares of the published formulas start with a share of the clipped squares."""
    weights = [nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))]
    ours, given = WeightOptimiser(weights, settings, 1), [torch.tensor([3.0]), torch.tensor([4.0])]
    ours.step(given)
    share = 1.0 if squares == "sum" else 1e-3
    found = [ours.state()[f"{number}/{squares}"].item() / share for number in range(2)]
    assert found == pytest.approx([0.36, 0.64], rel=1e-4)
    assert [g.item() for g in given] == [3.0, 4.0], "they are the caller's"


def test_gradients_of_one_step_do_not_enter_the_next() -> None:
    weight = nn.Parameter(torch.ones(1))
    ours = WeightOptimiser([weight], Sgd(lr=0.1, momentum=0.0, weight_decay=0.0, clip=0.0), 1)
    weight.grad = torch.full((1,), 100.0)
    ours.step(ours.gradients(weight.sum()))
    ours.step(ours.gradients(weight.sum()))
    assert weight.item() == pytest.approx(0.8)


@pytest.mark.parametrize("settings", [Sgd(clip=0.0), Adam(), AdamW(), RmsProp(), Adagrad(clip=0.0)])
def test_a_gradient_may_lie_in_memory_as_it_likes(settings: AnyOptimiser) -> None:
    start, gradient = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    layouts = {
        "like the weight": gradient,
        "channels last": gradient.contiguous(memory_format=torch.channels_last),
        "transposed": gradient.transpose(0, 3).contiguous().transpose(0, 3),
    }
    found = []
    for given in layouts.values():
        weight = nn.Parameter(start.clone())
        WeightOptimiser([weight], settings, 1).step([given])
        found.append(weight.detach())
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@pytest.mark.parametrize("gradients", [(None, None), ()])
def test_without_any_gradient_nothing_moves(gradients: tuple[None, ...]) -> None:
    weights = [nn.Parameter(torch.ones(2)) for _ in gradients]
    ours = WeightOptimiser(weights, Sgd(), 1)
    ours.step(gradients)
    assert all(torch.equal(weight, torch.ones(2)) for weight in weights)
    assert ours.state() == {}


# ---- alpha --------------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("schedule", [0.05, Exponential(start=0.05, factor=0.5)])
def test_alphas_move_by_the_formula(decay: float, schedule: Schedule) -> None:
    settings = Adam(lr=schedule, weight_decay=decay)
    expected, m = problem()
    alphas = [a.clone() for a in expected]
    ours, hand = AlphaOptimiser(alphas, settings, epochs=3), HandAdam(settings)
    for epoch in range(3):
        ours.start_epoch(epoch)
        for _ in range(2):
            rate = value_at(schedule, epoch, 3)
            expected = hand.step(expected, gradients_of(expected, m), rate)
            ours.step(gradients_of(alphas, m))
            for found, wanted in zip(alphas, expected, strict=True):
                torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)


def test_first_step_of_alpha_is_the_learning_rate_against_the_sign() -> None:
    alpha = torch.zeros(3)
    ours = AlphaOptimiser([alpha], Adam(lr=0.25, weight_decay=0.0), 1)
    ours.step([torch.tensor([7.0, -0.01, 0.0])])
    assert alpha.tolist() == pytest.approx([-0.25, 0.25, 0.0], rel=1e-5)


def test_every_alpha_needs_a_gradient() -> None:
    ours = AlphaOptimiser([torch.zeros(1), torch.zeros(1)], Adam(), 1)
    with pytest.raises(ValueError, match="zip"):
        ours.step([torch.zeros(1)])


# ---- states -------------------------------------------------------------------------------------

Optimiser: TypeAlias = WeightOptimiser | AlphaOptimiser
EVERY_OPTIMISER = pytest.mark.parametrize(
    ("of", "settings"),
    [
        (WeightOptimiser, Sgd(lr=Cosine(start=0.01, end=0.001))),
        (WeightOptimiser, Sgd(lr=0.01, momentum=0.0)),
        (WeightOptimiser, Adam(lr=Warmup(epochs=2, then=0.05), weight_decay=0.1)),
        (WeightOptimiser, AdamW(lr=Steps(start=0.05, at=(1,)))),
        (WeightOptimiser, RmsProp(lr=0.01)),
        (WeightOptimiser, RmsProp(lr=0.01, momentum=0.5)),
        (WeightOptimiser, Adagrad(lr=0.05)),
        (AlphaOptimiser, Sgd(lr=0.01)),
        (AlphaOptimiser, Adam(lr=Exponential(start=0.05, factor=0.5))),
    ],
)


def moved(of: Any, settings: Any, steps: int) -> tuple[Optimiser, list[Tensor], Tensor]:
    """Return an optimiser after some steps in epoch 1, its weights, and M."""
    start, m = problem()
    weights = [nn.Parameter(w) for w in start]
    optimiser = of(weights, settings, 4)
    optimiser.start_epoch(1)
    go_on(optimiser, [*weights], m, steps)
    return optimiser, [*weights], m


def go_on(optimiser: Optimiser, weights: list[Tensor], m: Tensor, steps: int) -> None:
    for _ in range(steps):
        optimiser.step(torch.autograd.grad(loss_of(weights, m), weights))


def copied(state: State) -> State:
    return {name: tensor.clone() for name, tensor in state.items()}


@EVERY_OPTIMISER
def test_another_optimiser_goes_on_bit_for_bit(of: Any, settings: Any) -> None:
    first, weights, m = moved(of, settings, 3)
    state, values = copied(first.state()), [w.detach().clone() for w in weights]
    second, others, _ = moved(of, settings, 1)
    for other, value in zip(others, values, strict=True):
        other.data.copy_(value)
    given = copied(state)
    second.take(given)
    go_on(first, weights, m, 2)
    go_on(second, others, m, 2)
    assert all(torch.equal(a, b) for a, b in zip(weights, others, strict=True))
    assert all(torch.equal(tensor, state[name]) for name, tensor in given.items()), "it was copied"


@EVERY_OPTIMISER
def test_one_that_took_no_step_has_no_buffers_and_brings_back_the_beginning(
    of: Any, settings: Any
) -> None:
    new, weights, m = moved(of, settings, 0)
    assert new.state() == {}
    used, others, _ = moved(of, settings, 3)
    used.take({})
    for other, weight in zip(others, weights, strict=True):
        other.data.copy_(weight)
    go_on(new, weights, m, 2)
    go_on(used, others, m, 2)
    assert all(torch.equal(a, b) for a, b in zip(weights, others, strict=True))


def test_only_weights_that_moved_have_a_momentum() -> None:
    first, second = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    ours = WeightOptimiser([first, second], Sgd(lr=0.1, weight_decay=0.0, clip=0.0), 1)
    ours.step(ours.gradients(3 * second.sum()))
    assert {name: t.tolist() for name, t in ours.state().items()} == {
        "1/momentum_buffer": [3.0, 3.0]
    }


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"2/momentum_buffer": torch.zeros(1)}, "`2/momentum_buffer` is not of this optimiser"),
        ({"0/exp_avg": torch.zeros(3, 2)}, "`0/exp_avg` is not of this optimiser"),
        (
            {"0/momentum_buffer": torch.zeros(3)},
            "`0/momentum_buffer` is float32 (3,), needs float64 (3, 2)",
        ),
    ],
)
def test_momentum_of_other_weights_is_refused(state: State, reason: str) -> None:
    optimiser, _, _ = moved(WeightOptimiser, Sgd(), 2)
    before = copied(optimiser.state())
    with pytest.raises(StateError) as raised:
        optimiser.take(state)
    assert str(raised.value) == reason
    after = optimiser.state()
    assert list(after) == list(before), "it stays as it was"
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_moments_without_their_number_of_steps_are_refused() -> None:
    optimiser, _, _ = moved(AlphaOptimiser, Adam(), 1)
    state = copied(optimiser.state())
    del state["1/step"]
    with pytest.raises(StateError, match="`1/step` is missing"):
        optimiser.take(state)
