"""How long one example takes: an image, or a token of a text."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

WARM_UP = 5
RUNS = 30


def latency_ms(run: Callable[..., object], *inputs: object) -> float:
    """Return the median time of a run on some inputs, in milliseconds."""
    for _ in range(WARM_UP):
        run(*inputs)
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        run(*inputs)
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)
