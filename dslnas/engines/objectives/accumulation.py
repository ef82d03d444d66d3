"""Gradients of a batch that runs in parts: one after the other, or by several processes at once.

With parts B_p of n_p of the n targets of a batch B,

    L(B) = sum_p (n_p / n) * L(B_p),

so the gradients of the weighed losses of the parts add up to that of the whole. What looks at
several examples sees those of a part: batch norm takes its statistics from it, and moves its
running ones once for each. Each of several ranks, see `dslnas.ranks`, runs as many parts, and here
is the one place where their gradients are added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate as accumulate_sums
from typing import TypeAlias

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import LEAST, Batch, Place
from dslnas.diagnostics import user_error
from dslnas.ranks import ALONE, Ranks

Gradients: TypeAlias = Sequence[Tensor | None]
"""One per variable; None for one that the loss does not depend on."""


@dataclass(frozen=True)
class LossAndGrads:
    """A loss, and its gradients in some variables.

    Attributes:
        loss: A scalar without gradients.
        gradients: One per variable.
    """

    loss: Tensor
    gradients: Gradients


def accumulate(
    loss_of: Callable[[Batch], Tensor],
    batch: Batch,
    parts: int,
    variables: Sequence[Tensor],
    ranks: Ranks = ALONE,
) -> LossAndGrads:
    """Return the mean loss of a batch and its gradients in some variables, made part by part.

    The loss is asked anew for each part, since a gradient uses up what led to it. The states after
    a segment of text are left in the batch.
    """
    losses: list[Tensor] = []
    gradients: Gradients | None = None
    for part, share in in_parts(batch, parts, ranks):
        loss = share * loss_of(part)
        if loss.requires_grad:  # else no variable has a part in it
            found = torch.autograd.grad(loss, variables, allow_unused=True)
            gradients = added(gradients, found)
        losses.append(loss.detach())
    own = [None] * len(variables) if gradients is None else gradients
    return summed(torch.stack(losses).sum(), own, ranks)


def summed(loss: Tensor, gradients: Gradients, ranks: Ranks) -> LossAndGrads:
    """Return the sums of the ranks' losses and gradients, weighed by the shares of their parts."""
    kept = [g.detach() if g is not None and g.requires_grad else g for g in gradients]
    total, *found = ranks.sums([loss.detach(), *kept])
    assert total is not None
    return LossAndGrads(total, found)


def loss_and_grads_of(
    supernet: Supernet,
    batch: Batch,
    mixing: Mixing,
    variables: Sequence[Tensor],
    *,
    regularised: bool = False,
) -> LossAndGrads:
    """Return the loss of a supernet on a batch, and its gradients, in the parts that it says.

    The weights of `mixing` are variables themselves, not made from others.
    """

    def loss_of(part: Batch) -> Tensor:
        return supernet.loss(part, mixing, regularised=regularised)

    with supernet.towards(variables):
        return accumulate(loss_of, batch, supernet.accumulate, variables, supernet.ranks)


def in_parts(batch: Batch, count: int, ranks: Ranks = ALONE) -> Iterator[tuple[Batch, float]]:
    """Yield at most `count` parts of a batch, each with the share of the targets that it has.

    Parts differ by one example, or sequence of text, at most, and have two or more of them: a small
    batch has fewer parts. The states in which a network leaves the parts of a text are put together
    in the batch at the end. Of several ranks each has as many parts, which follow each other.

    Raises:
        UserError: NAS733 if there are not two examples for every rank.
    """
    axis, size = batch.axis, ranks.size
    sequences = batch.targets.shape[axis]
    count = min(count, sequences // (LEAST * size))
    if count == 0 and not ranks.is_alone:
        raise user_error(
            "NAS733",
            f"a batch of {sequences} is too small for {size} processes",
            help=f"every one needs {LEAST} examples: use larger batches, or fewer processes",
        )
    count *= size
    if count <= 1:
        yield batch, 1.0
        return
    starts = (
        [None] * count
        if batch.start is None
        else list(zip(*(state.tensor_split(count) for state in batch.start), strict=True))
    )
    inputs = zip(*(t.tensor_split(count, axis) for t in batch.inputs.values()), strict=True)
    cut = zip(inputs, batch.targets.tensor_split(count, axis), starts, strict=True)
    parts = [
        replace(
            batch,
            inputs=dict(zip(batch.inputs, values, strict=True)),
            targets=targets,
            start=start,
            end=None,
        )
        for values, targets, start in cut
    ]
    if batch.weights is not None:
        for part, weights in zip(parts, batch.weights.tensor_split(count), strict=True):
            part.weights = weights
    if batch.mixed is not None:
        for part, mixed in zip(parts, batch.mixed.split(count), strict=True):
            part.mixed = mixed
    whole, each = len(batch), count // size
    own = parts[ranks.rank * each : (ranks.rank + 1) * each]
    if not ranks.is_alone:
        _place(parts, axis)
    for part in own:
        yield part, len(part) / whole
    ends = [part.end for part in own if part.end is not None]
    if ends:
        found = [torch.cat(states) for states in zip(*ends, strict=True)]
        sizes = [part.targets.shape[axis] for part in parts]
        lengths = [sum(sizes[start : start + each]) for start in range(0, count, each)]
        batch.end = ranks.joined(found, lengths)


def _place(parts: Sequence[Batch], axis: int) -> None:
    """Say of every part where it stands in the whole."""
    lengths = [part.targets.shape[axis] for part in parts]
    for part, length, end in zip(parts, lengths, accumulate_sums(lengths), strict=True):
        part.place = Place(end - length, length, sum(lengths))


def filled(gradients: Gradients, variables: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return gradients with zeros for the variables that a loss does not depend on."""
    pairs = zip(gradients, variables, strict=True)
    return tuple(torch.zeros_like(v) if g is None else g for g, v in pairs)


def added(total: Gradients | None, gradients: Gradients) -> Gradients:
    """Return the sum of gradients; None stands for zeros."""
    if total is None:
        return gradients
    return [
        a if b is None else b if a is None else a + b for a, b in zip(total, gradients, strict=True)
    ]
