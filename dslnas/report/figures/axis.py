"""Axes: round numbers that cover a range, and what they look like."""

from __future__ import annotations

import math
from collections.abc import Sequence

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LEAST = 1e-30
"""Numbers, and ranges, that are smaller are none."""


def ticks(low: float, high: float, most: int = 5, *, whole: bool = False) -> tuple[float, ...]:
    """Return at most `most` + 1 multiples of a round step that cover a range.

    A range of no width gets some. `whole`: steps are whole numbers.
    """
    size = max(abs(low), abs(high))
    if high - low <= max(LEAST, 1e-9 * size):
        half = size / 2 if size > LEAST else 0.5
        low, high = low - half, high + half
    rough = (high - low) / most
    scale = 10.0 ** math.floor(math.log10(rough))
    for step in (factor * scale for factor in (*STEPS, 20.0)):
        if whole and step != round(step):
            continue
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            return tuple(number * step for number in range(first, last + 1))
    step = math.ceil(rough) if whole else 20.0 * scale
    return tuple(number * step for number in range(math.floor(low / step), most + 1))


def epoch_ticks(last: int, most: int = 6) -> tuple[int, ...]:
    """Return epochs to name on an axis that begins with 1: the first, the last, round ones."""
    found = [int(tick) for tick in ticks(1, max(2, last), most, whole=True) if 1 < tick < last]
    room = max(1, last // 12)
    return tuple(dict.fromkeys((1, *(tick for tick in found if last - tick >= room), last)))


def tick_text(tick: float, all_: Sequence[float], *, percent: bool = False) -> str:
    """Return the text of a tick, with as many digits as tell it from the others."""
    largest = max(map(abs, all_))
    if largest >= 1e12:
        return f"{tick:.3g}"
    size, unit = next(((s, u) for s, u in ((1e9, " G"), (1e6, " M")) if largest >= s), (1.0, ""))
    scale = 100.0 if percent else 1.0 / size
    step = scale * (abs(all_[1] - all_[0]) if len(all_) > 1 else abs(tick) or 1.0)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(step * 10**digits - round(step * 10**digits)) > 1e-6 * step * 10**digits:
        digits += 1
    return f"{tick * scale:,.{digits}f}{'%' if percent else unit}"
