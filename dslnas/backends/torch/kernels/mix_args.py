"""Arguments of the loops of `mix`."""

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
class MixSizes:
    """Sizes of a weighted sum of `inputs` images, batch-normalised or as they are.

    Attributes:
        parts: In how many parts an image is worked off, see `mix_numba`.
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
    def table(self) -> Shape:
        """Shape of numbers per input and channel."""
        return self.inputs, self.channels


@dataclass(eq=False, kw_only=True)
class MixForward(MixSizes, KernelArgs):
    """Forward pass.

    Attributes:
        training: Whether the batch's statistics are used.
        tracking: Whether the running statistics follow the batch's.
        mean: Taken away from an input; 0 where it is not normalised.
        inverse: 1 / sqrt(variance + eps), or 1.
        slope: Factor of an input in the sum.
        offset: Added to the sum.
        sums: By input and part, means and sums of squared distances from them.
    """

    kernel = "mix"
    training: bool
    tracking: bool
    momentum: float
    eps: float
    sources: Buffer
    running_means: Buffer
    running_variances: Buffer
    factors: Buffer
    target: Buffer
    mean: Buffer
    inverse: Buffer
    slope: Buffer
    offset: Buffer
    sums: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        image, numbers = images(self.image), Access(self.table, written=True)
        follows = self.training and self.tracking
        running = Access((self.channels,), written=follows, optional=True)
        sums = (self.inputs * self.parts * 2, self.channels)
        return {
            "sources": [image] * self.inputs,
            "running_means": [running] * self.inputs,
            "running_variances": [running] * self.inputs,
            "factors": Access((self.inputs,)),
            "target": images(self.image, written=True),
            "mean": numbers,
            "inverse": numbers,
            "slope": numbers,
            "offset": Access((self.channels,), written=True),
            "sums": Access(sums, torch.float64, written=True),
        }


@dataclass(eq=False, kw_only=True)
class MixBackward(MixSizes, KernelArgs):
    """Backward pass; the gradient of an input is slope * g + y_slope * y + y_shift.

    Attributes:
        sources: Inputs y that are read again.
        normalised: By input 1 if it was normalised by the batch's statistics, else 0.
        gradient: Gradient g of the sum.
        targets: Gradients of inputs that are wanted.
        sums: By part the sums of g * (y - mean) of every input, and of g.
        products: By input the sum of g times the normalised input.
        level: Sum of g.
    """

    kernel = "mix"
    sources: Buffer
    normalised: Buffer
    mean: Buffer
    inverse: Buffer
    slope: Buffer
    gradient: Buffer
    targets: Buffer
    y_slope: Buffer
    y_shift: Buffer
    sums: Buffer
    products: Buffer
    level: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        numbers, made = Access(self.table), Access(self.table, written=True)
        sums = (self.parts * (self.inputs + 1), self.channels)
        return {
            "sources": [images(self.image, optional=True)] * self.inputs,
            "normalised": Access((self.inputs,), torch.int64),
            "mean": numbers,
            "inverse": numbers,
            "slope": numbers,
            "gradient": images(self.image),
            "targets": [images(self.image, written=True, optional=True)] * self.inputs,
            "y_slope": made,
            "y_shift": made,
            "sums": Access(sums, torch.float64, written=True),
            "products": Access(self.table, torch.float64, written=True),
            "level": Access((self.channels,), torch.float64, written=True),
        }
