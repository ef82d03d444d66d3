"""A supernet of one weight w and one number a, with losses of degree two: optima in closed form.

The problem of DARTS, figure 2, with a term in a alone added to the training loss, so that bilevel
and mixed-level search have different answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ranks import ALONE
from dslnas.space.choice_table import ChoiceTable

CELL = "toy"


def polynomial(ww: float, wa: float, aa: float, w: float, a: float, one: float) -> Batch:
    """Return the batch on which the loss is ww * w^2 + wa * w * a + ... + one."""
    coefficients = torch.tensor([ww, wa, aa, w, a, one], dtype=torch.float64)
    return Batch({"coefficients": coefficients}, torch.zeros(1))


# L_train = (w - a)^2 + (a + 1)^2 / 2, so w*(a) = a, and L_val = a * w - 2 * a + 1.
TRAIN = polynomial(1.0, -2.0, 1.5, 0.0, 1.0, 0.5)
VALIDATION = polynomial(0.0, 1.0, 0.0, 0.0, -2.0, 1.0)


def value(batch: Batch, w: Tensor, a: Tensor) -> Tensor:
    """Return the polynomial of a batch at (w, a)."""
    one = torch.ones_like(a)
    return batch.inputs["coefficients"] @ torch.stack([w * w, w * a, a * a, w, a, one])


class Toy(Supernet):
    """One edge of two operations; a = alpha_0 - alpha_1, told from their softmax."""

    def __init__(self, w: float = 0.0) -> None:
        self.tables = {CELL: ChoiceTable(CELL, (2,), ((0, 1),), ((0,),), None)}
        self.device = torch.device("cpu")
        self.dtype = torch.float64
        self.accumulate, self.ranks = 1, ALONE
        self.network = TorchNetwork(PrimitiveGraph((), ""), torch.Generator())  # draws nothing
        self.w = nn.Parameter(torch.tensor(w, dtype=self.dtype))

    def weights(self) -> list[nn.Parameter]:
        return [self.w]

    def loss(self, batch: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        assert mixing.weights is not None
        first, second = mixing.weights[CELL][0].log()
        return value(batch, self.w, first - second)

    @contextmanager
    def untracked(self) -> Iterator[None]:
        yield
