"""Latency of exported models: in ONNX Runtime on the CPU, for one example and for several."""

from __future__ import annotations

import platform
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import onnx

from dslnas.backends.onnx.latency import example_of
from dslnas.backends.onnx.session import processors, session
from dslnas.exporters.onnx_record import Latency, Times
from dslnas.timing import seconds_of_runs

BATCHES = (1, 8)
ALONE, TOGETHER = "one thread", "all threads"

WARM_UP, RUNS, AT_MOST = 0.05, 50, 1.0
"""Seconds of runs before a latency is measured, most runs, and seconds after which five do."""


def latency_of(model: bytes) -> Latency:
    """Return the latency of a model, with the processor on which it was measured."""
    return Latency(processor=processor(), threads=processors(), milliseconds=milliseconds_of(model))


def milliseconds_of(model: bytes) -> dict[str, Times]:
    """Return the times of runs by batch size and threads, that of one example on one first."""
    proto = onnx.load_model_from_string(model)
    found = {}
    for batch, (title, threads) in product(BATCHES, ((ALONE, 1), (TOGETHER, processors()))):
        runner, example = session(model, threads), example_of(proto, batch)
        run = partial(runner.run, None, example)
        seconds = seconds_of_runs(run, RUNS, warm_up=WARM_UP, at_most=AT_MOST)
        low, median, high = np.percentile(seconds, (10, 50, 90)) * 1000
        found[f"batch {batch}, {title}"] = Times(
            median=round(median, 4), p10=round(low, 4), p90=round(high, 4)
        )
    return found


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
