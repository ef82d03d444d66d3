from __future__ import annotations

import math
import weakref
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from dslnas.backends.torch import network as module
from dslnas.backends.torch.mixing import Weighing
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.primitives import FORMS, Form
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.analysis.plan import Step, make_plan
from dslnas.graph.graph import INPUT, Node, PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.space.derive.derive import derive
from tests.engines.small import (
    OF_EDGES,
    SPACES,
    as_weights,
    batch,
    padded_scores,
    some_choice,
    space,
    supernet_of,
)

EVERY_SPACE = pytest.mark.parametrize("name", sorted(SPACES))


def derived(name: str, *, training: bool = False) -> PrimitiveGraph:
    searched = space(SPACES[name])
    architecture = derive(searched, padded_scores(searched, 0))
    return build_derived_graph(architecture, training=training)


def network(name: str, seed: int = 0) -> TorchNetwork:
    return TorchNetwork(derived(name), torch.Generator().manual_seed(seed))


def spy(monkeypatch: pytest.MonkeyPatch, watch: Form) -> None:
    """Let `watch` run beside every form; what it returns is the output."""
    forms = dict.fromkeys(FORMS, watch)
    monkeypatch.setattr(module, "FORMS", forms)


# ---- tensors ------------------------------------------------------------------------------------


@EVERY_SPACE
def test_tensors_are_named_as_in_the_graph(name: str) -> None:
    graph = derived(name)
    state = network(name).state_dict()
    owned = {f"{n.name}/{w.name}": w.shape for n in graph.nodes for w in n.weights}
    assert {k: tuple(v.shape) for k, v in state.items()} == owned
    made = network(name)
    assert sum(p.numel() for p in made.parameters()) == graph.params()
    assert list(made.arrays()) == list(state)


def test_start_values_are_uniform_in_the_bound_of_the_fan_in_or_constant() -> None:
    made = network("darts")
    for node in made.graph.nodes:
        for weight in node.weights:
            tensor = made.state_dict()[f"{node.name}/{weight.name}"]
            assert tensor.dtype == torch.float32
            if weight.fan_in:
                bound = 1 / math.sqrt(weight.fan_in)
                assert tensor.abs().max() <= bound
                assert tensor.unique().numel() == tensor.numel()
            else:
                assert bool((tensor == weight.fill).all())
    stem = made.state_dict()["stem/0_conv/weight"] * math.sqrt(2 * 9)  # fan-in of 2 channels
    assert stem.numel() == 216
    assert stem.mean().item() == pytest.approx(0, abs=0.1)
    assert stem.std().item() == pytest.approx(3**-0.5, abs=0.06)  # of the uniform distribution


def test_same_seed_gives_the_same_tensors() -> None:
    first, again, other = (network("darts", seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[k], again[k]) for k in first)
    drawn = {f"{n.name}/{w.name}" for n in derived("darts").nodes for w in n.weights if w.fan_in}
    assert {k for k in first if not torch.equal(first[k], other[k])} == drawn


def test_arrays_of_one_network_can_be_loaded_into_another() -> None:
    images = batch(0, dtype=torch.float32).inputs
    first, second = network("darts", 0), network("darts", 1)
    first.train()(images)  # so that running statistics are no longer those of the start
    second.load_arrays(first.arrays())
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, second.arrays()[name])
    with torch.no_grad():
        assert torch.equal(first.eval()(images)[0], second.eval()(images)[0])


def test_loaded_arrays_are_copied() -> None:
    made, arrays = network("darts"), {k: v.copy() for k, v in network("darts", 1).arrays().items()}
    made.load_arrays(arrays)
    arrays["stem/0_conv/weight"][:] = 0
    assert made.arrays()["stem/0_conv/weight"].all()


@pytest.mark.parametrize("what", ["missing", "superfluous", "shape"])
def test_arrays_have_to_fit(what: str) -> None:
    made = network("darts")
    arrays = made.arrays()
    name = "stem/0_conv/weight"
    if what == "superfluous":
        arrays["stem/7_conv/weight"] = arrays[name]
    elif what == "missing":
        del arrays[name]
    else:
        arrays[name] = arrays[name][:, :1]
    with pytest.raises(RuntimeError, match="stem"):
        made.load_arrays(arrays)


# ---- runs ---------------------------------------------------------------------------------------


