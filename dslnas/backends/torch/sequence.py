"""A recurrent network in torch: the loop over time around a plan of one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from dslnas.backends.torch.loop import divide
from dslnas.backends.torch.mixing import Weighing
from dslnas.backends.torch.network import TorchNetwork, key_of
from dslnas.backends.torch.randomness import mask_rate
from dslnas.backends.torch.stacks import Stacks
from dslnas.data.batches import States
from dslnas.graph.analysis.plan import Choice, Kept, Step, make_plan
from dslnas.graph.analysis.time_loop import TimeLoop, is_bound
from dslnas.graph.graph import INPUT, PrimitiveGraph

PIECE = 2**22
"""Logits that are made at once for a loss. Those of a whole segment are as large as the memory of a
small machine, and are written and read several times."""


@dataclass(frozen=True)
class SequenceOutput:
    """Outputs of a recurrent network for a segment of T steps and B sequences.

    Attributes:
        pieces: The logits of some steps each, (rows, classes), B rows for every step.
        outputs: Outputs of the last cell, before the head, (T, B, features).
        states: After the last step, (B, features) each; with gradients.
    """

    pieces: tuple[Tensor, ...]
    outputs: Tensor
    states: States

    @cached_property
    def logits(self) -> Tensor:
        """The logits of all steps, (T, B, classes)."""
        return _unfolded(joined(self.pieces), len(self.outputs))


class SequenceNetwork(TorchNetwork):
    """Runs a graph of one time step over sequences of tokens.

    All operations of a supernet's edges together run on a rewritten graph, see `dslnas.passes`.

    Attributes:
        plain: Whether the graph runs as it is, all of the cells step by step: slow, the oracle.
    """

    def __init__(self, graph: PrimitiveGraph, generator: torch.Generator) -> None:
        """Make the tensors, in the graph's order, with random numbers from `generator` (CPU)."""
        super().__init__(graph, generator)
        self._dropping = tuple(node for node in graph.nodes if mask_rate(node))

    def forward(self, tokens: Tensor, *states: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        """Return the logits for tokens (T, B), and the states after the last step.

        States are those before the first step, (B, features) each; without, zeros.
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
        chosen: Choice | Kept | None = None,
        *,
        observe: bool = False,
    ) -> SequenceOutput:
        """Run over a segment of text, tokens (T, B), from states (B, features) each, or from zeros.

        Which operations run, and with which weights, is said as in `TorchNetwork.forward`.
        """
        steps, batch = tokens.shape
        like = next(self.parameters())
        self.run_state.begin(batch, self._dropping, like, training=self.training)
        self.run_state.shared = {} if steps > 1 else None
        graph = self._lowered(chosen)
        loop, last = self._loop(graph, chosen, observe)
        values, weigh = {INPUT: tokens.flatten()}, Weighing(mixing)
        self._execute(loop.before, values, weigh)
        streams = {name: _unfolded(values[name], steps).unbind() for name in loop.streams}
        current = self.zeros(batch) if states is None else states
        rows: dict[str, list[Tensor]] = {name: [] for name in loop.collected}
        names = [state.name for state in graph.states]
        stacks = self.run_state.stacks = Stacks()
        for time in range(steps):
            stacks.begin()
            here = {name: stream[time] for name, stream in streams.items()}
            here |= zip(names, current, strict=True)
            self._execute(loop.body, here, weigh)
            for name, row in rows.items():
                row.append(here[name])
            current = tuple(here[state.next] for state in graph.states)
        self.run_state.stacks = None
        values |= {name: torch.cat(row) for name, row in rows.items()}
        self._execute(loop.after, values, weigh)
        outputs = values[last]
        parts = torch.split(outputs, self._rows(loop, steps, batch))
        pieces = tuple(self._logits(loop, {last: part}, weigh) for part in parts)
        self.run_state.shared = None
        return SequenceOutput(pieces, _unfolded(outputs, steps), current)

    def _logits(self, loop: TimeLoop[Step], values: dict[str, Tensor], weigh: Weighing) -> Tensor:
        self._execute(loop.head, values, weigh)
        return values[self.graph.output]

    def _rows(self, loop: TimeLoop[Step], steps: int, batch: int) -> int:
        """Return how many rows the head runs on at once."""
        whole = self.plain or not torch.is_grad_enabled()
        if whole or any(is_bound(step.node) for step in loop.head):
            return steps * batch
        (classes,) = self.graph.by_name[self.graph.output].shape
        return max(1, PIECE // (batch * classes)) * batch

    def _loop(
        self, graph: PrimitiveGraph, chosen: Choice | Kept | None, observe: bool
    ) -> tuple[TimeLoop[Step], str]:
        """Return how a graph runs, and the name of the output of the last cell in it."""

        def make() -> tuple[TimeLoop[Step], str]:
            last = _read_by_head(graph)
            wanted = (graph.output, last)
            outputs = (*wanted, *(state.next for state in graph.states))
            plan = make_plan(graph, outputs, chosen, observe=observe)
            return divide(graph, plan, wanted, hoist=not self.plain), last

        return self._kept((key_of(chosen), observe, self.plain, self._lowering), make)


def make_network(graph: PrimitiveGraph, generator: torch.Generator) -> TorchNetwork:
    """Return what runs a graph: a recurrent one over sequences, another one on images.

    The generator, on the CPU, draws the first weights.
    """
    return (SequenceNetwork if graph.is_sequence else TorchNetwork)(graph, generator)


def _read_by_head(graph: PrimitiveGraph) -> str:
    """Return the name of what the last cell gives; passes leave it what the head reads."""
    (last,) = {
        name for node in graph.under("head") for name in node.inputs if not name.startswith("head/")
    }
    return last


def joined(pieces: tuple[Tensor, ...]) -> Tensor:
    """Return pieces as a whole, without a copy if there is only one."""
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


def _unfolded(value: Tensor, steps: int) -> Tensor:
    """Return (T * B, ...) as (T, B, ...)."""
    return value.view(steps, -1, *value.shape[1:])
