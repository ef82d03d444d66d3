"""The search space as a whole: cells, what they are made of, and two networks of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from dslnas.language.check.cell import Cell
from dslnas.language.check.constants import Scope
from dslnas.language.link.definitions import Definitions
from dslnas.space.choice_table import ChoiceTable, choice_table, decision_table
from dslnas.space.decision import Decision, inner_decisions, inner_of
from dslnas.space.network import NETWORK, Network


@dataclass(frozen=True)
class BuildingBlocks:
    """Cells, and the operations that they and the layers around them are made of.

    Attributes:
        cells: By name.
        definitions: Definitions of operations, by name.
        constants: Values of `let`.
    """

    cells: Mapping[str, Cell]
    definitions: Definitions
    constants: Scope


@dataclass(frozen=True)
class SearchSpace(BuildingBlocks):
    """A supernet with choices in its cells, and the network that is derived from it.

    Attributes:
        network: The supernet.
        final: The derived network, as `evaluate` says.
    """

    network: Network
    final: Network

    @property
    def searched(self) -> tuple[str, ...]:
        """Names of the supernet's cells whose edges have something to choose, in order of use."""
        names = dict.fromkeys(self.network.layout)
        return tuple(name for name in names if self.cells[name].choices)

    @cached_property
    def decisions(self) -> Mapping[str, tuple[Decision, ...]]:
        """Choices that do not belong to edges, by the name of their table."""
        names = dict.fromkeys(self.network.layout)
        found = {inner_of(name): inner_decisions(self.cells[name]) for name in names}
        found[NETWORK] = self.network.decisions
        return {name: decisions for name, decisions in found.items() if decisions}

    @cached_property
    def tables(self) -> Mapping[str, ChoiceTable]:
        """All choices: those of the edges of every searched cell, then the others."""
        cells = {name: choice_table(self.cells[name]) for name in self.searched}
        return cells | {name: decision_table(name, d) for name, d in self.decisions.items()}
