"""Searches in a tiny space full of symmetries, in float64, that are compared with each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.perturbations import Weights
from dslnas.settings.gradient import GradientSettings
from dslnas.settings.values import Adam, Sgd
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.engines.methods import FEW, METHODS, model_of
from tests.engines.small import batch, space, supernet_of
from tests.spaces import chosen

CELL = "one"
OPERATIONS = ("a", "b", "c")
TEXT = """use std.cnn
op a = conv(1) -> batch_norm
op b = tanh
op c = conv(3)
cell one {{
    inputs 1
    node n1 = {{{0}}}(in1)
    node n2 = {{{0}}}(in1)
    node n3 = {{{0}}}(n1) + {{{0}}}(n2)
    output n3
}}
network {{
    channels 4
    stem conv(3, out = C) -> batch_norm
    cells one
    head global_avg_pool -> linear(classes)
}}
evaluate {{ channels 4; auxiliary 0 }}
"""
"""Nodes `n1` and `n2` may change places, and the operations of all edges."""

OF_GRADIENTS = [m for m in METHODS if issubclass(model_of(m), GradientSettings)]
"""Methods that learn alpha by its gradient."""

STEPS = {"weights": Sgd(lr=0.1, weight_decay=1e-3), "arch": Adam(lr=0.05, weight_decay=1e-3)}
"""Optimisers whose steps can be seen."""


def has(method: str, setting: str) -> bool:
    """Whether a method has a setting."""
    return setting in model_of(method).model_fields


def tiny(method: str, operations: tuple[str, ...] = OPERATIONS) -> SearchSpace:
    """Return the space, lowered as a method wants it, with the operations in some order."""
    return space(TEXT.format(", ".join(operations)), method)


class Run:
    """One search.

    Attributes:
        supernet: Its weights, those of every other run.
        engine: The method at work; its alphas are far apart, and those of every other run.
    """

    def __init__(
        self,
        method: str,
        operations: tuple[str, ...] = OPERATIONS,
        seed: int = 0,
        epoch: int = 0,
        before: Callable[[Run], None] = lambda run: None,
        **given: Any,
    ) -> None:
        """Begin; `seed` is that of draws, `before` changes the supernet before the method sees it.

        `given` are settings, of which the method takes those that it has.
        """
        fit = {name: value for name, value in {**STEPS, **given}.items() if has(method, name)}
        settings = model_of(method)(**{"epochs": 2, "warmup": 0, **FEW.get(method, {}), **fit})
        self.space = tiny(method, operations)
        self.supernet = supernet_of(self.space)
        before(self)
        self.engine = make_engine(self.supernet, settings, torch.Generator().manual_seed(seed))
        if isinstance(settings, GradientSettings):
            generator = torch.Generator().manual_seed(9)
            with torch.no_grad():
                for alpha in self.engine.alphas().values():
                    start = torch.rand(alpha.shape, generator=generator, dtype=alpha.dtype)
                    alpha.copy_(0.2 + 0.6 * start)
        self.engine.start_epoch(epoch)

    def steps(
        self, steps: int = 2, train: int = 0, held_out: int = 50, change: Any = lambda batch: batch
    ) -> Run:
        """Take some steps, on the batches from two numbers on, each changed somehow."""
        for number in range(steps):
            pair = (batch(first + number, 4) for first in (train, held_out))
            self.engine.step(*map(change, pair))
        return self

    def end_epoch(self) -> Run:
        """Do what comes between two epochs."""
        held_out = (batch(number, 4) for number in count(70))
        self.engine.end_epoch(held_out, lambda *_: None)
        return self

    def weights(self) -> dict[str, Tensor]:
        """Return the weights by name."""
        return {name: w.detach() for name, w in self.supernet.network.named_parameters()}

    def alphas(self) -> dict[str, Tensor]:
        """Return the alphas by cell."""
        return {cell: alpha.detach() for cell, alpha in self.engine.alphas().items()}

    def derived(self) -> Mapping[str, list[tuple[str, str]]]:
        """Return the operations and sources of the architecture that it would find now, by node."""
        return chosen(derive(self.space, self.engine.scores()).cells[CELL])


def twice(examples: Batch) -> Batch:
    """Return a batch with every example twice."""
    inputs = {name: torch.cat([tensor, tensor]) for name, tensor in examples.inputs.items()}
    return Batch(inputs, torch.cat([examples.targets, examples.targets]))


def swapped_nodes(name: str) -> str:
    """Return the name of a weight when `n1` and `n2` have changed places."""
    return re.sub("(?<!i)n([12])", lambda found: f"n{3 - int(found[1])}", name)


def replay(
    patch: pytest.MonkeyPatch, first: Run, second: Run, change: Callable[[Tensor], Tensor]
) -> None:
    """Let the second run draw what the first one has drawn, (edges, operations), but changed."""
    engines = [run.engine for run in (first, second) if isinstance(run.engine, GradientEngine)]
    if not engines:
        return
    drawn: list[dict[str, Tensor]] = []
    ours, others = (engine._relaxation for engine in engines)
    draw = ours.draw

    def record() -> None:
        draw()
        drawn.append({name: tensor.clone() for name, tensor in ours.state().items()})

    def repeat() -> None:
        state, then = others.state(), drawn.pop(0)
        fixed = ("alphas", "exists", "pruned")
        new = {name: change(then[name]) for name in state if not name.startswith(fixed)}
        others.take({**state, **new})

    patch.setattr(ours, "draw", record)
    patch.setattr(others, "draw", repeat)
    perturbers = [engine._perturber for engine in engines if engine._perturber is not None]
    if not perturbers:
        return
    noises: list[dict[str, Tensor]] = []
    noise = perturbers[0]._noise

    def record_noise(centre: Weights) -> Weights:
        noises.append({**noise(centre)})
        return noises[-1]

    def repeat_noise(centre: Weights) -> Weights:
        return {cell: change(tensor) for cell, tensor in noises.pop(0).items()}

    patch.setattr(perturbers[0], "_noise", record_noise)
    patch.setattr(perturbers[1], "_noise", repeat_noise)


def assert_close(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Compare in float64, where sums have another order."""
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-8, atol=1e-10, msg=name)


def are_equal(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> bool:
    """Whether all are the same to the bit."""
    return all(torch.equal(found[name], tensor) for name, tensor in expected.items())
