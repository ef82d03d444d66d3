"""Liveness: when in a run a value is read for the last time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def last_uses(
    reads: Sequence[Iterable[str]], kept: Collection[str] = ()
) -> tuple[tuple[str, ...], ...]:
    """Return for every step of a run the values that nobody reads behind it, nor wants to keep."""
    last = {name: number for number, names in enumerate(reads) for name in names}
    return tuple(
        tuple(n for n in dict.fromkeys(names) if last[n] == number and n not in kept)
        for number, names in enumerate(reads)
    )
