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
)

ROWS, PLACES = 8, 9
"""How many vectors are summed up together: rows of pixels; places of a kernel."""

BLOCK = 16
"""Channels that loops work on are filled up to whole blocks: to vectors, which begin where lines of
a cache do."""


@dataclass(eq=False, kw_only=True)
class SeparableSizes:
    """Sizes of separable convolutions between images of one size; alike at every step.

    Attributes:
        members: How many convolutions.
        sources: How many inputs they read.
        parts: In how many parts the batch is cut; gradients of weights are summed up by part.
        outs: Channels of a result.
        wide: Channels, filled up to whole blocks.
        broad: Channels of a result, filled up to whole blocks.
        area: Places of the largest kernel.
        places: The same, filled up to whole blocks.
        strip: Rows of a result, or of an input, that are worked off together, so that they are
            still in a core's first cache when they are read.
        below: How many rows below a result's own row an input is read, at most.
        edge_height: Rows of zeros above an input.
        padded_height: Rows of an input with zeros around it.
        given_height: Rows of the gradient of a result with zeros around it.
        kernel_sizes: (height, width) of the members' kernels.
        windows: By member (kernel, padding, dilation), (height, width) each, and its source.
        maps: Where pixels lie, see `places`.
        maps_size: Values of these tables.
    """

    members: int
    sources: int
    batch: int
    parts: int
    channels: int
    outs: int
    wide: int
    broad: int
    area: int
    places: int
    height: int
    width: int
    out_height: int
    out_width: int
    stride_height: int
    stride_width: int
    strip: int
    below: int
    edge_height: int
    edge_width: int
    padded_height: int
    padded_width: int
    given_height: int
    given_width: int
    kernel_sizes: tuple[tuple[int, int], ...]
    windows: Buffer
    maps: Buffer
    maps_size: int

    @property
    def rows(self) -> int:
        """Pixels of an image, or places of a kernel, at most."""
        return max(self.height * self.width, self.out_height * self.out_width, self.places)

    @property
    def source(self) -> Shape:
        """Shape of an input."""
        return self.batch, self.channels, self.height, self.width

    @property
    def result(self) -> Shape:
        """Shape of a result."""
        return self.batch, self.outs, self.out_height, self.out_width

    @property
    def stats_shape(self) -> Shape:
        """Shape of what inputs are normalised by, as of `NormStats`."""
        return self.sources * 4, self.channels

    @property
    def sums_shape(self) -> Shape:
        """Shape of sums over the pixels of inputs, two by part and input."""
        return 2 * self.parts * self.sources, self.channels

    @property
    def sums_size(self) -> int:
        """Values of the gradients of all weights, by part."""
        return self.parts * self.members * (self.places * self.wide + self.wide * self.broad)

    def scratch_sizes(self, *, backward: bool) -> tuple[int, ...]:
        """Return the values of all that a task works on, in the order of `scratch.Scratch`."""
        return (
            self.padded_height * self.padded_width * self.wide,
            self.members * self.area * self.wide,
            self.members * self.wide * self.broad,
            3 * self.sources * self.wide,
            2 * (self.wide if backward else self.broad),
            self.strip * self.out_width * self.wide,
            BLOCK * self.broad,
            self.given_height * self.given_width * self.wide * backward,
            self.height * self.width * self.wide * backward,
        )


@dataclass(eq=False, kw_only=True)
class SeparableArgs(SeparableSizes, KernelArgs):
    """Both passes; the forward one wants no gradients.

    Attributes:
        shares: How many tasks share the images, or the parts.
        wants_inputs: Whether gradients of inputs are computed.
        wants_weights: Whether gradients of weights are.
        relu: Whether only what is positive of an input is read.
        normalised: Whether inputs are normalised before that.
        wants_moments: Whether moments of the results are taken.
        inputs: Not for gradients of inputs alone, if these are read as they are.
        stats: As of `NormStats`: of an input x it reads slope * x + offset.
        kernels: By member (channels, 1, kernel height, kernel width).
        matrices: By member (outs, channels, 1, 1).
        outputs: Results, or their gradients.
        scratch: Memory that tasks work in.
        to_inputs: Gradients that are wanted, of what is read of inputs before `relu`.
        to_stats: By part and input the sum of these gradients g times (x - mean); then, by input,
            that of g.
        to_kernels: Gradients of kernels.
        to_matrices: Gradients of matrices.
        sums: The same by part.
        to_moments: By member the moments of its result.
        moments: By image and member the same, and behind them room for those of some pixels.
    """

    kernel = "separable_conv"
    shares: int
    wants_inputs: bool
    wants_weights: bool
    relu: bool
    normalised: bool
    wants_moments: bool
    inputs: Buffer
    stats: Buffer
    kernels: Buffer
    matrices: Buffer
    outputs: Buffer
    scratch: Buffer
    to_inputs: Buffer = None
    to_stats: Buffer = None
    to_kernels: Buffer = None
    to_matrices: Buffer = None
    sums: Buffer = None
    to_moments: Buffer = None
    moments: Buffer = None

    @property
    def is_backward(self) -> bool:
        """Whether gradients are computed."""
        return self.wants_inputs or self.wants_weights

    @property
    def reads_inputs(self) -> bool:
        """Whether inputs are read."""
        return self.wants_weights or self.relu or self.normalised or not self.is_backward

    @property
    def scratch_size(self) -> int:
        """Values that a task works on."""
        return sum(self.scratch_sizes(backward=self.is_backward))

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        given = images(self.source, written=True, optional=True)
        kernels = [(self.channels, 1, *size) for size in self.kernel_sizes]
        matrix = self.outs, self.channels, 1, 1
        result = images(self.result, written=not self.is_backward)
        return {
            "windows": Access((self.members, 7), torch.int64),
            "maps": Access((self.maps_size,), torch.int64),
            "inputs": [images(self.source)] * self.sources * self.reads_inputs,
            "stats": Access(self.stats_shape, torch.float64, optional=not self.normalised),
            "kernels": [Access(shape) for shape in kernels],
            "matrices": [Access(matrix)] * self.members,
            "outputs": [result] * self.members,
            "scratch": Access((self.shares, self.scratch_size), written=True),
            "to_inputs": [given] * self.sources * self.wants_inputs,
            "to_stats": Access(
                self.sums_shape, torch.float64, written=True,
                optional=not (self.wants_inputs and self.normalised),
            ),
            "to_kernels": [Access(shape, written=True) for shape in kernels] * self.wants_weights,
            "to_matrices": [Access(matrix, written=True)] * self.members * self.wants_weights,
            "sums": Access((self.sums_size,), written=True, optional=not self.wants_weights),
            "to_moments": Access(
                (2 * self.members, self.outs), torch.float64, written=True,
                optional=not self.wants_moments,
            ),
            "moments": Access(
                (4 * self.batch * self.members, self.outs), torch.float64, written=True,
                optional=not self.wants_moments,
            ),
        }  # fmt: skip
