"""Populations whose oldest members die (Real et al., AAAI 2019, arXiv:1802.01548, section 3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.engines.choices import Judged
from dslnas.engines.mutation import mutated, pick
from dslnas.graph.analysis.plan import Choice
from dslnas.space.choice_table import ChoiceTable
from dslnas.state import State


class Population:
    """Architectures and their losses, the oldest first."""

    def __init__(self, tables: Mapping[str, ChoiceTable], size: int, tournament: int) -> None:
        """Start without members, of which at most `size` live."""
        self._tables, self._size, self._tournament = tables, size, tournament
        self._judged = Judged(tables)

    @property
    def members(self) -> Sequence[Choice]:
        """The architectures."""
        return self._judged.choices

    @property
    def is_full(self) -> bool:
        """Whether another member takes the place of the oldest."""
        return len(self.members) == self._size

    @property
    def best(self) -> Choice:
        """The member with the lowest loss; before any is judged the oldest."""
        return self._best_of(range(len(self.members)))

    def add(self, member: Choice, loss: float = math.inf) -> None:
        """Let an architecture join; where there is no place for it, the oldest dies."""
        if self.is_full:
            self._judged.drop_first()
        self._judged.add(member, loss)

    def judge(self, losses: Iterable[float]) -> None:
        """Give all members new losses."""
        self._judged.losses = list(losses)

    def mean_loss(self) -> Tensor:
        """Return the mean loss of the members."""
        return torch.tensor(self._judged.losses).mean()

    def breed(self, generator: torch.Generator) -> Callable[[], Choice]:
        """Return what gives children of one parent, each mutated anew.

        The parent is the best of a sample of the members, which is drawn with replacement.
        """
        everyone = range(len(self.members))
        parent = self._best_of([pick(everyone, generator) for _ in range(self._tournament)])
        return lambda: mutated(self._tables, parent, generator)

    def _best_of(self, places: Sequence[int]) -> Choice:
        return self.members[min(places, key=self._judged.losses.__getitem__)]

    def state(self) -> State:
        """Return the members and their losses."""
        return self._judged.state()

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self._judged.take(state)
