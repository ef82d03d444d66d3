"""NASP beyond its three lines: complexity, random operations, warm-up, and A as it stays."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.discretise import explore, nearest, one_hot, uniform
from dslnas.engines.expected_cost import costs_of_network, costs_of_operations, expected_cost
from dslnas.engines.nasp import Nasp
from dslnas.engines.optimisers import value_at
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.gradient_methods import NaspSettings
from dslnas.settings.precision import Precision
from dslnas.settings.values import ADAM_OF_DARTS, Cosine
from tests.engines.by_hand import HandAdam, HandSgd
from tests.engines.small import SPACES, batch, space, supernet_of
from tests.engines.twin import ADAM, EPOCHS, UNCLIPPED, Twin, alphas_of, assert_same

FAST = ADAM_OF_DARTS.replace(
    lr=0.3, weight_decay=0.0
)  # so that other operations are chosen at every step


def start(name: str = "nasp", **given: Any) -> tuple[Twin, Nasp]:
    """Return a twin and an engine at work on it; `given` are settings."""
    twin = Twin(name)
    settings = NaspSettings(**{"epochs": EPOCHS, "weights": UNCLIPPED, "arch": FAST, **given})
    return twin, Nasp(
        twin.supernet, settings, twin.generator, ResourceConstraints(space(SPACES[name]))
    )


def choices_of(twin: Twin, continuous: list[Tensor]) -> dict[str, tuple[int, ...]]:
    """Return prox_C1(A) by cell."""
    pairs = zip(twin.supernet.tables.items(), continuous, strict=True)
    seed = twin.generator.initial_seed()
    return {cell: nearest(table, a.tolist(), seed) for (cell, table), a in pairs}


def as_weights(twin: Twin, choice: Choice) -> dict[str, Tensor]:
    tables = twin.supernet.tables
    return {
        c: one_hot(tables[c], columns).double().requires_grad_() for c, columns in choice.items()
    }


# ---- complexity ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cost", ["params", "flops"])
@pytest.mark.parametrize("cells", [(), ("wide",)])
@pytest.mark.sample(2)
def test_complexity_is_a_term_of_the_loss_at_the_discrete_point(
    cost: Any, cells: tuple[str, ...]
) -> None:
    eta = 0.8
    ours, engine = start("uneven", arch=ADAM, complexity=eta, cost=cost, cells=cells)
    hand, searched = Twin("uneven"), space(SPACES["uneven"])
    continuous = [torch.full_like(a, 0.5) for a in alphas_of(engine)]
    on_weights, on_alpha = HandSgd(UNCLIPPED), HandAdam(ADAM)
    for number in range(3):
        engine.start_epoch(number)
        train, architecture = batch(10 + number), batch(20 + number)
        found = engine.step(train, architecture)

        weights = as_weights(hand, choices_of(hand, continuous))
        held_out = hand.supernet.loss(architecture, Mixing(weights))
        gradients = torch.autograd.grad(held_out, list(weights.values()), materialize_grads=True)
        for (cell, discrete), gradient in zip(weights.items(), gradients, strict=True):
            if cells and cell not in cells:
                continue
            for row, costs in enumerate(costs_of_operations(searched, cell, cost)):
                for column, c in enumerate(costs):
                    slope = 2 * c / (sum(costs) or 1) * discrete[row, column].item()
                    gradient[row, column] += eta * slope
        rate = value_at(ADAM.lr, number, EPOCHS)
        continuous = [a.clamp(0, 1) for a in on_alpha.step(continuous, gradients, rate)]
        choice = choices_of(hand, continuous)
        train_loss = hand.supernet.loss(train, Mixing(None, choice))
        hand.descend(on_weights, train_loss, value_at(UNCLIPPED.lr, number, EPOCHS))

        assert found.architecture is not None
        assert_same([found.train, found.architecture], [train_loss.detach(), held_out.detach()])
        assert_same(alphas_of(engine), continuous)
        assert_same(ours.weights(), hand.weights())


def test_a_larger_complexity_chooses_a_smaller_network() -> None:
    table = costs_of_network(space(SPACES["uneven"]), "params")
    sizes = []
    for eta in (0.0, 100.0):
        twin, engine = start(
            "uneven", complexity=eta, arch=ADAM_OF_DARTS.replace(lr=0.05, weight_decay=0.0)
        )
        for number in range(10):
            engine.step(batch(number), batch(50 + number))
        chosen = engine.mixing().chosen
        assert chosen is not None
        weights = as_weights(twin, chosen)
        cost = expected_cost(table, twin.supernet.tables, weights, edges_chosen=True)
        sizes.append(float(cost.detach()))
    assert sizes[1] < 0.8 * sizes[0]


def test_without_goals_operations_cost_nothing() -> None:
    states = []
    for complexity in (0.0, 5.0):
        twin = Twin("nasp")
        settings = NaspSettings(epochs=EPOCHS, arch=FAST, complexity=complexity)
        engine = Nasp(twin.supernet, settings, twin.generator)
        engine.step(batch(0), batch(1))
        states.append(alphas_of(engine))
    assert all(torch.equal(a, b) for a, b in zip(*states, strict=True))


def test_operations_that_all_cost_nothing_make_no_complexity() -> None:
    """So it is with the activations of a recurrent cell, whose weights belong to the nodes."""
    free = """use std.cnn
