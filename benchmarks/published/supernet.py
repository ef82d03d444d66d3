"""The network of DARTS' search: every edge runs all operations and adds up their weighted results.

Liu, Simonyan and Yang, ICLR 2019. Nodes are numbered from the two inputs on, edges by node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from published.operations import OPERATIONS
from published.skeleton import Classifier, Place, places, stem_of

NODES = 4
EDGES = 14

DARTS = (
    "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect",
    "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5",
)  # fmt: skip
"""DARTS' operations, in both cells."""

Mix = Callable[[Sequence[nn.Module], Tensor, Tensor], Tensor]
"""Result of an edge, from its operations, what it reads and its weights, one per operation."""


def weighted_sum(operations: Sequence[nn.Module], x: Tensor, weights: Tensor) -> Tensor:
    """Run all operations and weigh them."""
    result: Tensor = weights[0] * operations[0](x)
    for weight, operation in zip(weights[1:], operations[1:], strict=True):
        result = result + weight * operation(x)
    return result


class MixedOperation(nn.Module):
    """All operations of an edge; pools have a batch norm behind them."""

    def __init__(self, names: Sequence[str], channels: int, stride: int) -> None:
        super().__init__()
        self.operations = nn.ModuleList()
        for name in names:
            operation = OPERATIONS[name](channels, stride, False)
            if "pool" in name:
                operation = nn.Sequential(operation, nn.BatchNorm2d(channels, affine=False))
            self.operations.append(operation)

    def forward(self, x: Tensor, weights: Tensor, mix: Mix) -> Tensor:
        """Return the edge's result."""
        return mix(list(self.operations), x, weights)


class SearchCell(nn.Module):
    """A cell in which every node reads all before it."""

    def __init__(self, names: Sequence[str], place: Place) -> None:
        super().__init__()
        self.preprocess0, self.preprocess1 = place.preprocessing(affine=False)
        self.operations = nn.ModuleList(
            MixedOperation(names, place.channels, 2 if place.reduction and source < 2 else 1)
            for node in range(NODES)
            for source in range(2 + node)
        )

    def forward(self, s0: Tensor, s1: Tensor, weights: Tensor, mix: Mix) -> Tensor:
        """Return the joined nodes; `weights` has a row per edge."""
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        first = 0
        for _ in range(NODES):
            edges = [
                self.operations[first + source](state, weights[first + source], mix)
                for source, state in enumerate(states)
            ]
            node = edges[0]
            for edge in edges[1:]:
                node = node + edge
            first += len(states)
            states.append(node)
        return torch.cat(states[-NODES:], dim=1)


class SearchNetwork(nn.Module):
    """Cells that share one alpha for normal cells and one for reduction cells.

    Attributes:
        alphas: Scores (edge, operation) of normal and of reduction cells; no weights of the module.
    """

    def __init__(
        self,
        channels: int = 16,
        cells: int = 8,
        classes: int = 10,
        normal: Sequence[str] = DARTS,
        reduction: Sequence[str] = DARTS,
    ) -> None:
        super().__init__()
        self._sizes = channels, cells, classes, normal, reduction
        found = list(places(channels, cells, (NODES, NODES)))
        self.stem = stem_of(channels)
        self.cells = nn.ModuleList(
            SearchCell(reduction if place.reduction else normal, place) for place in found
        )
        self.reductions = [place.reduction for place in found]
        self.classifier = Classifier(NODES * found[-1].channels, classes)
        self.alphas = [
            (1e-3 * torch.randn(EDGES, len(names))).requires_grad_()
            for names in (normal, reduction)
        ]

    def new(self) -> SearchNetwork:
        """Return another network of this size and kind, with the same alphas and fresh weights."""
        weight = next(self.parameters())
        other = SearchNetwork(*self._sizes).to(weight.device, weight.dtype)
        other.alphas = [alpha.detach().clone().requires_grad_() for alpha in self.alphas]
        return other

    def forward(
        self, images: Tensor, weights: Sequence[Tensor] | None = None, mix: Mix = weighted_sum
    ) -> Tensor:
        """Return logits; edges are weighed by softmax of alpha unless other weights are given."""
        if weights is None:
            weights = [alpha.softmax(-1) for alpha in self.alphas]
        s0 = s1 = self.stem(images)
        for cell, reduction in zip(self.cells, self.reductions, strict=True):
            s0, s1 = s1, cell(s0, s1, weights[reduction], mix)
        logits: Tensor = self.classifier(s1)
        return logits
