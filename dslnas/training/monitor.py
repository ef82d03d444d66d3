"""The state of a search: the cells it would derive now, how decided alpha is, how much it moves.

DARTS and its kin tend to fill a cell with skip connections; the monitor counts them after every
epoch and says so, on every search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.language.check.cell import Cell
from dslnas.space.architecture import Architecture
from dslnas.space.cell_stats import COLLAPSED, lacks_convolutions, operation_counts, skip_share
from dslnas.space.decision import cells_of
from dslnas.state import State, check_names, taken

STILL = 1e-6
"""Alpha stands still if no entry moves by more than this in an epoch."""


@dataclass(frozen=True)
class Observation:
    """One epoch of a search; its record has entries of the same names.

    Attributes:
        operations: By searched cell that the final network has, the edges of the derived cell
            with each operation.
        skip_share: By searched cell the share of its choices that are skip connections, 0 to 1.
        entropy: By cell, the mean over edges of the entropy of the operations' probabilities, as
            a share of its largest value; None where the method has none.
        alpha_change: By alpha, the root mean square of what its entries changed by in the epoch.
        warnings: Warnings to the user, each given once in a search.
    """

    operations: Mapping[str, Mapping[str, int]]
    skip_share: Mapping[str, float]
    entropy: Mapping[str, float] | None
    alpha_change: Mapping[str, float]
    warnings: tuple[str, ...]


class Monitor:
    """Observes one search, epoch by epoch.

    Attributes:
        said: Names of the warnings that were given.
    """

    def __init__(
        self,
        supernet: Supernet,
        searched: Mapping[str, Cell],
        alphas: Mapping[str, Tensor],
        *,
        learns: bool,
    ) -> None:
        """Begin with the cells of a space and with alpha as it is.

        `learns`: whether steps move it by gradients.
        """
        self._supernet, self._searched = supernet, searched
        self._last = _copy(alphas)
        self._learns = learns
        self.said: set[str] = set()

    def observe(
        self,
        architecture: Architecture,
        probabilities: Mapping[str, Tensor] | None,
        alphas: Mapping[str, Tensor],
        *,
        warm: bool,
    ) -> Observation:
        """Return what there is to see after an epoch, of which `architecture` would be derived.

        In a warm-up, where alpha must not move, `warm` keeps warnings away.
        """
        now = _copy(alphas)
        changes = {name: now[name] - before for name, before in self._last.items()}
        self._last = now
        found = architecture.cells
        cells = {name: found[name] for name in cells_of(self._supernet.tables) if name in found}
        shares = {name: skip_share(cell) for name, cell in cells.items()}
        warnings = [
            f"cell `{name}` would have no convolution: in a short search operations without "
            "weights lead, as they have nothing to learn; give more `epochs`, or a `warmup`"
            for name, cell in cells.items()
            if lacks_convolutions(cell, self._searched[name])
            and self._learns
            and not warm
            and self._first(f"no convolution {name}")
        ]
        warnings += [
            f"{share:.0%} of what cell `{cell}` chose are skip connections: it may be collapsing"
            for cell, share in shares.items()
            if share >= COLLAPSED and self._learns and not warm and self._first(f"collapsed {cell}")
        ]
        largest = max((float(change.abs().max()) for change in changes.values()), default=1.0)
        if self._learns and not warm and largest < STILL and self._first("still"):
            warnings.append("alpha does not move: raise the learning rate of `arch`")
        return Observation(
            {name: operation_counts(cell) for name, cell in cells.items()},
            shares,
            None if probabilities is None else entropies(self._supernet, probabilities),
            {name: float(change.square().mean().sqrt()) for name, change in changes.items()},
            tuple(warnings),
        )

    def state(self) -> State:
        """Return alpha as it was after the last epoch."""
        return dict(self._last)

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        check_names(state, self._last)
        self._last = {name: taken(state, name, alpha) for name, alpha in self._last.items()}

    def _first(self, what: str) -> bool:
        is_first = what not in self.said
        self.said.add(what)
        return is_first


def entropies(supernet: Supernet, probabilities: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the entropy of the operations by cell, 1 for uniform and 0 for one-hot.

    H = mean over edges of -sum_o p_o log p_o / log(number of operations).
    """
    result = {}
    for cell, table in supernet.tables.items():
        p = probabilities[cell].detach().double().cpu()
        largest = torch.tensor(table.rows, dtype=p.dtype).log()
        result[cell] = float((-torch.special.xlogy(p, p).sum(-1) / largest).mean())
    return result


def _copy(alphas: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: alpha.detach().double().cpu().clone() for name, alpha in alphas.items()}
