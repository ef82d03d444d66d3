"""Arguments of loops: a typed record per call, and what it promises of its tensors. No numba.

In a loop a record has numbers, and in place of tensors their addresses, see `jit`. Images lie in
the order (batch, height, width, channel), all else row by row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

Kernel: TypeAlias = Literal["separable_conv", "pointwise_conv", "mix", "gate"]
"""A function of this package that has loops of its own, and torch's functions to fall back on."""

Loops: TypeAlias = Literal[Kernel, "norm"]
"""Loops of a kernel, or those that several have in common."""

Buffer: TypeAlias = Tensor | Sequence[Tensor | None] | None
"""Memory that a loop reads or writes: a tensor, a table of tensors, or nothing."""

Shape: TypeAlias = tuple[int, ...]


class Access(NamedTuple):
    """How a loop uses a tensor.

    Attributes:
        shape: Shape that it must have.
        dtype: None for the one that the loop is compiled for.
        written: Whether the loop writes it; then it overlaps no other tensor of the call.
        optional: Whether it may be missing.
        layout: How its values must lie.
    """

    shape: Shape
    dtype: torch.dtype | None = None
    written: bool = False
    optional: bool = False
    layout: torch.memory_format = torch.contiguous_format


Accesses: TypeAlias = Access | Sequence[Access]
"""Access to the tensor of an argument, or to those of a table one by one."""


class KernelArgs(ABC):
    """A record of numbers and buffers, a frozen dataclass; fields of other types stay on the host.

    Attributes:
        kernel: Whose loops read it; those of norms serve several kernels.
        dtypes: Those of the tensors that its loops can be compiled for.
    """

    kernel: ClassVar[Loops]
    dtypes: ClassVar[Collection[torch.dtype]] = (torch.float32, torch.float64)

    @abstractmethod
    def accesses(self) -> Mapping[str, Accesses]:
        """Return what must hold of every buffer, by name, as the numbers of the record say."""


def images(shape: Shape, *, written: bool = False, optional: bool = False) -> Access:
    """Return the access to images (batch, channels, height, width), channels innermost."""
    return Access(shape, written=written, optional=optional, layout=torch.channels_last)


def round_up(count: int, block: int) -> int:
    """Return the smallest multiple of a block that is no less than a count."""
    return -(-count // block) * block
