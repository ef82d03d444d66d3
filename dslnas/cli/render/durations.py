"""Lengths of time in words."""

from __future__ import annotations

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def duration(seconds: float) -> str:
    """Return a length of time in its largest unit and the one below, as in `3 h 20 min`.

    From ten of a unit on, the one below would be more precise than it is meant.
    """
    left = round(seconds)
    place = next((n for n, (_, size) in enumerate(_UNITS) if left >= size), len(_UNITS) - 1)
    (unit, size), below = _UNITS[place], _UNITS[place + 1 : place + 2]
    count, rest = divmod(left, size)
    for smaller, size_below in below:
        if count < 10 and rest >= size_below:
            return f"{count} {unit} {rest // size_below} {smaller}"
    return f"{count} {unit}"
