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
    images,
)
from dslnas.backends.torch.kernels.norm_args import NormSizes


@dataclass(eq=False, kw_only=True)
class MixForward(NormSizes, KernelArgs):
    """Forward pass.

    Attributes:
        counted: Whether there are counts.
        sources: Inputs y.
        counts: By input what each example counts, (batch,); None for ones.
        stats: As of `NormStats`.
        target: The sum.
    """

    kernel = "mix"
    counted: bool
    sources: Buffer
    counts: Buffer
    stats: Buffer
    target: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        return {
            "sources": [images(self.image)] * self.inputs,
            "counts": [Access((self.batch,), optional=True)] * self.inputs,
            "stats": Access(self.stats_shape, torch.float64),
            "target": images(self.image, written=True),
        }


@dataclass(eq=False, kw_only=True)
class MixBackward(NormSizes, KernelArgs):
    """Backward pass; the gradient of an input is slope * count * g + turn * y + shift.

    Attributes:
        counted: Whether there are counts.
        sources: Inputs y that are read again.
        counts: By input what each example counts, (batch,); None for ones.
        normalised: By input 1 if it was normalised by the batch's statistics, else 0.
        stats: Those of the forward pass.
        gradient: Gradient g of the sum.
        targets: Gradients of inputs that are wanted.
        sums: By part and input the sum of count * g * (y - mean), and behind all inputs of the part
            that of count * g.
        totals: As of `NormGrad`.
    """

    kernel = "mix"
    counted: bool
    sources: Buffer
    counts: Buffer
    normalised: Buffer
    stats: Buffer
    gradient: Buffer
    targets: Buffer
    sums: Buffer
    totals: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        sums = (self.parts * 2 * self.inputs, self.channels)
        return {
            "sources": [images(self.image, optional=True)] * self.inputs,
            "counts": [Access((self.batch,), optional=True)] * self.inputs,
            "normalised": Access((self.inputs,), torch.int64),
            "stats": Access(self.stats_shape, torch.float64),
            "gradient": images(self.image),
            "targets": [images(self.image, written=True, optional=True)] * self.inputs,
            "sums": Access(sums, torch.float64, written=True),
            "totals": Access(self.stats_shape, torch.float64),
        }
