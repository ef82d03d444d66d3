"""The network in which DARTS trains what was found (Liu, Simonyan and Yang, 2019, appendix A.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from published.operations import OPERATIONS
from published.skeleton import Classifier, Place, places, stem_of

Edge = tuple[str, int]
"""An operation and the state that it reads: 0 and 1 are the inputs, 2 the first node."""

AUXILIARY = 0.4
"""Weight of the auxiliary head's loss."""

CLIP = 5.0


@dataclass(frozen=True)
class Genotype:
    """A normal and a reduction cell: two edges per node, and the states that the output joins."""

    normal: Sequence[Edge]
    normal_concat: Sequence[int]
    reduce: Sequence[Edge]
    reduce_concat: Sequence[int]


DARTS_V2 = Genotype(
    normal=(
        ("sep_conv_3x3", 0), ("sep_conv_3x3", 1),
        ("sep_conv_3x3", 0), ("sep_conv_3x3", 1),
        ("sep_conv_3x3", 1), ("skip_connect", 0),
        ("skip_connect", 0), ("dil_conv_3x3", 2),
    ),
    normal_concat=(2, 3, 4, 5),
    reduce=(
        ("max_pool_3x3", 0), ("max_pool_3x3", 1),
        ("skip_connect", 2), ("max_pool_3x3", 1),
        ("max_pool_3x3", 0), ("skip_connect", 2),
        ("skip_connect", 2), ("max_pool_3x3", 1),
    ),
    reduce_concat=(2, 3, 4, 5),
)  # fmt: skip


def drop_path(x: Tensor, rate: float) -> Tensor:
    """Zero the whole result of an operation in some examples, and scale up the others, in place."""
    keep = 1.0 - rate
    mask = torch.empty((len(x), 1, 1, 1), dtype=x.dtype, device=x.device).bernoulli_(keep)
    return x.div_(keep).mul_(mask)


class Cell(nn.Module):
    """A cell that was found."""

    def __init__(self, genotype: Genotype, place: Place) -> None:
        super().__init__()
        self.preprocess0, self.preprocess1 = place.preprocessing(affine=True)
        edges = genotype.reduce if place.reduction else genotype.normal
        self.concat = genotype.reduce_concat if place.reduction else genotype.normal_concat
        self.sources = [source for _, source in edges]
        self.operations = nn.ModuleList(
            OPERATIONS[name](place.channels, 2 if place.reduction and source < 2 else 1, True)
            for name, source in edges
        )

    def forward(self, s0: Tensor, s1: Tensor, rate: float) -> Tensor:
        """Return the joined nodes; `rate` is that of drop path."""
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for first in range(0, len(self.sources), 2):
            results = []
            for edge in (first, first + 1):
                operation = self.operations[edge]
                result = operation(states[self.sources[edge]])
                if self.training and rate > 0 and not isinstance(operation, nn.Identity):
                    result = drop_path(result, rate)
                results.append(result)
            states.append(results[0] + results[1])
        return torch.cat([states[index] for index in self.concat], dim=1)


class AuxiliaryHead(nn.Sequential):
    """A second classifier, on 8 x 8 pixels, for training alone."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__(
            nn.ReLU(inplace=True),
            nn.AvgPool2d(5, stride=3, padding=0, count_include_pad=False),
            nn.Conv2d(channels, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(inplace=True),
            nn.Conv2d(128, 768, 2, bias=False),
            nn.BatchNorm2d(768),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(768, classes),
        )


class DerivedNetwork(nn.Module):
    """Cells of a genotype, one after the other.

    Attributes:
        drop_path_rate: Share of the results of operations that training drops.
    """

    def __init__(
        self,
        genotype: Genotype,
        channels: int = 36,
        cells: int = 20,
        classes: int = 10,
        *,
        auxiliary: bool = True,
    ) -> None:
        super().__init__()
        self.drop_path_rate = 0.0
        widths = len(genotype.normal_concat), len(genotype.reduce_concat)
        found = list(places(channels, cells, widths))
        self.stem = stem_of(channels)
        self.cells = nn.ModuleList(Cell(genotype, place) for place in found)
        outputs = [place.channels * widths[place.reduction] for place in found]
        self.tapped = 2 * cells // 3
        self.auxiliary = AuxiliaryHead(outputs[self.tapped], classes) if auxiliary else None
        self.classifier = Classifier(outputs[-1], classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the logits, and those of the auxiliary head in training."""
        second = None
        s0 = s1 = self.stem(images)
        for index, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, self.drop_path_rate)
            if index == self.tapped and self.auxiliary is not None and self.training:
                second = self.auxiliary(s1)
        return self.classifier(s1), second


def optimiser_of(network: nn.Module) -> torch.optim.SGD:
    """Return the optimiser with which DARTS trains weights."""
    return torch.optim.SGD(network.parameters(), lr=0.025, momentum=0.9, weight_decay=3e-4)


def train_step(
    network: DerivedNetwork,
    optimiser: torch.optim.SGD,
    images: Tensor,
    labels: Tensor,
    clip: float = CLIP,
) -> float:
    """Take a step of the training, clipped at a norm of all gradients; return its loss."""
    optimiser.zero_grad()
    logits, second = network(images)
    loss = F.cross_entropy(logits, labels)
    if second is not None:
        loss = loss + AUXILIARY * F.cross_entropy(second, labels)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), clip)
    optimiser.step()
    return float(loss.detach())
