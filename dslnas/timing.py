"""How long a piece of work takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def nothing() -> None:
    """Wait for nothing: work on a processor is done when its call returns."""


def seconds_of(work: Callable[[], object], wait: Callable[[], object] = nothing) -> float:
    """Return how long something takes.

    Args:
        work: The work that is timed.
        wait: Waits for work that a device still does, before the time begins and before it ends.
    """
    wait()
    begin = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - begin


def median_seconds(
    work: Callable[[], object],
    runs: int,
    *,
    warm_up: float = 0.0,
    wait: Callable[[], object] = nothing,
) -> float:
    """Return the median time of some runs, after one that loads what it needs and finds memory.

    Args:
        work: The work that is timed.
        runs: How often it is timed.
        warm_up: Seconds after the first run in which it goes on untimed, until caches are warm.
        wait: See `seconds_of`.
    """
    seconds_of(work, wait)
    end = time.perf_counter() + warm_up
    while time.perf_counter() < end:
        seconds_of(work, wait)
    return statistics.median(seconds_of(work, wait) for _ in range(runs))
