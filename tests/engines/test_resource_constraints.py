"""Limits of the derived network as a penalty while searching."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.engines.catalogue import make_engine
from dslnas.engines.expected_cost import costs_of_network, expected_cost
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.optimisers import value_at
from dslnas.engines.protocol import Engine
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.graph.analysis.costs import CostTable
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.rule import Count, Derivation, Limit, Rule
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Adam
from dslnas.space.cell_stats import operation_counts
from dslnas.space.derive.derive import derive
from tests.engines.by_hand import HandAdam, HandSgd
from tests.engines.kinds import one_of_each_base
from tests.engines.small import SPACES, batch, space
from tests.engines.twin import ADAM, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same
from tests.spaces import random_scores
from tests.training.tiny import FEW

BY_GRADIENT = [method for method, model in SEARCH.items() if not model.draws]
NAME = "uneven"


@cache
def table() -> CostTable:
    return costs_of_network(space(SPACES[NAME]), "params")


def start(
    method: str, constraints: ResourceConstraints | None, **given: Any
) -> tuple[Twin, Engine]:
    """Return a twin and an engine at work on it; `given` are settings."""
    twin = Twin(NAME, method=method)
    few = {**FEW.get(method, {}), **({"samples": 3} if method == "random" else {})}
    settings = SEARCH[method](
        **{"epochs": EPOCHS, "warmup": 0, "weights": UNCLIPPED, **few, **given}
    )
    return twin, make_engine(twin.supernet, settings, twin.generator, constraints)


def limited(most: float, weight: float) -> ResourceConstraints:
    return ResourceConstraints(
        space(SPACES[NAME]), Derivation(limits=(Limit("params", most),), penalty=weight)
    )


def expected(twin: Twin, engine: Engine) -> float:
    """Return the weights that a derived network has on average; NASP's A plays no part in it."""
    if isinstance(engine, GradientEngine):
        weights: Mapping[str, Tensor] = engine.probabilities()
        return float(expected_cost(table(), twin.supernet.tables, weights))
    chosen = engine.mixing().chosen
    assert chosen is not None
    one = {
        cell: torch.tensor(
            [[float(c == column) for c in range(t.width)] for column in chosen[cell]]
        )
        for cell, t in twin.supernet.tables.items()
    }
    return float(expected_cost(table(), twin.supernet.tables, one, edges_chosen=True))


@pytest.mark.parametrize(
    "method",
    one_of_each_base(["darts", "milenas", "nasp", "gdas", "pc_darts", "asap", "bayesnas"]),
)
@pytest.mark.sample(1)
def test_the_expected_cost_falls_towards_the_limit(method: str) -> None:
    adam = Adam(lr=0.1, betas=(0.5, 0.9), weight_decay=0.0)
    lowest = table().fixed + 1
    found = []
    for weight in (0.0, 1e3):
        twin, engine = start(method, limited(lowest, weight), arch=adam)
        begin = expected(twin, engine)
        for number in range(8):
            engine.step(batch(number), batch(50 + number))
        found.append(expected(twin, engine) / begin)
    assert found[1] < found[0]
    assert found[1] < 0.96


@pytest.mark.parametrize("method", ["darts", "nasp", "gdas", "bayesnas", "asng", "evolution"])
@pytest.mark.sample(2)
def test_what_is_not_wanted_changes_no_bit(method: str) -> None:
    generous = limited(1e12, 5.0)
    no_weight, no_limit = (
        limited(1.0, 0.0),
        ResourceConstraints(space(SPACES[NAME]), Derivation(penalty=5.0)),
    )
    states = []
    # Drawn architectures keep to a limit whatever its penalty weighs.
    weighed = (no_weight,) if method in BY_GRADIENT else ()
    for constraints in (None, no_limit, generous, *weighed):
        given = {"arch": ADAM} if method in BY_GRADIENT else {}
        twin, engine = start(method, constraints, **given)
        for number in range(2):
            engine.step(batch(number), batch(50 + number))
        states.append([*alphas_of(engine), *twin.supernet.network.state_dict().values()])
    first, *others = states
    for other in others:
        assert all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_darts_step_with_a_limit_by_hand() -> None:
    """To the gradient of the loss comes weight / limit * dE/d alpha while E is above the limit."""
    costs, weight = table(), 0.6
    ours, engine = start("darts", None)
    limit = 0.9 * expected(ours, engine)
    ours, engine = start("darts", limited(limit, weight), arch=ADAM)
    hand = Twin(NAME)
    alphas = [alpha.clone() for alpha in alphas_of(engine)]
    on_weights, on_alpha = HandSgd(UNCLIPPED), HandAdam(ADAM)
    for number in range(2):
        engine.start_epoch(number)
        engine.step(batch(number), batch(50 + number))

        alphas = [alpha.requires_grad_() for alpha in alphas]
        mixing = hand.softened(alphas)
        assert mixing.weights is not None
        cost = expected_cost(costs, hand.supernet.tables, mixing.weights)
        assert cost > limit
        total = hand.supernet.loss(batch(50 + number), mixing) + weight * (cost / limit - 1)
        gradients = torch.autograd.grad(total, alphas, materialize_grads=True)
        rate = value_at(ADAM.lr, number, EPOCHS)
        alphas = on_alpha.step([a.detach() for a in alphas], gradients, rate)
        train_loss = hand.supernet.loss(batch(number), hand.softened(alphas))
        hand.descend(on_weights, train_loss, 0.1)

        assert_same(alphas_of(engine), alphas)
        assert_same(ours.weights(), hand.weights())


@pytest.mark.parametrize("method", [m for m in SEARCH if m not in BY_GRADIENT])
@pytest.mark.sample(3)
def test_drawn_architectures_obey_counts_and_limits(method: str) -> None:
    searched = space(SPACES[NAME])
    rule = Rule((Count("skip_connect", least=1, most=1),))
    costs = [
        build_derived_graph(derive(searched, random_scores(searched, seed), rule)).params()
        for seed in range(20)
    ]
    most = sorted(costs)[14]
    derivation = Derivation(rule=rule, limits=(Limit("params", most),))
    _, engine = start(method, ResourceConstraints(searched, derivation))
    for number in range(4):
        engine.step(batch(number), batch(50 + number))
        architecture = derive(searched, engine.scores())
        assert build_derived_graph(architecture).params() <= most
        assert all(
            operation_counts(architecture.cells[name])["skip_connect"] == 1
            for name in searched.searched
        )
