"""Inputs for a target, without end: those of a grammar, its seeds, and changes of both.

The same seed gives the same inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import mutated
from tests.fuzz.target import Target

DRAWN = 24
"""One of so many inputs is drawn anew, which takes longer than all of the others."""

KEPT = 64
"""Drawn inputs that others are made of."""

_BYTES = 8_000  # more than most draws take


def inputs(target: Target, seed: int) -> Iterator[bytes]:
    """Yield the seeds of a target as they are, then inputs that are made of them."""
    random = Random(f"{target.name} {seed}")
    seeds = list(target.seeds())
    yield from seeds
    draw = None if target.fresh is None else drawing(target.fresh)
    drawn: list[bytes] = []
    while True:
        if draw is not None and random.randrange(DRAWN) == 0:
            new = draw(random)
            if new is not None:
                drawn = [*drawn[-KEPT:], new]
                yield new
        base = random.choice(drawn if drawn and random.random() < 0.5 else seeds)
        yield mutated(base, random, target.words, [*seeds, *drawn], is_text=target.is_text)


def drawing(strategy: st.SearchStrategy[bytes]) -> Callable[[Random], bytes | None]:
    """Return a function that draws from a strategy by random numbers; None where it gives up."""
    made: list[bytes] = []

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def keep(one: bytes) -> None:
        made.append(one)

    def draw(random: Random) -> bytes | None:
        made.clear()
        keep.hypothesis.fuzz_one_input(random.randbytes(_BYTES))  # type: ignore[attr-defined]
        return made[-1] if made else None

    return draw
