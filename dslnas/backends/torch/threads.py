"""How many threads torch computes with: one where the network is too small for more.

Threads wait for each other after every operation. For an operation of microseconds that costs more
than it saves, and many times more where other programs use the same cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

SMALL = 1_000_000_000
"""Multiply-adds of a batch below which one thread is used: some 50 ms of work for one core."""


@contextmanager
def threads(number: int | None) -> Iterator[None]:
    """Run the body with a number of threads; None leaves it as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(before if number is None else number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_for(flops: int) -> AbstractContextManager[None]:
    """Run the body with as many threads as so many multiply-adds are worth.

    The number depends on the work alone, so equal runs have equal sums.
    """
    return threads(1 if flops < SMALL else None)


def wait_for(device: torch.device) -> None:
    """Wait until a device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
