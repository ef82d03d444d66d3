"""Ways of doing the same work, side by side: what each takes, and how many times less than others.

A way is made in this process and takes turns with the others; the peak of its memory is that of a
process of its own, above what it had before its first step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from measuring import added_peak_mib, in_own_process, medians_in_turns

OURS = "this tool"
PUBLISHED = "published"
CHANNELS_LAST = "published, channels_last"

Step: TypeAlias = Callable[[int], object]
"""Does the work once; is given the number of the turn."""

Maker: TypeAlias = Callable[[], Step]
"""Makes everything that a step needs; another process can get it."""


@dataclass(frozen=True)
class Cost:
    """Cost of a step.

    Attributes:
        seconds: The median of the turns.
        peak: MiB; 0 if it was not measured.
    """

    seconds: float
    peak: float = 0.0


@dataclass(frozen=True)
class Goal:
    """How many times less than another way this tool is to take.

    Attributes:
        than: The other way.
        wanted: Times less.
        least: Times less that will do; 0 if only `wanted` does.
        of: The cost that is meant, `time` or `memory`.
    """

    than: str
    wanted: float
    least: float = 0.0
    of: str = "time"


@dataclass(frozen=True)
class Ratio:
    """A goal and what was reached of it.

    Attributes:
        work: What was done.
        goal: What is wanted.
        reached: Times less.
    """

    work: str
    goal: Goal
    reached: float

    def __str__(self) -> str:
        """Return a row of a table, see `RATIOS`."""
        goal = self.goal
        least = f" (at least {goal.least:g})" if goal.least else ""
        return (
            f"| {self.work} | {goal.of} | {goal.than} | {self.reached:.2f} "
            f"| {goal.wanted:g}{least} |"
        )


COSTS = """\
| work | way | s per step | times less | peak, MiB |
| --- | --- | ---: | ---: | ---: |"""

RATIOS = """\
| work | cost | than | times less: reached | wanted |
| --- | --- | --- | ---: | ---: |"""


def costs_of(makers: Mapping[str, Maker], turns: int, *, memory: bool = True) -> dict[str, Cost]:
    """Return what every way costs, over so many turns after one that is not timed."""
    seconds = medians_in_turns({name: make() for name, make in makers.items()}, turns)
    return {
        name: Cost(seconds[name], in_own_process(_peak, make) if memory else 0.0)
        for name, make in makers.items()
    }


def _peak(make: Maker) -> float:
    step = make()
    return added_peak_mib(lambda: [step(turn) for turn in range(2)])


def ratios_of(work: str, costs: Mapping[str, Cost], goals: Iterable[Goal]) -> list[Ratio]:
    """Return what was reached of the goals for which everything was measured."""
    found = []
    for goal in goals:
        if goal.than in costs:
            ours, other = costs[OURS], costs[goal.than]
            pair = (ours.peak, other.peak) if goal.of == "memory" else (ours.seconds, other.seconds)
            if pair[0]:
                found.append(Ratio(work, goal, pair[1] / pair[0]))
    return found


def cost_rows(work: str, costs: Mapping[str, Cost]) -> list[str]:
    """Return the rows of a work, see `COSTS`; times less is against its first way."""
    first = next(iter(costs.values())).seconds
    return [
        f"| {work} | {way} | {cost.seconds:#.3g} | {first / cost.seconds:.2f} "
        f"| {f'{cost.peak:.0f}' if cost.peak else ''} |"
        for way, cost in costs.items()
    ]


def print_ratios(ratios: Sequence[Ratio]) -> None:
    """Print the table of ratios."""
    print(f"\n{RATIOS}")
    print(*ratios, sep="\n", flush=True)
