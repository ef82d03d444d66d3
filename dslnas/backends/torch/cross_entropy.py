"""Cross-entropy over many classes, whose gradient is made while its logits are in a cache.

With p = softmax(logits) the gradient of a term -log p_target is p, less 1 at the target. Made with
the term it takes as many bytes as the logarithms that would be kept for it, and nothing is left for
the backward pass but to hand it on.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.data.batches import NOTHING

CACHED = 2**18
"""Logits that a core works off at once."""


def part_of_cross_entropy(logits: Tensor, targets: Tensor, count: Tensor) -> Tensor:
    """Return what some rows of logits contribute to the mean cross-entropy of a batch.

    Args:
        logits: (rows, classes).
        targets: (rows,); `NOTHING` does not count.
        count: How many targets of the batch count, a scalar.
    """
    result: Tensor = _CrossEntropy.apply(logits, targets, count)  # type: ignore[no-untyped-call]
    return result


class _CrossEntropy(torch.autograd.Function):
    """The sum with its gradient by hand."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, count: Tensor) -> Tensor:
        gradient = torch.empty_like(logits)
        shares = (targets != NOTHING).to(logits.dtype) / count
        given = logits, gradient, targets.clamp(min=0)[:, None], shares[:, None]
        rows = max(1, CACHED // logits.shape[1]) if logits.is_cpu else len(logits)
        terms = [_term(*part) for part in zip(*(torch.split(x, rows) for x in given), strict=True)]
        ctx.save_for_backward(logits, targets, count, gradient)
        return torch.cat(terms).sum()

    @staticmethod
    def backward(ctx: Any, v: Tensor) -> tuple[Tensor, None, None]:
        logits, targets, count, gradient = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated again
            here = logits.view_as(logits)
            terms = functional.cross_entropy(here, targets, reduction="sum", ignore_index=NOTHING)
            (gradient,) = torch.autograd.grad(terms / count, here, v, create_graph=True)
            return gradient, None, None
        is_one = v.is_cpu and v.item() == 1.0
        return gradient if is_one else gradient * v, None, None


def _term(logits: Tensor, gradient: Tensor, targets: Tensor, shares: Tensor) -> Tensor:
    """Return the terms of some rows (rows, 1), and write their gradient."""
    most = logits.amax(1, keepdim=True)
    torch.sub(logits, most, out=gradient).exp_()
    total = gradient.sum(1, keepdim=True)
    gradient.mul_(shares / total).scatter_add_(1, targets, -shares)
    return (most + total.log() - logits.gather(1, targets)) * shares
