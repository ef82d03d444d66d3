"""Several processes that train one network together: ranks, each with its share of every batch.

All ranks hold the same weights and alpha, read the same batches and draw the same numbers; each
runs its own part of a batch. With parts B_r of n_r of the n targets of a batch,

    L(B) = sum_r (n_r / n) * L(B_r),

so sums over the ranks of weighed losses and gradients are those of the whole, and what follows from
them is the same everywhere. PyTorch's distributed package does the talking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from dslnas.diagnostics import user_error

T = TypeVar("T")

_is_apart: ContextVar[bool] = ContextVar("_is_apart", default=False)
"""Whether the ranks do different things at the moment, see `Ranks.spread`."""


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
    synchronised: bool = True

    @property
    def is_alone(self) -> bool:
        """Whether there are no others."""
        return self.size == 1

    @property
    def norm_together(self) -> bool:
        """Whether there are others with whose examples batch norm normalises."""
        return self.synchronised and not self.is_alone

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum of the ranks' tensors; gradients flow through, and theirs too."""
        return tensor if self.is_alone else _sum(tensor)

    def rows(self, tensor: Tensor) -> Tensor:
        """Return the ranks' tensors of one shape, stacked; gradients flow through, theirs too."""
        own = [tensor if n == self.rank else torch.zeros_like(tensor) for n in range(self.size)]
        return self.sum(torch.stack(own))

    def sums(self, tensors: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return the sum of the ranks' tensors one by one, without gradients.

        None stands for zeros, on all ranks alike. Those of a type go over the wire as one.
        """
        found = list(tensors)
        if self.is_alone:
            return found
        places: dict[torch.dtype, list[int]] = {}
        for place, tensor in enumerate(tensors):
            if tensor is not None:
                places.setdefault(tensor.dtype, []).append(place)
        for of_a_type in places.values():
            own = [tensor for place in of_a_type if (tensor := tensors[place]) is not None]
            flat = torch.cat([tensor.reshape(-1) for tensor in own])
            with _talking():
                dist.all_reduce(flat)
            pieces = torch.split(flat, [tensor.numel() for tensor in own])
            for place, piece, tensor in zip(of_a_type, pieces, own, strict=True):
                found[place] = piece.view_as(tensor)
        return found

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
        if self.is_alone:
            return [work(item) for item in items]
        before = _is_apart.set(True)
        try:
            own = {n: work(items[n]) for n in range(self.rank, len(items), self.size)}
        finally:
            _is_apart.reset(before)
        found = torch.zeros(len(items), dtype=torch.float64)
        for n, number in own.items():
            found[n] = number
        with _talking():
            dist.all_reduce(found)
        return list(found.tolist())

    def any(self, wish: bool) -> bool:
        """Return whether one of the ranks has a wish; all get the same answer.

        While work is spread they do not ask each other: nobody has one then.
        """
        if self.is_alone:
            return wish
        if _is_apart.get():
            return False
        found = torch.tensor(float(wish))
        with _talking():
            dist.all_reduce(found)
        return bool(found > 0)

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Write the mean over the ranks into tensors that are not the same on all of them."""
        for tensor, total in zip(tensors, self.sums(tensors), strict=True):
            assert total is not None
            tensor.copy_(total / self.size)

    def check_same(self, told: str, moment: str) -> None:
        """Check that all ranks tell the same; `moment` says when.

        Raises:
            UserError: NAS731 if one of them tells something else.
        """
        if self.is_alone:
            return
        own = torch.frombuffer(bytearray(sha256(told.encode()).digest()), dtype=torch.uint8)
        found = [torch.empty_like(own) for _ in range(self.size)]
        with _talking():
            dist.all_gather(found, own)
        others = [rank for rank, hash_ in enumerate(found) if not torch.equal(hash_, found[0])]
        if others:
            names = ", ".join(map(str, others))
            raise user_error(
                "NAS731",
                f"the processes of this run have come apart: {moment}, alpha or weights of rank "
                f"{names} are not those of rank 0",
                where=f"rank {self.rank}",
                help="let all run the same versions on the same kind of machine; `--resume` goes "
                "on from the last checkpoint",
            )

    def files(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the files that rank 0 has, by name, whatever others have."""
        if self.is_alone:
            return dict(files)
        names = list(self._bytes("\0".join(files).encode()).decode().split("\0"))
        return {name: self._bytes(files.get(name, b"")) for name in names if name}

    def _bytes(self, given: bytes) -> bytes:
        """Return the bytes of rank 0."""
        length = torch.tensor(len(given))
        with _talking():
            dist.broadcast(length, 0)
        sent = given if self.rank == 0 else bytes(int(length))
        data = torch.frombuffer(bytearray(sent + b"\0"), dtype=torch.uint8)  # none may be empty
        with _talking():
            dist.broadcast(data, 0)
        return data[:-1].numpy().tobytes()


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
