"""Losses that are recorded and played: steps come to the same bits as those that run by themselves.

A stand-in records without a GPU: as there, nothing happens while it does, and what is played writes
into the same places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import get_args

import pytest
import torch
from torch import Generator, Tensor

from dslnas.backends.torch.kernels.availability import without_loops
from dslnas.backends.torch.kernels.kernel_args import Kernel
from dslnas.backends.torch.loss_graphs import LossGraphs, Results
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Mixed
from dslnas.engines.catalogue import make_engine
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.settings.images import Digits
from dslnas.settings.precision import Execution
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import EvaluateSettings
from dslnas.space.derive.derive import derive
from dslnas.tasks.catalogue import task_of
from dslnas.training.training_loss import training_loss
from tests.engines.small import DARTS_LIKE, TEXTS, batch, segment, space, supernet_of
from tests.spaces import random_scores


@pytest.fixture(autouse=True)
def by_functions() -> Iterator[None]:
    """Run everything by the library's functions, as on a GPU."""
    with without_loops(*get_args(Kernel)):
        yield


class StandIn:
    """Records a network on the CPU."""

    def __init__(self, network: TorchNetwork) -> None:
        self._network = network

    @contextmanager
    def running(self) -> Iterator[None]:
        yield

    def record(
        self, work: Callable[[], Results], generator: Generator | None
    ) -> tuple[Results, Callable[[], None]]:
        buffers = [(buffer, buffer.clone()) for buffer in self._network.buffers()]
        drawn = None if generator is None else generator.get_state()
        results = work()
        for buffer, before in buffers:
            buffer.copy_(before)
        if generator is not None and drawn is not None:
            generator.set_state(drawn)

        def play() -> None:
            for place, value in zip(_all(results), _all(work()), strict=True):
                place.copy_(value)

        return results, play


def _all(results: Results) -> list[Tensor]:
    gradients = [g for g in results.gradients if g is not None]
    return [*results.losses, *gradients, *(results.end or ())]


def record(network: TorchNetwork) -> LossGraphs:
    network.graphs = LossGraphs(StandIn(network))
    return network.graphs


