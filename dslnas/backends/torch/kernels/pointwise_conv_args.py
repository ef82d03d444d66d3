"""Arguments of the loops of `pointwise_conv`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from dslnas.backends.torch.kernels.kernel_args import Access, Accesses, Buffer, KernelArgs

STRIP = 64
"""Pixels that are worked off together."""


@dataclass(eq=False, kw_only=True)
class PointwiseSizes:
    """Sizes of convolutions of single pixels, which all read the same inputs side by side.

    Attributes:
        members: How many convolutions.
        inputs: How many inputs stand side by side.
        pixels: Pixels of the whole batch.
        parts: In how many parts they are cut; gradients of matrices are summed up by part.
        channels: Channels of all inputs together.
        wide: The same, filled up to whole blocks.
        step: Values from one pixel of a strip to the next, with room behind the last input.
        outs: Channels of a result.
        broad: The same, filled up to whole blocks.
        given: Channels of all results together, filled up to whole blocks.
        given_step: The same in a strip of their gradients.
        widths: Channels of each input.
        parting: The same, as loops read it, then where things lie: pixels of a strip, of a result
            and of a strip of gradients; rows of the gradient of all matrices.
    """

    members: int
    inputs: int
    pixels: int
    parts: int
    channels: int
    wide: int
    step: int
    outs: int
    broad: int
    given: int
    given_step: int
    widths: tuple[int, ...]
    parting: Buffer

    @property
    def scratch_size(self) -> int:
        """Values that a task works on."""
        strips = STRIP * (2 * self.step + self.given_step)
        return self.panels_size + strips + 3 * self.broad

    @property
    def panels_size(self) -> int:
        """Values of all matrices in panels, as either pass reads them."""
        return self.members * max(self.channels * self.broad, self.outs * self.wide)

    @property
    def sums_size(self) -> int:
        """Values of the gradients of all matrices, by part."""
        return self.parts * self.wide * self.given


@dataclass(eq=False, kw_only=True)
class PointwiseArgs(PointwiseSizes, KernelArgs):
    """Both passes; the forward one wants no gradients.

    Attributes:
        shares: How many tasks share the parts.
        wants_inputs: Whether gradients of inputs are computed.
        wants_matrices: Whether gradients of matrices are.
        relu: Whether only what is positive of an input is read.
        wants_moments: Whether moments of the results are taken.
        sources: The inputs, a row of channels for every pixel.
        matrices: By member (outs, channels).
        outputs: Results, or their gradients, a row for every pixel.
        scratch: Memory that tasks work in.
        to_inputs: Gradients that are wanted.
        to_matrices: Gradients of matrices.
        sums: The same by part.
        to_moments: By member the moments of its result.
        moments: By part and member the same, and behind them room for those of some pixels.
    """

    kernel = "pointwise_conv"
    shares: int
    wants_inputs: bool
    wants_matrices: bool
    relu: bool
    wants_moments: bool
    sources: Buffer
    matrices: Buffer
    outputs: Buffer
    scratch: Buffer
    to_inputs: Buffer = None
    to_matrices: Buffer = None
    sums: Buffer = None
    to_moments: Buffer = None
    moments: Buffer = None

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        backward = self.wants_inputs or self.wants_matrices
        rows = [(self.pixels, width) for width in self.widths]
        given = [Access(shape, written=True, optional=True) for shape in rows]
        result = Access((self.pixels, self.outs), written=not backward)
        matrix, own = (self.outs, self.channels), self.wants_matrices
        return {
            "parting": Access((self.inputs + 3 * STRIP + self.wide,), torch.int64),
            "sources": [Access(shape) for shape in rows],
            "matrices": [Access(matrix)] * self.members,
            "outputs": [result] * self.members,
            "scratch": Access((self.shares, self.scratch_size), written=True),
            "to_inputs": given * self.wants_inputs,
            "to_matrices": [Access(matrix, written=True)] * self.members * own,
            "sums": Access((self.sums_size,), written=True, optional=not own),
            "to_moments": Access(
                (2 * self.members, self.outs), torch.float64, written=True,
                optional=not self.wants_moments,
            ),
            "moments": Access(
                (4 * self.parts * self.members, self.outs), torch.float64, written=True,
                optional=not self.wants_moments,
            ),
        }  # fmt: skip
