"""Gradients of a batch that runs in parts, one after the other, so that less is kept at once.

With parts B_p of n_p of the n targets of a batch B,

    L(B) = sum_p (n_p / n) * L(B_p),

so the gradients of the weighed losses of the parts add up to that of the whole. What looks at
several examples sees those of a part: batch norm takes its statistics from it, and moves its
running ones once for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import LEAST, Batch

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
    loss_of: Callable[[Batch], Tensor], batch: Batch, parts: int, variables: Sequence[Tensor]
) -> LossAndGrads:
    """Return the mean loss of a batch and its gradients in some variables, made part by part.

    The loss is asked anew for each part, since a gradient uses up what led to it. The states after
    a segment of text are left in the batch.
    """
    losses: list[Tensor] = []
    gradients: Gradients | None = None
    for part, share in in_parts(batch, parts):
        loss = share * loss_of(part)
        if loss.requires_grad:  # else no variable has a part in it
            found = torch.autograd.grad(loss, variables, allow_unused=True)
            gradients = added(gradients, found)
        losses.append(loss.detach())
    total = torch.stack(losses).sum()
    return LossAndGrads(total, [None] * len(variables) if gradients is None else gradients)


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
        return accumulate(loss_of, batch, supernet.accumulate, variables)


def in_parts(batch: Batch, count: int) -> Iterator[tuple[Batch, float]]:
    """Yield at most `count` parts of a batch, each with the share of the targets that it has.

    Parts differ by one example, or sequence of text, at most, and have two or more of them: a small
    batch has fewer parts. The states in which a network leaves the parts of a text are put together
    in the batch at the end.
    """
    axis = batch.axis
    count = min(count, batch.targets.shape[axis] // LEAST)
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
    whole = len(batch)
    for part in parts:
        yield part, len(part) / whole
    ends = [part.end for part in parts if part.end is not None]
    if ends:
        batch.end = tuple(torch.cat(states) for states in zip(*ends, strict=True))


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
