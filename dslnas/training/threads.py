"""How many threads a training uses: one where the network is too small for more.

Threads wait for each other after every operation. For an operation of microseconds that costs more
than it saves, and many times more where other programs use the same cores.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from dslnas.backends.torch.threads import threads

SMALL = 1_000_000_000
"""Multiply-adds of a batch below which one thread is used: some 50 ms of work for one core."""


def threads_for(flops: int) -> AbstractContextManager[None]:
    """Run the body with as many threads as its work is worth.

    The number depends on the work alone, so equal runs have equal sums.

    Args:
        flops: Multiply-adds of one batch.
    """
    return threads(1 if flops < SMALL else None)
