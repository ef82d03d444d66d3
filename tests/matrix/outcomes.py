"""How a row ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PASSED, FAILED, SKIPPED = "pass", "FAIL", "skip"


class MissingError(Exception):
    """A row cannot run on this machine; the reason is its text."""


class StepError(Exception):
    """A command of a row failed, as its text says."""


@dataclass(frozen=True)
class Outcome:
    """How a row ended, after how many seconds, and why so if it did not pass."""

    row: str
    status: str
    seconds: float
    reason: str = ""


def table(outcomes: Sequence[Outcome]) -> str:
    """Return a line for each row, and what they add up to."""
    width = max((len(outcome.row) for outcome in outcomes), default=0)
    lines = [
        f"{o.row:{width}}  {o.status}  {o.seconds:6.0f} s  {o.reason}".rstrip() for o in outcomes
    ]
    counts = [f"{sum(o.status == s for o in outcomes)} {s}" for s in (PASSED, FAILED, SKIPPED)]
    return "\n".join([*lines, ", ".join(counts)])
