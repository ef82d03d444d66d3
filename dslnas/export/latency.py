"""How long one image takes."""

from __future__ import annotations

import statistics
import time

import numpy as np

from dslnas.export.parity import Run

WARM_UP = 5
RUNS = 30


def latency_ms(run: Run, image: np.ndarray) -> float:
    """Return the median time of a run in milliseconds.

    Args:
        run: What is measured.
        image: A batch of one image.
    """
    for _ in range(WARM_UP):
        run(image)
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        run(image)
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)
