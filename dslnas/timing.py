"""How long a piece of work takes."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence

FEWEST = 5
"""Runs without which a time is no measurement."""

TURNS = 5
"""How often each of several pieces of work has its turn."""


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


def seconds_of_runs(
    work: Callable[[], object],
    runs: int,
    *,
    warm_up: float = 0.0,
    at_most: float = math.inf,
    fewest: int = FEWEST,
    wait: Callable[[], object] = nothing,
) -> list[float]:
    """Return the times of some runs, after one that loads what it needs and finds memory.

    Args:
        work: The work that is timed.
        runs: How often it is timed.
        warm_up: Seconds after the first run in which it goes on untimed, until caches are warm.
        at_most: Seconds after which fewer runs do, but this many:
        fewest: Runs that are needed in any case.
        wait: See `seconds_of`.
    """
    seconds_of(work, wait)
    end = time.perf_counter() + warm_up
    while time.perf_counter() < end:
        seconds_of(work, wait)
    taken: list[float] = []
    while len(taken) < runs and (len(taken) < fewest or sum(taken) < at_most):
        taken.append(seconds_of(work, wait))
    return taken


def seconds_in_turns(
    works: Sequence[Callable[[], object]], runs: int, *, warm_up: float, at_most: float
) -> list[list[float]]:
    """Return the times of runs of each of several, to compare them: a busy machine slows all alike.

    See `seconds_of_runs`, of which each of them has `TURNS`.
    """
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(TURNS):
        for work, found in zip(works, taken, strict=True):
            found += seconds_of_runs(
                work,
                math.ceil(runs / TURNS),
                warm_up=warm_up / TURNS,
                at_most=at_most / TURNS,
                fewest=FEWEST // TURNS,
            )
    return taken


def median_seconds(
    work: Callable[[], object],
    runs: int,
    *,
    warm_up: float = 0.0,
    wait: Callable[[], object] = nothing,
) -> float:
    """Return the median time of some runs, see `seconds_of_runs`."""
    return statistics.median(seconds_of_runs(work, runs, warm_up=warm_up, wait=wait))
