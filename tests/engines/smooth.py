"""A supernet of five weights and four alphas with a smooth loss, and a diary of its passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ranks import ALONE
from dslnas.space.choice_table import ChoiceTable

CELL = "smooth"
PENALTY = 0.3


@dataclass(frozen=True)
class Pass:
    """One loss: on what, at which weights, and whether it was that which the weights lower."""

    batch: Batch
    weights: tuple[float, ...]
    regularised: bool
    tracking: bool


def smooth_loss(batch: Batch, weights: Sequence[Tensor], p: Tensor) -> Tensor:
    """Return a loss of two weights' vectors and of the shares p, (2 edges, 2 operations)."""
    first, second = weights
    hidden = torch.tanh(batch.inputs["x"] * first * p[0, 0] + torch.sin(first) * p[0, 1])
    out = p[1, 0] * second.exp().sum() * hidden[:2] + p[1, 1] * (second * hidden[1:]).sum()
    return ((out - batch.targets) ** 2).mean()


class Smooth(Supernet):
    """Writes every pass down; the end of a batch is the number of its pass.

    Attributes:
        passes: Passes that have run, the first one first.
        noise: Scale of a random factor on the inputs, drawn in every pass; 0 for none.
    """

    def __init__(self, seed: int = 0, noise: float = 0.0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.tables = {CELL: ChoiceTable(CELL, (2, 2), ((0, 1), (0, 1)), ((0,), (1,)), None)}
        self.device = torch.device("cpu")
        self.dtype = torch.float64
        self.accumulate, self.ranks = 1, ALONE
        self.network = TorchNetwork(PrimitiveGraph((), ""), generator)
        self.network.run_state.generator = torch.Generator().manual_seed(seed + 1)
        self.noise = noise
        self.passes: list[Pass] = []
        self._own = [
            nn.Parameter(torch.randn(size, generator=generator, dtype=self.dtype))
            for size in (3, 2)
        ]

    def weights(self) -> list[nn.Parameter]:
        return self._own

    def loss(self, batch: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        assert mixing.weights is not None
        state = self.network.run_state
        now = tuple(float(x) for w in self._own for x in w.detach())
        self.passes.append(Pass(batch, now, regularised, state.tracking))
        batch.end = (torch.tensor(float(len(self.passes))),)
        inputs = batch.inputs["x"]
        if self.noise:
            factor = torch.rand(3, generator=state.generator, dtype=self.dtype)
            inputs = inputs * (1 + self.noise * factor)
        loss = smooth_loss(Batch({"x": inputs}, batch.targets), self._own, mixing.weights[CELL])
        penalty = sum((w.square().sum() for w in self._own), start=torch.zeros(()))
        return loss + PENALTY * penalty if regularised else loss

    @contextmanager
    def untracked(self) -> Iterator[None]:
        state = self.network.run_state
        state.tracking = False
        yield
        state.tracking = True


def smooth_batch(seed: int) -> Batch:
    """Return random numbers for the smooth loss."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(3, generator=generator, dtype=torch.float64)
    return Batch({"x": inputs}, torch.randn(2, generator=generator, dtype=torch.float64))
