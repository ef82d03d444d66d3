"""The type of a pass: a rewrite of a graph, with what has to be known to run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.verify import Law


class Phase(Enum):
    """When a pass rewrites a graph."""

    RUN = "before a network runs"
    TRAIN = "while a network trains"
    PREDICT = "where a network is exported"


@dataclass(frozen=True)
class Pass:
    """A rewrite of a graph that keeps what it computes.

    Attributes:
        rewrite: Takes and returns a graph; running it twice changes nothing more.
        summary: One line.
        keeps_choices: Whether every operation of every edge can still be run without the others,
            as methods do that sample operations.
        after: Names of passes whose result it builds on: they run before it.
        loops: Name of the kernel without whose loops it does not pay; None if it always does.
        phase: When it runs.
        requires: Laws that hold before it and behind it, besides those of every graph.
    """

    rewrite: Callable[[PrimitiveGraph], PrimitiveGraph]
    summary: str
    keeps_choices: bool = False
    after: tuple[str, ...] = ()
    loops: str | None = None
    phase: Phase = Phase.RUN
    requires: tuple[Law, ...] = ()

    @property
    def name(self) -> str:
        """Name by which the user calls it."""
        return self.rewrite.__name__
