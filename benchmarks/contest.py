"""Ways of doing the same work, side by side: what each takes, and how many times less than others.

A way is made in this process and takes turns with the others; the peak of its memory is that of a
process of its own, above what it had before its first step. With one thread, times are those that
the processor gave to this process, which on a quiet machine are those of the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from floor import Floor
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
        wanted: Times less; 0 if nothing is aimed at.
        least: Times less that will do; 0 if only `wanted` does.
        of: The cost that is meant, `time` or `memory`.
    """

    than: str
    wanted: float
    least: float = 0.0
    of: str = "time"

    def __str__(self) -> str:
        """Return the aim in words; empty where there is none."""
        least = f", at least {self.least:g}" if self.least else ""
        return f"{self.wanted:g}{least}" if self.wanted else ""


@dataclass(frozen=True)
class Reached:
    """A number that is aimed at, and what it came to.

    Attributes:
        work: What was done.
        measured: What the number is.
        number: What it came to.
        wanted: What is aimed at, in words; empty if nothing is.
        unit: Of the number.
        bound: What the work takes at least, in words.
    """

    work: str
    measured: str
    number: float
    wanted: str = ""
    unit: str = ""
    bound: str = ""

    def __str__(self) -> str:
        """Return a row of a table, see `REACHED`."""
        number = f"{self.number:#.3g}{self.unit}"
        return f"| {self.work} | {self.measured} | {number} | {self.wanted} | {self.bound} |"


COSTS = """\
| work | way | s per step | times less | peak, MiB |
| --- | --- | ---: | ---: | ---: |"""

REACHED = """\
| work | measured | reached | wanted | bound |
| --- | --- | ---: | ---: | --- |"""


def costs_of(
    makers: Mapping[str, Maker], turns: int, small: Mapping[str, Maker] | None = None
) -> dict[str, Cost]:
    """Return what every way costs, over so many turns after one that is not timed.

    Args:
        makers: By the name of the way.
        turns: How often each is timed.
        small: The same at a small size, which runs before memory is measured, so that libraries
            and loops are loaded; without, memory is not measured.
    """
    seconds = medians_in_turns({name: make() for name, make in makers.items()}, turns)
    if small is None:
        return {name: Cost(seconds[name]) for name in makers}
    return {
        name: Cost(seconds[name], in_own_process(_peak, make, small[name]))
        for name, make in makers.items()
    }


def _peak(make: Maker, small: Maker) -> float:
    small()(0)
    step = make()

    def twice() -> None:
        for turn in range(2):
            step(turn)

    return added_peak_mib(twice)


def ratios_of(
    work: str, costs: Mapping[str, Cost], goals: Iterable[Goal], floor: Floor | None = None
) -> list[Reached]:
    """Return what was reached of the goals for which everything was measured."""
    found = []
    for goal in goals:
        if goal.than in costs and OURS in costs:
            ours, other = costs[OURS], costs[goal.than]
            is_time = goal.of == "time"
            pair = (ours.seconds, other.seconds) if is_time else (ours.peak, other.peak)
            if pair[0]:
                bound = floor.beside(ours.seconds) if is_time and floor else ""
                measured = f"{goal.of}, times less than {goal.than}"
                found.append(Reached(work, measured, pair[1] / pair[0], str(goal), bound=bound))
    return found


def cost_rows(work: str, costs: Mapping[str, Cost]) -> list[str]:
    """Return the rows of a work, see `COSTS`; times less is against its first way."""
    first = next(iter(costs.values())).seconds
    return [
        f"| {work} | {way} | {cost.seconds:#.3g} | {first / cost.seconds:.2f} "
        f"| {f'{cost.peak:.0f}' if cost.peak else ''} |"
        for way, cost in costs.items()
    ]


def print_reached(rows: Sequence[Reached]) -> None:
    """Print what was reached beside what is wanted."""
    print(f"\n{REACHED}")
    print(*rows, sep="\n", flush=True)
