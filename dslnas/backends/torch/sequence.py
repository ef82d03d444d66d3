"""A recurrent network in torch: the loop over time around a plan of one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from dslnas.backends.torch.loop import Loop, divide
from dslnas.backends.torch.mixing import Weighing
from dslnas.backends.torch.network import TorchNetwork, key_of
from dslnas.backends.torch.plan import Choice, make_plan
from dslnas.backends.torch.randomness import RATES
from dslnas.data.batches import States
from dslnas.graph.graph import INPUT, PrimitiveGraph
from dslnas.passes.recurrent import fast_step


@dataclass(frozen=True)
class SequenceOutput:
    """What a recurrent network gives for a segment of T steps and B sequences.

    Attributes:
        logits: (T, B, classes).
        outputs: Of the last cell, before the head, (T, B, features).
        states: After the last step, (B, features) each; with gradients.
    """

    logits: Tensor
    outputs: Tensor
    states: States


class SequenceNetwork(TorchNetwork):
    """Runs a graph of one time step over sequences of tokens.

    All operations of a supernet's edges together run on a rewritten graph, see `dslnas.passes`.

    Attributes:
        plain: Whether the graph runs as it is, all of the cells step by step: slow, the oracle.
    """

    def __init__(self, graph: PrimitiveGraph, generator: torch.Generator) -> None:
        """Make the tensors, in the graph's order, with random numbers from `generator` (CPU)."""
        super().__init__(graph, generator)
        self.plain = False
        self._dropping = tuple(node for node in graph.nodes if node.primitive in RATES)

    @cached_property
    def _fast(self) -> PrimitiveGraph:
        return fast_step(self.graph)

    def forward(self, tokens: Tensor, *states: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        """Return the logits and the states after the last step.

        Args:
            tokens: (T, B), whole numbers.
            states: Before the first step, (B, features) each; without, zeros.
        """
        run = self.run(tokens, states or None)
        return (run.logits, *run.states)

    def zeros(self, batch: int) -> States:
        """Return the states that a sequence starts from, (batch, features) each."""
        like = next(self.parameters())
        shapes = [self.graph.by_name[state.name].shape for state in self.graph.states]
        return tuple(like.new_zeros((batch, *shape)) for shape in shapes)

    def run(
        self,
        tokens: Tensor,
        states: States | None = None,
        mixing: Mapping[str, Tensor] | None = None,
        chosen: Choice | None = None,
        *,
        observe: bool = False,
    ) -> SequenceOutput:
        """Run over a segment of text.

        Args:
            tokens: (T, B), whole numbers.
            states: Before the first step, (B, features) each; None for zeros.
            mixing: As of `TorchNetwork.forward`.
            chosen: Likewise.
            observe: Likewise.
        """
        steps, batch = tokens.shape
        like = next(self.parameters())
        self.run_state.begin(batch, self._dropping, like, training=self.training)
        graph = self.graph if self.plain or chosen is not None else self._fast
        loop, last = self._loop(graph, chosen, observe)
        values, weigh = {INPUT: tokens.flatten()}, Weighing(mixing)
        self._execute(loop.before, values, weigh)
        streams = {name: _unfolded(values[name], steps).unbind() for name in loop.streams}
        current = self.zeros(batch) if states is None else states
        rows: dict[str, list[Tensor]] = {name: [] for name in loop.collected}
        names = [state.name for state in graph.states]
        for time in range(steps):
            here = {name: stream[time] for name, stream in streams.items()}
            here |= zip(names, current, strict=True)
            self._execute(loop.body, here, weigh)
            for name, row in rows.items():
                row.append(here[name])
            current = tuple(here[state.next] for state in graph.states)
        values |= {name: torch.cat(row) for name, row in rows.items()}
        self._execute(loop.after, values, weigh)
        logits, outputs = values[graph.output], values[last]
        return SequenceOutput(_unfolded(logits, steps), _unfolded(outputs, steps), current)

    def _loop(
        self, graph: PrimitiveGraph, chosen: Choice | None, observe: bool
    ) -> tuple[Loop, str]:
        """Return how a graph runs, and the name of the output of the last cell in it."""

        def make() -> tuple[Loop, str]:
            last = _read_by_head(graph)
            wanted = (graph.output, last)
            outputs = (*wanted, *(state.next for state in graph.states))
            plan = make_plan(graph, outputs, chosen, observe=observe)
            return divide(graph, plan, wanted, hoist=not self.plain), last

        return self._kept((key_of(chosen), observe, self.plain), make)


def make_network(graph: PrimitiveGraph, generator: torch.Generator) -> TorchNetwork:
    """Return what runs a graph: a recurrent one over sequences, another one on images.

    Args:
        graph: What is run.
        generator: On the CPU; draws the first weights.
    """
    return (SequenceNetwork if graph.is_sequence else TorchNetwork)(graph, generator)


def _read_by_head(graph: PrimitiveGraph) -> str:
    """Return the name of what the last cell gives; passes leave it what the head reads."""
    (last,) = {
        name for node in graph.under("head") for name in node.inputs if not name.startswith("head/")
    }
    return last


def _unfolded(value: Tensor, steps: int) -> Tensor:
    """Return (T * B, ...) as (T, B, ...)."""
    return value.view(steps, -1, *value.shape[1:])
