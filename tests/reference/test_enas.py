"""ENAS's controller of cells with the weights and the architectures of the published program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from dslnas.engines.controller import CellPlan, Controller, Decided
from dslnas.engines.decisions import NodePlan
from dslnas.engines.reinforce import Reinforce, forced
from dslnas.settings.values import Adam
from tests.reference.load import assert_close, facts, tensors

NAME = "enas_micro_a"
NODES, OPERATIONS, UNITS = 3, 5, 8
WEIGHTS = {
    "lstm": "lstm/layer_0/w",
    "begin": "g_emb",
    "embedding": "emb/w",
    "operation": "softmax/w",
    "bias": "softmax/b",
    "of_anchor": "attention/w_1",
    "of_state": "attention/w_2",
    "attention": "attention/v",
}
"""Our names and theirs."""


def plan() -> CellPlan:
    """Return their cell: two inputs, and each node reads any two of what is before it."""
    nodes: list[NodePlan] = []
    positions: list[int] = []
    for number in range(NODES):
        slots = []
        for _ in range(2):
            slots.append(tuple(range(len(positions), len(positions) + number + 2)))
            positions += range(number + 2)
        nodes.append(NodePlan(tuple(slots)))
    return CellPlan(2, tuple(nodes), tuple(positions), ((True,) * OPERATIONS,) * len(positions))


def controller() -> Controller:
    preference = torch.zeros(2, OPERATIONS, dtype=torch.float64)
    preference[0] = torch.tensor([0.25, 0.25, -0.25, -0.25, -0.25])  # in the normal cell alone
    made = Controller(
        (plan(), plan()), OPERATIONS, UNITS, torch.Generator(), preference=preference
    ).double()
    for name, weight in made.named_parameters():
        weight.data.copy_(tensors(NAME)[f"w/{WEIGHTS[name]}"])
    return made


def decisions(*numbers: int) -> list[Tensor]:
    """Return the decisions of some of their architectures: (index, operation) twice, by node."""
    each = [list(_in_order(number)) for number in numbers]
    return [torch.tensor(places) for places in zip(*each, strict=True)]


def _in_order(number: int) -> Iterator[int]:
    for cell in ("normal", "reduce"):
        arc = tensors(NAME)[f"in/arcs_{cell}"][number].tolist()
        for start in range(0, 4 * NODES, 4):
            first, operation, second, other = arc[start : start + 4]
            yield from (first, second, operation, other)


def decide(*numbers: int) -> Decided:
    found: Decided = controller()(len(numbers), forced(decisions(*numbers)))
    return found


def test_probabilities_and_entropies() -> None:
    found = decide(0, 1, 2, 3)
    assert (-found.log_probability).tolist() == pytest.approx(facts(NAME)["neg_log_prob"], rel=1e-9)
    assert found.entropy.tolist() == pytest.approx(facts(NAME)["entropy"], rel=1e-9)


def test_logits_of_every_decision() -> None:
    seen: list[list[float]] = []
    given = forced(decisions(0))

    def watch(logits: Tensor) -> Tensor:
        seen.append(logits[0].tolist())
        return given(logits)

    controller()(1, watch)
    for found, expected in zip(seen, facts(NAME)["logits_of_every_decision_arc_0"], strict=True):
        assert found == pytest.approx(expected, rel=1e-9)


def test_gradient() -> None:
    made = controller()
    (-made(1, forced(decisions(0))).log_probability.sum()).backward()
    for name, weight in made.named_parameters():
        assert weight.grad is not None
        assert_close(weight.grad, tensors(NAME)[f"grad_neg_log_prob_arc_0/{WEIGHTS[name]}"])


def test_three_updates() -> None:
    about = facts(NAME)
    hyper, made = about["hyper"], controller()
    adam = Adam(lr=hyper["lr"], betas=(hyper["adam_beta1"], hyper["adam_beta2"]), weight_decay=0.0)
    trainer = Reinforce(
        made, adam, 1, decay=hyper["baseline_decay"], entropy=hyper["entropy_weight"]
    )
    for number, expected in enumerate(about["updates"], 1):
        assert trainer.baseline == pytest.approx(expected["baseline_before"], rel=1e-9)
        arc = expected["arc"]
        loss = trainer.update(decisions(arc), [about["rewards_accuracy"][arc]])
        assert loss == pytest.approx(expected["loss"], rel=1e-9)
        assert trainer.baseline == pytest.approx(expected["baseline_after"], rel=1e-9)
        if number in (1, 3):
            for name, weight in made.named_parameters():
                assert_close(weight, tensors(NAME)[f"train/after_{number}/{WEIGHTS[name]}"])
