"""Losses as recordings: what a network launches for one, launched again in one go.

A GPU is done with most primitives before the next is launched. A recording is made of a loss and
its gradients, forward and backward, and is played with other values in the same places: the batch,
the weights of the operations and, where they are anyway, the weights of the network.

What is recorded must run alike the next time. So operations that are chosen anew at every step,
and examples that are mixed by a number of their own, run as ever. Everything else that a recording
depends on is its key. The first loss of a key is not recorded but runs, from the same places: it
makes what is made once, such as plans, compiled functions and indices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Protocol, TypeAlias

import torch
from torch import Generator, Tensor

from dslnas.backends.torch.kernels.once_differentiable import once_differentiable
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.tensor_float import tensor_float
from dslnas.data.batches import Batch, States

MOST = 16
"""Keys that are remembered; a rate that changes with the epoch leaves old ones behind."""

Weights: TypeAlias = Mapping[str, Tensor]
"""Weights of the operations by cell."""

Losses: TypeAlias = tuple[Tensor, ...]
"""Scalars; the gradients are those of the first."""

Compute: TypeAlias = Callable[[Batch, Weights | None], Losses]
"""From a batch and the weights of the operations to losses; leaves end states in the batch."""


@dataclass(frozen=True)
class Results:
    """Results of a recording, each in its place for good.

    Attributes:
        losses: Scalars without gradients.
        gradients: Those of the first, one per variable; None where it does not depend on it.
        end: States after a segment of a stream.
    """

    losses: Losses
    gradients: Sequence[Tensor | None]
    end: States | None


class Recorder(Protocol):
    """Records what a device is given to do."""

    def running(self) -> AbstractContextManager[None]:
        """Run inside of this what is recorded, and what comes before and behind it."""
        ...

    def record(
        self, work: Callable[[], Results], generator: Generator | None
    ) -> tuple[Results, Callable[[], None]]:
        """Return the results of some work, not there yet, and what plays it into them.

        Random numbers of the generator are drawn anew whenever it is played.
        """
        ...


class Recording:
    """A loss of a network that is run, recorded and then played, from the same places."""

    def __init__(
        self, network: TorchNetwork, batch: Batch, weights: Weights | None, compute: Compute
    ) -> None:
        """Take what computes the loss, and a batch and weights that are like all that will come."""
        self._network, self._compute = network, compute
        self._batch = _copy(batch)
        self._weights = None if weights is None else {c: _leaf(w) for c, w in weights.items()}
        self._play: Callable[[], None] | None = None
        self._results: Results | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether it is played from now on."""
        return self._play is not None

    def run(self, batch: Batch, weights: Weights | None, recorder: Recorder) -> Results:
        """Return the results for a batch and weights, in their places; the batch gets its end."""
        places = chain(_tensors(self._batch), (self._weights or {}).values())
        values = chain(_tensors(batch), (weights or {}).values())
        with torch.no_grad():
            for place, value in zip(places, values, strict=True):
                place.copy_(value)
        results = self._results = self._run(recorder)
        if results.end is not None:
            batch.end = tuple(state.clone() for state in results.end)
        return results

    def _run(self, recorder: Recorder) -> Results:
        results = self._results
        if results is None:
            return self._work()
        if self._play is None:
            results, self._play = recorder.record(self._work, self._network.run_state.generator)
        self._play()
        return results

    def _work(self) -> Results:
        losses = self._compute(self._batch, self._weights)
        variables = _variables(self._network, self._weights)
        gradients = torch.autograd.grad(losses[0], variables, allow_unused=True)
        return Results(tuple(loss.detach() for loss in losses), gradients, self._batch.end)


