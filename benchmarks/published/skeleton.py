"""The frame that search networks and derived ones share: stem, cells that widen, classifier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from published.operations import FactorizedReduce, ReluConvNorm

STEM = 3
"""Channels of the stem, in those of the first cell."""


@dataclass(frozen=True)
class Place:
    """A cell's place in a network.

    Attributes:
        before: Channels of the output of the last cell but one.
        last: Those of the last one.
        channels: The cell's own.
        reduction: Whether it halves the size.
        reduced: Whether the cell before it did.
    """

    before: int
    last: int
    channels: int
    reduction: bool
    reduced: bool

    def preprocessing(self, affine: bool) -> tuple[nn.Module, nn.Module]:
        """Return what brings both inputs to the cell's channels and to one size."""
        first = FactorizedReduce if self.reduced else ReluConvNorm
        return (
            first(self.before, self.channels, affine=affine),
            ReluConvNorm(self.last, self.channels, affine=affine),
        )


def places(channels: int, cells: int, widths: tuple[int, int]) -> Iterator[Place]:
    """Yield the places of the cells, of which those at a third and two thirds reduce.

    Args:
        channels: Of the first cell; every reduction doubles them.
        cells: How many there are.
        widths: Nodes that a normal and a reduction cell join in their outputs.
    """
    before = last = STEM * channels
    reduced = False
    for index in range(cells):
        reduction = index in (cells // 3, 2 * cells // 3)
        channels *= 1 + reduction
        yield Place(before, last, channels, reduction, reduced)
        before, last, reduced = last, channels * widths[reduction], reduction


def stem_of(channels: int) -> nn.Sequential:
    """Return a convolution of the image with a batch norm."""
    wide = STEM * channels
    return nn.Sequential(nn.Conv2d(3, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide))


class Classifier(nn.Module):
    """The mean over all pixels and a linear layer."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (batch, classes)."""
        logits: Tensor = self.linear(self.pool(x).flatten(1))
        return logits
