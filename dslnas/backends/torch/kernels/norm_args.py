"""Arguments of the loops of batch norms, which other kernels run on what they read."""

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


@dataclass(eq=False, kw_only=True)
class NormSizes:
    """Sizes of several inputs of one shape, each batch-normalised or taken as it is.

    Attributes:
        inputs: How many there are.
        parts: In how many parts an input is worked off, see `tiles`.
        lanes: Values of a tile.
    """

    inputs: int
    batch: int
    channels: int
    height: int
    width: int
    parts: int
    lanes: int

    @property
    def image(self) -> Shape:
        """Shape of an input."""
        return self.batch, self.channels, self.height, self.width

    @property
    def stats_shape(self) -> Shape:
        """Shape of four kinds of rows of numbers, each with one row per input."""
        return 4 * self.inputs, self.channels


@dataclass(eq=False, kw_only=True)
class NormStats(NormSizes, KernelArgs):
    """Statistics of the inputs, and what a norm does to a value by them.

    Attributes:
        training: Whether the batch's statistics are used.
        tracking: Whether the running statistics follow the batch's.
        sources: The inputs y.
        running_means: None for an input that is taken as it is, as all other facts of a norm.
        factors: By input a number that it is multiplied with in the end.
        stats: By input the mean; then, by input, 1 / sqrt(variance + eps); then slopes s and
            offsets t, with which an input becomes s * y + t.
        moments: By input means and sums of squared distances from them, if they are known.
        sums: By input and part the same of the others, and room for those of some pixels.
    """

    kernel = "norm"
    training: bool
    tracking: bool
    momentum: float
    eps: float
    sources: Buffer
    running_means: Buffer
    running_variances: Buffer
    scales: Buffer
    offsets: Buffer
    factors: Buffer
    stats: Buffer
    moments: Buffer
    sums: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        follows = self.training and self.tracking
        running = Access((self.channels,), written=follows, optional=True)
        trained = Access((self.channels,), optional=True)
        sums = (self.inputs * self.parts * 4, self.channels)
        return {
            "sources": [images(self.image)] * self.inputs,
            "running_means": [running] * self.inputs,
            "running_variances": [running] * self.inputs,
            "scales": [trained] * self.inputs,
            "offsets": [trained] * self.inputs,
            "factors": Access((self.inputs,), optional=True),
            "stats": Access(self.stats_shape, torch.float64, written=True),
            "moments": [Access((2, self.channels), torch.float64, optional=True)] * self.inputs,
            "sums": Access(sums, torch.float64, written=True),
        }


@dataclass(eq=False, kw_only=True)
class NormGrad(NormSizes, KernelArgs):
    """Gradients of inputs y: from that of a norm, g, they are slope * g + turn * y + shift.

    Attributes:
        summands: In how many parts the sums over pixels come.
        normalised: By input 1 if the batch's statistics were used, else 0.
        stats: As of `NormStats`.
        sums: By summand and input the sum of g * (y - mean); then, by input, that of g.
        totals: By input the sum of g times the normalised input; then, by input, that of g; then
            turns and shifts, which are 0 without the batch's statistics.
        sources: The inputs y, where `targets` are wanted.
        targets: By input the gradient of its norm, which becomes its own.
    """

    kernel = "norm"
    summands: int
    normalised: Buffer
    stats: Buffer
    sums: Buffer
    totals: Buffer
    sources: Buffer
    targets: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        sums = (self.summands * 2 * self.inputs, self.channels)
        return {
            "normalised": Access((self.inputs,), torch.int64),
            "stats": Access(self.stats_shape, torch.float64),
            "sums": Access(sums, torch.float64),
            "totals": Access(self.stats_shape, torch.float64, written=True),
            "sources": [images(self.image, optional=True)] * self.inputs,
            "targets": [images(self.image, written=True, optional=True)] * self.inputs,
        }
