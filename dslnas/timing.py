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
    warm_up: int = 1,
    wait: Callable[[], object] = nothing,
) -> float:
    """Return the median time of some runs.

    Args:
        work: The work that is timed.
        runs: How often it is timed.
        warm_up: Runs before that are not timed, as the first ones look for memory.
        wait: See `seconds_of`.
    """
    times = [seconds_of(work, wait) for _ in range(warm_up + runs)]
    return statistics.median(times[warm_up:])
