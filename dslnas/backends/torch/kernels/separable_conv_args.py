"""Arguments of the loops of `separable_conv`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from dslnas.backends.torch.kernels.kernel_args import (
    Access,
    Accesses,
    Buffer,
    KernelArgs,
    Shape,
    images,
    round_up,
)

ROWS, PLACES = 8, 9
"""How many vectors are summed up together: rows of pixels or channels; places of a kernel. What
loops work on is filled up to whole blocks of them."""


@dataclass(eq=False, kw_only=True)
class SeparableSizes:
    """Sizes of separable convolutions between images of one size; alike at every step.

    Attributes:
        members: How many convolutions.
        sources: How many inputs they read.
        parts: In how many parts the batch is cut; gradients of weights are summed up by part.
        outs: Channels of a result.
        area: Places of the largest kernel.
        edge_height: Rows of zeros above an input.
        padded_height: Rows of an input with zeros around it.
        given_height: Rows of the gradient of a depthwise convolution with zeros around it.
        kernels: (height, width) of the members' kernels.
        windows: By member (kernel, padding, dilation), (height, width) each, and its source.
    """

    members: int
    sources: int
    batch: int
    parts: int
    channels: int
    outs: int
    area: int
    height: int
    width: int
    out_height: int
    out_width: int
    stride_height: int
    stride_width: int
    edge_height: int
    edge_width: int
    padded_height: int
    padded_width: int
    given_height: int
    given_width: int
    kernel_sizes: tuple[tuple[int, int], ...]
    windows: Buffer

    @property
    def source(self) -> Shape:
        """Shape of an input."""
        return self.batch, self.channels, self.height, self.width

    @property
    def result(self) -> Shape:
        """Shape of a result."""
        return self.batch, self.outs, self.out_height, self.out_width

    @property
    def packed_size(self) -> int:
        """Values of the packed weights of all members."""
        wide, broad = round_up(self.channels, ROWS), round_up(self.outs, ROWS)
        return self.members * (self.area * wide + wide * broad)

    @property
    def sums_size(self) -> int:
        """Values of the gradients of all weights, by part."""
        wide, broad = round_up(self.channels, ROWS), round_up(self.outs, ROWS)
        return self.parts * self.members * (round_up(self.area, PLACES) * wide + wide * broad)


@dataclass(eq=False, kw_only=True)
class SeparableArgs(SeparableSizes, KernelArgs):
    """Both passes; the forward one wants no gradients.

    Attributes:
        shares: How many tasks share the images, or the parts.
        wants_inputs: Whether gradients of inputs are computed.
        wants_weights: Whether gradients of weights are.
        inputs: Only for results and gradients of weights.
        kernels: By member (channels, 1, kernel height, kernel width).
        matrices: By member (outs, channels, 1, 1).
        outputs: Results, or their gradients.
        packed: Weights as loops read them.
        to_inputs: Gradients of inputs that are wanted.
        to_kernels: Gradients of kernels.
        to_matrices: Gradients of matrices.
        sums: Gradients of all weights, by part.
    """

    kernel = "separable_conv"
    shares: int
    wants_inputs: bool
    wants_weights: bool
    inputs: Buffer
    kernels: Buffer
    matrices: Buffer
    outputs: Buffer
    packed: Buffer
    to_inputs: Buffer = None
    to_kernels: Buffer = None
    to_matrices: Buffer = None
    sums: Buffer = None

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        backward = self.wants_inputs or self.wants_weights
        reads_inputs = self.wants_weights or not backward
        given = images(self.source, written=True, optional=True)
        return {
            "windows": Access((self.members, 7), torch.int64),
            "inputs": [images(self.source)] * self.sources * reads_inputs,
            "kernels": self._weights(written=False)[0],
            "matrices": self._weights(written=False)[1],
            "outputs": [images(self.result, written=not backward)] * self.members,
            "packed": Access((self.packed_size,), written=True),
            "to_inputs": [given] * self.sources * self.wants_inputs,
            "to_kernels": self._weights(written=True)[0] * self.wants_weights,
            "to_matrices": self._weights(written=True)[1] * self.wants_weights,
            "sums": Access((self.sums_size,), written=True, optional=not self.wants_weights),
        }

    def _weights(self, *, written: bool) -> tuple[list[Access], list[Access]]:
        """Return the access to tensors as large as the kernels and the matrices."""
        kernels = [Access((self.channels, 1, *size), written=written) for size in self.kernel_sizes]
        return kernels, [Access((self.outs, self.channels, 1, 1), written=written)] * self.members
