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
"""How many vectors are summed up together: rows of pixels; places of a kernel."""

BLOCK = 16
"""Channels that loops work on are filled up to whole blocks: to vectors, which begin where lines of
a cache do."""


@dataclass(eq=False, kw_only=True)
class SeparableSizes:
    """Sizes of convolutions of every channel by itself between images of one size.

    Attributes:
        members: How many convolutions.
        sources: How many inputs they read.
        parts: In how many parts the batch is cut; gradients of kernels are summed up by part.
        wide: Channels, filled up to whole blocks.
        area: Places of the largest kernel.
        places: The same, filled up to whole blocks.
        edge_height: Rows of zeros above an input.
        padded_height: Rows of an input with zeros around it.
        given_height: Rows of the gradient of a result with zeros around it.
        kernel_sizes: (height, width) of the members' kernels.
        windows: By member (kernel, padding, dilation), (height, width) each, and its source.
    """

    members: int
    sources: int
    batch: int
    parts: int
    channels: int
    wide: int
    area: int
    places: int
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
    def results_shape(self) -> Shape:
        """Shape of all results: a row of channels for every pixel of every member."""
        pixels = self.batch * self.out_height * self.out_width
        return self.members, pixels, self.wide

    @property
    def stats_shape(self) -> Shape:
        """Shape of what inputs are normalised by: mean, slope and offset of each."""
        return self.sources * 3, self.channels

    @property
    def sums_size(self) -> int:
        """Values of the gradients of all kernels, by part."""
        return self.parts * self.members * self.places * self.wide

    def scratch_sizes(self, *, backward: bool) -> tuple[int, ...]:
        """Return the values of all that a task works on, in the order of `scratch.Scratch`."""
        return (
            self.padded_height * self.padded_width * self.wide,
            self.members * self.area * self.wide,
            3 * self.sources * self.wide,
            2 * self.wide * backward,
            self.given_height * self.given_width * self.wide * backward,
            self.height * self.width * self.wide * backward,
        )


@dataclass(eq=False, kw_only=True)
class SeparableArgs(SeparableSizes, KernelArgs):
    """Both passes; the forward one wants no gradients.

    Attributes:
        shares: How many tasks share the images, or the parts.
        wants_inputs: Whether gradients of inputs are computed.
        wants_kernels: Whether gradients of kernels are.
        relu: Whether only what is positive of an input is read.
        normalised: Whether inputs are normalised before that.
        inputs: Not for gradients of inputs alone, if these are read as they are.
        stats: Mean, slope and offset of every input; it reads slope * x + offset.
        kernels: By member (channels, 1, kernel height, kernel width).
        results: Results, or their gradients; channels that there are not are 0.
        scratch: Memory that tasks work in.
        to_inputs: Gradients that are wanted, of what is read of inputs before `relu`.
        to_stats: By part and input, sums of these gradients g, and of g * (x - mean).
        to_kernels: Gradients of kernels.
        sums: The same by part.
    """

    kernel = "separable_conv"
    shares: int
    wants_inputs: bool
    wants_kernels: bool
    relu: bool
    normalised: bool
    inputs: Buffer
    stats: Buffer
    kernels: Buffer
    results: Buffer
    scratch: Buffer
    to_inputs: Buffer = None
    to_stats: Buffer = None
    to_kernels: Buffer = None
    sums: Buffer = None

    @property
    def is_backward(self) -> bool:
        """Whether gradients are computed."""
        return self.wants_inputs or self.wants_kernels

    @property
    def reads_inputs(self) -> bool:
        """Whether inputs are read."""
        return self.wants_kernels or self.relu or self.normalised or not self.is_backward

    @property
    def scratch_size(self) -> int:
        """Values that a task works on."""
        return sum(self.scratch_sizes(backward=self.is_backward))

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        given = images(self.source, written=True, optional=True)
        kernels = [(self.channels, 1, *size) for size in self.kernel_sizes]
        to_stats = (self.parts * self.sources * 2 * self.wants_inputs, self.channels)
        return {
            "windows": Access((self.members, 7), torch.int64),
            "inputs": [images(self.source)] * self.sources * self.reads_inputs,
            "stats": Access(self.stats_shape, optional=not self.normalised),
            "kernels": [Access(shape) for shape in kernels],
            "results": Access(self.results_shape, written=not self.is_backward),
            "scratch": Access((self.shares, self.scratch_size), written=True),
            "to_inputs": [given] * self.sources * self.wants_inputs,
            "to_stats": Access(
                to_stats, torch.float64, written=True,
                optional=not (self.wants_inputs and self.normalised),
            ),
            "to_kernels": [Access(shape, written=True) for shape in kernels] * self.wants_kernels,
            "sums": Access((self.sums_size,), written=True, optional=not self.wants_kernels),
        }  # fmt: skip


def filled_up(channels: int) -> int:
    """Return channels in whole blocks."""
    return round_up(channels, BLOCK)
