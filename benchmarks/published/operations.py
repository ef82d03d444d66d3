"""Operations of convolutional cells, a module each.

Images are (batch, channels, height, width). Every operation keeps the channels of its cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn


class ReluConvNorm(nn.Sequential):
    """ReLU, a convolution and a batch norm."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, affine: bool = True
    ) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs, affine=affine),
        )


class SeparableConv(nn.Sequential):
    """ReLU, a depthwise and a pointwise convolution and a batch norm, twice; the first strided."""

    def __init__(self, channels: int, kernel: int, stride: int, affine: bool) -> None:
        layers: list[nn.Module] = []
        for step in (stride, 1):
            layers += [
                nn.ReLU(),
                nn.Conv2d(
                    channels, channels, kernel, step, kernel // 2, groups=channels, bias=False
                ),
                nn.Conv2d(channels, channels, 1, bias=False),
                nn.BatchNorm2d(channels, affine=affine),
            ]
        super().__init__(*layers)


class DilatedConv(nn.Sequential):
    """ReLU, a depthwise convolution of every other pixel, a pointwise one and a batch norm."""

    def __init__(self, channels: int, kernel: int, stride: int, affine: bool) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(
                channels, channels, kernel, stride, kernel - 1, 2, groups=channels, bias=False
            ),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels, affine=affine),
        )


class RowColumnConv(nn.Sequential):
    """ReLU, a convolution of 1 x k, one of k x 1 and a batch norm; the stride is divided."""

    def __init__(self, channels: int, kernel: int, stride: int, affine: bool) -> None:
        half = kernel // 2
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(channels, channels, (1, kernel), (1, stride), (0, half), bias=False),
            nn.Conv2d(channels, channels, (kernel, 1), (stride, 1), (half, 0), bias=False),
            nn.BatchNorm2d(channels, affine=affine),
        )


class FactorizedReduce(nn.Module):
    """Half the size: half of the channels read every second pixel, the others the one beside it."""

    def __init__(self, inputs: int, outputs: int, affine: bool = True) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv_1 = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(outputs, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """Return both halves side by side, normed."""
        x = self.relu(x)
        result: Tensor = self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], dim=1))
        return result


class Zero(nn.Module):
    """An edge that is not there: zeros of the size that a stride leaves."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Multiply what the stride leaves by 0."""
        return x[:, :, :: self.stride, :: self.stride].mul(0.0)


Maker = Callable[[int, int, bool], nn.Module]
"""Makes an operation from channels, stride, and whether its norms have scale and offset."""


def _skip(channels: int, stride: int, affine: bool) -> nn.Module:
    return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels, affine)


def _max_pool(channels: int, stride: int, affine: bool, *, kernel: int) -> nn.Module:
    return nn.MaxPool2d(kernel, stride, kernel // 2)


def _full(channels: int, stride: int, affine: bool, *, kernel: int) -> nn.Module:
    return ReluConvNorm(channels, channels, kernel, stride, affine)


OPERATIONS: Mapping[str, Maker] = {
    "none": lambda channels, stride, affine: Zero(stride),
    "skip_connect": _skip,
    "avg_pool_3x3": lambda channels, stride, affine: nn.AvgPool2d(
        3, stride, 1, count_include_pad=False
    ),
    "max_pool_3x3": partial(_max_pool, kernel=3),
    "max_pool_5x5": partial(_max_pool, kernel=5),
    "max_pool_7x7": partial(_max_pool, kernel=7),
    "conv 1x1": partial(_full, kernel=1),
    "conv 3x3": partial(_full, kernel=3),
    "conv_3x1_1x3": lambda channels, stride, affine: RowColumnConv(channels, 3, stride, affine),
    "sep_conv_3x3": lambda channels, stride, affine: SeparableConv(channels, 3, stride, affine),
    "sep_conv_5x5": lambda channels, stride, affine: SeparableConv(channels, 5, stride, affine),
    "sep_conv_7x7": lambda channels, stride, affine: SeparableConv(channels, 7, stride, affine),
    "dil_conv_3x3": lambda channels, stride, affine: DilatedConv(channels, 3, stride, affine),
    "dil_conv_5x5": lambda channels, stride, affine: DilatedConv(channels, 5, stride, affine),
}
