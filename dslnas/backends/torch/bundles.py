"""Bundles: convolutions that stand side by side run in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from torch import Tensor

from dslnas.backends.torch.fast import reading_of, window_of
from dslnas.backends.torch.kernels.pointwise_conv import pointwise_conv
from dslnas.backends.torch.kernels.separable_conv import separable_conv
from dslnas.backends.torch.kernels.separable_conv_call import Member
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.analysis.plan import Step, freeing
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.passes.manager import TRAINING, optimised


@dataclass(frozen=True)
class Bundle:
    """Convolutions that run in one go, separable ones or ones of single pixels.

    Attributes:
        steps: They stand in the order of their inputs.
        inputs: Names of the values that they read.
        members: Arguments of the call for each that is separable.
        last_use: Names of values that nobody reads after it.
    """

    steps: tuple[Step, ...]
    inputs: tuple[str, ...]
    members: tuple[Member, ...]
    last_use: tuple[str, ...] = ()

    @property
    def observed(self) -> bool:
        """Whether it runs forward only."""
        return self.steps[0].observed

    def run(
        self,
        values: Mapping[str, Tensor],
        tensors: Callable[[Node], list[Tensor]],
        run: RunState,
    ) -> dict[str, Tensor]:
        """Return the results by name.

        Args:
            values: Values that are read, by name, (batch, channels, height, width).
            tensors: Finds what a node computes with.
            run: Says whether norms train.
        """
        inputs = [values[name] for name in self.inputs]
        nodes = [step.node for step in self.steps]
        own = list(map(tensors, nodes))
        if self.members:
            reading, kernels, matrices = reading_of(nodes, own, run)
            found = separable_conv(
                self.members, inputs, kernels, matrices, reading, moments=run.training
            )
        else:
            relu = bool(nodes[0].attribute("relu"))
            matrices = [matrix for (matrix,) in own]
            found = pointwise_conv(inputs, matrices, relu=relu, moments=run.training)
        return dict(zip((node.name for node in nodes), found, strict=True))


def with_bundles(graph: PrimitiveGraph, steps: Sequence[Step]) -> tuple[Step | Bundle, ...]:
    """Return a plan in which the neighbours that the pass `bundle_convs` makes are one call.

    Args:
        graph: Graph that the plan runs.
        steps: They free all that is not wanted behind them.
    """
    by_name = {step.node.name: step for step in steps}
    given = (node for node in graph.nodes if not node.inputs)
    running = replace(graph, nodes=(*given, *map(_as_it_runs, steps)))
    bundled = optimised(running, TRAINING)
    if bundled is running:
        return tuple(steps)
    ordered: list[Step | Bundle] = []
    for number, group in groupby((n for n in bundled.nodes if n.name in by_name), _number):
        row = [by_name[node.name] for node in group]
        if number is None:
            ordered.extend(row)
        else:
            halves = ([step for step in row if step.observed is way] for way in (False, True))
            ordered.extend(_bundle(half) for half in halves if half)
    freed = {name for step in steps for name in step.last_use}
    return freeing(ordered, {name for step in steps for name in step.inputs} - freed)


def _as_it_runs(step: Step) -> Node:
    """Return a node without the inputs that it does without."""
    same = step.inputs == step.node.inputs
    return step.node if same else replace(step.node, inputs=step.inputs)


def _number(node: Node) -> object:
    """Return the number of a node's bundle; None if it is in none."""
    return node.arguments.get("bundle") or None


def _bundle(steps: Sequence[Step]) -> Bundle:
    """Return the call of some convolutions; those that normalise share no input."""
    if "kernel" not in steps[0].node.arguments:  # of single pixels: they read the same
        return Bundle(tuple(steps), steps[0].inputs, ())
    given = [step.inputs[0] for step in steps]
    if "momentum" in steps[0].node.arguments:
        sources = list(range(len(given)))
    else:
        found = list(dict.fromkeys(given))
        sources, given = [found.index(name) for name in given], found
    members = tuple(
        Member(window_of(step.node), source) for step, source in zip(steps, sources, strict=True)
    )
    return Bundle(tuple(steps), tuple(given), members)
