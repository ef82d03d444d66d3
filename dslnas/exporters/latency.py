"""Latency of exported models: in ONNX Runtime on the CPU, for one example and for several."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from dslnas.backends.onnx.latency import example_of
from dslnas.backends.onnx.session import Loaded, processors
from dslnas.exporters.onnx_record import Latency, Times
from dslnas.timing import seconds_in_turns, seconds_of_runs

BATCHES = (1, 8)
ALONE, TOGETHER = "one thread", "all threads"

WARM_UP, RUNS, AT_MOST, FEWEST = 0.05, 50, 0.25, 3
"""Seconds of runs before a latency is measured, most runs, seconds after which fewer do, and how
many are needed in any case."""


def latencies_of(models: Sequence[Loaded]) -> list[Latency]:
    """Return the latency of each of several models, with the processor on which it was measured.

    They run in turns: seconds later a machine may be faster or slower than it was.
    """
    found: list[dict[str, Times]] = [{} for _ in models]
    for batch, (title, threads) in product(BATCHES, ((ALONE, 1), (TOGETHER, processors()))):
        works = [
            partial(model.session(threads).run, None, example_of(model.proto, batch))
            for model in models
        ]
        for times, seconds in zip(found, _seconds(works), strict=True):
            times[f"batch {batch}, {title}"] = _times(seconds)
    name, threads = processor(), processors()
    return [Latency(processor=name, threads=threads, milliseconds=times) for times in found]


def _seconds(works: Sequence[Callable[[], object]]) -> list[list[float]]:
    """Return the times of some runs of each; more of them where they are compared."""
    if len(works) > 1:
        return seconds_in_turns(works, RUNS, warm_up=WARM_UP, at_most=AT_MOST)
    (work,) = works
    return [seconds_of_runs(work, RUNS, warm_up=WARM_UP, at_most=AT_MOST, fewest=FEWEST)]


def _times(seconds: Sequence[float]) -> Times:
    low, median, high = (round(float(ms), 4) for ms in np.percentile(seconds, (10, 50, 90)) * 1000)
    return Times(median=median, p10=low, p90=high)


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
