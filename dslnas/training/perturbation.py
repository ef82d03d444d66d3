"""Scores by perturbation: what the supernet loses when an operation is taken away.

Alpha says little about what an operation is worth (Wang et al., "Rethinking architecture selection
in differentiable NAS", ICLR 2021); its absence says more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Part
from dslnas.space.derive.derive import Scores
from dslnas.tasks.task import Task
from dslnas.training.measure import measure


def perturbation_scores(
    supernet: Supernet,
    weights: Mapping[str, Tensor],
    part: Part,
    task: Task,
    progress: Callable[[int, int], None],
) -> Scores:
    """Return for every operation the worth that is lost without it, each taken away alone.

    The worth is `Task.fine_worth` on a part. Operations that cannot be derived, such as `none`, are
    not asked: their score is 0. Batch norm uses its running statistics. `weights` of the operations
    are (edges, operations) by cell; `progress` is told how many are done, and how many there are.
    """
    supernet.network.eval()

    def value(changed: Mapping[str, Tensor]) -> float:
        mixing = Mixing(changed)
        found = measure(lambda batch: supernet.logits(batch, mixing), part, task)
        return task.fine_worth(found, len(part))

    whole = value(weights)
    places = [
        (cell, row, column)
        for cell, table in supernet.tables.items()
        for row, columns in enumerate(table.candidates)
        for column in columns
    ]
    scores = {
        cell: [[0.0] * table.width for _ in table.rows] for cell, table in supernet.tables.items()
    }
    for done, (cell, row, column) in enumerate(places, 1):
        without = weights[cell].detach().clone()
        without[row, column] = 0.0
        scores[cell][row][column] = whole - value({**weights, cell: without})
        progress(done, len(places))
    supernet.network.train()
    return scores
