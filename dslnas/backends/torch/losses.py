"""Outputs of a network for a batch, and losses of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.cross_entropy import part_of_cross_entropy
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import mixed
from dslnas.backends.torch.sequence import SequenceNetwork, joined
from dslnas.data.batches import NOTHING, Batch
from dslnas.graph.analysis.plan import Choice, Kept
from dslnas.ops.catalogue import PRIMITIVES


@dataclass(frozen=True)
class BatchOutput:
    """Outputs of a network for a batch of N targets, N as in `batch.targets.flatten()`.

    Attributes:
        pieces: The logits, (rows, classes) each, N rows in all.
        auxiliary: Logits of the second head, (N, classes), where the network has one and trains.
        outputs: Outputs of the last recurrent cell, (T, B, features); None without one.
    """

    pieces: tuple[Tensor, ...]
    auxiliary: Tensor | None = None
    outputs: Tensor | None = None

    @cached_property
    def logits(self) -> Tensor:
        """The logits, (N, classes)."""
        return joined(self.pieces)

    def precise(self) -> BatchOutput:
        """Return the same in float32, for losses and measurements."""
        auxiliary, outputs = self.auxiliary, self.outputs
        return BatchOutput(
            tuple(piece.float() for piece in self.pieces),
            None if auxiliary is None else auxiliary.float(),
            None if outputs is None else outputs.float(),
        )


def run_batch(
    network: TorchNetwork,
    batch: Batch,
    mixing: Mapping[str, Tensor] | None = None,
    chosen: Choice | Kept | None = None,
    *,
    observe: bool = False,
) -> BatchOutput:
    """Run a network on a batch; the states after a segment of a stream are left in the batch.

    Which operations run, and with which weights, is said as in `TorchNetwork.forward`.
    """
    network.run_state.place = batch.place
    with mixed(network, batch.targets.device):
        if isinstance(network, SequenceNetwork):
            (tokens,) = batch.inputs.values()
            run = network.run(tokens, batch.start, mixing, chosen, observe=observe)
            batch.end = tuple(state.detach() for state in run.states)
            found = BatchOutput(run.pieces, outputs=run.outputs)
        else:
            logits, *auxiliary = network(batch.inputs, mixing, chosen, observe=observe)
            found = BatchOutput((logits,), *auxiliary)
    return found.precise() if network.is_mixed else found


def mean_cross_entropy(found: BatchOutput, batch: Batch) -> Tensor:
    """Return the mean cross-entropy of a batch, over the targets that count."""
    if len(found.pieces) == 1:
        return cross_entropy(found.logits, batch)
    lengths = [len(piece) for piece in found.pieces]
    targets = torch.split(batch.targets.flatten(), lengths)
    count = (batch.targets != NOTHING).sum()  # no wait for the device
    terms = [
        part_of_cross_entropy(piece, part, count)
        for piece, part in zip(found.pieces, targets, strict=True)
    ]
    return torch.stack(terms).sum()


def cross_entropy(logits: Tensor, batch: Batch, reduction: str = "mean") -> Tensor:
    """Return the cross-entropy of logits (N, classes), over the targets of a batch that count.

    A `mean` is a scalar; `none` gives (N,), with 0 where there is nothing to predict.
    """
    targets = batch.targets.flatten()
    return functional.cross_entropy(logits, targets, reduction=reduction, ignore_index=NOTHING)


def cross_entropy_sums(logits: Tensor, batch: Batch) -> dict[str, float]:
    """Return sums over the targets of a batch, from logits (N, classes).

    `loss` is the cross-entropy in nats, `right` how many targets have the largest logit.
    """
    terms = cross_entropy(logits, batch, "none")
    right = (logits.argmax(1) == batch.targets.flatten()).sum()
    return {"loss": float(terms.sum(dtype=torch.float64)), "right": float(right)}


def embedding_norms(network: TorchNetwork, batch: Batch) -> Tensor:
    """Return the sum of the Frobenius norms of a batch's embeddings, one for every input.

    A row counts as often as its token is in the batch.
    """
    graph, ranks = network.graph, network.run_state.ranks
    total = batch.targets.new_zeros((), dtype=torch.float32)
    for name, given in graph.inputs.items():
        for reader in graph.readers[given.name]:
            if reader and PRIMITIVES[graph.by_name[reader].primitive].reads_tokens:
                table = network.get_parameter(graph.by_name[reader].tensors[0])
                rows = functional.embedding(batch.inputs[name], table)
                norm = rows.norm() if ranks.is_alone else ranks.sum(rows.square().sum()).sqrt()
                total = total + norm
    return total


def slowness_penalty(outputs: Tensor) -> Tensor:
    """Return the mean of (o_{t+1} - o_t)^2 over outputs (T, B, features): cells shall not jump.

    Temporal activation regularisation of Merity et al. (arXiv:1708.01009, section 4.5), with the
    square per feature.
    """
    if len(outputs) < 2:
        return outputs.new_zeros(())
    return (outputs[1:] - outputs[:-1]).pow(2).mean()
