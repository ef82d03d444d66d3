"""Time and memory of a piece of work, and the machine that they are measured on."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

import torch

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
CPUS = Path("/proc/cpuinfo")

Given = ParamSpec("Given")
Result = TypeVar("Result")


def machine() -> str:
    """Return what numbers depend on: processor, cores, how busy they are, versions, threads."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{_processor()}, {os.cpu_count()} cores{load}; torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads"
    )


def _processor() -> str:
    lines = CPUS.read_text(encoding="utf-8").splitlines() if CPUS.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


class Spent(NamedTuple):
    """Seconds of a piece of work.

    Attributes:
        wall: By the clock.
        cpu: Of all threads of this process; a thread that waits for another may spin.
    """

    wall: float
    cpu: float

    @property
    def seconds(self) -> float:
        """What counts: with one thread those of the processor, which others do not disturb."""
        return self.cpu if torch.get_num_threads() == 1 else self.wall


def spent_in_turns(
    works: Mapping[str, Callable[[int], object]], turns: int
) -> dict[str, list[Spent]]:
    """Return what several works take in each turn; taking turns, all meet one machine.

    Args:
        works: By name; each is called with the number of the turn, and once before with 0, as the
            first time allocates and compiles.
        turns: How often each is timed; every other turn goes backwards.
    """
    for work in works.values():
        work(0)
    gc.freeze()  # as runs do: else Python looks through what all ways have made in the time of one
    times: dict[str, list[Spent]] = {name: [] for name in works}
    for turn in range(turns):
        for name in list(works)[:: -1 if turn % 2 else 1]:
            begin = Spent(time.perf_counter(), time.process_time())
            works[name](turn)
            wall, cpu = time.perf_counter() - begin.wall, time.process_time() - begin.cpu
            times[name].append(Spent(wall, cpu))
    gc.unfreeze()
    return times


def medians_in_turns(works: Mapping[str, Callable[[int], object]], turns: int) -> dict[str, float]:
    """Return the median seconds of several works, as in `spent_in_turns`; see `Spent.seconds`."""
    spent = spent_in_turns(works, turns)
    return {name: statistics.median(t.seconds for t in times) for name, times in spent.items()}


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage meanwhile: when it does so hangs on what was before."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def added_peak_mib(work: Callable[[], object]) -> float:
    """Return how far above what this process has now its memory goes meanwhile, in MiB.

    Linux tells; elsewhere it is 0. `getrusage` would count the parent's memory too, from before
    this program was loaded.
    """
    if CLEAR.exists():
        CLEAR.write_text("5", encoding="ascii")  # the high water falls to what is there now
    before = _high_water_mib()
    work()
    return _high_water_mib() - before


def _high_water_mib() -> float:
    lines = STATUS.read_text(encoding="ascii").splitlines() if STATUS.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def in_own_process(
    function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
) -> Result:
    """Return what a function gives in a new process with this many threads."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(torch.set_num_threads, torch.get_num_threads()).result()
        return pool.submit(function, *args, **kwargs).result()
