"""Several processes that train one network together: ranks, each with its share of every batch.

All ranks hold the same weights and alpha, read the same batches and draw the same numbers; each
runs its own part of a batch. With parts B_r of n_r of the n targets of a batch,

    L(B) = sum_r (n_r / n) * L(B_r),

so sums over the ranks of weighed losses and gradients are those of the whole, and what follows from
them is the same everywhere. PyTorch's distributed package does the talking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from dslnas.diagnostics import user_error

T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """The processes of a run, and which of them this one is; here a single one.

    Attributes:
        rank: Number of this one, from 0.
        size: How many there are.
        synchronised: Whether batch norm takes its statistics from the parts of all of them, and
            not from that of its rank.
    """

    rank: int = 0
    size: int = 1
    synchronised: bool = False

    @property
    def is_alone(self) -> bool:
        """Whether there are no others."""
        return self.size == 1

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum of the ranks' tensors; gradients flow through, and theirs too."""
        return tensor if self.is_alone else _sum(tensor)

    def sums(self, tensors: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return the sum of the ranks' tensors one by one, without gradients.

        None stands for zeros, on all ranks alike. They go over the wire as one.
        """
        there = [tensor for tensor in tensors if tensor is not None]
        if self.is_alone or not there:
            return list(tensors)
        flat = torch.cat([tensor.reshape(-1) for tensor in there])
        with _talking():
            dist.all_reduce(flat)
        pieces = iter(torch.split(flat, [tensor.numel() for tensor in there]))
        return [None if t is None else next(pieces).view_as(t) for t in tensors]

    def joined(self, tensors: Sequence[Tensor], lengths: Sequence[int]) -> tuple[Tensor, ...]:
        """Return the ranks' tensors one after the other along their first axis.

        Args:
            tensors: Those of this rank.
            lengths: Lengths of the first axis, rank by rank.
        """
        if self.is_alone:
            return tuple(tensors)
        found = []
        for tensor in tensors:
            places = [tensor.new_empty((length, *tensor.shape[1:])) for length in lengths]
            with _talking():
                dist.all_gather(places, tensor.contiguous())
            found.append(torch.cat(places))
        return tuple(found)

    def spread(self, work: Callable[[T], float], items: Sequence[T]) -> list[float]:
        """Return the number that some work gives for every item, each done by one rank."""
        own = {n: work(items[n]) for n in range(self.rank, len(items), self.size)}
        if self.is_alone:
            return list(own.values())
        found = torch.zeros(len(items), dtype=torch.float64)
        for n, number in own.items():
            found[n] = number
        with _talking():
            dist.all_reduce(found)
        return list(found.tolist())


ALONE = Ranks()
"""The one process of a run that has no others."""


class _Sum(torch.autograd.Function):
    """Sum over all ranks: of a sum, every summand's gradient is the sum of the ranks' gradients."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        """Return the sum."""
        total = tensor.clone(memory_format=torch.contiguous_format)
        with _talking():
            dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Return the gradient; it can be differentiated again."""
        return _sum(gradient)


def _sum(tensor: Tensor) -> Tensor:
    found: Tensor = _Sum.apply(tensor)  # type: ignore[no-untyped-call]
    return found


@contextmanager
def _talking() -> Iterator[None]:
    """Say what it means if the ranks cannot talk to each other any more.

    Raises:
        UserError: NAS732 if another rank is gone.
    """
    try:
        yield
    except RuntimeError as error:
        raise user_error(
            "NAS732",
            "another process of this run is gone",
            where=f"rank {dist.get_rank()}",
            help="its own message says why; `--resume` goes on from the last checkpoint",
        ) from error
