"""The supernet as engines see it: a loss on a batch, alpha, the weights, and nothing of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from dslnas.backends.torch.loss_graphs import Losses, Weights, losses_of
from dslnas.backends.torch.losses import (
    BatchOutput,
    embedding_norms,
    mean_cross_entropy,
    run_batch,
    slowness_penalty,
)
from dslnas.backends.torch.network import key_of
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.searched import found_weights
from dslnas.backends.torch.sequence import make_network
from dslnas.backends.torch.tensor_float import without_tensor_float
from dslnas.data.batches import Batch
from dslnas.graph.analysis.plan import Choice, Kept
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ranks import ALONE
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.continuous import Found
from dslnas.space.search_space import SearchSpace

Loss: TypeAlias = Callable[[BatchOutput, Batch], Tensor]
"""From the outputs for a batch to its mean loss, a scalar with gradients."""


@dataclass(frozen=True)
class Mixing:
    """Weights of the operations of every edge in one run.

    Attributes:
        weights: By cell, (edges, operations), and where edges are weighed by `edges_of` it, (nodes,
            edges of a node); None lets every operation that runs count 1.
        chosen: The one operation per edge that runs; None runs all of them.
        observe: With `chosen`: the others run forward only, so that their weights get a gradient.
        kept: Without `chosen`: the operations of every edge that run; None runs all of them.
    """

    weights: Mapping[str, Tensor] | None
    chosen: Choice | None = None
    observe: bool = False
    kept: Kept | None = None


class Supernet:
    """A network whose edges still have their choices.

    Attributes:
        network: The weights and the plan that runs them.
        tables: All choices, see `SearchSpace.tables`.
        device: Where everything lies.
        dtype: Type of weights and alpha.
        loss_of: Mean loss of a batch, from the outputs for it.
        slowness: Weight of the slowness penalty of recurrent cells.
        norms: Weight of the norms of a batch's embeddings.
        accumulate: Parts that a batch is cut into, to be run one after the other.
        ranks: The processes that train it together.
        skip: Factor of the skip connections beside the operations, where the graph has them.
    """

    def __init__(
        self,
        space: SearchSpace,
        graph: PrimitiveGraph,
        generator: torch.Generator,
        runtime: Runtime,
        *,
        loss_of: Loss = mean_cross_entropy,
        slowness: float = 0.0,
        norms: float = 0.0,
        accumulate: int = 1,
    ) -> None:
        """Make the weights with random numbers from `generator`, a generator on the CPU."""
        self.network = runtime.place(make_network(graph, generator))
        self.tables: dict[str, ChoiceTable] = dict(space.tables)
        self.device = runtime.device
        self.dtype = runtime.dtype
        self.loss_of = loss_of
        self.slowness = slowness
        self.norms = norms
        self.accumulate = accumulate
        self.ranks = runtime.ranks
        self.skip = 1.0
        self._has_skips, self._cells = space.network.has_skips, frozenset(space.searched)

    def weights(self) -> list[nn.Parameter]:
        """Return the network's weights; nothing that belongs to the architecture is among them."""
        return [w for name, w in self.network.named_parameters() if not self._is_searched(name)]

    def searched(self) -> list[nn.Parameter]:
        """Return the weights that belong to the architecture, as alpha does."""
        return [w for name, w in self.network.named_parameters() if self._is_searched(name)]

    def _is_searched(self, name: str) -> bool:
        return self.network.graph.tensors[name].searched

    def found(self) -> Found:
        """Return the weights that belong to the architecture as numbers, by cell and value."""
        return found_weights(self.network)

    def logits(self, batch: Batch, mixing: Mixing) -> Tensor:
        """Return the logits of a batch, (N, classes), N as in `batch.targets.flatten()`.

        The states after a segment of a stream are left in the batch.
        """
        weights, runs = self._with_skips(mixing.weights), self._runs(mixing)
        return self._run(batch, weights, runs, observe=mixing.observe).logits

    def loss(self, batch: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        """Return the mean loss of a batch, a scalar; `regularised` adds what only weights lower.

        The states after a segment of a stream are left in the batch.
        """
        runs = self._runs(mixing)

        def compute(batch: Batch, weights: Weights | None) -> Losses:
            found = self._run(batch, weights, runs, observe=mixing.observe)
            loss = self.loss_of(found, batch)
            if regularised and found.outputs is not None and self.slowness > 0:
                loss = loss + self.slowness * slowness_penalty(found.outputs)
            if regularised and self.norms > 0:
                loss = loss + self.norms * embedding_norms(self.network, batch)
            return (loss,)

        weights = self._with_skips(mixing.weights)
        if mixing.chosen is not None:  # another choice at every step
            return compute(batch, weights)[0]
        return losses_of(self.network, batch, weights, compute, (regularised, key_of(runs)))[0]

    def _run(
        self,
        batch: Batch,
        weights: Mapping[str, Tensor] | None,
        runs: Choice | Kept | None,
        *,
        observe: bool,
    ) -> BatchOutput:
        return run_batch(self.network, batch, weights, runs, observe=observe)

    def _runs(self, mixing: Mixing) -> Choice | Kept | None:
        """Return the operations that run."""
        return self._with_skip_columns(mixing.kept) if mixing.chosen is None else mixing.chosen

    def _with_skips(self, weights: Mapping[str, Tensor] | None) -> Mapping[str, Tensor] | None:
        """Return weights with a column for the skip connections, where the graph has one."""
        if weights is None or not self._has_skips:
            return weights
        return {
            name: pad(found, (0, 1), value=self.skip) if name in self._cells else found
            for name, found in weights.items()
        }

    def _with_skip_columns(self, kept: Kept | None) -> Kept | None:
        """Return the operations that are left, and with them the skip connections."""
        if kept is None or not self._has_skips:
            return kept
        return {
            name: tuple((*columns, self.tables[name].width) for columns in rows)
            if name in self._cells
            else rows
            for name, rows in kept.items()
        }

    @contextmanager
    def untracked(self) -> Iterator[None]:
        """Run inside of this without moving the running statistics of batch norm."""
        state = self.network.run_state
        before, state.tracking = state.tracking, False
        try:
            yield
        finally:
            state.tracking = before

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Run inside of this with the batch norms of this process: others may run other things."""
        state = self.network.run_state
        before, state.ranks = state.ranks, ALONE
        try:
            yield
        finally:
            state.ranks = before

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Run inside of this as networks are measured: running statistics, no dropout."""
        self.network.eval()
        try:
            yield
        finally:
            self.network.train()

    @contextmanager
    def differentiable_twice(self) -> Iterator[None]:
        """Make losses inside of this that can be differentiated twice: slower, for images.

        The derivatives are taken inside of it too: nothing is rounded to less than float32.
        """
        network = self.network
        before, network.plain = network.plain, network.plain or not network.graph.is_sequence
        try:
            with self.precise():
                yield
        finally:
            network.plain = before

    @contextmanager
    def precise(self) -> Iterator[None]:
        """Run inside of this, forward and backward, without rounding to less than float32."""
        network = self.network
        before, network.is_mixed = network.is_mixed, False
        try:
            with without_tensor_float():
                yield
        finally:
            network.is_mixed = before

    @contextmanager
    def towards(self, variables: Sequence[Tensor]) -> Iterator[None]:
        """Make losses inside of this that are differentiated in `variables` alone.

        Nothing is computed or kept for the gradients of other weights alone.
        """
        wanted = {id(variable) for variable in variables}
        others = [w for w in self.weights() if w.requires_grad and id(w) not in wanted]
        for weight in others:
            weight.requires_grad_(False)
        try:
            yield
        finally:
            for weight in others:
                weight.requires_grad_(True)

    @contextmanager
    def without_dropout(self) -> Iterator[None]:
        """Compare inside of this: no variational dropout, and the masks of training stay the same.

        Random masks would decide between architectures, and drawing them here would change the
        training behind it. An operation `dropout` of the space stays.
        """
        state = self.network.run_state
        rates, generator = state.dropout, state.generator
        drawn = None if generator is None else generator.get_state()
        state.dropout = {}
        try:
            yield
        finally:
            state.dropout = rates
            if generator is not None and drawn is not None:
                generator.set_state(drawn)

    def exists(self, cell: str) -> Tensor:
        """Return which entries of a cell's alpha stand for an operation, (edges, operations)."""
        return self._filled(self.tables[cell].rows)

    def edges_exist(self, cell: str) -> Tensor:
        """Return which entries of a cell's beta stand for an edge, (nodes, edges of a node)."""
        return self._filled([len(rows) for rows in self.tables[cell].choosing])

    def _filled(self, lengths: Sequence[int]) -> Tensor:
        columns = torch.arange(max(lengths), device=self.device)
        return columns < torch.tensor(lengths, device=self.device)[:, None]
