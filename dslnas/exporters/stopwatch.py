"""The steps of an export, told to people with the seconds that they took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

Tell: TypeAlias = Callable[[str], object]
"""Gets a line for people."""


def silent(_: str) -> None:
    """Tell nobody."""


class Stopwatch:
    """Tells what is done, step by step."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._began = tell, time.perf_counter()

    def tell(self, what: str) -> None:
        """Tell what was done since the last step was told."""
        now = time.perf_counter()
        self._tell(f"{what} in {now - self._began:.1f} s")
        self._began = now
