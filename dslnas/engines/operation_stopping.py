"""OLES: operations whose weights stop early (Jiang et al., NeurIPS 2023).

An operation overfits where its weights go another way on the training data than the architecture
data would have them. In every step the gradient of L_val in its weights is compared with the
gradient of L_train of the step before, after clipping: by the cosine along the first axis of every
weight, averaged. When the mean over some steps is below a threshold, its weights stay as they are
for the rest of the search.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.objectives.accumulation import Gradients
from dslnas.graph.graph import PrimitiveGraph
from dslnas.settings.search_parts import Oles
from dslnas.state import State, StateError, joined, part_of, taken

STOPPED = "stopped"


@dataclass
class Similarity:
    """How alike the gradients of one operation have been.

    Attributes:
        weights: Places of its weights among all.
        seen: Similarities since the last decision.
    """

    weights: tuple[int, ...]
    seen: list[Tensor]


class OperationStopping:
    """Watches the gradients of operations that are chosen between, and stops their weights.

    Attributes:
        stopped: Places of the weights that do not move any more.
    """

    def __init__(self, supernet: Supernet, settings: Oles) -> None:
        """Watch all operations with weights on edges that have a choice."""
        self._settings = settings
        self._weights = supernet.weights()
        self._before: Gradients = ()
        self.stopped: set[int] = set()
        names = [name for name, _ in supernet.network.named_parameters()]
        self._operations = [
            Similarity(tuple(n for n, name in enumerate(names) if name.startswith(f"{path}/")), [])
            for path in _candidates(supernet.network.graph)
        ]

    @property
    def count(self) -> int:
        """Number of operations that have stopped."""
        return sum(not self.stopped.isdisjoint(one.weights) for one in self._operations)

    def compare(self, gradients: Gradients) -> None:
        """Compare gradients of L_val, one per weight, with the step before."""
        if not self._before:
            return
        for operation in self._operations:
            pairs = [(gradients[n], self._before[n]) for n in operation.weights]
            alike = [
                cosine_similarity(g, h, dim=0).mean()
                for g, h in pairs
                if g is not None and h is not None
            ]
            if alike and self.stopped.isdisjoint(operation.weights):
                operation.seen.append(torch.stack(alike).mean())
            if len(operation.seen) == self._settings.steps:
                if float(torch.stack(operation.seen).mean()) < self._settings.threshold:
                    self.stopped.update(operation.weights)
                operation.seen.clear()

    def without_stopped(self, gradients: Gradients) -> Gradients:
        """Return gradients for a step of the weights: none for those that stay."""
        return [None if n in self.stopped else g for n, g in enumerate(gradients)]

    def keep(self, gradients: Gradients) -> None:
        """Keep the gradients that the weights went along, for the next comparison."""
        self._before = gradients

    def state(self) -> State:
        """Return which weights stay, the similarities, and the gradients of the last step."""
        seen = {str(n): torch.stack(o.seen) for n, o in enumerate(self._operations) if o.seen}
        before = {str(n): g for n, g in enumerate(self._before) if g is not None}
        stopped = torch.tensor(sorted(self.stopped), dtype=torch.int64)
        return {STOPPED: stopped, **joined({"seen": seen, "before": before})}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        stopped, seen, before = (
            taken(state, STOPPED).tolist(), part_of(state, "seen"), part_of(state, "before")
        )  # fmt: skip
        places, operations = range(len(self._weights)), range(len(self._operations))
        known = {STOPPED, *(f"before/{n}" for n in places), *(f"seen/{n}" for n in operations)}
        if not known.issuperset(state) or not set(places).issuperset(stopped):
            raise StateError("it is of other operations")
        gradients = [
            taken(before, str(n), weight).clone() if str(n) in before else None
            for n, weight in enumerate(self._weights)
        ]
        self._before = gradients if before else ()
        self.stopped = set(stopped)
        for number, operation in enumerate(self._operations):
            found = seen.get(str(number))
            device = self._weights[0].device
            operation.seen = [] if found is None else [*found.to(device, copy=True).unbind()]


def _candidates(graph: PrimitiveGraph) -> Sequence[str]:
    """Return the paths of operations beside which there are others."""
    by_edge: dict[str, list[str]] = defaultdict(list)
    for scope in graph.scopes:
        if scope.kind == "operation":
            by_edge[scope.path.rpartition("/")[0]].append(scope.path)
    return [path for paths in by_edge.values() if len(paths) > 1 for path in paths]
