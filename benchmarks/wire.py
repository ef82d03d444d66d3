"""Messages between the ranks of a run: seen as they are sent, and their time by a model.

An all-reduce leaves every rank with the sum of all V bytes. A ring sends each R-th of them around
twice, once added up and once handed on; a message of hardly any bytes takes as many hops as there
are levels in a tree of ranks, up and down:

    t(V, R) = 2 ceil(log2 R) l + 2 (R - 1) / R * V / b,

l the seconds of a hop and b the bytes per second that a rank sends. An all-gather, whose V bytes
are those of all ranks together, goes around once: half of it.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, log2
from typing import Any, Literal, TypeAlias
from unittest.mock import patch

import torch
import torch.distributed as dist
from torch.nn import functional

Kind: TypeAlias = Literal["all_reduce", "all_gather"]
PASSES: dict[Kind, int] = {"all_reduce": 2, "all_gather": 1}
"""How often each byte goes around."""

Clock: TypeAlias = Callable[[], float]
"""Seconds since some moment: by the clock, or those of the processor."""

SMALL, LARGE = 1, 2**21
"""Numbers of two messages from which a wire is measured."""

CALLS = {SMALL: 100, LARGE: 5}
ROUNDS = 12
PIECE = 10
"""Calls of PyTorch between two messages, some 100 µs each."""


@dataclass(frozen=True)
class Message:
    """What all ranks take part in at once.

    Attributes:
        kind: What becomes of it.
        bytes: Those that every rank has in the end.
    """

    kind: Kind
    bytes: float

    def sent(self, ranks: int) -> float:
        """Return the bytes that each rank sends, as many as it gets."""
        return PASSES[self.kind] * (ranks - 1) / ranks * self.bytes


@dataclass(frozen=True)
class Wire:
    """Speed of what lies between ranks.

    Attributes:
        latency: Seconds of a hop from one to another.
        bandwidth: Bytes per second that a rank sends while it gets as many.
    """

    latency: float
    bandwidth: float

    def seconds(self, message: Message, ranks: int) -> float:
        """Return the time of a message, see the equation above; none with one rank."""
        hops = PASSES[message.kind] * ceil(log2(ranks))
        return hops * self.latency + message.sent(ranks) / self.bandwidth

    def __str__(self) -> str:
        """Return both."""
        return f"{1e6 * self.latency:.0f} us a hop, {self.bandwidth / 1e9:.2f} GB/s"


@dataclass(frozen=True)
class Fabric:
    """Machines of several ranks each: a fast wire inside of a machine, another between them.

    What is summed within every machine is cut up among its ranks, and each of them meets those of
    the same place in the other machines with its piece:

        t(V, R) = t_inner(V, r) + t_outer(V / r, R / r),    r = min(R, per_machine).

    Each rank sends 2 (R - 1) / R * V bytes in all, as in a single ring.
    """

    inner: Wire
    outer: Wire
    per_machine: int

    def seconds(self, message: Message, ranks: int) -> float:
        """Return the time of a message; ranks fill machines."""
        inside = min(ranks, self.per_machine)
        piece = Message(message.kind, message.bytes / inside)
        return self.inner.seconds(message, inside) + self.outer.seconds(piece, ranks // inside)


def seconds_of(messages: Iterable[Message], wire: Wire | Fabric, ranks: int) -> float:
    """Return the time of messages one after the other; equal ones are computed once."""
    counted = Counter(messages)
    return sum(count * wire.seconds(message, ranks) for message, count in counted.items())


@contextmanager
def observed(*, alone: bool = False) -> Iterator[list[Message]]:
    """Give the list of the messages that PyTorch is asked to send meanwhile.

    `alone`: nothing is sent, as if other ranks had only zeros; so one process shows what one of
    many sends.
    """
    seen: list[Message] = []

    def watching(kind: Kind, size: Callable[[Any], int]) -> Any:
        send = getattr(dist, kind)

        def watched(first: Any, *others: Any) -> None:
            seen.append(Message(kind, size(first)))
            if not alone:
                send(first, *others)

        return patch.object(dist, kind, watched)

    reduced = watching("all_reduce", lambda tensor: tensor.nbytes)
    gathered = watching("all_gather", lambda places: sum(place.nbytes for place in places))
    with reduced, gathered:
        yield seen


def measured_wire(clock: Clock) -> Wire:
    """Return the speed of the wire between two ranks; both call it at once.

    A hop is half of what a sum of one number takes, the bandwidth what a large sum takes beyond,
    each between pieces of work, as in a step. It matters which: after a millisecond of calls of
    PyTorch both ranks take more than twice as long to meet as after one loop over memory, as they
    are held up unequally and what listens for the other has to be woken.
    """
    small, large = (_all_reduce_seconds(length, clock) for length in (SMALL, LARGE))
    return Wire(small / 2, torch.float32.itemsize * LARGE / (large - small))


def _all_reduce_seconds(length: int, clock: Clock) -> float:
    """Return what a sum adds to a piece of work: the mean, as a step has many, slow ones too."""
    numbers = torch.ones(length)
    maps, weights = torch.ones(64, 16, 8, 8), torch.ones(16, 1, 3, 3)

    def worked(*, sends: bool) -> float:
        dist.barrier()
        begin = clock()
        for _ in range(CALLS[length]):
            for _ in range(PIECE):
                functional.conv2d(maps, weights, padding=1, groups=16)
            if sends:
                dist.all_reduce(numbers)
        return (clock() - begin) / CALLS[length]

    rounds = [worked(sends=True) - worked(sends=False) for _ in range(ROUNDS)]
    return statistics.mean(rounds)
