"""Bundles: the separable convolutions of a plan that can run at the same time run in one go.

Small convolutions cost more to call than to compute. All that do not depend on each other, of one
stride and between the same shapes, are one call, whichever edges and cells they belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from torch import Tensor

from dslnas.backends.torch.fast import window_of
from dslnas.backends.torch.kernels.separable_conv import Member, separable_conv
from dslnas.backends.torch.plan import Step
from dslnas.graph.analysis.liveness import last_uses
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait

JOINED = "separable_conv"


@dataclass(frozen=True)
class Bundle:
    """Separable convolutions that run in one go.

    Attributes:
        steps: They stand in the order of their sources.
        sources: Names of the values that they read.
        members: Arguments of the call for each of them.
        last_use: Names of values that nobody reads after it.
    """

    steps: tuple[Step, ...]
    sources: tuple[str, ...]
    members: tuple[Member, ...]
    last_use: tuple[str, ...] = ()

    @property
    def observed(self) -> bool:
        """Whether it runs forward only."""
        return self.steps[0].observed

    def run(
        self, values: Mapping[str, Tensor], tensor: Callable[[str], Tensor]
    ) -> dict[str, Tensor]:
        """Return the results by name.

        Args:
            values: Values that are read, by name, (batch, channels, height, width).
            tensor: Finds a tensor of the network by its name.
        """
        inputs = [values[name] for name in self.sources]
        weights = [[tensor(name) for name in step.node.tensors] for step in self.steps]
        kernels, matrices = zip(*weights, strict=True)
        found = separable_conv(self.members, inputs, kernels, matrices)
        return dict(zip((step.node.name for step in self.steps), found, strict=True))


def with_bundles(graph: PrimitiveGraph, steps: Sequence[Step]) -> tuple[Step | Bundle, ...]:
    """Return a plan in which separable convolutions are bundles, in an order that allows it.

    A step's level is the number of separable convolutions on the longest way to its value. Those of
    one level never read each other, and all else of that level is behind them. What may draw
    random numbers keeps its order, so that a network drops the same as without bundles.

    Args:
        graph: Graph that the plan runs.
        steps: They free all that is not wanted behind them.
    """
    if not any(step.node.primitive == JOINED for step in steps):
        return tuple(steps)
    levels: dict[str, int] = {}
    drawn = 0
    for step in steps:
        level = max((levels.get(name, 0) for name in step.inputs), default=0)
        level += step.node.primitive == JOINED
        if not has_trait(step.node.primitive, Trait.UNORDERED):
            level = drawn = max(level, drawn)
        levels[step.node.name] = level

    def place(step: Step) -> tuple[int, bool]:
        return levels[step.node.name], step.node.primitive != JOINED

    ordered: list[Step | Bundle] = []
    for (_, alone), group in groupby(sorted(steps, key=place), place):
        row = list(group)
        ordered.extend(row if alone else _bundles(graph, row))
    return _freeing(ordered, {name for step in steps for name in step.last_use})


def _bundles(graph: PrimitiveGraph, steps: Sequence[Step]) -> list[Bundle]:
    """Return the convolutions of one level as bundles."""
    alike: dict[object, list[Step]] = {}
    for step in steps:
        shape = graph.by_name[step.inputs[0]].shape
        key = step.observed, shape, step.node.shape, step.node.attribute("stride")
        alike.setdefault(key, []).append(step)
    return [_bundle(row) for row in alike.values()]


def _bundle(steps: Sequence[Step]) -> Bundle:
    sources = tuple(dict.fromkeys(step.inputs[0] for step in steps))
    ordered = sorted(steps, key=lambda step: sources.index(step.inputs[0]))
    members = tuple(Member(window_of(step.node), sources.index(step.inputs[0])) for step in ordered)
    return Bundle(tuple(ordered), sources, members)


def _freeing(steps: Sequence[Step | Bundle], freed: set[str]) -> tuple[Step | Bundle, ...]:
    """Return the steps, each of which frees what is not read after it."""
    reads = [step.sources if isinstance(step, Bundle) else step.inputs for step in steps]
    kept = {name for names in reads for name in names} - freed
    return tuple(
        replace(step, last_use=names)
        for step, names in zip(steps, last_uses(reads, kept), strict=True)
    )
