from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from dslnas.backends.torch.losses import run_batch
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.sequence import make_network
from dslnas.backends.torch.supernet import Supernet
from dslnas.data.dataset import Data
from dslnas.data.tensor_part import TensorPart
from dslnas.engines.discretise import one_hot
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.settings.images import Digits
from dslnas.settings.search import SEARCH
from dslnas.space.derive.derive import Scores, derive
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import task_of
from dslnas.training.measure import measure_batches
from dslnas.training.one_shot import OneShot
from dslnas.training.search import make_supernet
from dslnas.training.search_plan import SearchPlan
from tests.engines.small import LOWERED
from tests.spaces import random_scores, space_of
from tests.training.tiny import CPU, SHAPE, SPACE, Listener, random_data, run_search

BATCH = 8
WITHOUT_POOLS = SPACE.replace("max_pool(3)", "sep_conv(3)")  # pools have a norm in a search only
TASK = task_of(Digits())


def one_shot(data: Data, method: str = "darts") -> tuple[OneShot, Supernet, SearchSpace]:
    space = space_of(WITHOUT_POOLS, SHAPE, LOWERED.get(method, ()), classes=4)
    settings = SEARCH[method](epochs=1, warmup=0)
    plan = SearchPlan(space, build_supernet_graph(space), settings, Digits(batch=BATCH))
    supernet = make_supernet(plan, torch.Generator().manual_seed(0), 0, Runtime(CPU))
    return OneShot(plan, supernet, data.validation, 0), supernet, space


def by_hand(space: SearchSpace, scores: Scores, supernet: Supernet, data: Data) -> float:
    """Measure the derived network by itself, with the weights of the supernet that it has."""
    graph = build_derived_graph(derive(space, scores))
    network = make_network(graph, torch.Generator().manual_seed(1))
    own, shared = network.state_dict(), supernet.network.state_dict()
    network.load_state_dict({**own, **{name: shared[name] for name in own if name in shared}})
    network.train()
    batches = data.validation.held_out(BATCH, torch.Generator())
    with torch.no_grad():
        return measure_batches(lambda batch: run_batch(network, batch).logits, batches, TASK).loss


@pytest.mark.parametrize("method", ["darts", "gdas"])
@pytest.mark.parametrize("seed", range(3))
def test_the_derived_network_is_measured_by_the_shared_weights(method: str, seed: int) -> None:
    data = random_data()
    measures, supernet, space = one_shot(data, method)
    scores = random_scores(space, seed)
    found = measures.measure(measures.choice(scores))
    assert found is not None
    assert found.loss == pytest.approx(by_hand(space, scores, supernet, data), rel=1e-5)


def test_measuring_leaves_the_supernet_as_it_was() -> None:
    measures, supernet, space = one_shot(random_data())
    generator = supernet.network.run_state.generator
    assert generator is not None
    state = {name: tensor.clone() for name, tensor in supernet.network.state_dict().items()}
    drawn = generator.get_state()
    first = measures.measure(measures.choice(random_scores(space, 0)))
    assert measures.measure(measures.choice(random_scores(space, 0))) == first
    assert all(torch.equal(t, state[name]) for name, t in supernet.network.state_dict().items())
    assert torch.equal(generator.get_state(), drawn)


@pytest.mark.parametrize("count", [1, 3])
def test_a_part_too_small_for_batch_norm_is_not_measured(count: int) -> None:
    data = random_data()
    part = data.validation
    assert isinstance(part, TensorPart)
    few = TensorPart({"image": part.inputs["image"][:count]}, targets=part.targets[:count])
    measures, _, space = one_shot(replace(data, validation=few))
    assert measures.measure(measures.choice(random_scores(space, 0))) is None


def test_a_loss_without_end_is_no_measurement() -> None:
    measures, supernet, space = one_shot(random_data())
    with torch.no_grad():
        for weight in supernet.weights():
            weight.fill_(float("nan"))
    assert measures.measure(measures.choice(random_scores(space, 0))) is None


@pytest.mark.parametrize("method", ["darts", "nasp", "gdas", "asap", "enas", "evolution", "nao"])
@pytest.mark.sample(3)
def test_a_search_goes_on_as_if_nothing_had_been_measured(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = Listener(), Listener()
    found = run_search(method, random_data(), report=reports[0])
    monkeypatch.setattr("dslnas.training.review.OneShot", lambda *_: None)
    plain = run_search(method, random_data(), report=reports[1])
    assert found.scores == plain.scores
    assert all(torch.equal(alpha, plain.alphas[name]) for name, alpha in found.alphas.items())
    for measured, unmeasured in zip(reports[0].epochs, reports[1].epochs, strict=True):
        shared = method != "random_search"
        assert ("accuracy" in measured.derived_metrics) == shared
        assert (measured.derived_loss is not None) == shared
        assert unmeasured.derived_metrics == {}
        given: dict[str, Any] = measured.model_dump()
        kept = {k: v for k, v in given.items() if not k.startswith(("derived", "seconds"))}
        assert kept == {k: v for k, v in unmeasured.model_dump().items() if k in kept}


def test_a_mixture_of_one_operation_per_edge_is_measured_as_the_architecture() -> None:
    data = random_data()
    measures, supernet, space = one_shot(data)
    choice = measures.choice(random_scores(space, 0))
    weights = {cell: one_hot(supernet.tables[cell], columns) for cell, columns in choice.items()}
    alone = measures.measure(choice)
    assert alone is not None
    expected = TASK.fine_worth(alone, len(data.validation))
    assert measures.worth(weights) == pytest.approx(expected, rel=1e-5)
