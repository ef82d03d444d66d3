"""One-shot measurements: architectures of a space with the weights that a search shares."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import LEAST, Part
from dslnas.graph.analysis.plan import DROPPED, Choice
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.derive.derive import Scores, chosen_columns
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.task import Measurement
from dslnas.training.measure import measure_batches
from dslnas.training.search_plan import SearchPlan


def by_row(chosen: Mapping[str, Mapping[int, int]], tables: Mapping[str, ChoiceTable]) -> Choice:
    """Return what `chosen_columns` returned, with a column or DROPPED for every row of tables."""
    return {
        name: tuple(chosen[name].get(row, DROPPED) for row in range(len(table.rows)))
        for name, table in tables.items()
    }


class OneShot:
    """Measures architectures by the weights of a supernet, on a part of the data.

    One operation per edge runs and counts 1, as in the network that is derived. Batch norm takes
    its statistics from every batch, since running ones are those of all operations together.
    Nothing drops out, and the search behind it goes on as if nothing had been measured.
    """

    def __init__(self, plan: SearchPlan, supernet: Supernet, part: Part, seed: int) -> None:
        """Take the part that measures; `seed` is that of the search."""
        self._plan, self._supernet, self._part, self._seed = plan, supernet, part, seed
        self._task = task_of(plan.data)

    def choice(self, scores: Scores) -> Choice:
        """Return the architecture that scores prefer, as the plan derives it."""
        rule = self._plan.derivation.rule
        chosen = chosen_columns(self._plan.space, scores, rule, self._seed)
        return by_row(chosen, self._supernet.tables)

    def worth(self, weights: Mapping[str, Tensor]) -> float:
        """Return what a mixture is worth, finely; what cannot be measured is worth least."""
        found = self.measure_mixing(Mixing(weights))
        return -math.inf if found is None else self._task.fine_worth(found, len(self._part))

    def measure(self, choice: Choice) -> Measurement | None:
        """Measure an architecture, see `measure_mixing`."""
        return self.measure_mixing(Mixing(None, choice))

    def measure_mixing(self, mixing: Mixing) -> Measurement | None:
        """Measure what runs in batches of the size that the search trains on.

        Returns:
            None if the part is too small for batch norm, or its loss is not finite.
        """
        if len(self._part) < 2 * LEAST:
            return None
        supernet = self._supernet
        drawn = torch.Generator().manual_seed(self._seed)
        batches = self._part.held_out(self._plan.data.batch, drawn)
        supernet.network.train()
        with torch.no_grad(), supernet.untracked(), supernet.without_dropout():
            found = measure_batches(
                lambda batch: supernet.logits(batch, mixing),
                (batch for batch in batches if len(batch) >= LEAST),
                self._task,
            )
        return found if math.isfinite(found.loss) else None
