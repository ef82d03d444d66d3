"""Tasks over rows of logits, in float32. The record is `records.LOGITS`.

Sums and maxima of a row are taken in lanes, which are put together in order at its end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray

from dslnas.backends.torch.kernels.exponential import exponential
from dslnas.backends.torch.kernels.jit import flat, serial, table, whole

_LANES = 64


@serial
def _exp(x: Any, less: Any, result: Any) -> None:
    for m in range(result.size):
        result[m] = exponential(x[m] - less)


@serial
def _raise(most: Any, x: Any) -> None:
    for m in range(x.size):
        most[m] = x[m] if x[m] > most[m] else most[m]


@serial
def _add(total: Any, x: Any) -> None:
    for m in range(x.size):
        total[m] += x[m]


def forward(number: Any, told: Any, like: Any) -> None:
    """Write the cross-entropy of each row of a part, and log(sum of exp) of its logits."""
    a = carray(told, (1,))[0]
    logits, targets = table(a.logits, a.rows, a.classes, like), whole(a.targets, a.rows)
    losses, levels = flat(a.losses, a.rows, like), flat(a.levels, a.rows, like)
    parts = np.empty((3, _LANES), np.float32)
    most, total, here = parts[0], parts[1], parts[2]
    for row in range(number * a.rows // a.parts, (number + 1) * a.rows // a.parts):
        x = logits[row]
        for m in range(_LANES):
            most[m] = -np.inf
            total[m] = 0.0
        for low in range(0, a.classes, _LANES):
            _raise(most, x[low : min(low + _LANES, a.classes)])
        highest = most[0]
        for m in range(_LANES):
            highest = most[m] if most[m] > highest else highest
        for low in range(0, a.classes, _LANES):
            size = min(_LANES, a.classes - low)
            _exp(x[low:], highest, here[:size])
            _add(total, here[:size])
        summed = 0.0
        for m in range(_LANES):
            summed += total[m]
        levels[row] = highest + np.log(summed)
        losses[row] = levels[row] - x[targets[row]] if targets[row] != a.nothing else 0.0


def backward(number: Any, told: Any, like: Any) -> None:
    """Write softmax less one at the target, times the gradient of the row's loss."""
    a = carray(told, (1,))[0]
    logits, targets = table(a.logits, a.rows, a.classes, like), whole(a.targets, a.rows)
    levels, result = flat(a.levels, a.rows, like), table(a.result, a.rows, a.classes, like)
    scale = flat(a.gradient, 1, like)[0]
    for row in range(number * a.rows // a.parts, (number + 1) * a.rows // a.parts):
        out = result[row]
        if targets[row] == a.nothing:
            for m in range(out.size):
                out[m] = 0.0
            continue
        _exp(logits[row], levels[row], out)
        for m in range(out.size):
            out[m] *= scale
        out[targets[row]] -= scale


TASKS = {"forward": forward, "backward": backward}
