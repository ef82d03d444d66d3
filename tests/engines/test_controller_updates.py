"""How a controller learns from rewards: REINFORCE, and proximal updates against plain loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from dslnas.engines.controller import Controller, Decisions
from dslnas.engines.proximal_policy import clipped_objective
from dslnas.engines.reinforce import EPSILON, Reinforce, forced
from dslnas.engines.resource_constraints import any_choice
from dslnas.settings.search_parts import Plain, Proximal
from dslnas.settings.values import Adam
from tests.engines.small import TEXTS, space, supernet_of

UNITS, SAMPLES = 6, 4
ENTROPY, DECAY = 0.01, 0.95
REWARDS = [0.9, 0.2, 0.5, 0.7]
RATE, BETA = 0.05, 0.999


def trained(
    name: str, update: Plain | Proximal, rate: float = RATE
) -> tuple[Controller, Reinforce, list[Tensor]]:
    """Return a controller, what trains it, and the decisions of some architectures."""
    tables = supernet_of(space(TEXTS[name])).tables
    decisions = Decisions(tables)
    generator = torch.Generator().manual_seed(0)
    choices = [any_choice(tables, generator) for _ in range(SAMPLES)]
    controller = Controller(decisions.plans, len(decisions.operations), UNITS, generator).double()
    adam = Adam(lr=rate, betas=(0.0, BETA), weight_decay=0.0)
    learns = Reinforce(controller, adam, 1, decay=DECAY, entropy=ENTROPY, update=update)
    return controller, learns, decisions.decisions(choices)


def weights_of(controller: Controller) -> list[Tensor]:
    return [weight.detach().clone() for weight in controller.parameters()]


@pytest.mark.parametrize("name", ["uneven", "recurrent"])
def test_the_first_proximal_step_is_that_of_reinforce(name: str) -> None:
    found = []
    for update in (Plain(), Proximal(passes=1)):
        controller, learns, decisions = trained(name, update)
        learns.update(decisions, REWARDS)
        found.append(weights_of(controller))
    for plain, proximal in zip(*found, strict=True):
        torch.testing.assert_close(plain, proximal, rtol=1e-9, atol=1e-12)


def clipped_by_hand(now: Tensor, before: Tensor, advantages: list[float], clip: float) -> Tensor:
    """Return the objective of equation 7, one decision after the other."""
    total = now.new_zeros(())
    for decision in range(len(now)):
        for place, advantage in enumerate(advantages):
            ratio = (now[decision, place] - before[decision, place]).exp()
            allowed = min(max(float(ratio.detach()), 1 - clip), 1 + clip)
            outside = allowed != float(ratio.detach())
            is_cut = outside and allowed * advantage < float(ratio.detach()) * advantage
            total = total + (allowed if is_cut else ratio) * advantage
    return total / len(advantages)


@pytest.mark.parametrize("name", ["uneven", "recurrent"])
@pytest.mark.parametrize("clip", [0.005, 0.02])
def test_proximal_updates_are_those_of_the_equation(name: str, clip: float) -> None:
    passes = 5
    controller, learns, decisions = trained(name, Proximal(clip=clip, passes=passes))
    ours, _, _ = trained(name, Plain())
    learns.update(decisions, REWARDS)

    baseline, advantages = 0.0, []
    decided = ours(SAMPLES, forced(decisions))
    for reward, entropy in zip(REWARDS, decided.entropy.tolist(), strict=True):
        total = reward + ENTROPY * entropy
        baseline = DECAY * baseline + (1 - DECAY) * total
        advantages.append(total - baseline)
    before = decided.log_probabilities.detach()
    squares = [torch.zeros_like(weight) for weight in ours.parameters()]
    cut = 0
    for step in range(1, passes + 1):
        now = ours(SAMPLES, forced(decisions)).log_probabilities
        cut += int(((now - before).exp() - 1).abs().gt(clip).sum())
        objective = clipped_by_hand(now, before, advantages, clip)
        gradients = torch.autograd.grad(-objective, list(ours.parameters()))
        with torch.no_grad():
            for weight, gradient, square in zip(ours.parameters(), gradients, squares, strict=True):
                square.mul_(BETA).add_((1 - BETA) * gradient.square())
                correction = math.sqrt(1 - BETA**step)
                weight.sub_(RATE * correction * gradient / (square.sqrt() + EPSILON))
    assert cut > 0, "some ratios leave the interval"
    assert learns.baseline == pytest.approx(baseline)
    for found, expected in zip(weights_of(controller), weights_of(ours), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-10)


def test_a_ratio_beyond_the_interval_has_no_gradient_the_way_it_went() -> None:
    before = torch.zeros(1, 4, dtype=torch.float64)
    now = torch.tensor([[0.5, 0.5, -0.5, -0.5]], dtype=torch.float64, requires_grad=True)
    advantages = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    objective = clipped_objective(now, before, advantages, 0.2)
    assert objective.tolist() == [
        pytest.approx([1.2, -math.exp(0.5), math.exp(-0.5), -0.8])
    ]  # the smaller of both
    (gradient,) = torch.autograd.grad(objective.sum(), now)
    assert gradient[0].tolist() == pytest.approx([0.0, -math.exp(0.5), math.exp(-0.5), 0.0])


def test_log_probabilities_of_decisions_add_up() -> None:
    controller, _, decisions = trained("uneven", Plain())
    decided = controller(SAMPLES, forced(decisions))
    assert decided.log_probabilities.shape == (len(decisions), SAMPLES)
    torch.testing.assert_close(decided.log_probabilities.sum(0), decided.log_probability)
