"""The end of a search, checked: candidates near the scores, and random architectures beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median, pstdev

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.protocol import Progress
from dslnas.engines.resource_constraints import ResourceConstraints, draw
from dslnas.graph.analysis.plan import Choice
from dslnas.graph.analysis.size import check_final
from dslnas.space.architecture import Architecture
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.continuous import with_found
from dslnas.space.derive.derive import Scores, derive
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.task import Measurement
from dslnas.training.constraints import architecture_keeps_to
from dslnas.training.one_shot import OneShot
from dslnas.training.records import SearchCheck
from dslnas.training.search_plan import SearchPlan
from dslnas.training.snapshots import Snapshot

Tables = Mapping[str, ChoiceTable]


class Comparisons:
    """Comparisons at the end of a search, by the weights that it shares, on the validation part."""

    def __init__(
        self,
        plan: SearchPlan,
        one_shot: OneShot,
        supernet: Supernet,
        seed: int,
        check_stop: Callable[[], None],
    ) -> None:
        """Take all that compares; before every measurement `check_stop` may end them."""
        self._check_stop = check_stop
        self._plan, self._one_shot, self._supernet, self._seed = plan, one_shot, supernet, seed
        self._task = task_of(plan.data)

    def best_nearby(self, found: Snapshot, progress: Progress) -> Snapshot:
        """Return the best of what was found and of architectures near its scores, if asked for.

        The first is taken on ties. Candidates over the limits are taken only where none keeps to
        them; equal ones are measured once.
        """
        derivation = self._plan.derivation
        if derivation.compare == 0:
            return found
        tables = self._supernet.tables
        drawn = [*nearby(found.scores, tables, derivation.compare, self._seed)]
        allowed = [
            scores
            for scores in drawn
            if architecture_keeps_to(self._derived(scores, found), derivation.limits)
        ] or drawn
        known: dict[tuple[object, ...], float] = {}
        worths = []
        for number, scores in enumerate(allowed, 1):
            choice = self._one_shot.choice(scores)
            key = tuple(choice.items())
            if key not in known:
                known[key] = self._worth(choice)
            worths.append(known[key])
            progress(number, len(allowed))
        scores = allowed[worths.index(max(worths))]
        architecture = self._derived(scores, found)
        params = check_final(architecture)
        return replace(found, architecture=architecture, scores=scores, params=params)

    def check(self, found: Snapshot, constraints: ResourceConstraints) -> SearchCheck | None:
        """Return how what was found compares with random architectures of its space.

        None where there is nothing to compare.
        """
        generator = torch.Generator().manual_seed(self._seed)
        count, tables = self._plan.derivation.against, self._supernet.tables
        drawn = [draw(tables, generator, constraints) for _ in range(count)]
        if not drawn:
            return None
        task, measured = self._task, self._measure(self._one_shot.choice(found.scores))
        others = [other for other in map(self._measure, drawn) if other is not None]
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

    def _derived(self, scores: Scores, found: Snapshot) -> Architecture:
        """Return what scores prefer, with the weights that were found with an architecture."""
        rule = self._plan.derivation.rule
        return with_found(derive(self._plan.space, scores, rule, self._seed), found.found)

    def _measure(self, choice: Choice) -> Measurement | None:
        self._check_stop()
        return self._one_shot.measure(choice)

    def _worth(self, choice: Choice) -> float:
        measured = self._measure(choice)
        return -math.inf if measured is None else self._task.worth(measured)


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