def steps_of(
    method: str, name: str, *, recorded: bool, **settings: object
) -> tuple[list[Tensor], int]:
    """Return losses, alphas, weights and statistics after some steps; and how many recordings."""
    supernet = supernet_of(space(TEXTS[name]))
    supernet.network.train()
    graphs = record(supernet.network) if recorded else None
    chosen = SEARCH[method].model_validate({"epochs": 2, **settings})
    engine = make_engine(supernet, chosen, torch.Generator().manual_seed(1))
    found, start = [], None
    for number in range(4):
        engine.start_epoch(number // 2)
        if name == "recurrent":
            train, architecture = replace(segment(number), start=start), segment(10 + number)
        else:
            train, architecture = batch(number), batch(10 + number)
        report = engine.step(train, architecture)
        found += [report.train, *([] if report.architecture is None else [report.architecture])]
        start = train.end
    found += [*engine.alphas().values(), *supernet.network.state_dict().values()]
    return [tensor.detach() for tensor in found], 0 if graphs is None else len(graphs)


@pytest.mark.parametrize(
    ("method", "name", "recordings", "settings"),
    [
        ("darts", "uneven", 2, {}),
        ("darts", "uneven", 4, {"order": "second"}),
        ("darts", "recurrent", 2, {}),
        ("milenas", "skipped", 2, {}),
        ("gdas", "skipped", 0, {}),
        ("nasp", "skipped", 0, {}),
    ],
)
@pytest.mark.sample(3)
def test_steps_of_a_search_come_to_the_same_bits(
    method: str, name: str, recordings: int, settings: dict[str, object]
) -> None:
    plain, _ = steps_of(method, name, recorded=False, **settings)
    played, count = steps_of(method, name, recorded=True, **settings)
    assert count == recordings
    assert _equal(played, plain)


def _equal(found: Sequence[Tensor], expected: Sequence[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def trained(*, recorded: bool, sizes: Sequence[int] = (6, 6, 4, 6, 4, 6)) -> list[Tensor]:
    searched = space(DARTS_LIKE)
    graph = build_derived_graph(derive(searched, random_scores(searched, 0)), training=True)
    network = TorchNetwork(graph, torch.Generator().manual_seed(0)).double().train()
    network.run_state.generator = torch.Generator().manual_seed(0)
    if recorded:
        record(network)
    found: list[Tensor] = []
    for number, size in enumerate(sizes):
        network.run_state.drop_path_rate = 0.25 if number < 3 else 0.5
        loss, shown = training_loss(
            network, batch(number, size), EvaluateSettings(auxiliary=0.4), task_of(Digits())
        )
        weights = list(network.parameters())
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                if gradient is not None:
                    weight.sub_(gradient, alpha=0.1)
        found += [loss.detach(), shown.detach()]
    return [*found, *network.state_dict().values()]


def test_a_training_with_drop_path_and_batches_of_two_sizes_comes_to_the_same_bits() -> None:
    assert _equal(trained(recorded=True), trained(recorded=False))


def alpha_of(supernet: Supernet) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        cell: torch.rand((len(t.rows), t.width), generator=generator, dtype=supernet.dtype)
        .to(supernet.device)
        .requires_grad_()
        for cell, t in supernet.tables.items()
    }


def test_the_first_loss_of_a_kind_runs_by_itself_and_measurements_always_do() -> None:
    supernet = supernet_of(space(TEXTS["uneven"]))
    network = supernet.network.train()
    graphs, mixing = record(supernet.network), Mixing(alpha_of(supernet))
    supernet.loss(batch(0), mixing)
    assert len(graphs) == 0
    supernet.loss(batch(1), mixing)
    assert len(graphs) == 1
    with supernet.untracked():
        for _ in range(2):
            supernet.loss(batch(2), mixing)
    assert len(graphs) == 2, "statistics that stay are another kind"
    share = torch.ones(6, dtype=torch.int64)
    for number in range(2):
        with torch.no_grad():
            supernet.loss(batch(number), mixing)
        supernet.loss(replace(batch(number), mixed=Mixed(share, 0.3)), mixing)
        network.eval()
        supernet.loss(batch(number), mixing)
        network.train()
    assert len(graphs) == 2


def test_gradients_that_were_overwritten_are_not_given() -> None:
    supernet = supernet_of(space(TEXTS["uneven"]))
    supernet.network.train()
    record(supernet.network)
    alpha = alpha_of(supernet)
    losses = [supernet.loss(batch(number), Mixing(alpha)) for number in range(3)]
    with pytest.raises(AssertionError, match="overwritten"):
        torch.autograd.grad(losses[1], [*alpha.values()])
    torch.autograd.grad(losses[2], [*alpha.values()])


@pytest.mark.gpu
@pytest.mark.parametrize("execution", ["compile", "graphs", "compile+graphs"])
@pytest.mark.parametrize("name", ["uneven", "recurrent"])
def test_steps_on_a_gpu_are_close_to_eager_ones(name: str, execution: Execution) -> None:
    if name == "recurrent" and execution != "graphs":
        pytest.skip("recurrent cells are not compiled")
    device, found = torch.device("cuda"), []
    searched = space(TEXTS[name])
    ways: tuple[Execution, ...] = ("eager", execution)
    for way in ways:
        generator = torch.Generator().manual_seed(0)
        runtime = Runtime(device, execution=way)
        supernet = Supernet(searched, build_supernet_graph(searched), generator, runtime)
        supernet.network.run_state.generator = torch.Generator(device).manual_seed(0)
        supernet.network.train()
        alpha, losses = alpha_of(supernet), []
        for number in range(4):
            given = segment(number) if name == "recurrent" else batch(number, dtype=torch.float32)
            given.inputs = {key: tensor.to(device) for key, tensor in given.inputs.items()}
            given.targets = given.targets.to(device)
            loss = supernet.loss(given, Mixing(alpha))
            losses += [loss.detach(), *torch.autograd.grad(loss, [*alpha.values()])]
        found.append([*losses, *supernet.network.buffers()])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
