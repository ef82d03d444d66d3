"""How far a long reading of data is, told to whoever wants to hear it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

FIRST, LONGEST = 3.0, 60.0
"""Seconds before it is told for the first time, and at most between two times later."""

READ = "images read"
"""Words for pictures that were read."""

Tell: TypeAlias = Callable[[str], None]


def nobody(text: str) -> None:
    """Hear nothing."""


_tell: ContextVar[Tell] = ContextVar("tell", default=nobody)


@contextmanager
def telling_of_reading(tell: Tell) -> Iterator[None]:
    """Tell how far readings in the body are, in lines for people."""
    token = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(token)


class Progress:
    """Counts what is read, and tells it again whenever twice the time has gone, or a minute."""

    def __init__(self, total: int, what: str) -> None:
        """Begin; `what` says in words what there are so many of, and what is done to them."""
        self._total, self._what, self._done = total, what, 0
        self._begin = time.monotonic()
        self._next = self._begin + FIRST

    def add(self, count: int) -> None:
        """Take account of some that were read."""
        self._done += count
        now = time.monotonic()
        if now < self._next or self._done >= self._total:
            return
        self._next = now + min(LONGEST, now - self._begin)
        share = self._done / self._total
        _tell.get()(f"  {self._done:,} of {self._total:,} {self._what} ({share:.0%})")
