"""Arguments of the loops of `gate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from dslnas.backends.torch.kernels.kernel_args import Access, Accesses, Buffer, KernelArgs

KINDS = 5
"""Numbers per edge: the weights of tanh, relu, sigmoid and identity, and their sum."""


@dataclass(eq=False, kw_only=True)
class GateForward(KernelArgs):
    """Forward pass of a gate.

    Attributes:
        edges: How many are summed up.
        batch: Examples.
        features: Width of a state.
        parts: In how many parts the batch is worked off.
        product: y of all edges, one below the other.
        state: s of all edges.
        weights: By edge, see `KINDS`.
        result: The sum over all edges.
    """

    kernel = "gate"
    dtypes = (torch.float32,)
    edges: int
    batch: int
    features: int
    parts: int
    product: Buffer
    state: Buffer
    weights: Buffer
    result: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        rows = self.edges * self.batch
        return {
            "product": Access((rows, 2 * self.features)),
            "state": Access((rows, self.features)),
            "weights": Access((self.edges, KINDS)),
            "result": Access((self.batch, self.features), written=True),
        }


@dataclass(eq=False, kw_only=True)
class GateBackward(KernelArgs):
    """Backward pass of a gate; see `GateForward` for what is not said here.

    Attributes:
        gradient: Gradient of the sum.
        to_product: Gradient of y.
        to_state: Gradient of s.
        sums: By edge and part the gradients of the weights, if they are wanted.
    """

    kernel = "gate"
    dtypes = (torch.float32,)
    edges: int
    batch: int
    features: int
    parts: int
    product: Buffer
    state: Buffer
    weights: Buffer
    gradient: Buffer
    to_product: Buffer
    to_state: Buffer
    sums: Buffer

    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer."""
        rows, sums = self.edges * self.batch, (self.edges, self.parts, KINDS)
        return {
            "product": Access((rows, 2 * self.features)),
            "state": Access((rows, self.features)),
            "weights": Access((self.edges, KINDS)),
            "gradient": Access((self.batch, self.features)),
            "to_product": Access((rows, 2 * self.features), written=True),
            "to_state": Access((rows, self.features), written=True),
            "sums": Access(sums, torch.float64, written=True, optional=True),
        }
