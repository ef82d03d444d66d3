"""The end of a search, checked: candidates near the scores, and random architectures beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median, pstdev

import torch

from dslnas.engines.resource_constraints import ResourceConstraints, draw
from dslnas.graph.analysis.plan import Choice
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.derive.derive import Scores
from dslnas.tasks.task import Measurement, Task
from dslnas.training.one_shot import OneShot
from dslnas.training.records import SearchCheck

Tables = Mapping[str, ChoiceTable]


def best_nearby(
    one_shot: OneShot,
    candidates: Sequence[Scores],
    task: Task,
    is_allowed: Callable[[Scores], bool],
    progress: Callable[[int, int], None],
) -> Scores:
    """Return the candidates' best by validation with the shared weights, the first on ties.

    Candidates that are not allowed are taken only where none is; equal ones are measured once.
    """
    allowed = [scores for scores in candidates if is_allowed(scores)] or candidates
    known: dict[tuple[object, ...], float] = {}
    worths = []
    for number, scores in enumerate(allowed, 1):
        choice = one_shot.choice(scores)
        key = tuple(choice.items())
        if key not in known:
            known[key] = _worth(one_shot.measure(choice), task)
        worths.append(known[key])
        progress(number, len(allowed))
    return allowed[worths.index(max(worths))]


def nearby(scores: Scores, tables: Tables, count: int, seed: int) -> Iterator[Scores]:
    """Yield the scores, then some with Gumbel noise, one architecture each.

    On an edge alone operation o comes out on top with probability exp(s_o / d) / sum_o' exp(s_o' /
    d), where d is the standard deviation of the cell's scores: what scores better is drawn more
    often, on whatever scale a method scores.
    """
    yield scores
    generator = torch.Generator().manual_seed(seed)
    widths = {cell: _spread(scores[cell], tables[cell]) for cell in tables}
    for _ in range(count):
        yield {
            cell: [[s + width * _gumbel(generator) for s in row] for row in scores[cell]]
            for cell, width in widths.items()
        }


def _spread(scores: Sequence[Sequence[float]], table: ChoiceTable) -> float:
    """Return the standard deviation of a cell's scores, or 1 where all are equal."""
    every = [scores[row][column] for row, those in enumerate(table.candidates) for column in those]
    return pstdev(every) or 1.0


def _gumbel(generator: torch.Generator) -> float:
    drawn = torch.empty((), dtype=torch.float64).exponential_(generator=generator)
    return -math.log(float(drawn))


def checked(
    one_shot: OneShot,
    found: Choice,
    constraints: ResourceConstraints,
    tables: Tables,
    count: int,
    seed: int,
    task: Task,
) -> SearchCheck | None:
    """Return how what was found compares with random architectures of its space.

    All are measured alike, with the shared weights on the validation part. None where there is
    nothing to compare.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = [draw(tables, generator, constraints) for _ in range(count)]
    measured = one_shot.measure(found)
    others = [other for other in map(one_shot.measure, drawn) if other is not None]
    if measured is None or not others:
        return None
    leading = task.metrics[0].name
    return SearchCheck(
        stage="check",
        metric=leading,
        found=measured.metrics[leading],
        random=tuple(other.metrics[leading] for other in others),
        median=median(other.metrics[leading] for other in others),
        beats_random=task.worth(measured) > median(map(task.worth, others)),
    )


def _worth(measured: Measurement | None, task: Task) -> float:
    return -math.inf if measured is None else task.worth(measured)
