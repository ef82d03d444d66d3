"""A step of one rank as the functions of PyTorch that it calls, and their time on a device.

Each call has m multiply-adds, of a convolution or a product, and moves v bytes: those of the
tensors that it reads and gives, in and out of memory. Both are affine in the n examples of the
rank, m = m_0 + m_1 n, v = v_0 + v_1 n, so two runs of few examples tell them for any number. A
device that reaches F multiply-adds and M bytes per second, and takes c seconds to start a call,
needs

    t(n) = sum over the calls of max(c, m(n) / F, v(n) / M).

What the ranks tell each other is counted in the same runs: the bytes of a message are affine in the
examples of all ranks, and where batch norm is over all of them in their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from dslnas.ranks import Ranks
from floor import WORK, Speed
from wire import Kind, Message, observed

FEW, MORE = 2, 3
"""Examples of a rank, and ranks, of which the runs have one or the other."""

Numbers: TypeAlias = NDArray[np.float64]
Make: TypeAlias = Callable[[int, Ranks], Callable[[], object]]
"""From a batch of all ranks, and the ranks, to what takes the next step of this one."""


@dataclass(frozen=True)
class Affine:
    """Numbers that are affine in a quantity."""

    fixed: Numbers
    each: Numbers

    @classmethod
    def through(cls, at: Sequence[int], found: Sequence[Numbers]) -> Affine:
        """Return what has the two numbers found at two values of the quantity."""
        each = (found[1] - found[0]) / (at[1] - at[0])
        return cls(found[0] - each * at[0], each)

    def at(self, value: float) -> Numbers:
        """Return the numbers at a value of the quantity."""
        return self.fixed + self.each * value


@dataclass(frozen=True)
class CountedStep:
    """A step of one of several ranks.

    Attributes:
        multiply_adds: Of every call, by the examples of the rank.
        bytes: The same.
        kinds: Of the messages, in the order in which they are sent.
        message_bytes: Their bytes, by the examples of all of two ranks.
        more_bytes: Bytes more of each for every rank more.
    """

    multiply_adds: Affine
    bytes: Affine
    kinds: tuple[Kind, ...]
    message_bytes: Affine
    more_bytes: Numbers

    def seconds(self, examples: float, speed: Speed, start: float) -> float:
        """Return the time of the calls, see the equation above; `start` is c."""
        arithmetic = self.multiply_adds.at(examples) / speed.multiply_adds
        moving = self.bytes.at(examples) / speed.bytes
        return float(np.maximum(np.maximum(arithmetic, moving), start).sum())

    def messages(self, batch: float, ranks: int) -> Iterator[Message]:
        """Yield the messages of a step on a batch of all ranks; none of one that is alone."""
        if ranks > 1:
            sizes = self.message_bytes.at(batch) + self.more_bytes * (ranks - FEW)
            for kind, size in zip(self.kinds, sizes, strict=True):
                yield Message(kind, float(size))


class Calls(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Lists the multiply-adds and the bytes of every call while its body runs.

    What gives another view of a tensor, or a place without numbers, is none.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: list[tuple[int, int]] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Run a function and count it."""
        result = func(*args, **(kwargs or {}))
        tensors = [*_tensors(args), *_tensors((kwargs or {}).values()), *_tensors([result])]
        if not func.is_view and "empty" not in func.name() and tensors:
            work = WORK.get(func.overloadpacket)
            multiply_adds = 0 if work is None else work(*args)
            self.found.append((multiply_adds, sum(tensor.nbytes for tensor in tensors)))
        return result


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)


def counted_step(make: Make, *, synchronised: bool = False) -> CountedStep:
    """Return the second step of a run, counted without other ranks.

    Where batch norm is over all ranks, there is a third run, with more of them.
    """

    def run(ranks: int, examples: int) -> Callable[[], object]:
        return make(ranks * examples, Ranks(0, ranks, synchronised))

    (few, told), (more, told_more) = _counted(run(FEW, FEW)), _counted(run(FEW, MORE))
    told_ranks = told_more
    if synchronised:
        with observed(alone=True) as told_ranks:
            run(MORE, FEW)()
    multiply_adds, moved = (
        Affine.through((FEW, MORE), (few[:, column], more[:, column])) for column in range(2)
    )
    sizes, with_more, with_ranks = map(_sizes, (told, told_more, told_ranks))
    return CountedStep(
        multiply_adds,
        moved,
        tuple(message.kind for message in told),
        Affine.through((FEW * FEW, FEW * MORE), (sizes, with_more)),
        (with_ranks - with_more) / (MORE - FEW),  # both have as many examples
    )


def _sizes(messages: Sequence[Message]) -> Numbers:
    return np.array([message.bytes for message in messages])


def _counted(step: Callable[[], object]) -> tuple[Numbers, list[Message]]:
    calls = Calls()
    with observed(alone=True) as messages:
        step()
        messages.clear()
        with calls:
            step()
    return np.array(calls.found, dtype=np.float64), messages
