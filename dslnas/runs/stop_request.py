"""A wish that a run ends early, told by a signal or by another thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class StopRequest:
    """A flag that loops look at after every step: they store what they have, and end.

    Attributes:
        is_asked: Whether somebody asked.
        is_heard: Whether a loop is running that looks at it.
    """

    def __init__(self) -> None:
        self.is_asked = self.is_heard = False

    def ask(self) -> None:
        """Ask the run to end after its next step, as if Ctrl-C had been pressed then."""
        self.is_asked = True

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Run a loop inside of this that looks at the flag."""
        self.is_heard = True
        try:
            yield
        finally:
            self.is_heard = False
