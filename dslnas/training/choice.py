"""How a stage of a run was chosen to run, by measuring some of its steps: part of the manifest."""

from __future__ import annotations

from dslnas.json_model import JsonModel, Seconds
from dslnas.settings.precision import Execution, Precision


class Way(JsonModel):
    """A way in which steps may run.

    Attributes:
        execution: How they are launched.
        precision: Precision of the arithmetic.
        channels_last: Whether images lie with their channels innermost.
    """

    execution: Execution
    precision: Precision
    channels_last: bool

    def __str__(self) -> str:
        """Return it in words."""
        layout = "" if self.channels_last else ", channel by channel"
        return f"{self.execution} in {self.precision}{layout}"


class Tried(JsonModel):
    """A way and what was measured of it.

    Attributes:
        way: The way.
        start: Seconds until steps went on evenly; None, as `step`, if they did not get there.
        step: Seconds of a step, the median.
        why_not: Why nothing was measured.
    """

    way: Way
    start: Seconds | None = None
    step: Seconds | None = None
    why_not: str | None = None


class Chosen(JsonModel):
    """The way that was chosen for a stage.

    Attributes:
        way: The way.
        steps: Steps of the stage, for which it was chosen.
        tried: All ways that were looked at, in order.
    """

    way: Way
    steps: int
    tried: tuple[Tried, ...]

    def told(self) -> str:
        """Return it for people, with the times."""
        times = "; ".join(
            f"{tried.way}: {tried.why_not}"
            if tried.step is None
            else f"{tried.way}: {1000 * tried.step:.3g} ms, {tried.start:.3g} s to start"
            for tried in self.tried
        )
        return f"Steps run {self.way}, which takes least for {self.steps:,} of them ({times})"
