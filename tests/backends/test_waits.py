"""A step of a GPU neither waits for it nor reads from the host: else it cannot be recorded.

Tensors without values stand for those of a GPU: an operation that needs one, or that mixes them
with tensors of the CPU, fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from dslnas.backends.torch import losses
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.settings.images import Digits
from dslnas.settings.sections import EvaluateSettings
from dslnas.space.derive.derive import derive
from dslnas.tasks.catalogue import task_of
from dslnas.training.training_loss import training_loss
from tests.engines.small import SLOWNESS, TEXTS, batch, segment, space
from tests.passes.same import DROPOUT
from tests.spaces import random_scores

NOWHERE = torch.device("meta")


class Watching(TorchFunctionMode):
    """Notes functions that copy Python's numbers to the device."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", "")
        index = args[1] if name == "__getitem__" else ()
        by_list = any(isinstance(i, list) for i in (index if isinstance(index, tuple) else [index]))
        if name in ("tensor", "as_tensor", "from_numpy") or by_list:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


@pytest.fixture(autouse=True)
def no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out mixed precision, which knows no such device."""
    monkeypatch.setattr(losses, "mixed", lambda *_: nullcontext())
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda _: False)


def nowhere(given: Batch) -> Batch:
    given.inputs = {name: tensor.to(NOWHERE) for name, tensor in given.inputs.items()}
    given.targets = given.targets.to(NOWHERE)
    return given


def assert_brings_nothing(work: Callable[[], object]) -> None:
    work()  # the first time makes what is kept
    with Watching() as watched:
        work()
    assert watched.found == []


@pytest.mark.parametrize("name", ["darts", "uneven", "recurrent"])
@pytest.mark.sample(1)
def test_the_loss_of_a_supernet_waits_for_nothing(name: str) -> None:
    searched = space(TEXTS[name])
    supernet = Supernet(
        searched,
        build_supernet_graph(searched),
        torch.Generator(),
        Runtime(NOWHERE),
        slowness=SLOWNESS,
    )
    supernet.network.train().run_state.dropout = DROPOUT
    alpha = {
        cell: torch.rand((len(t.rows), t.width), device=NOWHERE).requires_grad_()
        for cell, t in supernet.tables.items()
    }
    given = nowhere(segment(1) if name == "recurrent" else batch(1, dtype=torch.float32))

    def step() -> tuple[Tensor | None, ...]:
        loss = supernet.loss(given, Mixing(alpha), regularised=True)
        variables = [*alpha.values(), *supernet.weights()]
        return torch.autograd.grad(loss, variables, allow_unused=True)

    assert_brings_nothing(step)


@pytest.mark.parametrize("name", ["darts", "uneven"])
def test_the_loss_of_a_training_waits_for_nothing(name: str) -> None:
    searched = space(TEXTS[name])
    graph = build_derived_graph(derive(searched, random_scores(searched, 0)), training=True)
    network = Runtime(NOWHERE).place(TorchNetwork(graph, torch.Generator())).train()
    network.run_state.drop_path_rate = 0.3
    given = nowhere(batch(1, dtype=torch.float32))

    def step() -> tuple[Tensor | None, ...]:
        settings = EvaluateSettings(auxiliary=0.4, label_smoothing=0.1)
        loss, _ = training_loss(network, given, settings, task_of(Digits()))
        return torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)

    assert_brings_nothing(step)
