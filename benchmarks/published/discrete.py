"""The steps of NASP and GDAS, in which one operation runs on an edge.

NASP: Yao, Xu, Tu and Zhu, AAAI 2020. GDAS: Dong and Yang, CVPR 2019. Both programs skip what is
not chosen where its result would be multiplied by 0 and nobody asks for a gradient through it:
NASP where the weights are trained, on two edges per node, GDAS always, on all edges.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from published.darts import Batch
from published.derived import CLIP, optimiser_of
from published.supernet import NODES, Mix, SearchNetwork, weighted_sum

NORMAL = (
    "skip_connect", "conv_3x1_1x3", "dil_conv_3x3", "conv 1x1",
    "conv 3x3", "sep_conv_3x3", "sep_conv_5x5", "sep_conv_7x7",
)  # fmt: skip
"""NASP's operations of a normal cell."""

REDUCTION = ("skip_connect", "avg_pool_3x3", "max_pool_3x3", "max_pool_5x5", "max_pool_7x7")
"""NASP's operations of a reduction cell."""


def chosen_alone(operations: Sequence[nn.Module], x: Tensor, weights: Tensor) -> Tensor:
    """Run the operations of weight 1; the others leave their weight, a zero."""
    result: Tensor = torch.zeros((), dtype=x.dtype, device=x.device)
    for weight, operation in zip(weights, operations, strict=True):
        result = result + (weight * operation(x) if weight.item() == 1.0 else weight)
    return result


def drawn_alone(operations: Sequence[nn.Module], x: Tensor, weights: Tensor) -> Tensor:
    """Run the operation of the largest weight; the others leave their weight, a zero."""
    drawn = int(weights.argmax())
    result: Tensor = weights[drawn] * operations[drawn](x)
    for index, weight in enumerate(weights):
        if index != drawn:
            result = result + weight
    return result


class Search:
    """The optimisers of a search whose edges run an operation each."""

    def __init__(self, network: SearchNetwork, alpha_rate: float = 3e-4) -> None:
        self.network = network
        self.weights = optimiser_of(network)
        self.arch = torch.optim.Adam(
            network.alphas, lr=alpha_rate, betas=(0.5, 0.999), weight_decay=1e-3
        )

    def loss(self, batch: Batch, weights: Sequence[Tensor], mix: Mix) -> Tensor:
        """Return the cross-entropy with edges that are weighed so."""
        return F.cross_entropy(self.network(batch.images, weights, mix), batch.labels)

    def move_weights(self, loss: Tensor) -> float:
        """Take the step of the weights down a loss; return it."""
        self.weights.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.weights.step()
        return float(loss.detach())


def proximal(alpha: Tensor) -> Tensor:
    """Return what is nearest: 1 for the best operation of the two best edges of every node."""
    result, first = torch.zeros_like(alpha), 0
    best, columns = alpha.max(-1)
    for node in range(NODES):
        edges = 2 + node
        order = sorted(range(first, first + edges), key=lambda row: -float(best[row]))
        for row in order[:2]:
            result[row, columns[row]] = 1.0
        first += edges
    return result


class Nasp(Search):
    """Alpha by a gradient at the nearest choice, in which all operations run; then the weights."""

    def step(self, train: Batch, held_out: Batch) -> float:
        """Take a step; return the training loss."""
        chosen = self._nearest()
        self.loss(held_out, chosen, weighted_sum).backward()  # type: ignore[no-untyped-call]
        for alpha, choice in zip(self.network.alphas, chosen, strict=True):
            alpha.grad = choice.grad
        self.arch.step()
        for alpha in self.network.alphas:
            alpha.data.clamp_(0.0, 1.0)
        return self.move_weights(self.loss(train, self._nearest(), chosen_alone))

    def _nearest(self) -> list[Tensor]:
        return [proximal(alpha.detach()).requires_grad_() for alpha in self.network.alphas]


class Gdas(Search):
    """The weights and then alpha, each on a sample of its own.

    Attributes:
        temperature: Of the samples.
    """

    temperature = 10.0

    def step(self, train: Batch, held_out: Batch) -> float:
        """Take a step; return the training loss."""
        loss = self.move_weights(self.loss(train, self.sample(), drawn_alone))
        self.arch.zero_grad()
        self.loss(held_out, self.sample(), drawn_alone).backward()  # type: ignore[no-untyped-call]
        self.arch.step()
        return loss

    def sample(self) -> list[Tensor]:
        """Draw an operation per edge: 1 going forward, a softmax with Gumbel noise going back."""
        found = []
        for alpha in self.network.alphas:
            noise = -torch.empty_like(alpha).exponential_().log()
            soft = ((alpha.log_softmax(-1) + noise) / self.temperature).softmax(-1)
            hard = F.one_hot(soft.argmax(-1), soft.shape[-1]).to(soft.dtype)
            found.append(hard + (soft - soft.detach()))
        return found
