"""The plan of a search, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from dslnas.graph.graph import PrimitiveGraph
from dslnas.settings.data_base import DataSettings
from dslnas.settings.rule import AS_PUBLISHED, Derivation
from dslnas.settings.search_base import SearchSettings
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import Scores
from dslnas.space.search_space import SearchSpace
from dslnas.training.records import SearchCheck
from dslnas.training.snapshots import Snapshot


@dataclass(frozen=True)
class SearchPlan:
    """The search that a spec asks for.

    Attributes:
        space: The space that is searched.
        graph: Graph of its supernet.
        settings: Settings of the search method.
        data: Batch size and augmentations.
        derivation: How the architecture is taken from it.
    """

    space: SearchSpace
    graph: PrimitiveGraph
    settings: SearchSettings
    data: DataSettings
    derivation: Derivation = AS_PUBLISHED

    @property
    def method(self) -> str:
        """Name of the search method."""
        return self.settings.method


@dataclass(frozen=True)
class SearchResult:
    """The result of a search.

    Attributes:
        architecture: The space with every choice made.
        scores: Scores from which it was derived.
        epoch: Counted from 1, of the epoch it was derived after; None for the best of some that
            were drawn, or trained alone.
        family: The best architecture of every size, where the plan asks for them.
        stopped: Why the search ended early, or None.
        check: The result beside random architectures; None where none are wanted, or weights are
            not shared.
        alphas: The architecture parameters at the end by name, on the CPU.
        seconds: How long it took.
    """

    architecture: Architecture
    scores: Scores
    epoch: int | None
    family: tuple[Snapshot, ...]
    stopped: str | None
    check: SearchCheck | None
    alphas: Mapping[str, Tensor]
    seconds: float