class LossGraphs:
    """The recordings of the losses of one network."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._known: dict[object, Recording] = {}
        self.turn = 0
        """How many losses were made; results of earlier ones are overwritten."""

    def __len__(self) -> int:
        """Return how many recordings there are."""
        return sum(recording.is_recorded for recording in self._known.values())

    def __call__(
        self,
        network: TorchNetwork,
        batch: Batch,
        weights: Weights | None,
        compute: Compute,
        kind: object,
    ) -> Losses:
        """Return losses; the first can be differentiated once, before the next are made.

        Args:
            network: Its weights are variables.
            batch: Gets the states after it.
            weights: By cell the weights of its operations, variables where they have gradients.
            compute: Makes the losses.
            kind: Tells them from other losses of the network.
        """
        variables = _variables(network, weights)
        if not variables or not _repeats(network, batch):
            return compute(batch, weights)
        key = kind, *_key(network, batch, weights)
        with self._recorder.running():
            recording = self._known.pop(key, None) or Recording(network, batch, weights, compute)
            if len(self._known) >= MOST:
                self._known.pop(next(iter(self._known)))
            self._known[key] = recording
            self.turn += 1
            results = recording.run(batch, weights, self._recorder)
            loss: Tensor = _Played.apply(self, results, *variables)  # type: ignore[no-untyped-call]
            return (loss, *(other.clone() for other in results.losses[1:]))


def losses_of(
    network: TorchNetwork,
    batch: Batch,
    weights: Weights | None,
    compute: Compute,
    kind: object,
) -> Losses:
    """Return losses, played where the network has recordings; see `LossGraphs`."""
    graphs = network.graphs
    if graphs is None:
        return compute(batch, weights)
    return graphs(network, batch, weights, compute, kind)


class _Played(torch.autograd.Function):
    """A loss whose gradients are there already."""

    @staticmethod
    def forward(ctx: Any, graphs: LossGraphs, results: Results, *variables: Tensor) -> Tensor:
        ctx.graphs, ctx.turn, ctx.gradients = graphs, graphs.turn, results.gradients
        return results.losses[0].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        assert ctx.turn == ctx.graphs.turn, "its gradients were overwritten"
        there = [g for g in ctx.gradients if g is not None]
        found = iter(torch._foreach_mul(there, gradient) if there else ())
        return None, None, *(None if g is None else next(found) for g in ctx.gradients)


def _repeats(network: TorchNetwork, batch: Batch) -> bool:
    """Whether the next step runs like this one."""
    usual = network.training and torch.is_grad_enabled() and not network.plain
    return usual and batch.mixed is None


def _key(network: TorchNetwork, batch: Batch, weights: Weights | None) -> tuple[object, ...]:
    """Return all that a recording of a loss depends on, but for the kind of the loss."""
    run = network.run_state
    tensors = chain(_tensors(batch), (weights or {}).values())
    return (
        tuple((tensor.shape, tensor.dtype, tensor.requires_grad) for tensor in tensors),
        tuple(batch.inputs),
        (batch.start is None, batch.weights is None),
        bytes(weight.requires_grad for weight in network.parameters()),
        (run.tracking, run.drop_path_rate, tuple(sorted(run.dropout.items())), run.generator),
        (network.is_mixed, tensor_float(), network.torch_compile, network.passes),
    )


def _variables(network: TorchNetwork, weights: Weights | None) -> list[Tensor]:
    """Return what a loss is differentiated in: weights of operations and of the network."""
    everything = chain((weights or {}).values(), network.parameters())
    return [tensor for tensor in everything if tensor.requires_grad]


def _tensors(batch: Batch) -> Iterator[Tensor]:
    """Yield the tensors of a batch that a loss reads."""
    yield from batch.inputs.values()
    yield batch.targets
    yield from batch.start or ()
    if batch.weights is not None:
        yield batch.weights


def _copy(batch: Batch) -> Batch:
    """Return a batch with the same values in places of its own."""
    return replace(
        batch,
        inputs={name: value.clone() for name, value in batch.inputs.items()},
        targets=batch.targets.clone(),
        start=None if batch.start is None else tuple(state.clone() for state in batch.start),
        weights=None if batch.weights is None else batch.weights.clone(),
        end=None,
    )


def _leaf(weight: Tensor) -> Tensor:
    return weight.detach().clone().requires_grad_(weight.requires_grad)
