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
    def stats_shape(self) -> Shape:
        """Shape of three rows of numbers per input, and one for all of them."""
        return 3 * self.inputs + 1, self.channels


@dataclass(eq=False, kw_only=True)
class MixForward(MixSizes, KernelArgs):
    """Forward pass.

    Attributes:
        training: Whether the batch's statistics are used.
        tracking: Whether the running statistics follow the batch's.
        stats: By input the mean that is taken away, 1 / sqrt(variance + eps) and the factor of the
            input in the sum (0, 1 and the weight where it is not normalised); last the offset that
            is added to the sum.
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
    stats: Buffer
    sums: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        image = images(self.image)
        follows = self.training and self.tracking
        running = Access((self.channels,), written=follows, optional=True)
        sums = (self.inputs * self.parts * 2, self.channels)
        return {
            "sources": [image] * self.inputs,
            "running_means": [running] * self.inputs,
            "running_variances": [running] * self.inputs,
            "factors": Access((self.inputs,)),
            "target": images(self.image, written=True),
            "stats": Access(self.stats_shape, written=True),
            "sums": Access(sums, torch.float64, written=True),
        }


@dataclass(eq=False, kw_only=True)
class MixBackward(MixSizes, KernelArgs):
    """Backward pass; the gradient of an input is slope * g + y_slope * y + y_shift.

    Attributes:
        sources: Inputs y that are read again.
        normalised: By input 1 if it was normalised by the batch's statistics, else 0.
        stats: Those of the forward pass.
        gradient: Gradient g of the sum.
        targets: Gradients of inputs that are wanted.
        factors: By input y_slope and y_shift.
        sums: By part the sums of g * (y - mean) of every input, and of g.
        products: By input the sum of g times the normalised input; last the sum of g.
    """

    kernel = "mix"
    sources: Buffer
    normalised: Buffer
    stats: Buffer
    gradient: Buffer
    targets: Buffer
    factors: Buffer
    sums: Buffer
    products: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        rows = self.inputs + 1
        return {
            "sources": [images(self.image, optional=True)] * self.inputs,
            "normalised": Access((self.inputs,), torch.int64),
            "stats": Access(self.stats_shape),
            "gradient": images(self.image),
            "targets": [images(self.image, written=True, optional=True)] * self.inputs,
            "factors": Access((2 * self.inputs, self.channels), written=True),
            "sums": Access((self.parts * rows, self.channels), torch.float64, written=True),
            "products": Access((rows, self.channels), torch.float64, written=True),
        }
