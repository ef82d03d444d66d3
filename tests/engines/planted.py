"""A supernet without a network: its loss counts how much an architecture differs from one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.resource_constraints import any_choice
from dslnas.graph.analysis.plan import Choice
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ranks import ALONE
from tests.engines.small import TEXTS, space, supernet_of

BATCH = Batch({}, torch.zeros(1))


class Planted(Supernet):
    """The best architecture of a space is known, and each part of it that is right lowers the loss.

    Attributes:
        optimum: The best architecture.
        seen: How many losses of the architecture data were asked for.
    """

    def __init__(self, name: str, seed: int = 0) -> None:
        self.tables = supernet_of(space(TEXTS[name])).tables
        self.device = torch.device("cpu")
        self.dtype = torch.float64
        self.accumulate, self.ranks = 1, ALONE
        self.network = TorchNetwork(PrimitiveGraph((), ""), torch.Generator())  # draws nothing
        self.optimum = any_choice(self.tables, torch.Generator().manual_seed(seed))
        self.seen = 0
        self._weight = nn.Parameter(torch.zeros((), dtype=self.dtype))

    def weights(self) -> list[nn.Parameter]:
        return [self._weight]

    def wrong(self, choice: Choice) -> int:
        """Return of how many edges the best architecture says something else."""
        return sum(
            column != best
            for cell, columns in choice.items()
            for column, best in zip(columns, self.optimum[cell], strict=True)
        )

    def loss(self, batch: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        assert mixing.chosen is not None
        self.seen += not regularised
        edges = sum(len(columns) for columns in self.optimum.values())
        return self._weight.square() + self.wrong(mixing.chosen) / edges

    @contextmanager
    def untracked(self) -> Iterator[None]:
        yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        yield
