"""Cross-entropy over many classes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.compiled import Told, has_loops, plain_cpu

_MANY = 1 << 20
"""Logits from which on a compiled loop is worth its call."""

_MOST_PARTS = 64


def summed_cross_entropy(logits: Tensor, targets: Tensor, nothing: int) -> Tensor:
    """Return the sum over the rows of log(sum of exp(logits)) - logits[target].

    Compiled, the logits alone are kept; torch keeps their log-softmax too.

    Args:
        logits: (N, classes).
        targets: (N,); rows with `nothing` do not count.
        nothing: What stands for no target.
    """
    large = logits.dtype == torch.float32 and logits.numel() >= _MANY
    if (
        large
        and has_loops("cross_entropy")
        and plain_cpu([logits])
        and logits.is_contiguous()
        and targets.is_contiguous()
    ):
        result: Tensor = _Entropy.apply(logits, targets, nothing)  # type: ignore[no-untyped-call]
        return result
    return functional.cross_entropy(logits, targets, reduction="sum", ignore_index=nothing)


class _Entropy(torch.autograd.Function):
    """The gradient in a row is softmax(logits), less one at the target."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, nothing: int) -> Tensor:
        rows, classes = logits.shape
        losses, levels = logits.new_empty(rows), logits.new_empty(rows)
        parts = min(rows, _MOST_PARTS)
        values: dict[str, float] = {
            **{"rows": rows, "classes": classes, "parts": parts, "nothing": nothing},
            **{"logits": logits.data_ptr(), "targets": targets.data_ptr()},
            **{"losses": losses.data_ptr(), "levels": levels.data_ptr()},
        }
        told = Told("softmax", logits.dtype, values)
        told.run("forward", parts)
        ctx.save_for_backward(logits, targets, levels)
        ctx.values, ctx.parts, ctx.nothing = values, parts, nothing
        return losses.sum()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, None, None]:
        logits, targets, _ = ctx.saved_tensors
        if torch.is_grad_enabled():  # to be differentiated again
            given = logits.view_as(logits)
            loss = functional.cross_entropy(
                given, targets, reduction="sum", ignore_index=ctx.nothing
            )
            return *torch.autograd.grad(loss, given, gradient, create_graph=True), None, None
        gradient, result = gradient.contiguous(), torch.empty_like(logits)
        places = {"gradient": gradient.data_ptr(), "result": result.data_ptr()}
        Told("softmax", logits.dtype, {**ctx.values, **places}).run("backward", ctx.parts)
        return result, None, None
