"""Products with one weight at many time steps, whose gradients add up where they lie.

Of y_t = x_t W^T + b with gradients g_t of y_t, that of W is the sum of g_t^T x_t over all steps.
Products add to it where it lies, those of few rows together; autograd would write each of them, and
read it again to add it up. W is turned once for all steps, into the order in which products of some
rows read it fastest; on a CPU products of more rows are made piece by piece.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 128
"""Rows from which on a product adds to the gradient of a weight at full speed, and up to which a
core keeps what it reads of a turned matrix in its second cache."""

TURNED = 2**20
"""Numbers of the largest weight that is turned for products of more rows."""


class SharedLinear:
    """The linear map of a weight and a bias, for many x in one run."""

    def __init__(self, weight: Tensor, bias: Tensor | None, rows: int) -> None:
        """Take a weight (outputs, features), and how many rows most x have, about."""
        self._weight, self._bias = weight.detach(), bias
        self._sum = _WeightGradient()
        turns = rows < ROWS or weight.numel() <= TURNED
        self._turned: Tensor = _Turned.apply(  # type: ignore[no-untyped-call]
            weight, self._sum, turns
        )

    def __call__(self, x: Tensor) -> Tensor:
        """Return x W^T + b for x (rows, features)."""
        product: Tensor = _Product.apply(  # type: ignore[no-untyped-call]
            x, self._turned, self._bias, self._weight, self._sum
        )
        return product


class _WeightGradient:
    """Sum of g_t^T x_t over one backward pass; what is left of an earlier one is forgotten."""

    def __init__(self) -> None:
        self._pass = -1
        self._waiting: list[tuple[Tensor, Tensor]] = []
        self._total: Tensor | None = None

    def add(self, x: Tensor, gradient: Tensor) -> None:
        now = torch._C._current_graph_task_id()
        if now != self._pass:
            self._pass, self._waiting, self._total = now, [], None
        # detached, as what leads to x holds this sum: memory would never be freed
        self._waiting.append((x.detach(), gradient))
        if sum(rows.shape[0] for rows, _ in self._waiting) >= ROWS:
            self._multiply()

    def taken(self) -> Tensor | None:
        """Return the sum, if there is any; it is forgotten here."""
        if self._waiting:
            self._multiply()
        total, self._total = self._total, None
        return total

    def _multiply(self) -> None:
        x, gradient = map(_joined, zip(*self._waiting, strict=True))
        self._waiting = []
        if self._total is None:
            self._total = gradient.t().mm(x)
        else:
            self._total.addmm_(gradient.t(), x)


class _Turned(torch.autograd.Function):
    """W^T; its gradient is what products have left in a sum, and what comes in besides."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, total: _WeightGradient, turns: bool) -> Tensor:
        ctx.total = total
        ctx.set_materialize_grads(False)
        turned = weight.detach().t()
        return turned.clone(memory_format=torch.contiguous_format) if turns else turned

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None) -> tuple[Tensor | None, None, None]:
        total = ctx.total.taken()
        if gradient is None or total is None:
            return total if gradient is None else gradient.t(), None, None
        return total + gradient.t(), None, None


class _Product(torch.autograd.Function):
    """x W^T + b from W^T."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        turned: Tensor,
        bias: Tensor | None,
        weight: Tensor,
        total: _WeightGradient,
    ) -> Tensor:
        ctx.total = total
        ctx.save_for_backward(x, turned, weight)
        return _multiplied(x, turned, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, turned, weight = ctx.saved_tensors
        to_x, to_turned, to_bias = ctx.needs_input_grad[:3]
        if torch.is_grad_enabled():  # to be differentiated again
            of_x = gradient.mm(turned.t()) if to_x else None
            of_turned = x.t().mm(gradient) if to_turned else None
        else:
            of_x, of_turned = _multiplied(gradient, weight) if to_x else None, None
            if to_turned:
                ctx.total.add(x, gradient)
        return of_x, of_turned, gradient.sum(0) if to_bias else None, None, None


def _multiplied(x: Tensor, matrix: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return a product, plus a bias."""
    rows = x.shape[0]
    at_once = ROWS * torch.get_num_threads() if x.is_cpu and matrix.is_contiguous() else rows
    if rows <= at_once:
        return x.mm(matrix) if bias is None else torch.addmm(bias, x, matrix)
    result = x.new_empty((rows, matrix.shape[1]))
    for at in range(0, rows, at_once):
        part, out = x[at : at + at_once], result[at : at + at_once]
        if bias is None:
            torch.mm(part, matrix, out=out)
        else:
            torch.addmm(bias, part, matrix, out=out)
    return result


def _joined(parts: tuple[Tensor, ...]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
