"""Fixtures that the tests of single methods share: two equal supernets, one moved by hand."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional

from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.engines.protocol import Engine
from dslnas.settings.values import Adam, Cosine, Exponential, Sgd
from tests.engines.by_hand import HandSgd, softmax
from tests.engines.small import SPACES, space, supernet_of

EPOCHS = 3
CLIPPED = Sgd(lr=Cosine(start=0.2, end=0.01), momentum=0.9, weight_decay=0.02, clip=0.1)
UNCLIPPED = Sgd(lr=0.1, momentum=0.5, weight_decay=0.01, clip=0.0)
ADAM = Adam(lr=Exponential(start=0.1, factor=0.5), betas=(0.5, 0.999), weight_decay=0.1)


class Twin:
    """A supernet that is equal to every other twin of the same space until it is moved."""

    def __init__(self, name: str, seed: int = 0, method: str = "") -> None:
        self.supernet = supernet_of(space(SPACES[name], method), seed)
        self.generator = torch.Generator().manual_seed(seed + 100)

    def weights(self) -> list[Tensor]:
        """Return the weights as plain tensors."""
        return [w.detach() for w in self.supernet.weights()]

    def softened(self, alphas: Sequence[Tensor]) -> Mixing:
        """Return softmax(alpha) as weights of the operations."""
        tables = self.supernet.tables
        rows = zip(tables, alphas, tables.values(), strict=True)
        return Mixing({cell: softmax(alpha, table.rows) for cell, alpha, table in rows})

    def loss_at(self, weights: Sequence[Tensor], examples: Batch, mixing: Mixing) -> Tensor:
        """Return the loss with other weights, as a function of them."""
        network = self.supernet.network
        named = dict(zip(dict(network.named_parameters()), weights, strict=True))
        given = (examples.inputs, mixing.weights, mixing.chosen)
        logits = functional_call(network, named, given)[0]
        return functional.cross_entropy(logits, examples.targets)

    def statistics(self) -> list[Tensor]:
        """Return the running statistics."""
        return list(self.supernet.network.buffers())

    def descend(self, sgd: HandSgd, loss: Tensor, rate: float) -> None:
        """Move the weights by the formula; those the loss does not depend on stay."""
        weights = self.supernet.weights()
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            for w, value in zip(weights, sgd.step(self.weights(), gradients, rate), strict=True):
                w.copy_(value)


def alphas_of(engine: Engine) -> list[Tensor]:
    """Return the architecture parameters of an engine as plain tensors."""
    return [alpha.detach() for alpha in engine.alphas().values()]


def assert_same(found: Sequence[Tensor], expected: Sequence[Tensor]) -> None:
    """Compare in float64: what is left are sums in another order, amplified by a few steps."""
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