op pool = max_pool2d(3)
cell free {
    inputs  1
    preprocess  preprocess
    node n1 = {identity, pool}(in1)
    node n2 = {identity, pool, tanh}(in1) + {identity, relu}(n1)
    keep    1
}
network { channels 4; cells free }
evaluate { channels 4 }
"""
    searched = space(free)
    states = []
    for complexity in (0.0, 5.0):
        supernet = supernet_of(searched)
        settings = NaspSettings(epochs=EPOCHS, arch=FAST, complexity=complexity)
        constraints = ResourceConstraints(searched)
        engine = Nasp(supernet, settings, torch.Generator().manual_seed(0), constraints)
        report = engine.step(batch(0), batch(1))
        assert report.architecture is not None
        states.append([report.architecture, *alphas_of(engine)])
    assert all(torch.equal(a, b) for a, b in zip(*states, strict=True))
    assert all(bool(a.isfinite().all()) for a in states[1])


# ---- random operations --------------------------------------------------------------------------


def test_random_operations_are_drawn_for_both_halves_of_a_step() -> None:
    """A moves along the gradient at the explored point; what is derived is explored by nothing."""
    epsilon = 0.5
    ours, engine = start("uneven", arch=ADAM, epsilon=epsilon)
    hand = Twin("uneven")
    continuous = [torch.full_like(a, 0.5) for a in alphas_of(engine)]
    on_weights, on_alpha = HandSgd(UNCLIPPED), HandAdam(ADAM)
    explored = 0

    def draw() -> dict[str, tuple[int, ...]]:
        tables = hand.supernet.tables
        choices = choices_of(hand, continuous)
        return {
            c: explore(tables[c], chosen, epsilon, hand.generator) for c, chosen in choices.items()
        }

    for number in range(3):
        engine.start_epoch(number)
        train, architecture = batch(10 + number), batch(20 + number)
        engine.step(train, architecture)

        weights = as_weights(hand, draw())
        held_out = hand.supernet.loss(architecture, Mixing(weights))
        gradients = torch.autograd.grad(held_out, list(weights.values()), materialize_grads=True)
        rate = value_at(ADAM.lr, number, EPOCHS)
        continuous = [a.clamp(0, 1) for a in on_alpha.step(continuous, gradients, rate)]
        choice = draw()
        explored += choice != choices_of(hand, continuous)
        hand.descend(on_weights, hand.supernet.loss(train, Mixing(None, choice)), 0.1)

        assert_same(alphas_of(engine), continuous)
        assert_same(ours.weights(), hand.weights())
        assert engine.mixing() == Mixing(None, choices_of(hand, continuous))
    assert explored


def test_without_random_operations_nothing_is_drawn() -> None:
    twin, engine = start("nasp", epsilon=0.0)
    before = twin.generator.get_state()
    engine.step(batch(0), batch(1))
    assert torch.equal(twin.generator.get_state(), before)


# ---- warm-up ------------------------------------------------------------------------------------


def test_a_warm_up_trains_random_architectures() -> None:
    ours, engine = start("nasp", warmup=1)
    hand, sgd = Twin("nasp"), HandSgd(UNCLIPPED)
    tables = hand.supernet.tables
    engine.start_epoch(0)
    seen = set()
    for number in range(3):
        report = engine.step(batch(number), batch(50 + number))
        choice = {cell: uniform(table, hand.generator) for cell, table in tables.items()}
        hand.descend(sgd, hand.supernet.loss(batch(number), Mixing(None, choice)), 0.1)
        assert report.architecture is None
        assert_same(ours.weights(), hand.weights())
        assert all(bool((a == 0.5).all()) for a in alphas_of(engine))
        seen.add(repr(choice))
    assert len(seen) == 3
    engine.start_epoch(1)
    assert engine.step(batch(0), batch(1)).architecture is not None


# ---- A stays as it is ---------------------------------------------------------------------------

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.sample(2)
def test_discretising_never_changes_a_bit_of_the_continuous_alphas(
    device: str, precision: Precision
) -> None:
    """Not even inside of a step: at a learning rate of zero what is left is discretising."""
    searched = space(SPACES["nasp"])
    generator = torch.Generator().manual_seed(0)
    graph = build_supernet_graph(searched)
    runtime = Runtime(torch.device(device), precision=precision)
    supernet = Supernet(searched, graph, generator, runtime)
    adam = ADAM_OF_DARTS.replace(lr=Cosine(start=0.2, end=0.0), weight_decay=0.0)
    engine = Nasp(supernet, NaspSettings(epochs=2, arch=adam, epsilon=0.2), generator)

    def given(seed: int) -> Batch:
        examples = batch(seed, dtype=runtime.dtype)
        images = examples.inputs["image"].to(device)
        return Batch({"image": images}, examples.targets.to(device))

    for number in range(3):
        engine.step(given(number), given(50 + number))
    alphas = list(engine.alphas().values())
    before = [a.clone() for a in alphas]
    assert {a.device.type for a in alphas} == {device}
    assert all(bool(((a > 0) & (a < 1)).any()) for a in before), "not those of the discrete network"

    engine.mixing()
    scores = engine.scores()
    assert engine.finish([given(9)], lambda *_: None) == scores
    engine.start_epoch(2)  # one after the last: the cosine has reached its end
    for number in range(3):
        engine.step(given(20 + number), given(30 + number))
    assert all(a is b for a, b in zip(engine.alphas().values(), alphas, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(alphas, before, strict=True))
    as_numbers = [torch.tensor(scores[cell], dtype=runtime.dtype) for cell in engine.alphas()]
    assert all(torch.equal(a, b.cpu()) for a, b in zip(as_numbers, before, strict=True))
    assert list(engine.mixing().chosen or ()) == list(supernet.tables)
    assert all(DROPPED in columns for columns in (engine.mixing().chosen or {}).values())
