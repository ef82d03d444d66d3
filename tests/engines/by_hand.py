"""The optimisers and the discrete step of the methods, written down a second time.

Nothing here is shared with the engines: single formulas on lists of tensors in float64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.settings.values import Adam, AnyOptimiser, Sgd

Tensors = list[Tensor]


class HandSgd:
    """d = g + wd * w; buffer <- momentum * buffer + d; w <- w - lr * buffer; g clipped before."""

    def __init__(self, settings: AnyOptimiser) -> None:
        assert isinstance(settings, Sgd)
        self._settings = settings
        self._buffers: dict[int, Tensor] = {}

    def step(
        self, weights: Sequence[Tensor], gradients: Sequence[Tensor | None], lr: float
    ) -> Tensors:
        """Return the weights after one step; without a gradient they stay."""
        known = [g for g in gradients if g is not None]
        scale = 1.0
        if self._settings.clip > 0:
            norm = sum(float((g * g).sum()) for g in known) ** 0.5
            scale = min(1.0, self._settings.clip / (norm + 1e-6))
        moved = []
        for number, (w, g) in enumerate(zip(weights, gradients, strict=True)):
            if g is None:
                moved.append(w)
                continue
            d = scale * g + self._settings.weight_decay * w
            buffer = self._settings.momentum * self._buffers.get(number, torch.zeros_like(w)) + d
            self._buffers[number] = buffer
            moved.append(w - lr * buffer)
        return moved

    def direction(
        self, weights: Sequence[Tensor], gradients: Sequence[Tensor | None]
    ) -> list[Tensor | None]:
        """Return momentum * buffer + g + wd * w: a step at rate 1, neither clipped nor taken."""
        momentum, decay = self._settings.momentum, self._settings.weight_decay
        pairs = enumerate(zip(weights, gradients, strict=True))
        return [
            None if g is None else momentum * self._buffers.get(number, 0.0) + g + decay * w
            for number, (w, g) in pairs
        ]


class HandAdam:
    """g <- g + wd * a; m, v their running means; a <- a - lr * m^ / (sqrt(v^) + 1e-8)."""

    def __init__(self, settings: Adam) -> None:
        self._settings = settings
        self._means: list[tuple[Tensor, Tensor]] = []
        self._t = 0

    def step(self, alphas: Sequence[Tensor], gradients: Sequence[Tensor], lr: float) -> Tensors:
        """Return the alphas after one step."""
        beta1, beta2 = self._settings.betas
        self._t += 1
        if not self._means:
            self._means = [(torch.zeros_like(a), torch.zeros_like(a)) for a in alphas]
        moved = []
        for number, (a, gradient) in enumerate(zip(alphas, gradients, strict=True)):
            m, v = self._means[number]
            g = gradient + self._settings.weight_decay * a
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            self._means[number] = m, v
            corrected = (v / (1 - beta2**self._t)).sqrt() + 1e-8
            moved.append(a - lr * (m / (1 - beta1**self._t)) / corrected)
        return moved


def softmax(alpha: Tensor, lengths: Sequence[int]) -> Tensor:
    """Return the softmax of every row over its own length, zeros behind it."""
    rows = []
    for row, length in zip(alpha, lengths, strict=True):
        e = row[:length].exp()
        rows.append(torch.cat([e / e.sum(), row.new_zeros(len(row) - length)]))
    return torch.stack(rows)


def gumbel(alpha: Tensor, lengths: Sequence[int], noise: Tensor, temperature: float) -> Tensor:
    """Return softmax((alpha + g) / tau) of every row over its own length."""
    return softmax((alpha + noise) / temperature, lengths)


def proximal(
    alpha: Tensor,
    candidates: Sequence[Sequence[int]],
    nodes: Sequence[Sequence[int]],
    keep: int | None,
    luck: Sequence[Sequence[int]],
) -> Tensor:
    """Return prox_C1(A): 1 for the largest, or luckiest, entry of every edge that stays, else 0."""
    result = torch.zeros_like(alpha)
    for rows in nodes:
        left = list(rows)
        for _ in range(len(rows) if keep is None else min(keep, len(rows))):
            _, _, row, column = max(
                (float(alpha[r, c]), luck[r][c], r, c) for r in left for c in candidates[r]
            )
            result[row, column] = 1.0
            left.remove(row)
    return result


def columns(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return weights of 0 and 1 as the column of every row, -1 for none."""
    return {
        cell: tuple(int(row.argmax()) if row.any() else -1 for row in matrix)
        for cell, matrix in weights.items()
    }
