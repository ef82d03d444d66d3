"""Architectures that a search passes through, one per epoch, and which of them to take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dslnas.language.check.cell import Cell
from dslnas.space.architecture import Architecture
from dslnas.space.cell_stats import convolution_count
from dslnas.space.continuous import Found
from dslnas.space.decision import cells_of
from dslnas.space.derive.derive import Scores
from dslnas.tasks.task import Measurement

Size: TypeAlias = tuple[int, ...]
"""Convolutions of every searched cell, in the order of the space."""


@dataclass(frozen=True)
class Snapshot:
    """The architecture that would be derived after an epoch.

    Attributes:
        epoch: Counted from 1.
        architecture: The space with every choice made.
        scores: Scores from which it was derived.
        params: Trained weights of the network that would be trained at the end.
        measured: The supernet on the validation part; None if it was not measured.
        value: Worth by which epochs are compared, see `dslnas.tasks.task.Task.worth`.
        found: Weights that belong to the architecture, as they were then.
    """

    epoch: int
    architecture: Architecture
    scores: Scores
    params: int
    measured: Measurement | None = None
    value: float = 0.0
    found: Found = field(default_factory=dict)

    @property
    def size(self) -> Size:
        """The model size of MiLeNAS: convolutions of every searched cell (section 4.3)."""
        return tuple(convolution_count(cell) for cell in self.cells.values())

    @property
    def cells(self) -> dict[str, Cell]:
        """The cells that are searched, as far as the final network has them."""
        found = self.architecture.cells
        return {name: found[name] for name in cells_of(self.scores) if name in found}


def best(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Return the snapshot with the highest value; the latest on ties."""
    return max(snapshots, key=lambda snapshot: (snapshot.value, snapshot.epoch))


def best_of_every_size(snapshots: Sequence[Snapshot]) -> tuple[Snapshot, ...]:
    """Return the best snapshot of every size, smallest first (MiLeNAS, section 4.3)."""
    sizes = sorted({snapshot.size for snapshot in snapshots}, key=lambda s: (sum(s), s))
    return tuple(best([c for c in snapshots if c.size == size]) for size in sizes)