@EVERY_SPACE
@pytest.mark.parametrize("observe", [False, True])
def test_every_step_of_the_plan_runs_once_and_nothing_else(
    name: str, observe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = space(SPACES[name])
    supernet, choice = supernet_of(searched), some_choice(searched, 0)
    ran: Counter[str] = Counter()

    def watch(n: Node, x: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
        ran[n.name] += 1
        return FORMS[n.primitive](n, x, own, run)

    spy(monkeypatch, watch)
    supernet.network.plain = True
    supernet.network(batch(0).inputs, None, choice, observe=observe)
    graph = supernet.network.graph
    steps = make_plan(graph, graph.outputs, choice, observe=observe)
    assert ran == Counter(s.node.name for s in steps if s.node.primitive != "mix")
    everything = [n.name for n in graph.nodes if n.primitive not in ("mix", INPUT)]
    assert len(ran) == len(everything) if observe else len(ran) < len(everything)


def test_values_are_given_up_after_their_last_use(monkeypatch: pytest.MonkeyPatch) -> None:
    searched = space(SPACES["darts"])
    supernet = supernet_of(searched)
    graph = supernet.network.graph
    alive: dict[str, weakref.ref[Tensor]] = {}
    place = {n.name: number for number, n in enumerate(graph.nodes)}
    last_read = {source: place[n.name] for n in graph.nodes for source in n.inputs}

    def watch(n: Node, x: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
        kept = {name for name, value in alive.items() if value() is not None}
        assert {name for name in kept if last_read[name] < place[n.name]} == set()
        result = FORMS[n.primitive](n, x, own, run).clone()  # also of an identity
        alive[n.name] = weakref.ref(result)
        return result

    spy(monkeypatch, watch)
    supernet.network.plain = True
    with torch.no_grad():
        supernet.network(batch(0).inputs)
    left = [name for name, value in alive.items() if value() is not None]
    assert len(alive) > 50
    assert left == []


@pytest.mark.parametrize("name", OF_EDGES)
def test_an_operation_that_is_not_chosen_gets_no_backward_pass(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = space(SPACES[name])
    supernet, choice = supernet_of(searched), some_choice(searched, 0)
    graph, weigh = supernet.network.graph, Weighing.__call__
    needed = {s.node.name for s in make_plan(graph, graph.outputs, choice)}
    zeros = {n.name for n in graph.nodes if n.primitive == "zero"}
    recorded: dict[str, set[str]] = {}

    def watch(weighing: Weighing, step: Step, x: Sequence[Tensor]) -> Tensor:
        with_gradient = {n for n, value in zip(step.inputs, x, strict=True) if value.requires_grad}
        recorded[step.node.name] = with_gradient
        return weigh(weighing, step, x)

    monkeypatch.setattr(Weighing, "__call__", watch)
    supernet.network.plain = True
    supernet.network(batch(0).inputs, as_weights(supernet, choice), choice, observe=True)
    assert recorded == {
        n.name: (set(n.inputs) & needed) - zeros for n in graph.nodes if n.primitive == "mix"
    }


def test_without_weights_every_operation_counts_one() -> None:
    searched = space(SPACES["uneven"])
    supernet, images = supernet_of(searched).network.eval(), batch(0).inputs
    ones = {cell: torch.ones(shape).double() for cell, shape in supernet.graph.alphas.items()}
    with torch.no_grad():
        assert torch.equal(supernet(images)[0], supernet(images, ones)[0])


def test_the_second_head_gives_logits_in_training_only() -> None:
    text = SPACES["darts"].replace("evaluate { ", "evaluate { auxiliary 0.4; ")
    searched = space(
        text.replace("network { ", "network { auxiliary global_avg_pool -> linear(classes); ")
    )
    graph = build_derived_graph(derive(searched, padded_scores(searched, 0)), training=True)
    made = TorchNetwork(graph, torch.Generator().manual_seed(0))
    images = batch(0, dtype=torch.float32).inputs
    first, second = made.train()(images)
    assert first.shape == second.shape == (6, 3)
    assert not torch.equal(first, second)
    assert len(made.eval()(images)) == 1


def test_many_choices_in_turn_each_run_as_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 8)
    searched = space(SPACES["uneven"])
    supernet, images = supernet_of(searched), batch(0).inputs
    supernet.network.eval()
    seeds = [*range(12), 0, 1]
    with torch.no_grad():
        found = [supernet.network(images, None, some_choice(searched, s))[0] for s in seeds]
        for seed, logits in zip(seeds, found, strict=True):
            alone = supernet_of(searched).network.eval()
            assert torch.equal(logits, alone(images, None, some_choice(searched, seed))[0])


def test_a_plan_that_is_used_is_kept_whatever_else_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    searched = space(SPACES["darts"])
    supernet = supernet_of(searched)
    made: list[object] = []

    def watch(graph: PrimitiveGraph, outputs: tuple[str, ...], chosen: Any, **how: Any) -> Any:
        made.append(chosen)
        return make_plan(graph, outputs, chosen, **how)

    monkeypatch.setattr(module, "make_plan", watch)
    for seed in range(4):
        supernet.network(batch(0).inputs, None, None)
        supernet.network(batch(0).inputs, None, some_choice(searched, seed))
    assert made.count(None) == 1
    assert len(made) == 5
